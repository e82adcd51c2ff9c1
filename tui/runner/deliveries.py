"""Messages to the agent: written whole, once, with receipts, across restarts of either side."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path

from tui.runner import channel
from tui.runner.desk import RunContext
from tui.runner.state import OutgoingMessage
from tui.runner.turns import TurnTracker
from tui.system.files import atomic_write
from tui.system.format import shorten_line

_INTERRUPT_AFTER = 2.0
_SHORT = 60


class MessageSender:
    """The messages of `state.outgoing`, brought to the agent that reads `fifo`.

    A message keeps its uuid, so that one that was written by a supervisor that was killed before it
    could note so is written again and taken in once.
    """

    def __init__(self, desk: RunContext, turns: TurnTracker, doing: Callable[[], str] = lambda: "") -> None:
        self._desk = desk
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
        state = self._desk.state
        if any(one.id == message.id for one in state.outgoing):
            return message.id
        state.outgoing.append(message)
        self._desk.save()
        if inject:
            facts = {"text": text, "mode": mode or message.mode, "transport": "stdin"}
            facts["doing"] = self._doing()
            self._desk.journal_entry("inject", facts, id=message.id)
            self._receipt(message, "queued", "")
        return message.id

    def withdraw(self, name: str) -> str:
        """Takes a message back that the agent has not taken in; empty, or why that cannot be."""
        for message in self._desk.state.outgoing:
            if message.id == name or (name and message.id.startswith(name)):
                if message.step == "waiting":
                    self._drop(message, "withdrawn", "")
                    return ""
                if message.step == "delivered":
                    return "the agent has taken it in already"
                message.withdrawn = True
                request = channel.control_line(
                    f"withdraw-{message.id}", "cancel_async_message", message_uuid=message.id
                )
                return "" if self._write(request) == "sent" else "the agent does not listen"
        return "no such message waits"

    # --- every round ---

    @property
    def waiting(self) -> bool:
        """Whether a message has not been taken in yet."""
        return any(one.step != "delivered" for one in self._desk.state.outgoing)

    def deliver(self) -> None:
        """Writes what can be written and follows what was."""
        for message in list(self._desk.state.outgoing):
            self._follow(message)
        for message in self._desk.state.outgoing:
            if message.step == "waiting":
                if not self._try(message):
                    return
                break

    def _try(self, message: OutgoingMessage) -> bool:
        if self.fifo is None or self._write_message(message) != "sent":
            return False
        message.step = "sent"
        # Where no turn is open there is nothing to interrupt but the message's own.
        message.interrupted = not self._turns.open
        self._sent_at[message.id] = time.monotonic()
        self._turns.message_sent()
        self._desk.save()
        return True

    def _follow(self, message: OutgoingMessage) -> None:
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
            self._desk.save()

    def _interrupt_for(self, message: OutgoingMessage) -> None:
        """A hard message: the running turn makes way once the message is in line behind it."""
        if message.step == "delivered" or message.step == "waiting":
            return
        late = time.monotonic() - self._sent_at.get(message.id, 0.0) > _INTERRUPT_AFTER
        if message.step == "queued" or late:
            message.interrupted = True
            self.control("interrupt", f"interrupt-{message.id}")
            self._desk.save()

    def control(self, subtype: str, request_id: str = "", **arguments: object) -> str:
        """Sends a control request; its id, or empty if nobody listens."""
        name = request_id or f"{subtype}-{uuid.uuid4().hex[:12]}"
        sent = self._write(channel.control_line(name, subtype, **arguments))
        return name if sent == "sent" else ""

    # --- ends ---

    def on_attempt_ended(self, resumes: bool) -> None:
        """The agent is gone: what it never took in waits for the next one, if there will be one."""
        self.fifo = None
        for message in list(self._desk.state.outgoing):
            self._follow(message)
        for message in list(self._desk.state.outgoing):
            if not message.inject:
                self._desk.state.outgoing.remove(message)
            elif message.step == "delivered":
                self._drop(message, "", "")
            elif resumes:
                message.step, message.interrupted = "waiting", False
            else:
                self._drop(message, "failed", "the session ended before it was read")
        self._desk.save()

    def _drop(self, message: OutgoingMessage, receipt: str, detail: str) -> None:
        self._desk.state.outgoing.remove(message)
        self._sent_at.pop(message.id, None)
        if receipt:
            self._receipt(message, receipt, detail)
        self._desk.save()

    def _receipt(self, message: OutgoingMessage, receipt: str, detail: str) -> None:
        if message.inject:
            facts = {"state": receipt, "detail": detail, "text": shorten_line(message.text, _SHORT)}
            if receipt == "seen":
                facts["doing"] = self._doing()
            self._desk.journal_entry("injection", facts, id=message.id)

    # --- writing ---

    def _write_message(self, message: OutgoingMessage) -> channel.Sent:
        line = channel.encode(channel.user_line(message.text, message.id))
        if len(line) > channel.LONGEST:
            try:
                line = self._by_file(message)
            except OSError:
                return "busy"
        return self._write_line(line)

    def _by_file(self, message: OutgoingMessage) -> bytes:
        """Words that no pipe holds are left in a file, and the agent is told to read it."""
        path = self._desk.folder.path / f"message-{message.id}.txt"
        atomic_write(path, message.text.encode("utf-8", "replace"))
        text = (
            f"Your message is too long for this channel. Read all of it from {path} and follow it."
        )
        return channel.encode(channel.user_line(text, message.id))

    def _write(self, record: dict[str, object]) -> channel.Sent:
        return self._write_line(channel.encode(record))

    def _write_line(self, line: bytes) -> channel.Sent:
        return "gone" if self.fifo is None else channel.send(self.fifo, line)
