"""The scripted agent's stream: turns, results, costs, refusals, partial messages."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent_harness import AGENT, REPOSITORY, Workplace, blocks
from tests.unit.repositories import demonstration
from tui.demo.simulator.spending import TokenCounts


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    workplace = Workplace(tmp_path)
    demonstration(workplace.repository)
    yield workplace
    workplace.tidy()


def test_a_prompt_on_the_command_line_is_one_turn(place: Workplace) -> None:
    agent = place.play("[[story:hello]]")
    assert agent.exit_code() == 0
    assert agent.kinds() == ["system:init", "assistant:", "result:success"]
    assert agent.lines[-1]["result"] == "Hello from the scripted agent."
    assert list(agent.lines[-1]).index("type") > 10  # the type stands late, as in the real stream


def test_every_message_is_a_turn_with_its_own_init(place: Workplace) -> None:
    agent = place.start("--replay-user-messages")
    first, second = agent.say("[[story:hello]]"), agent.say("[[story:hello text=Again]]")
    agent.result(1)
    assert agent.kinds().count("system:init") == 2
    states = [(one["command_uuid"], one["state"]) for one in agent.lines if "command_uuid" in one]
    assert [one for one in states if one[0] == first] == [
        (first, "queued"),
        (first, "started"),
        (first, "completed"),
    ]
    replays = [one["uuid"] for one in agent.lines if one.get("isReplay")]
    assert replays == [first, second]
    assert agent.result(0)["user_message_uuids"] == [first]
    assert agent.close() == 0


def test_the_result_adds_up_and_is_cumulative(place: Workplace) -> None:
    agent = place.start()
    agent.say("[[story:work tasks=1]]")
    first = agent.result(0)
    agent.say("[[story:hello]]")
    second = agent.result(1)
    assert second["total_cost_usd"] > first["total_cost_usd"] > 0
    for line in (first, second):
        parts = sum(account["costUSD"] for account in line["modelUsage"].values())
        assert line["total_cost_usd"] == pytest.approx(parts, abs=1e-12)
    ((model, whole),) = second["modelUsage"].items()
    tokens = TokenCounts(
        whole["inputTokens"],
        whole["outputTokens"],
        whole["cacheCreationEphemeral5mInputTokens"],
        whole["cacheCreationEphemeral1hInputTokens"],
        whole["cacheReadInputTokens"],
    )
    assert tokens.cost(model) == pytest.approx(whole["costUSD"])
    since = second["model_usage_since_last_result"][model]["costUSD"]
    assert first["total_cost_usd"] + since == pytest.approx(second["total_cost_usd"])


def test_usage_on_lines_is_preliminary_and_in_the_transcript_final(place: Workplace) -> None:
    agent = place.play("[[story:work tasks=1]]")
    said = [one["message"] for one in agent.lines if one["type"] == "assistant"]
    assert {message["usage"]["output_tokens"] for message in said} == {1}
    assert all(len(message["content"]) == 1 for message in said)
    kept = {
        one["message"]["id"]: one["message"]["usage"]
        for one in agent.transcript()
        if one["type"] == "assistant"
    }
    assert set(kept) == {message["id"] for message in said}
    total = sum(usage["output_tokens"] for usage in kept.values())
    assert total == agent.result()["usage"]["output_tokens"] > len(kept)
    assert len(said) > len(kept)  # several lines share a message id


def test_partial_messages_end_with_the_true_usage(place: Workplace) -> None:
    agent = place.play("[[story:work tasks=1]]", "--include-partial-messages")
    events = [one["event"] for one in agent.lines if one["type"] == "stream_event"]
    counted = sum(
        event["usage"]["output_tokens"] for event in events if event["type"] == "message_delta"
    )
    assert counted == agent.result()["usage"]["output_tokens"]
    first = next(i for i, one in enumerate(agent.lines) if one["type"] == "assistant")
    rest = [one["event"]["type"] for one in agent.lines[first:] if one["type"] == "stream_event"]
    assert rest[0] == "content_block_stop"  # the line of a block comes before its end
    pieces = "".join(
        event["delta"]["partial_json"]
        for event in events
        if event["type"] == "content_block_delta" and "partial_json" in event["delta"]
    )
    assert '"file_path"' in pieces


def test_lines_and_transcript_share_their_uuids(place: Workplace) -> None:
    agent = place.play("[[story:work tasks=1]]")
    kept = {one.get("uuid") for one in agent.transcript()}
    said = {one["uuid"] for one in agent.lines if one["type"] in ("assistant", "user")}
    assert said <= kept
    folder = str(place.repository).replace("/", "-").replace("_", "-").replace(".", "-")
    assert (place.config / "projects" / folder).is_dir()


def test_what_is_reported_has_happened(place: Workplace) -> None:
    agent = place.play("[[story:work tasks=1]]")
    written = [
        one["tool_use_result"]["filePath"]
        for one in agent.lines
        if isinstance(one.get("tool_use_result"), dict) and "filePath" in one["tool_use_result"]
    ]
    assert written
    assert all(Path(path).is_file() for path in written)
    assert place.git("log", "--format=%an %s", "-1") == "Night Shift Do 1.3"
    assert place.git("status", "--porcelain") == ""
    assert "- [x] **1.3**" in (place.repository / "claude-progress.txt").read_text()
    config = subprocess.run(
        ["git", "config", "--local", "user.name"], cwd=place.repository, check=False
    )
    assert config.returncode != 0


def test_states_are_told_on_request(place: Workplace) -> None:
    agent = place.start(CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS="1")
    agent.say("[[story:hello]]")
    agent.wait_for(lambda one: one.get("state") == "idle")
    states = [one["state"] for one in agent.lines if one.get("subtype") == "session_state_changed"]
    assert states == ["running", "idle"]
    entry = place.config / "sessions" / f"{agent.process.pid}.json"
    told = json.loads(entry.read_text())
    assert told["sessionId"] == agent.session
    assert told["status"] == "idle"
    assert agent.close() == 0
    assert not entry.exists()


def test_limits_end_the_turn_with_exit_code_1(place: Workplace) -> None:
    agent = place.play("[[story:loop]]", "--max-turns", "2")
    assert agent.exit_code() == 1
    assert agent.lines[-1]["subtype"] == "error_max_turns"
    agent = place.play("[[story:spend usd=2 calls=4]]", "--max-budget-usd", "1")
    assert agent.exit_code() == 1
    assert agent.lines[-1]["terminal_reason"] == "budget_exhausted"
    assert 1 <= agent.lines[-1]["total_cost_usd"] < 2.1


@pytest.mark.parametrize("story", ["login_error", "billing_error"])
def test_api_failures_are_successes_that_are_errors(place: Workplace, story: str) -> None:
    agent = place.play(f"[[story:{story}]]")
    assert agent.exit_code() == 1
    result = agent.lines[-1]
    assert (result["subtype"], result["is_error"]) == ("success", True)
    assert result["terminal_reason"] == "api_error"
    assert agent.lines[-2]["is_api_error_message"] is True


def test_a_long_command_beats_and_is_a_task(place: Workplace) -> None:
    agent = place.play("[[story:long_tool seconds=0.7]]", OVERNIGHT_DEMO_HEARTBEAT="0.2")
    beats = [one for one in agent.lines if one["type"] == "tool_progress"]
    assert len(beats) >= 2
    assert beats[0]["tool_use_id"] == f"{beats[0]['parent_tool_use_id']}-heartbeat-0"
    kinds = agent.kinds()
    assert kinds.index("system:task_started") < kinds.index("tool_progress:")
    assert "system:task_notification" in kinds


def test_refusals_come_before_anything_is_started(place: Workplace) -> None:
    first = place.play("[[story:hello]]")
    again = place.play("[[story:hello]]", "--session-id", first.session)
    assert (again.exit_code(), again.lines) == (1, [])
    assert "already in use" in again.stderr()
    words = [*AGENT, "-p", "x", "--output-format", "stream-json"]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"--verbose" in done.stderr


def test_unknown_flags_are_tolerated(place: Workplace) -> None:
    flags = ("--brand-new-flag", "--allowedTools", "Bash", "Edit", "--settings", "{}", "--x=y")
    agent = place.start(*flags, "--dangerously-skip-permissions", "a prompt that is ignored")
    agent.say("[[story:hello]]")
    agent.result()
    assert agent.lines[2]["permissionMode"] == "bypassPermissions"
    assert agent.close() == 0


def test_simulated_time_runs_faster(place: Workplace) -> None:
    agent = place.play(
        "[[story:work tasks=1]]",
        OVERNIGHT_DEMO_CLOCK_SCALE="1000",
        OVERNIGHT_DEMO_EPOCH="2026-03-01T22:00:00Z",
    )
    stamps = [one["timestamp"] for one in agent.lines if "timestamp" in one]
    assert stamps == sorted(stamps)
    assert stamps[0].startswith("2026-03-01T22:")
    assert place.git("log", "-1", "--format=%ad", "--date=format:%Y-%m") == "2026-03"
    honest = place.play("[[story:hello]]")
    told = next(one["timestamp"] for one in honest.lines if "timestamp" in one)
    assert told[:10] == time.strftime("%Y-%m-%d", time.gmtime())


def test_a_broken_line_on_stdin_ends_the_process(place: Workplace) -> None:
    agent = place.start()
    agent.send_raw(b'{"type":"user", torn\n')
    assert agent.exit_code() == 1
    assert "Error parsing" in agent.stderr()


def test_steps_may_come_from_a_file(place: Workplace, tmp_path: Path) -> None:
    steps = [
        {"do": "write", "name": "a.txt", "content": "one\n"},
        {"do": "bash", "command": "cat a.txt"},
        {"story": "retry times=1"},
        {"do": "say", "text": "Steps done."},
    ]
    path = tmp_path / "steps.json"
    path.write_text(json.dumps(steps))
    agent = place.play("go", OVERNIGHT_AGENT_STORY=f"steps file={path}")
    assert agent.lines[-1]["result"] == "Steps done."
    assert "system:api_retry" in agent.kinds()
    assert (place.repository / "a.txt").read_text() == "one\n"


def test_the_agent_starts_fast_and_imports_nothing_of_the_house() -> None:
    script = (
        "import sys, tui.demo.agent; "
        "print([n for n in sys.modules if n.startswith('tui.') and not n.startswith('tui.demo')]); "
        "print([n for n in ('textual', 'psutil', 'msgspec', 'yaml', 'asyncio') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n[]\n"


def test_blocks_helper_sees_tool_calls() -> None:
    assert blocks({"message": {"content": [{"type": "tool_use"}]}}) == ["tool_use"]
    assert blocks({"message": {"content": "text"}}) == []
