"""Header, strip, footer, find bar and documents in a running app."""

from __future__ import annotations

import msgspec
import pytest

from tests.widgets.host import Host, heard, numbered, screen_rows, until
from tui.model.events import SourceRef
from tui.model.records import ProgressFile, ProgressTask, SourceStatus
from tui.model.rows import DetailPart, EventDetail
from tui.model.timeline import (
    KINDS,
    Kind,
    TimeBucket,
    Timeline,
    TimelineGap,
    TimelineMark,
    cut_timeline,
)
from widgets.ink import text_of
from widgets.lists.event_view import EventView
from widgets.lists.find_bar import FindBar
from widgets.lists.sources_panel import SourcesPanel
from widgets.status.activity_row import ActivityRow
from widgets.status.key_bar import KeyBar, KeyBarItem
from widgets.status.progress_view import ProgressView
from widgets.status.session_header import HeaderFacts, SessionHeader
from widgets.status.timeline_bar import TimelineBar, cell_sign, described, strip_line
from widgets.text.detail_view import DetailView
from widgets.text.markdown_view import NotesView

T0 = 1_763_676_000.0


def minute(nth: int, kind: Kind, seconds: float = 60.0) -> TimeBucket:
    return TimeBucket(T0 + 60 * nth, tuple(seconds if each == kind else 0.0 for each in KINDS))


NIGHT = Timeline(
    T0,
    T0 + 60 * 60,
    60.0,
    (*(minute(n, "working") for n in range(20)), *(minute(n, "tool") for n in range(20, 30))),
    (
        TimelineGap(T0 + 30 * 60, T0 + 40 * 60, "rate_limited"),
        TimelineGap(T0 + 40 * 60, T0 + 50 * 60, "stalled"),
        TimelineGap(T0 + 50 * 60, T0 + 60 * 60, "dead"),
    ),
    (
        TimelineMark(T0 + 5 * 60, "checkpoint", "checkpoint 1"),
        TimelineMark(T0 + 25 * 60, "commit", "a41f09c"),
    ),
)


def test_the_night_in_one_row() -> None:
    assert text_of(strip_line(cut_timeline(NIGHT, 60), 74)) == (
        " 22:00 " + "▇" * 5 + "◆" + "▇" * 14 + "▒" * 10 + "L" * 10 + "S" * 10 + "×" * 10 + " 23:00 "
    )
    assert text_of(strip_line(cut_timeline(NIGHT, 12), 26)) == " 22:00 ▇◆▇▇▒▒LLSS×× 23:00 "


def test_a_young_night_fills_from_the_left_and_a_long_one_is_gathered() -> None:
    young = Timeline(T0, T0 + 150, 60.0, (minute(0, "working"), minute(1, "working", 20.0)))
    assert text_of(strip_line(cut_timeline(young, 10), 24)) == " 22:00 ▇▂ ─────── 22:10 "
    assert text_of(strip_line(cut_timeline(Timeline(), 10), 24)).strip() == "─" * 10
    long = Timeline(T0, T0 + 86_400 * 3, 60.0, (), (TimelineGap(T0, T0 + 86_400 * 3, "idle"),))
    assert len(cut_timeline(long, 50)) == 50
    assert cell_sign(cut_timeline(long, 50)[3]) == (" ", "dim")


def test_a_cell_speaks() -> None:
    cells = cut_timeline(NIGHT, 60)
    assert described(cells[5]) == "working; checkpoint 1"
    assert described(cells[25]) == "running tools; a41f09c"
    assert described(cells[45]) == "stalled"
    assert sum(sum(cell.seconds) for cell in cells) == pytest.approx(3600)


async def test_the_cursor_walks_along_the_night() -> None:
    moved, hook = heard(TimelineBar.CursorMoved)

    strip = TimelineBar()
    app = Host(strip)
    async with app.run_test(size=(74, 5), message_hook=hook) as pilot:
        strip.show(NIGHT)
        await until(pilot, lambda: "SSSS" in screen_rows(app)[0])
        assert strip.move(-1) == T0 + 59.5 * 60
        assert strip.move(-10) == T0 + 49.5 * 60
        assert strip.move(20) is None
        strip.move(-1000)
        assert strip.cursor_at == T0 + 30
        await pilot.click(strip, offset=(7 + 12, 0))
        await pilot.pause()
        assert [getattr(m, "words", None) for m in moved] == [
            "not running",
            "stalled",
            "",
            "working",
            "working",
        ]
        assert strip.cursor_at == T0 + 12.5 * 60
        strip.set_cursor(None)
        assert strip.cursor_at is None


async def test_the_header_is_painted_only_when_it_reads_differently() -> None:
    header = SessionHeader(HeaderFacts("bot", state="working", idle_s=4.2))
    app = Host(header)
    async with app.run_test(size=(60, 3)) as pilot:
        await pilot.pause(0.05)
        painted: list[int] = []
        original = header.render_line

        def watched(y: int) -> object:
            painted.append(y)
            return original(y)

        header.render_line = watched  # type: ignore[assignment, method-assign]
        header.show(msgspec.structs.replace(header.facts, idle_s=4.4))
        await pilot.pause(0.05)
        assert painted == []
        header.show(msgspec.structs.replace(header.facts, idle_s=5.4))
        await until(pilot, lambda: "idle 0:05" in screen_rows(app)[0])


