"""Folders of ours that a hook call may open: whoever calls a hook may name any folder.

A hook is called after each tool, so this imports next to nothing.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from tui.store.state_names import MAILBOX, PROJECTS, RUNS
from tui.system import paths

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_session_id(word: str) -> bool:
    """Whether a word can be a session's id, and so the name of a folder."""
    plain = word.replace("-", "").replace("_", "")
    return 8 <= len(word) <= 128 and plain.isascii() and plain.isalnum() and word[0] not in "-_"


def open_project_state(mailbox: str) -> int:
    """A descriptor of the state folder of the project whose mailbox that is.

    PermissionError for a folder that is no mailbox below our state folder.
    """
    state = os.path.realpath(paths.state_dir_text())
    parts = os.path.relpath(os.path.realpath(mailbox), state).split("/")
    if len(parts) != 3 or (parts[0], parts[2]) != (PROJECTS, MAILBOX) or parts[1][0] == ".":
        raise PermissionError(f"{mailbox!r} is no mailbox below {state!r}")
    return open_private(state, *parts[:2])


def open_run(folder: str) -> int:
    """A descriptor of a run's folder; PermissionError for one that is none below our state folder."""
    state = os.path.realpath(paths.state_dir_text())
    parts = os.path.relpath(os.path.realpath(folder), state).split("/")
    if len(parts) != 4 or (parts[0], parts[2]) != (PROJECTS, RUNS):
        raise PermissionError(f"{folder!r} is no run below {state!r}")
    return open_private(state, *parts)


def open_private(top: str, *names: str) -> int:
    """A descriptor of a folder; no link is followed below `top`, and each folder is ours alone."""
    folder = os.open(top, _FOLDER)
    try:
        check_private(folder, top)
    except OSError:
        os.close(folder)
        raise
    for name in names:
        folder = _open_and_close(folder, name)
    return folder


def _open_and_close(folder: int, name: str) -> int:
    try:
        return open_below(folder, name)
    finally:
        os.close(folder)


def open_below(folder: int, name: str) -> int:
    """A descriptor of a folder in an open one, ours alone; no link is followed."""
    below = os.open(name, _FOLDER, dir_fd=folder)
    try:
        check_private(below, name)
    except OSError:
        os.close(below)
        raise
    return below


def make_below(folder: int, name: str) -> int:
    """The same, made if it is missing."""
    try:
        os.mkdir(name, 0o700, dir_fd=folder)
        os.chmod(name, 0o700, dir_fd=folder)  # whatever the umask is
    except FileExistsError:
        pass
    return open_below(folder, name)


def check_private(folder: int, name: str) -> None:
    """PermissionError unless the open folder is ours alone."""
    facts = os.fstat(folder)
    if facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
        raise PermissionError(f"{name!r} is not ours alone")


def is_own_file(facts: os.stat_result) -> bool:
    """Whether that is a regular file of this user that has no other name."""
    return stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid() and facts.st_nlink == 1
