"""Pastes into an interactive session, checked before and after.

Nothing goes in while a question is open or somebody's draft stands in the box; Enter is pressed
only when the box is seen to hold the text, and nothing else.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Final, NamedTuple
from unicodedata import category

from tui.control.channels.mailbox import check_text
from tui.system.errors import RefusedError
from tui.system.sgr import SgrState, styled_pieces
from tui.system.tmux import TmuxPane, check_ready, run_tmux

_RULE = re.compile(r"[─━╌]{10}")
_PROMPT = re.compile(r"[❯>] ?\s?")
_QUESTION = re.compile(
    r"^\W*(?:[❯>]\s*)?1\.\s*(?:Yes|Allow|Always|Trust)"
    r"|\b(?:Do you want to|Would you like to)\b.*\?"
    r"|\bEsc to cancel\b|\bEnter to confirm\b",
    re.MULTILINE | re.IGNORECASE,
)
_PASTED = re.compile(r"\[Pasted text #\d+")
MOST_BYTES: Final = 4_000
_DRAWN_WITHIN_S: Final = 4.0
_POLL_S: Final = 0.05
# An input box takes an Enter close behind a paste for part of the paste.
_ENTER_DELAY_S: Final = 0.15
# First characters that Claude takes for a command, a shell line, a memory, a job or a file.
_COMMANDS: Final = "/!#&@"


class ClaudeTerminalState(NamedTuple):
    """What a pane shows; `typed` stands in the input box, None where no box is to be seen."""

    typed: str | None
    has_question: bool
    has_folded_paste: bool = False


def parse_terminal(picture: str, cursor_row: int) -> ClaudeTerminalState:
    """Reads a pane's visible rows, colours included; the input box is where the cursor stands.

    Whatever an agent may have printed above is no box, as the cursor is not in it.
    """
    pieces = [list(styled_pieces(line.replace("\xa0", " "))) for line in picture.split("\n")]
    rows = [_without(row, "dim") for row in pieces]
    top = next((n for n in range(cursor_row, -1, -1) if _is_rule(rows, n)), None)
    end = next((n for n in range(cursor_row, len(rows)) if _is_rule(rows, n)), None)
    if top is None or end is None or not _PROMPT.match(rows[top + 1]):
        return ClaudeTerminalState(None, _shows_question(rows, 0))
    typed = _box_text(rows[top + 1 : end])
    # Dim text is a suggestion that nobody typed; its first letter is under the cursor, reversed.
    solid = [_without(row, "dim", "reverse") for row in pieces[top + 1 : end]]
    if any(style.dim and piece.strip() for row in pieces[top + 1 : end] for piece, style in row):
        typed = _box_text(solid) and typed
    return ClaudeTerminalState(
        typed, _shows_question(rows, end + 1), _PASTED.search(typed) is not None
    )


def _without(row: list[tuple[str, SgrState]], *styles: str) -> str:
    return "".join(piece for piece, style in row if not any(getattr(style, s) for s in styles))


def _box_text(rows: list[str]) -> str:
    first = _PROMPT.sub("", rows[0], count=1)
    return "\n".join(row.rstrip() for row in [first, *(row[2:] for row in rows[1:])]).strip()


def squeeze(text: str) -> str:
    """A text without white space and without what has no width: what wrapping and drawing keep."""
    return "".join(
        char for char in "".join(text.split()) if category(char) not in ("Cf", "Mn", "Me")
    )


def _is_rule(rows: list[str], number: int) -> bool:
    return number < len(rows) and _RULE.match(rows[number].strip()) is not None


def _shows_question(rows: list[str], start: int) -> bool:
    return _QUESTION.search("\n".join(rows[start:])) is not None


class PasteUncertainError(RefusedError):
    """The text may stand in the session's input box; no other channel may carry it as well."""


