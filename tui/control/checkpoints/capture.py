"""Takes and verifies a checkpoint.

See `object_staging` for how its objects come into the repository, and `refs` for what is recorded.
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
    commit_message,
    encode_details,
    ref_safe_session,
)
from tui.control.checkpoints.stat_cache import FileTable, StatCache, git_mode, usual_permissions
from tui.control.checkpoints.work_tree import CaptureLimits, WorkTreeScan, WorkTreeState
from tui.system.clock import Clock, SystemClock
from tui.system.errors import CheckpointError, GitError, RefusedError
from tui.system.git import Git

_MOST_PUBLISHES = 3
# No reflog: it would keep retired checkpoints alive.
_NO_LOG = {"core.logAllRefUpdates": "false", "core.fsync": "default,reference"}


class _ObjectsPrunedError(CheckpointError):
    """Objects that this checkpoint builds on were pruned meanwhile."""


@dataclass(frozen=True)
class CaptureRequest:
    """What a checkpoint records of itself; `also` are ignored paths that it holds all the same."""

    label: str = ""
    session: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    kind: CheckpointKind = "checkpoint"
    also: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class CaptureResult:
    """A checkpoint together with the scan of the work tree that it holds."""

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
    request = CaptureRequest(label, session, facts or {})
    return capture(project, request, limits=limits, clock=clock, progress=progress).checkpoint


def capture(
    project: Path,
    request: CaptureRequest,
    *,
    limits: CaptureLimits | None = None,
    clock: Clock | None = None,
    progress: Callable[[str], None] | None = None,
) -> CaptureResult:
    """`take_checkpoint` for callers that need the stat data of what was captured as well."""
    limits = limits or CaptureLimits()
    at = (clock or SystemClock()).wall()
    try:
        git = Git(project)
        with checkpoint_lock(git, limits.seconds) as lock:
            task = _Capture(git, request, limits, at, lock, progress or _silent)
            try:
                return task.run(use_cache=True)
            except _ObjectsPrunedError:
                return task.run(use_cache=False)
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
    cache = StatCache.load(git)
    with WorkTreeScan(git, limits, cache.rows, cache.folders) as scan:
        state = scan.scan(lister, also)
        for _ in scan.read_contents(state):
            pass
    return state


def _silent(step: str) -> None:
    pass


class _Capture:
    """One checkpoint being taken, the lock being held."""

    def __init__(
        self,
        git: Git,
        request: CaptureRequest,
        limits: CaptureLimits,
        at: float,
        lock: int,
        progress: Callable[[str], None],
    ) -> None:
        self._git, self._request, self._limits, self._at = git, request, limits, at
        self._lock, self._progress = lock, progress

    def run(self, *, use_cache: bool) -> CaptureResult:
        # Git's listing is the slowest part: it runs while the cache is read.
        lister = PathLister(self._git)
        try:
            remove_leftovers(self._git)
            cache = StatCache.load(self._git) if use_cache else StatCache.empty()
            return self._start(cache, lister)
        finally:
            lister.cancel()

    def _start(self, cache: StatCache, lister: PathLister) -> CaptureResult:
        git = self._git
        head, head_tree, branch = _read_head(git)
        refs = git.start(("for-each-ref", "--format=%(refname) %(objectname)", _ref_prefix(git)))
        index_state = IndexState(git, head, head_tree)
        try:
            refs_now = dict(line.split(" ") for line in os.fsdecode(refs.result()).splitlines())
            if refs_now.get(cache.ref) != cache.commit:
                # Without the ref nothing keeps those objects alive, so nothing can build on them.
                cache = StatCache.empty()
            return self._write(cache, self._describe(head, branch, refs_now), index_state, lister)
        finally:
            index_state.cancel()

    def _describe(self, head: str, branch: str | None, refs: Iterable[str]) -> Checkpoint:
        git, request = self._git, self._request
        names = (ref.rpartition("/")[2] for ref in refs)
        number = max((int(name) for name in names if name.isdecimal()), default=0) + 1
        return Checkpoint(
            id=f"c{number}",
            number=number,
            at=self._at,
            label=request.label,
            session=request.session,
            kind=request.kind,
            commit="",
            ref=f"{_ref_prefix(git)}/{ref_safe_session(request.session)}/{number}",
            head=head or None,
            branch=branch,
            operation=git.operation_in_progress(),
            files=0,
            facts=request.facts,
        )

    def _write(
        self, cache: StatCache, checkpoint: Checkpoint, index_state: IndexState, lister: PathLister
    ) -> CaptureResult:
        git = self._git
        with WorkTreeScan(git, self._limits, cache.rows, cache.folders) as scan:
            state = scan.scan(lister, self._request.also)
            self._progress("listed")
            staging = ObjectStaging(git, self._lock, scan.seconds_left())
            try:
                writing = partial(self._progress, "writing")
                checkpoint, sent = write_checkpoint(
                    scan, state, cache, index_state, staging, checkpoint, writing
                )
                tree = self._record(checkpoint, sent, staging)
            finally:
                staging.close()
        self._progress("verified")
        new = StatCache(checkpoint.ref, checkpoint.commit, tree, state.rows, state.folders)
        new.save(git, state.seen_ns)
        return CaptureResult(checkpoint, state)

    def _record(self, checkpoint: Checkpoint, sent: list[str], staging: ObjectStaging) -> str:
        """Publishes the objects, creates the ref and verifies everything; returns the tree's id.

        A prune in between removes objects, so a check that fails publishes once more. If that does
        not help, the repository itself has lost an object since git listed it.
        """
        git, has_ref = self._git, False
        for _ in range(_MOST_PUBLISHES):
            loose = staging.publish()
            self._progress("stored")
            # --no-deref: an agent could have made this ref a symbolic one to a branch.
            order = ("update-ref", "--no-deref", checkpoint.ref, checkpoint.commit, git.zero)
            if not has_ref:
                has_ref = git.read_line(order, config=_NO_LOG) is not None
            self._progress("recorded")
            tree = _verify(git, checkpoint, {*loose, *sent}) if has_ref else None
            if tree:
                return tree
        if has_ref:
            git.run(("update-ref", "--no-deref", "-d", checkpoint.ref, checkpoint.commit))
        raise _ObjectsPrunedError(
            f"no checkpoint was taken of {git.work_tree}: objects of its repository are missing; "
            "`git fsck` tells which"
        )


def _verify(git: Git, checkpoint: Checkpoint, objects: set[str]) -> str | None:
    """The checkpoint's tree, if ref, commits, trees and all new objects can be found."""
    ref = checkpoint.ref
    last = f"{ref}^{2 if checkpoint.head else 1}"
    # The index_state tree is HEAD's with changes, and HEAD's may be broken.
    index = [f"{last}:index"] if checkpoint.head else []
    asked = [ref, f"{ref}^{{tree}}", f"{last}^{{tree}}", *index, *objects]
    lines = git.run(
        ("cat-file", "--batch-check=%(objectname) %(objecttype)"), input="\n".join(asked).encode()
    ).splitlines()
    answers = [os.fsdecode(line).split(" ") for line in lines]
    kinds = [answer[-1] for answer in answers]
    is_complete = kinds[:3] == ["commit", "tree", "tree"] and "missing" not in kinds
    return answers[1][0] if is_complete and answers[0][0] == checkpoint.commit else None


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


