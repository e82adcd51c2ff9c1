"""What is new: progress, which ends every loop, and what was spent since the last of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from msgspec import Struct, field

from tui.model.cli_commands import EDITING, SHELLS, exact_digest
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import TestRun
from tui.model.stall import ProgressKind, StallWaste
from tui.night.evidence.shell_effects import is_prose, is_scratch_path
from tui.night.stuck.errors.causes import failure_digest
from tui.night.stuck.file_contents import ContentChange, FileContents, is_revision
from tui.night.stuck.step import Step
from tui.system.lazy_pattern import lazy

_MOST_VERDICTS = 256
_MOST_TASKS = 2_048


class ProgressMark(Struct):
    """The newest progress of one kind, and how many calls had been answered by then."""

    calls: int
    number: int
    at: float | None
    ref: SourceRef | None


class Answered(NamedTuple):
    """What an answer changed in the files, a number for what failed in its tests, and what is new by it."""

    content: ContentChange
    failures: int
    kinds: tuple[ProgressKind, ...]


class ProgressTracker(Struct):
    """The newest progress of each kind, the content of the files, and how much was done in all.

    `contents` counts the changes that made content which was never there, `sources` those of them that
    were no prose and no notes of the agent's own. It works in `cwd`.
    """

    files: FileContents = field(default_factory=FileContents)
    calls: int = 0
    first_at: float | None = None
    marks: int = 0
    newest: dict[ProgressKind, ProgressMark] = {}
    contents: int = 0
    sources: int = 0
    verdicts: dict[int, bool] = {}
    last_verdict: str = ""
    tasks: dict[int, bool] = {}
    open_tasks: int | None = None
    done_tasks: int | None = None
    most_done: int = 0
    cwd: str = ""

    @property
    def tree(self) -> int:
        """A number for the content of all files, equal whenever it is the same again."""
        return self.files.tree

    def mark(self, kind: ProgressKind, at: float | None, ref: SourceRef | None = None) -> None:
        """Something new came."""
        before = self.newest.get(kind)
        if at is None and before is not None:
            at = before.at
        self.marks += 1
        self.newest[kind] = ProgressMark(self.calls, self.marks, at, ref)

    def on_call(self, at: float | None) -> None:
        """A call was answered."""
        self.calls += 1
        if self.first_at is None:
            self.first_at = at

    # --- whether something is new ---

    def on_answer(self, use: ToolCall, result: ToolResult, run: TestRun | None) -> Answered:
        """A call was answered: what it did to the files, and what is new by it."""
        change = self._change(use, result, run is not None)
        is_red = run is not None and run.verdict == "red"
        failures = failure_digest(result.excerpt) if is_red else 0
        kinds = []
        if self.on_content(change):
            kinds.append(ProgressKind.CONTENT)
        if run is not None and self.on_verdict(run, failures):
            kinds.append(ProgressKind.VERDICT)
        if use.change.ticked and not result.is_error and self.on_ticked(use.change.ticked):
            kinds.append(ProgressKind.TASK)
        return Answered(change, failures, tuple(kinds))

    def _change(self, use: ToolCall, result: ToolResult, tested: bool) -> ContentChange:
        """What a call did to the files; one that failed did nothing, red tests after an edit aside."""
        if use.change.written or use.name in EDITING:
            if not result.is_error:
                return self.files.on_edit(use.path, use.key, use.change)
        elif use.name in SHELLS and (tested or not result.is_error):
            return self.files.on_shell(use.command or use.target, use.key)
        return ContentChange.NONE

    def on_content(self, change: ContentChange) -> bool:
        """Files were changed; whether their content was never there before."""
        if change != ContentChange.NEW:
            return False
        self.contents += 1
        self.sources += not all(
            is_prose(p) or is_scratch_path(p) or is_revision(p) for p in self.files.touched
        )
        return True

    def on_verdict(self, run: TestRun, failures: int) -> bool:
        """Tests were run; whether the verdict is new. `failures` stands for what failed, and how.

        Green after red is new once for each content of the files; everything else, once.
        """
        if run.verdict == "unknown":
            return False
        known = hash((run.passed or 0, run.failed or 0, failures)) ^ hash(run.verdict == "green")
        part = "" if run.verdict == "red" and failures else run.part  # it names what failed itself
        known ^= exact_digest(f"{run.framework} {part} {run.verdict}")
        turned = run.verdict == "green" and self.last_verdict == "red"
        self.last_verdict = run.verdict
        is_new = _add(self.verdicts, known, _MOST_VERDICTS)
        if turned:
            is_new = _add(self.verdicts, known ^ self.tree ^ 1, _MOST_VERDICTS) or is_new
        return is_new

    def on_ticked(self, tasks: Collection[int]) -> bool:
        """A call said that these tasks are done; whether one of them was not before."""
        new = [_add(self.tasks, task, _MOST_TASKS) for task in tasks]
        return any(new)

    def on_tasks(self, done: int, still_open: int) -> bool:
        """Tasks were counted; whether more are done than ever before."""
        before, self.done_tasks, self.open_tasks = self.done_tasks, done, still_open
        most, self.most_done = self.most_done, max(done, self.most_done)
        return before is not None and done > most

    # --- what was spent ---

    def waste(self, at: float | None, beside: Collection[ProgressKind] = frozenset()) -> StallWaste:
        """What was spent by `at` since the last progress other than of the kinds `beside`.

        Its money is for those who know prices.
        """
        kind, mark = ProgressKind.START, ProgressMark(0, 0, self.first_at, None)
        for one, newest in self.newest.items():
            if newest.number > mark.number and one not in beside:
                kind, mark = one, newest
        known = at is not None and mark.at is not None
        seconds = max(0.0, (at or 0.0) - (mark.at or 0.0)) if known else 0.0
        return StallWaste(self.calls - mark.calls, seconds, mark.at, kind, ref=mark.ref)


def _add(known: dict[int, bool], number: int, most: int) -> bool:
    """Whether a number was not among the newest `most`, to which it is added."""
    is_new = known.pop(number, None) is None
    known[number] = True
    if len(known) > most:
        del known[next(iter(known))]
    return is_new


_NOTES = frozenset("progress note notes handover handoff todo todos plan status journal".split())
_WORD = lazy(r"[a-z]+")


def is_note(path: str) -> bool:
    """Whether a file is one that sessions keep about their work, by its name."""
    name = path.rsplit("/", 1)[-1].lower()
    return name.endswith((".md", ".txt")) and not _NOTES.isdisjoint(_WORD.findall(name))


class NewContent(Struct):
    """Tells new content of the work from new lines in notes about it.

    That there is new content is heard before the call that made it; in a subagent that call is not heard of.
    """

    waits: bool = False

    def is_progress(self, kind: ProgressKind) -> bool:
        """Whether something new is progress already; what is content waits for its call."""
        self.waits = self.waits or kind == ProgressKind.CONTENT
        return kind != ProgressKind.CONTENT

    def was_work(self, step: Step, progress: ProgressTracker) -> bool:
        """Whether the new content of which was heard before this call was more than a note."""
        waited, self.waits = self.waits, False
        if not waited or step.content != ContentChange.NEW:
            return waited
        touched = progress.files.touched or (step.path,)
        return not all(map(is_note, touched))

    def is_left(self) -> bool:
        """Whether new content was heard of, and no call of this conversation made it."""
        waited, self.waits = self.waits, False
        return waited
