"""Records of the stream as events."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.feeds.event_lines import (
    SESSION,
    SOURCE,
    USAGE,
    UUID,
    answered,
    body,
    call,
    decode,
    line,
    said,
    stream,
    text,
    told,
)
from tui.model.events import (
    AgentEvent,
    AgentStateReport,
    ApiRetry,
    AssistantMessage,
    Body,
    Compaction,
    ControlMessage,
    HookRun,
    MessageLifecycle,
    ModelUsage,
    Notice,
    PermissionDenied,
    RateLimit,
    SilentRecord,
    TaskUpdate,
    TokenUsage,
    ToolHeartbeat,
    TurnResult,
    TurnStarted,
    UnknownRecord,
    UserMessage,
)


def system(subtype: str, **fields: Any) -> dict[str, Any]:
    return stream("system", subtype=subtype, **fields)


def test_an_event_tells_where_it_stands_and_whose_it_is() -> None:
    first = line(said(text("hi")))
    second = line(told("go", timestamp="2026-11-20T17:41:54.938Z", parent_tool_use_id="toolu_9"))

    events = decode(first + b"\n" + second + b"\n")

    assert events[0] == AgentEvent(
        SOURCE,
        0,
        len(first),
        AssistantMessage("msg_1", "", "claude-x", None, False, "hi"),
        UUID,
        SESSION,
    )
    assert events[1].offset == len(first) + 1
    assert events[1].length == len(second)
    assert events[1].at == 1795196514.938
    assert events[1].thread == "toolu_9"
    assert events[1].ref.uuid == UUID


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            system(
                "init",
                cwd="/home/dev/p",
                model="claude-x",
                permissionMode="plan",
                apiKeySource="none",
                claude_code_version="2.1.329",
                tools=["Bash"],
            ),
            TurnStarted("claude-x", "/home/dev/p", "2.1.329", "plan"),
        ),
        (
            system(
                "api_retry",
                attempt=2,
                max_retries=10,
                retry_delay_ms=1_500,
                error_status=529,
                error="overloaded",
            ),
            ApiRetry(2, 10, 1.5, 529, "overloaded"),
        ),
        (
            system("api_retry", attempt=1, max_retries=10, retry_delay_ms=5, error_status=None),
            ApiRetry(1, 10, 0.005, 0, ""),
        ),
        (
            system(
                "compact_boundary",
                compact_metadata={
                    "trigger": "auto",
                    "pre_tokens": 996_432,
                    "post_tokens": 2_606,
                    "duration_ms": 315,
                },
            ),
            Compaction("auto", 996_432, 2_606, 0.315),
        ),
        (
            system(
                "task_started",
                task_id="b9",
                tool_use_id="toolu_1",
                description="run it",
                task_type="local_bash",
            ),
            TaskUpdate("started", "b9", "toolu_1", "run it", "local_bash"),
        ),
        (
            system(
                "task_progress", task_id="a1", description="Reading", usage={"total_tokens": 8_172}
            ),
            TaskUpdate("progress", "a1", "", "Reading", tokens=8_172),
        ),
        (
            system("task_updated", task_id="a1", patch={"status": "completed", "end_time": 1}),
            TaskUpdate("ended", "a1", "", "", status="completed"),
        ),
        (
            system("task_updated", task_id="a1", patch={"status": "running"}),
            TaskUpdate("updated", "a1", "", "", status="running"),
        ),
        (
            system("task_notification", task_id="a1", status="failed", summary="it broke"),
            TaskUpdate("ended", "a1", "", "it broke", status="failed"),
        ),
        (
            system("hook_started", hook_name="PreToolUse:Bash", hook_event="PreToolUse"),
            HookRun("PreToolUse:Bash", "PreToolUse", "started", ""),
        ),
        (
            system(
                "hook_response",
                hook_name="Stop",
                hook_event="Stop",
                output="\x1b[31mno\x1b[0m",
                outcome="error",
            ),
            HookRun("Stop", "Stop", "error", "no"),
        ),
        (
            system("hook_response", hook_name="h", hook_event="Stop", stderr="no", exit_code=1),
            HookRun("h", "Stop", "error", "no"),
        ),
        (
            system("hook_response", hook_name="h", hook_event="Stop", exit_code=0),
            HookRun("h", "Stop", "ended", ""),
        ),
        (
            system("permission_denied", tool_name="Bash", tool_use_id="toolu_1", message="no"),
            PermissionDenied("Bash", "toolu_1", "no"),
        ),
        (system("status", status="requesting"), AgentStateReport("requesting")),
        (
            system("status", status=None, permissionMode="acceptEdits"),
            AgentStateReport("", "permission mode acceptEdits"),
        ),
        (
            system("status", status=None, compact_result="failed", compact_error="blocked"),
            AgentStateReport("", "compaction failed, blocked"),
        ),
        (system("session_state_changed", state="idle"), AgentStateReport("idle", background=0)),
        (
            system("informational", content="careful", level="warning"),
            Notice("informational", "careful", "warning"),
        ),
        (
            system("notification", key="stop-hook", text="trouble", priority="immediate"),
            Notice("stop-hook", "trouble", "immediate"),
        ),
        (
            system("peer_message_hold", state="held", cause="no-mode-asserted"),
            Notice("peer_message_hold", "held", "warning"),
        ),
        (
            system("model_refusal_no_fallback", content=""),
            Notice("model_refusal_no_fallback", "", "warning"),
        ),
        (system("thinking_tokens", estimated_tokens=8), SilentRecord("thinking_tokens")),
        (system("session_title_changed", title="t"), SilentRecord("session_title_changed")),
        (
            system("control_request_progress", request_id="r1", status="started"),
            ControlMessage("r1", "progress", True, "started"),
        ),
        (
            stream(
                "tool_progress",
                tool_use_id="toolu_1-heartbeat-0",
                parent_tool_use_id="toolu_1",
                tool_name="Bash",
                elapsed_time_seconds=30,
            ),
            ToolHeartbeat("toolu_1", "Bash", 30),
        ),
        (
            stream(
                "rate_limit_event",
                rate_limit_info={
                    "status": "allowed_warning",
                    "resetsAt": 1774044000,
                    "rateLimitType": "five_hour",
                    "utilization": 0.9,
                },
            ),
            RateLimit("allowed_warning", 1774044000, "five_hour", 0.9),
        ),
        (
            stream("command_lifecycle", command_uuid="u1", state="queued"),
            MessageLifecycle("u1", "queued"),
        ),
        (
            {
                "type": "control_request",
                "request_id": "r1",
                "request": {
                    "subtype": "can_use_tool",
                    "tool_name": "Bash",
                    "tool_use_id": "toolu_1",
                    "decision_reason": "needs leave",
                },
            },
            PermissionDenied("Bash", "toolu_1", "needs leave", True),
        ),
        (
            {
                "type": "control_response",
                "response": {"subtype": "error", "request_id": "r1", "error": "not possible"},
            },
            ControlMessage("r1", "error", False, "not possible"),
        ),
        (
            {"type": "control_response", "response": {"subtype": "success", "request_id": "r1"}},
            ControlMessage("r1", "success", True),
        ),
        (
            {"type": "control_cancel_request", "request_id": "r1"},
            ControlMessage("r1", "cancel", True),
        ),
        ({"type": "keep_alive"}, SilentRecord("keep_alive")),
        (
            stream("tool_use_summary", summary="read files"),
            Notice("tool_use_summary", "read files"),
        ),
        (stream("conversation_reset"), Notice("conversation_reset", "conversation reset")),
        (
            system("brand_new", content="news", headers={"x": "secret"}),
            UnknownRecord("system", "brand_new", "news"),
        ),
        (
            stream("brand_new_type", headers={"x": "secret"}),
            UnknownRecord("brand_new_type", "", "keys: headers, session_id, uuid"),
        ),
        ({"hello": 1}, UnknownRecord("", "", "keys: hello")),
        (
            {"type": "event_msg", "payload": {"type": "token_count", "message": "12"}},
            UnknownRecord("event_msg", "token_count", "12"),
        ),
    ],
    ids=lambda value: (
        str(value.get("subtype") or value.get("type")) if isinstance(value, dict) else ""
    ),
)
def test_every_kind_of_record_is_understood_or_told_unknown(
    record: dict[str, Any], expected: Body
) -> None:
    assert body(record) == expected


def test_a_result_gives_its_own_account() -> None:
    record = stream(
        "result",
        subtype="success",
        is_error=False,
        num_turns=7,
        duration_ms=1_573,
        total_cost_usd=0.028385,
        result="All done.",
        terminal_reason="completed",
        usage=USAGE,
        modelUsage={
            "claude-x": {
                "inputTokens": 72,
                "outputTokens": 185,
                "cacheReadInputTokens": 76_985,
                "cacheCreationInputTokens": 1_800,
                "costUSD": 0.028385,
                "contextWindow": 1_000_000,
            }
        },
        permission_denials=[{"tool_name": "Bash"}, {"tool_use_id": "toolu_7"}, 3],
        queued_turn_count=1,
        errors=["[ede] x", {"message": "y"}],
        api_error_status=400,
    )
    assert body(record) == TurnResult(
        "success",
        False,
        7,
        1_573,
        0.028385,
        (ModelUsage("claude-x", TokenUsage(72, 185, 1_800, 0, 76_985), 0.028385, 1_000_000),),
        TokenUsage(12, 7, 100, 200, 9_000),
        "completed",
        "All done.",
        ("[ede] x", "y"),
        ("", "toolu_7", ""),
        1,
        400,
    )


def test_keys_may_stand_in_any_order() -> None:
    record = {
        "duration_api_ms": 1,
        "usage": None,
        "subtype": "success",
        "uuid": "u",
        "type": "result",
    }
    assert isinstance(body(record), TurnResult)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (USAGE, TokenUsage(12, 7, 100, 200, 9_000)),
        ({"input_tokens": 1, "cache_creation_input_tokens": 50}, TokenUsage(1, 0, 50)),
        ({"cache_creation_input_tokens": 50, "cache_creation": None}, TokenUsage(0, 0, 50)),
        (
            {
                "cache_creation_input_tokens": 50,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": None,
                    "ephemeral_1h_input_tokens": 20,
                },
            },
            TokenUsage(0, 0, 30, 20),
        ),
        ({"cache_creation": {"ephemeral_1h_input_tokens": 5}}, TokenUsage(0, 0, 0, 5)),
        ({"input_tokens": None, "output_tokens": None}, TokenUsage()),
        ({}, TokenUsage()),
        (None, None),
    ],
)
def test_cache_writes_are_five_minute_ones_unless_told(
    usage: Any, expected: TokenUsage | None
) -> None:
    found = body(said(text("x"), usage=usage))
    assert isinstance(found, AssistantMessage)
    assert found.usage == expected


def test_a_final_usage_is_known_by_its_stop_reason() -> None:
    found = body(said(text("x"), stop_reason="end_turn"))
    assert isinstance(found, AssistantMessage)
    assert found.final


def test_thinking_is_kept_apart_from_words() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "x" * 100}
    both = body(said(thought, text("Yes."), text("Go.")))
    only = body(said(thought))
    hidden = body(said({"type": "redacted_thinking", "data": "zzz"}))
    assert isinstance(both, AssistantMessage)
    assert (both.text, both.thinking) == ("Yes.\nGo.", False)
    assert isinstance(only, AssistantMessage)
    assert (only.text, only.thinking) == ("Hm.", True)
    assert isinstance(hidden, AssistantMessage)
    assert (hidden.text, hidden.thinking) == ("", True)


def test_several_calls_in_one_record_are_all_there() -> None:
    found = body(
        said(call("Bash", {"command": "ls"}, "t1"), call("Read", {"file_path": "/x"}, "t2"))
    )
    assert isinstance(found, AssistantMessage)
    assert [(tool.id, tool.name, tool.target) for tool in found.tools] == [
        ("t1", "Bash", "ls"),
        ("t2", "Read", "/x"),
    ]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"error": "rate_limit"}, "rate_limit"),
        ({"isApiErrorMessage": True}, "unknown"),
        ({"is_api_error_message": True, "error": "invalid_request"}, "invalid_request"),
        ({"error": {"type": "overloaded_error"}}, "overloaded_error"),
        ({"error": None}, ""),
        ({}, ""),
    ],
)
def test_a_failed_response_says_its_error(fields: dict[str, Any], error: str) -> None:
    found = body(said(text("API Error")) | fields)
    assert isinstance(found, AssistantMessage)
    assert found.error == error


@pytest.mark.parametrize(
    ("record", "role", "shown"),
    [
        (told("go on"), "prompt", "go on"),
        (told([text("go"), text("on")]), "prompt", "go\non"),
        (told("go", isReplay=True), "replay", "go"),
        (told("Stop hook feedback:\nno", isSynthetic=True), "synthetic", "Stop hook feedback:\nno"),
        (
            told("[Request interrupted by user for tool use]"),
            "interrupted",
            "[Request interrupted by user for tool use]",
        ),
        (
            told(
                "This session is being continued from a previous conversation that …",
                isSynthetic=True,
            ),
            "summary",
            "This session is being continued from a previous conversation that …",
        ),
        (
            told("<local-command-stdout>Set model</local-command-stdout>", isReplay=True),
            "note",
            "Set model",
        ),
        (told("<task-notification>\n<status>done</status></task-notification>"), "note", "done"),
        (
            told(
                "<command-message>compact is running</command-message>"
                "<command-name>/compact</command-name><command-args>now</command-args>"
            ),
            "prompt",
            "/compact now",
        ),
        (told("<bash-input>make test</bash-input>"), "prompt", "! make test"),
        (told([{"type": "image", "source": {}}, text("see")]), "prompt", "[image]\nsee"),
        (told(None), "prompt", ""),
        (told([]), "prompt", ""),
    ],
)
def test_what_reached_the_model_has_a_role(record: dict[str, Any], role: str, shown: str) -> None:
    found = body(record)
    assert isinstance(found, UserMessage)
    assert (found.role, found.text) == (role, shown)


def test_a_message_tells_its_origin_and_the_id_it_was_sent_under() -> None:
    found = body(told("hi", origin={"kind": "peer"}, isReplay=True))
    assert isinstance(found, UserMessage)
    assert (found.origin, found.command_uuid) == ("peer", UUID)


def test_a_tool_result_keeps_the_end_of_its_text() -> None:
    output = "first\n" + "middle line\n" * 500 + "\x1b[32m3 passed\x1b[0m in 0.1s"
    found = body(answered(output, error=True))
    assert isinstance(found, UserMessage)
    (result,) = found.results
    assert found.role == "results"
    assert result.is_error
    assert result.size == len(output)
    assert len(result.excerpt) <= 2_000
    assert result.excerpt.endswith("middle line\n3 passed in 0.1s")
    assert result.excerpt.startswith("middle line")


@pytest.mark.parametrize(
    ("content", "excerpt"),
    [
        ("plain", "plain"),
        ([text("one"), {"type": "image"}, text("two")], "one\n[image]\ntwo"),
        ([], ""),
        (None, ""),
        (["bare", 5], "bare"),
    ],
)
def test_a_tool_result_may_have_any_shape(content: Any, excerpt: str) -> None:
    found = body(answered(content))
    assert isinstance(found, UserMessage)
    assert found.results[0].excerpt == excerpt


def test_pictures_are_told_apart_by_what_they_show() -> None:
    def pictures(*data: str) -> int:
        shown = [{"type": "image", "source": {"type": "base64", "data": one}} for one in data]
        found = body(answered(shown))
        assert isinstance(found, UserMessage)
        return found.results[0].pictures

    assert pictures("iVBOR1") == pictures("iVBOR1") != pictures("iVBOR2")
    assert pictures("iVBOR1", "iVBOR2") != pictures("iVBOR2", "iVBOR1")
    assert pictures() == 0


@pytest.mark.parametrize(
    ("structured", "changed", "agent"),
    [
        ({"structuredPatch": [{"lines": [" a", "-b", "+c", "+d"]}, {"lines": ["-e"]}]}, (2, 2), ""),
        ({"type": "create", "structuredPatch": [], "content": "one\ntwo\n"}, (2, 0), ""),
        ({"type": "update", "structuredPatch": None, "content": "x"}, (0, 0), ""),
        (
            {"agentId": "abc123", "status": "completed", "content": [text("report")]},
            (0, 0),
            "abc123",
        ),
        ("Error: no", (0, 0), ""),
        ([text("x")], (0, 0), ""),
        ({"structuredPatch": "garbage"}, (0, 0), ""),
        ({"structuredPatch": [5, {"lines": "x"}, {"lines": ["+a"]}]}, (1, 0), ""),
    ],
)
def test_a_tool_result_tells_what_it_changed_and_who_worked(
    structured: Any, changed: tuple[int, int], agent: str
) -> None:
    found = body(answered("ok", structured=structured))
    assert isinstance(found, UserMessage)
    (result,) = found.results
    assert (result.added, result.removed) == changed
    assert result.agent_id == agent


@pytest.mark.parametrize(
    ("uuid", "kept"),
    [
        ("00000000-0000-0000-0000-000000000000", ""),
        ("00000000-0000-4000-8000-000000000000", ""),
        ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000001"),
        ("00000001-1111-4111-8111-111111111111", "00000001-1111-4111-8111-111111111111"),
        ("22[REDACTED_PHONE]-4b57", "22[REDACTED_PHONE]-4b57"),
        ("x\x1b]0;t\x07", "x␛]0;t␇"),
        (None, ""),
    ],
)
def test_a_nil_uuid_identifies_nothing(uuid: str | None, kept: str) -> None:
    (event,) = decode(line(said(text("x")) | {"uuid": uuid}))
    assert event.uuid == kept


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("2026-11-20T17:41:54.938Z", 1795196514.938),
        ("2026-11-20T17:41:54Z", 1795196514),
        ("2026-11-20T18:41:54.938+01:00", 1795196514.938),
        ("2026-11-20T17:41:54.938", 1795196514.938),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1970-01-01T00:03:20Z", None),
        ("", None),
        (None, None),
        (12, None),
    ],
)
def test_times_are_seconds_since_the_epoch(timestamp: Any, at: float | None) -> None:
    (event,) = decode(line(told("x", timestamp=timestamp)))
    assert event.at == at


def test_a_hook_before_the_init_may_belong_to_another_session() -> None:
    hook = system("hook_started", hook_name="h", hook_event="SessionStart") | {
        "session_id": "other"
    }
    events = decode(line(hook) + b"\n" + line(system("init", model="m")))
    assert [event.session for event in events] == ["other", SESSION]
