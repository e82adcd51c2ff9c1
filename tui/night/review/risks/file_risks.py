"""Size, deletions, binary and generated files, credentials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.model.review import RiskKind, Severity
from tui.night.review.risks.diff_view import (
    SEVERITY_ORDER,
    DiffLine,
    RiskFinding,
    added_shapes,
    diff_lines,
    finding_at,
    first_hunk,
    is_prose,
    line_shape,
)
from tui.night.review.risks.test_syntax import is_test
from tui.system.credentials.find import (
    credential_name,
    cut_credentials,
    find_credentials,
    has_aws_pair,
    has_key_material,
    hints_in,
    mask_credential,
    score_credential,
)
from tui.system.format import format_count, format_size_counted
from tui.system.lazy_pattern import lazy

_HUGE = 10
_FEW = 3
_MANY_GONE = 100
_MOST_OF_IT = 0.6
_SOME_LESS = 60
_LINE = 36
_MOVED = 0.6
_PICTURE = lazy(r"\.(?:png|jpe?g|gif|webp|ico|svg|bmp|avif|woff2?|ttf|otf|eot|mp3|wav|ogg|pdf)$")
_PROGRAM = lazy(
    r"\.(?:exe|dll|so(?:\.\d+)*|dylib|a|bin|jar|war|class|pyc|pyo|o|obj|wasm|zip|tar|gz|tgz|bz2|xz|7z|rar|whl|egg|deb"
    r"|rpm|dmg|iso|apk|db|sqlite3?|dump|pkl|pickle|npy|npz|pt|h5|onnx)$"
)
_LOCK = lazy(r"(?:\.lock|lock\.json|lock\.ya?ml|go\.sum|npm-shrinkwrap\.json|\.lockb|lockfile)$")
_BUILD_FOLDERS = frozenset("node_modules dist build __pycache__ target vendor out".split())
_SNAPSHOT = lazy(r"\.snap$|(?:^|/)generated/|(?:^|/)fixtures?/")


class SizeLimits(Struct, frozen=True):
    """From where on a file is large (bytes), and a deletion within a file (lines)."""

    file: int = 1 << 20
    deletion: int = 200


def find_file_risks(changes: RepositoryChanges, sizes: SizeLimits) -> Iterator[RiskFinding]:
    """One finding per kind and path; many of a kind in one folder are one finding for the folder."""
    folders: dict[tuple[RiskKind, str], list[RiskFinding]] = defaultdict(list)
    additions = (finding for change in changes.files for finding in _additions(change, sizes))
    for finding in chain(_deletions(changes, sizes), additions):
        folders[finding.kind, _folder(finding.path)].append(finding)
    for (_, folder), members in folders.items():
        if len(members) <= _FEW or not folder:
            yield from members
            continue
        worst = min(members, key=lambda finding: SEVERITY_ORDER[finding.severity])
        words = f"{format_count(len(members), 'file')}, among them {worst.path} ({worst.what})"
        yield replace(worst, path=f"{folder}/", what=words)


def _folder(path: str) -> str:
    """The folder that stands for a path: the topmost, or that of the build output in it."""
    parts = path.split("/")[:-1]
    for number, part in enumerate(parts):
        if part in _BUILD_FOLDERS:
            return "/".join(parts[: number + 1])
    return "/".join(parts[:2])


# --- deletions ---


def _deletions(changes: RepositoryChanges, sizes: SizeLimits) -> Iterator[RiskFinding]:
    added: dict[str, set[str]] | None = None
    written = _part_written(changes)
    for change in changes.files:
        words = _lost(change, sizes)
        if not words or change.generated:
            continue
        if added is None:
            added = added_shapes(changes)
        if _is_moved(change, added):
            continue
        lost = change.deletions - change.insertions
        # What is rewritten elsewhere, in other lines, is no loss of the whole.
        is_high = lost >= 3 * _MANY_GONE and written < 0.5
        severity: Severity = "high" if is_high else "medium"
        if written >= 1 and lost < 3 * _MANY_GONE:
            severity = "low"
        hunk = max(change.hunks, key=lambda hunk: len(hunk.removed), default=None)
        line = f"-{hunk.removed[0]}" if hunk and hunk.removed else ""
        is_whole = change.kind == "deleted"
        yield RiskFinding("big_deletion", change.path, severity, words, hunk, line, is_whole)


def _part_written(changes: RepositoryChanges) -> float:
    """How many lines the night wrote for each that it deleted, generated files aside."""
    own = [one for one in changes.files if not (one.generated or one.binary)]
    deleted = sum(one.deletions for one in own)
    return sum(one.insertions for one in own) / deleted if deleted else 1.0


def _lost(change: FileChange, sizes: SizeLimits) -> str:
    """What is gone, in words, if it is much."""
    lost = change.deletions - change.insertions
    if change.kind == "deleted":
        if change.binary or lost < _MANY_GONE:
            return ""
        return f"{format_count(change.deletions, 'line')}: the whole file"
    if lost < min(_SOME_LESS, sizes.deletion) or change.kind == "added":
        return ""
    before = change.size / _LINE + lost
    share = lost / before if before else 1.0
    if lost >= sizes.deletion or share >= _MOST_OF_IT:
        return f"{lost:,} lines fewer, about {min(share, 1.0):.0%} of the file"
    return ""


def _is_moved(change: FileChange, added: dict[str, set[str]]) -> bool:
    """Whether most of what went stands somewhere else now."""
    gone = [line_shape(line.text) for line in diff_lines(change, "-")]
    telling = [text for text in gone if len(text) > 8]
    if not telling:
        return bool(gone)
    elsewhere = sum(bool(added.get(text, set()) - {change.path}) for text in telling)
    return elsewhere >= _MOVED * len(telling)


# --- what was added ---


def _additions(change: FileChange, sizes: SizeLimits) -> Iterator[RiskFinding]:
    path, size = change.path, format_size_counted(change.size)
    is_new = change.kind == "added"
    if is_new and change.generated and not (_LOCK.search(path) or _SNAPSHOT.search(path)):
        words = f"written by a program, {format_count(change.insertions, 'line')}"
        yield RiskFinding("generated", path, "low", words, first_hunk(change))
    if is_new and change.binary and not change.generated:
        severity: Severity = "low" if _PICTURE.search(path) else "medium"
        seldom = ", of a kind that is seldom kept" if _PROGRAM.search(path) else ""
        yield RiskFinding("binary", path, severity, f"not text{seldom}, {size}")
    if change.size >= sizes.file and change.kind not in ("deleted", "mode", "renamed"):
        severity = "high" if change.size >= _HUGE * sizes.file else "medium"
        words = size if is_new else f"grew to {size}"
        yield RiskFinding("big_file", path, severity, words, first_hunk(change))


# --- credentials ---


class _CredentialHit(NamedTuple):
    kind: str
    value: str
    severity: Severity
    line: DiffLine


def find_leaked_credentials(changes: RepositoryChanges) -> Iterator[RiskFinding]:
    """One finding per path, and one per path for what came and went but stays in the history."""
    known: set[str] | None = None
    shown: set[str] = set()
    for change in changes.files:
        hits = list(_hits(change))
        if hits and known is None:
            known = _taken_away(changes)
        hits = [hit for hit in hits if hit.value not in (known or ())]
        shown.update(hit.value for hit in hits)
        if hits:
            yield _credential_finding(change, hits)
    past: dict[str, tuple[FileChange, list[_CredentialHit]]] = {}
    for step in changes.steps:
        hits = [hit for hit in _hits(step) if step.commit and hit.value not in shown]
        if hits:
            past.setdefault(step.path, (step, []))[1].extend(hits)
    for step, hits in past.values():
        finding = _credential_finding(step, hits)
        words = f"{finding.what}; it is gone again, but the history keeps it"
        yield replace(finding, what=words, commit=step.commit)


def _taken_away(changes: RepositoryChanges) -> set[str]:
    """What stood in the lines that were removed: where it comes again it is not new."""
    found: set[str] = set()
    for change in changes.files:
        lines = list(diff_lines(change, "-"))
        hints = hints_in("\n".join(line.text for line in lines))
        for line in lines:
            found.update(one.value for one in find_credentials(line.text, change.path, hints))
    return found


def _credential_finding(change: FileChange, hits: list[_CredentialHit]) -> RiskFinding:
    worst = min(hits, key=lambda hit: SEVERITY_ORDER[hit.severity])
    words = f"{credential_name(worst.kind)} ({mask_credential(worst.value)})"
    others = len({hit.value for hit in hits}) - 1
    if others:
        words += f" and {format_count(others, 'more string')} like a secret"
    return finding_at(worst.line, "secret", change.path, worst.severity, words)


def _hits(change: FileChange) -> Iterator[_CredentialHit]:
    """Secrets in the lines that were added, each value once."""
    if change.generated or change.binary:
        return
    seen: set[str] = set()
    is_aside = is_test(change.path) or is_prose(change.path)
    lines = list(diff_lines(change, "+"))
    # A key's id beside a secret of the size that belongs to it, in source.
    text = "\n".join(line.text for line in lines)
    has_pair, hints = not is_aside and has_aws_pair(text), hints_in(text)
    for line in lines:
        for kind, value, _ in find_credentials(line.text, change.path, hints):
            if kind == "private" and not _has_body(line):
                continue
            severity = score_credential(kind, value, is_aside=is_aside, has_pair=has_pair)
            if kind == "private" and is_aside and change.path.endswith((".key", ".pem")):
                severity = "low"  # A key that a test server answers with.
            if severity is not None and value not in seen:
                seen.add(value)
                yield _CredentialHit(kind, value, severity, line)


def _has_body(opening: DiffLine) -> bool:
    """Whether key material follows the line that opens a private key, or stands in it."""
    if has_key_material(opening.text.partition("KEY")[2]):
        return True
    lines = opening.hunk.lines
    at = lines.index(f"+{opening.text}")
    return any(has_key_material(text) for text in lines[at + 1 : at + 6])


def without_secrets(hunk: Hunk, path: str) -> Hunk:
    """The hunk with all secrets cut, the body of a private key included."""
    shown: list[str] = []
    inside = False
    for line in hunk.lines:
        if "PRIVATE KEY" in line and "-----END" in line:
            inside = False
        shown.append(
            f"{line[:1]}…redacted" if inside else line[:1] + cut_credentials(line[1:], path)
        )
        if "PRIVATE KEY" in line and "-----BEGIN" in line and "-----END" not in line:
            inside = True
    return Hunk(hunk.old_start, hunk.new_start, tuple(shown), cut_credentials(hunk.heading, path))
