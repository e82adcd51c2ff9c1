"""Every other service, through Apprise where it is installed (the extra `notify`)."""

from __future__ import annotations

import threading
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urlsplit

from tui.runner.notify_address import PRIVATE, is_public, is_this_machine
from tui.runner.notify_rules import SendOutcome
from tui.runner.notify_text import NotifyMessage, plain

MISSING: Final = (
    "this service is reached through Apprise, which is not installed; "
    "install it with: pip install 'overnight-tui[notify]'"
)


def installed() -> bool:
    """Whether Apprise is there; it is not imported for that."""
    try:
        return find_spec("apprise") is not None
    except (ImportError, ValueError):
        return False


def send(url: str, message: NotifyMessage, total: float, *, private: bool) -> SendOutcome:
    """Makes one attempt in a thread that is left behind when its time is up. Never raises."""
    if not installed():
        return SendOutcome("refused", MISSING)
    if not private and _is_inner(url):
        return SendOutcome("refused", PRIVATE)
    said: list[SendOutcome] = []
    worker = threading.Thread(target=lambda: said.append(_attempt(url, message)), daemon=True)
    worker.start()
    worker.join(total)
    return said[0] if said else SendOutcome("unsure", "it did not answer in time")


def _attempt(url: str, message: NotifyMessage) -> SendOutcome:
    try:
        apprise: Any = import_module("apprise")
        box = apprise.Apprise()
        if not box.add(url):
            return SendOutcome("refused", "Apprise does not understand its URL")
        # Apprise reads a body as its service's markup unless it is told that it is plain text.
        done = box.notify(body=plain(message), body_format="text", interpret_escapes=False)
    except Exception as error:  # a plug-in may raise anything, with its URL in the words
        return SendOutcome("unsure", f"Apprise failed ({type(error).__name__})")
    if done:
        return SendOutcome("sent")
    return SendOutcome("unsure", "Apprise could not deliver it and does not say why")


def _is_inner(url: str) -> bool:
    """Only what is plainly an inner address: for many services the host is a token, and asking a
    name server for it would give it away."""
    try:
        host = urlsplit(url).hostname or ""
        return not is_this_machine(host) and not is_public(host)
    except ValueError:
        return False
