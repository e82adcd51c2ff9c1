"""A stream of believable shape and any size, the same for the same size."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

NEEDLE = "needle-in-the-night-4711"
END = "815815 ms"
_WORDS = [
    "parser",
    "token",
    "index",
    "cache",
    "widget",
    "event",
    "loop",
    "test",
    "retry",
    "budget",
    "screen",
    "offset",
    "line",
]


def lines(size: int, partials: bool) -> Iterator[bytes]:
    """Lines until `size` bytes are reached; the last one says END."""
    dice = random.Random(size)
    session = "11111111-2222-4333-8444-555555555555"
    written = number = 0
    planted = False
    init = {"type": "system", "subtype": "init", "cwd": "/p", "model": "claude-opus-4-5"}
    yield _line({**init, "session_id": session, "uuid": _uuid(dice)})
    while written < size:
        number += 1
        text = " ".join(dice.choices(_WORDS, k=dice.randint(5, 60)))
        output = "\n".join(" ".join(dice.choices(_WORDS, k=9)) for _ in range(dice.randint(3, 60)))
        if not planted and written > size // 2:
            planted, output = True, f"{NEEDLE} {output}"
        for line in _turn(dice, session, number, text, output, partials):
            written += len(line)
            yield line
    end = {"type": "result", "subtype": "success", "is_error": False, "duration_ms": 815815}
    end |= {"num_turns": number, "result": "done", "total_cost_usd": 1.0, "session_id": session}
    yield _line({**end, "uuid": _uuid(dice)})


def _turn(
    dice: random.Random, session: str, number: int, text: str, output: str, partials: bool
) -> Iterator[bytes]:
    message = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-5",
    }
    usage = {"input_tokens": 9, "cache_read_input_tokens": 20_000, "output_tokens": 40}
    call = f"toolu_{number}"
    if partials:
        for _ in range(35):
            delta = {"type": "text_delta", "text": " ".join(dice.choices(_WORDS, k=4))}
            event = {"type": "content_block_delta", "index": 0, "delta": delta}
            yield _line(
                {"type": "stream_event", "event": event, "session_id": session, "uuid": _uuid(dice)}
            )
    blocks: tuple[dict[str, object], ...] = (
        {"type": "text", "text": text},
        {
            "type": "tool_use",
            "id": call,
            "name": "Bash",
            "input": {"command": f"pytest -q {text[:40]}"},
        },
    )
    for block in blocks:
        body = {**message, "content": [block], "usage": usage, "stop_reason": None}
        yield _line(
            {"type": "assistant", "message": body, "session_id": session, "uuid": _uuid(dice)}
        )
    result = {"type": "tool_result", "tool_use_id": call, "content": output, "is_error": False}
    body = {"role": "user", "content": [result]}
    yield _line({"type": "user", "message": body, "session_id": session, "uuid": _uuid(dice)})


def _line(record: dict[str, object]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _uuid(dice: random.Random) -> str:
    digits = f"{dice.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def write(path: Path, megabytes: int, partials: bool = True) -> Path:
    """Writes such a stream and returns its path."""
    with path.open("wb") as file:
        for line in lines(megabytes * 1_000_000, partials):
            file.write(line)
    return path


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), "--no-partials" not in sys.argv)
