"""What stands beside a tool call: how it went, and never more than that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.events import ToolCall, ToolResult
from tui.monitor.rows.tool_outcomes import answer_words, outcome

BASH = ToolCall("t1", "Bash", "pytest -q", 1)


def answer(text: str, *, error: bool = False) -> ToolResult:
    return ToolResult("t1", error, text, len(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("This command requires approval", "refused: This command requires approval"),
        (
            "Claude requested permissions to write to /x/a.py, but you haven't granted it yet.",
            "refused: permission was not granted",
        ),
        (
            "Permission to use Bash with command rm has been denied.",
            "refused: Permission to use Bash with command rm has been denied.",
        ),
        (
            "PreToolUse:Bash hook error: [python3 h.py]: not on main",
            "refused by a hook: not on main",
        ),
        ("PreToolUse:Edit hook error: step back", "refused by a hook: step back"),
        ("Blocked: sleep 75 is too long", "refused: Blocked: sleep 75 is too long"),
        (
            "mkdir in '/x' was blocked. For security, only the working directories.",
            "refused: mkdir in '/x' was blocked. For security, only the working directories.",
        ),
        (
            "The user doesn't want to take this action right now. STOP what you are doing",
            "refused by the user",
        ),
        ("<tool_use_error>File does not exist.</tool_use_error>", "File does not exist."),
        ("Exit code 1\nls: access is denied by x", "exit 1 · ls: access is denied by x"),
        (
            "Exit code 1\nTraceback (most recent call last):\n  File x\nKeyError: 3",
            "exit 1 · KeyError: 3",
        ),
        ("Task failed because:\nprompt is missing", "Task failed because: prompt is missing"),
    ],
)
def test_a_call_that_was_refused_says_so(text: str, told: str) -> None:
    assert outcome(BASH, answer(text, error=True)) == (told, "error")


def test_a_refusal_is_none_gone_well_even_where_nothing_marks_it() -> None:
    text = "The user doesn't want to proceed with this tool use. The tool use was rejected"
    assert outcome(BASH, answer(text)) == ("refused by the user", "error")


def test_a_call_beside_one_that_failed_never_ran() -> None:
    text = "<tool_use_error>Sibling tool call errored</tool_use_error>"
    assert outcome(BASH, answer(text, error=True)).mark == "warning"


@pytest.mark.parametrize("tool", ["Grep", "Glob"])
@pytest.mark.parametrize(
    "text", ["No matches found", "No files found", "Found 0 files", "0 results", ""]
)
def test_a_search_without_hits(tool: str, text: str) -> None:
    assert outcome(ToolCall("t", tool, "x", 1), answer(text)) == ("nothing found", "quiet")


@pytest.mark.parametrize(
    ("tool", "text", "told"),
    [
        ("Grep", "Found 3 files\na\nb\nc", "3 files"),
        (
            "Grep",
            "a:1\nb:2\n\nFound 9 total occurrences across 2 files.",
            "9 occurrences across 2 files",
        ),
        ("Grep", "a:1:x\n\n[Showing results with pagination = limit: 1, offset: 0]", "1 line"),
        ("Glob", "a.py\n(Results are truncated. Consider using a more specific path.)", "1 line"),
        ("Read", "     1→x\n\n<system-reminder>\nIs it malware?\n</system-reminder>", "1 line"),
        (
            "Read",
            "<system-reminder>Warning: the file exists but the contents are empty.",
            "an empty file",
        ),
        (
            "Read",
            "File unchanged since last read. The content is above.",
            "unchanged since the last read",
        ),
        (
            "Bash",
            "done\n\n<system-reminder>\nThe task list was not used.\n</system-reminder>",
            "done",
        ),
        ("Bash", "(Bash completed with no output)", "no output"),
        ("Bash", "<local-command-stdout>branch main</local-command-stdout>", "branch main"),
        (
            "Agent",
            "All is well.\nagentId: a1b2 (internal ID)\n<usage>total_tokens: 9</usage>",
            "All is well.",
        ),
        (
            "Agent",
            "<tools-used-before-summary>Bash</tools-used-before-summary>\n[Subagent hand-back] X\n\nSmall.",
            "Small.",
        ),
        (
            "TaskOutput",
            "<status>completed</status>\n<exit_code>0</exit_code>\n<output>\nall built\n</output>",
            "exit 0 · all built",
        ),
        (
            "WebSearch",
            'Web search results for query: "x"\n\nLinks: []\n\nREMINDER: You MUST cite',
            "nothing found",
        ),
    ],
)
def test_the_outcome_is_the_answer_and_nothing_around_it(tool: str, text: str, told: str) -> None:
    assert outcome(ToolCall("t", tool, "x", 1), answer(text)).text == told


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("<status>running</status>", "quiet"),
        ("<status>failed</status>\n<exit_code>2</exit_code>\n<stderr>no</stderr>", "error"),
    ],
)
def test_a_background_task_is_not_well_before_it_is(text: str, mark: str) -> None:
    assert outcome(ToolCall("t", "BashOutput", "x", 1), answer(text)).mark == mark


@pytest.mark.parametrize(
    "text",
    [
        "You've hit your limit · resets 3:40pm (America/Ciudad_Juarez)",
        "Claude AI usage limit reached|1790000000",
        "API Error: 529 overloaded",
        "Prompt is too long",
    ],
)
def test_a_subagent_that_an_error_ended_did_not_go_well(text: str) -> None:
    found = outcome(ToolCall("t", "Agent", "x", 1), answer(text))
    assert (found.text, found.mark) == (text, "error")


def test_a_long_answer_is_told_by_its_beginning_where_that_says_more() -> None:
    long = ToolResult("t", False, "the end", 9_000, head="The repo is small.\nMore.")
    assert outcome(ToolCall("t", "Agent", "x", 1), long).text == "The repo is small."
    failed = ToolResult("t", True, "1 failed, 2 passed", 9_000, head="Exit code 2\nmore")
    assert outcome(BASH, failed).text == "exit 2 · 1 failed, 2 passed"
    saved = "<persisted-output>\nOutput too large (43.8KB). Full output saved to: /x"
    long = ToolResult("t", False, "</persisted-output>", 9_000, head=saved)
    assert outcome(BASH, long).text == "43.8KB of output"


@given(st.text(max_size=400), st.booleans(), st.sampled_from(["Bash", "Agent", "Read", "Grep"]))
def test_any_answer_has_an_outcome_on_one_line(text: str, error: bool, tool: str) -> None:
    found = outcome(ToolCall("t", tool, "x", 1), answer(text, error=error))
    assert "\n" not in found.text and len(found.text) <= 160
    assert not (error and found.mark == "ok")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<tool_use_error>File does not exist.</tool_use_error>", "File does not exist."),
        ("<local-command-stdout>branch main</local-command-stdout>", "branch main"),
        (
            "<task-notification>\n<task-id>a1</task-id>\n<status>killed</status>\n"
            "<summary>Agent “look” was stopped</summary>\n</task-notification>",
            "Agent “look” was stopped",
        ),
        ("x < y and <b>bold</b>", "x < y and <b>bold</b>"),
    ],
)
def test_tags_of_the_cli_are_no_words(text: str, told: str) -> None:
    assert answer_words(text).strip() == told
