"""The night's strip as a picture: what it shows, and that it is only a picture."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.night.review.review_sample import hostile, sample
from tests.unit.night.review.review_sample_night import START, at
from tui.model.timeline import (
    KINDS,
    MarkKind,
    TimeBucket,
    Timeline,
    TimelineGap,
    TimelineMark,
    TimeTotals,
)
from tui.night.review.export.timeline_svg import (
    NARROW,
    ROOM,
    SHAPES,
    TESTED,
    TEXTURES,
    WIDE,
    place_marks,
    render_timeline,
)
from tui.night.review.export.wording import ExportTimeZone

SVG = "{http://www.w3.org/2000/svg}"


def drawn(
    timeline: Timeline, time: TimeTotals, width: int = WIDE, zone_s: int = 0
) -> ElementTree.Element:
    return ElementTree.fromstring(render_timeline(timeline, time, width, ExportTimeZone(zone_s)))


def words(root: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


def test_the_strip_tells_hours_kinds_and_marks() -> None:
    review = sample()
    root = drawn(review.timeline, review.time, zone_s=3_600)
    told = words(root)
    assert told[:4] == ["23:00", "10 Mar", "00:00", "11 Mar"] and "07:00" in told
    for entry in ("working 4 h 37 min", "rate limited 40 min", "stalled 12 min", "2 × tests green"):
        assert entry in told
    titles = [node.text for node in root.iter(f"{SVG}title")]
    assert "00:30 tests red: 3 failed, 38 passed" in titles
    assert len(titles) == 1 + len(review.timeline.marks)
    assert "working 4 h 37 min" in root.attrib["aria-label"] and root.attrib["role"] == "img"


def test_a_gap_stands_exactly_where_it_was() -> None:
    timeline = Timeline(START, at(100), 60.0, (), (TimelineGap(at(25), at(75), "stalled"),), ())
    root = drawn(timeline, TimeTotals(6_000, stalled=3_000), width=1_032)
    found = [
        node.attrib["d"]
        for node in root.iter(f"{SVG}path")
        if "night-stalled" in node.attrib.get("style", "")
    ]
    assert found == ["M250.0 0H750.0V46H250.0z"]


def test_a_column_is_as_high_as_the_work_in_it() -> None:
    half = TimeBucket(START, (15.0, 15.0, 0, 0, 0, 0, 0))
    timeline = Timeline(START, at(1), 60.0, (half,), (), ())
    root = drawn(timeline, TimeTotals(30, 15, 15))
    paths = [node.attrib for node in root.iter(f"{SVG}path") if "style" in node.attrib]
    by_ink = {one["style"]: one["d"] for one in paths if "defs" not in one}
    assert re.search(r"v11\.5H", by_ink["fill:var(--working)"])
    assert re.search(r"M0\.0 23\.0h", by_ink["fill:url(#night-tool)"])


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_kind_and_every_mark_looks_its_own(width: int) -> None:
    assert set(TEXTURES) | {"working"} == set(KINDS)
    assert len(set(TEXTURES.values())) == len(TEXTURES)
    assert len(set(SHAPES.values())) == len(SHAPES)
    review = sample()
    text = render_timeline(review.timeline, review.time, width)
    for node in ElementTree.fromstring(text).iter(f"{SVG}text"):
        assert float(node.attrib["x"]) <= width


def test_words_on_the_axis_do_not_touch() -> None:
    for hours in (0.2, 3, 8, 26, 200, 5_000):
        timeline = Timeline(START, START + 3_600 * hours, 60.0, (), (), ())
        for width in (WIDE, NARROW):
            root = drawn(timeline, TimeTotals(), width)
            hours_at = [
                float(node.attrib["x"])
                for node in root.iter(f"{SVG}text")
                if "class" not in node.attrib
            ]
            assert 1 <= len(hours_at) <= width / 40
            assert all(b - a > 40 for a, b in pairwise(hours_at)), (hours, width)


def test_it_is_a_picture_and_no_more() -> None:
    review = hostile()
    text = render_timeline(review.timeline, review.time)
    root = ElementTree.fromstring(text)
    names = {node.tag.replace(SVG, "") for node in root.iter()}
    assert names == {"svg", "title", "style", "rect", "defs", "pattern", "path", "g", "text"}
    for node in root.iter():
        assert not any(name.startswith("on") or "href" in name for name in node.attrib)
    assert "<script>alert(1)</script>" in "".join(root.itertext())
    assert "url(" not in text.replace("url(#night-", "") and "@import" not in text
    assert "prefers-color-scheme:dark" in text


def test_inside_a_page_it_brings_no_style_and_ids_of_its_own() -> None:
    review = sample()
    text = render_timeline(review.timeline, review.time, name="slim", alone=False)
    assert "<style" not in text and "night-" not in text and 'id="slim-tool"' in text


def test_a_night_without_length_is_not_drawn() -> None:
    assert render_timeline(Timeline(), TimeTotals()) == ""
    assert render_timeline(Timeline(START, START), TimeTotals()) == ""


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.floats(-100, 40_000), st.sampled_from(sorted(SHAPES))), min_size=1, max_size=80
    )
)
def test_marks_never_lie_on_each_other(found: list[tuple[float, MarkKind]]) -> None:
    marks = [TimelineMark(START + after, kind, "x") for after, kind in found]
    for lane in (True, False):
        mine = [mark for mark in marks if (mark.kind in TESTED) is lane]
        put = place_marks(mine, START, START + 36_000, 888.0)
        for level in (0, 1):
            places = sorted(one.x for one in put if one.level == level)
            assert all(b - a >= ROOM for a, b in pairwise(places))
            assert all(0 <= x <= 888 for x in places)
    timeline = structs.replace(sample().timeline, marks=tuple(marks))
    ElementTree.fromstring(render_timeline(timeline, TimeTotals()))
