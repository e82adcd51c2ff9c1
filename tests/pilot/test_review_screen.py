"""The review, driven by its keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.pilot.review_stage import reviewed
from tests.unit.night.review.review_sample import empty, hostile, sample
from tests.unit.night.review.review_sample_night import at
from tui.model.review import Ending, Reason, Review
from tui.model.state import EndKind
from tui.screens.info_pages import DetailScreen
from widgets import themes
from widgets.status.timeline_bar import TimelineBar

SIZES = ((60, 20), (80, 24), (120, 40), (200, 60))


async def test_thirty_seconds_need_no_scrolling(project: Path) -> None:
    async with reviewed(project) as s:
        await s.see("! LOOK", "The cost limit", "9 of 11 done", "✓ green 41 passed", "8h05m")
        assert s.sees("≈$19.15", "wasted ≈$2.63", "1 ✗ A test was deleted", "5 · 2 tasks")
        assert s.sees("1 verified, 1 partial, 2 unverified · risks 6, 3 high", "1 helped")


async def test_the_lists_are_one_key_away(project: Path) -> None:
    async with reviewed(project) as s:
        for key, words in (
            ("C", "“All 212 tests pass”"),
            ("D", "test weakened"),
            ("L", "since you last looked, 01:00"),
            ("B", "first red after it: tests at 23:30"),
            ("W", "src/sizing.py"),
            ("T", "Parameter optimisation"),
            ("P", "Look here first"),
        ):
            await s.press(key)
            await s.see(words)
        await s.press("tab")
        await s.see("“All 212 tests pass”")
        await s.press("right", "l")
        await s.see("since you last looked")
        await s.press("h", "shift+tab", "left")
        await s.see("Look here first")


async def test_a_list_keeps_its_place(project: Path) -> None:
    async with reviewed(project) as s:
        await s.press("L", "j", "j", "j")
        kept = s.screen.row
        assert kept is not None
        await s.press("C")
        await s.see("“All 212")
        assert s.screen.row is not None and s.screen.row.name == "claim-0"
        await s.press("L")
        await s.see("since you last looked")
        assert s.screen.row is not None and s.screen.row.name == kept.name


async def test_a_figure_leads_to_its_list(project: Path) -> None:
    async with reviewed(project) as s:
        page = s.screen.page
        for name, words in (
            ("tasks", "open: 2"),
            ("commits", "first red after it"),
            ("claims", "“All 212 tests pass”"),
            ("time", "since you last looked"),
        ):
            await s.press("P")
            page.go_to_name(name)
            await s.press("enter")
            await s.see(words)


async def test_a_hunk_opens_as_a_diff(project: Path) -> None:
    async with reviewed(project) as s:
        await s.press("D", "enter")
        await s.see("-    assert size(10.7) == 10", "+    assert size(10.7)")
        assert isinstance(s.app.screen, DetailScreen)
        await s.press("escape")
        await s.see("test weakened")
        await s.press("W", "enter")
        await s.see("src/sizing.py", "+b")


async def test_evidence_that_is_gone_says_so(project: Path) -> None:
    async with reviewed(project) as s:
        await s.press("1")
        await s.see("cannot be read")
        await s.press("escape", "7")
        await s.see("there is no 7 to look at")


async def test_the_cursor_of_the_night_moves_the_timeline_and_back(project: Path) -> None:
    async with reviewed(project) as s:
        strip = s.screen.query_one(TimelineBar)
        await s.press("left_square_bracket")
        await s.see("looking at", "since you last looked")
        assert s.screen.row is not None and s.screen.row.name == "moment-12"
        await s.press("g")
        await s.until(lambda: strip.cursor_at == at(42))
        await s.press("right_square_bracket")
        await s.until(lambda: strip.cursor_at is not None and strip.cursor_at > at(42))
        assert s.screen.row is not None and s.screen.row.name == "moment-0"


async def test_the_strip_can_be_zoomed(project: Path) -> None:
    async with reviewed(project) as s:
        await s.see("22:00 ", " 06:05")
        await s.press("L", "g", "plus", "plus")
        await s.until(lambda: " 06:05" not in s.rows[1])
        assert s.rows[1].startswith(" 22:00"), "the window holds the cursor"
        await s.press("G")
        await s.until(lambda: " 06:05" in s.rows[1] and not s.rows[1].startswith(" 22:00"))
        await s.press("minus", "minus", "minus")
        await s.until(lambda: s.rows[1].startswith(" 22:00") and " 06:05" in s.rows[1])


async def test_marks_are_set_and_taken_back(project: Path) -> None:
    async with reviewed(project) as s:
        await s.press("b")
        await s.see("nothing is marked")
        await s.press("B", "j", "space")
        await s.see("[✓] + 23:20")
        await s.press("W", "space")
        await s.see("[✓] M src/sizing.py")
        assert len(s.screen.sections.marked) == 2
        await s.press("B")
        await s.see("[✓] + 23:20")
        await s.press("g", "j", "space")
        await s.see("[ ] + 23:20")
        assert len(s.screen.sections.marked) == 1


async def test_a_session_that_goes_on_says_of_when_its_review_is(project: Path) -> None:
    def make() -> Review:
        return replace(sample(), ending=Ending(EndKind.OPEN, "The session goes on."))

    async with reviewed(project, make=make) as s:
        await s.see("review still open, 06:05", "● The session goes on.")


async def test_the_review_is_made_anew_on_demand(project: Path) -> None:
    made: list[Review] = []

    def make() -> Review:
        made.append(replace(sample(), reasons=(Reason(f"This is look {len(made) + 1}."),)))
        return made[-1]

    async with reviewed(project, make=make) as s:
        await s.see("This is look 1.")
        await s.press("ctrl+r")
        await s.see("This is look 2.")


@pytest.mark.parametrize("key", ["escape", "m"])
async def test_back_to_the_panes(project: Path, key: str) -> None:
    async with reviewed(project) as s:
        await s.press(key)
        await s.until(lambda: s.app.screen is s.main)


async def test_help_and_palette_are_of_this_screen(project: Path) -> None:
    async with reviewed(project, (100, 60)) as s:
        await s.press("question_mark")
        await s.see("in the review", "keep or revert", "the evidence of what to look at first")
        assert not s.sees("go to the progress pane")
        await s.press("escape", "ctrl+p")
        await s.see("Search for commands")
        await s.type("timeline")
        await s.see("what mattered, in order of time")
        await s.press("enter")
        await s.see("since you last looked")


@pytest.mark.parametrize("size", [*SIZES, (30, 8), (10, 3), (1, 1)])
async def test_no_size_is_a_crash(project: Path, size: tuple[int, int]) -> None:
    async with reviewed(project, size) as s:
        await s.press("C", "D", "L", "B", "W", "T", "P", "j", "k", "plus", "minus")
        await s.press("left_square_bracket")
        await s.pilot.resize_terminal(80, 24)
        await s.press("P")
        await s.see("! LOOK")


@pytest.mark.parametrize("make", [hostile, empty])
@pytest.mark.parametrize("size", SIZES)
async def test_any_night_is_drawn(project: Path, make: object, size: tuple[int, int]) -> None:
    assert callable(make)
    async with reviewed(project, size, make) as s:
        for key in "CDLBWTP":
            await s.press(key)
            assert all(len(row) <= size[0] for row in s.rows)
        await s.press("g", "enter", "escape", "y")
        assert s.app.is_running


@pytest.mark.parametrize("theme", themes.NAMES)
async def test_every_look(project: Path, theme: str) -> None:
    async with reviewed(project) as s:
        s.app.theme = theme
        await s.see("! LOOK", "1 ✗ A test was deleted")
