"""The scripted agent's lines have the key sets of the real CLI's, as recordings show them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent_harness import Json, Workplace
from tests.shared_data import shared
from tests.unit.repositories import demonstration

# Known from the facts about the real CLI, though no recording at hand shows them.
UNRECORDED_LINES = {("rate_limit_event", "")}
UNRECORDED_KEYS = {"tool_use_result": {"persistedOutputPath", "persistedOutputSize"}}
SAME_AS = {
    ("result", "error_max_budget_usd"): ("result", "error_max_turns"),
}

Groups = dict[tuple[str, str], list[frozenset[str]]]


def groups_of(lines: list[Json]) -> Groups:
    """The key sets of lines and of what is nested in them, by kind."""
    found: Groups = defaultdict(list)

    def note(kind: str, which: str, record: Any) -> None:
        if isinstance(record, dict):
            found[kind, which].append(frozenset(record))

    for line in lines:
        kind = line["type"]
        note(kind, str(line.get("subtype", "")) if kind in ("system", "result") else "", line)
        message = line.get("message")
        if isinstance(message, dict):
            note("message", kind, message)
            note("usage", kind, message.get("usage"))
            content = message.get("content")
            for block in content if isinstance(content, list) else []:
                note(f"block in {kind}", block["type"], block)
        note("event", str(line.get("event", {}).get("type", "")), line.get("event"))
        note("final usage", "result", line.get("usage") if kind == "result" else None)
        note("compaction", "", line.get("compact_metadata"))
        for account in line.get("modelUsage", {}).values():
            note("account", "", account)
        for meta in line.get("tool_result_meta") or []:
            note("tool_result_meta", "", meta)
        for name in ("response", "request"):
            if kind.startswith("control_"):
                which = str(line.get(name, {}).get("subtype", "")) if name in line else ""
                note(f"{kind}.{name}", which, line.get(name))
    return found


def details_of(lines: list[Json]) -> set[frozenset[str]]:
    return {
        frozenset(line["tool_use_result"]) - UNRECORDED_KEYS["tool_use_result"]
        for line in lines
        if isinstance(line.get("tool_use_result"), dict)
    }


def recorded(*parts: str) -> list[Json]:
    lines: list[Json] = []
    for path in sorted(shared("data", *parts).glob("*.jsonl")):
        lines += [json.loads(raw) for raw in path.read_text("utf-8").splitlines()]
    return lines


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    workplace = Workplace(tmp_path)
    demonstration(workplace.repository)
    yield workplace
    workplace.tidy()


def everything_said(place: Workplace) -> list[Json]:
    """Lines of every type the agent knows."""
    stories = (
        "work tasks=1",
        "loop times=1",
        "retry",
        "compact",
        "subagents",
        "subagents background=yes",
        "rate_limit resets_in=0.2",
        "long_tool seconds=0.4",
        "permission_wait command=true",
        "big_line size=40000",
        "billing_error",
    )
    flags = ("--include-partial-messages", "--replay-user-messages")
    agent = place.start(
        *flags, CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS="1", OVERNIGHT_DEMO_HEARTBEAT="0.15"
    )
    agent.control("initialize", hooks=None)
    for story in stories:
        agent.say(f"[[story:{story}]]", priority="later")
    agent.result(len(stories) + 1)
    agent.say("[[story:long_tool seconds=60]]")
    agent.running_tool()
    for request in ("get_context_usage", "nonsense"):
        agent.control(request)
    agent.control("set_permission_mode", mode="plan")
    agent.control("rename_session", title="night")
    agent.control("interrupt")
    agent.result(len(stories) + 2)
    agent.control("end_session")
    agent.exit_code()
    lines = agent.lines
    for flag in ("--max-turns=1", "--max-budget-usd=0.001"):
        lines += place.play("[[story:loop]]", flag).lines
    asking = place.start("--permission-prompt-tool", "stdio")
    asking.say("[[story:permission_wait]]")
    asking.wait_for(lambda one: one["type"] == "control_request")
    lines += asking.lines + place.play("go", "--resume", "nobody").lines
    return lines


def test_every_key_set_is_one_of_the_real_program(place: Workplace) -> None:
    real, lines = groups_of(recorded("streams")), everything_said(place)
    wrong: list[str] = []
    ours = groups_of(lines)
    for group, sets in ours.items():
        if group in UNRECORDED_LINES or group[0].startswith("control_response.response"):
            continue
        known = real.get(SAME_AS.get(group, group))
        if not known:
            wrong.append(f"{group}: the real program has no such thing")
            continue
        union, always = frozenset().union(*known), frozenset.intersection(*known)
        for keys in set(sets):
            if keys - union or always - keys:
                wrong.append(f"{group}: too many {set(keys - union)}, missing {set(always - keys)}")
    assert not wrong, "\n".join(wrong)
    assert len(ours) >= 42  # the comparison saw nearly everything there is


def test_every_tool_result_is_one_of_the_real_program(place: Workplace) -> None:
    real = details_of(recorded("streams"))
    ours = details_of(everything_said(place))
    assert len(ours) >= 6
    assert ours <= real


def test_the_transcript_has_known_types_and_envelopes(place: Workplace) -> None:
    real = recorded("transcripts")
    known = {one["type"] for one in real}
    envelope = frozenset.intersection(
        *(frozenset(one) for one in real if one["type"] in ("user", "assistant"))
    )
    agent = place.play("[[story:work tasks=1]]")
    lines = agent.transcript()
    assert {one["type"] for one in lines} <= known
    for one in lines:
        if one["type"] in ("user", "assistant"):
            assert envelope <= set(one), set(envelope) - set(one)
    states = [set(one) for one in lines if one["type"] == "cost-state"]
    (real_state,) = {frozenset(one) for one in real if one["type"] == "cost-state"}
    assert states == [set(real_state)]
    union = frozenset().union(*(frozenset(one) for one in real if one["type"] == "assistant"))
    assert all(set(one) <= union for one in lines if one["type"] == "assistant")
