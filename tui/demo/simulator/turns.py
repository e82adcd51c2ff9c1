"""One turn from its message to its result line."""

from __future__ import annotations

import time
from typing import Any

from .shapes import FAST_OFF, SUBAGENT_STATS, fresh
from .spending import TokenCounts, TokenLedger
from .wire import InputMessage

Json = dict[str, Any]


class TurnEnded(Exception):
    """The turn ends now. `fields` go into its result; `cancelled` says how its message fared."""

    def __init__(self, subtype: str, reason: str, error: str = "", **fields: Any) -> None:
        super().__init__(reason)
        self.subtype = subtype
        self.reason = reason
        self.errors = [error] if error else []
        self.is_error = bool(fields.pop("is_error", subtype != "success"))
        self.text = str(fields.pop("text", ""))
        self.fields: Json = fields
        self.was_interrupted = reason in ("aborted_tools", "aborted_streaming")


def aborted(reason: str, stop_reason: str | None) -> TurnEnded:
    """The end of an interrupted turn; reason is aborted_tools or aborted_streaming."""
    stop = "null" if stop_reason is None else stop_reason
    return TurnEnded(
        "error_during_execution",
        reason,
        f"[ede_diagnostic] result_type=user last_content_type=n/a stop_reason={stop}",
    )


class TurnCounters:
    """What is counted between a prompt and its result."""

    def __init__(self, message: InputMessage, origin: Json | None = None) -> None:
        self.message = message
        self.messages = [message]
        self.origin = origin
        self.started = time.monotonic()
        self.sent_ms = round(time.time() * 1000)
        self.requests = 0
        self.usage = TokenCounts()
        self.first: TokenCounts | None = None
        self.ttft_s = 0.0
        self.spoke = False
        self.stop_reason: str | None = None
        self.last_text = ""
        self.denials: list[Json] = []
        self.subagents = 0
        self.prompt_id = fresh()

    @property
    def tracked(self) -> list[str]:
        return [message.uuid for message in self.messages if message.tracked]

    def count(self, tokens: TokenCounts) -> None:
        self.requests += 1
        self.usage = self.usage.plus(tokens)
        self.first = self.first or tokens

    def result(
        self,
        end: TurnEnded,
        session: str,
        ledger: TokenLedger,
        index: int,
        queued: int,
        scale: float,
    ) -> Json:
        """The result line; its `type` stands late, as in the real stream."""
        succeeded = end.subtype == "success"
        timed = succeeded and not end.is_error
        ids = self.tracked
        line: Json = {
            "duration_api_ms": round(ledger.api_s * 1000 * scale),
            "stop_reason": self.stop_reason,
            "session_id": session,
            "total_cost_usd": ledger.total,
            "usage": self.usage.final(),
            "modelUsage": ledger.by_model(),
            "permission_denials": self.denials,
            "terminal_reason": end.reason,
            **FAST_OFF,
            "subagent_stats": {
                **SUBAGENT_STATS,
                "spawned": self.subagents,
                "completed": self.subagents,
            },
            "safety_stops": 0,
            "is_error": end.is_error,
            "num_turns": self.requests + (2 if end.was_interrupted else 0),
            "subtype": end.subtype,
        }
        if self.origin is not None:
            line["origin"] = self.origin
        if succeeded:
            line.update(api_error_status=None, result=end.text or self.last_text)
        else:
            line["errors"] = end.errors
        line.update(end.fields)
        if ids:
            line["user_message_uuid"] = ids[0]
        line["type"] = "result"
        line["duration_ms"] = round((time.monotonic() - self.started) * 1000 * scale)
        line["uuid"] = fresh()
        if timed:
            line.update(self._waits())
        if ids:
            line["user_message_uuids"] = ids
        if timed and ids:
            line.update(self._first_request())
        line["queued_turn_count"] = queued
        line["result_index"] = index
        line["model_usage_since_last_result"] = ledger.since_mark()
        return line

    def _waits(self) -> Json:
        waited = round(self.ttft_s * 1000)
        return {
            "ttft_ms": waited,
            "ttft_stream_ms": waited,
            "time_to_request_ms": 1,
            "first_content_frame_ms": waited,
        }

    def _first_request(self) -> Json:
        first = self.first or TokenCounts()
        return {
            "request_sent_wall_ms": self.sent_ms,
            "first_request_input_tokens": first.context,
            "first_request_cache_read_input_tokens": first.read,
        }
