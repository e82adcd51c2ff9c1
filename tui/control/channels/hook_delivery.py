"""Hands waiting messages to a hook call.

Claude Code runs this after each tool, so it imports next to nothing. A message is claimed by a
rename, which only one of several hooks can win; it counts as delivered when the answer has been
handed over. A claim that never got so far stays one: nobody can tell whether it was read.
"""

from __future__ import annotations

import json
import os
import time
from typing import Final, NamedTuple

from tui.control.hooks import private_folders
from tui.control.hooks.private_folders import is_session_id
from tui.store.state_names import MAILBOX

# Events that every version since 2.0 knows: one that it does not know makes the CLI pass over the whole file.
EVENTS: Final = ("PostToolUse", "PostToolUseFailure", "Stop")
"""The events by whose hooks messages are handed over (`control/hooks/hook_sets` installs them)."""

_ANSWERED: Final = (*EVENTS, "PostToolBatch")  # which was installed before
WAITING: Final = ".msg"
CLAIMED: Final = ".claimed"
DELIVERED: Final = ".delivered"
WITHDRAWN: Final = ".withdrawn"
CALL_MARKER: Final = "heard"
# UTF-16 units of one message; the CLI cuts a hook's answer at 10,000.
MOST_TEXT: Final = 8_000
MOST_BYTES: Final = 4 * MOST_TEXT
MOST_PAYLOAD: Final = 8 << 20
# Below the CLI's limit of 10,000, so that no message is cut in the middle.
_MOST_ANSWER: Final = 9_500
_MOST_NAMES: Final = 1_000
# Who calls may name any session; beyond so many only a message to one makes its folder.
_MOST_SESSIONS: Final = 1_000
_FRAME: Final = "The person who supervises this session says:\n\n"
# O_NONBLOCK: an agent can put a FIFO here, and opening that would wait for a writer.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ClaimedMessages(NamedTuple):
    """Messages claimed for one hook call; `answer` is empty when there is nothing to say."""

    answer: bytes
    session: str
    ids: tuple[str, ...]


NOTHING: Final = ClaimedMessages(b"", "", ())


def utf16_length(text: str) -> int:
    """The length of a text as the CLI counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def claim_messages(event: str, mailbox: str, payload: bytes, more: str = "") -> ClaimedMessages:
    """Claims what waits for the session that the payload names, unless a subagent calls.

    `more` is said behind the messages, in the same answer.
    Claims nothing for a payload or a folder that it cannot trust; raises OSError.
    """
    session, is_main = _read_speaker(payload)
    if event not in _ANSWERED or not is_session_id(session):
        return NOTHING
    folder = open_mailbox(mailbox, session, _MOST_SESSIONS)
    try:
        _mark_call(folder)
        if not is_main:
            return NOTHING
        claimed = _claim_all(folder, utf16_length(more) + 2)
    finally:
        os.close(folder)
    if not claimed:
        return NOTHING
    text = _FRAME + "\n\n".join([*(text for _, text in claimed), *filter(None, (more,))])
    return ClaimedMessages(encode_answer(event, text), session, tuple(name for name, _ in claimed))


def deliver_to_hook(event: str, mailbox: str, claimed: ClaimedMessages) -> None:
    """Notes that the claimed messages are in the CLI's hands."""
    delivered = []
    folder = open_mailbox(mailbox, claimed.session)
    try:
        for name in claimed.ids:
            new = f"{name}.{event}{DELIVERED}"
            try:
                os.rename(name + CLAIMED, new, src_dir_fd=folder, dst_dir_fd=folder)
            except FileNotFoundError:
                continue  # what is not there any more gets no receipt
            delivered.append(name)
    finally:
        os.close(folder)
    _record_delivery(event, mailbox, claimed.session, delivered)


def _record_delivery(event: str, mailbox: str, session: str, names: list[str]) -> None:
    """Records the deliveries in the session's journal, if it has one; nobody need be watching.

    The message is delivered by now, so a journal that cannot be written must not make the call fail.
    """
    detail = f"handed to the session by its {event} hook"
    entry = {"at": time.time(), "kind": "injection", "state": "delivered", "detail": detail}
    entries = [{**entry, "by": "hook", "id": name} for name in names]
    from tui.control.hooks.hook_records import append_to_journal  # most calls deliver nothing

    try:
        append_to_journal(mailbox, session, entries, make=False)
    except OSError:
        return


def open_mailbox(mailbox: str, session: str, most: int | None = None) -> int:
    """A descriptor of the session's folder, made if missing, but only among at most `most`.

    PermissionError for a folder that is no mailbox below our state folder, or not ours alone: whoever
    calls a hook may name any folder.
    """
    state = private_folders.open_project_state(mailbox)
    try:
        outer = private_folders.open_below(state, MAILBOX)
    finally:
        os.close(state)
    try:
        try:
            return private_folders.open_below(outer, session)
        except FileNotFoundError:
            if most is not None and len(os.listdir(outer)) >= most:
                raise PermissionError(f"{mailbox!r} is full") from None
        return private_folders.make_below(outer, session)
    finally:
        os.close(outer)


def read_text(folder: int, name: str) -> str | None:
    """The text of a message file of ours; None for anything else that lies there."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    except OSError:
        return None
    try:
        facts = os.fstat(descriptor)
        if not private_folders.is_own_file(facts) or facts.st_size > MOST_BYTES:
            return None
        return os.read(descriptor, MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    finally:
        os.close(descriptor)


def _read_speaker(payload: bytes) -> tuple[str, bool]:
    """The session that calls, and whether it is its main conversation, not a subagent."""
    try:
        call = json.loads(payload)
    except (ValueError, RecursionError):
        return "", False
    if not isinstance(call, dict):
        return "", False
    session = call.get("session_id")
    return session if isinstance(session, str) else "", "agent_id" not in call


def _mark_call(folder: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(CALL_MARKER, flags, 0o600, dir_fd=folder)
    try:
        os.fchmod(descriptor, 0o600)  # whatever the umask is
        os.utime(descriptor)
    finally:
        os.close(descriptor)


def _claim_all(folder: int, taken: int) -> list[tuple[str, str]]:
    """Ids and texts now claimed, oldest first, as many as fit into one answer."""
    room = _MOST_ANSWER - utf16_length(_FRAME) - taken
    claimed: list[tuple[str, str]] = []
    names = sorted(name for name in os.listdir(folder) if name.endswith(WAITING))
    for name in names[:_MOST_NAMES]:
        text = read_text(folder, name)
        if text is None or utf16_length(text) > MOST_TEXT:
            continue
        if utf16_length(text) + 2 > room:
            break  # it and all newer ones wait for the next call, so that the order is kept
        stem = name.removesuffix(WAITING)
        if not _is_message_id(stem):
            continue
        try:
            os.rename(name, stem + CLAIMED, src_dir_fd=folder, dst_dir_fd=folder)
        except FileNotFoundError:
            continue  # another hook, or its sender, was faster
        claimed.append((stem, text))
        room -= utf16_length(text) + 2
    return claimed


def _is_message_id(name: str) -> bool:
    """Whether a name is one that `Mailbox.send` gives: nanoseconds and a random word."""
    stamp, _, word = name.partition("-")
    return stamp.isascii() and stamp.isdecimal() and word.isascii() and word.isalnum()


def encode_answer(event: str, text: str) -> bytes:
    """What a hook prints so that the session reads the text; after a Stop it goes on."""
    answer: dict[str, object] = {"decision": "block", "reason": text}
    if event != "Stop":
        answer = {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}
    return json.dumps(answer).encode("ascii") + b"\n"
