"""The review as Markdown: readable in a pull request, and words stay words."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import structs

from tests.unit.night.review.review_exports import export_of
from tests.unit.night.review.review_sample import HOSTILE, empty, hostile, sample
from tui.model.records import Hunk
from tui.model.review import Reason, Review, Risk
from tui.night.review.export.blocks import JOINER, fenced, markdown_code, markdown_text, one_line
from tui.night.review.export.figures_json import read_figures
from tui.night.review.export.markdown_page import MOST, render_github, render_markdown
from tui.night.review.review_json import encode_review

GOLDEN = Path(__file__).parents[3] / "data" / "review-sample.md"
OURS = re.compile(r"</?(?:details|summary|sub)>")
LATER = re.compile(
    r"(?i)(?<![\w])@\w|#\d|\bgh-\d|\b[a-z]+://|\bwww\.\w|\w@\w|:[a-z0-9_+-]*[a-z][a-z0-9_+-]*:"
)


def parser() -> MarkdownIt:
    return MarkdownIt("gfm-like")


def inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


def shape(text: str) -> list[str]:
    """The blocks of a page; what was a comment and what is a fence's length do not count."""
    return [
        token.type
        for token in parser().parse(text)
        if not token.content.startswith("<!-- overnight")
    ]


def test_the_page_of_a_rich_night() -> None:
    text = render_markdown(export_of(sample()))
    if os.environ.get("OVERNIGHT_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_an_empty_night_has_a_page() -> None:
    text = render_markdown(export_of(empty()))
    assert text.startswith("## **! Look before keeping** — a project\n\nNight review.\n")
    assert "no test run was seen" in text and "\n\n\n" not in text


def test_hostile_text_changes_no_block_of_the_page() -> None:
    assert shape(render_markdown(export_of(hostile()), 10**7)) == shape(
        render_markdown(export_of(sample()))
    )


def test_hostile_text_makes_no_link_picture_html_or_mention() -> None:
    tokens = parser().parse(render_markdown(export_of(hostile()), 10**7))
    kinds = {token.type for token in inline(tokens)}
    assert kinds <= {
        "text",
        "code_inline",
        "strong_open",
        "strong_close",
        "html_inline",
        "softbreak",
    }
    html = [one.content for one in inline(tokens) if one.type == "html_inline"]
    html += [
        one.content for one in tokens if one.type == "html_block" and "<!-- over" not in one.content
    ]
    for content in html:
        assert OURS.sub("", content).strip() in ("", "Keep or revert", "Timeline")
    for token in inline(tokens):
        if token.type == "text":
            assert not LATER.search(token.content), token.content


@settings(deadline=None, max_examples=300)
@given(
    st.text(
        alphabet=st.sampled_from("ab1#@:/.-+*_`~|[]()<>&!\\$=\n\t wW{}^\"'§é\u202e"), max_size=40
    )
)
@example(HOSTILE)
@example("1. one")
@example("1) one")
@example("- one")
@example("===")
@example("a__b__ _c_ d_e")
def test_words_stay_the_same_words(text: str) -> None:
    """Whatever is escaped comes out of a parser as the one paragraph of text that it was."""
    made = markdown_text(text)
    tokens = parser().parse(made)
    shown = "".join(one.content for one in inline(tokens))
    assert shown.replace(JOINER, "") == one_line(text)
    assert [token.type for token in tokens] in (
        [],
        ["paragraph_open", "inline", "paragraph_close"],
    )
    assert {one.type for one in inline(tokens)} <= {"text"}


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("`ab <>|\\@#\n"), max_size=30))
def test_code_stays_the_same_code(text: str) -> None:
    tokens = parser().parse(f"x {markdown_code(text)} y")
    code = [one.content for one in inline(tokens) if one.type == "code_inline"]
    assert code == ([one_line(text)] if one_line(text) else [])


def test_no_line_of_a_hunk_closes_its_fence() -> None:
    rows = ("+```", " `````", "-~~~", "+\x00\r# no", " ````")
    tokens = parser().parse("\n".join(fenced(rows, "diff")))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content.count("\n") == len(rows) and "\r" not in tokens[0].content


def long_night(rows: int) -> Review:
    review = sample()
    hunk = Hunk(1, 1, tuple(f"+line {n} {'x' * 150}" for n in range(400)))
    risk = Risk("secret", "a.py", "looks like a key", None, "high", hunk)
    return structs.replace(
        review,
        risks=(risk,) * rows,
        claims=review.claims * rows,
        tests=structs.replace(review.tests, runs=review.tests.runs * rows, total=4 * rows),
        moments=review.moments * rows,
        commits=review.commits * rows,
    )


@pytest.mark.parametrize("rows", [1, 20, 400])
def test_it_fits_a_pull_request_and_says_what_it_leaves_out(rows: int) -> None:
    review = long_night(rows)
    text = render_markdown(structs.replace(export_of(review), data=encode_review(review)))
    assert len(text.encode()) <= MOST
    assert read_figures(text)["export"]["cut"]
    part = re.split("### |<details>", text.partition("### Claims and evidence")[2])[0]
    shown = sum(1 for row in part.splitlines() if row.startswith("| ")) - 1
    told = re.search(r"\*and ([\d,]+) more, not shown here\*", part)
    left = int(told.group(1).replace(",", "")) if told else 0
    assert shown + left == len(review.claims)
    assert "lines more, not shown here" in text


def test_even_the_longest_words_fit() -> None:
    review = structs.replace(sample(), reasons=(Reason("very " * 40_000),))
    text = render_markdown(export_of(review))
    assert len(text.encode()) <= MOST and "Cut here" in text


def test_a_comment_for_a_pull_request_is_short_and_collapsed() -> None:
    text = render_github(export_of(sample()))
    assert len(text.encode()) <= MOST
    head, _, rest = text.partition("<details>")
    assert "### Look here first" in head
    assert "###" not in rest
    assert text.count("<details>") == text.count("</details>") >= 5
    assert "<!--" not in text
    assert "--check" not in text


def test_even_the_longest_words_fit_a_comment() -> None:
    review = structs.replace(sample(), reasons=(Reason("very " * 40_000),))
    assert len(render_github(export_of(review)).encode()) <= MOST
