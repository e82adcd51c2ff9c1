"""Building blocks of a page, escaping, walking all texts.

A block holds plain text: each format escapes every text that it draws.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import replace

from tui.model.events import SourceRef

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
    """The place of the timeline, in formats that draw."""


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


def code(text: str) -> Inline:
    return Inline(text, "code")


def strong(text: str) -> Inline:
    return Inline(text, "strong")


def badge(text: str, tone: Tone, sign: str) -> Inline:
    return Inline(text, "badge", tone, sign)


def line(*bits: Inline | str) -> Line:
    """A line of these; empty pieces are left out."""
    inline = (Inline(bit) if isinstance(bit, str) else bit for bit in bits)
    return tuple(bit for bit in inline if bit.text)


JOINER: Final = "\u2060"
"""A word joiner: no width, no break; it parts what a site would otherwise turn into a link."""
_UNSEEN: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS: Final = re.compile("[\r\n\u2028\u2029]")
_SPECIAL: Final = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_ENTITIES: Final = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_QUOTES: Final = {**_ENTITIES, ord('"'): "&quot;", ord("'"): "&#39;"}
_FIRST: Final = re.compile(r"^(\d{1,9}|)([#+=.)-])")
# What GitHub finds in finished text, where a backslash no longer counts: people, issues, addresses,
# pictures by name. Each is parted after its first sign.
_LINKED_BY_GITHUB: Final = (
    (re.compile(r"@(?=\S)"), f"{JOINER}@{JOINER}"),
    (re.compile(r"#(?=\d)"), f"#{JOINER}"),
    (re.compile(r"(?i)\b(gh|jira)-(?=\d)"), rf"\1-{JOINER}"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*):(?=//|[a-z])"), rf"\1:{JOINER}"),
    (re.compile(r"(?i)\b(www)\.(?=\S)"), rf"\1{JOINER}."),
    (re.compile(r"(?i):(?=[0-9_]*[a-z+-][a-z0-9_+-]*:)"), f":{JOINER}"),
)


def one_line(text: str) -> str:
    """`text` on one line, without control characters and what no reader sees."""
    return " ".join(_NO_XML.sub(" ", _UNSEEN.sub("", text)).split())


def markdown_text(text: str, first: bool = True) -> str:
    """`text` as plain words of one line: no markup, link, picture, mention or reference.

    Rules of GitHub Flavored Markdown, and of what GitHub links by itself afterwards. `first` says
    that the words may begin a line, where a sign or a number could make a heading or a list.
    """
    text = one_line(text).translate(_ENTITIES)
    text = _SPECIAL.sub(r"\\\g<0>", text)
    for pattern, parted in _LINKED_BY_GITHUB:
        text = pattern.sub(parted, text)
    return _FIRST.sub(r"\1\\\2", text) if first else text


def markdown_code(text: str, in_table: bool = False) -> str:
    """`text` as a code span of one line; a table's cells need their bars escaped even there."""
    text = one_line(text)
    if not text:
        return ""
    if in_table:
        text = text.replace("|", r"\|")
    ticks = "`" * (_longest(text) + 1)
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def fenced(lines: tuple[str, ...], language: str) -> list[str]:
    """`lines` in a fence that none of them can close."""
    clean = [_clean_row(row) for row in lines]
    fence = "`" * max(3, *(_longest(row) + 1 for row in clean)) if clean else "```"
    return [f"{fence}{language}", *clean, fence]


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def html_text(text: str) -> str:
    """`text` as words of one line, fit for the inside of an element or a quoted attribute."""
    return one_line(text).translate(_QUOTES)


def html_row(text: str) -> str:
    """A line of code as it stands, its blanks kept."""
    return _clean_row(text).translate(_QUOTES)


def _clean_row(text: str) -> str:
    for unwanted in (_UNSEEN, _NO_XML, _BREAKS):
        text = unwanted.sub("\ufffd", text)
    return text


S = TypeVar("S", bound=Struct)


def with_texts(struct: S, change: Callable[[str], str]) -> S:
    """`struct` with `change` done to every text in it, however deep; other values stay as they are.

    A field that can only hold words of this program (a `Literal` or an enum) is no text.
    """
    return _changed(struct, change)  # type: ignore[no-any-return]


def all_refs(value: Any) -> Iterator[SourceRef]:
    """Every place that a struct points at, in order of its fields."""
    if isinstance(value, SourceRef):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from all_refs(getattr(value, name))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from all_refs(part)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Struct):
        names = _text_fields(type(value))
        return replace(value, **{name: _changed(getattr(value, name), change) for name in names})
    if isinstance(value, tuple | list):
        return type(value)(_changed(part, change) for part in value)
    if isinstance(value, dict):
        return {_changed(key, change): _changed(part, change) for key, part in value.items()}
    return value


@lru_cache(maxsize=256)
def _text_fields(kind: type[Struct]) -> tuple[str, ...]:
    """Fields of a struct that may hold other words than this program's own."""
    hints = get_type_hints(kind)
    return tuple(name for name in kind.__struct_fields__ if not _is_literal(hints[name]))


def _is_literal(hint: Any) -> bool:
    if get_origin(hint) is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        return True
    parts = [part for part in get_args(hint) if part is not type(None)]
    return bool(parts) and all(_is_literal(part) for part in parts)
