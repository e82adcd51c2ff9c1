"""Messages into the agent's stdin with receipts.

A pipe takes a line of up to 4,096 bytes in one piece. A longer one is written only once the pipe is
empty and large enough for all of it, so that not even SIGKILL leaves half a line behind, which the
agent would take for the end of the world.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from tui.runner.agent.turn_tracker import TurnTracker
from tui.runner.run_context import RunContext
from tui.runner.run_state import OutgoingMessage
from tui.system.files import atomic_write
from tui.system.format import shorten_line
from tui.system.locks import try_lock_file

ATOMIC = 4096
LONGEST = 900_000
Sent = Literal["sent", "busy", "gone"]
_SET_SIZE = getattr(fcntl, "F_SETPIPE_SZ", 1031)
_GET_SIZE = getattr(fcntl, "F_GETPIPE_SZ", 1032)
_WAITING = 0x541B  # FIONREAD


def make_fifo(path: Path) -> None:
    """A FIFO that only its owner may use. Raises OSError."""
    os.mkfifo(path, 0o600)


def encode_line(record: dict[str, Any]) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(record) + b"\n"


def send_line(path: Path, line: bytes) -> Sent:
    """Writes a whole line if that is possible now.

    "busy": the reader has not caught up, try later. "gone": nobody reads there, or it is no FIFO of
    ours. `line` is at most `LONGEST` bytes. Never blocks.
    """
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return "gone"
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISFIFO(facts.st_mode) or facts.st_uid != os.getuid():
            return "gone"
        if not try_lock_file(descriptor):
            return "busy"
        if len(line) > ATOMIC and not _has_room(descriptor, len(line)):
            return "busy"
        return "sent" if os.write(descriptor, line) == len(line) else "gone"
    except BlockingIOError:
        return "busy"
    except OSError:
        return "gone"
    finally:
        os.close(descriptor)


def _has_room(descriptor: int, size: int) -> bool:
    """Whether a line of that size goes in at once; the pipe is made larger if need be."""
    waiting = bytearray(4)
    fcntl.ioctl(descriptor, _WAITING, waiting)
    if any(waiting):
        return False
    needed = size + ATOMIC
    if fcntl.fcntl(descriptor, _GET_SIZE) < needed:
        try:
            fcntl.fcntl(descriptor, _SET_SIZE, needed)
        except OSError:
            return False
    return True


def user_line(text: str, uuid: str, priority: str = "next") -> dict[str, Any]:
    """A message for the agent."""
    return {
        "type": "user",
        "message": {"role": "user", "content": text},
        "parent_tool_use_id": None,
        "session_id": "",
        "uuid": uuid,
        "priority": priority,
    }


def control_line(request_id: str, subtype: str, **arguments: object) -> dict[str, Any]:
    """A control request to the agent."""
    request = {"subtype": subtype, **arguments}
    return {"type": "control_request", "request_id": request_id, "request": request}


_INTERRUPT_AFTER = 2.0
_SHORT = 60


class MessageSender:
    """The messages of `state.outgoing`, brought to the agent that reads `fifo`.

    A message keeps its uuid, so that one that was written by a supervisor that was killed before it
    could note so is written again and taken in once.
    """

    def __init__(
        self, context: RunContext, turns: TurnTracker, doing: Callable[[], str] = lambda: ""
    ) -> None:
        self._context = context
        self._turns = turns
        self._doing = doing
        self._sent_at: dict[str, float] = {}
        self.fifo: Path | None = None

    # --- putting in ---

    def queue(
        self, text: str, *, hard: bool = False, inject: bool = False, id: str = "", mode: str = ""
    ) -> str:
        """Puts a message in line and returns its uuid; `inject` has its receipts journalled."""
        message = OutgoingMessage(id or str(uuid.uuid4()), text, "hard" if hard else "soft", inject)
        state = self._context.state
        if any(one.id == message.id for one in state.outgoing):
            return message.id
        state.outgoing.append(message)
        self._context.save()
        if inject:
            facts = {"text": text, "mode": mode or message.mode, "transport": "stdin"}
            facts["doing"] = self._doing()
            self._context.journal_entry("inject", facts, id=message.id)
            self._receipt(message, "queued", "")
        return message.id

    def withdraw(self, name: str) -> str:
        """Takes a message back that the agent has not taken in; empty, or why that cannot be."""
        for message in self._context.state.outgoing:
            if message.id == name or (name and message.id.startswith(name)):
                if message.step == "waiting":
                    self._drop(message, "withdrawn", "")
                    return ""
                if message.step == "delivered":
                    return "the agent has taken it in already"
                message.withdrawn = True
                request = control_line(
                    f"withdraw-{message.id}", "cancel_async_message", message_uuid=message.id
                )
                return "" if self._write(request) == "sent" else "the agent does not listen"
        return "no such message waits"

    # --- every round ---

    @property
    def has_waiting(self) -> bool:
        """Whether a message has not been taken in yet."""
        return any(one.step != "delivered" for one in self._context.state.outgoing)

    def deliver(self) -> None:
        """Writes what can be written and follows what was."""
        for message in list(self._context.state.outgoing):
            self._follow_receipts(message)
        for message in self._context.state.outgoing:
            if message.step == "waiting":
                if not self._send(message):
                    return
                break

    def _send(self, message: OutgoingMessage) -> bool:
        if self.fifo is None or self._write_message(message) != "sent":
            return False
        message.step = "sent"
        # Where no turn is open there is nothing to interrupt but the message's own.
        message.interrupted = not self._turns.open
        self._sent_at[message.id] = time.monotonic()
        self._turns.message_sent()
        self._context.save()
        return True

    def _follow_receipts(self, message: OutgoingMessage) -> None:
        turns, name = self._turns, message.id
        before = message.step
        if name in turns.cancelled:
            self._drop(message, "withdrawn" if message.withdrawn else "failed", "cancelled")
            return
        if name in turns.taken and message.step != "delivered":
            message.step = "delivered"
            self._receipt(message, "delivered", "")
        elif name in turns.queued and message.step in ("waiting", "sent"):
            message.step = "queued"
        if message.step == "delivered" and (name in turns.answered or name in turns.over):
            self._drop(message, "seen", "")
            return
        if message.mode == "hard" and not message.interrupted:
            self._interrupt_for(message)
        if message.step != before:
            self._context.save()

    def _interrupt_for(self, message: OutgoingMessage) -> None:
        """A hard message: the running turn makes way once the message is in line behind it."""
        if message.step == "delivered" or message.step == "waiting":
            return
        late = time.monotonic() - self._sent_at.get(message.id, 0.0) > _INTERRUPT_AFTER
        if message.step == "queued" or late:
            message.interrupted = True
            self.control("interrupt", f"interrupt-{message.id}")
            self._context.save()

    def control(self, subtype: str, request_id: str = "", **arguments: object) -> str:
        """Sends a control request; its id, or empty if nobody listens."""
        name = request_id or f"{subtype}-{uuid.uuid4().hex[:12]}"
        sent = self._write(control_line(name, subtype, **arguments))
        return name if sent == "sent" else ""

    # --- ends ---

    def on_attempt_ended(self, resumes: bool) -> None:
        """The agent is gone: what it never took in waits for the next one, if there will be one."""
        self.fifo = None
        for message in list(self._context.state.outgoing):
            self._follow_receipts(message)
        for message in list(self._context.state.outgoing):
            if not message.inject:
                self._context.state.outgoing.remove(message)
            elif message.step == "delivered":
                self._drop(message, "", "")
            elif resumes:
                message.step, message.interrupted = "waiting", False
            else:
                self._drop(message, "failed", "the session ended before it was read")
        self._context.save()

    def _drop(self, message: OutgoingMessage, receipt: str, detail: str) -> None:
        self._context.state.outgoing.remove(message)
        self._sent_at.pop(message.id, None)
        if receipt:
            self._receipt(message, receipt, detail)
        self._context.save()

    def _receipt(self, message: OutgoingMessage, receipt: str, detail: str) -> None:
        if message.inject:
            facts = {"state": receipt, "detail": detail, "text": shorten_line(message.text, _SHORT)}
            if receipt == "seen":
                facts["doing"] = self._doing()
            self._context.journal_entry("injection", facts, id=message.id)

    # --- writing ---

    def _write_message(self, message: OutgoingMessage) -> Sent:
        line = encode_line(user_line(message.text, message.id))
        if len(line) > LONGEST:
            try:
                line = self._line_to_file(message)
            except OSError:
                return "busy"
        return self._write_line(line)

    def _line_to_file(self, message: OutgoingMessage) -> bytes:
        """Words that no pipe holds are left in a file, and the agent is told to read it."""
        path = self._context.folder.path / f"message-{message.id}.txt"
        atomic_write(path, message.text.encode("utf-8", "replace"))
        text = (
            f"Your message is too long for this channel. Read all of it from {path} and follow it."
        )
        return encode_line(user_line(text, message.id))

    def _write(self, record: dict[str, object]) -> Sent:
        return self._write_line(encode_line(record))

    def _write_line(self, line: bytes) -> Sent:
        return "gone" if self.fifo is None else send_line(self.fifo, line)
