"""Check boxes, N/M counts and the features of feature_list.json.

A fraction counts only with evidence beside it (a percentage that agrees, a unit such as features, a
label such as Progress), and never when it is about tests, criteria, attempts, dates or an earlier state.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, NamedTuple

import msgspec

from tui.feeds.progress import headings
from tui.feeds.progress.headings import BOLD_LEVEL, HeadingRole
from tui.feeds.progress.lines import without_markup
from tui.feeds.progress.outline import Outline, OutlineRow, newest_session, priority_in
from tui.model.records import ProgressFile, ProgressSection, ProgressTask, TaskState
from tui.system.format import format_count
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
_WORDS = lazy(r"[^\W_]")


class TaskReader:
    """Collects tasks row by row with their section, priority and depth; `totals` are done and open."""

    def __init__(self, document: Outline) -> None:
        self._document = document
        self.tasks: list[ProgressTask] = []
        self.totals = [0, 0]
        self.rows_underway: list[str] = []
        self._indents: list[int] = []
        self._section = -1
        self._per_section: dict[int, list[int]] = {}
        for row in document.rows:
            self._read_row(row)

    def sections(self) -> tuple[ProgressSection, ...]:
        """Headings that have tasks directly under them, in file order."""
        found = []
        for index in sorted(self._per_section)[:KEPT_SECTIONS]:
            title, priority = self._title_and_priority(index)
            done, open_ = self._per_section[index]
            found.append(ProgressSection(title, done, open_, priority))
        return tuple(found)

    def _title_and_priority(self, index: int) -> tuple[str, str]:
        if index < 0:
            return "", ""
        return self._document.sections[index].title, self._document.priorities[index]

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
                others = [c for i, c in enumerate(cells) if i != index and _WORDS.search(c)]
                self._add(row, state, " ".join(others[:2]))
                return
            box = read_box(cell) if cell[:1] == "[" else None
            if box is not None:
                self._add(row, *box)
                return
            if index and headings.UNDERWAY_CELL.match(cell) and _WORDS.search(cells[0]):
                self.rows_underway.append(without_markup(cells[0], TITLE_CHARACTERS))
                return

    def _add(self, row: OutlineRow, state: TaskState, raw: str) -> None:
        title = without_markup(raw, TITLE_CHARACTERS)
        if not _WORDS.search(title):
            return
        if state == "open":
            state = _state_by_words(raw, row.role)
        # Below an appended section a task belongs to the last section that held tasks.
        if row.role is not HeadingRole.APPENDED or not self._per_section:
            self._section = row.section
        for counts in (self.totals, self._per_section.setdefault(self._section, [0, 0])):
            counts[state != "done"] += 1
        if len(self.tasks) < KEPT_TASKS:
            heading, inherited = self._title_and_priority(self._section)
            priority = priority_in(title) or inherited
            while self._indents and self._indents[-1] >= row.indent:
                self._indents.pop()
            self._indents.append(row.indent)
            depth = min(len(self._indents) - 1, 8)
            self.tasks.append(ProgressTask(title, state, heading, priority, row.number, depth))


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
    if role is HeadingRole.BLOCKERS or headings.BLOCKED.search(title):
        return "blocked"
    underway = headings.UNDERWAY.search(title) or headings.UNDERWAY_LOUD.search(title)
    return "in_progress" if underway or role is HeadingRole.IN_PROGRESS else "open"


class ProgressCount(NamedTuple):
    """`done` of `total` on line `number` of a session; `heading` is set when it stands in one."""

    done: int
    total: int
    number: int
    session: int
    heading: str = ""
    words: str = ""


_PAIR = lazy(
    r"(?<![\w./:$€£+-])(\d{1,6})\s?(?:[/／]|\b(?:out of|of|из|von|de|sur)\b)\s?(\d{1,6})"
    r"(?![\w/]|:\d|\.\d|-\d|,\d{3})"
)
_PERCENT = lazy(r"[\s(（=:,—–-]{0,4}~?(\d{1,3}(?:\.\d{1,4})?)\s?[%％]")
_CLAUSE = lazy(r"[,;|()\[\]{}（）【】，；、•→]|->|[.。!?]\s|\s[—–]\s")
_MARKS = ("/", "／", " of ", " из ", " von ", " de ", " sur ")
_OPENING = frozenset("([（")
_CLOSING = frozenset(")]）")
_BLOCK_ROWS = 6
_MOST_PAIRS = 12


def read_counts(document: Outline) -> tuple[int, int, tuple[ProgressSection, ...], str] | None:
    """Done, open, the counted headings and what they rest on; None when no fraction counts tasks.

    The last count of the newest session wins, except counts of a part (less than half of the largest
    total there). Counts in the headings of parts add up.
    """
    counts_of_whole: list[ProgressCount] = []
    parts: dict[str, list[ProgressCount]] = {}
    for index, row in enumerate(document.rows):
        if row.role is HeadingRole.APPENDED:
            continue
        count = _count_in_row(row) or _count_in_block(document.rows, index)
        if count is None:
            continue
        if count.heading and not headings.REPEATS.search(count.heading):
            parts.setdefault(count.heading, []).append(count)
        else:
            counts_of_whole.append(count)
    latest = [_latest_count(document, counts) for counts in parts.values()]
    if not counts_of_whole and not latest:
        return None
    best = _latest_count(document, counts_of_whole) if counts_of_whole else _total_of_parts(latest)
    sections = tuple(ProgressSection(c.heading, c.done, c.total - c.done) for c in latest)
    if counts_of_whole:
        why = f"'{best.words}' (line {best.number})"
    else:
        why = f"the counts in {format_count(len(sections), 'heading')}"
    return best.done, best.total - best.done, sections, why


def _latest_count(document: Outline, counts: list[ProgressCount]) -> ProgressCount:
    session = newest_session(document.sessions, sorted({count.session for count in counts}))
    within = [count for count in counts if count.session == session]
    largest = max(count.total for count in within)
    return [count for count in within if count.total * 2 >= largest][-1]


def _total_of_parts(parts: list[ProgressCount]) -> ProgressCount:
    """The sum of the parts, unless one of them is the sum of the others."""
    total = sum(part.total for part in parts)
    sums = [part for part in parts if len(parts) > 2 and part.total * 2 == total]
    return sums[0] if sums else ProgressCount(sum(part.done for part in parts), total, 0, -1)


def _count_in_row(row: OutlineRow) -> ProgressCount | None:
    """The last fraction of a line that counts tasks."""
    text = row.heading.raw if row.heading else row.text
    if not any(mark in text for mark in _MARKS):
        return None
    for found in reversed(list(_PAIR.finditer(text))[-_MOST_PAIRS:]):
        done, total = int(found[1]), int(found[2])
        if total == 0 or done > total:
            continue
        undone = _classify_fraction(text, found, done / total, in_heading=row.heading is not None)
        if undone is not None:
            done = total - done if undone else done
            words = without_markup(text, 80)
            heading = _heading_without(row, found)
            return ProgressCount(done, total, row.number, row.session, heading, words)
    return None


def _heading_without(row: OutlineRow, found: re.Match[str]) -> str:
    """The title of a counted heading; empty for lines that only look like one."""
    if row.heading is None or row.heading.level >= BOLD_LEVEL:
        return ""
    left = row.heading.raw[: found.start()].rstrip("([（ ")
    right = row.heading.raw[found.end() :].lstrip(")]） ")
    return without_markup(f"{left} {right}").strip(" :：-")


def _classify_fraction(
    text: str, found: re.Match[str], share: float, *, in_heading: bool
) -> bool | None:
    """None when a fraction does not count tasks, else whether it counts open ones."""
    start, end = found.span()
    context = text[max(0, start - 80) : start]
    clause = _CLAUSE.split(context)[-1]
    after = text[end : end + 60]
    if headings.INDEX.search(clause) or headings.PAST.search(clause):
        return None
    if headings.LEFT_WORD.match(after):
        return None if headings.OTHER_TOPIC.search(clause) else True
    if headings.NOUN.match(after):
        return False
    if headings.OTHER_NOUN.match(after) or headings.OTHER_TOPIC.search(context):
        return None
    percent = _PERCENT.match(after)
    agrees = percent is not None and abs(float(percent[1]) - 100 * share) <= 1.5
    if agrees or headings.DONE_WORD.match(after) or headings.TOPIC.search(context):
        return False
    enclosed = text[start - 1 : start] in _OPENING and after[:1] in _CLOSING
    return False if in_heading and enclosed else None


def _count_in_block(rows: list[OutlineRow], index: int) -> ProgressCount | None:
    """`Total Features: 204` with `Passing: 200` among the next lines."""
    row = rows[index]
    total = headings.TOTAL_LINE.match(row.text) if row.heading is None and row.text else None
    if total is None or int(total[1]) == 0:
        return None
    for near in rows[index + 1 : index + 1 + _BLOCK_ROWS]:
        if near.heading is not None or not near.text:
            return None
        done = headings.DONE_LINE.match(near.text)
        if done is not None and int(done[1]) <= int(total[1]):
            words = without_markup(f"{row.text}, {near.text}", 80)
            return ProgressCount(int(done[1]), int(total[1]), near.number, row.session, "", words)
    return None


LARGEST = 16 * 1024 * 1024
_FEATURE_STATES: dict[str, TaskState] = {
    **dict.fromkeys("done complete completed passing passed verified closed".split(), "done"),
    **dict.fromkeys("in_progress in-progress active wip started".split(), "in_progress"),
    **dict.fromkeys("blocked on_hold on-hold waiting".split(), "blocked"),
    "in progress": "in_progress",
}
_TITLES = ("description", "title", "name", "feature", "id")
_HOLDERS = ("features", "feature_list", "tasks", "items", "stories")
_PARTS = ("phases", "categories", "sections", "groups", "epics")


def read_feature_list(data: bytes, source: str, at: float | None) -> ProgressFile | None:
    """Progress by features that pass; None when the bytes hold no feature at all."""
    if len(data) > LARGEST:
        return None
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    tasks = [task for feature, part in _features(document) if (task := _task(feature, part))]
    if not tasks:
        return None
    done = sum(task.state == "done" for task in tasks)
    return ProgressFile(
        source=source,
        at=at,
        basis="features",
        done=done,
        open=len(tasks) - done,
        tasks=tuple(tasks[:KEPT_TASKS]),
        sections=_sections(tasks),
        blockers=tuple(task.title for task in tasks if task.state == "blocked")[:50],
        in_progress=tuple(task.title for task in tasks if task.state == "in_progress")[:50],
        rests_on=f"{done:,} of {format_count(len(tasks), 'feature')} in {PurePath(source).name}",
    )


def _features(document: Any) -> list[tuple[dict[str, Any], str]]:
    """The features of a document, each with the name of the part that it belongs to."""
    if isinstance(document, list):
        return [(item, "") for item in _objects_in(document)]
    if not isinstance(document, dict):
        return []
    for key in _HOLDERS:
        if isinstance(document.get(key), list | dict):
            return [(item, "") for item in _objects_in(document[key])]
    found: list[tuple[dict[str, Any], str]] = []
    for parts in map(document.get, _PARTS):
        for part in _objects_in(parts if isinstance(parts, list) else []):
            name = _text(part.get("name") or part.get("title") or part.get("category"))
            found += [(item, name) for item, _ in _features({k: part.get(k) for k in _HOLDERS})]
    return found


def _objects_in(items: list[Any] | dict[str, Any]) -> list[dict[str, Any]]:
    values = items.values() if isinstance(items, dict) else items
    return [item for item in values if isinstance(item, dict)]


def _task(feature: dict[str, Any], part: str) -> ProgressTask | None:
    state = _state(feature)
    if state is None:
        return None
    title = next((text for key in _TITLES if (text := _text(feature.get(key)))), "untitled feature")
    priority = feature.get("priority")
    named = priority_in(priority) if isinstance(priority, str) else ""
    return ProgressTask(title, state, _text(feature.get("category")) or part, named)


def _state(feature: dict[str, Any]) -> TaskState | None:
    """Done when it passes; without `passes` by its status; None when it has neither."""
    status = feature.get("status")
    word = status.strip().casefold() if isinstance(status, str) else ""
    passes = feature.get("passes", feature.get("passing", feature.get("completed")))
    if passes is None and not word and "passes" not in feature:
        return None
    if isinstance(passes, str):
        passes = passes.strip().casefold() in ("true", "yes", "1")
    state = _FEATURE_STATES.get(word, "open")
    if (isinstance(passes, int) and passes == 1) or (passes is None and state == "done"):
        return "done"
    return "open" if state == "done" else state


def _text(value: Any) -> str:
    if isinstance(value, str):
        return without_markup(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _sections(tasks: list[ProgressTask]) -> tuple[ProgressSection, ...]:
    counts: dict[str, list[int]] = {}
    for task in tasks:
        counts.setdefault(task.section, [0, 0])[task.state != "done"] += 1
    if set(counts) == {""}:
        return ()
    return tuple(ProgressSection(title, done, open_) for title, (done, open_) in counts.items())
