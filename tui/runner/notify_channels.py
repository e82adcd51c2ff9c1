"""Where notices go: the channels the settings name, and how each is spoken to."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct

from tui.runner import notify_apprise, notify_tmux
from tui.runner.notify_http import Post, is_this_machine, post
from tui.runner.notify_rules import Outcome
from tui.runner.notify_text import URGENT, Message, for_discord, for_slack, plain
from tui.settings import Settings

Service = Literal["tmux", "discord", "slack", "ntfy", "json", "apprise"]
TMUX: Final = "tmux"
_NTFY: Final = "ntfy.sh"
_DISCORD_HOSTS: Final = ("discord.com", "discordapp.com")
_NO_EMBEDS: Final = 4  # Discord's message flag SUPPRESS_EMBEDS


class Channel(Struct, frozen=True):
    """One way to tell people. `name` may be shown; `url` is a credential and may not."""

    name: str
    service: Service
    url: str = ""

    def __repr__(self) -> str:
        return f"Channel({self.name})"

    @property
    def remote(self) -> bool:
        return self.service != "tmux"


def channels_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> tuple[Channel, ...]:
    """The channels that may be sent to, each under a name of its own."""
    told = settings.notifications
    found: list[Channel] = []
    if told.tmux and notify_tmux.may_be_there(environ):
        found.append(Channel(TMUX, "tmux"))
    if told.discord_webhook:
        found.append(Channel("discord", "discord", told.discord_webhook.reveal()))
    if told.slack_webhook:
        found.append(Channel("slack", "slack", told.slack_webhook.reveal()))
    for secret in told.urls:
        for name, service, url in _of_url(secret.reveal()):
            found.append(Channel(_unique(name, found), service, url))
    return tuple(found)


def problems(settings: Settings) -> tuple[str, ...]:
    """What keeps channels from working, one sentence each; for the check before the night."""
    found = []
    for channel in channels_of(settings, {}):
        if channel.service == "apprise" and not notify_apprise.installed():
            found.append(f"{channel.name}: {notify_apprise.MISSING}")
        elif channel.service == "discord" and "/api/webhooks/" not in channel.url:
            found.append("discord: notifications.discord_webhook is no Discord webhook URL")
    return tuple(found)


def _unique(name: str, taken: list[Channel]) -> str:
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


# --- sending ---


class Conduct(Struct, frozen=True):
    """How one sends: seconds in all for one delivery, and whether inner networks may be reached."""

    total: float = 15.0
    private: bool = False
    project: str = ""
    run: str = ""


def send(channel: Channel, message: Message, conduct: Conduct) -> Outcome:
    """Makes one attempt. Never raises; takes the time allowed and little more."""
    if channel.service == "tmux":
        return notify_tmux.show(message, os.environ)
    if channel.service == "apprise":
        return notify_apprise.send(channel.url, message, conduct.total, private=conduct.private)
    order = _ORDERS[channel.service](channel.url, message, conduct)
    return post(order, total=conduct.total, private=conduct.private)


def _json(url: str, body: Mapping[str, object]) -> Post:
    data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Post(url, data, {"Content-Type": "application/json; charset=utf-8"})


def _discord(url: str, message: Message, conduct: Conduct) -> Post:
    body = {
        "content": for_discord(message),
        "allowed_mentions": {"parse": []},
        "flags": _NO_EMBEDS,
    }
    return _json(url, body)


def _slack(url: str, message: Message, conduct: Conduct) -> Post:
    quiet = {"mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
    return _json(url, {"text": for_slack(message), **quiet})


def _generic(url: str, message: Message, conduct: Conduct) -> Post:
    body = {
        "id": message.id,
        "event": message.kind,
        "text": plain(message),
        "project": conduct.project,
        "run": conduct.run,
        "may_repeat": message.repeat,
    }
    return _json(url, body)


def _ntfy(url: str, message: Message, conduct: Conduct) -> Post:
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Title": f"overnight: {message.kind}",
        "Priority": "high" if message.kind in URGENT else "default",
    }
    parts = urlsplit(url)
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    if user:
        login = f"{unquote(user)}:{unquote(password)}".encode()
        token = "Bearer " + unquote(user) if not password else ""
        headers["Authorization"] = token or "Basic " + b64encode(login).decode()
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return Post(url, plain(message).encode("utf-8", "replace"), headers)


_ORDERS: Final = {"discord": _discord, "slack": _slack, "json": _generic, "ntfy": _ntfy}


def named(path: str) -> str:
    """A project's name as notices give it."""
    return Path(path).name or "project"
