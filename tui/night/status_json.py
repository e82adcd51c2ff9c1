"""status --json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tui.model.interventions import Effect
from tui.model.json.common import (
    SCHEMA,
    ExitObject,
    GapObject,
    LimitObject,
    LimitsObject,
    RefObject,
    RunObject,
    SignalObject,
    StallStepObject,
    StallWasteObject,
)
from tui.model.json.status import (
    ContextObject,
    CostObject,
    EffectObject,
    EventsObject,
    InjectionObject,
    OtherSession,
    ProgressObject,
    SectionObject,
    StallObject,
    StallWord,
    StatusObject,
    TestsObject,
    TokensObject,
)
from tui.model.labels import describe_effect, remedy_of
from tui.model.session import KnownSession
from tui.model.snapshot import Cost, NightSnapshot
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


def status(
    night: NightSnapshot, project: str, host: str, others: Iterable[KnownSession] = ()
) -> dict[str, Any]:
    """The object that `status --json` prints; keys and types are a contract (`model.json.status`).

    `host` is this machine, which is named where the run does not name its own.
    """
    told: dict[str, Any] = msgspec.to_builtins(_status(night, project, host, others))
    return told


def _status(
    night: NightSnapshot, project: str, host: str, others: Iterable[KnownSession]
) -> StatusObject:
    tokens, context, activity = night.tokens, night.context, night.activity
    return StatusObject(
        schema=SCHEMA,
        project=project,
        host=night.run.host or host,
        run=_run(night),
        goal=night.run.goal,
        progress=_progress(night),
        tests=_tests(night),
        cost=_cost(night.cost, night.run.limits.max_cost_usd if night.run.owned else None),
        tokens=TokensObject(
            tokens.input,
            tokens.output,
            tokens.cache_write_5m,
            tokens.cache_write_1h,
            tokens.cache_read,
        ),
        context=ContextObject(context.used, context.window, context.percent),
        events=_events(night),
        last_event_at=iso(activity.last_event_at),
        idle_seconds=round(activity.idle_seconds, 3),
        stall=None if night.stall is None else stall_object(night.stall),
        checkpoints=len(night.interventions.checkpoints),
        injections=[
            InjectionObject(one.id, one.text, one.state, effect_object(one.effect))
            for one in night.interventions.injections
        ],
        restarts=night.interventions.restarts,
        other_sessions=[other_session(one) for one in others],
    )


def other_session(known: KnownSession) -> OtherSession:
    """A session that the registry knows, as `other_sessions` has it."""
    return OtherSession(
        known.session_id or None, known.state, iso(known.started_at or None), known.kind
    )


def run(night: NightSnapshot) -> dict[str, Any]:
    """The `run` part, which the review prints as well."""
    told: dict[str, Any] = msgspec.to_builtins(_run(night))
    return told


def _run(night: NightSnapshot) -> RunObject:
    facts, reached = night.run, night.run.limit
    limits = facts.limits
    return RunObject(
        id=facts.id,
        owned=facts.owned,
        supervised=facts.supervised,
        state=night.activity.state,
        reason=night.activity.reason,
        started_at=iso(facts.started_at),
        ended_at=iso(facts.ended_at),
        pid=facts.pid,
        session_id=facts.session_id,
        model=facts.model,
        attempt=facts.attempt,
        continuations=facts.continuations,
        exit=_exit(night),
        limits=LimitsObject(limits.max_hours, limits.max_idle_minutes, limits.max_cost_usd),
        limit=None
        if reached is None
        else LimitObject(reached.kind, reached.value, reached.allowed, iso(reached.since)),
        host=facts.host or None,
    )


def _exit(night: NightSnapshot) -> ExitObject | None:
    ended = night.run.exit
    if ended is None:
        return None
    return ExitObject(ended.kind.exit_word, ended.reason, ended.code)  # type: ignore[arg-type]


def _progress(night: NightSnapshot) -> ProgressObject:
    progress = night.progress
    if progress is None:
        return ProgressObject(None, None, [], [], [], "", "there is no progress file")
    known = progress.basis != "unknown"
    return ProgressObject(
        done=progress.done if known else None,
        open=progress.open if known else None,
        in_progress=list(progress.in_progress),
        blockers=list(progress.blockers),
        sections=[SectionObject(one.title, one.done, one.open) for one in progress.sections],
        source=progress.source,
        rests_on=progress.rests_on,
    )


def _tests(night: NightSnapshot) -> TestsObject:
    tests = night.tests
    judged = next((one for one in reversed(tests.runs) if one.verdict == tests.last), None)
    return TestsObject(tests.last, iso(judged.at) if judged else None, tests.edits_since_last_run)


def _cost(cost: Cost, budget_usd: float | None) -> CostObject:
    return CostObject(
        usd=cost.usd,
        source=cost.source,
        budget_usd=budget_usd,
        reason=cost.reason,
        priced_on=cost.priced_on,
        beyond_records=gaps(cost),
        notes=list(cost.notes),
    )


def gaps(cost: Cost) -> list[GapObject]:
    """What the CLI's totals hold beyond the records."""
    return [
        GapObject(gap.model, gap.prompt_tokens, gap.output_tokens, round(gap.usd, 6))
        for gap in cost.beyond_records
    ]


def _events(night: NightSnapshot) -> EventsObject:
    counts = night.counts
    return EventsObject(
        total=counts.total,
        malformed=counts.malformed,
        unknown=counts.unknown,
        turns=counts.turns,
        tool_calls=dict(counts.tool_calls),
        tool_errors=counts.tool_errors,
        api_retries=counts.api_retries,
        compactions=counts.compactions,
        subagents=counts.subagents,
    )


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


def waste(spent: StallWaste | None) -> StallWasteObject | None:
    """What was spent since the last progress."""
    if spent is None:
        return None
    usd = None if spent.usd is None else round(spent.usd, 6)
    return StallWasteObject(
        spent.calls, round(spent.seconds, 3), usd, iso(spent.since or None), spent.last
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
