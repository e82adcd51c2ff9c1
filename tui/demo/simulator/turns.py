"""One turn from its message to its result line."""

from __future__ import annotations

import time
from typing import Any

from tui.demo.simulator.shapes import fresh, shape
from tui.demo.simulator.spending import TokenCounts, TokenLedger
from tui.demo.simulator.wire import InputMessage

Json = dict[str, Any]


class TurnEnded(Exception):
    """The turn ends now; `fields` go into its result."""

    def __init__(self, subtype: str, reason: str, error: str = "", **fields: Any) -> None:
        super().__init__(reason)
        self.subtype = subtype
        self.reason = reason
        self.errors = [error] if error else []
        self.is_error = bool(fields.pop("is_error", subtype != "success"))
        self.text = str(fields.pop("text", ""))
        self.fields: Json = fields
        self.was_interrupted = reason in ("aborted_tools", "aborted_streaming")


class TurnCounters:
    """What is counted between a prompt and its result."""

    def __init__(self, message: InputMessage) -> None:
        self.message = message
        self.messages = [message]
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
        verdict: Json = {"errors": end.errors}
        if end.subtype == "success":
            verdict = {"api_error_status": None, "result": end.text or self.last_text}
        verdict.update(end.fields)
        ids = self.tracked
        named: Json = {"user_message_uuids": ids} if ids else {}
        if ids:
            verdict["user_message_uuid"] = ids[0]
        return shape(
            "result",
            session=session,
            api_ms=round(ledger.api_s * 1000 * scale),
            stop_reason=self.stop_reason,
            cost=ledger.total,
            usage=self.usage.final(),
            models=ledger.by_model(),
            denials=self.denials,
            reason=end.reason,
            subagents=self.subagents,
            is_error=end.is_error,
            turns=self.requests + (2 if end.was_interrupted else 0),
            subtype=end.subtype,
            verdict=verdict,
            ms=round((time.monotonic() - self.started) * 1000 * scale),
            times=named if end.is_error else self._times(named),
            queued=queued,
            index=index,
            since=ledger.since_mark(),
        )

    def _times(self, named: Json) -> Json:
        """How long the first answer of a turn without an error took, around the messages' ids."""
        waited, first = round(self.ttft_s * 1000), self.first or TokenCounts()
        times = {"ttft_ms": waited, "ttft_stream_ms": waited, "time_to_request_ms": 1}
        request = {
            "request_sent_wall_ms": self.sent_ms,
            "first_request_input_tokens": first.context,
            "first_request_cache_read_input_tokens": first.read,
        }
        return {**times, "first_content_frame_ms": waited, **named, **(request if named else {})}
