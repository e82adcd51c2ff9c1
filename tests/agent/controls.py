"""What the real program answers beyond what our supervisor asks; and its own question: may a call run?"""

from __future__ import annotations

import os
from typing import Any

from tui.demo.simulator.session import BASE_CONTEXT, ControlRequests, SimulatedSession
from tui.demo.simulator.shapes import VERSION, fresh, shape
from tui.demo.simulator.spending import resolve
from tui.demo.simulator.tools import ScriptedCall, ToolRun, failure
from tui.demo.simulator.transcript import TranscriptHistory, context_of

Json = dict[str, Any]
NEEDED = "This command requires approval"


class MoreControlRequests(ControlRequests):
    """All control requests that the tests send, and the answers to questions of the agent."""

    # What came back for a question, by its id: there is one session in a process.
    answers: dict[str, Json] = {}  # noqa: RUF012

    def __init__(self, session: SimulatedSession) -> None:
        super().__init__(session)
        self.verbs |= {
            "initialize": self._initialize,
            "set_model": self._set_model,
            "set_permission_mode": self._set_mode,
            "rename_session": self._rename,
            "get_context_usage": self._context,
            "rewind_conversation": self._rewind_conversation,
        }

    def receive(self, record: Json) -> None:
        if record["type"] == "control_request":
            super().receive(record)
        elif isinstance(answer := record.get("response"), dict):
            self.answers[str(answer.get("request_id"))] = answer

    def finish(self, subtype: str, reply: Json) -> None:
        if subtype == "initialize":
            reply.update(pending_permission_requests=[], pending_user_dialog_requests=[])
        super().finish(subtype, reply)
        if subtype == "set_permission_mode":
            self.session.system("status", status=None, permissionMode=self.session.mode)

    def interrupt(self, request: Json) -> Json:
        answer = super().interrupt(request)
        if not request.get("cancel_queued"):
            return answer
        for message in list(self.session.reader.queue):
            self.withdraw(message, "cleared_on_cancel")
        return {"still_queued": [], "cancelled": answer["still_queued"]}

    def _initialize(self, request: Json) -> Json:
        session = self.session
        told = shape(
            "init", **dict.fromkeys(("session", "cwd", "model", "mode", "memory", "socket"))
        )
        return {
            "commands": [{"name": name, "description": ""} for name in told["slash_commands"]],
            "agents": [],
            "output_style": "default",
            "available_output_styles": ["default"],
            "models": [{"value": "default", "resolvedModel": session.model}],
            "account": {"tokenSource": "none", "apiKeySource": "none"},
            "pid": os.getpid(),
            "claude_code_version": VERSION,
            "current_permission_mode": session.mode,
            "session_state": "running" if session.reader.busy else "idle",
            "capabilities": told["capabilities"],
            "fast_mode_state": told["fast_mode_state"],
            "fast_mode_disabled_reason": told["fast_mode_disabled_reason"],
        }

    def _set_model(self, request: Json) -> Json:
        self.session.model = resolve(str(request.get("model") or ""))
        return {"model": self.session.model}

    def _set_mode(self, request: Json) -> Json:
        self.session.mode = str(request.get("mode") or "default")
        return {"mode": self.session.mode}

    def _rename(self, request: Json) -> None:
        self.session.system("session_title_changed", title=str(request.get("title", "")))

    def _context(self, request: Json) -> Json:
        session = self.session
        used, window = session.context, session.window
        free = max(0, window - used)
        return {
            "categories": [
                {"id": "messages", "name": "Messages", "tokens": used, "kind": "used"},
                {"id": "free_space", "name": "Free space", "tokens": free, "kind": "free"},
            ],
            "totalTokens": used,
            "maxTokens": window,
            "rawMaxTokens": window,
            "autocompactSource": "model-default",
            "percentage": round(100 * used / window),
            "model": session.model,
            "autoCompactThreshold": round(window * 0.967),
            "isAutoCompactEnabled": True,
            "apiUsage": {
                "input_tokens": 4,
                "output_tokens": 1,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": used,
            },
        }

    def _rewind_conversation(self, request: Json) -> Json:
        session, target = self.session, str(request.get("target_message_uuid", ""))
        refused: Json = {"rewound": False, "prefillText": None, "precedingAssistantUuid": None}
        if session.reader.busy:
            return {**refused, "error": "turn running", "reason": "turn_running"}
        found = _rewind_to(session, target)
        if found is None:
            return {**refused, "error": "target not found", "reason": "target_not_found"}
        text, before = found
        return {
            "rewound": True,
            "targetMessageUuid": target,
            "prefillText": text,
            "precedingAssistantUuid": before,
        }


