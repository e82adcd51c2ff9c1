"""Transcripts as the CLI writes them: a conversation with a clock, `/clear`, forks and resumes."""

from __future__ import annotations

import json
import os
import random
import uuid
from copy import deepcopy
from pathlib import Path
from typing import Any

from tests.session_files import iso

MODEL = "claude-opus-4-5-20251101"
USAGE = {
    "input_tokens": 10,
    "output_tokens": 50,
    "cache_read_input_tokens": 5_000,
    "cache_creation_input_tokens": 200,
}
CLEAR = "<command-name>/clear</command-name>\n<command-message>clear</command-message>"


dice = random.Random(7)


def fresh() -> str:
    """An id that no other record has; the same ones again after `dice.seed`."""
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


class Talk:
    """One transcript in the making; `at` is the time of its last record."""

    def __init__(self, cwd: str, at: float, session: str = "", **envelope: Any) -> None:
        self.cwd = cwd
        self.at = at
        self.session = session or fresh()
        self.envelope = envelope
        self.records: list[dict[str, Any]] = []
        self.parent: str | None = None
        self.calls = 0

    def record(self, kind: str, wait: float = 5.0, **fields: Any) -> dict[str, Any]:
        self.at += wait
        own = fresh()
        record = {
            "parentUuid": self.parent,
            "isSidechain": False,
            "userType": "external",
            "cwd": self.cwd,
            "sessionId": self.session,
            "version": "2.1.197",
            "type": kind,
            "uuid": own,
            "timestamp": iso(self.at),
            **self.envelope,
            **fields,
        }
        self.parent = own
        self.records.append(record)
        return record

    def raw(self, **record: Any) -> Talk:
        """A record without id and time."""
        self.records.append(record)
        return self

    def ask(self, text: str, wait: float = 5.0, **fields: Any) -> Talk:
        self.record("user", wait, message={"role": "user", "content": text}, **fields)
        return self

    def say(self, text: str, wait: float = 5.0, **fields: Any) -> Talk:
        self._answer({"type": "text", "text": text}, "end_turn", wait, **fields)
        return self

    def call(
        self, name: str, given: dict[str, Any], answer: str | None = "ok", took: float = 5.0
    ) -> str:
        """A tool call, and its answer unless that is None."""
        id = f"toolu_{fresh().replace('-', '')[:20]}"
        block = {"type": "tool_use", "id": id, "name": name, "input": given}
        self._answer(block, "tool_use", 5.0)
        if answer is not None:
            self.result(id, answer, took)
        return id

    def result(self, call: str, answer: str, wait: float = 5.0, *, error: bool = False) -> Talk:
        block = {"type": "tool_result", "tool_use_id": call, "content": answer, "is_error": error}
        self.record("user", wait, message={"role": "user", "content": [block]})
        return self

    def _answer(self, block: dict[str, Any], stop: str, wait: float, **fields: Any) -> None:
        self.calls += 1
        message = {
            "id": f"msg_{fresh().replace('-', '')[:20]}",
            "type": "message",
            "role": "assistant",
            "model": MODEL,
            "content": [block],
            "stop_reason": stop,
            "usage": dict(USAGE),
        }
        message.update(fields.pop("message", {}))
        self.record("assistant", wait, message=message, **fields)

    def work(self, steps: int) -> Talk:
        for number in range(steps):
            self.call("Bash", {"command": f"make step-{number}"})
        return self

    def limited(self, text: str, wait: float = 5.0) -> Talk:
        """An error of the API in the model's place."""
        empty = dict.fromkeys(USAGE, 0)
        message = {"model": "<synthetic>", "usage": empty, "stop_reason": "stop_sequence"}
        block = {"type": "text", "text": text}
        self._answer(
            block, "stop", wait, message=message, isApiErrorMessage=True, error="rate_limit"
        )
        return self

    def fork(self, at: float, *, marked: bool = False, upto: int | None = None) -> Talk:
        """A session that begins with a copy of these records, as `--fork-session` and `/branch` do."""
        other = Talk(self.cwd, at)
        for record in self.records[:upto]:
            if "uuid" not in record:
                continue
            copy = {**deepcopy(record), "sessionId": other.session}
            if marked:
                copy["forkedFrom"] = {"sessionId": self.session, "messageUuid": record["uuid"]}
            other.records.append(copy)
        other.parent = other.records[-1]["uuid"] if other.records else None
        return other

    def cleared(self, at: float, **envelope: Any) -> Talk:
        """The session that follows this one in the same process after `/clear`."""
        other = Talk(self.cwd, at, **envelope)
        other.raw(type="mode", mode="normal", sessionId=other.session)
        other.ask("<local-command-caveat>Caveat</local-command-caveat>", 0.0, isMeta=True)
        return other.ask(CLEAR, 0.0)

    def write(self, folder: Path, name: str = "") -> Path:
        path = folder / f"{name or self.session}.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(record) + "\n" for record in self.records))
        os.utime(path, (self.at, self.at))
        return path
