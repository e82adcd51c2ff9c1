"""Tests deleted, skipped, weakened."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from tui.model.records import FileChange, RepositoryChanges
from tui.model.review import Severity
from tui.night.review.risks import test_syntax
from tui.night.review.risks.commands.goal import Goal
from tui.night.review.risks.diff_view import (
    SEVERITY_ORDER,
    DiffLine,
    RiskFinding,
    added_shapes,
    diff_lines,
    excerpt,
    finding_at,
    first_hunk,
    hunk_lines,
    line_shape,
    list_names,
)
from tui.night.review.risks.oracle.code_changes import CodeChanges
from tui.night.review.risks.oracle.reading.cases import read_cases
from tui.night.review.risks.oracle.reading.file_texts import FileTexts
from tui.night.review.risks.oracle.reading.literals import literal_in
from tui.night.review.risks.test_syntax import is_code, is_test
from tui.system.format import format_count
from tui.system.lazy_pattern import lazy

_SAME_BODY = 0.6
_WORD = lazy(r"[A-Za-z_]\w*")
_IMPORT = lazy(r"\s*(?:from|import|use|using|require|const|let|var|load|include|#include)\b")
_FUNCTION_FILES = (".py", ".js", ".rb", ".go", ".c", ".java", ".rs")
"""One ending for each way in which a language begins a function."""


# complexity: every way in which the tests of a file go
def find_test_risks(
    changes: RepositoryChanges,
    code: CodeChanges,
    texts: FileTexts | None = None,
    goal: Goal | None = None,
) -> Iterator[RiskFinding]:
    """One finding per kind and path at most; `code` is what changed in the sources."""
    added = added_shapes(changes)
    new = {name for change in changes.files for name, _ in _tests(change, "+")}
    gone_code = [
        change.path
        for change in changes.files
        if change.kind == "deleted" and is_code(change.path) and not is_test(change.path)
    ]
    for change in changes.files:
        yield from _excluded(change)
        is_renamed = change.kind == "renamed"
        is_left = is_renamed and _is_found(change.old_path) and not _is_found(change.path)
        if is_left and _has_tests(change, texts):
            what = f"{change.old_path} became {change.path}, where no runner looks for tests"
            yield RiskFinding("test_deleted", change.path, "high", what, first_hunk(change))
            continue
        if not _holds_tests(change):
            continue
        gone = _gone(change, new, added)
        if change.kind == "deleted":
            if gone or change.cut:
                subject = _gone_subject(change, gone_code)
                is_asked = bool(subject) and goal is not None and goal.asks("files")
                is_asked = is_asked and goal is not None and any(map(goal.names, subject))
                yield _deleted_file(change, gone, bool(subject), is_asked=is_asked)
            continue
        if gone:
            is_rework = not code.is_small and len(new) >= len(gone)
            yield _deleted(change, gone, code.gone, is_rework=is_rework)
        yield from _skipped(change, is_small=code.is_small)


def _holds_tests(change: FileChange) -> bool:
    if change.generated or not is_code(change.path):
        return False
    return is_test(change.path) or is_test(change.old_path) or change.path.endswith(".rs")


def _has_tests(change: FileChange, texts: FileTexts | None) -> bool:
    """Whether a file holds tests, as far as its text can be had; a name alone may be by chance."""
    text = texts.text(change.path) if texts is not None else None
    return text is None or any(
        one.is_test and one.assertions for one in read_cases(change.old_path, text)
    )


def _is_found(path: str) -> bool:
    """Whether a runner looks for tests in a file of this name."""
    return is_test(path) and is_code(path)


def _excluded(change: FileChange) -> Iterator[RiskFinding]:
    """Tests that the settings of a runner leave out now."""
    before = {line_shape(line.text) for line in diff_lines(change, "-")}
    for line in diff_lines(change, "+"):
        is_new = line_shape(line.text) not in before
        if is_new and test_syntax.excludes_tests(change.path, line.text):
            what = f"tests are left out: {excerpt(line)}"
            yield finding_at(line, "test_skipped", change.path, "medium", what)
            return


# --- deleted ---


def _tests(change: FileChange, sign: str) -> list[tuple[str, DiffLine]]:
    """The tests that lines with `sign` begin."""
    if not _holds_tests(change):
        return []
    path = change.path
    tests = []
    marks = test_syntax.marked_test(path)
    for hunk in change.hunks:
        is_marked = False
        for line in hunk_lines(hunk):
            if marks is None:
                name = test_syntax.test_name(path, line.text)
            else:
                match = marks[1].match(line.text) if is_marked else None
                name = match.group(1) if match is not None else ""
                is_marked = marks[0].match(line.text) is not None or (is_marked and match is None)
            if name and line.sign == sign:
                tests.append((name, line))
    return tests


def _gone(
    change: FileChange, new: set[str], added: dict[str, set[str]]
) -> list[tuple[str, DiffLine]]:
    """The tests of a file that went away and came back nowhere, in no other form."""
    united = _united_subjects(change)
    return [
        (name, line)
        for name, line in _tests(change, "-")
        if name not in new
        and test_syntax.test_subject(name) not in united
        and not _went_elsewhere(line, added)
        and not _is_renamed(change.path, line)
        and not _is_row_now(change, line)
    ]


def _gone_subject(change: FileChange, gone_code: Sequence[str]) -> tuple[str, ...]:
    """Names of the code that a deleted file of tests was about and that is gone as well; () if it stays.

    By the name of the file, or by an import of it that names the deleted file with its folder.
    """
    subject = _subject(change.path)
    for path in gone_code:
        if _subject(path) == subject:
            return subject, path.rpartition("/")[2]
        stem = path.rpartition(".")[0]
        parts = stem.split("/")[-2:]
        inside = re.compile(
            r"(?<!\w)" + r"(?:/|\.|::|\s+import\s+)".join(map(re.escape, parts)) + r"(?!\w)"
        )
        if len(parts) == 2 and any(
            _IMPORT.match(line.text) and inside.search(line.text)
            for line in diff_lines(change, "-")
        ):
            return subject, *parts
    return ()


def _deleted_file(
    change: FileChange,
    gone: list[tuple[str, DiffLine]],
    is_source_gone: bool,
    *,
    is_asked: bool = False,
) -> RiskFinding:
    count = format_count(len(gone), "test") if gone else "tests"
    names = f": {list_names(name for name, _ in gone)}" if gone else ""
    why = ", and so is what they tested" if is_source_gone else ""
    severity: Severity = "low" if is_asked else "medium" if is_source_gone else "high"
    what = f"{count} deleted with the file{names}{why}"
    hunk, line = first_hunk(change), ""
    if gone:
        hunk, line = gone[0][1].hunk, f"-{gone[0][1].text}"
    return RiskFinding("test_deleted", change.path, severity, what, hunk, line, by_shell=True)


def _deleted(
    change: FileChange,
    gone: list[tuple[str, DiffLine]],
    gone_names: Collection[str],
    *,
    is_rework: bool,
) -> RiskFinding:
    others = len(_tests(change, "+"))
    what = f"{format_count(len(gone), 'test')} deleted: {list_names(name for name, _ in gone)}"
    if all(_names_any(line, gone_names) for _, line in gone):
        what += ", and so is what they tested"
        return finding_at(gone[0][1], "test_deleted", change.path, "low", what)
    if others < len(gone):
        severity: Severity = "medium" if is_rework else "high"
        return finding_at(gone[0][1], "test_deleted", change.path, severity, what)
    what += f"; {format_count(others, 'other')} came"
    return finding_at(gone[0][1], "test_deleted", change.path, "low", what)


def _names_any(opening: DiffLine, names: Collection[str]) -> bool:
    """Whether the body of a removed test names one of them."""
    return any(word in names for text in _body(opening) for word in _WORD.findall(text))


def _united_subjects(change: FileChange) -> set[str]:
    """What the tests are about that stand beside a new list of cases in their hunk."""
    subjects: set[str] = set()
    for hunk in change.hunks:
        if any(line[:1] == "+" and test_syntax.PARAMETRISED.search(line) for line in hunk.lines):
            tests = (*_tests(change, "+"), *_tests(change, " "))
            names = (name for name, line in tests if line.hunk is hunk)
            subjects.update(map(test_syntax.test_subject, names))
    return subjects - {""}


def _went_elsewhere(opening: DiffLine, added: dict[str, set[str]]) -> bool:
    """Whether most of a removed test's body came back under another name or in another file."""
    body = [line_shape(text) for text in _body(opening)]
    telling = [text for text in body if len(text) > 8]
    if not telling:
        return False
    return sum(text in added for text in telling) >= _SAME_BODY * len(telling)


