"""Collects what claims and risks are checked against.

Every record has a number; a higher one came later. What stands beside the events has a time only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from tui.model.cli_commands import EDITING, POLLING, SHELLS
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import (
    AbandonedBranch,
    CommitRecord,
    EditRecord,
    EvidenceLog,
    StatementRecord,
    TaskDoneRecord,
    TestRun,
    TestRunRecord,
    TestSummary,
)
from tui.model.journal import JournalEntry
from tui.model.records import ProgressFile, SessionNotes
from tui.night.evidence.call_times import CallTimes
from tui.night.evidence.shell_effects import (
    commits_at_end,
    commits_named,
    is_prose,
    is_scratch_path,
    shell_effects,
    was_reformatted,
)
from tui.night.evidence.test_commands import _BACKGROUND, _run, recognise, runner
from tui.night.evidence.test_output import read
from tui.night.stuck.similarity import LONGEST_SIGNATURE, signature
from tui.system.format import shorten
from tui.system.lazy_pattern import lazy

MOST_EDITS = 10_000
MOST_RUNS = 1_000
MOST_COMMITS = 2_000
MOST_STATEMENTS = 200
MOST_TICKS = 1_000
LONGEST_STATEMENT = 16_000
LONGEST_NOTES = 128_000


class EvidenceCollector(Struct):
    """Collects evidence as it comes; its size is bounded."""

    count: int = 0
    runs: list[TestRunRecord] = []
    edits: list[EditRecord] = []
    dropped_edits: int = 0
    commits: list[CommitRecord] = []
    statements: list[StatementRecord] = []
    open_statement: StatementRecord | None = None
    ticks: list[TaskDoneRecord] = []
    done_titles: list[str] | None = None
    first_notes: str | None = None
    notes: str = ""
    notes_source: str = ""
    notes_at: float | None = None
    abandoned: list[AbandonedBranch] = []
    times: CallTimes = field(default_factory=CallTimes)

    def on_tool_result(
        self,
        use: ToolCall,
        result: ToolResult,
        run: TestRun | None,
        at: float | None,
        ref: SourceRef,
    ) -> int:
        """A tool call was answered, and was that run of tests; how many source files it changed.

        Of one command its edits come first, then its run, then its commit.
        """
        if use.name in EDITING:
            if not result.is_error and not is_scratch_path(use.path):
                self._edit(at, use.path, use.name, ref)
            return 0
        sources, commits = 0, False
        command = use.command or use.target
        if use.name in SHELLS and not result.is_error:
            found = shell_effects(command)
            sources = found.sources
            commits = found.commits or commits_at_end(command, result.excerpt)
            for path in found.paths:
                self._edit(at, path, use.name, ref)
            if was_reformatted(command, result.excerpt):
                sources += 1
                self._edit(at, "", use.name, ref)
        if run is not None:
            self.count += 1
            self.runs.append(TestRunRecord(self.count, run))
            del self.runs[:-MOST_RUNS]
        for sha, subject in commits_named(command, result.excerpt) if commits else ():
            self.count += 1
            self.commits.append(CommitRecord(self.count, at, sha, subject, ref))
            del self.commits[:-MOST_COMMITS]
        return sources

    def _edit(self, at: float | None, path: str, tool: str, ref: SourceRef) -> None:
        self.count += 1
        self.edits.append(EditRecord(self.count, at, path, tool, ref))
        if len(self.edits) > MOST_EDITS:
            self.dropped_edits += MOST_EDITS // 10
            del self.edits[: MOST_EDITS // 10]

    def on_rewind(self, entry: JournalEntry) -> bool:
        """A rewind, or the undoing of one; whether it changed files without the agent."""
        if entry.data.get("mode") == "conversation":
            return False
        self._edit(entry.at, "", entry.kind, SourceRef(entry.source, entry.offset))
        return bool(entry.data.get("written") or entry.data.get("deleted"))

    def on_abandoned(self, branch: AbandonedBranch) -> None:
        """A person took part of the conversation back: what it stated is no statement any more.

        Files may have been brought back too, so what tests ran before says nothing of the files since.
        """
        self.abandoned.append(branch)
        self.statements = [one for one in self.statements if not branch.holds(one.ref)]
        if self.open_statement is not None and branch.holds(self.open_statement.ref):
            self.open_statement = None
        self._edit(branch.at, "", "rewind", SourceRef(branch.source, branch.end))

    def on_text(self, text: str, at: float | None, ref: SourceRef) -> None:
        """The main conversation's model said something; it may be the turn's last word."""
        self.count += 1
        self.open_statement = StatementRecord(self.count, at, text, ref)

    def end_turn(self, text: str, at: float | None, ref: SourceRef | None) -> None:
        """The turn is over; `text` is what its result repeats, if there is one."""
        last, self.open_statement = self.open_statement, None
        text = text.strip()
        if ref is not None and text and (last is None or last.text.strip() != text):
            self.count += 1
            last = StatementRecord(self.count, at, text, ref)
        if last is not None:
            self.statements.append(replace(last, text=last.text[:LONGEST_STATEMENT]))
            del self.statements[:-MOST_STATEMENTS]

    def on_progress(self, progress: ProgressFile) -> None:
        """The progress file has another state."""
        if progress.basis == "unknown":
            return
        done = [task for task in progress.tasks if task.state == "done"]
        if self.done_titles is not None:
            before = set(self.done_titles)
            for task in done:
                if task.title not in before:
                    self.count += 1
                    place = (progress.source, task.line)
                    self.ticks.append(TaskDoneRecord(self.count, progress.at, task.title, *place))
            del self.ticks[:-MOST_TICKS]
        self.done_titles = [task.title for task in done]

    def on_notes(self, notes: SessionNotes) -> None:
        """The notes have another state."""
        text = notes.text[:LONGEST_NOTES]
        if self.first_notes is None:
            self.first_notes = text
        self.notes, self.notes_source, self.notes_at = text, notes.source, notes.at

    def build_log(self) -> EvidenceLog:
        """What is known so far; words of a turn that is still open count as its last."""
        said = [*self.statements, *([self.open_statement] if self.open_statement else [])]
        return EvidenceLog(
            tuple(self.runs),
            tuple(self.edits),
            tuple(self.commits),
            tuple(said),
            tuple(self.ticks),
            self.dropped_edits,
            self.first_notes or "",
            self.notes,
            self.notes_source,
            self.notes_at,
            tuple(self.abandoned),
            calls=self.times.spans(),
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
    failed: int = 0
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
            run = recognise(use, result, at, ref) if result.denial is None else None
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

    def on_edit(self, files: int, failed: int = 0) -> None:
        """So many files of code were changed, by a tool or in the shell; `failed`: by calls that failed."""
        self.since_run += files
        self.since_green += files
        self.failed += failed
        self.version += 1

    def _add(self, run: TestRun) -> None:
        self.runs = [*self.runs[1 - MOST_RUNS :], run]
        self.total += 1
        self.version += 1
        self.since_run = 0
        if run.verdict == "green":
            self.last_green = run
            self.since_green = self.failed = 0
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
            self.failed,
        )


MOST_FAILURES = 300
_OFTEN = 3
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
            yield shorten(match.group(1).strip(), LONGEST_SIGNATURE)


def _count(counts: dict[str, int], name: str) -> None:
    if not name:
        return
    if name in counts:
        counts[name] += 1
    elif len(counts) < MOST_FAILURES:
        counts[name] = 1