def _rewind_to(session: SimulatedSession, prompt: str) -> tuple[str, str | None] | None:
    """Cuts the conversation before one of its prompts; None if there is no such prompt."""
    transcript = session.transcript
    if prompt not in transcript.prompts:
        return None
    history = TranscriptHistory(transcript.path)
    line = history.by_uuid[prompt]
    transcript.prompts = transcript.prompts[: transcript.prompts.index(prompt)]
    parent = line.get("parentUuid")
    transcript.leaf = parent if isinstance(parent, str) else None
    session.context = context_of(history.chain(transcript.leaf)) or BASE_CONTEXT
    text = str(line["message"]["content"])
    transcript.last_prompt(text)
    return text, transcript.leaf


def ask_permission(session: SimulatedSession, call: ScriptedCall) -> ToolRun | None:
    """None when the call may run, else the result that refuses it.

    With `--permission-prompt-tool stdio` the question goes out as `can_use_tool` and the call waits
    for its answer; without it a bypassing session runs the call and any other refuses it at once.
    """
    if "--permission-prompt-tool" not in session.options.words:
        if session.mode == "bypassPermissions":
            return None
        session.system(
            "permission_denied",
            tool_name=call.name,
            tool_use_id=call.id,
            decision_reason_type="other",
            decision_reason=NEEDED,
            message=NEEDED,
        )
        return _denied(session, call, NEEDED, "user-rejected", "config")
    answer = _question(session, call)
    if answer.get("behavior") == "allow":
        changed = answer.get("updatedInput")
        if isinstance(changed, dict) and changed:
            call.input = changed
        return None
    words = str(answer.get("message") or "denied")
    return _denied(session, call, words, "permission-rule", "user_reject")


def _question(session: SimulatedSession, call: ScriptedCall) -> dict[str, Any]:
    request = fresh()
    session.registry.write("waiting", waitingFor="permission prompt")
    if session.emits_states:
        session.system("session_state_changed", state="requires_action")
    rule = {"toolName": call.name, "ruleContent": str(call.input.get("command", ""))}
    session.emit(
        {
            "type": "control_request",
            "request_id": request,
            "request": {
                "subtype": "can_use_tool",
                "tool_name": call.name,
                "display_name": call.name,
                "input": call.input,
                "description": str(call.input.get("description", "")),
                "permission_suggestions": [
                    {
                        "type": "addRules",
                        "rules": [rule],
                        "behavior": "allow",
                        "destination": "localSettings",
                    }
                ],
                "decision_reason": NEEDED,
                "decision_reason_type": "other",
                "tool_use_id": call.id,
            },
        }
    )
    session.reader.wait(None, until=lambda: request in MoreControlRequests.answers)
    session.state("running")
    answer = MoreControlRequests.answers.pop(request).get("response")
    return answer if isinstance(answer, dict) else {}


def _denied(
    session: SimulatedSession, call: ScriptedCall, words: str, kind: str, source: str
) -> ToolRun:
    denied = {"tool_name": call.name, "tool_use_id": call.id, "tool_input": call.input}
    session.turn.denials.append(denied)
    decision = {"decision": "reject", "source": source}
    meta = {"non_execution_kind": kind, "permission_decision": decision}
    return failure(words, meta)
