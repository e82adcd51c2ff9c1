"""What every command promises: its sentence on stderr, the object on stdout."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.command_line import Done

Run = Callable[..., Done]


def sentence(done: Done) -> str:
    """The one line on stderr."""
    assert done.err.startswith("overnight-tui: ")
    assert done.err.endswith("\n")
    assert done.err.count("\n") == 1
    return done.err.removeprefix("overnight-tui: ").strip()


NUMBER = (int, float)
NONE = type(None)
STATES = {
    "starting", "working", "tool", "waiting_api", "rate_limited", "waiting_permission", "stalled",
    "looping", "paused", "finished", "failed", "killed", "crashed", "none",
}  # fmt: skip
SCHEMA: dict[str, Any] = {
    "schema": int,
    "project": str,
    "run": {
        "id": (str, NONE), "owned": bool, "state": str, "reason": str, "started_at": "iso",
        "ended_at": "iso", "pid": (int, NONE), "session_id": (str, NONE), "model": (str, NONE),
        "attempt": int, "exit": (dict, NONE), "host": (str, NONE),
    },
    "goal": (str, NONE),
    "progress": {"done": int, "open": int, "in_progress": list, "blockers": list, "sections": list},
    "cost": {"usd": (*NUMBER, NONE), "source": str, "budget_usd": (*NUMBER, NONE)},
    "tokens": {
        "input": int, "output": int, "cache_write_5m": int, "cache_write_1h": int,
        "cache_read": int,
    },
    "context": {"used": int, "window": int, "percent": NUMBER},
    "events": {
        "total": int, "malformed": int, "unknown": int, "turns": int, "tool_calls": dict,
        "tool_errors": int, "api_retries": int, "compactions": int, "subagents": int,
    },
    "last_event_at": "iso",
    "idle_seconds": NUMBER,
    "stall": (dict, NONE),
    "checkpoints": int,
    "injections": list,
    "restarts": int,
}  # fmt: skip


def check(value: Any, wanted: Any, where: str = "") -> None:
    """Exactly these keys, each of its type; no more and no fewer."""
    if isinstance(wanted, dict):
        assert set(value) == set(wanted), where
        for key, part in wanted.items():
            check(value[key], part, f"{where}.{key}")
    elif wanted == "iso":
        if value is not None:
            assert datetime.fromisoformat(value).tzinfo is not None, where
    else:
        assert isinstance(value, wanted), (where, value)
        if bool not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            assert not isinstance(value, bool), where
