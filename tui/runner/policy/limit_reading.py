"""How much of one limit is used, and how the journal says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui.model.state import LimitKind

_UNIT_SECONDS = {LimitKind.RUNTIME: 3600.0, LimitKind.IDLE: 60.0}
"""Seconds in the unit of a setting that bounds time."""


@dataclass(frozen=True)
class LimitReading:
    """How much of one limit is used; a share of `shares` is warned of when it is reached.

    `ends` is False for what is only warned of and never ends a run. `wind_down` is the value from which the
    agent is asked for its hand-over note, where that is before the limit; None where it is the limit itself.
    """

    limit: LimitKind
    value: float
    allowed: float
    shares: tuple[float, ...]
    value_text: str
    allowed_text: str
    ends: bool = True
    wind_down: float | None = None

    @classmethod
    def of(
        cls,
        limit: LimitKind,
        value: float,
        allowed: float,
        shares: tuple[float, ...],
        text: Callable[[float], str],
    ) -> LimitReading:
        return cls(limit, value, allowed, shares, text(value), text(allowed))

    @property
    def share(self) -> float:
        return self.value / self.allowed if self.allowed else 0.0

    @property
    def is_reached(self) -> bool:
        return self.ends and self.value >= self.allowed

    @property
    def winds_down(self) -> bool:
        """Whether what is left is for the hand-over note."""
        return self.ends and self.wind_down is not None and self.value >= self.wind_down

    @property
    def text(self) -> str:
        return f"{self.value_text} of {self.allowed_text}"

    def journal_data(self, share: float) -> dict[str, object]:
        """`used` and `bound` are in the unit of the limit's setting."""
        unit = _UNIT_SECONDS.get(self.limit, 1.0)
        return {
            "limit": self.limit,
            "value": self.value_text,
            "allowed": self.allowed_text,
            "used": round(self.value / unit, 4),
            "bound": round(self.allowed / unit, 4),
            "share": share,
        }
