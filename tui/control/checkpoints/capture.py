"""Takes and verifies a checkpoint.

`take` makes one; `checkpoints`, `find` and `retire` look after them. See `quarantine` for how its
objects come into the repository and `checkpoint_refs` for what is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from tui.control.checkpoints.git_objects import IndexState
from tui.control.checkpoints.object_staging import ObjectStaging, checkpoint_lock, remove_leftovers
from tui.control.checkpoints.path_listing import PathLister
from tui.control.checkpoints.refs import (
    NAMESPACE,
    Checkpoint,
    CheckpointDetails,
    CheckpointKind,
    encode_details,
    commit_message,
    ref_safe_session,
)
from tui.control.checkpoints.stat_cache import FileTable, StatCache, git_mode, usual_permissions
from tui.control.checkpoints.work_tree import CaptureLimits, WorkTreeScan, WorkTreeState
from tui.system.clock import Clock, SystemClock
from tui.system.errors import CheckpointError, GitError, RefusedError
from tui.system.git import Git


def write_checkpoint(
    survey: WorkTreeScan,
    state: WorkTreeState,
    memory: StatCache,
    staged: IndexState,
    quarantine: ObjectStaging,
    checkpoint: Checkpoint,
    writing: Callable[[], None],
) -> tuple[Checkpoint, list[str]]:
    """Sends all that `memory` does not hold yet; `writing` is called when the bytes are under way.

    Returns the checkpoint with its commit, and the ids of the blobs sent.
    """
    fresh, sent = _send_blobs(survey, state, memory.rows, quarantine, writing)
    record = _build_details(state)
    checkpoint = replace(
        checkpoint,
        files=len(state.rows),
        not_captured=record.not_captured,
        not_captured_count=len(record.not_captured),
    )
    mark = quarantine.begin_commit(checkpoint.at, "overnight staged state and details")
    staged.write(quarantine, state.unmerged, survey.seconds_left)
    quarantine.put_text(encode_details(record), b"details.json")
    quarantine.begin_branch()
    parents = (checkpoint.head, f":{mark}") if checkpoint.head else (f":{mark}",)
    text = commit_message(checkpoint, str(survey.git.work_tree))
    quarantine.begin_commit(checkpoint.at, text, parents)
    _send_tree(state.rows, memory, fresh, quarantine)
    return replace(checkpoint, commit=quarantine.finish(survey.seconds_left())), sent


def _send_blobs(
    survey: WorkTreeScan,
    state: WorkTreeState,
    before: FileTable,
    quarantine: ObjectStaging,
    writing: Callable[[], None],
) -> tuple[list[bytes], list[str]]:
    """Reads what is unread and sends what is new; the paths read, and the ids of the blobs sent."""
    fresh: list[bytes] = []
    sent: list[str] = []
    index = before.index()
    for number, data in survey.read_contents(state):
        blob = state.rows.blobs[number]
        path = state.rows.paths[number]
        fresh.append(path)
        old = index.get(path)
        if old is None or before.blobs[old] != blob:
            quarantine.add_blob(data)
            sent.append(blob.hex())
            if len(sent) == 1:
                writing()
    return fresh, sent


def _build_details(state: WorkTreeState) -> CheckpointDetails:
    usual, unusual = usual_permissions(state.rows)
    return CheckpointDetails(
        tuple(state.not_captured()), usual, unusual, frozenset(state.folders.empty)
    )


def _send_tree(
    rows: FileTable, memory: StatCache, fresh: list[bytes], quarantine: ObjectStaging
) -> None:
    """What differs from the remembered tree; everything, if there is none."""
    changed: Iterable[bytes] = rows.paths
    if memory.tree:
        quarantine.put_tree(memory.tree)
        if rows.paths != memory.rows.paths:
            for path in memory.rows.index().keys() - rows.index().keys():
                quarantine.remove(path)
        changed = fresh
    index = rows.index()
    for path in changed:
        number = index.get(path)
        if number is not None:
            quarantine.put(git_mode(rows.modes[number]), rows.blobs[number].hex(), path)


_MOST_PUBLISHES = 3
_NO_LOG = {"core.logAllRefUpdates": "false", "core.fsync": "default,reference"}


class _ObjectsPrunedError(CheckpointError):
    """Somebody collected objects that this checkpoint counted on."""


@dataclass(frozen=True)
class CaptureRequest:
    """What a checkpoint is to say of itself; `also` are ignored paths it is to hold all the same."""

    label: str = ""
    session: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    kind: CheckpointKind = "checkpoint"
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


def scan_work_tree(
    project: Path, limits: CaptureLimits, also: Collection[bytes] = ()
) -> WorkTreeState:
    """The work tree as it is now, every blob id known, nothing written anywhere."""
    git = Git(project)
    lister = PathLister(git)
    memory = StatCache.load(git)
    with WorkTreeScan(git, limits, memory.rows, memory.folders) as looking:
        state = looking.scan(lister, also)
        for _ in looking.read_contents(state):
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
            memory = StatCache.load(self._git) if remembering else StatCache.empty()
            return self._start(memory, lister)
        finally:
            lister.cancel()

    def _start(self, memory: StatCache, lister: PathLister) -> CaptureResult:
        git = self._git
        head, head_tree, branch = _read_head(git)
        refs = git.start(("for-each-ref", "--format=%(refname) %(objectname)", _ref_prefix(git)))
        staged = IndexState(git, head, head_tree)
        try:
            known = dict(line.split(" ") for line in os.fsdecode(refs.result()).splitlines())
            if known.get(memory.ref) != memory.commit:
                # Without the ref nothing keeps those objects alive, so nothing can build on them.
                memory = StatCache.empty()
            return self._write(memory, self._describe(head, branch, known), staged, lister)
        finally:
            staged.cancel()

    def _describe(self, head: str, branch: str | None, refs: Iterable[str]) -> Checkpoint:
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
            ref=f"{_ref_prefix(git)}/{ref_safe_session(wish.session)}/{number}",
            head=head or None,
            branch=branch,
            operation=git.operation_in_progress(),
            files=0,
            facts=wish.facts,
        )

    def _write(
        self, memory: StatCache, checkpoint: Checkpoint, staged: IndexState, lister: PathLister
    ) -> CaptureResult:
        git = self._git
        with WorkTreeScan(git, self._limits, memory.rows, memory.folders) as survey:
            state = survey.scan(lister, self._wish.also)
            self._progress("listed")
            quarantine = ObjectStaging(git, self._lock, survey.seconds_left())
            try:
                writing = partial(self._progress, "writing")
                checkpoint, sent = write_checkpoint(
                    survey, state, memory, staged, quarantine, checkpoint, writing
                )
                tree = self._record(checkpoint, sent, quarantine)
            finally:
                quarantine.close()
        self._progress("verified")
        new = StatCache(checkpoint.ref, checkpoint.commit, tree, state.rows, state.folders)
        new.save(git, state.seen_ns)
        return CaptureResult(checkpoint, state)

    def _record(self, checkpoint: Checkpoint, sent: list[str], quarantine: ObjectStaging) -> str:
        """Hands the objects over, creates the ref and finds everything again; the tree's id.

        Somebody may prune in between, so a look that fails hands over once more; if that does not
        help, an object is gone that the repository had when git looked for it.
        """
        git, there = self._git, False
        for _ in range(_MOST_PUBLISHES):
            loose = quarantine.publish()
            self._progress("stored")
            order = ("update-ref", "--no-deref", checkpoint.ref, checkpoint.commit, git.zero)
            if not there:
                there = git.read_line(order, config=_NO_LOG) is not None
            self._progress("recorded")
            tree = _verify(git, checkpoint, {*loose, *sent}) if there else None
            if tree:
                return tree
        if there:
            git.run(("update-ref", "--no-deref", "-d", checkpoint.ref, checkpoint.commit))
        raise _ObjectsPrunedError(
            f"no checkpoint was taken of {git.work_tree}: objects of its repository are missing; "
            "`git fsck` tells which"
        )


def _verify(git: Git, checkpoint: Checkpoint, objects: set[str]) -> str | None:
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


def _read_head(git: Git) -> tuple[str, str, str | None]:
    """HEAD's commit and tree, empty before the first commit, and the branch, if on one."""
    asked = ("rev-parse", "HEAD^{commit}", "HEAD^{tree}", "--symbolic-full-name", "HEAD")
    lines = git.read_line(asked)
    if lines is None and git.read_line(("rev-parse", "--verify", "--quiet", "HEAD")) is not None:
        raise CheckpointError(
            f"no checkpoint was taken: HEAD of {git.work_tree} cannot be read; try `git fsck`"
        )
    if lines is None:
        return "", "", git.branch()
    commit, tree, branch = lines.split("\n")
    return commit, tree, None if branch == "HEAD" else branch.removeprefix("refs/heads/")


def _ref_prefix(git: Git) -> str:
    return f"{NAMESPACE}/{git.worktree_id}"
