"""Colours that a tool's output brought along, read from the SGR sequences that were let through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rich.color import Color
from rich.style import Style

from widgets.cells import visible

SGR: Final = re.compile(r"\x1b\[([0-9;:]*)m")

COLOURED: Final = 20_000
"""Sequences read in one text; what comes after them keeps its words and loses its colours."""


class Coloured(NamedTuple):
    """A line without its sequences, and the places from which on each style holds."""

    text: str
    runs: tuple[tuple[int, Style], ...]


_ATTRIBUTES: Final = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike"}
_ENDINGS: Final = {
    22: ("bold", "dim"),
    23: ("italic",),
    24: ("underline",),
    27: ("reverse",),
    29: ("strike",),
}


class Pen:
    """The state that SGR codes change; blinking and concealing are not obeyed."""

    def __init__(self) -> None:
        self.on: set[str] = set()
        self.colour: Color | None = None
        self.paper: Color | None = None

    def reset(self) -> None:
        self.on.clear()
        self.colour = self.paper = None

    def obey(self, codes: str) -> None:
        """Take in the numbers between `ESC [` and `m`."""
        numbers = iter([int(code[:4]) if code else 0 for code in re.split("[;:]", codes)])
        for number in numbers:
            self._one(number, numbers)

    def _one(self, number: int, rest: Iterator[int]) -> None:
        if number == 0:
            self.reset()
        elif number in _ATTRIBUTES:
            self.on.add(_ATTRIBUTES[number])
        elif number in _ENDINGS:
            self.on.difference_update(_ENDINGS[number])
        elif number in (38, 48):
            colour = _extended(rest)
            if number == 38:
                self.colour = colour or self.colour
            else:
                self.paper = colour or self.paper
        elif 30 <= number <= 37 or 90 <= number <= 97:
            self.colour = Color.from_ansi(number - 30 if number < 90 else number - 82)
        elif 40 <= number <= 47 or 100 <= number <= 107:
            self.paper = Color.from_ansi(number - 40 if number < 100 else number - 92)
        elif number == 39:
            self.colour = None
        elif number == 49:
            self.paper = None

    def style(self) -> Style:
        """The state as a style."""
        on = self.on
        return Style(
            color=self.colour,
            bgcolor=self.paper,
            bold="bold" in on or None,
            dim="dim" in on or None,
            italic="italic" in on or None,
            underline="underline" in on or None,
            reverse="reverse" in on or None,
            strike="strike" in on or None,
        )


def _extended(rest: Iterator[int]) -> Color | None:
    kind = next(rest, 0)
    if kind == 5:
        return Color.from_ansi(min(255, next(rest, 0)))
    if kind == 2:
        red, green, blue = (min(255, next(rest, 0)) for _ in range(3))
        return Color.from_rgb(red, green, blue)
    return None


def coloured_lines(text: str) -> list[Coloured]:
    """The text's lines with their colours; a colour lasts until it is changed, over line ends."""
    if "\x1b[" not in text:
        return [Coloured(_drawable(line), ()) for line in text.split("\n")]
    pen = Pen()
    style = Style.null()
    left = COLOURED
    out: list[Coloured] = []
    for line in text.split("\n"):
        runs: list[tuple[int, Style]] = [] if style == Style.null() else [(0, style)]
        pieces: list[str] = []
        at = start = 0
        for match in SGR.finditer(line):
            pieces.append(_drawable(line[start : match.start()]))
            at += len(pieces[-1])
            start = match.end()
            if left > 0:
                left -= 1
                pen.obey(match[1])
                style = pen.style() if left else Style.null()
                runs.append((at, style))
        pieces.append(_drawable(line[start:]))
        out.append(Coloured("".join(pieces), tuple(runs)))
    return out


def _drawable(text: str) -> str:
    return visible(text.replace("\t", "    "))


def pieces_of(line: Coloured, start: int, end: int) -> Sequence[tuple[str, Style | None]]:
    """The characters from start to end in pieces of one style; None is the plain one."""
    out: list[tuple[str, Style | None]] = []
    at, style = start, None
    for place, look in line.runs:
        if place >= end:
            break
        if place > at:
            out.append((line.text[at:place], style))
            at = place
        style = look
    if at < end:
        out.append((line.text[at:end], style))
    return out
