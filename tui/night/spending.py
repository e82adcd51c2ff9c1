"""What was spent in a stretch of time: every API response at its moment, priced as in the bill."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from msgspec import Struct

from tui.night.cost import CostAccounts
from tui.night.prices import PICO


class SpendingCurve(Struct, frozen=True):
    """Moments of responses in order, and USD spent up to and with each; `known` false: no prices."""

    moments: tuple[float, ...] = ()
    until: tuple[float, ...] = ()
    known: bool = False

    def between(self, start: float, end: float) -> float | None:
        """USD of the responses told from `start` to `end`; None where no price is known."""
        if not self.known:
            return None
        first, last = bisect_left(self.moments, start), bisect_right(self.moments, end)
        return self._up_to(last) - self._up_to(first) if last > first else 0.0

    def at(self, moments: Iterable[float]) -> float | None:
        """USD of the responses told at just these moments."""
        if not self.known:
            return None
        return sum(self.between(moment, moment) or 0.0 for moment in moments)

    def _up_to(self, place: int) -> float:
        return self.until[place - 1] if place else 0.0


def spending(accounts: CostAccounts, usd: float | None) -> SpendingCurve:
    """All dated responses, their prices scaled so that together they make `usd`, the night's bill."""
    responses = accounts.responses
    priced = sorted(
        (at, cost)
        for row, at in enumerate(responses.rows.at)
        if at == at and (cost := responses.cost(row))
    )
    estimate = sum(cost for _, cost in priced)
    if not estimate:
        return SpendingCurve()
    scale = 1 / PICO if usd is None else usd / estimate
    until, sum_so_far = [], 0
    for _, cost in priced:
        sum_so_far += cost
        until.append(sum_so_far * scale)
    return SpendingCurve(tuple(at for at, _ in priced), tuple(until), True)
