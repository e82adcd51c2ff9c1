"""review --json.

Time: the six kinds add up to `total_s`. What the fold calls idle (nothing was asked of it, a person
was waited for, the machine slept) is time in which no agent was at work, and is part of `dead_s`;
how much of it that is, `idle_s` beside `time` tells.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from msgspec import Struct, structs, to_builtins

from tui.model.events import SourceRef
from tui.model.evidence.claims import Claim
from tui.model.json.common import SCHEMA
from tui.model.review import Proof, Review, Risk
from tui.model.session import EarlierNight
from tui.model.stall import Stall
from tui.model.timeline import TimeTotals
from tui.night import status_json
from tui.night.review.export.redacted import Export
from tui.night.review.export.wording import time_by_kind
from tui.night.review.refused_calls import refusal_row
from tui.night.status_json import gaps, run
from tui.system.format import iso
from tui.system.sanitize import escape_json

_MOMENTS = frozenset({"at", "start", "since"})


def encode_review(review: Review) -> dict[str, Any]:
    """The object that `review --json` prints; keys and types are a contract (`model.json.review`)."""
    point_keys = ("id", "at", "label", "files", "tests", "first_red_after")
    return {
        "schema": SCHEMA,
        "project": review.project,
        "run": run(review.night),
        "goal": review.night.run.goal,
        "verdict": review.verdict,
        "reasons": [reason.text for reason in review.reasons],
        "reason_refs": [encode_ref(reason.ref) for reason in review.reasons],
        "ending": _picked(review.ending, "kind", "words", "ref"),
        "attention": _rows(review.attention, "severity", "what", "where", "topic"),
        "time": encode_time(review.time),
        "idle_s": round(review.time.idle, 3),
        "tasks": {
            **_picked(review.tasks, "done", "open", "added", "removed"),
            "done_before": review.tasks.before,
            "basis": review.tasks.basis,
        },
        "commits": _rows(
            review.commits, "sha", "at", "subject", "files", "insertions", "deletions"
        ),
        "base": review.base or None,
        "files_changed": review.files_changed,
        "tests": _tests(review),
        "claims": [_claim(claim) for claim in review.claims],
        "unread_claims": sum(one.count for one in review.unread),
        "stalls": [_stall(stall) for stall in review.stalls],
        "interventions": _rows(
            review.interventions, "at", "kind", "text", "state", "helped", "why", "ref"
        ),
        "restarts": _restarts(review),
        "compactions": [
            {"at": iso(moment.at), "what": moment.label, "ref": encode_ref(moment.ref)}
            for moment in review.moments
            if moment.kind == "compaction"
        ],
        "checkpoints": _rows((p for p in review.points if p.kind == "checkpoint"), *point_keys),
        "points": _rows(review.points, "kind", *point_keys, "insertions", "deletions", "ref"),
        "moments": _rows(review.moments, "at", "kind", "label", "seconds", "ref"),
        "cost": _cost(review),
        "risks": [_risk(risk) for risk in review.risks],
        "refusals": [
            {**refusal_row(call), "first": encode_ref(call.first_ref), "last": encode_ref(call.ref)}
            for call in review.night.refusals.calls
        ],
        "causes": _rows(review.causes, "what", "count", "since", "first", "last"),
        "proved": _proved(review.proof),
        "looked_at": iso(review.looked_at),
        "continues": _continues(review.continues),
    }


def _continues(earlier: EarlierNight | None) -> dict[str, Any] | None:
    """The night that is not counted here, whose session goes on in this one."""
    if earlier is None:
        return None
    until = iso(earlier.until) if earlier.until else None
    return {"id": earlier.id, "session": earlier.session, "until": until, "copy": earlier.is_copy}


def export_figures(export: Export) -> dict[str, Any]:
    """The object of a review with what wrote an export, when, in which zone, and its sources."""
    return {
        **export.data,
        "export": {
            "version": export.version,
            "run": export.review.run_id,
            "made_at": export.made_at,
            "zone_s": export.zone_s,
            "places": "kept" if export.keep_places else "taken out",
            "named": dict(export.named),
            "sources": [structs.asdict(source) for source in export.sources],
        },
    }


def render_json(export: Export) -> str:
    """The export as one JSON object on one line."""
    text = json.dumps(export_figures(export), ensure_ascii=False, separators=(",", ":"))
    return escape_json(text) + "\n"


def encode_ref(place: SourceRef | None) -> dict[str, Any] | None:
    """Where evidence stands: file, byte offset, uuid."""
    return None if place is None else structs.asdict(place)


def encode_time(totals: TimeTotals) -> dict[str, float]:
    """Seconds by kind; rounded so that they still add up to the total."""
    seconds = {kind: round(seconds, 3) for kind, seconds in time_by_kind(totals)}
    seconds["dead"] = round(totals.dead + totals.idle, 3)
    del seconds["idle"]
    kinds = {f"{kind}_s": rounded for kind, rounded in seconds.items()}
    return {"total_s": round(sum(kinds.values()), 3), **kinds}


def _rows(records: Iterable[Struct], *keys: str) -> list[dict[str, Any]]:
    return [_picked(record, *keys) for record in records]


def _picked(record: Struct, *keys: str) -> dict[str, Any]:
    """The fields of a record that JSON calls by the same names, in this order."""
    return {key: _value(key, getattr(record, key)) for key in keys}


def _value(key: str, value: Any) -> Any:
    if isinstance(value, SourceRef):
        return encode_ref(value)
    if isinstance(value, tuple):
        return [_value("", part) for part in value]
    if key in _MOMENTS:
        return iso(value)
    return round(value, 3) if key == "seconds" and value is not None else value


def _tests(review: Review) -> dict[str, Any]:
    tests = review.tests
    run_keys = ("at", "command", "passed", "failed", "verdict", "ref", "skipped", "framework")
    return {
        "last": tests.last,
        "runs": _rows(tests.runs, *run_keys),
        **_picked(tests, "total", "edits_since_last_green", "edits_since_last_run"),
        "last_tree": tests.last_tree,
        "tree_now": tests.tree_now,
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "text": claim.text,
        **_picked(claim, "kind", "verdict", "why", "evidence"),
        "checked": _rows(claim.checked, "fact", "holds"),
        **_picked(claim, "source", "where", "at"),
    }


def _stall(stall: Stall) -> dict[str, Any]:
    lasted = stall.last_at - stall.since if stall.last_at is not None and stall.since else None
    return {
        "kind": stall.kind,
        "since": iso(stall.since or None),
        "until": iso(stall.last_at),
        "seconds": None if lasted is None else round(lasted, 3),
        **_picked(stall, "evidence", "refs", "count", "level", "detector"),
        "rule": stall.rule or None,
        "signals": to_builtins(status_json.signals(stall)),
        "waste": to_builtins(status_json.waste(stall.waste)),
        "steps": to_builtins(status_json.steps(stall)),
    }


def _restarts(review: Review) -> list[dict[str, Any]]:
    """Every process of the agent after the first, with the end of the one before it."""
    return [
        {
            "at": iso(attempt.started_at),
            **_picked(attempt, "attempt", "why"),
            "dead_s": round(
                max(0.0, attempt.started_at - (before.ended_at or attempt.started_at)), 3
            ),
            "ended": before.reason,
            "code": before.code,
            "signal": before.signal,
        }
        for before, attempt in pairwise(review.night.interventions.attempts)
    ]


def _cost(review: Review) -> dict[str, Any]:
    cost = review.cost
    return {
        **_picked(cost, "usd", "source", "reason"),
        "by_model": {model.model: model.usd for model in cost.by_model},
        "by_hour": _rows(cost.by_hour, "start", "usd"),
        "per_hour": cost.per_hour,
        "per_task": review.cost_per_task,
        "wasted_usd": review.wasted_usd,
        "wasted": _rows(review.wasted, "kind", "what", "seconds", "usd", "ref"),
        "priced_on": cost.priced_on,
        "beyond_records": to_builtins(gaps(cost)),
        "notes": list(cost.notes),
    }


def _proved(proof: Proof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    keys = (
        "command",
        "code",
        "tree",
        "seconds",
        "kind",
        "on",
        "verdict",
        "end",
        "failed",
        "output",
    )
    return {
        "at": iso(proof.at),
        "commands": _rows(proof.runs, *keys),
        "base_tests_on_new_code": proof.base_tests,
        **_picked(proof, "tree", "is_current", "outside", "notes"),
    }


def _risk(risk: Risk) -> dict[str, Any]:
    return {
        **_picked(risk, "kind", "path", "what", "ref", "severity"),
        "commit": risk.commit or None,
        "hunk": None if risk.hunk is None else list(risk.hunk.lines),
    }
