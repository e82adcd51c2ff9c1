"""Journal entries as rows of the events pane."""

from __future__ import annotations

import msgspec

from tui.records import EventDetail, DetailPart, EventRow, JournalEntry, Mark, SourceRef

_QUIET = frozenset({"notified", "request", "answer", "note", "injection", "supervisor_stopped"})
_MARKS: dict[str, Mark] = {
    "checkpoint_failed": "error",
    "limit_warning": "warning",
    "limit_hit": "error",
    "stall": "warning",
    "restart_scheduled": "warning",
    "kill": "warning",
    "checkpoint": "ok",
}
_FIELDS: dict[str, tuple[str, ...]] = {
    "run_started": ("goal", "model"),
    "segment_started": ("why", "session"),
    "segment_ended": ("reason", "code", "signal"),
    "run_ended": ("reason",),
    "supervisor_started": ("adopted", "gap_s"),
    "checkpoint": ("checkpoint", "label", "why", "tests"),
    "rewind": ("checkpoint", "mode", "written", "deleted"),
    "undo": ("checkpoint", "mode", "written", "deleted"),
    "inject": ("mode", "transport", "text"),
    "injection": ("state", "text", "doing", "detail"),
    "interrupt": ("by", "reason"),
    "stop": ("by", "reason", "survivors"),
    "kill": ("by", "reason", "survivors"),
    "limit_warning": ("limit", "value", "allowed"),
    "limit_hit": ("limit", "value", "allowed"),
    "stall": ("stall", "evidence"),
    "restart_scheduled": ("class", "attempt", "delay_s"),
    "handover": ("share",),
    "continuation": ("open", "attempt"),
    "notified": ("event", "channel", "state"),
}


def deed_level(entry: JournalEntry) -> int:
    """The verbosity from which on the entry is shown."""
    if entry.kind == "injection" and entry.data.get("state") != "queued":
        return 1
    return 2 if entry.kind in _QUIET else 1


def deed_row(entry: JournalEntry) -> EventRow:
    """What the entry says, in one line."""
    words = [_word(entry.data.get(key)) for key in _FIELDS.get(entry.kind, ("text", "reason"))]
    if entry.kind in ("stop", "kill") and "survivors" in entry.data:
        words = [_survivors(entry.data["survivors"])]
    return EventRow(
        "deed",
        entry.at,
        entry.kind.replace("_", " "),
        " · ".join(word for word in words if word)[:400],
        mark=_MARKS.get(entry.kind, ""),
        ref=SourceRef(entry.source, entry.offset),
    )


def deed_detail(entry: JournalEntry, ref: SourceRef) -> EventDetail:
    """Everything the journal says of the deed."""
    text = msgspec.json.format(msgspec.json.encode(entry.data), indent=2).decode()
    return EventDetail(entry.kind.replace("_", " "), (DetailPart("journal", text, "json"),), ref)


def _survivors(value: object) -> str:
    named = _word(value)
    return f"over, but these survived: {named}" if named else "it is over; nobody survived"


def _word(value: object) -> str:
    if value in (None, False, "", 0):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value[:4])
    return f"{value:g}" if isinstance(value, float) else str(value)
