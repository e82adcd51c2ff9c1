"""What our hooks remember of a session between their calls; it lies in the state folder of its project."""

from __future__ import annotations

import os
import time

import msgspec
from msgspec import Struct

from tui.control.hooks import private_folders
from tui.control.hooks.work_state import WorkState
from tui.store.state_names import HOOK_SESSIONS
from tui.system.files import atomic_write_at, regular_file

_MOST_BYTES = 1 << 20
_MOST_SESSIONS = 1_000
_KEEP_S = 30 * 86_400.0


class SessionRecord(Struct):
    """`blocks` in a row brought no task done, `same` of them nothing at all; `best_done` tasks were done.

    `answer` and `work` stand for the last message and the state of files at the last stop, `read_to` is how
    far the transcript was read and `denials` how the newest calls went ("1": refused). `begun_at` and
    `begun_work` are those of the session's start, `saved_work` is what the last history line tells of.
    `note` is what a compaction must not forget.
    """

    blocks: int = 0
    same: int = 0
    best_done: int = -1
    answer: str = ""
    work: WorkState | None = None
    read_to: int = 0
    denials: str = ""
    prompt: str = ""
    begun_at: float = 0.0
    begun_work: WorkState | None = None
    saved_work: WorkState | None = None
    note: str = ""


def load_session(mailbox: str, session: str) -> SessionRecord:
    """What is remembered of a session; an empty record where there is nothing."""
    try:
        folder = _open_folder(mailbox, make=False)
    except OSError:
        return SessionRecord()
    try:
        with regular_file(f"{session}.json", folder=folder) as (descriptor, facts):
            if not private_folders.is_own_file(facts):
                return SessionRecord()
            data = os.read(descriptor, _MOST_BYTES)
        return msgspec.json.decode(data, type=SessionRecord)
    except (OSError, msgspec.MsgspecError, ValueError):
        return SessionRecord()
    finally:
        os.close(folder)


def save_session(mailbox: str, session: str, record: SessionRecord) -> None:
    """Remembers it; raises OSError. Of a session of long ago the record goes."""
    folder = _open_folder(mailbox, make=True)
    try:
        names = os.listdir(folder)
        if f"{session}.json" not in names:
            _make_room(folder, names)
        atomic_write_at(folder, f"{session}.json", msgspec.json.encode(record))
    finally:
        os.close(folder)


def _open_folder(mailbox: str, *, make: bool) -> int:
    state = private_folders.open_project_state(mailbox)
    try:
        enter = private_folders.make_below if make else private_folders.open_below
        return enter(state, HOOK_SESSIONS)
    finally:
        os.close(state)


def _make_room(folder: int, names: list[str]) -> None:
    """Whoever calls a hook may name any session: only so many are remembered, the newest."""
    dated = sorted(
        (os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime, name) for name in names
    )
    oldest = time.time() - _KEEP_S
    for number, (at, name) in enumerate(dated):
        if at < oldest or len(dated) - number >= _MOST_SESSIONS:
            os.unlink(name, dir_fd=folder)
