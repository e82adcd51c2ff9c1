"""Parses git diff output; recognises generated files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui.model.records import ChangeKind, Hunk
from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean, clean_line

_HUNK = lazy(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?([^\n]*)")
_KINDS: dict[bytes, ChangeKind] = {b"A": "added", b"D": "deleted", b"R": "renamed", b"C": "added"}
_LONGEST_PATH = 4096
_HEADING_LIMIT = 200
_ESCAPES = {7: b"a", 8: b"b", 9: b"t", 10: b"n", 11: b"v", 12: b"f", 13: b"r", 34: b'"', 92: b"\\"}
_SPECIAL = lazy(rb'[\x00-\x1f"\\\x7f]')


class DiffEntry(NamedTuple):
    """One path that differs, as git lists it; both counts are None where git calls it binary."""

    path: bytes
    old_path: bytes
    status: bytes
    old_mode: str
    new_mode: str
    blob: str
    insertions: int | None = 0
    deletions: int | None = 0
    old_blob: str = ""

    @property
    def kind(self) -> ChangeKind:
        if self.status in _KINDS:
            return _KINDS[self.status]
        changed = self.insertions is None or self.insertions or self.deletions
        if self.status == b"M" and self.old_mode != self.new_mode and not changed:
            return "mode"
        return "modified"

    @property
    def is_binary(self) -> bool:
        """Whether git compares no lines of it."""
        return self.insertions is None


def parse_entries(data: bytes) -> list[DiffEntry]:
    """The paths of `--raw --numstat -z`, in git's order; an incomplete end is left out."""
    tokens = data.split(b"\0")[:-1]
    found: dict[bytes, DiffEntry] = {}
    at = 0
    while at < len(tokens) and tokens[at].startswith(b":"):
        facts = tokens[at][1:].split(b" ")
        two = facts[4][:1] in (b"R", b"C")
        if at + 1 + two >= len(tokens):
            return []
        old, new = tokens[at + 1], tokens[at + 1 + two]
        modes = (facts[0].decode(), facts[1].decode())
        found[new] = DiffEntry(
            new, old, facts[4][:1], *modes, facts[3].decode(), old_blob=facts[2].decode()
        )
        at += 2 + two
    while at < len(tokens):
        parts = tokens[at].split(b"\t", 2)
        at += 1
        if len(parts) < 3:
            continue
        plus, minus, path = parts
        if not path and at + 1 < len(tokens):  # renamed: both names follow
            path = tokens[at + 1]
            at += 2
        if path in found:
            counts = (None, None) if plus == b"-" else (int(plus), int(minus))
            found[path] = found[path]._replace(insertions=counts[0], deletions=counts[1])
    return list(found.values())


class FilePatch(NamedTuple):
    """The hunks of one file; `cut` if some were left out, `has_nul` if they hold NUL bytes."""

    hunks: tuple[Hunk, ...]
    cut: bool
    has_nul: bool = False


def patch_header(entry: DiffEntry) -> bytes:
    """The line that opens the entry's patch."""
    old = entry.old_path if entry.status in (b"R", b"C") else entry.path
    return b"diff --git %s %s" % (_quoted(b"a/" + old), _quoted(b"b/" + entry.path))


def _quoted(path: bytes) -> bytes:
    """A path as git writes it in a patch with `core.quotePath` off."""
    inner = _SPECIAL.sub(lambda m: b"\\" + _ESCAPES.get(m[0][0], b"%03o" % m[0][0]), path)
    return path if inner == path else b'"' + inner + b'"'


