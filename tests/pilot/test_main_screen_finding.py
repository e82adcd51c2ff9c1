"""Search and errors, by their keys."""

from __future__ import annotations

from pathlib import Path

from tests.pilot.stage import append, stage
from tests.session_files import (
    result,
    speech,
)


async def test_search_counts_jumps_and_ends(long: Path) -> None:
    async with stage(long) as s:
        await s.see("step 199")
        await s.press("slash")
        await s.type("step 1")
        await s.until(lambda: s.sees("/111") or s.sees("/112"))
        await s.press("enter")
        await s.see("1/111", "held")
        assert s.sees("step 199"), "the newest comes first"
        await s.press("n")
        await s.see("2/111")
        await s.press("N", "N")
        await s.see("111/111", "step 1 ")
        await s.press("escape")
        await s.lose("111/111")
        assert s.main.searching.text == ""


async def test_search_finds_what_no_row_shows(project: Path) -> None:
    async with stage(project, (80, 24)) as s:
        await s.see("All green")
        await s.press("slash")
        await s.type("assert 2.5")
        await s.press("enter")
        await s.see("1/1")
        assert s.main.panes.events.cursor == 2, "the words stand in the output of that call"


async def test_a_search_without_hits_says_so(project: Path) -> None:
    async with stage(project) as s:
        await s.see("All green")
        await s.press("slash")
        await s.type("nowhere at all")
        await s.see("no match")
        await s.press("enter", "n", "N", "escape")
        await s.see("All green", "follow")


async def test_markup_in_the_search_bar_is_text(project: Path) -> None:
    append(project, speech(90, "the list [/] and [bold] stay", 105))
    async with stage(project) as s:
        await s.see("the list [/]")
        await s.press("slash")
        await s.type("[/]")
        await s.press("enter")
        await s.see("1/1", "[/]")


async def test_errors_are_gone_through_forwards_and_backwards(long: Path) -> None:
    async with stage(long) as s:
        await s.see("step 199")
        await s.press("E")
        await s.until(lambda: s.main.panes.events.cursor == 199)
        await s.press("E")
        await s.until(lambda: s.main.panes.events.cursor == 149)
        await s.press("e")
        await s.until(lambda: s.main.panes.events.cursor == 199)
        await s.press("e")
        await s.see("no error further on")
        await s.press("g", "e")
        await s.until(lambda: s.main.panes.events.cursor == 49)
        await s.press("E")
        await s.see("no error before this")


async def test_no_stall_is_said(project: Path) -> None:
    append(project, result(80, 110))
    async with stage(project) as s:
        await s.see("All green", "finished")
        await s.press("S")
        await s.see("no stall in this night")


async def test_what_is_typed_at_once_after_the_slash_is_searched_and_no_command(
    project: Path,
) -> None:
    """Over a slow link `/`, the words and enter come in one packet: no letter may act by its key."""
    import asyncio

    from textual import events

    append(project, speech(90, "quick Killing words", 105))
    async with stage(project) as s:
        await s.see("quick Killing")
        for key in ("slash", *"ck Killing", "enter"):
            character = "/" if key == "slash" else ("\r" if key == "enter" else key)
            s.app.post_message(events.Key(key, character))
        await s.until(lambda: s.main.searching.text == "ck Killing")
        await s.see("1/1")
        await asyncio.sleep(0)
        assert s.app.screen is s.main
        assert s.app.is_running
        assert not s.sees("theme")
