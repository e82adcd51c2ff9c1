"""Sends through Apprise and to the status line of tmux."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tui.runner.notify.addresses import PRIVATE_ADDRESS, is_public_address, is_this_machine
from tui.runner.notify.delivery_rules import SendOutcome
from tui.runner.notify.message_text import NotifyMessage, plain_text, status_line

APPRISE_MISSING: Final = (
    "this service is reached through Apprise, which is not installed; "
    "install it with: pip install 'overnight-tui[notify]'"
)
_TMUX_SECONDS: Final = 3.0
_SHOWN_MS: Final = "8000"
_MAX_CLIENTS: Final = 8


def is_apprise_installed() -> bool:
    """Whether Apprise is there; it is not imported for that."""
    try:
        return find_spec("apprise") is not None
    except (ImportError, ValueError):
        return False


def send_with_apprise(
    url: str, message: NotifyMessage, total: float, *, private: bool
) -> SendOutcome:
    """Makes one attempt in a thread that is left behind when its time is up. Never raises."""
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
            body=plain_text(message), body_format="text", interpret_escapes=False
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
    if shutil.which("tmux", path=environ.get("PATH")) is None:
        return False
    folder = Path(environ.get("TMUX_TMPDIR") or "/tmp") / f"tmux-{os.getuid()}"
    return bool(environ.get("TMUX")) or (folder / "default").exists()


def escape_for_tmux(text: str) -> str:
    """Text that tmux shows as it is: neither a format, nor a style, nor a date."""
    # `##[` stays double in every version, as the mark of a style comes after the formats.
    return text.replace("#[", "# [").replace("#", "##").replace("%", "%%")


def show_in_tmux(message: NotifyMessage, environ: Mapping[str, str]) -> SendOutcome:
    """Shows the message to every attached client; "nobody" where there is none."""
    code, out = _tmux(environ, "list-clients", "-F", "#{client_control_mode} #{client_name}")
    names = [line.partition(" ")[2] for line in out.splitlines() if line.startswith("0 ")]
    if code != 0 or not names:
        return SendOutcome("nobody", "no tmux client is attached")
    text = escape_for_tmux(status_line(message))
    shown = 0
    for name in names[:_MAX_CLIENTS]:
        command = ("display-message", "-c", name)
        code, _ = _tmux(environ, *command, "-d", _SHOWN_MS, "--", text)
        if code != 0:  # tmux before 3.2 has no -d
            code, _ = _tmux(environ, *command, "--", text)
        shown += code == 0
    return SendOutcome("sent") if shown else SendOutcome("refused", "tmux did not show it")


def _tmux(environ: Mapping[str, str], *words: str) -> tuple[int, str]:
    import subprocess

    try:
        done = subprocess.run(
            ["tmux", *words],
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
