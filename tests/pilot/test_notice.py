"""The line that names settings which the project's file may not set."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pilot.stage import Noon
from tests.session_files import START, evening, write_project
from tui.app import OvernightApp
from tui.model.session import NamedSources
from tui.monitor.monitor import SessionMonitor
from tui.settings.load import load
from tui.settings.notices import ignored_line
from tui.settings.settings import FILE


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((120, 30), "is not trusted and does not set agent.command, budget.max_cost_usd"),
        ((40, 15), "2 keys ignored: overnight-tui trust"),
    ],
)
async def test_ignored_settings_are_named_until_escape(
    tmp_path: Path, size: tuple[int, int], words: str
) -> None:
    project = write_project(tmp_path / "project", evening())
    (project / "config").mkdir()
    (project / FILE).write_text("agent: {command: ./evil}\nbudget: {max_cost_usd: 900}\n")
    loaded = load(project, environ={})
    clock = Noon(START + 130.0)
    watch = SessionMonitor(project, loaded.settings, NamedSources(), clock)
    app = OvernightApp(watch, clock, slow_link=False, ascii_only=False, notice=ignored_line(loaded))
    try:
        async with app.run_test(size=size) as pilot:

            def text() -> str:
                strips = app.screen._compositor.render_strips()
                return "\n".join("".join(part.text for part in strip) for strip in strips)

            await pilot.pause()
            assert words in text()
            await pilot.press("escape")
            await pilot.pause()
            assert words not in text()
    finally:
        watch.close()
