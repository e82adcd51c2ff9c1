"""What a picture of Claude's terminal shows: its input box, what stands in it, an open question."""

from __future__ import annotations

import re
from typing import NamedTuple
from unicodedata import category

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_OTHER = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])")
_RULE = re.compile(r"[─━╌]{10}")
_PROMPT = re.compile(r"[❯>] ?\s?")
_QUESTION = re.compile(
    r"^\W*(?:[❯>]\s*)?1\.\s*(?:Yes|Allow|Always|Trust)"
    r"|\b(?:Do you want to|Would you like to)\b.*\?"
    r"|\bEsc to cancel\b|\bEnter to confirm\b",
    re.MULTILINE | re.IGNORECASE,
)
_PASTED = re.compile(r"\[Pasted text #\d+")


class Screen(NamedTuple):
    """`typed` is what stands in the input box, None where no box is to be seen.

    `asks` says that a question seems to be open; `pasted` that the box holds a folded-up paste.
    """

    typed: str | None
    asks: bool
    pasted: bool = False


def read_screen(picture: str, cursor_row: int) -> Screen:
    """Reads a pane's visible rows, colours included; the input box is where the cursor stands.

    Whatever an agent may have printed above is no box, as the cursor is not in it.
    """
    rows = [_visible(row) for row in picture.split("\n")]
    top = next((n for n in range(cursor_row, -1, -1) if _is_rule(rows, n)), None)
    end = next((n for n in range(cursor_row, len(rows)) if _is_rule(rows, n)), None)
    if top is None or end is None or not _PROMPT.match(rows[top + 1]):
        return Screen(None, _asks(rows, 0))
    first = _PROMPT.sub("", rows[top + 1], count=1)
    inside = [first, *(row[2:] for row in rows[top + 2 : end])]
    typed = "\n".join(row.rstrip() for row in inside).strip()
    return Screen(typed, _asks(rows, end + 1), _PASTED.search(typed) is not None)


def squeezed(text: str) -> str:
    """A text without white space and without what has no width: what wrapping and drawing keep."""
    kept = "".join(text.split())
    return "".join(letter for letter in kept if category(letter) not in ("Cf", "Mn", "Me"))


def _is_rule(rows: list[str], number: int) -> bool:
    return number < len(rows) and _RULE.match(rows[number].strip()) is not None


def _asks(rows: list[str], start: int) -> bool:
    return _QUESTION.search("\n".join(rows[start:])) is not None


def _visible(row: str) -> str:
    """A row's text without colours and without what is dim: suggestions that nobody typed."""
    kept: list[str] = []
    dim, place = False, 0
    for found in _SGR.finditer(row):
        if not dim:
            kept.append(row[place : found.start()])
        dim = _dim_after(found.group(1), dim)
        place = found.end()
    if not dim:
        kept.append(row[place:])
    return _OTHER.sub("", "".join(kept)).replace("\xa0", " ")


def _dim_after(parameters: str, dim: bool) -> bool:
    numbers = re.split("[;:]", parameters)
    skip = 0
    for place, number in enumerate(numbers):
        if skip:
            skip -= 1
        elif number in ("38", "48", "58"):
            skip = 4 if numbers[place + 1 : place + 2] == ["2"] else 2
        elif number == "2":
            dim = True
        elif number in ("", "0", "22"):
            dim = False
    return dim
