"""What a picture of Claude's terminal shows: its input box, what stands in it, an open question."""

from __future__ import annotations

import re
from typing import NamedTuple
from unicodedata import category

from tui.system.sgr import styled_pieces

_RULE = re.compile(r"[─━╌]{10}")
_PROMPT = re.compile(r"[❯>] ?\s?")
_QUESTION = re.compile(
    r"^\W*(?:[❯>]\s*)?1\.\s*(?:Yes|Allow|Always|Trust)"
    r"|\b(?:Do you want to|Would you like to)\b.*\?"
    r"|\bEsc to cancel\b|\bEnter to confirm\b",
    re.MULTILINE | re.IGNORECASE,
)
_PASTED = re.compile(r"\[Pasted text #\d+")


class ClaudeTerminalState(NamedTuple):
    """`typed` is what stands in the input box, None where no box is to be seen.

    `asks` says that a question seems to be open; `pasted` that the box holds a folded-up paste.
    """

    typed: str | None
    asks: bool
    pasted: bool = False


class _TerminalRow(NamedTuple):
    """`text` leaves out what is dim, `solid` also what is in reverse video, as the cursor is."""

    text: str
    solid: str
    has_dim: bool


def read_screen(picture: str, cursor_row: int) -> ClaudeTerminalState:
    """Reads a pane's visible rows, colours included; the input box is where the cursor stands.

    Whatever an agent may have printed above is no box, as the cursor is not in it.
    """
    seen = [_row(line) for line in picture.split("\n")]
    rows = [row.text for row in seen]
    top = next((n for n in range(cursor_row, -1, -1) if _is_rule(rows, n)), None)
    end = next((n for n in range(cursor_row, len(rows)) if _is_rule(rows, n)), None)
    if top is None or end is None or not _PROMPT.match(rows[top + 1]):
        return ClaudeTerminalState(None, _asks(rows, 0))
    typed = _inside(rows[top + 1 : end])
    if any(row.has_dim for row in seen[top + 1 : end]):
        # a suggestion that nobody typed; its first letter is under the cursor
        typed = _inside([row.solid for row in seen[top + 1 : end]]) and typed
    return ClaudeTerminalState(typed, _asks(rows, end + 1), _PASTED.search(typed) is not None)


def _inside(rows: list[str]) -> str:
    first = _PROMPT.sub("", rows[0], count=1)
    return "\n".join(row.rstrip() for row in [first, *(row[2:] for row in rows[1:])]).strip()


def squeezed(text: str) -> str:
    """A text without white space and without what has no width: what wrapping and drawing keep."""
    kept = "".join(text.split())
    return "".join(letter for letter in kept if category(letter) not in ("Cf", "Mn", "Me"))


def _is_rule(rows: list[str], number: int) -> bool:
    return number < len(rows) and _RULE.match(rows[number].strip()) is not None


def _asks(rows: list[str], start: int) -> bool:
    return _QUESTION.search("\n".join(rows[start:])) is not None


def _row(line: str) -> _TerminalRow:
    pieces = [(piece.replace("\xa0", " "), style) for piece, style in styled_pieces(line)]
    lit = [(piece, style) for piece, style in pieces if not style.dim]
    return _TerminalRow(
        "".join(piece for piece, _ in lit),
        "".join(piece for piece, style in lit if not style.reverse),
        any(style.dim and piece.strip() for piece, style in pieces),
    )
