"""The budgets of all runs of this machine together, per day and per week."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from tui.model.state import LimitKind
from tui.settings.settings import Settings
from tui.store.ledgers.spending import WEEK_DAYS, SpendingLedger, local_day
from tui.system.errors import RefusedError
from tui.system.format import format_money_plain, format_weekday_clock

SIMULATED: Final = "demo"
"""The command whose runs cost no money."""


class SharedBudget(NamedTuple):
    """A bound on what all runs may cost within the `days` local days that end today."""

    kind: LimitKind
    allowed: float
    days: int
    setting: str
    words: str


def shared_budgets(settings: Settings) -> Iterator[SharedBudget]:
    """Those that are set."""
    budget = settings.budget
    day, week = budget.max_cost_usd_per_day, budget.max_cost_usd_per_week
    if day is not None:
        yield SharedBudget(LimitKind.COST_PER_DAY, day, 1, "budget.max_cost_usd_per_day", "today")
    if week is not None:
        key, words = "budget.max_cost_usd_per_week", f"in {WEEK_DAYS} days"
        yield SharedBudget(LimitKind.COST_PER_WEEK, week, WEEK_DAYS, key, words)


def frees_at(budget: SharedBudget, ledger: SpendingLedger, now: float) -> float:
    """The midnight from which on there is money again, if nothing more is spent (s since the epoch)."""
    today = local_day(now)
    for ahead in range(1, budget.days):
        if ledger.spent(today + timedelta(days=ahead), budget.days) < budget.allowed:
            return _midnight(today + timedelta(days=ahead))
    return _midnight(today + timedelta(days=budget.days))


def _midnight(day: date) -> float:
    """When a local day begins; -1 has the C library find out about daylight saving."""
    return time.mktime((day.year, day.month, day.day, 0, 0, 0, 0, 0, -1))


def budget_words(
    settings: Settings, now: float, environ: Mapping[str, str] = os.environ
) -> list[str]:
    """What of each budget is used, for people: "$1.20 of $5.00 today"."""
    ledger, today = SpendingLedger(environ), local_day(now)
    money = format_money_plain
    return [
        f"{money(ledger.spent(today, one.days))} of {money(one.allowed)} {one.words}"
        for one in shared_budgets(settings)
    ]


def budget_refusal(settings: Settings, now: float, environ: Mapping[str, str] = os.environ) -> str:
    """Which budget of all runs is used up, and when it frees; empty where none is."""
    ledger, today, money = SpendingLedger(environ), local_day(now), format_money_plain
    for budget in shared_budgets(settings):
        used = ledger.spent(today, budget.days)
        if used >= budget.allowed:
            free = format_weekday_clock(frees_at(budget, ledger, now))
            return (
                f"the runs of this machine have cost {money(used)} {budget.words}, and "
                f"{budget.setting} is {money(budget.allowed)}; wait until {free}, or raise it"
            )
    return ""


def check_budgets(settings: Settings, now: float, environ: Mapping[str, str] = os.environ) -> None:
    """RefusedError where a budget of all runs is used up: a run that starts now could only end."""
    SpendingLedger(environ).forget_old(now)
    refusal = budget_refusal(settings, now, environ)
    if refusal:
        raise RefusedError(refusal)
