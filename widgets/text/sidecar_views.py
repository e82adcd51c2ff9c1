"""What the files beside the events say: the panes of progress and watchdog log, and the page of sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import ClassVar, Final, Protocol

from textual import events

from tui.model.records import (
    LogEntry,
    LogLevel,
    ProgressFile,
    ProgressSection,
    ProgressTask,
    SourceStatus,
)
from tui.system.format import format_age, format_clock, format_number, format_size
from widgets.glyphs import glyphs
from widgets.ink import Line, Role, Span, highlight
from widgets.line_layout import spread, wrap
from widgets.lists.event_view import NARROW, Source, SourceView, clip_around, mark_span
from widgets.text.documents import DocumentView, LaidOutDocument
from widgets.text_cells import cells, clip, clip_start, pad, visible


def progress_bar(done: int, total: int, width: int) -> list[Span]:
    """A bar of `width` columns; never full before everything is done, never empty after a start."""
    signs = glyphs()
    share = done / total if total else 0.0
    filled = round(share * width)
    if 0 < done < total:
        filled = max(1, min(width - 1, filled))
    return [(signs.filled * filled, "ok"), (signs.empty * (width - filled), "faint")]


def progress_rows(progress: ProgressFile, width: int, height: int = 0) -> list[Line]:
    """Blockers, the count with its bar, the goal, and the tasks under their sections.

    Where all this is more than `height` rows, tasks done stand together in one row. A file whose tasks
    are not listed is shown as it is.
    """
    head = _head_rows(progress, width)
    rows = list(_task_rows(progress, progress.tasks, width))
    if 0 < height < len(head) + len(rows) + 1:
        rows = list(_task_rows(progress, _merge_done(progress), width))
        if height < len(head) + len(rows) + 1:
            head = _head_rows(progress, width, brief=True)
    elif head and rows:
        head.append([])
    head.extend(rows)
    if not progress.tasks and progress.text:
        head.append([])
        head.extend(_text_rows(progress.text.split("\n"), width))
    return head


def _text_rows(lines: Sequence[str], width: int) -> Iterator[Line]:
    for line in lines:
        yield from wrap([(visible(line), "text")], width) if line.strip() else [[]]


def newest_row(progress: ProgressFile, width: int, count: int) -> int:
    """Of `count` rows, the one at which the newest part of the file's text begins; 0 for its top."""
    if progress.tasks or progress.newest_line < 2:
        return 0
    below = progress.text.split("\n")[progress.newest_line - 1 :]
    return max(0, count - sum(1 for _ in _text_rows(below, width)))


def _head_rows(progress: ProgressFile, width: int, brief: bool = False) -> list[Line]:
    rows: list[Line] = []
    signs = glyphs()
    for blocker in progress.blockers:
        lead: Span = (signs.error + " ", "error")
        for nth, row in enumerate(wrap([(visible(blocker), "error")], width - 2)):
            rows.append([lead if nth == 0 else ("  ", "text"), *row])
    if progress.basis == "unknown":
        rows.append([(clip("no task list recognised in this file", width), "dim")])
    elif progress.total:
        rows.append(_count_row(progress, width))
    if progress.rests_on and progress.basis != "checkboxes" and not brief:
        rows.extend(wrap([(visible(progress.rests_on), "dim")], width)[:2])
    if progress.goal and not brief:
        rows.extend(wrap([(visible(progress.goal), "dim")], width)[:2])
    return rows


def _merge_done(progress: ProgressFile) -> list[ProgressTask]:
    """The tasks, with each run of done ones of a section as a single one; whole sections too."""
    out: list[ProgressTask] = []
    runs = groupby(progress.tasks, key=lambda task: (task.section, task.state == "done"))
    for (section, done), run in runs:
        members = list(run)
        whole = section and all(t.state == "done" for t in progress.tasks if t.section == section)
        if done and whole:
            out.append(ProgressTask(f"{section} ({len(members)})", "done"))
        elif done and len(members) > 1:
            out.append(
                ProgressTask(f"{len(members)} done", "done", section, depth=members[0].depth)
            )
        else:
            out.extend(members)
    return out


def _count_row(progress: ProgressFile, width: int) -> Line:
    share = 100 * progress.done // progress.total
    words = f" {progress.done}/{progress.total}  {share}%"
    return [
        *progress_bar(progress.done, progress.total, max(4, width - len(words))),
        (words, "strong"),
    ]


