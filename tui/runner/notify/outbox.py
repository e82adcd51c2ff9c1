"""The outbox of a run: its events, which of them share a message, and the process that sends them."""

from __future__ import annotations

import errno
import math
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from tui.runner.notify.channels import NotifyChannel, configured_channels, has_tmux_server
from tui.runner.notify.delivery_rules import COALESCE_SECONDS, Delivery, in_quiet_hours
from tui.runner.notify.message_text import inert_line, without_credentials
from tui.store.layout import RunDirectory
from tui.system.children import python_child
from tui.system.credentials.hide import secret_variables, spellings_of
from tui.system.errors import OvernightError
from tui.system.files import atomic_write, private_folder, read_small, sync_folder
from tui.system.locks import is_locked

if TYPE_CHECKING:
    from tui.runner.run_context import RunContext

_MAX_BYTES: Final = 1 << 16
_SUFFIX: Final = ".json"
_MAX_ORDER_BYTES: Final = 60_000  # fits a pipe, so that writing it never blocks
_SWITCHES: Final[Mapping[str, str]] = {
    "start": "enable_session_start",
    "checkpoint": "enable_checkpoints",
    "finished": "enable_completion",
    "stall": "enable_stalls",
    "limit": "enable_limits",
    "restart": "enable_restarts",
    "needs_you": "enable_needs_you",
}
_MAX_LOOSE: Final = 20


class NotifyEvent(Struct):
    """Something to notify people of. `text` is clean and free of secrets; `at` is when it was.

    `deliveries` says by channel how it stands.
    """

    id: str
    kind: str
    text: str
    at: float
    deliveries: dict[str, Delivery]

    @property
    def is_open(self) -> bool:
        return any(one.is_open for one in self.deliveries.values())


def new_event(kind: str, text: str, channels: tuple[str, ...], wall: float) -> NotifyEvent:
    """An event that was sent nowhere yet; ids sort by age."""
    name = f"{int(time.time() * 1000):013d}-{uuid.uuid4().hex[:8]}"
    return NotifyEvent(name, kind, text, wall, {channel: Delivery() for channel in channels})


class Outbox:
    """The outbox of one run. Anybody may add; only the holder of its lock changes an event."""

    def __init__(self, run: Path) -> None:
        self.path = RunDirectory(run).outbox
        self.lock = self.path / ".sender"
        self._finished: set[str] = set()

    def add(self, event: NotifyEvent) -> None:
        """Adds an event, which outlives the death of this process. Raises OSError."""
        if not self.path.exists():
            private_folder(self.path)
        atomic_write(self._file(event), msgspec.json.encode(event), sync=False)

    def save(self, event: NotifyEvent) -> None:
        """Replaces an event, so that it outlives a power cut too. Raises OSError."""
        atomic_write(self._file(event), msgspec.json.encode(event))
        sync_folder(self.path)
        if not event.is_open:
            self._finished.add(event.id + _SUFFIX)

    def read_new(self, known: dict[str, NotifyEvent]) -> list[NotifyEvent]:
        """Events that are not among `known` and not finished, oldest first."""
        try:
            names = os.listdir(self.path)
        except OSError:
            return []
        events = []
        for name in sorted(one for one in names if one.endswith(_SUFFIX) and one[0] != "."):
            if name in self._finished or name.removesuffix(_SUFFIX) in known:
                continue
            event = self._read(name)
            if event is None:
                self._finished.add(name)
            else:
                events.append(event)
        return events

    def has_open(self) -> bool:
        return any(event.is_open for event in self.read_new({}))

    def _file(self, event: NotifyEvent) -> Path:
        return self.path / (event.id + _SUFFIX)

    def _read(self, name: str) -> NotifyEvent | None:
        """The event in a file of ours; None for anything else that lies there."""
        try:
            event = msgspec.json.decode(read_small(self.path / name, _MAX_BYTES), type=NotifyEvent)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return event if event.id + _SUFFIX == name else None


class NotifyGroup(Struct):
    """Events of one kind that one message tells about."""

    kind: str
    was_tried: bool
    events: list[NotifyEvent]


def pending_groups(events: Iterable[NotifyEvent], channel: str) -> list[NotifyGroup]:
    """What waits for that channel. A message that was tried once keeps its events."""
    by_key: dict[tuple[str, str], NotifyGroup] = {}
    for event in sorted(events, key=lambda one: one.id):
        delivery = event.deliveries[channel]
        if delivery.state != "pending":
            continue
        key = (event.kind, delivery.leader)
        group = by_key.setdefault(key, NotifyGroup(event.kind, bool(delivery.leader), []))
        group.events.append(event)
    return list(by_key.values())


def due_at(group: NotifyGroup, events: Iterable[NotifyEvent], channel: str) -> float:
    """When a group may be sent: the first of its kind at once, the next a minute later."""
    if group.was_tried:
        return max(one.deliveries[channel].due for one in group.events)
    first_tries = [
        one.deliveries[channel].first
        for one in events
        if one.kind == group.kind and one.deliveries[channel].tries
    ]
    return max(first_tries) + COALESCE_SECONDS if first_tries else 0.0


def messages_begun(events: Iterable[NotifyEvent], channel: str) -> int:
    """How many messages that channel was sent."""
    return len({one.deliveries[channel].leader for one in events if one.deliveries[channel].tries})


