"""What journal entries change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from tui.model.interventions import (
    Attempt,
    CheckpointTaken,
    Injection,
    Intervention,
    PendingRestart,
    RewindRecord,
)
from tui.model.journal import JournalEntry
from tui.model.labels import PROMINENT_HOOK_EFFECTS, describe_survivors
from tui.model.snapshot import LimitReached, RunLimits
from tui.model.state import EndKind, OutcomeKind
from tui.model.timeline import KnownSpan
from tui.night import timeline_builder
from tui.night.intervention_log import InterventionLog
from tui.night.timeline_builder import TimelineBuilder
from tui.system.format import format_duration, shorten

MOST = 1_000
_MOST_SURVIVORS = 10


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _number(data: dict[str, Any], key: str) -> float | None:
    value = data.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(data: dict[str, Any], key: str) -> int | None:
    value = _number(data, key)
    return None if value is None else int(value)


def _many(data: dict[str, Any], key: str) -> int:
    """A count, or the length of a list of things."""
    value = data.get(key)
    if isinstance(value, list | tuple | dict):
        return len(value)
    return _whole(data, key) or 0


def _run_started(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    log.run = _text(entry.data, "run") or entry.id or log.run
    log.goal = _text(entry.data, "goal")
    log.model = _text(entry.data, "model")
    log.command = _text(entry.data, "command")
    log.host = _text(entry.data, "host")
    log.started_at = entry.at
    log.limits = _limits(entry.data.get("settings"))
    _go_on(log)
    log.continuations = 0


def _limits(settings: object) -> RunLimits:
    """The bounds that a run was started with, as its first entry has them."""
    found = settings if isinstance(settings, dict) else {}
    names = ("max_runtime_hours", "max_idle_minutes", "max_cost_usd")
    return RunLimits(*(_number(found, name) for name in names))


def _go_on(log: InterventionLog) -> None:
    """What was recorded of an end is no longer so."""
    log.ended_at, log.end_reason, log.code, log.killed = None, "", None, False
    log.end, log.limit = EndKind.OPEN, None
    log.baseline, log.baseline_since = "", None
    log.stopped_by, log.stopped_at, log.rewinding_since = "", None, None


def _segment_started(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    data, before = entry.data, log.attempt
    why = _text(data, "why")
    attempt = Attempt(
        _whole(data, "attempt") or 1,
        entry.at,
        why,
        _whole(data, "pid"),
        _text(data, "session"),
        _text(data, "resume_of"),
        _text(data, "stream"),
    )
    log.attempts.append(attempt)
    del log.attempts[:-MOST]
    limited = log.pending is not None and log.pending.why == OutcomeKind.USAGE_LIMIT
    log.pending = None
    _go_on(log)
    if before is None:
        return
    if before.ended_at is not None and entry.at > before.ended_at:
        kind = timeline_builder.LIMITED if limited else timeline_builder.DEAD
        log.spans.append(KnownSpan(before.ended_at, entry.at, kind))
    if why not in ("start", "initializer", "fresh", "handover", "rewind", "continue"):
        log.restarts += 1
        timeline.mark(entry.at, "restart", f"restart {log.restarts} ({why or 'crash'})")


def _segment_ended(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    if not log.attempts:
        return
    reason = _text(entry.data, "reason")
    code, signal = _whole(entry.data, "code"), _whole(entry.data, "signal")
    log.attempts[-1] = replace(
        log.attempts[-1], ended_at=entry.at, code=code, signal=signal, reason=reason
    )
    if code or signal:
        timeline.mark(entry.at, "error", f"the agent ended: {reason or f'exit code {code}'}")


def _run_ended(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    log.ended_at = entry.at
    log.end_reason = _text(entry.data, "reason")
    log.code = _whole(entry.data, "code")
    log.end = EndKind.of_entry(entry.data)
    if log.limit is None and (limit := _text(entry.data, "limit")):
        log.limit = LimitReached(limit, entry.at)
    log.pending = None
    log.baseline, log.baseline_since = "", None
    timeline.mark(entry.at, "end", log.end_reason or "the run ended")


def _baseline(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    runs, text = _text(entry.data, "state") == "running", _text(entry.data, "text")
    log.baseline, log.baseline_since = (text, entry.at) if runs else ("", None)


def _checkpoint(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    data = entry.data
    checkpoint = CheckpointTaken(
        _text(data, "checkpoint") or entry.id,
        entry.at,
        _text(data, "label"),
        _text(data, "commit"),
        _many(data, "files"),
        _text(data, "why"),
        _text(data, "tests"),
        _many(data, "not_captured"),
    )
    log.checkpoints.append(checkpoint)
    del log.checkpoints[:-MOST]
    timeline.mark(entry.at, "checkpoint", checkpoint.label or checkpoint.id)


def _rewind(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    data = entry.data
    rewind = RewindRecord(
        entry.at,
        _text(data, "checkpoint"),
        _text(data, "mode"),
        entry.kind == "undo",
        _many(data, "written"),
        _many(data, "deleted"),
        _text(data, "safety"),
    )
    log.rewinds.append(rewind)
    del log.rewinds[:-MOST]
    what = "rewind undone" if rewind.undo else "rewind"
    timeline.mark(entry.at, "rewind", f"{what} to {rewind.checkpoint}")


def _request(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    if _text(entry.data, "verb") in ("rewind", "undo"):
        log.rewinding_since, log.rewind_request = entry.at, entry.id


def _answer(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    """A refused rewind stops nothing; one that was done is over with the next attempt."""
    if entry.id == log.rewind_request and entry.data.get("ok") is False:
        log.rewinding_since = None


def _inject(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    text = _text(entry.data, "text")
    key = entry.id or f"injection {len(log.injections) + 1}"
    mode, by = _text(entry.data, "mode"), _text(entry.data, "by")
    log.injections[key] = Injection(key, entry.at, text, mode, "queued", by=by)
    if len(log.injections) > MOST:
        del log.injections[next(iter(log.injections))]
    timeline.mark(entry.at, "injection", shorten(text))


def _injection(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    state = _text(entry.data, "state")
    for known in ("queued", "delivered", "seen", "failed", "withdrawn"):
        if state == known:
            log.advance_injection(entry.id, known, entry.at, _text(entry.data, "detail"))


def _survivors_text(data: Mapping[str, object]) -> str:
    names = data["survivors"]
    if not isinstance(names, list):
        return describe_survivors(None if names is None else ())
    return describe_survivors([str(name) for name in names[:_MOST_SURVIVORS]])


def _limit_reached(entry: JournalEntry, before: LimitReached | None) -> LimitReached:
    """A limit told again has come to more since, and was reached when it was told first."""
    kind, at = _text(entry.data, "limit"), entry.at
    since = before.since if before is not None and before.kind == kind else at
    used, bound = _number(entry.data, "used"), _number(entry.data, "bound")
    return LimitReached(kind, since, used, bound)


def _due(entry: JournalEntry) -> float | None:
    """When a restart is due."""
    due, delay = _number(entry.data, "due"), _number(entry.data, "delay_s")
    return entry.at + delay if due is None and delay is not None else due


_IN_WORDS = frozenset(
    ("note", "checkpoint_failed", "continuation", "fresh_conversation", "model", "baseline")
)


def _hook(data: dict[str, Any]) -> tuple[str, str] | None:
    if _text(data, "effect") not in PROMINENT_HOOK_EFFECTS:
        return None
    return shorten(f"{_text(data, 'event')}: {_text(data, 'text')}", 200), "hook"


def _supervisor_text(
    log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder
) -> tuple[str, str] | None:
    """Notes whether the run has a supervisor; the sentence that is kept of it."""
    log.has_supervisor = entry.kind == "supervisor_started"
    log.has_given_up_supervising = entry.kind == "unwatched"
    if entry.kind == "supervisor_stopped":
        log.unwatched_since = entry.at
        return None
    if entry.kind == "unwatched":
        text = f"nobody keeps the limits: {_text(entry.data, 'reason')}"
        timeline.mark(entry.at, "error", text)
        return text, "watchdog"
    log.unwatched_since = None
    gap = _number(entry.data, "gap_s") or 0.0
    log.unwatched_seconds += gap
    return (f"nobody watched for {format_duration(gap)}", "watchdog") if gap else None


# complexity: a table in code, one case for each kind of entry
def _text_and_author(
    log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder
) -> tuple[str, str] | None:
    """What an entry that is kept as a sentence says, and who did it; None for any other."""
    kind, data, at = entry.kind, entry.data, entry.at
    match kind:
        case "interrupt" | "stop" | "kill":
            by = _text(data, "by")
            if kind != "interrupt":
                log.stopped_by, log.stopped_at = by, at
                log.killed = log.killed or kind == "kill"
            return f"{kind}: {_text(data, 'reason')}".rstrip(": "), by
        case "limit_warning" | "limit_hit":
            text, allowed = _text(data, "limit"), _text(data, "allowed")
            text += f": {_text(data, 'value')} of {allowed}" if allowed else ""
            if kind == "limit_hit":
                timeline.mark(at, "limit", text)
                log.limit = _limit_reached(entry, log.limit)
            return text, "limit"
        case "commit":
            log.own_commits.append(_text(data, "commit"))
            return f"committed {_text(data, 'subject')}", "supervisor"
        case "stall":
            text = _text(data, "stall") or "stall"
            timeline.mark(at, "stall", text)
            return text, "watchdog"
        case "stall_step":
            return shorten(f"{_text(data, 'step')}: {_text(data, 'reason')}", 300), "supervisor"
        case "stall_over":
            return f"{_text(data, 'stall') or 'stall'} is over", "watchdog"
        case "restart_scheduled":
            why, attempt = _text(data, "class"), _whole(data, "attempt") or 1
            log.pending = PendingRestart(attempt, _due(entry), why)
            return f"restart {attempt} scheduled ({why})", "watchdog"
        case "restart_cancelled":
            log.pending = None
        case "handover":
            log.handovers += 1
            timeline.mark(at, "restart", "handed over to a fresh session")
            return "handed over to a fresh session", "watchdog"
        case "supervisor_started" | "supervisor_stopped" | "unwatched":
            return _supervisor_text(log, entry, timeline)
        case "limits_paused" | "limits_resumed":
            log.limits_paused_until = _number(data, "until") if kind == "limits_paused" else None
            return kind.replace("_", " "), "person"
        case "suspended":
            seconds = _number(data, "seconds") or 0.0
            log.suspended_seconds, log.awake_at = log.suspended_seconds + seconds, at
            log.spans.append(KnownSpan(at - seconds, at, timeline_builder.IDLE))
            return f"the machine slept for {format_duration(seconds)}", "machine"
        case "hook":
            return _hook(data)
        case _ if kind in _IN_WORDS:
            log.continuations += kind == "continuation"
            texts = (_text(data, key) for key in ("text", "reason", "event"))
            return shorten(next(filter(None, texts), kind), 200), ""
    return None


_HANDLERS: dict[str, Callable[[InterventionLog, JournalEntry, TimelineBuilder], None]] = {
    "run_started": _run_started,
    "segment_started": _segment_started,
    "segment_ended": _segment_ended,
    "run_ended": _run_ended,
    "baseline": _baseline,
    "checkpoint": _checkpoint,
    "rewind": _rewind,
    "undo": _rewind,
    "inject": _inject,
    "injection": _injection,
    "request": _request,
    "answer": _answer,
}


def apply_entry(log: InterventionLog, entry: JournalEntry, timeline: TimelineBuilder) -> None:
    """Apply one line of the journal; kinds that change nothing here are passed over."""
    log.version += 1
    handler = _HANDLERS.get(entry.kind)
    if handler is not None:
        handler(log, entry, timeline)
    elif (spoken := _text_and_author(log, entry, timeline)) is not None:
        outcome = _survivors_text(entry.data) if "survivors" in entry.data else ""
        log.others.append(Intervention(entry.at, entry.kind, *spoken, outcome))
        del log.others[:-MOST]
