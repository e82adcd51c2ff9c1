"""Blockers, work in progress and goal: what a progress file says in words under their headings."""

from __future__ import annotations

import re

from tui.feeds.progress.headings import BOLD_LEVEL, HeadingRole
from tui.feeds.progress.lines import without_markup
from tui.feeds.progress.outline import Outline, OutlineRow, is_blank, newest_session
from tui.feeds.progress.tasks import read_box
from tui.feeds.progress.vocabulary import NOTHING, OTHER_TOPIC, TOPIC
from tui.system.lazy_pattern import lazy

KEPT_REMARKS = 50
_BULLET = lazy(r"(?:[-*+•]|\d{1,5}[.)])\s+(.*)$")
_PLACEHOLDER = lazy(r"(?:_[^_]+_|<[^<>]+>|\W*)$")
_RESOLVED = lazy(r"(?:✅|✓|✔|☑|~~|\[[xX✓✅]\])")
_STATUS = lazy(r"(?:[-*+•]\s+)?\**status\**\s?[:：]\**\s*(.+)$", re.IGNORECASE)
_WAITS = lazy(r"\W*(?:WAITING|BLOCKED|Waiting for|Blocked (?:on|by))\b")
_SHARE = lazy(r"(?<![\w.])\d{1,3}(?:\.\d{1,3})?\s?%")
_SEPARATOR = frozenset("|:-+ \t")


def read_remarks(document: Outline, role: HeadingRole) -> tuple[str, ...]:
    """The items in the newest section of this role; "None" and the like are no items.

    A section inside a session of the log is outdated once a newer session exists.
    """
    sessions = document.sessions
    latest = newest_session(sessions, range(len(sessions)))
    current = {
        row.session
        for row in document.rows
        if row.role is role
        and (row.label or row.heading_role is role)
        and (row.session == latest or not _within_session(document, row))
    }
    if not current:
        return ()
    chosen = newest_session(sessions, sorted(current))
    rows = [row for row in document.rows if row.session == chosen]
    items = _RemarkItems()
    for index, row in enumerate(rows):
        following = rows[index + 1] if index + 1 < len(rows) else None
        if row.role is not role or row.heading is not None:
            items.pause()
        elif not (following and "|" in row.text and _is_separator(following.text)):
            items.add_row(row)
    return tuple(dict.fromkeys(items.texts()))[:KEPT_REMARKS]


def _within_session(document: Outline, row: OutlineRow) -> bool:
    if row.session < 0:
        return False
    level = row.heading.level if row.heading else BOLD_LEVEL
    return level > document.sessions[row.session].level


def read_goal(document: Outline) -> str:
    """The goal: the first `Goal:` line or the first paragraph under a goal heading, else empty."""
    words: list[str] = []
    for row in document.rows:
        if row.heading is None and row.role is HeadingRole.GOAL and not is_blank(row):
            bullet = _BULLET.match(row.text)
            if _PLACEHOLDER.match(row.text) or (words and bullet):
                break
            words.append(bullet[1] if bullet else row.text)
            if row.label or bullet:
                break
        elif words:
            break
    goal = without_markup(" ".join(words), 500).rstrip(":：").strip()
    return "" if NOTHING.match(goal) else goal


def _is_separator(text: str) -> bool:
    return "-" in text and _SEPARATOR.issuperset(text)


class _RemarkItems:
    """Joins the lines of a paragraph, keeps outermost bullets, leaves placeholders out."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._outermost = -1
        self._open = False

    def texts(self) -> list[str]:
        items = map(without_markup, self._texts)
        return [item for item in items if item and not NOTHING.match(item) and not item.isdecimal()]

    def pause(self) -> None:
        self._open = False
        self._outermost = -1

    def add_row(self, row: OutlineRow) -> None:
        text = row.text
        if is_blank(row):
            self._open = False
            return
        if read_box(text) is not None or _is_separator(text):
            return
        if text.startswith("|"):
            cells = [cell.strip() for cell in text.strip("|").split("|") if cell.strip()]
            text = " — ".join(cells[:2])
        bullet = _BULLET.match(text)
        if bullet:
            if self._outermost < 0:
                self._outermost = row.indent
            if row.indent <= self._outermost:
                self._add(bullet[1], joins=False)
        elif self._outermost >= 0 and row.indent > self._outermost:
            return
        elif self._open and not row.label:
            self._texts[-1] += " " + text
        else:
            self._add(text, joins=not row.label)

    def _add(self, text: str, *, joins: bool) -> None:
        stripped = text.strip()
        if _PLACEHOLDER.match(stripped) or _RESOLVED.match(stripped):
            self._open = False
            return
        self._texts.append(text)
        self._open = joins


def waiting_status(document: Outline) -> tuple[str, ...]:
    """The file's last `Status:` line where it says that it waits or is blocked."""
    newest = newest_session(document.sessions, range(len(document.sessions)))
    for row in reversed(document.rows):
        if row.session in (newest, -1) and row.role is not HeadingRole.APPENDED:
            found = _STATUS.match(row.text)
            if found is not None:
                return (without_markup(found[1], 300),) if _WAITS.match(found[1]) else ()
    return ()


def only_percentage(document: Outline) -> str:
    """What a file without counts says of its share that is done, or empty."""
    for row in reversed(document.rows):
        found = _SHARE.search(row.text) if row.text and "%" in row.text else None
        if found is not None and TOPIC.search(row.text[:60]) and not OTHER_TOPIC.search(row.text):
            return f"only a percentage: '{without_markup(row.text, 80)}' (line {row.number})"
    return ""
