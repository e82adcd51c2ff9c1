"""What a run may still spend: its own limit, the budgets of all runs, and the agent's own budget.

The figure is the live estimate: totals of the CLI, and what came after them by the table of prices. An answer
under way counts with its prompt as soon as the stream tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import floor

from msgspec.structs import replace

from tui.model.state import LimitKind, NotifyKind
from tui.night.usage.running_total import RunningTotal
from tui.runner.policy import iterations, test_floor
from tui.runner.policy.budgets import SIMULATED, shared_budgets
from tui.runner.policy.limit_reading import LimitReading
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.settings.settings import Settings
from tui.store.ledgers.spending import (
    RunSpending,
    SpendingLedger,
    by_local_day,
    local_day,
    spent_within,
)
from tui.system.errors import OvernightError
from tui.system.format import format_money_plain

_OTHERS_SECONDS = 2.0
_UNPRICED_SECONDS = 20.0
_LEAST_USD = 0.01
_NO_PRICE = "cost unpriced"


@dataclass
class MoneyLimits:
    """The limits of money, and the record of what this run spends.

    `readings` is cheap enough to be called at each event that may change the cost, and records it.
    """

    _context: RunContext
    _reader: RunReader
    _ledger: SpendingLedger = field(default_factory=SpendingLedger)
    _total: RunningTotal = field(default_factory=RunningTotal)
    _days: dict[str, float] = field(default_factory=dict)
    _recorded: RunSpending | None = None
    _others: dict[LimitKind, float] = field(default_factory=dict)
    _others_at: float | None = None
    _unpriced_since: float | None = None

    def readings(self) -> Iterator[LimitReading]:
        """Each limit of money that is set, with what of it is used."""
        total = self._update()
        # Before the first answer nothing is spent; later an unknown cost cannot be compared.
        if total.usd is not None or not total.answers:
            yield from self._known_readings(total.usd or 0.0)

    def _known_readings(self, usd: float) -> Iterator[LimitReading]:
        settings = self._context.settings
        rules, budget = settings.notifications, settings.budget
        if budget.max_cost_usd is not None:
            shares = tuple(pct / 100 for pct in budget.alerts_pct or (rules.cost_warning_pct,))
            yield self._reading(LimitKind.COST, 0.0, usd, budget.max_cost_usd, shares)
        today = local_day(self._context.clock.wall())
        for shared in shared_budgets(settings):
            others = self._spent_by_others(shared.kind)
            own = spent_within(self._days, today, shared.days)
            yield self._reading(shared.kind, others, own, shared.allowed, (0.9,))

    def left(self) -> tuple[LimitKind, float] | None:
        """What the tightest limit leaves, and which it is; None where there is none.

        An unknown cost counts as nothing: the agent's budget is all that keeps the limit then.
        """
        if self._context.state.limits_paused_until is not None:
            return None
        readings = self._known_readings(self._update().usd or 0.0)
        left = [(one.allowed - one.value, one.limit) for one in readings]
        if not left:
            return None
        usd, kind = min(left)
        return kind, max(usd, _LEAST_USD)

    @property
    def is_near(self) -> bool:
        """Whether the next answer or the one after it may pass the limit, so that each moment counts."""
        most, total = self._context.settings.budget.max_cost_usd, self._total
        return most is not None and total.usd is not None and most - total.usd < 2 * total.dearest

    def record(self) -> None:
        """Writes down what the run has cost, where that has changed."""
        self._update()

    def may_spend(self) -> bool:
        """Whether a limit that the agent's own budget stood for leaves money: a new day, a pause."""
        left = self.left()
        return left is None or left[1] > max(self._total.dearest, _LEAST_USD)

    def settings_for_launch(self) -> Settings:
        """The run's settings with what the next process of the agent may spend (`--max-budget-usd`).

        The CLI counts what one process spends and begins at zero when it resumes (2.1.197 to 2.1.332, tried),
        so it is given what is left. Remembers whose limit that is.
        """
        context, agent, left = self._context, self._context.settings.agent, self.left()
        if left is None or (agent.max_budget_usd is not None and agent.max_budget_usd < left[1]):
            context.state.budget_limit = None
            return context.settings
        context.state.budget_limit = left[0]
        # Not above what is left, and short: the CLI is given what `:g` makes of it.
        budget = max(floor(left[1] * 100) / 100, _LEAST_USD)
        return replace(context.settings, agent=replace(agent, max_budget_usd=budget))

    def _reading(
        self,
        kind: LimitKind,
        others: float,
        own: float,
        allowed: float,
        shares: tuple[float, ...],
    ) -> LimitReading:
        """The note is asked for when most of what this run may use is used.

        It is left out where less is left than one answer may cost: it would pass the limit.
        """
        value, wind_down = others + own, None
        part = self._context.settings.budget.handover_pct / 100
        if part < 1 and allowed - value >= self._total.dearest:
            wind_down = others + part * max(0.0, allowed - others)
        text = format_money_plain
        return LimitReading(
            kind, value, allowed, shares, text(value), text(allowed), wind_down=wind_down
        )

    # --- what was spent ---

    def _update(self) -> RunningTotal:
        total = self._reader.running_total()
        if total != self._total:
            self._total = total
            if total.usd is not None:
                now = self._context.clock.wall()
                moments = self._reader.spent_by_slot() or {now: total.usd}
                self._days = by_local_day(moments, now)
        self._report_unpriced(total)
        self._write()
        return total

    def _write(self) -> None:
        facts, total = self._context.facts, self._total
        if facts.command == SIMULATED or not total.answers:
            return
        days = {day: round(usd, 6) for day, usd in self._days.items()}
        spending = RunSpending(facts.run, facts.project, days, total.unpriced)
        if spending == self._recorded:
            return
        try:
            self._ledger.record(self._context.folder, spending)
        except (OSError, OvernightError):
            return  # a full disk must not end the run; the next change is written
        self._recorded = spending

    def _spent_by_others(self, kind: LimitKind) -> float:
        """What all other runs have spent; at most a few seconds old."""
        now = self._context.clock.monotonic()
        if self._others_at is None or now - self._others_at >= _OTHERS_SECONDS:
            self._others_at = now
            today = local_day(self._context.clock.wall())
            self._others = {
                one.kind: self._ledger.spent(today, one.days, self._context.folder)
                for one in shared_budgets(self._context.settings)
            }
        return self._others.get(kind, 0.0)

    def _report_unpriced(self, total: RunningTotal) -> None:
        """Says once that a limit of money rests on the agent's own budget."""
        context, now = self._context, self._context.clock.monotonic()
        if not total.unpriced:
            self._unpriced_since = None
            return
        if self._unpriced_since is None:
            self._unpriced_since = now
        has_limit = context.settings.budget.max_cost_usd is not None
        limited = has_limit or any(True for _ in shared_budgets(context.settings))
        is_new = _NO_PRICE not in context.state.warned_shares
        if limited and is_new and now - self._unpriced_since >= _UNPRICED_SECONDS:
            context.state.warned_shares.append(_NO_PRICE)
            context.save()
            text = (
                "there is no price for a model that is used, so the cost is not known until the agent says "
                "it; until then its own budget (--max-budget-usd) keeps the limit; set prices or prices_file"
            )
            context.journal_entry("note", {"text": text})
            context.notify(NotifyKind.LIMIT, text)


def record_hit(
    context: RunContext, reader: RunReader, money: MoneyLimits | None, kind: LimitKind
) -> None:
    """Journals it with its figures: the run winds down from now on."""
    readings: dict[LimitKind, LimitReading] = {
        LimitKind.CONTINUATIONS: iterations.reading(context.state, context.settings),
        LimitKind.TESTS: test_floor.reading(reader.snapshot().tests, context.settings),
        **({} if money is None else {one.limit: one for one in money.readings()}),
    }
    reading = readings.get(kind)
    data = {"limit": kind} if reading is None else reading.journal_data(round(reading.share, 3))
    context.journal_entry("limit_hit", data)