def _read_hunk(
    lines: Iterator[bytes], opening: re.Match[bytes], most_lines: int
) -> tuple[Hunk, bool, bool]:
    """The hunk that follows its opening line; whether it is whole, whether it holds NUL bytes.

    The counts of that line say where it ends, so that no text of a file can pass as a header.
    """
    old_start, old, new_start, new, heading = opening.groups()
    left = [1 if old is None else int(old), 1 if new is None else int(new)]
    taken: list[bytes] = []
    while left[0] > 0 or left[1] > 0:
        line = next(lines, None)
        if line is None:
            break
        sign = line[:1] or b" "
        if sign == b"\\":
            continue
        left[0] -= sign in b" -"
        left[1] -= sign in b" +"
        taken.append(line or b" ")
    kept = taken[:most_lines]
    text = b"\n".join(kept).decode("utf-8", "replace")
    shown = tuple(clean(text).split("\n")) if kept else ()
    title = clean_line(heading.decode("utf-8", "replace"), _HEADING_LIMIT)
    whole = len(kept) == len(taken) and left == [0, 0]
    has_nul = any(b"\0" in line for line in taken)
    return Hunk(int(old_start), int(new_start), shown, title), whole, has_nul


def parse_patches(
    data: bytes, paths_by_header: dict[bytes, bytes], most_lines: int
) -> dict[bytes, FilePatch]:
    """The hunks of each patch by the path that `paths_by_header` gives for its header.

    At most `most_lines` lines of a file are kept. A second patch under one header (a file became
    a link) adds to the first.
    """
    lines = iter(data.split(b"\n"))
    found: dict[bytes, FilePatch] = {}
    path: bytes | None = None
    used = 0
    for line in lines:
        if line.startswith(b"diff --git "):
            path = paths_by_header.get(line)
            used = 0
            if path is not None:
                found.setdefault(path, FilePatch((), cut=False))
            continue
        opening = _HUNK.match(line)
        if opening is None:
            continue
        hunk, whole, has_nul = _read_hunk(lines, opening, most_lines - used)
        if path is None:
            continue
        used += len(hunk.lines)
        before = found[path]
        hunks = (*before.hunks, hunk) if hunk.lines else before.hunks
        found[path] = FilePatch(hunks, before.cut or not whole, before.has_nul or has_nul)
    return found


def visible_path(path: bytes) -> str:
    """A path as it may be shown, whatever bytes are in it."""
    return clean_line(os.fsdecode(path), _LONGEST_PATH, newline="␊")


_GENERATED_PATH = lazy(
    r"(?:^|/)(?:node_modules|dist|__pycache__|\.next|\.nuxt|\.venv|venv|site-packages"
    r"|coverage|htmlcov|\.pytest_cache|\.mypy_cache|\.gradle|__generated__|generated)/"
    r"|^(?:build|out|target|vendor)/"
    r"|\.(?:min\.(?:js|css)|js\.map|css\.map|pyc|pyo|class|o|obj|d\.ts\.map|snap)$"
    r"|(?:_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|\.g\.dart|\.freezed\.dart|\.designer\.cs"
    r"|\.generated\.\w+|_generated\.\w+)$"
)
_LOCK_FILE = lazy(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?"
    r"|poetry\.lock|Pipfile\.lock|pdm\.lock|uv\.lock|Cargo\.lock|Gemfile\.lock|composer\.lock"
    r"|go\.sum|mix\.lock|pubspec\.lock|Podfile\.lock|flake\.lock|packages\.lock\.json"
    r"|gradle\.lockfile|deno\.lock|conda-lock\.yml)$"
)
_GENERATED_MARK = lazy(
    r"@generated\b|\bDO NOT EDIT\b|\bCode generated by\b|\b(?:auto-?generated|automatically generated)\b"
    r"[^.]{0,40}\b(?:by|from|do not)\b"
)
_COMMENT = ("#", "/", "*", "<!--", ";", "--", '"', "'", "%")
_FIRST_LINES = 12
_MINIFIED_LINE = 2_000


def is_generated(path: str, hunks: Sequence[Hunk]) -> bool:
    """Whether the path, or the file's new first lines, tell that a program wrote it."""
    if _GENERATED_PATH.search(path) or _LOCK_FILE.search(path):
        return True
    first = hunks[0] if hunks else None
    if first is None or first.new_start > _FIRST_LINES:
        return False
    shown = [line[1:].strip() for line in first.lines if not line.startswith("-")][:_FIRST_LINES]
    if any(line.startswith(_COMMENT) and _GENERATED_MARK.search(line) for line in shown):
        return True
    return path.endswith((".js", ".css")) and any(len(line) > _MINIFIED_LINE for line in shown)
