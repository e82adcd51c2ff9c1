"""What a test run printed: counts by the summary formats of the runners, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from re import Match, Pattern
from typing import NamedTuple

from msgspec import Struct

from tui.model.evidence import Verdict
from tui.system.lazy_pattern import AnyWord, HintedPattern, lazy


class TestCounts(NamedTuple):
    """Tests that passed, failed, and were left out (skipped, deselected, ignored, pending)."""

    passed: int
    failed: int
    skipped: int = 0


Reader = Callable[[list[Match[str]]], TestCounts]
_PYTEST_LINE = 200
_PYTEST_END = lazy(
    r"\d (?:failed|passed|errors?|skipped|xfailed|xpassed|deselected|warnings?|rerun)$"
)
_WORDS = lazy(r"(\d+) (\w+)")
_GOOD = frozenset(("passed", "xpassed", "passing", "pass", "succeeded"))
_BAD = frozenset(("failed", "failing", "fail", "error", "errors", "failures", "failure"))
_LEFT = frozenset(("skipped", "skip", "deselected", "ignored", "pending", "todo", "incomplete"))


def _number(text: str | None) -> int:
    return int(text[:9]) if text else 0


def _told(text: str) -> TestCounts:
    """Sums of "N word" pairs."""
    passed = failed = skipped = 0
    for number, word in _WORDS.findall(text):
        if word in _GOOD:
            passed += _number(number)
        elif word in _BAD:
            failed += _number(number)
        elif word in _LEFT:
            skipped += _number(number)
    return TestCounts(passed, failed, skipped)


def _sum(counts: list[TestCounts]) -> TestCounts:
    return TestCounts(
        sum(each.passed for each in counts),
        sum(each.failed for each in counts),
        sum(each.skipped for each in counts),
    )


def _pytest(matches: list[Match[str]]) -> TestCounts:
    """The numbers stand before the time, in the same line."""
    found = []
    for match in matches:
        before = match.string[max(0, match.start() - _PYTEST_LINE) : match.start()]
        if _PYTEST_END.search(before) is not None:
            found.append(_told(before[before.rfind("\n") + 1 :]))
    return _sum(found)


def _plain_words(matches: list[Match[str]]) -> TestCounts:
    return _sum([_told(match.group(0)) for match in matches])


def _unittest(matches: list[Match[str]]) -> TestCounts:
    ran = bad = left = 0
    for match in matches:
        ran += _number(match.group(1))
        left += sum(map(_number, re.findall(r"skipped=(\d+)", match.group(0))))
        told = re.findall(r"(?:failures|errors|unexpected successes)=(\d+)", match.group(0))
        bad += sum(map(_number, told))
        if match.group(2) == "FAILED" and not bad:
            bad = 1
    return TestCounts(max(0, ran - bad - left), bad, left)


def _of_total(matches: list[Match[str]]) -> TestCounts:
    """Groups `total`, `failed`, maybe `errors`, `skipped`, of the last summary, which is the sum."""
    groups = matches[-1].groupdict()
    failed = _number(groups.get("failed")) + _number(groups.get("errors"))
    skipped = _number(groups.get("skipped"))
    return TestCounts(max(0, _number(groups["total"]) - failed - skipped), failed, skipped)


def _each(matches: list[Match[str]]) -> TestCounts:
    """Groups `passed`, `failed`, `skipped` of every summary."""
    groups = [match.groupdict() for match in matches]
    return TestCounts(
        sum(_number(group.get("passed")) for group in groups),
        sum(_number(group.get("failed")) for group in groups),
        sum(_number(group.get("skipped")) for group in groups),
    )


def _go(matches: list[Match[str]]) -> TestCounts:
    """Tests where they are named, else packages."""
    words = [match.group(1) for match in matches]
    passed = words.count("--- PASS") or words.count("ok")
    failed = words.count("--- FAIL") or words.count("FAIL")
    return TestCounts(passed, failed, words.count("--- SKIP"))


def _suites(matches: list[Match[str]]) -> TestCounts:
    """Failed suites count where no single test failed: they could not even start."""
    tests = [m for m in matches if m.group(0).lstrip().startswith("Tests")]
    passed, failed, skipped = _plain_words(tests)
    broken = _plain_words([m for m in matches if m not in tests]).failed
    return TestCounts(passed, failed or broken, skipped)


def _node(matches: list[Match[str]]) -> TestCounts:
    return _sum([_told(" ".join(match.group(0).split()[:0:-1])) for match in matches])


def _all_or_some(matches: list[Match[str]]) -> TestCounts:
    """Groups `passed` and `failed` of the last line, which counts on; a bad `end` is a failure."""
    groups = matches[-1].groupdict()
    failed = _number(groups.get("failed"))
    if groups.get("bad"):
        failed = failed or 1
    return TestCounts(_number(groups.get("passed")), failed, _number(groups.get("skipped")))


class SummaryFormat(Struct, frozen=True):
    """A runner's summary: the words it cannot do without, its shape, and how to read it."""

    framework: str
    words: AnyWord
    pattern: Pattern[str]
    reader: Reader


def _summary(framework: str, words: str, pattern: str, reader: Reader) -> SummaryFormat:
    return SummaryFormat(framework, AnyWord(*words.split("|")), lazy(pattern, re.M), reader)


SUMMARIES = (
    _summary("pytest", " in ", r" in [\d.:]+ ?s\b", _pytest),
    _summary(
        "unittest", "Ran ", r"^Ran (\d+) tests? in [\d.]+s\s+(OK|FAILED)(?: \([^)]*\))?", _unittest
    ),
    _summary("jest", " total", r"^(?:Test Suites|Tests):\s.*\b\d+ total", _suites),
    _summary(
        "vitest",
        "Tests  |Test Files",
        r"^\s*(?:(?:Test Files|Tests)  +\d+ \w+.*\(\d+\)|Errors  +\d+ errors?)",
        _suites,
    ),
    _summary("pest", "assertion", r"^\s*Tests:\s+.*\(\d+ assertions?\)", _plain_words),
    _summary("phpunit", "OK (", r"^OK \((?P<total>\d+) tests?, \d+ assertions?\)", _of_total),
    _summary(
        "phpunit",
        "Assertions:",
        r"^Tests: (?P<total>\d+), Assertions: \d+(?:, Errors: (?P<errors>\d+))?"
        r"(?:, Failures: (?P<failed>\d+))?(?:, \w+: \d+)*?(?:, Skipped: (?P<skipped>\d+))?",
        _of_total,
    ),
    _summary(
        "go",
        "ok|FAIL|PASS",
        r"^\s*(ok|FAIL|--- PASS|--- FAIL|--- SKIP)"
        r"(?::|\s+\S+\s+(?:\(cached\)|[\d.]+s|\[(?!no test))|$)",
        _go,
    ),
    _summary("gotestsum", "DONE ", r"^DONE \d+ tests?.* in [\d.]+s", _plain_words),
    _summary(
        "cargo",
        "test result:",
        r"^test result: \w+\. (?P<passed>\d+) passed; (?P<failed>\d+) failed"
        r"(?:; (?P<skipped>\d+) ignored)?",
        _each,
    ),
    _summary("nextest", "Summary [", r"^\s*Summary \[[^\]]*\]\s+\d+ tests? run: .*", _plain_words),
    _summary(
        "mocha", "passing|failing", r"^\s*\d+ (?:passing|failing|pending)\b(?!:)", _plain_words
    ),
    _summary(
        "rspec",
        "example",
        r"(?P<total>\d+) examples?, (?P<failed>\d+) failures?"
        r"(?:, (?P<skipped>\d+) pending)?(?:, (?P<errors>\d+) errors?)?",
        _of_total,
    ),
    _summary(
        "minitest",
        "assertions, ",
        r"^(?P<total>\d+) (?:runs|tests), \d+ assertions, (?P<failed>\d+) failures, "
        r"(?P<errors>\d+) errors(?:, (?P<skipped>\d+) (?:skips|pendings|omissions))?",
        _of_total,
    ),
    _summary(
        "mix",
        "failure",
        r"(?P<total>\d+) tests?, (?P<failed>\d+) failures?"
        r"(?:, \d+ excluded)?(?:, (?P<skipped>\d+) skipped)?",
        _of_total,
    ),
    _summary("jasmine", " specs", r"^(?P<total>\d+) specs?, (?P<failed>\d+) failures?", _of_total),
    _summary(
        "ctest",
        "tests passed",
        r"\d+% tests passed, (?P<failed>\d+) tests? failed out of (?P<total>\d+)",
        _of_total,
    ),
    _summary(
        "gtest",
        "[  PASSED  ]|[  FAILED  ]",
        r"^\[  (?:PASSED|FAILED)  \] \d+ tests?",
        lambda m: _sum([_told("{} {}".format(*_gtest(match.group(0)))) for match in m]),
    ),
    _summary(
        "node",
        "# pass|ℹ pass|# fail|ℹ fail",
        r"^[#ℹ] (?:pass|fail|cancelled|skipped|todo) \d+",
        _node,
    ),
    _summary("bun", " pass| fail", r"^\s*\d+ (?:pass|fail|skip|todo)$", _plain_words),
    _summary(
        "deno",
        " | ",
        r"^(?:ok|FAILED) \| (?P<passed>\d+) passed.*?\| (?P<failed>\d+) failed"
        r"(?: \| (?P<skipped>\d+) ignored)?",
        _each,
    ),
    _summary(
        "dotnet",
        "- Failed:",
        r"!\s+- Failed:\s+(?P<failed>\d+), Passed:\s+(?P<passed>\d+)"
        r"(?:, Skipped:\s+(?P<skipped>\d+))?",
        _each,
    ),
    _summary(
        "dotnet",
        "Test summary: ",
        r"^Test summary: total: \d+, failed: (?P<failed>\d+), succeeded: (?P<passed>\d+)"
        r"(?:, skipped: (?P<skipped>\d+))?",
        _each,
    ),
    _summary(
        "maven",
        "Tests run:",
        r"Tests run: (?P<total>\d+), Failures: (?P<failed>\d+), Errors: (?P<errors>\d+)"
        r"(?:, Skipped: (?P<skipped>\d+))?",
        _of_total,
    ),
    _summary(
        "sbt",
        "Tests: succeeded",
        r"Tests: succeeded (?P<passed>\d+), failed (?P<failed>\d+)(?:, canceled \d+)?"
        r"(?:, ignored (?P<skipped>\d+))?",
        _each,
    ),
    _summary(
        "gradle",
        " completed, ",
        r"(?P<total>\d+) tests? completed, (?P<failed>\d+) failed(?:, (?P<skipped>\d+) skipped)?",
        _of_total,
    ),
    _summary(
        "swift",
        "Executed ",
        r"Executed (?P<total>\d+) tests?, with (?:(?P<skipped>\d+) tests? skipped and )?"
        r"(?P<failed>\d+) failures?",
        _of_total,
    ),
    _summary(
        "swift",
        "Test run with ",
        r"Test run with (?P<passed>\d+) tests?(?: in \d+ suites?)? (?:passed|(?P<bad>failed))",
        _all_or_some,
    ),
    _summary(
        "flutter",
        "tests passed!|tests failed.",
        r"\+(?P<passed>\d+)(?: ~(?P<skipped>\d+))?(?: -(?P<failed>\d+))?: "
        r"(?:All tests passed!|(?P<bad>Some tests failed\.))",
        _all_or_some,
    ),
    _summary("bazel", "Executed ", r"^Executed \d+ out of \d+ tests?: .*", _plain_words),
    _summary(
        "catch2",
        "test cases",
        r"^(?:All tests passed \(\d+ assertions? in (?P<passed>\d+) test cases?\)"
        r"|test cases:\s+\d+ \|\s+(?P<some>\d+) passed \|\s+(?P<failed>\d+) failed)",
        _each,
    ),
    _summary(
        "playwright",
        " passed| failed",
        r"^\s+\d+ (?:passed|failed|skipped)(?: \([\d.]+m?s\))?$",
        _plain_words,
    ),
)


