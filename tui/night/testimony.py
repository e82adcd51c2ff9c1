"""What claims are judged by, in the order in which it came: runs, edits, commits, last words, ticks.

Every deposit has a number; what has a higher one came later. What stands beside the events
(ticks, notes) has a time only, and finds its place by it.
"""

from __future__ import annotations

from msgspec import Struct

from tui.night.evidence import TestRun
from tui.night.shelldeeds import commits_at_end, commits_named, shell_effects, is_scratch_path, was_reformatted
from tui.night.tools import EDITING, SHELLS
from tui.records import JournalEntry, SessionNotes, ProgressFile, SourceRef, ToolResult, ToolCall

MOST_EDITS = 10_000
MOST_RUNS = 1_000
MOST_COMMITS = 2_000
MOST_WORDS = 200
MOST_TICKS = 1_000
LONGEST_WORDS = 16_000
LONGEST_NOTES = 128_000


class TestRunRecord(Struct, frozen=True, gc=False):
    """A run of tests and its place in the order."""

    number: int
    run: TestRun


class EditRecord(Struct, frozen=True, gc=False):
    """A file was changed; `path` is empty where a shell command did not name it."""

    number: int
    at: float | None
    path: str
    tool: str
    ref: SourceRef


class CommitRecord(Struct, frozen=True, gc=False):
    """A commit made in the shell; `sha` is short or empty, `subject` perhaps cut or empty."""

    number: int
    at: float | None
    sha: str
    subject: str
    ref: SourceRef


class StatementRecord(Struct, frozen=True, gc=False):
    """The last words of a turn."""

    number: int
    at: float | None
    text: str
    ref: SourceRef


class TaskDoneRecord(Struct, frozen=True, gc=False):
    """A task that was done in one state of the progress file and not in the one before."""

    number: int
    at: float | None
    title: str
    source: str
    line: int


class EvidenceLog(Struct, frozen=True):
    """Everything claims are judged by, oldest first; `forgotten` edits are older than those kept."""

    __test__ = False

    runs: tuple[TestRunRecord, ...] = ()
    edits: tuple[EditRecord, ...] = ()
    commits: tuple[CommitRecord, ...] = ()
    said: tuple[StatementRecord, ...] = ()
    ticks: tuple[TaskDoneRecord, ...] = ()
    forgotten: int = 0
    first_notes: str = ""
    notes: str = ""
    notes_source: str = ""
    notes_at: float | None = None


class EvidenceCollector(Struct):
    """Collects testimony as it comes; its size is bounded."""

    count: int = 0
    runs: list[TestRunRecord] = []
    edits: list[EditRecord] = []
    forgotten: int = 0
    commits: list[CommitRecord] = []
    said: list[StatementRecord] = []
    words: StatementRecord | None = None
    ticks: list[TaskDoneRecord] = []
    done: list[str] | None = None
    first_notes: str | None = None
    notes: str = ""
    notes_source: str = ""
    notes_at: float | None = None

    def tool_answered(
        self, use: ToolCall, result: ToolResult, run: TestRun | None, at: float | None, ref: SourceRef
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
        if commits:
            self._commit(command, result, at, ref)
        return sources

    def _edit(self, at: float | None, path: str, tool: str, ref: SourceRef) -> None:
        self.count += 1
        self.edits.append(EditRecord(self.count, at, path, tool, ref))
        if len(self.edits) > MOST_EDITS:
            self.forgotten += MOST_EDITS // 10
            del self.edits[: MOST_EDITS // 10]

    def _commit(self, command: str, result: ToolResult, at: float | None, ref: SourceRef) -> None:
        for sha, subject in commits_named(command, result.excerpt):
            self.count += 1
            self.commits.append(CommitRecord(self.count, at, sha, subject, ref))
        del self.commits[:-MOST_COMMITS]

    def files_rewound(self, entry: JournalEntry) -> None:
        """A rewind, or the undoing of one, changed files without the agent."""
        if entry.data.get("mode") != "conversation":
            self._edit(entry.at, "", entry.kind, SourceRef(entry.source, entry.offset))

    def text_seen(self, text: str, at: float | None, ref: SourceRef) -> None:
        """The main conversation's model said something; it may be the turn's last word."""
        self.count += 1
        self.words = StatementRecord(self.count, at, text, ref)

    def turn_ends(self, text: str, at: float | None, ref: SourceRef | None) -> None:
        """The turn is over; `text` is what its result repeats, if there is one."""
        last, self.words = self.words, None
        text = text.strip()
        if ref is not None and text and (last is None or last.text.strip() != text):
            self.count += 1
            last = StatementRecord(self.count, at, text, ref)
        if last is not None:
            self._keep(last)

    def _keep(self, last: StatementRecord) -> None:
        self.said.append(StatementRecord(last.number, last.at, last.text[:LONGEST_WORDS], last.ref))
        del self.said[:-MOST_WORDS]

    def progress(self, progress: ProgressFile) -> None:
        """The progress file has another state."""
        if progress.basis == "unknown":
            return
        done = [task for task in progress.tasks if task.state == "done"]
        if self.done is not None:
            before = set(self.done)
            for task in done:
                if task.title not in before:
                    self.count += 1
                    tick = TaskDoneRecord(self.count, progress.at, task.title, progress.source, task.line)
                    self.ticks.append(tick)
            del self.ticks[:-MOST_TICKS]
        self.done = [task.title for task in done]

    def notes_changed(self, notes: SessionNotes) -> None:
        """The notes have another state."""
        text = notes.text[:LONGEST_NOTES]
        if self.first_notes is None:
            self.first_notes = text
        self.notes, self.notes_source, self.notes_at = text, notes.source, notes.at

    def testimony(self) -> EvidenceLog:
        """What is known so far; words of a turn that is still open count as its last."""
        said = self.said
        if self.words is not None:
            said = [*said, self.words]
        return EvidenceLog(
            tuple(self.runs),
            tuple(self.edits),
            tuple(self.commits),
            tuple(said),
            tuple(self.ticks),
            self.forgotten,
            self.first_notes or "",
            self.notes,
            self.notes_source,
            self.notes_at,
        )
