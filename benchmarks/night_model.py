"""A scripted model on loopback: it gives each request of the main conversation the next answer of a story.

The story goes on whichever conversation asks, so that a night with several of them plays through. Requests
without tools (titles, summaries) are answered beside it.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_SUMMARY = "<analysis>short</analysis>\n<summary>The tasks are under way; see the notes.</summary>"
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


@dataclass(frozen=True)
class Answer:
    """What one request gets: an error with its status, silence, or words and perhaps a call of a tool.

    `limit_seconds` says that a usage limit is reached: every request until it resets gets this. `context` is
    how much of the context the request is said to use. `name` is what the story is at, for those who watch
    it. One that `sticks` is given again until a conversation asks that has no answer in it yet.
    """

    name: str
    text: str = ""
    tool: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    limit_seconds: float = 0.0
    silent_seconds: float = 0.0
    context: int = 8_000
    sticks: bool = False


@dataclass
class ScriptedModel:
    """Plays a story to whoever asks; `at` is how many of its answers were given."""

    story: Sequence[Answer]
    at: int = 0
    limited_until: float | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, body: Mapping[str, Any]) -> Answer:
        if not body.get("tools") or _is_warm_up(body):
            return Answer(
                "beside", _SUMMARY if "summary" in json.dumps(body)[-6_000:] else "A title"
            )
        with self.lock:
            found = self._at()
            if found.limit_seconds and self.limited_until is None:
                self.limited_until = time.time() + found.limit_seconds
            if (found.sticks and not _has_answer(body)) or self._is_lifted(found):
                self.at += 1
                found, self.limited_until = self._at(), None
            self.at += not (found.sticks or found.limit_seconds)
            self.asked.append({"at": time.time(), "name": found.name, "model": body.get("model")})
            return found

    def _is_lifted(self, answer: Answer) -> bool:
        until = self.limited_until
        return bool(answer.limit_seconds) and until is not None and time.time() >= until

    def _at(self) -> Answer:
        over = Answer("end", "Nothing is left.")
        return self.story[self.at] if self.at < len(self.story) else over

    @property
    def name(self) -> str:
        """What the answer given last is called."""
        with self.lock:
            return self.asked[-1]["name"] if self.asked else ""

    def serve(self) -> tuple[ThreadingHTTPServer, int]:
        """Starts to answer on a free port of loopback."""
        handler = type("Handler", (_Handler,), {"model": self})
        server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server, server.server_address[1]


def _is_warm_up(body: Mapping[str, Any]) -> bool:
    """Whether a subagent of 2.1.0 is only being made ready."""
    messages: Sequence[Any] = body.get("messages") or ({},)
    return '"Warmup"' in json.dumps(messages[0])


def _has_answer(body: Mapping[str, Any]) -> bool:
    return any(message.get("role") == "assistant" for message in body.get("messages") or ())


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: who asked has given up, or was killed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: ScriptedModel

    def log_message(self, *words: object) -> None: ...

    def do_HEAD(self) -> None:
        self._send(200, {})

    def do_GET(self) -> None:
        self._send(404, {"type": "error", "error": {"type": "not_found_error", "message": "none"}})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(raw or b"{}")
        if "count_tokens" in self.path:
            self._send(200, {"input_tokens": max(1, len(raw) // 4)})
            return
        answer = self.model.next(body)
        try:
            if answer.silent_seconds:
                time.sleep(answer.silent_seconds)
            if answer.status or answer.limit_seconds:
                self._fail(answer)
            elif body.get("stream"):
                self._stream(body, answer)
            else:
                self._send(200, _message(body, answer))
        except (BrokenPipeError, ConnectionResetError):
            return  # who asked has given up, or was killed

    def _send(
        self, status: int, record: Mapping[str, Any], headers: Mapping[str, str] = {}
    ) -> None:
        data = json.dumps(record).encode()
        self.send_response(status)
        for name, text in {"content-type": "application/json", **headers}.items():
            self.send_header(name, text)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _fail(self, answer: Answer) -> None:
        status, headers = answer.status or 429, {}
        if answer.limit_seconds:
            reset = str(int(self.model.limited_until or time.time()))
            headers = {
                "anthropic-ratelimit-unified-status": "rejected",
                "anthropic-ratelimit-unified-reset": reset,
                "anthropic-ratelimit-unified-representative-claim": "five_hour",
                "anthropic-ratelimit-unified-5h-status": "rejected",
                "anthropic-ratelimit-unified-5h-reset": reset,
                "anthropic-ratelimit-unified-5h-utilization": "1.0",
            }
        kind = _ERRORS.get(status, "api_error")
        error = {"type": kind, "message": answer.text or f"scripted {status}"}
        self._send(status, {"type": "error", "error": error}, headers)

    def _stream(self, body: Mapping[str, Any], answer: Answer) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        whole = _message(body, answer)
        blocks, stop = whole["content"], whole["stop_reason"]
        self._event("message_start", message={**whole, "content": [], "stop_reason": None})
        for index, block in enumerate(blocks):
            is_text = block["type"] == "text"
            empty: dict[str, object] = {"text": ""} if is_text else {"input": {}}
            delta = (
                {"type": "text_delta", "text": block["text"]}
                if is_text
                else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            )
            self._event("content_block_start", index=index, content_block={**block, **empty})
            self._event("content_block_delta", index=index, delta=delta)
            self._event("content_block_stop", index=index)
        ended = {"stop_reason": stop, "stop_sequence": None}
        self._event("message_delta", delta=ended, usage={**whole["usage"], "output_tokens": 40})
        self._event("message_stop")
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _event(self, name: str, **facts: object) -> None:
        data = f"event: {name}\ndata: {json.dumps({'type': name, **facts})}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


def _message(body: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": answer.text or "Going on."}]
    if answer.tool:
        call = {"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:16]}", "name": answer.tool}
        content.append({**call, "input": dict(answer.given)})
    usage = {
        "input_tokens": 20,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": answer.context,
        "output_tokens": 1,
    }
    return {
        "id": f"msg_{uuid.uuid4().hex[:16]}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": content,
        "stop_reason": "tool_use" if answer.tool else "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }
