"""Events on their way; grouping."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from tui.runner.notify.delivery_rules import COALESCE, Delivery
from tui.store.layout import RunDirectory
from tui.system.files import atomic_write, private_folder, read_small, sync_folder

LOCK: Final = ".sender"
_MOST_BYTES: Final = 1 << 16
_ENDING: Final = ".json"


class NotifyEvent(Struct):
    """Something people are to be told. `text` is clean and free of secrets; `at` is when it was.

    `deliveries` says by channel how it stands.
    """

    id: str
    kind: str
    text: str
    at: float
    deliveries: dict[str, Delivery]

    @property
    def open(self) -> bool:
        return any(one.open for one in self.deliveries.values())


def new_event(kind: str, text: str, channels: tuple[str, ...], wall: float) -> NotifyEvent:
    """An event nobody was told of yet; ids sort by age."""
    name = f"{int(time.time() * 1000):013d}-{uuid.uuid4().hex[:8]}"
    return NotifyEvent(name, kind, text, wall, {channel: Delivery() for channel in channels})


class Outbox:
    """The outbox of one run. Anybody may add; only the holder of its lock changes what is there."""

    def __init__(self, run: Path) -> None:
        self.path = RunDirectory(run).outbox
        self.lock = self.path / LOCK
        self._done: set[str] = set()

    def add(self, event: NotifyEvent) -> None:
        """Leaves an event; a killed process loses nothing of it. Raises OSError."""
        if not self.path.exists():
            private_folder(self.path)
        atomic_write(self._file(event), msgspec.json.encode(event), sync=False)

    def secure(self, event: NotifyEvent) -> None:
        """Writes the event as it now stands, so that not even a power cut forgets it. Raises OSError."""
        atomic_write(self._file(event), msgspec.json.encode(event))
        sync_folder(self.path)
        if not event.open:
            self._done.add(event.id + _ENDING)

    def fresh(self, held: dict[str, NotifyEvent]) -> list[NotifyEvent]:
        """Events that are not among `held` and not known to be done, oldest first."""
        found = []
        for name in self._names():
            if name in self._done or name.removesuffix(_ENDING) in held:
                continue
            event = self._read(name)
            if event is None:
                self._done.add(name)
            else:
                found.append(event)
        return found

    def has_open(self) -> bool:
        """Whether something waits to be sent."""
        return any(event.open for event in self.fresh({}))

    def _names(self) -> list[str]:
        try:
            names = os.listdir(self.path)
        except OSError:
            return []
        return sorted(one for one in names if one.endswith(_ENDING) and not one.startswith("."))

    def _file(self, event: NotifyEvent) -> Path:
        return self.path / (event.id + _ENDING)

    def _read(self, name: str) -> NotifyEvent | None:
        """The event in a file of ours; None for anything else that lies there."""
        try:
            event = msgspec.json.decode(read_small(self.path / name, _MOST_BYTES), type=NotifyEvent)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return event if event.id + _ENDING == name else None


class NotifyGroup(Struct):
    """Events of one kind that one message tells about; `begun` if it was tried before."""

    kind: str
    begun: bool
    events: list[NotifyEvent]


def groups(events: Iterable[NotifyEvent], channel: str) -> list[NotifyGroup]:
    """What waits for that channel. A message that was tried once stays the same message."""
    found: dict[tuple[str, str], NotifyGroup] = {}
    for event in sorted(events, key=lambda one: one.id):
        delivery = event.deliveries[channel]
        if delivery.state != "pending":
            continue
        key = (event.kind, delivery.leader)
        group = found.setdefault(key, NotifyGroup(event.kind, bool(delivery.leader), []))
        group.events.append(event)
    return list(found.values())


def due_at(group: NotifyGroup, events: Iterable[NotifyEvent], channel: str) -> float:
    """When a group may go out: a first of its kind at once, what follows a minute after it."""
    if group.begun:
        return max(one.deliveries[channel].due for one in group.events)
    begun = [
        one.deliveries[channel].first
        for one in events
        if one.kind == group.kind and one.deliveries[channel].tries
    ]
    return max(begun) + COALESCE if begun else 0.0


def used_up(events: Iterable[NotifyEvent], channel: str) -> int:
    """How many messages that channel has had."""
    return len({one.deliveries[channel].leader for one in events if one.deliveries[channel].tries})


class NotifyChannel(Struct, frozen=True):
    """One way to tell people. `name` may be shown; `url` is a credential and may not."""

    name: str
    service: Service
    url: str = ""

    def __repr__(self) -> str:
        return f"Channel({self.name})"

    @property
    def remote(self) -> bool:
        return self.service != "tmux"


class SenderOrder(Struct, frozen=True):
    """What a sender is told, secrets among it: it is handed over and never written down.

    `total` is the time of one delivery in seconds, `most` the messages a run may send, `loose` what
    could not be left in the outbox.
    """

    channels: tuple[NotifyChannel, ...]
    total: float = 15.0
    private: bool = False
    most: int = 20
    loose: tuple[NotifyEvent, ...] = ()

    def __repr__(self) -> str:
        return f"Order({self.channels})"


Service = Literal["tmux", "discord", "slack", "ntfy", "json", "apprise"]