def _task_rows(progress: ProgressFile, tasks: Sequence[ProgressTask], width: int) -> Iterator[Line]:
    sections = {section.title: section for section in progress.sections}
    current = ""
    for task in tasks:
        if task.section != current:
            current = task.section
            if current:
                yield _section_row(current, sections.get(current), width)
        yield from _task_row(task, width, indented=bool(current))


def _section_row(title: str, section: ProgressSection | None, width: int) -> Line:
    right: list[Span] = []
    if section is not None and section.done + section.open:
        total = section.done + section.open
        role: Role = "ok" if section.done == total else "dim"
        right = [(f" {section.done}/{total}", role)]
    return spread([(visible(title), "heading")], right, width)


def _task_row(task: ProgressTask, width: int, indented: bool) -> Iterator[Line]:
    signs = glyphs()
    spans: dict[str, tuple[Span, Role]] = {
        "done": ((signs.ok, "ok"), "dim"),
        "in_progress": ((signs.running, "running"), "strong"),
        "blocked": ((signs.error, "error"), "error"),
        "open": ((signs.open, "dim"), "text"),
    }
    sign, role = spans[task.state]
    indent = " " * min(2 * task.depth + (1 if indented else 0), width // 3)
    lead: Line = [(indent, "text"), sign, (" ", "text")]
    hang = " " * (cells(indent) + 2)
    words: list[Span] = [(visible(task.title), role)]
    if task.priority and task.state != "done":
        words.append((f" {visible(task.priority)}", "warning" if task.priority == "P0" else "dim"))
    rows = wrap(words, max(8, width - len(hang)))
    if task.state in ("done", "open") and len(rows) > 2:
        rows = [rows[0], [(clip("".join(t for t, _ in rows[1]), width - len(hang) - 1), role)]]
        rows[1].append((glyphs().ellipsis, "dim"))
    for nth, row in enumerate(rows):
        yield [*lead, *row] if nth == 0 else [(hang, "text"), *row]


class ProgressView(DocumentView):
    """Shows a `ProgressFile`; unless a person scrolled, what is being worked on is in sight."""

    _progress: ProgressFile | None = None
    _touched = False
    _all = False

    def show(self, progress: ProgressFile | None) -> None:
        """Show this state of the tasks; None empties the view."""
        if progress != self._progress:
            self._progress = progress
            self._build()

    def _build(self, seek: bool = True) -> None:
        document, height = None, 0 if self._all else self.page
        if self._progress is not None:
            document = LaidOutDocument(partial(progress_rows, self._progress, height=height))
        self.set_document(document, keep_place=document is not None)
        if seek and not self._touched:
            self.call_after_refresh(self._seek)

    def on_resize(self, event: events.Resize) -> None:
        self._build()

    def action_open(self) -> None:
        """Show every done task by itself, or together again."""
        self._all = not self._all
        self._build(seek=False)

    def on_person_scrolled(self) -> None:
        self._touched = True

    def _seek(self) -> None:
        """Bring the task in work, else the first open one, or the newest part of the text into sight."""
        progress, document = self._progress, self.document
        if progress is None or document is None or not self.size.width:
            return
        if not progress.tasks:
            self._seek_newest(progress)
            return
        rows = [document.row(index, self.columns) for index in range(self.count)]
        signs = [row[1][0] if len(row) > 1 else "" for row in rows]  # after the indent
        for sign in (glyphs().running, glyphs().open):
            if sign in signs:
                index = signs.index(sign)
                self._resize_virtual()
                if not self.top <= index < self.top + self.page - 1:
                    self._scroll_silently(max(0, index - self.page // 3))
                return

    def _seek_newest(self, progress: ProgressFile) -> None:
        row = newest_row(progress, self.columns, self.count)
        if row and self.count > self.page:
            self._resize_virtual()
            self._scroll_silently(min(row, self.count - self.page))


_ROLES: Final[dict[LogLevel, Role]] = {"debug": "dim", "warning": "warning", "error": "error"}


def log_line(entry: LogEntry, width: int, needle: str = "") -> Line:
    """The entry in `width` columns: time, level, tag, its first line, and how many follow."""
    first, _, rest = entry.text.partition("\n")
    more = rest.count("\n") + 1 if rest else 0
    out: list[Span] = []
    when = _clock_text(entry, width)
    if when:
        out.append((when + " ", "dim"))
    out.extend([mark_span(entry.level), (" ", "text")])
    if entry.tag and width >= NARROW // 2:
        out.append((clip(visible(entry.tag), 12) + " ", "label"))
    tail = f" +{more} lines" if more > 1 else (" +1 line" if more else "")
    if entry.count > 1:
        tail += f" {visible('×')}{format_number(entry.count)}"
    room = max(0, width - sum(cells(text) for text, _ in out) - len(tail))
    shown = clip_around(visible(first), needle, room)
    out.extend(highlight(shown, needle, _ROLES.get(entry.level, "text")))
    if tail:
        out.append((tail, "dim"))
    return out


def _clock_text(entry: LogEntry, width: int) -> str:
    seconds = width >= NARROW
    at = entry.last_at if entry.last_at is not None else entry.at
    if at is not None:
        return format_clock(at, seconds)
    return clip(visible(entry.clock), 8 if seconds else 5, "") if entry.clock else ""


class LogSource(Source, Protocol):
    """Entries of a log; `entry` raises IndexError for one that is gone."""

    def entry(self, index: int) -> LogEntry: ...


class LogView(SourceView[LogSource]):
    """Draws the entries of a `LogSource`; posts `Opened` for the entry wanted in full."""

    PLACEHOLDER: ClassVar[str] = "nothing logged yet"
    _newest: tuple[int, LogEntry | None] = (0, None)

    def update(self, changed: Iterable[int] = ()) -> None:
        """Read the new rows, and again the last one if it grew or came once more."""
        index, drawn = self._newest
        if self.entry(index) != drawn:
            changed = (*changed, index)
        super().update(changed)
        last = max(0, len(self._source) - 1) if self._source is not None else 0
        self._newest = (last, self.entry(last))

    def entry(self, index: int) -> LogEntry | None:
        """The entry as the source has it; None when it is gone meanwhile."""
        try:
            return self._source.entry(index) if self._source is not None else None
        except IndexError:
            return None

    def line(self, index: int, width: int) -> Line:
        entry = self.entry(index)
        return [] if entry is None else log_line(entry, width, self._needle)

    def row_text(self, index: int) -> str:
        entry = self.entry(index)
        if entry is None:
            return ""
        words = "\n".join(visible(line) for line in entry.text.split("\n"))
        return f"{_clock_text(entry, 80)} {words}".strip()


def _state_span(source: SourceStatus) -> Span:
    signs = glyphs()
    spans: dict[str, tuple[str, Role]] = {
        "following": (signs.working, "ok"),
        "missing": (signs.none, "dim"),
        "unreadable": (signs.error, "error"),
        "off": (signs.none, "faint"),
        "folding": (signs.running, "running"),
    }
    sign, role = spans[source.state]
    words = f"folding {100 * source.progress:.0f}%" if source.state == "folding" else source.state
    return f"{sign} {words}", role


def source_rows(source: SourceStatus, width: int, now: float) -> list[Line]:
    """A source in two or three rows: its state and figures, its path, and why this one."""
    state, role = _state_span(source)
    figures = []
    if source.lines:
        figures.append(f"{format_number(source.lines)} lines")
    if source.size:
        figures.append(format_size(source.size))
    if source.changed_at is not None:
        old = format_age(now - source.changed_at)
        figures.append("changed now" if old == "now" else f"changed {old} ago")
    head: list[Span] = [(pad(visible(source.name), 14), "strong"), (pad(state, 15), role)]
    head.append((clip("  ".join(figures), max(0, width - 30)), "dim"))
    if source.malformed:
        head.append(
            (f"  {glyphs().warning} {format_number(source.malformed)} malformed", "warning")
        )
    rows: list[Line] = [head]
    if source.path:
        rows.append([("  ", "text"), (clip_start(visible(source.path), width - 2), "text")])
    for words in filter(None, (source.chosen, source.why)):
        wrapped = wrap([(visible(words), "dim")], width - 2)
        rows.extend([("  ", "text"), *row] for row in wrapped[:3])
    return rows


class SourcesPanel(DocumentView):
    """Shows sources, one below the other."""

    PLACEHOLDER: ClassVar[str] = "no source is being read"

    def __init__(self, *, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now

    def show(self, sources: Sequence[SourceStatus]) -> None:
        """Show the sources as they are now."""

        def build(width: int) -> list[Line]:
            now = self._now()
            return [row for each in sources for row in ([], *source_rows(each, width, now))][1:]

        self.set_document(LaidOutDocument(build) if sources else None, keep_place=True)
