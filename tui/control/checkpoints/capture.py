"""Takes and verifies a checkpoint.

See `object_staging` for how its objects come into the repository, and `refs` for what is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from tui.control.checkpoints.details import (
    NESTED_LIST,
    CheckpointDetails,
    encode_details,
    encode_nested,
    nested_blob_path,
)
from tui.control.checkpoints.git_objects import IndexState, find_objects, list_tree
from tui.control.checkpoints.object_staging import ObjectStaging, checkpoint_lock, remove_leftovers
from tui.control.checkpoints.path_listing import PathLister
from tui.control.checkpoints.refs import (
    Checkpoint,
    CheckpointKind,
    commit_message,
    parse_refs,
    start_read_refs,
)
from tui.control.checkpoints.registration import CheckpointRegistrar
from tui.control.checkpoints.stat_cache import (
    FileTable,
    StatCache,
    git_mode,
    usual_folder_modes,
    usual_permissions,
)
from tui.control.checkpoints.work_tree import CaptureLimits, WorkTreeScan, WorkTreeState
from tui.system.clock import Clock, SystemClock
from tui.system.errors import CheckpointError, GitError, RefusedError, describe_os_error
from tui.system.git import Git, NotARepositoryError

_MOST_PUBLISHES = 3


class _ObjectsPrunedError(CheckpointError):
    """Objects that this checkpoint builds on were pruned meanwhile."""


class CaptureOptions(TypedDict, total=False):
    """How a checkpoint is taken; `facts` are any JSON values worth keeping with it (last safe event,
    progress counts, test verdict), `progress` hears "listed", "writing", "stored", "recorded",
    "verified"."""

    label: str
    session: str
    facts: Mapping[str, Any] | None
    limits: CaptureLimits | None
    clock: Clock | None
    progress: Callable[[str], None]


def take_checkpoint(project: Path, **options: Unpack[CaptureOptions]) -> Checkpoint:
    """Takes a checkpoint of the work tree that holds `project`, and has verified it on return.

    Raises `CheckpointError`, or `RefusedError` where there is no repository; then there is no checkpoint.
    """
    return capture(project, **options)[0]


def capture(
    project: Path,
    *,
    label: str = "",
    session: str = "",
    facts: Mapping[str, Any] | None = None,
    kind: CheckpointKind = "checkpoint",
    also: Collection[bytes] = (),
    limits: CaptureLimits | None = None,
    clock: Clock | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> tuple[Checkpoint, WorkTreeState]:
    """`take_checkpoint` for callers that need the stat data of what was captured as well.

    `also` are ignored paths that it holds all the same.
    """
    limits = limits or CaptureLimits()
    draft = Checkpoint(
        at=(clock or SystemClock()).wall(),
        label=label,
        session=session,
        kind=kind,
        facts=facts or {},
    )
    try:
        git = Git(project)
        with checkpoint_lock(git, limits.seconds) as lock:
            task = _Capture(git, draft, also, limits, lock, progress)
            try:
                return task.run(use_cache=True)
            except _ObjectsPrunedError:
                return task.run(use_cache=False)
    except CheckpointError:
        raise
    except NotARepositoryError as error:
        raise RefusedError(f"no checkpoint was taken: {error}") from error
    except (GitError, RefusedError) as error:
        raise CheckpointError(f"no checkpoint was taken: {error}") from error
    except OSError as error:
        reason = error_text(error)
        raise CheckpointError(f"no checkpoint was taken of {project}: {reason}") from error


def error_text(error: Exception) -> str:
    """What went wrong, with the file where there is one."""
    if isinstance(error, OSError):
        return describe_os_error(error)
    return str(error)


def scan_work_tree(
    project: Path, limits: CaptureLimits, also: Collection[bytes] = ()
) -> WorkTreeState:
    """The work tree as it is now, every blob id known, nothing written anywhere."""
    git = Git(project)
    lister = PathLister(git)
    cache = StatCache.load(git)
    with WorkTreeScan(git, limits, cache) as scan:
        state = scan.scan(lister, also)
        for _ in scan.read_contents(state):
            pass
    return state


class _Capture:
    """One checkpoint being taken, the lock being held."""

    def __init__(
        self,
        git: Git,
        draft: Checkpoint,
        also: Collection[bytes],
        limits: CaptureLimits,
        lock: int,
        progress: Callable[[str], None],
    ) -> None:
        self._git, self._draft, self._also, self._limits = git, draft, also, limits
        self._lock, self._progress = lock, progress

    def run(self, *, use_cache: bool) -> tuple[Checkpoint, WorkTreeState]:
        git = self._git
        with ExitStack() as stack:
            # Git's listing is the slowest part: it runs while the cache is read.
            lister = PathLister(git)
            stack.callback(lister.cancel)
            listed = start_read_refs(git)
            stack.callback(listed.cancel)
            cache = StatCache.load(git) if use_cache else StatCache()
            head, head_tree, branch = _read_head(git)
            index_state = IndexState(git, head, head_tree)
            stack.callback(index_state.cancel)
            registrar = self._registrar = CheckpointRegistrar(git, parse_refs(listed.result()))
            remove_leftovers(git, registrar.refs)
            registrar.complete_unfinished()
            if registrar.refs.get(cache.ref) != cache.commit:
                # Without the ref nothing keeps those objects alive, so nothing can build on them.
                cache = StatCache()
            number = registrar.free_number()
            checkpoint = replace(
                self._draft,
                id=f"c{number}",
                number=number,
                ref=registrar.ref_for(self._draft.session, number),
                head=head or None,
                branch=branch,
                operation=git.operation_in_progress(),
            )
            return self._write(cache, checkpoint, index_state, lister)

    def _write(
        self, cache: StatCache, checkpoint: Checkpoint, index_state: IndexState, lister: PathLister
    ) -> tuple[Checkpoint, WorkTreeState]:
        git = self._git
        with WorkTreeScan(git, self._limits, cache) as scan:
            state = scan.scan(lister, self._also)
            self._progress("listed")
            with ObjectStaging(git, self._lock, scan.seconds_left()) as staging:
                fresh, sent = self._send_blobs(scan, state, cache, staging)
                details = _details_of(state)
                missing = details.not_captured
                checkpoint = replace(
                    checkpoint,
                    files=len(state.rows),
                    not_captured=missing,
                    not_captured_count=len(missing),
                )
                mark = staging.begin_commit(checkpoint.at, "overnight staged state and details")
                index_state.write(staging, state.unmerged, scan.seconds_left)
                staging.put_text(encode_details(details), b"details.json")
                _send_nested(details, staging)
                staging.begin_branch()
                parents = (checkpoint.head, f":{mark}") if checkpoint.head else (f":{mark}",)
                text = commit_message(checkpoint, str(git.work_tree))
                staging.begin_commit(checkpoint.at, text, parents)
                _send_tree(state.rows, cache, fresh, staging)
                checkpoint = replace(checkpoint, commit=staging.finish(scan.seconds_left()))
                tree = self._record(checkpoint, sent, staging)
        self._progress("verified")
        nested = state.nested_git.rows
        new = StatCache(checkpoint.ref, checkpoint.commit, tree, state.rows, nested, state.folders)
        new.save(git, state.seen_ns)
        return checkpoint, state

    def _send_blobs(
        self, scan: WorkTreeScan, state: WorkTreeState, before: StatCache, staging: ObjectStaging
    ) -> tuple[list[bytes], list[str]]:
        """Reads what is unread and sends what is new; the paths read and the ids of blobs sent."""
        fresh = [state.rows.paths[number] for number in state.unread]
        stored = {*before.rows.blobs_of(fresh), *before.nested.blobs}
        sent: list[str] = []
        for blob, data in scan.read_contents(state):
            if blob not in stored:
                stored.add(blob)
                staging.add_blob(data)
                sent.append(blob.hex())
                if len(sent) == 1:
                    self._progress("writing")
        return fresh, sent

    def _record(self, checkpoint: Checkpoint, sent: list[str], staging: ObjectStaging) -> str:
        """Publishes the objects, creates the ref and verifies everything; returns the tree's id.

        A prune in between removes objects, so a check that fails publishes once more. If that does
        not help, the repository itself has lost an object since git listed it.
        """
        git, registrar, has_ref = self._git, self._registrar, False
        made = staging.repository
        for number in range(_MOST_PUBLISHES):
            loose = made.publish()
            self._progress("stored")
            if not number:
                registrar.announce(checkpoint)
                self._progress("announced")
            made.pin_during_prune()
            has_ref = has_ref or registrar.create_ref(checkpoint)
            # One that began in between may have read the refs before there was this one.
            made.pin_during_prune()
            self._progress("recorded")
            tree = _verify(git, checkpoint, {*loose, *sent}) if has_ref else None
            if tree:
                registrar.confirm(checkpoint)
                made.unpin()
                return tree
        made.unpin()
        registrar.withdraw(checkpoint, has_ref=has_ref)
        raise _ObjectsPrunedError(
            f"no checkpoint was taken of {git.work_tree}: objects of its repository are missing; "
            "`git fsck` tells which"
        )


def _details_of(state: WorkTreeState) -> CheckpointDetails:
    usual, unusual = usual_permissions(state.rows)
    missing = tuple(state.not_captured())
    usual_folder, folders = usual_folder_modes(
        state.folders, [os.fsencode(item.path) for item in missing]
    )
    extras = dict(state.rows.extras)
    for path, folder in state.folders.folders.items():
        if folder.extras is not None:
            extras[path] = folder.extras
    return CheckpointDetails(
        missing,
        usual,
        unusual,
        frozenset(state.folders.empty),
        partial=frozenset(state.partial()),
        usual_folder=usual_folder,
        folders=folders,
        attributes={path: e.attributes for path, e in extras.items() if e.attributes},
        owners={path: e.owner for path, e in extras.items() if e.owner is not None},
        nested=state.nested_git.entries(),
    )


def _send_nested(details: CheckpointDetails, staging: ObjectStaging) -> None:
    """Puts the blobs of nested repositories where the checkpoint keeps them alive, by their ids."""
    if details.nested:
        staging.put_text(encode_nested(details.nested), NESTED_LIST)
        for blob in {file.blob for entry in details.nested for file in entry.files}:
            staging.put(0o100644, blob, nested_blob_path(blob))


def _verify(git: Git, checkpoint: Checkpoint, objects: set[str]) -> str | None:
    """The checkpoint's tree, if ref, commits, trees and all new objects can be found."""
    ref = checkpoint.ref
    last = f"{ref}^{2 if checkpoint.head else 1}"
    # The staged tree is HEAD's with changes, and HEAD's may be broken.
    index = [f"{last}:index"] if checkpoint.head else []
    asked = [ref, f"{ref}^{{tree}}", f"{last}^{{tree}}", *index, *objects]
    answers = find_objects(git, asked)
    if index and answers[3][-1] == "missing" and not _may_have_entry(git, last, b"index"):
        # Nothing is staged at all, and trees hold no empty ones.
        del answers[3]
    kinds = [answer[-1] for answer in answers]
    is_complete = kinds[:3] == ["commit", "tree", "tree"] and "missing" not in kinds
    return answers[1][0] if is_complete and answers[0][0] == checkpoint.commit else None


def _may_have_entry(git: Git, commit: str, name: bytes) -> bool:
    """Whether a commit's tree names this at its top; True where that cannot be read."""
    try:
        return any(path == name for path, *_ in list_tree(git, commit))
    except GitError:
        return True


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


def _send_tree(
    rows: FileTable, cache: StatCache, fresh: list[bytes], staging: ObjectStaging
) -> None:
    """Sends what differs from the cached tree; everything, if there is none."""
    index, changed = rows.index(), rows.paths
    if cache.tree:
        staging.put_tree(cache.tree)
        if rows.paths != cache.rows.paths:
            for path in cache.rows.index().keys() - index.keys():
                staging.remove(path)
        changed = fresh
    for path in changed:
        number = index.get(path)
        if number is not None:
            staging.put(git_mode(rows.modes[number]), rows.blobs[number].hex(), path)
