"""A progress file as tasks, counts, blockers and goal.

Check boxes go first; without any, `N/M` counts; without those, `feature_list.json`; else the answer
is "unknown". A file without tasks never counts as complete.
"""

from __future__ import annotations

from msgspec.structs import replace

from tui.feeds.progress.headings import BOLD_LEVEL, NOTHING, HeadingRole
from tui.feeds.progress.lines import without_markup
from tui.feeds.progress.outline import Outline, OutlineRow, is_blank, newest_session
from tui.feeds.progress.tasks_and_counts import TaskReader, read_box, read_counts
from tui.model.records import ProgressFile
from tui.system.format import format_count
from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean

KEPT_REMARKS = 50
SHOWN_CHARACTERS = 1_000_000
_BULLET = lazy(r"(?:[-*+•]|\d{1,5}[.)])\s+(.*)$")
_PLACEHOLDER = lazy(r"(?:_[^_]+_|<[^<>]+>|\W*)$")
_RESOLVED = lazy(r"(?:✅|✓|✔|☑|~~|\[[xX✓✅]\])")
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


def read_progress(text: str, source: str, at: float | None) -> ProgressFile:
    """Reads a progress file of any form; never fails, time grows linearly with its size.

    `Task.line` counts from 1. `text` is the whole file, cleaned; beyond a million characters
    its middle is left out, and the text says so.
    """
    document = Outline(text)
    reader = TaskReader(document)
    tasks = tuple(reader.tasks)
    blocked = tuple(task.title for task in tasks if task.state == "blocked")
    underway = tuple(task.title for task in tasks if task.state == "in_progress")
    listed_underway = read_remarks(document, HeadingRole.IN_PROGRESS) + tuple(reader.rows_underway)
    progress = ProgressFile(
        source=source,
        at=at,
        basis="checkboxes" if tasks else "unknown",
        done=reader.totals[0],
        open=reader.totals[1],
        tasks=tasks,
        sections=reader.sections(),
        blockers=_merge(read_remarks(document, HeadingRole.BLOCKERS), blocked),
        in_progress=_merge(underway, listed_underway),
        goal=read_goal(document),
        session=_session_title(document),
        started=document.labels.get("started", ""),
        text=_bounded_text(text),
        rests_on=rests_on_tasks(reader) if tasks else "nothing in it counts tasks",
    )
    counts = None if tasks else read_counts(document)
    if counts is None:
        return progress
    done, open_, sections, why = counts
    return replace(progress, basis="counts", done=done, open=open_, sections=sections, rests_on=why)


def with_features(progress: ProgressFile, features: ProgressFile | None) -> ProgressFile:
    """The progress file with the tasks of the feature list, where the file itself has none."""
    if features is None or progress.basis != "unknown":
        return progress
    return replace(
        progress,
        basis="features",
        done=features.done,
        open=features.open,
        tasks=features.tasks,
        sections=features.sections,
        rests_on=features.rests_on,
        blockers=_merge(progress.blockers, features.blockers),
        in_progress=_merge(progress.in_progress, features.in_progress),
    )


def rests_on_tasks(reader: TaskReader) -> str:
    """ "12 of 24 check boxes in 3 sections" """
    done, open_ = reader.totals
    sections = [section for section in reader.sections() if section.title]
    where = f" in {format_count(len(sections), 'section')}" if len(sections) > 1 else ""
    return f"{done:,} of {format_count(done + open_, 'check box', 'check boxes')}{where}"


def _merge(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))[:KEPT_REMARKS]


def _session_title(document: Outline) -> str:
    """The `Session:` line if there is one, else the heading of the newest session."""
    named, sessions = document.labels.get("session", ""), document.sessions
    if named or not sessions:
        return named
    return sessions[newest_session(sessions, range(len(sessions)))].title


def _bounded_text(text: str) -> str:
    if len(text) > SHOWN_CHARACTERS:
        half = SHOWN_CHARACTERS // 2
        left_out = len(text) - 2 * half
        text = f"{text[:half]}\n\n[… {left_out:,} characters left out …]\n\n{text[-half:]}"
    return clean(text)
