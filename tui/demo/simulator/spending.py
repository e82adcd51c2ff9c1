"""Tokens and dollars of the simulated agent, added up the way the real CLI reports them."""

from __future__ import annotations

from typing import Any, NamedTuple

from tui.demo.simulator.shapes import shape

Json = dict[str, Any]

DEFAULT_MODEL = "claude-opus-5-5"
ALIASES = {
    "opus": "claude-opus-5-5",
    "sonnet": "claude-sonnet-5-5",
    "haiku": "claude-haiku-4-5",
    "default": DEFAULT_MODEL,
    "": DEFAULT_MODEL,
}


class SimulatedPrice(NamedTuple):
    """Dollars per million tokens, and the model's window."""

    input: float
    output: float
    write_5m: float
    write_1h: float
    read: float
    window: int


PRICES = {
    "claude-opus-5-5": SimulatedPrice(4, 20, 5, 8, 0.2, 1_000_000),
    "claude-sonnet-5-5": SimulatedPrice(2, 10, 2.5, 4, 0.1, 1_000_000),
    "claude-haiku-4-5": SimulatedPrice(1, 5, 1.25, 2, 0.1, 200_000),
}
OTHER = SimulatedPrice(3, 15, 3.75, 6, 0.3, 200_000)


def price_of(model: str) -> SimulatedPrice:
    return PRICES.get(model.removesuffix("[1m]"), OTHER)


def resolve(model: str) -> str:
    """The full name of a model given by alias."""
    return ALIASES.get(model, model)


class TokenCounts(NamedTuple):
    """Tokens of one API response."""

    input: int = 0
    output: int = 0
    write_5m: int = 0
    write_1h: int = 0
    read: int = 0

    @property
    def context(self) -> int:
        return self.input + self.write_5m + self.write_1h + self.read

    def plus(self, other: TokenCounts) -> TokenCounts:
        return TokenCounts(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: TokenCounts) -> TokenCounts:
        return TokenCounts(*(a - b for a, b in zip(self, other, strict=True)))

    def cost(self, model: str) -> float:
        price = price_of(model)
        return sum(count * rate for count, rate in zip(self, price[:5], strict=True)) / 1_000_000

    def _values(self, model: str = "") -> Json:
        written = self.write_5m + self.write_1h
        return {**self._asdict(), "written": written, "model": model}

    def preliminary(self) -> Json:
        """Usage as `message_start` has it: input and cache right, output still 1."""
        return shape("preliminary usage", **self._values())

    def final(self) -> Json:
        """Usage as results and transcripts have it."""
        return shape("final usage", **self._values())

    def account(self, model: str) -> Json:
        window = price_of(model).window
        most = 128_000 if window > 200_000 else 64_000
        cost = self.cost(model)
        return shape("account", cost=cost, window=window, most=most, **self._values(model))


class TokenLedger:
    """All tokens by model since the session began, those of earlier processes included."""

    def __init__(self) -> None:
        self._models: dict[str, TokenCounts] = {}
        self._mark: dict[str, TokenCounts] = {}
        self.api_s = 0.0
        self.tool_s = 0.0
        self.lines_added = 0
        self.lines_removed = 0

    def add(self, model: str, tokens: TokenCounts) -> None:
        self._models[model] = self._models.get(model, TokenCounts()).plus(tokens)

    @property
    def total(self) -> float:
        return sum(tokens.cost(model) for model, tokens in self._models.items())

    def by_model(self) -> Json:
        return {model: tokens.account(model) for model, tokens in self._models.items()}

    def since_mark(self) -> Json:
        """What came since the last call of this method: one result's own share."""
        share = {
            model: tokens.minus(self._mark.get(model, TokenCounts()))
            for model, tokens in self._models.items()
        }
        self._mark = dict(self._models)
        return {model: tokens.account(model) for model, tokens in share.items() if any(tokens)}

    def state(self, session: str, began: float, lasted: float) -> Json:
        """The transcript's `cost-state` line, by which a later process takes the sum up."""
        drop = ("contextWindow", "maxOutputTokens", "canonicalModel", "provider", "costBasis")
        models = {
            model: {key: value for key, value in account.items() if key not in drop}
            for model, account in self.by_model().items()
        }
        return shape(
            "cost state",
            session=session,
            cost=self.total,
            api_ms=round(self.api_s * 1000),
            tool_ms=round(self.tool_s * 1000),
            added=self.lines_added,
            removed=self.lines_removed,
            lasted_ms=round(lasted * 1000),
            began_ms=round(began * 1000),
            models=models,
        )

    def carry(self, state: Json) -> None:
        """Takes up the sums of an earlier process from its last `cost-state` line."""
        writes = ("cacheCreationEphemeral5mInputTokens", "cacheCreationEphemeral1hInputTokens")
        keys = ("inputTokens", "outputTokens", *writes, "cacheReadInputTokens")
        for model, account in state.get("modelUsage", {}).items():
            self.add(str(model), TokenCounts(*(int(account.get(key, 0)) for key in keys)))
        self._mark = dict(self._models)
        self.api_s += state.get("totalAPIDuration", 0) / 1000
        self.tool_s += state.get("totalToolDuration", 0) / 1000
        self.lines_added += int(state.get("totalLinesAdded", 0))
        self.lines_removed += int(state.get("totalLinesRemoved", 0))
