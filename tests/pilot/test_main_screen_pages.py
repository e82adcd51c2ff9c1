"""Details, reasons, sources, help, copies and themes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pilot.stage import append, stage
from tests.session_files import (
    answer,
    bash,
)
from tui.actions import ACTIONS, grouped


async def test_verbosity_goes_round_and_keeps_the_place(project: Path) -> None:
    async with stage(project) as s:
        await s.see("All green")
        await s.press("k", "k")
        place = s.watch.events.ref(s.main.panes.events.cursor)
        await s.press("v")
        await s.see("more", "turn  ")
        log = s.watch.events
        assert log.ref(s.main.panes.events.cursor) == place
        await s.press("v")
        await s.see("everything")
        assert len(log) > 7
        await s.press("v")
        await s.until(lambda: len(log) == 7)
        assert not s.sees("everything")


async def test_the_detail_of_an_edit_is_a_diff(project: Path) -> None:
    async with stage(project) as s:
        await s.see("All green")
        await s.press("k", "k")
        await s.until(lambda: s.main.panes.events.cursor == 4)
        await s.press("enter")
        await s.see("+assert lots > 0", "-lots = size / step", "record")
        await s.press("slash")
        await s.type("lots")
        await s.press("enter")
        await s.until(lambda: any("1/" in row for row in s.rows[-3:]))
        await s.press("n")
        await s.until(lambda: any("2/" in row for row in s.rows[-3:]))
        await s.press("escape")
        await s.see("All green")


async def test_the_detail_has_the_whole_output(project: Path) -> None:
    long_output = "\n".join(f"line {n} of the output" for n in range(3_000))
    append(project, bash(50, "long", 110), answer(51, 50, long_output, 111))
    async with stage(project) as s:
        await s.see("long")
        await s.press("enter")
        await s.see("line 0 of the output")
        await s.press("slash")
        await s.type("line 2999")
        await s.press("enter")
        await s.see("line 2999 of the output")


@pytest.mark.parametrize("key", ["escape", "q", "enter"])
async def test_the_detail_is_left_by_every_usual_key(project: Path, key: str) -> None:
    async with stage(project) as s:
        await s.see("All green")
        await s.press("enter")
        await s.see("uuid")
        await s.press(key)
        await s.lose("uuid")
        assert s.app.is_running
        assert s.app.screen is s.main


async def test_an_entry_of_the_watchdog_log_opens(project: Path) -> None:
    with (project / "logs/watchdog.log").open("a") as file:
        file.write("  with a second line\n[2026-05-28 20:28:00] [INFO] next\n")
    async with stage(project) as s:
        await s.see("watchdog started")
        await s.press("4", "k", "enter")
        await s.see("with a second line")
        await s.press("escape")
        await s.until(lambda: s.app.screen is s.main)


async def test_why_tells_the_reason_of_the_state(project: Path) -> None:
    async with stage(project) as s:
        await s.see("All green")
        await s.press("x")
        await s.see("Why", "nothing came after it", "last sign of life")
        await s.press("escape")
        await s.see("All green")


@pytest.mark.parametrize("key", ["o", "escape", "q", "enter"])
async def test_sources_say_which_files_and_why(project: Path, key: str) -> None:
    async with stage(project) as s:
        await s.see("All green")
        await s.press("o")
        await s.see("Sources", "session.jsonl", "newest event stream in logs/", "watchdog.log")
        await s.press(key)
        await s.until(lambda: s.app.screen is s.main)
        assert s.app.is_running


async def test_help_is_made_from_the_table_of_actions(project: Path) -> None:
    async with stage(project, (120, 100)) as s:
        await s.press("question_mark")
        await s.see("Keys")
        here = [action for action in ACTIONS if action.place == "main"]
        missing = [action.help for action in here if action.help not in s.text]
        assert missing == []
        assert all(group in s.text for group, _ in grouped("main"))
        assert "in the review" not in s.text
        await s.press("escape")
        await s.until(lambda: s.app.screen is s.main)


async def test_copying_says_what_it_did(project: Path) -> None:
    async with stage(project) as s:
        await s.see("All green")
        await s.press("y")
        await s.see("copied to the clipboard")
        assert "All green. Next: the percentile filter." in s.app.clipboard
    empty = project.parent / "empty"
    empty.mkdir()
    async with stage(empty) as s:
        await s.see("no session found")
        await s.press("y")
        await s.see("nothing under the cursor")


async def test_themes_go_round(project: Path) -> None:
    async with stage(project) as s:
        await s.see("All green")
        seen = [s.app.theme]
        for _ in range(8):
            await s.press("t")
            await s.pilot.pause()
            seen.append(s.app.theme)
            if seen[-1] == seen[0]:
                break
        assert len(set(seen)) >= 3
        assert seen[-1] == seen[0]
        assert s.sees("All green")


async def test_the_palette_offers_the_actions(project: Path) -> None:
    async with stage(project) as s:
        await s.see("All green")
        await s.press("ctrl+p")
        await s.until(lambda: s.app.screen is not s.main)
        await s.type("sources")
        await s.see("which files are read")
        await s.press("enter")
        await s.see("Sources", "session.jsonl")