def _gtest(line: str) -> tuple[str, str]:
    """ "[  PASSED  ] 5 tests" as "5", "passed"."""
    words = line.split()
    return words[3], words[1].lower()


KIN = {
    "cargo": ("cargo", "nextest"),
    "phpunit": ("phpunit", "pest"),
    "node": ("node", "mocha"),
    "go": ("go", "gotestsum"),
    "ctest": ("ctest", "gtest", "catch2"),
}
OF: dict[str, tuple[SummaryFormat, ...]] = {
    name: tuple(s for s in SUMMARIES if s.framework in KIN.get(name, (name,)))
    for name in {s.framework for s in SUMMARIES}
}
_COLOUR = lazy(r"[\x1b␛]\[[0-9;]*m")
_PYTEST_TAIL = 1000
_NUMBERED = lazy(
    r"\d+ (?:passed|failed|passing|failing|pass|fail|failures?|examples?|errors?|tests? |specs?)"
)
_NUMBERED_WORDS = AnyWord(" pass", " fail", " example", " error", " specs")
_SIGNS = AnyWord(
    "\nok ",
    "\nok\t",
    "\nFAIL",
    "--- FAIL",
    "Ran ",
    "test result: ",
    "OK (",
    "Tests",
    "Executed ",
    "- Failed:",
    "# pass",
    "ℹ pass",
    "[  PASSED  ]",
    "Test summary: ",
    "Test run with ",
    "tests passed",
)
_TAIL = 400
_NONE_RAN = lazy(
    r"no tests ran|collected 0 items|^Ran 0 tests|NO TESTS RAN|No tests? (?:files? )?found|no tests found"
    r"|no test files|no tests to run|^\s*0 passing|^0 examples|^running 0 tests|No tests were found"
    r"|^\W*\d+ (?:deselected|skipped)(?:, \d+ \w+)* in [\d.]+s"
    r"|No tests executed|There are no tests to run|No test matches|no test suites? found"
    r"|^\[100%\] Built target \S+\s*\Z",
    2 | 8,
)
_BAD_END = AnyWord(
    "could not compile",
    "make: *** ",
    "ELIFECYCLE",
    "npm ERR! Test failed",
    "npm error Test failed",
    "npm error Lifecycle",
    "BUILD FAILED",
    "BUILD FAILURE",
    "error: test failed",
    "Test suite failed to run",
    "evaluation failed :(",
    ": FAIL code ",
    "core dumped",
    "Segmentation fault",
    "error Command failed with exit code",
    "\nFAILED",
    "The following tests FAILED",
    "Some tests failed",
    " during collection",
    "\nTraceback (most recent call last)",
    "nox > Session tests failed",
)
_GOOD_END = AnyWord(
    "BUILD SUCCESSFUL in",
    "BUILD SUCCESS\n",
    "congratulations :)",
    " was successful.",
    "ll tests passed",
    "Test Succeeded",
    "** TEST SUCCEEDED **",
)
_NEVER_STARTED = HintedPattern(
    "No module named|not found|issing script:|No rule to make target|could not determine executable"
    "|no such |can't open file|Cannot find module|is not recognized as|No such file|Permission denied"
    "|is not running|Cannot connect to|Unknown command",
    r"No module named '?(?:pytest|unittest|nose2?|tox|nox|coverage)\b|: (?:command )?not found\s*$"
    r"|[Mm]issing script:|No rule to make target|could not determine executable|no such (?:sub)?command"
    r"|can't open file|Cannot find module '/|is not recognized as|No such file or directory\s*\Z"
    r"|Permission denied\s*\Z|executable file not found|no such service|is not running\s*\Z"
    r"|Cannot connect to the Docker daemon|Command \S+ not found|not found in \$PATH|Unknown command",
    8,
)
_CUT_SHORT_WORDS = AnyWord(
    "Command timed out after",
    "\nKilled",
    "\nTerminated",
    "KeyboardInterrupt",
    "context deadline exceeded",
    "panic: test timed out after",
)
_NONE_HINTS = AnyWord(
    " 0 ",
    "no test",
    "ran 0",
    "0 passing",
    "0 examples",
    "deselected",
    "skipped",
    "built target",
)
_ENDING = 800
_SHORT = 800
_SIGNALLED = ("Exit code 124", "Exit code 130", "Exit code 137", "Exit code 143")


