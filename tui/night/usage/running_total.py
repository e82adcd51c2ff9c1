"""What a night has cost up to this moment, without the rest of the bill: cheap enough for each event."""

from __future__ import annotations

from itertools import islice

from msgspec import Struct

from tui.night.usage.accounts import CostAccounts
from tui.night.usage.prices import PICO
from tui.night.usage.responses import SLOT

_RECENT = 8


class RunningTotal(Struct, frozen=True):
    """USD so far: totals of the CLI, and answers after them by the table of prices.

    An answer under way counts with its prompt as soon as the stream has its `message_start`. `usd` is None
    where no answer has a price, `unpriced` says that some have none. `answers` counts answers of the API,
    `dearest` is the most that one of the newest cost.
    """

    usd: float | None = None
    answers: int = 0
    dearest: float = 0.0
    unpriced: bool = False


def running_total(accounts: CostAccounts) -> RunningTotal:
    """The same figure as `bill(…).usd`."""
    responses = accounts.responses
    answers, loose, cost = 0, 0, 0
    for key, sums in responses.open.items():
        answers += sums.responses
        cost += sums.cost
        if not responses.has_price(key & 0xFFFF):
            loose += sums.responses
    totals = sum(chain.usd for chain in accounts.sessions.values())
    known = bool(accounts.sessions or accounts.results) or answers > loose
    rows = responses.rows
    newest = islice(range(len(rows) - 1, -1, -1), _RECENT)
    dearest = max(map(responses.cost, newest), default=0)
    usd = totals + cost / PICO if known else None
    return RunningTotal(usd, len(rows), dearest / PICO, bool(loose))


def spent_by_slot(accounts: CostAccounts) -> dict[float, float]:
    """USD by the beginning of each `SLOT` seconds (s since the epoch); together the running total.

    Empty where no answer has a time and a price.
    """
    usd, slots = running_total(accounts).usd, accounts.responses.slots
    estimated = sum(slots.values())
    if usd is None or estimated <= 0:
        return {}
    return {float(slot * SLOT): usd * cost / estimated for slot, cost in slots.items()}
