"""What each model cost; what the CLI's totals hold beyond the records; why an estimate was corrected."""

from __future__ import annotations

from typing import NamedTuple

from tui.model.events import TokenUsage
from tui.model.snapshot import CostGap, ModelCost
from tui.night.usage.accounts import CostAccounts
from tui.night.usage.prices import PICO, plain_model
from tui.night.usage.responses import UsageTotals
from tui.night.usage.session_total import EstimateBefore, ModelSum
from tui.system.format import format_count, format_money

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
