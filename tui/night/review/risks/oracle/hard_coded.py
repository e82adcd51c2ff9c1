"""Code that knows its tests: answers for their very inputs, or whether it runs under one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tui.model.records import FileChange, RepositoryChanges
from tui.model.review import Severity
from tui.night.review.risks import test_syntax
from tui.night.review.risks.diff_view import (
    DiffLine,
    RiskFinding,
    diff_lines,
    excerpt,
    finding_at,
    hunk_lines,
)
from tui.night.review.risks.oracle.code_changes import name_of
from tui.night.review.risks.oracle.reading.assertion import Assertion
from tui.night.review.risks.oracle.reading.cases import read_cases
from tui.night.review.risks.oracle.reading.file_texts import ChangedTexts
from tui.night.review.risks.oracle.reading.literals import bare, is_literal, literal_in
from tui.night.review.risks.oracle.runners.hooks import new_lines
from tui.night.review.risks.oracle.uncollected import ROW
from tui.system.lazy_pattern import AnyWord, lazy

_UNDER_TEST = lazy(
    r"(?:environ|getenv|env)\b.{0,20}PYTEST_(?:CURRENT_TEST|VERSION)|[\"']PYTEST_CURRENT_TEST[\"']\s+(?:not\s+)?in\b"
    r"|[\"'](?:pytest|unittest|_pytest)[\"']\s*(?:not\s+)?in\s+(?:sys\.)?modules|sys\._called_from_test"
    r"|NODE_ENV\s*[!=]==?\s*['\"]test['\"]|['\"]test['\"]\s*[!=]==?\s*process\.env\.NODE_ENV"
    r"|env\b.{0,4}(?:JEST|VITEST)_WORKER_ID|process\.env\.VITEST\b|import\.meta\.vitest\b|typeof\s+(?:jest|vi|describe)\b"
    r"|\bcfg!\(test\)|\btesting\.Testing\(\)|flag\.Lookup\(\s*\"test\.|defined\?\(\s*(?:RSpec|Minitest)"
    r"|Rails\.env\.test\?|XCTestConfigurationFilePath|NSClassFromString\(\s*\"XCTest|RAILS_ENV.*==.*test"
    r"|Mix\.env\(?\)?\s*==\s*:test|(?:defined|getenv)\(\s*['\"]PHPUNIT|Class\.forName\(\s*\"org\.junit"
    r"|\$\{?BATS_TEST_\w+|inspect\.stack\(\).*test|os\.Args\[0\].*\.test"
)
_ANSWERS = lazy(
    r"\breturn\b(?!\s*(?:;|$|\}|\{|app\b|server\b|logger|console|None\b|null\b|nil\b))|\?(?!\.)[^:]+:"
)
_MILD = lazy(
    r"log|silent|level|listen|debug|cache|sentry|telemetry|analytics|warn|color|port|\burl|timeout|delay",
    2,
)
_HINTS = AnyWord(
    *(
        "PYTEST",
        "pytest",
        "unittest",
        "_called_from_test",
        "NODE_ENV",
        "WORKER_ID",
        "VITEST",
        "vitest",
    ),
    *(
        "typeof",
        "cfg!",
        "Testing",
        "flag.Lookup",
        "defined?",
        "env",
        "XCTest",
        "RAILS_ENV",
        "PHPUNIT",
    ),
    *("junit", "BATS_TEST", "stack()", "os.Args", "open", "read", "Read", "import", "require"),
)
_READS_TESTS = lazy(
    r"(?:open|read_text|readFileSync|ReadFile|File\.read|read_to_string|import_module|require)\s*\(\s*"
    r"[^)]*[\"'/](?:tests?/|test_\w+\.py|\w+\.test\.|\w+_test\.|\w+_spec\.)"
)
_BRANCH = lazy(
    r"(?:(?:return|=>)\s+)?(?P<asks>[^?]*===?[^?]*)\?\s*(?P<gives>[^:?]+):"
    r"|(?:\}?\s*(?:else\s+)?if|elif|elsif|when|unless|case|switch)\b(?P<if>.*)$"
    r"|\s*return\s+(?P<value>.+?)\s+if\s+(?P<guard>.+)$"
    r"|(?P<match>[(\w][^=]*?)\s*=>\s*(?P<given>.+?),?$"
)
_RETURN = lazy(r"(?:\breturn\b|=>|->|\bthen\b|:\s)\s*\(?(?P<value>[^;{}]+?)[;)}]*\s*$")
_INLINE = lazy(r"[{;]\s*((?:else\s+)?if\b[^;{}]*\{?[^;{}]*)[;}]")
_MADE = lazy(r"^String::from\((.*)\)$|^(.*?)(?:\.(?:to_string|to_owned|into)\(\)|\.to_vec\(\))$")
_PAIR = lazy(
    r"(?P<key>\([^()]*\)|\[[^\[\]]*\]|\"[^\"]*\"|'[^']*'|-?\d+(?:\.\d+)?)\s*(?::|=>)\s*"
    r"(?P<value>\"[^\"]*\"|'[^']*'|-?\d+(?:\.\d+)?|\[[^\[\]]*\]|[Tt]rue\b|[Ff]alse\b|None\b|null\b|nil\b)"
)
_TRIVIAL = frozenset(("0", "1", "-1", "None", "null", "nil", "True", "False", "true", "false", ""))
_LEAST_ROWS = 2


class _Asked:
    """What tests ask of functions: the literals of a call, and the answer that is expected.

    `others` is what further tests ask; `rows` are those of tables of cases.
    """

    def __init__(
        self,
        assertions: Iterable[Assertion],
        rows: Iterable[Sequence[str]] = (),
        others: _Asked | None = None,
    ) -> None:
        self._others = others
        self._rows = {(frozenset(map(bare, row[:-1])), bare(row[-1])) for row in rows}
        self._answers: dict[str, list[tuple[frozenset[str], str]]] = {}
        for one in assertions:
            name, bracket, rest = one.subject.partition("(")
            given = frozenset(map(bare, literal_in(rest))) if bracket else frozenset()
            if given and is_literal(one.expected):
                key = name.rpartition(".")[2].rpartition(":")[2].rpartition(">")[2].lower()
                self._answers.setdefault(key, []).append((given, bare(one.expected)))

    def has(self, name: str, inputs: Sequence[str], answer: str) -> bool:
        """Whether a test asks the function for those very inputs and expects that answer."""
        made = _MADE.match(answer)
        answer = (made.group(1) or made.group(2) or "") if made is not None else answer
        inputs, answer = [*map(bare, inputs)], bare(answer)
        if not answer or not (set(inputs) - _TRIVIAL or len(inputs) > 1):
            return False
        if (frozenset(inputs), answer) in self._rows:
            return True
        asked = self._answers.get(name.lower(), ())
        if any(expected == answer and set(inputs) <= given for given, expected in asked):
            return True
        return self._others is not None and self._others.has(name, inputs, answer)


def find_hard_coded(
    changes: RepositoryChanges, at_hand: Sequence[Assertion], texts: ChangedTexts
) -> Iterator[RiskFinding]:
    """One finding for each source whose new lines answer for the tests, or look for them.

    `at_hand` are assertions that were read already; tests that are named after a source are read
    when a new line of it may be such an answer.
    """
    nearby = _Asked(at_hand)
    for change in changes.files:
        path = change.path
        if change.generated or not test_syntax.is_code(path) or test_syntax.is_test(path):
            continue
        if "conftest" in path or "setup" in path.rpartition("/")[2].lower():
            continue
        found = [*_looks_for_tests(change)]
        if not found and any(_may_answer(line.text) for line in new_lines(change)):
            tests = [*texts.tests_of(path)]
            read = [one for test in tests for case in read_cases(*test) for one in case.assertions]
            rows = [row for _, text in tests for row in _table_rows(text)]
            found = [*_answers(change, _Asked(read, rows, nearby))]
        yield from found[:1]


def _may_answer(text: str) -> bool:
    """Whether a line may be a branch, or a row, for given inputs."""
    branch = _branch(text)
    return (branch is not None and bool(branch[0])) or _PAIR.search(text) is not None


def _table_rows(text: str) -> Iterator[tuple[str, ...]]:
    """The rows of a table of cases: inputs, and what is expected last."""
    for line in text.splitlines():
        if ROW.match(line):
            literals = literal_in(line.partition(", id=")[0])
            if len(literals) > 1:
                yield tuple(literals)


def _looks_for_tests(change: FileChange) -> Iterator[RiskFinding]:
    """Code that behaves otherwise under a test: high where it gives another answer there."""
    if not any(_HINTS.is_in(text) for hunk in change.hunks for text in hunk.lines):
        return
    lines, fresh = [*diff_lines(change, "+")], {*new_lines(change)}
    for at, line in enumerate(lines):
        code = line.text.strip()
        # A text of its own, such as a pattern, is no code.
        if line not in fresh or code.startswith(("#", "//", "*", '"', "'", 'r"', "r'")):
            continue
        if _READS_TESTS.search(code):
            what = f"the code reads the tests: {excerpt(line)}"
            yield finding_at(line, "hard_coded", change.path, "high", what)
        elif _UNDER_TEST.search(code):
            near = " ".join(one.text for one in lines[at : at + 2])
            is_answer = _ANSWERS.search(near) is not None and not _MILD.search(near)
            severity: Severity = "high" if is_answer else "low"
            what = f"the code finds out whether it runs under a test: {excerpt(line)}"
            yield finding_at(line, "hard_coded", change.path, severity, what)


# complexity: a branch may answer in its line, in the next, or in a row of a table
def _answers(change: FileChange, asked: _Asked) -> Iterator[RiskFinding]:
    for hunk in change.hunks:
        inside = name_of(change.path, hunk.heading)
        waiting: tuple[DiffLine, list[str]] | None = None
        for line in hunk_lines(hunk):
            inside = name_of(change.path, line.text) or inside
            if line.sign != "+" or not inside:
                continue
            branch = _branch(line.text)
            if branch is not None:
                inputs, answer = branch
                waiting = (line, inputs) if inputs else None
                if answer and asked.has(inside, inputs, answer):
                    yield _found(change.path, line, inside)
            elif waiting is not None:
                value = _RETURN.search(line.text)
                answer = value.group("value").strip() if value is not None else ""
                if answer and asked.has(inside, waiting[1], answer):
                    yield _found(change.path, waiting[0], inside)
                waiting = None
            rows = [
                pair
                for pair in _PAIR.finditer(line.text)
                if asked.has(inside, literal_in(pair.group("key")), pair.group("value"))
            ]
            if len(rows) >= _LEAST_ROWS:
                yield _found(change.path, line, inside)


def _branch(text: str) -> tuple[list[str], str] | None:
    """The literals that a branch asks for, and the answer that it gives in the same line."""
    inline = _INLINE.search(text)
    match = _BRANCH.match(text.strip() if inline is None else inline.group(1).strip())
    if match is None or "!=" in text:
        return None
    if match.group("asks"):
        return literal_in(match.group("asks")), match.group("gives").strip()
    if match.group("guard"):
        return literal_in(match.group("guard")), match.group("value").strip()
    if match.group("match"):
        return literal_in(match.group("match")), match.group("given").strip()
    rest = match.group("if")
    value = _RETURN.search(rest)
    if value is None:
        return literal_in(rest), ""
    return literal_in(rest[: value.start()]), value.group("value").strip()


def _found(path: str, line: DiffLine, name: str) -> RiskFinding:
    what = f"{name}() has an answer for the very inputs of a test: {excerpt(line)}"
    return finding_at(line, "hard_coded", path, "high", what)
