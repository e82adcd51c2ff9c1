"""Size, deletions, binary and generated files, credentials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.model.review import RiskKind, Severity
from tui.night.review.risks.diff_view import (
    SEVERITY_ORDER,
    DiffLine,
    RiskFinding,
    added_shapes,
    is_prose,
    is_test,
    diff_lines,
    line_shape,
)
from tui.system.credentials import (
    credential_name,
    cut_credentials,
    find_credentials,
    has_aws_pair,
    has_key_material,
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
_SNAPSHOT = lazy(r"\.snap$|(?:^|/)generated/|(?:^|/)fixtures?/")


class SizeLimits(Struct, frozen=True):
    """From where on a file is large (bytes), and a deletion within a file (lines)."""

    file: int = 1 << 20
    deletion: int = 200


def find_file_risks(changes: RepositoryChanges, sizes: SizeLimits) -> Iterator[RiskFinding]:
    """One finding per kind and path; what fills a folder is one finding for the folder."""
    yield from _deletions(changes, sizes)
    yield from _together("generated", _generated(changes.files))
    yield from _together("binary", _binary(changes.files))
    yield from _together("big_file", _big(changes.files, sizes))


# --- deletions ---


def _deletions(changes: RepositoryChanges, sizes: SizeLimits) -> Iterator[RiskFinding]:
    came: dict[str, set[str]] | None = None
    found: list[RiskFinding] = []
    for change in changes.files:
        words = _lost(change, sizes)
        if not words or change.generated:
            continue
        if came is None:
            came = added_shapes(changes)
        if _moved(change, came):
            continue
        whole = change.kind == "deleted"
        net = change.deletions - change.insertions
        severity: Severity = "high" if net >= 3 * _MANY_GONE else "medium"
        hunk = max(change.hunks, key=lambda hunk: len(hunk.removed), default=None)
        line = f"-{hunk.removed[0]}" if hunk and hunk.removed else ""
        found.append(
            RiskFinding("big_deletion", change.path, severity, words, hunk, line, by_shell=whole)
        )
    yield from _together("big_deletion", found)


def _lost(change: FileChange, sizes: SizeLimits) -> str:
    """What is gone, in words, if it is much."""
    net = change.deletions - change.insertions
    if change.kind == "deleted":
        if change.binary:
            return ""
        return (
            f"{format_count(change.deletions, 'line')}: the whole file" if net >= _MANY_GONE else ""
        )
    if net < min(_SOME_LESS, sizes.deletion) or change.kind == "added":
        return ""
    before = change.size / _LINE + net
    share = net / before if before else 1.0
    if net >= sizes.deletion or share >= _MOST_OF_IT:
        return f"{net:,} lines fewer, about {min(share, 1.0):.0%} of the file"
    return ""


def _moved(change: FileChange, came: dict[str, set[str]]) -> bool:
    """Whether most of what went stands somewhere else now."""
    gone = [line_shape(line.text) for line in diff_lines(change) if line.sign == "-"]
    telling = [text for text in gone if len(text) > 8]
    if not telling:
        return bool(gone)
    elsewhere = sum(bool(came.get(text, set()) - {change.path}) for text in telling)
    return elsewhere >= _MOVED * len(telling)


# --- what came ---


def _generated(files: Iterable[FileChange]) -> Iterator[RiskFinding]:
    for change in files:
        if change.kind != "added" or not change.generated:
            continue
        if _LOCK.search(change.path) or _SNAPSHOT.search(change.path):
            continue
        words = f"written by a program, {format_count(change.insertions, 'line')}"
        yield RiskFinding("generated", change.path, "low", words, _first(change))


def _binary(files: Iterable[FileChange]) -> Iterator[RiskFinding]:
    for change in files:
        if change.kind != "added" or not change.binary or change.generated:
            continue
        program = _PROGRAM.search(change.path) is not None
        severity: Severity = "low" if _PICTURE.search(change.path) else "medium"
        what = "not text, of a kind that is seldom kept" if program else "not text"
        words = f"{what}, {format_size_counted(change.size)}"
        yield RiskFinding("binary", change.path, severity, words)


def _big(files: Iterable[FileChange], sizes: SizeLimits) -> Iterator[RiskFinding]:
    for change in files:
        if change.size < sizes.file or change.kind in ("deleted", "mode", "renamed"):
            continue
        severity: Severity = "high" if change.size >= _HUGE * sizes.file else "medium"
        verb = "" if change.kind == "added" else "grew to "
        yield RiskFinding(
            "big_file",
            change.path,
            severity,
            f"{verb}{format_size_counted(change.size)}",
            _first(change),
        )


def _first(change: FileChange) -> Hunk | None:
    return change.hunks[0] if change.hunks else None


def _together(kind: RiskKind, found: Iterable[RiskFinding]) -> Iterator[RiskFinding]:
    """Findings as they are; many of one folder become one."""
    folders: dict[str, list[RiskFinding]] = defaultdict(list)
    for one in found:
        folders[_folder(one.path)].append(one)
    for folder, members in folders.items():
        if len(members) <= _FEW or not folder:
            yield from members
            continue
        worst = min(members, key=lambda one: ("high", "medium", "low").index(one.severity))
        words = f"{format_count(len(members), 'file')}, among them {worst.path} ({worst.what})"
        yield RiskFinding(
            kind, folder + "/", worst.severity, words, worst.hunk, worst.line, worst.by_shell
        )


def _folder(path: str) -> str:
    """The folder that stands for a path: the topmost, or that of the build output in it."""
    parts = path.split("/")[:-1]
    for number, part in enumerate(parts):
        if part in ("node_modules", "dist", "build", "__pycache__", "target", "vendor", "out"):
            return "/".join(parts[: number + 1])
    return "/".join(parts[:2]) if parts else ""


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
    worst = min(hits, key=lambda hit: SEVERITY_ORDER[hit.severity])
    words = f"{credential_name(worst.kind)} ({mask_credential(worst.value)})"
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
        for line in diff_lines(change)
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
    for line in diff_lines(change):
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
    came = "\n".join(line.text for line in diff_lines(change) if line.sign == "+")
    return has_aws_pair(came)


# --- not to be shown ---


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
