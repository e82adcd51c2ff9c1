"""Puts events into the outbox of a run and starts the process that sends them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from tui.runner.notify.channels import TMUX, configured_channels
from tui.runner.notify.delivery_rules import COALESCE_SECONDS, in_quiet_hours
from tui.runner.notify.message_text import inert_line, without_credentials
from tui.runner.notify.outbox import NotifyChannel, NotifyEvent, Outbox, SenderOrder, new_event
from tui.runner.run_context import RunContext
from tui.settings.settings import Settings
from tui.system.credentials import secret_variables, spellings_of
from tui.system.errors import OvernightError
from tui.system.locks import is_locked

_PACKAGE_FOLDER: Final = Path(__file__).resolve().parents[3]
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


def is_enabled(kind: str, settings: Settings) -> bool:
    """Whether the settings ask for notifications of that kind."""
    switch = _SWITCHES.get(kind)
    return switch is None or bool(getattr(settings.notifications, switch))


class OutboxNotifier:
    """The notifier of a supervisor. No method raises or waits for a network."""

    def __init__(
        self,
        context: RunContext,
        *,
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
        urls = [one.url for one in channels if one.url]
        self._secrets = spellings_of([*urls, *_secrets(context.settings, environ)])
        self._children: list[subprocess.Popen[bytes]] = []
        self._loose: list[NotifyEvent] = []
        self._rang_at: dict[str, float] = {}
        self._has_warned = False

    def notify(self, event: str, text: str, facts: Mapping[str, Any]) -> None:
        """Has people notified, as far as the settings ask for it."""
        if not is_enabled(event, self._context.settings):
            return
        now = self._wall()
        if event != "needs_you" and in_quiet_hours(self._rules.quiet_hours, now):
            self._journal_notified(event, "", "skipped", "quiet hours")
            return
        self._ring(event, now)
        if not self._channels:
            return
        safe_text = inert_line(without_credentials(text, self._secrets))
        added = new_event(event, safe_text, tuple(one.name for one in self._channels), now)
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
        self._reap()
        for child in self._children:
            child.returncode = 0  # it outlives us on purpose; Popen would warn of a leak
        self._children.clear()

    # --- the bell ---

    def _ring(self, event: str, now: float) -> None:
        # A supervisor has no terminal. Open screens ring when they read this in the journal.
        if (
            not self._rules.bell
            or now - self._rang_at.get(event, -COALESCE_SECONDS) < COALESCE_SECONDS
        ):
            return
        self._rang_at[event] = now
        self._journal_notified(event, "bell", "sent", "")

    def _journal_notified(self, event: str, channel: str, state: str, why: str) -> None:
        data = {"event": event, "channel": channel, "state": state}
        self._context.journal_entry("notified", {**data, "why": why} if why else data)

    # --- the sender ---

    def _send(self) -> None:
        # A sender that is at work reads the outbox once more before it ends.
        self._reap()
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
        if len(data) > _MAX_ORDER_BYTES and self._loose:
            data = msgspec.json.encode(msgspec.structs.replace(order, loose=()))
        if len(data) > _MAX_ORDER_BYTES:
            self._warn_once("too many services are configured")
            return
        try:
            self._children.append(_start_sender(self._context.folder.path, data, self._environ))
            self._loose = []
        except OSError as error:
            self._warn_once(f"the sender could not be started: {error.strerror}")

    def _reap(self) -> None:
        self._children = [one for one in self._children if one.poll() is None]

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
            [sys.executable, "-m", "tui.runner.notify.sender", str(run)],
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=_PACKAGE_FOLDER,
            env=dict(environ),
            start_new_session=True,
        )
    finally:
        os.close(reader)
        os.close(writer)


def _secrets(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Everything known to be secret, whatever its shape."""
    rules = settings.notifications
    hooks = (rules.discord_webhook, rules.slack_webhook, *rules.urls, *settings.agent.env.values())
    return [one.reveal() for one in hooks if one] + secret_variables(environ)


def notifier_for(context: RunContext, environ: Mapping[str, str] = os.environ) -> OutboxNotifier:
    """The notifier of a run. A demonstration notifies nobody outside this machine."""
    channels = configured_channels(context.settings, environ)
    if context.facts.command == "demo":
        channels = tuple(one for one in channels if one.name == TMUX)
    notifier = OutboxNotifier(context, channels=channels, environ=environ)
    notifier.resume()
    return notifier