class SenderOrder(Struct, frozen=True):
    """The order of a sender. It holds secrets, so it goes through a pipe and never to the disk.

    `total` is the time of one delivery in seconds, `most` the messages that a run may send. `loose`
    are the events that the outbox could not take.
    """

    channels: tuple[NotifyChannel, ...]
    total: float = 15.0
    private: bool = False
    most: int = 20
    loose: tuple[NotifyEvent, ...] = ()

    def __repr__(self) -> str:
        return f"Order({self.channels})"


class OutboxNotifier:
    """The notifier of a supervisor. No method raises or waits for a network."""

    def __init__(
        self,
        context: RunContext,
        channels: tuple[NotifyChannel, ...],
        environ: Mapping[str, str] = os.environ,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._context = context
        self._rules = context.settings.notifications
        self._channels = channels
        self._wall = wall
        self._outbox = Outbox(context.folder.path)
        private = set(context.settings.agent.env)
        self._environ = {key: text for key, text in environ.items() if key not in private}
        # Everything known to be secret, whatever its shape.
        rules, urls = self._rules, [one.url for one in channels if one.url]
        hooks = (rules.discord_webhook, rules.slack_webhook, *rules.urls)
        known = [one.reveal() for one in (*hooks, *context.settings.agent.env.values()) if one]
        self._secrets = spellings_of([*urls, *known, *secret_variables(environ)])
        self._children: list[subprocess.Popen[bytes]] = []
        self._loose: list[NotifyEvent] = []
        self._rang_at: dict[str, float] = {}
        self._has_warned = False

    def notify(self, event: str, text: str) -> None:
        """Has people notified, as far as the settings ask for it."""
        switch = _SWITCHES.get(event)
        if switch is not None and not getattr(self._rules, switch):
            return
        now = self._wall()
        if event != "needs_you" and in_quiet_hours(self._rules.quiet_hours, now):
            self._journal_notified(event, "", "skipped", "quiet hours")
            return
        # A supervisor has no terminal. Open screens ring when they read this in the journal.
        if self._rules.bell and now - self._rang_at.get(event, -math.inf) >= COALESCE_SECONDS:
            self._rang_at[event] = now
            self._journal_notified(event, "bell", "sent", "")
        channels = tuple(one.name for one in self._channels if self._may_reach(one))
        if not channels:
            return
        safe_text = inert_line(without_credentials(text, self._secrets))
        added = new_event(event, safe_text, channels, now)
        try:
            self._outbox.add(added)
        except (OSError, OvernightError):
            self._loose = [*self._loose, added][-_MAX_LOOSE:]
        self._send()

    def resume(self) -> None:
        """Sends what an earlier supervisor or sender left in the outbox."""
        if self._channels and self._outbox.has_open():
            self._send()

    def close(self) -> None:
        """Forgets the senders; one that is at work goes on alone."""
        for child in self._children:
            if child.poll() is None:
                child.returncode = 0  # it outlives us on purpose; Popen would warn of a leak

    def _may_reach(self, channel: NotifyChannel) -> bool:
        """Whether a sender could do anything: without a tmux server there is nobody to be shown anything."""
        return channel.is_remote or has_tmux_server(self._environ)

    def _journal_notified(self, event: str, channel: str, state: str, why: str) -> None:
        data = {"event": event, "channel": channel, "state": state}
        self._context.journal_entry("notified", {**data, "why": why} if why else data)

    def _send(self) -> None:
        # A sender that is at work reads the outbox once more before it ends.
        self._children = [one for one in self._children if one.poll() is None]
        if not self._loose and is_locked(self._outbox.lock):
            return
        order = SenderOrder(
            self._channels,
            self._rules.timeout_seconds,
            self._rules.allow_private_addresses,
            self._rules.max_per_night,
            tuple(self._loose),
        )
        data = msgspec.json.encode(order)
        if len(data) > _MAX_ORDER_BYTES:
            data = msgspec.json.encode(msgspec.structs.replace(order, loose=()))
        if len(data) > _MAX_ORDER_BYTES:
            self._warn_once("too many services are configured")
            return
        try:
            self._children.append(_start_sender(self._context.folder.path, data, self._environ))
            self._loose = []
        except OSError as error:
            self._warn_once(f"the sender could not be started: {error.strerror}")

    def _warn_once(self, why: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            self._context.log_line(f"Notices are not sent: {why}", "WARNING")


def _start_sender(run: Path, order: bytes, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts a sender of its own session, with its order on standard input. Raises OSError."""
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        if os.write(writer, order) != len(order):
            raise BlockingIOError(errno.EAGAIN, "its order does not fit a pipe")
        return subprocess.Popen(
            python_child.module_command("tui.runner.notify.sender", str(run)),
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=python_child.FOLDER,
            env=dict(environ),
            start_new_session=True,
        )
    finally:
        os.close(reader)
        os.close(writer)


def notifier_for(context: RunContext, environ: Mapping[str, str] = os.environ) -> OutboxNotifier:
    """The notifier of a run. A demonstration notifies nobody outside this machine."""
    channels = configured_channels(context.settings, environ)
    if context.facts.command == "demo":
        channels = tuple(one for one in channels if not one.is_remote)
    notifier = OutboxNotifier(context, channels, environ)
    notifier.resume()
    return notifier
