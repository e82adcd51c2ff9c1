"""What an exported page is made of, before any format: every text in it is still raw.

Whoever draws a page escapes every text; nothing here is markup.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Tone = Literal["", "good", "warn", "bad", "person", "dim"]


class Inline(Struct, frozen=True):
    """A piece of a line: words, code as it was typed, or a state as a badge with its own sign."""

    text: str
    form: Literal["text", "code", "strong", "badge"] = "text"
    tone: Tone = ""
    sign: str = ""


Line = tuple[Inline, ...]


class Paragraph(Struct, frozen=True, tag=True):
    """A paragraph."""

    line: Line


class BulletList(Struct, frozen=True, tag=True):
    """A list; `more` were left out."""

    lines: tuple[Line, ...]
    ordered: bool = False
    more: int = 0


class FactList(Struct, frozen=True, tag=True):
    """Names with what they are."""

    rows: tuple[tuple[str, Line], ...]


class Table(Struct, frozen=True, tag=True):
    """A table whose first column names the row; columns in `numbers` are figures.

    A `quiet` caption says no more than the heading above: it is for those who hear the page.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    numbers: frozenset[int] = frozenset()
    more: int = 0
    quiet: bool = False


class DiffBlock(Struct, frozen=True, tag=True):
    """Lines of a hunk, each with its sign in front, under a line that says what they are.

    `open` ones matter so much that they are shown at once.
    """

    title: Line
    heading: str
    lines: tuple[str, ...]
    more: int = 0
    open: bool = False


class TimelineSlot(Struct, frozen=True, tag=True):
    """The place where the night's strip is drawn, in formats that draw."""


Block = Paragraph | BulletList | FactList | Table | DiffBlock | TimelineSlot


class PageSection(Struct, frozen=True):
    """A part of the page; `folded` parts are long and of less interest."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    folded: bool = False


class ReviewPage(Struct, frozen=True):
    """A whole review, ready for any format."""

    title: str
    project: str
    verdict: Inline
    when: str
    goal: str
    ending: Line
    reasons: tuple[str, ...]
    facts: FactList
    sections: tuple[PageSection, ...]
    footer: tuple[Line, ...]


class PageLimits(Struct, frozen=True):
    """How much of a night a page shows: rows of a list, hunks, lines of a hunk, characters."""

    rows: int = 400
    hunks: int = 60
    hunk_lines: int = 80
    text: int = 600


def words(text: str, tone: Tone = "") -> Inline:
    return Inline(text, tone=tone)


def code(text: str) -> Inline:
    return Inline(text, "code")


def strong(text: str, tone: Tone = "") -> Inline:
    return Inline(text, "strong", tone)


def line(*bits: Inline | str) -> Line:
    """A line of these; empty pieces are left out."""
    made = (words(bit) if isinstance(bit, str) else bit for bit in bits)
    return tuple(bit for bit in made if bit.text)
