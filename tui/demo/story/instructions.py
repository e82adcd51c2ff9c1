"""What a message from outside asks of a story, as far as a script can understand words."""

from __future__ import annotations

import re

_HAND_OVER = re.compile(
    r"\b(write|prepare|leave|record|put|give)\b[^.\n]{0,60}\bhand[\s-]?(over|off)"
    r"|\bhand over now\b|\bwrap up\b",
    re.IGNORECASE,
)
_STOP = re.compile(r"\b(stop work|finish up|end the session|stop here|good night)\b", re.IGNORECASE)
_BACK = re.compile(
    r"step back|reconsider|repeating|same (command|error|call)|going round|different approach",
    re.IGNORECASE,
)
_UNDONE = re.compile(r"rewound|rewind|taken back|undone|rolled back|restored", re.IGNORECASE)


class WrapUpRequested(Exception):
    """The person, or the runner, wants the work written up and the turn ended."""


def kind_of(text: str) -> str:
    """hand-over, stop, step-back, undone, or words."""
    if _HAND_OVER.search(text):
        return "hand-over"
    if _STOP.search(text):
        return "stop"
    if _BACK.search(text):
        return "step-back"
    return "undone" if _UNDONE.search(text) else "words"


def acknowledgement(text: str) -> str:
    """The sentence by which the agent shows that it has read a message."""
    quoted = " ".join(text.split())
    quoted = quoted if len(quoted) <= 90 else quoted[:87] + "…"
    kind = kind_of(text)
    if kind == "step-back":
        return (
            "Stepping back, as you asked. I have been repeating one command without learning "
            "anything new, so I leave that path and look at the cause instead."
        )
    if kind == "undone":
        return (
            f"Understood: part of the work was taken back (“{quoted}”). I look at what stands now."
        )
    if kind in ("hand-over", "stop"):
        return "Understood. I write down where things stand and stop."
    return f"Noted: “{quoted}”. I take that into account from here on."
