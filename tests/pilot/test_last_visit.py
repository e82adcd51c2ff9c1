"""What came since a person last had the screen open is marked; this visit is written down."""

from __future__ import annotations

import re
from pathlib import Path

from tests.pilot.stage import Noon, Stage, stage
from tests.session_files import START
from tui.screens.review.review_screen import ReviewScreen
from tui.screens.visit import Visit
from tui.store.ledgers.visits import last_visit, record_visit


def marked(s: Stage) -> list[str]:
    """The times of the events that have the sign."""
    return re.findall(r"(\d\d:\d\d:\d\d)•", s.text)


async def test_events_newer_than_the_last_look_have_a_sign(long: Path) -> None:
    assert record_visit(long, START + 190.0)
    now = START + 5_000.0
    async with stage(long, clock=Noon(now)) as s:
        await s.see("step 199")
        assert not marked(s)
        Visit(long, Noon(now)).begin(s.app, s.main.panes.events.mark_newer_than)
        await s.until(lambda: bool(marked(s)))
        assert marked(s) == [f"20:29:{second}" for second in range(51, 60)]
        await s.press("g")
        await s.see("step 0 ")
        assert not marked(s)
    assert last_visit(long, now + 1_000.0) == now, "this visit is the last look of the next one"


async def test_nothing_is_marked_where_everything_is_new(long: Path) -> None:
    async with stage(long) as s:
        await s.see("step 199")
        s.main.panes.events.mark_newer_than(START - 1_000.0)
        await s.pilot.pause(0.2)
        assert not marked(s)


async def test_a_session_that_is_over_opens_its_review_once(long: Path) -> None:
    async with stage(long, clock=Noon(START + 90_000.0)) as s:
        s.main.review_when_over = True
        await s.until(lambda: isinstance(s.app.screen, ReviewScreen))
        await s.see("Look here first")
        await s.press("m")
        await s.see("step 199")
        before = s.watch.night
        s.watch._woken.set()
        await s.until(lambda: s.watch.night is not before)
        await s.pilot.pause(0.2)
        assert s.app.screen is s.main


async def test_the_events_pane_shows_a_line_of_the_review(long: Path) -> None:
    async with stage(long, clock=Noon(START + 90_000.0)) as s:
        await s.see("step 199")
        await s.press("m")
        await s.see("Look here first")
        await s.press("g", "enter", "e")
        await s.until(lambda: s.app.screen is s.main)
        await s.see("held", "looking at")
