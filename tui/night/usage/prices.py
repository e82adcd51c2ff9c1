"""The dated price table.

Source: the model pricing table of platform.claude.com/docs/en/about-claude/pricing as of
`PRICED_ON`. A model that stands in neither table has no price; nothing is guessed for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol

from msgspec import Struct

from tui.model.events import BATCH, FAST, HOUR_AS_FIVE
from tui.system.lazy_pattern import lazy

PRICED_ON = "2026-10-24"
PICO = 10**12
"""Costs of single responses are whole pico-dollars, so that sums do not depend on their order."""


class PricePerMillion(Protocol):
    """Anything that names USD per million tokens of the five kinds."""

    @property
    def input(self) -> float: ...
    @property
    def output(self) -> float: ...
    @property
    def cache_write_5m(self) -> float: ...
    @property
    def cache_write_1h(self) -> float: ...
    @property
    def cache_read(self) -> float: ...


class Price(Struct, frozen=True):
    """USD per million tokens."""

    input: float
    output: float
    cache_write_5m: float
    cache_write_1h: float
    cache_read: float


_OPUS = Price(5, 25, 6.25, 10, 0.5)
_OLD_OPUS = Price(15, 75, 18.75, 30, 1.5)
_SONNET = Price(3, 15, 3.75, 6, 0.3)
_FABLE_5 = Price(10, 50, 12.5, 20, 1)
_FABLE_5_1 = Price(10, 50, 12.5, 20, 0.25)
_HAIKU_3_5 = Price(0.8, 4, 1, 1.6, 0.08)
TABLE: Mapping[str, Price] = {
    "claude-fable-5": _FABLE_5,
    "claude-fable-5-1": _FABLE_5_1,
    "claude-fable-5-2": Price(8, 40, 10, 16, 0.2),
    "claude-mythos-5": _FABLE_5,
    "claude-mythos-5-1": _FABLE_5_1,
    "claude-opus-5-5": Price(4, 20, 5, 8, 0.2),
    "claude-opus-5": _OPUS,
    "claude-opus-4-8": _OPUS,
    "claude-opus-4-7": _OPUS,
    "claude-opus-4-6": _OPUS,
    "claude-opus-4-5": _OPUS,
    "claude-opus-4-1": _OLD_OPUS,
    "claude-opus-4-0": _OLD_OPUS,
    "claude-opus-4": _OLD_OPUS,
    "claude-3-opus": _OLD_OPUS,
    "claude-sonnet-5-5": Price(2, 10, 2.5, 4, 0.1),
    "claude-sonnet-5": Price(2, 10, 2.5, 4, 0.2),
    "claude-sonnet-4-6": _SONNET,
    "claude-sonnet-4-5": _SONNET,
    "claude-sonnet-4-0": _SONNET,
    "claude-sonnet-4": _SONNET,
    "claude-3-7-sonnet": _SONNET,
    "claude-3-5-sonnet": _SONNET,
    "claude-haiku-5-5": Price(0.1, 0.5, 0.125, 0.2, 0.01),
    "claude-haiku-4-5": Price(1, 5, 1.25, 2, 0.1),
    "claude-3-5-haiku": _HAIKU_3_5,
    "claude-haiku-3-5": _HAIKU_3_5,
    "claude-3-haiku": Price(0.25, 1.25, 0.3, 0.5, 0.03),
}
LONG_PROMPTS: Mapping[str, tuple[int, Price]] = {
    "claude-haiku-5-5": (100_000, Price(0.5, 2.5, 0.625, 1, 0.05)),
}
"""Models whose whole request costs more once its prompt is longer than so many tokens.

The Sonnets of 2025 did, too, above 200,000 tokens; the CLI (2.1.197) does not count that.
"""
FAST_FACTORS: Mapping[str, int] = {
    "claude-opus-5-5": 2,
    "claude-opus-5": 2,
    "claude-opus-4-8": 2,
    "claude-opus-4-7": 6,
    "claude-opus-4-6": 6,
}
"""How many times more fast mode costs, in every part; of other models nobody says it."""
SEARCH = PICO // 100
"""A web search: $10 for a thousand. Fetching a page is free."""
_TAIL = lazy(r"(?:\[[^\]]*\]|-v\d+(?::\d+)?|:\d+|[-@]20\d{6}|-latest|@latest|@default)$")


@lru_cache(maxsize=256)
def plain_model(model: str) -> str:
    """A model's name without provider, region, date, version and window marks."""
    name = model.strip().lower()
    start = name.find("claude-")
    if start > 0:
        name = name[start:]
    while (cut := _TAIL.sub("", name)) != name:
        name = cut
    return name


def lookup(table: Mapping[str, object], name: str) -> str | None:
    """The longest key that `name` begins with, where what is left names no other version."""
    best: str | None = None
    for key in table:
        if name == key:
            return key
        rest = name[len(key) : len(key) + 2] if name.startswith(key) else ""
        named = rest[:1] == "-" and not rest[1:].isdigit() and not name.endswith("-fast")
        if named and (best is None or len(key) > len(best)):
            best = key
    return best


Rates = tuple[int, int, int, int, int]
"""Pico-dollars of a token of each kind."""


