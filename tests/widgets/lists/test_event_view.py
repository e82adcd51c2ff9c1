from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.widgets.hostile import HOSTILE
from tui.model.rows import EventRow
from widgets import glyphs
from widgets.ink import Line, text_of, width_of
from widgets.lists.event_view import SearchHighlight, clip_around, event_line
from widgets.text_cells import visible

AT = 8047.0


FAILED = EventRow("tool", AT, "Bash", "pytest -q", "3 failed, 41 passed", "error", 18.24)


def drawn(line: Line) -> str:
    return text_of(line).rstrip()


def test_an_event_in_80_columns() -> None:
    row = drawn(event_line(FAILED, 80))
    assert row == (
        "02:14:07 ✗ Bash       pytest -q                      3 failed, 41 passed   18.2s"
    )
    assert len(row) == 80
    roles = {text.strip(): role for text, role in event_line(FAILED, 80)}
    assert roles["✗"] == roles["Bash"] == roles["3 failed, 41 passed"] == "error"
    assert roles["pytest -q"] == "text"


def test_an_event_in_50_columns_gives_up_seconds_first() -> None:
    assert drawn(event_line(FAILED, 50)) == "02:14 ✗ Bash    pytest -q  3 failed, 41 pa…  18.2s"


def test_a_row_without_outcome_has_the_whole_width() -> None:
    row = EventRow("text", AT, "text", "x" * 100)
    assert drawn(event_line(row, 80)) == "02:14:07   text       " + "x" * 57 + "…"


def test_subagents_are_indented_and_running_tools_count() -> None:
    row = EventRow("tool", AT, "Read", "a.py", "", "running", depth=1)
    assert drawn(event_line(row, 60, now=AT + 47.9)).split() == [
        "02:14",
        "│",
        "▸",
        "Read",
        "a.py",
        "47s",
    ]
    assert event_line(row, 60, now=AT + 47.9)[-1] == ("    47s", "running")


def test_an_event_with_the_plain_signs() -> None:
    glyphs.set_glyphs(glyphs.ASCII)
    assert drawn(event_line(FAILED, 50)).isascii()
    assert " x Bash" in drawn(event_line(FAILED, 50))


def test_matches_are_marked_and_brought_into_sight() -> None:
    row = EventRow("text", AT, "text", "a" * 90 + " Needle " + "b" * 50)
    line = event_line(row, 70, search=SearchHighlight("needle"))
    assert ("Needle", "match") in line
    assert width_of(line) <= 70
    hidden = EventRow("tool", AT, "Bash", "make", "ok")
    assert ("needle", "match") in event_line(
        hidden, 70, search=SearchHighlight("needle", "…the needle lies…")
    )
    assert drawn(event_line(hidden, 70, search=SearchHighlight("needle"))).split()[2:] == [
        "make",
        "ok",
    ]


def test_around_keeps_the_beginning_when_it_can() -> None:
    assert clip_around("needle at the start " + "x" * 50, "needle", 20) == "needle at the start…"
    assert "needle" in clip_around("x" * 500 + "needle" + "y" * 500, "needle", 12)
    assert clip_around("short", "nothing", 20) == "short"


ROWS = st.builds(
    EventRow,
    st.sampled_from(["text", "tool", "user", "deed", "retry", "malformed", "partial", "commit"]),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20) | st.sampled_from(HOSTILE),
    st.text(max_size=200) | st.sampled_from(HOSTILE),
    st.text(max_size=80) | st.sampled_from(HOSTILE),
    st.sampled_from(["", "ok", "error", "warning", "running", "quiet"]),
    st.none() | st.floats(min_value=0, max_value=1e9),
    st.integers(min_value=0, max_value=9),
)


@given(ROWS, st.integers(min_value=20, max_value=220), st.text(max_size=4))
@settings(deadline=None)
def test_any_event_fits_its_row(row: EventRow, width: int, needle: str) -> None:
    line = event_line(row, width, 0.0, SearchHighlight(needle, row.text))
    text = text_of(line)
    assert visible(text) == text
    if width >= 40:
        assert width_of(line) <= width
