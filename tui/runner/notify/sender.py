"""The sending process.

The supervisor starts it when there is something to send, and neither waits for it nor takes it
along when it ends. What it may use, URLs included, comes on its standard input. One run has one
sender at a time; each channel has a thread, so that one that hangs keeps nothing from the others.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from tui.runner.notify.delivery_rules import STALE, Delivery, SendOutcome, allowance, begun, judged
from tui.runner.notify.http_services import SendOptions, send
from tui.runner.notify.message_text import URGENT, NotifyMessage, compose, without_credentials
from tui.runner.notify.outbox import (
    NotifyChannel,
    NotifyEvent,
    NotifyGroup,
    Outbox,
    SenderOrder,
    due_at,
    groups,
    used_up,
)
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory
from tui.store.runs import read_run_facts
from tui.system.clock import clock_for
from tui.system.credentials import spellings_of
from tui.system.errors import OvernightError
from tui.system.locks import acquire_lock

_LOOK = 0.25
_SPACING = 1.1  # Slack takes about one message a second
_LOCK_TRIES = 10
_BROKE_OFF = SendOutcome("unsure", "it broke off while it was being sent")
Send = Callable[[NotifyChannel, NotifyMessage, SendOptions], SendOutcome]


class NotifySender:
    """Works through the outbox; `round` never waits for a network.

    Without `outbox` it sends the loose events of its order only, and records them nowhere.
    """

    def __init__(
        self,
        folder: RunDirectory,
        order: SenderOrder,
        journal: JournalWriter,
        *,
        outbox: bool = True,
        wall: Callable[[], float] = time.time,
        draw: Callable[[], float] = random.random,
        send: Send = send,
    ) -> None:
        facts = read_run_facts(folder)
        self._outbox = Outbox(folder.path) if outbox else None
        self._order = order
        self._journal = journal
        self._wall, self._draw, self._send = wall, draw, send
        self._conduct = SendOptions(order.total, order.private, Path(facts.project).name, folder.id)
        self._secrets = spellings_of(one.url for one in order.channels if one.url)
        self._events: dict[str, NotifyEvent] = {one.id: one for one in order.loose}
        self._busy: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._lock = threading.RLock()

    # --- rounds ---

    def run(self) -> None:
        """Rounds until nothing is left to be sent."""
        while self.round():
            time.sleep(_LOOK)

    def round(self) -> bool:
        """Starts whatever is due; False when nothing is left to be done."""
        with self._lock:
            self._take_up()
            now = self._wall()
            for channel in self._order.channels:
                if channel.name not in self._busy:
                    self._work(channel, now)
            return bool(self._busy) or any(event.open for event in self._events.values())

    @property
    def idle(self) -> bool:
        """Whether no attempt is under way."""
        with self._lock:
            return not self._busy

    def _take_up(self) -> None:
        """New events; what a killed sender had begun may have arrived, and is judged so."""
        if self._outbox is None:
            return
        names = {one.name for one in self._order.channels}
        for event in self._outbox.fresh(self._events):
            self._events[event.id] = event
            for name, one in list(event.deliveries.items()):
                if name not in names and one.open:
                    self._settle(
                        name, [event], SendOutcome("refused", "it is no longer configured")
                    )
                elif one.state == "sending":
                    self._settle(name, [event], _BROKE_OFF)

    def _work(self, channel: NotifyChannel, now: float) -> None:
        held = [one for one in self._events.values() if channel.name in one.deliveries]
        ready = []
        for group in groups(held, channel.name):
            if not group.begun and now - group.events[-1].at > STALE:
                self._settle(channel.name, group.events, SendOutcome("nobody", "it is long past"))
            elif due_at(group, held, channel.name) <= now:
                ready.append(group)
        if not ready or now < self._not_before.get(channel.name, 0.0):
            return
        # A call for help goes first.
        group = min(ready, key=lambda one: (one.kind not in URGENT, one.events[0].id))
        most = allowance(group.kind, self._order.most)
        if channel.remote and not group.begun and used_up(held, channel.name) >= most:
            why = f"{self._order.most} messages a night are sent at most"
            self._settle(channel.name, group.events, SendOutcome("nobody", why))
            return
        self._begin(channel, group, now)

    def _begin(self, channel: NotifyChannel, group: NotifyGroup, now: float) -> None:
        leader = group.events[0].id
        for event in group.events:
            event.deliveries[channel.name] = begun(event.deliveries[channel.name], leader, now)
            self._keep(event)
        self._busy.add(channel.name)
        worker = threading.Thread(target=self._attempt, args=(channel, group), daemon=True)
        worker.start()

    def _attempt(self, channel: NotifyChannel, group: NotifyGroup) -> None:
        """One attempt, in a thread of its own."""
        told = [(one.id, one.at, one.text) for one in group.events]
        repeat = group.events[0].deliveries[channel.name].repeat
        message = compose(
            group.kind, told, project=self._conduct.project, run=self._conduct.run, repeat=repeat
        )
        try:
            outcome = self._send(channel, message, self._conduct)
        except Exception as error:  # whatever it is: its words may quote a URL, its name does not
            outcome = SendOutcome("unsure", f"the attempt failed ({type(error).__name__})")
        with self._lock:
            now = self._wall()
            pause = outcome.wait or 0.0 if outcome.result == "busy" else 0.0
            self._not_before[channel.name] = now + (max(pause, _SPACING) if channel.remote else 0.0)
            self._settle(channel.name, group.events, outcome)
            self._busy.discard(channel.name)

    # --- records ---

    def _settle(self, channel: str, events: list[NotifyEvent], outcome: SendOutcome) -> None:
        """Records how an attempt went for all whom its message was about."""
        now, draw = self._wall(), self._draw()
        why = without_credentials(outcome.why, self._secrets)
        outcome = replace(outcome, why=why)
        for event in events:
            event.deliveries[channel] = judged(event.deliveries[channel], outcome, now, draw)
            self._keep(event)
        first = events[0]
        delivery = first.deliveries[channel]
        if not delivery.open:
            self._tell(channel, first, delivery, len(events))

    def _keep(self, event: NotifyEvent) -> None:
        if self._outbox is None:
            return
        try:
            self._outbox.secure(event)
        except OSError:
            # A full disk is no reason to keep quiet; it is one of the things worth telling.
            return

    def _tell(self, channel: str, event: NotifyEvent, delivery: Delivery, count: int) -> None:
        facts: dict[str, object] = {
            "event": event.kind,
            "channel": channel,
            "state": delivery.state,
            "tries": delivery.tries,
            "count": count,
        }
        if delivery.why:
            facts["why"] = delivery.why
        if channel == "tmux" and delivery.state == "skipped":
            return
        try:
            self._journal.write("notified", facts, id=event.id)
        except OSError:
            return


def work(folder: RunDirectory, order: SenderOrder) -> None:
    """Sends everything there is, unless another sender is at it; then what is loose only."""
    journal = JournalWriter(folder.journal, clock_for(read_run_facts(folder).env).wall)
    outbox = Outbox(folder.path)
    while True:
        lock = _locked(outbox)
        if lock is None:
            if order.loose:
                NotifySender(folder, order, journal, outbox=False).run()
            return
        try:
            NotifySender(folder, order, journal).run()
        finally:
            os.close(lock)
        # Whoever left something while the lock was held has started nobody.
        order = replace(order, loose=())
        if not outbox.has_open():
            return


def _locked(outbox: Outbox) -> int | None:
    """The lock; asked for more than once, as looking whether it is held takes it for a moment."""
    for _ in range(_LOCK_TRIES):
        try:
            lock = acquire_lock(outbox.lock)
        except OSError:
            return None
        if lock is not None:
            return lock
        time.sleep(0.03)
    return None


def main(words: list[str] | None = None) -> int:
    """Reads its order from standard input and works until nothing is left; prints nothing, ever."""
    import logging

    # Libraries log whole URLs; there is nobody here who could read them.
    logging.disable(logging.CRITICAL)
    folder = RunDirectory(Path((sys.argv[1:] if words is None else words)[0]))
    try:
        order = msgspec.json.decode(sys.stdin.buffer.read(), type=SenderOrder)
        work(folder, order)
    except (OSError, OvernightError, msgspec.MsgspecError):
        return 1
    except Exception as error:  # a traceback would show the order
        JournalWriter(folder.journal).write(
            "note", {"text": f"sending notices failed: {type(error).__name__}"}
        )
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    # Threads that hang in a resolver or a plug-in must not keep the process alive.
    os._exit(code)
