"""Discord, Slack and webhooks: one POST to a service that may be slow or hostile.

Only https, or http to this machine; never a redirect; never an address inside somebody's network
unless that is allowed, checked on the very address that is connected to.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from msgspec import Struct

from tui.runner.notify import local_transports
from tui.runner.notify.delivery_rules import SendOutcome, retry_after
from tui.runner.notify.message_text import URGENT, NotifyMessage, for_discord, for_slack, plain
from tui.runner.notify.outbox import NotifyChannel

PRIVATE: Final = "it is a private address; notifications.allow_private_addresses would allow it"
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


def is_this_machine(host: str) -> bool:
    """Whether a host, as it is written in a URL, is this very machine."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether an IP address is out in the world, and not inside somebody's network."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return found.is_global and not found.is_multicast and not found.is_reserved


CONNECT: Final = 5.0
_MOST_READ: Final = 1 << 16


class HttpPost(Struct, frozen=True):
    """What is to be posted, and where; the URL is a credential."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class _AddressRefusedError(Exception):
    """The address must not be used; its words name no address."""


class _NotSentError(Exception):
    """Nothing was sent."""


def post(order: HttpPost, *, total: float = 15.0, private: bool = False) -> SendOutcome:
    """Posts once, within `total` seconds. Never raises, never follows a redirect."""
    until = time.monotonic() + total
    try:
        parts = checked_url(order.url)
        connection = _connect(parts, min(CONNECT, total), private)
    except _AddressRefusedError as error:
        return SendOutcome("refused", str(error))
    except _NotSentError as error:
        return SendOutcome("unreached", str(error))
    left = max(0.1, until - time.monotonic())
    connection.sock.settimeout(left)
    guard = threading.Timer(left, _cut, (connection.sock,))
    guard.daemon = True
    guard.start()
    try:
        return _exchange(connection, parts, order, until)
    finally:
        guard.cancel()
        connection.close()


def _cut(sock: socket.socket) -> None:
    """Ends every wait on the socket: a timeout for each read would let a slow drip go on for ever."""
    try:
        # The plain socket's own: TLS would first have a word with the other side.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return


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
    body = _body(answer)
    return _meaning(answer.status, {key.lower(): text for key, text in answer.getheaders()}, body)


def _body(answer: http.client.HTTPResponse) -> Mapping[str, object]:
    """The JSON object of an answer, as far as it is worth reading: its status counts already."""
    try:
        found = json.loads(answer.read(_MOST_READ))
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _meaning(status: int, headers: Mapping[str, str], body: Mapping[str, object]) -> SendOutcome:
    words = f"HTTP {status}"
    if 200 <= status < 300:
        return SendOutcome("sent", words)
    if status == 429:
        return SendOutcome(
            "busy", f"{words}: too many messages", retry_after(headers, body, time.time())
        )
    if status >= 500:
        return SendOutcome("unsure", words, retry_after(headers, body, time.time()))
    if 300 <= status < 400:
        return SendOutcome("refused", f"{words}: it has moved, and redirects are not followed")
    if status in (401, 403, 404, 410):
        return SendOutcome(
            "refused", f"{words}: the service does not know this URL or its credentials"
        )
    return SendOutcome("refused", words)


# --- the address ---


def checked_url(url: str) -> SplitResult:
    """The parts of a URL that may be posted to."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _AddressRefusedError("its URL cannot be understood") from None
    if parts.scheme not in ("http", "https") or not host:
        raise _AddressRefusedError("its URL is neither https nor http")
    if parts.scheme == "http" and not is_this_machine(host):
        raise _AddressRefusedError("its URL is not https; http is used to this machine only")
    return parts


def _connect(parts: SplitResult, within: float, private: bool) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    here = is_this_machine(host)
    proxy = "" if here else _proxy(host)
    if proxy:
        return _through(proxy, parts, within, private)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    sock = _dial(host, port, within, private or here)
    connection: http.client.HTTPConnection
    if parts.scheme == "http":
        connection = http.client.HTTPConnection(host, port)
    else:
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, context=context)
        sock = _secured(sock, context, host)
    connection.sock = sock
    return connection


def _secured(sock: socket.socket, context: ssl.SSLContext, host: str) -> socket.socket:
    try:
        return context.wrap_socket(sock, server_hostname=host)
    except ssl.SSLCertVerificationError:
        sock.close()
        raise _AddressRefusedError("its certificate is not trusted") from None
    except (OSError, ValueError):
        sock.close()
        raise _NotSentError("no secure connection came about") from None


def _dial(host: str, port: int, within: float, private: bool) -> socket.socket:
    until = time.monotonic() + within
    addresses = _resolved(host, port, within)
    if not private and not all(is_public(one[4][0]) for one in addresses):
        raise _AddressRefusedError(PRIVATE)
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(max(0.1, until - time.monotonic()))
        try:
            sock.connect(address)
        except OSError:
            sock.close()
            continue
        return sock
    raise _NotSentError("no connection could be made")


_Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]


def _resolved(host: str, port: int, within: float) -> list[_Address]:
    """The addresses of a host. The resolver knows no time limit, so it is asked in a thread."""
    found: list[_Address] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))  # type: ignore[arg-type]
        except (OSError, UnicodeError):
            return

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(within)
    if not found:
        raise _NotSentError("its name is not known to the network")
    return list(found)


# --- a proxy, where the environment names one ---


def _proxy(host: str) -> str:
    return "" if proxy_bypass(host) else getproxies().get("https", "")


def _through(
    proxy: str, parts: SplitResult, within: float, private: bool
) -> http.client.HTTPConnection:
    """A tunnel through the proxy the person's environment names; it resolves the name."""
    host = parts.hostname or ""
    if not private and _is_inner(host):
        raise _AddressRefusedError(PRIVATE)
    try:
        there = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            there.hostname or "", there.port or 3128, timeout=within, context=context
        )
        connection.set_tunnel(host, parts.port or 443, _proxy_login(there))
        connection.connect()
    except ssl.SSLCertVerificationError:
        raise _AddressRefusedError("its certificate is not trusted") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise _NotSentError("the proxy let nothing through") from None
    return connection


def _is_inner(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return host.lower().endswith((".local", ".internal", ".localhost")) or "." not in host


def _proxy_login(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    from base64 import b64encode
    from urllib.parse import unquote

    words = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(words.encode()).decode()}


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
        return local_transports.show(message, os.environ)
    if channel.service == "apprise":
        return local_transports.send(channel.url, message, conduct.total, private=conduct.private)
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
