from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from widgets.ink import highlight, text_of, width_of
from widgets.line_layout import centre, spread, wrap


@given(st.text(max_size=200), st.integers(4, 60))
@example(" 0000", 4)
@example("      é0000", 4)
@settings(deadline=None)
def test_wrapped_words_fit(text: str, width: int) -> None:
    for row in wrap([(text, "text")], width):
        assert width_of(row) <= width


def test_small_layouts() -> None:
    assert centre("no log; set it", 10, 5) == ("", "", " no log;", "  set it")[1:] or centre(
        "no log; set it", 10, 5
    )
    assert text_of(spread([("left", "text")], [("right", "dim")], 12)) == "left   right"
    assert text_of(spread([("left is long", "text")], [("right", "dim")], 12)) == "left i…right"
    assert highlight("Aa", "a", "text") == [("A", "match"), ("a", "match")]
    assert highlight("İx", "i", "text") == [("İx", "text")]
