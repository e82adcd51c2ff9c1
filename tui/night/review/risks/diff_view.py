"""A diff as lines, with the small questions that all detectors ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.model.review import RiskKind, Severity
from tui.system.lazy_pattern import lazy

SEVERITY_ORDER: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2}
_TEST_PATH = lazy(
    r"(?:^|/)(?:tests?|specs?|__tests__|testing|e2e|cypress)/"
    r"|(?:^|/)test_[^/]*\.\w+$|(?:^|/)(?:conftest|tests)\.py$"
    r"|[_.-](?:tests?|spec|e2e|cy)\.\w+$|[a-z0-9](?:Tests?|Spec|TestCase|IT)\.\w+$|\.bats$"
)
_CODE = lazy(
    r"\.(?:py|pyi|[cm]?[jt]sx?|vue|svelte|go|rs|java|kt|kts|scala|groovy|rb|php|cs|fs|swift|m|mm|c|cc|cpp|cxx"
    r"|h|hpp|ex|exs|erl|dart|lua|pl|t|sh|bash|bats|r|jl|clj|hs|ml|nim|zig|cr)$",
)
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


def diff_lines(change: FileChange) -> Iterator[DiffLine]:
    """Every line of a file's hunks."""
    for hunk in change.hunks:
        yield from hunk_lines(hunk)


def hunk_lines(hunk: Hunk) -> Iterator[DiffLine]:
    """Every line of a hunk."""
    old, new = hunk.old_start, hunk.new_start
    for line in hunk.lines:
        sign = line[:1]
        yield DiffLine(sign, line[1:], hunk, old if sign == "-" else new)
        old += sign != "+"
        new += sign != "-"


def is_test(path: str) -> bool:
    """Whether a path is one where tests live."""
    return _TEST_PATH.search(path) is not None


def is_code(path: str) -> bool:
    """Whether a path is that of source text."""
    return _CODE.search(path) is not None


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
    """The shapes of the lines that came, and in which paths."""
    found: dict[str, set[str]] = {}
    for change in changes.files:
        for line in diff_lines(change):
            if line.sign == "+" and len(line.text) > 3:
                found.setdefault(line_shape(line.text), set()).add(change.path)
    return found
