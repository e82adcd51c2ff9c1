"""What a test run printed: counts or nothing."""

from __future__ import annotations

from msgspec import Struct

from tui.model.evidence import Verdict
from tui.night.evidence.test_summaries import OF, SUMMARIES
from tui.system.lazy_pattern import AnyWord, HintedPattern, lazy

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
