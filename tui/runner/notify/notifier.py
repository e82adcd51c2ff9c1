"""Puts events into the outbox and returns at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from tui.runner.notify.channels import TMUX, channels_of
from tui.runner.notify.delivery_rules import COALESCE, in_quiet_hours
from tui.runner.notify.message_text import harmless, without_credentials
from tui.runner.notify.outbox import NotifyChannel, NotifyEvent, Outbox, SenderOrder, new_event
from tui.runner.run_context import RunContext
from tui.settings.settings import Settings
from tui.system.credentials import secret_variables, spellings_of
from tui.system.errors import OvernightError
from tui.system.locks import is_locked

_ROOM: Final = Path(__file__).resolve().parents[3]
_MOST_ORDER: Final = 60_000  # a pipe holds it, so that writing it never waits
_SWITCHES: Final[Mapping[str, str]] = {
    "start": "enable_session_start",
    "checkpoint": "enable_checkpoints",
    "finished": "enable_completion",
    "stall": "enable_stalls",
    "limit": "enable_limits",
    "restart": "enable_restarts",
    "needs_you": "enable_needs_you",
}
_ALWAYS: Final = "needs_you"
_MOST_LOOSE: Final = 20


def is_enabled(kind: str, settings: Settings) -> bool:
    """Whether the settings want anybody to be told of that kind of event."""
    switch = _SWITCHES.get(kind)
    return switch is None or bool(getattr(settings.notifications, switch))


class OutboxNotifier:
    """Tells people of events; `tell` returns at once, never raises and never waits for a network."""

    def __init__(
        self,
        desk: RunContext,
        *,
        channels: tuple[NotifyChannel, ...],
        environ: Mapping[str, str] = os.environ,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._desk = desk
        self._told = desk.settings.notifications
        self._channels = channels
        self._wall = wall
        self._outbox = Outbox(desk.folder.path)
        private = set(desk.settings.agent.env)
        self._environ = {key: text for key, text in environ.items() if key not in private}
        urls = [one.url for one in channels if one.url]
        self._secrets = spellings_of([*urls, *_secrets(desk.settings, environ)])
        self._children: list[subprocess.Popen[bytes]] = []
        self._loose: list[NotifyEvent] = []
        self._rang: dict[str, float] = {}
        self._complained = False

    def notify(self, event: str, text: str, facts: Mapping[str, Any]) -> None:
        """Sees to it that people are told, as far as the settings want it."""
        if not is_enabled(event, self._desk.settings):
            return
        now = self._wall()
        if event != _ALWAYS and in_quiet_hours(self._told.quiet_hours, now):
            self._note(event, "", "skipped", "quiet hours")
            return
        self._ring(event, now)
        if not self._channels:
            return
        words = harmless(without_credentials(text, self._secrets))
        made = new_event(event, words, tuple(one.name for one in self._channels), now)
        try:
            self._outbox.add(made)
        except (OSError, OvernightError):
            self._loose = [*self._loose, made][-_MOST_LOOSE:]
        self._send()

    def resume(self) -> None:
        """Goes on with what an earlier supervisor or sender left unsent."""
        if self._channels and self._outbox.has_open():
            self._send()

    def close(self) -> None:
        """Lets go; a sender that is at work goes on alone."""
        self._reap()
        for child in self._children:
            child.returncode = 0  # it outlives us on purpose, which is nobody's mistake
        self._children.clear()

    # --- the bell ---

    def _ring(self, event: str, now: float) -> None:
        """A supervisor has no terminal: open screens ring when they read this in the journal."""
        if not self._told.bell or now - self._rang.get(event, -COALESCE) < COALESCE:
            return
        self._rang[event] = now
        self._note(event, "bell", "sent", "")

    def _note(self, event: str, channel: str, state: str, why: str) -> None:
        facts = {"event": event, "channel": channel, "state": state}
        self._desk.journal_entry("notified", {**facts, "why": why} if why else facts)

    # --- the sender ---

    def _send(self) -> None:
        """Starts a sender, unless one is at work: that one looks again before it goes."""
        self._reap()
        if not self._loose and is_locked(self._outbox.lock):
            return
        order = SenderOrder(
            self._channels,
            self._told.timeout_seconds,
            self._told.allow_private_addresses,
            self._told.max_per_night,
            tuple(self._loose),
        )
        data = msgspec.json.encode(order)
        if len(data) > _MOST_ORDER and self._loose:
            data = msgspec.json.encode(msgspec.structs.replace(order, loose=()))
        if len(data) > _MOST_ORDER:
            self._complain("too many services are configured")
            return
        try:
            self._children.append(_started(self._desk.folder.path, data, self._environ))
            self._loose = []
        except OSError as error:
            self._complain(f"the sender could not be started: {error.strerror}")

    def _reap(self) -> None:
        self._children = [one for one in self._children if one.poll() is None]

    def _complain(self, why: str) -> None:
        if not self._complained:
            self._complained = True
            self._desk.log_line(f"Notices are not sent: {why}", "WARNING")


def _started(run: Path, order: bytes, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A sender with its order on its standard input; it belongs to no terminal and no session."""
    import subprocess

    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        if os.write(writer, order) != len(order):
            raise BlockingIOError(11, "its order does not fit a pipe")
        return subprocess.Popen(
            [sys.executable, "-m", "tui.runner.notify.sender", str(run)],
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=_ROOM,
            env=dict(environ),
            start_new_session=True,
        )
    finally:
        os.close(reader)
        os.close(writer)


def _secrets(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Everything we know to be secret, whatever its shape."""
    told = settings.notifications
    hooks = (told.discord_webhook, told.slack_webhook, *told.urls, *settings.agent.env.values())
    return [one.reveal() for one in hooks if one] + secret_variables(environ)


def notifier_for(desk: RunContext, environ: Mapping[str, str] = os.environ) -> OutboxNotifier:
    """The notifier of a run. A demonstration tells nobody outside this machine."""
    channels = channels_of(desk.settings, environ)
    if desk.facts.command == "demo":
        channels = tuple(one for one in channels if one.name == TMUX)
    notifier = OutboxNotifier(desk, channels=channels, environ=environ)
    notifier.resume()
    return notifier
