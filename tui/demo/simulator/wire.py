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

    def __init__(self, output_format: str) -> None:
        self._streaming = output_format == "stream-json"
        self._format = output_format
        self._gone = False
        self.last_result: dict[str, Any] | None = None
        self.lines = 0

    def emit(self, record: dict[str, Any]) -> None:
        if record.get("type") == "result":
            self.last_result = record
        if self._streaming:
            self.raw(encode(record))

    def raw(self, data: bytes) -> None:
        self.lines += data.count(b"\n")
        if self._gone:
            return
        try:
            write_all(1, data)
        except OSError:
            self._gone = True

    def finish(self) -> None:
        """Prints what `--output-format text` or `json` prints at the end."""
        result = self.last_result
        if result is None or self._streaming:
            return
        if self._format == "json":
            self.raw(encode(result))
        else:
            text = result.get("result") or "\n".join(result.get("errors", []))
            self.raw(str(text).encode("utf-8", "replace") + b"\n")


class InputMessage:
    """A user message from stdin."""

    def __init__(self, record: dict[str, Any], stamp: str) -> None:
        given = record.get("uuid")
        self.tracked = isinstance(given, str) and bool(given)
        self.uuid: str = given if isinstance(given, str) and given else str(uuid.uuid4())
        self.priority = str(record.get("priority") or "next")
        body = record.get("message")
        content = body.get("content", "") if isinstance(body, dict) else ""
        self.text = content if isinstance(content, str) else _flatten(content)
        self.stamp = stamp


def _flatten(content: Any) -> str:
    if not isinstance(content, list):
        return ""
    parts = [block.get("text", "") for block in content if isinstance(block, dict)]
    return "\n".join(str(part) for part in parts if part)


class LineReader:
    """stdin, signals and waiting."""

    def __init__(self, descriptor: int | None) -> None:
        self.queue: list[InputMessage] = []
        self.eof = descriptor is None
        self.deaf = False
        self.ends_on_request = True
        self.ends_on_eof = True
        self.ignored_signals: set[int] = set()
        self.busy = False
        self.answers: dict[str, dict[str, Any]] = {}
        self.on_message: Callable[[dict[str, Any]], None] = lambda record: None
        self.on_control: Callable[[dict[str, Any]], None] = lambda record: None
        self._descriptor = descriptor
        self._buffer = b""
        self._pending: list[BaseException] = []
        self._wake, wake_write = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake_write, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_signal)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)

    def _note_signal(self, number: int, frame: object) -> None:
        if number not in self.ignored_signals:
            self._pending.append(SignalReceived(number))

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
            self._raise_pending()
            if until is not None and until():
                return True
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0 and not first:
                return False
            first = False
            self._select(None if left is None else max(0.0, min(left, 3600.0)))

    def poll(self) -> None:
        """Takes in what has arrived, without waiting."""
        self.wait(0)

    def _raise_pending(self) -> None:
        if self._pending:
            raise self._pending.pop(0)

    def clear_interrupts(self) -> None:
        """Drops interrupts that came too late for the turn they meant."""
        self._pending = [item for item in self._pending if not isinstance(item, TurnInterrupted)]

    def _select(self, seconds: float | None) -> None:
        sources = [self._wake]
        if self._descriptor is not None and not self.eof and not self.deaf:
            sources.append(self._descriptor)
        ready, _, _ = select.select(sources, [], [], seconds)
        if self._wake in ready:
            try:
                os.read(self._wake, 4096)
            except BlockingIOError:
                pass
        if self._descriptor is not None and self._descriptor in ready:
            self._read(self._descriptor)

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
        elif kind == "control_request":
            self.on_control(record)
        elif kind == "control_response":
            answer = record.get("response")
            if isinstance(answer, dict):
                self.answers[str(answer.get("request_id"))] = answer


def complain(text: str) -> None:
    """One line on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
