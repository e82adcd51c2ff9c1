"""Reads the channels from the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tui.runner.notify.addresses import is_this_machine
from tui.runner.notify.local_transports import APPRISE_MISSING, is_apprise_installed, may_have_tmux
from tui.runner.notify.outbox import NotifyChannel, Service
from tui.settings.settings import Settings

TMUX: Final = "tmux"
_NTFY: Final = "ntfy.sh"
_DISCORD_HOSTS: Final = ("discord.com", "discordapp.com")


def configured_channels(
    settings: Settings, environ: Mapping[str, str] = os.environ
) -> tuple[NotifyChannel, ...]:
    """The channels that may be sent to, each under a name of its own."""
    rules = settings.notifications
    channels: list[NotifyChannel] = []
    if rules.tmux and may_have_tmux(environ):
        channels.append(NotifyChannel(TMUX, "tmux"))
    if rules.discord_webhook:
        channels.append(NotifyChannel("discord", "discord", rules.discord_webhook.reveal()))
    if rules.slack_webhook:
        channels.append(NotifyChannel("slack", "slack", rules.slack_webhook.reveal()))
    for secret in rules.urls:
        for name, service, url in _parse_url(secret.reveal()):
            channels.append(NotifyChannel(_unique_name(name, channels), service, url))
    return tuple(channels)


def channel_problems(settings: Settings) -> tuple[str, ...]:
    """What keeps channels from working, one sentence each."""
    found = []
    for channel in configured_channels(settings, {}):
        if channel.service == "apprise" and not is_apprise_installed():
            found.append(f"{channel.name}: {APPRISE_MISSING}")
        elif channel.service == "discord" and "/api/webhooks/" not in channel.url:
            found.append("discord: notifications.discord_webhook is no Discord webhook URL")
    return tuple(found)


def _unique_name(name: str, channels: list[NotifyChannel]) -> str:
    names = {channel.name for channel in channels}
    unique, number = name, 2
    while unique in names:
        unique, number = f"{name}-{number}", number + 1
    return unique


def _parse_url(url: str) -> list[tuple[str, Service, str]]:
    """The channels of one URL of the settings; an unknown scheme is left to Apprise."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return [("url", "json", url)]
    scheme = parts.scheme.lower()
    if scheme in ("http", "https"):
        if host.endswith(_DISCORD_HOSTS) and "/api/webhooks/" in parts.path:
            return [("discord", "discord", url)]
        if host == "hooks.slack.com":
            return [("slack", "slack", url)]
        if host == _NTFY:
            return [("ntfy", "ntfy", url)]
        return [("webhook", "json", url)]
    if scheme in ("ntfy", "ntfys") and not parts.query:
        return [("ntfy", "ntfy", url) for url in _ntfy_urls(parts, scheme == "ntfys")]
    return [(scheme, "apprise", url)]


def _ntfy_urls(parts: SplitResult, secure: bool) -> list[str]:
    """Where to post for `ntfy://topic` and `ntfy://user:password@host/topic/topic`."""
    topics = [topic for topic in parts.path.split("/") if topic]
    if not topics:
        login, at, topic = parts.netloc.rpartition("@")
        return [f"https://{login}{at}{_NTFY}/{topic}"]
    host = parts.hostname or ""
    scheme = "https" if secure or not is_this_machine(host) else "http"
    return [f"{scheme}://{parts.netloc}/{topic}" for topic in topics]
