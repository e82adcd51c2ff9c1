"""Collects test runs and failures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence import TestRun, TestSummary, Verdict
from tui.night.activity import EDITING, POLLING, SHELLS
from tui.night.evidence.shell_effects import is_prose, is_scratch_path
from tui.night.evidence.test_commands import (
    counts_by_status,
    may_be_a_suite,
    narrowed_to,
    reads_only,
    runner,
    status_counts,
    told_status,
)
from tui.night.evidence.test_output import (
    TestOutcome,
    cut_short,
    ending,
    never_started,
    plain,
    promising,
    read,
)
from tui.system.format import shorten
from tui.system.lazy_pattern import lazy

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


class TestRunLog(Struct):
    """Collects test runs and edits as they come."""

    runs: list[TestRun] = []
    total: int = 0
    last_verdict: Literal["green", "red", "none"] = "none"
    last_green: TestRun | None = None
    since_run: int = 0
    since_green: int = 0
    version: int = 0
    background_runs: dict[str, str] = {}

    def on_tool_result(
        self, use: ToolCall, result: ToolResult, at: float | None, ref: SourceRef
    ) -> TestRun | None:
        """A tool call was answered; the test run it was, if it was one."""
        if use.name in EDITING:
            if not (result.is_error or is_prose(use.path) or is_scratch_path(use.path)):
                self.on_edit(1)
            return None
        if use.name in SHELLS:
            run = recognise(use, result, at, ref)
            if run is not None and run.verdict == "unknown" and run.passed is None:
                self._started(use, result)
            if run is None and self.background_runs:
                run = self._heard_of(use.target, result, at, ref)
        elif self.background_runs and use.name in _HEARING:
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
            self.background_runs[told.group(1)] = use.command or use.target
            if len(self.background_runs) > _MOST_WAITING:
                del self.background_runs[next(iter(self.background_runs))]

    def _heard_of(
        self, target: str, result: ToolResult, at: float | None, ref: SourceRef
    ) -> TestRun | None:
        """The run in the background whose output was looked at, once it shows a summary."""
        for key, command in self.background_runs.items():
            if key in target:
                outcome = read(result.excerpt, runner(command)) or read(result.excerpt)
                if outcome is None:
                    return None
                del self.background_runs[key]
                return _run(command, command, outcome, result.excerpt, at, ref)
        return None

    def on_edit(self, files: int) -> None:
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
            self.last_verdict = run.verdict

    def summary(self) -> TestSummary:
        """What is proven so far."""
        return TestSummary(
            self.last_verdict,
            tuple(self.runs),
            self.total,
            self.since_run,
            self.since_green,
            self.last_green,
        )


def recognise(
    use: ToolCall, result: ToolResult, at: float | None, ref: SourceRef
) -> TestRun | None:
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


MOST = 300
_OFTEN = 3
_LONGEST = 160
_NAMES = (
    lazy(r"^(?:FAILED|ERROR) (\S+::[^\n]*?)(?: - |$)", 8),  # pytest
    lazy(r"^(?:FAIL|ERROR): (\w+ \([\w.]+\))", 8),  # unittest
    lazy(r"^\s*--- FAIL: (\S+)", 8),  # go test
    lazy(r"^test (\S+) \.\.\. FAILED", 8),  # cargo test
    lazy(r"^\s*(?:●|✕|×) (\S[^\n]*?)(?: \(?\d+ ?m?s\)?)?$", 8),  # jest, vitest
    lazy(r"^\s{2,}\d+\) (\S[^\n]*?):?$", 8),  # mocha
    lazy(r"^rspec (\./\S+:\d+)", 8),
    lazy(r"^\d+\) (\S+::\S+)", 8),  # phpunit
    lazy(r"^\s*\d+ - (\S+) \((?:Failed|Timeout|Not Run)", 8),  # ctest
)
_VARYING = lazy(r"\b(?:0x[0-9a-f]+|\d[\d.:_-]*|[0-9a-f]{7,40})\b|/tmp/\S+", 2)
_SPACE = lazy(r"\s+")


class FailureLog(Struct):
    """Names of failed tests and of commands that failed, with how often each did."""

    tests: dict[str, int] = {}
    commands: dict[str, int] = {}

    def on_tool_result(self, use: ToolCall, result: ToolResult, run: TestRun | None) -> None:
        """A tool call was answered; `run` is the test run that it was, if it was one."""
        if run is not None and run.verdict == "red":
            named = set(failed_names(result.excerpt))
            for name in named:
                _count(self.tests, name)
            if not named:
                _count(self.commands, signature(run.command))
        elif run is None and result.is_error and use.name in SHELLS:
            _count(self.commands, signature(use.target))

    def signatures(self) -> tuple[str, ...]:
        """Tests that failed, and commands that failed at least three times; the most frequent first."""
        often = {name: times for name, times in self.commands.items() if times >= _OFTEN}
        both = [*self.tests.items(), *often.items()]
        return tuple(name for name, _ in sorted(both, key=lambda one: -one[1]))


def failed_names(text: str) -> Iterator[str]:
    """Names of the tests that a runner's output says failed."""
    for pattern in _NAMES:
        for match in pattern.finditer(text):
            yield shorten(match.group(1).strip(), _LONGEST)


def signature(command: str) -> str:
    """A command without what differs from one time to the next."""
    return shorten(_SPACE.sub(" ", _VARYING.sub("#", command)).strip(), _LONGEST)


def _count(counts: dict[str, int], name: str) -> None:
    if not name:
        return
    if name in counts:
        counts[name] += 1
    elif len(counts) < MOST:
        counts[name] = 1
