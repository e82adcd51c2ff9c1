"""Collects what claims and risks are checked against.

Every record has a number; a higher one came later. What stands beside the events has a time only.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from tui.model.cli_commands import SHELLS
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
    UnsureRecord,
)
from tui.model.journal import JournalEntry
from tui.model.records import ProgressFile, SessionNotes
from tui.night.evidence.call_times import CallTimes
from tui.night.evidence.code_changes import generates_code, is_editor_call, may_change_code
from tui.night.evidence.shell_effects import (
    changed_nothing,
    commits_at_end,
    commits_named,
    is_scratch_path,
    shell_effects,
    was_reformatted,
)
from tui.night.stuck.similarity import LONGEST_SIGNATURE, signature
from tui.system.format import shorten
from tui.system.lazy_pattern import lazy

MOST_EDITS = 10_000
MOST_RUNS = 1_000
MOST_COMMITS = 2_000
MOST_UNSURE = 200
JOINED = "git merge"
"""The tool of an edit that only brought in commits, which may have been tested."""
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
    unsure: list[UnsureRecord] = []
    unsure_total: int = 0
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
        is_shell = use.name in SHELLS
        command = use.command or use.target
        sources = 0
        if is_shell and not result.is_error:
            sources = self._changed(command, result.excerpt, at, use.name, ref)
        elif is_editor_call(use) and not result.is_error and not is_scratch_path(use.path):
            self._edit(at, use.path, use.name, ref)
        if run is not None:
            self._ran(run)
        elif is_shell and not sources and result.denial is None and may_change_code(command):
            self.count += 1
            self.unsure_total += 1
            self.unsure.append(UnsureRecord(self.count, at, use.target, ref))
            del self.unsure[:-MOST_UNSURE]
        if is_shell and not result.is_error:
            self._committed(command, result.excerpt, at, ref)
        return sources

    def _changed(
        self, command: str, output: str, at: float | None, tool: str, ref: SourceRef
    ) -> int:
        """Notes the files that a shell command changed; how many of them are code."""
        found = shell_effects(command)
        paths, sources = found.paths, found.sources
        if paths == ("",) and changed_nothing(output):
            paths, sources = (), 0
        if was_reformatted(command, output) or (not paths and generates_code(command)):
            paths, sources = (*paths, ""), sources + 1
        for path in paths:
            self._edit(at, path, JOINED if found.joins else tool, ref)
        return sources

    def _committed(self, command: str, output: str, at: float | None, ref: SourceRef) -> None:
        if not (shell_effects(command).commits or commits_at_end(command, output)):
            return
        for sha, subject in commits_named(command, output):
            self.count += 1
            self.commits.append(CommitRecord(self.count, at, sha, subject, ref))
            del self.commits[:-MOST_COMMITS]

    def _ran(self, run: TestRun) -> None:
        """A run that was heard of later stands where it began: that is the code it tested."""
        if run.started is not None:
            for place in range(len(self.runs) - 1, -1, -1):
                if self.runs[place].run.ref == run.started:
                    self.runs[place] = TestRunRecord(self.runs[place].number, run)
                    return
        self.count += 1
        self.runs.append(TestRunRecord(self.count, run))
        del self.runs[:-MOST_RUNS]

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
            unsure=tuple(self.unsure),
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
