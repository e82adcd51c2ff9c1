"""Ledgers over real files, and what they show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.session_files import START, Record, in_transcript
from tui.feeds.sessions.select import EventFile
from tui.monitor.session_reader import SessionReader, fold_rules
from tui.night.status_json import status
from tui.settings.settings import Settings

RULES = fold_rules(Settings())
LATER = START + 3_600


def sources(stream: Path | None, *transcripts: Path) -> list[EventFile]:
    found = [EventFile("stream", str(stream), "test")] if stream is not None else []
    return found + [EventFile("transcript", str(path), "test") for path in transcripts]


def taken_in(ledger: SessionReader) -> SessionReader:
    while ledger.poll():
        pass
    return ledger


def shown(ledger: SessionReader, level: int = 1) -> list[tuple[Any, ...]]:
    ledger.index.level = level
    rows = [ledger.index.row(row) for row in range(len(ledger.index))]
    return [(row.at, row.label, row.text, row.outcome, row.mark, row.seconds) for row in rows]


def facts(ledger: SessionReader, now: float = LATER) -> dict[str, Any]:
    return status(ledger.fold.snapshot(now), "p", "here")


def without_times(records: Iterable[Record]) -> list[Record]:
    """As the stream has them: only what the CLI stamps there keeps a time."""
    return [
        record
        if record["type"] == "user"
        else {k: v for k, v in record.items() if k != "timestamp"}
        for record in records
    ]


def transcript_of(records: Sequence[Record]) -> list[Record]:
    return [
        {**in_transcript(record, 100.0 + place), **stamped(record)}
        for place, record in enumerate(records)
    ]


def stamped(record: Record) -> Record:
    return {"timestamp": record["timestamp"]} if "timestamp" in record else {}
