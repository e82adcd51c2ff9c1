"""How the scripted agent ends, and how it takes a session up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent_harness import AGENT, DEADLINE, REPOSITORY, AgentProcess, Workplace, blocks
from tests.unit.repositories import demonstration


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    workplace = Workplace(tmp_path)
    demonstration(workplace.repository)
    yield workplace
    workplace.tidy()


def in_tool(place: Workplace, streams: bool = True) -> AgentProcess:
    story = "[[story:long_tool seconds=300]]"
    if not streams:
        agent = place.start(story, streams=False)
    else:
        agent = place.start()
        agent.say(story)
    agent.running_tool()
    return agent


@pytest.mark.parametrize("streams", [True, False])
def test_sigint_ends_the_turn_and_the_process_with_0(place: Workplace, streams: bool) -> None:
    agent = in_tool(place, streams)
    agent.signal(signal.SIGINT)
    assert agent.exit_code() == 0
    assert agent.lines[-1]["type"] in ("result", "command_lifecycle")
    assert agent.result()["terminal_reason"] == "aborted_tools"
    assert not list(place.config.glob("sessions/*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_sigterm_and_sighup_leave_no_result(
    place: Workplace, number: signal.Signals, code: int
) -> None:
    agent = in_tool(place)
    agent.signal(number)
    assert agent.exit_code() == code
    assert "Exit code 137" in str(agent.lines[-1]["message"])
    assert "result" not in {one["type"] for one in agent.lines}
    assert agent.transcript()[-1]["type"] == "cost-state"


def test_sigkill_leaves_the_command_and_the_session_entry_behind(place: Workplace) -> None:
    agent = in_tool(place)
    children = Path(f"/proc/{agent.process.pid}/task/{agent.process.pid}/children")
    pids = [int(word) for word in children.read_text().split()] if children.exists() else []
    agent.signal(signal.SIGKILL)
    assert agent.exit_code() == -signal.SIGKILL
    assert list(place.config.glob("sessions/*"))
    for pid in pids:
        os.kill(pid, 0)
        os.killpg(pid, signal.SIGKILL)


def test_signals_end_an_idle_process(place: Workplace) -> None:
    for number, code in ((signal.SIGINT, 0), (signal.SIGTERM, 143)):
        agent = place.start()
        agent.say("[[story:hello]]")
        agent.result()
        agent.signal(number)
        assert agent.exit_code() == code
        assert agent.kinds().count("result:success") == 1


def test_the_end_of_stdin_lets_the_turn_finish(place: Workplace) -> None:
    agent = place.start()
    agent.say("[[story:long_tool gate=go]]")
    agent.running_tool()
    assert agent.process.stdin is not None
    agent.process.stdin.close()
    (place.repository / "go").touch()
    assert agent.exit_code() == 0
    assert agent.result()["subtype"] == "success"


def test_a_reader_that_goes_away_does_not_end_the_session(place: Workplace) -> None:
    agent = place.start("[[story:long_tool gate=go]]", streams=False)
    agent.running_tool()
    os.kill(agent.process.pid, 0)
    assert agent.process.stdout is not None
    os.close(os.dup(agent.process.stdout.fileno()))
    descriptor = agent.process.stdout.fileno()
    # The reader thread holds the pipe; pointing the descriptor elsewhere closes its reading end.
    elsewhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(elsewhere, descriptor)
    os.close(elsewhere)
    (place.repository / "go").touch()
    assert agent.process.wait(DEADLINE) == 0
    assert agent.transcript()[-1]["type"] == "cost-state"


def test_an_unknown_session_is_a_result_of_zeros(place: Workplace) -> None:
    missing = str(uuid.uuid4())
    agent = place.play("go", "--resume", missing)
    assert agent.exit_code() == 1
    (line,) = agent.lines
    assert line["errors"] == [f"No conversation found with session ID: {missing}"]
    assert (line["duration_ms"], line["total_cost_usd"], line["num_turns"]) == (0, 0, 0)
    first = place.play("[[story:hello]]")
    agent = place.play("go", "--resume", first.session, "--resume-session-at", missing)
    assert agent.lines[0]["errors"] == [f"No message found with message.uuid of: {missing}"]
    assert agent.lines[0]["session_id"] == first.session


def test_a_resumed_session_continues_branch_cost_and_context(place: Workplace) -> None:
    first = place.play("[[story:work tasks=1]]")
    leaf = [one["uuid"] for one in first.transcript() if "uuid" in one][-1]
    again = place.play("[[story:hello]]", "--resume", first.session)
    assert again.session == first.session
    prompt = [one for one in again.transcript() if one.get("promptSource")][-1]
    assert prompt["parentUuid"] == leaf
    assert again.lines[-1]["total_cost_usd"] > first.lines[-1]["total_cost_usd"]
    said = next(one for one in again.lines if one["type"] == "assistant")
    assert said["message"]["usage"]["cache_read_input_tokens"] > 12_500
    newest = place.play("[[story:hello]]", "--continue")
    assert newest.session == first.session


def test_a_fork_leaves_the_old_session_alone(place: Workplace) -> None:
    first = place.play("[[story:work tasks=1]]")
    before = first.transcript()
    tools = [one["uuid"] for one in first.lines if "tool_result" in blocks(one)]
    fork = place.play(
        "[[story:hello]]",
        "--resume",
        first.session,
        "--fork-session",
        "--resume-session-at",
        tools[1],
    )
    assert fork.session != first.session
    assert first.transcript() == before
    kept = fork.transcript()
    assert {one["sessionId"] for one in kept} == {fork.session}
    uuids = [one.get("uuid") for one in kept]
    assert tools[1] in uuids
    assert tools[2] not in uuids
    prompt = [one for one in kept if one.get("promptSource")][-1]
    assert prompt["parentUuid"] == tools[1]
    assert fork.lines[-1]["total_cost_usd"] > first.lines[-1]["total_cost_usd"]


def test_a_rewind_in_place_makes_a_new_branch(place: Workplace) -> None:
    first = place.play("[[story:work tasks=1]]")
    tools = [one["uuid"] for one in first.lines if "tool_result" in blocks(one)]
    flags = ("--resume", first.session, "--resume-session-at", tools[0])
    again = place.play("[[story:hello]]", *flags)
    assert again.session == first.session
    third = place.play("[[story:hello]]", "--resume", first.session)
    prompts = [one for one in third.transcript() if one.get("promptSource")]
    assert prompts[1]["parentUuid"] == tools[0]
    parents = {one.get("uuid"): one.get("parentUuid") for one in third.transcript()}
    walked, leaf = [], prompts[2]["uuid"]
    while leaf:
        walked.append(leaf)
        leaf = parents[leaf]
    assert tools[0] in walked
    assert tools[1] not in walked


def test_what_lies_before_a_compaction_is_out_of_reach(place: Workplace) -> None:
    first = place.play("[[story:compact]]")
    early = next(one["uuid"] for one in first.lines if "tool_result" in blocks(one))
    agent = place.play("go", "--resume", first.session, "--resume-session-at", early)
    assert agent.lines[0]["errors"][0].startswith("No message found")
    late = [one["uuid"] for one in first.lines if "tool_result" in blocks(one)][-1]
    agent = place.play("[[story:hello]]", "--resume", first.session, "--resume-session-at", late)
    assert agent.exit_code() == 0


def test_a_crash_happens_once_and_the_work_goes_on(place: Workplace) -> None:
    first = place.play("[[story:crash after=2]]")
    assert first.exit_code() == -signal.SIGKILL
    assert "result" not in {one["type"] for one in first.lines}
    assert first.transcript()[-1]["message"]["content"][0]["type"] == "tool_use"
    again = place.play("go on", "--resume", first.session, OVERNIGHT_AGENT_STORY="crash")
    assert again.exit_code() == 0
    assert again.lines[-1]["result"] == "All tasks are done."


def test_a_conversation_can_be_rewound_in_process(place: Workplace) -> None:
    agent = place.start()
    agent.say("[[story:hello]]")
    agent.result(0)
    second = agent.say("[[story:hello text=Second]]")
    agent.result(1)
    answer = agent.control("rewind_conversation", target_message_uuid=second)["response"]
    assert answer["rewound"] is True
    assert answer["prefillText"] == "[[story:hello text=Second]]"
    missing = agent.control("rewind_conversation", target_message_uuid="nothing")["response"]
    assert missing["reason"] == "target_not_found"
    agent.say("[[story:hello text=Third]]")
    agent.result(2)
    prompts = [one for one in agent.transcript() if one.get("promptSource")]
    assert prompts[2]["parentUuid"] == prompts[1]["parentUuid"]


def test_some_processes_do_not_want_to_end(place: Workplace) -> None:
    agent = place.start()
    agent.say("[[story:hang_after_result deaf=yes]]")
    agent.result()
    assert agent.control("end_session")["subtype"] == "error"
    assert agent.process.stdin is not None
    agent.process.stdin.close()
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        assert agent.process.poll() is None
        time.sleep(0.05)
    agent.signal(signal.SIGTERM)
    assert agent.exit_code() == 143


def test_sigterm_can_be_ignored(place: Workplace) -> None:
    agent = place.start()
    agent.say("[[story:ignores_sigterm seconds=0.5]]")
    agent.running_tool()
    agent.signal(signal.SIGTERM)
    assert agent.result()["result"] == "Still here."


def test_stdin_can_be_left_unread(place: Workplace) -> None:
    agent = place.start()
    agent.say("[[story:never_reads_stdin seconds=0.3]]")
    agent.running_tool()
    unheard = agent.say("Do you hear me?")
    agent.result()
    assert all(one.get("command_uuid") != unheard for one in agent.lines)


def test_half_a_line_of_a_killed_process_does_no_harm(place: Workplace) -> None:
    first = place.play("[[story:hello]]")
    (path,) = place.config.glob(f"projects/*/{first.session}.jsonl")
    with path.open("a") as sink:
        sink.write('{"type":"assistant","mess')
    again = place.play("[[story:hello]]", "--resume", first.session)
    assert again.exit_code() == 0
    whole = [raw for raw in path.read_text().splitlines() if raw.endswith("}")]
    assert len(whole) == len(path.read_text().splitlines()) - 1
    assert json.loads(whole[-1])["type"] == "cost-state"


def test_a_pipe_on_stdin_is_part_of_the_prompt(place: Workplace) -> None:
    words = [*AGENT, "-p"]
    env = {
        **os.environ,
        "OVERNIGHT_DEMO_PACE": "0",
        "PYTHONPATH": str(REPOSITORY),
        "CLAUDE_CONFIG_DIR": str(place.config),
    }
    for given, code, told in ((b"[[story:hello]]", 0, b"Hello"), (b"", 1, b"Input must be")):
        done = subprocess.run(
            words, cwd=place.repository, env=env, input=given, capture_output=True, check=False
        )
        assert done.returncode == code
        assert told in done.stdout + done.stderr
