"""The two ends of the pipe: whole JSON lines out, messages and control requests in.

Everything happens on one thread. Whoever waits, waits in `LineReader.wait`, which reads stdin
meanwhile, has control requests answered at once, and turns signals and interrupts into exceptions
at that point only; a line is therefore never cut by them.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any


class TurnInterrupted(Exception):
    """The person interrupted the turn; the process lives on."""


class SignalReceived(Exception):
    """A signal asks the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class SessionEnds(Exception):
    """`end_session` was received."""


def encode(record: dict[str, Any]) -> bytes:
    """One line of JSON as the real CLI writes it: compact, UTF-8, lone surrogates escaped."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def replace_file(path: Path, text: str) -> None:
    """Writes a small file in one step, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.write_text(text, "utf-8")
    draft.replace(path)


class LineWriter:
    """stdout. A reader that went away does not disturb the session."""

    def __init__(self) -> None:
        self._gone = False

    def emit(self, *records: dict[str, Any]) -> None:
        if self._gone:
            return
        try:
            write_all(1, b"".join(encode(record) for record in records))
        except OSError:
            self._gone = True


class InputMessage:
    """A user message from stdin."""

    def __init__(self, record: dict[str, Any], stamp: str) -> None:
        given = record.get("uuid")
        self.tracked = isinstance(given, str) and bool(given)
        self.uuid = str(given) if self.tracked else str(uuid.uuid4())
        self.priority = str(record.get("priority") or "next")
        body = record.get("message")
        content = body.get("content", "") if isinstance(body, dict) else ""
        if isinstance(content, list):
            parts = [block.get("text", "") for block in content if isinstance(block, dict)]
            content = "\n".join(str(part) for part in parts if part)
        self.text = content if isinstance(content, str) else ""
        self.stamp = stamp


class LineReader:
    """stdin, signals and waiting."""

    def __init__(self, descriptor: int | None) -> None:
        self.queue: list[InputMessage] = []
        self.eof = descriptor is None
        self.ends_on_eof = True
        self.busy = False
        self.on_message: Callable[[dict[str, Any]], None] = lambda record: None
        self.on_control: Callable[[dict[str, Any]], None] = lambda record: None
        self.descriptor = descriptor
        self._buffer = b""
        self._pending: list[BaseException] = []
        self._wake, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(
                number, lambda number, frame: self._pending.append(SignalReceived(number))
            )
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)

    def interrupt(self) -> None:
        """Ends the running turn at the next moment of waiting."""
        self._pending.append(TurnInterrupted())

    def end(self) -> None:
        self._pending.append(SessionEnds())

    def wait(self, seconds: float | None, until: Callable[[], bool] | None = None) -> bool:
        """Waits, reading stdin; True if `until` came true, False if the time was up first.

        Raises TurnInterrupted, SignalReceived or SessionEnds as soon as one of them is asked for.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        first = True
        while True:
            if self._pending:
                raise self._pending.pop(0)
            if until is not None and until():
                return True
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0 and not first:
                return False
            first = False
            self._select(None if left is None else max(0.0, min(left, 3600.0)))

    def clear_interrupts(self) -> None:
        """Drops interrupts that came too late for the turn they meant."""
        self._pending = [item for item in self._pending if not isinstance(item, TurnInterrupted)]

    def _select(self, seconds: float | None) -> None:
        sources = [self._wake]
        if self.descriptor is not None and not self.eof:
            sources.append(self.descriptor)
        ready, _, _ = select.select(sources, [], [], seconds)
        if self._wake in ready:
            os.read(self._wake, 4096)
        if self.descriptor is not None and self.descriptor in ready:
            self._read(self.descriptor)

    def _read(self, descriptor: int) -> None:
        data = os.read(descriptor, 1 << 16)
        if not data:
            self.eof = True
            data = b"\n" if self._buffer.strip() else b""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if line.strip():
                self._receive(line)

    def _receive(self, line: bytes) -> None:
        try:
            record = json.loads(line)
        except ValueError:
            # The real program gives up on a line that is no JSON; a torn write must be seen.
            complain(f"Error parsing streaming input line: {line[:200]!r}")
            raise SystemExit(1) from None
        kind = record.get("type") if isinstance(record, dict) else None
        if kind == "user":
            self.on_message(record)
        elif kind in ("control_request", "control_response"):
            self.on_control(record)


def complain(text: str) -> None:
    """One line on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
