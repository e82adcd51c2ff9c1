"""The sending process.

The supervisor starts it when there is something to send, and never waits for it. Its order, URLs
included, comes on standard input. One run has one sender at a time; each channel has its own
thread, so that one that hangs does not delay the others.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from tui.runner.notify.channels import NotifyChannel
from tui.runner.notify.delivery_rules import (
    STALE_SECONDS,
    SendOutcome,
    apply_outcome,
    begin_attempt,
    message_allowance,
)
from tui.runner.notify.http_services import Send, SendOptions, send
from tui.runner.notify.message_text import URGENT, compose, without_credentials
from tui.runner.notify.outbox import (
    NotifyEvent,
    NotifyGroup,
    Outbox,
    SenderOrder,
    due_at,
    messages_begun,
    pending_groups,
)
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory
from tui.store.runs import read_run_facts
from tui.system.children.programs import keep_out
from tui.system.clock import clock_for
from tui.system.credentials.hide import spellings_of
from tui.system.errors import OvernightError
from tui.system.locks import acquire_lock

_ROUND_SECONDS = 0.25
_SPACING_SECONDS = 1.1  # Slack takes about one message a second
_LOCK_TRIES = 10
_BROKE_OFF = SendOutcome("unsure", "it broke off while it was being sent")


class NotifySender:
    """Sends what the outbox holds; `round` never waits for a network.

    Without `outbox` it sends only the loose events of its order, and saves nothing.
    """

    def __init__(
        self,
        folder: RunDirectory,
        order: SenderOrder,
        journal: JournalWriter,
        *,
        outbox: bool = True,
        wall: Callable[[], float] = time.time,
        random: Callable[[], float] = random.random,
        send: Send = send,
    ) -> None:
        project = Path(read_run_facts(folder).project).name
        self._outbox = Outbox(folder.path) if outbox else None
        self._order = order
        self._journal = journal
        self._wall, self._random, self._send = wall, random, send
        self._options = SendOptions(order.total, order.private, project, folder.id)
        self._secrets = spellings_of(one.url for one in order.channels if one.url)
        self._events: dict[str, NotifyEvent] = {one.id: one for one in order.loose}
        self._busy_channels: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._lock = threading.RLock()

    # --- rounds ---

    def run(self) -> None:
        """Rounds until nothing is left to be sent."""
        while self.round():
            time.sleep(_ROUND_SECONDS)

    def round(self) -> bool:
        """Starts whatever is due; False when nothing is left to be sent."""
        with self._lock:
            self._read_outbox()
            now = self._wall()
            for channel in self._order.channels:
                if channel.name not in self._busy_channels:
                    self._start_due(channel, now)
            return bool(self._busy_channels) or any(one.is_open for one in self._events.values())

    def _read_outbox(self) -> None:
        if self._outbox is None:
            return
        names = {channel.name for channel in self._order.channels}
        for event in self._outbox.read_new(self._events):
            self._events[event.id] = event
            for name, delivery in list(event.deliveries.items()):
                if name not in names and delivery.is_open:
                    gone = SendOutcome("refused", "it is no longer configured")
                    self._record_outcome(name, [event], gone)
                elif delivery.state == "sending":
                    # A sender that was killed had begun it, so it may have arrived.
                    self._record_outcome(name, [event], _BROKE_OFF)

    def _start_due(self, channel: NotifyChannel, now: float) -> None:
        events = [one for one in self._events.values() if channel.name in one.deliveries]
        ready = []
        for group in pending_groups(events, channel.name):
            if not group.was_tried and now - group.events[-1].at > STALE_SECONDS:
                stale = SendOutcome("nobody", "it is long past")
                self._record_outcome(channel.name, group.events, stale)
            elif due_at(group, events, channel.name) <= now:
                ready.append(group)
        if not ready or now < self._not_before.get(channel.name, 0.0):
            return
        urgent_first = min(ready, key=lambda one: (one.kind not in URGENT, one.events[0].id))
        allowed = message_allowance(urgent_first.kind, self._order.most)
        is_new = channel.is_remote and not urgent_first.was_tried
        if is_new and messages_begun(events, channel.name) >= allowed:
            why = f"{self._order.most} messages a night are sent at most"
            self._record_outcome(channel.name, urgent_first.events, SendOutcome("nobody", why))
            return
        self._start_attempt(channel, urgent_first, now)

    def _start_attempt(self, channel: NotifyChannel, group: NotifyGroup, now: float) -> None:
        leader, name = group.events[0].id, channel.name
        for event in group.events:
            event.deliveries[name] = begin_attempt(event.deliveries[name], leader, now)
            self._save(event)
        self._busy_channels.add(name)
        threading.Thread(target=self._attempt, args=(channel, group), daemon=True).start()

    def _attempt(self, channel: NotifyChannel, group: NotifyGroup) -> None:
        """One attempt, in a thread of its own."""
        message = compose(
            group.kind,
            [(one.id, one.at, one.text) for one in group.events],
            project=self._options.project,
            run=self._options.run,
            repeat=group.events[0].deliveries[channel.name].repeat,
        )
        try:
            outcome = self._send(channel, message, self._options)
        except Exception as error:  # its text may quote a URL, its name does not
            outcome = SendOutcome("unsure", f"the attempt failed ({type(error).__name__})")
        with self._lock:
            pause = 0.0
            if channel.is_remote:
                asked = outcome.wait or 0.0 if outcome.result == "busy" else 0.0
                pause = max(asked, _SPACING_SECONDS)
            self._not_before[channel.name] = self._wall() + pause
            self._record_outcome(channel.name, group.events, outcome)
            self._busy_channels.discard(channel.name)

    # --- records ---

    def _record_outcome(
        self, channel: str, events: list[NotifyEvent], outcome: SendOutcome
    ) -> None:
        """Saves how an attempt went for every event of its message; journals it when it is final."""
        now, number = self._wall(), self._random()
        outcome = replace(outcome, why=without_credentials(outcome.why, self._secrets))
        for event in events:
            event.deliveries[channel] = apply_outcome(
                event.deliveries[channel], outcome, now, number
            )
            self._save(event)
        event, delivery = events[0], events[0].deliveries[channel]
        if delivery.is_open or (channel == "tmux" and delivery.state == "skipped"):
            return
        data = {"event": event.kind, "channel": channel, "state": delivery.state}
        facts = {"tries": delivery.tries, "count": len(events)}
        why = {"why": delivery.why} if delivery.why else {}
        with suppress(OSError):
            self._journal.write("notified", {**data, **facts, **why}, id=event.id)

    def _save(self, event: NotifyEvent) -> None:
        # A full disk is one of the things worth a message: sending goes on without the record.
        with suppress(OSError):
            if self._outbox is not None:
                self._outbox.save(event)


def send_all(folder: RunDirectory, order: SenderOrder) -> None:
    """Sends everything in the outbox; only the loose events while another sender is at work."""
    journal = JournalWriter(folder.journal, clock_for(read_run_facts(folder).env).wall)
    outbox = Outbox(folder.path)
    while True:
        lock = _acquire_sender_lock(outbox)
        if lock is None:
            if order.loose:
                NotifySender(folder, order, journal, outbox=False).run()
            return
        try:
            NotifySender(folder, order, journal).run()
        finally:
            os.close(lock)
        # Whoever added an event while the lock was held has started no sender.
        order = replace(order, loose=())
        if not outbox.has_open():
            return


def _acquire_sender_lock(outbox: Outbox) -> int | None:
    # More than once: `is_locked` of another process takes the lock for a moment.
    for _ in range(_LOCK_TRIES):
        try:
            lock = acquire_lock(outbox.lock)
        except OSError:
            return None
        if lock is not None:
            return lock
        time.sleep(0.03)
    return None


def main(arguments: list[str] | None = None) -> int:
    """Reads its order from standard input and sends until nothing is left; never prints."""
    import logging

    # Libraries log whole URLs, which are credentials here.
    logging.disable(logging.CRITICAL)
    folder = RunDirectory(Path((sys.argv[1:] if arguments is None else arguments)[0]))
    try:
        order = msgspec.json.decode(sys.stdin.buffer.read(), type=SenderOrder)
        with suppress(OvernightError):  # without its facts there is nothing of it to keep out
            keep_out(read_run_facts(folder).project)
        send_all(folder, order)
    except (OSError, OvernightError, msgspec.MsgspecError):
        return 1
    except Exception as error:  # a traceback would show the order
        text = f"sending notices failed: {type(error).__name__}"
        JournalWriter(folder.journal).write("note", {"text": text})
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    # Threads that hang in a resolver or a plug-in must not keep the process alive.
    os._exit(code)
