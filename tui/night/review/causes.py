"""What stood behind many calls of a night: one error, one refusal, one wait, each in one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.model.events import SourceRef
from tui.model.permissions.refusals import Refusals
from tui.model.review import Cause
from tui.model.stall import Stall
from tui.model.state import StallKind
from tui.night.evidence.wasted_work import RetryStreak
from tui.system.format import shorten

_OFTEN = 3
_SHOWN = 100


def find_causes(
    stalls: Sequence[Stall],
    errors: Sequence[Cause],
    refusals: Refusals,
    retries: Sequence[RetryStreak] = (),
) -> tuple[Cause, ...]:
    """Each cause once, what came most often first.

    An error is counted over the whole night, a stall of the same error only where nothing counted it.
    """
    causes = [*errors, *_of_refusals(refusals), *_of_retries(retries)]
    known = {_words(one.what) for one in errors}
    groups: dict[tuple[str, str, int], list[Stall]] = {}
    for number, stall in enumerate(stalls):
        if not stall.count or stall.called_wrong_at is not None:
            continue
        if stall.kind == StallKind.SAME_ERROR and _words(stall.pattern) in known:
            continue
        if stall.kind == StallKind.REFUSED and refusals.count >= _OFTEN:
            continue
        alone = 0 if stall.pattern else number + 1
        groups.setdefault((stall.kind, stall.pattern, alone), []).append(stall)
    causes += [_of_stalls(group) for group in groups.values()]
    return tuple(sorted(causes, key=lambda cause: -cause.count))


def _words(text: str) -> str:
    """What is the same of a cause however much of it is shown."""
    return text.rstrip("…")[:60]


def _of_stalls(group: Sequence[Stall]) -> Cause:
    worst = max(group, key=lambda stall: stall.count)
    what = next(iter(worst.evidence), worst.kind)
    if len(group) > 1:
        what = f"{what}, and {len(group) - 1} more of the kind"
    places = [ref for stall in group for ref in _in_order(stall)]
    count = sum(stall.count for stall in group)
    first, last = next(iter(places), None), next(reversed(places), None)
    return Cause(what, count, first, last, group[0].since or None)


def _in_order(stall: Stall) -> Sequence[SourceRef]:
    return tuple(step.ref for step in stall.steps) or stall.refs


def _of_refusals(refusals: Refusals) -> Iterator[Cause]:
    """Refused calls by what they asked; a pattern that came seldom is counted with the others only."""
    for call in refusals.calls:
        if call.count >= _OFTEN:
            what = f"refused permission: {shorten(call.pattern, _SHOWN)} ({call.why})"
            yield Cause(what, call.count, call.first_ref, call.ref, None)


def _of_retries(retries: Sequence[RetryStreak]) -> Iterator[Cause]:
    """Attempts to reach the API by the answer that they got."""
    by_status: dict[int, list[RetryStreak]] = {}
    for streak in retries:
        by_status.setdefault(streak.status, []).append(streak)
    for status, streaks in by_status.items():
        attempts = sum(streak.attempts for streak in streaks)
        if attempts >= _OFTEN:
            answer = f"HTTP {status}" if status else "no connection"
            what = f"the API answered with {answer}" if status else f"the API: {answer}"
            first, last = streaks[0], streaks[-1]
            yield Cause(what, attempts, first.ref, last.ref, first.since)
