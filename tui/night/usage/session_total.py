"""A session's running total as the CLI tells it, and what the table of prices made of it before."""

from __future__ import annotations

from msgspec import Struct, field

_PAST = 64
ModelTotals = dict[str, tuple[int, float, int]]
"""What a result tells of each model: tokens of its prompts, USD, tokens of its answers."""
NONE = (0, 0.0, 0)


class ModelSum(Struct):
    """Tokens of prompts and answers of one model, and USD."""

    prompt: int = 0
    output: int = 0
    usd: float = 0.0

    def add(self, prompt: int, output: int, usd: float) -> None:
        self.prompt += prompt
        self.output += output
        self.usd += usd


class EstimateBefore(Struct):
    """What the table made of the answers that totals then accounted for, at that moment.

    `loose` of them had not told their output tokens; `unpriced` names models without a price.
    """

    usd: float = 0.0
    answers: int = 0
    loose: int = 0
    unpriced: list[str] = []


class SessionTotal(Struct):
    """A session's running total: `base` came from its parent, `closed` from starts before this one."""

    total: float = 0.0
    base: float = 0.0
    closed: float = 0.0
    by_model_total: ModelTotals = {}
    base_by_model: ModelTotals = {}
    closed_by_model: dict[str, ModelSum] = {}
    at: float | None = None
    source: int = -1
    past: list[tuple[float, ModelTotals]] = []
    before: EstimateBefore = field(default_factory=EstimateBefore)
    incomplete: bool = False

    @property
    def usd(self) -> float:
        """What this session itself spent."""
        return self.closed + self.total - self.base

    def by_model(self) -> dict[str, ModelSum]:
        """The same by model, with its tokens."""
        spent = {
            name: ModelSum(old.prompt, old.output, old.usd)
            for name, old in self.closed_by_model.items()
        }
        for model, (prompt, usd, output) in self.by_model_total.items():
            prompt_before, usd_before, output_before = self.base_by_model.get(model, NONE)
            spent.setdefault(model, ModelSum()).add(
                prompt - prompt_before, output - output_before, usd - usd_before
            )
        return spent

    def remember(self, total: float, told: ModelTotals) -> None:
        """A fork may carry on any total that this session once had."""
        if not self.past or self.past[-1][0] != total:
            self.past.append((total, told))
            del self.past[:-_PAST]

    def start_over(self) -> None:
        """The next total begins at zero; what was spent so far stays spent."""
        self.closed_by_model = self.by_model()
        self.closed += self.total - self.base
        self.total = self.base = 0.0
        self.by_model_total, self.base_by_model = {}, {}
