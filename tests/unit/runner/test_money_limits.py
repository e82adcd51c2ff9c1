"""Limits of money, with totals that a test sets: the note, the end, what other runs spent."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import FakeClock
from tui.model.state import LimitKind, RunPhase, StopKind
from tui.night.fold import NightFold
from tui.night.usage.running_total import RunningTotal
from tui.runner.policy.budgets import budget_words, check_budgets
from tui.runner.policy.limits import LimitChecker
from tui.runner.policy.money import MoneyLimits
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.run_state import StopIntent
from tui.runner.supervisor import Supervisor
from tui.settings.original_sections import BudgetSettings
from tui.settings.own_sections import AgentSettings
from tui.settings.settings import Settings
from tui.store.layout import spending_folder
from tui.store.ledgers.spending import RunSpending, SpendingLedger, by_local_day, spent_within
from tui.store.runs import RunFacts, create_run
from tui.system.errors import RefusedError

NOON = 1_764_504_000.0  # Sun 2025-11-30 12:00 UTC


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class SetReader:
    """A reader whose cost a test sets."""

    def __init__(self) -> None:
        self.total = RunningTotal()
        self.slots: dict[float, float] = {}

    def running_total(self) -> RunningTotal:
        return self.total

    def spent_by_slot(self) -> dict[float, float]:
        return self.slots


class Spender:
    """A run and its limits of money."""

    def __init__(self, folder: Path, command: str = "run", agent: Any = None, **budget: Any):
        kept = Settings(budget=BudgetSettings(**budget), agent=agent or AgentSettings())
        facts = RunFacts("r", "goal", str(folder), NOON, ("agent",), command)
        self.clock = FakeClock(wall=NOON)
        self.context = RunContext.load(create_run(folder, facts, kept), self.clock)
        self.context.settings = kept
        self.reader = SetReader()
        reader = cast(RunReader, self.reader)
        self.money = MoneyLimits(self.context, reader)
        self.limits = LimitChecker(self.context, reader, self.money)
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.context.journal_entry = self._hear  # type: ignore[method-assign]

    def _hear(self, kind: str, data: Any = None, *, id: str = "") -> None:
        self.heard.append((kind, dict(data or {})))

    def spends(self, usd: float | None, dearest: float = 0.1, **more: Any) -> StopIntent | None:
        answers = self.reader.total.answers + 1
        self.reader.total = RunningTotal(usd, answers, dearest, **more)
        return self.limits.check_money()

    def journal(self, kind: str) -> list[dict[str, Any]]:
        return [data for name, data in self.heard if name == kind]


def test_a_limit_that_is_passed_ends_the_agent_without_a_note(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd=2.0)
    assert run.spends(1.6, dearest=0.8) is None
    intent = run.spends(2.4, dearest=0.8)
    assert intent is not None
    assert (intent.kind, intent.limit, intent.note) == (StopKind.LIMIT, LimitKind.COST, False)
    assert intent.reason == "cost $2.40 of $2.00"
    (hit,) = run.journal("limit_hit")
    assert (hit["used"], hit["bound"]) == (2.4, 2.0)


def test_the_note_is_asked_for_at_its_share_and_cut_short_at_the_limit(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd=2.0)
    assert run.spends(1.79) is None
    intent = run.spends(1.85)
    assert intent is not None
    assert intent.note
    assert intent.reason == "cost $1.85 of $2.00, the rest is for the hand-over"
    assert run.journal("limit_hit")[0]["used"] == 1.85
    run.reader.total = RunningTotal(1.95, 9, 0.1)
    assert run.limits.cut_short(intent) is None
    run.reader.total = RunningTotal(2.0, 10, 0.1)
    shorter = run.limits.cut_short(intent)
    assert shorter is not None
    assert not shorter.note
    assert shorter.reason == "cost $2.00 of $2.00"
    assert run.limits.cut_short(shorter) is None


def test_no_note_is_asked_for_of_an_agent_that_a_person_interrupted(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd=2.0)
    run.context.state.phase = RunPhase.HELD
    intent = run.spends(1.85)
    assert intent is not None
    assert not intent.note


@pytest.mark.parametrize(("alive", "waits"), [(False, False), (True, True), (True, False)])
def test_an_agent_that_ended_at_its_limit_is_tidied_up_after(alive: bool, waits: bool) -> None:
    """Its end is journalled, and what it left behind is ended; without one the run just ends."""
    done: list[str] = []
    machine = SimpleNamespace(
        attempt=object() if alive else None,
        stop_agent=lambda *_: done.append("stop"),
        end_run=lambda *_: done.append("end"),
    )
    context = SimpleNamespace(state=SimpleNamespace(waits_for_launch=waits))
    supervisor = cast(Supervisor, SimpleNamespace(machine=machine, context=context))
    intent = StopIntent(StopKind.LIMIT, "cost", "limit", limit=LimitKind.COST)
    Supervisor._end_at_limit(supervisor, intent)
    assert done == ["stop" if alive and not waits else "end"]


def test_the_note_is_left_out_where_one_answer_costs_more_than_is_left(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd=2.0)
    assert run.spends(1.85, dearest=0.3) is None
    intent = run.spends(2.15, dearest=0.3)
    assert intent is not None
    assert not intent.note


def test_no_note_is_asked_for_at_a_share_of_100(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd=2.0, handover_pct=100)
    assert run.spends(1.99, dearest=0.001) is None


@pytest.mark.parametrize("kind", [StopKind.STOP, StopKind.NEEDS_PERSON, StopKind.HANDOFF])
def test_no_note_of_any_end_passes_the_limit(tmp_path: Path, kind: StopKind) -> None:
    run = Spender(tmp_path, max_cost_usd=2.0)
    intent = StopIntent(kind, "why", note=kind != StopKind.HANDOFF)
    run.reader.total = RunningTotal(1.9, 3, 0.1)
    assert run.limits.cut_short(intent) is None
    run.reader.total = RunningTotal(2.1, 4, 0.1)
    shorter = run.limits.cut_short(intent)
    assert shorter is not None
    assert not shorter.note
    # A fresh session could do nothing any more; whoever else asked for the end, it stays theirs.
    assert shorter.kind == (StopKind.LIMIT if kind == StopKind.HANDOFF else kind)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0.001, 1.5), min_size=1, max_size=60),
    st.floats(0.5, 20),
    st.integers(50, 100),
)
def test_no_answer_begins_after_the_limit(answers: list[float], most: float, share: int) -> None:
    """Whatever answers cost and whatever the model does: the one that passes the limit is the last."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        run = Spender(Path(folder), max_cost_usd=most, handover_pct=float(share))
        spent, intent = 0.0, None
        for number, usd in enumerate(answers):
            spent += usd
            run.reader.total = RunningTotal(spent, number + 1, max(answers[: number + 1][-8:]))
            if intent is None:
                intent = run.limits.check_money()
            elif intent.note:
                intent = run.limits.cut_short(intent) or intent
            if intent is not None and not intent.note:
                break
        if spent >= most:
            assert intent is not None
            assert spent - usd < most
        else:
            assert intent is None or intent.note


