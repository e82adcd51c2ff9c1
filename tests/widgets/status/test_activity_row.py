from __future__ import annotations

from tests.widgets.host import Host, screen_rows, until
from widgets.ink import Line, text_of, width_of
from widgets.status.activity_row import ActivityRow, progress_line, reading_text


def drawn(line: Line) -> str:
    return text_of(line).rstrip()


def test_folding_says_how_far_it_is() -> None:
    assert reading_text(412_000_000, 1_000_000_000) == "reading 412 of 1,000 MB"
    assert reading_text(4_100, 812_000) == "reading 4.1 kB of 812 kB"
    assert drawn(progress_line("reading", 0.5, 30)) == " reading ━━━━━━━━──────── 50%"
    assert width_of(progress_line("x" * 200, 2.0, 40)) <= 40


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
