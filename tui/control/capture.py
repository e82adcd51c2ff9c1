"""Checkpoints: the work tree byte for byte, the user's index, HEAD, branches and hooks untouched.

`take` makes one; `checkpoints`, `find` and `retire` look after them. See `quarantine` for how its
objects come into the repository and `checkpoint_refs` for what is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tui.clock import Clock, SystemClock
from tui.control.checkpoint_refs import (
    NAMESPACE,
    Checkpoint,
    CheckpointDetails,
    Kind,
    checkpoints,
    details,
    find,
    retire_checkpoints,
    ref_safe_session,
)
from tui.control.listing import PathLister
from tui.control.memory import StatCache
from tui.control.quarantine import ObjectStaging, checkpoint_lock, remove_leftovers
from tui.control.staged import IndexState
from tui.control.work_tree import CaptureLimits, NotCaptured, WorkTreeScan, WorkTreeState
from tui.control.writing import write
from tui.errors import CheckpointError, GitError, RefusedError
from tui.git import Git

__all__ = [
    "CaptureResult",
    "Checkpoint",
    "CheckpointDetails",
    "CaptureLimits",
    "NotCaptured",
    "CaptureRequest",
    "capture",
    "checkpoints",
    "details",
    "find",
    "retire_checkpoints",
    "scan_work_tree",
    "take_checkpoint",
]

_HAND_OVERS = 3
_NO_LOG = {"core.logAllRefUpdates": "false", "core.fsync": "default,reference"}


class _ObjectsPrunedError(CheckpointError):
    """Somebody collected objects that this checkpoint counted on."""


@dataclass(frozen=True)
class CaptureRequest:
    """What a checkpoint is to say of itself; `also` are ignored paths it is to hold all the same."""

    label: str = ""
    session: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind = "checkpoint"
    also: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class CaptureResult:
    """A checkpoint together with the look at the work tree that it holds."""

    checkpoint: Checkpoint
    state: WorkTreeState


def take_checkpoint(
    project: Path,
    *,
    label: str = "",
    session: str = "",
    facts: Mapping[str, Any] | None = None,
    limits: CaptureLimits | None = None,
    clock: Clock | None = None,
    progress: Callable[[str], None] | None = None,
) -> Checkpoint:
    """Takes a checkpoint of the work tree that holds `project`, and has verified it on return.

    `facts` are any JSON values worth keeping with it (last safe event, progress counts, test
    verdict). `progress` hears "listed", "writing", "stored", "recorded", "verified". Raises
    `CheckpointError`, and then there is no checkpoint.
    """
    wish = CaptureRequest(label, session, facts or {})
    return capture(project, wish, limits=limits, clock=clock, progress=progress).checkpoint


def capture(
    project: Path,
    wish: CaptureRequest,
    *,
    limits: CaptureLimits | None = None,
    clock: Clock | None = None,
    progress: Callable[[str], None] | None = None,
) -> CaptureResult:
    """`take`, for callers that need the stat data of what was captured as well."""
    limits = limits or CaptureLimits()
    at = (clock or SystemClock()).wall()
    try:
        git = Git(project)
        with checkpoint_lock(git, limits.seconds) as lock:
            taking = _Capture(git, wish, limits, at, lock, progress or _silent)
            try:
                return taking.run(remembering=True)
            except _ObjectsPrunedError:
                return taking.run(remembering=False)
    except CheckpointError:
        raise
    except (GitError, RefusedError) as error:
        raise CheckpointError(f"no checkpoint was taken: {error}") from error
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        reason = f"{error.strerror or error}{where}"
        raise CheckpointError(f"no checkpoint was taken of {project}: {reason}") from error


def scan_work_tree(project: Path, limits: CaptureLimits, also: Collection[bytes] = ()) -> WorkTreeState:
    """The work tree as it is now, every blob id known, nothing written anywhere."""
    git = Git(project)
    lister = PathLister(git)
    memory = StatCache.recall(git)
    with WorkTreeScan(git, limits, memory.rows, memory.folders) as looking:
        state = looking.scan(lister, also)
        for _ in looking.contents(state):
            pass
    return state


def _silent(step: str) -> None:
    pass


class _Capture:
    """One checkpoint being taken, the lock being held."""

    def __init__(
        self,
        git: Git,
        wish: CaptureRequest,
        limits: CaptureLimits,
        at: float,
        lock: int,
        progress: Callable[[str], None],
    ) -> None:
        self._git, self._wish, self._limits, self._at = git, wish, limits, at
        self._lock, self._progress = lock, progress

    def run(self, *, remembering: bool) -> CaptureResult:
        lister = PathLister(self._git)  # slow, so it goes first and meanwhile the rest is done
        try:
            remove_leftovers(self._git)
            memory = StatCache.recall(self._git) if remembering else StatCache.empty()
            return self._begun(memory, lister)
        finally:
            lister.cancel()

    def _begun(self, memory: StatCache, lister: PathLister) -> CaptureResult:
        git = self._git
        head, head_tree, branch = _head(git)
        refs = git.start(("for-each-ref", "--format=%(refname) %(objectname)", _refs_of(git)))
        staged = IndexState(git, head, head_tree)
        try:
            known = dict(line.split(" ") for line in os.fsdecode(refs.result()).splitlines())
            if known.get(memory.ref) != memory.commit:
                # Without the ref nothing keeps those objects alive, so nothing can build on them.
                memory = StatCache.empty()
            return self._taken(memory, self._described(head, branch, known), staged, lister)
        finally:
            staged.cancel()

    def _described(self, head: str, branch: str | None, refs: Iterable[str]) -> Checkpoint:
        git, wish = self._git, self._wish
        names = (ref.rpartition("/")[2] for ref in refs)
        number = max((int(name) for name in names if name.isdecimal()), default=0) + 1
        return Checkpoint(
            id=f"c{number}",
            number=number,
            at=self._at,
            label=wish.label,
            session=wish.session,
            kind=wish.kind,
            commit="",
            ref=f"{_refs_of(git)}/{ref_safe_session(wish.session)}/{number}",
            head=head or None,
            branch=branch,
            operation=git.operation_in_progress(),
            files=0,
            facts=wish.facts,
        )

    def _taken(
        self, memory: StatCache, checkpoint: Checkpoint, staged: IndexState, lister: PathLister
    ) -> CaptureResult:
        git = self._git
        with WorkTreeScan(git, self._limits, memory.rows, memory.folders) as survey:
            state = survey.scan(lister, self._wish.also)
            self._progress("listed")
            quarantine = ObjectStaging(git, self._lock, survey.seconds_left())
            try:
                writing = partial(self._progress, "writing")
                checkpoint, sent = write(
                    survey, state, memory, staged, quarantine, checkpoint, writing
                )
                tree = self._recorded(checkpoint, sent, quarantine)
            finally:
                quarantine.close()
        self._progress("verified")
        new = StatCache(checkpoint.ref, checkpoint.commit, tree, state.rows, state.folders)
        new.store(git, state.seen_ns)
        return CaptureResult(checkpoint, state)

    def _recorded(self, checkpoint: Checkpoint, sent: list[str], quarantine: ObjectStaging) -> str:
        """Hands the objects over, creates the ref and finds everything again; the tree's id.

        Somebody may prune in between, so a look that fails hands over once more; if that does not
        help, an object is gone that the repository had when git looked for it.
        """
        git, there = self._git, False
        for _ in range(_HAND_OVERS):
            loose = quarantine.publish()
            self._progress("stored")
            order = ("update-ref", "--no-deref", checkpoint.ref, checkpoint.commit, git.zero)
            if not there:
                there = git.ask(order, config=_NO_LOG) is not None
            self._progress("recorded")
            tree = _verified(git, checkpoint, {*loose, *sent}) if there else None
            if tree:
                return tree
        if there:
            git.run(("update-ref", "--no-deref", "-d", checkpoint.ref, checkpoint.commit))
        raise _ObjectsPrunedError(
            f"no checkpoint was taken of {git.work_tree}: objects of its repository are missing; "
            "`git fsck` tells which"
        )


def _verified(git: Git, checkpoint: Checkpoint, objects: set[str]) -> str | None:
    """The checkpoint's tree, if ref, commits, trees and all new objects can be found."""
    ref = checkpoint.ref
    last = f"{ref}^{2 if checkpoint.head else 1}"
    # The staged tree is HEAD's with changes, and HEAD's may be broken.
    index = [f"{last}:index"] if checkpoint.head else []
    asked = [ref, f"{ref}^{{tree}}", f"{last}^{{tree}}", *index, *objects]
    lines = git.run(
        ("cat-file", "--batch-check=%(objectname) %(objecttype)"), input="\n".join(asked).encode()
    ).splitlines()
    found = [os.fsdecode(line).split(" ") for line in lines]
    kinds = [line[-1] for line in found]
    good = kinds[:3] == ["commit", "tree", "tree"] and "missing" not in kinds
    return found[1][0] if good and found[0][0] == checkpoint.commit else None


def _head(git: Git) -> tuple[str, str, str | None]:
    """HEAD's commit and tree, empty before the first commit, and the branch, if on one."""
    asked = ("rev-parse", "HEAD^{commit}", "HEAD^{tree}", "--symbolic-full-name", "HEAD")
    lines = git.ask(asked)
    if lines is None and git.ask(("rev-parse", "--verify", "--quiet", "HEAD")) is not None:
        raise CheckpointError(
            f"no checkpoint was taken: HEAD of {git.work_tree} cannot be read; try `git fsck`"
        )
    if lines is None:
        return "", "", git.branch()
    commit, tree, branch = lines.split("\n")
    return commit, tree, None if branch == "HEAD" else branch.removeprefix("refs/heads/")


def _refs_of(git: Git) -> str:
    return f"{NAMESPACE}/{git.worktree_id}"
