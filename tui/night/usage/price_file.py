"""A file of prices in LiteLLM's format (`model_prices_and_context_window.json`).

One object with an entry for each model, USD per token. What an entry leaves out is not guessed: without
prices of input and output it is no price, and an entry that does not fit is passed over alone. Reads of a
cache cost like input where no price says otherwise, and so do writes, as models without a price for them
have no cheaper or dearer ones; writes for one hour cost what the file says, for Claude twice the input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any

import msgspec
from msgspec import Raw, Struct

from tui.night.usage.prices import PICO, SEARCH, Rates, TokenRates, plain_model
from tui.system.lazy_pattern import lazy

_MOST_USD = 1.0
"""USD per token; nothing costs more, so that a price per million in the wrong place is seen."""
_MOST_FACTOR = 100.0
_LARGEST_WINDOW = 1_000_000_000
_TIER = lazy(r"input_cost_per_token_above_(\d{1,7})k_tokens")
_DATED = lazy(r"[-@](20\d{6})")


class PriceFileError(Exception):
    """Why a file gives no prices, in words that fit behind its name."""


class ModelEntry(Struct, frozen=True):
    """What the file says of one model."""

    rates: TokenRates
    fast: float | None = None
    window: int = 0


class ModelEntries:
    """The models of a file by their names in lower case; one is read when it is first asked for."""

    def __init__(self, written: Mapping[str, Raw]) -> None:
        self._written = {name.strip().lower(): entry for name, entry in written.items()}
        self._read: dict[str, ModelEntry | None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def get(self, name: str) -> ModelEntry | None:
        """What the file says of a model; None where that is no price."""
        if name not in self._read:
            written = self._written.get(name)
            self._read[name] = None if written is None else _entry(name, _facts(written))
        return self._read[name]


class PriceFile:
    """The prices of a file, found by the names that models have in records.

    The exact name comes first; then the name without date, version and window mark, and last the
    name behind a provider's, if all providers that the file names for it ask the same.
    """

    def __init__(self, entries: ModelEntries, dated: str, mark: str) -> None:
        self.dated = dated
        self.mark = mark
        self._entries = entries
        self._plain: dict[str, list[str]] | None = None

    def find(self, model: str) -> tuple[TokenRates, float | None] | None:
        """A model's price, and how many times more its fast mode costs; None where it has none."""
        entry = self._find(model)
        return None if entry is None else (entry.rates, entry.fast)

    def window(self, model: str) -> int:
        """Tokens that a model's window holds; 0 where the file does not say."""
        entry = self._find(model)
        return 0 if entry is None or "[" in model else entry.window

    def _find(self, model: str) -> ModelEntry | None:
        given = model.strip().lower()
        name = plain_model(given)
        for exact in (given, given.partition("[")[0], name):
            entry = self._entries.get(exact) if exact else None
            if entry is not None:
                return entry
        found = self._named(name)
        if found and all(entry.rates == found[0].rates for entry in found[1:]):
            return found[0]
        return None

    def choices(self, model: str) -> int:
        """How many different prices it has for a model under names of providers; 0 where one is found."""
        if self._find(model) is not None:
            return 0
        return len({entry.rates.each for entry in self._named(plain_model(model))})

    def _named(self, name: str) -> list[ModelEntry]:
        """The entries whose names come down to this one, a provider's own name for it first."""
        if self._plain is None:
            self._plain = _by_plain_name(self._entries)
        keys = self._plain.get(name, [])
        own = [key for key in keys if "/" not in key and key.startswith(name)]
        return [entry for key in own or keys if (entry := self._entries.get(key)) is not None]


def _by_plain_name(entries: Iterable[str]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for key in entries:
        for name in {plain_model(key), plain_model(key.rpartition("/")[2])}:
            names.setdefault(name, []).append(key)
    return names


def read_prices(data: bytes) -> ModelEntries:
    """The models of a file. PriceFileError where none of them has a price."""
    try:
        written = msgspec.json.decode(data, type=dict[str, Raw])
    except msgspec.ValidationError:
        raise PriceFileError("is no object of models as LiteLLM keeps it") from None
    except (ValueError, RecursionError):
        raise PriceFileError("is no JSON") from None
    written.pop("sample_spec", None)
    entries = ModelEntries(written)
    if all(entries.get(name) is None for name in entries):
        raise PriceFileError("has no model with input_cost_per_token and output_cost_per_token")
    return entries


def _facts(written: Raw) -> dict[str, Any]:
    try:
        return msgspec.json.decode(written, type=dict[str, Any])
    except (ValueError, RecursionError):
        return {}


def _entry(name: str, facts: dict[str, Any]) -> ModelEntry | None:
    each = _rates(name, facts, "", None)
    if each is None:
        return None
    limits = sorted(
        int(tier[1]) * 1000
        for key in facts
        if isinstance(key, str) and (tier := _TIER.fullmatch(key))
    )
    limit, long = 0, (0, 0, 0, 0, 0)
    if limits:
        above = _rates(name, facts, f"_above_{limits[0] // 1000}k_tokens", each)
        if above is not None:
            limit, long = limits[0], above
    extra = facts.get("provider_specific_entry")
    fast = _number(extra.get("fast"), _MOST_FACTOR) if isinstance(extra, dict) else None
    window = facts.get("max_input_tokens")
    if not isinstance(window, int) or not 0 < window <= _LARGEST_WINDOW:
        window = 0
    return ModelEntry(TokenRates(each, limit, long, _search(facts)), fast, int(window))


def _rates(name: str, facts: dict[str, Any], above: str, below: Rates | None) -> Rates | None:
    """The prices of a tier; what it leaves out costs as `below`."""

    def price(key: str) -> int | None:
        usd = _number(facts.get(f"{key}{above}"), _MOST_USD)
        return None if usd is None else round(usd * PICO)

    fresh, output = price("input_cost_per_token"), price("output_cost_per_token")
    write, read = price("cache_creation_input_token_cost"), price("cache_read_input_token_cost")
    hour = price("cache_creation_input_token_cost_above_1hr")
    if below is not None:
        fresh = below[0] if fresh is None else fresh
        output = below[1] if output is None else output
        write = below[2] if write is None else write
        read = below[4] if read is None else read
    elif fresh is None or output is None:
        return None
    if hour is None:
        claude = "claude" in name.lower()
        hour = 2 * fresh if claude and write is not None else fresh if write is None else write
    return fresh, output, fresh if write is None else write, hour, fresh if read is None else read


def _number(value: object, most: float) -> float | None:
    """A price that can be one: a finite number from 0 to `most`, not a text and not a switch."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= most and isfinite(value) else None


def _search(facts: dict[str, Any]) -> int:
    """Pico-dollars of a web search."""
    sizes = facts.get("search_context_cost_per_query")
    if isinstance(sizes, dict):
        for size in ("medium", "low", "high"):
            usd = _number(sizes.get(f"search_context_size_{size}"), 100.0)
            if usd is not None:
                return round(usd * PICO)
    return SEARCH
