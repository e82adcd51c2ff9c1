"""What the lock of a supervisor says: dead, alive, or on its way; no crash before that is decided."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.unit.night.night_script import START, Script
from tui.model.journal import JournalEntry
from tui.model.records import Record, SupervisorSeen
from tui.model.session import AgentProcess, AgentProcesses
from tui.model.snapshot import NightSnapshot
from tui.model.stall import TroubleKind
from tui.model.state import StateReason
from tui.night.fold import NightFold
from tui.night.rules.troubles import find_troubles

AGENT = AgentProcess(7, START, "s1")


def entry(at: float, kind: str, **data: object) -> JournalEntry:
    return JournalEntry(START + at, kind, "", data)


RUN = (
    entry(0, "run_started", run="r1", goal="g", project="/p"),
    entry(0, "supervisor_started", pid=1, adopted=False, gap_s=0.0),
    entry(0.1, "segment_started", attempt=1, pid=7, session="s1", why="start"),
)
ENDED = entry(30, "segment_ended", attempt=1, code=0, signal=9, reason="killed")
PENDING = entry(31, "restart_scheduled", attempt=1, delay_s=5, due=START + 36, **{"class": "crash"})


def night(
    now: float, *looks: Record, more: Iterable[JournalEntry] = (), agents: bool = False
) -> NightSnapshot:
    """A run whose turn is open, as it is at `now` after these looks."""
    script = Script()
    script.init()
    script.prompt("do it")
    fold = NightFold(own=True)
    fold.apply([*RUN, *script.events, *more, *looks])
    fold.apply([AgentProcesses(START + now, (AGENT,) if agents else ())])
    return fold.snapshot(START + now)


def lock(at: float, lives: bool, coming: bool = False) -> SupervisorSeen:
    return SupervisorSeen(START + at, lives, coming)


def test_a_journal_that_a_kill_ended_says_less_than_the_lock() -> None:
    assert night(60, agents=True).run.supervised is True
    dead = night(60, lock(60, False), agents=True)
    assert dead.run.supervised is False
    assert [one.kind for one in find_troubles(dead)] == [TroubleKind.NO_WATCHDOG]
    assert "no limits, no checkpoints, no restart" in find_troubles(dead)[0].reason
    assert night(60, lock(58, False), lock(60, True), agents=True).run.supervised is True


def test_over_a_living_agent_it_says_that_the_watchdog_is_being_started_again() -> None:
    coming = night(60, lock(60, False, True), agents=True)
    assert coming.state != "restarting"
    assert coming.run.awaits_supervisor
    (trouble,) = find_troubles(coming)
    assert trouble.reason == "the watchdog died and is being started again"
    assert not trouble.is_bad


@pytest.mark.parametrize("more", [(), (ENDED,), (ENDED, PENDING)])
def test_no_crash_while_a_supervisor_is_on_its_way(more: tuple[JournalEntry, ...]) -> None:
    for now in (60.0, 4_000.0):
        found = night(now, lock(now, False, True), more=more)
        assert found.state == "restarting"
        assert not found.is_over
        assert found.activity.state_reason == StateReason.RESTART_PENDING


@pytest.mark.parametrize("more", [(), (ENDED,), (ENDED, PENDING)])
def test_a_crash_where_nobody_comes(more: tuple[JournalEntry, ...]) -> None:
    found = night(60, lock(60, False), more=more)
    assert found.state == "crashed"
    assert found.is_over


@pytest.mark.parametrize("more", [(), (ENDED,)])
def test_a_supervisor_that_was_just_started_has_a_minute_to_decide(
    more: tuple[JournalEntry, ...],
) -> None:
    looks = [lock(at, True) for at in range(3600, 3722, 2)]
    for number, now in enumerate(range(3600, 3722, 2)):
        found = night(now + 0.5, *looks[: number + 1], more=more)
        assert found.state == ("restarting" if now - 3600 < 60 else "crashed"), now


def test_one_seen_in_an_earlier_visit_was_not_seen_all_the_time() -> None:
    looks = [lock(60, True), lock(3600, True)]
    assert night(3600.5, *looks).state == "restarting"


def test_a_watchdog_that_keeps_dying_is_no_hope() -> None:
    gave_up = entry(50, "unwatched", reason="the watchdog died early 7 times in a row", restarts=7)
    found = night(60, lock(60, False, True), more=(gave_up,))
    assert found.state == "crashed"
    assert not found.run.awaits_supervisor
    alive = night(60, lock(60, False, True), more=(gave_up,), agents=True)
    assert "no restart" in find_troubles(alive)[0].reason
    assert any("died early 7 times" in one.text for one in alive.interventions.others)
    again = entry(
        55, "supervisor_started", pid=9, adopted=True, gap_s=50.0, restarted_by="restarter"
    )
    assert night(60, lock(60, True), more=(gave_up, again)).state == "restarting"
    assert night(60, lock(60, False, True), more=(gave_up, again)).state == "restarting"


def test_an_end_is_an_end() -> None:
    over = entry(50, "run_ended", reason="all tasks done", end="tasks_done", code=0)
    found = night(60, lock(60, False, True), more=(ENDED, over))
    assert found.state == "finished"
