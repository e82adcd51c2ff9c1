"""Rewind, undo, recovery after a crash.

Never `reset`, `clean`, `stash` or `checkout`: HEAD, index and branches stay. After a kill at any
moment, `recover_rewind` brings the work tree to the complete old or the complete new state. An undo
is a rewind to the safety checkpoint of the last one, so an undo can be undone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from msgspec import structs

from tui.control.checkpoints.capture import CaptureRequest, CaptureResult, capture
from tui.control.checkpoints.git_objects import BlobReader
from tui.control.checkpoints.refs import Checkpoint, checkpoints_of, read_details
from tui.control.checkpoints.work_tree import CaptureLimits, NotCaptured
from tui.control.rewind.apply_steps import ApplyResult, ProgressCallback, StepApplier
from tui.control.rewind.decide import FileStep, RewindDecision, RewindTarget, decide
from tui.control.rewind.plan import RewindPlan, find_refusals, plan_rewind, scope_of
from tui.control.rewind.rewind_journal import LastRewind, OpenRewind, RewindJournal
from tui.control.rewind.safe_paths import WorkTreeFiles
from tui.system.clock import Clock, SystemClock
from tui.system.errors import OvernightError, RefusedError, RewindError
from tui.system.files import private_folder
from tui.system.git import Git

# How long a git of a killed rewind may still hold the lock.
_GIT_EXIT_S = 0.5


@dataclass(frozen=True)
class RewindResult:
    """What a rewind did. `safety` is the checkpoint that undoes it, None if nothing had to change.

    `kept` stayed as planned; `meanwhile` are files that somebody edited while it ran, which stayed
    too; `rescued` are copies of edits made in the very instant of a change.
    """

    checkpoint: Checkpoint
    safety: Checkpoint | None
    written: int = 0
    deleted: int = 0
    unchanged: int = 0
    kept: tuple[NotCaptured, ...] = ()
    meanwhile: tuple[str, ...] = ()
    rescued: tuple[str, ...] = ()
    seconds: float = 0.0
    undoes: bool = False


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
    """How an interrupted rewind was brought to an end: before anything was touched ("discarded"),
    all the way ("finished") or all the way back ("reverted")."""

    outcome: Literal["discarded", "finished", "reverted"]
    checkpoint: str
    meanwhile: tuple[str, ...] = ()
    rescued: tuple[str, ...] = ()


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
    journal = RewindJournal(plan.project)
    clock = clock or SystemClock()
    began = time.monotonic()
    with journal.lock():
        if journal.is_open():
            raise RefusedError("an interrupted rewind has to be finished first; run it again after")
        rewind = _Rewind(plan, journal, progress or _silent)
        request = CaptureRequest(
            label=f"before {'undoing a' if plan.undoes else 'the'} rewind to {plan.checkpoint.id}",
            session=session,
            facts=facts or {},
            kind="safety",
            also=tuple(rewind.target.entries),
        )
        captured = capture(plan.project, request, limits=limits, clock=clock)
        return rewind.run(captured, confirmed, clock, began)


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
    project: Path, *, progress: ProgressCallback | None = None
) -> RewindRecovery | None:
    """Finishes a rewind that was interrupted, or reverts it; None if there is none, or if another
    process is at it right now. Call it when a supervisor, screen or command starts."""
    journal = RewindJournal(Path(project).resolve())
    if not journal.is_open():
        return None
    try:
        with journal.lock(_GIT_EXIT_S):
            entry = journal.read()
            return None if entry is None else _recover(project, journal, entry, progress or _silent)
    except RefusedError:
        return None


def _silent(step: str, done: int, total: int) -> None:
    pass


class _Rewind:
    """One rewind, the lock being held."""

    def __init__(
        self, plan: RewindPlan, journal: RewindJournal, progress: ProgressCallback
    ) -> None:
        self._plan, self._journal, self._progress = plan, journal, progress
        self._git = Git(plan.project)
        self._scope = scope_of(self._git, plan.project)
        self.target = RewindTarget.load(self._git, plan.checkpoint)

    def run(
        self, captured: CaptureResult, confirmed: bool, clock: Clock, began: float
    ) -> RewindResult:
        plan, safety = self._plan, captured.checkpoint
        decision = decide(self.target, captured.state, self._scope)
        if not confirmed:
            self._refuse_unseen(decision)
        _check_safety_blobs(self._git, decision.steps)
        self._progress("safety", 0, 0)
        empty = {p for p in self.target.details.empty_folders if p.startswith(self._scope)}
        if not decision.steps:
            return RewindResult(
                plan.checkpoint, None, unchanged=decision.unchanged, kept=plan.keeps
            )
        entry = OpenRewind(
            phase="staging",
            target=plan.checkpoint.id,
            target_commit=plan.checkpoint.commit,
            safety=safety.id,
            safety_commit=safety.commit,
            steps=decision.steps,
            empty_folders=sorted(empty),
            undoes=plan.undoes,
        )
        result = _apply(self._git, self._journal, entry, self._progress, clock)
        return RewindResult(
            checkpoint=plan.checkpoint,
            safety=safety,
            written=result.written,
            deleted=result.deleted,
            unchanged=decision.unchanged,
            kept=plan.keeps,
            meanwhile=tuple(os.fsdecode(path) for path in result.meanwhile),
            rescued=tuple(map(str, result.rescued)),
            seconds=time.monotonic() - began,
            undoes=plan.undoes,
        )

    def _refuse_unseen(self, decision: RewindDecision) -> None:
        """Refuses to change what the person was not shown."""
        refusals = list(find_refusals(self._git, decision))
        if refusals:
            raise RefusedError("; ".join(refusals))
        shown = {(change.path, change.step.after is None) for change in self._plan.changes}
        steps = ((os.fsdecode(step.path), step.after is None) for step in decision.steps)
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


def _apply(
    git: Git, journal: RewindJournal, entry: OpenRewind, progress: ProgressCallback, clock: Clock
) -> ApplyResult:
    """Records, stages and applies the steps; back to the old state if anything fails on the way."""
    private_folder(journal.stage)
    journal.clear_stage()
    journal.write(entry)
    progress("journal", 0, 0)
    with _applier(git, journal, entry.steps, progress) as applier:
        try:
            applier.stage_files()
        except (OSError, OvernightError) as error:
            journal.close(None)
            raise RewindError(f"nothing was changed: {_error_text(error)}") from error
        progress("staged", 0, 0)
        entry = structs.replace(entry, phase="applying")
        journal.write(entry)
        try:
            result = applier.apply_all(frozenset(entry.empty_folders))
        except (OSError, OvernightError) as error:
            _revert(git, journal, entry, progress, error)
            raise RewindError(
                f"the rewind failed and everything is as it was before: {_error_text(error)}"
            ) from error
    progress("closing", 0, 0)
    journal.close(_last_rewind(entry, clock))
    return result


@contextmanager
def _applier(
    git: Git, journal: RewindJournal, steps: Sequence[FileStep], progress: ProgressCallback
) -> Iterator[StepApplier]:
    with WorkTreeFiles(git.work_tree) as files:
        yield StepApplier(git, files, steps, journal.stage, journal.rescued, progress)


def _revert(
    git: Git,
    journal: RewindJournal,
    entry: OpenRewind,
    progress: ProgressCallback,
    cause: Exception,
) -> ApplyResult:
    """Undoes all steps; if that fails too the journal stays open for `recover_rewind`."""
    entry = structs.replace(entry, phase="reverting")
    try:
        journal.write(entry)
        return _apply_reversed(git, journal, entry, progress)
    except (OSError, OvernightError) as error:
        raise RewindError(
            f"the rewind stopped half way ({_error_text(cause)}) and could not be taken back "
            f"({_error_text(error)}); both states are in checkpoints {entry.target} and {entry.safety}, "
            "and the next start tries again"
        ) from cause


def _apply_reversed(
    git: Git, journal: RewindJournal, entry: OpenRewind, progress: ProgressCallback
) -> ApplyResult:
    journal.clear_stage()
    steps = [step.reversed() for step in entry.steps]
    safety = next(
        (c for c in checkpoints_of(git.work_tree) if c.commit == entry.safety_commit), None
    )
    empty = read_details(git, safety).empty_folders if safety is not None else frozenset()
    with _applier(git, journal, steps, progress) as applier:
        result = applier.apply_all(empty)
    journal.close(None)
    return result


def _recover(
    project: Path, journal: RewindJournal, entry: OpenRewind, progress: ProgressCallback
) -> RewindRecovery:
    if entry.phase == "staging":
        journal.close(None)
        return RewindRecovery("discarded", entry.target)
    git = Git(project)
    private_folder(journal.stage)
    if entry.phase == "applying":
        try:
            with _applier(git, journal, entry.steps, progress) as applier:
                result = applier.apply_all(frozenset(entry.empty_folders))
            progress("closing", 0, 0)
            journal.close(_last_rewind(entry, SystemClock()))
            return _recovery("finished", entry, result)
        except (OSError, OvernightError) as error:
            return _recovery("reverted", entry, _revert(git, journal, entry, progress, error))
    return _recovery("reverted", entry, _apply_reversed(git, journal, entry, progress))


def _recovery(
    how: Literal["finished", "reverted"], entry: OpenRewind, result: ApplyResult
) -> RewindRecovery:
    return RewindRecovery(
        how,
        entry.target,
        tuple(os.fsdecode(path) for path in result.meanwhile),
        tuple(map(str, result.rescued)),
    )


def _last_rewind(entry: OpenRewind, clock: Clock) -> LastRewind:
    target, safety = (entry.target, entry.target_commit), (entry.safety, entry.safety_commit)
    return LastRewind(clock.wall(), *target, *safety, entry.undoes)


def _error_text(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else "")
    return str(error)
