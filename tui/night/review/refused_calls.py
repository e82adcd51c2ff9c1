"""What a review says of calls that were refused permission: how many, which, the rule that allows each."""

from __future__ import annotations

from collections.abc import Sequence

from tui.model.events import SourceRef
from tui.model.permissions.refusals import Refusals, RefusedCall
from tui.model.review import Reason, Severity
from tui.model.stall import Stall
from tui.model.state import StallLevel
from tui.night.review.trouble import worst_refusals
from tui.system.format import format_count, shorten

_MANY = 10
"""So many refusals cost work even where it went on in between."""
_NAMED = 3
_SHOWN = 60
_LINE = 160


def refused_reasons(stalls: Sequence[Stall], refusals: Refusals) -> list[Reason]:
    """Why the night cannot simply be kept: refused permissions kept it from working."""
    found = []
    if refusals.kept_from:
        what = " and ".join(refusals.kept_from).capitalize()
        times = format_count(refusals.tests_refused + refusals.commits_refused, "time")
        text = f"{what} were refused permission {times}, and none was let run."
        found.append(Reason(text, refusals.calls[0].first_ref if refusals.calls else None))
    worst = worst_refusals(stalls)
    if worst is not None and worst.level.rank >= StallLevel.SUSPECTED.rank:
        calls = f"{format_count(worst.count, 'call was', 'calls were')} refused permission"
        text = f"{calls}: {shorten(worst.pattern, _SHOWN)}."
        found.append(Reason(text, next(iter(worst.refs), None)))
    elif refusals.count >= _MANY and refusals.calls:
        most = refusals.calls[0]
        text = f"{format_count(refusals.count, 'call was', 'calls were')} refused permission: {_named(most)}."
        found.append(Reason(text, most.first_ref))
    return found[:1]


def refusal_point(
    stalls: Sequence[Stall], refusals: Refusals, total: int, where: SourceRef | None
) -> tuple[Severity, str, SourceRef | None] | None:
    """The point of attention: its weight, its words, where the first stands; None where nothing was refused."""
    if not total:
        return None
    worst = worst_refusals(stalls)
    is_bad = worst is not None and worst.level.rank >= StallLevel.SUSPECTED.rank
    severity: Severity = "medium" if is_bad or refusals.kept_from or total >= _MANY else "low"
    named = [_named(call) for call in refusals.calls[:_NAMED]]
    more = len(refusals.calls) - len(named)
    named += [f"{more} more"] if more > 0 else []
    calls = format_count(total, "call was", "calls were")
    if refusals.calls:
        where = refusals.calls[0].first_ref
    which = f": {'; '.join(named)}" if named else ""
    return severity, shorten(f"{calls} refused permission{which}", _LINE), where


def refusal_row(call: RefusedCall) -> dict[str, object]:
    """Calls of one kind for JSON: the newest, how many, who refused, the rules that allow it."""
    rule = call.rule or None
    return {"call": call.shown, "count": call.count, "why": call.kind.value, "rule": rule}


def _named(call: RefusedCall) -> str:
    times = f" ×{call.count}" if call.count > 1 else ""
    return f"{shorten(call.pattern.removeprefix('Bash '), _SHOWN)}{times} ({call.why})"
