"""The cost figure with its basis; spending over time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from msgspec import Struct, field

from tui.model.events import FAST, TokenUsage
from tui.model.snapshot import Cost, CostSource, HourCost
from tui.night.usage.accounts import CostAccounts
from tui.night.usage.by_model import compare_models, notes
from tui.night.usage.prices import PICO, PriceTable
from tui.night.usage.responses import SLOT, ResponseLedger
from tui.system.format import format_count

_HOUR = 3600
_OLDER_IN_A_ROW = 32


def tokens(accounts: CostAccounts) -> TokenUsage:
    """Tokens of all responses, each once."""
    kinds = zip(*(sums.tokens for sums in accounts.responses.totals), strict=True)
    fresh, output, write_5m, write_1h, read = map(sum, kinds)
    return TokenUsage(fresh, output, write_5m, write_1h, read)


class _Waiting(Struct):
    """Answers that no total accounts for; `unpriced` counts those without a price, by what lacks it."""

    answers: int = 0
    loose: int = 0
    cost: int = 0
    unpriced: dict[str, int] = field(default_factory=dict)


def _waiting(responses: ResponseLedger) -> _Waiting:
    found = _Waiting()
    for key, sums in responses.open.items():
        if not sums.responses:
            continue
        found.answers += sums.responses
        found.loose += sums.placeholders
        found.cost += sums.cost
        if not responses.has_price(key & 0xFFFF):
            model, terms = responses.named(key & 0xFFFF)
            name = f"{FAST} mode of " * (FAST in terms) + (model or "an unnamed model")
            found.unpriced[name] = found.unpriced.get(name, 0) + sums.responses
    return found


def bill(
    accounts: CostAccounts, prices: PriceTable, first: float | None, last: float | None
) -> Cost:
    """The cost between `first` and `last`, by model and hour, and how sure it is."""
    told = sum(chain.usd for chain in accounts.sessions.values())
    waiting = _waiting(accounts.responses)
    results = bool(accounts.sessions or accounts.results)
    known = results or waiting.answers > sum(waiting.unpriced.values())
    usd = told + waiting.cost / PICO if known else None
    source: CostSource = "result"
    if waiting.loose or waiting.unpriced:
        source = "partial"
    elif waiting.answers or not results:
        source = "estimate"
    models = compare_models(accounts)
    return Cost(
        usd=usd,
        source=source,
        reason=_reason(results, waiting, prices),
        by_model=models.parts,
        by_hour=_by_hour(accounts, usd),
        per_hour=_burn(accounts, usd, first, last),
        priced_on=prices.priced_on,
        beyond_records=models.gaps,
        notes=notes(accounts, told, models, prices.problem),
    )


def _reason(results: bool, waiting: _Waiting, prices: PriceTable) -> str:
    after, unpriced = waiting.answers, waiting.unpriced
    if not after:
        return "the CLI's own total" if results else "no answer of the API yet"
    parts = []
    if after > sum(unpriced.values()):
        what = f"{format_count(after, 'answer')} by the prices of {prices.priced_on}"
        parts.append(f"the CLI's own total, and {what} after it" if results else what)
    elif results:
        parts.append("the CLI's own total")
    if waiting.loose:
        answers = format_count(waiting.loose, "answer")
        parts.append(f"output tokens of {answers} are not known yet, so at least this")
    parts.extend(
        f"no price for {model} ({format_count(number, 'answer')}{_choices(prices, model)})"
        for model, number in unpriced.items()
    )
    return "; ".join(parts)


def _choices(prices: PriceTable, model: str) -> str:
    """What to do where a file of prices knows a model by several providers, who ask differently."""
    count = prices.choices(model)
    return (
        f"; prices_file has {count} different ones, so name one under prices" if count > 1 else ""
    )


def _share(accounts: CostAccounts, usd: float | None) -> float:
    """USD that one estimated pico-dollar stands for; 0 where no response has time and price."""
    estimated = sum(accounts.responses.slots.values())
    return usd / estimated if usd is not None and estimated else 0.0


def _by_hour(accounts: CostAccounts, usd: float | None) -> tuple[HourCost, ...]:
    share = _share(accounts, usd)
    hours: dict[int, float] = {}
    if share:
        for slot, cost in accounts.responses.slots.items():
            hour = slot * SLOT // _HOUR
            hours[hour] = hours.get(hour, 0.0) + cost * share
    else:
        hours = accounts.by_hour
    return tuple(HourCost(float(hour * _HOUR), hours[hour]) for hour in sorted(hours))


def _burn(
    accounts: CostAccounts, usd: float | None, first: float | None, last: float | None
) -> float | None:
    """USD per hour over the last hour that anything was heard of."""
    if usd is None or first is None or last is None or last <= first:
        return None
    share = _share(accounts, usd)
    if not share:
        return usd * _HOUR / max(last - first, SLOT)
    since = max(first, last - _HOUR)
    begin = int(since // SLOT)
    recent = sum(cost for slot, cost in accounts.responses.slots.items() if slot >= begin)
    return recent * share * _HOUR / max(last - begin * SLOT, float(SLOT))


def spent_since(accounts: CostAccounts, since: float) -> float | None:
    """USD of the responses that began after `since`, by the table of prices; None where it has none.

    Looks back from the newest until so many in a row are older that no other source goes on from there.
    """
    responses = accounts.responses
    times, models = responses.rows.at, responses.rows.model
    cost, is_known, older = 0, False, 0
    for row in range(len(times) - 1, -1, -1):
        if times[row] <= since:
            older += 1
            if older > _OLDER_IN_A_ROW:
                break
            continue
        older = 0
        if responses.has_price(models[row]):
            is_known = True
            cost += responses.cost(row)
    return cost / PICO if is_known else None


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
