"""Test runs, edits, commits, statements and ticked tasks, each with its place.

Every record has a number; a higher one came later. What does not come from the events (done tasks, notes)
has only a time, and is put in order by it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct

from tui.model.events import SourceRef

Verdict = Literal["green", "red", "unknown"]


class SuiteCount(Struct, frozen=True, gc=False):
    """What one of several runners counted that a command called."""

    framework: str
    passed: int
    failed: int
    skipped: int = 0


class TestRun(Struct, frozen=True):
    """One run of tests; counts are None where the output did not tell them.

    `skipped` were left out, `part` is what the command was limited to ("" when it ran everything);
    `without` is set where that is everything but something. `folder` is where it ran: "" at the top of
    the project, else below it, or an absolute path. `suites` are the counts of each runner, where a
    command called several; the others are their sums. `started` is where a run in the background began
    whose result was heard later.
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
    without: str = ""
    folder: str = ""
    suites: tuple[SuiteCount, ...] = ()
    started: SourceRef | None = None


class TestSummary(Struct, frozen=True):
    """The runs of the night, newest last, and how many edits of code came after them.

    `changing`: files of code that calls under way, and those that failed since the last green run, change.
    `elsewhere` is the newest run in a folder that is none of the project's, which is not among the others.
    `unsure` counts the commands since the last green run of which nobody can say that they left the code alone,
    `hidden` the edits after it that only the files tell of: they are among those since then. `last_tree` is
    what the last run tested, as far as it is known, `tree_now` the tree at the night's end.
    """

    last: Literal["green", "red", "none"] = "none"
    runs: tuple[TestRun, ...] = ()
    total: int = 0
    edits_since_last_run: int = 0
    edits_since_last_green: int = 0
    last_green: TestRun | None = None
    changing: int = 0
    elsewhere: TestRun | None = None
    unsure: int = 0
    hidden: int = 0
    last_tree: str | None = None
    tree_now: str | None = None

    @property
    def checkpoint_facts(self) -> dict[str, Any]:
        """What a checkpoint keeps of it, by which the last good one is found."""
        facts: dict[str, Any] = {"tests": self.last}
        edits = self.edits_since_last_green + self.changing
        return facts | {"edits_since_green": edits} if self.last_green else facts


class TestRunRecord(Struct, frozen=True, gc=False):
    """A run of tests and its place in the order."""

    number: int
    run: TestRun


class EditRecord(Struct, frozen=True, gc=False):
    """A file was changed; `path` is empty where a shell command did not name it.

    One that only the file tells of, not the records, has a number between theirs.
    """

    number: float
    at: float | None
    path: str
    tool: str
    ref: SourceRef


class UnsureRecord(Struct, frozen=True, gc=False):
    """A command of which nobody can say whether it changed code; `command` is cut."""

    number: int
    at: float | None
    command: str
    ref: SourceRef


class CommitRecord(Struct, frozen=True, gc=False):
    """A commit made in the shell; `sha` is short or empty, `subject` perhaps cut or empty."""

    number: int
    at: float | None
    sha: str
    subject: str
    ref: SourceRef


class CommandRecord(Struct, frozen=True, gc=False):
    """A call that ended: a shell command (cut) or a tool of a code host, and the end of what it answered.

    `number` is that of the last record before or with it: edits with a higher one came later. `name` is
    the tool's. `is_refused`: it was not let run. `is_error` is None if nothing tells how it ended.
    """

    number: int
    at: float | None
    name: str
    command: str
    is_error: bool | None
    output: str
    ref: SourceRef
    is_refused: bool = False


class StatementRecord(Struct, frozen=True, gc=False):
    """The last text of a turn."""

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


class AbandonedBranch(Struct, frozen=True, gc=False):
    """Records from byte `start` to `end` of a source that a person took back at `at` with `/rewind`."""

    source: str
    start: int
    end: int
    at: float | None

    def holds(self, ref: SourceRef) -> bool:
        """Whether a place is in it."""
        return ref.source == self.source and self.start <= ref.offset < self.end


def is_abandoned(branches: Iterable[AbandonedBranch], ref: SourceRef) -> bool:
    """Whether a place is in one of these branches."""
    return any(branch.holds(ref) for branch in branches)


class Spans(Struct, frozen=True):
    """Stretches of time in order, that do not touch: start and end in turn."""

    ends: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ends)

    def holds(self, at: float, slack: float) -> bool:
        """Whether the moment lies in a stretch, or no more than `slack` beside one."""
        place = bisect_right(self.ends, at)
        if place % 2:
            return True
        before = place and at - self.ends[place - 1] <= slack
        after = place < len(self.ends) and self.ends[place] - at <= slack
        return bool(before or after)


class CallSpans(Struct, frozen=True):
    """The calls of a night.

    `shells` are calls that can have committed without saying so, `busy` calls of any kind. `is_timed`: every
    call has its times, so that what happened beside them was somebody else. What is older than `known_from`
    was forgotten; from `unknown_from` on something ran beside the calls.
    """

    shells: Spans = Spans()
    busy: Spans = Spans()
    is_timed: bool = False
    known_from: float | None = None
    unknown_from: float | None = None


class EvidenceLog(Struct, frozen=True):
    """Everything that claims are judged by, oldest first.

    `forgotten_edits` counts the edits that are older than those in `edits`. Statements of `abandoned`
    branches are not among it: they were taken back.
    """

    __test__ = False

    runs: tuple[TestRunRecord, ...] = ()
    edits: tuple[EditRecord, ...] = ()
    commits: tuple[CommitRecord, ...] = ()
    statements: tuple[StatementRecord, ...] = ()
    done_tasks: tuple[TaskDoneRecord, ...] = ()
    forgotten_edits: int = 0
    first_notes: str = ""
    notes: str = ""
    notes_source: str = ""
    notes_at: float | None = None
    abandoned: tuple[AbandonedBranch, ...] = ()
    unsure: tuple[UnsureRecord, ...] = ()
    commands: tuple[CommandRecord, ...] = ()
    calls: CallSpans = CallSpans()
