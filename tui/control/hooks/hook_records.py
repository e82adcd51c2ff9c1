"""What a hook call did, as an entry of the session's journal, where everybody reads it.

A session of a run of ours has the run's journal, any other one of its own in the state folder of its
project. Imports next to nothing until there is something to write.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Final

from tui.control.hooks import private_folders
from tui.store.state_names import JOURNAL, OPERATIONS

if TYPE_CHECKING:
    from tui.model.journal import HookEffect

RUN_VARIABLE: Final = "OVERNIGHT_RUN_DIR"
_MOST_TEXT: Final = 2_000
_MOST_JOURNAL: Final = 64 << 20
# Whoever calls a hook may name any session; beyond so many none gets a journal of its own.
_MOST_SESSIONS: Final = 1_000


def record_hook(
    mailbox_folder: str, session: str, event: str, effect: HookEffect, text: str, **data: object
) -> None:
    """Appends a `hook` entry to the journal of the session, which is made where it has none.

    `mailbox_folder` is that of its project, as the hook's command names it. Credentials in texts are
    hidden, long ones cut. Never raises: a record that cannot be written must not trouble the session.
    """
    try:
        entry: dict[str, object] = {"at": time.time(), "kind": "hook", "event": event}
        entry |= {"effect": effect, "text": _safe(text), "session": session}
        for key, value in data.items():
            entry[key] = _safe(value) if isinstance(value, str) and value else value
        append_to_journal(mailbox_folder, session, [entry], make=True)
    except (OSError, TypeError, ValueError):
        return


def _safe(text: str) -> str:
    from tui.system.credentials.hide import hide_credentials
    from tui.system.format import clip_text

    text = text[: 4 * _MOST_TEXT].encode("utf-8", "replace").decode()
    return clip_text(hide_credentials(text), _MOST_TEXT)


def append_to_journal(
    mailbox_folder: str, session: str, entries: list[dict[str, object]], *, make: bool
) -> None:
    """Appends entries as one piece, so that other writers' lines stay whole; raises OSError.

    With `make` the journal is that of the run which the environment names, or is made if it is missing.
    """
    from tui.system.files import append_to  # most calls write nothing

    name, folder = _journal_of(mailbox_folder, session, make)
    try:
        journal = _open(folder, name, make)
    finally:
        os.close(folder)
    try:
        facts = os.fstat(journal)
        if private_folders.is_own_file(facts) and facts.st_size < _MOST_JOURNAL:
            lines = "".join(json.dumps(entry) + "\n" for entry in entries)
            append_to(journal, lines.encode(), name)
    finally:
        os.close(journal)


def _journal_of(mailbox: str, session: str, make: bool) -> tuple[str, int]:
    """The journal's name, and a descriptor of its folder."""
    run = os.environ.get(RUN_VARIABLE, "")
    if make and run:
        try:
            return JOURNAL, private_folders.open_run(run)
        except OSError:
            pass  # it names no run of this state folder
    if not private_folders.is_session_id(session):
        raise PermissionError(f"{session!r} is no session's id")
    state = private_folders.open_project_state(mailbox)
    try:
        open_folder = private_folders.make_below if make else private_folders.open_below
        folder = open_folder(state, OPERATIONS)
    finally:
        os.close(state)
    return f"{session}.{JOURNAL}", folder


def _open(folder: int, name: str, make: bool) -> int:
    from tui.system.files import open_to_append

    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        if not make or len(os.listdir(folder)) >= _MOST_SESSIONS:
            raise
    return open_to_append(name, folder=folder)
