"""Why the session is thought to be stuck, or not: sentences, figures and events, in the order of reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tui.model.labels import DETECTORS, PROGRESS, remedy_of
from tui.model.snapshot import NightSnapshot
from tui.model.stall import DetectorName, DetectorRecord, Stall, StallWaste, Trouble
from tui.settings.settings import Settings
from tui.system.format import (
    format_clock,
    format_count,
    format_duration,
    format_money,
    format_running,
)
from widgets.lists.evidence_view import Figure, FigureHead, Item, Words, figure_of

_BY_ITSELF = {
    "notice": "nothing: it only notifies",
    "nudge": "a step back, at most twice",
    "interrupt": "a step back, at most twice; then a checkpoint and an interrupt",
    "end": "a step back, at most twice; then a checkpoint and an interrupt; then a graceful end",
}
Records = Mapping[DetectorName, DetectorRecord]


def why_items(night: NightSnapshot, settings: Settings, records: Records) -> list[Item]:
    """Everything that the page says of a snapshot."""
    first = night.troubles[0] if night.troubles else None
    stall = stall_of(night)
    items: list[Item] = [*_what(night, first, stall)]
    items += _figures(night, settings, stall)
    if stall is not None and stall.steps:
        title = f"What happened ({format_count(len(stall.steps), 'event')} of {stall.count} times)"
        items += [Words(""), Words(title, "heading"), *stall.steps]
    items += [Words(""), *_by_itself(night, settings, stall)]
    if stall is not None and stall.detector is not None:
        items += _detector(stall.detector, records.get(stall.detector))
    if others := night.troubles[1:]:
        items += [Words(""), Words("Also wrong now", "heading")]
        items += [Words(" ".join(filter(None, (one.badge, one.reason)))) for one in others]
    return [*items, Words(""), *_basis(night)]


def stall_of(night: NightSnapshot) -> Stall | None:
    """The stall that the page is about: that of the most urgent trouble, else the one that goes on."""
    first = night.troubles[0] if night.troubles else None
    return first.stall if first is not None and first.stall is not None else night.stall


def _what(night: NightSnapshot, first: Trouble | None, stall: Stall | None) -> Iterator[Item]:
    """The sentence, what would clear it, since when, and what it cost."""
    if first is None and stall is None:
        yield Words(night.activity.reason, "strong")
        yield Words("Nothing is wrong, as far as the record shows.", "ok")
        return
    if first is not None and first.stall is not stall:
        yield Words(first.reason, "strong")
    if stall is None:
        return
    evidence = stall.evidence or (night.activity.reason,)
    yield Words(evidence[0], "strong")
    if stall.rule:
        yield from _rule(stall)
    yield from map(Words, evidence[1:])
    if stall.detector is not None:
        yield Words(f"It ends when {DETECTORS[stall.detector].cleared_by}.")
    if not stall.rule:
        yield Words(f"What to do: {remedy_of(stall)}.")
    if stall.since:
        lasted = format_running(max(0.0, night.now - stall.since))
        yield Words(f"Since {format_clock(stall.since)}, for {lasted}.")
    if stall.waste is not None:
        yield Words(_cost(stall.waste))


def _cost(waste: StallWaste) -> str:
    """What was spent since the last progress."""
    last = PROGRESS[waste.last]
    when = "" if waste.since is None else f" at {format_clock(waste.since)}"
    spent = [format_count(waste.calls, "call")]
    if waste.seconds:
        spent.append(format_duration(waste.seconds))
    if waste.usd is not None:
        spent.append(format_money(waste.usd))
    return f"Last progress: {last}{when}. Since then {', '.join(spent)}."


def _rule(stall: Stall) -> Iterator[Item]:
    yield Words(
        "To add to permissions.allow of .claude/settings.local.json (y copies it):", "heading"
    )
    yield Words(f"  {stall.rule}", "code", stall.rule)


def _figures(night: NightSnapshot, settings: Settings, stall: Stall | None) -> Iterator[Item]:
    """Each signal with its value and the one from which on it counts."""
    yield Words("")
    yield FigureHead()
    signals = (*(stall.signals if stall is not None else ()), *night.nearness)
    yield from map(figure_of, dict.fromkeys(signals))
    if not signals:
        yield Words("  nothing repeats", "dim")
    activity, most = night.activity, settings.stalls.api_silence_seconds
    if not night.is_over and activity.last_sign_at is not None:
        quiet = activity.idle_seconds >= most
        now, says = format_running(activity.idle_seconds), "counts" if quiet else "not yet"
        yield Figure("silence", now, format_running(most), says, quiet)


def _by_itself(night: NightSnapshot, settings: Settings, stall: Stall | None) -> Iterator[Item]:
    """What happens if nobody presses a key."""
    if not night.run.supervised:
        yield Words("By itself: nothing, as no supervisor of ours watches this session.")
        return
    action = _BY_ITSELF[settings.stalls.loop_action]
    yield Words(f"By itself, when it is stuck: {action} (stalls.loop_action).")


def _detector(name: DetectorName, record: DetectorRecord | None) -> Iterator[Item]:
    words = DETECTORS[name]
    yield Words(f"Found by: {words.title}. {words.looks_for}")
    yield Words(record_words(record))


def record_words(record: DetectorRecord | None) -> str:
    """How right a detector was in this project so far."""
    if record is None or record.noticed < 2 > record.wrong + 1:
        return "This is its first notice in this project."
    if not record.wrong:
        times = format_count(record.noticed, "time")
        return f"It was shown {times} here, and nobody called it wrong."
    return f"This detector was wrong {record.wrong} of {record.noticed} times here."


def _basis(night: NightSnapshot) -> Iterator[Item]:
    """What is at work, and what the figures in the header rest on."""
    activity = night.activity
    if activity.last_sign_at is not None:
        yield Words(f"last sign of life {format_clock(activity.last_sign_at)}", "dim")
    for tool in activity.tools:
        since = "" if tool.since is None else f" since {format_clock(tool.since)}"
        yield Words(f"running {tool.name}{since}: {tool.target}", "dim")
    yield Words(f"cost: {night.cost.reason or night.cost.source}", "dim")
    for note in night.cost.notes:
        yield Words(f"  {note}", "dim")
    if night.context.used:
        yield Words(f"context window known by: {night.context.basis}", "dim")
