"""Tests deleted, skipped, weakened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.model.review import Severity
from tui.night.review.risks import test_syntax
from tui.night.review.risks.diff_view import (
    SEVERITY_ORDER,
    DiffLine,
    RiskFinding,
    added_shapes,
    hunk_lines,
    is_code,
    is_test,
    diff_lines,
    list_names,
    line_shape,
)
from tui.system.format import format_count

_SAME_BODY = 0.6


def find_test_risks(changes: RepositoryChanges) -> Iterator[RiskFinding]:
    """One finding per kind and path at most."""
    came = added_shapes(changes)
    new = {name for change in changes.files for name, _ in _tests(change, "+")}
    sources = _gone_sources(changes)
    for change in changes.files:
        yield from _left_out(change)
        if _hidden(change):
            what = f"{change.old_path} became {change.path}, where no runner looks for tests"
            yield RiskFinding("test_deleted", change.path, "high", what, _first(change))
            continue
        if not _holds_tests(change):
            continue
        yield from _deleted(change, new, came, sources)
        if change.kind != "deleted":
            yield from _skipped(change)
            yield from _weakened(change, came)


def _holds_tests(change: FileChange) -> bool:
    if change.generated or not is_code(change.path):
        return False
    return is_test(change.path) or is_test(change.old_path) or change.path.endswith(".rs")


def _hidden(change: FileChange) -> bool:
    """Whether a file of tests has a name now by which no runner finds it."""
    if change.kind != "renamed" or not (is_test(change.old_path) and is_code(change.old_path)):
        return False
    return not (is_test(change.path) and is_code(change.path))


def _left_out(change: FileChange) -> Iterator[RiskFinding]:
    """Tests that the settings of a runner leave out now."""
    before = {line_shape(line.text) for line in diff_lines(change) if line.sign == "-"}
    for line in diff_lines(change):
        if line.sign != "+" or line_shape(line.text) in before:
            continue
        if test_syntax.excludes_tests(change.path, line.text):
            what = f"tests are left out: {line.text.strip()[:80]}"
            yield RiskFinding(
                "test_skipped", change.path, "medium", what, line.hunk, f"+{line.text}"
            )
            return


def _first(change: FileChange) -> Hunk | None:
    return change.hunks[0] if change.hunks else None


# --- deleted ---


def _tests(change: FileChange, sign: str) -> list[tuple[str, DiffLine]]:
    """The tests that lines with `sign` begin."""
    if not _holds_tests(change):
        return []
    path = change.path
    found = []
    marks = test_syntax.marked_test(path)
    for hunk in change.hunks:
        marked = False
        for line in hunk_lines(hunk):
            if marks is None:
                name = test_syntax.test_name(path, line.text) if line.sign == sign else ""
            else:
                match = marks[1].match(line.text) if marked else None
                name = match.group(1) if match is not None and line.sign == sign else ""
                marked = marks[0].match(line.text) is not None or (marked and match is None)
            if name:
                found.append((name, line))
    return found


def _gone(
    change: FileChange, new: set[str], came: dict[str, set[str]]
) -> list[tuple[str, DiffLine]]:
    """The tests of a file that went away and came back nowhere, in no other form."""
    united = _united(change)
    return [
        (name, line)
        for name, line in _tests(change, "-")
        if name not in new
        and test_syntax.test_subject(name) not in united
        and not _went_elsewhere(line, came)
        and not _renamed(change.path, line)
    ]


def _deleted(
    change: FileChange, new: set[str], came: dict[str, set[str]], sources: set[str]
) -> Iterator[RiskFinding]:
    gone = _gone(change, new, came)
    if change.kind == "deleted":
        if not gone and not change.cut:
            return
        severity: Severity = "medium" if _subject(change.path) in sources else "high"
        why = ", and so is what they tested" if severity == "medium" else ""
        about = f": {list_names(name for name, _ in gone)}" if gone else ""
        words = f"{format_count(len(gone), 'test') if gone else 'tests'} deleted with the file{about}{why}"
        line = gone[0][1] if gone else None
        yield RiskFinding(
            "test_deleted",
            change.path,
            severity,
            words,
            line.hunk if line else _first(change),
            f"-{line.text}" if line else "",
            by_shell=True,
        )
    elif gone:
        others = len(_tests(change, "+"))
        words = f"{format_count(len(gone), 'test')} deleted: {list_names(name for name, _ in gone)}"
        if others >= len(gone):
            words += f"; {format_count(others, 'other')} came"
        line = gone[0][1]
        yield RiskFinding(
            "test_deleted",
            change.path,
            "low" if others >= len(gone) else "high",
            words,
            line.hunk,
            f"-{line.text}",
        )


def _united(change: FileChange) -> set[str]:
    """What the tests are about that stand beside a new list of cases in their hunk."""
    found: set[str] = set()
    for hunk in change.hunks:
        if any(line[:1] == "+" and test_syntax.is_parametrised(line) for line in hunk.lines):
            tests = (*_tests(change, "+"), *_tests(change, " "))
            found.update(test_syntax.test_subject(name) for name, line in tests if line.hunk is hunk)
    return found - {""}


def _went_elsewhere(opening: DiffLine, came: dict[str, set[str]]) -> bool:
    """Whether most of a removed test's body came back under another name or in another file."""
    body: list[str] = []
    inside = False
    for line in hunk_lines(opening.hunk):
        if line.sign != "-":
            continue
        if line == opening:
            inside = True
        elif inside and line.text.strip():
            indent = len(line.text) - len(line.text.lstrip())
            if indent <= len(opening.text) - len(opening.text.lstrip()) and len(body) > 1:
                break
            body.append(line_shape(line.text))
    telling = [text for text in body if len(text) > 8]
    if not telling:
        return False
    return sum(text in came for text in telling) >= _SAME_BODY * len(telling)


