"""The review as HTML: one file that fetches nothing, runs nothing, and keeps words words."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.browser import Browser, found
from tests.unit.night.review.review_exports import export_of
from tests.unit.night.review.review_sample import HOSTILE, empty, hostile, sample
from tui.night.review.export.html_page import CSS, POLICY, render_html
from tui.night.review.export.redacted import Export

VOID = {"meta", "br", "hr", "img", "link", "input", "rect", "path"}
TAGS = """html head meta title style body header nav main section footer div p span h1 h2 ul ol li
dl dt dd table caption thead tbody tr th td strong code pre ins del details summary a svg g path
rect text defs pattern"""
ATTRIBUTES = """lang charset http-equiv content name class id href aria-label aria-hidden role scope
data-label open style viewbox width height patternunits transform d x y text-anchor"""


class Outline(HTMLParser):
    """Tags and texts of a page; an end tag that closes nothing is an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.comments: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] != "style":
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def names(self) -> list[str]:
        return [tag for tag, _ in self.tags]


@pytest.mark.parametrize("make", [sample, hostile, empty])
def test_only_what_we_wrote_is_markup(make: object) -> None:
    assert callable(make)
    page = Outline(render_html(export_of(make())))
    assert set(page.names) <= set(TAGS.split())
    for tag, given in page.tags:
        assert set(given) <= set(ATTRIBUTES.split()), tag
        assert given.get("href", "#").startswith("#")
        assert "url(" not in given.get("style", "").replace("url(#", "")
    assert len(page.comments) == 1


def test_hostile_words_change_no_tag() -> None:
    shown = Outline(render_html(export_of(hostile())))
    assert shown.names == Outline(render_html(export_of(sample()))).names
    assert sum(words.count("<script>alert(1)</script>") for words in shown.words) > 50


def test_a_project_may_be_called_anything() -> None:
    review = structs.replace(sample(), project="/x/<img src=x onerror=y>\"'&amp;")
    page = Outline(render_html(export_of(review)))
    assert "img" not in page.names
    assert page.words.count("<img src=x onerror=y>\"'&amp;") == 1


def test_it_may_fetch_and_run_nothing() -> None:
    page = render_html(export_of(sample()))
    assert f'content="{POLICY}"' in page
    assert POLICY.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert not re.search(
        r"(?i)<script|\bon\w+=|@import|url\((?!#)|src=|<link|http://|https://", page
    )


def test_tables_and_headings_mean_something() -> None:
    page = Outline(render_html(export_of(sample())))
    assert page.names.count("h1") == 1
    heads = [given for tag, given in page.tags if tag == "th"]
    assert {given["scope"] for given in heads} == {"col", "row"}
    assert page.names.count("caption") == page.names.count("table") == 11
    ids = [given["id"] for _, given in page.tags if "id" in given]
    assert len(ids) == len(set(ids))
    links = [given["href"] for tag, given in page.tags if tag == "a"]
    assert {link[1:] for link in links} <= set(ids) and len(links) == 11
    for _, given in page.tags:
        if (drawn := given.get("style", "")).startswith("fill:url(#"):
            assert drawn[len("fill:url(#") : -1] in ids


def test_no_state_is_told_by_colour_alone() -> None:
    """Every badge has its word, and a hunk's lines keep their signs."""
    page = render_html(export_of(sample()))
    sign = r'(?:<span aria-hidden="true">\S</span> )?'
    badges = re.findall(rf'<span class="badge \w+">{sign}(\w+)</span>', page)
    assert len(badges) == page.count('class="badge ') > 20
    assert re.findall(r"<(?:ins|del)>(.)", page) == ["-", "-", "+", "+", "+"]


def colours(scheme: str) -> dict[str, str]:
    light, dark = CSS.split("@media (prefers-color-scheme:dark)", 1)
    part = light if scheme == "light" else dark.partition("}}")[0]
    return dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})", part))


def brightness(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((brightness(one), brightness(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "papers"),
    [
        ("ink", "paper raised add cut"),
        ("soft", "paper raised dim-paper"),
        ("link", "paper"),
        ("good", "paper add"),
        ("bad", "paper cut"),
        ("warn", "paper warn-paper"),
        ("person", "paper"),
    ],
)
def test_words_stand_out_from_their_paper(scheme: str, ink: str, papers: str) -> None:
    """4.5 to 1 at least: WCAG 2.2, 1.4.3."""
    known = colours(scheme)
    for paper in papers.split():
        assert contrast(known[ink], known[paper]) >= 4.5, paper


def test_long_lists_say_what_they_leave_out() -> None:
    review = sample()
    page = render_html(export_of(structs.replace(review, commits=review.commits * 200)))
    assert "and 200 more, not shown here" in page


@pytest.mark.browser
@pytest.mark.timeout(180)
@pytest.mark.parametrize("make", [sample, hostile, empty])
def test_in_a_real_browser(make: object, tmp_path: Path) -> None:
    """No request, no script, no word on the console, and nothing wider than the window."""
    program = found()
    if program is None:
        pytest.skip("no headless browser on this machine")
    assert callable(make)
    export: Export = export_of(make())
    page = tmp_path / "review.html"
    page.write_text(render_html(export), encoding="utf-8")
    with Browser(program, tmp_path / "profile", patience=150) as browser:
        for width in (1280, 768, 390, 360):
            for dark in (False, True):
                browser.look(width, 800, dark=dark)
                browser.requests.clear()
                browser.open(page)
                browser.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
                wide, window = browser.ask("[document.documentElement.scrollWidth, innerWidth]")
                assert wide <= window == width
                assert browser.requests == [page.as_uri()]
                paper = browser.ask("getComputedStyle(document.body).backgroundColor")
                assert paper == ("rgb(20, 24, 29)" if dark else "rgb(255, 255, 255)")
        assert browser.ask("document.scripts.length + document.images.length") == 0
        if make is hostile:
            assert HOSTILE[5:30] in browser.ask("document.body.innerText")
    assert browser.said == []
    assert set(browser.scripts) <= {""}
