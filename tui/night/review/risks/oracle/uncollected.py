"""Tests that stand in their file and are not run any more; cases that left a table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tui.model.records import FileChange
from tui.model.review import Severity
from tui.night.review.risks import test_syntax
from tui.night.review.risks.diff_view import (
    DiffLine,
    RiskFinding,
    diff_lines,
    excerpt,
    finding_at,
    hunk_lines,
    line_shape,
    list_names,
)
from tui.night.review.risks.oracle.code_changes import replaced_lines
from tui.night.review.risks.oracle.reading.cases import Case
from tui.night.review.risks.oracle.reading.file_texts import find_line
from tui.night.review.risks.oracle.reading.literals import literal_in
from tui.system.format import format_count
from tui.system.lazy_pattern import lazy

_CLASS = lazy(r"class\s+(?P<name>\w+)\s*(?:\((?P<bases>[^)]*)\))?\s*:")
ROW = lazy(
    r"\s*(?:[(\[{$]|pytest\.param\(|\[(?:InlineData|TestCase|DataRow)\(|@(?:Csv|Value)Source|#\[(?:test_)?case\(|case\("
    r"|(?:['\"][^'\"]*['\"]|-?\d+(?:\.\d+)?)\s*(?:=>|:)\s*\S)"
)
"""The beginning of a row in a table of cases."""
_LISTED = lazy(r"@(?:Csv|Value)Source|parametrize\(|\.each\(|#\[values\(")
_TABLE = lazy(
    r"want|expected|CASES|TABLE|Source\(|tests\s*:?=|cases|\.each|parametri|InlineData|TestCase"
    r"|DataRow|case\(",
    2,
)


def find_uncollected(
    change: FileChange, before: Sequence[Case], after: Sequence[Case], *, is_telling: bool
) -> Iterator[RiskFinding]:
    """Tests of a file that no runner finds now and did before.

    `is_telling` says that a case that left a table is no part of a larger rework.
    """
    yield from _unmarked(change, before, after)
    if change.path.endswith(".py"):
        yield from _shadowed(change, before, after)
        yield from _classes(change)
    yield from _rows(change, is_telling=is_telling)


def _unmarked(
    change: FileChange, before: Sequence[Case], after: Sequence[Case]
) -> Iterator[RiskFinding]:
    """Tests that lost what marks them: `#[test]`, `@Test`, `[Fact]`."""
    marks = test_syntax.marked_test(change.path)
    if marks is None:
        return
    gone = {c.name for c in before if c.is_test} - {c.name for c in after if c.is_test}
    stay = (marks[1].match(line.text) for line in diff_lines(change, " "))
    lost = [found.group(1) for found in stay if found is not None and found.group(1) in gone]
    line = next((one for one in diff_lines(change, "-") if marks[0].match(one.text)), None)
    if lost and line is not None:
        count = format_count(len(lost), "test is no test", "tests are no tests")
        what = f"{count} any more: {list_names(lost)}"
        yield finding_at(line, "test_deleted", change.path, "high", what)


def _shadowed(
    change: FileChange, before: Sequence[Case], after: Sequence[Case]
) -> Iterator[RiskFinding]:
    """Tests that another one of the same name hides."""
    old, new = (Counter((c.scope, c.name) for c in cases if c.is_test) for cases in (before, after))
    for case in after:
        key = case.scope, case.name
        if case.is_test and new[key] > 1 and new[key] > max(1, old[key]):
            line = find_line(change, case.line, "+")
            if line is not None:
                what = f"{case.name} is defined twice: only the last one runs"
                yield finding_at(line, "test_weakened", change.path, "high", what)
            return


def _classes(change: FileChange) -> Iterator[RiskFinding]:
    """Classes of tests whose new names no runner looks for."""
    for hunk in change.hunks:
        for old, new in replaced_lines(hunk):
            was, now = _CLASS.match(old.text), _CLASS.match(new.text)
            if was is not None and now is not None and _is_found(was) and not _is_found(now):
                what = (
                    f"the tests of {was.group('name')} are not looked for any more: {excerpt(new)}"
                )
                yield finding_at(new, "test_deleted", change.path, "high", what)


def _is_found(match: re.Match[str]) -> bool:
    is_case = "TestCase" in (match.group("bases") or "")
    return is_case or match.group("name").startswith("Test")


# complexity: rows that went, and lines that list fewer
def _rows(change: FileChange, *, is_telling: bool) -> Iterator[RiskFinding]:
    """Cases that left a table of cases that stays."""
    added = Counter(line_shape(line.text) for line in diff_lines(change, "+"))
    for hunk in change.hunks:
        lines = [*hunk_lines(hunk)]
        if not any(_TABLE.search(line.text) for line in lines if line.sign != "+"):
            continue
        gone = [line for line in lines if line.sign == "-" and _is_row(line)]
        came = [line for line in lines if line.sign == "+" and ROW.match(line.text)]
        begins = any(
            test_syntax.function_name(change.path, one.text) for one in lines if one.sign == "-"
        )
        lost = [line for line in gone if not added[line_shape(line.text)]]
        shorter = [old for old, new in replaced_lines(hunk) if _is_shorter(old.text, new.text)]
        lost = lost if len(came) < len(gone) else shorter
        if begins or not lost:
            continue
        severity: Severity = "medium" if is_telling else "low"
        count = format_count(max(1, len(gone) - len(came)), "case")
        what = f"{count} left a table of cases: {excerpt(lost[0])}"
        yield finding_at(lost[0], "test_weakened", change.path, severity, what)
        return


def _is_row(line: DiffLine) -> bool:
    return ROW.match(line.text) is not None and len(literal_in(line.text)) > 1


def _is_shorter(old: str, new: str) -> bool:
    """Whether a line that lists cases lists fewer of them."""
    before, after = Counter(literal_in(old)), Counter(literal_in(new))
    is_less = after < before or "[])" in "".join(new.split())
    return _LISTED.search(old) is not None and _LISTED.search(new) is not None and is_less
