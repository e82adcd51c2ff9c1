"""Tokens: each API response once."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import isnan

from msgspec import Struct, structs

from tui.model.events import HOUR_AS_FIVE, TokenUsage, UsageDetails
from tui.night.usage.compact_tables import (
    FINAL,
    GUESSED,
    NameTable,
    ResponseTable,
    SavedResponseTable,
    Tokens,
    bounded,
)
from tui.night.usage.prices import PriceTable, TokenRates

SLOT = 600
_LARGEST = (1 << 63) - 1
_NOTHING: Tokens = (0, 0, 0, 0, 0)


class UsageTotals(Struct):
    """Sums over a set of rows, money in pico-dollars."""

    responses: int = 0
    input: int = 0
    output: int = 0
    write_5m: int = 0
    write_1h: int = 0
    read: int = 0
    cost: int = 0
    placeholders: int = 0

    @property
    def tokens(self) -> Tokens:
        """The tokens alone."""
        return self.input, self.output, self.write_5m, self.write_1h, self.read

    def book(self, row: int, tokens: Tokens, cost: int, loose: int) -> None:
        """Add a row's figures, or what changed in them; `row` is how many responses that makes."""
        self.responses += row
        self.input += tokens[0]
        self.output += tokens[1]
        self.write_5m += tokens[2]
        self.write_1h += tokens[3]
        self.read += tokens[4]
        self.cost += cost
        self.placeholders += loose


class RowExtra(Struct, frozen=True):
    """What few responses have beside their tokens: web searches, tokens of each of several passes."""

    searches: int = 0
    passes: tuple[Tokens, ...] = ()


class SavedResponses(Struct):
    """A `ResponseLedger` as it is saved."""

    rows: SavedResponseTable
    models: NameTable
    totals: list[UsageTotals]
    slots: dict[int, int]
    open: dict[int, UsageTotals]
    current: dict[str, str]
    guesses: dict[str, int]
    extras: dict[int, RowExtra] = {}
    old_sources: set[int] = set()


