"""What a test run printed: counts by the summary formats of the runners, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from re import Match, Pattern

from msgspec import Struct

from tui.model.evidence.log import Verdict
from tui.system.lazy_pattern import AnyWord, HintedPattern, lazy

Counts = tuple[int, int, int]
"""Tests that passed, failed, and were left out (skipped, deselected, ignored, pending)."""
Reader = Callable[[list[Match[str]]], Counts]
SummaryFormat = tuple[str, AnyWord, Pattern[str], Reader]
"""A runner's summary: its name, the words it cannot do without, its shape, and how to read it."""
_PYTEST_LINE = 200
_PYTEST_END = lazy(
    r"\d (?:failed|passed|errors?|skipped|xfailed|xpassed|deselected|warnings?|rerun)$"
)
_WORDS = lazy(r"(\d+) (\w+)")
_GOOD = frozenset(("passed", "xpassed", "passing", "pass", "succeeded"))
_BAD = frozenset(("failed", "failing", "fail", "error", "errors", "failures", "failure"))
_LEFT = frozenset(("skipped", "skip", "deselected", "ignored", "pending", "todo", "incomplete"))


def _any_of(words: str) -> AnyWord:
    return AnyWord(*words.split("|"))


def _number(text: str | None) -> int:
    return int(text[:9]) if text else 0


def _count(texts: Iterable[str]) -> Counts:
    """Sums of all pairs "N word"."""
    passed = failed = skipped = 0
    for number, word in _WORDS.findall("\n".join(texts)):
        if word in _GOOD:
            passed += _number(number)
        elif word in _BAD:
            failed += _number(number)
        elif word in _LEFT:
            skipped += _number(number)
    return passed, failed, skipped


def _plain_words(matches: list[Match[str]]) -> Counts:
    return _count(match.group(0) for match in matches)


def _words_first(matches: list[Match[str]]) -> Counts:
    """The word stands before its number: "# pass 5", "[  PASSED  ] 5 tests"."""
    found = [match.group(0).lower().split() for match in matches]
    return _count(f"{next(filter(str.isdigit, words))} {words[1]}" for words in found)


def _pytest(matches: list[Match[str]]) -> Counts:
    """The numbers stand before the time, in the same line."""
    before = [m.string[max(0, m.start() - _PYTEST_LINE) : m.start()] for m in matches]
    return _count(text[text.rfind("\n") + 1 :] for text in before if _PYTEST_END.search(text))


def _unittest(matches: list[Match[str]]) -> Counts:
    ran = bad = left = 0
    for match in matches:
        ran += _number(match.group(1))
        left += sum(map(_number, re.findall(r"skipped=(\d+)", match.group(0))))
        named = re.findall(r"(?:failures|errors|unexpected successes)=(\d+)", match.group(0))
        bad += sum(map(_number, named))
        if match.group(2) == "FAILED" and not bad:
            bad = 1
    return max(0, ran - bad - left), bad, left


def _groups(matches: list[Match[str]]) -> Counts:
    """Sums of the groups `passed`, or `total` less the others, `failed`, `errors` and `skipped`.

    A `bad` end without a number is one failure.
    """
    passed = failed = skipped = 0
    for match in matches:
        group = match.groupdict().get
        bad = _number(group("failed")) + _number(group("errors")) or int(bool(group("bad")))
        left = _number(group("skipped"))
        total = group("total")
        passed += max(0, _number(total) - bad - left) if total else _number(group("passed"))
        failed += bad
        skipped += left
    return passed, failed, skipped


def _last(matches: list[Match[str]]) -> Counts:
    """The groups of the last summary, which is the sum of those before it."""
    return _groups(matches[-1:])


def _go(matches: list[Match[str]]) -> Counts:
    """Tests where they are named, else packages."""
    words = [match.group(1) for match in matches]
    passed = words.count("--- PASS") or words.count("ok")
    failed = words.count("--- FAIL") or words.count("FAIL")
    return passed, failed, words.count("--- SKIP")


def _suites(matches: list[Match[str]]) -> Counts:
    """Failed suites count where no single test failed: they could not even start."""
    tests = [m for m in matches if m.group(0).lstrip().startswith("Tests")]
    passed, failed, skipped = _plain_words(tests)
    _, broken, _ = _plain_words([m for m in matches if m not in tests])
    return passed, failed or broken, skipped


