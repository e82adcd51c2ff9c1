""""""

from __future__ import annotations

import pytest

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
    Notice,
    PermissionDenied,
    RateLimit,
    RunningCost,
    SilentRecord,
    StreamDelta,
    TaskUpdate,
    ToolCall,
    ToolHeartbeat,
    ToolResult,
    TurnResult,
    TurnStarted,
    UnknownRecord,
    UserMessage,
)
from tui.monitor.rows.event_rows import row, visibility
from tui.monitor.rows.tool_outcomes import outcome
from tui.system.format import format_duration_row

BASH = ToolCall("t1", "Bash", "pytest -q", 1)
EDIT = ToolCall("t2", "Edit", "a.py", 2)


def event(body: Body, thread: str = "") -> AgentEvent:
    return AgentEvent("s", 10, 20, body, "u", "sid", 100.0, thread)


def said(
    text: str = "", *tools: ToolCall, thinking: bool = False, error: str = ""
) -> AssistantMessage:
    return AssistantMessage("m", "r", "claude-x", None, True, text, thinking, tools, error)


def answer(text: str, *, error: bool = False, added: int = 0, removed: int = 0) -> ToolResult:
    return ToolResult("t1", error, text, len(text), added, removed)


@pytest.mark.parametrize(
    ("body", "level", "shown"),
    [
        (said("All\ndone"), 1, ("text", "text", "All done", "", "")),
        (said("", BASH), 1, ("tool", "Bash", "pytest -q", "", "")),
        (
            said("Now", BASH, EDIT),
            1,
            ("tool", "Bash", "pytest -q · and 1 more · Now", "", ""),
        ),
        (
            said("", ToolCall("t", "mcp__web__open", "http://x", 1)),
            1,
            ("tool", "open", "web · http://x", "", ""),
        ),
        (said("Hm", thinking=True), 2, ("thinking", "thinking", "Hm", "", "quiet")),
        (
            said("Limit hit", error="rate_limit"),
            1,
            ("text", "error", "Limit hit", "rate_limit", "error"),
        ),
        (said(""), 3, ("text", "text", "", "", "")),
        (UserMessage("prompt", "go", (), "queued"), 1, ("user", "prompt", "go", "queued", "")),
        (UserMessage("replay", "go"), 1, ("user", "prompt", "go", "", "")),
        (UserMessage("interrupted", "[…]"), 1, ("user", "interrupted", "[…]", "", "warning")),
        (UserMessage("summary", "so far"), 1, ("user", "summary", "so far", "", "")),
        (UserMessage("synthetic", "skill"), 2, ("user", "told", "skill", "", "quiet")),
        (
            UserMessage("synthetic", "Stop hook feedback:\nno"),
            1,
            ("user", "told", "Stop hook feedback: no", "", "quiet"),
        ),
        (UserMessage("note", "done"), 2, ("user", "note", "done", "", "quiet")),
        (
            UserMessage("results", "", (answer("a\nb"),)),
            2,
            ("tool_result", "output", "a b", "3 characters", "quiet"),
        ),
        (
            UserMessage("results", "", (answer("x", error=True), answer("y"))),
            2,
            ("tool_result", "output", "x · and 1 more", "1 character", "error"),
        ),
        (
            TurnResult("success", False, 1234, 28_800_777, 141.25, text="Good night."),
            1,
            (
                "result",
                "result",
                "success · 28800777 ms (8h00m) · 1234 turns · Good night.",
                "$141.25",
                "ok",
            ),
        ),
        (
            TurnResult(
                "error_max_turns",
                False,
                1,
                900,
                None,
                terminal_reason="max_turns",
                errors=("Reached the limit",),
                denied=("a", "b"),
            ),
            1,
            (
                "result",
                "result",
                "error_max_turns · 900 ms (0.9s) · 1 turn · max turns · 2 refused · Reached the limit",
                "",
                "error",
            ),
        ),
        (
            TurnResult("success", True, 2, 187, 0.0, api_error_status=400),
            1,
            (
                "result",
                "result",
                "success with an error · 187 ms (0.2s) · 2 turns · API status 400",
                "$0.00",
                "error",
            ),
        ),
        (
            ApiRetry(2, 10, 12.0, 429, "rate_limit"),
            1,
            ("retry", "retry", "attempt 2 of 10, next in 12.0s", "429 · rate_limit", "warning"),
        ),
        (
            RateLimit("allowed", None, "five_hour"),
            3,
            ("limit", "limit", "five hour", "allowed", "quiet"),
        ),
        (
            RateLimit("rejected", None, "five_hour", 1.0),
            1,
            ("limit", "limit", "five hour · 100% used", "rejected", "error"),
        ),
        (
            Compaction("auto", 996_432, 2_606, 0.3),
            1,
            ("compaction", "compact", "auto · 996,432 → 2,606 tokens", "", "warning"),
        ),
        (
            PermissionDenied("Bash", "t", "no"),
            1,
            ("notice", "denied", "Bash · no", "refused", "error"),
        ),
        (
            PermissionDenied("Bash", "t", "no", True),
            1,
            ("notice", "permission", "Bash · no", "waits for leave", "warning"),
        ),
        (
            UnknownRecord("system", "brand_new", "news"),
            1,
            ("unknown", "unknown", "system/brand_new · news", "", "warning"),
        ),
        (UnknownRecord("", ""), 1, ("unknown", "unknown", "no type", "", "warning")),
        (
            MalformedLine("damaged JSON", '{"a', 1_300),
            1,
            ("malformed", "malformed", 'damaged JSON · {"a', "1,300 bytes", "warning"),
        ),
        (
            TurnStarted("claude-x", "/p", "2.1", "plan"),
            2,
            ("init", "turn", "claude-x · plan · 2.1 · /p", "", "quiet"),
        ),
        (
            TaskUpdate("ended", "a1", "", "dig", "local_agent", "failed", 9),
            2,
            ("task", "task", "dig · agent · 9 tokens", "failed", "error"),
        ),
        (
            ToolHeartbeat("t", "Bash", 90),
            3,
            ("task", "running", "Bash has been running for 1m30s", "", "running"),
        ),
        (MessageLifecycle("u1", "queued"), 2, ("user", "message", "u1", "queued", "quiet")),
        (AgentStateReport("requesting"), 3, ("notice", "state", "requesting", "", "quiet")),
        (
            AgentStateReport("requires_action"),
            1,
            ("notice", "state", "requires action", "", "warning"),
        ),
        (HookRun("Stop", "Stop", "success", ""), 2, ("hook", "hook", "Stop", "success", "quiet")),
        (
            HookRun("check", "Stop", "blocked", "no"),
            1,
            ("hook", "hook", "Stop · check · no", "blocked", "warning"),
        ),
        (
            Notice("away_summary", "Fixed"),
            2,
            ("notice", "notice", "away summary · Fixed", "", "quiet"),
        ),
        (Notice("x", "lost", "error"), 1, ("notice", "notice", "x · lost", "", "error")),
        (
            ControlMessage("r1", "interrupt", True),
            3,
            ("notice", "control", "interrupt · r1", "", "quiet"),
        ),
        (
            ControlMessage("r1", "x", False, "no"),
            2,
            ("notice", "control", "x · no · r1", "error", "error"),
        ),
        (
            RunningCost(1.5),
            3,
            ("notice", "cost", "the transcript's running total", "$1.50", "quiet"),
        ),
        (SilentRecord("ai-title"), 3, ("notice", "cli", "ai-title", "", "quiet")),
        (
            StreamDelta("message_start", "m", "x"),
            3,
            ("partial", "delta", "message_start · x", "", "quiet"),
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, int | tuple) else "",
)
def test_every_record_has_its_row_and_its_verbosity(
    body: Body, level: int, shown: tuple[str, ...]
) -> None:
    found = row(event(body))
    assert (found.kind, found.label, found.text, found.outcome, found.mark) == shown
    assert visibility(event(body)) == level


def test_a_row_stands_in_time_and_depth_and_leads_back() -> None:
    found = row(event(said("hi"), thread="toolu_1"))
    assert (found.at, found.depth) == (100.0, 1)
    assert found.ref is not None
    assert (found.ref.offset, found.ref.uuid) == (10, "u")


def test_a_call_has_the_outcome_and_time_of_its_result() -> None:
    found = row(event(said("", BASH)), answer("= 3 failed, 41 passed in 0.12s ="), 18.2)
    assert (found.outcome, found.mark, found.seconds) == ("3 failed, 41 passed", "warning", 18.2)


def test_a_result_belongs_to_the_call_it_names() -> None:
    result = ToolResult("t2", False, "updated", 7, 2, 1)
    assert row(event(said("", BASH, EDIT)), result).outcome == "+2 −1"


@pytest.mark.parametrize(
    ("text", "told", "mark"),
    [
        ("....\n41 passed in 2.31s", "41 passed", "ok"),
        (
            "FAILED tests/x.py::a\n===== 3 failed, 41 passed in 0.12s =====\n",
            "3 failed, 41 passed",
            "warning",
        ),
        ("1 error in 0.05s", "1 error", "warning"),
        ("Tests:       1 failed, 5 passed, 6 total\nTime: 1 s", "1 failed, 5 passed", "warning"),
        ("test result: FAILED. 3 passed; 1 failed; 0 ignored", "3 passed, 1 failed", "warning"),
        ("Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=2)", "1 failed, 2 errors", "warning"),
        ("Ran 5 tests in 0.1s\n\nOK", "OK", "ok"),
        ("Found 3 errors.", "Found 3 errors.", "warning"),
        (
            "Success: no issues found in 5 source files",
            "Success: no issues found in 5 source files",
            "ok",
        ),
        ("All checks passed!", "All checks passed!", "ok"),
        ("[main a1b2c3] fix rounding\n 1 file changed\n\n---\n", "1 file changed", "ok"),
        ("We saw 3 failed attempts last week.\nmoving on", "moving on", "ok"),
        ("", "", "ok"),
        ("=====\n-----", "", "ok"),
    ],
)
def test_the_outcome_of_a_command_is_its_last_word(text: str, told: str, mark: str) -> None:
    assert outcome(BASH, answer(text)) == (told, mark)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Exit code 2\n\n> app@0.1 build\n> tsc", "exit 2 · > app@0.1 build"),
        ("Exit code 1\n...\n3 failed, 41 passed in 1.2s", "exit 1 · 3 failed, 41 passed"),
        (
            "<tool_use_error>String to replace not found</tool_use_error>",
            "String to replace not found",
        ),
        ("The user doesn't want to proceed with this tool use. The", "refused by the user"),
        ("Exit code 137", "exit 137"),
        ("\n\n  \nBoom", "Boom"),
    ],
)
def test_an_error_is_its_first_meaningful_line(text: str, told: str) -> None:
    assert outcome(BASH, answer(text, error=True)) == (told, "error")


