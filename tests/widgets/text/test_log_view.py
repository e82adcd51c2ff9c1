"""The watchdog pane: repeated entries are counted, and a count that grows is drawn again."""

from __future__ import annotations

from tests.widgets.host import Entries, Host, screen_rows, until
from tui.model.records import LogEntry
from widgets.ink import text_of
from widgets.text.sidecar_views import LogView, log_line


def entry(text: str, count: int = 1) -> LogEntry:
    return LogEntry(
        "log", 0, 60.0, "error", text, count=count, last_at=120.0 if count > 1 else None
    )


def test_a_repeated_entry_shows_its_count_and_its_latest_time() -> None:
    once, often = entry("exited with code 1"), entry("exited with code 1", 447)

    assert text_of(log_line(often, 80)).endswith("exited with code 1 ×447")
    assert text_of(log_line(often, 80))[:8] != text_of(log_line(once, 80))[:8]
    assert text_of(log_line(often, 40)).endswith(" ×447")


async def test_a_count_that_grows_is_drawn_again() -> None:
    source = Entries([entry("begun"), entry("exited")])
    view = LogView()
    app = Host(view)
    async with app.run_test(size=(60, 8)) as pilot:
        view.show(source)
        await until(pilot, lambda: any("exited" in row for row in screen_rows(app)))
        source.entries[1] = entry("exited", 2)
        view.show(source)
        await until(pilot, lambda: any("exited ×2" in row for row in screen_rows(app)))
        source.entries[1] = entry("exited", 3)
        source.entries.append(entry("other"))
        view.show(source)
        await until(pilot, lambda: any("other" in row for row in screen_rows(app)))
        assert any("exited ×3" in row for row in screen_rows(app))
