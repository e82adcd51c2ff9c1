"""What goes on beside the turns, and which calls are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.night.night_script import START, Script, fold, night
from tui.model.events import (
    AgentEvent,
    AgentStateReport,
    AssistantMessage,
    HookRun,
    MessageLifecycle,
    TaskUpdate,
    ToolCall,
    ToolResult,
    UserMessage,
)
from tui.model.journal import JournalEntry
from tui.model.session import AgentProcess, AgentProcesses
from tui.model.snapshot import NightSnapshot

OVER = ("finished", "ended", "waiting_input")


def launch(kind: str, task: str = "b1", call: str = "", **more: Any) -> TaskUpdate:
    return TaskUpdate("started", task, call, "", kind, **more)


def answered(script: Script, call: str, task: TaskUpdate, after: float = 1.0) -> AgentEvent:
    result = ToolResult(call, False, "launched", 8, task=task)
    return script.add(UserMessage("results", results=(result,)), after)


def with_shell(after: float = 60.0) -> Script:
    """A session whose turn is over while `make all` runs in the background."""
    script = Script("t.jsonl")
    script.prompt()
    call = script.call("Bash", "make all")
    answered(script, call, launch("local_bash", call=call))
    script.say("it runs", final=True)
    script.add(AgentStateReport("idle", "the turn took 3 s"))
    assert script.at is not None
    script.at += after
    return script


def with_agent(*, last_word: bool = False) -> Script:
    """A session whose turn is over while a subagent works in its own file."""
    script = Script("t.jsonl")
    script.prompt()
    call = script.call("Agent", "audit")
    answered(script, call, launch("local_agent", "a1b2", call))
    script.say("it audits", final=True)
    script.add(AgentStateReport("idle", "the turn took 3 s", 1))
    for _ in range(3):
        script.step("Read", "x", "ok", thread="a1b2", takes=20.0)
    if last_word:
        script.say("all is well", final=True, thread="a1b2")
    return script


def process(status: str = "", **facts: Any) -> AgentProcess:
    created = facts.pop("created", START - 100.0)
    return AgentProcess(7, created, facts.pop("session", "s1"), status=status, **facts)


def seen(script: Script, *found: AgentProcess, later: float = 30.0) -> NightSnapshot:
    """The night `later` seconds after the last record, with a look at the processes just before."""
    at = (script.at or 0.0) + later
    return night(script, later, [AgentProcesses(at - 0.5, found)])


# --- shells ---


def test_a_shell_that_the_register_tells_of() -> None:
    found = seen(with_shell(), process("shell", children=3), later=600.0)
    assert found.activity.state == "working"
    assert found.activity.reason == (
        "its turn ended; 1 background shell runs: make all, for 11 min 2 s"
    )


@pytest.mark.parametrize(
    "found",
    [
        process("idle", children=3),
        process("", children=0),
        process("shell", children=3, session="another"),
        process("", children=2, created=START + 3_000.0),
    ],
    ids=["register says idle", "no children", "another session's", "a later process"],
)
def test_a_shell_without_evidence_is_over(found: AgentProcess) -> None:
    script = with_shell(4_000.0)
    assert seen(script, found).activity.state in OVER


def test_the_process_may_bear_the_name_from_before_a_clear() -> None:
    script = with_shell()
    script.session = "s2"
    script.prompt("/clear")
    script.add(UserMessage("note", "", (), "local-command-stdout"))
    assert seen(script, process("shell", children=1)).state == "working"


def test_a_process_that_takes_another_name_is_gone_a_moment_later() -> None:
    script = at_rest()
    at = script.at or 0.0
    mine, renamed = process("idle"), process("idle", session="s9")
    made = fold(script.events, [AgentProcesses(at + 9.0, (mine,))])
    made.apply([AgentProcesses(at + 11.0, (renamed,))])
    assert made.snapshot(at + 13.0).state == "waiting_input"
    assert made.snapshot(at + 60.0).state == "finished"


def test_a_shell_without_a_process_is_over() -> None:
    assert seen(with_shell(), later=5.0).activity.state in OVER
    assert seen(with_shell(), later=600.0).activity.state in OVER


def test_children_are_the_evidence_where_the_register_has_no_word() -> None:
    nine_hours = 9 * 3600.0
    assert seen(with_shell(), process("", children=2), later=nine_hours).state == "working"
    assert seen(with_shell(), process("", children=0), later=nine_hours).state in OVER


def test_what_was_told_a_moment_ago_holds_until_somebody_looked() -> None:
    script = with_shell()
    script.say("still at it", final=True)
    script.add(AgentStateReport("idle", "the turn took 1 s"))
    looked_before = AgentProcesses((script.at or 0.0) - 2.0, (process("busy"),))
    assert night(script, 1.0, [looked_before]).state == "working"


def test_a_file_alone_is_believed_for_two_minutes() -> None:
    assert night(with_shell(1.0), 60.0).state == "working"
    assert night(with_shell(1.0), 180.0).state in OVER


ENDS = [
    UserMessage("note", "ended", (), "task-notification", "", (TaskUpdate("ended", "b1", "", ""),)),
    MessageLifecycle("", "queued", "ended", (TaskUpdate("ended", "b1", "", ""),)),
    TaskUpdate("ended", "b1", "", "", "local_bash", "completed"),
    TaskUpdate("updated", "b1", "", "", "local_bash", "killed"),
    TaskUpdate("ended", "*", "", "", "local_bash", "stopped"),
    AgentStateReport("idle", background=0),
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
def test_every_way_in_which_its_end_is_told(end: Any) -> None:
    script = with_shell()
    script.add(end)
    script.say("noted", final=True)
    script.add(AgentStateReport("idle", "the turn took 1 s"))
    assert seen(script, process("", children=2)).state in OVER
    assert seen(script, process("", children=2)).activity.background == 0


def test_versions_whose_answers_name_no_shell() -> None:
    script = with_shell()
    asked = script.call("BashOutput", "b1")
    answered(script, asked, TaskUpdate("updated", "", "", "", "", "running"))
    assert night(script).activity.background == 1
    script.answer(script.call("KillShell", "b1"), "no such shell", error=True)
    assert night(script).activity.background == 1
    script.answer(script.call("KillShell", "b1"), "Successfully killed shell: b1")
    assert night(script).activity.background == 0


@pytest.mark.parametrize(("name", "over"), [("KillShell", True), ("BashOutput", False)])
def test_tools_that_ask_about_it(name: str, over: bool) -> None:
    script = with_shell()
    status = "killed" if over else "running"
    call = script.call(name, "b1")
    answered(script, call, TaskUpdate("updated", "b1", "", "", "local_bash", status))
    script.say("done", final=True)
    script.add(AgentStateReport("idle", "the turn took 1 s"))
    assert (seen(script, process("", children=2)).state in OVER) is over


def test_an_end_that_was_written_before_its_beginning() -> None:
    script = Script("t.jsonl")
    script.prompt()
    call = script.call("Bash", "true")
    script.add(TaskUpdate("ended", "b1", call, "", "local_bash", "completed"), 5.0)
    answered(script, call, launch("local_bash", call=call), -2.0)
    script.say("done", 10.0, final=True)
    assert not night(script).activity.background


def test_a_new_attempt_of_a_run_has_none_of_the_last_ones_tasks() -> None:
    script = with_shell()
    entry = JournalEntry(START + 60.0, "segment_ended", "1", {"n": 1, "code": 0})
    assert fold(script.events, [entry]).snapshot(START + 1e3).activity.background == 0


def test_a_command_that_is_awaited_is_no_background_task() -> None:
    script = Script()
    script.init()
    call = script.call("Bash", "make")
    script.add(launch("local_bash", call=call))
    script.add(launch("local_bash", "b2", foreground=True))
    assert night(script).activity.background == 1
    script.answer(call, "ok")
    assert night(script).activity.background == 0


def test_what_a_tool_of_another_kind_says_launches_nothing() -> None:
    script = Script()
    script.init()
    call = script.call("mcp__jobs__start", "x")
    answered(script, call, launch("local_bash", call=call))
    assert night(script).activity.background == 0


# --- subagents ---


def test_an_asynchronous_subagent_works_while_its_file_grows() -> None:
    found = seen(with_agent(), process(""), later=100.0)
    assert found.state == "working"
    assert "1 background subagent runs, for" in found.activity.reason


def test_a_subagent_that_fell_silent_is_over() -> None:
    assert seen(with_agent(), process(""), later=400.0).state in OVER


def test_a_subagent_in_a_long_command_is_not_silent() -> None:
    script = with_agent()
    script.call("Bash", "make", thread="a1b2")
    assert seen(script, process("", children=3), later=1_000.0).state == "working"


def test_a_subagent_that_gave_its_answer_is_over() -> None:
    assert seen(with_agent(last_word=True), process(""), later=5.0).state == "working"
    assert seen(with_agent(last_word=True), process(""), later=30.0).state in OVER


@pytest.mark.parametrize("thread", ["acompact-17", "aprompt_suggestion-1", "sidechain"])
def test_helpers_of_the_cli_are_no_work(thread: str) -> None:
    script = Script("t.jsonl")
    script.prompt()
    script.say("done", final=True)
    script.add(AgentStateReport("idle", "the turn took 1 s"))
    script.say("a summary", thread=thread)
    assert not night(script).activity.background


def test_a_file_that_grows_after_the_turn_tells_of_a_subagent_whose_launch_was_not_read() -> None:
    script = Script("t.jsonl")
    script.prompt()
    script.say("done", final=True)
    script.add(AgentStateReport("idle", "the turn took 1 s"))
    script.step("Read", "x", "ok", thread="a0f3c5d", takes=5.0)
    assert seen(script, process(""), later=20.0).state == "working"


# --- the process itself, wake-ups ---


def at_rest() -> Script:
    script = Script("t.jsonl")
    script.prompt()
    script.say("done", final=True)
    script.add(AgentStateReport("idle", "the turn took 1 s"))
    return script


@pytest.mark.parametrize(("status", "word"), [("idle", "waiting_input"), ("busy", "starting")])
def test_a_window_in_which_nothing_was_said_yet(status: str, word: str) -> None:
    made = fold([AgentProcesses(START, (process(status),))])
    assert made.snapshot(START + 900.0).state == word


@pytest.mark.parametrize(
    ("found", "goes_on"),
    [
        (process("busy"), True),
        (process("shell"), True),
        (process("idle", children=2, newest_child=START + 10.0), False),
        (process("", children=2, newest_child=START + 10.0), True),
        (process("", children=2, newest_child=START - 50.0), False),
        (process("", children=2, newest_child=START + 33.4), False),
    ],
    ids=["busy", "shell", "idle", "a new child", "an old child", "a child of this moment"],
)
def test_work_that_no_record_tells_of(found: AgentProcess, goes_on: bool) -> None:
    assert (seen(at_rest(), found).state == "working") is goes_on


def test_a_scheduled_wake_up_is_told_until_it_is_due() -> None:
    script = Script("t.jsonl")
    script.prompt()
    call = script.call("ScheduleWakeup", "look again")
    due = START + 1_200.0
    answered(script, call, launch("wake_up", "wake_up", call, due=due))
    script.say("I look again later", final=True)
    script.add(AgentStateReport("idle", "the turn took 1 s"))
    found = seen(script, process("idle"), later=600.0)
    assert found.state == "working"
    assert "it wakes up by itself at" in found.activity.reason
    assert found.activity.until == due
    assert seen(script, process("idle"), later=3_000.0).state in OVER
    assert seen(script, later=600.0).state in OVER


# --- open calls ---


def test_a_server_side_tool_is_never_open() -> None:
    script = Script("t.jsonl")
    script.prompt()
    script.say("", tools=(ToolCall("srv", "web_search", "q", 1, on_server=True),), message="m")
    assert night(script).activity.tools == ()
    assert night(script).state == "working"


def test_a_call_is_lost_when_the_model_goes_on() -> None:
    script = Script()
    script.init()
    script.call("Edit", "a")
    second = script.call("Edit", "b")
    assert [tool.target for tool in night(script).activity.tools] == ["b"]
    script.answer(second, "ok")
    script.say("both are edited", final=True)
    assert night(script).activity.tools == ()


def test_a_late_result_of_a_lost_call_still_counts() -> None:
    script = Script()
    script.init()
    call = script.call("Bash", "pytest")
    script.say("I go on", final=True)
    script.answer(call, "3 passed in 0.1s")
    assert night(script).tests.last is not None


def test_a_result_before_its_call_answers_it() -> None:
    script = Script()
    script.init()
    use = script.use("Bash", "pytest")
    script.answer(use.id, "3 passed in 0.1s")
    script.say("", tools=(use,))
    assert night(script).activity.tools == ()
    assert night(script).tests.last is not None


def test_a_subagents_calls_end_with_it() -> None:
    script = Script()
    script.init()
    call = script.call("Agent", "explore")
    script.call("Grep", "needle", thread=call)
    script.answer(call, "found it")
    assert night(script).activity.tools == ()


def test_a_prompt_that_was_written_after_its_answer_opens_nothing() -> None:
    script = Script("t.jsonl")
    script.say("hello", final=True)
    script.add(UserMessage("prompt", "say hello"), -0.3)
    assert night(script, 60.0).activity.state in OVER


def test_a_first_turn_whose_records_stand_in_any_order() -> None:
    """Seen of the CLI: its last answer first, then the prompt, the call and its result."""
    script = Script("t.jsonl")
    script.say("all is done", final=True, after=9.0)
    script.add(AgentStateReport("idle", "the turn took 6 s"), 0.1)
    script.prompt(after=-6.0)
    use = script.call("Bash", "make")
    script.answer(use, "ok")
    script.say("it went well", final=True)
    assert script.at is not None
    script.at += 5.0
    assert seen(script, process("idle"), later=400.0).state in OVER
    script.prompt()
    assert night(script, 5.0).state == "working"


@pytest.mark.parametrize("found", [process("busy"), process("", children=1)])
def test_a_stop_hook_that_runs_is_no_end_and_no_silence(found: AgentProcess) -> None:
    script = Script("t.jsonl")
    script.prompt()
    script.say("done", final=True)
    script.add(HookRun("Stop", "Stop", "running", "make check"))
    assert night(script, 5.0).activity.reason == "a hook runs: make check, for 5 s"
    assert seen(script, found, later=500.0).state == "working"
    assert seen(script, later=500.0).state in OVER
    assert seen(script, process(""), later=5_000.0).state in OVER
    script.add(HookRun("Stop", "Stop", "success", "make check"))
    assert seen(script, process("idle"), later=500.0).state in OVER


def test_a_summary_in_the_making_may_take_its_time() -> None:
    script = Script()
    script.init()
    script.add(AgentStateReport("compacting"))
    assert night(script, 600.0).activity.reason == "the conversation is being summarised"
    script.say("I go on")
    assert "summarised" not in night(script).activity.reason


@pytest.mark.parametrize("before", [True, False])
def test_a_persons_own_commands_ask_no_model(before: bool) -> None:
    script = Script("t.jsonl")
    if before:
        script.prompt()
        script.say("done", final=True)
        script.add(AgentStateReport("idle", "the turn took 1 s"))
    script.add(UserMessage("prompt", "! git status"), 60.0)
    script.add(UserMessage("note", "nothing to commit", (), "bash-stdout"))
    assert seen(script, process("idle"), later=4_000.0).state in OVER


def test_a_notification_is_a_prompt() -> None:
    script = at_rest()
    note = UserMessage("note", "ended", (), "task-notification")
    script.add(note)
    assert night(script, 5.0).activity.turn_open


_CALLS = ("c1", "c2", "c3", "c4")


def _records(order: Sequence[tuple[str, str]]) -> list[AgentEvent]:
    script = Script()
    script.init()
    for kind, call in order:
        if kind == "call":
            tools = (ToolCall(call, "Bash", call, 1),)
            script.add(AssistantMessage("m", "", "x", None, False, "", False, tools))
        else:
            script.answer(call, "ok")
    return script.events


_EACH = [(kind, call) for call in _CALLS for kind in ("call", "result")]


@given(st.permutations(_EACH), st.lists(st.sampled_from(_EACH), max_size=6), st.randoms())
def test_calls_that_are_all_answered_are_closed_in_any_order(
    order: list[tuple[str, str]], again: list[tuple[str, str]], chance: Any
) -> None:
    mixed = [*order, *again]
    chance.shuffle(mixed)
    assert fold(_records(mixed)).snapshot(START + 60.0).activity.tools == ()


@given(st.lists(st.sampled_from(_EACH), max_size=12), st.integers(0, 12))
def test_no_call_stays_open_that_a_later_answer_closed(
    order: list[tuple[str, str]], cut: int
) -> None:
    records = _records(order)
    made = fold(records[: cut + 1])
    last = Script("rest.jsonl", start=START + 100.0)
    last.say("all is done", final=True, message="another")
    made.apply(last.events)
    assert made.snapshot(START + 200.0).activity.tools == ()


def test_the_time_of_a_background_task_is_work_and_not_idle() -> None:
    shown = seen(with_shell(0.0), process("shell", children=3), later=600.0)
    assert shown.time.working == pytest.approx(600.0, abs=5.0)
    assert shown.time.idle == 0.0
    told = with_shell(0.0)
    told.add(
        UserMessage("note", tasks=(TaskUpdate("ended", "b1", "", "", "", "completed"),)), 600.0
    )
    told.say("it is built", final=True)
    assert night(told).time.idle <= 2.0, "its end tells that it ran"
    lost = with_shell(0.0)
    lost.prompt("what is with it?", 6_000.0)
    assert night(lost).time.idle == pytest.approx(6_000.0, abs=5.0), "nothing tells how long it ran"


def test_a_schedule_is_no_work() -> None:
    script = Script("t.jsonl")
    script.prompt()
    call = script.call("CronCreate", "at :07")
    answered(script, call, launch("session_cron", call=call))
    script.say("every hour", final=True)
    assert seen(script, process("idle"), later=600.0).time.idle == pytest.approx(600.0, abs=5.0)
