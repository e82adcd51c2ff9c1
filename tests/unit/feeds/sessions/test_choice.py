"""The order in which sessions are meant where nobody named one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tui.feeds.sessions.choice import choose
from tui.model.session import AgentProcess, KnownSession, Nearness
from tui.model.state import OVER, SessionState

NOW = 1_770_000_000.0
HOUR = 3600.0
WORKS, WAITS, ENDED = SessionState.WORKING, SessionState.WAITING_INPUT, SessionState.FINISHED
PROCESS = AgentProcess(41, NOW - HOUR)


def session(
    name: str,
    state: SessionState = ENDED,
    *,
    age: float = HOUR,
    began: float | None = None,
    **more: Any,
) -> KnownSession:
    facts: dict[str, Any] = {"kind": "transcript", "path": f"/t/{name}", **more}
    if state not in OVER and "process" not in facts and facts["kind"] != "run":
        facts["process"] = PROCESS
    return KnownSession(
        session_id=name,
        folder="/p",
        started_at=NOW - (age + HOUR if began is None else began),
        changed_at=NOW - age,
        state=state,
        **facts,
    )


def run(name: str, state: SessionState = ENDED, **more: Any) -> KnownSession:
    return session(name, state, kind="run", run_id=name, **more)


def chosen(*sessions: KnownSession) -> str:
    found = choose(sessions, NOW)
    return found.session_id if found is not None else ""


def test_the_order_from_working_to_ended() -> None:
    works = session("works", WORKS, age=600)
    waits = session("waits", WAITS, age=300)
    ours = run("ours", age=2 * HOUR)
    last = session("last", age=120)
    order = [works, waits, ours, last]
    while order:
        assert chosen(*reversed(order)) == order[0].session_id
        order = order[1:]
    assert chosen() == ""


def test_a_question_displaces_nothing_but_is_shown_where_nothing_else_is() -> None:
    question = session("question", WORKS, age=0, has_substance=False)
    assert chosen(question, session("night", age=30 * 24 * HOUR)) == "night"
    assert chosen(question) == "question"


def test_an_old_session_that_works_again_goes_before_a_newer_one_that_ended() -> None:
    assert chosen(session("old", WORKS, age=3, began=72 * HOUR), session("new", age=240)) == "old"


def test_between_two_turns_a_session_counts_as_at_work() -> None:
    younger = session("younger", WAITS, age=20, began=HOUR)
    older = session("older", WORKS, age=1, began=5 * HOUR)
    assert chosen(younger, older) == "younger"
    assert chosen(replace(younger, changed_at=NOW - 100), older) == "older"
    idle = replace(younger, process=replace(PROCESS, status="idle"))
    assert chosen(idle, older) == "older", "its process says that it waits"
    assert chosen(idle, session("waits", WAITS, age=300, began=60)) == "younger"


@pytest.mark.parametrize("ages", [(0.0, 50.0), (50.0, 0.0)])
def test_two_at_work_take_no_turns(ages: tuple[float, float]) -> None:
    first, second = ages
    assert (
        chosen(
            session("early", WORKS, age=first, began=5 * HOUR),
            session("late", WORKS, age=second, began=HOUR),
        )
        == "late"
    )


def test_one_that_only_talks_displaces_none_that_works() -> None:
    asks = session("asks", WORKS, age=1, began=20, only_talks=True)
    assert chosen(asks, session("night", WORKS, age=50, began=9 * HOUR)) == "night"
    assert chosen(asks, session("waits", WAITS, age=HOUR)) == "asks"


@pytest.mark.parametrize("ages", [(HOUR, 2 * HOUR), (2 * HOUR, HOUR)])
def test_two_that_wait_take_no_turns(ages: tuple[float, float]) -> None:
    first, second = ages
    assert (
        chosen(
            session("early", WAITS, age=first, began=9 * HOUR),
            session("late", WAITS, age=second, began=3 * HOUR),
        )
        == "late"
    )


def test_an_open_question_goes_before_an_open_prompt() -> None:
    asks = session("asks", SessionState.WAITING_PERMISSION, age=5 * HOUR, began=9 * HOUR)
    assert chosen(asks, session("idle", WAITS, age=HOUR, began=2 * HOUR)) == "asks"


def test_a_window_left_open_before_the_night_began_is_not_the_night() -> None:
    window = session("window", WAITS, age=10 * HOUR, began=20 * HOUR)
    assert chosen(window, run("night", age=HOUR, began=9 * HOUR)) == "night"
    assert chosen(window, session("night", age=HOUR, began=9 * HOUR)) == "night"
    talked = replace(window, changed_at=NOW - 1800)
    assert chosen(talked, run("night", age=HOUR, began=9 * HOUR)) == "window"
    asks = replace(window, state=SessionState.WAITING_PERMISSION)
    assert chosen(asks, run("night", age=HOUR, began=9 * HOUR)) == "window"


def test_our_run_at_work_is_not_left_unless_nobody_watches_it() -> None:
    beside = session("beside", WORKS, age=0)
    assert chosen(run("ours", WORKS, age=HOUR), beside) == "ours"
    assert chosen(run("ours", WORKS, age=13 * HOUR), beside) == "beside"
    assert chosen(run("ours", WORKS, age=13 * HOUR, process=PROCESS), beside) == "ours"
    assert chosen(run("ours", SessionState.RESTARTING, age=13 * HOUR), beside) == "ours"


def test_our_run_that_ended_gives_way_to_what_came_long_after() -> None:
    assert chosen(run("ours", age=11 * HOUR), session("later", age=60)) == "ours"
    assert chosen(run("ours", age=13 * HOUR), session("later", age=60)) == "later"
    assert chosen(run("old", age=13 * HOUR), run("ours", age=HOUR)) == "ours"


def test_a_run_of_another_machine_gives_way_to_any_newer_session_here() -> None:
    there = run("there", WORKS, age=HOUR, host="attic")
    assert chosen(there, session("older", age=2 * HOUR)) == "there"
    assert chosen(there, session("newer", age=600)) == "newer"


def test_nearer_goes_first_unless_the_farther_does_more() -> None:
    below = session("below", age=60, nearness=Nearness.BELOW)
    tree = session("tree", age=10, nearness=Nearness.WORK_TREE)
    here = session("here", age=9 * HOUR)
    assert chosen(below, tree, here) == "here"
    assert chosen(below, tree) == "below"
    assert chosen(tree) == "tree"
    assert chosen(here, replace(below, state=WORKS)) == "below"
    works = replace(tree, state=WORKS, process=PROCESS)
    assert chosen(here, works) == "tree"
    assert chosen(replace(here, state=WAITS), works) == "here"
    assert chosen(here, replace(works, state=WAITS, changed_at=NOW - 600)) == "here"


def test_neither_what_has_no_file_nor_what_may_be_anothers_is_chosen() -> None:
    assert chosen(session("unwritten", WORKS, path="")) == ""
    assert chosen(session("gone", nearness=Nearness.GONE)) == ""


def test_a_file_that_grows_is_at_work_but_a_living_process_is_surer() -> None:
    grows = session("grows", WORKS, age=100, began=600, process=None)
    assert chosen(grows, session("ended", age=10)) == "grows"
    assert chosen(grows, session("lives", WORKS, age=300, began=5 * HOUR)) == "lives"


@st.composite
def sets(draw: st.DrawFn) -> list[KnownSession]:
    known = []
    for number in range(draw(st.integers(0, 7))):
        kind = draw(st.sampled_from(["transcript", "stream", "run"]))
        state = draw(st.sampled_from([*SessionState]))
        age = draw(st.floats(0, 40 * HOUR))
        lives = state not in OVER and draw(st.booleans())
        known.append(
            session(
                f"s{number}",
                state,
                age=age,
                began=age + draw(st.floats(0, 200 * HOUR)),
                kind=kind,
                run_id=f"r{number}" if kind == "run" else "",
                process=PROCESS if lives else None,
                has_substance=kind == "run" or draw(st.booleans()),
                nearness=draw(st.sampled_from([*Nearness])),
                host=draw(st.sampled_from(["", "", "attic"])) if kind == "run" else "",
            )
        )
    return known


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sets(), st.randoms(use_true_random=False))
def test_any_set_has_one_answer_that_keeps_the_order(
    known: list[KnownSession], random: Any
) -> None:
    found = choose(known, NOW)
    usable = [one for one in known if one.nearness is not Nearness.GONE]
    assert (found is None) == (not usable)
    if found is None:
        return
    shuffled = list(known)
    random.shuffle(shuffled)
    assert choose(shuffled, NOW) == found
    assert found in usable
    pool = [one for one in usable if one.has_substance] or usable
    assert found in pool
    here = [one for one in pool if one.nearness is Nearness.HERE and one.kind != "run"]
    if any(one.state is WORKS and one.process is not None for one in here):
        assert found.state not in OVER
        assert found.nearness <= Nearness.BELOW
