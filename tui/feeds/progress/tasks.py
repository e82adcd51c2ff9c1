"""Check boxes as tasks, and which of them still count.

A box counts once: where a list that was written ahead and a later part name the same task, the later
one says how it stands. Ticked boxes under a heading such as "Testing evidence" are no tasks where others are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tui.feeds.progress import vocabulary
from tui.feeds.progress.headings import HeadingRole
from tui.feeds.progress.lines import without_markup
from tui.feeds.progress.outline import Outline, OutlineRow, newest_session, priority_in
from tui.model.records import ProgressSection, ProgressTask, TaskState
from tui.system.lazy_pattern import lazy

KEPT_TASKS = 20_000
KEPT_SECTIONS = 2_000
TITLE_CHARACTERS = 300
_STATES: dict[str, TaskState] = {
    **dict.fromkeys(("x", "X", "✅", "✓", "✔", "☑", "v", "V", "✔️", "☑️"), "done"),
    **dict.fromkeys(("", " ", "\u00a0", "\u3000", "❌", "✗", "✘", "☐", "⬜"), "open"),
    **dict.fromkeys(("~", "-", "/", ">", "🔄", "🚧", "⏳", "▶", "▶️", "…", "wip"), "in_progress"),
    **dict.fromkeys(("!", "⛔", "🚫", "⚠", "⚠️", "b", "B"), "blocked"),
}
_GLYPHS: dict[str, TaskState] = {"☐": "open", "☑": "done", "☒": "done"}
_BOX = lazy(
    r"(?P<bullet>(?:[-*+•]|\d{1,5}(?:\.\d{1,5}){0,3}[.)]?)\s+)?(?P<open>\*\*|__|~~)?"
    r"\[(?P<mark>[^\[\]]{0,3})\](?P<gap>\s*)(?P<title>.*)$"
)
_GLYPH = lazy(r"(?:(?:[-*+•]|\d{1,5}[.)])\s+)?([☐☑☒])\ufe0f?\s+(.*)$")
_QUOTE = lazy(r"(?:>\s?)+")
WORDS = lazy(r"[^\W_]")


class FoundTask(NamedTuple):
    """A task with the indices of its section and session in the outline."""

    task: ProgressTask
    section: int
    session: int


class TaskReader:
    """Collects check boxes row by row with their section, priority and depth."""

    def __init__(self, document: Outline) -> None:
        self._document = document
        self._indents: list[int] = []
        self._section = -1
        self._has_tasks = False
        self.found: list[FoundTask] = []
        for row in document.rows:
            self._read_row(row)

    def _read_row(self, row: OutlineRow) -> None:
        heading = row.heading
        if heading is None and row.label:
            return
        text = heading.raw if heading else row.text
        if heading is None:
            text = _QUOTE.sub("", text) if text[:1] == ">" else text
            if text[:1] == "|":
                self._read_table_row(row, text)
                return
        elif heading.role is not HeadingRole.APPENDED:
            self._indents.clear()
        if (box := read_box(text)) is not None:
            self._add(row, *box)

    def _read_table_row(self, row: OutlineRow, text: str) -> None:
        cells = [cell.strip() for cell in text.strip("|").split("|")]
        for index, cell in enumerate(cells):
            state = _cell_state(cell)
            if state is not None:
                others = [c for i, c in enumerate(cells) if i != index and WORDS.search(c)]
                self._add(row, state, " ".join(others[:2]))
                return
            box = read_box(cell) if cell[:1] == "[" else None
            if box is not None:
                self._add(row, *box)
                return

    def _add(self, row: OutlineRow, state: TaskState, raw: str) -> None:
        title = without_markup(raw, TITLE_CHARACTERS)
        if not WORDS.search(title):
            return
        if state == "open":
            state = _state_by_words(raw, row.role)
        # Below an appended section a task belongs to the last section that held tasks.
        if row.role is not HeadingRole.APPENDED or not self._has_tasks:
            self._section = row.section
        self._has_tasks = True
        heading, inherited = self._document.section_of(self._section)
        priority = priority_in(title) or inherited
        while self._indents and self._indents[-1] >= row.indent:
            self._indents.pop()
        self._indents.append(row.indent)
        depth = min(len(self._indents) - 1, 8)
        task = ProgressTask(title, state, heading, priority, row.number, depth)
        self.found.append(FoundTask(task, self._section, row.session))


def current_tasks(document: Outline, found: list[FoundTask]) -> list[FoundTask]:
    """Those that still count: no proofs, no queue that a later part repeats, no plans of the past."""
    undone = {each.section for each in found if each.task.state != "done"}
    proofs = {
        index
        for index, heading in enumerate(document.sections)
        if index not in undone and vocabulary.PROOFS.search(heading.title)
    }
    found = [each for each in found if each.section not in proofs] or found
    sessions = {each.session for each in found}
    newest = newest_session(document.sessions, sorted(sessions))
    ahead = {
        index
        for index, heading in enumerate(document.sections)
        if vocabulary.AHEAD.match(heading.title)
    }
    if len(sessions) > 1:
        # What a session of the past meant to do next is known by what was done since.
        found = [
            each
            for each in found
            if each.session in (newest, -1)
            or each.task.state == "done"
            or each.section not in ahead
        ]
    return _without_repeats(document, found, ahead, more_sessions=len(sessions) > 1)


def _without_repeats(
    document: Outline, found: list[FoundTask], ahead: set[int], *, more_sessions: bool
) -> list[FoundTask]:
    if not more_sessions and not ahead:
        return found
    by_title: dict[str, list[FoundTask]] = {}
    for each in found:
        by_title.setdefault(each.task.title.casefold(), []).append(each)
    out: set[int] = set()
    for same in by_title.values():
        if len(same) > 1:
            newest = newest_session(document.sessions, sorted({each.session for each in same}))
            out.update(id(each) for each in same if each.session != newest)
            rest = [each for each in same if each.session == newest]
            if any(each.section not in ahead for each in rest):
                out.update(id(each) for each in rest if each.section in ahead)
    return [each for each in found if id(each) not in out]


def sections_of(document: Outline, found: Iterable[FoundTask]) -> tuple[ProgressSection, ...]:
    """Headings that have tasks directly under them, in file order."""
    counts: dict[int, list[int]] = {}
    for each in found:
        counts.setdefault(each.section, [0, 0])[each.task.state != "done"] += 1
    sections = []
    for index in sorted(counts)[:KEPT_SECTIONS]:
        title, priority = document.section_of(index)
        done, open_ = counts[index]
        sections.append(ProgressSection(title, done, open_, priority))
    return tuple(sections)


def read_box(text: str) -> tuple[TaskState, str] | None:
    """State and raw title of a line that is a check box, or None."""
    if "[" not in text[:24]:
        found = _GLYPH.match(text)
        return (_GLYPHS[found[1]], found[2]) if found else None
    found = _BOX.match(text)
    if found is None:
        return None
    bullet, mark, title = found["bullet"], found["mark"], found["title"]
    state = _STATES.get(mark.strip() or mark[:1])
    if state is None or title[:1] in ("(", "[", ":"):
        return None
    if not bullet and not (found["gap"] and mark):
        return None
    return state, (found["open"] or "") + title


def _cell_state(cell: str) -> TaskState | None:
    if len(cell) > 6 or cell[:1] not in "[`" or not cell:
        return None
    inner = cell.strip("`")
    if len(inner) < 2 or inner[0] != "[" or inner[-1] != "]":
        return None
    return _STATES.get(inner[1:-1].strip() or " ")


def _state_by_words(title: str, role: HeadingRole) -> TaskState:
    if role is HeadingRole.BLOCKERS or vocabulary.BLOCKED.search(title):
        return "blocked"
    underway = vocabulary.UNDERWAY.search(title) or vocabulary.UNDERWAY_LOUD.search(title)
    return "in_progress" if underway or role is HeadingRole.IN_PROGRESS else "open"
