"""What the record shows of a session that is stuck, or that nothing repeats."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.model.labels import describe_effect, describe_message, describe_waste, remedy_of
from tui.model.rows import EventRow
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall, StallStep
from tui.model.state import StallKind
from tui.monitor.rows.event_index import EventIndex
from tui.system.format import (
    format_count,
    format_duration_rough,
    format_local,
    format_money,
)
from widgets.ink import Line, Role
from widgets.line_layout import spread, wrap
from widgets.lists.evidence_view import stall_rows
from widgets.text.documents import LaidOutDocument, RowDocument
from widgets.text_cells import clip, visible

_MOST_STEPS = 5
_NARROW_STEPS = 3
_NARROW = 66
_LEAST_FOR_HEADING = 50
_MOST_FAILURES = 4
_MOST_LOOKED_AT = 300
_BEGINNINGS = frozenset(("user", "init", "compaction", "commit"))
"""Kinds of rows with which a step begins: a prompt, a restart, a compaction, a commit."""
_MOST_EARLIER = 2


def evidence_document(
    snapshot: NightSnapshot, failures: Callable[[], Sequence[EventRow]]
) -> RowDocument:
    """The rule that would help, what repeats as a table, what it cost; else the last failures."""
    stall = snapshot.stall

    def build(width: int) -> Sequence[Line]:
        if stall is None or not stall.evidence:
            rows = _of_no_loop(failures(), width)
        else:
            rows = _of_stall(stall, width)
        earlier = [_wrapped(sentence, "person", width) for sentence in earlier_help(snapshot)]
        helped = [row for sentence in earlier for row in sentence]
        # Where there is room for both, what came of help stands where nobody has to scroll to it.
        return [*helped, *rows] if width >= _NARROW else [*rows, *helped]

    return LaidOutDocument(build)


def earlier_help(snapshot: NightSnapshot) -> list[str]:
    """What was done for it last, how far that came, and what came after it."""
    done = snapshot.interventions
    found = [(one.at, describe_message(one)) for one in done.injections]
    others = [
        *(
            (one.at, f"{'undo' if one.undo else 'rewind'} to {one.checkpoint}", one.effect)
            for one in done.rewinds
        ),
        *((one.at, one.kind, one.effect) for one in done.others if one.effect is not None),
    ]
    for at, what, effect in others:
        after = f": {describe_effect(effect)}" if effect is not None else ""
        found.append((at, f"{what} at {format_local(at)}{after}"))
    newest = sorted(found)[-_MOST_EARLIER:]
    return [f"{sentence[:1].upper()}{sentence[1:]}." for _, sentence in newest]


def _of_stall(stall: Stall, width: int) -> list[Line]:
    rows: list[Line] = []
    if stall.rule:
        rows += _wrapped(f"The rule that would allow it: {stall.rule}", "strong", width)
        rows += _wrapped("It goes into permissions.allow; x says how.", "dim", width)
    elif stall.kind == StallKind.REFUSED:
        rows += _wrapped(f"{remedy_of(stall)[:1].upper()}{remedy_of(stall)[1:]}.", "strong", width)
    heading = "What the record shows" if width >= _LEAST_FOR_HEADING else "Evidence"
    rows.append(spread([(heading, "strong")], [(f" {_size(stall)}", "dim")], width))
    most = _MOST_STEPS if width >= _NARROW else _NARROW_STEPS
    rows += stall_rows(stall.steps[-most:] if width >= _NARROW else stall.steps, width, most=most)
    for sentence in stall.evidence:
        # The table says it too: a row is enough.
        rows += (
            [[(clip(visible(sentence), width), "text")]]
            if stall.steps
            else _wrapped(sentence, "text", width)
        )
    if stall.waste is not None:
        rows += _wrapped(describe_waste(stall.waste), "dim", width)
    return rows


def _of_no_loop(failures: Sequence[EventRow], width: int) -> list[Line]:
    rows: list[Line] = [[("Nothing repeats.", "strong")]]
    steps = [
        StallStep(
            row.at, f"{row.label} {row.text}".strip(), row.outcome, row.ref, row.seconds, True
        )
        for row in failures
        if row.ref is not None
    ]
    if not steps:
        return [*rows, *_wrapped("No call of this step has failed.", "dim", width)]
    rows += _wrapped("The last failures of this step:", "dim", width)
    return [*rows, *stall_rows(steps, width)]


def _wrapped(sentence: str, role: Role, width: int) -> list[Line]:
    return [*wrap([(visible(sentence), role)], width)]


def _size(stall: Stall) -> str:
    """How often, for how long, for how much."""
    parts = []
    if stall.count:
        parts.append(format_count(stall.count, "round"))
    if stall.last_at is not None and stall.last_at > stall.since > 0:
        parts.append(format_duration_rough(stall.last_at - stall.since))
    if stall.waste is not None and stall.waste.usd is not None:
        parts.append(format_money(stall.waste.usd))
    return ", ".join(parts)


def last_failures(index: EventIndex, most: int = _MOST_FAILURES) -> list[EventRow]:
    """At most `most` rows with an error, oldest first; none from before the step began."""
    found: list[EventRow] = []
    last = len(index) - 1
    for number in range(last, max(-1, last - _MOST_LOOKED_AT), -1):
        row = index.row(number)
        if row.mark == "error":
            found.append(row)
        if row.kind in _BEGINNINGS or len(found) >= most:
            break
    return found[::-1]
