"""A usage limit as far as the session was told of it."""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import TurnResult
from tui.model.failures import ApiFailure, LimitNotice


class UsageLimit(Struct, frozen=True):
    """A limit that stops the session until `resets_at`; `words` and `latest` as in `LimitNotice`."""

    window: str
    resets_at: float | None
    since: float | None
    words: str = ""
    latest: float | None = None

    def is_over(self, now: float) -> bool:
        """Whether it was surely lifted before `now`."""
        last = self.latest if self.resets_at is None else self.resets_at
        return last is not None and now > last


def told_limit(before: UsageLimit | None, notice: LimitNotice, at: float | None) -> UsageLimit:
    """The limit after `notice` came; what was known before and is not told again still holds."""
    if before is None or (at is not None and before.is_over(at)):
        before = UsageLimit("", None, at)
    return UsageLimit(
        notice.window or before.window,
        before.resets_at if notice.resets_at is None else notice.resets_at,
        before.since,
        notice.words or before.words,
        before.latest if notice.latest is None else notice.latest,
    )


def tells_failure(result: TurnResult, failure: ApiFailure | None) -> bool:
    """Whether a result that calls itself a success has nothing but the error before it."""
    return failure is not None and bool(failure.text) and result.text[:60] == failure.text[:60]
