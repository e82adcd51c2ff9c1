"""`status --json` is a contract: exactly these keys, exactly these types."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.unit.commands.contract import fits
from tests.unit.night.night_script import START, Script, fold
from tui.model.events import ModelUsage, RateLimit, TokenUsage
from tui.model.journal import JournalEntry
from tui.model.json.status import StatusObject
from tui.model.records import ProgressFile, ProgressSection
from tui.model.session import AgentProcess, AgentProcesses
from tui.model.snapshot import NightSnapshot
from tui.night.fold import NightFold
from tui.night.status_json import status
from tui.system.format import iso


def full() -> NightSnapshot:
    script = Script(start=START)
    script.init()
    script.prompt("build it")
    script.say("x", usage=TokenUsage(10, 5, 20, 30, 400))
    script.step("Bash", "pytest", "1 failed in 0.1s", error=True)
    script.result(0.25, models=(ModelUsage("claude-opus-5-5", TokenUsage(460), 0.25, 1_000_000),))
    script.init()
    script.call("Bash", "make")
    started = {"run": "r1", "goal": "build it", "settings": {"max_cost_usd": 50.0}}
    journal = [
        JournalEntry(START, "run_started", "", started),
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
    fits(json.loads(json.dumps(status(NIGHTS[name], "/home/me/bot", "here"))), StatusObject)


@pytest.mark.parametrize(
    "spoil",
    [{"extra": 1}, {"schema": "1"}, {"checkpoints": None}, {"stall": {"kind": "x"}}],
)
def test_the_checker_can_fail(spoil: dict[str, Any]) -> None:
    shown = status(NIGHTS["everything"], "/p", "here")
    fits(shown, StatusObject)
    with pytest.raises((msgspec.ValidationError, AssertionError)):
        fits(shown | spoil, StatusObject)


def test_the_values() -> None:
    shown = status(full(), "/home/me/bot", "here")
    assert (shown["schema"], shown["host"]) == (2, "here")
    assert shown["run"] == {
        "id": "r1",
        "owned": True,
        "supervised": None,
        "state": "stalled",
        "reason": "Bash make has not answered; no heartbeat for 5 min (one comes every 30 s)",
        "started_at": "2026-09-21T14:13:20.000Z",
        "ended_at": None,
        "pid": 42,
        "session_id": "s1",
        "model": "claude-opus-5-5",
        "attempt": 2,
        "continuations": 0,
        "exit": None,
        "limits": {"max_hours": None, "max_idle_minutes": None, "max_cost_usd": 50.0},
        "limit": None,
        "host": None,
    }
    assert shown["goal"] == "build it"
    assert shown["progress"]["sections"] == [{"title": "Phase 1", "done": 12, "open": 7}]
    cost = shown["cost"]
    assert (cost["usd"], cost["source"], cost["budget_usd"]) == (0.25, "result", 50.0)
    assert shown["tests"] == {
        "verdict": "red",
        "at": "2026-09-21T14:13:25.000Z",
        "edits_since": 0,
    }
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
    assert shown["stall"]["level"] == "suspected"
    assert "kill --interrupt" in shown["stall"]["remedy"]
    assert shown["checkpoints"] == 1
    assert [injection["state"] for injection in shown["injections"]] == ["queued", "withdrawn"]


def test_moments() -> None:
    assert iso(None) is None
    assert iso(0.0) == "1970-01-01T00:00:00.000Z"
    assert iso(1e30) is None
    assert iso(float("nan")) is None
