"""What a test run printed: counts by the summary formats of the runners, or nothing."""

from __future__ import annotations

from msgspec import Struct

from tui.model.evidence.log import Verdict
from tui.night.evidence.test_runners.formats import SUMMARIES, SummaryFormat, any_of
from tui.system.lazy_pattern import AnyWord, HintedPattern, lazy

_KIN = {
    "cargo": ("cargo", "nextest"),
    "phpunit": ("phpunit", "pest"),
    "node": ("node", "mocha"),
    "go": ("go", "gotestsum", "ginkgo"),
    "ctest": ("ctest", "gtest", "catch2"),
    "bats": ("tap", "mix", "rspec"),
    "prove": ("prove", "tap"),
    "tap": ("tap", "node"),
    "zig": ("zig", "eunit"),
    "rebar": ("mix", "eunit"),
    "mocha": ("mocha", "forge"),
    "forge": ("forge",),
    "crystal": ("rspec",),
    "jasmine": ("jasmine", "karma", "wdio", "wtr", "mocha", "playwright", "vitest"),
    "cypress": ("cypress", "mocha"),
    "haskell": ("rspec", "tasty"),
    "dune": ("alcotest",),
    "clojure": ("clojure",),
    "gleam": ("gleam", "mix"),
    "sbt": ("sbt", "rspec", "mix"),
    "unittest": ("unittest", "stestr", "pytest"),
}
_SUMMARIES_OF: dict[str, tuple[SummaryFormat, ...]] = {
    name: tuple(one for one in SUMMARIES if one[0] in _KIN.get(name, (name,)))
    for name in {one[0] for one in SUMMARIES} | set(_KIN)
}
_COLOUR = lazy(r"[\x1b␛]\[[0-9;]*m")
_PYTEST_TAIL = 1000
_NUMBERED = lazy(
    r"\d+ (?:passed|failed|passing|failing|pass|fail|failures?|examples?|errors?|tests? |specs?)"
)
_DIGITS = AnyWord(*"1234567890")
_NUMBERED_WORDS = AnyWord(" pass", " fail", " example", " error", " specs")
_SIGNS = any_of(
    "\nok |\nok\t|\nFAIL|--- FAIL|Ran |test result: |OK (|Tests|Executed |- Failed:|# pass"
    "|ℹ pass|[  PASSED  ]|Test summary: |Test run with |tests passed"
)
_TAIL = 400
_NONE_RAN = lazy(
    r"no tests ran|collected 0 items|^Ran 0 tests|NO TESTS RAN|No tests? (?:files? |specs? )?(?:was "
    r"|were )?found"
    r"|no tests found|no test files|no tests to run|^\s*0 passing|^0 examples|^running 0 tests"
    r"|No tests were found"
    r"|^\W*\d+ (?:deselected|skipped|xfailed)(?:, \d+ \w+)* in [\d.]+s|No tests? (?:were "
    r"|was )?(?:executed|collected|run)\b"
    r"|There are no tests to run|No test matches|no test suites? found|no test specified"
    r"|Tests are skipped|:test NO-SOURCE"
    r"|Nothing to be done for|is up to date\.|No test targets|^0 tests?,|No tasks were (?:executed"
    r"|run)|Tasks:\s+0 "
    r"|No packages found|No projects matched|None of the selected packages"
    r"|No specs? (?:files? )?(?:were |was )?found"
    r"|Can't run because no spec files|Result: NOTESTS|No tests? (?:is |are )?available"
    r"|0 tests completed|Executed 0 tests"
    r"|No tests? to run|no tests? defined|skipping (?:all )?tests|tests? (?:are |is )?(?:disabled"
    r"|skipped)|all tests skipped"
    r"|nothing to (?:do|test)\b|no matching tests|no test cases? (?:matched|found)|^1\.\.0\b"
    r"|No tests ran|No matching test"
    r"|^\[100%\] Built target \S+\s*\Z",
    2 | 8,
)
_BAD_END = any_of(
    "could not compile|make: *** |ELIFECYCLE|npm ERR! Test failed|npm error Test failed"
    "|npm error Lifecycle|BUILD FAILED|BUILD FAILURE|error: test failed"
    "|Test suite failed to run|evaluation failed :(|: FAIL code |core dumped"
    "|Segmentation fault|error Command failed with exit code|\nFAILED"
    "|The following tests FAILED|Some tests failed| during collection"
    "|\nTraceback (most recent call last)|nox > Session tests failed|Validation failed!|did not pass:"
    " |were unexpectedly"
    "|errors detected in the test|error: build of |error: Build failed due to|Status: 1 ERROR| test"
    " suites failed"
)
_BAD_AFTER = any_of(
    "could not compile|make: *** |ELIFECYCLE|npm ERR! Test failed|npm error Test failed|npm error Lifecycle"
    "|BUILD FAILED|BUILD FAILURE|error: test failed|Test suite failed to run|core dumped|Segmentation fault"
    "|error Command failed with exit code"
)
"""What a runner says after a summary without failures if it failed all the same."""
_COVERAGE = any_of("overage threshold|overage failure|test coverage of")
_GOOD_END = any_of(
    "BUILD SUCCESSFUL in|BUILD SUCCESS\n|congratulations :)| was successful.|ll tests passed"
    "|Test Succeeded|** TEST SUCCEEDED **|Validation succeeded!| tests passed\n|No"
    " errors detected"
    "|test suites (1 of 1 test cases) passed|Status: OK"
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
_CUT_SHORT_WORDS = any_of(
    "Command timed out after|\nKilled|\nTerminated|KeyboardInterrupt"
    "|context deadline exceeded|panic: test timed out after"
)
_NONE_HINTS = any_of(
    "0 |no test|ran 0|0 passing|deselected|skipped|skipping|disabled|xfailed|[100%]|no-source|nothing"
    "|up to date|no spec"
    "|no tasks|no pack|no proj|no matching|none of|notests|1..0"
)
_NOTHING_PASSED = lazy(r"\d (?:xfailed|deselected|skipped|warnings?)$|no tests ran$")
_ENDING = 800
_SHORT = 800
_SIGNALLED = ("Exit code 124", "Exit code 130", "Exit code 137", "Exit code 143")


class TestOutcome(Struct, frozen=True):
    """The summary a runner printed; `line` is its last line, and `at` where in the text that begins."""

    framework: str
    passed: int
    failed: int
    at: int
    skipped: int = 0
    line: str = ""

    @property
    def verdict(self) -> Verdict:
        """Red with any failure, green with none, unknown where nothing passed and nothing failed."""
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
    """The summary in a test run's output, if any test passed or failed; see `summaries`."""
    return next((one for one in summaries(text, expected) if one.passed or one.failed), None)


def summaries(text: str, expected: str = "", several: bool = False) -> list[TestOutcome]:
    """The summaries in an output, one for each shape, the last one first; of the `expected` runner only.

    A runner that only starts others, such as make, may show any. `several`: the command calls it more than
    once.
    """
    if expected == "pytest" and not several:
        text = text[-_PYTEST_TAIL:]
    text = plain(text)
    found: list[TestOutcome] = []
    for framework, words, pattern, reader in _SUMMARIES_OF.get(expected, SUMMARIES):
        matches = list(pattern.finditer(text)) if words.is_in(text) else []
        if not matches:
            continue
        counts, last = reader(matches), matches[-1]
        if framework == "pytest" and not any(counts) and not _is_pytest_end(text, last.start()):
            continue
        line = text[text.rfind("\n", 0, last.start()) + 1 : last.end()]
        found.append(TestOutcome(framework, *counts[:2], last.start(), counts[2], line.strip()))
    found.sort(key=lambda one: -one.at)
    return found


def _is_pytest_end(text: str, end: int) -> bool:
    """Whether what stands before "in 0.12s" is pytest's own, with nothing that passed or failed."""
    return _NOTHING_PASSED.search(text[text.rfind("\n", 0, end) + 1 : end]) is not None


def failed_after(text: str, outcome: TestOutcome) -> bool:
    """Whether the output says after its summary that the run failed: a part of it could not be built."""
    return _BAD_AFTER.is_in(plain(text)[outcome.at :])


def lacks_coverage(text: str) -> bool:
    """Whether a runner failed because too little of the code ran, whatever its tests said."""
    return _COVERAGE.is_in(text)


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
