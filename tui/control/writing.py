"""From a look at the work tree to the commit that holds it, inside the quarantine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from tui.control.checkpoint_refs import Checkpoint, CheckpointDetails, details_text, message
from tui.control.memory import StatCache
from tui.control.quarantine import ObjectStaging
from tui.control.seen import FileTable, git_mode, permissions
from tui.control.staged import IndexState
from tui.control.work_tree import WorkTreeScan, WorkTreeState


def write(
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
    record = _details(state)
    checkpoint = replace(
        checkpoint,
        files=len(state.rows),
        not_captured=record.not_captured,
        not_captured_count=len(record.not_captured),
    )
    mark = quarantine.commit(checkpoint.at, "overnight staged state and details")
    staged.write(quarantine, state.unmerged, survey.seconds_left)
    quarantine.put_text(details_text(record), b"details.json")
    quarantine.new_branch()
    parents = (checkpoint.head, f":{mark}") if checkpoint.head else (f":{mark}",)
    text = message(checkpoint, str(survey.git.work_tree))
    quarantine.commit(checkpoint.at, text, parents)
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
    for number, data in survey.contents(state):
        blob = state.rows.blobs[number]
        path = state.rows.paths[number]
        fresh.append(path)
        old = index.get(path)
        if old is None or before.blobs[old] != blob:
            quarantine.blob(data)
            sent.append(blob.hex())
            if len(sent) == 1:
                writing()
    return fresh, sent


def _details(state: WorkTreeState) -> CheckpointDetails:
    usual, unusual = permissions(state.rows)
    return CheckpointDetails(tuple(state.not_captured()), usual, unusual, frozenset(state.folders.empty))


def _send_tree(rows: FileTable, memory: StatCache, fresh: list[bytes], quarantine: ObjectStaging) -> None:
    """What differs from the remembered tree; everything, if there is none."""
    changed: Iterable[bytes] = rows.paths
    if memory.tree:
        quarantine.tree(memory.tree)
        if rows.paths != memory.rows.paths:
            for path in memory.rows.index().keys() - rows.index().keys():
                quarantine.remove(path)
        changed = fresh
    index = rows.index()
    for path in changed:
        number = index.get(path)
        if number is not None:
            quarantine.put(git_mode(rows.modes[number]), rows.blobs[number].hex(), path)