def write_checkpoint(
    scan: WorkTreeScan,
    state: WorkTreeState,
    cache: StatCache,
    index_state: IndexState,
    staging: ObjectStaging,
    checkpoint: Checkpoint,
    writing: Callable[[], None],
) -> tuple[Checkpoint, list[str]]:
    """Sends all that `cache` does not hold yet; `writing` is called once the first bytes are sent.

    Returns the checkpoint with its commit, and the ids of the blobs sent.
    """
    fresh, sent = _send_blobs(scan, state, cache.rows, staging, writing)
    record = _build_details(state)
    checkpoint = replace(
        checkpoint,
        files=len(state.rows),
        not_captured=record.not_captured,
        not_captured_count=len(record.not_captured),
    )
    mark = staging.begin_commit(checkpoint.at, "overnight staged state and details")
    index_state.write(staging, state.unmerged, scan.seconds_left)
    staging.put_text(encode_details(record), b"details.json")
    staging.begin_branch()
    parents = (checkpoint.head, f":{mark}") if checkpoint.head else (f":{mark}",)
    text = commit_message(checkpoint, str(scan.git.work_tree))
    staging.begin_commit(checkpoint.at, text, parents)
    _send_tree(state.rows, cache, fresh, staging)
    return replace(checkpoint, commit=staging.finish(scan.seconds_left())), sent


def _send_blobs(
    scan: WorkTreeScan,
    state: WorkTreeState,
    before: FileTable,
    staging: ObjectStaging,
    writing: Callable[[], None],
) -> tuple[list[bytes], list[str]]:
    """Reads what is unread and sends what is new; returns the paths read and the ids of blobs sent."""
    fresh: list[bytes] = []
    sent: list[str] = []
    index = before.index()
    for number, data in scan.read_contents(state):
        blob = state.rows.blobs[number]
        path = state.rows.paths[number]
        fresh.append(path)
        old = index.get(path)
        if old is None or before.blobs[old] != blob:
            staging.add_blob(data)
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
    rows: FileTable, cache: StatCache, fresh: list[bytes], staging: ObjectStaging
) -> None:
    """Sends what differs from the cached tree; everything, if there is none."""
    changed: Iterable[bytes] = rows.paths
    if cache.tree:
        staging.put_tree(cache.tree)
        if rows.paths != cache.rows.paths:
            for path in cache.rows.index().keys() - rows.index().keys():
                staging.remove(path)
        changed = fresh
    index = rows.index()
    for path in changed:
        number = index.get(path)
        if number is not None:
            staging.put(git_mode(rows.modes[number]), rows.blobs[number].hex(), path)
