"""Tokens: each API response once."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import isnan

from msgspec import Struct

from tui.model.events import TokenUsage
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


class SavedResponses(Struct):
    """A `ResponseLedger` as it is saved."""

    rows: SavedResponseTable
    models: NameTable
    totals: list[UsageTotals]
    slots: dict[int, int]
    open: dict[int, UsageTotals]
    current: dict[str, str]
    guesses: dict[str, int]


class ResponseLedger:
    """Every API response of the night once, whoever told of it.

    Of several records of one response the one with the most tokens counts. Rows that no result
    has accounted for are waiting; `open` has their sums by session and model. `accounted` says
    at birth whether a result already covers a response (session, source, time).
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
        self._last: tuple[str, str, TokenUsage, bool, bool] | None = None
        self._model("")

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
        row = self.rows.find_or_add(message, request)
        if row < 0:
            flags = FINAL if final else 0
            self._born(request, self._model(model), usage, flags, at, source, session)
            return
        if model and self.rows.flags[row] & GUESSED:
            self._rename(row, model)
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
    ) -> None:
        tokens = bounded(usage)
        row = self.rows.append(request, tokens, model, session, source, flags, at)
        if not self._accounted(session, source, at):
            self.rows.unaccounted[row] = 1
        rates = self._rates[model]
        cost = 0 if rates is None else rates.cost(*tokens)
        self._sum(row, 1, tokens, cost, 0 if flags & FINAL else 1)

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
        self.rows.flags[row] &= ~GUESSED

    def _model(self, model: str) -> int:
        number = self.models.number(model)
        for name in self.models.names[len(self._rates) :]:
            self._rates.append(self._prices.rates(name))
            if len(self.totals) < len(self._rates):
                self.totals.append(UsageTotals())
        return number

    def _book(self, row: int, sign: int) -> None:
        """Add a row to every sum it belongs to (1), or take it out of them (-1)."""
        tokens = self.rows.tokens(row)
        rates = self._rates[self.rows.model[row]]
        cost = 0 if rates is None else sign * rates.cost(*tokens)
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
        one, two, three, four, five = tokens = rows.tokens(row)
        rates = self._rates[rows.model[row]]
        cost = 0 if rates is None else rates.cost(*tokens)
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
        row = self.rows.find_or_add(message)
        if row >= 0:
            self._improve(row, _completed(TokenUsage(*self.rows.tokens(row)), usage), final)
            return
        number = self._model(model) if model else self._guesses.get(track, 0)
        flags = (FINAL if final else 0) | (0 if model else GUESSED)
        self._born("", number, usage, flags, at, source, session)

    def assume_model(self, source: int, thread: str, model: str) -> None:
        """A response of this conversation that does not say its model comes from `model` from now on."""
        self._guesses[f"{source} {thread}"] = self._model(model)

    def has_price(self, model: int) -> bool:
        """Whether the table has a price for model number `model`."""
        return self._rates[model] is not None

    def cost(self, row: int) -> int:
        """Pico-dollars of a row by the table, 0 where its model has no price."""
        rates = self._rates[self.rows.model[row]]
        return 0 if rates is None else rates.cost(*self.rows.tokens(row))

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
        )

    def restore(self, saved: SavedResponses, same_prices: bool) -> None:
        """Go on from `saved`; with another table of prices every row is booked anew."""
        self.rows = ResponseTable.restore(saved.rows)
        self.models = saved.models
        self._current, self._guesses = saved.current, saved.guesses
        self._rates, self.totals = [], []
        if same_prices:
            self.totals, self.slots, self.open = saved.totals, saved.slots, saved.open
        self._model("")
        if not same_prices:
            for row in range(len(self.rows)):
                self._book(row, 1)


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
