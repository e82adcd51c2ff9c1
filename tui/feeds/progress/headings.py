"""The headings of progress files: which lines are some, and what the lines under them are.

People and agents write headings in every way: `##`, rulers, `【…】`, bold lines, bare words.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from tui.feeds.progress import vocabulary
from tui.feeds.progress.lines import without_markup
from tui.system.lazy_pattern import lazy

BOLD_LEVEL = 7


class HeadingRole(Enum):
    """What the lines under a heading are."""

    PLAIN = "plain"
    GOAL = "goal"
    BLOCKERS = "blockers"
    IN_PROGRESS = "in progress"
    APPENDED = "appended"
    """Added below the task list by a watchdog or hook; neither ends nor begins a section."""


class Heading(NamedTuple):
    """A heading as written: `level` 1 to 6, or 7 for a line that only looks like one."""

    level: int
    title: str
    role: HeadingRole
    raw: str


class SessionKey(NamedTuple):
    """Date (with time) and number of a session of the log, as far as its heading has them."""

    date: str
    number: int


_ROLES = {
    HeadingRole.APPENDED: vocabulary.APPENDED,
    HeadingRole.BLOCKERS: vocabulary.BLOCKERS,
    HeadingRole.IN_PROGRESS: vocabulary.IN_PROGRESS,
    HeadingRole.GOAL: vocabulary.GOAL,
}
_DECORATION = "=-~*─━═"
_BRACKETED = lazy(r"\s*(?:【([^【】]{1,100})】|\[([^\[\]]{2,100})\])\s*$")
_BOLD_LINE = lazy(r"\s*(?:\*\*|__)([^*]{2,80}?)(?:\*\*|__)\s*[:：]?\s*$")
_RULER = lazy(r"\s*([=\-_*~─━═])\1{2,}\s*$")
_LIST_OR_TABLE = lazy(r"\s*(?:[-*+•|>]|\d{1,4}[.)]\s|\[.?\])")
_LIST = lazy(r"(?:[-*+•]|\d{1,4}[.)])\s")
_METADATA = lazy(
    r"(?:session(?: id)?|started|goal|priority|source|created|status|estimated effort|completed"
    r"|research date|based on|execution mode|date|updated|last updated|model|owner|author|branch)"
    r"\s*:",
    re.I,
)
_EDGES = lazy(r"^[\W\d_]+|[\s:：!.\-–—]+$")
_TAIL = lazy(r"\s*[(（\[][^()（）\[\]]{0,80}[)）\]]\s*$")
_DATE = lazy(
    r"(?<!\d)(20\d\d)[-/.年]\s?(\d{1,2})[-/.月]\s?(\d{1,2})(?!\d)日?"
    r"(?:[T ,]{1,2}(\d{1,2}:\d\d(?::\d\d)?))?"
)


def role_of(title: str) -> HeadingRole:
    """The role a heading with this title gives to the lines under it."""
    if len(title) > 120:
        return HeadingRole.PLAIN
    bare = _EDGES.sub("", title)
    # Without numbering, decoration, status glyph or trailing parenthesis.
    bare = _EDGES.sub("", _TAIL.sub("", bare) or bare).strip()
    return next((role for role, words in _ROLES.items() if words.match(bare)), HeadingRole.PLAIN)


def is_ruler(line: str) -> bool:
    """Whether a line is a horizontal rule of any character."""
    return _RULER.match(line) is not None


def heading_of(line: str, before: str, after: str) -> Heading | None:
    """The heading that `line` is, standing between the lines `before` and `after`."""
    text = line.strip()
    if not text:
        return None
    head = text[0]
    if head == "#":
        return _atx_heading(text)
    if head in _DECORATION and (title := _between_decoration(text)):
        return _heading(2, title)
    if head in "【[" and (found := _BRACKETED.match(text)):
        return _heading(3 if found[2] else 2, found[1] or found[2])
    if head in "*_" and (found := _BOLD_LINE.match(text)):
        return _heading(BOLD_LEVEL, found[1])
    if after and after[0] in _DECORATION and _is_setext(line, before, after):
        return _heading(1 if after[0] in "=═━" else 2, text)
    return _unmarked_heading(line, before, after)


def session_key(title: str) -> SessionKey | None:
    """Date and number of the session that a heading opens; None when it opens none."""
    date = date_in(title)
    number = vocabulary.SESSION_NUMBER.search(title)
    if not date and not number and not (vocabulary.SESSION.match(title) and ":" in title):
        return None
    if number is None:
        return SessionKey(date, -1)
    return SessionKey(date, int(number[1]) if number[1] else ord(number[2]) - ord("A"))


def date_in(text: str) -> str:
    """The first date of a line as `YYYY-MM-DD` with its time if it has one, or empty."""
    found = _DATE.search(text)
    if found is None:
        return ""
    day = f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}"
    return f"{day} {found[4].zfill(5)}" if found[4] else day


def _heading(level: int, raw: str) -> Heading:
    return Heading(level, without_markup(raw, 200), role_of(raw), raw)


def _atx_heading(text: str) -> Heading | None:
    rest = text.lstrip("#")
    level = len(text) - len(rest)
    title = rest.rstrip("# \t").strip()
    if level > 6 or not title or not rest[0].isspace():
        return None
    return None if level == 1 and _METADATA.match(title) else _heading(level, title)


def _between_decoration(text: str) -> str:
    """`title` of a line such as `=== title ===` or `--- title ---`, or empty."""
    glyph = text[0]
    inner = text.strip(glyph)
    lead, trail = text.find(inner), len(text) - text.find(inner) - len(inner)
    if not inner or lead < 2 or trail < 2 or not (inner[0].isspace() and inner[-1].isspace()):
        return ""
    return inner.strip()[:200]


def _is_setext(line: str, before: str, after: str) -> bool:
    if not is_ruler(after) or (before.strip() and not is_ruler(before)):
        return False
    text = line.strip()
    if len(text) > 100 or _LIST_OR_TABLE.match(line):
        return False
    return after.lstrip()[0] in "=═━" or not text.endswith((".", "。", ":"))


def _unmarked_heading(line: str, before: str, after: str) -> Heading | None:
    """A title without markup: it ends in a colon, is a known one, or stands alone above a list."""
    text = line.rstrip()
    if not text or len(text) > 40 or text[0] in " \t-*+•|>[`" or text[0].isdigit():
        return None
    role = role_of(text)
    alone = not before.strip() or _LIST_OR_TABLE.match(before) or before[0] == "#"
    above_list = not before.strip() and _LIST.match(after) and text[-1].isalnum()
    known = role not in (HeadingRole.PLAIN, HeadingRole.APPENDED)
    if known or above_list or (text[-1] in ":：" and (alone or is_ruler(before))):
        return Heading(BOLD_LEVEL, without_markup(text.rstrip(":："), 60), role, text)
    return None
