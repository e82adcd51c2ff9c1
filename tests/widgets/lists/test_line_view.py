from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.geometry import Offset
from textual.selection import Selection

from tests.widgets.host import Host, Rows, counted, heard, numbered, screen_rows, until
from tui.model.rows import EventRow
from widgets import themes
from widgets.lists.event_view import EventView
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.paint_governor import PaintGovernor


async def test_only_rows_in_sight_are_drawn_however_many_there_are() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.advance(1_000_000, 1)
        await until(pilot, lambda: "row 999999" in screen_rows(app)[9])
        assert len(set(view.drawn)) <= 20
        assert len(view.drawn) == len(set(view.drawn)), "a drawn row is kept"
        before = len(view.drawn)
        view.refresh()
        await pilot.pause(0.05)
        assert len(view.drawn) == before


async def test_following_shows_the_newest_and_scrolling_up_stops_it() -> None:
    view = EventView(now=lambda: 0.0)
    messages, hook = heard(LineView.FollowChanged)

    app = Host(Pane(2, "Events", view))
    async with app.run_test(size=(60, 12), message_hook=hook) as pilot:
        source = numbered(50)
        view.show(source)
        view.focus()
        await until(pilot, lambda: "row 49" in screen_rows(app)[10])
        await pilot.press("k")
        assert not view.following
        assert view.cursor == 48
        source.rows.extend(numbered(150).rows[50:])
        view.update()
        await until(pilot, lambda: "+100 new ↓ f" in screen_rows(app)[11])
        assert "row 49" in screen_rows(app)[10], "the view stands still"
        await pilot.press("f")
        await until(pilot, lambda: "row 149" in screen_rows(app)[10])
        assert "new" not in screen_rows(app)[11]
        said = [(m.following, m.new) for m in messages if isinstance(m, LineView.FollowChanged)]
        assert said == [(False, 0), (False, 100), (True, 0)]


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        ("g", 0),
        ("home", 0),
        ("g,j,j", 2),
        ("g,down,down,up", 1),
        ("g,ctrl+d", 5),
        ("g,pagedown", 9),
        ("g,space,ctrl+u", 4),
        ("k,k", 97),
        ("ctrl+u", 94),
        ("pageup", 90),
        ("g,G", 99),
        ("g,end", 99),
    ],
)
async def test_keys_that_move(keys: str, cursor: int) -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.advance(100, 1)
        view.focus()
        await pilot.pause(0.05)
        await pilot.press(*keys.split(","))
        assert view.cursor == cursor
        assert view.top <= cursor < view.top + 10
        assert view.following == (cursor == 99)


async def test_stepping_down_to_the_last_row_follows_again() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.advance(12, 1)
        view.focus()
        await pilot.pause(0.05)
        await pilot.press("k", "k", "j")
        stopped = view.following
        await pilot.press("j")
        assert (stopped, view.following) == (False, True)


def _wheel_up() -> type:
    from textual.events import MouseScrollUp

    return MouseScrollUp


async def test_the_wheel_stops_and_resumes_following() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.advance(100, 1)
        await until(pilot, lambda: view.top == 90)
        await pilot._post_mouse_events([_wheel_up()], view)
        await until(pilot, lambda: not view.following)
        assert view.top < 90
        view.scroll_to(y=90, animate=False)
        await pilot.pause()
        assert view.following


async def test_a_smaller_or_larger_window_keeps_following() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.advance(100, 1)
        await until(pilot, lambda: view.top == 90)
        for height in (6, 20, 3, 30):
            await pilot.resize_terminal(40, height)
            await until(pilot, lambda height=height: view.top == 100 - height)  # type: ignore[misc]
            assert view.following
        assert "row 99" in screen_rows(app)[29]


async def test_a_new_generation_reads_every_row_again() -> None:
    view = EventView(now=lambda: 0.0)
    app = Host(view)
    async with app.run_test(size=(60, 10)) as pilot:
        source = numbered(5)
        view.show(source)
        await until(pilot, lambda: "row 4" in screen_rows(app)[4])
        source.rows = [EventRow("tool", 0.0, "Edit", "rotated")]
        source.generation = 2
        view.update()
        await until(pilot, lambda: "rotated" in screen_rows(app)[0])
        assert screen_rows(app)[1].strip() == ""


async def test_a_completed_row_is_drawn_again_and_no_other() -> None:
    view = EventView(now=lambda: 100.0)
    app = Host(view)
    async with app.run_test(size=(60, 10)) as pilot:
        source = numbered(5)
        source.rows[2] = EventRow("tool", 53.0, "Bash", "pytest", "", "running")
        view.show(source)
        await until(pilot, lambda: "47s" in screen_rows(app)[2])
        source.rows[2] = EventRow("tool", 53.0, "Bash", "pytest", "41 passed", "ok", 47.2)
        source.rows[3] = EventRow("tool", 53.0, "Bash", "must not be read again")
        view.update(changed=[2])
        await until(pilot, lambda: "41 passed" in screen_rows(app)[2])
        assert "row 3" in screen_rows(app)[3]


