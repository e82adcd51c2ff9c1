"""How each service is spoken to."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from tui.runner import notify_apprise, notify_tmux
from tui.runner.notify_channels import NotifyChannel
from tui.runner.notify_http import HttpPost, post
from tui.runner.notify_rules import SendOutcome
from tui.runner.notify_text import URGENT, NotifyMessage, for_discord, for_slack, plain

_NO_EMBEDS: Final = 4  # Discord's message flag SUPPRESS_EMBEDS


class SendOptions(Struct, frozen=True):
    """How one sends: seconds in all for one delivery, and whether inner networks may be reached."""

    total: float = 15.0
    private: bool = False
    project: str = ""
    run: str = ""


def send(channel: NotifyChannel, message: NotifyMessage, conduct: SendOptions) -> SendOutcome:
    """Makes one attempt. Never raises; takes the time allowed and little more."""
    if channel.service == "tmux":
        return notify_tmux.show(message, os.environ)
    if channel.service == "apprise":
        return notify_apprise.send(channel.url, message, conduct.total, private=conduct.private)
    order = _ORDERS[channel.service](channel.url, message, conduct)
    return post(order, total=conduct.total, private=conduct.private)


def _json(url: str, body: Mapping[str, object]) -> HttpPost:
    data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return HttpPost(url, data, {"Content-Type": "application/json; charset=utf-8"})


def _discord(url: str, message: NotifyMessage, conduct: SendOptions) -> HttpPost:
    body = {
        "content": for_discord(message),
        "allowed_mentions": {"parse": []},
        "flags": _NO_EMBEDS,
    }
    return _json(url, body)


def _slack(url: str, message: NotifyMessage, conduct: SendOptions) -> HttpPost:
    quiet = {"mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
    return _json(url, {"text": for_slack(message), **quiet})


def _generic(url: str, message: NotifyMessage, conduct: SendOptions) -> HttpPost:
    body = {
        "id": message.id,
        "event": message.kind,
        "text": plain(message),
        "project": conduct.project,
        "run": conduct.run,
        "may_repeat": message.repeat,
    }
    return _json(url, body)


def _ntfy(url: str, message: NotifyMessage, conduct: SendOptions) -> HttpPost:
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
    return HttpPost(url, plain(message).encode("utf-8", "replace"), headers)


_ORDERS: Final = {"discord": _discord, "slack": _slack, "json": _generic, "ntfy": _ntfy}
