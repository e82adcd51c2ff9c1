"""Entries of the journal as rows: each stall and each message is one row, whose outcome moves on."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from tui.model.events import SourceRef
from tui.model.journal import JournalEntry
from tui.model.labels import (
    DETECTORS,
    HOOK_EFFECTS,
    PROMINENT_HOOK_EFFECTS,
    describe_outcome,
    describe_survivors,
    message_label,
    receipt_word,
)
from tui.model.records import Record
from tui.model.rows import DetailPart, EventDetail, EventRow, Mark
from tui.model.snapshot import NightSnapshot
from tui.system.format import format_count, format_duration


class RowOutcome(NamedTuple):
    """What is known of a row from elsewhere: how it goes, and how long it has lasted."""

    words: str
    seconds: float | None = None


STALL_ROW = "stall/"
_QUIET = frozenset(
    {"notified", "request", "answer", "note", "injection", "supervisor_stopped", "stall_over"}
)
_MARKS: dict[str, Mark] = {
    "checkpoint_failed": "error",
    "limit_warning": "warning",
    "limit_hit": "error",
    "stall": "warning",
    "stall_step": "warning",
    "restart_scheduled": "warning",
    "kill": "warning",
    "unwatched": "error",
    "checkpoint": "ok",
}
_FIELDS: dict[str, tuple[str, ...]] = {
    "run_started": ("goal", "model"),
    "segment_started": ("why", "session"),
    "segment_ended": ("reason", "code", "signal"),
    "run_ended": ("reason",),
    "rewind": ("checkpoint", "mode", "written", "deleted"),
    "undo": ("checkpoint", "mode", "written", "deleted"),
    "injection": ("state", "text", "doing", "detail"),
    "interrupt": ("by", "reason"),
    "stop": ("by", "reason", "survivors"),
    "kill": ("by", "reason", "survivors"),
    "limit_warning": ("limit", "value"),
    "limit_hit": ("limit", "value"),
    "stall_step": ("reason",),
    "not_stuck": ("pattern", "by"),
    "restart_scheduled": ("class", "attempt", "delay_s"),
    "handover": ("share",),
    "commit": ("subject", "files", "left_out"),
    "continuation": ("open", "attempt"),
    "notified": ("event", "channel", "state"),
}


def outcomes_of(night: NightSnapshot) -> dict[str, RowOutcome]:
    """What is known now of each message, and of the stall that goes on."""
    sent = night.interventions.injections
    known = {message_row(one.id): RowOutcome(describe_outcome(one)) for one in sent}
    stall = night.stall
    if stall is not None and stall.level:
        lasted = (stall.last_at or stall.since) - stall.since
        known[STALL_ROW] = RowOutcome(format_count(stall.count, "time"), max(0.0, lasted))
    return known


def journal_level(entry: JournalEntry) -> int:
    """The verbosity from which on the entry is shown."""
    if entry.kind == "hook":
        return 1 if entry.data.get("effect") in PROMINENT_HOOK_EFFECTS else 2
    return 2 if entry.kind in _QUIET else 1


def row_key(entry: JournalEntry) -> str:
    """Equal for the entries of one stall, and of one message: one row has what all of them say."""
    if entry.kind in ("stall", "stall_over"):
        return STALL_ROW
    return message_row(entry.id) if entry.kind in ("inject", "injection") else ""


def message_row(name: str) -> str:
    """The key of the row of a message."""
    return f"message/{name}"


def journal_row(
    entry: JournalEntry, newest: Record | None = None, outcome: RowOutcome | None = None
) -> EventRow:
    """What the entry says, in one line, with what became of it: by its `newest` entry, or known better."""
    ref = SourceRef(entry.source, entry.offset)
    newest = newest if isinstance(newest, JournalEntry) else None
    if entry.kind == "stall":
        return _stall_row(entry, newest, outcome, ref)
    if entry.kind == "hook":
        return _hook_row(entry, ref)
    if entry.kind == "inject":
        state = _text(newest.data.get("state")) if newest is not None else "queued"
        words = outcome.words if outcome is not None else receipt_word(state)
        mark: Mark = "warning" if state == "failed" else ""
        label, text = message_label(_text(entry.data.get("mode"))), _text(entry.data.get("text"))
        text = f"“{' '.join(text.split())[:400]}”"
        return EventRow("deed", entry.at, label, text, words, mark, ref=ref)
    label = entry.kind.replace("_", " ")
    if entry.kind == "stall_step":
        label = _text(entry.data.get("step"))
    return EventRow(
        "deed",
        entry.at,
        label,
        _words(entry)[:400],
        mark=_MARKS.get(entry.kind, ""),
        ref=ref,
    )


def _words(entry: JournalEntry) -> str:
    """What the entry says behind its label: a sentence where figures alone would not be understood."""
    data = entry.data
    match entry.kind:
        case "stop" | "kill" if "survivors" in data:
            survivors = _text(data["survivors"])
            if survivors:
                return f"over, but these survived: {survivors}"
            unknown = data["survivors"] is None
            return f"it is over; {describe_survivors(None) if unknown else 'no process is left'}"
        case "supervisor_started":
            return _supervisor_words(data)
        case "limit_warning" | "limit_hit" if data.get("allowed"):
            return f"{_text(data.get('limit'))}: {_text(data.get('value'))} of {_text(data['allowed'])}"
        case "restart_scheduled" if isinstance(delay := data.get("delay_s"), int | float):
            return f"in {format_duration(delay)}: {_text(data.get('class'))}"
        case "checkpoint":
            label, why, tests = (_text(data.get(key)) for key in ("label", "why", "tests"))
            parts = [label, why if why != label else "", "" if tests == "none" else tests]
            return " · ".join(filter(None, (_text(data.get("checkpoint")), *parts)))
    fields = _FIELDS.get(entry.kind, ("text", "reason"))
    return " · ".join(filter(None, (_text(data.get(key)) for key in fields)))


def _supervisor_words(data: dict[str, Any]) -> str:
    """How the watch over the run began, or began again."""
    gap = data.get("gap_s")
    if not data.get("adopted"):
        return "watches the run"
    by_itself = " by itself" if data.get("restarted_by") else ""
    if not isinstance(gap, int | float):
        return f"started again{by_itself}"
    return f"started again{by_itself}; nobody watched for {format_duration(gap)}"


def _stall_row(
    entry: JournalEntry, over: JournalEntry | None, outcome: RowOutcome | None, ref: SourceRef
) -> EventRow:
    """A stall, from when it was noticed: what repeats, how often, and how long it lasted."""
    data = entry.data
    kind, detector, pattern = (_text(data.get(key)) for key in ("stall", "detector", "pattern"))
    label = "refused" if kind == "refused" else "loop" if detector else "stall"
    text = _text(data.get("evidence"))
    if pattern and detector in DETECTORS:
        text = f"{DETECTORS[detector].title}: {pattern}"
    if outcome is None:
        count = data.get("count") if over is None else over.data.get("count", data.get("count"))
        since = data.get("since")
        began = since if isinstance(since, int | float) else entry.at
        seconds = None if over is None or not began else max(0.0, over.at - began)
        outcome = RowOutcome(format_count(count, "time") if isinstance(count, int) else "", seconds)
    return EventRow(
        "deed", entry.at, label, text[:400], *outcome[:1], "warning", outcome.seconds, ref=ref
    )


def _hook_row(entry: JournalEntry, ref: SourceRef) -> EventRow:
    """What a hook of ours did: by which event, why, and the effect in a word."""
    event, effect, text = (_text(entry.data.get(key)) for key in ("event", "effect", "text"))
    mark: Mark = "error" if effect == "failed" else ""
    if effect in PROMINENT_HOOK_EFFECTS and not mark:
        mark = "warning"
    text = ": ".join(filter(None, (event, " ".join(text.split()))))
    word = HOOK_EFFECTS.get(effect, effect)
    return EventRow("hook", entry.at, "hook", text[:400], word[:40], mark, ref=ref)


def _text(value: object) -> str:
    if value in (None, False, "", 0):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value[:4])
    return f"{value:g}" if isinstance(value, float) else str(value)


def journal_detail(entry: JournalEntry, ref: SourceRef) -> EventDetail:
    """Everything in the journal entry."""
    text = msgspec.json.format(msgspec.json.encode(entry.data), indent=2).decode()
    return EventDetail(entry.kind.replace("_", " "), (DetailPart("journal", text, "json"),), ref)
