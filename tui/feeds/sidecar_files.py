"""Files beside the events: the original system's histories, and session notes.

Versions of the histories have different keys, so each is optional, and a value of the wrong type is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from tui.feeds.progress.outline import falls
from tui.model import records
from tui.model.records import SessionNotes
from tui.system.sanitize import clean, clean_line

MOST_LINES = 20_000
LONGEST_LINE = 256 * 1024


def read_history(data: bytes, source: str) -> list[records.SessionHistoryLine]:
    """Lines of session-history.jsonl; what is no JSON object, such as a cut last line, is left out."""
    return [_history_line(record, source, offset) for offset, record in _json_objects(data)]


def read_compactions(data: bytes, source: str) -> list[records.CompactionHistoryLine]:
    """Lines of compaction-history.jsonl; times without a zone are in this machine's own."""
    return [_compaction_line(record, source, offset) for offset, record in _json_objects(data)]


def _history_line(record: dict[str, Any], source: str, offset: int) -> records.SessionHistoryLine:
    passed: Any = record.get("tests_passed")
    failed: Any = None
    if isinstance(passed, dict):
        passed, failed = passed.get("passed"), passed.get("failed")
    return records.SessionHistoryLine(
        source=source,
        offset=offset,
        ended_at=_epoch_seconds(record.get("end_time", record.get("timestamp"))),
        commits=_count(record.get("commits_made", record.get("commits"))) or 0,
        files_changed=_count(record.get("files_changed")) or 0,
        tests_passed=_count(passed),
        tests_failed=_count(failed if failed is not None else record.get("tests_failed")),
        runtime_hours=_number(record.get("runtime_hours")),
    )


def _compaction_line(
    record: dict[str, Any], source: str, offset: int
) -> records.CompactionHistoryLine:
    return records.CompactionHistoryLine(
        source=source,
        offset=offset,
        at=_epoch_seconds(record.get("timestamp")),
        estimated_tokens=_count(record.get("estimated_tokens")),
        reason=_text(record.get("compaction_reason", record.get("reason"))),
        checkpoint=record.get("checkpoint_created") is True,
    )


def _json_objects(data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    offset = 0
    for line in data.split(b"\n", MOST_LINES)[:MOST_LINES]:
        if 1 < len(line) <= LONGEST_LINE:
            try:
                record = msgspec.json.decode(line)
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict):
                yield offset, record
        offset += len(line) + 1


def _epoch_seconds(value: Any) -> float | None:
    """ISO text (naive: local) or seconds since the epoch."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.strip()).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    number = _number(value)
    return number if number is not None and 0 < number < 1e11 else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    number = float(value) if abs(value) < 1e15 else None
    return number if number is not None and number == number else None


def _count(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number >= 0 else None


def _text(value: Any) -> str:
    return clean_line(value, 500) if isinstance(value, str) else ""


SHOWN_BYTES = 256 * 1024


def read_notes(data: bytes, source: str, at: float | None, size: int = 0) -> SessionNotes:
    """The notes as text that is safe to render.

    Beyond 256 KiB their oldest part is left out, in whole lines, and a line in its place says so: the
    beginning, or the end where the newest stands on top. `data` is the end of a file of `size` bytes.
    """
    before = max(0, size - len(data))
    data = data.removeprefix(b"\xef\xbb\xbf")
    newest_first = falls(data.decode("utf-8", "replace"))
    if len(data) <= SHOWN_BYTES and not before:
        text = data.decode("utf-8", "replace")
    elif newest_first:
        end = data.rfind(b"\n", 0, SHOWN_BYTES) + 1 or SHOWN_BYTES
        text = f"{data[:end].decode('utf-8', 'ignore')}\n{_left_out(len(data) - end)}\n"
    else:
        begin = data.find(b"\n", len(data) - SHOWN_BYTES) + 1 or len(data) - SHOWN_BYTES
        text = f"{_left_out(before + begin)}\n\n{data[begin:].decode('utf-8', 'ignore')}"
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return SessionNotes(source, at, clean(text), newest_first)


def _left_out(octets: int) -> str:
    return f"[… {octets:,} bytes of older notes left out …]"
