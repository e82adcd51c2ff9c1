from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.widgets.hostile import HOSTILE
from widgets.text_cells import UNSAFE, cells, clip, clip_start, pad, visible


@given(st.text())
@settings(deadline=None)
def test_visible_text_is_one_line_without_anything_unsafe(text: str) -> None:
    assert not UNSAFE.search(visible(text))
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_payloads_become_pictures(text: str) -> None:
    shown = visible(text)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)
    shown.encode("utf-8")


def test_controls_keep_their_place_as_pictures() -> None:
    assert visible("a\x1b[2Jb\tc\x7f") == "a␛[2Jb c␡"
    assert visible("naïve ✓ 漢字") == "naïve ✓ 漢字"


@given(st.text(), st.integers(min_value=0, max_value=40))
@settings(deadline=None)
def test_a_clipped_text_fits(text: str, width: int) -> None:
    text = visible(text)
    assert cells(clip(text, width)) <= width
    assert cells(clip_start(text, width)) <= width
    assert cell_len(pad(text, width)) == width


def test_clipping_marks_what_is_missing() -> None:
    assert clip("0123456789", 5) == "0123…"
    assert clip("漢字漢字", 5) == "漢字…"
    assert clip("漢字漢字", 4) == "漢…"
    assert clip_start("/home/ana/bot", 8) == "…ana/bot"
    assert clip("abc", 3) == "abc"


def test_a_part_without_a_mark_keeps_its_blanks() -> None:
    assert clip("      é", 4, "") == "    "
    assert clip("a漢字", 4, "") == "a漢"


def test_a_huge_text_is_clipped_without_being_measured() -> None:
    assert clip("é" * 2_000_000, 10) == "é" * 9 + "…"
