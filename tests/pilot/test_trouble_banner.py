"""The banner comes when trouble has held, stays through a flicker, and says when it is over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.pilot.stage import Noon, Stage, append, stage
from tests.session_files import START, answer, bash
from tests.unit.night.night_script import Script, night
from tui.actions import ACTIONS
from tui.model.snapshot import NightSnapshot
from tui.model.stall import DetectorName, Stall, Trouble, TroubleKind
from tui.model.state import SessionState, StallKind
from tui.screens.main import trouble_banner
from tui.screens.main.trouble_banner import ShownTrouble, TroubleTimer, banner_facts
from widgets.status.banner import BannerFacts

EVENTS = "logs/session.jsonl"
LOOP = Trouble(TroubleKind.LOOPING, "make: 5 times", START)
LOST = Trouble(TroubleKind.NO_WATCHDOG, "gone", badge="no watchdog")
NEAR = Trouble(TroubleKind.LIMIT_NEAR, "near", is_bad=False)


def seen(*troubles: Trouble, at: float = 100.0) -> NightSnapshot:
    script = Script()
    script.init()
    return replace(night(script), now=START + at, troubles=troubles)


def can(operation: str) -> str:
    return ""


def cannot(operation: str) -> str:
    return "its process is not known"


def test_it_comes_after_a_second() -> None:
    timer = TroubleTimer()
    assert timer.update(seen(LOOP), 10.0) is None
    assert timer.update(seen(LOOP), 10.9) is None
    assert timer.update(seen(LOOP), 11.0) == ShownTrouble(LOOP)


def test_a_flicker_is_not_shown() -> None:
    timer = TroubleTimer()
    for now in range(20):
        troubles = (LOOP,) if now % 4 == 0 else ()
        assert timer.update(seen(*troubles), now / 2) is None


def test_it_stays_for_three_seconds_and_says_that_it_is_over_for_twenty() -> None:
    timer = TroubleTimer()
    timer.update(seen(LOOP), 10.0)
    timer.update(seen(LOOP), 11.0)
    assert timer.update(seen(), 13.9) == ShownTrouble(LOOP)
    over = timer.update(seen(at=103.0), 14.0)
    assert over is not None
    assert over.lasted == pytest.approx(100.0)
    facts = banner_facts(over, START + 103, can)
    assert facts is not None
    assert (facts.words, facts.tone) == ("over: it goes on, after 1m40s", "ok")
    assert timer.update(seen(), 30.9) == over
    assert timer.update(seen(), 31.0) is None


def test_what_comes_back_at_once_was_never_over() -> None:
    timer = TroubleTimer()
    for now in (10.0, 11.0, 12.0, 14.5, 15.0):
        shown = timer.update(seen(*((LOOP,) if now != 14.5 else ())), now)
    assert shown == ShownTrouble(LOOP)


def test_the_most_urgent_is_shown_and_the_others_are_counted() -> None:
    timer = TroubleTimer()
    timer.update(seen(LOST, NEAR), 10.0)
    assert timer.update(seen(LOST, NEAR), 11.0) == ShownTrouble(LOST, 1)
    assert timer.update(seen(LOOP, LOST, NEAR), 12.0) == ShownTrouble(LOST, 1)
    assert timer.update(seen(LOOP, LOST, NEAR), 13.0) == ShownTrouble(LOOP, 2)


def test_a_night_that_is_over_does_not_go_on() -> None:
    timer = TroubleTimer()
    timer.update(seen(LOOP), 10.0)
    timer.update(seen(LOOP), 11.0)
    ended = seen()
    ended = replace(ended, activity=replace(ended.activity, state=SessionState.FINISHED))
    assert timer.update(ended, 15.0) is None


def test_what_a_person_called_wrong_is_not_said_to_be_over() -> None:
    stall = Stall(StallKind.LOOP, START, ("x",), detector=DetectorName.REPEATED_CALLS)
    trouble = replace(LOOP, stall=stall)
    timer = TroubleTimer()
    timer.update(seen(trouble), 10.0)
    timer.update(seen(trouble), 11.0)
    wrong = replace(seen(), circling=(replace(stall, called_wrong_at=START + 50),))
    assert timer.update(wrong, 11.5) is None
    assert timer.update(wrong, 15.0) is None


@pytest.mark.parametrize("kind", TroubleKind)
def test_every_trouble_has_a_key_of_the_table(kind: TroubleKind) -> None:
    trouble = Trouble(kind, "words", START)
    facts = banner_facts(ShownTrouble(trouble), START + 5, can)
    assert facts is not None
    names = {one.name: one.keys for one in ACTIONS if one.place == "main"}
    assert facts.keys[-1].key == "x"
    assert all(key.key in names[key.action] for key in facts.keys)
    assert sum(key.marked for key in facts.keys) == (kind != TroubleKind.RATE_LIMITED)


def test_a_key_that_cannot_work_is_not_offered() -> None:
    facts = banner_facts(ShownTrouble(LOOP), START, cannot)
    assert facts is not None
    assert [(key.key, key.marked) for key in facts.keys] == [("x", True)]


def test_where_a_rule_is_missing_the_key_says_so() -> None:
    stall = Stall(StallKind.REFUSED, START, ("x",), rule="Bash(pytest:*)")
    trouble = Trouble(TroubleKind.REFUSED, "words", START, False, "refused ×3", stall)
    facts = banner_facts(ShownTrouble(trouble), START, can)
    assert facts is not None
    assert (facts.keys[0].label, facts.badge, facts.tone) == (
        "the rule to add",
        "refused ×3",
        "warning",
    )


# --- the whole screen ------------------------------------------------------------------------


def loop(times: int, first: int = 40) -> list[dict[str, object]]:
    records: list[dict[str, object]] = []
    for nth in range(times):
        number, after = first + 2 * nth, 60.0 + 5 * nth
        records.append(bash(number, "make check", after))
        records.append(answer(number + 1, number, "no rule", after + 1, error=True))
    return records


async def looping(s: Stage) -> None:
    await s.see("times with the same answer")
    await s.until(lambda: s.main._banner.display)


async def test_a_loop_has_a_banner_and_one_place_for_its_reason(project: Path) -> None:
    append(project, *loop(6))
    async with stage(project, events=str(project / EVENTS)) as s:
        await looping(s)
        assert s.text.count("times with the same answer") == 1
        assert "∞ looping" in s.rows[0]
        assert "6 times" in s.rows[1]


async def test_nothing_is_painted_while_nothing_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(project, *loop(6))
    async with stage(project, clock=Noon(START + 130.0), events=str(project / EVENTS)) as s:
        await looping(s)
        drawn: list[object] = []
        monkeypatch.setattr(s.main._banner, "refresh", lambda *given, **more: drawn.append(given))
        updates: list[int] = []
        monkeypatch.setattr(trouble_banner, "banner_facts", _counted(updates))
        await s.until(lambda: len(updates) >= 3)
        assert drawn == []


def _counted(calls: list[int]) -> Callable[..., BannerFacts | None]:
    real = trouble_banner.banner_facts

    def count(*given: Any) -> BannerFacts | None:
        calls.append(1)
        return real(*given)

    return count


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20), (40, 15)])
async def test_at_every_size_the_key_is_there(project: Path, size: tuple[int, int]) -> None:
    append(project, *loop(6))
    async with stage(project, size, events=str(project / EVENTS)) as s:
        await s.until(lambda: s.main._banner.display)
        await s.see("x why")
        assert any("x why" in row for row in s.rows[1:5])


async def test_why_has_the_evidence_and_enter_goes_to_an_event(project: Path) -> None:
    append(project, *loop(6))
    async with stage(project, events=str(project / EVENTS)) as s:
        await looping(s)
        await s.press("x")
        await s.see("It ends when", "equal rounds", "What happened", "first notice")
        await s.press(*["j"] * 40)
        for _ in range(40):
            if "make check" in s.app.screen._view.row_text(s.app.screen._view.cursor):  # type: ignore[attr-defined]
                break
            await s.press("k")
        await s.press("enter")
        await s.lose("It ends when")
        assert s.app.screen is s.main
        assert not s.main.panes.events.following


async def test_not_stuck_is_recorded_and_everybody_knows(project: Path) -> None:
    from tui.monitor.monitor import SessionMonitor
    from tui.store.ledgers.stall_feedback import StallFeedback

    append(project, *loop(6))
    async with stage(project, events=str(project / EVENTS)) as s:
        await looping(s)
        await s.press("x")
        await s.see("n not stuck")
        await s.press("n")
        await s.see("recorded as not stuck")
        await s.until(lambda: not s.main._banner.display)
        assert "looping" not in s.rows[0]
        await s.press("x")
        await s.see("Nothing is wrong")
        other = SessionMonitor(project, s.watch.settings, s.watch.named, s.main.clock)
        seen = other.read_once()
        assert seen.stall is None
        assert [one.called_wrong_at is not None for one in seen.circling] == [True]
    records = StallFeedback(project).records()
    assert [(one.noticed, one.wrong) for one in records.values()] == [(1, 1)]


async def test_without_trouble_the_page_says_that_nothing_repeats(project: Path) -> None:
    async with stage(project) as s:
        await s.see("All green")
        await s.press("x")
        await s.see("Nothing is wrong", "nothing repeats")
        await s.press("n")
        await s.see("nothing is taken for a loop")
