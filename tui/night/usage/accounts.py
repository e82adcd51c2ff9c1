"""Money: the agent's totals, and what came after them.

`total_cost_usd` of a result adds up within a process and is carried over by resume and fork, while
independent runs in one file start at zero. Which of the two a total is, its own token counts tell:
they hold either what the session used by itself, or that on top of another session's.
"""

from __future__ import annotations

from math import inf

from msgspec import Struct

from tui.model.events import ModelUsage, RunningCost, TokenUsage
from tui.night.usage.compact_tables import FINAL, bounded
from tui.night.usage.prices import PICO, PriceTable, plain_model
from tui.night.usage.responses import ResponseLedger, SavedResponses
from tui.night.usage.session_total import (
    NONE,
    EstimateBefore,
    ModelSum,
    ModelTotals,
    SessionTotal,
)

_SAME = 1e-9
_FEW = 256
_EPOCHS = 12


class SavedAccounts(Struct):
    """`CostAccounts` as they are saved."""

    responses: SavedResponses
    sessions: dict[int, SessionTotal]
    parents: dict[int, int]
    starts: dict[int, list[int]]
    by_hour: dict[int, float]
    results: int
    earlier: dict[str, ModelSum] = {}


class _TotalMatch(Struct, frozen=True):
    """One reading of a total: whose total it goes on from, and how many starts back it reaches."""

    misfit: float
    start: int
    total: float
    told: ModelTotals


_OwnUse = tuple[int, dict[str, int], float]
"""Since which start; tokens of prompts by model; USD by the table of prices."""


