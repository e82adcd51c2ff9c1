"""Which state the session is in, and why; silence and what is no silence."""

from __future__ import annotations

import pytest

from tests.unit.night.night_script import START, Script, fold, night
from tui.model.events import (
    AgentEvent,
    AgentStateReport,
    ApiRetry,
    HookRun,
    MalformedLine,
    Notice,
    PermissionDenied,
    RateLimit,
    StreamDelta,
    TaskUpdate,
    ToolHeartbeat,
    UserMessage,
)
from tui.model.journal import JournalEntry
from tui.model.records import Arrival, LogEntry
from tui.model.session import AgentProcess, AgentProcesses
from tui.model.snapshot import NightSnapshot
from tui.model.state import StallThresholds
from tui.night.fold import NightFold


def started() -> Script:
    script = Script()
    script.init()
    return script


def in_tool(name: str = "Bash", target: str = "make", version: str = "2.1.329") -> Script:
    script = Script()
    script.init(version=version)
    script.say("let me look")
    script.call(name, target)
    return script


def agents(script: Script, *found: AgentProcess, later: float = 1.0) -> list[AgentProcesses]:
    return [AgentProcesses((script.at or 0.0) + later, found)]


def state(seen: NightSnapshot) -> tuple[str, str | None]:
    return seen.activity.state, None if seen.stall is None else seen.stall.kind


def agent(status: str = "busy", children: int = 0, waiting_for: str = "") -> AgentProcess:
    return AgentProcess(7, START, "s1", status=status, children=children, waiting_for=waiting_for)


def test_nothing_at_all() -> None:
    assert state(NightFold().snapshot(START)) == ("none", None)


def test_before_the_first_turn() -> None:
    script = Script()
    script.add(HookRun("SessionStart:startup", "SessionStart", "success"))
    assert state(night(script)) == ("starting", None)


def test_the_first_request_is_work_then_waiting() -> None:
    assert state(night(started(), 5.0)) == ("working", None)
    assert state(night(started(), 60.0)) == ("waiting_api", None)


def test_a_running_tool_with_its_time_and_target() -> None:
    seen = night(in_tool(), 75.0)
    assert state(seen) == ("tool", None)
    assert seen.activity.reason == "Bash runs for 1 min 15 s: make"
    assert [tool.name for tool in seen.activity.tools] == ["Bash"]
    assert seen.activity.since == START + 3.0
    assert seen.activity.idle_seconds == 75.0


def test_parallel_tools_end_one_by_one() -> None:
    script = started()
    first, second = (script.call("Bash", name, message="m") for name in "ab")
    assert "and 1 more" in night(script).activity.reason
    script.answer(second)
    assert [tool.target for tool in night(script).activity.tools] == ["a"]
    script.answer(first)
    assert state(night(script, 30.0)) == ("waiting_api", None)


def test_a_subagents_tool_shows_inside() -> None:
    script = in_tool("Agent", "explore")
    call = night(script).activity.tools[0].id
    script.call("Grep", "needle", thread=call)
    seen = night(script)
    assert state(seen) == ("tool", None)
    assert seen.activity.reason.endswith("inside it Grep needle")
    assert state(night(script, 200.0)) == ("stalled", "silent_tool")


def test_three_missed_heartbeats_are_a_stall() -> None:
    script = in_tool()
    assert state(night(script, 90.0)) == ("tool", None)
    seen = night(script, 91.0)
    assert state(seen) == ("stalled", "silent_tool")
    assert seen.stall is not None
    assert seen.stall.since == script.at
    assert seen.stall.refs == (script.events[2].ref,)
    assert any("heartbeat" in words for words in seen.stall.evidence)


def test_heartbeats_keep_a_long_build_alive() -> None:
    script = in_tool()
    call = night(script).activity.tools[0].id
    for beat in range(1, 81):
        script.add(ToolHeartbeat(call, "Bash", 30.0 * beat), 30.0)
        assert state(night(script, 29.0)) == ("tool", None)
    assert state(night(script, 100.0)) == ("stalled", "silent_tool")


def test_a_cli_without_heartbeats_may_be_quiet() -> None:
    old = in_tool(version="2.1.76")
    assert state(night(old, 2400.0)) == ("tool", None)
    assert state(night(old, 3700.0)) == ("stalled", "silent_tool")
    assert state(night(old, 3700.0, agents(old, agent(children=3)))) == ("tool", None)


def test_a_transcript_alone_has_no_heartbeats() -> None:
    script = Script("t.jsonl")
    script.prompt()
    script.call("Bash", "make")
    assert state(night(script, 2400.0)) == ("tool", None)


