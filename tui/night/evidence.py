"""Evidence of tests: which runs the night saw, how they ended, and what was edited after them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tui.night.testcommands import reads_only, runner, status_counts
from tui.night.testoutput import Verdict, promising, read
from tui.night.tools import EDITING, SHELLS
from tui.night.words import short
from tui.patterns import lazy
from tui.records import Ref, ToolResult, ToolUse

MOST_RUNS = 1_000
_REFUSED = lazy(
    r"requires approval|requested permissions|doesn't want to (?:proceed|take)|hook error"
    r"|interrupted by user|has been denied|was denied|^(?:<[^>]*>)?Blocked: "
)
_PROSE = (".md", ".rst", ".txt", ".adoc")


class TestRun(Struct, frozen=True):
    """One run of tests; counts are None where the output did not tell them."""

    __test__ = False

    at: float | None
    command: str
    framework: str
    passed: int | None
    failed: int | None
    verdict: Verdict
    ref: Ref


class Tests(Struct, frozen=True):
    """The runs of the night, newest last, and how many edits of code came after them."""

    last: Literal["green", "red", "none"] = "none"
    runs: tuple[TestRun, ...] = ()
    total: int = 0
    edits_since_last_run: int = 0
    edits_since_last_green: int = 0
    last_green: TestRun | None = None


class Proof(Struct):
    """Collects test runs and edits as they come."""

    runs: list[TestRun] = []
    total: int = 0
    last: Literal["green", "red", "none"] = "none"
    last_green: TestRun | None = None
    since_run: int = 0
    since_green: int = 0
    version: int = 0

    def answered(
        self, use: ToolUse, result: ToolResult, at: float | None, ref: Ref
    ) -> TestRun | None:
        """A tool call was answered; the test run it was, if it was one."""
        if use.name in EDITING:
            if not result.is_error and not use.path.lower().endswith(_PROSE):
                self.since_run += 1
                self.since_green += 1
                self.version += 1
            return None
        if use.name not in SHELLS:
            return None
        run = recognise(use, result, at, ref)
        if run is not None:
            self._add(run)
        return run

    def _add(self, run: TestRun) -> None:
        self.runs.append(run)
        del self.runs[:-MOST_RUNS]
        self.total += 1
        self.version += 1
        self.since_run = 0
        if run.verdict == "green":
            self.last_green = run
            self.since_green = 0
        if run.verdict != "unknown":
            self.last = run.verdict

    def tests(self) -> Tests:
        """What is proven so far."""
        return Tests(
            self.last,
            tuple(self.runs),
            self.total,
            self.since_run,
            self.since_green,
            self.last_green,
        )


def recognise(use: ToolUse, result: ToolResult, at: float | None, ref: Ref) -> TestRun | None:
    """The test run that a shell command was, judged by the command and by what it printed.

    A command known to run tests counts even without a readable summary; any other counts only if
    its output ends in a runner's summary and the command does more than show text.
    """
    text = result.excerpt
    expected = runner(use.target)
    if not expected and (not promising(text) or reads_only(use.target)):
        return None
    outcome = read(text, expected)
    if outcome is not None:
        return TestRun(
            at,
            short(use.target, 200),
            outcome.framework,
            outcome.passed,
            outcome.failed,
            outcome.verdict,
            ref,
        )
    if not expected or expected == "script" or (result.is_error and _REFUSED.search(text)):
        return None
    verdict: Verdict = "unknown"
    if result.is_error:
        verdict = "red"
    elif status_counts(use.target):
        verdict = "green"
    return TestRun(at, short(use.target, 200), expected, None, None, verdict, ref)
