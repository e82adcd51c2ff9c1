"""Sends one message: for Discord, Slack, ntfy and webhooks a POST to a service that may be hostile.

Only https, or http to this machine; never a redirect. A private address is refused unless the person's own
settings allow it, and the address that is checked is the one that is connected to. This machine may be
named only by the person: a URL that a project's file gave does not reach it.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from msgspec import Struct

from tui.runner.notify import channels
from tui.runner.notify.channels import (
    PRIVATE_ADDRESS,
    NotifyChannel,
    is_public_address,
    is_this_machine,
)
from tui.runner.notify.delivery_rules import MAX_WAIT_SECONDS, SendOutcome
from tui.runner.notify.message_text import URGENT, NotifyMessage, message_text

_CONNECT_SECONDS: Final = 5.0
_MAX_ANSWER_BYTES: Final = 1 << 16
_SUPPRESS_EMBEDS: Final = 4  # a message flag of Discord
_UNTRUSTED: Final = "its certificate is not trusted"


class HttpPost(Struct, frozen=True):
    """What is to be posted, and where; the URL is a credential."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class SendOptions(Struct, frozen=True):
    """`total` is the time of one delivery in seconds, `private` allows private addresses."""

    total: float = 15.0
    private: bool = False
    project: str = ""
    run: str = ""


class _NotSentError(Exception):
    """No byte of the message was sent; its arguments are those of the outcome, and name no address."""


def post(
    order: HttpPost, *, total: float = 15.0, private: bool = False, of_project: bool = False
) -> SendOutcome:
    """Posts once, within `total` seconds. Never raises, never follows a redirect."""
    until = time.monotonic() + total
    try:
        parts = _checked_url(order.url)
        connection = _connect(parts, min(_CONNECT_SECONDS, total), private, of_project)
    except _NotSentError as error:
        return SendOutcome(*error.args)
    seconds_left = max(0.1, until - time.monotonic())
    connection.sock.settimeout(seconds_left)
    # The timeout of the socket holds for each read; a service that drips would never reach it.
    guard = threading.Timer(seconds_left, _shut_down, (connection.sock,))
    guard.daemon = True
    guard.start()
    try:
        return _exchange(connection, parts, order, until)
    finally:
        guard.cancel()
        connection.close()


def _shut_down(sock: socket.socket) -> None:
    with suppress(OSError):
        # Not the TLS socket's own shutdown, which would wait for an answer of the other side.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _exchange(
    connection: http.client.HTTPConnection, parts: SplitResult, order: HttpPost, until: float
) -> SendOutcome:
    query = f"?{parts.query}" if parts.query else ""
    target = quote((parts.path or "/") + query, safe="/?%:@!$&'()*+,;=~")
    headers = {"User-Agent": "overnight-tui", "Connection": "close", **order.headers}
    try:
        connection.request("POST", target, order.body, headers)
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = isinstance(error, TimeoutError) or time.monotonic() >= until
        return SendOutcome(
            "unsure", "it did not answer in time" if late else "it broke off unanswered"
        )
    try:
        body = json.loads(answer.read(_MAX_ANSWER_BYTES))
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        body = {}  # the status says enough
    answer_headers = {key.lower(): text for key, text in answer.getheaders()}
    return _outcome_of(answer.status, answer_headers, body if isinstance(body, dict) else {})


def _outcome_of(status: int, headers: Mapping[str, str], body: Mapping[str, object]) -> SendOutcome:
    text = f"HTTP {status}"
    if 200 <= status < 300:
        return SendOutcome("sent", text)
    if status == 429:
        wait = retry_after(headers, body, time.time())
        return SendOutcome("busy", f"{text}: too many messages", wait)
    if status >= 500:
        return SendOutcome("unsure", text, retry_after(headers, body, time.time()))
    if 300 <= status < 400:
        text += ": it has moved, and redirects are not followed"
    elif status in (401, 403, 404, 410):
        text += ": the service does not know this URL or its credentials"
    return SendOutcome("refused", text)


