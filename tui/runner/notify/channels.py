"""The channels of the settings, which hosts they may lead to, and those that are no web service."""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import threading
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Literal
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from tui.runner.notify.delivery_rules import SendOutcome
from tui.runner.notify.message_text import NotifyMessage, message_text, status_line
from tui.settings.settings import Settings
from tui.settings.units import Secret
from tui.system.children.programs import find_program

Service = Literal["tmux", "discord", "slack", "ntfy", "json", "apprise"]
PRIVATE_ADDRESS: Final = (
    "it is a private address; "
    "notifications.allow_private_addresses in your own settings would allow it"
)
APPRISE_OF_PROJECT: Final = (
    "a project's file may not send through Apprise, which tells nobody where it connects to; "
    "put its URL in your own settings"
)
APPRISE_MISSING: Final = (
    "this service is reached through Apprise, which is not installed; "
    "install it with: pip install 'overnight-tui[notify]'"
)
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
# What Python counts as public though it leads to the own network, a relay of it or the machine's host.
_NOT_PUBLIC: Final = (
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("192.88.99.0/24"),
    ipaddress.ip_network("168.63.129.16/32"),
    ipaddress.ip_network("fec0::/10"),
    ipaddress.ip_network("64:ff9b:1::/48"),
)
_NTFY: Final = "ntfy.sh"
_DISCORD_HOSTS: Final = ("discord.com", "discordapp.com")
_TMUX_SECONDS: Final = 3.0
_SHOWN_MS: Final = "8000"
_MAX_CLIENTS: Final = 8


class NotifyChannel(Struct, frozen=True):
    """One way to reach people. `name` may be shown; `url` is a credential and may not.

    `of_project` says that a project's file named it, so it must not lead to this machine or its network.
    """

    name: str
    service: Service
    url: str = ""
    of_project: bool = False

    def __repr__(self) -> str:
        return f"Channel({self.name})"

    @property
    def is_remote(self) -> bool:
        return self.service != "tmux"


def configured_channels(
    settings: Settings, environ: Mapping[str, str] = os.environ
) -> tuple[NotifyChannel, ...]:
    """The channels that may be sent to, each under a name of its own."""
    rules = settings.notifications
    channels: list[NotifyChannel] = []
    if rules.tmux and may_have_tmux(environ):
        channels.append(NotifyChannel("tmux", "tmux"))
    named: tuple[tuple[Service, Secret | None], ...] = (
        ("discord", rules.discord_webhook),
        ("slack", rules.slack_webhook),
    )
    for service, hook in named:
        if hook:
            channels.append(NotifyChannel(service, service, hook.reveal(), hook.of_project))
    for secret in rules.urls:
        for name, service, url in _parse_url(secret.reveal()):
            unique = _unique_name(name, channels)
            channels.append(NotifyChannel(unique, service, url, secret.of_project))
    return tuple(channels)


def channel_problems(settings: Settings) -> tuple[str, ...]:
    """What keeps channels from working, one sentence each."""
    found = []
    for channel in configured_channels(settings, {}):
        private = settings.notifications.allow_private_addresses
        if channel.service == "apprise" and channel.of_project and not private:
            found.append(f"{channel.name}: {APPRISE_OF_PROJECT}")
        elif channel.service == "apprise" and not is_apprise_installed():
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


# --- addresses ---


def is_this_machine(host: str) -> bool:
    """Whether a host, as it is written in a URL, is this machine; no name server is asked."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public_address(address: str) -> bool:
    """Whether an IP address lies outside every private network. ValueError if it is none."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # These carry an IPv4 address that the network connects to in their place.
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
    if any(found in network for network in _NOT_PUBLIC):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


# --- Apprise and tmux ---


def is_apprise_installed() -> bool:
    """Whether Apprise is there; it is not imported for that."""
    try:
        return find_spec("apprise") is not None
    except (ImportError, ValueError):
        return False


