from __future__ import annotations

import pytest
from rich.style import Style

from tests.widgets.host import Host, screen_rows, until, words
from tui.model.events import SourceRef
from tui.model.rows import DetailPart, EventDetail
from tui.monitor.rows.event_detail import output_part
from tui.system.sgr import StyledSpan, clean_coloured
from widgets.ink import Line, Role, text_of
from widgets.text.detail_view import (
    CODE,
    JSON,
    MAX_SPANS,
    DetailView,
    SpanHighlighter,
    code_row,
    detail_document,
    diff_row,
    part_document,
)
from widgets.text.documents import RowDocument


async def test_searching_in_a_detail() -> None:
    view = DetailView()
    app = Host(view)
    text = "\n".join(f"line {n}" for n in range(500))
    async with app.run_test(size=(40, 10)) as pilot:
        view.show(EventDetail("Bash", (DetailPart("Output", text),), SourceRef("s", 0)))
        await until(pilot, lambda: "line 0" in "".join(screen_rows(app)))
        assert view.search("LINE 49") == 11
        assert view.go_match(1) == (1, 11)
        await until(pilot, lambda: any("line 49" in row for row in screen_rows(app)))
        assert view.go_match(1) == (2, 11)
        await until(pilot, lambda: any("line 490" in row for row in screen_rows(app)))
        assert view.go_match(-1) == (1, 11)
        assert view.go_match(-1) == (11, 11)
        assert view.search("nothing") == 0
        assert view.go_match(1) == (0, 0)


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


def test_diffs_keep_their_signs() -> None:
    lines = ["@@ -1 +1 @@", "+new", "-old", " same", "+++ b"]
    assert [diff_row(n, line, 0, 20)[0] for n, line in enumerate(lines)] == [
        ("@@ -1 +1 @@", "hunk"),
        ("+new", "added"),
        ("-old", "removed"),
        (" same", "text"),
        ("+++ b", "dim"),
    ]


def roles(line: Line) -> dict[str, Role | Style]:
    return dict(line)


def test_code_and_json_have_colours() -> None:
    code = roles(code_row(CODE, 0, 'return "x" + 12  # why', 0, 99))
    assert (code["return"], code['"x"'], code["12"], code["# why"]) == (
        "label",
        "string",
        "number",
        "dim",
    )
    found = roles(code_row(JSON, 0, '"key": "value", -1.5', 0, 99))
    assert (found['"key"'], found['"value"'], found["-1.5"]) == ("label", "string", "number")


def drawn(document: RowDocument, width: int) -> list[str]:
    return words([document.row(index, width) for index in range(document.rows(width))])


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
