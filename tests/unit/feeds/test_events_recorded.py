"""Recordings of the real CLI and real users' files: read whole, nothing lost, nothing unknown."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.shared_data import shared
from tui.feeds.claude.decoder import ClaudeDecoder, DecodedBatch
from tui.model.events import (
    AgentEvent,
    AssistantMessage,
    MalformedLine,
    TurnResult,
    UnknownRecord,
    UserMessage,
)
from tui.monitor.rows.event_detail import detail
from tui.monitor.rows.event_rows import row, visibility

_FOLDERS = (("streams",), ("transcripts",), ("real", "streams"), ("real", "transcripts"))


def _files(*folder: str) -> list[Path]:
    return sorted(shared("data", *folder).glob("*.jsonl"))


def _decoded(path: Path) -> DecodedBatch:
    return ClaudeDecoder(path.name).decode(path.read_bytes(), 0)


def _bodies(*folder: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for path in _files(*folder):
        decoded = _decoded(path)
        counted.update(type(event.body).__name__ for event in decoded.events)
        counted["delta"] += decoded.deltas
    return counted


@pytest.mark.parametrize("folder", _FOLDERS, ids="/".join)
def test_every_line_of_every_file_is_accounted_for(folder: tuple[str, ...]) -> None:
    for path in _files(*folder):
        decoded = _decoded(path)
        lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
        assert len({event.offset for event in decoded.events}) + decoded.deltas == len(lines)
        unknown = [event.body for event in decoded.events if isinstance(event.body, UnknownRecord)]
        assert unknown == []


def test_the_recorded_streams_hold_what_they_hold() -> None:
    """Counted beforehand by reading each line's type and subtype."""
    assert _bodies("streams") == {
        "AssistantMessage": 362,
        "UserMessage": 181,
        "TurnStarted": 105,
        "TurnResult": 101,
        "TaskUpdate": 61 + 61 + 8 + 5,
        "HookRun": 44 + 44,
        "MessageLifecycle": 66,
        "ControlMessage": 49 + 1,
        "AgentStateReport": 12 + 8,
        "ApiRetry": 12,
        "SilentRecord": 8 + 3 + 2,
        "Notice": 3 + 4 + 4 + 1,
        "PermissionDenied": 1 + 1,
        "ToolHeartbeat": 2,
        "StreamDelta": 2 + 2,
        "Compaction": 1,
        "delta": 11 + 3 + 3 + 2,
    }


def test_the_real_transcripts_hold_what_they_hold() -> None:
    """28 lines were cut by a redactor; 45 messages are relayed from subagents."""
    found = _bodies("real", "transcripts")
    assert found["MalformedLine"] == 28
    assert found["AssistantMessage"] + found["UserMessage"] == 444 + 326 + 45
    assert found["ToolHeartbeat"] == 72
    assert found["delta"] == 0


def test_the_real_streams_hold_what_they_hold() -> None:
    found = _bodies("real", "streams")
    assert (
        found["AssistantMessage"],
        found["UserMessage"],
        found["TurnResult"],
        found["TurnStarted"],
    ) == (441, 288, 10, 11)
    assert (found["delta"], found["StreamDelta"], found["RateLimit"]) == (1_065, 18, 1)
    assert found["MalformedLine"] == 0


def test_a_normal_night_reads_as_its_reader_would() -> None:
    decoded = _decoded(shared("data", "streams", "01_normal.jsonl"))
    said = [event.body for event in decoded.events if isinstance(event.body, AssistantMessage)]
    calls = [f"{tool.name} {tool.target}" for body in said for tool in body.tools]
    assert calls == [
        "Bash ls -la && git log --oneline | head -5",
        "Write /home/dev/trading-bot/calc.py",
        "Read /home/dev/trading-bot/calc.py",
        "Edit /home/dev/trading-bot/calc.py",
        "Bash python3 -c 'import calc; print(calc.add(2,3))'",
        "Bash git status --short; sleep 1",
    ]
    (result,) = (event.body for event in decoded.events if isinstance(event.body, TurnResult))
    assert (result.turns, result.duration_ms, round(result.cost_usd or 0, 6)) == (
        7,
        1_573,
        0.028385,
    )
    ids = {body.message_id for body in said}
    usages = {body.message_id: body.usage for body in said}
    assert len(ids) == 6
    assert sum(usage.cache_read for usage in usages.values() if usage) == 76_985


def test_stream_and_transcript_of_a_session_share_their_uuids() -> None:
    def uuids(*parts: str) -> set[str]:
        events = _decoded(shared("data", *parts)).events
        return {
            event.uuid for event in events if isinstance(event.body, AssistantMessage | UserMessage)
        }

    stream = uuids("streams", "01_normal.jsonl")
    transcript = uuids("transcripts", "01_normal.jsonl")
    assert stream < transcript


@pytest.mark.parametrize("folder", _FOLDERS, ids="/".join)
def test_every_event_has_a_row_and_a_detail(folder: tuple[str, ...]) -> None:
    for path in _files(*folder):
        data = path.read_bytes()
        events = _decoded(path).events
        answers = _answers(events)
        for event in events:
            shown = row(event)
            assert "\n" not in shown.text
            assert shown.label
            assert visibility(event) in (1, 2, 3)
            body = event.body
            calls = body.tools if isinstance(body, AssistantMessage) else ()
            answer = next((answers[tool.id] for tool in calls if tool.id in answers), None)
            found = detail(_line(data, event), event.index_in_line, event.ref, _line(data, answer))
            assert found.title
            assert found.parts[-1].text
            if isinstance(body, MalformedLine):
                assert found.parts[-1].title == "line"


def _answers(events: list[AgentEvent]) -> dict[str, AgentEvent]:
    return {
        result.tool_use_id: event
        for event in events
        if isinstance(event.body, UserMessage)
        for result in event.body.results
    }


def _line(data: bytes, event: AgentEvent | None) -> bytes:
    return b"" if event is None else data[event.offset : event.offset + event.length]


@pytest.mark.parametrize("folder", _FOLDERS, ids="/".join)
def test_batches_of_any_size_give_the_same_events(folder: tuple[str, ...]) -> None:
    for path in _files(*folder)[:12]:
        whole = _decoded(path)
        decoder = ClaudeDecoder(path.name)
        events: list[AgentEvent] = []
        deltas = offset = 0
        lines = path.read_bytes().splitlines(keepends=True)
        for number in range(0, len(lines), 7):
            batch = b"".join(lines[number : number + 7])
            decoded = decoder.decode(batch, offset)
            offset += len(batch)
            events += decoded.events
            deltas += decoded.deltas
        assert (events, deltas) == (whole.events, whole.deltas)
