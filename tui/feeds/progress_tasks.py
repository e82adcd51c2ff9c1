"""Check boxes of a progress file: lists, numbered lists, headings and table cells become tasks."""

from __future__ import annotations

from tui.feeds import progress_words as words
from tui.feeds.progress_headings import Heading, HeadingRole
from tui.feeds.progress_outline import Outline, OutlineRow, priority_in
from tui.feeds.progress_text import plain
from tui.patterns import lazy
from tui.records import ProgressSection, ProgressTask, TaskState

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
_WORDS = lazy(r"[^\W_]")


class TaskReader:
    """Collects tasks row by row with their section, priority and depth."""

    def __init__(self, document: Outline) -> None:
        self._document = document
        self.tasks: list[ProgressTask] = []
        self.done = 0
        self.open = 0
        self.rows_underway: list[str] = []
        self._indents: list[int] = []
        self._section = -1
        self._per_section: dict[int, list[int]] = {}
        for row in document.rows:
            self._take(row)

    def sections(self) -> tuple[ProgressSection, ...]:
        """Headings that have tasks directly under them, in file order."""
        found = []
        for index in sorted(self._per_section)[:KEPT_SECTIONS]:
            done, open_ = self._per_section[index]
            title, priority = self._about(index)
            found.append(ProgressSection(title, done, open_, priority))
        return tuple(found)

    def _about(self, index: int) -> tuple[str, str]:
        if index < 0:
            return "", ""
        return self._document.sections[index].title, self._document.priorities[index]

    def _take(self, row: OutlineRow) -> None:
        if row.heading is not None:
            self._heading(row, row.heading)
            return
        if row.label:
            return
        text = _QUOTE.sub("", row.text) if row.text[:1] == ">" else row.text
        if text[:1] == "|":
            self._table_row(row, text)
            return
        box = read_box(text)
        if box is not None:
            self._add(row, *box)

    def _heading(self, row: OutlineRow, heading: Heading) -> None:
        if heading.role is not HeadingRole.APPENDED:
            self._indents.clear()
        box = read_box(heading.raw)
        if box is not None:
            self._add(row, *box)

    def _table_row(self, row: OutlineRow, text: str) -> None:
        cells = [cell.strip() for cell in text.strip("|").split("|")]
        for index, cell in enumerate(cells):
            state = _cell_state(cell)
            if state is not None:
                others = [c for i, c in enumerate(cells) if i != index and _WORDS.search(c)]
                self._add(row, state, " ".join(others[:2]))
                return
            box = read_box(cell) if cell[:1] == "[" else None
            if box is not None:
                self._add(row, *box)
                return
            if index and words.UNDERWAY_CELL.match(cell) and _WORDS.search(cells[0]):
                self.rows_underway.append(plain(cells[0], TITLE_CHARACTERS))
                return

    def _add(self, row: OutlineRow, state: TaskState, raw: str) -> None:
        title = plain(raw, TITLE_CHARACTERS)
        if not _WORDS.search(title):
            return
        if state == "open":
            state = _state_by_words(raw, row.role)
        section = self._section_of(row)
        counts = self._per_section.setdefault(section, [0, 0])
        counts[state != "done"] += 1
        if state == "done":
            self.done += 1
        else:
            self.open += 1
        if len(self.tasks) < KEPT_TASKS:
            heading, inherited = self._about(section)
            priority = priority_in(title) or inherited
            depth = self._depth(row.indent)
            self.tasks.append(ProgressTask(title, state, heading, priority, row.number, depth))

    def _section_of(self, row: OutlineRow) -> int:
        """Below an appended section a task belongs to the last section that held tasks."""
        if row.role is HeadingRole.APPENDED and self._per_section:
            return self._section
        self._section = row.section
        return row.section

    def _depth(self, indent: int) -> int:
        while self._indents and self._indents[-1] >= indent:
            self._indents.pop()
        self._indents.append(indent)
        return min(len(self._indents) - 1, 8)


def read_box(text: str) -> tuple[TaskState, str] | None:
    """State and raw title of a line that is a check box, or None."""
    if "[" not in text[:24]:
        found = _GLYPH.match(text)
        return (_GLYPHS[found[1]], found[2]) if found else None
    found = _BOX.match(text)
    if found is None:
        return None
    state = _STATES.get(found["mark"].strip() if found["mark"].strip() else found["mark"][:1])
    bullet, title = found["bullet"], found["title"]
    if state is None or (not bullet and not found["gap"]) or title[:1] in ("(", "[", ":"):
        return None
    if not found["mark"] and not bullet:
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
    if role is HeadingRole.BLOCKERS or words.HELD_UP.search(title):
        return "blocked"
    if (
        role is HeadingRole.IN_PROGRESS
        or words.UNDERWAY.search(title)
        or words.UNDERWAY_LOUD.search(title)
    ):
        return "in_progress"
    return "open"
