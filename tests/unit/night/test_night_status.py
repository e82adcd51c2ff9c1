"""`status --json` is a contract: exactly these keys, exactly these types."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.night.night_script import START, Script, fold
from tui.model.events import ModelUsage, RateLimit, TokenUsage
from tui.model.journal import JournalEntry
from tui.model.records import ProgressFile, ProgressSection
from tui.model.session import AgentProcess, AgentProcesses
from tui.model.snapshot import NightSnapshot
from tui.night.fold import NightFold
from tui.night.status_json import iso, status

STATES = {
    "starting",
    "working",
    "tool",
    "waiting_api",
    "rate_limited",
    "waiting_permission",
    "stalled",
    "looping",
    "paused",
    "finished",
    "failed",
    "killed",
    "crashed",
    "none",
}
KINDS = {"silent_tool", "silent_api", "wedged", "loop", "limit_wait", "process_gone"}
NULL: type[None] = type(None)
CONTRACT: dict[str, Any] = {
    "schema": int,
    "project": str,
    "run": {
        "id": (str, NULL),
        "owned": bool,
        "state": str,
        "reason": str,
        "started_at": (str, NULL),
        "ended_at": (str, NULL),
        "pid": (int, NULL),
        "session_id": (str, NULL),
        "model": (str, NULL),
        "attempt": int,
        "exit": ({"reason": str, "code": (int, NULL)}, NULL),
        "host": (str, NULL),
    },
    "goal": (str, NULL),
    "progress": {
        "done": int,
        "open": int,
        "in_progress": [str],
        "blockers": [str],
        "sections": [{"title": str, "done": int, "open": int}],
    },
    "cost": {"usd": (float, NULL), "source": str, "budget_usd": (float, NULL)},
    "tokens": dict.fromkeys(
        ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read"), int
    ),
    "context": {"used": int, "window": int, "percent": float},
    "events": {
        "total": int,
        "malformed": int,
        "unknown": int,
        "turns": int,
        "tool_calls": {"*": int},
        "tool_errors": int,
        "api_retries": int,
        "compactions": int,
        "subagents": int,
    },
    "last_event_at": (str, NULL),
    "idle_seconds": float,
    "stall": ({"kind": str, "since": (str, NULL), "evidence": [str]}, NULL),
    "checkpoints": int,
    "injections": [{"id": str, "text": str, "state": str}],
    "restarts": int,
}


def check(value: Any, shape: Any, where: str = "") -> None:
    """`value` has exactly the keys and types of `shape`."""
    if isinstance(shape, tuple):
        plain = tuple(part for part in shape if isinstance(part, type))
        if not isinstance(value, plain) or isinstance(value, bool):
            check(value, next(part for part in shape if part is not NULL), where)
    elif isinstance(shape, dict):
        assert isinstance(value, dict), where
        if "*" in shape:
            shape = dict.fromkeys(value, shape["*"])
        assert list(value) == list(shape), where
        for key, part in shape.items():
            check(value[key], part, f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        for part in value:
            check(part, shape[0], f"{where}[]")
    else:
        assert type(value) is shape, f"{where} is {value!r}"


def full() -> NightSnapshot:
    script = Script(start=START)
    script.init()
    script.prompt("build it")
    script.say("x", usage=TokenUsage(10, 5, 20, 30, 400))
    script.step("Bash", "pytest", "1 failed in 0.1s", error=True)
    script.result(0.25, models=(ModelUsage("claude-opus-5-5", TokenUsage(460), 0.25, 1_000_000),))
    script.init()
    script.call("Bash", "make")
    journal = [
        JournalEntry(START, "run_started", "", {"run": "r1", "goal": "build it"}),
        JournalEntry(START, "segment_started", "", {"attempt": 2, "pid": 42, "session": "s1"}),
        JournalEntry(START + 3, "checkpoint", "", {"checkpoint": "c1", "files": 3}),
        JournalEntry(START + 4, "inject", "u1", {"text": "step back", "mode": "soft"}),
        JournalEntry(START + 4, "inject", "u2", {"text": "no", "mode": "soft"}),
        JournalEntry(START + 5, "injection", "u2", {"state": "withdrawn"}),
    ]
    progress = ProgressFile(
        "p",
        START,
        "checkboxes",
        12,
        7,
        sections=(ProgressSection("Phase 1", 12, 7),),
        blockers=("no key",),
        in_progress=("sizing",),
    )
    return fold(journal, script.events, [progress]).snapshot((script.at or 0.0) + 300.0)


def limited() -> NightSnapshot:
    script = Script()
    script.add(RateLimit("rejected", START + 9000.0, "five_hour"))
    return fold(script.events).snapshot(START + 5.0)


def ended() -> NightSnapshot:
    script = Script()
    script.init()
    script.result(0.25)
    gone = AgentProcesses(START + 60.0, ())
    return fold(script.events, [gone]).snapshot(START + 99.0)


NIGHTS = {
    "nothing": NightFold().snapshot(START),
    "everything": full(),
    "limited": limited(),
    "ended": ended(),
    "alive": fold([AgentProcesses(START, (AgentProcess(7, START),))]).snapshot(START),
}


@pytest.mark.parametrize("name", NIGHTS)
def test_the_contract(name: str) -> None:
    shown = status(NIGHTS[name], "/home/me/bot", 50.0)
    check(json.loads(json.dumps(shown)), CONTRACT)
    assert shown["run"]["state"] in STATES
    assert shown["cost"]["source"] in ("result", "estimate", "partial")
    assert shown["stall"] is None or shown["stall"]["kind"] in KINDS


def test_the_checker_can_fail() -> None:
    shown = status(NIGHTS["everything"], "/p")
    for spoil in ({"extra": 1}, {"schema": "1"}, {"checkpoints": None}, {"stall": {"kind": "x"}}):
        with pytest.raises(AssertionError):
            check(shown | spoil, CONTRACT)


def test_the_values() -> None:
    shown = status(full(), "/home/me/bot", 50.0)
    assert shown["schema"] == 1
    assert shown["run"] == {
        "id": "r1",
        "owned": True,
        "state": "stalled",
        "reason": "Bash make has not answered; no heartbeat for 5 min (one comes every 30 s)",
        "started_at": "2026-09-21T14:13:20.000Z",
        "ended_at": None,
        "pid": 42,
        "session_id": "s1",
        "model": "claude-opus-5-5",
        "attempt": 2,
        "exit": None,
        "host": None,
    }
    assert shown["goal"] == "build it"
    assert shown["progress"]["sections"] == [{"title": "Phase 1", "done": 12, "open": 7}]
    assert shown["cost"] == {"usd": 0.25, "source": "result", "budget_usd": 50.0}
    assert shown["tokens"] == {
        "input": 10,
        "output": 5,
        "cache_write_5m": 20,
        "cache_write_1h": 30,
        "cache_read": 400,
    }
    assert shown["context"] == {"used": 460, "window": 1_000_000, "percent": 0.0}
    assert shown["events"]["tool_calls"] == {"Bash": 2}
    assert shown["events"]["total"] == 8
    assert shown["last_event_at"] == "2026-09-21T14:13:28.000Z"
    assert shown["idle_seconds"] == 300.0
    assert shown["stall"]["kind"] == "silent_tool"
    assert shown["stall"]["since"] == shown["last_event_at"]
    assert shown["checkpoints"] == 1
    assert [injection["state"] for injection in shown["injections"]] == ["queued", "failed"]


def test_moments() -> None:
    assert iso(None) is None
    assert iso(0.0) == "1970-01-01T00:00:00.000Z"
    assert iso(1e30) is None
    assert iso(float("nan")) is None
