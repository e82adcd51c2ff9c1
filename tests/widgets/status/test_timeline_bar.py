from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.review.review_sample import sample
from tests.unit.night.review.review_sample_night import at
from tests.widgets.host import Host, heard, screen_rows, until
from tui.model.timeline import (
    KINDS,
    Kind,
    TimeBucket,
    Timeline,
    TimelineGap,
    TimelineMark,
    cut_timeline,
)
from widgets.ink import text_of
from widgets.status.timeline_bar import (
    MAX_ZOOM,
    TimelineBar,
    cell_sign,
    describe_cell,
    timeline_line,
    zoom,
)

T0 = 1_763_676_000.0


def minute(nth: int, kind: Kind, seconds: float = 60.0) -> TimeBucket:
    return TimeBucket(T0 + 60 * nth, tuple(seconds if each == kind else 0.0 for each in KINDS))


NIGHT = Timeline(
    T0,
    T0 + 60 * 60,
    60.0,
    (*(minute(n, "working") for n in range(20)), *(minute(n, "tool") for n in range(20, 30))),
    (
        TimelineGap(T0 + 30 * 60, T0 + 40 * 60, "rate_limited"),
        TimelineGap(T0 + 40 * 60, T0 + 50 * 60, "stalled"),
        TimelineGap(T0 + 50 * 60, T0 + 60 * 60, "dead"),
    ),
    (
        TimelineMark(T0 + 5 * 60, "checkpoint", "checkpoint 1"),
        TimelineMark(T0 + 25 * 60, "commit", "a41f09c"),
    ),
)


def test_the_night_in_one_row() -> None:
    assert text_of(timeline_line(cut_timeline(NIGHT, 60), 74)) == (
        " 22:00 " + "▇" * 5 + "◆" + "▇" * 14 + "▒" * 10 + "L" * 10 + "S" * 10 + "×" * 10 + " 23:00 "
    )
    assert text_of(timeline_line(cut_timeline(NIGHT, 12), 26)) == " 22:00 ▇◆▇▇▒▒LLSS×× 23:00 "


def test_a_young_night_fills_from_the_left_and_a_long_one_is_gathered() -> None:
    young = Timeline(T0, T0 + 150, 60.0, (minute(0, "working"), minute(1, "working", 20.0)))
    assert text_of(timeline_line(cut_timeline(young, 10), 24)) == " 22:00 ▇▂ ─────── 22:10 "
    assert text_of(timeline_line(cut_timeline(Timeline(), 10), 24)).strip() == "─" * 10
    long = Timeline(T0, T0 + 86_400 * 3, 60.0, (), (TimelineGap(T0, T0 + 86_400 * 3, "idle"),))
    assert len(cut_timeline(long, 50)) == 50
    assert cell_sign(cut_timeline(long, 50)[3]) == (" ", "dim")


def test_a_cell_speaks() -> None:
    cells = cut_timeline(NIGHT, 60)
    assert describe_cell(cells[5]) == "working; checkpoint 1"
    assert describe_cell(cells[25]) == "running tools; a41f09c"
    assert describe_cell(cells[45]) == "stalled"
    assert sum(sum(cell.seconds) for cell in cells) == pytest.approx(3600)


async def test_the_cursor_walks_along_the_night() -> None:
    moved, hook = heard(TimelineBar.CursorMoved)

    strip = TimelineBar()
    app = Host(strip)
    async with app.run_test(size=(74, 5), message_hook=hook) as pilot:
        strip.show(NIGHT)
        await until(pilot, lambda: "SSSS" in screen_rows(app)[0])
        assert strip.move(-1) == T0 + 59.5 * 60
        assert strip.move(-10) == T0 + 49.5 * 60
        assert strip.move(20) is None
        strip.move(-1000)
        assert strip.cursor_at == T0 + 30
        await pilot.click(strip, offset=(7 + 12, 0))
        await pilot.pause()
        assert [getattr(m, "words", None) for m in moved] == [
            "not running",
            "stalled",
            "",
            "working",
            "working",
        ]
        assert strip.cursor_at == T0 + 12.5 * 60
        strip.cursor_at = None
        assert strip.cursor_at is None


LINE = sample().timeline


def test_no_zoom_is_the_whole_night() -> None:
    assert zoom(LINE, 0, at(30)) is LINE


def test_a_zoom_holds_its_moment_and_what_happened_round_it() -> None:
    shown = zoom(LINE, 2, at(430))
    assert shown.start is not None and shown.end is not None
    assert shown.start <= at(430) <= shown.end
    assert [mark.kind for mark in shown.marks] == ["rewind", "error", "green", "end"]


def poured(shown: Timeline) -> float:
    buckets = sum(second for bucket in shown.buckets for second in bucket.seconds)
    return buckets + sum(gap.end - gap.start for gap in shown.gaps)


@settings(deadline=None)
@given(st.integers(1, MAX_ZOOM), st.floats(-100, 700))
def test_any_part_lies_in_the_night_and_pours_no_more_than_its_length(
    level: int, minute: float
) -> None:
    shown = zoom(LINE, level, at(minute))
    assert shown.start is not None and shown.end is not None
    assert LINE.start is not None and LINE.end is not None
    assert LINE.start <= shown.start < shown.end <= LINE.end
    assert poured(shown) <= shown.end - shown.start + 1
    assert all(shown.start <= mark.at <= shown.end for mark in shown.marks)