def test_an_unknown_price_is_said_once_and_left_to_the_agent(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd=2.0)
    assert run.spends(None, unpriced=True) is None
    assert not run.journal("note")
    run.clock.advance(30)
    for _ in range(3):
        assert run.spends(None, unpriced=True) is None
    (note,) = run.journal("note")
    assert "no price" in note["text"]
    assert run.money.left() == (LimitKind.COST, 2.0)
    unlimited = Spender(tmp_path / "other", max_cost_usd=None)
    unlimited.spends(None, unpriced=True)
    unlimited.clock.advance(30)
    unlimited.spends(None, unpriced=True)
    assert not unlimited.journal("note")


# --- the agent's own budget ---


def budget_given(run: Spender) -> float | None:
    return run.money.settings_for_launch().agent.max_budget_usd


def test_the_agent_is_given_what_is_left(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd=2.0)
    assert (budget_given(run), run.context.state.budget_limit) == (2.0, LimitKind.COST)
    run.spends(0.777)
    assert budget_given(run) == 1.22
    run.spends(1.9999)
    assert budget_given(run) == 0.01


def test_the_agents_own_budget_counts_where_it_is_lower(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd=2.0, agent=AgentSettings(max_budget_usd=1.0))
    assert (budget_given(run), run.context.state.budget_limit) == (1.0, None)
    run.spends(1.5)
    assert (budget_given(run), run.context.state.budget_limit) == (0.5, LimitKind.COST)
    none = Spender(tmp_path / "none", max_cost_usd=None)
    assert budget_given(none) is None


