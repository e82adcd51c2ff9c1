"""A labelled episode: its records, which of them complete a step, and when each came.

A step is one tool result of the main conversation, or one assistant message (one message id) that
holds text and no tool call; counted from 1.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Label = Literal["stuck", "healthy"]
SECONDS_A_STEP = 20.0
"""What a step counts as where no record tells a time."""
START = 1_795_212_000.0
"""When an episode without times begins; only differences matter."""


class UnreadError(Exception):
    """An episode that cannot be measured; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the stream with its record; `step` is the number of steps that it completes."""

    data: bytes
    record: dict[str, Any]
    at: float
    is_timed: bool
    steps: int


@dataclass(frozen=True, slots=True)
class Episode:
    """One line of a labelled file."""

    id: str
    label: Label
    from_step: int | None
    events: Path
    set: str = ""
    data: bytes | None = None

    @property
    def is_stuck(self) -> bool:
        return self.label == "stuck"

    def lines(self) -> list[Line]:
        """The stream with times and steps; UnreadError where there is nothing to measure."""
        data = self.data
        if data is None:
            try:
                data = self.events.read_bytes()
            except OSError as error:
                raise UnreadError(f"{self.events}: {error.strerror or error}") from None
        lines = read_lines(data)
        if not any(line.record for line in lines):
            raise UnreadError(f"{self.events}: no line of it is a JSON object")
        return lines


def labelled(path: Path) -> Iterator[Episode | UnreadError]:
    """The episodes that a labelled file names; an UnreadError for each line that names none."""
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            try:
                yield _episode(json.loads(line), path.parent)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                yield UnreadError(f"{path}, line {number}: no labelled episode ({error!r:.80})")


def _episode(row: dict[str, Any], folder: Path) -> Episode:
    label, begins = row["label"], row.get("from_step")
    if label not in ("stuck", "healthy"):
        raise ValueError(f"label {label!r}")
    if not isinstance(begins, int) or isinstance(begins, bool):
        begins = None
    return Episode(
        str(row["id"]), label, begins, folder / str(row["events"]), str(row.get("set") or "")
    )


def read_lines(data: bytes) -> list[Line]:
    """Every line that is not blank; one that is no JSON object has an empty record."""
    raw = [line for line in data.splitlines() if line.strip()]
    records = [_record(line) for line in raw]
    told = [_seconds(record.get("timestamp")) for record in records]
    steps = list(_steps(records))
    times = _times(told, steps)
    return [
        Line(line + b"\n", record, at, known is not None, step)
        for line, record, at, known, step in zip(raw, records, times, told, steps, strict=True)
    ]


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _times(told: list[float | None], steps: list[int]) -> list[float]:
    """When each record came. One without a time among others that have one came with the last of them."""
    known = next((at for at in told if at is not None), None)
    if known is None:
        count, times = 0, []
        for step in steps:
            count += step
            times.append(START + count * SECONDS_A_STEP)
        return times
    times = []
    for at in told:
        known = at if at is not None else known
        times.append(known)
    return times


def _steps(records: list[dict[str, Any]]) -> Iterator[int]:
    """For each record how many steps it completes."""
    calling = {
        message_of(record).get("id")
        for record in records
        if any(block.get("type") == "tool_use" for block in blocks(record))
    } - {None}
    said: set[Any] = set()
    for record in records:
        kind, mid = record.get("type"), message_of(record).get("id")
        if not is_main(record):
            yield 0
        elif kind == "user":
            yield sum(block.get("type") == "tool_result" for block in blocks(record))
        elif kind == "assistant" and is_text_alone(record) and mid not in calling | said:
            if isinstance(mid, str):
                said.add(mid)
            yield 1
        else:
            yield 0


def is_main(record: dict[str, Any]) -> bool:
    """Whether a record belongs to the main conversation."""
    return not record.get("parent_tool_use_id") and not record.get("isSidechain")


def is_text_alone(record: dict[str, Any]) -> bool:
    """Whether a record holds text and no tool call."""
    kinds = {block.get("type") for block in blocks(record)}
    return "text" in kinds and "tool_use" not in kinds


def message_of(record: dict[str, Any]) -> dict[str, Any]:
    """The message of a record; empty where it has none, or one of another shape."""
    message = record.get("message")
    if not isinstance(message, dict):
        return {}
    if not isinstance(message.get("id"), str):
        return {**message, "id": None}
    return message


def blocks(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The content of a record's message; a text in its place is a block of text."""
    content = message_of(record).get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    if not isinstance(content, list):
        return []
    return [block for block in content if isinstance(block, dict)]


def text_of(content: Any) -> str:
    """The text of a tool result's content, or of any other."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [one.get("text", one) if isinstance(one, dict) else one for one in content]
        return "\n".join(part if isinstance(part, str) else json.dumps(part) for part in parts)
    return "" if content is None else json.dumps(content, sort_keys=True)


def _seconds(stamp: Any) -> float | None:
    if not isinstance(stamp, str):
        return None
    try:
        at = datetime.datetime.fromisoformat(stamp)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.UTC)
    return at.timestamp()
