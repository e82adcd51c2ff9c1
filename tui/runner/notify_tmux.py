"""A line in the status bar of every tmux client of this user; argument lists only, text as text."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tui.runner.notify_rules import SendOutcome
from tui.runner.notify_text import NotifyMessage, one_line

_WITHIN: Final = 3.0
_SHOWN_MS: Final = "8000"
_MOST_CLIENTS: Final = 8


def may_be_there(environ: Mapping[str, str]) -> bool:
    """Whether tmux is installed and has or had a server for this user."""
    if shutil.which("tmux", path=environ.get("PATH")) is None:
        return False
    folder = Path(environ.get("TMUX_TMPDIR") or "/tmp") / f"tmux-{os.getuid()}"
    return bool(environ.get("TMUX")) or (folder / "default").exists()


def literal(text: str) -> str:
    """Text that tmux shows as it is: neither a format, nor a style, nor a date."""
    # `##[` stays double in every version, as the mark of a style comes after the formats.
    return text.replace("#[", "# [").replace("#", "##").replace("%", "%%")


def show(message: NotifyMessage, environ: Mapping[str, str]) -> SendOutcome:
    """Shows the message to whoever is attached; "nobody" where no one is."""
    code, out = _tmux(environ, "list-clients", "-F", "#{client_control_mode} #{client_name}")
    names = [line.partition(" ")[2] for line in out.splitlines() if line.startswith("0 ")]
    if code != 0 or not names:
        return SendOutcome("nobody", "no tmux client is attached")
    text = literal(one_line(message))
    shown = 0
    for name in names[:_MOST_CLIENTS]:
        words = ("display-message", "-c", name)
        code, _ = _tmux(environ, *words, "-d", _SHOWN_MS, "--", text)
        if code != 0:  # older than 3.2: it knows no -d
            code, _ = _tmux(environ, *words, "--", text)
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
            timeout=_WITHIN,
            env=dict(environ),
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return -1, ""
    return done.returncode, done.stdout.decode("utf-8", "replace")
