"""Messages to the agent's stdin, and their receipts.

A pipe takes a line of up to 4,096 bytes in one piece. A longer one is written only once the pipe is
empty and large enough for all of it. So not even SIGKILL leaves half a line behind, at which the agent
would end.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from tui.model.journal import Requester
from tui.runner.agent.abilities import learn
from tui.runner.agent.turns import WITHDRAW, TurnTracker
from tui.runner.run_context import RunContext
from tui.runner.run_state import OutgoingMessage
from tui.system.files import atomic_write
from tui.system.format import shorten_line
from tui.system.locks import try_lock_file

ATOMIC_BYTES = 4096
MAX_LINE_BYTES = 900_000
Sent = Literal["sent", "busy", "gone"]
_INTERRUPT_SECONDS = 2.0
_WITHDRAWAL_S = 5.0
_TOO_LATE = "the agent has taken it in already"
_RECEIPT_CHARS = 60
_SET_SIZE = getattr(fcntl, "F_SETPIPE_SZ", 1031)
_GET_SIZE = getattr(fcntl, "F_GETPIPE_SZ", 1032)
_FIONREAD = 0x541B


def send_line(path: Path, line: bytes) -> Sent:
    """Writes a whole line of at most `MAX_LINE_BYTES` if that is possible now. Never blocks.

    "busy": the reader has not caught up, try later. "gone": nobody reads, or it is no FIFO of ours.
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
        if len(line) > ATOMIC_BYTES and not _has_room(descriptor, len(line)):
            return "busy"
        return "sent" if os.write(descriptor, line) == len(line) else "gone"
    except BlockingIOError:
        return "busy"
    except OSError:
        return "gone"
    finally:
        os.close(descriptor)


def _has_room(descriptor: int, size: int) -> bool:
    """Whether a line of that size fits; makes the pipe larger if need be."""
    unread = bytearray(4)
    fcntl.ioctl(descriptor, _FIONREAD, unread)
    if any(unread):
        return False
    needed = size + ATOMIC_BYTES
    with suppress(OSError):
        if fcntl.fcntl(descriptor, _GET_SIZE) < needed:
            fcntl.fcntl(descriptor, _SET_SIZE, needed)
        return True
    return False


def user_line(text: str, uuid: str) -> bytes:
    """A message for the agent, as a line of its stdin."""
    record = {
        "type": "user",
        "message": {"role": "user", "content": text},
        "parent_tool_use_id": None,
        "session_id": "",
        "uuid": uuid,
        "priority": "next",
    }
    return msgspec.json.encode(record) + b"\n"


