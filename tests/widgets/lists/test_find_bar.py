from __future__ import annotations

from tests.widgets.host import Host, heard, numbered, screen_rows, until
from widgets.lists.event_view import EventView
from widgets.lists.find_bar import FindBar


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
