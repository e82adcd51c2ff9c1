"""What is no stream of Claude Code's is named; what only is written in another way is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import shared
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.feeds.claude.encodings import plain_record, read_prefix, utf16_text
from tui.feeds.claude.stream_format import recognise_format
from tui.feeds.sessions.event_files import read_summary
from tui.feeds.sessions.select import EventFile
from tui.model.events import AgentEvent, MalformedLine, UserMessage
from tui.model.records import StreamFormat
from tui.monitor.session_reader import SessionReader
from tui.night.fold import NightFold

UUID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
STREAM: tuple[dict[str, Any], ...] = (
    {"type": "system", "subtype": "init", "cwd": "/x", "session_id": "s", "model": "m"},
    {"type": "user", "message": {"role": "user", "content": "Größe 中文"}, "session_id": "s"},
    {
        "type": "assistant",
        "message": {"id": "m", "role": "assistant", "content": [{"type": "text", "text": "ok"}]},
        "session_id": "s",
        "uuid": UUID,
        "timestamp": "2026-05-01T10:00:00Z",
    },
    {"type": "result", "subtype": "success", "is_error": False, "session_id": "s"},
)


def lines(*records: dict[str, Any], prefix: str = "", newline: str = "\n") -> str:
    return "".join(prefix + json.dumps(one, ensure_ascii=False) + newline for one in records)


def decode(data: bytes) -> list[AgentEvent]:
    return ClaudeDecoder("f").decode(data[: data.rfind(b"\n") + 1], 0).events


def looks(*records: dict[str, Any] | str) -> StreamFormat:
    text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in records)
    return recognise_format("f", text.encode()).format


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
    ],
)
def test_utf16_is_read(mark: bytes, encoding: str, newline: str) -> None:
    data = mark + lines(*STREAM, newline=newline).encode(encoding)
    events = decode(data)
    assert [type(one.body) for one in events] == [type(one.body) for one in plain_events()]
    said = [one.body.text for one in events if isinstance(one.body, UserMessage)]
    assert said == ["Größe 中文"]
    assert recognise_format("f", data).format is StreamFormat.UTF_16
    begin = events[1].offset
    again = ClaudeDecoder("f").decode_all(data[begin : begin + events[1].length], begin)
    assert again[0].body == events[1].body


def plain_events() -> list[AgentEvent]:
    return decode(lines(*STREAM).encode())


PREFIXES = [
    ("2026-01-01T00:00:00Z ", 1767225600.0),
    ("2026-01-01T00:00:00.1234567Z ", 1767225600.123456),
    ("2026-01-01T02:00:00.5+02:00 ", 1767225600.5),
    ("2026-01-01T00:00:00.123456789Z stdout F ", 1767225600.123456),
    ("2026-01-01 00:00:00,250 INFO ", 1767225600.25),
    ("2026-01-01 00:00:00 [INFO] agent: ", 1767225600.0),
    ("2026-01-01T00:00:00.000Z 01O ", 1767225600.0),
    ("[2026-01-01T00:00:00Z] ", 1767225600.0),
    ("[stdout] ", None),
    ("agent-1  | ", None),
    ("\x1b[36magent-1  |\x1b[0m ", None),
    ("[12:30:00] ", None),
    ("Jan  3 10:11:12 host claude[123]: ", None),
    ("stdout: ", None),
    ("> ", None),
]


@pytest.mark.parametrize(("prefix", "at"), PREFIXES)
def test_a_collectors_prefix_is_no_row_and_its_time_is_used(prefix: str, at: float | None) -> None:
    events = decode(lines(*STREAM, prefix=prefix).encode())
    plain = plain_events()
    assert [one.body for one in events] == [one.body for one in plain]
    own = plain[2].at
    assert [one.at for one in events] == [at, at, own, at]


@pytest.mark.parametrize("words", ["Warning: no such host ", 'ext":"abc"}', "done. ", "Error "])
def test_words_before_a_record_stay(words: str) -> None:
    events = decode(lines(STREAM[3], prefix=words).encode())
    assert [type(one.body) is MalformedLine for one in events] == [True, False]


def test_a_prefix_without_a_record_stays_a_line() -> None:
    (event,) = decode(b"2026-01-01T00:00:00Z ##[group]Run claude\n")
    assert isinstance(event.body, MalformedLine)


@settings(deadline=2000, max_examples=200)
@given(st.text("0:1[]| \t.-TZ>aF\x1b", max_size=220))
def test_a_prefix_is_judged_in_no_time(text: str) -> None:
    found = read_prefix(text.encode())
    assert found is None or found.at is None or found.at > 0


FOREIGN: dict[StreamFormat, list[list[dict[str, Any] | str]]] = {
    StreamFormat.CODEX: [
        [{"timestamp": "2026-01-01T00:00:00Z", "type": "session_meta", "payload": {"id": "x"}}],
        [{"timestamp": "x", "type": "response_item", "payload": {"type": "message"}}],
        [{"timestamp": "x", "type": "event_msg", "payload": {"type": "token_count"}}],
        [{"type": "thread.started", "thread_id": "x"}, {"type": "turn.started"}],
        ["Reading prompt from stdin...", {"type": "turn.completed", "usage": {}}],
        [{"id": "0", "msg": {"type": "task_started"}}],
    ],
    StreamFormat.OPENCODE: [
        [{"type": "step_start", "timestamp": 1, "sessionID": "ses_1", "part": {}}],
        [{"type": "text", "timestamp": 1, "sessionID": "ses_1", "part": {}}],
    ],
    StreamFormat.GEMINI: [
        [{"type": "init", "timestamp": "x", "session_id": "s", "model": "gemini-3"}],
        [{"sessionId": "s", "projectHash": "h", "startTime": "x", "kind": "main"}],
        [{"id": "1", "type": "user", "content": []}, {"id": "2", "type": "gemini", "content": ""}],
    ],
    StreamFormat.CURSOR: [
        [
            {"type": "system", "subtype": "init", "session_id": "s", "apiKeySource": "login"},
            {"type": "tool_call", "subtype": "started", "call_id": "c", "tool_call": {}},
        ],
    ],
    StreamFormat.AIDER: [["# aider chat started at 2026-01-01 00:00:00", "> hello"]],
    StreamFormat.TEXT: [["Error: Claude Code cannot be launched inside another session."]],
    StreamFormat.OTHER_JSON: [[{"level": "info", "msg": "x"}], [{"role": "user", "content": "x"}]],
}


@pytest.mark.parametrize(
    ("expected", "records"), [(kind, one) for kind, all_ in FOREIGN.items() for one in all_]
)
def test_other_agents_are_named(expected: StreamFormat, records: list[dict[str, Any]]) -> None:
    assert looks(*records) is expected


def test_what_is_written_over_several_lines_is_named() -> None:
    pretty = "".join(json.dumps(one, indent=2) + "\n" for one in STREAM)
    assert recognise_format("f", pretty.encode()).format is StreamFormat.PRETTY_JSON
    array = json.dumps(STREAM, indent=2)
    assert recognise_format("f", array.encode()).format is StreamFormat.JSON_ARRAY


def test_arrays_that_can_be_read_are_claudes() -> None:
    assert looks(json.dumps(STREAM)) is StreamFormat.CLAUDE
    by_line = "[\n" + ",\n".join(json.dumps(one) for one in STREAM) + "\n]\n"
    assert looks(by_line) is StreamFormat.CLAUDE


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"SQLite format 3\0\x10\0", StreamFormat.SQLITE),
        (b"PK\3\4" + bytes(range(256)), StreamFormat.BINARY),
        (b"\xff\xfe\0\0{\0\0\0", StreamFormat.UTF_32),
        (b"", StreamFormat.UNKNOWN),
        (b"{", StreamFormat.UNKNOWN),
        (b"npm warn deprecated x\n" + lines(*STREAM).encode(), StreamFormat.CLAUDE),
    ],
)
def test_signatures(data: bytes, expected: StreamFormat) -> None:
    assert recognise_format("f", data).format is expected


def test_every_format_has_one_sentence() -> None:
    for kind in StreamFormat:
        found = recognise_format("/a/b/f.jsonl", b"")
        said = type(found)("/a/b/f.jsonl", kind, "words").sentence
        assert (said == "") == (kind is StreamFormat.CLAUDE)
        assert "\n" not in said
        assert said.count("; ") <= 1


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: text.encode("utf-16", "replace"))
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_nothing_crashes_and_nothing_unread_is_starting(data: bytes) -> None:
    data += b"\n"
    looked = recognise_format("f", data)
    events = ClaudeDecoder("f").decode(data, 0).events
    made = NightFold()
    made.apply([looked, *events])
    seen = made.snapshot(1_800_000_000.0)
    assert seen.state != "starting"
    assert seen.activity.reason


@given(st.text(max_size=100))
def test_plain_text_is_no_utf16(text: str) -> None:
    assert utf16_text(text.replace("\0", "").encode("utf-8", "replace")) is None


def test_recorded_streams_are_claudes() -> None:
    for folder in ("streams", "transcripts", "real/streams", "real/transcripts"):
        for path in sorted(shared("data", folder).glob("*.jsonl")):
            with path.open("rb") as file:
                head = file.read(64 << 10)
            found = recognise_format(str(path), head).format
            assert found is (StreamFormat.CLAUDE if head else StreamFormat.UNKNOWN), path


def test_the_record_of_a_line() -> None:
    record = json.dumps(STREAM[0]).encode()
    assert plain_record(record) == record
    assert plain_record(b"2026-01-01T00:00:00Z " + record) == record
    assert plain_record(b"\xff\xfe" + json.dumps(STREAM[0]).encode("utf-16-le")) == record
    assert plain_record(b"\xef\xbb\xbf" + record) == record
    assert plain_record(b"Error: " + b"x" * 300 + record) == b""
    assert plain_record(b"no words") == b""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("prefix", ["", "2026-01-01T00:00:00Z ", "agent-1  | "])
def test_streams_of_the_project_are_found_however_they_are_written(
    tmp_path: Path, encoding: str, prefix: str
) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(*STREAM, prefix=prefix).encode(encoding))
    summary = read_summary(str(path))
    assert summary is not None
    assert (summary.kind, summary.sessions) == ("stream", ("s",))


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(STREAM).encode(),
        lines(*STREAM, prefix="2026-01-01T00:00:00Z ").rstrip().encode(),
        lines(*STREAM).rstrip().encode("utf-16"),
        lines(*STREAM).rstrip().encode(),
    ],
)
def test_a_last_line_without_its_end_is_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(data)
    made = NightFold()
    reader = SessionReader([EventFile("stream", str(path), "")], made)
    reader.read_all()
    reader.read_last_lines()
    reader.close()
    assert made.snapshot(1_800_000_000.0).counts.total == len(STREAM)
