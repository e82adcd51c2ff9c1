"""What a session waits for: a tool's answer, a retry, the end of a limit, a person's leave."""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import SourceRef, ToolCall, TurnResult
from tui.model.failures import ApiFailure, LimitNotice


class OpenToolCall(Struct):
    """A tool call without an answer yet."""

    call: ToolCall
    ref: SourceRef
    thread: str
    since: float | None
    message: str = ""


class PendingRetry(Struct, frozen=True):
    """A retry to come: the attempt, its limit, when, and why."""

    attempt: int
    limit: int
    due: float | None
    since: float | None
    status: int
    error: str

    @property
    def limited(self) -> bool:
        """Whether it is a limit that makes it wait, and not a failure."""
        return self.status == 429 or "rate_limit" in self.error


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


class PendingQuestion(Struct, frozen=True):
    """Somebody must allow something."""

    subject: str
    since: float | None


def merge_limit_notice(
    before: UsageLimit | None, notice: LimitNotice, at: float | None
) -> UsageLimit:
    """The limit after `notice` came; what was known before and is not told again still holds."""
    if before is None or (at is not None and before.is_over(at)):
        before = UsageLimit("", None, at)
    from_event = before.resets_at is not None and not before.words
    if from_event and notice.words and notice.window in ("", before.window):
        return before  # an event names the second, words after it at most the minute
    return UsageLimit(
        notice.window or before.window,
        before.resets_at if notice.resets_at is None else notice.resets_at,
        before.since,
        notice.words or before.words,
        before.latest if notice.latest is None else notice.latest,
    )


def repeats_failure(result: TurnResult, failure: ApiFailure | None) -> bool:
    """Whether a result that calls itself a success has nothing but the error before it."""
    return failure is not None and bool(failure.text) and result.text[:60] == failure.text[:60]