async def test_the_footer_can_be_clicked() -> None:
    pressed, hook = heard(KeyBar.Pressed)

    footer = KeyBar(
        [KeyBarItem("c", "checkpoint", "c"), KeyBarItem("r", "rewind", "r", False, "why")]
    )
    app = Host(footer)
    async with app.run_test(size=(60, 3), message_hook=hook) as pilot:
        await until(pilot, lambda: "rewind" in screen_rows(app)[2])
        await pilot.click(footer, offset=(3, 0))
        await pilot.click(footer, offset=(17, 0))
        await pilot.click(footer, offset=(50, 0))
        await pilot.pause()
        assert [getattr(m, "item", None) for m in pressed] == list(footer.items)


async def test_finding() -> None:
    said, hook = heard(FindBar.Changed, FindBar.Submitted, FindBar.Closed)

    view, bar = EventView(now=lambda: 0.0), FindBar()
    app = Host(view, bar)
    async with app.run_test(size=(60, 8), message_hook=hook) as pilot:
        view.show(numbered(20))
        await pilot.pause()
        assert not bar.is_open
        await bar.open()
        await pilot.press("r", "o", "w", "enter")
        bar.set_matches(3, 17, more=True)
        await until(pilot, lambda: "3/17+" in screen_rows(app)[7])
        assert "/ row" in screen_rows(app)[7]
        bar.set_matches(0, 0)
        await until(pilot, lambda: "no match" in screen_rows(app)[7])
        bar.set_progress(0.5, 12)
        await until(pilot, lambda: "12 ━━━━────" in screen_rows(app)[7])
        await pilot.press("escape")
        await until(pilot, lambda: not bar.is_open)
        kinds = [type(message).__name__ for message in said]
        assert kinds == ["Changed", "Changed", "Changed", "Submitted", "Closed"]
        assert isinstance(said[3], FindBar.Submitted)
        assert said[3].text == "row"


async def test_folding_is_shown_while_it_goes_on() -> None:
    note = ActivityRow()
    app = Host(note)
    async with app.run_test(size=(60, 3)) as pilot:
        await pilot.pause()
        assert "reading" not in screen_rows(app)[0]
        note.show_reading(412_000_000, 1_000_000_000)
        await until(pilot, lambda: "reading 412 of 1,000 MB" in screen_rows(app)[0])
        note.hide()
        await until(pilot, lambda: "reading" not in screen_rows(app)[0])


async def test_notes_are_wrapped_again_when_the_window_changes() -> None:
    view = NotesView(placeholder="no notes")
    app = Host(view)
    async with app.run_test(size=(30, 8)) as pilot:
        await until(pilot, lambda: any("no notes" in row for row in screen_rows(app)))
        view.show_markdown("# Title\n- one two three four five six seven")
        await until(pilot, lambda: "Title" in screen_rows(app)[0])
        assert view.count == 3
        await pilot.resize_terminal(60, 8)
        await until(pilot, lambda: view.count == 2)
        await until(pilot, lambda: "six seven" in screen_rows(app)[1])
        view.show_text("# as it is")
        await until(pilot, lambda: "# as it is" in screen_rows(app)[0])


async def test_progress_brings_the_task_in_work_into_sight() -> None:
    view = ProgressView()
    app = Host(view)
    tasks = (
        *(ProgressTask(f"open {n}", "open") for n in range(30)),
        ProgressTask("the one", "in_progress"),
    )
    async with app.run_test(size=(30, 8)) as pilot:
        view.show(ProgressFile("p", None, "checkboxes", 0, 31, tasks))
        await until(pilot, lambda: any("▸ the one" in row for row in screen_rows(app)))
        view.focus()
        await pilot.press("g")
        view.show(
            ProgressFile("p", None, "checkboxes", 1, 31, (*tasks, ProgressTask("new", "done")))
        )
        await until(pilot, lambda: view.count > 32)
        await pilot.pause(0.15)
        assert view.top == 0, "a person who scrolled is left alone"
        view.show(None)
        await until(pilot, lambda: view.count == 0)


async def test_done_tasks_unfold_on_enter() -> None:
    view = ProgressView()
    app = Host(view)
    tasks = (
        *(ProgressTask(f"done {n}", "done") for n in range(30)),
        ProgressTask("now", "in_progress"),
    )
    async with app.run_test(size=(30, 8)) as pilot:
        view.show(ProgressFile("p", None, "checkboxes", 30, 1, tasks))
        view.focus()
        await until(pilot, lambda: any("✓ 30 done" in row for row in screen_rows(app)))
        await pilot.press("enter")
        await until(pilot, lambda: view.count == 33)


async def test_searching_in_a_detail() -> None:
    view = DetailView()
    app = Host(view)
    text = "\n".join(f"line {n}" for n in range(500))
    async with app.run_test(size=(40, 10)) as pilot:
        view.show(EventDetail("Bash", (DetailPart("Output", text),), SourceRef("s", 0)))
        await until(pilot, lambda: "line 0" in "".join(screen_rows(app)))
        assert view.search("LINE 49") == 11
        assert view.go_match(1) == (1, 11)
        await until(pilot, lambda: any("line 49" in row for row in screen_rows(app)))
        assert view.go_match(1) == (2, 11)
        await until(pilot, lambda: any("line 490" in row for row in screen_rows(app)))
        assert view.go_match(-1) == (1, 11)
        assert view.go_match(-1) == (11, 11)
        assert view.search("nothing") == 0
        assert view.go_match(1) == (0, 0)


async def test_sources() -> None:
    panel = SourcesPanel(now=lambda: T0)
    app = Host(panel)
    async with app.run_test(size=(60, 8)) as pilot:
        panel.show([SourceStatus("events", "s.jsonl", "following", "", "our run", 1, T0 - 60, 10)])
        await until(pilot, lambda: "● following" in screen_rows(app)[0])
        assert "changed 1m ago" in screen_rows(app)[0]