@pytest.mark.parametrize(
    ("name", "result", "told"),
    [
        ("Edit", answer("updated", added=2, removed=1), "+2 −1"),
        ("Write", answer("created", added=7), "+7 −0"),
        ("Edit", answer("has been updated"), ""),
        ("Read", answer("1\ta\n2\tb"), "2 lines"),
        ("Read", ToolResult("t", False, "…", 5_200), "5.2 kB"),
        ("Grep", answer(""), "nothing found"),
        ("Agent", answer("The repo is small.\nMore."), "The repo is small."),
        (
            "Agent",
            ToolResult("t", False, "started\noutput_file: /x", 30, agent_id="a1"),
            "in the background",
        ),
        ("mcp__x__y", answer("one\ntwo"), "two"),
    ],
)
def test_each_tool_has_an_outcome_of_its_kind(name: str, result: ToolResult, told: str) -> None:
    assert outcome(ToolCall("t", name, "", 1), result).text == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.04, "0.0s"), (12.34, "12.3s"), (185, "3m05s"), (28_800.777, "8h00m"), (3_599.9, "1h00m")],
)
def test_a_duration_has_at_most_two_units(seconds: float, told: str) -> None:
    assert format_duration_row(seconds) == told


def test_long_texts_are_cut_to_a_row() -> None:
    found = row(event(said("word " * 1_000)))
    assert len(found.text) == 400


# --- names and files ---


def test_names_and_files_are_whole() -> None:
    name = "mcp__company_issue_tracker__search_issues_by_label"
    found = row(event(said("", ToolCall("t", name, "bug", 1))))
    assert (found.tool, found.label) == (name, "search_issues_by_label")
    path = "/srv/" + "folder/" * 60 + "name.py"
    found = row(event(said("", ToolCall("t", "Edit", path, 1, path))))
    assert (found.tool, found.text, found.file) == ("Edit", path, path)
    found = row(event(said("", ToolCall("t", "Grep", "a in b in src/x", 1))))
    assert found.file == "src/x"
    assert row(event(said("", BASH))).file == ""
