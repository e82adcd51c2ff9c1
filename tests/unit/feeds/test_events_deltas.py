"""Streamed deltas: counted, and read where they say something."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.feeds.event_lines import (
    SOURCE,
    USAGE,
    answered,
    call,
    delta,
    line,
    said,
    step,
    stream,
    text,
    told,
)
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import AgentEvent, StreamDelta, TokenUsage, UnknownRecord

START = step("message_start", message={"id": "msg_1", "usage": USAGE})
BLOCK = step("content_block_start", index=0, content_block={"type": "text", "text": ""})
STOP = step("content_block_stop", index=0)
END = step("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 46})


def lines(*records: object) -> bytes:
    return b"".join(line(record) + b"\n" for record in records)


def test_deltas_are_counted_and_are_no_events() -> None:
    data = lines(START, BLOCK, delta("a"), delta("b"), STOP, END, step("message_stop"))
    decoded = ClaudeDecoder(SOURCE).decode(data, 0)
    assert decoded.deltas == 5
    assert [event.body for event in decoded.events] == [
        StreamDelta("message_start", "msg_1", "", TokenUsage(12, 7, 100, 200, 9_000)),
        StreamDelta("message_delta", "msg_1", "", TokenUsage(0, 46)),
    ]


def test_each_thread_has_its_own_open_message() -> None:
    inner = {
        **START,
        "event": {"type": "message_start", "message": {"id": "sub"}},
        "parent_tool_use_id": "t",
    }
    data = lines(
        START, inner, END, {**END, "parent_tool_use_id": "t"}, {**END, "api_message_id": "told"}
    )
    ids = [
        event.body.message_id
        for event in ClaudeDecoder(SOURCE).decode(data, 0).events
        if isinstance(event.body, StreamDelta)
    ]
    assert ids == ["msg_1", "sub", "msg_1", "sub", "told"]


def test_words_inside_a_delta_do_not_make_it_something_else() -> None:
    tricks = ['{"type":"message_start"', '"message_delta"', '}{"type":"user"}', '{"type":"result"}']
    decoded = ClaudeDecoder(SOURCE).decode(lines(*map(delta, tricks)), 0)
    assert (decoded.deltas, decoded.events) == (4, [])


def test_a_delta_with_its_keys_in_another_order_is_a_delta() -> None:
    record = delta("x")
    turned = dict(reversed(record.items()))
    decoded = ClaudeDecoder(SOURCE).decode(lines(turned, record), 0)
    assert (decoded.deltas, decoded.events) == (2, [])


def test_a_record_glued_to_a_delta_is_not_lost() -> None:
    whole = line(delta("x"))
    data = whole + line(told("go")) + b"\n" + whole[:90] + line(told("on")) + b"\n"
    decoded = ClaudeDecoder(SOURCE).decode(data, 0)
    assert decoded.deltas == 1
    assert [type(event.body).__name__ for event in decoded.events] == [
        "UserMessage",
        "MalformedLine",
        "UserMessage",
    ]


def test_a_torn_delta_is_told() -> None:
    decoded = ClaudeDecoder(SOURCE).decode(line(delta("x"))[:100], 0)
    assert decoded.deltas == 0
    assert [type(event.body).__name__ for event in decoded.events] == ["MalformedLine"]


def test_half_a_character_in_a_delta_is_still_a_delta() -> None:
    data = line(delta("HALF")).replace(b"HALF", rb"\ud83d")
    assert ClaudeDecoder(SOURCE).decode(data, 0).deltas == 1


def test_an_unknown_step_is_told() -> None:
    (event,) = ClaudeDecoder(SOURCE).decode(lines(step("brand_new")), 0).events
    assert event.body == UnknownRecord("stream_event", "brand_new")


def test_deltas_are_events_for_who_looks_at_single_lines() -> None:
    data = lines(delta("a"), told("go"))
    first, second = ClaudeDecoder(SOURCE).decode_all(data, 100)
    assert first.body == StreamDelta("content_block_delta", "", "a")
    assert (first.offset, second.offset) == (100, 101 + first.length)


# --- batches ---

_RECORDS = [
    line(record)
    for record in (
        START,
        BLOCK,
        delta("a"),
        delta("b"),
        STOP,
        said(text("ab")),
        said(call("Bash", {"command": "ls"})),
        END,
        answered("ok"),
        told("go"),
        stream("result", subtype="success"),
        {
            **START,
            "parent_tool_use_id": "t1",
            "event": {"type": "message_start", "message": {"id": "s"}},
        },
        {**END, "parent_tool_use_id": "t1"},
    )
] + [b"", b"plain words", b'{"type":"user"', line(told("a")) + line(told("b")), b"\0\0", b"[{},{}]"]


@given(
    st.lists(st.sampled_from(_RECORDS), max_size=30),
    st.lists(st.integers(0, 30), max_size=6),
    st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_any_cut_into_batches_gives_the_same_events(
    records: list[bytes], cuts: list[int], ended: bool
) -> None:
    whole = b"\n".join(records) + (b"\n" if ended and records else b"")
    at_once = ClaudeDecoder(SOURCE).decode(whole, 0)
    decoder = ClaudeDecoder(SOURCE)
    events: list[AgentEvent] = []
    deltas = offset = 0
    pieces = whole.splitlines(keepends=True)
    bounds = sorted({0, *(min(cut, len(pieces)) for cut in cuts), len(pieces)})
    for first, last in itertools.pairwise(bounds):
        batch = b"".join(pieces[first:last])
        decoded = decoder.decode(batch, offset)
        offset += len(batch)
        events += decoded.events
        deltas += decoded.deltas
    assert events == at_once.events
    assert deltas == at_once.deltas
