"""The fold as a whole: once and only once, in any batches, saved and taken up anywhere."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.night_script import MODEL, START, Script, fold, night
from tui.model.events import (
    AgentEvent,
    AgentStateReport,
    ApiRetry,
    AssistantMessage,
    Body,
    Compaction,
    ControlMessage,
    HookRun,
    MalformedLine,
    MessageLifecycle,
    ModelUsage,
    Notice,
    PermissionDenied,
    RateLimit,
    RunningCost,
    SilentRecord,
    StreamDelta,
    TaskUpdate,
    TokenUsage,
    ToolCall,
    ToolHeartbeat,
    ToolResult,
    TurnResult,
    TurnStarted,
    UnknownRecord,
    UserMessage,
)
from tui.model.journal import JournalEntry
from tui.model.records import (
    Arrival,
    Commit,
    CompactionHistoryLine,
    LogEntry,
    ProgressFile,
    ProgressSection,
    ProgressTask,
    Record,
    SessionHistoryLine,
    SessionNotes,
)
from tui.model.session import AgentProcess, AgentProcesses
from tui.model.state import StallThresholds
from tui.night.fold import VERSION, NightFold
from tui.night.fold_state import Counters
from tui.system.errors import FoldCacheError, OvernightError

few = st.integers(min_value=0, max_value=4)
usages = (
    st.builds(TokenUsage, *[st.sampled_from([0, 1, 17, 900, 120_000]) for _ in range(5)])
    | st.none()
)
words = st.sampled_from(["", "let me see", "the same", "41 passed in 1.2s", "1 failed in 0.1s"])
names = st.sampled_from(["Bash", "Edit", "Read", "Agent", "Write", "AskUserQuestion"])
targets = st.sampled_from(
    ["pytest -q", "a.py", "sleep 3; x", "git status", "git commit -m 'x'", "rm src/a.py", "b.md"]
)
calls = st.builds(lambda n: f"call-{n}", few)
tool_uses = st.builds(ToolCall, calls, names, targets, few, targets)
results = st.builds(
    ToolResult, calls, st.booleans(), words, few, agent_id=st.sampled_from(["", "a1"])
)
told = st.lists(
    st.builds(
        ModelUsage,
        st.sampled_from([MODEL, "glm-5.1", "claude-haiku-4-5"]),
        st.builds(TokenUsage, st.sampled_from([0, 17, 900, 121_000])),
        st.sampled_from([0.0, 0.25, 1.5]),
        st.sampled_from([0, 200_000]),
    ),
    max_size=2,
).map(tuple)
bodies: st.SearchStrategy[Body] = st.one_of(
    st.builds(
        AssistantMessage,
        st.builds(lambda n: f"m{n}", few),
        st.sampled_from(["", "r1", "r2"]),
        st.sampled_from([MODEL, "glm-5.1", "<synthetic>"]),
        usages,
        st.booleans(),
        words,
        st.booleans(),
        st.lists(tool_uses, max_size=2).map(tuple),
        st.sampled_from(["", "", "", "rate_limit"]),
    ),
    st.builds(
        UserMessage,
        st.sampled_from(
            ["prompt", "results", "synthetic", "replay", "interrupted", "summary", "note"]
        ),
        words,
        st.lists(results, max_size=2).map(tuple),
    ),
    st.builds(
        TurnResult,
        st.sampled_from(["success", "error_max_turns"]),
        st.booleans(),
        few,
        few,
        st.sampled_from([None, 0.0, 0.25, 0.5, 1.5, 1.75]),
        told,
        text=words,
    ),
    st.builds(
        StreamDelta,
        st.sampled_from(["message_start", "message_delta", "message_stop"]),
        st.sampled_from(["", "m1", "m2"]),
        st.just(""),
        usages,
    ),
    st.builds(
        TurnStarted,
        st.sampled_from([MODEL, "claude-opus-4-6[1m]"]),
        st.just("/w"),
        st.just("2.1.329"),
        words,
    ),
    st.builds(
        ApiRetry, few, few, st.sampled_from([1.0, 300.0]), st.sampled_from([429, 529]), words
    ),
    st.builds(RateLimit, st.sampled_from(["allowed", "rejected"]), st.just(START + 900.0), words),
    st.builds(Compaction, words, few, few),
    st.builds(
        TaskUpdate,
        st.sampled_from(["started", "progress", "ended"]),
        calls,
        calls,
        words,
        st.sampled_from(["", "local_agent"]),
    ),
    st.builds(ToolHeartbeat, calls, names, st.just(30.0)),
    st.builds(MessageLifecycle, st.just("u1"), st.sampled_from(["queued", "started", "completed"])),
    st.builds(
        AgentStateReport, st.sampled_from(["running", "idle", "requires_action", "requesting", ""])
    ),
    st.builds(RunningCost, st.sampled_from([0.0, 0.3, 2.0])),
    st.builds(PermissionDenied, names, calls, words, st.booleans()),
    st.builds(ControlMessage, words, st.sampled_from(["can_use_tool", "x"]), st.booleans()),
    st.builds(Notice, st.just("local_command"), words),
    st.builds(HookRun, words, words, words),
    st.builds(SilentRecord, words),
    st.builds(UnknownRecord, st.sampled_from(["new", "newer"]), words),
    st.builds(MalformedLine, words, words, few),
)
moments = (
    st.sampled_from([START + n for n in (0.0, 1.0, 7.0, 60.0, 61.5, 400.0, 90_000.0)]) | st.none()
)
events = st.builds(
    AgentEvent,
    st.sampled_from(["stream", "transcript", "agent"]),
    st.integers(min_value=0, max_value=2_000),
    st.just(10),
    bodies,
    st.sampled_from(["", "", *[f"uuid-{n}" for n in range(12)]]),
    st.sampled_from(["", "s1", "s2"]),
    moments,
    st.sampled_from(["", "", "call-1", "a1"]),
)
interventions = st.builds(
    JournalEntry,
    st.sampled_from([START, START + 50.0, START + 500.0]),
    st.sampled_from(
        [
            "run_started",
            "segment_started",
            "segment_ended",
            "run_ended",
            "inject",
            "injection",
            "checkpoint",
            "rewind",
            "suspended",
            "restart_scheduled",
            "kill",
            "stall",
            "handover",
        ]
    ),
    st.just("u1"),
    st.sampled_from(
        [{}, {"session": "s1"}, {"session": "s2", "resume_of": "s1"}, {"state": "seen", "code": 1}]
    ),
)
others: st.SearchStrategy[Record] = st.one_of(
    interventions,
    st.builds(
        Arrival,
        st.sampled_from(["stream", "agent"]),
        few.map(lambda n: n * 500),
        moments.map(lambda at: at or START),
    ),
    st.builds(Commit, calls, st.just(START + 3.0), words, few, few, few),
    st.builds(
        AgentProcesses,
        st.just(START + 500.0),
        st.just(()) | st.just((AgentProcess(7, START, "s1"),)),
    ),
    st.just(
        ProgressFile(
            "p", START, "checkboxes", 1, 2, sections=(ProgressSection("a", 1, 2),), goal="it"
        )
    ),
    st.builds(
        lambda done: ProgressFile(
            "p",
            START + len(done),
            "checkboxes",
            len(done),
            4 - len(done),
            tuple(ProgressTask(f"task {n}", "done" if n in done else "open") for n in range(4)),
        ),
        st.frozensets(few, max_size=3),
    ),
    st.builds(SessionNotes, st.just("n"), moments, words),
    st.just(LogEntry("w", 0, START + 50.0, "info", "Terminating session: ✗ Cost")),
    st.just(SessionHistoryLine("h", 0, START, 1, 2, 3, 0, 1.0)),
    st.just(CompactionHistoryLine("c", 0, START, 1, "x", True)),
)
nights = st.lists(events | events | others, max_size=40)
LIMITS = StallThresholds(loop_notice=2, loop_nudge=3)


@settings(deadline=None, max_examples=300)
@given(nights, st.data())
def test_batches_and_saving_change_nothing(records: list[Record], data: st.DataObject) -> None:
    whole = NightFold(thresholds=LIMITS)
    fresh = whole.apply(records)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=4)))
    parts = NightFold(thresholds=LIMITS)
    told: list[bool] = []
    for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        told += parts.apply(records[start:end])
        if data.draw(st.booleans()):
            parts.snapshot(START + 30.0)
        if data.draw(st.booleans()):
            parts = NightFold.load(parts.save(), thresholds=LIMITS)
    assert told == fresh
    assert parts.evidence_log() == whole.evidence_log()
    for now in (START - 5.0, START + 100.0, START + 100_000.0):
        assert parts.snapshot(now) == whole.snapshot(now)


@settings(deadline=None, max_examples=100)
@given(nights)
def test_a_snapshot_changes_nothing(records: list[Record]) -> None:
    one, other = NightFold(thresholds=LIMITS), NightFold(thresholds=LIMITS)
    one.apply(records)
    for record in records:
        other.apply([record])
        other.snapshot(START + 1_000_000.0)
        other.evidence_log()
    assert one.snapshot(START + 77.0) == other.snapshot(START + 77.0)
    assert one.evidence_log() == other.evidence_log()


@settings(deadline=None, max_examples=100)
@given(st.lists(events, max_size=30))
def test_a_record_told_again_counts_nothing(records: list[AgentEvent]) -> None:
    known = [
        AgentEvent("a", n, 1, e.body, f"u{n}", e.session, e.at, e.thread)
        for n, e in enumerate(records)
    ]
    again = [AgentEvent("b", e.offset, 1, e.body, e.uuid, e.session, e.at, e.thread) for e in known]
    once, twice = fold(known), fold(known)
    assert twice.apply(again) == [False] * len(again)
    first, second = once.snapshot(START), twice.snapshot(START)
    assert first.counts == second.counts
    assert first.tokens == second.tokens
    assert first.activity.state == second.activity.state
    assert first.cost == second.cost


def test_which_events_were_new() -> None:
    script = Script()
    script.init()
    script.say("x")
    made = NightFold()
    assert made.apply(script.events) == [True, True]
    commit = Commit("c", START, "x", 1, 1, 1)
    assert made.apply([script.events[1], commit, script.add(SilentRecord("t"))]) == [
        False,
        True,
        True,
    ]


def test_without_uuid_everything_is_new() -> None:
    script = Script()
    for _ in range(3):
        script.add(SilentRecord("last-prompt"), uuid="")
    assert night(script).counts.total == 3


def counted() -> Script:
    script = Script()
    script.init()
    script.prompt()
    call = script.call("Agent", "explore")
    script.add(TaskUpdate("started", "task-1", call, "explore", "local_agent"))
    script.step("Bash", "ls", thread=call)
    agent = Script("agent.jsonl", start=script.at)
    agent.step("Bash", "ls", thread="task-1")
    script.events += agent.events
    script.answer(call, "found it")
    script.step("Bash", "false", "Exit code 1", error=True)
    script.step("Edit", "a", path="a.py")
    script.add(ApiRetry(1, 10, 0.1, 529, "overloaded"))
    script.add(Compaction("auto", 1, 2))
    script.add(UnknownRecord("brand_new", "thing"))
    script.add(UnknownRecord("brand_new", "thing"))
    script.add(UnknownRecord("other", ""))
    script.add(MalformedLine("cut", "{", 1), uuid="")
    script.add(RateLimit("rejected", None, "five_hour"))
    script.result(0.1)
    return script


def test_everything_is_counted_once() -> None:
    counts = night(counted()).counts
    assert counts.total == 20
    assert counts.malformed == 1
    assert (counts.unknown, counts.unknown_types) == (3, (("brand_new/thing", 2), ("other", 1)))
    assert counts.turns == 1
    assert dict(counts.tool_calls) == {"Agent": 1, "Bash": 3, "Edit": 1}
    assert (counts.tool_errors, counts.api_retries, counts.compactions) == (1, 1, 1)
    assert (counts.subagents, counts.edits, counts.rate_limits) == (1, 1, 1)


def test_a_retry_told_by_stream_and_transcript_counts_once() -> None:
    stream, transcript = Script("s.jsonl"), Script("t.jsonl")
    for script in (stream, transcript):
        for attempt in (1, 2, 1):
            script.add(ApiRetry(attempt, 10, 1.0, 529, "overloaded"), 90.0)
    assert night(stream).counts.api_retries == 3
    assert night(stream, 1.0, transcript.events).counts.api_retries == 3


def test_a_call_copied_into_a_fork_counts_once() -> None:
    script = Script()
    script.init()
    call = script.use("Bash", "ls")
    script.say(tools=(call,))
    script.answer(call.id, "x", error=True)
    fork = Script("fork.jsonl", "s2")
    fork.say(tools=(call,))
    fork.answer(call.id, "x", error=True)
    counts = night(script, 1.0, fork.events).counts
    assert dict(counts.tool_calls) == {"Bash": 1}
    assert counts.tool_errors == 1


def test_subagents_are_known_by_many_names() -> None:
    script = Script()
    first, second = script.call("Agent", "a"), script.call("Task", "b")
    script.say("x", thread=first)
    agents = Script("agents.jsonl")
    agents.say("y", thread="agent-2")
    agents.say("z", thread="agent-3")
    agents.say("w", thread="acompact-9")
    assert night(script, 1.0, agents.events).counts.subagents == 4
    made = fold(script.events, agents.events)
    assert made.snapshot(START).counts.subagents == 4
    linked = UserMessage("results", results=(ToolResult(second, False, "", 0, agent_id="agent-2"),))
    made.apply([script.add(linked)])
    assert made.snapshot(START).counts.subagents == 3
    assert night(script, 1.0, agents.events).counts.subagents == 3


def test_two_known_subagents_may_turn_out_to_be_one() -> None:
    tally = Counters()
    tally.link_subagent("task-1", "agent-1")
    tally.link_subagent("call-1", "thread-1")
    assert tally.subagent_count() == 2
    tally.link_subagent("call-1", "agent-1")
    assert tally.subagent_count() == 1


def test_deltas_count_and_are_signs_of_life() -> None:
    made = NightFold()
    made.apply_deltas(0)
    made.apply_deltas(5)
    assert made.snapshot(START).counts.total == 5
    made.apply_deltas(7, START, "stream")
    seen = made.snapshot(START + 4.0)
    assert (seen.counts.total, seen.activity.idle_seconds) == (12, 4.0)


def test_another_version_is_refused_with_a_sentence() -> None:
    saved = fold(counted().events).save()
    with pytest.raises(FoldCacheError, match=r"version 0.*writes version"):
        NightFold.load(saved.replace(b"night fold %d " % VERSION, b"night fold 0 ", 1))
    with pytest.raises(FoldCacheError, match="no saved fold"):
        NightFold.load(b"something else")
    with pytest.raises(FoldCacheError, match="damaged"):
        NightFold.load(saved[:-20])
    with pytest.raises(FoldCacheError, match="damaged"):
        NightFold.load(saved[:40] + b"\xc1" + saved[41:])
    with pytest.raises(FoldCacheError, match="machine"):
        NightFold.load(saved.replace(b"little", b"bigger", 1).replace(b" big ", b" wee ", 1))
    assert issubclass(FoldCacheError, OvernightError)


def test_the_owner_is_told_from_outside_or_by_the_journal() -> None:
    assert NightFold(own=True).snapshot(START).run.owned
    assert not NightFold().snapshot(START).run.owned


def test_progress_first_and_last() -> None:
    early = ProgressFile("p", START, "checkboxes", 1, 4, goal="ship it")
    late = ProgressFile("p", START + 9, "checkboxes", 4, 1)
    unknown = ProgressFile("p", START, "unknown", 0, 0)
    seen = fold([unknown, early, late]).snapshot(START)
    assert (seen.progress, seen.first_progress) == (late, early)
    assert fold([early]).snapshot(START).run.goal == "ship it"


def test_every_kind_of_record_is_taken() -> None:
    made = NightFold()
    taken = made.apply(
        cast(
            list[Record],
            [SessionNotes("n", None, ""), CompactionHistoryLine("c", 0, None, None, "", False)],
        )
    )
    assert taken == [True, True]
    assert made.snapshot(START).activity.state == "none"