def test_bytes_are_a_sign_of_life() -> None:
    script = in_tool()
    at = (script.at or 0.0) + 80.0
    assert state(night(script, 100.0, [Arrival("stream.jsonl", 10_000, at)])) == ("tool", None)
    made = fold(script.events)
    made.apply_deltas(3, at, "stream.jsonl")
    assert state(made.snapshot(at + 50.0)) == ("tool", None)
    assert made.snapshot(at + 50.0).counts.total == 6


def test_an_answer_that_does_not_begin() -> None:
    script = started()
    assert state(night(script, 360.0)) == ("waiting_api", None)
    assert state(night(script, 361.0)) == ("stalled", "silent_api")


def test_an_answer_that_does_not_go_on() -> None:
    script = started()
    script.add(StreamDelta("message_start", "m"))
    assert state(night(script, 100.0)) == ("working", None)
    assert state(night(script, 361.0)) == ("stalled", "silent_api")


def test_a_tools_answer_and_then_nothing() -> None:
    script = started()
    script.step("Bash", "ls")
    assert state(night(script, 361.0)) == ("stalled", "wedged")
    script.add(AgentStateReport("requesting"))
    assert state(night(script, 361.0)) == ("stalled", "silent_api")


def test_wedged_waits_as_long_as_settings_say() -> None:
    script = started()
    script.step("Bash", "ls")
    patient = fold(script.events, thresholds=StallThresholds(wedge_seconds=600.0))
    at = script.at or 0.0
    assert state(patient.snapshot(at + 400.0)) == ("stalled", "silent_api")
    assert state(patient.snapshot(at + 601.0)) == ("stalled", "wedged")


def test_a_retry_is_waited_for() -> None:
    script = started()
    script.add(ApiRetry(3, 10, 300.0, 529, "overloaded"))
    seen = night(script, 290.0)
    assert state(seen) == ("waiting_api", None)
    assert seen.activity.reason == "HTTP 529 (overloaded): retry 3 of 10 in 10 s"
    assert seen.activity.until == (script.at or 0.0) + 300.0
    assert state(night(script, 650.0)) == ("waiting_api", None)
    assert state(night(script, 661.0)) == ("stalled", "silent_api")
    script.say("back")
    assert state(night(script)) == ("working", None)
    assert night(script).counts.api_retries == 1


def test_retries_for_too_many_requests_are_a_limit() -> None:
    script = started()
    script.add(ApiRetry(1, 10, 30.0, 429, "rate_limit"))
    assert state(night(script, 5.0)) == ("rate_limited", None)


def test_a_limit_is_waited_out() -> None:
    script = started()
    resets = (script.at or 0.0) + 7200.0
    script.add(RateLimit("rejected", resets, "five_hour"))
    seen = night(script, 3600.0)
    assert state(seen) == ("rate_limited", "limit_wait")
    assert seen.stall is not None
    assert seen.stall.waiting
    assert seen.activity.until == resets
    overdue = night(script, 7199.0 + 400.0)
    assert state(overdue) == ("stalled", "limit_wait")
    script.say("on we go", 7300.0)
    assert state(night(script)) == ("working", None)


def test_an_allowed_limit_is_no_alarm() -> None:
    script = started()
    script.add(RateLimit("allowed", START + 7200.0, "five_hour"))
    script.add(RateLimit("allowed_warning", START + 7200.0, "five_hour", 0.9))
    assert state(night(script, 3.0)) == ("working", None)
    assert night(script).counts.rate_limits == 0


@pytest.mark.parametrize(
    "asking",
    [AgentStateReport("requires_action"), PermissionDenied("Bash", "c", "asks", waiting=True)],
)
def test_waiting_for_leave_is_no_stall(asking: AgentStateReport | PermissionDenied) -> None:
    script = in_tool()
    script.add(asking)
    assert state(night(script, 20_000.0)) == ("waiting_permission", None)
    script.add(AgentStateReport("running"))
    assert state(night(script, 5.0)) == ("tool", None)


def test_a_question_to_a_person() -> None:
    assert state(night(in_tool("AskUserQuestion", "which?"), 9000.0))[0] == "waiting_permission"


def test_the_process_table_knows_who_waits() -> None:
    script = in_tool(version="2.1.76")
    waits = agents(script, agent("waiting", waiting_for="permission prompt"))
    seen = night(script, 5.0, waits)
    assert state(seen) == ("waiting_permission", None)
    assert "permission prompt" in seen.activity.reason
    assert seen.run.pid == 7