# In a pattern <failed> stands for the group of that name, a number.
_FORMATS: tuple[tuple[str, str, str, Reader], ...] = (
    ("pytest", " in ", r" in [\d.:]+ ?s\b", _pytest),
    ("unittest", "Ran ", r"^Ran (\d+) tests? in [\d.]+s\s+(OK|FAILED)(?: \([^)]*\))?", _unittest),
    ("jest", " total", r"^(?:Test Suites|Tests):\s.*\b\d+ total", _suites),
    (
        "vitest",
        "Tests  |Test Files",
        r"^\s*(?:(?:Test Files|Tests)  +\d+ \w+.*\(\d+\)|Errors  +\d+ errors?)",
        _suites,
    ),
    ("pest", "assertion", r"^\s*Tests:\s+.*\(\d+ assertions?\)", _plain_words),
    ("phpunit", "OK (", r"^OK \(<total> tests?, \d+ assertions?\)", _last),
    (
        "phpunit",
        "Assertions:",
        r"^Tests: <total>, Assertions: \d+(?:, Errors: <errors>)?"
        r"(?:, Failures: <failed>)?(?:, \w+: \d+)*?(?:, Skipped: <skipped>)?",
        _last,
    ),
    (
        "go",
        "ok|FAIL|PASS",
        r"^\s*(ok|FAIL|--- PASS|--- FAIL|--- SKIP)"
        r"(?::|\s+\S+\s+(?:\(cached\)|[\d.]+s|\[(?!no test))|$)",
        _go,
    ),
    ("gotestsum", "DONE ", r"^DONE \d+ tests?.* in [\d.]+s", _plain_words),
    (
        "cargo",
        "test result:",
        r"^test result: \w+\. <passed> passed; <failed> failed(?:; <skipped> ignored)?",
        _groups,
    ),
    ("nextest", "Summary [", r"^\s*Summary \[[^\]]*\]\s+\d+ tests? run: .*", _plain_words),
    ("mocha", "passing|failing", r"^\s*\d+ (?:passing|failing|pending)\b(?!:)", _plain_words),
    (
        "rspec",
        "example",
        r"<total> examples?, <failed> failures?(?:, <skipped> pending)?(?:, <errors> errors?)?",
        _last,
    ),
    (
        "minitest",
        "assertions, ",
        r"^<total> (?:runs|tests), \d+ assertions, <failed> failures, "
        r"<errors> errors(?:, <skipped> (?:skips|pendings|omissions))?",
        _last,
    ),
    (
        "mix",
        "failure",
        r"<total> tests?, <failed> failures?(?:, \d+ excluded)?(?:, <skipped> skipped)?",
        _last,
    ),
    ("jasmine", " specs", r"^<total> specs?, <failed> failures?", _last),
    ("ctest", "tests passed", r"\d+% tests passed, <failed> tests? failed out of <total>", _last),
    ("gtest", "[  PASSED  ]|[  FAILED  ]", r"^\[  (?:PASSED|FAILED)  \] \d+ tests?", _words_first),
    (
        "node",
        "# pass|ℹ pass|# fail|ℹ fail",
        r"^[#ℹ] (?:pass|fail|cancelled|skipped|todo) \d+",
        _words_first,
    ),
    ("bun", " pass| fail", r"^\s*\d+ (?:pass|fail|skip|todo)$", _plain_words),
    (
        "deno",
        " | ",
        r"^(?:ok|FAILED) \| <passed> passed.*?\| <failed> failed(?: \| <skipped> ignored)?",
        _groups,
    ),
    (
        "dotnet",
        "- Failed:",
        r"!\s+- Failed:\s+<failed>, Passed:\s+<passed>(?:, Skipped:\s+<skipped>)?",
        _groups,
    ),
    (
        "dotnet",
        "Test summary: ",
        r"^Test summary: total: \d+, failed: <failed>, succeeded: <passed>"
        r"(?:, skipped: <skipped>)?",
        _groups,
    ),
    (
        "maven",
        "Tests run:",
        r"Tests run: <total>, Failures: <failed>, Errors: <errors>(?:, Skipped: <skipped>)?",
        _last,
    ),
    (
        "sbt",
        "Tests: succeeded",
        r"Tests: succeeded <passed>, failed <failed>(?:, canceled \d+)?(?:, ignored <skipped>)?",
        _groups,
    ),
    (
        "gradle",
        " completed, ",
        r"<total> tests? completed, <failed> failed(?:, <skipped> skipped)?",
        _last,
    ),
    (
        "swift",
        "Executed ",
        r"Executed <total> tests?, with (?:<skipped> tests? skipped and )?<failed> failures?",
        _last,
    ),
    (
        "swift",
        "Test run with ",
        r"Test run with <passed> tests?(?: in \d+ suites?)? (?:passed|(?P<bad>failed))",
        _last,
    ),
    (
        "flutter",
        "tests passed!|tests failed.",
        r"\+<passed>(?: ~<skipped>)?(?: -<failed>)?: "
        r"(?:All tests passed!|(?P<bad>Some tests failed\.))",
        _last,
    ),
    ("bazel", "Executed ", r"^Executed \d+ out of \d+ tests?: .*", _plain_words),
    (
        "catch2",
        "test cases",
        r"^(?:All tests passed \(\d+ assertions? in <passed> test cases?\)"
        r"|test cases:\s+\d+ \|\s+\d+ passed \|\s+<failed> failed)",
        _groups,
    ),
    (
        "playwright",
        " passed| failed",
        r"^\s+\d+ (?:passed|failed|skipped)(?: \([\d.]+m?s\))?$",
        _plain_words,
    ),
)


