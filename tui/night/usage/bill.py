"""The cost figure with its basis; spending over time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct, field

from tui.model.events import FAST, TokenUsage
from tui.model.snapshot import Cost, CostGap, CostSource, HourCost, ModelCost
from tui.night.usage.accounts import CostAccounts
from tui.night.usage.prices import PICO, PriceTable, plain_model
from tui.night.usage.responses import SLOT, ResponseLedger, UsageTotals
from tui.night.usage.session_total import EstimateBefore, ModelSum
from tui.system.format import format_count, format_money

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


_NOTICEABLE_SHARE, _NOTICEABLE_USD = 0.01, 0.005


class ModelComparison(NamedTuple):
    """Each model's part of the bill; what totals tell above the records that they cover, and the price of
    those records."""

    parts: tuple[ModelCost, ...]
    gaps: tuple[CostGap, ...]
    covered_usd: float


def compare_models(accounts: CostAccounts) -> ModelComparison:
    """The totals against the records, model by model."""
    responses = accounts.responses
    names = [plain_model(responses.named(n)[0]) for n in range(len(responses.models.names))]
    used: dict[str, UsageTotals] = {}
    for name, sums in zip(names, responses.totals, strict=True):
        if sums.responses:
            used.setdefault(name, UsageTotals()).book(sums.responses, sums.tokens, sums.cost, 0)
    told = _reported_by_model(accounts)
    after: dict[str, float] = {}
    covered = {name: _Recorded(sums) for name, sums in used.items()}
    for key, sums in responses.open.items():
        if sums.responses:
            name = names[key & 0xFFFF]
            covered[name].without(sums)
            if responses.has_price(key & 0xFFFF):
                after[name] = after.get(name, 0.0) + sums.cost / PICO
    models = (
        _part(name, used.get(name) or UsageTotals(), told.get(name), after.get(name))
        for name in sorted(used.keys() | told.keys())
    )
    priced = sum(one.usd for one in covered.values())
    return ModelComparison(tuple(models), _gaps(told, covered), priced)


def _reported_by_model(accounts: CostAccounts) -> dict[str, ModelSum]:
    told: dict[str, ModelSum] = {}
    for chain in accounts.sessions.values():
        for name, part in chain.by_model().items():
            told.setdefault(name, ModelSum()).add(part.prompt, part.output, part.usd)
    return told


def _part(name: str, used: UsageTotals, told: ModelSum | None, after: float | None) -> ModelCost:
    usd = None
    if told is not None or after is not None:
        usd = (told.usd if told else 0.0) + (after or 0.0)
    return ModelCost(name or "unknown", TokenUsage(*used.tokens), used.responses, usd)


class _Recorded:
    """What the records tell of a model, as far as totals account for them."""

    def __init__(self, sums: UsageTotals) -> None:
        self.prompt = sum(sums.tokens) - sums.output
        self.output = sums.output
        self.usd = sums.cost / PICO

    def without(self, sums: UsageTotals) -> None:
        self.prompt -= sum(sums.tokens) - sums.output
        self.output -= sums.output
        self.usd -= sums.cost / PICO


def _gaps(told: dict[str, ModelSum], covered: dict[str, _Recorded]) -> tuple[CostGap, ...]:
    found = []
    nothing = _Recorded(UsageTotals())
    for name, part in sorted(told.items()):
        seen = covered.get(name, nothing)
        prompt, output = part.prompt - seen.prompt, part.output - seen.output
        if part.prompt and (prompt > 0 or (output > 0 and prompt == 0)):
            found.append(CostGap(name, prompt, output, part.usd - seen.usd))
    return tuple(found)


def notes(
    accounts: CostAccounts, told: float, models: ModelComparison, problem: str
) -> tuple[str, ...]:
    """Sentences on how the totals differ from what the records made expect, and on the prices."""
    gaps = models.gaps
    before = EstimateBefore()
    for chain in accounts.sessions.values():
        before.usd += chain.before.usd
        before.answers += chain.before.answers
        before.loose += chain.before.loose
        before.unpriced += (m for m in chain.before.unpriced if m not in before.unpriced)
    found = []
    # What files that were read later tell may have filled the gap since.
    differs = _is_noticeable(told - models.covered_usd, told)
    if before.usd and differs and _is_noticeable(told - before.usd, told):
        why = (
            "; ".join(_causes(before, gaps, told))
            or "the CLI prices what the records tell otherwise"
        )
        found.append(
            f"the estimate was {format_money(before.usd)} until the CLI's total said "
            f"{format_money(told)}: {why}"
        )
    else:
        found += _beyond(gaps, told)
    unknown = _guessed(accounts)
    if unknown:
        found.append(f"the CLI has no price for {unknown} of its own, so its total is a guess")
    if problem:
        found.append(f"{problem}; the built-in prices hold")
    return tuple(found)


def _is_noticeable(usd: float, told: float) -> bool:
    return abs(usd) >= max(_NOTICEABLE_SHARE * abs(told), _NOTICEABLE_USD)


def _causes(before: EstimateBefore, gaps: tuple[CostGap, ...], told: float) -> list[str]:
    causes = _beyond(gaps, told)
    if before.loose:
        answers = format_count(before.loose, "answer")
        causes.append(f"output tokens of {answers} were told by the total only")
    causes += (f"there is no price for {model}" for model in before.unpriced[:5])
    return causes


def _beyond(gaps: tuple[CostGap, ...], told: float) -> list[str]:
    """Models of which the totals hold more prompts than the records, where that is worth a word."""
    return [
        f"{format_money(gap.usd)} is for {gap.prompt_tokens + gap.output_tokens:,} tokens of {gap.model} "
        "that no record read here shows (a compaction, the CLI's own helper calls, or an earlier part)"
        for gap in gaps
        if gap.prompt_tokens > 0 and gap.usd > 0 and _is_noticeable(gap.usd, told)
    ]


def _guessed(accounts: CostAccounts) -> str:
    """Models whose price in the CLI's totals is one of another model."""
    told = {name for chain in accounts.sessions.values() for name in chain.by_model_total}
    foreign = sorted(name for name in told if name and "claude" not in name)
    if foreign:
        return ", ".join(foreign[:5])
    incomplete = any(chain.incomplete for chain in accounts.sessions.values())
    return "some model" if incomplete else ""
