"""Breaking, centring and placing spans by columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from widgets.ink import Line, Role, Span, width_of
from widgets.text_cells import cells, clip, visible

_WORDS = re.compile(r"\s*\S+|\s+")


def _pieces(line: Iterable[Span], width: int) -> Iterable[Span]:
    """Words with the blanks before them; a word wider than the line comes in parts."""
    for text, role in line:
        for word in _WORDS.findall(visible(text)):
            rest = word
            while cells(rest) > width:
                blank = len(rest) - len(rest.lstrip())
                if blank > 0 and cells(rest[blank:]) <= width:
                    break
                part = clip(rest, width, "")
                if not part:
                    break
                yield part, role
                rest = rest[len(part) :]
            if rest:
                yield rest, role


def wrap(line: Iterable[Span], width: int, hang: str = "") -> list[list[Span]]:
    """The line broken between words to fit; continuation lines begin with `hang`."""
    width = max(4, width)
    rows: list[list[Span]] = [[]]
    used = 0
    indent = cells(hang)
    for word, role in _pieces(line, max(2, width - indent)):
        if used + cells(word) > width:
            if used:
                rows.append([(hang, role)] if hang else [])
                used = indent
            word = word.lstrip()
        if word:
            rows[-1].append((word, role))
            used += cells(word)
    return [_joined(row) for row in rows]


def _joined(row: list[Span]) -> list[Span]:
    """Neighbours of one role as one span."""
    out: list[Span] = []
    for text, role in row:
        if out and out[-1][1] == role:
            out[-1] = (out[-1][0] + text, role)
        else:
            out.append((text, role))
    return out


@lru_cache(maxsize=64)
def centre(sentence: str, width: int, height: int) -> tuple[str, ...]:
    """The sentence broken and set in the middle of a space, as its rows from the top."""
    if not sentence or width < 4:
        return ()
    rows = wrap([(sentence, "dim")], min(width - 2, 60))
    texts = ["".join(text for text, _ in row).strip() for row in rows]
    above = max(0, (height - len(texts)) // 2)
    return ("",) * above + tuple(" " * max(0, (width - cells(text)) // 2) + text for text in texts)


def spread(left: Line, right: Line, width: int, fill: str = " ", role: Role = "text") -> list[Span]:
    """Left and right ends of a row of `width` columns; the left end gives way."""
    room = width - width_of(right)
    out: list[Span] = []
    for text, style in left:
        if room <= 0:
            break
        text = clip(text, room)
        out.append((text, style))
        room -= cells(text)
    if room > 0:
        out.append((fill * room, role))
    out.extend(right)
    return out
