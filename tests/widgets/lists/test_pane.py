from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.widgets.host import Counted, Host, counted, screen_rows, until
from widgets import glyphs
from widgets.ink import Line, text_of, width_of
from widgets.lists.pane import Pane, frame_bottom, frame_top, new_rows_badge


def drawn(line: Line) -> str:
    return text_of(line).rstrip()


FRAME = glyphs.UNICODE.frame


def test_frames() -> None:
    assert (
        drawn(frame_top(FRAME, 2, "Events", "", "follow", 30, False, False))
        == "╭ 2 Events ───────── follow ─╮"
    )
    assert (
        drawn(frame_top(FRAME, 1, "Progress", "12/19", "", 30, False, False))
        == "╭ 1 Progress 12/19 ──────────╮"
    )
    assert (
        drawn(frame_bottom(FRAME, "", new_rows_badge(128), 30, False))
        == "╰───────────── +128 new ↓ f ─╯"
    )
    assert drawn(frame_bottom(glyphs.UNICODE.stale, "", [], 10, False)) == "╰╌╌╌╌╌╌╌╌╯"
    focused = frame_top(FRAME, 2, "Events", "", "", 30, True, False)
    assert (" 2 ", "badge") in focused


@given(
    st.text(max_size=40),
    st.text(max_size=20),
    st.text(max_size=40),
    st.integers(8, 120),
    st.booleans(),
)
@settings(deadline=None)
def test_frames_are_as_wide_as_they_should_be(
    title: str, note: str, status: str, width: int, focused: bool
) -> None:
    assert width_of(frame_top(FRAME, 2, title, note, status, width, focused, False)) == width
    assert width_of(
        frame_bottom(FRAME, status, new_rows_badge(12), max(20, width), focused)
    ) == max(20, width)


async def test_the_pane_shows_focus_and_age_by_shape() -> None:
    view, other = counted(), Counted()
    app = Host(Pane(1, "One", view, id="one"), Pane(2, "Two", other, id="two"))
    async with app.run_test(size=(40, 12)) as pilot:
        view.focus()
        await pilot.pause()
        assert app.query_one("#one").has_class("-focus")
        assert not app.query_one("#two").has_class("-focus")
        app.query_one("#two", Pane).stale = "no data for 4m12s"
        await until(pilot, lambda: "no data for 4m12s" in screen_rows(app)[6])
        assert "╌" in screen_rows(app)[6]
        assert "╌" not in screen_rows(app)[0]


async def test_a_click_on_the_count_of_new_rows_follows() -> None:
    view = counted()
    app = Host(Pane(1, "One", view, id="one"))
    async with app.run_test(size=(40, 12)) as pilot:
        view.advance(100, 1)
        await pilot.pause(0.05)
        view.reveal(3)
        view.advance(120, 1)
        await until(pilot, lambda: "+20 new" in screen_rows(app)[11])
        await pilot.click("#one", offset=(32, 11))
        await until(pilot, lambda: view.following)
