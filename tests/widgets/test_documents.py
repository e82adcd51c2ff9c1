from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from tests.widgets.host import words
from tests.widgets.hostile import HOSTILE
from tui.model.events import SourceRef
from tui.model.rows import DetailPart, EventDetail
from tui.monitor.rows.tool_detail import output_part
from tui.system.sgr import StyledSpan, clean_coloured
from widgets.ink import Line, Role, highlight, text_of, width_of
from widgets.line_layout import centre, spread, wrap
from widgets.text.detail_view import (
    MAX_SPANS,
    CodeHighlighter,
    DiffHighlighter,
    SpanHighlighter,
    detail_document,
    part_document,
)
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
    start = time.perf_counter()
    document = WrappedText(text)
    rows = document.rows(100)
    assert document.row(rows // 2, 100)
    assert document.row(rows - 1, 100)
    spent = time.perf_counter() - start
    assert spent < 1.5, "a budget with much room: about 0.1 s is usual"


def coloured(text: str) -> list[Line]:
    """The rows of a tool's output as they are drawn, its sequences read as the feeds read them."""
    part = part_document(output_part("", text))
    return [part.row(index, 80) for index in range(part.rows(80))]


def test_colours_are_drawn() -> None:
    rows = coloured("\x1b[1;31mred\x1b[0m plain\n\x1b[38;5;208morange\x1b[39m\x1b[8mseen")
    assert rows == [
        [("red", Style(color="red", bold=True)), (" plain", "text")],
        [("orange", Style(color="#ff8700")), ("seen", "text")],
    ]


def test_a_colour_lasts_over_the_end_of_its_line() -> None:
    green = Style(color="green")
    rows = coloured("\x1b[32mgreen\n\nsti\tll\x1b[m\nplain")
    assert rows == [[("green", green)], [], [("sti    ll", green)], [("plain", "text")]]


def test_a_row_begins_within_a_colour() -> None:
    part = part_document(DetailPart("", "ab漢cdef", "ansi", spans=(StyledSpan(1, 6, "blue"),)))
    assert [part.row(index, 4) for index in range(part.rows(4))] == [
        [("a", "text"), ("b漢", Style(color="blue"))],
        [("cde", Style(color="blue")), ("f", "text")],
    ]


def test_a_flood_of_colours_keeps_its_words() -> None:
    colours = SpanHighlighter(*clean_coloured("\x1b[31mx\x1b[32my\n" * MAX_SPANS, whole=True))
    assert "".join(map(text_of, colours.lines)) == "xy" * MAX_SPANS
    styled = [role for line in colours.lines for _, role in line if isinstance(role, Style)]
    assert len(styled) == MAX_SPANS


def roles(line: Line) -> dict[str, Role | Style]:
    return dict(line)


def test_diffs_keep_their_signs() -> None:
    lines = ["@@ -1 +1 @@", "+new", "-old", " same", "+++ b"]
    tint = DiffHighlighter(lines)
    assert [tint(n, 0, 20)[0] for n in range(5)] == [
        ("@@ -1 +1 @@", "hunk"),
        ("+new", "added"),
        ("-old", "removed"),
        (" same", "text"),
        ("+++ b", "dim"),
    ]


def test_code_and_json_are_tinted() -> None:
    code = roles(CodeHighlighter(['return "x" + 12  # why'])(0, 0, 99))
    assert (code["return"], code['"x"'], code["12"], code["# why"]) == (
        "label",
        "string",
        "number",
        "dim",
    )
    found = roles(CodeHighlighter(['"key": "value", -1.5'], json=True)(0, 0, 99))
    assert (found['"key"'], found['"value"'], found["-1.5"]) == ("label", "string", "number")


def test_a_detail_shows_all_its_parts() -> None:
    detail = EventDetail(
        "Edit a.py",
        (
            DetailPart("Change", "-a\n+b", "diff"),
            DetailPart("Input", '{"a":[1,{"b":null}]}', "json"),
            DetailPart("Output", "red", "ansi", spans=(StyledSpan(0, 3, "red"),)),
            DetailPart("Words", "**b**", "markdown"),
            DetailPart("", "plain [/]", "plain"),
            DetailPart("File", "x = 1", "code"),
        ),
        SourceRef("s", 0),
        (("when", "02:14:07"), ("a long name of a fact", "v")),
    )
    text = drawn(detail_document(detail), 40)
    assert text[:3] == ["Edit a.py", "when              02:14:07", "a long name of a  v"]
    assert "── Change ──────────────────────────────" in text
    assert "+b" in text
    assert '  "a": [' in text
    assert "red" in text
    assert "plain [/]" in text
    assert "1 x = 1" in text


@pytest.mark.parametrize("text", ["[" * 100_000, "{", '{"a": 1' + "1" * 10_000 + "}", "NaN"])
def test_odd_json_is_shown_as_it_is(text: str) -> None:
    detail = EventDetail("t", (DetailPart("Input", text, "json"),), SourceRef("s", 0))
    assert detail_document(detail).rows(80) >= 3


@given(st.text(max_size=200), st.integers(4, 60))
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
