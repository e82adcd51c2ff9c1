"""Lines that are not one JSON object: what can be read is kept, the rest is reported."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.feeds.event_lines import (
    SOURCE,
    answered,
    body,
    call,
    decode,
    entry,
    line,
    said,
    text,
    told,
)
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import (
    AgentEvent,
    AssistantMessage,
    MalformedLine,
    TurnResult,
    UnknownRecord,
    UserMessage,
)

ONE = line(said(text("one")))
TWO = line(told("two"))


def kinds(data: bytes) -> list[str]:
    return body_names(decode(data))


def body_names(events: list[AgentEvent]) -> list[str]:
    return [type(event.body).__name__ for event in events]


def test_glued_objects_are_parts_of_one_line() -> None:
    data = ONE + TWO + b'{"type":"summary","summary":"x"}'
    events = decode(data + b"\n")
    assert body_names(events) == [
        "AssistantMessage",
        "UserMessage",
        "SilentRecord",
    ]
    assert [event.index_in_line for event in events] == [0, 1, 2]
    assert {(event.offset, event.length) for event in events} == {(0, len(data))}


def test_a_record_behind_a_torn_one_is_found() -> None:
    torn = ONE[: len(ONE) // 2]
    events = decode(torn + TWO + b"\n" + ONE)
    assert body_names(events) == [
        "MalformedLine",
        "UserMessage",
        "AssistantMessage",
    ]
    assert [event.index_in_line for event in events] == [0, 1, 0]
    broken = events[0].body
    assert isinstance(broken, MalformedLine)
    assert broken.size == len(torn)
    assert broken.excerpt.startswith('{"type":"assistant"')


def test_pieces_of_a_damaged_record_are_not_taken_for_records() -> None:
    damaged = (
        b'{"type":"system","subtype":"api_error","error":{"type":"user","x":{"type":"assistant"}},'
        b'"retryInMs":[REDACTED_PHONE]312349,"message":{"type":"user","content":"no"},"maxRetries":10}'
    )
    (event,) = decode(damaged)
    assert isinstance(event.body, MalformedLine)
    assert event.body.reason == "damaged JSON"


def test_words_before_a_record_do_not_hide_it() -> None:
    events = decode(b"Warning: something {odd} " + ONE)
    assert body_names(events) == ["MalformedLine", "AssistantMessage"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Error: Claude Code cannot be launched inside another session", "no JSON"),
        (b"5", "no JSON"),
        (b'"words"', "no JSON"),
        (b"[1, 2]", "no JSON object"),
        (b"null", "no JSON"),
        (b"}", "no JSON object"),
        (b'  "key": "value",', "no JSON"),
        (b'{"type":"assistant","message":{"content":"cut [LINK]', "damaged JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"\0" * 5_000, "5,000 zero bytes"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a":' + b"9" * 5_000 + b"} and {", "a number too long"),
    ],
    ids=range(12),
)
def test_what_is_no_record_is_told_once(data: bytes, reason: str) -> None:
    (event,) = decode(data)
    assert isinstance(event.body, MalformedLine)
    assert event.body.reason == reason
    assert len(event.body.excerpt) <= 201


@pytest.mark.parametrize("data", [b"", b"\n\n\n", b" \t\r\n  \r\n"])
def test_blank_lines_are_nothing(data: bytes) -> None:
    decoded = ClaudeDecoder(SOURCE).decode(data, 0)
    assert decoded == ([], 0, data.count(b"\n"))


@pytest.mark.parametrize(
    "data",
    [
        ONE + b"\r",
        b"\xef\xbb\xbf" + ONE,
        b"  " + ONE + b"  ",
        ONE + b",",
        b"\xef\xbb\xbf" + ONE + b"\r",
    ],
)
def test_line_ends_marks_and_blanks_do_not_matter(data: bytes) -> None:
    (event,) = decode(data)
    assert isinstance(event.body, AssistantMessage)
    assert event.length == len(data)


def test_a_hole_of_zeros_before_a_record_is_told_and_the_record_kept() -> None:
    events = decode(b"\0" * 4096 + ONE)
    assert body_names(events) == ["MalformedLine", "AssistantMessage"]


def test_a_list_of_entries_gives_each_of_them() -> None:
    data = b"[" + ONE + b", " + TWO + b", 7]"
    events = decode(data)
    assert body_names(events) == [
        "AssistantMessage",
        "UserMessage",
        "MalformedLine",
    ]
    assert [event.index_in_line for event in events] == [0, 1, 2]


def test_a_document_written_over_many_lines_costs_one_notice_a_line() -> None:
    document = json.dumps({"a": {"b": [1, {"type": "user"}]}, "text": "x"}, indent=2)
    found = kinds(document.encode())
    assert len(found) == len(document.splitlines())
    assert set(found) == {"MalformedLine"}


def test_foreign_records_are_unknown_with_their_type() -> None:
    lines = [
        {"timestamp": "2026-01-01T00:00:00Z", "type": "session_meta", "payload": {"id": "x"}},
        {"type": "response_item", "payload": {"type": "message", "content": [{"text": "hi"}]}},
    ]
    found = [body(record) for record in lines]
    assert all(isinstance(each, UnknownRecord) for each in found)
    assert isinstance(found[1], UnknownRecord)
    assert (found[1].subtype, found[1].text) == ("message", "hi")


def test_half_characters_are_shown_and_cost_nothing_else() -> None:
    found = body(rb'{"type":"user","message":{"content":"half \ud83d here \\ud83d"}}')
    assert found == UserMessage("prompt", "half ‹U+D83D› here \\ud83d")
    glad = body(rb'{"type":"user","message":{"content":"whole \ud83d\ude80"}}')
    assert glad == UserMessage("prompt", "whole 🚀")


def test_raw_control_characters_inside_strings_are_shown() -> None:
    assert body(b'{"type":"user","message":{"content":"a\x1b[1mb\tc"}}') == UserMessage(
        "prompt", "a␛[1mb\tc"
    )


@pytest.mark.parametrize("place", ["text", "uuid", "result"])
def test_invalid_utf8_costs_its_character_only(place: str) -> None:
    records = {
        "text": b'{"type":"user","message":{"content":"caf\xe9"},"uuid":"u"}',
        "uuid": b'{"type":"user","message":{"content":"caf"},"uuid":"\xe9"}',
        "result": b'{"type":"result","subtype":"success","result":"\xff","uuid":"u"}',
    }
    (event,) = decode(records[place])
    assert type(event.body) in (UserMessage, TurnResult)


@pytest.mark.parametrize(
    ("record", "role"),
    [
        ({"type": "user", "message": "bare words"}, "prompt"),
        (
            {
                "type": "user",
                "message": {"content": ["bare", 5, None, {"type": "text", "text": "x"}]},
            },
            "prompt",
        ),
        ({"type": "user", "message": None}, "prompt"),
        ({"type": "user", "message": 5}, "prompt"),
        ({"type": "user", "message": {"content": {"type": "text"}}}, "prompt"),
        ({"type": "user", "timesstamp": "typo", "message": {"content": "x"}}, "prompt"),
    ],
)
def test_a_message_of_any_shape_is_a_message(record: dict[str, Any], role: str) -> None:
    found = body(record)
    assert isinstance(found, UserMessage)
    assert found.role == role


def test_a_field_of_the_wrong_type_costs_that_field_only() -> None:
    record = said(text("kept"), call("Bash", {"command": "ls"}), usage={"output_tokens": "7"}, id=5)
    record |= {"uuid": ["x"], "session_id": 7, "timestamp": {"a": 1}, "isSidechain": "no"}
    (event,) = decode(line(record))
    found = event.body
    assert isinstance(found, AssistantMessage)
    assert found.text == "kept"
    assert found.tools[0].target == "ls"
    assert found.usage is not None
    assert found.usage.output == 7
    assert found.message_id == "5"
    assert (event.uuid, event.session, event.at) == ("", "7", None)


@pytest.mark.parametrize(
    "value", [None, True, 0, -1, 1.5, "x", [], {}, [[]], {"a": None}, 10**30, "9" * 400]
)
@pytest.mark.parametrize(
    "record",
    [
        said(text("x"), usage={"input_tokens": 1}),
        answered("x", structured={"structuredPatch": []}),
        entry("progress", data={"type": "agent_progress", "message": {"type": "user"}}),
        entry("attachment", attachment={"type": "queued_command", "prompt": "x"}),
        {"type": "result", "subtype": "success", "modelUsage": {"m": {"costUSD": 1}}, "errors": []},
        {"type": "system", "subtype": "api_error", "error": {"error": {}}, "retryInMs": 1},
        {"type": "system", "subtype": "compact_boundary", "compact_metadata": {"pre_tokens": 1}},
        {"type": "stream_event", "event": {"type": "message_start", "message": {"usage": {}}}},
        {"type": "control_response", "response": {"subtype": "error"}},
        {"type": "rate_limit_event", "rate_limit_info": {"status": "x"}},
    ],
    ids=lambda record: str(record.get("subtype") or record["type"]),
)
def test_any_value_in_any_field_leaves_a_record(record: dict[str, Any], value: Any) -> None:
    def replaced(node: Any) -> Any:
        """Every variant of a record with one of its values, at any depth, replaced."""
        if isinstance(node, dict):
            for key in node:
                yield {**node, key: value}
                for inner in replaced(node[key]):
                    yield {**node, key: inner}
        elif isinstance(node, list):
            for place, item in enumerate(node):
                for inner in (value, *replaced(item)):
                    yield [*node[:place], inner, *node[place + 1 :]]

    for variant in replaced(record):
        decoded = ClaudeDecoder(SOURCE).decode(line(variant), 0)
        assert len(decoded.events) + decoded.deltas == 1
        assert not any(isinstance(event.body, MalformedLine) for event in decoded.events)


def test_endless_numbers_are_no_numbers() -> None:
    found = body(
        b'{"type":"result","total_cost_usd":1e999,"duration_ms":NaN,"num_turns":-Infinity}'
    )
    assert isinstance(found, TurnResult)
    assert found.cost_usd is None


def test_a_line_of_two_megabytes_is_a_line() -> None:
    found = body(answered("x" * 2_000_000 + "\nend"))
    assert isinstance(found, UserMessage)
    assert found.results[0].size == 2_000_004
    assert found.results[0].excerpt.endswith("x\nend")


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"' * 250_000,
        b'{"a":' * 400_000,
        b"[" * 2_000_000,
        b'{"type":"user","x":"' + b'{\\"' * 600_000,
        (b'{"type":"x","y":' + b"{}" * 20) * 40_000,
        b"{}" * 20_000,
        b'{"a": 1 ' * 200_000,
    ],
    ids=range(7),
)
def test_no_damage_costs_much(data: bytes) -> None:
    start = time.process_time()
    events = decode(data)
    assert time.process_time() - start < 5
    assert events


@given(st.lists(st.binary(max_size=80), max_size=8))
@settings(deadline=None, max_examples=300)
def test_no_bytes_make_it_raise(lines: list[bytes]) -> None:
    data = b"\n".join(lines)
    events = ClaudeDecoder(SOURCE).decode_all(data, 7)
    for event in events:
        assert 7 <= event.offset <= 7 + len(data)
        assert event.offset + event.length <= 7 + len(data)


_KEYS = (
    "type subtype message content uuid usage event delta text data attachment response input id "
    "name session_id error tool_use_result structuredPatch lines"
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(_KEYS.split()),
            inner | st.sampled_from(["assistant", "user", "system", "stream_event", "tool_use"]),
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(_JSON, st.integers(0, 400), st.binary(max_size=3))
@settings(deadline=None, max_examples=150)
def test_no_json_whole_or_damaged_makes_it_raise(value: Any, place: int, damage: bytes) -> None:
    data = json.dumps(value).encode()
    ClaudeDecoder(SOURCE).decode(data, 0)
    torn = data[:place] + damage + data[place:]
    decoded = ClaudeDecoder(SOURCE).decode(torn, 0)
    assert decoded.events or decoded.deltas or not torn.strip()


@given(st.binary(min_size=1, max_size=30), st.integers(0, 10_000))
@settings(deadline=None, max_examples=300)
def test_a_damaged_record_never_disappears(damage: bytes, place: int) -> None:
    record = line(said(text("hello"), call("Bash", {"command": "ls"}), usage={"output_tokens": 1}))
    place %= len(record)
    damaged = (record[:place] + damage + record[place:]).replace(b"\n", b" ")
    assert decode(damaged)
