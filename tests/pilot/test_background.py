"""Work off the screen's thread: which results are heard, and what outlives its page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textual.screen import Screen

from tests.pilot.stage import stage
from tui.screens.operations.background import BackgroundTasks, Report, is_closing


@contextmanager
def gate() -> Iterator[threading.Event]:
    """Opened at the end whatever happens, so that no thread of a test waits on."""
    event = threading.Event()
    try:
        yield event
    finally:
        event.set()


async def test_only_the_newest_exclusive_work_is_heard(project: Path) -> None:
    heard: list[str] = []
    with gate() as slow_may_end:
        async with stage(project) as s:
            tasks = BackgroundTasks(s.main)

            def slow() -> str:
                slow_may_end.wait(20)
                return "old"

            tasks.run("test", slow, heard.append, exclusive=True)
            tasks.run("test", lambda: "new", heard.append, exclusive=True)
            await s.until(lambda: heard == ["new"])
            slow_may_end.set()
            tasks.run("other", lambda: "last", heard.append)
            await s.until(lambda: "last" in heard)
            assert heard == ["new", "last"]


async def test_what_writes_outlives_its_page_and_what_reads_does_not(project: Path) -> None:
    heard: list[str] = []
    with gate() as may_end:
        async with stage(project) as s:
            page: Screen[None] = Screen()
            await s.app.push_screen(page)
            tasks = BackgroundTasks(page)

            def work() -> str:
                may_end.wait(20)
                return "done"

            tasks.run("test", work, lambda _: heard.append("read"), exclusive=True)
            tasks.run("test", work, lambda _: heard.append("written"))
            await s.app.pop_screen()
            may_end.set()
            await s.until(lambda: bool(heard))
            assert heard == ["written"]


async def test_a_fault_in_work_or_its_result_is_a_sentence(project: Path) -> None:
    def broken() -> None:
        raise ZeroDivisionError("boom")

    async with stage(project) as s:
        tasks = BackgroundTasks(s.main)
        tasks.run("test", broken, lambda _: None)
        await s.see("this should not have")
        s.app.clear_notifications()
        await s.lose("this should not have")
        tasks.run("test", lambda: None, lambda _: broken())
        await s.see("this should not have")
        assert s.app.is_running


async def test_an_operation_that_waits_learns_that_the_viewer_closes(project: Path) -> None:
    with gate() as may_end:
        closed = threading.Event()
        started = threading.Event()

        def work(report: Report) -> str:
            started.set()
            while not is_closing() and not may_end.wait(0.01):
                pass
            if is_closing():
                closed.set()
            return ""

        async with stage(project) as s:
            s.main.controller.background.run_operation("waiting", work)
            await s.until(started.is_set)
            await s.press("q")
            await s.until(lambda: not s.app.is_running)
        assert closed.wait(20)
