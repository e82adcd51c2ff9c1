"""A web service that behaves as badly as asked, and an outbox with a sender whose clock is turned by hand."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tui.runner.notify.channels import NotifyChannel
from tui.runner.notify.outbox import NotifyEvent, Outbox, SenderOrder, new_event
from tui.runner.notify.sender import NotifySender
from tui.settings.settings import Settings
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory
from tui.store.runs import RunFacts, create_run

DEADLINE = 20.0
START = 1_800_000_000.0


def until(what: Callable[[], Any], about: str = "", seconds: float = DEADLINE) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds:g} s: {about or what}")


@dataclass
class Reply:
    """What the service does with a request; `trick` is one of its bad habits."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    trick: str = ""


@dataclass
class Taken:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Service:
    """A local web service: it answers with `replies` in turn, the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies) or [Reply()]
        self.taken: list[Taken] = []
        self.released = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                headers = {key.lower(): text for key, text in self.headers.items()}
                service.taken.append(Taken(self.path, headers, body))
                number = min(len(service.taken), len(service.replies)) - 1
                service.answer(self, service.replies[number])

            def log_message(self, format: str, *args: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request: Any, client_address: Any) -> None:
                return

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def answer(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        if reply.trick == "silence":
            self.released.wait(60)
            handler.close_connection = True
            return
        if reply.trick == "reset":
            handler.close_connection = True
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.wfile.write(b"HTTP/1.1 ")
            handler.wfile.flush()
            handler.connection.close()
            return
        if reply.trick == "drip":
            handler.close_connection = True
            handler.wfile.write(b"HTTP/1.1 ")
            while not self.released.wait(0.05):
                handler.wfile.write(b" ")
            return
        handler.send_response(reply.status)
        for key, text in reply.headers.items():
            handler.send_header(key, text)
        handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        if reply.status != 204:
            handler.wfile.write(reply.body)

    def url(self, path: str = "/hook/very-secret-part") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@contextmanager
def serving(*replies: Reply) -> Iterator[Service]:
    service = Service(*replies)
    try:
        yield service
    finally:
        service.close()


class Turned:
    """A wall clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Post:
    """A run's outbox and its sender."""

    def __init__(self, base: Path, *channels: NotifyChannel, **order: Any) -> None:
        facts = RunFacts("run-1", "the goal", str(base / "trading-bot"), START, ("agent",))
        self.folder = create_run(base, facts, Settings())
        self.clock = Turned()
        self.order = SenderOrder(channels, **{"total": 5.0, **order})
        self.outbox = Outbox(self.folder.path)
        self.sender = self.another()

    def another(self) -> NotifySender:
        """A sender as it starts anew after the last one was killed."""
        journal = JournalWriter(self.folder.journal, self.clock)
        self.sender = NotifySender(
            self.folder, self.order, journal, wall=self.clock, random=lambda: 0.0
        )
        return self.sender

    def leave(self, kind: str = "stall", text: str = "it is silent") -> NotifyEvent:
        names = tuple(one.name for one in self.order.channels)
        event = new_event(kind, text, names, self.clock.now)
        self.outbox.add(event)
        return event

    def work(self, seconds: float = 0.0) -> bool:
        """Time goes on, whatever is due is tried, and the attempts are waited for."""
        self.clock.now += seconds
        goes_on = self.sender.round()
        until(lambda: not self.sender._busy_channels, "the attempts to be over")
        return goes_on

    def drain(self, step: float = 30.0, most: int = 400) -> None:
        """Works until nothing is left."""
        for _ in range(most):
            if not self.work(step):
                return
        raise AssertionError("the sender finds no end")

    def state(self, event: NotifyEvent, channel: str = "hook") -> str:
        """How the event stands in its file."""
        data = (self.outbox.path / f"{event.id}.json").read_bytes()
        state: str = json.loads(data)["deliveries"][channel].get("state", "pending")
        return state

    def notified(self) -> list[dict[str, Any]]:
        return journal_of(self.folder, "notified")


def journal_of(folder: RunDirectory, kind: str) -> list[dict[str, Any]]:
    lines = folder.journal.read_bytes().splitlines()
    return [one for one in map(json.loads, lines) if one["kind"] == kind]


def hook(
    service: Service, name: str = "hook", kind: Any = "json", path: str = "/hook"
) -> NotifyChannel:
    return NotifyChannel(name, kind, service.url(path))
