"""Strings that look like secrets, in lines the night added; found, they are never shown whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tui.changes import RepositoryChanges, FileChange, Hunk
from tui.night.review.finding import ORDER, RiskFinding, DiffLine, is_prose, is_test, lines
from tui.night.review.model import Severity
from tui.system.credentials import (
    credential_name,
    find_credentials,
    has_aws_pair,
    has_key_material,
    masked,
    redacted,
    score_credential,
)
from tui.system.format import format_count


class _CredentialHit(NamedTuple):
    kind: str
    value: str
    severity: Severity
    line: DiffLine | None = None


def find_leaked_credentials(changes: RepositoryChanges) -> Iterator[RiskFinding]:
    """One finding per path, and one per path for what came and went but stays in the history."""
    known = _removed(changes)
    here: set[str] = set()
    for change in changes.files:
        hits = [hit for hit in _hits(change) if hit.value not in known]
        here.update(hit.value for hit in hits)
        if hits:
            yield _finding(change, hits, "")
    past: dict[str, tuple[FileChange, list[_CredentialHit]]] = {}
    for step in changes.steps:
        hits = [hit for hit in _hits(step) if step.commit and hit.value not in here]
        if hits:
            past.setdefault(step.path, (step, []))[1].extend(hits)
    for step, hits in past.values():
        yield _finding(step, hits, "; it is gone again, but the history keeps it")


def _finding(change: FileChange, hits: list[_CredentialHit], more: str) -> RiskFinding:
    worst = min(hits, key=lambda hit: ORDER[hit.severity])
    words = f"{credential_name(worst.kind)} ({masked(worst.value)})"
    others = len({hit.value for hit in hits}) - 1
    if others:
        words += f" and {format_count(others, 'more string')} like a secret"
    line = worst.line
    return RiskFinding(
        "secret",
        change.path,
        worst.severity,
        words + more,
        line.hunk if line else None,
        f"+{line.text}" if line else "",
        commit=change.commit if more else "",
    )


def _removed(changes: RepositoryChanges) -> set[str]:
    """Values that stood in the repository before."""
    return {
        value
        for change in changes.files
        for line in lines(change)
        if line.sign == "-"
        for _, value, _ in find_credentials(line.text, change.path)
    }


def _hits(change: FileChange) -> Iterator[_CredentialHit]:
    """Secrets in the lines that came, each value once."""
    if change.generated or change.binary:
        return
    seen: set[str] = set()
    aside = is_test(change.path) or is_prose(change.path)
    pair = not aside and _is_pair(change)
    for line in lines(change):
        if line.sign != "+":
            continue
        for kind, value, _ in find_credentials(line.text, change.path):
            if kind == "private" and not _has_body(line):
                continue
            severity = score_credential(kind, value, is_aside=aside, has_pair=pair)
            if severity is not None and value not in seen:
                seen.add(value)
                yield _CredentialHit(kind, value, severity, line)


def _has_body(opening: DiffLine) -> bool:
    """Whether key material follows the line that opens a private key, or stands in it."""
    if has_key_material(opening.text.partition("KEY")[2]):
        return True
    listed = opening.hunk.lines
    at = next((n for n, text in enumerate(listed) if text == f"+{opening.text}"), len(listed))
    return any(has_key_material(text) for text in listed[at + 1 : at + 6])


def _is_pair(change: FileChange) -> bool:
    """Whether a key's id stands beside a secret of the size that belongs to it, in source."""
    came = "\n".join(line.text for line in lines(change) if line.sign == "+")
    return has_aws_pair(came)


# --- not to be shown ---


def without_secrets(hunk: Hunk, path: str) -> Hunk:
    """The hunk with all secrets cut, the body of a private key included."""
    shown: list[str] = []
    inside = False
    for line in hunk.lines:
        if "PRIVATE KEY" in line and "-----END" in line:
            inside = False
        shown.append(f"{line[:1]}…redacted" if inside else line[:1] + redacted(line[1:], path))
        if "PRIVATE KEY" in line and "-----BEGIN" in line and "-----END" not in line:
            inside = True
    return Hunk(hunk.old_start, hunk.new_start, tuple(shown), redacted(hunk.heading, path))