def _body(opening: DiffLine) -> list[str]:
    """The removed lines of the test that a removed line begins."""
    removed = [line for line in hunk_lines(opening.hunk) if line.sign == "-"]
    body: list[str] = []
    for line in removed[removed.index(opening) + 1 :]:
        if line.text.strip():
            if _indent(line.text) <= _indent(opening.text) and len(body) > 1:
                break
            body.append(line.text)
    return body


def _is_row_now(change: FileChange, opening: DiffLine) -> bool:
    """Whether the values of a removed test came into a table of cases."""
    asserted = (literal_in(text) for text in _body(opening) if test_syntax.is_assertion(text))
    values = next((Counter(found) for found in asserted if len(found) > 1), None)
    rows = (Counter(literal_in(line.text)) for line in diff_lines(change, "+"))
    return values is not None and any(not values - row for row in rows)


def _is_renamed(path: str, opening: DiffLine) -> bool:
    """Whether another test begins where this one did and its body stayed."""
    lines = list(hunk_lines(opening.hunk))
    for line in lines[lines.index(opening) + 1 :]:
        if line.sign == "+" and test_syntax.test_name(path, line.text):
            return True
        if line.sign == " " or (line.sign == "-" and test_syntax.is_assertion(line.text)):
            return False
    return False


def _subject(path: str) -> str:
    """What a test or source file is about, by its name."""
    name = path.rpartition("/")[2].partition(".")[0].lower()
    name = name.removeprefix("test_").removesuffix("_test").removesuffix("test")
    return name.removesuffix("_spec")