def _renamed(path: str, opening: DiffLine) -> bool:
    """Whether another test begins where this one did and its body stayed."""
    listed = list(hunk_lines(opening.hunk))
    after = listed[listed.index(opening) + 1 :]
    for line in after:
        if line.sign == "+" and test_syntax.test_name(path, line.text):
            return True
        if line.sign == " " or (line.sign == "-" and test_syntax.is_assertion(line.text)):
            return False
    return False


def _gone_sources(changes: RepositoryChanges) -> set[str]:
    """What files that are no tests and went away were about."""
    return {
        _subject(change.path)
        for change in changes.files
        if change.kind == "deleted" and is_code(change.path) and not is_test(change.path)
    }


def _subject(path: str) -> str:
    """What a test or source file is about, by its name."""
    name = path.rpartition("/")[2].partition(".")[0].lower()
    return (
        name.removeprefix("test_").removesuffix("_test").removesuffix("test").removesuffix("_spec")
    )


# --- skipped ---


def _skipped(change: FileChange) -> Iterator[RiskFinding]:
    balance: Counter[str] = Counter()
    for line in diff_lines(change):
        if line.sign == "-" and test_syntax.is_skip(change.path, line.text):
            balance[line_shape(line.text)] += 1
    titles = {test_syntax.quoted_title(line.text) for line in diff_lines(change) if line.sign == "-"}
    found: list[tuple[Severity, DiffLine]] = []
    for line in diff_lines(change):
        if line.sign != "+" or not test_syntax.is_skip(change.path, line.text):
            continue
        if balance[line_shape(line.text)] > 0:
            balance[line_shape(line.text)] -= 1
            continue
        severity = _weight(line, titles)
        if severity is not None:
            found.append((severity, line))
    if not found:
        return
    found.sort(key=lambda one: SEVERITY_ORDER[one[0]])
    severity, line = found[0]
    words = (
        "everything but one part of the tests is switched off"
        if test_syntax.is_only(line.text)
        else ""
    )
    if not words:
        words = (
            f"{format_count(len(found), 'test is', 'tests are')} skipped: {line.text.strip()[:80]}"
        )
    yield RiskFinding("test_skipped", change.path, severity, words, line.hunk, f"+{line.text}")


def _weight(line: DiffLine, titles: set[str]) -> Severity | None:
    """How bad a skip is; None for a condition on a test that is new itself."""
    if test_syntax.is_only(line.text):
        return "high"
    subject, before, deep = _what_it_switches(line)
    fresh = subject == "+" and test_syntax.quoted_title(line.text) not in titles - {""}
    if deep or test_syntax.is_conditional(line.text) or test_syntax.is_conditional(before):
        return None if fresh else "medium"
    return "low" if fresh else "high"


def _what_it_switches(line: DiffLine) -> tuple[str, str, bool]:
    """The sign of the line that begins the test a skip belongs to, the line before the skip, and
    whether it stands deeper than the test's own statements."""
    listed = list(hunk_lines(line.hunk))
    at = next((n for n, one in enumerate(listed) if one == line), 0)
    before = listed[at - 1].text if at else ""
    decorates = line.text.lstrip()[:1] in ("@", "#", "[") or test_syntax.function_name(
        ".js", line.text
    )
    span = listed[at:] if decorates else listed[: at + 1][::-1]
    for one in span:
        if one.sign != "-" and _opens(one.text):
            deep = not decorates and _indent(line.text) > _indent(one.text) + 4
            return one.sign, before, deep and line.text[:1] != "\t"
    return (" " if line.hunk.old_start else "+"), before, False


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _opens(text: str) -> bool:
    return any(
        test_syntax.function_name(end, text)
        for end in (".py", ".js", ".rb", ".go", ".c", ".java", ".rs")
    ) or text.lstrip().startswith(("class ", "describe"))