class ResponseLedger:
    """Every API response of the night once, whoever told of it.

    A name in `models` may have terms behind it that change its price (`named`). What an advisor was
    asked within a response is a response of its own. Of several records of one response the one with
    the most tokens counts. Rows that no result has accounted for are waiting; `open` has their sums
    by session and model. `accounted` says at birth whether a result already covers a response
    (session, source, time).
    """

    def __init__(
        self, prices: PriceTable, accounted: Callable[[int, int, float | None], bool]
    ) -> None:
        self._prices = prices
        self._accounted = accounted
        self.rows = ResponseTable()
        self.models = NameTable()
        self._rates: list[TokenRates | None] = []
        self.totals: list[UsageTotals] = []
        self.slots: dict[int, int] = {}
        self.open: dict[int, UsageTotals] = {}
        self._current: dict[str, str] = {}
        self._guesses: dict[str, int] = {}
        self._extras: dict[int, RowExtra] = {}
        self._old_sources: set[int] = set()
        self._last: tuple[str, str, TokenUsage, bool, bool] | None = None
        self._model("")

    # complexity: runs for each record of an answer, where a call for each step would cost time
    def add(
        self,
        message: str,
        request: str,
        model: str,
        usage: TokenUsage,
        final: bool,
        at: float | None,
        source: int,
        session: int,
    ) -> None:
        """Record what one line says of a response."""
        last = self._last
        same = last is not None and last[0] == message and last[2] == usage and last[1] == request
        if same and (last[3] or not final) and (last[4] or at is None):  # type: ignore[index]
            return
        self._last = (message, request, usage, final, at is not None)
        details = usage.details
        if details is not None or (usage.cache_write_1h and source in self._old_sources):
            details = self._with_source(details, usage, source)
            model = _with_terms(model, details)
            self._add_calls(message, details, final, at, source, session)
        row = self.rows.find_or_add(message, request)
        if row < 0:
            flags = FINAL if final else 0
            row = self._born(request, self._model(model), usage, flags, at, source, session)
            if details is not None:
                self._set_extra(row, details)
            return
        if model and (details is not None or self.rows.flags[row] & GUESSED):
            self._rename(row, model)
            self.rows.flags[row] &= ~GUESSED
        if details is not None:
            self._set_extra(row, details)
        if at is not None and isnan(self.rows.at[row]):
            self._book(row, -1)
            self.rows.at[row] = at
            self._book(row, 1)
        self._improve(row, usage, final)

    def _born(
        self,
        request: str,
        model: int,
        usage: TokenUsage,
        flags: int,
        at: float | None,
        source: int,
        session: int,
    ) -> int:
        tokens = bounded(usage)
        row = self.rows.append(request, tokens, model, session, source, flags, at)
        if not self._accounted(session, source, at):
            self.rows.unaccounted[row] = 1
        rates = self._rates[model]
        cost = 0 if rates is None else rates.cost(*tokens)
        self._sum(row, 1, tokens, cost, 0 if flags & FINAL else 1)
        return row

    def begin_source(self, source: int, hour_as_five: bool) -> None:
        """From now on `source` tells of a CLI that prices one-hour cache writes like five-minute ones."""
        (self._old_sources.add if hour_as_five else self._old_sources.discard)(source)

    def _with_source(
        self, details: UsageDetails | None, usage: TokenUsage, source: int
    ) -> UsageDetails:
        details = details or UsageDetails()
        old = usage.cache_write_1h and source in self._old_sources
        if not old or HOUR_AS_FIVE in details.terms:
            return details
        return structs.replace(details, terms=(*details.terms, HOUR_AS_FIVE))

    def _add_calls(
        self,
        message: str,
        details: UsageDetails,
        final: bool,
        at: float | None,
        source: int,
        session: int,
    ) -> None:
        """The calls that the server made within a response, each once."""
        for number, call in enumerate(details.calls):
            self.add(f"{message}\0{number}", "", call.model, call.usage, final, at, source, session)

    def _set_extra(self, row: int, details: UsageDetails) -> None:
        """Searches and passes of a response; of several records the one with the most counts."""
        old = self._extras.get(row) or RowExtra()
        passes = tuple(map(bounded, details.passes))
        new = RowExtra(
            max(old.searches, details.searches), passes if len(passes) > 1 else old.passes
        )
        if new != old:
            cost = self.cost(row)
            self._extras[row] = new
            self._sum(row, 0, _NOTHING, self.cost(row) - cost, 0)

    def _improve(self, row: int, usage: TokenUsage, final: bool) -> None:
        rows = self.rows
        old = rows.tokens(row)
        finished = final and not rows.flags[row] & FINAL
        before, after = sum(old), usage.total
        if after > before or (after == before and usage.output > old[1]):
            cost = self.cost(row)
            new = rows.put(row, usage)
            change = _less(new, old)
            self._sum(row, 0, change, self.cost(row) - cost, -1 if finished else 0)
        elif finished:
            self._sum(row, 0, _NOTHING, 0, -1)
        if finished:
            rows.flags[row] |= FINAL

    def _rename(self, row: int, model: str) -> None:
        number = self._model(model)
        if number != self.rows.model[row]:
            self._book(row, -1)
            self.rows.model[row] = number
            self._book(row, 1)

    def _model(self, model: str) -> int:
        number = self.models.number(model)
        for name in self.models.names[len(self._rates) :]:
            plain, *terms = name.split(_TERM)
            self._rates.append(self._prices.rates(plain, terms))
            if len(self.totals) < len(self._rates):
                self.totals.append(UsageTotals())
        return number

    def _book(self, row: int, sign: int) -> None:
        """Add a row to every sum it belongs to (1), or take it out of them (-1)."""
        tokens = self.rows.tokens(row)
        cost = sign * self.cost(row)
        if sign < 0:
            tokens = _less(_NOTHING, tokens)
        loose = 0 if self.rows.flags[row] & FINAL else sign
        self._sum(row, sign, tokens, cost, loose)

    def _sum(self, row: int, count: int, tokens: Tokens, cost: int, loose: int) -> None:
        rows = self.rows
        model = rows.model[row]
        self.totals[model].book(count, tokens, cost, loose)
        at = rows.at[row]
        if cost and at == at:
            slot = int(at // SLOT)
            self.slots[slot] = self.slots.get(slot, 0) + cost
        if rows.unaccounted[row]:
            self._waits(row, model).book(count, tokens, cost, loose)

    def _waits(self, row: int, model: int) -> UsageTotals:
        key = self.rows.session[row] << 16 | model
        waits = self.open.get(key)
        if waits is None:
            waits = self.open[key] = UsageTotals()
        return waits

    def mark_accounted(self, row: int) -> None:
        """A result has accounted for this row."""
        rows = self.rows
        one, two, three, four, five = rows.tokens(row)
        cost = self.cost(row)
        less = (-one, -two, -three, -four, -five)
        loose = 0 if rows.flags[row] & FINAL else -1
        self._waits(row, rows.model[row]).book(-1, less, -cost, loose)
        rows.unaccounted[row] = 0

    def add_streamed(
        self,
        thread: str,
        message: str,
        model: str,
        usage: TokenUsage,
        final: bool,
        at: float | None,
        source: int,
        session: int,
    ) -> None:
        """A response began (`final` False) or told its last usage, in the stream's own pieces."""
        track = f"{source} {thread}"
        message = message or self._current.get(track, "")
        if not message:
            return
        if not final:
            self._current[track] = message
        elif self._current.get(track) == message:
            del self._current[track]
        self._last = None
        details = usage.details
        if details is not None or (usage.cache_write_1h and source in self._old_sources):
            details = self._with_source(details, usage, source)
            self._add_calls(message, details, final, at, source, session)
        row = self.rows.find_or_add(message)
        if row >= 0:
            self._improve(row, _completed(TokenUsage(*self.rows.tokens(row)), usage), final)
        else:
            number = self._model(model) if model else self._guesses.get(track, 0)
            flags = (FINAL if final else 0) | (0 if model else GUESSED)
            row = self._born("", number, usage, flags, at, source, session)
        if details is not None:
            self._rename(row, _with_terms(self.named(self.rows.model[row])[0], details))
            self._set_extra(row, details)

    def assume_model(self, source: int, thread: str, model: str) -> None:
        """A response of this conversation that does not say its model comes from `model` from now on."""
        self._guesses[f"{source} {thread}"] = self._model(model)

    def has_price(self, model: int) -> bool:
        """Whether the table has a price for model number `model`."""
        return self._rates[model] is not None

    def cost(self, row: int) -> int:
        """Pico-dollars of a row by the table, 0 where its model has no price."""
        rates = self._rates[self.rows.model[row]]
        if rates is None:
            return 0
        tokens = self.rows.tokens(row)
        extra = self._extras.get(row) if self._extras else None
        if extra is None:
            return rates.cost(*tokens)
        searches = extra.searches * rates.search
        if rates.limit and tuple(map(sum, zip(*extra.passes, strict=True))) == tokens:
            return searches + sum(rates.cost(*one) for one in extra.passes)
        return searches + rates.cost(*tokens)

    def named(self, model: int) -> tuple[str, tuple[str, ...]]:
        """The name behind a model's number, and the terms that change its price."""
        name, *terms = self.models.names[model].split(_TERM)
        return name, tuple(terms)

    def dump(self) -> SavedResponses:
        """Everything that `restore` needs."""
        for sums in (*self.totals, *self.open.values()):
            sums.cost = min(sums.cost, _LARGEST)
        slots = {slot: min(cost, _LARGEST) for slot, cost in self.slots.items()}
        return SavedResponses(
            self.rows.dump(),
            self.models,
            self.totals,
            slots,
            self.open,
            self._current,
            self._guesses,
            self._extras,
            self._old_sources,
        )

    def restore(self, saved: SavedResponses, same_prices: bool) -> None:
        """Go on from `saved`; with another table of prices every row is booked anew."""
        self.rows = ResponseTable.restore(saved.rows)
        self.models = saved.models
        self._current, self._guesses = saved.current, saved.guesses
        self._extras, self._old_sources = saved.extras, saved.old_sources
        self._rates, self.totals = [], []
        if same_prices:
            self.totals, self.slots, self.open = saved.totals, saved.slots, saved.open
        self._model("")
        if not same_prices:
            for row in range(len(self.rows)):
                self._book(row, 1)


_TERM = "\n"


def _with_terms(model: str, details: UsageDetails) -> str:
    """The name under which a model's price is kept; no name from a file holds a line end."""
    return _TERM.join((model, *details.terms)) if details.terms else model


def _less(tokens: Tokens, other: Tokens) -> Tokens:
    one, two, three, four, five = map(operator.sub, tokens, other)
    return one, two, three, four, five


def _completed(begun: TokenUsage, told: TokenUsage) -> TokenUsage:
    """The last word of a response; it may leave out the prompt, or not tell the cache kinds apart."""
    if told.context in (0, begun.context):
        return TokenUsage(
            begun.input, told.output, begun.cache_write_5m, begun.cache_write_1h, begun.cache_read
        )
    return told
