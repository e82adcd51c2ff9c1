"""Leaves messages for a session's hooks."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tui.control.channels import hook_delivery
from tui.control.hooks.private_folders import is_session_id
from tui.store.layout import make_project_state, project_state
from tui.store.state_names import MAILBOX
from tui.system.errors import RefusedError, describe_os_error
from tui.system.files import atomic_write_at, private_folder

MessageState = Literal["queued", "delivered", "unsure", "withdrawn"]
# A hook that has not reported a delivery by now was killed in between: it has 10 s to run.
_CLAIM_TIMEOUT_S = 15.0
_KEEP_S = 7 * 86_400.0
_MOST_WAITING = 50
_STAMP_DIGITS = 19
_STATES: dict[str, MessageState] = {
    hook_delivery.WAITING: "queued",
    hook_delivery.CLAIMED: "queued",
    hook_delivery.DELIVERED: "delivered",
    hook_delivery.WITHDRAWN: "withdrawn",
}


@dataclass(frozen=True)
class MailboxMessage:
    """A message and how far it came.

    `moved_at` is when it was delivered or withdrawn, `event` the hook that took it. `unsure`: a
    hook claimed it and ended before it could record the delivery; no other hook gets it.
    """

    id: str
    session: str
    text: str
    state: MessageState
    moved_at: float | None = None
    event: str = ""


class Mailbox:
    """The messages of a project: one private folder for each session. It need not exist yet."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self.folder = project_state(project) / MAILBOX

    def create(self) -> None:
        """Creates the folder, 0700; RefusedError where something else stands."""
        make_project_state(self._project)
        private_folder(self.folder)

    def send(self, session: str, text: str) -> MailboxMessage:
        """Leaves a message, whole or not at all; RefusedError says what is against it."""
        data = check_text(text).encode("utf-8")
        if not is_session_id(session):
            raise RefusedError("the session's id is not known, so no mailbox can be its own")
        self.create()
        now = time.time_ns()
        name = f"{now:0{_STAMP_DIGITS}d}-{uuid.uuid4().hex[:8]}"
        with self._folder_of(session) as folder:
            try:
                _prune(folder, now / 1e9)
                waiting = sum(file.endswith(hook_delivery.WAITING) for file in os.listdir(folder))
                if waiting >= _MOST_WAITING:
                    raise RefusedError(f"{waiting} messages wait for this session already")
                atomic_write_at(folder, name + hook_delivery.WAITING, data)
            except OSError as error:
                raise RefusedError(
                    describe_os_error(error, self.folder / session, "cannot take the message")
                ) from error
        return MailboxMessage(name, session, text, "queued")

    def read_state(self, session: str, id: str) -> MailboxMessage | None:
        """The message as it stands; None when it is gone."""
        for _ in range(3):  # it may be renamed between listing and reading
            found = next((one for one in self.messages(session) if one.id == id), None)
            if found is not None:
                return found
        return None

    def messages(self, session: str) -> list[MailboxMessage]:
        """All messages of a session that are kept, oldest first."""
        if not is_session_id(session) or not (self.folder / session).is_dir():
            return []
        with self._folder_of(session) as folder:
            read = [_read_message(folder, session, name) for name in sorted(os.listdir(folder))]
        return [message for message in read if message is not None]

    def withdraw(self, session: str, id: str) -> bool:
        """Takes a waiting message back; False when a hook was faster."""
        if not is_session_id(session) or "/" in id:
            return False
        old, new = id + hook_delivery.WAITING, id + hook_delivery.WITHDRAWN
        with self._folder_of(session) as folder:
            try:
                os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError:
                return False
        return True

    def last_hook_call(self, session: str) -> float | None:
        """When a hook of that session last called; None if none ever did."""
        if not is_session_id(session):
            return None
        try:
            return (self.folder / session / hook_delivery.CALL_MARKER).lstat().st_mtime
        except OSError:
            return None

    @contextmanager
    def _folder_of(self, session: str) -> Iterator[int]:
        try:
            folder = hook_delivery.open_mailbox(str(self.folder), session)
        except OSError as error:
            reason = error.strerror or error
            raise RefusedError(f"{self.folder / session} cannot be used: {reason}") from error
        try:
            yield folder
        finally:
            os.close(folder)


def check_text(text: str) -> str:
    """The text itself; RefusedError for one that no channel can carry as it is."""
    if not text.strip():
        raise RefusedError("there is nothing to say: the message is empty")
    if "\0" in text:
        raise RefusedError("the message holds a NUL character; take it out")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise RefusedError("the message holds a broken character; take it out") from None
    length, most = hook_delivery.utf16_length(text), hook_delivery.MOST_TEXT
    if length > most:
        raise RefusedError(
            f"the message is {length:,} characters long and {most:,} is the most; "
            "put it into a file and name that"
        )
    return text


def _read_message(folder: int, session: str, name: str) -> MailboxMessage | None:
    stem, _, ending = name.rpartition(".")
    event = ""
    if "." + ending == hook_delivery.DELIVERED:
        stem, _, event = stem.rpartition(".")
    state = _STATES.get("." + ending)
    stamp = stem.partition("-")[0]
    if state is None or len(stamp) != _STAMP_DIGITS or not stamp.isdecimal():
        return None
    text = hook_delivery.read_text(folder, name)
    if text is None:
        return None  # it was renamed between listing and reading; the next read tells
    try:
        moved = os.stat(name, dir_fd=folder, follow_symlinks=False).st_ctime
    except OSError:
        return None
    if "." + ending == hook_delivery.CLAIMED and time.time() - moved > _CLAIM_TIMEOUT_S:
        state = "unsure"
    moved_at = None if state == "queued" else moved
    return MailboxMessage(stem, session, text, state, moved_at, event)


def _prune(folder: int, now: float) -> None:
    """Removes messages that ended long ago, and what killed writers left half written."""
    for name in os.listdir(folder):
        if name.endswith(hook_delivery.WAITING) or name == hook_delivery.CALL_MARKER:
            continue
        try:
            if now - os.stat(name, dir_fd=folder, follow_symlinks=False).st_ctime > _KEEP_S:
                os.unlink(name, dir_fd=folder)
        except OSError:
            continue
