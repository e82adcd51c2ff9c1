"""The review and the table of nights in four sizes, letter by letter.

`OVERNIGHT_TEST_GOLDEN=1 pytest tests/pilot/test_golden_review.py` writes the pictures anew; look at
the difference before you keep it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.pilot.review_stage import reviewed
from tests.pilot.stage import Stage

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
SIZES = ((60, 20), (80, 24), (120, 40), (200, 60))


async def compare(s: Stage, name: str) -> None:
    golden = GOLDEN / name
    if os.environ.get("OVERNIGHT_TEST_GOLDEN"):
        await s.pilot.pause(0.5)
        golden.write_text(s.text + "\n")
    wanted = golden.read_text()
    with suppress(AssertionError):
        await s.until(lambda: s.text + "\n" == wanted, 5)
    assert s.text + "\n" == wanted, f"the screen differs from {golden.name}"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_page_is_what_it_was(project: Path, size: tuple[int, int]) -> None:
    async with reviewed(project, size) as s:
        await s.see("LOOK", "first")
        await compare(s, f"review-{size[0]}x{size[1]}.txt")


@pytest.mark.parametrize("key", ["C", "D", "L", "B", "T"])
async def test_the_lists_are_what_they_were(project: Path, key: str) -> None:
    async with reviewed(project) as s:
        await s.press(key)
        await s.pilot.pause()
        await compare(s, f"review-{key}-80x24.txt")


def test_no_picture_is_wider_than_its_screen() -> None:
    for path in GOLDEN.glob("review-*.txt"):
        width, height = map(int, path.stem.rpartition("-")[2].split("x"))
        rows = path.read_text().splitlines()
        assert len(rows) == height
        assert max(map(len, rows)) <= width
