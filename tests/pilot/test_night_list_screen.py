"""The table of nights over real files: listed, sorted, reviewed, noted, compared."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.pilot.stage import Stage, stage
from tests.session_files import START, answer, bash, evening, lines, prompt, result, speech
from tests.session_files import write_project as write
from tui.screens.review.night_list_screen import CompareScreen, NightListScreen
from tui.screens.review.review_screen import ReviewScreen
from tui.system.clock import SystemClock
from widgets.dialogs.dialog import NoticeDialog

DAY = 86_400.0


def shifted(records: list[dict[str, object]], session: str) -> list[dict[str, object]]:
    """The records as those of another session."""
    return [
        {**record, "session_id": session, "uuid": session[:8] + str(record["uuid"])[8:]}
        for record in records
    ]


def night(number: int) -> list[dict[str, object]]:
    """One of many nights: what was asked, a test run that may fail, and its end."""
    at = -DAY * number
    failed = number % 2 == 1
    words = "1 failed, 4 passed in 0.2s" if failed else "5 passed in 0.2s"
    return [
        prompt(1, f"goal of night {number}", at),
        bash(2, "pytest -q tests/quay", at + 10),
        answer(3, 2, words, at + 30, error=failed),
        speech(4, "Done.", at + 40),
        result(5, at + 50, cost=1.0 + number),
    ]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Six nights in six streams."""
    project = write(tmp_path / "harbour", evening())
    for number in range(1, 6):
        path = project / f"logs/session-{number}.jsonl"
        session = f"{number:08d}-1111-4222-8333-444455556666"
        path.write_bytes(lines(shifted(night(number), session)))
        os.utime(path, (START - DAY * number, START - DAY * number))
    return project


async def opened(s: Stage) -> NightListScreen:
    await s.press("R")
    await s.see("Runs 6", "goal of night 3")
    screen = s.app.screen
    assert isinstance(screen, NightListScreen)
    return screen


async def test_nights_are_listed_sorted_and_opened(many: Path) -> None:
    async with stage(many, (140, 30), clock=SystemClock()) as s:
        await s.until(lambda: s.watch.night is not None)
        screen = await opened(s)
        assert s.sees("6 nights not reviewed", "when↓", "a task", "trend", "not yet")
        assert screen.nights[0].at > screen.nights[-1].at
        await s.press("S")
        await s.see("when↑")
        assert screen.nights[0].at < screen.nights[-1].at
        await s.press("g", "enter")
        await s.until(lambda: isinstance(s.app.screen, ReviewScreen))
        await s.see("Look here first", "$6.00")
        await s.press("escape")
        await s.see("$6.00", "Runs 6")
        await s.press("escape")
        await s.until(lambda: s.app.screen is s.main)


async def test_reviewing_many_is_quick(many: Path) -> None:
    async with stage(many, (140, 30), clock=SystemClock()) as s:
        screen = await opened(s)
        await s.press("v")
        await s.see("5 nights not reviewed")
        await s.press("n")
        assert screen.night is not None and not screen.night.reviewed
        first = screen.night.id
        await s.press("enter")
        await s.see("Look here first")
        await s.press("a")
        await s.see("kept: the night counts as reviewed")
        await s.press("escape")
        await s.see("4 nights not reviewed", "✓ kept")
        await s.press("n")
        assert screen.night is not None and screen.night.id != first
        await s.press("o")
        await s.see("A note on the night")
        await s.type("look at the quay")
        await s.press("enter")
        await s.see("look at the quay —")
        await s.press("v", "v")
        await s.until(lambda: screen.night is not None and not screen.night.reviewed)


async def test_two_nights_are_compared(many: Path) -> None:
    async with stage(many, (140, 36), clock=SystemClock()) as s:
        await opened(s)
        await s.press("c")
        await s.see("mark two nights with space")
        await s.press("G", "space", "k", "space", "c")
        await s.until(lambda: isinstance(s.app.screen, CompareScreen))
        await s.see("Two nights", "difference", "✗ red", "✓ green", "$6.00", "$5.00", "−$1.00 ✓")
        await s.press("enter")
        await s.until(lambda: isinstance(s.app.screen, NoticeDialog))
        await s.press("escape")
        await s.pilot.resize_terminal(80, 36)
        await s.lose("difference")
        await s.press("escape")
        await s.see("6 nights")


async def test_what_fails_again_and_again_is_told(many: Path) -> None:
    async with stage(many, (140, 30), clock=SystemClock()) as s:
        await opened(s)
        await s.press("x")
        await s.see("What fails night after night", "Nothing failed")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 60), (10, 3)])
async def test_every_size(many: Path, size: tuple[int, int]) -> None:
    async with stage(many, size, clock=SystemClock()) as s:
        await s.until(lambda: s.watch.night is not None)
        await s.press("R")
        await s.until(
            lambda: isinstance(s.app.screen, NightListScreen) and bool(s.app.screen.nights)
        )
        await s.press("s", "s", "j", "space", "question_mark", "escape")
        assert all(len(row) <= size[0] for row in s.rows)


async def test_a_project_without_a_night_says_so(tmp_path: Path) -> None:
    project = tmp_path / "empty"
    project.mkdir()
    async with stage(project, clock=SystemClock()) as s:
        await s.press("R")
        await s.see("no night of this repository is known yet")
        await s.press("enter", "v", "o", "n", "c", "escape")
        await s.until(lambda: s.app.screen is s.main)


async def test_narrow_sorting_leaves_out_what_is_not_in_sight(many: Path) -> None:
    async with stage(many, (80, 24), clock=SystemClock()) as s:
        await s.until(lambda: s.watch.night is not None)
        await s.press("R")
        await s.see("6 nights, 6 not reviewed", "when↓")
        for column in ("verdict↑", "tasks↓", "tests↑", "cost↓", "goal↑", "when↓"):
            await s.press("s")
            await s.see(column)


async def test_a_review_opened_from_the_list_goes_back_to_its_row(many: Path) -> None:
    async with stage(many, (120, 30), clock=SystemClock()) as s:
        await s.until(lambda: s.watch.night is not None)
        screen = await opened(s)
        await s.press("j", "j", "j")
        chosen = screen.night
        assert chosen is not None
        for back in ("R", "m", "escape"):
            await s.press("enter")
            await s.until(lambda: isinstance(s.app.screen, ReviewScreen))
            await s.press(back)
            await s.until(lambda: s.app.screen is screen)
            assert screen.night is not None
            assert screen.night.id == chosen.id
        assert len(s.app.screen_stack) == 2
