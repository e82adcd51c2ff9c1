"""Answers to control requests: at once, also while a tool runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from . import shapes
from .session import Session
from .wire import Message

Json = dict[str, Any]


class Failed(Exception):
    """A request that is answered with an error; `code` may name its kind."""

    def __init__(self, words: str, code: str = "") -> None:
        super().__init__(words)
        self.code = code


class Controls:
    """The control requests of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._verbs: dict[str, Callable[[Json], Json | None]] = {
            "initialize": self._initialize,
            "interrupt": self._interrupt,
            "end_session": self._end,
            "set_model": self._set_model,
            "set_permission_mode": self._set_mode,
            "set_max_thinking_tokens": lambda request: None,
            "rename_session": self._rename,
            "cancel_async_message": self._cancel,
            "get_context_usage": self._context,
            "get_session_cost": self._cost,
            "get_usage": self._usage,
            "get_binary_version": lambda request: {"version": shapes.VERSION},
            "mcp_status": lambda request: {"mcpServers": []},
            "rewind_files": self._rewind_files,
            "rewind_conversation": self._rewind_conversation,
            "background_tasks": lambda request: {},
            "stop_task": lambda request: {},
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
                raise Failed(words, "unsupported_request")
            body = verb(request)
            if body is not None:
                reply["response"] = body
        except Failed as failure:
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
        elif subtype == "interrupt" and session.inbox.busy:
            session.inbox.interrupt()
        elif subtype == "end_session" and reply["subtype"] == "success":
            session.inbox.end()

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
            "session_state": "running" if session.inbox.busy else "idle",
            "capabilities": shapes.CAPABILITIES,
            **shapes.FAST_OFF,
        }

    def _interrupt(self, request: Json) -> Json:
        session = self._session
        queued = [message.uuid for message in session.inbox.queue if message.tracked]
        if not request.get("cancel_queued"):
            return {"still_queued": queued}
        for message in list(session.inbox.queue):
            self._withdraw(message, "cleared_on_cancel")
        return {"still_queued": [], "cancelled": queued}

    def _withdraw(self, message: Message, reason: str) -> None:
        session = self._session
        session.inbox.queue.remove(message)
        session.lifecycle(message, "cancelled")
        session.transcript.queue("remove", message.text, reason=reason, commandUuid=message.uuid)

    def _cancel(self, request: Json) -> Json:
        wanted = request.get("message_uuid")
        for message in list(self._session.inbox.queue):
            if message.uuid == wanted:
                self._withdraw(message, "cancelled")
                return {"cancelled": True, "message_uuid": wanted}
        return {"cancelled": False, "message_uuid": wanted}

    def _end(self, request: Json) -> None:
        if self._session.inbox.ends_on_request:
            return
        raise Failed("The session does not end.")

    def _set_model(self, request: Json) -> Json:
        from .spending import resolve

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

    def _cost(self, request: Json) -> Json:
        ledger = self._session.ledger
        changes = f"{ledger.lines_added} lines added, {ledger.lines_removed} lines removed"
        return {
            "text": f"Estimated cost:        ${ledger.total:.4f}\nTotal code changes:    {changes}"
        }

    def _usage(self, request: Json) -> Json:
        ledger = self._session.ledger
        return {
            "session": {
                "total_cost_usd": ledger.total,
                "total_api_duration_ms": round(ledger.api_s * 1000),
                "total_duration_ms": round(ledger.api_s * 1000 + ledger.tool_s * 1000),
                "total_lines_added": ledger.lines_added,
                "total_lines_removed": ledger.lines_removed,
                "model_usage": ledger.by_model(),
            },
            "subscription_type": None,
            "rate_limits_available": False,
            "rate_limits": None,
            "behaviors": None,
        }

    def _rewind_files(self, request: Json) -> Json:
        words = "File rewinding is not enabled."
        if request.get("dry_run"):
            return {"canRewind": False, "error": words}
        raise Failed(words)

    def _rewind_conversation(self, request: Json) -> Json:
        session, target = self._session, str(request.get("target_message_uuid", ""))
        refused: Json = {"rewound": False, "prefillText": None, "precedingAssistantUuid": None}
        if session.inbox.busy:
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