def test_a_turn_that_ended_well() -> None:
    script = started()
    script.say("done")
    script.result(0.1)
    seen = night(script, 50_000.0)
    assert state(seen) == ("finished", None)
    assert seen.is_over
    assert seen.run.ended_at == script.at
    assert seen.run.exit is not None
    alive = night(script, 60.0, agents(script, agent("idle")))
    assert alive.run.ended_at is None


@pytest.mark.parametrize(
    ("subtype", "is_error"),
    [("error_max_turns", False), ("success", True), ("error_during_execution", True)],
)
def test_a_turn_that_failed_by_either_sign(subtype: str, is_error: bool) -> None:
    script = started()
    script.result(0.1, subtype=subtype, is_error=is_error, reason="max_turns", text="why")
    seen = night(script)
    assert state(seen) == ("failed", None)
    assert "why" in seen.activity.reason


def test_an_interrupted_turn() -> None:
    script = in_tool()
    script.add(UserMessage("interrupted", "[Request interrupted by user for tool use]"))
    script.result(0.1, subtype="error_during_execution", is_error=True, reason="aborted_tools")
    assert state(night(script)) == ("paused", None)
    assert state(night(script, 9.0, agents(script, agent("idle")))) == ("paused", None)
    assert state(night(script, 9.0, agents(script))) == ("ended", None)
    script.init()
    assert state(night(script)) == ("working", None)


def test_an_old_ending_is_not_the_new_ones() -> None:
    script = started()
    script.result(0.1, subtype="error_max_turns", is_error=True, reason="max_turns")
    script.init()
    script.say("better")
    script.add(AgentStateReport("idle"))
    assert state(night(script)) == ("finished", None)


def test_a_new_turn_forgets_what_nobody_will_answer() -> None:
    script = in_tool()
    script.init()
    assert night(script).activity.tools == ()
    assert state(night(script)) == ("working", None)


def test_a_subagent_may_wait_for_the_api_as_long_as_anyone() -> None:
    script = in_tool("Agent", "explore")
    assert state(night(script, 300.0)) == ("tool", None)
    assert state(night(script, 361.0)) == ("stalled", "silent_tool")


def test_silence_in_a_loop_is_silence() -> None:
    script = started()
    for _ in range(6):
        script.step("Bash", "make", "no rule", error=True)
    assert state(night(script, 5.0)) == ("looping", "loop")
    assert state(night(script, 361.0)) == ("stalled", "wedged")


def test_background_work_goes_on_after_the_turn() -> None:
    script = started()
    script.add(TaskUpdate("started", "t1", "c", "run the suite", "local_bash"))
    script.result(0.1)
    lives = agents(script, agent("", children=2))
    assert state(night(script, 300.0, lives)) == ("working", None)
    assert state(night(script, 300.0)) == ("finished", None)
    script.add(TaskUpdate("ended", "t1", "c", "", "", "completed"))
    assert state(night(script, 300.0)) == ("finished", None)


def test_queued_messages_are_taken_up() -> None:
    script = started()
    script.result(0.1, queued=2)
    assert state(night(script)) == ("working", None)


def test_a_transcripts_last_word_closes_its_turn() -> None:
    script = Script("t.jsonl")
    script.prompt()
    script.say("all done", final=True)
    assert state(night(script, 5.0)) == ("working", None)
    assert state(night(script, 9000.0)) == ("finished", None)
    script.call("Bash", "ls")
    assert state(night(script, 60.0)) == ("tool", None)


def test_a_local_command_owes_no_answer() -> None:
    script = Script("t.jsonl")
    script.prompt("/context")
    script.add(Notice("local_command", "12k tokens"))
    assert state(night(script, 9000.0)) == ("ended", None)


def test_the_process_is_gone_in_the_middle_of_a_turn() -> None:
    script = in_tool()
    seen = night(script, 30.0, agents(script, later=20.0))
    assert state(seen) == ("crashed", "process_gone")
    assert seen.stall is not None
    assert "unanswered: Bash make" in seen.stall.evidence
    assert seen.run.ended_at == script.at


def test_a_look_from_before_the_last_record_says_nothing() -> None:
    script = in_tool()
    assert state(night(script, 30.0, agents(script, later=-20.0))) == ("tool", None)


def test_gone_after_the_end_is_simply_the_end() -> None:
    script = started()
    script.result(0.1)
    assert state(night(script, 30.0, agents(script))) == ("finished", None)


