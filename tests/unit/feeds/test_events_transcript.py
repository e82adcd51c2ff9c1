"""Entries of transcripts as events."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.feeds.event_lines import UUID, body, call, decode, entry, line, text
from tui.model.events import (
    AgentStateReport,
    ApiRetry,
    AssistantMessage,
    Body,
    Compaction,
    HookRun,
    MessageLifecycle,
    Notice,
    RunningCost,
    SilentRecord,
    TaskUpdate,
    ToolHeartbeat,
    UnknownRecord,
    UserMessage,
)


def attached(kind: str, **fields: Any) -> dict[str, Any]:
    return entry("attachment", attachment={"type": kind, **fields})


def relayed(kind: str, **fields: Any) -> dict[str, Any]:
    return entry("progress", data={"type": kind, **fields}, parentToolUseID="toolu_1")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            entry(
                "system",
                subtype="api_error",
                error={
                    "status": 529,
                    "headers": {"anthropic-organization-id": "org-secret"},
                    "error": {"type": "error", "error": {"type": "overloaded_error"}},
                },
                retryInMs=512.5,
                retryAttempt=2,
                maxRetries=10,
            ),
            ApiRetry(2, 10, 0.5125, 529, "overloaded_error"),
        ),
        (
            entry("system", subtype="api_error", cause={"code": "ECONNRESET"}, retryAttempt=1),
            ApiRetry(1, 0, 0.0, 0, "ECONNRESET"),
        ),
        (
            entry(
                "system",
                subtype="compact_boundary",
                compactMetadata={"trigger": "manual", "preTokens": 167_000},
            ),
            Compaction("manual", 167_000),
        ),
        (entry("system", subtype="compact_boundary"), Compaction("", 0)),
        (
            entry(
                "system",
                subtype="microcompact_boundary",
                microcompactMetadata={"tokensSaved": 5_000},
            ),
            Notice("microcompaction", "5,000 tokens of old tool results dropped"),
        ),
        (
            entry("system", subtype="turn_duration", durationMs=128_252),
            AgentStateReport("idle", "the turn took 128 s"),
        ),
        (
            entry(
                "system",
                subtype="stop_hook_summary",
                hookInfos=[{"command": "check.sh"}],
                preventedContinuation=False,
                hookErrors=[],
            ),
            HookRun("Stop", "Stop", "success", "check.sh"),
        ),
        (
            entry(
                "system",
                subtype="stop_hook_summary",
                preventedContinuation=True,
                stopReason="enough",
            ),
            HookRun("Stop", "Stop", "stopped the turn", "enough"),
        ),
        (
            entry("system", subtype="away_summary", content="Fixed it."),
            Notice("away_summary", "Fixed it."),
        ),
        (
            {"type": "queue-operation", "operation": "enqueue", "content": "step back"},
            MessageLifecycle("", "queued", "step back"),
        ),
        ({"type": "queue-operation", "operation": "dequeue"}, MessageLifecycle("", "started")),
        (
            {
                "type": "queue-operation",
                "operation": "remove",
                "reason": "absorbed_mid_turn",
                "commandUuid": UUID,
                "content": "step back",
            },
            MessageLifecycle(UUID, "started", "step back"),
        ),
        ({"type": "queue-operation", "operation": "remove"}, MessageLifecycle("", "removed")),
        ({"type": "queue-operation", "operation": "popAll"}, MessageLifecycle("", "cancelled")),
        ({"type": "cost-state", "totalCostUSD": 1.25}, RunningCost(1.25)),
        ({"type": "summary", "summary": "A night", "leafUuid": UUID}, SilentRecord("summary")),
        ({"type": "file-history-snapshot", "snapshot": {}}, SilentRecord("file-history-snapshot")),
        ({"type": "ai-title", "aiTitle": "x"}, SilentRecord("ai-title")),
        ({"type": "permission-mode", "permissionMode": "plan"}, SilentRecord("permission-mode")),
        (
            attached("queued_command", prompt="step back", source_uuid=UUID, commandMode="prompt"),
            UserMessage("prompt", "step back", (), "queued", UUID),
        ),
        (
            attached("queued_command", prompt=[text("done")], commandMode="task-notification"),
            UserMessage("note", "done", (), "task-notification"),
        ),
        (
            attached("hook_additional_context", content=["think"], hookName="h", hookEvent="Stop"),
            HookRun("h", "Stop", "added context", "think"),
        ),
        (
            attached("hook_blocking_error", blockingError={"blockingError": "no"}, hookName="h"),
            HookRun("h", "", "blocked", "no"),
        ),
        (
            attached("budget_usd", used=1.5, total=2),
            Notice("budget", "$1.50 of $2.00 spent", "warning"),
        ),
        (
            attached("max_turns_reached", maxTurns=5),
            Notice("turns", "the limit of 5 turns is reached", "warning"),
        ),
        (
            attached("task_status", taskId="a1", status="running", description="dig"),
            TaskUpdate("updated", "a1", "", "dig", "", "running"),
        ),
        (attached("skill_listing", content="…"), SilentRecord("attachment skill_listing")),
        (attached("brand_new", content="news"), UnknownRecord("attachment", "brand_new", "news")),
        (relayed("bash_progress", elapsedTimeSeconds=12), ToolHeartbeat("toolu_1", "Bash", 12)),
        (
            relayed("mcp_progress", toolName="fetch", elapsedTimeMs=1500),
            ToolHeartbeat("toolu_1", "fetch", 1.5),
        ),
        (
            relayed("hook_progress", hookName="h", hookEvent="Stop", command="x.sh"),
            HookRun("h", "Stop", "running", "x.sh"),
        ),
        (
            relayed("waiting_for_task", taskDescription="dig", taskType="local_agent"),
            TaskUpdate("progress", "", "toolu_1", "dig", "local_agent", "waiting"),
        ),
        (relayed("brand_new"), UnknownRecord("progress", "brand_new")),
    ],
)
def test_every_kind_of_entry_is_understood_or_told_unknown(
    record: dict[str, Any], expected: Body
) -> None:
    assert body(record) == expected


def test_no_header_gets_into_a_record() -> None:
    record = entry("system", subtype="api_error", error={"headers": {"x-org": "org-secret"}})
    assert "org-secret" not in repr(body(record))


def test_an_entry_belongs_to_its_agent() -> None:
    record = entry(
        "assistant",
        message={"id": "m", "content": [text("hi")], "stop_reason": "end_turn"},
        requestId="req_1",
        isSidechain=True,
        agentId="abc123",
    )
    (event,) = decode(line(record | {"parentUuid": "p"}))
    assert event.thread == "abc123"
    assert event.parent == "p"
    assert isinstance(event.body, AssistantMessage)
    assert event.body.request_id == "req_1"
    assert event.body.final
    (old,) = decode(line(entry("user", message={"content": "dig"}, isSidechain=True)))
    assert old.thread == "sidechain"


def test_a_relayed_message_is_the_subagents_own() -> None:
    inner = {
        "type": "assistant",
        "message": {
            "id": "m2",
            "content": [call("Grep", {"pattern": "x"})],
            "usage": {"output_tokens": 3},
        },
        "requestId": "req_2",
        "uuid": "inner",
    }
    (event,) = decode(line(relayed("agent_progress", message=inner, agentId="abc")))
    assert event.thread == "abc"
    assert event.uuid == UUID
    assert isinstance(event.body, AssistantMessage)
    assert (event.body.message_id, event.body.request_id) == ("m2", "req_2")
    assert event.body.tools[0].target == "x"


@pytest.mark.parametrize("message", ["garbage", None, {"type": "other"}, 5])
def test_a_relayed_something_is_a_note(message: Any) -> None:
    found = body(relayed("agent_progress", message=message, agentId="abc"))
    assert found == TaskUpdate("progress", "abc", "toolu_1", "", "local_agent")


def test_words_put_in_by_the_cli_are_told_apart() -> None:
    roles = [
        (entry("user", message={"content": "skill text"}, isMeta=True), "synthetic"),
        (entry("user", message={"content": "so far"}, isCompactSummary=True), "summary"),
        (entry("user", message={"content": "go"}, promptSource="typed"), "prompt"),
        (
            entry("user", message={"content": "<system-reminder>x</system-reminder>"}, isMeta=True),
            "note",
        ),
    ]
    for record, role in roles:
        found = body(record)
        assert isinstance(found, UserMessage)
        assert found.role == role


def test_structured_results_have_another_name_in_transcripts() -> None:
    block = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}
    patch = {"structuredPatch": [{"lines": ["+a"]}]}
    found = body(entry("user", message={"content": [block]}, toolUseResult=patch))
    assert isinstance(found, UserMessage)
    assert found.results[0].added == 1
