"""The main screen over real files: what stands there, and what comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pilot.stage import append, stage
from tests.session_files import (
    answer,
    bash,
    result,
    speech,
    write_project,
)
from tui.system.clock import SystemClock


async def test_all_panes_are_filled_on_a_wide_screen(project: Path) -> None:
    async with stage(project) as s:
        await s.see("All green", "position balance", "rounding", "watchdog started")
        assert s.sees(
            "overnight", "harbour", "1 Progress 1/3", "2  Events", "3 Notes", "4 Watchdog"
        )
        assert s.sees("3 failed, 41 passed", "18.2s", "+2 −1", "? help", "follow")


async def test_a_narrow_screen_shows_one_pane_and_tabs(project: Path) -> None:
    async with stage(project, (80, 24)) as s:
        await s.see("All green", "Progress 1/3", "4 Watchdog")
        assert not s.sees("position balance")
        await s.press("1")
        await s.see("position balance")
        assert not s.sees("All green")
        await s.press("3")
        await s.see("look at lots")
        await s.press("4")
        await s.see("watchdog started")
        await s.press("tab")
        await s.see("position balance")
        await s.press("shift+tab")
        await s.see("watchdog started")
        await s.press("2")
        await s.see("All green")


async def test_sixty_by_twenty_is_usable(project: Path) -> None:
    async with stage(project, (60, 20)) as s:
        await s.see("All green", "pytest -q", "18.2s", "? help", "ended")
        assert all(len(row) <= 60 for row in s.rows)
        await s.press("1")
        await s.see("position balance")
        await s.press("2", "slash")
        await s.type("rounding")
        await s.press("enter")
        await s.see("1/1")


@pytest.mark.parametrize("size", [(20, 5), (10, 3), (1, 1), (300, 100)])
async def test_no_size_is_a_crash(project: Path, size: tuple[int, int]) -> None:
    async with stage(project, size) as s:
        await s.until(lambda: len(s.watch.events) == 7)
        await s.press("1", "z", "2", "enter", "escape", "question_mark", "escape", "o", "escape")
        await s.pilot.resize_terminal(120, 40)
        await s.see("All green")


async def test_a_resize_moves_between_panes_and_tabs(project: Path) -> None:
    async with stage(project) as s:
        await s.see("position balance", "All green")
        await s.pilot.resize_terminal(80, 24)
        await s.lose("position balance")
        await s.see("All green")
        await s.pilot.resize_terminal(120, 40)
        await s.see("position balance", "All green")


async def test_zoom_gives_one_pane_all_and_takes_it_back(project: Path) -> None:
    async with stage(project) as s:
        await s.see("All green", "position balance")
        await s.press("1", "z")
        await s.lose("All green")
        assert s.sees("position balance")
        await s.press("z")
        await s.see("All green", "position balance")
        await s.press("3", "z")
        await s.lose("All green")
        await s.press("escape")
        await s.see("All green")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_each_pane_says_why_it_is_empty(tmp_path: Path, number: int) -> None:
    project = tmp_path / "empty"
    project.mkdir()
    async with stage(project, (100, 30)) as s:
        await s.press(str(number), "z")
        words = {
            1: ("no progress file", "paths.progress_file"),
            2: ("no session found", "--events"),
            3: ("no session notes", "paths.session_notes"),
            4: ("no watchdog log", "paths.watchdog_log"),
        }[number]
        await s.until(
            lambda: all(word in " ".join(s.text.split()).replace("│ │", "") for word in words)
        )
        assert s.sees("no session") or number != 2


async def test_a_session_that_begins_later_fills_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.monitor.monitor._REDISCOVER_EVERY", 0.05)
    project = tmp_path / "later"
    project.mkdir()
    async with stage(project, clock=SystemClock()) as s:
        await s.see("no session found")
        write_project(project)
        await s.see("All green", "position balance", "rounding", "watchdog started")


async def test_new_lines_are_followed_until_the_person_scrolls_up(long: Path) -> None:
    async with stage(long) as s:
        await s.see("step 199", "follow")
        append(long, speech(900, "first news", 300))
        await s.see("first news")
        await s.press("k", "k", "k")
        await s.see("held")
        for n in range(5):
            append(long, speech(901 + n, f"more news {n}", 301 + n))
        await s.see("+5 new")
        assert not s.sees("more news 4")
        await s.press("f")
        await s.see("more news 4", "follow")
        assert not s.sees("new ↓") and not s.sees("+5 new")


async def test_the_beginning_and_the_end_of_the_night(long: Path) -> None:
    async with stage(long) as s:
        await s.see("step 199")
        await s.press("g")
        await s.see("step 0 ", "held")
        await s.press("ctrl+d", "ctrl+d", "ctrl+d")
        await s.lose("step 0 ")
        await s.press("G")
        await s.see("step 199", "follow")


async def test_pausing_holds_the_panes_and_keeps_the_header(long: Path) -> None:
    async with stage(long) as s:
        await s.see("step 199")
        await s.press("p")
        await s.see("paused")
        total = s.watch.night.counts.total if s.watch.night is not None else 0
        append(long, speech(900, "behind the curtain", 5_000), result(901, 5_001, cost=7.77))
        await s.see("$7.77")
        assert s.watch.night is not None
        assert s.watch.night.counts.total == total + 2
        assert not s.sees("behind the curtain")
        await s.press("p")
        await s.see("behind the curtain")
        await s.lose("paused")


async def test_a_running_call_turns_into_its_result(project: Path) -> None:
    async with stage(project) as s:
        append(project, bash(50, "make all", 110))
        await s.see("make all")
        append(project, answer(51, 50, "boom went the build", 125, error=True))
        await s.see("boom went the build", "15.0s")
