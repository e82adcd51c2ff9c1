"""Search and errors, by their keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from tests.pilot.stage import Stage, append, stage
from tests.session_files import (
    result,
    speech,
)
from widgets.lists.find_bar import FindBar


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
        assert s.main.search.text == ""


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


def in_one_packet(s: Stage, *keys: str) -> None:
    """Keys as a slow link brings them: all at once, before the first has been dealt with."""
    for key in keys:
        character = {"slash": "/", "enter": "\r", "escape": None}.get(key, key)
        s.app.post_message(events.Key(key, character))


async def test_what_is_typed_at_once_after_the_slash_is_searched_and_no_command(
    project: Path,
) -> None:
    append(project, speech(90, "quick Killing words", 105))
    async with stage(project) as s:
        await s.see("quick Killing")
        in_one_packet(s, "slash", *"ck Killing", "enter")
        await s.until(lambda: s.main.search.text == "ck Killing")
        await s.see("1/1")
        assert s.app.screen is s.main
        assert s.app.is_running
        assert not s.sees("theme")


@pytest.mark.parametrize("opened", [False, True], ids=["in the same packet", "bar was open"])
async def test_a_key_right_after_enter_acts_on_the_page(project: Path, opened: bool) -> None:
    for number in (90, 91, 92):
        append(project, speech(number, f"the lamp of {number}", 15 + number))
    async with stage(project) as s:
        await s.see("the lamp of 92")
        before = ["slash"]
        if opened:
            await s.press("slash")
            await s.see("search the whole night")
            before = []
        in_one_packet(s, *before, *"lamp", "enter", "n", "n")
        await s.see("3/3")
        assert s.main.search.text == "lamp"
        assert s.main.query_one(FindBar).text == "lamp"
        in_one_packet(s, "N")
        await s.see("2/3")


async def test_escape_in_the_same_packet_ends_the_search_for_good(project: Path) -> None:
    append(project, speech(90, "the lamp", 105))
    async with stage(project) as s:
        await s.see("the lamp")
        for _ in range(3):
            in_one_packet(s, "slash", *"lamp", "enter", "n", "escape", "z")
            await s.until(lambda: s.main.zoomed)
            assert not s.main.query_one(FindBar).is_open
            assert s.main.search.text == ""
            in_one_packet(s, "slash", *"lamp", "escape", "escape")
            await s.until(lambda: not s.main.zoomed)
            assert not s.main.query_one(FindBar).is_open


async def test_what_is_typed_while_a_page_opens_is_for_that_page(project: Path) -> None:
    """The palette and a word at once: no letter of it acts by its key."""
    async with stage(project) as s:
        await s.see("All green")
        in_one_packet(s, "ctrl+p", *"tpo")
        await s.until(lambda: s.app.screen is not s.main)
        await s.until(lambda: s.app.screen.query_one(Input).value == "tpo")
