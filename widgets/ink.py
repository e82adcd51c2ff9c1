"""The roles that text plays on the screen, and the styles a theme gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

from rich.segment import Segment
from rich.style import Style

from widgets.text_cells import cells, clip, visible

Role = Literal[
    "text",
    "strong",
    "dim",
    "faint",
    "accent",
    "ok",
    "warning",
    "error",
    "running",
    "person",
    "label",
    "heading",
    "code",
    "string",
    "number",
    "added",
    "removed",
    "hunk",
    "match",
    "badge",
    "alarm",
    "work",
    "trouble",
    "trouble_strong",
    "trouble_key",
    "caution",
    "caution_strong",
    "caution_key",
]
ROLES: tuple[Role, ...] = get_args(Role)
NULL_STYLE = Style.null()

Span: TypeAlias = tuple[str, "Role | Style"]
"""A piece of text with its role; a Style is only for colours that a tool's output brought along."""

Line: TypeAlias = Sequence[Span]


class RoleStyles:
    """A theme's styles by role, over a background once `on_background` was called."""

    __slots__ = ("_styles", "base", "cursor")

    def __init__(
        self, styles: Mapping[Role, Style], cursor: Style, base: Style = NULL_STYLE
    ) -> None:
        self.cursor = cursor
        self.base = base
        self._styles = styles

    @classmethod
    def parse(cls, styles: Iterable[tuple[Role, str]], cursor: str) -> RoleStyles:
        """The styles from words such as "bold #87afd7"."""
        return cls({role: Style.parse(words) for role, words in styles}, Style.parse(cursor))

    def __getitem__(self, role: Role) -> Style:
        return self._styles[role]

    def on_background(self, base: Style) -> RoleStyles:
        """The same styles over a background; every style it gives is complete."""
        styles = {role: base + style for role, style in self._styles.items()}
        # Equal styles become one object: `segments` joins neighbours by identity.
        shared = {style: style for style in (*styles.values(), base)}
        complete = {role: shared[style] for role, style in styles.items()}
        return RoleStyles(complete, self.cursor, shared[base])

    def style(self, role: Role | Style) -> Style:
        """The complete style for a role, or for colours brought along."""
        return self._styles[role] if isinstance(role, str) else self.base + role

    def segments(self, line: Line, width: int) -> list[Segment]:
        """The line in exactly `width` columns, safe to draw."""
        out: list[Segment] = []
        left = width
        for raw, role in line:
            if left <= 0:
                break
            text = visible(raw)
            used = cells(text)
            if used > left:
                text = clip(text, left)
                used = cells(text)
            if text:
                _add(out, text, self.style(role))
                left -= used
        if left > 0:
            _add(out, " " * left, self.base)
        return out


def _add(segments: list[Segment], text: str, style: Style) -> None:
    """Append the text, to the last segment if that has the same style: fewer bytes for the terminal."""
    if segments and segments[-1][1] is style:
        segments[-1] = Segment(segments[-1][0] + text, style)
    else:
        segments.append(Segment(text, style))


def text_of(line: Iterable[Span]) -> str:
    """The line's words without their roles."""
    return "".join([text for text, _ in line])


def width_of(line: Iterable[Span]) -> int:
    """Columns that the line takes."""
    return sum([cells(text) for text, _ in line])


def highlight(text: str, needle: str, role: Role | Style) -> list[Span]:
    """The text with every occurrence of the needle, in any case, in the role `match`."""
    folded, sought = text.lower(), needle.lower()
    if not sought or len(folded) != len(text) or sought not in folded:
        return [(text, role)]
    out: list[Span] = []
    start = 0
    while (at := folded.find(sought, start)) >= 0:
        if at > start:
            out.append((text[start:at], role))
        out.append((text[at : at + len(sought)], "match"))
        start = at + len(sought)
    if start < len(text):
        out.append((text[start:], role))
    return out
