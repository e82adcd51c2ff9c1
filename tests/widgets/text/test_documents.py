from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.widgets.host import words
from tests.widgets.hostile import HOSTILE
from widgets.ink import text_of
from widgets.text.documents import DocumentStack, LaidOutDocument, RowDocument, WrappedText
from widgets.text_cells import cells, visible


def drawn(document: RowDocument, width: int) -> list[str]:
    return words([document.row(index, width) for index in range(document.rows(width))])


def test_long_lines_are_broken_at_the_edge() -> None:
    document = WrappedText("0123456789\n\nab")
    assert drawn(document, 4) == ["0123", "4567", "89", "", "ab"]
    assert drawn(document, 20) == ["0123456789", "", "ab"]
    assert document.find("6", 4) == [1]
    assert document.find("AB", 4) == [4]


def test_wide_characters_are_not_cut_in_half() -> None:
    assert drawn(WrappedText("漢字漢字x"), 5) == ["漢字", "漢字x"]
    assert drawn(WrappedText("aé" * 4), 4) == ["aéaé", "aéaé"]


def test_numbers_stand_in_a_gutter() -> None:
    assert drawn(WrappedText("abcdef\nx", numbered=True), 5) == ["1 abc", "  def", "2 x"]


@given(st.text(max_size=300) | st.sampled_from(HOSTILE), st.integers(min_value=2, max_value=60))
@settings(deadline=None)
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, width: int) -> None:
    document = WrappedText(text)
    rows = [text_of(document.row(index, width)) for index in range(document.rows(width))]
    assert all(cells(visible(row)) <= max(2, width) for row in rows)
    assert "".join(rows) == "".join(document.lines)


def test_a_stack_counts_through() -> None:
    stack = DocumentStack(
        [
            WrappedText("a\nb"),
            LaidOutDocument(lambda width: [[(f"flow {width}", "text")]]),
            WrappedText("c"),
        ]
    )
    assert drawn(stack, 9) == ["a", "b", "flow 9", "c"]
    assert stack.find("c", 9) == [3]
    assert stack.find("flow", 9) == [2]


@pytest.mark.parametrize(
    "text",
    ["x" * 2_000_000, "é漢" * 1_000_000, "line\n" * 400_000],
    ids=["one line", "wide characters", "many lines"],
)
def test_a_text_of_two_megabytes_opens_at_once(text: str) -> None:
    start = time.process_time()
    document = WrappedText(text)
    rows = document.rows(100)
    assert document.row(rows // 2, 100)
    assert document.row(rows - 1, 100)
    spent = time.process_time() - start
    assert spent < 1.5, "a budget with much room: about 0.1 s is usual"
