"""Where the night went: every second once, gaps of days for nothing, and the marks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.night_script import MODEL, START, Script, fold, night
from tui.model.events import (
    AgentStateReport,
    ApiRetry,
    AssistantMessage,
    Compaction,
    RateLimit,
    StreamDelta,
    TokenUsage,
    ToolCall,
    ToolResult,
    UserMessage,
)
from tui.model.journal import JournalEntry
from tui.model.records import Commit
from tui.model.timeline import TimeTotals
from tui.night.timeline_builder import (
    IDLE,
    MOST_BUCKETS,
    MOST_MARKS,
    TOOL,
    WORKING,
    TimelineBuilder,
    build_timeline,
    resolve_gaps,
)


def kinds(sums: TimeTotals) -> dict[str, float]:
    fields = ("working", "tool", "waiting_api", "rate_limited", "stalled", "dead", "idle")
    return {name: round(getattr(sums, name), 3) for name in fields if getattr(sums, name)}


def test_a_night_in_seconds() -> None:
    script = Script()
    script.init(after=0.0)
    script.say("looking", 10.0)
    call = script.call("Bash", "make", 5.0)
    script.answer(call, "ok", 60.0)
    script.add(AgentStateReport("requesting"), 0.0)
    script.add(StreamDelta("message_start", "m"), 20.0)
    script.say("done", 5.0)
    script.result(0.1, 1.0)
    script.prompt("more", 50.0)
    assert kinds(night(script, 0.0).time) == {
        "working": 21.0,
        "tool": 60.0,
        "waiting_api": 20.0,
        "idle": 50.0,
    }
    assert night(script, 0.0).time.total == 151.0


def test_the_tail_counts_until_now_and_ends_with_the_night() -> None:
    script = Script()
    script.init(after=0.0)
    script.call("Bash", "make", 10.0)
    assert kinds(night(script, 40.0).time) == {"working": 10.0, "tool": 40.0}
    assert kinds(night(script, 4000.0).time) == {"working": 10.0, "stalled": 4000.0}
    script.result(0.1, 5.0)
    assert kinds(night(script, 9000.0).time) == {"working": 10.0, "tool": 5.0}


def test_a_silence_beyond_its_budget_was_a_stall() -> None:
    script = Script()
    script.init(after=0.0)
    script.say("late", 600.0)
    seen = night(script, 0.0)
    assert kinds(seen.time) == {"stalled": 600.0}
    assert [(gap.kind, gap.end - gap.start) for gap in seen.timeline.gaps] == [("stalled", 600.0)]
    assert [mark.kind for mark in seen.timeline.marks] == ["stall"]


def test_retries_and_limits_are_waiting() -> None:
    script = Script()
    script.init(after=0.0)
    script.add(ApiRetry(1, 10, 200.0, 529, "overloaded"), 0.0)
    script.add(ApiRetry(2, 10, 200.0, 429, "rate_limit"), 200.0)
    script.say("x", 200.0)
    script.add(RateLimit("rejected", START + 9000.0, "five_hour"), 0.0)
    script.say("x", 7000.0)
    assert kinds(night(script, 0.0).time) == {"waiting_api": 200.0, "rate_limited": 7200.0}


def test_a_new_beginning_in_an_open_turn_means_it_was_dead() -> None:
    script = Script()
    script.init(after=0.0)
    script.call("Bash", "make", 10.0)
    script.init(after=5000.0)
    assert kinds(night(script, 0.0).time) == {"working": 10.0, "dead": 5000.0}


def test_the_journal_knows_when_the_agent_was_dead() -> None:
    script = Script()
    script.init(after=0.0)
    script.call("Bash", "make", 10.0)
    script.at = START + 400.0
    script.init(after=0.0)
    journal = [
        JournalEntry(START - 1.0, "segment_started", "", {"attempt": 1, "why": "start"}),
        JournalEntry(START + 60.0, "segment_ended", "", {"code": None, "signal": 9}),
        JournalEntry(START + 390.0, "segment_started", "", {"attempt": 2, "why": "crash"}),
    ]
    for order in ((journal, script.events), (script.events, journal)):
        seen = fold(*order).snapshot(START + 400.0)
        assert kinds(seen.time) == {"working": 10.0, "dead": 390.0}
        assert seen.interventions.restarts == 1


def test_a_transcript_waits_for_its_person_after_the_last_word() -> None:
    script = Script("t.jsonl")
    script.prompt(after=0.0)
    script.say("done", 10.0, final=True)
    script.prompt("more", 3000.0)
    assert kinds(night(script, 0.0).time) == {"working": 10.0, "idle": 3000.0}


def test_a_sleeping_machine_is_idle() -> None:
    script = Script()
    script.init(after=0.0)
    script.call("Bash", "make", 10.0)
    script.add(AgentStateReport("running"), 7200.0)
    slept = [
        JournalEntry(START - 1.0, "segment_started", "", {"attempt": 1, "why": "start"}),
        JournalEntry(START + 7205.0, "suspended", "", {"seconds": 7000.0}),
    ]
    times = fold(slept[:1], script.events, slept[1:]).snapshot(START + 7210.0).time
    assert times.idle == pytest.approx(7000.0)


def test_days_cost_nothing() -> None:
    script = Script()
    for _ in range(50):
        script.init(after=9 * 86_400.0)
    made = fold(script.events)
    line = made.snapshot(script.at or 0.0).timeline
    assert len(line.gaps) == 49
    assert len(line.buckets) == 0
    assert len(made.save()) < 100_000


def test_buckets_are_minutes_with_their_seconds() -> None:
    script = Script(start=START)
    script.init(after=0.0)
    script.call("Bash", "make", 30.0)
    script.add(AgentStateReport("running"), 60.0)
    line = night(script, 0.0).timeline
    assert [bucket.start % 60 for bucket in line.buckets] == [0.0] * len(line.buckets)
    assert sum(sum(bucket.seconds) for bucket in line.buckets) == pytest.approx(90.0)
    assert line.buckets[-1].kind == "tool"
    assert (line.start, line.end) == (START, START + 90.0)


@pytest.mark.parametrize("first", [0.0, 60.0])
def test_a_very_long_night_is_told_in_longer_minutes(first: float) -> None:
    strip = TimelineBuilder(start=first, clock=first)
    at = first
    for number in range(2 * MOST_BUCKETS + 10):
        strip.add_time(at, at + 60.0, (WORKING, TOOL, IDLE)[number % 3])
        at += 60.0
    strip.clock = at
    line, sums = build_timeline(strip, resolve_gaps(strip, ()), (), (), None)
    assert line.resolution > 60.0
    assert len(line.buckets) <= MOST_BUCKETS + 1
    assert sums.total == pytest.approx(at - first)
    assert sum(sum(bucket.seconds) for bucket in line.buckets) == pytest.approx(at - first)
    starts = [bucket.start for bucket in line.buckets]
    assert starts == sorted(set(starts))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(min_value=0.0, max_value=4000.0), max_size=60), st.data())
def test_every_second_counts_once(steps: list[float], data: st.DataObject) -> None:
    script = Script()
    script.init(after=0.0)
    for step in steps:
        what = data.draw(st.sampled_from(["say", "step", "result", "retry", "prompt"]))
        if what == "say":
            script.say("x", step)
        elif what == "step":
            script.step("Bash", "make", "x", takes=step)
        elif what == "result":
            script.result(0.1, step)
        elif what == "retry":
            script.add(ApiRetry(1, 10, 5.0, 529, "x"), step)
        else:
            script.prompt("x", step)
    seen = night(script, 0.0)
    assert seen.time.total == pytest.approx((script.at or 0.0) - START, abs=1e-3)
    poured = sum(sum(bucket.seconds) for bucket in seen.timeline.buckets)
    gaps = sum(gap.end - gap.start for gap in seen.timeline.gaps)
    assert poured + gaps == pytest.approx(seen.time.total, abs=1e-3)


def test_marks_in_order_and_bounded() -> None:
    script = Script()
    script.init()
    script.add(Compaction("auto", 990_000, 2_600))
    commits = [Commit(f"c{n}", START - n, f"commit {n}", 1, 1, 1) for n in range(MOST_MARKS + 50)]
    marks = night(script, 0.0, commits).timeline.marks
    assert [mark.at for mark in marks] == sorted(mark.at for mark in marks)
    assert len(marks) <= MOST_MARKS + 1
    assert marks[-1].kind == "compaction"
    assert marks[-1].label == "990,000 tokens to 2,600"
    assert marks[-1].ref == script.events[1].ref


@pytest.mark.parametrize(
    ("seconds", "error", "kind"),
    [(600.0, False, "tool"), (600.0, True, "stalled"), (2_000.0, False, "stalled")],
)
def test_a_long_command_that_came_back_was_at_work(seconds: float, error: bool, kind: str) -> None:
    script = Script()
    script.init(after=0.0)
    call = script.call("Bash", "make all", 0.0)
    script.answer(call, "done", seconds, error=error)
    assert kinds(night(script, 0.0).time) == {kind: seconds}


def test_a_wait_told_by_its_end_only_is_a_limits_wait() -> None:
    """Without times of their own the first words after a limit seem to come before the wait."""
    script = Script()
    script.init(after=0.0)
    script.add(RateLimit("rejected", START + 7200.0, "five_hour"), 0.0)
    use = ToolCall("t1", "Bash", "make", 1)
    usage = TokenUsage(1, 1)
    script.add(AssistantMessage("m1", "r1", MODEL, usage, False, tools=(use,)), 0.0, timed=False)
    script.add(UserMessage("results", results=(ToolResult("t1", False, "ok", 2),)), 7215.0)
    assert kinds(night(script, 0.0).time) == {"rate_limited": 7215.0}
