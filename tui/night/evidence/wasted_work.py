"""Retries, repeated work, aborted turns."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tui.model.cli_commands import EDITING
from tui.model.events import ApiRetry, SourceRef, ToolCall, ToolResult
from tui.model.review import Cause

MOST = 400
_REMEMBERED = 600
_AFTER_CALLS = 40
_AFTER_S = 1_800.0
_SAME_EPISODE = 120.0
_AGAIN = EDITING | {"Read"}
_Why = Literal["process ended", "interrupted", "broke off"]


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
    why: _Why
    ref: SourceRef


class WastedWork(Struct, frozen=True):
    """Everything noted, oldest first; `open_turn` is the turn that has no end yet.

    `retrying` are the attempts that nothing followed so far, `errors` causes behind several failed calls.
    """

    retries: tuple[RetryStreak, ...] = ()
    repeated_calls: tuple[RepeatedCall, ...] = ()
    aborted_turns: tuple[AbortedTurn, ...] = ()
    open_turn: AbortedTurn | None = None
    retrying: RetryStreak | None = None
    errors: tuple[Cause, ...] = ()


class WasteLog(Struct):
    """Collects the wasted work of the main conversation."""

    retries: list[RetryStreak] = []
    repeated_calls: list[RepeatedCall] = []
    aborted_turns: list[AbortedTurn] = []
    is_retrying: bool = False
    calls: dict[str, float] = {}
    calls_before_compaction: dict[str, float] = {}
    compacted_at: float = 0.0
    calls_left: int = 0
    turn_began: float | None = None
    turn_undated: bool = False
    kept_at: float = 0.0
    last: float = 0.0
    ref: SourceRef | None = None
    last_ref: SourceRef | None = None

    def on_retry(self, body: ApiRetry, at: float | None, ref: SourceRef) -> None:
        """The API failed and will be called again; two files may tell of the same attempt.

        What is not dated begins when the attempt before it was due.
        """
        last = self.retries[-1] if self.is_retrying else None
        if at is None:
            at = last.until if last is not None else self.last
        due = at + body.delay_s
        if last is not None and at <= last.until + _SAME_EPISODE:
            self.retries[-1] = replace(
                last,
                until=max(last.until, due),
                attempts=max(last.attempts, body.attempt),
                status=body.status,
                error=body.error,
            )
        else:
            attempts = max(1, body.attempt)
            self.retries.append(RetryStreak(at, due, attempts, body.status, body.error, ref))
            del self.retries[:-MOST]
        self.is_retrying = True

    def on_progress(self, at: float | None, ref: SourceRef) -> None:
        """The API answered, or the turn ended: waiting for it is over."""
        if self.is_retrying:
            self.is_retrying = False
            last = self.retries[-1]
            until = last.until if at is None or at <= last.since else min(at, last.until)
            self.retries[-1] = replace(last, until=until)
        if at is not None:
            self._dated(at)
            self.last, self.last_ref = max(self.last, at), ref

    def on_compaction(self, at: float | None) -> None:
        """The conversation was summarised: what comes again now was forgotten."""
        if at is None:
            return
        self.calls_before_compaction.update(self.calls)
        self.calls = {}
        _forget(self.calls_before_compaction)
        self.compacted_at, self.calls_left = at, _AFTER_CALLS

    def on_tool_result(
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
        if self.calls_left:
            self.calls_left -= 1
        if use.name not in _AGAIN or result.is_error:
            return
        key = f"{use.name} {use.key}"
        soon = self.calls_left and at - self.compacted_at <= _AFTER_S
        if soon and self.calls_before_compaction.pop(key, None) is not None:
            since = called if called is not None else at
            again = RepeatedCall(since, at, use.name, use.target, self.compacted_at, ref)
            self.repeated_calls.append(again)
            del self.repeated_calls[:-MOST]
        self.calls[key] = at
        _forget(self.calls)

    def on_change(self, at: float | None) -> None:
        """Something of this turn stays: a file was changed, a commit was made."""
        if at is not None and at > self.kept_at:
            self.kept_at = at

    def begin_turn(self, at: float | None, ref: SourceRef, cut: bool) -> None:
        """A turn begins; `cut` says that the one before it is still owed its end."""
        if cut:
            self.abort_turn(at, "process ended")
        if self.turn_began is not None:
            return
        self.turn_undated, self.ref = True, ref  # the stream does not date the beginning of a turn
        if at is not None:
            self._dated(at)

    def _dated(self, at: float) -> None:
        """The first moment that is known of a turn that began."""
        if self.turn_undated:
            self.turn_undated = False
            self.turn_began = self.kept_at = self.last = at

    def end_turn(self, at: float | None, ref: SourceRef) -> None:
        """The turn has its end."""
        self.on_progress(at, ref)
        self.turn_began, self.turn_undated = None, False

    def abort_turn(self, at: float | None, why: _Why) -> None:
        """The turn will not have an end any more."""
        cut = self.open_turn(why)
        if cut is not None:
            self.aborted_turns.append(cut)
            del self.aborted_turns[:-MOST]
        self.turn_began, self.turn_undated = None, False
        self.is_retrying = False

    def open_turn(self, why: _Why = "broke off") -> AbortedTurn | None:
        """The turn going on, as a turn cut off now would be told of."""
        if self.turn_began is None or self.ref is None or self.last <= self.turn_began:
            return None
        ref = self.last_ref or self.ref
        return AbortedTurn(self.turn_began, max(self.turn_began, self.kept_at), self.last, why, ref)

    def wasted_work(self, errors: tuple[Cause, ...] = ()) -> WastedWork:
        """Everything noted so far, with the causes behind several failed calls."""
        noted = (tuple(self.retries), tuple(self.repeated_calls), tuple(self.aborted_turns))
        retrying = self.retries[-1] if self.is_retrying and self.retries else None
        return WastedWork(*noted, self.open_turn(), retrying, errors)


def _forget(calls: dict[str, float]) -> None:
    while len(calls) > _REMEMBERED:
        del calls[next(iter(calls))]
