"""The main screen over real files and a real watch, driven by its keys."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.pilot.stage import stage
from tests.session_files import (
    START,
    answer,
    bash,
    delta,
    evening,
    lines,
    result,
    speech,
    write_project,
)
from tui.actions import ACTIONS, grouped
from tui.clock import SystemClock


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "harbour")


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Two hundred rows, an error every fifty."""
    records = []
    for n in range(200):
        records.append(bash(2 * n + 1, f"step {n}", n))
        failed = n % 50 == 49
        records.append(answer(2 * n + 2, 2 * n + 1, f"out {n}", n + 0.5, error=failed))
    return write_project(tmp_path / "harbour", records)


def append(project: Path, *records: dict[str, object]) -> None:
    with (project / "logs/session.jsonl").open("ab") as file:
        file.write(lines(records))


# --- what stands there -------------------------------------------------------------------------


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
        await s.see("All green", "pytest -q", "18.2s", "? help", "crashed")
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
    monkeypatch.setattr("tui.watching.watch._REDISCOVER_EVERY", 0.05)
    project = tmp_path / "later"
    project.mkdir()
    async with stage(project, clock=SystemClock()) as s:
        await s.see("no session found")
        write_project(project)
        await s.see("All green", "position balance", "rounding", "watchdog started")


# --- following ---------------------------------------------------------------------------------


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


# --- finding -----------------------------------------------------------------------------------


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


# --- looking closer ----------------------------------------------------------------------------


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
        assert len(log) == log.total
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
        await s.see("Why", "no agent lives here", "last sign of life")
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
        missing = [action.help for action in ACTIONS if action.help not in s.text]
        assert missing == []
        assert all(group in s.text for group, _ in grouped())
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


# --- along the night ---------------------------------------------------------------------------


async def test_the_cursor_moves_every_pane_and_comes_back(tmp_path: Path) -> None:
    records = [bash(n, f"step {n}", 60.0 * n) for n in range(1, 121)]
    project = write_project(tmp_path / "harbour", records)
    entries = "".join(
        time.strftime("[%Y-%m-%d %H:%M:%S] ", time.gmtime(START + 60 * n)) + f"[INFO] check {n}\n"
        for n in range(1, 121)
    )
    (project / "logs/watchdog.log").write_text(entries)
    from tui.clock import FakeClock

    async with stage(project, (120, 30), clock=FakeClock(wall=START + 7_260)) as s:
        await s.see("step 120", "check 120")
        await s.press(*["left_square_bracket"] * 60)
        await s.see("looking at", "as it is now")
        await s.lose("step 120", "check 120")
        shown = s.text
        row = next(row for row in s.rows if "check " in row)
        minute = int(row.split("check ")[1].split()[0])
        assert f"step {minute}" in shown or f"step {minute + 1}" in shown
        await s.press("right_square_bracket")
        await s.press("escape")
        await s.see("step 120", "check 120")
        await s.lose("looking at")


# --- large files -------------------------------------------------------------------------------


@pytest.fixture
def large(tmp_path: Path) -> Path:
    project = write_project(tmp_path / "harbour", [])
    pieces = lines(delta(100_000, "w" * 330) for _ in range(20))
    with (project / "logs/session.jsonl").open("ab") as file:
        for n in range(1, 3_001):
            file.write(lines([speech(n, f"row {n} here", float(n))]) + pieces)
    return project


async def test_keys_answer_while_a_large_file_is_folded(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child is held back until the person has looked round in what is not folded yet."""
    import subprocess

    real = subprocess.Popen
    held = large.parent / "go"

    def slow(words: list[str], **more: object) -> object:
        if "tui.watching.backfill" in words:
            wait = f'while [ ! -e "{held}" ]; do sleep 0.02; done; exec "$@"'
            words = ["sh", "-c", wait, "sh", *words]
        return real(words, **more)  # type: ignore[call-overload]

    monkeypatch.setattr("tui.watching.backfill.subprocess.Popen", slow)
    async with stage(large) as s:
        await s.see("row 3000 here", "newest part")
        await s.press("slash")
        await s.type("row 17 here")
        await s.press("enter")
        await s.see("1/1", "row 17 here", "row 18 here", "a place of the past")
        await s.press("enter")
        await s.see("uuid")
        await s.press("escape")
        await s.press("v", "v", "v", "E")
        await s.press("escape")
        await s.see("row 3000 here")
        held.touch()
        await s.lose("newest part")
        await s.until(lambda: len(s.watch.events) == 3_000)
        await s.press("g")
        await s.see("row 1 here")


async def test_a_place_of_the_past_stays_when_the_file_is_folded(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    real = subprocess.Popen
    held = large.parent / "go"

    def slow(words: list[str], **more: object) -> object:
        if "tui.watching.backfill" in words:
            wait = f'while [ ! -e "{held}" ]; do sleep 0.02; done; exec "$@"'
            words = ["sh", "-c", wait, "sh", *words]
        return real(words, **more)  # type: ignore[call-overload]

    monkeypatch.setattr("tui.watching.backfill.subprocess.Popen", slow)
    async with stage(large) as s:
        await s.see("row 3000 here")
        await s.press("slash")
        await s.type("row 17 here")
        await s.press("enter")
        await s.see("a place of the past")
        held.touch()
        await s.lose("a place of the past", "newest part")
        await s.see("row 17 here", "row 18 here")
        assert s.main.panes.events.cursor == 16


# --- the end -----------------------------------------------------------------------------------


async def test_quitting_says_that_the_session_goes_on(project: Path) -> None:
    append(project, bash(50, "make all", 129))
    async with stage(project, events=str(project / "logs/session.jsonl")) as s:
        await s.see("make all")
        await s.until(lambda: s.watch.night is not None and not s.watch.night.over)
        await s.press("q")
        await s.until(lambda: not s.app.is_running)
    assert s.app.return_code == 0


async def test_a_fault_of_the_watch_ends_the_app_with_the_fault(project: Path) -> None:
    with pytest.raises(RuntimeError, match="broken on purpose"):
        async with stage(project) as s:
            await s.see("All green")
            s.watch.fault = RuntimeError("broken on purpose")
            s.main.leave_word(frozenset({"fault"}))
            await s.until(lambda: s.app.fault is not None)
    assert "broken on purpose" in str(s.app.fault)


def test_evening_has_what_these_tests_count_on() -> None:
    assert len(evening()) == 10


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
