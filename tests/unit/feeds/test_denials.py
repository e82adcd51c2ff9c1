"""Which answers of the CLI say that a call was not let run, and who refused it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.feeds.claude.denials import denial_of
from tui.model.events import PermissionDenied, ToolResult, TurnResult, UserMessage
from tui.model.failures import DenialKind

K = DenialKind
DENIED = [
    ("Claude requested permissions to use Bash, but you haven't granted it yet.", K.NOT_GRANTED),
    (
        "Claude requested permissions to write to /w/a b.py, but you haven’t granted it yet.",
        K.NOT_GRANTED,
    ),
    (
        "Claude requested permissions to read from /etc/x, but you haven't granted it yet.",
        K.NOT_GRANTED,
    ),
    ("This command requires approval", K.NOT_GRANTED),
    ("WebFetch operation blocked by hook:\n- [policy.sh]: no network", K.HOOK),
    (
        "This Bash command contains multiple operations. The following parts require approval: a, b",
        K.NOT_GRANTED,
    ),
    ("Permission to use Edit has been auto-denied (prompts unavailable).", K.NOT_GRANTED),
    ("Permission to use Edit has been denied. IMPORTANT: You *may* attempt", K.NOT_GRANTED),
    ("Tool 'ask' requires approval for this Bash command", K.NOT_GRANTED),
    ("Tool permission request failed: Error: Stream closed", K.NOT_GRANTED),
    ("Current permission mode (Default) requires approval for this Bash command", K.NOT_GRANTED),
    ("Contains command_substitution", K.NOT_GRANTED),
    ("Permission to use Bash with command npm test has been denied.", K.RULE),
    ("Permission to use Bash with command npm test\nnpm run x has been denied.", K.RULE),
    ("Permission to read /w/.env has been denied.", K.RULE),
    ("Permission rule 'Bash(npm:*)' from settings requires approval for this Bash command", K.RULE),
    (
        "<tool_use_error>File is in a directory that is denied by your permission settings."
        "</tool_use_error>",
        K.RULE,
    ),
    ("WebFetch denied access to domain:example.com.", K.RULE),
    ("Agent type 'Explore' has been denied by permission rule 'Task(Explore)' from x.", K.RULE),
    (
        "<tool_use_error>Error: No such tool available: Write. Write exists but is not enabled in "
        "this context.</tool_use_error>",
        K.RULE,
    ),
    ("PreToolUse:Bash hook error: [check.sh]: no pushing at night", K.HOOK),
    ("PreToolUse:mcp__db__query hook blocking error: no", K.HOOK),
    ("Hook 'guard' blocked this action: not now", K.HOOK),
    ("Permission denied by PermissionRequest hook", K.HOOK),
    (
        "Permission for this action was denied by the Claude Code auto mode classifier. Reason: x",
        K.CLASSIFIER,
    ),
    ("Permission for this action has been denied. Reason: x", K.CLASSIFIER),
    (
        "Permission to use Bash has been denied because Claude Code is running in don't ask mode. IM",
        K.DONT_ASK,
    ),
    ("Cannot write to /w/new.txt while in plan mode.", K.PLAN_MODE),
    ("Current permission mode (Plan Mode) requires approval for this Bash command", K.PLAN_MODE),
    (
        "mkdir in '/opt/x' was blocked. For security, Claude Code may only create directories in the "
        "allowed working directories for this session: '/w'.",
        K.FOLDER,
    ),
    ("Path is outside allowed working directories", K.FOLDER),
    ("Claude Code is unable to fetch from example.com", K.NETWORK),
    ("Unable to verify if domain example.com is safe to fetch.", K.NETWORK),
    ("Run outside of the sandbox", K.SANDBOX),
    ("Dangerous rm operation detected: '/'\n\nThis command would remove", K.CHECK),
    ("Claude requested permissions to edit /w/.git/config which is a sensitive file.", K.CHECK),
    (
        "Commands that change directories and perform write operations require explicit approval to "
        "ensure paths are evaluated correctly.",
        K.CHECK,
    ),
    ("The user doesn't want to proceed with this tool use. The tool use was rejected", K.PERSON),
    ("User rejected tool use", K.PERSON),
]
LET_RUN = [
    "Exit code 1\nbash: ./x: Permission denied",
    "cat: /root/x: Permission denied",
    "Exit code 126\nThis command requires approval",
    "EACCES: permission denied, open '/w/x'",
    "git@github.com: Permission denied (publickey).",
    "remote: Permission to a/b.git denied to c.",
    "<tool_use_error>File has not been read yet. Read it first.</tool_use_error>",
    "<tool_use_error>InputValidationError: Bash failed</tool_use_error>",
    "Blocked: sleep 75 && true",
    "PostToolUse:Bash hook blocking error: lint failed",
    "Contains errors",
    "The user model is not allowed here",
    "[Request interrupted by user for tool use]",
    "",
]


@pytest.mark.parametrize(("text", "kind"), DENIED)
def test_who_refused(text: str, kind: DenialKind) -> None:
    assert denial_of(text) == kind


@pytest.mark.parametrize("text", LET_RUN)
def test_what_was_let_run(text: str) -> None:
    assert denial_of(text) is None


@given(st.text(max_size=300), st.sampled_from([text for text, _ in DENIED]))
def test_only_the_beginning_counts(before: str, denied: str) -> None:
    assert denial_of(f"Exit code 1\n{before}{denied}") is None
    assert denial_of(denied) is not None


def _body(record: dict[str, object]) -> object:
    return ClaudeDecoder("s").decode_all(json.dumps(record).encode(), 0)[0].body


def _result(text: str, failed: bool) -> ToolResult:
    block = {"type": "tool_result", "tool_use_id": "t", "content": text, "is_error": failed}
    body = _body({"type": "user", "message": {"role": "user", "content": [block]}})
    assert isinstance(body, UserMessage)
    return body.results[0]


def test_a_result_says_it_and_a_command_that_prints_it_does_not() -> None:
    assert _result("This command requires approval", True).denial == K.NOT_GRANTED
    assert _result("This command requires approval", False).denial is None
    blocks = [{"type": "text", "text": "This command requires approval"}]
    content = {"type": "tool_result", "tool_use_id": "t", "content": blocks, "is_error": True}
    body = _body({"type": "user", "message": {"role": "user", "content": [content]}})
    assert isinstance(body, UserMessage)
    assert body.results[0].denial == K.NOT_GRANTED


@pytest.mark.parametrize(
    ("reason_type", "message", "kind"),
    [
        ("other", "This command requires approval", K.NOT_GRANTED),
        ("hook", "not now", K.HOOK),
        ("rule", "no", K.RULE),
        ("classifier", "no", K.CLASSIFIER),
        ("mode", "no", K.DONT_ASK),
        ("workingDir", "no", K.FOLDER),
        ("safetyCheck", "no", K.CHECK),
        (None, None, K.NOT_GRANTED),
    ],
)
def test_a_record_of_its_own(
    reason_type: str | None, message: str | None, kind: DenialKind
) -> None:
    record = {"type": "system", "subtype": "permission_denied", "tool_name": "Bash"}
    reason = {"decision_reason_type": reason_type, "message": message}
    body = _body({**record, "tool_use_id": "t", **reason})
    assert isinstance(body, PermissionDenied)
    assert (body.tool_use_id, body.kind) == ("t", kind)


def test_a_result_names_the_calls_that_were_refused() -> None:
    denials = [{"tool_name": "Bash", "tool_use_id": "t1", "tool_input": {}}, {"tool_name": "B"}, 7]
    body = _body({"type": "result", "subtype": "success", "permission_denials": denials})
    assert isinstance(body, TurnResult)
    assert body.denied == ("t1", "", "")
