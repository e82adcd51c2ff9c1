"""A diff as lines, with the small questions that all detectors ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.model.review import RiskKind, Severity
from tui.system.lazy_pattern import lazy

_MOST_HUNKS = 2_048

PathPatterns = tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
SEVERITY_ORDER: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2}
_PROSE = lazy(r"\.(?:md|rst|txt|adoc|markdown|org)$|(?:^|/)docs?/")


class RiskFinding(Struct, frozen=True):
    """A risk before it is known which commit and which call of the night made it.

    `line` is the line of the diff it rests on, sign included; `by_shell` says that rather a
    command than an edit did it.
    """

    kind: RiskKind
    path: str
    severity: Severity
    what: str
    hunk: Hunk | None = None
    line: str = ""
    by_shell: bool = False
    ref: SourceRef | None = None
    commit: str = ""


class DiffLine(NamedTuple):
    """A line of a diff with its hunk and its number in the new file (of the old one for "-")."""

    sign: str
    text: str
    hunk: Hunk
    number: int


def patterns_by_path(*pairs: tuple[str, str]) -> PathPatterns:
    """Patterns of paths, each with the pattern of lines that is for such a path."""
    return tuple((lazy(path), lazy(line)) for path, line in pairs)


def pattern_for(patterns: PathPatterns, path: str) -> re.Pattern[str] | None:
    return next((line for paths, line in patterns if paths.search(path)), None)


def finding_at(
    line: DiffLine, kind: RiskKind, path: str, severity: Severity, what: str
) -> RiskFinding:
    """A finding that rests on a line of the diff."""
    return RiskFinding(kind, path, severity, what, line.hunk, line.sign + line.text)


def first_hunk(change: FileChange) -> Hunk | None:
    return change.hunks[0] if change.hunks else None


def diff_lines(change: FileChange, sign: str = "") -> Iterator[DiffLine]:
    """Every line of a file's hunks, or those with that sign."""
    for hunk in change.hunks:
        for line in hunk_lines(hunk):
            if not sign or line.sign == sign:
                yield line


@lru_cache(_MOST_HUNKS)
def hunk_lines(hunk: Hunk) -> tuple[DiffLine, ...]:
    """Every line of a hunk; many look at the same one."""
    return tuple(_numbered(hunk))


def _numbered(hunk: Hunk) -> Iterator[DiffLine]:
    old, new = hunk.old_start, hunk.new_start
    for line in hunk.lines:
        sign = line[:1]
        yield DiffLine(sign, line[1:], hunk, old if sign == "-" else new)
        old += sign != "+"
        new += sign != "-"


def excerpt(line: DiffLine) -> str:
    """The beginning of a line, for a sentence."""
    return line.text.strip()[:80]


def is_prose(path: str) -> bool:
    """Whether a path is that of documents."""
    return _PROSE.search(path) is not None


def list_names(names: Iterable[str], most: int = 3) -> str:
    """Some names in a row, and how many more there are."""
    listed = list(dict.fromkeys(names))
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def line_shape(text: str) -> str:
    """A line without its blanks: equal for lines that were only indented or wrapped anew."""
    return "".join(text.split()).rstrip(",;")


def added_shapes(changes: RepositoryChanges) -> dict[str, set[str]]:
    """The shapes of the lines that were added, and in which paths."""
    shapes: dict[str, set[str]] = {}
    for change in changes.files:
        for line in diff_lines(change, "+"):
            if len(line.text) > 3:
                shapes.setdefault(line_shape(line.text), set()).add(change.path)
    return shapes