def _format(framework: str, words: str, pattern: str, reader: Reader) -> SummaryFormat:
    for group in ("total", "passed", "failed", "errors", "skipped"):
        pattern = pattern.replace(f"<{group}>", rf"(?P<{group}>\d+)")
    return framework, _any_of(words), lazy(pattern, re.M), reader


SUMMARIES = tuple(_format(*row) for row in _FORMATS)
_KIN = {
    "cargo": ("cargo", "nextest"),
    "phpunit": ("phpunit", "pest"),
    "node": ("node", "mocha"),
    "go": ("go", "gotestsum"),
    "ctest": ("ctest", "gtest", "catch2"),
}
_SUMMARIES_OF: dict[str, tuple[SummaryFormat, ...]] = {
    name: tuple(one for one in SUMMARIES if one[0] in _KIN.get(name, (name,)))
    for name in {one[0] for one in SUMMARIES}
}
_COLOUR = lazy(r"[\x1b␛]\[[0-9;]*m")
_PYTEST_TAIL = 1000
_NUMBERED = lazy(
    r"\d+ (?:passed|failed|passing|failing|pass|fail|failures?|examples?|errors?|tests? |specs?)"
)
_DIGITS = AnyWord(*"1234567890")
_NUMBERED_WORDS = AnyWord(" pass", " fail", " example", " error", " specs")
_SIGNS = _any_of(
    "\nok |\nok\t|\nFAIL|--- FAIL|Ran |test result: |OK (|Tests|Executed |- Failed:|# pass"
    "|ℹ pass|[  PASSED  ]|Test summary: |Test run with |tests passed"
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
_BAD_END = _any_of(
    "could not compile|make: *** |ELIFECYCLE|npm ERR! Test failed|npm error Test failed"
    "|npm error Lifecycle|BUILD FAILED|BUILD FAILURE|error: test failed"
    "|Test suite failed to run|evaluation failed :(|: FAIL code |core dumped"
    "|Segmentation fault|error Command failed with exit code|\nFAILED"
    "|The following tests FAILED|Some tests failed| during collection"
    "|\nTraceback (most recent call last)|nox > Session tests failed"
)
_GOOD_END = _any_of(
    "BUILD SUCCESSFUL in|BUILD SUCCESS\n|congratulations :)| was successful.|ll tests passed"
    "|Test Succeeded|** TEST SUCCEEDED **"
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
_CUT_SHORT_WORDS = _any_of(
    "Command timed out after|\nKilled|\nTerminated|KeyboardInterrupt"
    "|context deadline exceeded|panic: test timed out after"
)
_NONE_HINTS = _any_of(" 0 |no test|ran 0|0 passing|0 examples|deselected|skipped|[100%]")
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
        return "red" if self.failed else "green" if self.passed else "unknown"


def promising(text: str) -> bool:
    """Whether the end of `text` may hold a runner's summary; cheap, and seldom wrong with a no."""
    tail = text[-_TAIL:]
    if _SIGNS.is_in(tail):
        return True
    if _DIGITS.is_in(tail) and _NUMBERED_WORDS.is_in(tail):
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
    for framework, words, pattern, reader in _SUMMARIES_OF.get(expected, SUMMARIES):
        matches = list(pattern.finditer(text)) if words.is_in(text) else []
        if not matches or (best is not None and matches[-1].start() <= best.at):
            continue
        passed, failed, skipped = reader(matches)
        if passed or failed:
            best = TestOutcome(framework, passed, failed, matches[-1].start(), skipped)
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
