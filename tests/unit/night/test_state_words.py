"""Each state word means one thing, and none is shown and then changed to its opposite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise, permutations, product
from typing import Any

import pytest
from msgspec.structs import replace

from tests.shared_data import shared
from tests.unit.night.night_script import START, Script
from tui.feeds.claude.api_failures import read_failure
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import (
    HOOK_STOPPED,
    AgentStateReport,
    ApiRetry,
    AssistantMessage,
    HookRun,
    MessageLifecycle,
    Notice,
    ToolResult,
    UserMessage,
)
from tui.model.journal import JournalEntry
from tui.model.records import Arrival, Record
from tui.model.session import AgentProcess, AgentProcesses
from tui.model.snapshot import NightSnapshot
from tui.model.state import OVER, EndKind, StateReason
from tui.night.fold import NightFold

LATER = 4_000.0
DAY = 86_400.0


def transcript(prompt: str = "do it") -> Script:
    script = Script("t.jsonl")
    script.prompt(prompt)
    return script


def stream() -> Script:
    script = Script()
    script.init()
    return script


def process(status: str = "", session: str = "s1", pid: int = 7) -> AgentProcess:
    return AgentProcess(pid, START, session, status=status)


def seen(
    script: Script,
    later: float = LATER,
    *agents: AgentProcess,
    looked: bool = True,
    more: Iterable[Record] = (),
) -> NightSnapshot:
    now = (script.at or 0.0) + later
    fold = NightFold()
    fold.apply([*script.events, *more])
    if looked:
        fold.apply([AgentProcesses(now, agents)])
    return fold.snapshot(now)


def word(script: Script, later: float = LATER, *agents: AgentProcess, looked: bool = True) -> str:
    return seen(script, later, *agents, looked=looked).state


# --- finished, ended, waiting_input ---


def said_so() -> Script:
    script = transcript()
    script.step("Bash", "make")
    script.say("Done.", stop="end_turn")
    return script


def with_result() -> Script:
    script = stream()
    script.say("Done.")
    script.result(0.1)
    return script


def by_a_hook() -> Script:
    script = transcript()
    script.step("Bash", "make")
    script.add(HookRun("PostToolUse", "PostToolUse", HOOK_STOPPED, "enough"))
    return script


def turn_told_its_length() -> Script:
    script = transcript()
    script.say("Done.")
    script.add(AgentStateReport("idle", "the turn took 9 s"))
    return script


@pytest.mark.parametrize("made", [said_so, with_result, by_a_hook, turn_told_its_length])
def test_finished_is_a_turn_that_said_so(made: object) -> None:
    script = made()  # type: ignore[operator]
    assert word(script) == "finished"
    assert word(script, 1.0) == "finished"
    assert word(script, looked=False) == "finished"
    assert word(script, LATER, process()) == "waiting_input"
    assert word(script, 1.0, process("idle")) == "waiting_input"
    assert word(script, 3.0, process()) == "waiting_input"


def old_answer() -> Script:
    script = transcript()
    script.step("Read", "a.txt")
    script.say("The parser is fixed.")
    return script


def test_ended_is_an_answer_of_a_version_that_does_not_say_so() -> None:
    assert word(old_answer()) == "ended"
    assert word(old_answer(), 1.0) == "ended"
    assert word(old_answer(), looked=False) == "ended"
    assert word(old_answer(), LATER, process()) == "waiting_input"
    night = seen(old_answer())
    assert night.is_over
    assert night.run.exit is not None and night.run.exit.kind.exit_word == "unknown"


def test_an_answer_may_be_followed_by_a_call_for_a_while() -> None:
    assert word(old_answer(), 60.0, process()) == "working"
    assert word(old_answer(), 60.0, looked=False) == "working"
    assert word(old_answer(), 60.0, process("idle")) == "waiting_input"
    assert word(old_answer(), LATER, process("busy")) != "waiting_input"


def test_a_version_that_writes_why_is_not_over_without_it() -> None:
    script = transcript()
    body = AssistantMessage("m", "r", "x", None, False, "First I", goes_on=True)
    script.add(body)
    assert word(script, LATER) == "crashed"
    assert word(script, 60.0, process()) != "waiting_input"


def test_a_stream_of_today_tells_its_end_by_a_result() -> None:
    script = stream()
    script.say("All done.")
    assert word(script) == "crashed"
    assert word(script, LATER, process()) == "stalled"


def test_an_answer_cut_at_the_output_limit() -> None:
    script = transcript()
    script.say("So I write", stop="max_tokens")
    assert word(script) == "ended"


@pytest.mark.parametrize("stop", ["tool_use", "pause_turn"])
def test_an_answer_of_which_more_must_come(stop: str) -> None:
    script = transcript()
    script.say("I look", stop=stop)
    assert word(script) == "crashed"
    assert word(script, 5.0, process()) == "working"


def test_nothing_was_asked() -> None:
    script = transcript("/exit")
    script.add(UserMessage("note", "Bye!", (), "local-command-stdout"))
    assert word(script) == "ended"
    assert seen(script).activity.state_reason == StateReason.NOTHING_ASKED


def test_a_command_of_the_cli_changes_nothing_about_the_turn_before() -> None:
    script = transcript()
    script.add(UserMessage("interrupted", "[Request interrupted by user]"))
    script.prompt("/exit", 60.0)
    script.add(Notice("local_command", "Bye!"))
    assert word(script, looked=False) == "paused"


@pytest.mark.parametrize("command", ["/exit", "/usage", "/clear", "! git status"])
def test_a_command_of_the_cli_without_an_answer_leaves_nothing_open(command: str) -> None:
    script = said_so()
    script.prompt(command, 60.0)
    assert word(script) == "finished"
    assert word(script, 30.0, process()) == "waiting_input"
    failed = api_error("Credit balance is too low", "billing_error", 400)
    failed.prompt(command, 60.0)
    assert word(failed) == "failed"


@pytest.mark.parametrize("prompt", ["/clear", "/model"])
def test_the_caveat_of_older_versions_asks_nothing(prompt: str) -> None:
    caveat = "Caveat: The messages below were generated by the user while running local commands."
    told = (
        caveat,
        f"<command-name>{prompt}</command-name>",
        "<local-command-stdout></local-command-stdout>",
    )
    script = old_answer() if prompt == "/model" else Script("t.jsonl")
    for number, text in enumerate(told):
        record = {"type": "user", "uuid": f"c{number}", "isMeta": number == 0, "sessionId": "s1"}
        line = json.dumps({**record, "message": {"role": "user", "content": text}}).encode()
        for event in ClaudeDecoder("t.jsonl").decode(line + b"\n", 0).events:
            script.add(event.body, 1.0)
    assert word(script) == "ended"
    assert word(script, LATER, process("idle")) == "waiting_input"


@pytest.mark.parametrize("open_", [False, True])
def test_records_that_are_all_ahead_of_the_clock(open_: bool) -> None:
    for made, end in ((said_so, "finished"), (old_answer, "ended")):
        script = made()
        if open_:
            script.call("Bash", "make")
        fold = NightFold()
        fold.apply(script.events)
        now = START - DAY
        fold.written_at = now - 1.0
        fold.apply([AgentProcesses(now, ())] if open_ else [])
        shown = fold.snapshot(now)
        assert shown.state == ("crashed" if open_ else end)
        assert shown.activity.idle_seconds == 1.0


def test_the_register_says_that_a_turn_without_an_end_is_over() -> None:
    script = transcript()
    script.call("Bash", "make")
    assert word(script, LATER, process("idle")) == "waiting_input"
    assert word(script, LATER, process("busy")) != "waiting_input"
    assert word(script, 5.0, process("idle")) == "tool", "the register may be a moment behind"


def test_a_command_that_waited_in_the_queue_asks_no_model_either() -> None:
    script = turn_told_its_length()
    script.add(MessageLifecycle("q", "queued", "/usage"), 60.0)
    script.add(MessageLifecycle("q", "started"))
    assert word(script) == "crashed"
    script.prompt("/usage")
    assert word(script) == "finished"
    script.add(Notice("local_command", "$0.64"))
    assert word(script) == "finished"


@pytest.mark.parametrize("command", ["/compact", "/plan the parser", "/my-own-command"])
def test_a_command_that_asks_a_model_opens_a_turn(command: str) -> None:
    script = said_so()
    script.prompt(command, 60.0)
    assert word(script) == "crashed"


# --- failed ---


def api_error(text: str, code: str, status: int) -> Script:
    script = transcript()
    script.step("Bash", "make")
    failure = read_failure(text, code, status, None)
    body = AssistantMessage("m", "", "<synthetic>", None, True, text, error=code or "unknown")
    script.add(
        AssistantMessage(
            *(body.message_id, "", body.model, None, True, text),
            error=body.error,
            stop_reason="stop_sequence",
            failure=failure,
        )
    )
    return script


@pytest.mark.parametrize(
    ("text", "code", "status", "named"),
    [
        ("Please run /login · API Error: 401", "authentication_failed", 401, "login"),
        ("Credit balance is too low", "billing_error", 400, "credit"),
        ("Prompt is too long", "invalid_request", 400, "prompt too long"),
        ("API Error: 529 Overloaded", "overloaded", 529, "overloaded"),
        ("API Error: Connection error.", "unknown", 0, "connection"),
    ],
)
@pytest.mark.parametrize("agents", [(), (process("idle"),)])
def test_failed_is_an_error_in_the_place_of_an_answer(
    text: str, code: str, status: int, named: str, agents: tuple[AgentProcess, ...]
) -> None:
    night = seen(api_error(text, code, status), LATER, *agents)
    assert night.state == "failed"
    assert named in night.activity.reason.lower()
    assert night.run.exit is not None and night.run.exit.kind == EndKind.FAILED


@pytest.mark.parametrize(
    ("subtype", "is_error"),
    [("error_max_turns", False), ("success", True), ("error_during_execution", False)],
)
def test_a_result_is_judged_by_both_of_its_signs(subtype: str, is_error: bool) -> None:
    script = stream()
    script.result(0.1, subtype=subtype, is_error=is_error)
    assert word(script) == "failed"


@pytest.mark.parametrize(
    ("subtype", "bound"),
    [("error_max_turns", "used up the turns"), ("error_max_budget_usd", "used up the budget")],
)
def test_a_bound_that_ended_the_turn_is_named(subtype: str, bound: str) -> None:
    script = stream()
    script.result(0.1, subtype=subtype, is_error=True)
    assert bound in seen(script).activity.reason


def test_retries_that_were_used_up() -> None:
    script = stream()
    for attempt in range(1, 11):
        script.add(ApiRetry(attempt, 10, 1.0, 401, "authentication_failed"))
    for looked in (True, False):
        night = seen(script, LATER, looked=looked)
        assert night.state == "failed"
        assert "refused the login" in night.activity.reason
    assert word(script, 30.0, process()) == "waiting_api"


# --- paused, killed ---


def interrupted() -> Script:
    script = transcript()
    call = script.call("Bash", "make")
    script.answer(call, "The user doesn't want to proceed with this tool use.", error=True)
    script.add(UserMessage("interrupted", "[Request interrupted by user for tool use]"))
    return script


def test_an_interrupted_turn_is_nobodys_kill() -> None:
    assert word(interrupted(), LATER, process("idle")) == "paused"
    assert word(interrupted()) == "ended"
    assert word(interrupted(), looked=False) == "paused"
    assert word(interrupted(), DAY, looked=False) == "ended"


def test_a_summary_that_a_person_asked_for_is_work_until_it_is_there() -> None:
    script = said_so()
    script.prompt("/compact", 60.0)
    assert seen(script, 90.0, process("busy")).activity.state_reason == StateReason.COMPACTING
    script.add(UserMessage("note", "Compacted", origin="local-command-stdout"))
    assert word(script, LATER, process("idle")) == "waiting_input"
    script.prompt("go on", 60.0)
    assert seen(script, 5.0, process("busy")).activity.state_reason != StateReason.COMPACTING


def test_a_call_that_was_cut_short_by_escape_alone_ends_the_turn() -> None:
    script = transcript()
    call = script.call("Bash", "make")
    block = {"type": "tool_result", "tool_use_id": call, "is_error": True}
    block["content"] = "[Request interrupted by user for tool use]"
    record = {"type": "user", "uuid": "i1", "message": {"role": "user", "content": [block]}}
    batch = ClaudeDecoder("t.jsonl").decode(json.dumps(record).encode() + b"\n", 0)
    script.add(batch.events[0].body)
    assert (word(script), word(script, LATER, process("idle"))) == ("ended", "paused")


def test_a_call_that_a_person_refused_without_a_word_ends_the_turn() -> None:
    script = transcript()
    call = script.call("Bash", "rm x")
    result = ToolResult(call, True, "STOP", 4, stopped=True)
    script.add(UserMessage("results", results=(result,)))
    assert word(script, LATER, process("idle")) == "paused"


def test_an_interrupted_turn_whose_result_calls_it_an_error() -> None:
    script = stream()
    script.add(UserMessage("interrupted", "[Request interrupted by user]"))
    script.result(0.1, subtype="error_during_execution", is_error=True)
    assert word(script, looked=False) == "paused"


def test_killed_needs_evidence_of_a_kill() -> None:
    script = transcript()
    script.call("Bash", "make")
    assert word(script) == "crashed"
    at = script.at or 0.0
    kill = JournalEntry(at + 1.0, "kill", data={"by": "person", "reason": "enough"})
    night = seen(script, LATER, more=[kill])
    assert night.state == "killed"
    assert night.run.exit is not None and night.run.exit.kind.exit_word == "killed"


def test_an_old_kill_says_nothing_of_a_later_end() -> None:
    script = transcript()
    stop = JournalEntry((script.at or 0.0) + 1.0, "stop", data={"by": "person"})
    script.prompt("go on", 2 * DAY)
    script.call("Bash", "make")
    assert seen(script, LATER, more=[stop]).state == "crashed"


# --- crashed ---


@pytest.mark.parametrize("open_", ["call", "request"])
def test_crashed_is_a_process_that_is_gone_in_the_middle_of_a_turn(open_: str) -> None:
    script = transcript()
    if open_ == "call":
        script.call("Bash", "make")
    assert word(script) == "crashed"
    assert word(script, 30.0, looked=False) in ("tool", "waiting_api")


def test_a_file_that_broke_off_long_ago_is_no_stall() -> None:
    script = transcript()
    script.call("Bash", "make")
    assert word(script, 2 * 3600.0, looked=False) == "stalled"
    assert word(script, DAY, looked=False) == "crashed"


def test_another_sessions_process_does_not_keep_this_one_alive() -> None:
    script = transcript()
    script.call("Bash", "make")
    assert word(script, LATER, process("busy", "another", 8)) == "crashed"
    assert word(script, 60.0, process("busy")) == "tool"


# --- our own runs ---

RUN = (
    JournalEntry(START - 3, "run_started", data={"run": "r", "settings": {"max_cost_usd": 5.0}}),
    JournalEntry(START - 3, "supervisor_started", data={"pid": 3}),
    JournalEntry(START - 2, "segment_started", data={"attempt": 1, "pid": 7, "session": "s1"}),
)


def run(*told: tuple[float, str, dict[str, Any]], at: float) -> NightSnapshot:
    script = stream()
    script.call("Bash", "make")
    fold = NightFold()
    fold.apply([*RUN, *script.events])
    for moment, kind, data in told:
        fold.apply([JournalEntry(START + moment, kind, str(data.get("id", "")), data)])
    return fold.snapshot(START + at)


ENDED: dict[str, Any] = {"attempt": 1, "code": None, "signal": 15, "reason": "SIGTERM"}


def test_winding_down_is_a_limit_that_was_reached() -> None:
    hit = (30.0, "limit_hit", {"limit": "cost", "used": 5.1, "bound": 5.0})
    assert run(hit, at=31.0).state == "winding_down"
    assert run(hit, (40.0, "segment_ended", ENDED), at=41.0).state == "winding_down"
    stop = (41.0, "stop", {"by": "limit", "reason": "cost"})
    assert run(hit, (40.0, "segment_ended", ENDED), stop, at=42.0).state == "killed"


def test_restarting_is_a_supervisor_that_waits() -> None:
    crash = (40.0, "segment_ended", {**ENDED, "signal": 9})
    wait = (41.0, "restart_scheduled", {"attempt": 2, "delay_s": 30.0, "class": "crash"})
    assert run(crash, wait, at=50.0).state == "restarting"
    assert run(crash, at=55.0).state == "restarting"
    assert run(crash, at=400.0).state == "crashed"


def test_gave_up() -> None:
    night = run((40.0, "run_ended", {"reason": "gave up: 5 restarts", "end": "gave_up"}), at=50.0)
    assert night.state == "gave_up" and night.is_over
    assert night.run.exit is not None and night.run.exit.kind.exit_word == "gave_up"


def test_a_supervised_turn_that_is_over_waits_for_its_supervisor_first() -> None:
    script = with_result()
    at = script.at or 0.0
    fold = NightFold()
    fold.apply([*RUN, *script.events, AgentProcesses(at + 1.0, (process(),))])
    assert fold.snapshot(at + 1.0).state == "working"
    assert fold.snapshot(at + 60.0).state == "waiting_input"


# --- one word after the other ---

WELL = frozenset(("finished", "ended", "waiting_input"))
BAD = frozenset(("crashed", "killed", "stalled", "failed", "gave_up"))
Told = tuple[float, Record]


def words(told: Sequence[Told], seconds: int) -> list[str]:
    """The word of each second, each record applied when it arrives."""
    waiting = sorted(told, key=lambda one: one[0])
    fold, shown, place = NightFold(), [], 0
    for second in range(seconds):
        now = START + second
        while place < len(waiting) and waiting[place][0] <= now:
            fold.apply([waiting[place][1]])
            place += 1
        shown.append(fold.snapshot(now).state.value)
    return [one for number, one in enumerate(shown) if number == 0 or shown[number - 1] != one]


def looks(until: float, seconds: int, *agents: AgentProcess) -> list[Told]:
    """The process table each 2 s: the agents until `until`, none afterwards."""
    return [
        (START + t, AgentProcesses(START + t, agents if t < until else ()))
        for t in range(0, seconds, 2)
    ]


def assert_no_opposites(shown: list[str]) -> None:
    for first, second in pairwise(shown):
        pair = f"{first} → {second} in {shown}"
        assert not (first in WELL and second in BAD), pair
        assert not (first in BAD and second in WELL), pair
        assert not (first in BAD and second in ("working", "tool", "waiting_api")), pair


@pytest.mark.parametrize("in_stream", [True, False])
@pytest.mark.parametrize("order", list(permutations((0.0, 2.0, 4.0))))
@pytest.mark.parametrize("tool_s", [1.0, 75.0])
def test_a_normal_end_is_never_a_crash_in_between(
    in_stream: bool, order: tuple[float, float, float], tool_s: float
) -> None:
    script = Script("stream.jsonl" if in_stream else "t.jsonl")
    script.init() if in_stream else script.prompt()
    script.step("Bash", "make", takes=tool_s)
    script.say("Done.", stop="" if in_stream else "end_turn")
    events = script.events
    told: list[Told] = [(event.at or 0.0, event) for event in events[:-2]]
    end = events[-1].at or 0.0
    results, answer, gone = order
    told += [(end + results, events[-2]), (end + max(results, answer), events[-1])]
    if in_stream:
        script.result(0.1, 0.1)
        told.append((end + max(results, answer), script.events[-1]))
    seconds = int(tool_s) + 60
    shown = words([*told, *looks(end + gone - START, seconds, process())], seconds)
    assert_no_opposites(shown)
    assert not BAD & set(shown), shown
    assert shown[-1] == "finished"


@pytest.mark.parametrize("gone_after", range(0, 12, 2))
def test_an_old_clis_end_is_never_a_crash_in_between(gone_after: int) -> None:
    script = old_answer()
    told: list[Told] = [(event.at or 0.0, event) for event in script.events]
    end = (script.at or 0.0) - START
    shown = words([*told, *looks(end + gone_after, 300, process())], 300)
    assert not BAD & set(shown), shown
    assert shown[-1] == "ended"


@pytest.mark.parametrize("gone_after", [0, 2, 30])
def test_a_stop_hook_that_blocks_is_work_and_not_an_end(gone_after: int) -> None:
    script = said_so()
    script.add(UserMessage("synthetic", "Stop hook feedback: keep going"), 4.0)
    script.say("Really done.", 5.0, stop="end_turn")
    told: list[Told] = [(event.at or 0.0, event) for event in script.events]
    end = (script.at or 0.0) - START
    shown = words([*told, *looks(end + gone_after, 90, process("busy"))], 90)
    assert not BAD & set(shown), shown
    assert shown.count("working") >= 1 and shown[-1] == "finished"


@pytest.mark.parametrize(("looked", "read"), list(product((0.0, 3.0, 8.0), repeat=2)))
def test_a_rewind_is_neither_a_crash_nor_a_kill_in_between(looked: float, read: float) -> None:
    script = stream()
    script.call("Bash", "make")
    told: list[Told] = [(START, entry) for entry in RUN]
    told += [(event.at or 0.0, event) for event in script.events]
    journal = (
        (20.0, "request", {"id": "q1", "by": "key", "verb": "rewind", "arguments": {}}),
        (22.0, "segment_ended", ENDED),
        (70.0, "rewind", {"by": "key", "checkpoint": "c", "mode": "both"}),
        (71.0, "answer", {"id": "q1", "ok": True}),
        (72.0, "segment_started", {"attempt": 2, "pid": 9, "session": "s1", "why": "rewind"}),
    )
    for at, kind, data in journal:
        entry = JournalEntry(START + at, kind, str(data.get("id", "")), data)
        told.append((START + at + read, entry))
    told += looks(21.0 + looked, 75, process())
    again = Script("stream.jsonl", start=START + 75.0)
    again.events = [*script.events]
    again.init(3.0)
    told += [(START + 78.0 + read, again.events[-1])]
    told += [(START + t, AgentProcesses(START + t, (process(pid=9),))) for t in range(76, 110, 2)]
    shown = words(told, 110)
    assert not (BAD | WELL) & set(shown), shown
    assert "restarting" in shown and shown[-1] in ("working", "waiting_api")


@pytest.mark.parametrize("gone_after", range(0, 8, 2))
def test_a_kill_is_said_at_once_and_stays(gone_after: int) -> None:
    script = transcript()
    script.call("Bash", "make")
    told: list[Told] = [(event.at or 0.0, event) for event in script.events]
    kill = JournalEntry(START + 20.0, "kill", data={"by": "person", "reason": "enough"})
    told.append((START + 20.0, kill))
    shown = words([*told, *looks(20.0 + gone_after, 60, process())], 60)
    assert shown[-1] == "killed"
    assert not (BAD - {"killed"}) & set(shown), shown
    assert_no_opposites(shown)


def test_a_crash_is_said_once_its_process_is_surely_gone() -> None:
    script = transcript()
    script.call("Bash", "make")
    told: list[Told] = [(event.at or 0.0, event) for event in script.events]
    shown = words([*told, *looks(20.0, 60, process())], 60)
    assert shown[-1] == "crashed"
    assert_no_opposites(shown)


def test_bytes_that_are_no_whole_record_yet_keep_it_from_being_over() -> None:
    script = old_answer()
    fold = NightFold()
    fold.apply(script.events)
    at = script.at or 0.0
    fold.apply([Arrival("t.jsonl", 99_000, at + 110.0)])
    assert fold.snapshot(at + 125.0).state == "working"


def test_which_words_are_over() -> None:
    assert "waiting_input" not in OVER
    assert {"finished", "ended", "failed", "killed", "crashed", "gave_up", "none"} == OVER


# --- recorded sessions ---

INTERRUPTED = ("10_", "11b", "80_", "87_", "89_sigint", "93_kill")
CUT_OFF = ("82_", "83_", "86_", "88_", "91_", "92_")
FAILED = ("21_", "22_", "30_", "37_", "38_", "52_", "89c")


def right_words(name: str) -> frozenset[str]:
    """What the end of a recording may be called, by what was done to its session."""
    if name.startswith(INTERRUPTED):
        return frozenset(("paused", "ended"))
    if name.startswith(CUT_OFF):
        return frozenset(("crashed",))
    return frozenset(("failed",)) if name.startswith(FAILED) else frozenset(("finished",))


@pytest.mark.parametrize("gone_after", [-2.0, 0.5, 3.0])
def test_recordings_end_as_they_ended(gone_after: float) -> None:
    """Each recording read record by record, its process gone a little before or after its last record."""
    wrong = []
    for path in sorted(shared("data", "streams").glob("*.jsonl")):
        events = ClaudeDecoder(str(path)).decode(path.read_bytes(), 0).events
        if not events:
            continue
        told: list[Told] = [
            (START + number, replace(event, at=START + number))
            for number, event in enumerate(events)
        ]
        agent = AgentProcess(7, START - 5)
        seconds = len(events) + 60
        shown = words([*told, *looks(len(events) - 1 + gone_after, seconds, agent)], seconds)
        right = right_words(path.name)
        if shown[-1] not in right or (BAD - right) & set(shown):
            wrong.append(f"{path.name}: {shown}")
    assert not wrong, "\n".join(wrong)
