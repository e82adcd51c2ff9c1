"""Control requests, answered at once, also while a tool runs; and the agent's own: permissions."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from . import shapes
from .session import SimulatedSession
from .spending import resolve
from .tools import ScriptedCall, ToolRun
from .wire import InputMessage

Json = dict[str, Any]
NEEDED = "This command requires approval"


class ControlError(Exception):
    """A request that is answered with an error; `code` may name its kind."""

    def __init__(self, words: str, code: str = "") -> None:
        super().__init__(words)
        self.code = code


class ControlRequests:
    """The control requests of one session."""

    def __init__(self, session: SimulatedSession) -> None:
        self._session = session
        self._verbs: dict[str, Callable[[Json], Json | None]] = {
            "initialize": self._initialize,
            "interrupt": self._interrupt,
            "end_session": self._end,
            "set_model": self._set_model,
            "set_permission_mode": self._set_mode,
            "rename_session": self._rename,
            "cancel_async_message": self._cancel,
            "get_context_usage": self._context,
            "rewind_conversation": self._rewind_conversation,
        }

    def answer(self, record: Json) -> None:
        request = record.get("request")
        request = request if isinstance(request, dict) else {}
        subtype = str(request.get("subtype", ""))
        identity = record.get("request_id")
        reply: Json = {"subtype": "success", "request_id": identity}
        try:
            verb = self._verbs.get(subtype)
            if verb is None:
                words = f"Unsupported control request subtype: {subtype}"
                raise ControlError(words, "unsupported_request")
            body = verb(request)
            if body is not None:
                reply["response"] = body
        except ControlError as failure:
            reply = {"subtype": "error", "request_id": identity, "error": str(failure)}
            if failure.code:
                reply["error_code"] = failure.code
        if subtype == "initialize":
            reply.update(pending_permission_requests=[], pending_user_dialog_requests=[])
        self._session.emit({"type": "control_response", "response": reply})
        self._afterwards(subtype, reply)

    def _afterwards(self, subtype: str, reply: Json) -> None:
        session = self._session
        if subtype == "set_permission_mode":
            session.system("status", status=None, permissionMode=session.mode)
        elif subtype == "interrupt" and session.reader.busy:
            session.reader.interrupt()
        elif subtype == "end_session" and reply["subtype"] == "success":
            session.reader.end()

    def _initialize(self, request: Json) -> Json:
        session = self._session
        return {
            "commands": [{"name": name, "description": ""} for name in shapes.COMMANDS],
            "agents": [],
            "output_style": "default",
            "available_output_styles": ["default"],
            "models": [{"value": "default", "resolvedModel": session.model}],
            "account": {"tokenSource": "none", "apiKeySource": "none"},
            "pid": os.getpid(),
            "claude_code_version": shapes.VERSION,
            "current_permission_mode": session.mode,
            "session_state": "running" if session.reader.busy else "idle",
            "capabilities": shapes.CAPABILITIES,
            **shapes.FAST_OFF,
        }

    def _interrupt(self, request: Json) -> Json:
        session = self._session
        queued = [message.uuid for message in session.reader.queue if message.tracked]
        if not request.get("cancel_queued"):
            return {"still_queued": queued}
        for message in list(session.reader.queue):
            self._withdraw(message, "cleared_on_cancel")
        return {"still_queued": [], "cancelled": queued}

    def _withdraw(self, message: InputMessage, reason: str) -> None:
        session = self._session
        session.reader.queue.remove(message)
        session.lifecycle(message, "cancelled")
        session.transcript.queue("remove", message.text, reason=reason, commandUuid=message.uuid)

    def _cancel(self, request: Json) -> Json:
        identity = request.get("message_uuid")
        for message in list(self._session.reader.queue):
            if message.uuid == identity:
                self._withdraw(message, "cancelled")
                return {"cancelled": True, "message_uuid": identity}
        return {"cancelled": False, "message_uuid": identity}

    def _end(self, request: Json) -> None:
        if self._session.reader.ends_on_request:
            return
        raise ControlError("The session does not end.")

    def _set_model(self, request: Json) -> Json:
        self._session.model = resolve(str(request.get("model") or ""))
        return {"model": self._session.model}

    def _set_mode(self, request: Json) -> Json:
        self._session.mode = str(request.get("mode") or "default")
        return {"mode": self._session.mode}

    def _rename(self, request: Json) -> None:
        self._session.system("session_title_changed", title=str(request.get("title", "")))

    def _context(self, request: Json) -> Json:
        session = self._session
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
        session, target = self._session, str(request.get("target_message_uuid", ""))
        refused: Json = {"rewound": False, "prefillText": None, "precedingAssistantUuid": None}
        if session.reader.busy:
            return {**refused, "error": "turn running", "reason": "turn_running"}
        found = session.rewind_to(target)
        if found is None:
            return {**refused, "error": "target not found", "reason": "target_not_found"}
        text, before = found
        return {
            "rewound": True,
            "targetMessageUuid": target,
            "prefillText": text,
            "precedingAssistantUuid": before,
        }


def ask_permission(session: SimulatedSession, call: ScriptedCall) -> ToolRun | None:
    """None when the call may run, else the result that refuses it.

    With `--permission-prompt-tool stdio` the question goes out as `can_use_tool` and the call waits
    for its answer; without it a bypassing session runs the call and any other refuses it at once.
    """
    if session.options.permission_tool != "stdio":
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
    request = shapes.fresh()
    session.state("requires_action")
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
    session.reader.wait(None, until=lambda: request in session.reader.answers)
    session.state("running")
    answer = session.reader.answers.pop(request).get("response")
    return answer if isinstance(answer, dict) else {}


def _denied(
    session: SimulatedSession, call: ScriptedCall, words: str, kind: str, source: str
) -> ToolRun:
    if session.turn is not None:
        session.turn.denials.append(
            {"tool_name": call.name, "tool_use_id": call.id, "tool_input": call.input}
        )
    decision = {"decision": "reject", "source": source}
    meta = {"non_execution_kind": kind, "permission_decision": decision}
    return ToolRun(words, f"Error: {words}", failed=True, code=1, meta=meta)
