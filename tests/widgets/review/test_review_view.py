from __future__ import annotations

from functools import partial

from tests.unit.night.review.review_sample import sample
from tests.unit.night.review.review_sample_night import at
from tests.widgets.host import Host, until
from widgets.review import review_lists
from widgets.review.review_page import page_rows
from widgets.review.review_view import (
    ReviewView,
)


async def test_the_cursor_stands_only_on_rows_that_lead_somewhere() -> None:
    view = ReviewView()
    app = Host(view)
    async with app.run_test(size=(80, 12)) as pilot:
        view.show(partial(page_rows, sample()))
        view.focus()
        await pilot.pause()
        seen = {view.cursor}
        for _ in range(60):
            await pilot.press("j")
            seen.add(view.cursor)
        leading = {nth for nth, row in enumerate(view.rows) if row.target is not None}
        assert seen == leading
        await pilot.press("g")
        assert view.cursor == min(leading) and view.top == 0
        await pilot.press("G")
        assert view.cursor == max(leading)
        for _ in range(60):
            await pilot.press("k")
        assert view.cursor == min(leading) and view.top == 0


async def test_a_resize_keeps_the_row() -> None:
    view = ReviewView()
    app = Host(view)
    async with app.run_test(size=(80, 24)) as pilot:
        view.show(partial(page_rows, sample()))
        await pilot.pause()
        found = view.index_of("first-3")
        assert found is not None
        view.go_to_name("first-3")
        await pilot.resize_terminal(44, 24)
        await until(pilot, lambda: view.row is not None and view.row.name == "first-3")
        assert view.cursor != found, "it stands elsewhere in a narrow view"


def test_the_nearest_row_in_time() -> None:
    view = ReviewView()
    view.rows = review_lists.moment_rows(sample(), 79)
    assert view.nearest_to(at(95)) == 2
    assert view.nearest_to(at(479)) == len(view.rows) - 1
    assert view.nearest_to(at(0)) == 0
    assert view.nearest_to(at(999)) == len(view.rows) - 1
