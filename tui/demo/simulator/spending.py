"""Tokens and dollars of the simulated agent, added up the way the real CLI reports them."""

from __future__ import annotations

from typing import Any, NamedTuple

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
    """TokenCounts of one API response."""

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

    def preliminary(self) -> dict[str, Any]:
        """Usage as `message_start` has it: input and cache right, output still 1."""
        return {
            "input_tokens": self.input,
            "cache_creation_input_tokens": self.write_5m + self.write_1h,
            "cache_read_input_tokens": self.read,
            "output_tokens": 1,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.write_5m,
                "ephemeral_1h_input_tokens": self.write_1h,
            },
            "service_tier": "standard",
        }

    def final(self) -> dict[str, Any]:
        """Usage as results and transcripts have it."""
        return {
            "input_tokens": self.input,
            "cache_creation_input_tokens": self.write_5m + self.write_1h,
            "cache_read_input_tokens": self.read,
            "output_tokens": self.output,
            "output_tokens_details": {"thinking_tokens": 0},
            "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
            "service_tier": "standard",
            "cache_creation": {
                "ephemeral_1h_input_tokens": self.write_1h,
                "ephemeral_5m_input_tokens": self.write_5m,
            },
            "inference_geo": "",
            "iterations": [],
            "speed": "standard",
            "fallback_credit": None,
        }


_CACHE_WRITES = ("cacheCreationEphemeral5mInputTokens", "cacheCreationEphemeral1hInputTokens")


def _account(model: str, tokens: TokenCounts) -> dict[str, Any]:
    price = price_of(model)
    return {
        "inputTokens": tokens.input,
        "outputTokens": tokens.output,
        "cacheReadInputTokens": tokens.read,
        "cacheCreationInputTokens": tokens.write_5m + tokens.write_1h,
        "webSearchRequests": 0,
        "costUSD": tokens.cost(model),
        "contextWindow": price.window,
        "maxOutputTokens": 128_000 if price.window > 200_000 else 64_000,
        "thinkingTokens": 0,
        "cacheCreationEphemeral5mInputTokens": tokens.write_5m,
        "cacheCreationEphemeral1hInputTokens": tokens.write_1h,
        "canonicalModel": model,
        "provider": "firstParty",
        "costBasis": "list",
    }


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

    def by_model(self) -> dict[str, Any]:
        return {model: _account(model, tokens) for model, tokens in self._models.items()}

    def since_mark(self) -> dict[str, Any]:
        """What came since the last call of this method: one result's own share."""
        share = {
            model: tokens.minus(self._mark.get(model, TokenCounts()))
            for model, tokens in self._models.items()
        }
        self._mark = dict(self._models)
        return {model: _account(model, tokens) for model, tokens in share.items() if any(tokens)}

    def state(self, session: str, began: float, lasted: float) -> dict[str, Any]:
        """The transcript's `cost-state` line, by which a later process takes the sum up."""
        drop = ("contextWindow", "maxOutputTokens", "canonicalModel", "provider", "costBasis")
        models = {
            model: {key: value for key, value in account.items() if key not in drop}
            for model, account in self.by_model().items()
        }
        return {
            "type": "cost-state",
            "sessionId": session,
            "totalCostUSD": self.total,
            "totalAPIDuration": round(self.api_s * 1000),
            "totalAPIDurationWithoutRetries": round(self.api_s * 1000),
            "totalToolDuration": round(self.tool_s * 1000),
            "totalLinesAdded": self.lines_added,
            "totalLinesRemoved": self.lines_removed,
            "totalDuration": round(lasted * 1000),
            "startTime": round(began * 1000),
            "modelUsage": models,
            "hasUnknownModelCost": False,
        }

    def carry(self, state: dict[str, Any]) -> None:
        """Takes up the sums of an earlier process from its last `cost-state` line."""
        keys = ("inputTokens", "outputTokens", *_CACHE_WRITES, "cacheReadInputTokens")
        for model, account in state.get("modelUsage", {}).items():
            self.add(str(model), TokenCounts(*(int(account.get(key, 0)) for key in keys)))
        self._mark = dict(self._models)
        self.api_s += state.get("totalAPIDuration", 0) / 1000
        self.tool_s += state.get("totalToolDuration", 0) / 1000
        self.lines_added += int(state.get("totalLinesAdded", 0))
        self.lines_removed += int(state.get("totalLinesRemoved", 0))
