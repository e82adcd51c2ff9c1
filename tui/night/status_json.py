"""status --json."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tui.model.events import TokenUsage
from tui.model.snapshot import NightSnapshot, RunExit, Stall

SCHEMA = 1
_STATES = {"withdrawn": "failed"}


def iso(at: float | None) -> str | None:
    """A moment as ISO 8601 with milliseconds, UTC; None stays None."""
    if at is None:
        return None
    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def status(night: NightSnapshot, project: str, budget_usd: float | None = None) -> dict[str, Any]:
    """The object that `status --json` prints; keys and types are a contract."""
    activity = night.activity
    return {
        "schema": SCHEMA,
        "project": project,
        "run": run(night),
        "goal": night.run.goal,
        "progress": _progress(night),
        "cost": {
            "usd": night.cost.usd,
            "source": night.cost.source,
            "budget_usd": budget_usd,
        },
        "tokens": _tokens(night.tokens),
        "context": {
            "used": night.context.used,
            "window": night.context.window,
            "percent": night.context.percent,
        },
        "events": _events(night),
        "last_event_at": iso(activity.last_event_at),
        "idle_seconds": round(activity.idle_seconds, 3),
        "stall": None if night.stall is None else _stall(night.stall),
        "checkpoints": len(night.interventions.checkpoints),
        "injections": [
            {
                "id": injection.id,
                "text": injection.text,
                "state": _STATES.get(injection.state, injection.state),
            }
            for injection in night.interventions.injections
        ],
        "restarts": night.interventions.restarts,
    }


def run(night: NightSnapshot) -> dict[str, Any]:
    """The `run` part, which the review prints as well."""
    facts = night.run
    return {
        "id": facts.id,
        "owned": facts.owned,
        "state": night.activity.state,
        "reason": night.activity.reason,
        "started_at": iso(facts.started_at),
        "ended_at": iso(facts.ended_at),
        "pid": facts.pid,
        "session_id": facts.session_id,
        "model": facts.model,
        "attempt": facts.attempt,
        "exit": None if facts.exit is None else _exit(facts.exit),
    }


def _tokens(usage: TokenUsage) -> dict[str, int]:
    return {
        "input": usage.input,
        "output": usage.output,
        "cache_write_5m": usage.cache_write_5m,
        "cache_write_1h": usage.cache_write_1h,
        "cache_read": usage.cache_read,
    }


def _exit(end: RunExit) -> dict[str, Any]:
    return {"reason": end.reason, "code": end.code}


def _progress(night: NightSnapshot) -> dict[str, Any]:
    progress = night.progress
    if progress is None:
        return {"done": 0, "open": 0, "in_progress": [], "blockers": [], "sections": []}
    return {
        "done": progress.done,
        "open": progress.open,
        "in_progress": list(progress.in_progress),
        "blockers": list(progress.blockers),
        "sections": [
            {"title": section.title, "done": section.done, "open": section.open}
            for section in progress.sections
        ],
    }


def _events(night: NightSnapshot) -> dict[str, Any]:
    counts = night.counts
    return {
        "total": counts.total,
        "malformed": counts.malformed,
        "unknown": counts.unknown,
        "turns": counts.turns,
        "tool_calls": dict(counts.tool_calls),
        "tool_errors": counts.tool_errors,
        "api_retries": counts.api_retries,
        "compactions": counts.compactions,
        "subagents": counts.subagents,
    }


def _stall(stall: Stall) -> dict[str, Any]:
    return {
        "kind": stall.kind,
        "since": iso(stall.since or None),
        "evidence": list(stall.evidence),
    }
