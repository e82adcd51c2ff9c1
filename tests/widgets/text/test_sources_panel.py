from __future__ import annotations

from tests.widgets.host import Host, screen_rows, until, words
from tui.model.records import SourceStatus
from widgets.text.sidecar_views import SourcesPanel, source_rows

AT = 8047.0


def test_a_source_says_how_it_is() -> None:
    feed = SourceStatus("watchdog", "logs/watchdog.log", "missing", "set paths.watchdog_log")
    assert words(source_rows(feed, 70, AT)) == [
        "watchdog      ○ missing",
        "  logs/watchdog.log",
        "  set paths.watchdog_log",
    ]
    events = SourceStatus(
        "events", "s.jsonl", "folding", "", "our run", 48_000_000, AT - 540, 81_234, 2, 0.41
    )
    assert words(source_rows(events, 90, AT))[0] == (
        "events        ▸ folding 41%  81.2k lines  48 MB  changed 9m ago  ! 2 malformed"
    )


T0 = 1_763_676_000.0


async def test_sources() -> None:
    panel = SourcesPanel(now=lambda: T0)
    app = Host(panel)
    async with app.run_test(size=(60, 8)) as pilot:
        panel.show([SourceStatus("events", "s.jsonl", "following", "", "our run", 1, T0 - 60, 10)])
        await until(pilot, lambda: "● following" in screen_rows(app)[0])
        assert "changed 1m ago" in screen_rows(app)[0]
