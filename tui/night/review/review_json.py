"""review --json.

Time: the six kinds add up to `total_s`. What the fold calls idle (nothing was asked of it, a person
was waited for, the machine slept) is time in which no agent was at work, and is part of `dead_s`;
how much of it that is, `idle_s` beside `time` tells.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tui.model.events import SourceRef
from tui.model.evidence import TestRun
from tui.model.records import Commit
from tui.model.review import (
    AttentionItem,
    Claim,
    InterventionEffect,
    RestorePoint,
    Review,
    Risk,
    TimelineMoment,
    WasteItem,
)
from tui.model.snapshot import Stall
from tui.model.timeline import TimeTotals
from tui.night.status_json import iso, run

SCHEMA = 1


def encode_review(review: Review) -> dict[str, Any]:
    """The object that `review --json` prints; keys and types are a contract, more keys may come."""
    return {
        "schema": SCHEMA,
        "project": review.project,
        "run": run(review.night),
        "goal": review.night.run.goal,
        "verdict": review.verdict,
        "reasons": list(review.reasons),
        "ending": {
            "kind": review.ending.kind,
            "words": review.ending.words,
            "ref": encode_ref(review.ending.ref),
        },
        "attention": [_attention(one) for one in review.attention],
        "time": encode_time(review.time),
        "idle_s": _seconds(review.time.idle),
        "tasks": {
            "done": list(review.tasks.done),
            "open": list(review.tasks.open),
            "added": list(review.tasks.added),
            "removed": list(review.tasks.removed),
            "done_before": review.tasks.before,
            "basis": review.tasks.basis,
        },
        "commits": [_commit(one) for one in review.commits],
        "base": review.base or None,
        "files_changed": review.files_changed,
        "tests": {
            "last": review.tests.last,
            "runs": [_run(one) for one in review.tests.runs],
            "total": review.tests.total,
            "edits_since_last_green": review.tests.edits_since_last_green,
            "edits_since_last_run": review.tests.edits_since_last_run,
        },
        "claims": [_claim(one) for one in review.claims],
        "stalls": [_stall(one) for one in review.stalls],
        "interventions": [_intervention(one) for one in review.interventions],
        "restarts": _restarts(review),
        "compactions": _compactions(review.moments),
        "checkpoints": _checkpoints(review),
        "points": [_point(one) for one in review.points],
        "moments": [_moment(one) for one in review.moments],
        "cost": _cost(review),
        "risks": [_risk(one) for one in review.risks],
        "looked_at": iso(review.looked_at),
    }


def encode_ref(place: SourceRef | None) -> dict[str, Any] | None:
    """Where evidence stands: file, byte offset, uuid."""
    if place is None:
        return None
    return {"source": place.source, "offset": place.offset, "uuid": place.uuid}


def encode_time(sums: TimeTotals) -> dict[str, float]:
    """Seconds by kind; rounded so that they still add up to the total."""
    kinds = {
        "working_s": _seconds(sums.working),
        "tool_s": _seconds(sums.tool),
        "waiting_api_s": _seconds(sums.waiting_api),
        "rate_limited_s": _seconds(sums.rate_limited),
        "stalled_s": _seconds(sums.stalled),
        "dead_s": _seconds(sums.dead + sums.idle),
    }
    return {"total_s": _seconds(sum(kinds.values())), **kinds}


def _seconds(seconds: float) -> float:
    return round(seconds, 3)


def _attention(one: AttentionItem) -> dict[str, Any]:
    return {
        "severity": one.severity,
        "what": one.what,
        "where": encode_ref(one.where),
        "topic": one.topic,
    }


def _commit(one: Commit) -> dict[str, Any]:
    return {
        "sha": one.sha,
        "at": iso(one.at),
        "subject": one.subject,
        "files": one.files,
        "insertions": one.insertions,
        "deletions": one.deletions,
    }


def _run(one: TestRun) -> dict[str, Any]:
    return {
        "at": iso(one.at),
        "command": one.command,
        "passed": one.passed,
        "failed": one.failed,
        "verdict": one.verdict,
        "ref": encode_ref(one.ref),
        "skipped": one.skipped,
        "framework": one.framework,
    }


def _claim(one: Claim) -> dict[str, Any]:
    return {
        "text": one.text,
        "verdict": one.verdict,
        "why": one.why,
        "evidence": [encode_ref(place) for place in one.evidence],
        "source": one.source,
        "where": encode_ref(one.where),
        "at": iso(one.at),
    }


def _stall(one: Stall) -> dict[str, Any]:
    lasted = one.last_at - one.since if one.last_at is not None and one.since else None
    return {
        "kind": one.kind,
        "since": iso(one.since or None),
        "until": iso(one.last_at),
        "seconds": None if lasted is None else _seconds(lasted),
        "evidence": list(one.evidence),
        "refs": [encode_ref(place) for place in one.refs],
        "count": one.count,
        "level": one.level,
    }


def _intervention(one: InterventionEffect) -> dict[str, Any]:
    return {
        "at": iso(one.at),
        "kind": one.kind,
        "text": one.text,
        "state": one.state,
        "helped": one.helped,
        "why": one.why,
        "ref": encode_ref(one.ref),
    }


def _restarts(review: Review) -> list[dict[str, Any]]:
    """Every process of the agent after the first, with the end of the one before it."""
    segments = review.night.interventions.attempts
    return [
        {
            "at": iso(segment.started_at),
            "attempt": segment.attempt,
            "why": segment.why,
            "dead_s": _seconds(
                max(0.0, segment.started_at - (before.ended_at or segment.started_at))
            ),
            "ended": before.reason,
            "code": before.code,
            "signal": before.signal,
        }
        for before, segment in pairwise(segments)
    ]


def _compactions(moments: tuple[TimelineMoment, ...]) -> list[dict[str, Any]]:
    return [
        {"at": iso(one.at), "what": one.label, "ref": encode_ref(one.ref)}
        for one in moments
        if one.kind == "compaction"
    ]


def _checkpoints(review: Review) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "at": iso(one.at),
            "label": one.label,
            "files": one.files,
            "tests": one.tests,
            "first_red_after": one.first_red_after,
        }
        for one in review.points
        if one.kind == "checkpoint"
    ]


def _point(one: RestorePoint) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "id": one.id,
        "at": iso(one.at),
        "label": one.label,
        "files": one.files,
        "tests": one.tests,
        "first_red_after": one.first_red_after,
        "insertions": one.insertions,
        "deletions": one.deletions,
        "ref": encode_ref(one.ref),
    }


def _moment(one: TimelineMoment) -> dict[str, Any]:
    seconds = None if one.seconds is None else _seconds(one.seconds)
    return {
        "at": iso(one.at),
        "kind": one.kind,
        "label": one.label,
        "seconds": seconds,
        "ref": encode_ref(one.ref),
    }


def _cost(review: Review) -> dict[str, Any]:
    cost = review.cost
    return {
        "usd": cost.usd,
        "source": cost.source,
        "reason": cost.reason,
        "by_model": {one.model: one.usd for one in cost.by_model},
        "by_hour": [{"start": iso(one.start), "usd": one.usd} for one in cost.by_hour],
        "per_hour": cost.per_hour,
        "per_task": review.cost_per_task,
        "wasted_usd": review.wasted_usd,
        "wasted": [_waste(one) for one in review.wasted],
    }


def _waste(one: WasteItem) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "what": one.what,
        "seconds": _seconds(one.seconds),
        "usd": one.usd,
        "ref": encode_ref(one.ref),
    }


def _risk(one: Risk) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "path": one.path,
        "what": one.what,
        "ref": encode_ref(one.ref),
        "severity": one.severity,
        "commit": one.commit or None,
        "hunk": None if one.hunk is None else list(one.hunk.lines),
    }