class CostAccounts:
    """All totals of a night, and the responses that none of them has accounted for."""

    def __init__(self, prices: PriceTable) -> None:
        self.responses = ResponseLedger(prices, self.is_accounted)
        self.sessions: dict[int, SessionTotal] = {}
        self.parents: dict[int, int] = {}
        self.starts: dict[int, list[int]] = {}
        self.by_hour: dict[int, float] = {}
        self.results = 0
        self._prices = prices
        self.earlier: dict[str, ModelSum] = {}
        self._earlier_answer: tuple[str, str, TokenUsage] | None = None

    def is_accounted(self, session: int, source: int, at: float | None) -> bool:
        """Whether a total already covers a response first seen now, in another file than the total."""
        chain = self.sessions.get(session)
        if chain is None or chain.at is None or at is None:
            return False
        return chain.source != source and at <= chain.at

    def begin_turn(self, session: int) -> None:
        """A turn begins, maybe in a new process that knows nothing of what a killed one spent."""
        starts = self.starts.setdefault(session, [])
        row = len(self.responses.rows)
        if not starts or starts[-1] != row:
            starts.append(row)
            del starts[:-_EPOCHS]

    def link(self, session: int, parent: int | None) -> None:
        """`session` was resumed or forked from `parent`; None: it is known to begin at zero."""
        self.parents[session] = -1 if parent is None else parent

    def begin_from(
        self,
        session: int,
        source: int,
        at: float | None,
        usd: float,
        models: tuple[ModelUsage, ...],
    ) -> None:
        """A total that was told before the night: what the session goes on from, and nothing spent."""
        told = _reported_by_model(models)
        chain = SessionTotal(usd, usd, 0.0, told, told, at=at, source=source)
        chain.remember(usd, told)
        self.sessions[session] = chain

    def add_earlier(self, message: str, model: str, usage: TokenUsage) -> None:
        """A response of another night, told by one or more records that follow each other."""
        last = self._earlier_answer
        if last is not None and last[0] == message and last[2].total >= usage.total:
            return
        if last is not None and last[0] == message:
            self._book_earlier(last[1], last[2], -1)
        self._earlier_answer = message, model, usage
        self._book_earlier(model, usage, 1)

    def _book_earlier(self, model: str, usage: TokenUsage, sign: int) -> None:
        rates = self._prices.rates(model)
        usd = 0.0 if rates is None else sign * rates.cost(*bounded(usage)) / PICO
        spent = self.earlier.setdefault(plain_model(model), ModelSum())
        spent.add(sign * usage.context, sign * usage.output, usd)

    def on_result(
        self,
        session: int,
        source: int,
        at: float | None,
        usd: float | None,
        models: tuple[ModelUsage, ...],
    ) -> None:
        """A result told a total."""
        if usd is None:
            return
        self.results += 1
        if usd <= 0 and not models:
            return
        told = _reported_by_model(models)
        chain = self.sessions.get(session)
        if chain is not None and self._old_news(chain, source, at, usd):
            chain.remember(usd, told)
            if abs(usd - chain.total) <= _SAME and told:
                chain.by_model_total = told
            return
        self._take(session, source, at, usd, told)

    def on_running_cost(
        self, session: int, source: int, at: float | None, told: RunningCost
    ) -> None:
        """A transcript told its session's running total; it may only raise what is known."""
        chain, usd = self.sessions.get(session), told.cost_usd
        if usd > 0 and (chain is None or usd > chain.total + _SAME):
            self._take(session, source, at, usd, _reported_by_model(told.models))
        if told.incomplete and (chain := self.sessions.get(session)) is not None:
            chain.incomplete = True

    @staticmethod
    def _old_news(chain: SessionTotal, source: int, at: float | None, usd: float) -> bool:
        if chain.source == source or usd > chain.total + _SAME:
            return False
        return at is None or chain.at is None or at <= chain.at + 5.0

    def _take(
        self, session: int, source: int, at: float | None, usd: float, told: ModelTotals
    ) -> None:
        epochs = self._epochs(session, source, at)
        chain = self.sessions.get(session)
        fit = self._best(session, chain, usd, told, epochs)
        if chain is None:
            chain = self.sessions[session] = SessionTotal(base=fit.total, base_by_model=fit.told)
        elif fit.total == 0.0 and chain.total > 0.0:
            chain.start_over()
        grown = usd - (chain.total or chain.base)
        if at is not None and grown > 0:
            hour = int(at // 3600)
            self.by_hour[hour] = self.by_hour.get(hour, 0.0) + grown
        chain.total = usd
        chain.by_model_total = told or chain.by_model_total
        chain.source = source
        chain.remember(usd, chain.by_model_total)
        if at is not None and (chain.at is None or at > chain.at):
            chain.at = at
        for rows in epochs[fit.start :]:
            for row in rows:
                self._remember_estimate(chain.before, row)
                self.responses.mark_accounted(row)

    def _remember_estimate(self, before: EstimateBefore, row: int) -> None:
        responses = self.responses
        before.answers += 1
        before.usd += responses.cost(row) / PICO
        before.loose += not responses.rows.flags[row] & FINAL
        model = responses.rows.model[row]
        if not responses.has_price(model):
            name = responses.named(model)[0]
            if name not in before.unpriced:
                before.unpriced.append(name)

    def _epochs(self, session: int, source: int, at: float | None) -> list[list[int]]:
        """Waiting rows that a total of this moment may cover, one list per start of a turn."""
        rows = self.responses.rows
        starts = self.starts.get(session, [])
        epochs: list[list[int]] = [[]]
        boundary = 0
        beyond = 0
        row = rows.unaccounted.find(1)
        while row >= 0 and beyond < _FEW:
            if rows.session[row] == session:
                moment = rows.at[row]
                if rows.source[row] == source or moment != moment or at is None or moment <= at:
                    while boundary < len(starts) and starts[boundary] <= row:
                        boundary += 1
                        if epochs[-1]:
                            epochs.append([])
                    epochs[-1].append(row)
                    beyond = 0
                else:
                    beyond += 1
            row = rows.unaccounted.find(1, row + 1)
        return epochs

    def _best(
        self,
        session: int,
        chain: SessionTotal | None,
        usd: float,
        told: ModelTotals,
        epochs: list[list[int]],
    ) -> _TotalMatch:
        """The reading of a total that its tokens, or else its dollars, fit best."""
        spent = self._spent(epochs)
        if chain is not None:
            readings = [(chain.total, chain.by_model_total)]
            if told or usd < chain.total - _SAME:
                readings.append((0.0, {}))
            return _fits(readings, usd, told, spent)[0]
        alone = _fits([(0.0, {})], usd, told, spent)[0]
        parents, named = self._parents(session, bool(told), any(epochs))
        for joined in _fits(parents, usd, told, spent)[:1]:
            if joined.misfit < inf if named else joined.misfit * 2 < alone.misfit:
                return joined
        return alone

    def _parents(
        self, session: int, told: bool, worked: bool
    ) -> tuple[list[tuple[float, ModelTotals]], bool]:
        """Totals this session may carry on, and whether its parent is known by name."""
        named = self.parents.get(session)
        if named is not None:
            parent = self.sessions.get(named)
            return ([] if parent is None else list(reversed(parent.past))), True
        if not worked:
            return [], False
        totals = [total for chain in self.sessions.values() for total in reversed(chain.past)]
        if self.earlier:
            before = {name: (one.prompt, one.usd, one.output) for name, one in self.earlier.items()}
            totals.append((sum(usd for _, usd, _ in before.values()), before if told else {}))
        return [total for total in totals if bool(total[1]) == told], False

    def _spent(self, epochs: list[list[int]]) -> list[_OwnUse]:
        """What the session used by itself since each of the starts, the newest first."""
        responses, rows = self.responses, self.responses.rows
        models = [plain_model(responses.named(n)[0]) for n in range(len(responses.models.names))]
        spent: list[_OwnUse] = []
        tokens: dict[str, int] = {}
        cost = 0
        for start in range(len(epochs) - 1, -1, -1):
            for row in epochs[start]:
                model = models[rows.model[row]]
                tokens[model] = tokens.get(model, 0) + rows.prompt(row)
                cost += responses.cost(row)
            spent.append((start, dict(tokens), cost / PICO))
        return spent

    def dump(self) -> SavedAccounts:
        """Everything that `restore` needs."""
        known = (self.sessions, self.parents, self.starts, self.by_hour, self.results)
        return SavedAccounts(self.responses.dump(), *known, self.earlier)

    def restore(self, saved: SavedAccounts, same_prices: bool) -> None:
        """Go on from `saved`, priced anew if another table holds now."""
        self.responses.restore(saved.responses, same_prices)
        self.sessions, self.parents = saved.sessions, saved.parents
        self.starts, self.by_hour = saved.starts, saved.by_hour
        self.results, self.earlier = saved.results, saved.earlier


def _reported_by_model(models: tuple[ModelUsage, ...]) -> ModelTotals:
    told: ModelTotals = {}
    for use in models:
        name = plain_model(use.model)
        prompt, usd, output = told.get(name, NONE)
        tokens = use.usage
        told[name] = (prompt + tokens.context, usd + use.cost_usd, output + tokens.output)
    return told


def _fits(
    readings: list[tuple[float, ModelTotals]], usd: float, told: ModelTotals, spent: list[_OwnUse]
) -> list[_TotalMatch]:
    """Every reading with every start; the best of them comes first."""
    fits = [
        _TotalMatch(_misfit(usd, told, total, before, own, estimate), start, total, before)
        for total, before in readings
        for start, own, estimate in reversed(spent)
    ]
    return sorted(fits, key=lambda fit: fit.misfit)


def _misfit(
    usd: float,
    told: ModelTotals,
    total: float,
    before: ModelTotals,
    own: dict[str, int],
    estimate: float,
) -> float:
    """How far a total is from `before` plus what the session used by itself; inf: cannot be.

    By tokens where the total tells any, else by dollars.
    """
    if usd < total - _SAME:
        return inf
    has_tokens = any(prompt for prompt, _, _ in told.values())
    if not has_tokens or (total and not before):
        return abs(usd - total - estimate)
    if any(told.get(model, NONE)[0] < tokens for model, (tokens, _, _) in before.items()):
        return inf
    return float(
        sum(
            abs(told.get(model, NONE)[0] - before.get(model, NONE)[0] - own.get(model, 0))
            for model in (own or told)
        )
    )
