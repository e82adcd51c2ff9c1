"""Hooks of the project's settings, looked up anew at each call as the real CLI does.

Understood are PostToolUse, PostToolUseFailure and Stop with their `additionalContext`, `decision: block`
and exit code 2: what a mailbox needs that delivers messages into a session from outside.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Any

from tui.demo.simulator.session import SimulatedSession
from tui.demo.simulator.tools import ScriptedCall, ToolRun

Json = dict[str, Any]


def _configured(session: SimulatedSession, event: str) -> list[Json]:
    groups: list[Json] = []
    for folder, name in (
        (session.config, "settings.json"),
        (session.cwd / ".claude", "settings.json"),
        (session.cwd / ".claude", "settings.local.json"),
    ):
        try:
            found = json.loads((folder / name).read_text("utf-8"))["hooks"][event]
            groups += [group for group in found if isinstance(group, dict)]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return groups


def _run(session: SimulatedSession, event: str, name: str, payload: Json) -> list[Json]:
    """The answers of all hooks of an event: their JSON, or `{"block": stderr}` for exit code 2."""
    answers: list[Json] = []
    common = {
        "session_id": session.id,
        "transcript_path": str(session.transcript.path),
        "cwd": str(session.cwd),
        "permission_mode": session.mode,
        "hook_event_name": event,
    }
    environment = {
        **session.environment,
        "CLAUDE_PID": str(os.getpid()),
        "CLAUDE_CODE_SESSION_ID": session.id,
        "CLAUDE_PROJECT_DIR": str(session.cwd),
        "CLAUDECODE": "1",
    }
    for group in _configured(session, event):
        matcher = str(group.get("matcher") or "*")
        if name and matcher != "*" and not re.fullmatch(matcher, name):
            continue
        for hook in group.get("hooks", []):
            try:
                done = subprocess.run(
                    ["bash", "-c", str(hook.get("command", ""))],
                    input=json.dumps({**common, **payload}).encode(),
                    capture_output=True,
                    cwd=session.cwd,
                    env=environment,
                    timeout=float(hook.get("timeout", 60)),
                    check=False,
                )
            except (OSError, ValueError, subprocess.TimeoutExpired):
                continue
            answers.append(_answer(done.returncode, done.stdout, done.stderr))
    return answers


def _answer(code: int, out: bytes, err: bytes) -> Json:
    if code == 2:
        return {"block": err.decode("utf-8", "replace").strip()}
    try:
        answer = json.loads(out)
    except ValueError:
        return {}
    if not isinstance(answer, dict):
        return {}
    if answer.get("decision") == "block":
        return {"block": str(answer.get("reason", ""))}
    specific = answer.get("hookSpecificOutput")
    context = specific.get("additionalContext") if isinstance(specific, dict) else None
    return {"context": str(context)} if context else {}


def after_tools(
    session: SimulatedSession, calls: list[ScriptedCall], outcomes: list[ToolRun]
) -> list[str]:
    """What hooks have to say after tool calls, for the model to read."""
    contexts: list[str] = []
    for call, outcome in zip(calls, outcomes, strict=True):
        payload: Json = {
            "tool_name": call.name,
            "tool_input": call.input,
            "tool_use_id": call.id,
        }
        result = {"error": outcome.text} if outcome.failed else {"tool_response": outcome.detail}
        event = "PostToolUseFailure" if outcome.failed else "PostToolUse"
        contexts += _contexts(session, event, call.name, call.id, {**payload, **result})
    return contexts


def _contexts(
    session: SimulatedSession, event: str, name: str, tool: str, payload: Json
) -> list[str]:
    answers = _run(session, event, name, payload)
    words = [answer.get("context") or answer.get("block") for answer in answers]
    heard = [word for word in words if word]
    for word in heard:
        body = {
            "type": "hook_additional_context",
            "content": [word],
            "hookName": f"{event}:{name}" if name else event,
            "toolUseID": tool,
            "hookEvent": event,
        }
        session.transcript.attachment(body, renderedRole="system")
    return heard


def at_stop(session: SimulatedSession, last_text: str, again: bool) -> str:
    """The reason a Stop hook gives for going on; empty when the turn may end."""
    payload = {"stop_hook_active": again, "last_assistant_message": last_text}
    for answer in _run(session, "Stop", "", payload):
        reason = answer.get("block") or answer.get("context")
        if reason:
            return str(reason)
    return ""
