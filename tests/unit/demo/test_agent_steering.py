"""Messages and control requests while the scripted agent is at work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent_harness import AgentProcess, Json, Workplace, blocks
from tests.unit.repositories import demonstration

GATED = "[[story:long_tool gate=go]]"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    workplace = Workplace(tmp_path)
    demonstration(workplace.repository)
    yield workplace
    workplace.tidy()


def at_work(place: Workplace, *flags: str) -> tuple[AgentProcess, str]:
    """An agent within a command that ends when the file `go` is there."""
    agent = place.start("--replay-user-messages", *flags)
    message = agent.say(GATED)
    agent.running_tool()
    return agent, message


def open_gate(place: Workplace) -> None:
    (place.repository / "go").touch()


def states(agent: AgentProcess, message: str) -> list[str]:
    return [one["state"] for one in agent.lines if one.get("command_uuid") == message]


def queued(agent: AgentProcess, message: str) -> None:
    agent.wait_for(lambda one: one.get("command_uuid") == message and one["state"] == "queued")


def index_of(agent: AgentProcess, wanted: Json) -> int:
    return agent.lines.index(wanted)


def test_a_message_is_folded_in_after_the_running_tool(place: Workplace) -> None:
    agent, first = at_work(place)
    second = agent.say("Please keep the file names short.")
    queued(agent, second)
    open_gate(place)
    result = agent.result()
    assert result["user_message_uuids"] == [first, second]
    assert states(agent, second) == ["queued", "started", "completed"]
    tool = agent.wait_for(lambda one: "tool_result" in blocks(one))
    replay = agent.wait_for(lambda one: one["uuid"] == second if "uuid" in one else False)
    answer = agent.wait_for(lambda one: "Noted" in str(one.get("message")))
    assert index_of(agent, tool) < index_of(agent, replay) < index_of(agent, answer)
    assert agent.kinds().count("result:success") == 1
    receipts = [one for one in agent.transcript() if one.get("reason") == "absorbed_mid_turn"]
    assert [one["commandUuid"] for one in receipts] == [second]
    assert agent.close() == 0


def test_a_later_message_waits_for_its_own_turn(place: Workplace) -> None:
    agent, first = at_work(place)
    second = agent.say("[[story:hello]]", priority="later")
    queued(agent, second)
    open_gate(place)
    assert agent.result(0)["user_message_uuids"] == [first]
    assert agent.result(1)["user_message_uuids"] == [second]


def test_a_message_for_now_ends_the_turn_after_the_tool(place: Workplace) -> None:
    agent, _ = at_work(place)
    second = agent.say("[[story:hello]]", priority="now")
    queued(agent, second)
    open_gate(place)
    assert agent.result(0)["terminal_reason"] == "aborted_tools"
    assert agent.result(0)["is_error"] is False
    assert agent.result(1)["user_message_uuids"] == [second]


def test_a_step_back_breaks_the_loop(place: Workplace) -> None:
    command = "while [ ! -e go ] && [ $SECONDS -lt 120 ]; do sleep 0.02; done; false"
    steps = place.config.parent / "steps.json"
    steps.write_text(json.dumps([{"do": "bash", "command": command}, {"story": "loop times=50"}]))
    agent = place.start(OVERNIGHT_AGENT_STORY=f"steps file={steps}")
    agent.say("go on")
    agent.running_tool()
    nudge = agent.say("STEP BACK: you repeat the same command. Try a different approach.")
    queued(agent, nudge)
    open_gate(place)
    agent.result()
    assert any(text.startswith("Stepping back") for text in agent.texts())
    failures = [one for one in agent.lines if "ModuleNotFoundError" in str(one)]
    assert len(failures) == 1
    assert "stopped repeating" in agent.result()["result"]


def test_an_interrupt_ends_the_turn_and_the_queued_message_starts(place: Workplace) -> None:
    agent, first = at_work(place)
    second = agent.say("Step back and reconsider.")
    queued(agent, second)
    answer = agent.control("interrupt")
    assert answer["response"] == {"still_queued": [second]}
    result = agent.result(0)
    assert (result["subtype"], result["is_error"]) == ("error_during_execution", True)
    assert result["terminal_reason"] == "aborted_tools"
    words = [str(one["message"]["content"]) for one in agent.lines if one["type"] == "user"]
    assert any("[Request interrupted by user for tool use]" in word for word in words)
    assert agent.result(1)["user_message_uuids"] == [second]
    assert any(text.startswith("Stepping back") for text in agent.texts())
    assert states(agent, first)[-1] == "cancelled"
    assert agent.close() == 0


def test_an_interrupt_kills_the_command(place: Workplace) -> None:
    agent = place.start()
    agent.say("[[story:long_tool seconds=300]]")
    agent.running_tool()
    agent.control("interrupt")
    agent.result()
    children = Path(f"/proc/{agent.process.pid}/task/{agent.process.pid}/children")
    if children.exists():
        assert children.read_text() == ""


def test_an_interrupt_ends_a_stall(place: Workplace) -> None:
    agent = place.start()
    agent.say("[[story:stall seconds=300]]")
    agent.wait_for(lambda one: "tool_result" in blocks(one))
    agent.control("interrupt")
    assert agent.result()["terminal_reason"] == "aborted_streaming"


def test_queued_messages_can_be_withdrawn(place: Workplace) -> None:
    agent, _ = at_work(place)
    one, two = agent.say("first thought"), agent.say("second thought")
    queued(agent, two)
    answer = agent.control("cancel_async_message", message_uuid=two)
    assert answer["response"] == {"cancelled": True, "message_uuid": two}
    answer = agent.control("interrupt", cancel_queued=True)
    assert answer["response"] == {"still_queued": [], "cancelled": [one]}
    agent.result()
    assert states(agent, one) == states(agent, two) == ["queued", "cancelled"]
    assert agent.close() == 1


def test_control_requests_are_answered_while_a_tool_runs(place: Workplace) -> None:
    agent, _ = at_work(place)
    initial = agent.control("initialize", hooks=None)
    assert initial["response"]["pid"] == agent.process.pid
    context = agent.control("get_context_usage")["response"]
    assert context["totalTokens"] > 12_000
    assert context["rawMaxTokens"] == 1_000_000
    assert agent.control("set_model", model="sonnet")["response"]["model"] == "claude-sonnet-5-5"
    assert agent.control("set_permission_mode", mode="plan")["response"] == {"mode": "plan"}
    unknown = agent.control("no_such_thing")
    assert unknown["error_code"] == "unsupported_request"
    open_gate(place)
    agent.result()
    agent.say("[[story:hello]]")
    agent.result(1)
    models = [one["model"] for one in agent.lines if one.get("subtype") == "init"]
    assert models == ["claude-opus-5-5", "claude-sonnet-5-5"]


def test_end_session_ends_an_idle_process(place: Workplace) -> None:
    agent = place.start()
    agent.say("[[story:hello]]")
    agent.result()
    assert agent.control("end_session", reason="done")["subtype"] == "success"
    assert agent.exit_code() == 0


@pytest.mark.parametrize("allow", [True, False])
def test_a_person_is_asked_for_leave(place: Workplace, allow: bool) -> None:
    agent = place.start("--permission-prompt-tool", "stdio")
    agent.say("[[story:permission_wait command=touch_asked.txt]]")
    question = agent.wait_for(lambda one: one["type"] == "control_request")
    request = question["request"]
    assert (request["subtype"], request["tool_name"]) == ("can_use_tool", "Bash")
    entry = json.loads((place.config / "sessions" / f"{agent.process.pid}.json").read_text())
    assert (entry["status"], entry["waitingFor"]) == ("waiting", "permission prompt")
    assert not (place.repository / "asked.txt").exists()
    answer = {"behavior": "allow"} if allow else {"behavior": "deny", "message": "Not now."}
    reply = {"subtype": "success", "request_id": question["request_id"], "response": answer}
    agent.send({"type": "control_response", "response": reply})
    result = agent.result()
    assert (place.repository / "asked.txt").exists() is allow
    assert bool(result["permission_denials"]) is not allow


def test_without_a_prompt_tool_the_call_is_denied(place: Workplace) -> None:
    agent = place.play("[[story:permission_wait command=touch_asked.txt]]")
    assert "system:permission_denied" in agent.kinds()
    assert not (place.repository / "asked.txt").exists()


def test_hooks_of_the_project_are_heard(place: Workplace) -> None:
    mailbox = place.config.parent / "mail"
    mailbox.write_text("STEP BACK: leave this path.")
    told = '{"hookSpecificOutput":{"hookEventName":"PostToolUseFailure","additionalContext":"%s"}}'
    script = f"m={mailbox}; [ -e $m ] && printf '{told}' \"$(cat $m)\" && rm $m; true"
    group = {"matcher": "Bash", "hooks": [{"type": "command", "command": script}]}
    settings = place.repository / ".claude" / "settings.local.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"hooks": {"PostToolUseFailure": [group]}}))
    agent = place.play("[[story:loop times=20]]")
    assert any(text.startswith("Stepping back") for text in agent.texts())
    assert sum("ModuleNotFoundError" in str(one.get("message")) for one in agent.lines) == 1
    assert not mailbox.exists()


def test_a_stop_hook_keeps_the_turn_going(place: Workplace) -> None:
    flag = place.config.parent / "once"
    script = f"[ -e {flag} ] || {{ touch {flag}; echo 'one more thing' >&2; exit 2; }}"
    group = {"hooks": [{"type": "command", "command": script}]}
    settings = place.repository / ".claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"hooks": {"Stop": [group]}}))
    agent = place.play("[[story:hello]]")
    synthetic = [one for one in agent.lines if one.get("isSynthetic")]
    assert "Stop hook feedback:\none more thing" in str(
        synthetic[0]["message"]["content"][0]["text"]
    )
    assert agent.kinds().count("result:success") == 1


def test_a_hand_over_is_written_when_asked_for(place: Workplace) -> None:
    agent, _ = at_work(place)
    asked = agent.say("Write your hand-over into progress file and notes, then stop.")
    queued(agent, asked)
    open_gate(place)
    result = agent.result()
    assert "hand-over" in result["result"]
    notes = (place.repository / "claude-session-notes.md").read_text()
    assert "## Hand-over" in notes
    assert "### Next\n- [ ] 1.3" in notes
    assert place.git("status", "--porcelain") == ""


def test_a_message_sent_twice_is_heard_once(place: Workplace) -> None:
    agent = place.start()
    message = agent.say("[[story:hello]]")
    body = {"role": "user", "content": "[[story:hello]]"}
    agent.send({"type": "user", "message": body, "uuid": message})
    agent.control("get_context_usage")
    agent.result()
    assert agent.close() == 0
    assert states(agent, message) == ["queued", "started", "completed"]
