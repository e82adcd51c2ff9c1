"""Claims that tests were added: by the tests that the night's changes begin, and a green run of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.model.records import FileChange
from tui.night.review.claims.checks.files import find_path
from tui.night.review.claims.checks.tested import green_after
from tui.night.review.claims.facts import ClaimVerdict, Fact, Weight, decide, of_several
from tui.night.review.claims.night_facts import Case, NightFacts, files_text
from tui.night.review.risks.test_syntax import is_code, is_test, marked_test, test_name
from tui.system.format import format_count
from tui.system.lazy_pattern import lazy

_HAS_CASES = lazy(
    r"parametri[sz]e|\.each\b|\bsubTest|\bt\.Run\(|InlineData|TestCase\(|ValueSource|CsvSource|test_case|rstest"
    r"|hypothesis|@given|\bcases?\b|for\s*\(|\bfor\s+\w+\s+in\b|forEach|dataProvider|proptest|quickcheck",
    re.IGNORECASE,
)
"""A line that makes several tests of one, so that nobody can count them."""


def check_tests_added(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """Tests that are said to be new; None where nobody knows what changed, and no file is named."""
    missing = of_several(list(_named_files(night, case)))
    if any(not fact.holds for fact in missing):
        return decide(missing)
    changes = night.changes
    if changes is None or not night.work.is_known:
        return None
    files = [file for file in changes.files if _holds_tests(file)]
    if not files:
        seen = tuple(path for path in night.work.paths if is_test(path))
        is_sure = not (seen or changes.cut or night.works_elsewhere)
        why = "no file of tests changed in this night"
        weight = Weight.DECISIVE if is_sure else Weight.BASIS
        return decide([Fact("tests were added", False if is_sure else None, weight, why)])
    paths = tuple(file.path for file in files)
    facts = [
        Fact(f"tests were added in {files_text(paths)}", True, Weight.BASIS),
        *of_several(missing),
    ]
    facts += _count(night, case, files)
    tested = green_after(night, paths)
    return decide([*facts, *tested], tested[-1].why, [fact.ref for fact in reversed(tested)])


def _named_files(night: NightFacts, case: Case) -> Iterator[Fact]:
    """Whether the files that it names exist at the end."""
    for name in case.statement.subject.paths:
        state = find_path(night, name)
        if is_test(name) and state.exists is not None:
            why = f"{state.path} does not exist at the end"
            yield Fact(f"{state.path} exists at the end", state.exists, Weight.DECISIVE, why)


def _holds_tests(file: FileChange) -> bool:
    """Whether a change puts tests into a file, or may."""
    if file.kind == "deleted" or not is_code(file.path):
        return False
    if is_test(file.path):
        return file.insertions > 0
    return any(_new_tests(file))


def _new_tests(file: FileChange) -> Iterator[str]:
    """Names of the tests that added lines begin and removed ones do not."""
    marked = marked_test(file.path)
    old = {test_name(file.path, line) for hunk in file.hunks for line in hunk.removed}
    for hunk in file.hunks:
        for line in hunk.added:
            name = test_name(file.path, line)
            if name and name not in old:
                yield name
            elif marked is not None and marked[0].search(line):
                yield line


def _count(night: NightFacts, case: Case, files: list[FileChange]) -> list[Fact]:
    """Whether as many tests were added as is claimed: by their number, or by that of two runs."""
    count = case.statement.count
    if count is None or (case.statement.unit and "test" not in case.statement.unit):
        return []
    found = sum(1 for file in files for _ in _new_tests(file))
    fact = f"{count:,.0f} tests were added"
    passed = [record.run.passed for record in night.index.runs if record.run.passed is not None]
    grown = passed[-1] - min(passed) if passed else 0
    if found == count or grown == count or count in passed:
        return [Fact(fact, True, Weight.PART)]
    why = f"{format_count(found, 'new test')} can be counted in what changed"
    is_far_off = found * 2 < count and _can_be_counted(night, files)
    return [Fact(fact, False, Weight.DECISIVE if is_far_off else Weight.PART, why)]


def _can_be_counted(night: NightFacts, files: list[FileChange]) -> bool:
    """Whether all that was added was seen, and no line of it makes several tests of one."""
    is_cut = night.changes is None or night.changes.cut or any(file.cut for file in files)
    if is_cut or night.works_elsewhere:
        return False
    lines = (line for file in files for hunk in file.hunks for line in hunk.added)
    return not any(_HAS_CASES.search(line) for line in lines)
