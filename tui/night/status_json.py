"""status --json."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tui.model.snapshot import NightSnapshot

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


def _fields(source: object, names: str) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names.split()}


def status(night: NightSnapshot, project: str, budget_usd: float | None = None) -> dict[str, Any]:
    """The object that `status --json` prints; keys and types are a contract."""
    activity, log, stall = night.activity, night.interventions, night.stall
    counts = "total malformed unknown turns tool_calls tool_errors api_retries compactions"
    stalled = stall and {
        "kind": stall.kind,
        "since": iso(stall.since or None),
        "evidence": list(stall.evidence),
    }
    return {
        "schema": SCHEMA,
        "project": project,
        "run": run(night),
        "goal": night.run.goal,
        "progress": _progress(night),
        "cost": _fields(night.cost, "usd source") | {"budget_usd": budget_usd},
        "tokens": _fields(night.tokens, "input output cache_write_5m cache_write_1h cache_read"),
        "context": _fields(night.context, "used window percent"),
        "events": _fields(night.counts, f"{counts} subagents")
        | {"tool_calls": dict(night.counts.tool_calls)},
        "last_event_at": iso(activity.last_event_at),
        "idle_seconds": round(activity.idle_seconds, 3),
        "stall": stalled,
        "checkpoints": len(log.checkpoints),
        "injections": [
            _fields(one, "id text") | {"state": _STATES.get(one.state, one.state)}
            for one in log.injections
        ],
        "restarts": log.restarts,
    }


def run(night: NightSnapshot) -> dict[str, Any]:
    """The `run` part, which the review prints as well."""
    facts = night.run
    return {
        **_fields(facts, "id owned"),
        **_fields(night.activity, "state reason"),
        "started_at": iso(facts.started_at),
        "ended_at": iso(facts.ended_at),
        **_fields(facts, "pid session_id model attempt"),
        "exit": facts.exit and _fields(facts.exit, "reason code"),
        "host": facts.host or None,
    }


def _progress(night: NightSnapshot) -> dict[str, Any]:
    progress = night.progress
    if progress is None:
        return {"done": 0, "open": 0, "in_progress": [], "blockers": [], "sections": []}
    return {
        **_fields(progress, "done open"),
        "in_progress": list(progress.in_progress),
        "blockers": list(progress.blockers),
        "sections": [_fields(section, "title done open") for section in progress.sections],
    }