async def test_ticks_move_only_what_runs() -> None:
    now = [100.0]
    view = EventView(now=lambda: now[0])
    app = Host(view)
    async with app.run_test(size=(60, 10)) as pilot:
        source = numbered(5)
        source.rows[4] = EventRow("tool", 90.0, "Bash", "pytest", "", "running")
        view.show(source)
        await until(pilot, lambda: "10s" in screen_rows(app)[4])
        now[0] = 131.0
        view.refresh_live_rows()
        await until(pilot, lambda: "41s" in screen_rows(app)[4])


async def test_a_thousand_lines_a_second_are_painted_ten_times() -> None:
    clock = [0.0]
    due: list[tuple[float, Callable[[], None]]] = []
    governor = PaintGovernor(now=lambda: clock[0], later=lambda d, c: due.append((clock[0] + d, c)))
    view = counted(governor=governor)
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        clock[0] = 10.0
        for _ in range(1000):
            clock[0] += 0.001
            view.advance(view.count + 1, 1)
            while due and due[0][0] <= clock[0]:
                due.pop(0)[1]()
        await pilot.pause()
        assert 9 <= governor.rounds <= 12


async def test_rows_out_of_sight_cause_no_paint() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.advance(100, 1)
        view.focus()
        await pilot.pause(0.05)
        await pilot.press("g")
        await pilot.pause(0.2)
        view.drawn.clear()
        view.advance(200, 1, changed=[50, 60])
        await until(pilot, lambda: view.new == 100)
        await pilot.pause(0.2)
        assert view.drawn == []
        view.advance(201, 1, changed=[3])
        await until(pilot, lambda: view.drawn == [3])


async def test_reveal_puts_a_row_in_sight_and_stops_following() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.advance(1000, 1)
        await pilot.pause(0.05)
        view.reveal(500)
        await until(pilot, lambda: any("row 500" in row for row in screen_rows(app)))
        assert (view.cursor, view.following) == (500, False)
        view.reveal(10_000)
        assert view.cursor == 999


async def test_enter_and_a_double_click_open_the_row() -> None:
    opened, hook = heard(LineView.Opened)

    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10), message_hook=hook) as pilot:
        view.advance(100, 1)
        view.focus()
        await pilot.pause(0.05)
        await pilot.press("enter")
        await pilot.press("g", "j", "enter")
        await pilot.click(view, offset=(3, 4), times=2)
        await pilot.pause()
        assert [getattr(m, "index", None) for m in opened] == [99, 1, 4]


async def test_words_can_be_selected_with_the_mouse() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.advance(5, 1)
        await until(pilot, lambda: "row 4" in screen_rows(app)[4])
        await pilot.mouse_down(view, offset=(2, 1))
        await pilot.hover(view, offset=(4, 3))
        await pilot.mouse_up(view, offset=(4, 3))
        await pilot.pause()
        assert app.screen.get_selected_text() == "w 1\nrow 2\nrow 3"
        segments = [
            s for s in app.screen._compositor.render_strips()[2] if s.text.startswith("row 2")
        ]
        plain = [s for s in app.screen._compositor.render_strips()[0] if s.text.startswith("row 0")]
        assert segments[0].style != plain[0].style


async def test_a_selection_of_everything_copies_a_bounded_part() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.advance(1_000_000, 1)
        await pilot.pause(0.05)
        text = view.get_selection(Selection(None, None))
        assert text is not None
        assert text[0].count("\n") == 4999
        one = view.get_selection(Selection(Offset(0, 7), Offset(3, 7)))
        assert one == ("row", "\n")


async def test_an_empty_view_says_why() -> None:
    view = counted()
    app = Host(Pane(4, "Watchdog", view, id="pane"))
    async with app.run_test(size=(60, 9)) as pilot:
        view.placeholder = "no watchdog log at logs/watchdog.log; set paths.watchdog_log"
        await until(pilot, lambda: any("no watchdog log" in row for row in screen_rows(app)))
        view.advance(1, 1)
        await until(pilot, lambda: "row 0" in screen_rows(app)[1])


async def test_a_theme_change_draws_the_rows_anew() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 5)) as pilot:
        view.advance(3, 1)
        await until(pilot, lambda: "row 2" in screen_rows(app)[2])
        before = next(iter(app.screen._compositor.render_strips()[0])).style
        app.theme = themes.LIGHT
        await until(
            pilot,
            lambda: next(iter(app.screen._compositor.render_strips()[0])).style != before,
        )


async def test_a_source_that_shrinks_between_two_paints_is_survived() -> None:
    view = EventView(now=lambda: 0.0)
    app = Host(view)
    async with app.run_test(size=(60, 10)) as pilot:
        source: Rows = numbered(100)
        view.show(source)
        await pilot.pause(0.05)
        source.rows.clear()
        view.invalidate()
        await pilot.pause(0.2)
        view.update()
        await until(pilot, lambda: any("no events yet" in row for row in screen_rows(app)))


async def test_hidden_while_rows_come_and_right_when_shown() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.display = False
        await pilot.pause()
        view.advance(500, 1)
        await pilot.pause(0.15)
        view.display = True
        await until(pilot, lambda: "row 499" in screen_rows(app)[9])


async def test_a_key_that_comes_before_the_first_paint_finds_its_row() -> None:
    view = counted()
    app = Host(view)
    async with app.run_test(size=(40, 10)) as pilot:
        view.focus()
        view.advance(100, 1)
        view.action_step(-1)
        view.action_step(-1)
        assert view.cursor == 97
        await until(pilot, lambda: any("row 97" in row for row in screen_rows(app)))