def test_the_original_watchdog_says_whom_it_ended() -> None:
    script = in_tool()
    at = (script.at or 0.0) + 10.0
    log = [LogEntry("w.log", 0, at, "warning", "Terminating session: ✗ Idle Time: too long")]
    seen = night(script, 60.0, log, agents(script, later=30.0))
    assert state(seen) == ("killed", None)
    assert "Idle Time" in seen.activity.reason


def test_a_stopped_process_is_paused() -> None:
    script = in_tool()
    assert state(night(script, 900.0, agents(script, agent("stopped")))) == ("paused", None)


def test_a_limit_told_in_words_fails_the_turn() -> None:
    script = started()
    script.say("You've hit your limit · resets 3pm", error="rate_limit", model="<synthetic>")
    assert state(night(script, 5.0)) == ("rate_limited", "limit_wait")
    script.result(0.1, is_error=True, reason="api_error", text="You've hit your limit")
    assert state(night(script)) == ("failed", None)


def test_a_sleeping_machine_is_not_idle() -> None:
    script = in_tool()
    at = (script.at or 0.0) + 8 * 3600.0
    slept = [JournalEntry(at, "suspended", "", {"seconds": 8 * 3600.0 - 10})]
    assert state(night(script, 8 * 3600.0 + 60.0, slept)) == ("tool", None)
    assert night(script, 8 * 3600.0 + 60.0, slept).time.stalled == 0.0


def test_without_any_times_states_still_hold() -> None:
    script = Script(start=None)
    script.init()
    script.call("Bash", "make")
    seen = fold(script.events).snapshot(START)
    assert state(seen) == ("tool", None)
    assert seen.activity.idle_seconds == 0.0
    assert seen.activity.last_event_at is None


def test_arrivals_date_a_stream_without_times() -> None:
    script = Script(start=None)
    script.init()
    script.call("Bash", "make")
    arrivals = [Arrival("stream.jsonl", 100, START), Arrival("stream.jsonl", 200, START + 40.0)]
    seen = fold(arrivals, script.events).snapshot(START + 50.0)
    assert seen.activity.since == START + 40.0
    assert seen.activity.idle_seconds == 10.0
    assert seen.timeline.start == START


def test_text_that_is_no_stream_at_all() -> None:
    script = Script()
    script.add(MalformedLine("no JSON", "Error: cannot be launched", 40), uuid="")
    seen = night(script, 60.0, agents(script))
    assert seen.counts.malformed == 1
    assert seen.counts.total == 0


def test_old_history_from_another_file_changes_nothing_now() -> None:
    stream = started()
    for _ in range(200):
        stream.say("x", 60.0)
    stream.result(0.1)
    transcript = Script("t.jsonl")
    transcript.prompt("the first words")
    transcript.add(UserMessage("prompt", "more"), 1.0)
    seen = night(stream, 5.0, transcript.events)
    assert state(seen) == ("finished", None)
    assert seen.run.first_prompt == "the first words"
    assert seen.activity.last_event_at == stream.at


def test_a_clock_set_back_within_a_file_is_borne() -> None:
    script = started()
    script.say("x")
    script.at = START - 86_400.0
    script.call("Bash", "make")
    seen = fold(script.events).snapshot(START + 10.0)
    assert state(seen) == ("tool", None)
    assert seen.activity.last_event_at == START + 2.0


def test_a_late_answer_still_closes_its_call() -> None:
    script = in_tool()
    call = night(script).activity.tools[0].id
    other = Script("t.jsonl", start=START - 5000.0)
    other.answer(call)
    assert night(script, 1.0, other.events).activity.tools == ()


def test_the_session_is_the_inits_and_not_a_hooks() -> None:
    script = Script()
    script.session = "hook-session"
    script.add(HookRun("SessionStart:startup", "SessionStart", "success"))
    script.session = "s1"
    script.init()
    script.session = "hook-session"
    script.add(HookRun("PostToolUse:Bash", "PostToolUse", "success"))
    assert night(script).run.session_id == "s1"
    assert night(script).run.sessions == ("s1",)


def test_compacting_is_work() -> None:
    script = started()
    script.add(AgentStateReport("compacting"))
    assert "summarised" in night(script).activity.reason


def events_at(*times: float | None) -> list[AgentEvent]:
    script = Script(start=None)
    for _ in times:
        script.init()
    return [
        AgentEvent(e.source, e.offset, e.length, e.body, e.uuid, e.session, at)
        for e, at in zip(script.events, times, strict=True)
    ]


def test_times_only_go_forward() -> None:
    seen = fold(events_at(START, START - 50, None, START + 5)).snapshot(START + 6)
    assert seen.activity.last_event_at == START + 5
    assert seen.time.total == pytest.approx(6.0)
