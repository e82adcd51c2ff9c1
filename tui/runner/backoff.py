"""When a session that broke off is taken up again, and when that is given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.settings.original_sections import RecoverySettings


def delay(failures: int, rules: RecoverySettings, draw: Callable[[], float]) -> float:
    """Seconds to wait before the restart that follows `failures` earlier ones.

    It doubles each time, varies by the configured share, and keeps within the least and the most.
    `draw` gives a number from 0 to 1.
    """
    jitter = rules.backoff_jitter_pct / 100
    # Beyond 2^40 every wait is the longest one.
    whole = rules.backoff_base_seconds * 2.0 ** min(failures, 40)
    varied = whole * (1 - jitter + 2 * jitter * draw())
    longest = max(rules.backoff_max_seconds, rules.backoff_min_seconds)
    return min(max(varied, rules.backoff_min_seconds), longest)


def counted(restarts: Sequence[float], elapsed: float, rules: RecoverySettings) -> list[float]:
    """The restarts that still count at `elapsed` seconds of the run."""
    oldest = elapsed - rules.window_minutes * 60
    return [at for at in restarts if at > oldest]


def exhausted(restarts: Sequence[float], elapsed: float, rules: RecoverySettings) -> bool:
    """Whether no further restart is allowed now."""
    return len(counted(restarts, elapsed, rules)) >= rules.max_restarts