def test_limits_that_are_paused_bound_no_budget(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd=2.0)
    run.context.state.limits_paused_until = NOON + 60
    assert run.spends(3.0) is None
    assert budget_given(run) is None


# --- all runs of the machine ---


def other_run(folder: Path, run: str = "other", **days: float) -> None:
    facts = RunFacts(run, "goal", str(folder / run), NOON, ("agent",))
    directory = create_run(folder / run, facts, Settings())
    named = {day.replace("d", "2025-11-", 1): usd for day, usd in days.items()}
    SpendingLedger().record(directory, RunSpending(run, str(folder), named))


def test_the_budget_of_a_day_counts_all_runs(tmp_path: Path) -> None:
    other_run(tmp_path, d30=3.0, d29=50.0)
    run = Spender(tmp_path / "mine", max_cost_usd_per_day=5.0, handover_pct=100)
    run.reader.slots = {NOON: 1.0}
    assert run.spends(1.0) is None
    assert budget_given(run) == 1.0
    assert run.context.state.budget_limit == LimitKind.COST_PER_DAY
    run.reader.slots = {NOON: 2.0}
    intent = run.spends(2.0)
    assert intent is not None
    assert intent.limit == LimitKind.COST_PER_DAY
    assert intent.reason == "cost per day $5.00 of $5.00"


def test_the_note_of_a_shared_budget_is_asked_for_at_this_runs_share_of_it(tmp_path: Path) -> None:
    """Ninety per cent used by others before it began must not end a run at once."""
    other_run(tmp_path, d30=4.6)
    run = Spender(tmp_path / "mine", max_cost_usd_per_day=5.0)
    run.reader.slots = {NOON: 0.1}
    assert run.spends(0.1, dearest=0.01) is None
    run.reader.slots = {NOON: 0.37}
    intent = run.spends(0.37, dearest=0.01)
    assert intent is not None
    assert intent.note


def test_what_another_run_spends_meanwhile_is_heard_of(tmp_path: Path) -> None:
    run = Spender(tmp_path / "mine", max_cost_usd_per_day=5.0)
    run.reader.slots = {NOON: 1.0}
    assert run.spends(1.0) is None
    other_run(tmp_path, d30=4.5)
    run.clock.advance(5)
    intent = run.limits.check_money()
    assert intent is not None
    assert intent.limit == LimitKind.COST_PER_DAY
    assert not intent.note


def test_a_run_over_midnight_is_split_by_when_the_money_was_spent(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd_per_day=5.0)
    midnight = NOON + 12 * 3600
    run.reader.slots = {midnight - 600: 4.0, midnight: 0.5}
    run.clock.advance(13 * 3600)
    assert run.spends(4.5) is None
    (mine,) = SpendingLedger().all()
    assert mine.days == {"2025-11-30": 4.0, "2025-12-01": 0.5}
    assert budget_given(run) == 4.5


