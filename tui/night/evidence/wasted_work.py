"""Retries, repeated work, aborted turns."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tui.model.events import ApiRetry, SourceRef, ToolCall, ToolResult
from tui.night.activity import EDITING

MOST = 400
_REMEMBERED = 600
_AFTER_CALLS = 40
_AFTER_S = 1_800.0
_SAME_EPISODE = 120.0
_AGAIN = EDITING | {"Read"}


class RetryStreak(Struct, frozen=True):
    """Attempts that followed each other until the API answered at `until`, or nobody tried again."""

    since: float
    until: float
    attempts: int
    status: int
    error: str
    ref: SourceRef


class RepeatedCall(Struct, frozen=True):
    """A call with the same arguments as one before the compaction of `compacted_at`."""

    called_at: float
    at: float
    tool: str
    target: str
    compacted_at: float
    ref: SourceRef


class AbortedTurn(Struct, frozen=True):
    """A turn without a result: `kept_at` is when it last changed a file or committed.

    `ref` is the last thing recorded in it.
    """

    began: float
    kept_at: float
    until: float
    why: Literal["process ended", "interrupted", "broke off"]
    ref: SourceRef


class WastedWork(Struct, frozen=True):
    """Everything noted, oldest first; `open_turn` is the turn that has no end yet.

    `retrying` are the attempts that nothing followed so far.
    """

    retries: tuple[RetryStreak, ...] = ()
    call_repeated: tuple[RepeatedCall, ...] = ()
    cuts: tuple[AbortedTurn, ...] = ()
    open_turn: AbortedTurn | None = None
    retrying: RetryStreak | None = None


class WasteLog(Struct):
    """Collects losses of the main conversation."""

    retries: list[RetryStreak] = []
    call_repeated: list[RepeatedCall] = []
    cuts: list[AbortedTurn] = []
    waiting: bool = False
    calls: dict[str, float] = {}
    before: dict[str, float] = {}
    compacted_at: float = 0.0
    left: int = 0
    began: float | None = None
    starting: bool = False
    kept_at: float = 0.0
    last: float = 0.0
    ref: SourceRef | None = None
    last_ref: SourceRef | None = None

    def retried(self, body: ApiRetry, at: float | None, ref: SourceRef) -> None:
        """The API failed and will be called again; two files may tell of the same attempt.

        What is not dated begins when the attempt before it was due.
        """
        last = self.retries[-1] if self.waiting else None
        if at is None:
            at = last.until if last is not None else self.last
        due = at + body.delay_s
        if last is not None and at <= last.until + _SAME_EPISODE:
            attempts = max(last.attempts, body.attempt)
            until = max(last.until, due)
            self.retries[-1] = RetryStreak(
                last.since, until, attempts, body.status, body.error, last.ref
            )
        else:
            attempts = max(1, body.attempt)
            self.retries.append(RetryStreak(at, due, attempts, body.status, body.error, ref))
            del self.retries[:-MOST]
        self.waiting = True

    def progress_seen(self, at: float | None, ref: SourceRef) -> None:
        """The API answered, or the turn ended: waiting for it is over."""
        if self.waiting:
            self.waiting = False
            last = self.retries[-1]
            until = last.until if at is None or at <= last.since else min(at, last.until)
            self.retries[-1] = RetryStreak(
                last.since, until, last.attempts, last.status, last.error, last.ref
            )
        if at is not None:
            self._dated(at)
            self.last, self.last_ref = max(self.last, at), ref

    def compacted(self, at: float | None) -> None:
        """The conversation was summarised: what comes again now was forgotten."""
        if at is None:
            return
        self.before.update(self.calls)
        self.calls = {}
        _forget(self.before)
        self.compacted_at, self.left = at, _AFTER_CALLS

    def answered(
        self,
        use: ToolCall,
        result: ToolResult,
        called: float | None,
        at: float | None,
        ref: SourceRef,
    ) -> None:
        """A call of the main conversation was answered."""
        if at is None:
            return
        self.last, self.last_ref = max(self.last, at), ref
        if self.left:
            self.left -= 1
        if use.name not in _AGAIN or result.is_error:
            return
        key = f"{use.name} {use.key}"
        if self.left and at - self.compacted_at <= _AFTER_S and key in self.before:
            since = called if called is not None else at
            self.call_repeated.append(
                RepeatedCall(since, at, use.name, use.target, self.compacted_at, ref)
            )
            del self.call_repeated[:-MOST]
            del self.before[key]
        self.calls[key] = at
        _forget(self.calls)

    def change_kept(self, at: float | None) -> None:
        """Something of this turn stays: a file was changed, a commit was made."""
        if at is not None and at > self.kept_at:
            self.kept_at = at

    def turn_begins(self, at: float | None, ref: SourceRef, cut: bool) -> None:
        """A turn begins; `cut` says that the one before it is still owed its end."""
        if cut:
            self.turn_aborted(at, "process ended")
        if self.began is not None:
            return
        self.starting, self.ref = True, ref  # the stream does not date the beginning of a turn
        if at is not None:
            self._dated(at)

    def _dated(self, at: float) -> None:
        """The first moment that is known of a turn that began."""
        if self.starting:
            self.starting = False
            self.began = self.kept_at = self.last = at

    def turn_ends(self, at: float | None, ref: SourceRef) -> None:
        """The turn has its end."""
        self.progress_seen(at, ref)
        self.began, self.starting = None, False

    def turn_aborted(
        self, at: float | None, why: Literal["process ended", "interrupted", "broke off"]
    ) -> None:
        """The turn will not have an end any more."""
        cut = self.open_turn(why)
        if cut is not None:
            self.cuts.append(cut)
            del self.cuts[:-MOST]
        self.began, self.starting = None, False
        self.waiting = False

    def open_turn(
        self, why: Literal["process ended", "interrupted", "broke off"] = "broke off"
    ) -> AbortedTurn | None:
        """The turn going on, as a turn cut off now would be told of."""
        if self.began is None or self.ref is None or self.last <= self.began:
            return None
        ref = self.last_ref or self.ref
        return AbortedTurn(self.began, max(self.began, self.kept_at), self.last, why, ref)

    def losses(self) -> WastedWork:
        """Everything noted so far."""
        retrying = self.retries[-1] if self.waiting and self.retries else None
        return WastedWork(
            tuple(self.retries),
            tuple(self.call_repeated),
            tuple(self.cuts),
            self.open_turn(),
            retrying,
        )


def _forget(calls: dict[str, float]) -> None:
    while len(calls) > _REMEMBERED:
        del calls[next(iter(calls))]
