"""The events that wait to be sent, one file each, and which of them share a message."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from tui.runner.notify.delivery_rules import COALESCE_SECONDS, Delivery
from tui.store.layout import RunDirectory
from tui.system.files import atomic_write, private_folder, read_small, sync_folder

Service = Literal["tmux", "discord", "slack", "ntfy", "json", "apprise"]
LOCK: Final = ".sender"
_MAX_BYTES: Final = 1 << 16
_SUFFIX: Final = ".json"


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
        self.lock = self.path / LOCK
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
        events = []
        for name in self._names():
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

    def _names(self) -> list[str]:
        try:
            names = os.listdir(self.path)
        except OSError:
            return []
        return sorted(one for one in names if one.endswith(_SUFFIX) and not one.startswith("."))

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
    """Events of one kind that one message tells about; `begun` if it was tried before."""

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


class NotifyChannel(Struct, frozen=True):
    """One way to reach people. `name` may be shown; `url` is a credential and may not."""

    name: str
    service: Service
    url: str = ""

    def __repr__(self) -> str:
        return f"Channel({self.name})"

    @property
    def is_remote(self) -> bool:
        return self.service != "tmux"


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
