"""A stall and an effect as the objects that commands print."""

from __future__ import annotations

from tui.model.interventions import Effect
from tui.model.json.common import RefObject, SignalObject, StallStepObject, StallWasteObject
from tui.model.json.status import EffectObject, StallObject, StallWord
from tui.model.labels import describe_effect, remedy_of
from tui.model.stall import Stall, StallWaste
from tui.model.state import StallKind, StallLevel
from tui.system.format import iso

_LEVELS: dict[StallLevel, StallWord] = {
    StallLevel.NOTICE: "notice",
    StallLevel.SUSPECTED: "suspected",
    StallLevel.STUCK: "stuck",
}
_LEVELS_OF_KINDS: dict[StallKind, StallWord] = {
    StallKind.LIMIT_WAIT: "notice",
    StallKind.PROCESS_GONE: "stuck",
}


def stall_level(stall: Stall) -> StallWord:
    """How far a stall has gone, in the word of the contract; silence alone proves nothing."""
    by_kind = _LEVELS_OF_KINDS.get(stall.kind, "suspected")
    return "notice" if stall.waiting else _LEVELS.get(stall.level, by_kind)


def stall_object(stall: Stall) -> StallObject:
    """A stall with what a person can do about it."""
    return StallObject(
        kind=stall.kind,
        level=stall_level(stall),
        since=iso(stall.since or None),
        evidence=list(stall.evidence),
        remedy=remedy_of(stall),
        detector=stall.detector,
        count=stall.count,
        signals=signals(stall),
        waste=waste(stall.waste),
        rule=stall.rule or None,
        steps=steps(stall),
    )


def signals(stall: Stall) -> list[SignalObject]:
    """The figures that the detector judged by."""
    return [SignalObject(one.name, one.value, one.threshold, one.unit) for one in stall.signals]


def steps(stall: Stall) -> list[StallStepObject]:
    """The events that the finding rests on."""
    return [
        StallStepObject(
            iso(one.at),
            one.words,
            one.outcome,
            None if one.seconds is None else round(one.seconds, 3),
            one.is_error,
            RefObject(one.ref.source, one.ref.offset, one.ref.uuid),
        )
        for one in stall.steps
    ]


def waste(told: StallWaste | None) -> StallWasteObject | None:
    """What was spent since the last progress."""
    if told is None:
        return None
    usd = None if told.usd is None else round(told.usd, 6)
    return StallWasteObject(
        told.calls, round(told.seconds, 3), usd, iso(told.since or None), told.last
    )


def effect_object(effect: Effect | None) -> EffectObject | None:
    """What came after a message."""
    if effect is None:
        return None
    return EffectObject(
        words=describe_effect(effect),
        since=iso(effect.since) or "",
        until=iso(effect.until),
        calls=effect.calls,
        different=effect.different,
        goes_on=effect.goes_on,
        ended_at=iso(effect.ended_at),
        again_at=iso(effect.again_at),
        contents=effect.contents,
        commits=effect.commits,
        tasks=effect.tasks,
        tests=effect.tests or None,
        tests_at=iso(effect.tests_at),
    )