def test_a_clock_that_was_set_back_frees_nothing(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd_per_day=5.0)
    run.reader.slots = {NOON: 6.0}
    run.clock.set_wall(NOON - 86_400)
    assert run.spends(6.0) is not None


def test_a_killed_supervisor_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd_per_day=9.0)
    run.reader.slots = {NOON: 2.0}
    run.spends(2.0)
    again = MoneyLimits(run.context, cast(RunReader, run.reader))
    run.reader.slots = {NOON: 2.5}
    run.reader.total = RunningTotal(2.5, 9, 0.1)
    again.record()
    assert [one.days for one in SpendingLedger().all()] == [{"2025-11-30": 2.5}]


def test_a_demonstration_costs_nothing(tmp_path: Path) -> None:
    run = Spender(tmp_path, command="demo")
    run.spends(2.0)
    assert not list(SpendingLedger().all())


def test_a_full_disk_ends_no_run(tmp_path: Path) -> None:
    run = Spender(tmp_path, max_cost_usd=5.0)
    spending_folder().parent.mkdir(parents=True, exist_ok=True)
    spending_folder().write_text("no folder")
    assert run.spends(1.0) is None


def test_the_week_is_the_seven_days_that_end_today() -> None:
    days = {"2025-11-23": 1.0, "2025-11-24": 2.0, "2025-11-30": 4.0, "2026-03-01": 8.0}
    assert spent_within(days, date(2025, 11, 30), 7) == 6.0
    assert spent_within(days, date(2025, 11, 30), 1) == 4.0


def test_a_day_is_a_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Berlin the day of the change back from summer time has 25 hours."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    first = 1_761_429_600.0  # Sun 2025-10-26 00:00 +02:00
    moments = {first - 600: 1.0, first: 2.0, first + 25 * 3600 - 600: 4.0, first + 25 * 3600: 8.0}
    assert by_local_day({1e18: 1.0}, first) == {"2025-10-26": 1.0}
    assert by_local_day(moments, first) == {"2025-10-25": 1.0, "2025-10-26": 6.0, "2025-10-27": 8.0}


def test_a_start_is_refused_while_a_budget_is_used_up(tmp_path: Path) -> None:
    kept = Settings(budget=BudgetSettings(max_cost_usd_per_day=5.0, max_cost_usd_per_week=20.0))
    check_budgets(kept, NOON)
    other_run(tmp_path, d25=13.0, d30=5.5)
    with pytest.raises(RefusedError) as refused:
        check_budgets(kept, NOON)
    assert refused.value.exit_code == 4
    assert "wait until Mon 00:00" in str(refused.value)
    assert "budget.max_cost_usd_per_day is $5.00" in str(refused.value)
    assert budget_words(kept, NOON) == ["$5.50 of $5.00 today", "$18.50 of $20.00 in 7 days"]
    check_budgets(kept, NOON + 86_400)
    other_run(tmp_path, "third", d29=2.0)
    with pytest.raises(RefusedError, match=r"wait until Tue 00:00"):
        check_budgets(kept, NOON + 86_400)


def test_damaged_figures_are_passed_over(tmp_path: Path) -> None:
    other_run(tmp_path, d30=1.0)
    (spending_folder() / "x.json").write_bytes(b"{")
    (spending_folder() / "y.json").symlink_to("/etc/passwd")
    assert [one.run for one in SpendingLedger().all()] == ["other"]
    old = spending_folder() / "z.json"
    old.write_bytes(msgspec.json.encode(RunSpending("z", "p", {"2025-01-01": 1.0})))
    os.utime(old, (NOON - 90 * 86_400, NOON - 90 * 86_400))
    SpendingLedger().forget_old(NOON)
    assert not old.exists()


def test_the_running_total_is_that_of_the_bill() -> None:
    from tui.night.usage.running_total import running_total, spent_by_slot

    fold = NightFold()
    assert running_total(fold.accounts) == RunningTotal()
    assert spent_by_slot(fold.accounts) == {}
