"""Copies by OSC 52 and tmux."""

from __future__ import annotations

import os
import subprocess
from typing import Any

from textual.app import App

from widgets.output_guard import show_toast


def copy(app: App[Any], text: str) -> None:
    """Copies and says where to."""
    app.copy_to_clipboard(text)
    where = "the clipboard and a tmux buffer" if to_tmux(text) else "the clipboard"
    show_toast(app, f"copied to {where}" if text else "nothing under the cursor")


def to_tmux(text: str) -> bool:
    """Puts the text in a tmux buffer and, through tmux, in the outer clipboard; False outside tmux."""
    if not os.environ.get("TMUX"):
        return False
    try:
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],
            input=text.encode("utf-8", "replace"),
            timeout=3,
            capture_output=True,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