def send_with_apprise(
    channel: NotifyChannel, message: NotifyMessage, total: float, *, private: bool
) -> SendOutcome:
    """Makes one attempt in a thread that is left behind when its time is up. Never raises."""
    url = channel.url
    if channel.of_project and not private:
        return SendOutcome("refused", APPRISE_OF_PROJECT)
    if not is_apprise_installed():
        return SendOutcome("refused", APPRISE_MISSING)
    if not private and _is_private_host(url):
        return SendOutcome("refused", PRIVATE_ADDRESS)
    outcomes: list[SendOutcome] = []
    worker = threading.Thread(target=lambda: outcomes.append(_attempt(url, message)), daemon=True)
    worker.start()
    worker.join(total)
    return outcomes[0] if outcomes else SendOutcome("unsure", "it did not answer in time")


def _attempt(url: str, message: NotifyMessage) -> SendOutcome:
    try:
        apprise: Any = import_module("apprise")
        notifier = apprise.Apprise()
        if not notifier.add(url):
            return SendOutcome("refused", "Apprise does not understand its URL")
        # Apprise reads a body as its service's markup unless it is told that it is plain text.
        sent = notifier.notify(
            body=message_text(message), body_format="text", interpret_escapes=False
        )
    except Exception as error:  # a plug-in may raise anything, with its URL in the text
        return SendOutcome("unsure", f"Apprise failed ({type(error).__name__})")
    if sent:
        return SendOutcome("sent")
    return SendOutcome("unsure", "Apprise could not deliver it and does not say why")


def _is_private_host(url: str) -> bool:
    # Only a literal address: for many services the host of the URL is a token, and asking a name
    # server for it would give it away.
    try:
        host = urlsplit(url).hostname or ""
        return not is_this_machine(host) and not is_public_address(host)
    except ValueError:
        return False


def may_have_tmux(environ: Mapping[str, str]) -> bool:
    """Whether tmux is installed and has or had a server for this user."""
    if find_program("tmux", environ) is None:
        return False
    return bool(environ.get("TMUX")) or os.path.exists(_tmux_socket(environ))


def has_tmux_server(environ: Mapping[str, str]) -> bool:
    """Whether a tmux server answers now: its socket stays behind when it ends. Never waits."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.setblocking(False)
        try:
            asking.connect(_tmux_socket(environ))
        except BlockingIOError:
            return True  # it is there, and busy
        except OSError:
            return False
    return True


def _tmux_socket(environ: Mapping[str, str]) -> str:
    named = environ.get("TMUX", "").partition(",")[0]
    return named or f"{environ.get('TMUX_TMPDIR') or '/tmp'}/tmux-{os.getuid()}/default"


def escape_for_tmux(text: str) -> str:
    """Text that tmux shows as it is: neither a format, nor a style, nor a date."""
    # `##[` stays double in every version, as the mark of a style comes after the formats.
    return text.replace("#[", "# [").replace("#", "##").replace("%", "%%")


def show_in_tmux(message: NotifyMessage, environ: Mapping[str, str]) -> SendOutcome:
    """Shows the message to every attached client; "nobody" where there is none."""
    code, out = ask_tmux(environ, "list-clients", "-F", "#{client_control_mode} #{client_name}")
    names = [line.partition(" ")[2] for line in out.splitlines() if line.startswith("0 ")]
    if code != 0 or not names:
        return SendOutcome("nobody", "no tmux client is attached")
    text = escape_for_tmux(status_line(message))
    shown = 0
    for name in names[:_MAX_CLIENTS]:
        command = ("display-message", "-c", name)
        code, _ = ask_tmux(environ, *command, "-d", _SHOWN_MS, "--", text)
        if code != 0:  # tmux before 3.2 has no -d
            code, _ = ask_tmux(environ, *command, "--", text)
        shown += code == 0
    return SendOutcome("sent") if shown else SendOutcome("refused", "tmux did not show it")


def ask_tmux(environ: Mapping[str, str], *words: str) -> tuple[int, str]:
    """The exit code and the output of a tmux command; -1 where it cannot be run."""
    program = find_program("tmux", environ)
    if program is None:
        return -1, ""
    try:
        done = subprocess.run(
            [program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_TMUX_SECONDS,
            env=dict(environ),
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return -1, ""
    return done.returncode, done.stdout.decode("utf-8", "replace")
