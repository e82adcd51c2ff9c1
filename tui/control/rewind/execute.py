"""Rewind, undo, recovery after a crash.

Never `reset`, `clean`, `stash` or `checkout`: HEAD, index and branches stay. After a kill at any
moment, `recover_rewind` brings the work tree to the complete old or the complete new state. An undo
is a rewind to the safety checkpoint of the last one, so an undo can be undone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from msgspec import structs

from tui.control.checkpoints.capture import capture, error_text
from tui.control.checkpoints.details import read_details
from tui.control.checkpoints.git_objects import BlobReader
from tui.control.checkpoints.refs import Checkpoint, checkpoints_of
from tui.control.checkpoints.registration import approve, is_known
from tui.control.checkpoints.verified_objects import ObjectReader
from tui.control.checkpoints.work_tree import CaptureLimits, NotCaptured
from tui.control.rewind.apply_steps import ApplyResult, ProgressCallback, StepApplier
from tui.control.rewind.decide import FileStep, RewindDecision, RewindTarget
from tui.control.rewind.folder_steps import decide
from tui.control.rewind.plan import PlannedChange, RewindPlan, find_refusals, plan_rewind
from tui.control.rewind.rewind_journal import LastRewind, OpenRewind, RewindJournal
from tui.control.rewind.safe_paths import WorkTreeFiles, closed_places
from tui.system.clock import Clock, SystemClock
from tui.system.errors import OvernightError, RefusedError, RewindError
from tui.system.files import private_folder
from tui.system.format import format_count
from tui.system.git import Git
from tui.system.repository_names import UnacceptableError, shown

# How long a git of a killed rewind may still hold the lock.
_GIT_EXIT_S = 0.5
_FAILURES = (OSError, OvernightError)


@dataclass(frozen=True)
class RewindResult:
    """What a rewind did. `safety` is the checkpoint that undoes it, None if nothing had to change.

    `kept` stayed as planned; `meanwhile` are files that somebody edited while it ran, which stayed
    too; `rescued` are copies of edits made in the very instant of a change; `not_restored` came back
    without what the reason says, and `lost` did not come back at all, as the plan said.
    """

    checkpoint: Checkpoint
    safety: Checkpoint | None
    written: int = 0
    deleted: int = 0
    unchanged: int = 0
    kept: tuple[NotCaptured, ...] = ()
    meanwhile: tuple[str, ...] = ()
    rescued: tuple[str, ...] = ()
    undoes: bool = False
    not_restored: tuple[NotCaptured, ...] = ()
    lost: tuple[NotCaptured, ...] = ()


def journal_data(result: RewindResult) -> dict[str, object]:
    """What the operations' journal keeps of a rewind of files."""
    return {
        "checkpoint": result.checkpoint.id,
        "mode": "code",
        "written": result.written,
        "deleted": result.deleted,
        "kept": len(result.kept),
        "safety": result.safety.id if result.safety else "",
    }


