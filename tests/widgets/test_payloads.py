"""Whatever comes from outside, through every widget of the house: no control byte, no crash."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from tests.widgets.host import Entries, Host, Rows, screen_segments
from tests.widgets.hostile import HOSTILE
from tui.model.events import SourceRef
from tui.model.records import LogEntry, ProgressFile, ProgressSection, ProgressTask, SourceStatus
from tui.model.rows import DetailPart, EventDetail, EventRow
from tui.model.timeline import Timeline, TimelineMark
from widgets.dialogs.dialog import Choice, Dialog, DialogOption
from widgets.dialogs.list_dialogs import EscalationDialog, Picker, PickerRow
from widgets.dialogs.text_dialogs import PromptDialog
from widgets.lists.event_view import EventView
from widgets.lists.pane import Pane
from widgets.status.activity_row import ActivityRow
from widgets.status.key_bar import KeyBar, KeyBarItem
from widgets.status.session_header import HeaderFacts, SessionHeader
from widgets.status.timeline_bar import TimelineBar
from widgets.text.detail_view import DetailView
from widgets.text.documents import WrappedText
from widgets.text.notes_view import NotesView
from widgets.text.sidecar_views import LogView, ProgressView, SourcesPanel
from widgets.text_cells import UNSAFE

ALL = [f"a{text}b" for text in HOSTILE]


def event_view() -> Widget:
    view = EventView(now=lambda: 0.0)
    view.placeholder = ALL[0]
    rows = [EventRow("tool", 0.0, text, text, text, "error", 1.0, depth=1) for text in ALL]
    view.call_after_refresh(view.show, Rows(rows))
    view.call_after_refresh(view.set_search, "a", lambda index: ALL[index])
    return view


def log_view() -> Widget:
    view = LogView()
    entries = [LogEntry("w", 0, None, "error", text, tag=text, clock=text) for text in ALL]
    view.call_after_refresh(view.show, Entries(entries))
    return view


def text_view() -> Widget:
    view = NotesView()
    view.call_after_refresh(view.show_notes, "\n\n".join(f"- **{text}** `{text}`" for text in ALL))
    return view


def progress_view() -> Widget:
    view = ProgressView()
    tasks = tuple(ProgressTask(text, "blocked", ALL[1], text) for text in ALL)
    sections = (ProgressSection(ALL[1], 1, 2),)
    progress = ProgressFile("p", None, "checkboxes", 1, 2, tasks, sections, (ALL[2],), goal=ALL[3])
    view.call_after_refresh(view.show, progress)
    return view


def detail_view() -> Widget:
    view = DetailView()
    styles = ("plain", "diff", "code", "markdown", "json", "ansi")
    parts = tuple(DetailPart(text, text, style) for text in ALL for style in styles)  # type: ignore[arg-type]
    detail = EventDetail(ALL[0], parts, SourceRef("s", 0), tuple((text, text) for text in ALL))
    view.call_after_refresh(view.show, detail)
    return view


def header() -> Widget:
    return SessionHeader(HeaderFacts(ALL[0], ALL[1], ALL[2], alert=ALL[4]))


def footer() -> Widget:
    return KeyBar([KeyBarItem(text, text) for text in ALL[:3]])


def pane() -> Widget:
    inner = Pane(1, ALL[0], NotesView(placeholder=ALL[7]))
    inner.subtitle = ALL[1]
    inner.status = ALL[2]
    inner.foot = ALL[3]
    inner.call_after_refresh(setattr, inner, "stale", ALL[5])
    return inner


def sources() -> Widget:
    view = SourcesPanel(now=lambda: 0.0)
    feeds = [SourceStatus(text, text, "unreadable", text, text) for text in ALL]
    view.call_after_refresh(view.show, feeds)
    return view


def note() -> Widget:
    widget = ActivityRow()
    widget.call_after_refresh(widget.show, ALL[0], 0.5)
    return widget


def strip() -> Widget:
    widget = TimelineBar()
    marks = tuple(TimelineMark(float(n), "error", text) for n, text in enumerate(ALL))
    widget.call_after_refresh(widget.show, Timeline(0.0, 100.0, 60.0, (), (), marks))
    return widget


WIDGETS: list[Callable[[], Widget]] = [
    event_view,
    log_view,
    text_view,
    progress_view,
    detail_view,
    header,
    footer,
    pane,
    sources,
    note,
    strip,
]


def check(app: Host) -> None:
    for row in screen_segments(app):
        for segment in row:
            assert not UNSAFE.search(segment.text), repr(segment.text)
            assert segment.style is None or segment.style.link is None


async def walked(app: Host, pilot: Pilot[object]) -> None:
    """Look at the whole of it, page after page."""
    await pilot.pause(0.05)
    for key in ("g", *["pagedown"] * 12, "G"):
        check(app)
        await pilot.press(key)
    check(app)


@pytest.mark.parametrize("make", WIDGETS, ids=lambda make: make.__name__)
async def test_widgets(make: Callable[[], Widget]) -> None:
    app = Host(make)
    app.guard.enabled = False
    async with app.run_test(size=(80, 24)) as pilot:
        await walked(app, pilot)
        for widget in app.query("LineView"):
            widget.focus()
        await walked(app, pilot)


DIALOGS = [
    lambda: Dialog(ALL[0], ALL, [Choice("a", ALL[1])], [DialogOption("o", "o", ALL[2])]),
    lambda: EscalationDialog(ALL[0], ALL[:3], [Choice("a", text, text) for text in ALL[:4]]),
    lambda: Picker(
        ALL[0], [PickerRow(t, t, t) for t in ALL], [Choice("a", ALL[1])], lambda key: None
    ),
]


@pytest.mark.parametrize("make", DIALOGS, ids=["plan", "ladder", "picker"])
async def test_dialogs(make: Callable[[], Dialog | EscalationDialog | Picker]) -> None:
    app = Host()
    app.guard.enabled = False
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = make()
        app.push_screen(dialog)
        await pilot.pause(0.05)
        if isinstance(dialog, Picker):
            dialog.set_preview(dialog.row, WrappedText("\n".join(ALL)), ALL[0])
        await pilot.pause(0.05)
        check(app)


async def test_the_prompt_needs_the_guard_for_its_text_area() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(PromptDialog(ALL[0], ALL[:2], "\n".join(ALL)))
        await pilot.pause(0.05)
        check(app)