def retry_after(headers: Mapping[str, str], body: Mapping[str, object], now: float) -> float | None:
    """Seconds a service asks to wait, at most ten minutes; None where it says nothing usable.

    The names of `headers` are in lower case.
    """
    asked = headers.get("retry-after", "").strip()
    milliseconds = asked[:-2] if asked.lower().endswith("ms") else ""
    milliseconds = headers.get("retry-after-ms", milliseconds)
    seconds = _number(milliseconds or asked)
    if milliseconds and seconds is not None:
        seconds /= 1000
    elif asked and seconds is None:
        seconds = _until_date(asked, now)
    value = body.get("retry_after")
    in_body = _number(value) if isinstance(value, int | float) and value != math.inf else None
    reset = _number(headers.get("x-ratelimit-reset-after", ""))
    found = [one for one in (seconds, in_body, reset) if one is not None]
    if not found:
        return None
    # Services disagree on the unit. Values a thousand times apart are milliseconds and seconds.
    most, least = max(found), min(found)
    meant = least if least > 0 and most >= 500 * least else most
    return min(MAX_WAIT_SECONDS, meant)


def _number(value: str | float) -> float | None:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if number == math.inf:
        return MAX_WAIT_SECONDS
    return number if number >= 0 and not isinstance(value, bool) else None


def _until_date(text: str, now: float) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


# --- connecting ---


def _checked_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _NotSentError("refused", "its URL cannot be understood") from None
    if parts.scheme not in ("http", "https") or not host:
        raise _NotSentError("refused", "its URL is neither https nor http")
    if parts.scheme == "http" and not is_this_machine(host):
        raise _NotSentError("refused", "its URL is not https; http is used to this machine only")
    return parts


def _connect(
    parts: SplitResult, seconds: float, private: bool, of_project: bool
) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    is_local = is_this_machine(host)
    if is_local and of_project and not private:
        raise _NotSentError("refused", PRIVATE_ADDRESS)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    proxy = "" if is_local or proxy_bypass(host) else getproxies().get("https", "")
    if proxy:
        target = host if private else _proxy_target(host, port, seconds, of_project)
        return _connect_through_proxy(proxy, parts, target, seconds)
    sock = _dial(host, port, seconds, private or is_local)
    connection: http.client.HTTPConnection
    if parts.scheme == "http":
        connection = http.client.HTTPConnection(host, port)
    else:
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, context=context)
        sock = _wrap_tls(sock, context, host)
    connection.sock = sock
    return connection


def _wrap_tls(sock: socket.socket, context: ssl.SSLContext, host: str) -> socket.socket:
    try:
        return context.wrap_socket(sock, server_hostname=host)
    except ssl.SSLCertVerificationError:
        sock.close()
        raise _NotSentError("refused", _UNTRUSTED) from None
    except (OSError, ValueError):
        sock.close()
        raise _NotSentError("unreached", "no secure connection came about") from None


def _proxy_target(host: str, port: int, seconds: float, of_project: bool) -> str:
    """What a proxy is asked for: the host, or its checked address where a project's file named it.

    A proxy would look the name up in its own network.
    """
    if _is_private_name(host):
        raise _NotSentError("refused", PRIVATE_ADDRESS)
    if not of_project:
        return host
    addresses = [one[4][0] for one in _resolve(host, port, seconds)]
    if not all(map(is_public_address, addresses)):
        raise _NotSentError("refused", PRIVATE_ADDRESS)
    return addresses[0]


def _dial(host: str, port: int, seconds: float, private: bool) -> socket.socket:
    until = time.monotonic() + seconds
    addresses = _resolve(host, port, seconds)
    if not private and not all(is_public_address(one[4][0]) for one in addresses):
        raise _NotSentError("refused", PRIVATE_ADDRESS)
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(max(0.1, until - time.monotonic()))
        try:
            sock.connect(address)
        except OSError:
            sock.close()
            continue
        return sock
    raise _NotSentError("unreached", "no connection could be made")


_Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]


def _resolve(host: str, port: int, seconds: float) -> list[_Address]:
    addresses: list[_Address] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            addresses.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))  # type: ignore[arg-type]

    # getaddrinfo knows no time limit, so it is called in a thread that may be left behind.
    resolver = threading.Thread(target=ask, daemon=True)
    resolver.start()
    resolver.join(seconds)
    if not addresses:
        raise _NotSentError("unreached", "its name is not known to the network")
    return list(addresses)


def _connect_through_proxy(
    proxy: str, parts: SplitResult, target: str, seconds: float
) -> http.client.HTTPConnection:
    """A tunnel through the proxy of the person's environment to `target`, the host or an address of it."""
    host = parts.hostname or ""
    port = parts.port or 443
    try:
        address = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        context = ssl.create_default_context()
        tunnel = http.client.HTTPConnection(
            address.hostname or "", address.port or 3128, timeout=seconds
        )
        headers = {}
        if address.username:
            login = _basic_login(unquote(address.username), unquote(address.password or ""))
            headers["Proxy-Authorization"] = login
        tunnel.set_tunnel(target, port, headers)
        tunnel.connect()
    except (OSError, http.client.HTTPException, ValueError):
        raise _NotSentError("unreached", "the proxy let nothing through") from None
    connection = http.client.HTTPSConnection(host, port, context=context)
    connection.sock = _wrap_tls(tunnel.sock, context, host)
    return connection


def _is_private_name(host: str) -> bool:
    try:
        return not is_public_address(host)
    except ValueError:
        return host.lower().endswith((".local", ".internal", ".localhost")) or "." not in host


def _basic_login(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


# --- the services ---


def _json_post(channel: NotifyChannel, message: NotifyMessage, options: SendOptions) -> HttpPost:
    body: dict[str, object]
    if channel.service == "discord":
        body = {"content": message_text(message, "discord"), "allowed_mentions": {"parse": []}}
        body["flags"] = _SUPPRESS_EMBEDS
    elif channel.service == "slack":
        body = {"text": message_text(message, "slack"), "mrkdwn": False}
        body |= {"unfurl_links": False, "unfurl_media": False}
    else:
        body = {"id": message.id, "event": message.kind, "text": message_text(message)}
        body |= {"project": options.project, "run": options.run, "may_repeat": message.repeat}
    data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return HttpPost(channel.url, data, {"Content-Type": "application/json; charset=utf-8"})


def _ntfy_post(url: str, message: NotifyMessage) -> HttpPost:
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Title": f"overnight: {message.kind}",
        "Priority": "high" if message.kind in URGENT else "default",
    }
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    user, _, password = (unquote(part) for part in login.partition(":"))
    if user:
        # A login without a password is an access token of ntfy.
        headers["Authorization"] = _basic_login(user, password) if password else f"Bearer {user}"
        url = parts._replace(netloc=host).geturl()
    return HttpPost(url, message_text(message).encode("utf-8", "replace"), headers)


def send(channel: NotifyChannel, message: NotifyMessage, options: SendOptions) -> SendOutcome:
    """Makes one attempt. Never raises; takes the time allowed and little more."""
    if channel.service == "tmux":
        return channels.show_in_tmux(message, os.environ)
    total, private = options.total, options.private
    if channel.service == "apprise":
        return channels.send_with_apprise(channel, message, total, private=private)
    if channel.service == "ntfy":
        order = _ntfy_post(channel.url, message)
    else:
        order = _json_post(channel, message, options)
    return post(order, total=total, private=private, of_project=channel.of_project)


Send = Callable[[NotifyChannel, NotifyMessage, SendOptions], SendOutcome]
