from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.style import Style

from tests.widgets.host import Host, screen_rows, until, words
from widgets.ink import Line, width_of
from widgets.text.markdown_view import markdown_document
from widgets.text.notes_view import NotesView


def markdown_rows(text: str, width: int) -> list[Line]:
    document = markdown_document(text)
    return [document.row(index, width) for index in range(document.rows(width))]


MARKDOWN = """# Notes

- **bold** and `code` and *soft*
- [x] done thing
- [ ] open thing that is too long for the row
1. first
> quoted

```
code   here
```
| run | minutes |
|---|---|
| before | 71 |
***
[link](http://x) ~~gone~~"""


def test_markdown() -> None:
    assert words(markdown_rows(MARKDOWN, 24)) == [
        "Notes",
        "",
        "• bold and code and soft",
        "✓ done thing",
        "○ open thing that is too",
        "  long for the row",
        "1. first",
        "│ quoted",
        "",
        "│ code   here",
        "run     minutes",
        "before  71",
        "─" * 24,
        "link (http://x) gone",
    ]


def test_lines_broken_for_width_are_joined_and_short_ones_kept() -> None:
    text = (
        "This sentence was broken by its writer because it was getting too\nlong.\nkey: a\nkey: b"
    )
    assert words(markdown_rows(text, 100)) == [
        "This sentence was broken by its writer because it was getting too long.",
        "key: a",
        "key: b",
    ]


def test_emphasis_within_emphasis() -> None:
    assert markdown_rows("**Fixed *all* tests** *now*", 60) == [
        [("Fixed all tests", "strong"), (" ", "text"), ("now", Style(italic=True))]
    ]


def test_underlined_headings() -> None:
    rows = markdown_rows("Notes\n=====\n\nNext steps\n----------\nrun it", 40)
    assert rows == [
        [("Notes", "strong")],
        [],
        [("Next steps", "heading")],
        [("run it", "text")],
    ]


@pytest.mark.parametrize(
    "table", ["a|b\\|c\n-|-\n1|2", "| a | b\\|c |\n|---|---|\n| 1 | 2 |"], ids=["bare", "framed"]
)
def test_tables_with_and_without_a_frame(table: str) -> None:
    assert words(markdown_rows(table, 40)) == ["a  b|c", "1  2"]


def test_lists_and_quotes_hang_in_each_other() -> None:
    text = "1. first\n   more of it\n   - inner `x`\n\n     apart\n> - quoted\n> > deep"
    assert words(markdown_rows(text, 40)) == [
        "1. first",
        "   more of it",
        "   • inner x",
        "",
        "     apart",
        "│ • quoted",
        "│ │ deep",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[todo]: remember",
        "<b>bold</b> &amp; &#x202e;",
        "<div>\n[/] block\n</div>",
        "| a | b |\nno table",
        "C:\\new\\temp",
        "-",
    ],
)
def test_nothing_that_was_written_vanishes(text: str) -> None:
    shown = "".join(words(markdown_rows(text, 40))).replace("•", "-")
    assert shown.split() == text.replace("\n", "").split() or shown == text.replace("\n", "")


def test_a_link_shows_where_it_leads_and_can_not_be_followed() -> None:
    rows = markdown_rows("[here](http://x) <http://y> ![logo](z.png)", 60)
    assert words(rows) == ["here (http://x) http://y logo (z.png)"]
    styles = [role for row in rows for _, role in row if isinstance(role, Style)]
    assert not any(style.link or style.meta for style in styles)


@given(st.text(alphabet="#*`-_[]()|>~ ab1.\n\t=\\<&!", max_size=200), st.integers(8, 80))
@example("a\r\rb\r\nc", 8)
@example("|111|11|1", 8)
@example("|1|1|1|1|1|1|1|1|1|1|1|1", 8)
@settings(deadline=None)
def test_any_markdown_fits(text: str, width: int) -> None:
    for row in markdown_rows(text, width):
        assert width_of(row) <= width + 1


@pytest.mark.parametrize(
    "text",
    [
        *("*" * 20_000, "[" * 20_000, "`a" * 10_000, "- " * 10_000, "|" * 20_000),
        *("![[" * 20_000, "*a_ " * 10_000, "> " * 10_000, ("[" * 3000 + "\n\n") * 8),
    ],
)
def test_markdown_that_invites_backtracking_is_quick(text: str) -> None:
    start = time.process_time()
    markdown_rows(text, 80)
    assert time.process_time() - start < 2.0


def test_only_the_newest_part_of_a_long_text_is_parsed() -> None:
    text = "**old** words\n" * 6000 + "\n**newest** words"
    document = markdown_document(text)
    rows = document.rows(80)
    assert words([document.row(0, 80), document.row(rows - 1, 80)]) == [
        "**old** words",
        "newest words",
    ]
    assert rows > 6000


async def test_notes_are_wrapped_again_when_the_window_changes() -> None:
    view = NotesView(placeholder="no notes")
    app = Host(view)
    async with app.run_test(size=(30, 8)) as pilot:
        await until(pilot, lambda: any("no notes" in row for row in screen_rows(app)))
        view.show_notes("# Title\n- one two three four five six seven")
        await until(pilot, lambda: "Title" in screen_rows(app)[0])
        assert view.count == 3
        await pilot.resize_terminal(60, 8)
        await until(pilot, lambda: view.count == 2)
        await until(pilot, lambda: "six seven" in screen_rows(app)[1])
        view.show_notes("")
        await until(pilot, lambda: any("no notes" in row for row in screen_rows(app)))
