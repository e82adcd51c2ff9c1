"""The main screen in four sizes, letter by letter.

`OVERNIGHT_TEST_GOLDEN=1 pytest tests/pilot/test_golden_screens.py` writes the pictures anew; look at the
difference before you keep it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.pilot.stage import Noon, stage
from tests.session_files import START, answer, bash, evening, speech, write_project

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
SIZES = ((60, 20), (80, 24), (120, 40), (200, 60))


def a_night(folder: Path) -> Path:
    """An hour: the evening's work, then steps that now and then fail; one call still runs."""
    records = [
        *evening(),
        speech(11, "Steps next. They are many, and some will fail at first.", 120),
    ]
    number = 12
    for minute in range(3, 58):
        records.append(bash(number, f"make step-{minute}", minute * 60))
        failed = minute % 13 == 0
        words = "step failed: quay not found" if failed else "step done\n12 passed in 0.31s"
        records.append(answer(number + 1, number, words, minute * 60 + 20, error=failed))
        number += 2
    records.append(bash(number, "pytest -q tests/harbour --slow", 3_500))
    project = write_project(folder / "harbour", records)
    for name in ("claude-progress.txt", "claude-session-notes.md", "logs/watchdog.log"):
        os.utime(project / name, (START + 3_400, START + 3_400))
    return project


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screen_is_what_it_was(tmp_path: Path, size: tuple[int, int]) -> None:
    project = a_night(tmp_path)
    golden = GOLDEN / f"main-{size[0]}x{size[1]}.txt"
    clock = Noon(START + 3_510)
    async with stage(project, size, clock=clock, events=str(project / "logs/session.jsonl")) as s:
        await s.see("pytest -q tests/harb", "follow", "Progress 1/3")
        if os.environ.get("OVERNIGHT_TEST_GOLDEN"):
            await s.pilot.pause(0.5)
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(s.text + "\n")
        wanted = golden.read_text()
        with suppress(AssertionError):
            await s.until(lambda: s.text + "\n" == wanted, 5)
        assert s.text + "\n" == wanted, f"the screen differs from {golden.name}"


def test_no_picture_is_wider_than_its_screen() -> None:
    for width, height in SIZES:
        rows = (GOLDEN / f"main-{width}x{height}.txt").read_text().splitlines()
        assert len(rows) == height
        assert max(map(len, rows)) <= width
