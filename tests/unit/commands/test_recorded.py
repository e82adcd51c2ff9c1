"""Recorded streams, counted a second time by naive code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.session_files import (
    delta,
    init,
    lines,
    speech,
)
from tests.shared_data import shared
from tests.unit.commands.contract import Run, fits
from tui.model.json.status import StatusObject

RECORDED = (
    "streams/01_normal.jsonl",
    "streams/03_stdin_midturn.jsonl",
    "real/streams/marquex.mp9r3tc5.jsonl",
    "real/streams/georgeLochner.1770542209_w-a4r.6.jsonl",
    "real/streams/Eiai-Solutions.claude_output_2026-03-20_14-15-29.jsonl",
)


def counted(path: Path) -> dict[str, Any]:
    """A naive reading: line by line, each uuid once."""
    seen: set[str] = set()
    calls: dict[str, str] = {}
    total = turns = errors = 0
    for text in path.read_bytes().split(b"\n"):
        try:
            record = json.loads(text)
        except ValueError:
            continue
        if not isinstance(record, dict):
            continue
        if record.get("uuid") in seen:
            continue
        seen.add(record.get("uuid") or f"no uuid {total}")
        total += 1
        turns += record.get("type") == "result"
        message = record.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        for block in content if isinstance(content, list) else ():
            if block.get("type") == "tool_use":
                calls[block["id"]] = block["name"]
            errors += block.get("type") == "tool_result" and block.get("is_error") is True
    names = sorted(calls.values())
    return {
        "total": total,
        "turns": turns,
        "tool_calls": {name: names.count(name) for name in names},
        "tool_errors": errors,
    }


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_streams_are_counted_as_naive_code_does(tui: Run, name: str) -> None:
    path = shared("data", *name.split("/"))
    facts = json.loads(tui("status", "--json", "--events", str(path)).out)
    fits(facts, StatusObject)
    wanted = counted(path)
    assert {key: facts["events"][key] for key in wanted} == wanted
    rows = tui("events", "--json", "--verbosity", "3", "--events", str(path)).out.splitlines()
    assert all(isinstance(json.loads(row), dict) for row in rows)


def test_deltas_are_counted_as_records(tui: Run, tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines([init(1), *(delta(n, "w") for n in range(10, 60)), speech(2, "x")]))
    assert json.loads(tui("status", "--json", "--events", str(path)).out)["events"]["total"] == 52
