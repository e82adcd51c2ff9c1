"""What a session is at, in a few words: for the record of who stepped in, before and after."""

from __future__ import annotations

from tui.night.model import NightSnapshot
from tui.system.format import shorten

_MOST = 120


def activity_text(night: NightSnapshot | None) -> str:
    """The running tool, else the last words, else the state's reason; empty where nothing is known."""
    if night is None:
        return ""
    activity = night.activity
    if activity.tools:
        tool = activity.tools[-1]
        return shorten(f"{tool.name} {tool.target}".strip(), _MOST)
    said = activity.said.strip()
    return shorten(f"“{said}”" if said else activity.reason, _MOST)
