from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.widgets.hostile import HOSTILE
from tui.model.rows import EventRow
from widgets import glyphs
from widgets.ink import Line, text_of, width_of
from widgets.lists.event_view import SearchHighlight, clip_around, event_line
from widgets.text_cells import cells, clip_path, visible

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


def edit(file: str, text: str = "", label: str = "Edit") -> EventRow:
    return EventRow("tool", 1.0, label, text or file, "+2 −1", "ok", 3.0, file=file)


def test_the_name_of_a_file_stays_where_room_is_short() -> None:
    path = "/srv/some/very/long/way/down/to/the/folder/of/screens/session_header.py"
    for width in (50, 64, 80):
        shown = text_of(event_line(edit(path), width))
        assert "/session_header.py" in shown
        assert ("/srv/some" in shown) is (width > 120)
    assert path in text_of(event_line(edit(path), 140))


def test_the_folder_of_a_search_stays_in_sight() -> None:
    path = "src/" + "deep/" * 8 + "tests"
    text = f"a pattern that is longer than its row in {path}"
    shown = text_of(event_line(edit(path, text, "Grep"), 80))
    assert "/tests" in shown
    assert "a pattern" in shown


def test_what_is_searched_for_in_the_folders_is_not_left_out() -> None:
    path = "/srv/needle/" + "folder/" * 12 + "name.py"
    assert "needle" in text_of(event_line(edit(path), 80, search=SearchHighlight("needle")))


def test_a_path_loses_folders_before_its_name() -> None:
    assert clip_path("a/b/c.py", 8) == "a/b/c.py"
    assert clip_path("/one/two/three/c.py", 13) == "…/three/c.py"
    assert clip_path("/one/two/three/c.py", 7) == "…/c.py"
    assert clip_path("D:\\one\\two\\c.py", 8) == "…/c.py"
    assert clip_path("/one/long_name.py", 8) == "…name.py"
    assert clip_path("name", 0) == ""


@given(st.text(max_size=60), st.integers(0, 60))
def test_any_path_fits(path: str, width: int) -> None:
    assert cells(clip_path(visible(path), width)) <= width