@dataclass(frozen=True)
class RewindRecovery:
    """An interrupted rewind: still waiting ("open"), or how it was brought to an end: before anything was
    touched ("discarded"), all the way ("finished") or all the way back ("reverted").

    `files` is how many it was to change, `begun` whether it had changed any.
    """

    outcome: Literal["open", "discarded", "finished", "reverted"]
    checkpoint: str
    files: int = 0
    begun: bool = True
    meanwhile: tuple[str, ...] = ()
    rescued: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What that means for the work tree. Text is not yet safe to show."""
        count = format_count(self.files, "file")
        what = f"an interrupted rewind to {self.checkpoint} ({count})"
        if self.outcome == "open":
            if not self.begun:
                return f"{what} is open; it had changed nothing yet, so only its record is removed"
            return f"{what} is open; it is brought to its end, or back where that cannot be done"
        if self.outcome == "discarded":
            return f"{what} had changed nothing; its record was removed"
        return f"{what} was {self.outcome}"


def execute_rewind(
    plan: RewindPlan,
    *,
    confirmed: bool = False,
    progress: ProgressCallback | None = None,
    session: str = "",
    facts: Mapping[str, Any] | None = None,
    limits: CaptureLimits | None = None,
    clock: Clock | None = None,
) -> RewindResult:
    """Does what `plan` says, after a safety checkpoint that has been read back.

    `progress(step, done, total)` hears "safety", "journal", "staging", "staged", "clearing",
    "writing", "placing", "written", "deleting", "closing". The session whose files these are should
    be paused. Raises `RefusedError` before anything is touched, also when files have changed since
    the plan was made, unless `confirmed`; `RewindError` when it failed and everything is as before,
    or, if even that failed, when `recover_rewind` is needed.
    """
    if plan.refusals and not confirmed:
        raise RefusedError("; ".join(plan.refusals))
    journal, progress = RewindJournal(plan.project), progress or _silent
    with journal.lock():
        if journal.is_open():
            raise RefusedError("an interrupted rewind has to be finished first; run it again after")
        git = Git(plan.project)
        target = RewindTarget.load(git, plan.checkpoint)
        safety, state = capture(
            plan.project,
            label=f"before {'undoing a' if plan.undoes else 'the'} rewind to {plan.checkpoint.id}",
            session=session,
            facts=facts,
            kind="safety",
            also=target.entries,
            limits=limits,
            clock=clock,
        )
        decision = decide(target, state, os.fsencode(plan.scope))
        if not confirmed:
            _refuse_unseen(git, plan, decision)
        _check_safety_blobs(git, decision.steps)
        progress("safety", 0, 0)
        unchanged = _unchanged(plan, decision)
        if decision.is_empty:
            return unchanged
        if plan.checkpoint.foreign:
            approve(git, plan.checkpoint)
        rewind = _Rewind(git, journal, progress, clock or SystemClock())
        result = rewind.execute(_open_rewind(plan, safety, target, decision))
        return replace(
            unchanged,
            safety=safety,
            written=result.written,
            deleted=result.deleted,
            meanwhile=tuple(result.meanwhile),
            rescued=tuple(result.rescued),
            not_restored=tuple(result.not_restored),
        )


def _unchanged(plan: RewindPlan, decision: RewindDecision) -> RewindResult:
    """The receipt of a rewind that had nothing to do."""
    return RewindResult(
        plan.checkpoint,
        None,
        unchanged=decision.unchanged,
        kept=plan.keeps,
        undoes=plan.undoes,
        lost=plan.lost,
    )


def _open_rewind(
    plan: RewindPlan, safety: Checkpoint, target: RewindTarget, decision: RewindDecision
) -> OpenRewind:
    scope = os.fsencode(plan.scope)
    return OpenRewind(
        phase="staging",
        target=plan.checkpoint.id,
        target_commit=plan.checkpoint.commit,
        safety=safety.id,
        safety_commit=safety.commit,
        steps=decision.steps,
        empty_folders=sorted(p for p in target.details.empty_folders if p.startswith(scope)),
        undoes=plan.undoes,
        folders=decision.folders,
        nested=decision.nested,
    )


def plan_undo(
    project: Path, *, live: Sequence[str] = (), limits: CaptureLimits | None = None
) -> RewindPlan:
    """The plan that takes the last rewind back; `RefusedError` if there is none to take back."""
    project = Path(project).resolve()
    last = RewindJournal(project).last()
    if last is None:
        raise RefusedError("no rewind has been made here, so there is none to undo")
    safety = next((c for c in checkpoints_of(project) if c.commit == last.safety_commit), None)
    if safety is None:
        raise RefusedError(f"the safety checkpoint {last.safety} of the last rewind is gone")
    return plan_rewind(project, safety, live=live, limits=limits, undoes=True)


def recover_rewind(
    project: Path, *, may_act: bool, progress: ProgressCallback | None = None
) -> RewindRecovery | None:
    """Finishes a rewind that was interrupted, or takes it back; None if there is none, or if another
    process is at it right now.

    The one place that decides: without `may_act` nothing is done and nothing written, and the answer says
    what waits. It is given only where a person asked for something that changes files: rewind, undo,
    checkpoint, run, or their yes. `RewindError` for a record that is not what a rewind of ours leaves.
    """
    journal = RewindJournal(Path(project).resolve())
    if not journal.is_open():
        return None
    if not may_act:
        waiting = None if journal.is_under_way() else journal.read()
        if waiting is None:
            return None
        begun = waiting.phase != "staging"
        return RewindRecovery("open", waiting.target, len(waiting.steps), begun)
    with ExitStack() as stack:
        try:
            stack.enter_context(journal.lock(_GIT_EXIT_S))
        except RefusedError:
            return None
        entry = journal.read()
        if entry is None:
            return None
        if entry.phase == "staging":
            journal.close(None)
            return RewindRecovery("discarded", entry.target, len(entry.steps), begun=False)
        git = Git(project)
        _check_record(git, journal, entry)
        return _Rewind(git, journal, progress or _silent, SystemClock()).recover(entry)


def _check_record(git: Git, journal: RewindJournal, entry: OpenRewind) -> None:
    """RewindError unless the record says what lies between two checkpoints of ours, and nothing else."""
    try:
        if not is_known(git, entry.target_commit, entry.safety_commit):
            raise UnacceptableError("it names commits that are no checkpoints of ours")
        with ObjectReader(git) as reader:
            sides = [
                reader.files_of(reader.commit(commit).tree, "a checkpoint")
                for commit in (entry.safety_commit, entry.target_commit)
            ]
        for step in entry.steps:
            for files, version in zip(sides, (step.before, step.after), strict=True):
                if version is not None and files.get(step.path) != (version.mode, version.blob):
                    raise UnacceptableError(
                        f"at {shown(step.path)} it differs from its checkpoints"
                    )
    except OvernightError as error:
        raise RewindError(
            f"the record of an interrupted rewind, {journal.path}, is not believed: {error}; nothing was "
            f"done. Both states are in checkpoints {entry.target} and {entry.safety}, if they are "
            "there: look at them, then remove the record"
        ) from error


def _silent(step: str, done: int, total: int) -> None:
    pass


def _refuse_unseen(git: Git, plan: RewindPlan, decision: RewindDecision) -> None:
    """Refuses to change what the person was not shown."""
    refusals = list(find_refusals(git, decision))
    if refusals:
        raise RefusedError("; ".join(refusals))
    shown = {(change.path, change.step.after is None) for change in plan.changes}
    every = map(PlannedChange.of, decision.shown_steps())
    steps = ((change.path, change.step.after is None) for change in every)
    unseen = [path for path, gone in steps if (path, gone) not in shown]
    if unseen:
        more = f" and {len(unseen) - 1} more" if len(unseen) > 1 else ""
        raise RefusedError(
            f"{unseen[0]}{more} changed since the plan was shown; look at the new plan first"
        )


def _check_safety_blobs(git: Git, steps: Sequence[FileStep]) -> None:
    """Reads back from the safety checkpoint every file that is about to change."""
    with BlobReader(git) as blobs:
        for step in steps:
            if step.before is not None:
                blobs.read(step.before.blob)


class _Rewind:
    """The steps of one rewind, carried out or taken back while its lock is held."""

    def __init__(
        self, git: Git, journal: RewindJournal, progress: ProgressCallback, clock: Clock
    ) -> None:
        self._git, self._journal, self._progress, self._clock = git, journal, progress, clock

    @contextmanager
    def _applier(self, entry: OpenRewind) -> Iterator[StepApplier]:
        journal, mark = self._journal, entry.safety_commit[:20]
        with WorkTreeFiles(self._git.work_tree, closed_places(self._git), mark) as files:
            yield StepApplier(
                self._git, files, entry.steps, journal.stage, journal.rescued, self._progress
            )

    def execute(self, entry: OpenRewind) -> ApplyResult:
        """Records, stages and applies the steps; back to the old state if anything fails on the way."""
        journal = self._journal
        private_folder(journal.stage)
        journal.clear_stage()
        journal.write(entry)
        self._progress("journal", 0, 0)
        with self._applier(entry) as applier:
            try:
                applier.stage_files()
            except _FAILURES as error:
                journal.close(None)
                raise RewindError(f"nothing was changed: {error_text(error)}") from error
            self._progress("staged", 0, 0)
            entry = structs.replace(entry, phase="applying")
            journal.write(entry)
            try:
                result = applier.apply_all(entry)
            except _FAILURES as error:
                self._revert(entry, error)
                raise RewindError(
                    f"the rewind failed and everything is as it was before: {error_text(error)}"
                ) from error
        self._close(entry)
        return result

    def _close(self, entry: OpenRewind) -> None:
        self._progress("closing", 0, 0)
        target, safety = (entry.target, entry.target_commit), (entry.safety, entry.safety_commit)
        self._journal.close(LastRewind(self._clock.wall(), *target, *safety, entry.undoes))

    def _revert(self, entry: OpenRewind, cause: Exception) -> ApplyResult:
        """Undoes all steps; if that fails too the journal stays open for `recover_rewind`."""
        entry = structs.replace(entry, phase="reverting")
        try:
            self._journal.write(entry)
            return self._apply_reversed(entry)
        except _FAILURES as error:
            raise RewindError(
                f"the rewind stopped half way ({error_text(cause)}) and could not be taken back "
                f"({error_text(error)}); both states are in checkpoints {entry.target} and "
                f"{entry.safety}, and the next start tries again"
            ) from cause

    def _apply_reversed(self, entry: OpenRewind) -> ApplyResult:
        self._journal.clear_stage()
        git, commit = self._git, entry.safety_commit
        safety = next((c for c in checkpoints_of(git.work_tree) if c.commit == commit), None)
        empty = read_details(git, safety).empty_folders if safety is not None else frozenset()
        back = structs.replace(
            entry,
            steps=[step.reversed() for step in entry.steps],
            folders=[step.reversed() for step in entry.folders],
            empty_folders=sorted(empty),
        )
        with self._applier(back) as applier:
            result = applier.take_back(back)
        self._journal.close(None)
        return result

    def recover(self, entry: OpenRewind) -> RewindRecovery:
        """Finishes what is half applied, or takes it back."""
        private_folder(self._journal.stage)
        outcome: Literal["finished", "reverted"] = "reverted"
        if entry.phase == "applying":
            try:
                with self._applier(entry) as applier:
                    result = applier.apply_all(entry)
                self._close(entry)
                outcome = "finished"
            except _FAILURES as error:
                result = self._revert(entry, error)
        else:
            result = self._apply_reversed(entry)
        paths = tuple(result.meanwhile), tuple(result.rescued)
        return RewindRecovery(outcome, entry.target, len(entry.steps), True, *paths)
