"""One API response on its way out: partial events, a line per block, usage that comes right late."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

from . import shapes
from .session import SimulatedSession
from .spending import TokenCounts
from .wire import SignalReceived, TurnInterrupted

Json = dict[str, Any]


def estimate(text: str) -> int:
    """About how many tokens a text has."""
    return len(text) // 4 + 1


class StreamedResponse:
    """Says the blocks of one response; `uuids` maps tool_use ids to the lines that hold them."""

    def __init__(self, session: SimulatedSession, tokens: TokenCounts, stop_reason: str) -> None:
        self._session = session
        self._tokens = tokens
        self._stop = stop_reason
        self._id = shapes.short("msg")
        self._request = shapes.short("req")
        self._said: list[tuple[str, str, Json]] = []
        self._partials = session.options.partials
        self.uuids: dict[str, str] = {}

    def say(self, blocks: list[Json], seconds: float) -> None:
        """Streams all blocks within about `seconds`, then writes final usage and transcript."""
        session = self._session
        if self._partials:
            opening = shapes.message(self._id, session.model, {}, self._tokens.preliminary())
            opening.update(content=[])
            opening.pop("context_management")
            turn = session.turn
            waited = round((turn.ttft_s if turn else 0) * 1000)
            self._event(
                {"type": "message_start", "message": opening},
                ttft_ms=waited,
                thinking_display="updates",
            )
        share = seconds / max(1, len(blocks))
        for index, block in enumerate(blocks):
            self._block(index, block, share)
        self._finish()

    def _block(self, index: int, block: Json, seconds: float) -> None:
        kind = block["type"]
        if self._partials:
            self._event(
                {"type": "content_block_start", "index": index, "content_block": _empty(block)}
            )
        sent: list[str] = []
        try:
            pieces = _pieces(block, 24 if self._partials else 1)
            for piece in pieces:
                self._session.reader.wait(seconds / len(pieces))
                if self._partials:
                    delta = _delta(kind, piece)
                    self._event({"type": "content_block_delta", "index": index, "delta": delta})
                sent.append(piece)
        except (TurnInterrupted, SignalReceived) as stop:
            text = "".join(sent) if kind == "text" else ""
            if text and not (isinstance(stop, SignalReceived) and stop.number != signal.SIGINT):
                self._line({"type": "text", "text": text}, aborted=True)
            raise
        self._line(block)
        if self._partials:
            self._event({"type": "content_block_stop", "index": index})

    def _line(self, block: Json, **more: Any) -> None:
        session, turn = self._session, self._session.turn
        uuid, stamp = shapes.fresh(), session.timing.stamp()
        body = shapes.message(self._id, session.model, block, self._tokens.preliminary())
        line = shapes.assistant(session.id, uuid, stamp, body, self._request)
        if block["type"] == "thinking":
            line.update(thinking_duration_ms=1, thinking_display="updates")
        if turn is not None and not turn.spoke:
            turn.spoke = True
            session.replay(turn.message)
            if turn.tracked:
                line["user_message_uuid"] = turn.tracked[0]
                line["user_message_uuids"] = turn.tracked
        line.update(more)
        session.emit(line)
        self._said.append((uuid, stamp, block))
        if block["type"] == "tool_use":
            self.uuids[block["id"]] = uuid
        elif block["type"] == "text" and turn is not None:
            turn.last_text = block["text"]

    def _finish(self) -> None:
        session = self._session
        if self._partials:
            ending = {**self._tokens.preliminary(), "output_tokens": self._tokens.output}
            delta = {"stop_reason": self._stop, "stop_sequence": None}
            self._event({"type": "message_delta", "delta": delta, "usage": ending})
            self._event({"type": "message_stop"})
        for index, (uuid, stamp, block) in enumerate(self._said):
            body = shapes.message(self._id, session.model, block, self._tokens.final())
            body.pop("context_management")
            body.update(stop_reason=self._stop, stop_details=None)
            record: Json = {"message": body}
            if block["type"] == "tool_use":
                record["toolInputStreamMs"] = 1
            record.update(
                apiBlockIndex=index,
                requestId=self._request,
                requestedModel=session.model,
                type="assistant",
                madeBy="model",
            )
            session.transcript.link(record, uuid, stamp)

    def _event(self, event: Json, **more: Any) -> None:
        self._session.emit(shapes.stream_event(self._session.id, event, self._id, **more))


def _empty(block: Json) -> Json:
    if block["type"] == "tool_use":
        return {**block, "input": {}}
    return {"type": block["type"], block["type"]: ""}


def _delta(kind: str, piece: str) -> Json:
    if kind == "tool_use":
        return {"type": "input_json_delta", "partial_json": piece}
    return {"type": f"{kind}_delta", kind: piece}


def _pieces(block: Json, most: int) -> list[str]:
    """A block cut into at most `most` pieces of at least 40 characters."""
    kind = block["type"]
    text = json.dumps(block["input"]) if kind == "tool_use" else str(block[kind])
    size = max(40, -(-len(text) // most)) if most > 1 else max(1, len(text))
    return [text[at : at + size] for at in range(0, len(text), size)] or [""]


def call_api(session: SimulatedSession, seconds: float) -> None:
    """The time before the first token; `status requesting` is all that shows of it."""
    if session.options.partials:
        session.system("status", status="requesting")
    started = time.monotonic()
    try:
        session.reader.wait(seconds)
    finally:
        waited = time.monotonic() - started
        session.ledger.api_s += waited
        if session.turn is not None and session.turn.requests == 0:
            session.turn.ttft_s = waited
