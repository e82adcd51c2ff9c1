"""Terminal output as plain text and spans of colour; no other control sequence passes.

Only SGR, the sequences that set colours, is understood. Every other sequence is removed as a whole, an
unterminated one up to the end of its line at most; all else is cleaned by `sanitize.clean`. Text cannot
be hidden: conceal is ignored, and so is a colour that equals its background.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from tui.system.lazy_pattern import lazy
from tui.system.sanitize import LINE_LIMIT, clean, cut_lines, fold_lines

_SEQUENCE = lazy(
    "\x1b(?:"  # one literal first: the engine then skips everything else at the speed of memchr
    "\\[(?:([0-9:;]{0,128})m|[0-?]{0,128}[ -/]{0,8}(?:[@-~]|\\Z))"
    "|[\\]PX^_][^\x07\x1b\x9c\r\n]{0,4096}(?:\x07|\x1b\\\\|\x9c)?"
    "|[ -/]{1,4}[0-~]"
    "|[0-OQ-WYZ\\\\`-~]"
    ")"
)
_EIGHT_BIT = lazy("[\x90\x98\x9b\x9d-\x9f]")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_LEVELS = (0, 95, 135, 175, 215, 255)
_EXTENDED = 38, 48


class StyledSpan(NamedTuple):
    """Characters `start` to `end` of a text are drawn so; colours are "red", "bright_red", "#rrggbb"."""

    start: int
    end: int
    fg: str = ""
    bg: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    reverse: bool = False


class SgrState(NamedTuple):
    """What SGR sequences can ask for; the names of colours are those of `StyledSpan`."""

    fg: str = ""
    bg: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    reverse: bool = False


_PLAIN = SgrState()
_SWITCHES: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"reverse": True},
    9: {"strike": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"reverse": False},
    29: {"strike": False},
}


def strip_ansi(text: str) -> str:
    """`text` cleaned, without any escape sequence; a lone carriage return begins a new line."""
    text = _seven_bit(text)
    if "\x1b" in text:
        text = _SEQUENCE.sub("", text)
    return clean(text)


def clean_coloured(text: str, *, whole: bool = False) -> tuple[str, tuple[StyledSpan, ...]]:
    """`text` as from `strip_ansi`, and the spans its SGR sequences asked for.

    `whole` folds overlong lines, as in `clean`, instead of cutting them.
    """
    text = _seven_bit(text)
    if "\x1b" not in text:
        return clean(text, whole=whole), ()
    pieces: list[str] = []
    spans: list[StyledSpan] = []
    at = 0
    if len(text) > LINE_LIMIT:  # before sequences are searched
        text = fold_lines(text) if whole else cut_lines(text)
    for piece, style in styled_pieces(text):
        shown = clean(piece)
        if style.fg and style.fg == style.bg:
            style = style._replace(fg="", bg="")
        if shown and style != _PLAIN:
            spans.append(StyledSpan(at, at + len(shown), *style))
        pieces.append(shown)
        at += len(shown)
    return "".join(pieces), tuple(spans)


def _seven_bit(text: str) -> str:
    """The text with its 8-bit openers written in 7 bits, and carriage returns as line breaks."""
    if not text.isascii() and any(opener in text for opener in "\x9b\x9d\x90\x98\x9e\x9f"):
        text = _EIGHT_BIT.sub(lambda match: "\x1b" + chr(ord(match.group()) - 0x40), text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def styled_pieces(text: str) -> Iterator[tuple[str, SgrState]]:
    """The text between its sequences, not cleaned, each piece with the style that holds there."""
    style, at = _PLAIN, 0
    for match in _SEQUENCE.finditer(text):
        if match.start() > at:
            yield text[at : match.start()], style
        at = match.end()
        if (parameters := match.group(1)) is not None:
            style = _apply_codes(style, parameters)
    if at < len(text):
        yield text[at:], style


@lru_cache(maxsize=4096)
def _apply_codes(style: SgrState, parameters: str) -> SgrState:
    """The style after one SGR sequence; codes that mean nothing here leave it as it is."""
    codes = parameters.split(";")
    i = 0
    while i < len(codes):
        code, _, own = codes[i].partition(":")
        number = _number(code)
        if number in _EXTENDED:
            if own:  # 38:2::r:g:b carries its colour itself, 38;2;r;g;b takes the next codes
                colour = _extended([_number(part) for part in own.split(":") if part])[0]
            else:
                colour, used = _extended([_number(part) for part in codes[i + 1 : i + 5]])
                i += used
            style = style._replace(fg=colour) if number == 38 else style._replace(bg=colour)
        elif number == 4 and own == "0":
            style = style._replace(underline=False)
        else:
            style = _apply_code(style, number)
        i += 1
    return style


def _apply_code(style: SgrState, code: int) -> SgrState:
    if code == 0:
        return _PLAIN
    if code in _SWITCHES:
        return style._replace(**_SWITCHES[code])
    if code == 39 or 30 <= code <= 37 or 90 <= code <= 97:
        return style._replace(fg=_named(code, 30))
    if code == 49 or 40 <= code <= 47 or 100 <= code <= 107:
        return style._replace(bg=_named(code, 40))
    return style


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _extended(rest: list[int]) -> tuple[str, int]:
    """The colour that follows a 38 or 48, and how many codes it took."""
    if len(rest) >= 2 and rest[0] == 5:
        return _indexed(rest[1]), 2
    if len(rest) >= 4 and rest[0] == 2:
        return _hex(*rest[-3:]), 4
    return "", len(rest)


def _named(code: int, base: int) -> str:
    """The name of a colour code counted from `base`; "" for the default colour."""
    index = code - base
    if 0 <= index < 8:
        return _NAMES[index]
    return f"bright_{_NAMES[index - 60]}" if 60 <= index < 68 else ""


def _indexed(index: int) -> str:
    if index < 16:
        return _NAMES[index] if index < 8 else f"bright_{_NAMES[index - 8]}"
    if index < 232:
        index -= 16
        return _hex(_LEVELS[index // 36], _LEVELS[index // 6 % 6], _LEVELS[index % 6])
    if index < 256:
        return _hex(*[8 + 10 * (index - 232)] * 3)
    return ""


def _hex(red: int, green: int, blue: int) -> str:
    return f"#{min(red, 255):02x}{min(green, 255):02x}{min(blue, 255):02x}"