# --- weakened ---


def _weakened(change: FileChange, came: dict[str, set[str]]) -> Iterator[RiskFinding]:
    if change.kind == "added":
        return
    worst: tuple[int, str, DiffLine] | None = None
    number = 0
    for found in (*_by_test(change, came), *_loosened(change)):
        number += 1
        if worst is None or found[0] < worst[0]:
            worst = found
    if worst is None:
        return
    rank, words, line = worst
    if number > 1:
        words += f"; {format_count(number - 1, 'more place')} like it"
    sign = line.sign if line.sign in "+-" else " "
    yield RiskFinding(
        "test_weakened",
        change.path,
        "medium" if rank else "high",
        words,
        line.hunk,
        f"{sign}{line.text}",
    )


class _TestChange:
    """The assertions that came and went in one test of a hunk."""

    def __init__(self) -> None:
        self.removed: list[DiffLine] = []
        self.added: list[DiffLine] = []
        self.opened = ""
        self.kept = 0


def _by_test(change: FileChange, came: dict[str, set[str]]) -> Iterator[tuple[int, str, DiffLine]]:
    for hunk in change.hunks:
        for name, test in _assertions(change.path, hunk).items():
            trivial = [line for line in test.added if test_syntax.is_trivial(line.text)]
            if trivial:
                yield 0, f"{_test_words(name)} has an assertion that cannot fail", trivial[0]
                continue
            if test.opened in "+-" and test.opened:
                continue
            told = (one for one in test.removed if not test_syntax.is_type_narrowing(one.text))
            removed = [one for one in told if line_shape(one.text) not in came]
            if removed:
                yield from _compared(name, removed, test.added, test.kept)


def _assertions(path: str, hunk: Hunk) -> dict[str, _TestChange]:
    found: dict[str, _TestChange] = {}
    name = ""
    for line in hunk_lines(hunk):
        begun = test_syntax.function_name(path, line.text)
        if begun:
            name = begun
            test = found.setdefault(name, _TestChange())
            # removed and put back changed is still the same test
            test.opened = " " if test.opened and test.opened != line.sign else line.sign
        elif test_syntax.is_assertion(line.text):
            test = found.setdefault(name, _TestChange())
            if line.sign == " ":
                test.kept += 1
            else:
                (test.removed if line.sign == "-" else test.added).append(line)
    return found


def _compared(
    name: str, removed: list[DiffLine], added: list[DiffLine], kept: int
) -> Iterator[tuple[int, str, DiffLine]]:
    sharp_before = sum(test_syntax.is_exact(line.text) for line in removed)
    sharp_after = sum(test_syntax.is_exact(line.text) for line in added)
    what = _test_words(name)
    if not added:
        words = f"{what} lost {format_count(len(removed), 'assertion')}"
        yield (
            int(kept > 0),
            words + (", others stay" if kept else " and got none instead"),
            removed[0],
        )
    elif len(added) < len(removed) and not _merged(removed, added):
        rank = 0 if sharp_after < sharp_before and not sharp_after else 1
        looser = ", and looser" if rank == 0 else ""
        count = format_count(len(added), "assertion")
        words = f"{what} makes do with {count} instead of {len(removed)}{looser}"
        yield rank, words, added[0]
    elif len(added) <= len(removed) and sharp_after < sharp_before:
        vague = next((line for line in added if not test_syntax.is_exact(line.text)), None)
        if vague is not None:
            yield 1, f"{what} no longer asks for an exact value", vague


def _merged(removed: list[DiffLine], added: list[DiffLine]) -> bool:
    """Whether fewer assertions say as much: several values compared in one go."""
    before = sum(len(line_shape(line.text)) for line in removed)
    after = sum(len(line_shape(line.text)) for line in added if test_syntax.is_exact(line.text))
    return after >= 0.6 * before


def _test_words(name: str) -> str:
    return name or "a test"


def _loosened(change: FileChange) -> Iterator[tuple[int, str, DiffLine]]:
    """Comparisons that are the same but for a larger tolerance."""
    before: dict[str, float] = {}
    for line in diff_lines(change):
        found = test_syntax.split_tolerance(line.text) if line.sign == "-" else None
        if found is not None:
            before[found[0]] = found[1]
    for line in diff_lines(change):
        found = test_syntax.split_tolerance(line.text) if line.sign == "+" else None
        if found is not None and found[1] > before.get(found[0], found[1]):
            yield 1, f"a tolerance is larger than before: {line.text.strip()[:80]}", line
