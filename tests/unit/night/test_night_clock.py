"""Clocks that jump: what a record's time may change, and what later records or the files disprove."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.night_script import START, Script, fold
from tui.model.events import AssistantMessage, UserMessage
from tui.model.journal import JournalEntry
from tui.model.session import AgentProcess, AgentProcesses
from tui.model.snapshot import NightSnapshot
from tui.model.timeline import KINDS
from tui.night.fold import NightFold

HOUR, YEAR = 3600.0, 365 * 86_400.0


def parts(night: NightSnapshot) -> dict[str, float]:
    """Seconds of each kind that is not zero."""
    found = {kind: round(getattr(night.time, kind), 3) for kind in KINDS}
    return {kind: seconds for kind, seconds in found.items() if seconds}


def working(script: Script, steps: int) -> None:
    """Prompts and answers, ten seconds apart."""
    for _ in range(steps):
        script.step("Bash", "make", "ok", takes=9.0)


def shifted(script: Script, seconds: float, records: int = 1) -> None:
    """The last records get times that a wrong clock would have given them."""
    for place in range(len(script.events) - records, len(script.events)):
        event = script.events[place]
        assert event.at is not None
        script.events[place] = type(event)(
            event.source,
            event.offset,
            event.length,
            event.body,
            event.uuid,
            event.session,
            event.at + seconds,
            event.thread,
        )


@pytest.mark.parametrize("ahead", [3 * HOUR, YEAR])
@pytest.mark.parametrize("records", [1, 2, 20])
def test_records_from_the_future_move_nothing(ahead: float, records: int) -> None:
    script = Script()
    script.prompt(after=0.0)
    working(script, 20)
    shifted(script, ahead, records)
    working(script, 20)
    seen = fold(script.events).snapshot((script.at or 0.0) + 50.0)
    assert (seen.timeline.start, seen.activity.last_event_at) == (START, script.at)
    assert seen.time.total == pytest.approx(450.0)
    assert seen.activity.idle_seconds == 50.0
    assert parts(seen).keys() == {"working", "tool"}
    assert not [mark for mark in seen.timeline.marks if mark.kind == "stall"]


def test_one_wrong_record_is_taken_back_at_once() -> None:
    """An hour ahead and an hour of now: nothing but the next record tells."""
    script = Script()
    script.prompt(after=0.0)
    working(script, 3)
    shifted(script, HOUR)
    script.say("next", 1.0)
    seen = fold(script.events).snapshot(START + 9 * HOUR)
    assert seen.activity.last_event_at == script.at


@pytest.mark.parametrize("more", [0, 1, 3])
def test_a_last_record_of_a_time_to_come_is_none_of_now(more: int) -> None:
    script = Script()
    script.prompt(after=0.0)
    working(script, 5)
    call = script.call("Bash", "date", YEAR)
    for _ in range(more):
        script.answer(call, "ok", 1.0)
    seen = fold(script.events).snapshot(START + HOUR)
    assert seen.activity.last_event_at == START + 50.0
    assert seen.activity.idle_seconds == HOUR - 50.0
    assert seen.time.total == pytest.approx(HOUR)
    assert all((tool.since or 0.0) <= START + 50.0 for tool in seen.activity.tools)


def test_the_time_of_the_file_disproves_a_last_record() -> None:
    script = Script()
    script.prompt(after=0.0)
    working(script, 5)
    script.say("all done", 5 * HOUR, final=True)
    made = fold(script.events)
    later = START + 100 * HOUR
    assert made.snapshot(later).activity.last_event_at == START + 50.0 + 5 * HOUR
    made.written_at = START + 51.0
    assert made.snapshot(later).activity.last_event_at == START + 50.0
    made.written_at = START - YEAR  # a clock of its own: it says nothing about these records
    assert made.snapshot(later).activity.last_event_at == START + 50.0 + 5 * HOUR


def test_what_ended_with_a_wrong_clock_ended_no_later_than_known() -> None:
    script = Script()
    script.prompt(after=0.0)
    working(script, 5)
    script.result(0.1, YEAR)
    seen = fold(script.events).snapshot(START + HOUR)
    assert seen.state == "finished"
    assert seen.run.ended_at == START + 50.0
    assert seen.activity.since == START + 50.0


def test_a_session_whose_clock_is_ahead_as_a_whole_is_kept() -> None:
    script = Script()
    script.prompt(after=0.0)
    working(script, 5)
    seen = fold(script.events).snapshot(START - 8 * HOUR)
    assert seen.activity.idle_seconds == 0.0
    assert seen.time.total == 50.0


def test_the_first_record_may_be_the_wrong_one() -> None:
    script = Script()
    script.prompt(after=0.0)
    shifted(script, 5 * HOUR)
    working(script, 5)
    seen = fold(script.events).snapshot(START + 60.0)
    assert seen.timeline.start == START + 1.0
    assert seen.activity.last_event_at == script.at


def test_first_lines_that_are_newer_than_the_rest() -> None:
    script = Script()
    script.at = START + 4 * HOUR
    script.say("Warmup", 0.0, thread="sidechain")
    script.say("Ready", 2.0, thread="sidechain")
    script.at = START
    script.prompt(after=0.0)
    working(script, 100)
    script.result(0.1, 1.0)
    seen = fold(script.events).snapshot(START + 5 * HOUR)
    assert (seen.timeline.start, seen.timeline.end) == (START, START + 1001.0)
    assert seen.time.total == pytest.approx(1001.0)


def test_a_helper_that_tells_of_its_past_takes_nothing_back() -> None:
    script = Script()
    script.prompt(after=0.0)
    script.say("after a long absence", 2 * HOUR)
    script.say("late", -800.0, thread="agent-1")
    seen = fold(script.events).snapshot(START + 2 * HOUR)
    assert seen.activity.last_event_at == START + 2 * HOUR


def test_an_absence_that_others_confirm_is_kept() -> None:
    script = Script()
    script.prompt(after=0.0)
    script.say("done", 5.0, final=True)
    script.prompt("go on", 10 * HOUR)
    working(script, 3)
    script.say("of the past", -HOUR)
    seen = fold(script.events).snapshot(START + 12 * HOUR)
    assert parts(seen)["idle"] == 10 * HOUR
    assert seen.activity.last_event_at == START + 10 * HOUR + 35.0


def test_undated_lines_after_a_wrong_one_do_not_confirm_it() -> None:
    script = Script()
    script.prompt(after=0.0)
    working(script, 2)
    shifted(script, YEAR)
    for _ in range(5):
        script.add(UserMessage("note", "x"), 0.0, timed=False)
    script.say("next", 1.0)
    script.add(UserMessage("note", "x"), 0.0, timed=False)
    seen = fold(script.events).snapshot(START + 2 * YEAR)
    assert seen.activity.last_event_at == script.at


def test_a_clock_set_back_for_good_goes_on_from_there() -> None:
    script = Script()
    script.prompt(after=0.0)
    working(script, 2)
    script.at = START + 10 * HOUR
    working(script, 2)
    script.at = START + HOUR
    working(script, 20)
    seen = fold(script.events).snapshot(START + HOUR + 210.0)
    assert seen.activity.last_event_at == script.at
    assert seen.time.total == pytest.approx(HOUR + 210.0)


# --- waiting and sleeping ---


@pytest.mark.parametrize("tool", ["AskUserQuestion", "ExitPlanMode"])
@pytest.mark.parametrize("hours", [0.02, 0.5, 2.0, 14.0])
def test_a_question_to_a_person_is_waiting_live_and_afterwards(tool: str, hours: float) -> None:
    script = Script("t.jsonl")
    script.prompt(after=0.0)
    call = script.call(tool, "SQLite or Postgres?", 10.0)
    later = START + 10.0 + hours * HOUR
    lives = [AgentProcesses(later, (AgentProcess(7, 1.0, "s1"),))]
    open_night = fold(script.events, lives).snapshot(later)
    assert open_night.state == "waiting_permission"
    assert parts(open_night) == {"working": 10.0, "idle": round(hours * HOUR, 3)}
    script.answer(call, "SQLite", hours * HOUR)
    script.say("Built.", 5.0, final=True)
    closed = fold(script.events).snapshot(START + 15.0 + hours * HOUR)
    assert parts(closed) == {"working": 15.0, "idle": round(hours * HOUR, 3)}
    assert not [mark for mark in closed.timeline.marks if mark.kind == "stall"]


def test_time_before_a_person_refused_was_theirs() -> None:
    script = Script("t.jsonl")
    script.prompt(after=0.0)
    call = script.call("Bash", "rm -r build", 10.0)
    refused = "The user doesn't want to proceed with this tool use. The tool use was rejected"
    script.answer(call, refused, 5000.0, error=True)
    assert parts(fold(script.events).snapshot(script.at or 0.0)) == {"working": 10.0, "idle": 5000}


def test_a_process_that_was_seen_waiting_had_asked() -> None:
    script = Script("t.jsonl")
    script.prompt(after=0.0)
    call = script.call("Bash", "make", 10.0)
    waiting = AgentProcess(7, 1.0, status="waiting", waiting_for="permission")
    seen = AgentProcesses(START + 600.0, (waiting,))
    made = fold(script.events, [seen])
    assert parts(made.snapshot(START + 1010.0)) == {"working": 10.0, "idle": 1000.0}
    made.apply([script.answer(call, "ok", 5000.0)])
    assert parts(made.snapshot(script.at or 0.0)) == {"working": 10.0, "idle": 5000.0}


@pytest.mark.parametrize("supervised", [False, True])
def test_what_goes_on_by_itself_after_hours_had_slept(supervised: bool) -> None:
    """Its own timers would have ended the wait; our supervisor would have noted the sleep."""
    script = Script()
    script.init(after=0.0)
    script.say("looking", 10.0)
    script.say("further", 6 * HOUR)
    ours = [JournalEntry(START - 1.0, "segment_started", "", {"attempt": 1})] if supervised else []
    seen = fold(ours, script.events).snapshot(script.at or 0.0)
    kind = "stalled" if supervised else "idle"
    assert parts(seen)[kind] == 6 * HOUR
    assert bool([mark for mark in seen.timeline.marks if mark.kind == "stall"]) == supervised


@pytest.mark.parametrize("hours", [0.7, 3.0])
def test_a_subagent_that_came_back_was_at_work(hours: float) -> None:
    """Its own records may be in a file that nobody reads."""
    script = Script("t.jsonl")
    script.prompt(after=0.0)
    call = script.call("Agent", "look around", 10.0)
    script.answer(call, "a report", hours * HOUR)
    seen = fold(script.events).snapshot(script.at or 0.0)
    assert parts(seen) == {"working": 10.0, "tool": hours * HOUR}


def test_the_same_question_again_is_no_loop() -> None:
    script = Script("t.jsonl")
    script.prompt(after=0.0)
    for _ in range(10):
        script.step("AskUserQuestion", "Go on?", "Yes")
    seen = fold(script.events).snapshot(script.at or 0.0)
    assert seen.circling == ()
    assert seen.stall is None


def test_what_a_person_had_to_end_had_stalled() -> None:
    script = Script()
    script.init(after=0.0)
    script.add(UserMessage("interrupted", "[Request interrupted by user]"), 6 * HOUR)
    assert parts(fold(script.events).snapshot(script.at or 0.0)) == {"stalled": 6 * HOUR}


# --- whatever the times are ---


def _scripted(choices: list[tuple[str, float, bool]]) -> Script:
    script = Script()
    calls: list[str] = []
    for what, step, timed in choices:
        if what == "say":
            script.say("x", step)
        elif what == "final":
            script.say("x", step, final=True)
        elif what == "call":
            calls.append(script.call("Bash", "make", step))
        elif what == "ask":
            calls.append(script.call("AskUserQuestion", "?", step))
        elif what == "answer" and calls:
            script.answer(calls.pop(), "x", step)
        elif what == "agent":
            body = AssistantMessage("a", "", "m", None, False, "x")
            script.add(body, step, thread="agent-1", timed=timed)
        elif what == "result":
            script.result(0.1, step)
        else:
            script.add(UserMessage("prompt", "x"), step, timed=timed)
    return script


jumps = st.sampled_from([0.0, 1.0, 30.0, 89.0, 91.0, 400.0, 4000.0, 8 * HOUR, YEAR])
steps = st.tuples(
    st.sampled_from(["say", "final", "call", "ask", "answer", "agent", "result", "prompt"]),
    st.one_of(jumps, jumps.map(lambda seconds: -seconds)),
    st.booleans(),
)


@settings(deadline=None, max_examples=400)
@given(st.lists(steps, min_size=1, max_size=40), st.floats(-YEAR, YEAR), st.data())
def test_parts_are_the_whole_whatever_the_clock_does(
    choices: list[tuple[str, float, bool]], later: float, data: st.DataObject
) -> None:
    script = _scripted(choices)
    made = fold(script.events)
    now = (script.at or 0.0) + later
    made.written_at = data.draw(st.none() | st.floats(START - YEAR, START + YEAR))
    seen = made.snapshot(now)
    line, whole = seen.timeline, seen.time.total
    assert all(getattr(seen.time, kind) >= 0.0 for kind in KINDS)
    assert sum(getattr(seen.time, kind) for kind in KINDS) == pytest.approx(whole, abs=1e-3)
    start, end = line.start, line.end
    if start is None or end is None:
        assert whole == 0.0
        return
    assert end - start == pytest.approx(whole, abs=1e-3)
    buckets = sum(sum(bucket.seconds) for bucket in line.buckets)
    gaps = sum(gap.end - gap.start for gap in line.gaps)
    assert all(second >= 0.0 for bucket in line.buckets for second in bucket.seconds)
    assert all(start <= gap.start <= gap.end <= end for gap in line.gaps)
    assert buckets + gaps == pytest.approx(whole, abs=1e-3)
    # Where every record is ahead of the clock, the file's own time counts.
    since = start if made.written_at is None or start <= now else min(start, made.written_at)
    assert 0.0 <= seen.activity.idle_seconds <= max(0.0, now - since)


@settings(deadline=None, max_examples=200)
@given(st.lists(steps, min_size=1, max_size=30))
def test_a_night_read_at_once_and_one_watched_agree(choices: list[tuple[str, float, bool]]) -> None:
    script = _scripted(choices)
    watched = NightFold()
    for event in script.events:
        watched.apply([event])
        watched.snapshot((event.at or START) + 5.0)
    end = (script.at or 0.0) + 1.0
    assert watched.snapshot(end).time == fold(script.events).snapshot(end).time
