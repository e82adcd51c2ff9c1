"""The rows of a progress file with their section, role and session; which of its parts is the newest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tui.feeds.progress import headings, vocabulary
from tui.feeds.progress.headings import BOLD_LEVEL, Heading, HeadingRole, SessionKey, session_key
from tui.feeds.progress.lines import LINE_CHARACTERS, visible_lines, without_markup
from tui.system.lazy_pattern import lazy

_LABEL = lazy(
    r"(?:#\s+|[-*+•]\s+)?(?:\*\*|__)?([^\W\d_][^:：*|`\[\]()（）]{0,40})(?:\*\*|__)?\s?[:：](?:\*\*|__)?(.*)"
)
_PRIORITY = lazy(r"(?<![\w/])P([0-4])(?![\w/%])")
_CLOCK = lazy(r"20\d\d|\d{1,2}:\d\d")
_FILE_LEVEL = 99
_DATED = lazy(r"(?:[-*+•]\s+)?(?:\*\*)?\[?(20\d\d[-/.]\d{1,2}[-/.]\d{1,2}[^\]\s]{0,12})")


class OutlineRow(NamedTuple):
    """A visible line; for `Blockers: none`, `text` is the part after the label."""

    number: int
    text: str
    indent: int
    heading: Heading | None
    section: int
    role: HeadingRole
    session: int
    label: bool = False

    @property
    def heading_role(self) -> HeadingRole | None:
        return self.heading.role if self.heading else None


class LogSession(NamedTuple):
    """A session of the log; headings deeper than `level` belong to it."""

    title: str
    key: SessionKey
    level: int
    number: int = 0
    """The line at which it begins."""


class Outline:
    """The structure of a progress file, made in one pass; never fails, linear in the file's size.

    Rows are in file order; their `section` and `session` are indices here, -1 for none.
    """

    def __init__(self, text: str) -> None:
        self.rows: list[OutlineRow] = []
        self.sections: list[Heading] = []
        self.priorities: list[str] = []
        self.sessions: list[LogSession] = []
        self.labels: dict[str, str] = {}
        self._section = -1
        self._role = HeadingRole.PLAIN
        self._role_level = 0
        self._role_indent = -1
        self._priorities_above: list[tuple[int, str]] = []
        lines = visible_lines(text)
        last = len(lines) - 1
        for index, (number, line) in enumerate(lines):
            before = lines[index - 1][1] if index else ""
            after = lines[index + 1][1] if index < last else ""
            self._add_line(number, line, before, after.strip())

    def section_of(self, index: int) -> tuple[str, str]:
        """Title and priority of a section; both empty for what stands above all headings."""
        return (self.sections[index].title, self.priorities[index]) if index >= 0 else ("", "")

    def _add_line(self, number: int, line: str, before: str, after: str) -> None:
        stripped = line.lstrip()
        indent = len(line) - len(stripped)
        indent += 3 * line.count("\t", 0, indent)
        text = stripped.rstrip()
        heading = headings.heading_of(line, before, after)
        if heading is not None:
            self._open_heading(heading, number)
        else:
            has_label = text and (":" in text[:60] or "：" in text[:60])
            if has_label and self._add_labelled(number, text, indent):
                return
            if indent <= self._role_indent and text[:1] in "-*+•":
                self._set_role(HeadingRole.PLAIN, 0)
        self._add_row(number, text, indent, heading)

    def _add_row(self, number: int, text: str, indent: int, heading: Heading | None) -> None:
        facts = (self._section, self._role, len(self.sessions) - 1)
        self.rows.append(OutlineRow(number, text, indent, heading, *facts))

    def _open_heading(self, heading: Heading, number: int) -> None:
        if heading.role is HeadingRole.APPENDED:
            self._set_role(HeadingRole.APPENDED, heading.level)
            return
        nested = heading.level > self._role_level > 0
        is_plain = heading.role is HeadingRole.PLAIN
        keeps = nested and is_plain and self._role is not HeadingRole.APPENDED
        if heading.level == BOLD_LEVEL:
            if not keeps or self._role_level == BOLD_LEVEL:
                self._set_role(heading.role, BOLD_LEVEL)
            return
        if not keeps:
            self._set_role(heading.role, heading.level)
        self._open_session(heading, number)
        self._section = len(self.sections)
        self.sections.append(heading)
        above = [item for item in self._priorities_above if item[0] < heading.level]
        own = priority_in(heading.raw) or (above[-1][1] if above else "")
        self._priorities_above = [*above, (heading.level, own)]
        self.priorities.append(own)

    def _open_session(self, heading: Heading, number: int) -> None:
        """A dated or numbered heading opens a session; a deeper one only if it begins with that."""
        key = session_key(heading.raw)
        if key is None:
            return
        inside = self.sessions and self.sessions[-1].level < heading.level
        if not inside or vocabulary.OPENS_SESSION.match(heading.raw):
            self.sessions.append(LogSession(heading.title, key, heading.level, number))

    def _set_role(self, role: HeadingRole, level: int, indent: int = -1) -> None:
        self._role, self._role_level, self._role_indent = role, level, indent

    def _add_labelled(self, number: int, text: str, indent: int) -> bool:
        """Adds the row of `Goal: …`, `Blockers: …`; False when the line is to be added as any other."""
        found = _LABEL.match(text)
        if found is None or self._role is HeadingRole.APPENDED:
            return False
        name = " ".join(found[1].split()).casefold()
        value = found[2].strip().strip("*_").strip()
        level = 0 if text[0].isalpha() else _FILE_LEVEL
        if self._record_fact(name, value, level, number):
            return False
        role = headings.role_of(name)
        if role in (HeadingRole.PLAIN, HeadingRole.APPENDED):
            return False
        bullet = text[0] in "-*+•" and not text.startswith("**")
        if value:
            facts = (self._section, role, len(self.sessions) - 1, True)
            self.rows.append(OutlineRow(number, value, indent, None, *facts))
        else:
            self._set_role(role, BOLD_LEVEL, indent if bullet else -1)
            heading = Heading(BOLD_LEVEL, without_markup(name, 60), role, text)
            self._add_row(number, "", indent, heading)
        return True

    def _record_fact(self, name: str, value: str, level: int, number: int) -> bool:
        """Records a date, session or start; a line without a bullet (`level` 0) opens a session."""
        if name in vocabulary.DATE_LABELS:
            self._date_session(headings.date_in(value), level, number)
        elif name in vocabulary.SESSION_LABELS and value:
            title = without_markup(value, 120)
            if level:
                self.labels.setdefault("session", title)
            key = session_key(f"session {value}") or SessionKey("", -1)
            self.sessions.append(LogSession(title, key, level, number))
        elif name in vocabulary.STARTED_LABELS and _CLOCK.search(value):
            self.labels.setdefault("started", without_markup(value, 60))
        else:
            return False
        return True

    def _date_session(self, date: str, level: int, number: int) -> None:
        """A `Date:` line dates the session around it, or opens one."""
        if not date:
            return
        if self.sessions and not self.sessions[-1].key.date:
            last = self.sessions[-1]
            self.sessions[-1] = last._replace(key=SessionKey(date, last.key.number))
        elif not self.sessions or self.sessions[-1].key.date[:10] != date[:10]:
            self.sessions.append(LogSession(date, SessionKey(date, -1), level, number))


def priority_in(text: str) -> str:
    """`P0` to `P4` where a title names one, else empty."""
    found = _PRIORITY.search(text)
    return f"P{found[1]}" if found else ""


def newest_session(sessions: list[LogSession], candidates: Iterable[int]) -> int:
    """Which of these sessions (indices in file order, -1 for none) is the latest.

    Logs grow downwards or upwards, and some do both. Each stretch that runs one way gives its
    newest session; among those the latest date wins, and the lower in the file when dates agree.
    """
    ends: list[int] = []
    run: list[int] = []
    direction = 0
    for index in candidates:
        turn = compare_sessions(sessions, index, run[-1]) if run else 0
        if turn * direction < 0:
            ends.append(run[0] if direction < 0 else run[-1])
            run, turn, direction = [], 0, 0
        run.append(index)
        direction = direction or turn
    if run:
        ends.append(run[0] if direction < 0 else run[-1])
    best = ends[0] if ends else -1
    for index in ends[1:]:
        if compare_sessions(sessions, index, best) >= 0:
            best = index
    return best


def compare_sessions(sessions: list[LogSession], left: int, right: int) -> int:
    """1 where the left one is newer, -1 where the right one is, 0 where nothing tells."""
    if left < 0 or right < 0:
        return 0
    (date, number), (other_date, other) = sessions[left].key, sessions[right].key
    if date and other_date and date[:10] != other_date[:10]:
        return 1 if date > other_date else -1
    if number >= 0 and other >= 0 and number != other:
        return 1 if number > other else -1
    if len(date) > 10 and len(other_date) > 10 and date != other_date:
        return 1 if date > other_date else -1
    return 0


def is_blank(row: OutlineRow) -> bool:
    """Whether a row is empty or a horizontal rule."""
    return not row.text or headings.is_ruler(row.text)


def falls(text: str) -> bool:
    """Whether dates or numbers in the Markdown headings of a text fall: its newest part is on top."""
    titles = (line.lstrip("#").strip() for line in text.split("\n") if line[:1] == "#")
    keys = [(title, key) for title in titles if (key := session_key(title[:LINE_CHARACTERS]))]
    sessions = [LogSession(title, key, 1) for title, key in keys]
    return len(sessions) >= 2 and compare_sessions(sessions, 0, len(sessions) - 1) > 0


def newest_line(document: Outline) -> int:
    """The line at which the newest part begins, by the dates and numbers of its headings or lines.

    0 where that is the top, and where nothing tells: then a reader begins at the top.
    """
    sessions = document.sessions
    if len(sessions) >= 2:
        newest = newest_session(sessions, range(len(sessions)))
        return sessions[newest].number if newest > 0 else 0
    dated = [
        (headings.date_in(found[1].replace("T", " ")), row.number)
        for row in document.rows
        if row.heading is None and row.text and (found := _DATED.match(row.text))
    ]
    if len(dated) < 2 or dated[-1][0] <= dated[0][0]:
        return 0
    return dated[-1][1]
