"""Every recording with a figure of the CLI's own: shown as it is, and the estimate before it explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.shared_data import shared
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import RunningCost, TurnResult
from tui.model.snapshot import Cost
from tui.night.fold import NightFold

PERCENT = 0.01


def cost(file: Path, *, told: bool) -> Cost:
    """The bill of a file, with the CLI's totals or as if it had told none."""
    fold = NightFold()
    for event in ClaudeDecoder(str(file)).decode_all(file.read_bytes(), 0):
        body = event.body
        if not told and isinstance(body, RunningCost):
            continue
        if not told and isinstance(body, TurnResult):
            silent = msgspec.structs.replace(body, cost_usd=None, models=())
            event = msgspec.structs.replace(event, body=silent)
        fold.apply([event])
    return fold.snapshot(4e9).cost


def figure(file: Path) -> float | None:
    """The last total of each session of the file, added up; None where it has none."""
    totals: dict[str, float] = {}
    for line in file.read_bytes().split(b"\n"):
        if b"otal" not in line:
            continue
        try:
            record: Any = json.loads(line)
        except ValueError:
            continue
        if not isinstance(record, dict):
            continue
        usd = record.get("total_cost_usd", record.get("totalCostUSD"))
        if usd is not None and record.get("type") in ("result", "cost-state"):
            session = record.get("session_id") or record.get("sessionId") or ""
            totals[session] = max(totals.get(session, 0.0), usd)
    return sum(totals.values()) if totals else None


def recordings() -> list[tuple[Path, float]]:
    files = sorted(shared("data").rglob("*.jsonl"))
    found = [(file, usd) for file in files if (usd := figure(file))]
    assert len(found) > 50
    return found


def test_the_figure_is_shown() -> None:
    for file, usd in recordings():
        shown = cost(file, told=True)
        assert shown.usd == pytest.approx(usd, rel=1e-9), file
        by_model = sum(part.usd or 0.0 for part in shown.by_model)
        assert by_model == pytest.approx(usd, rel=1e-6), file


def test_the_estimate_is_the_figure_or_says_what_it_lacks() -> None:
    """It lacks output that was not told yet, models without a price, and calls that write no records."""
    for file, usd in recordings():
        shown, before = cost(file, told=True), cost(file, told=False)
        missing = sum(max(gap.usd, 0.0) for gap in shown.beyond_records)
        if before.usd is None:
            assert "no price" in before.reason or "no answer" in before.reason, file
        else:
            assert before.usd <= usd * (1 + PERCENT), file
            # A transcript alone lacks what its subagents wrote into files of their own.
            if file.parent.name != "transcripts" or missing:
                assert before.usd + missing == pytest.approx(usd, rel=PERCENT), file
        is_off = before.usd is not None and abs(usd - before.usd) > max(PERCENT * usd, 0.005)
        if is_off and before.usd:
            assert shown.notes, file