class TokenRates(Struct, frozen=True):
    """A price in whole pico-dollars per token; above `limit` tokens of prompt `long` holds."""

    each: Rates
    limit: int = 0
    long: Rates = (0, 0, 0, 0, 0)
    search: int = SEARCH

    def cost(self, fresh: int, output: int, write_5m: int, write_1h: int, read: int) -> int:
        """Pico-dollars of one response, from its tokens of each kind."""
        each = self.each
        if self.limit and fresh + write_5m + write_1h + read > self.limit:
            each = self.long
        return (
            fresh * each[0]
            + output * each[1]
            + write_5m * each[2]
            + write_1h * each[3]
            + read * each[4]
        )

    def under(self, terms: Iterable[str], fast: float | None) -> TokenRates | None:
        """The price under these terms; None where nobody says what one of them changes."""
        each, long = self.each, self.long
        if HOUR_AS_FIVE in terms:
            each, long = (*each[:3], each[2], each[4]), (*long[:3], long[2], long[4])
        factor = 0.5 if BATCH in terms else 1.0
        if FAST in terms:
            if fast is None:
                return None
            factor *= fast
        return TokenRates(_scaled(each, factor), self.limit, _scaled(long, factor), self.search)


def _scaled(rates: Rates, factor: float) -> Rates:
    one, two, three, four, five = (round(rate * factor) for rate in rates)
    return one, two, three, four, five


def _rates(price: PricePerMillion) -> Rates:
    written = (price.cache_write_5m, price.cache_write_1h)
    kinds = (price.input, price.output, *written, price.cache_read)
    one, two, three, four, five = (round(usd * (PICO // 1_000_000)) for usd in kinds)
    return one, two, three, four, five


class FilePrices(Protocol):
    """Prices that a file gave (`price_file.PriceFile`)."""

    @property
    def dated(self) -> str: ...
    @property
    def mark(self) -> str: ...
    def find(self, model: str) -> tuple[TokenRates, float | None] | None: ...
    def window(self, model: str) -> int: ...
    def choices(self, model: str) -> int: ...


class PriceTable:
    """The table in force: `overrides` (model name to price), then the file's, then the package's own.

    `problem` is a sentence on why a file that was asked for gives no prices.
    """

    def __init__(
        self,
        overrides: Mapping[str, PricePerMillion] | None = None,
        file: FilePrices | None = None,
        problem: str = "",
    ) -> None:
        self.problem = problem
        self._overrides = {name.strip().lower(): _rates(p) for name, p in (overrides or {}).items()}
        self._file = file

    @property
    def priced_on(self) -> str:
        """The date and the source of the prices, for people."""
        own = f", {len(self._overrides)} of your own" if self._overrides else ""
        if self._file is None:
            return f"{PRICED_ON} (built in{own})"
        return f"{self._file.dated}{own})"

    @property
    def mark(self) -> str:
        """Equal for equal tables; saved state priced by another one is priced anew."""
        file = "" if self._file is None else self._file.mark
        return f"{PRICED_ON} {file} {sorted(self._overrides.items())}"

    def window(self, model: str) -> int:
        """The window that the file names for a model; 0 where it does not."""
        return 0 if self._file is None else self._file.window(model)

    def choices(self, model: str) -> int:
        """How many different prices the file has for a model under names of providers; 0: none or one."""
        return 0 if self._file is None else self._file.choices(model)

    def rates(self, model: str, terms: Iterable[str] = ()) -> TokenRates | None:
        """What `model` costs under these terms, or None where nobody says."""
        found = self._base(model)
        if found is None or not terms:
            return found and found[0]
        rates, fast = found
        return rates.under(terms, fast)

    def _base(self, model: str) -> tuple[TokenRates, float | None] | None:
        """A model's price, and how many times more its fast mode costs."""
        name = plain_model(model)
        fast = FAST_FACTORS.get(lookup(FAST_FACTORS, name) or "")
        for given in (model.strip().lower(), name):
            key = lookup(self._overrides, given)
            if key is not None:
                return TokenRates(self._overrides[key]), fast
        if self._file is not None and (found := self._file.find(model)) is not None:
            return found[0], found[1] or fast
        key = lookup(TABLE, name)
        if key is None:
            return None
        limit, price = LONG_PROMPTS.get(key, (0, TABLE[key]))
        return TokenRates(_rates(TABLE[key]), limit, _rates(price)), fast


DEFAULT_WINDOW = 200_000
LARGE_WINDOW = 1_000_000
_LARGE: Mapping[str, None] = dict.fromkeys(
    "claude-fable-5 claude-fable-5-1 claude-fable-5-2 claude-mythos-5 claude-mythos-5-1 claude-opus-5"
    " claude-opus-5-5 claude-opus-4-8 claude-opus-4-7 claude-sonnet-5 claude-sonnet-5-5"
    " claude-haiku-5-5".split()
)
"""Models whose window is a million tokens without being asked for."""


def usual_window(model: str) -> int:
    """The window a model has where no result has said it yet."""
    if "[1m]" in model.lower() or lookup(_LARGE, plain_model(model)) is not None:
        return LARGE_WINDOW
    return DEFAULT_WINDOW
