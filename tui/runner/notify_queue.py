"""Which events go out together and when: several of a kind within a minute make one message."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from tui.runner.notify_outbox import NotifyEvent
from tui.runner.notify_rules import COALESCE


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