# --- skipped ---


def _skipped(change: FileChange, *, is_small: bool) -> Iterator[RiskFinding]:
    removed = [line.text for line in diff_lines(change, "-")]
    titles = {test_syntax.quoted_title(text) for text in removed}
    titles |= {test_syntax.function_name(change.path, text) for text in removed}
    unmatched = Counter(
        line_shape(line.text)
        for line in diff_lines(change, "-")
        if test_syntax.is_skip(change.path, line.text)
    )
    skips: list[tuple[Severity, DiffLine]] = []
    for line in diff_lines(change, "+"):
        if not test_syntax.is_skip(change.path, line.text):
            continue
        # A skip that only moved was there before.
        if unmatched[line_shape(line.text)] > 0:
            unmatched[line_shape(line.text)] -= 1
            continue
        severity = _skip_severity(change.path, line, titles)
        if severity == "medium" and not is_small:
            severity = "low"
        if severity is not None:
            skips.append((severity, line))
    if not skips:
        return
    severity, line = min(skips, key=lambda skip: SEVERITY_ORDER[skip[0]])
    what = f"{format_count(len(skips), 'test is', 'tests are')} skipped: {excerpt(line)}"
    if test_syntax.ONLY.search(line.text):
        what = "everything but one part of the tests is switched off"
    yield finding_at(line, "test_skipped", change.path, severity, what)


def _skip_severity(path: str, line: DiffLine, titles: set[str]) -> Severity | None:
    """How bad a skip is; None for a condition on a test that is new itself."""
    if test_syntax.ONLY.search(line.text):
        return "high"
    sign, before, is_deep, name = _skipped_test(path, line)
    titled = {test_syntax.quoted_title(line.text), name.replace("DISABLED_", "")} - {""}
    is_new = sign == "+" and not titled & titles
    if "should_panic" in line.text:
        return None if is_new else "high"
    if is_deep or any(map(test_syntax.CONDITIONAL.search, (line.text, before))):
        return None if is_new else "medium"
    return "low" if is_new else "high"


def _skipped_test(path: str, skip: DiffLine) -> tuple[str, str, bool, str]:
    """The test that a skip belongs to: the sign of the line that begins it, and its name.

    Between them the line before the skip, and whether the skip stands deeper than the statements.
    """
    lines = list(hunk_lines(skip.hunk))
    at = lines.index(skip)
    before = lines[at - 1].text if at else ""
    is_marker = skip.text.lstrip()[:1] in ("@", "#", "[")
    decorates = is_marker or test_syntax.function_name(".js", skip.text)
    for line in lines[at:] if decorates else lines[at::-1]:
        if line.sign != "-" and _begins_test(line.text):
            is_deep = not decorates and _indent(skip.text) > _indent(line.text) + 4
            name = test_syntax.function_name(path, line.text)
            return line.sign, before, is_deep and skip.text[:1] != "\t", name
    return (" " if skip.hunk.old_start else "+"), before, False, ""


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _begins_test(text: str) -> bool:
    named = (test_syntax.function_name(ending, text) for ending in _FUNCTION_FILES)
    return text.lstrip().startswith(("class ", "describe")) or any(named)