@dataclass
class MessageSender:
    """Delivers the messages of `state.outgoing` to the agent that reads `fifo`.

    A message keeps its uuid: when a supervisor is killed before it has recorded a delivery, the next
    one writes the message again, and the agent accepts it once.
    """

    _context: RunContext
    _turns: TurnTracker
    _activity_text: Callable[[], str] = lambda: ""
    _sent_at: dict[str, float] = field(default_factory=dict)
    fifo: Path | None = None

    def queue(
        self,
        text: str,
        *,
        hard: bool = False,
        inject: bool = False,
        id: str = "",
        mode: str = "",
        by: Requester = Requester.SUPERVISOR,
    ) -> str:
        """Queues a message and returns its uuid; `inject` has its receipts journalled, with who asked."""
        message = OutgoingMessage(id or str(uuid.uuid4()), text, "hard" if hard else "soft", inject)
        state = self._context.state
        # Where it waits already, a supervisor was killed before it could journal it.
        if all(one.id != message.id for one in state.outgoing):
            state.outgoing.append(message)
            self._context.save()
        if inject:
            data = {"text": text, "mode": mode or message.mode, "transport": "stdin"}
            data |= {"doing": self._activity_text(), "by": by}
            self._context.journal_entry("inject", data, id=message.id)
            self._receipt(message, "queued", "")
        return message.id

    def interrupt(self, name: str) -> bool:
        """Interrupts the open turn; False where none is open or nobody listens."""
        return self._turns.open and bool(self.control("interrupt", f"interrupt-{name}"))

    def withdraw(self, name: str) -> str:
        """Withdraws a message by its id or the beginning of it; empty, or why that is impossible."""
        ours = (one for one in self._context.state.outgoing if name and one.id.startswith(name))
        message = next(ours, None)
        if message is None:
            return "no such message waits"
        if message.step == "waiting":
            self._drop(message, "withdrawn", "")
            return ""
        if message.step == "delivered":
            return _TOO_LATE
        message.withdrawn = True
        request_id = f"{WITHDRAW}{message.id}"
        self._turns.kept.discard(message.id)
        sent = self.control("cancel_async_message", request_id, message_uuid=message.id)
        return "" if sent else "the agent does not listen"

    # --- every round ---

    @property
    def has_waiting(self) -> bool:
        """Whether the agent has yet to accept a message."""
        return any(one.step != "delivered" for one in self._context.state.outgoing)

    def deliver(self) -> None:
        """Follows what was sent, and sends the next message once the agent can take it."""
        for message in list(self._context.state.outgoing):
            self._follow_receipts(message)
        for message in self._context.state.outgoing:
            if message.step == "waiting":
                self._send(message)
                return

    def _send(self, message: OutgoingMessage) -> None:
        if self.fifo is None or not self._write(message, self.fifo):
            return
        message.step = "sent"
        # With no turn open, an interrupt would end the turn of the message itself.
        message.interrupted = not self._turns.open
        self._sent_at[message.id] = time.monotonic()
        self._turns.message_sent()
        self._context.save()

    def _write(self, message: OutgoingMessage, fifo: Path) -> bool:
        line = user_line(message.text, message.id)
        if len(line) > MAX_LINE_BYTES:
            path = self._context.folder.path / f"message-{message.id}.txt"
            try:
                atomic_write(path, message.text.encode("utf-8", "replace"))
            except OSError:
                return False
            text = "Your message is too long for this channel. Read all of it from"
            line = user_line(f"{text} {path} and follow it.", message.id)
        return send_line(fifo, line) == "sent"

    # complexity: each receipt leads to the next one
    def _follow_receipts(self, message: OutgoingMessage) -> None:
        turns, name = self._turns, message.id
        before = message.step
        if name in turns.cancelled:
            self._drop(message, "withdrawn" if message.withdrawn else "failed", "cancelled")
            return
        if name in turns.taken and message.step != "delivered":
            message.step = "delivered"
            self._receipt(message, "delivered", "")
            if message.withdrawn and not message.inject:
                self.interrupt(name)  # a person's interrupt was meant for this one as well
        elif name in turns.queued and message.step in ("waiting", "sent"):
            message.step = "queued"
        if message.step == "delivered" and (name in turns.answered or name in turns.over):
            self._drop(message, "seen", "")
            return
        interrupts = message.mode == "hard" and not message.interrupted
        if interrupts and message.step in ("sent", "queued"):
            # The running turn is interrupted once the message is queued behind it.
            late = time.monotonic() - self._sent_at.get(name, 0.0) > _INTERRUPT_SECONDS
            if message.step == "queued" or late:
                message.interrupted = True
                self.control("interrupt", f"interrupt-{name}")
                self._context.save()
        if message.step != before:
            self._context.save()

    def control(self, subtype: str, request_id: str = "", **arguments: object) -> str:
        """Sends a control request; its id, or empty where nobody reads it."""
        name = request_id or f"{subtype}-{uuid.uuid4().hex[:12]}"
        request = {"subtype": subtype, **arguments}
        record = {"type": "control_request", "request_id": name, "request": request}
        line = msgspec.json.encode(record) + b"\n"
        if not self.fifo or send_line(self.fifo, line) != "sent":
            return ""
        if subtype == "interrupt":
            # Kept, as versions 2.0.x do not say of a turn's end that it was this.
            self._context.state.interrupted_turn = self._turns.turns + 1
            self._context.save()
        return name

    # --- ends ---

    def on_attempt_ended(self, resumes: bool) -> None:
        """Keeps what the agent never accepted for the next one, if there will be one."""
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
            text = shorten_line(message.text, _RECEIPT_CHARS)
            facts = {"state": receipt, "detail": detail, "text": text}
            if receipt == "seen":
                facts["doing"] = self._activity_text()
            self._context.journal_entry("injection", facts, id=message.id)


@dataclass
class Withdrawals:
    """Asks the agent to give messages back, and answers the requests for it."""

    _context: RunContext
    _messages: MessageSender
    _turns: Callable[[], TurnTracker]
    # By the id of the request: the message, and how long the CLI may take to answer.
    _open: dict[str, tuple[str, float]] = field(default_factory=dict)

    def begin(self, request: str, name: str) -> str | None:
        """The answer where it is clear at once; ValueError says why it cannot be. `follow` gives later ones."""
        outgoing = self._context.state.outgoing
        message = next((one for one in outgoing if name and one.id.startswith(name)), None)
        reason = self._context.state.abilities.no_withdrawal
        if message is not None and message.step != "waiting" and reason:
            raise ValueError(reason)
        if refusal := self._messages.withdraw(name):
            raise ValueError(refusal)
        if message is None or message not in outgoing:
            return "taken back"
        self._open[request] = (message.id, time.monotonic() + _WITHDRAWAL_S)
        return None

    def follow(self, answer: Callable[[str, bool, str], None]) -> None:
        """Answers what has become clear since the last call."""
        for request, (name, until) in list(self._open.items()):
            found = self._outcome(name, until)
            if found is not None:
                del self._open[request]
                answer(request, *found)

    def _outcome(self, name: str, until: float) -> tuple[bool, str] | None:
        turns = self._turns()
        if name in turns.cancelled:
            return True, "taken back"
        message = next((one for one in self._context.state.outgoing if one.id == name), None)
        if message is None or message.step == "delivered" or name in turns.kept:
            return False, _TOO_LATE
        if time.monotonic() < until:
            return None
        message.withdrawn = False
        return False, learn(self._context, withdraws=False).no_withdrawal