def check_paste(text: str) -> str:
    """The text itself; RefusedError for one that an input box would not take literally."""
    check_text(text)
    for char in text:
        if category(char) == "Cc" and char not in "\n\t":
            raise RefusedError(
                f"the message holds a control character (U+{ord(char):04X}); "
                "a terminal would act on it, so it cannot be pasted"
            )
    if len(text.encode("utf-8")) > MOST_BYTES:
        raise RefusedError(
            f"more than {MOST_BYTES:,} bytes cannot be pasted safely; say it shorter"
        )
    first = text.lstrip()[0]
    if first in _COMMANDS:
        raise RefusedError(
            f"Claude would act on a message that begins with {first}; begin otherwise"
        )
    if text.rstrip().endswith("\\"):
        raise RefusedError("a backslash at the end would swallow Enter; end otherwise")
    return text


def read_terminal(pane: TmuxPane) -> ClaudeTerminalState:
    """What the pane shows now."""
    row = run_tmux(pane.socket, "display-message", "-p", "-t", pane.id, "#{cursor_y}")
    picture = run_tmux(pane.socket, "capture-pane", "-p", "-e", "-t", pane.id)
    return parse_terminal(picture, int(row) if row.isdecimal() else 0)


def unavailable_reason(pane: TmuxPane) -> str:
    """Empty when the pane can take a paste now."""
    try:
        check_ready(pane)
        screen = read_terminal(pane)
    except RefusedError as error:
        return str(error)
    if screen.has_question:
        return "a question is open on its screen; Enter would answer it"
    if screen.typed is None:
        return "no empty input box of Claude is to be seen on its screen"
    if screen.typed:
        return "somebody's draft stands in its input box"
    return ""


def paste(pane: TmuxPane, text: str, find_obstacle: Callable[[], str] = lambda: "") -> None:
    """Puts the text into the session's input box and submits it.

    `find_obstacle` is asked before each step and says why not to go on. RefusedError: nothing was
    done; PasteUncertainError: the text went in, but was not seen to be submitted.
    """
    check_paste(text)
    reason = find_obstacle() or unavailable_reason(pane)
    if reason:
        raise RefusedError(reason)
    buffer = f"overnight-{uuid.uuid4().hex[:8]}"
    run_tmux(pane.socket, "load-buffer", "-b", buffer, "-", data=text.encode("utf-8"))
    run_tmux(pane.socket, "paste-buffer", "-d", "-p", "-r", "-b", buffer, "-t", pane.id)
    if not _wait_for(pane, lambda screen: _holds_text(screen, text)):
        raise PasteUncertainError(
            "pasted, but its input box does not show it; Enter was not pressed"
        )
    time.sleep(_ENTER_DELAY_S)
    for _ in range(2):
        reason = find_obstacle() or _submit_obstacle(pane, text)
        if reason:
            raise PasteUncertainError(f"pasted, but Enter was not pressed: {reason}")
        run_tmux(pane.socket, "send-keys", "-t", pane.id, "Enter")
        if _wait_for(pane, lambda screen: _has_left_box(screen, text)):
            return
    raise PasteUncertainError("pasted, but its input box still shows it after Enter")


def _submit_obstacle(pane: TmuxPane, text: str) -> str:
    check_ready(pane)
    screen = read_terminal(pane)
    if screen.has_question:
        return "a question opened on its screen"
    return "" if _holds_text(screen, text) else "its input box holds something else"


def _holds_text(screen: ClaudeTerminalState, text: str) -> bool:
    """Whether the box shows this text and no other, or a paste that was folded up."""
    if screen.typed is None:
        return False
    if screen.has_folded_paste:
        return squeeze(screen.typed).startswith("[Pastedtext#") and screen.typed.endswith("]")
    return squeeze(screen.typed) == squeeze(text)


def _has_left_box(screen: ClaudeTerminalState, text: str) -> bool:
    """Whether the box no longer shows the text, or the turn that it began asks something already."""
    return screen.has_question or (screen.typed is not None and not _holds_text(screen, text))


def _wait_for(pane: TmuxPane, condition: Callable[[ClaudeTerminalState], bool]) -> bool:
    until = time.monotonic() + _DRAWN_WITHIN_S
    while True:
        if condition(read_terminal(pane)):
            return True
        if time.monotonic() > until:
            return False
        time.sleep(_POLL_S)
