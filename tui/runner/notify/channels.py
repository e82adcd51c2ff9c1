"""Configured channels."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tui.runner.notify import local_transports
from tui.runner.notify.http_services import is_this_machine
from tui.runner.notify.outbox import NotifyChannel, Service
from tui.settings.settings import Settings

TMUX: Final = "tmux"
_NTFY: Final = "ntfy.sh"
_DISCORD_HOSTS: Final = ("discord.com", "discordapp.com")


def channels_of(
    settings: Settings, environ: Mapping[str, str] = os.environ
) -> tuple[NotifyChannel, ...]:
    """The channels that may be sent to, each under a name of its own."""
    told = settings.notifications
    found: list[NotifyChannel] = []
    if told.tmux and local_transports.may_be_there(environ):
        found.append(NotifyChannel(TMUX, "tmux"))
    if told.discord_webhook:
        found.append(NotifyChannel("discord", "discord", told.discord_webhook.reveal()))
    if told.slack_webhook:
        found.append(NotifyChannel("slack", "slack", told.slack_webhook.reveal()))
    for secret in told.urls:
        for name, service, url in _of_url(secret.reveal()):
            found.append(NotifyChannel(_unique(name, found), service, url))
    return tuple(found)


def problems(settings: Settings) -> tuple[str, ...]:
    """What keeps channels from working, one sentence each; for the check before the night."""
    found = []
    for channel in channels_of(settings, {}):
        if channel.service == "apprise" and not local_transports.installed():
            found.append(f"{channel.name}: {local_transports.MISSING}")
        elif channel.service == "discord" and "/api/webhooks/" not in channel.url:
            found.append("discord: notifications.discord_webhook is no Discord webhook URL")
    return tuple(found)


def _unique(name: str, taken: list[NotifyChannel]) -> str:
    names = {one.name for one in taken}
    number = 2
    wanted = name
    while wanted in names:
        wanted, number = f"{name}-{number}", number + 1
    return wanted


def _of_url(url: str) -> list[tuple[str, Service, str]]:
    """What a URL of the list stands for; whatever we do not speak ourselves is Apprise's."""
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
        return [("ntfy", "ntfy", one) for one in _ntfy_urls(parts, scheme == "ntfys")]
    return [(scheme, "apprise", url)]


def _ntfy_urls(parts: SplitResult, secure: bool) -> list[str]:
    """`ntfy://topic` and `ntfy://user:password@host/topic` as the addresses to post to."""
    topics = [one for one in parts.path.split("/") if one]
    if not topics:
        login, at, topic = parts.netloc.rpartition("@")
        return [f"https://{login}{at}{_NTFY}/{topic}"]
    host = parts.hostname or ""
    scheme = "https" if secure or not is_this_machine(host) else "http"
    return [f"{scheme}://{parts.netloc}/{topic}" for topic in topics]
