"""How busy the machine is: worth a word once, never the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tui.night.fold import NightFold
from tui.night.usage.running_total import RunningTotal
from tui.runner.agent.attempt import AttemptProcess, AttemptStatus
from tui.runner.policy import machine_limits as machine
from tui.runner.policy.limits import LimitChecker
from tui.runner.policy.machine_limits import CpuLoad
from tui.runner.policy.money import MoneyLimits
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.settings.load import load
from tui.settings.settings import Settings
from tui.store.runs import RunFacts, create_run


def test_the_load_is_that_of_the_last_minute() -> None:
    load = CpuLoad()
    assert load.busy(100.0, (5_000, 10_000)) is None
    assert load.busy(130.0, (8_000, 13_000)) is None
    assert load.busy(160.0, (9_800, 16_000)) == pytest.approx(0.8)
    assert load.busy(161.0, (9_900, 16_100)) is None
    assert load.busy(221.0, (9_900, 22_100)) == pytest.approx(100 / 6_100)


def test_where_nobody_says_how_busy_it_is_nothing_is_said() -> None:
    load = CpuLoad()
    assert load.busy(0.0, None) is None
    assert load.busy(0.0, (1, 2)) is None
    assert load.busy(90.0, None) is None
    assert load.busy(91.0, (1, 2)) is None


def test_this_machine_says_it() -> None:
    ticks = machine.processor_ticks()
    assert ticks is None or 0 < ticks[0] <= ticks[1]


def test_a_busy_machine_is_told_once_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = RunFacts("r", "goal", str(tmp_path), 1_000.0, ("agent",))
    folder = create_run(tmp_path / "runs", facts, Settings())
    clock = FakeClock()
    context = RunContext.load(folder, clock)
    reader = RunReader(context)
    limits = LimitChecker(context, reader, MoneyLimits(context, reader))
    segment, look = AttemptProcess(folder, 1), AttemptStatus("running")
    told: list[dict[str, object]] = []
    monkeypatch.setattr(
        context, "journal_entry", lambda kind, data=None, id="": told.append(dict(data or {}))
    )
    used = iter([(0, 1_000), (990, 2_000), (1_980, 3_000), (2_970, 4_000)])
    monkeypatch.setattr(machine, "processor_ticks", lambda: next(used))
    free = type("Usage", (), {"free": 100 << 20})()
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: free)  # type: ignore[attr-defined]
    for _ in range(4):
        clock.advance(70)
        assert limits.check(NightFold().snapshot(1_000.0), segment, look) is None
    assert [one["value"] for one in told if one["limit"] == "disk"] == ["100 MiB free"]
    about = [one for one in told if one["limit"] == "processors"]
    assert about == [
        {
            "limit": "processors",
            "value": "99% of the machine for 60s",
            "allowed": "80%",
            "used": 0.99,
            "bound": 0.8,
            "share": 1.0,
        }
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("budget: {handover_pct: 100}", [0.5, 0.75, 0.9, 1.0]),
        ("budget: {handover_pct: 100, alerts_pct: [10]}", [0.1]),
        ("budget: {handover_pct: 100, alerts_pct: []}", [0.8]),
    ],
)
def test_shares_of_the_budget_are_told_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: list[float]
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "overnight.yaml").write_text(text)
    settings = load(tmp_path, environ={}, is_trusted=lambda digest: True).settings
    facts = RunFacts("r", "goal", str(tmp_path), 1_000.0, ("agent",))
    context = RunContext.load(create_run(tmp_path / "runs", facts, settings), FakeClock())
    reader = RunReader(context)
    limits = LimitChecker(context, reader, MoneyLimits(context, reader))
    heard: list[float] = []
    monkeypatch.setattr(
        context,
        "journal_entry",
        lambda kind, data=None, id="": heard.append(data["share"]) if "warning" in kind else None,
    )
    spent = [1.0, 20.0, 26.0, 26.0, 38.0, 45.0, 49.0, 50.0]
    totals = iter(RunningTotal(usd, n + 1) for n, usd in enumerate(spent))
    monkeypatch.setattr(reader, "running_total", lambda: next(totals))
    intents = [limits.check_money() for _ in spent]
    assert intents[:-1] == [None] * 7
    ended = intents[-1]
    assert ended is not None
    assert ended.reason == "cost $50.00 of $50.00"
    assert heard == told
