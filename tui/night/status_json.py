"""status --json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tui.model.json.common import (
    SCHEMA,
    ExitObject,
    GapObject,
    LimitObject,
    LimitsObject,
    RunObject,
)
from tui.model.json.status import (
    ContextObject,
    CostObject,
    EventsObject,
    InjectionObject,
    OtherSession,
    ProgressObject,
    SectionObject,
    StatusObject,
    TestsObject,
    TokensObject,
)
from tui.model.session import KnownSession
from tui.model.snapshot import Cost, NightSnapshot
from tui.night.stall_json import effect_object, stall_object
from tui.system.format import iso


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
