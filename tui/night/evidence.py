"""Evidence of tests: which runs the night saw, how they ended, and what was edited after them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tui.night.shelldeeds import is_scratch_path, is_prose
from tui.night.testcommands import (
    counts_by_status,
    may_be_a_suite,
    reads_only,
    runner,
    status_counts,
    told_status,
)
from tui.night.testoutput import (
    TestOutcome,
    Verdict,
    cut_short,
    ending,
    never_started,
    plain,
    promising,
    read,
)
from tui.night.testscope import narrowed_to
from tui.night.tools import EDITING, POLLING, SHELLS
from tui.patterns import lazy
from tui.records import SourceRef, ToolResult, ToolCall
from tui.system.format import shorten

MOST_RUNS = 1_000
_REFUSED = lazy(
    r"requires approval|requested permissions|^(?:<[^>]*>)?Cancelled: |the user said:"
    r"|tool use was rejected|doesn't want to (?:proceed|take)|hook error"
    r"|interrupted by user|has been denied|was denied|^(?:<[^>]*>)?Blocked: "
)
_BACKGROUND = lazy(
    r"(?:running in (?:the )?background|manually backgrounded|moved to the background)"
    r"[^\n]*?\bID: ([\w-]+)"
)
_MOST_WAITING = 64
_HEARING = POLLING | {"Read"}


class TestRun(Struct, frozen=True):
    """One run of tests; counts are None where the output did not tell them.

    `skipped` were left out, `part` is what the command was limited to ("" when it ran everything).
    """

    __test__ = False

    at: float | None
    command: str
    framework: str
    passed: int | None
    failed: int | None
    verdict: Verdict
    ref: SourceRef
    skipped: int = 0
    part: str = ""


class TestSummary(Struct, frozen=True):
    """The runs of the night, newest last, and how many edits of code came after them."""

    last: Literal["green", "red", "none"] = "none"
    runs: tuple[TestRun, ...] = ()
    total: int = 0
    edits_since_last_run: int = 0
    edits_since_last_green: int = 0
    last_green: TestRun | None = None


class TestRunLog(Struct):
    """Collects test runs and edits as they come."""

    runs: list[TestRun] = []
    total: int = 0
    last: Literal["green", "red", "none"] = "none"
    last_green: TestRun | None = None
    since_run: int = 0
    since_green: int = 0
    version: int = 0
    waiting: dict[str, str] = {}

    def answered(
        self, use: ToolCall, result: ToolResult, at: float | None, ref: SourceRef
    ) -> TestRun | None:
        """A tool call was answered; the test run it was, if it was one."""
        if use.name in EDITING:
            if not (result.is_error or is_prose(use.path) or is_scratch_path(use.path)):
                self.edited(1)
            return None
        if use.name in SHELLS:
            run = recognise(use, result, at, ref)
            if run is not None and run.verdict == "unknown" and run.passed is None:
                self._started(use, result)
            if run is None and self.waiting:
                run = self._heard_of(use.target, result, at, ref)
        elif self.waiting and use.name in _HEARING:
            run = self._heard_of(use.target, result, at, ref)
        else:
            return None
        if run is not None:
            self._add(run)
        return run

    def _started(self, use: ToolCall, result: ToolResult) -> None:
        """Keeps the id under which the output of a run in the background will come."""
        told = _BACKGROUND.search(result.excerpt) if "background" in result.excerpt else None
        if told is not None:
            self.waiting[told.group(1)] = use.command or use.target
            if len(self.waiting) > _MOST_WAITING:
                del self.waiting[next(iter(self.waiting))]

    def _heard_of(
        self, target: str, result: ToolResult, at: float | None, ref: SourceRef
    ) -> TestRun | None:
        """The run in the background whose output was looked at, once it shows a summary."""
        for key, command in self.waiting.items():
            if key in target:
                outcome = read(result.excerpt, runner(command)) or read(result.excerpt)
                if outcome is None:
                    return None
                del self.waiting[key]
                return _run(command, command, outcome, result.excerpt, at, ref)
        return None

    def edited(self, files: int) -> None:
        """That many files of code were changed, by a tool or in the shell."""
        self.since_run += files
        self.since_green += files
        self.version += 1

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

    def tests(self) -> TestSummary:
        """What is proven so far."""
        return TestSummary(
            self.last,
            tuple(self.runs),
            self.total,
            self.since_run,
            self.since_green,
            self.last_green,
        )


def recognise(use: ToolCall, result: ToolResult, at: float | None, ref: SourceRef) -> TestRun | None:
    """The test run that a shell command was, judged by the command and by what it printed.

    A command known to run tests counts even without a readable summary; any other counts only if
    its output ends in a runner's summary and the command does more than show text.
    """
    command = use.command or use.target
    text = result.excerpt
    expected = runner(command)
    if not expected and (not promising(text) or reads_only(command)):
        return None
    outcome = read(text, expected)
    if outcome is None and expected and expected != "script" and promising(text):
        outcome = read(text)  # a runner may be started through another one's name
    if outcome is not None:
        return _run(command, use.target, outcome, text, at, ref)
    if not expected or (result.is_error and _REFUSED.search(text)) or never_started(text):
        return None
    if not may_be_a_suite(command, expected):
        return None
    verdict = _by_ending(command, expected, result)
    part = narrowed_to(command)
    return TestRun(at, shorten(use.target, 200), expected, None, None, verdict, ref, 0, part)


def _run(
    command: str, line: str, outcome: TestOutcome, text: str, at: float | None, ref: SourceRef
) -> TestRun:
    """The run a summary tells of; one that was ended early is not green for what it got done."""
    verdict = outcome.verdict
    if verdict == "green" and cut_short(text):
        verdict = "unknown"
    return TestRun(
        at,
        shorten(line, 200),
        outcome.framework,
        outcome.passed,
        outcome.failed,
        verdict,
        ref,
        outcome.skipped,
        narrowed_to(command),
    )


def _by_ending(command: str, kind: str, result: ToolResult) -> Verdict:
    """The verdict of a run that printed no summary."""
    if "background" in result.excerpt and _BACKGROUND.search(result.excerpt):
        return "unknown"
    told = ending(plain(result.excerpt), result.is_error)
    if told is not None:
        return told
    if not counts_by_status(command, kind):
        return "unknown"
    if result.is_error:
        return "red"
    status = told_status(command, result.excerpt)
    if status is not None:
        return "red" if status else "green"
    return "green" if status_counts(command) else "unknown"
