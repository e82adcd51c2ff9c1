from __future__ import annotations

import pytest

from tests.widgets.host import words
from tui.model.events import SourceRef
from tui.model.stall import StallStep
from widgets.lists.evidence_view import stall_rows
from widgets.text_cells import cells


def step(at: float | None, call: str, answer: str, *, error: bool = True) -> StallStep:
    return StallStep(at, call, answer, SourceRef("s", 0), 4.0, error)


LOOP = [step(60.0 * n, "Bash pytest -q", "2 of 5 failed") for n in range(1, 6)]


def test_same_is_said_only_where_nothing_differs() -> None:
    rows = words(stall_rows([*LOOP[:2], step(200.0, "Bash pytest -q", "1 of 5 failed")], 80))
    assert "Bash pytest -q" in rows[0]
    assert "2 of 5 failed" in rows[0]
    assert "same call" in rows[1]
    assert "same answer" in rows[1]
    assert "same call" in rows[2]
    assert "1 of 5 failed" in rows[2]
    other = words(stall_rows([LOOP[0], step(120.0, "Bash ls", "2 of 5 failed")], 80))
    assert "same" not in other[1]
    says = words(stall_rows([step(nth, "says", "I am ready.") for nth in (1.0, 2.0)], 80))
    assert "says" in says[1]
    assert "I am ready." in says[1]
    # An answer without words is not said to be the same, nor is an error the same as a success.
    mute = words(stall_rows([step(1.0, "a", ""), step(2.0, "a", "")], 80))
    assert "same answer" not in mute[1]
    mended = words(stall_rows([step(1.0, "a", "x"), step(2.0, "a", "x", error=False)], 80))
    assert "same answer" not in mended[1]


def test_equal_rows_are_joined_where_room_is_short() -> None:
    rows = words(stall_rows(LOOP, 56, most=3))
    assert [row[:5] for row in rows] == [rows[0][:5], "×4   "]
    assert len(stall_rows(LOOP, 56, most=5)) == 5
    mixed = [*LOOP[:3], step(400.0, "Bash ls", "a"), LOOP[0]]
    assert [row[:2] for row in words(stall_rows(mixed, 56, most=2))][1] == "×2"
    assert len(stall_rows(mixed, 56, most=2)) == 4


@pytest.mark.parametrize("width", [20, 34, 36, 56, 70, 88, 120])
def test_rows_keep_to_their_width(width: int) -> None:
    long = [step(None, "Bash " + "日本語" * 40, "\x1b[31mwide" + "ü" * 200)]
    for row in stall_rows(long, width):
        assert sum(cells(text) for text, _ in row) <= max(width, 26)
        assert "\x1b" not in "".join(text for text, _ in row)
