"""What is wrong, by the snapshot alone; the most urgent first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.night.night_loops import rounds
from tests.unit.night.night_script import START, Script, fold, night
from tests.unit.night.stuck.stuck_session import Session
from tui.model.journal import JournalEntry
from tui.model.snapshot import Activity, NightSnapshot, RunExit, RunInfo, RunLimits
from tui.model.stall import DetectorName, Stall, StallWaste, Trouble, TroubleKind
from tui.model.state import EndKind, SessionState, StallKind, StallLevel, StateReason
from tui.night.rules.troubles import find_troubles

NOW = START + 1_000.0


def seen(
    state: SessionState = SessionState.WORKING,
    stall: Stall | None = None,
    reason: StateReason = StateReason.MODEL_STREAMING,
    **changes: object,
) -> NightSnapshot:
    from msgspec.structs import replace

    script = Script()
    script.init()
    base = night(script)
    activity = Activity(
        state, "the reason", NOW - 60, (), True, NOW, NOW, 0.0, state_reason=reason, until=NOW + 120
    )
    return replace(base, now=NOW, activity=activity, stall=stall, **changes)


def stall(kind: StallKind, level: StallLevel = StallLevel.NOTICE, rule: str = "") -> Stall:
    return Stall(
        kind,
        NOW - 100,
        ("what repeats: 12 times", "more"),
        level=level,
        count=12,
        detector=DetectorName.REPEATED_CALLS,
        waste=StallWaste(12, 90.0, NOW - 90, usd=0.24),
        rule=rule,
    )


def kinds(snapshot: NightSnapshot) -> list[TroubleKind]:
    return [one.kind for one in find_troubles(snapshot)]


def only(snapshot: NightSnapshot) -> Trouble:
    (found,) = find_troubles(snapshot)
    return found


@pytest.mark.parametrize(
    ("state", "kind", "is_bad"),
    [
        (SessionState.WAITING_PERMISSION, TroubleKind.NEEDS_YOU, True),
        (SessionState.CRASHED, TroubleKind.ENDED_BADLY, True),
        (SessionState.GAVE_UP, TroubleKind.ENDED_BADLY, True),
        (SessionState.FAILED, TroubleKind.ENDED_BADLY, True),
        (SessionState.STALLED, TroubleKind.STALLED, True),
        (SessionState.WINDING_DOWN, TroubleKind.WINDING_DOWN, False),
        (SessionState.RATE_LIMITED, TroubleKind.RATE_LIMITED, False),
    ],
)
def test_a_state_in_trouble(state: SessionState, kind: TroubleKind, is_bad: bool) -> None:
    found = only(seen(state))
    assert (found.kind, found.is_bad) == (kind, is_bad)


@pytest.mark.parametrize(
    "state",
    [
        SessionState.WORKING,
        SessionState.TOOL,
        SessionState.WAITING_API,
        SessionState.WAITING_INPUT,
        SessionState.PAUSED,
        SessionState.FINISHED,
        SessionState.KILLED,
        SessionState.NONE,
    ],
)
def test_a_state_that_is_none(state: SessionState) -> None:
    assert kinds(seen(state)) == []


def test_a_run_that_a_limit_ended_says_which() -> None:
    end = RunExit("limit: cost $2.41 of $2.00", 0, EndKind.LIMIT)
    found = only(seen(SessionState.KILLED, run=RunInfo(True, exit=end)))
    assert (found.kind, found.is_bad, found.badge) == (TroubleKind.ENDED_BADLY, False, "ended")
    assert found.reason == "limit: cost $2.41 of $2.00"


def test_a_restart_that_waits() -> None:
    pending = seen(SessionState.RESTARTING, reason=StateReason.RESTART_PENDING)
    assert kinds(pending) == [TroubleKind.RESTART_PENDING]
    assert kinds(seen(SessionState.RESTARTING, reason=StateReason.REWINDING)) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (StallKind.LOOP, TroubleKind.LOOPING),
        (StallKind.SAME_ERROR, TroubleKind.NO_PROGRESS),
        (StallKind.NO_PROGRESS, TroubleKind.NO_PROGRESS),
        (StallKind.REFUSED, TroubleKind.REFUSED),
    ],
)
@pytest.mark.parametrize("level", [StallLevel.NOTICE, StallLevel.SUSPECTED, StallLevel.STUCK])
def test_circling_says_what_and_what_it_cost(
    kind: StallKind, expected: TroubleKind, level: StallLevel
) -> None:
    found = only(seen(stall=stall(kind, level)))
    assert found.kind == expected
    assert found.is_bad == (level != StallLevel.NOTICE)
    assert found.reason == "what repeats: 12 times · $0.24"
    assert found.since == NOW - 100


def test_a_usage_limit_comes_before_a_refusal_that_is_only_noticed() -> None:
    noticed = stall(StallKind.REFUSED, rule="Bash(pytest:*)")
    found = kinds(seen(SessionState.RATE_LIMITED, noticed))
    assert found == [TroubleKind.RATE_LIMITED, TroubleKind.REFUSED]


def test_what_was_refused_names_the_rule() -> None:
    found = only(seen(stall=stall(StallKind.REFUSED, rule="Bash(pytest:*)")))
    assert found.badge == "refused ×12"
    assert found.reason.startswith("nobody may answer here: Bash(pytest:*) needs an allow rule")
    found = only(seen(stall=stall(StallKind.REFUSED, StallLevel.STUCK, rule="Bash(pytest:*)")))
    assert found.badge == ""
    assert found.reason.startswith("refused ×12: nobody may answer here: Bash(pytest:*)")
    found = only(seen(stall=stall(StallKind.REFUSED, rule=", ".join(["Bash(pytest:*)"] * 9))))
    assert found.reason.startswith("what repeats: 12 times")


def test_a_notice_waits_behind_what_a_person_should_act_on() -> None:
    both = seen(
        stall=stall(StallKind.LOOP),
        run=RunInfo(True, supervised=False, started_at=START),
    )
    assert kinds(both) == [TroubleKind.NO_WATCHDOG, TroubleKind.LOOPING]
    suspected = seen(
        stall=stall(StallKind.LOOP, StallLevel.SUSPECTED),
        run=RunInfo(True, supervised=False, started_at=START),
    )
    assert kinds(suspected) == [TroubleKind.LOOPING, TroubleKind.NO_WATCHDOG]


def test_only_a_run_of_ours_misses_its_supervisor() -> None:
    assert kinds(seen(run=RunInfo(False, supervised=False))) == []
    assert kinds(seen(run=RunInfo(True, supervised=None))) == []
    assert kinds(seen(SessionState.FINISHED, run=RunInfo(True, supervised=False))) == []


@pytest.mark.parametrize(("hours", "near"), [(0.34, True), (0.36, False), (None, False)])
def test_a_limit_of_time_comes_near(hours: float | None, near: bool) -> None:
    run = RunInfo(True, supervised=True, started_at=START, limits=RunLimits(max_hours=hours))
    assert (kinds(seen(run=run)) == [TroubleKind.LIMIT_NEAR]) == near


def test_the_snapshot_of_a_loop_has_its_trouble() -> None:
    script = Script()
    script.init()
    rounds(6, ("Read", "a.py", "text"))(script)
    now = script.at or 0.0
    assert [one.kind for one in night(script).troubles] == [TroubleKind.LOOPING]
    said = JournalEntry(now, "not_stuck", data={"detector": "repeated_calls"})
    assert fold([*script.events, said]).snapshot(now + 1).troubles == ()


def test_how_near_a_detector_is_before_it_finds_anything() -> None:
    script = Script()
    script.init()
    rounds(2, ("Read", "a.py", "text"))(script)
    (near,) = night(script).nearness
    assert (near.value, near.threshold, near.is_reached) == (2, 3, False)
    rounds(1, ("Read", "a.py", "text"))(script)
    assert night(script).nearness == ()


def refused(session: Session, nth: int) -> None:
    session.bash(f"npm test -- {nth}", "This command requires approval", error=True)


def disk_full(session: Session, nth: int) -> None:
    session.fails(f"tar cf /backup/{nth}.tar src", "tar: write error: No space left on device")


def same_test(session: Session, nth: int) -> None:
    session.write("src/bell.py", f"value = {nth}\n")
    session.fails("pytest -q", "FAILED tests/test_a.py::test_b - assert 1 == 2\n1 failed in 0.1s")


def reverted(session: Session, nth: int) -> None:
    session.write("src/bell.py", f"value = {nth % 2}\n")


@pytest.mark.parametrize(
    ("step", "times", "signal"),
    [
        (refused, 2, ("refused calls", 2, 3)),
        (disk_full, 3, ("equal errors", 3, 4)),
        (same_test, 6, ("edits with the same failure", 6, 7)),
        (reverted, 4, ("returns to earlier content", 2, 5)),
    ],
)
def test_each_kind_says_how_near_it_is(
    step: Callable[[Session, int], None], times: int, signal: tuple[str, float, float]
) -> None:
    session = Session()
    session.init()
    for nth in range(times):
        step(session, nth)
    seen = night(session)
    assert seen.stall is None
    assert signal in [(one.name, one.value, one.threshold) for one in seen.nearness]


def test_what_a_stall_costs_is_the_money_since_the_last_progress() -> None:
    script = Script()
    script.init()
    script.prompt()
    rounds(4, ("Read", "a.py", "text"))(script)
    found = night(script).stall
    assert found is not None
    assert found.waste is not None
    cost = night(script).cost.usd
    assert found.waste.usd == pytest.approx(cost) if cost else found.waste.usd is None