class TestOutcome(Struct, frozen=True):
    """The summary a runner printed; `at` is where in the text it stood."""

    framework: str
    passed: int
    failed: int
    at: int
    skipped: int = 0

    @property
    def verdict(self) -> Verdict:
        """Red with any failure, green with none, unknown where nothing ran."""
        if self.failed:
            return "red"
        return "green" if self.passed else "unknown"


def promising(text: str) -> bool:
    """Whether the end of `text` may hold a runner's summary; cheap, and seldom wrong with a no."""
    tail = text[-_TAIL:]
    if _SIGNS.is_in(tail):
        return True
    if _NUMBERED_WORDS.is_in(tail):
        return _NUMBERED.search(tail) is not None
    return tail.startswith(("ok ", "ok\t", "FAIL"))


def read(text: str, expected: str = "") -> TestOutcome | None:
    """The summary in a test run's output; of several the last, and only the `expected` runner's.

    A runner that only starts others, such as make, may show any summary.
    """
    best: TestOutcome | None = None
    if expected == "pytest":
        text = text[-_PYTEST_TAIL:]
    text = plain(text)
    for summary in OF.get(expected, SUMMARIES):
        if not summary.words.is_in(text):
            continue
        matches = list(summary.pattern.finditer(text))
        if not matches:
            continue
        counts = summary.reader(matches)
        found = TestOutcome(
            summary.framework, counts.passed, counts.failed, matches[-1].start(), counts.skipped
        )
        if (counts.passed or counts.failed) and (best is None or found.at > best.at):
            best = found
    return best


def plain(text: str) -> str:
    """The text without colours."""
    return _COLOUR.sub("", text) if "\x1b" in text or "␛" in text else text


def ending(text: str, failed: bool) -> Verdict | None:
    """What an output without a summary says by its last words; None where they say nothing.

    "unknown" is a run in which no test ran, or that was ended before it could tell.
    """
    if cut_short(text):
        return "unknown"
    text = text[-_ENDING:]
    if _NONE_HINTS.is_in(text.lower()) and _NONE_RAN.search(text):
        return "unknown"
    if _BAD_END.is_in("\n" + text):
        return "red"
    return "green" if not failed and _GOOD_END.is_in(text + "\n") else None


def cut_short(text: str) -> bool:
    """Whether the run was ended before it was through: a time limit, a signal."""
    return _CUT_SHORT_WORDS.is_in(text) or text.startswith(_SIGNALLED)


def never_started(text: str) -> bool:
    """Whether the shell says that the runner could not even be started."""
    return len(text) <= _SHORT and _NEVER_STARTED.search(text) is not None
