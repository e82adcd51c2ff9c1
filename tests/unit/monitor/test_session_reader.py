"""Several files as one night: merged by uuid, in the order of their times, resumed where they stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.session_files import START, delta, evening, in_transcript, lines, result, speech
from tests.unit.monitor.reader_scene import (
    facts,
    shown,
    sources,
    taken_in,
    transcript_of,
    without_times,
)
from tui.feeds.sessions.select import EventFile
from tui.monitor.followed_file import total_size
from tui.monitor.rows.event_index import EventIndex
from tui.monitor.session_reader import SessionReader
from tui.night.fold import NightFold


@pytest.mark.parametrize("first", ["stream", "transcript"])
def test_an_event_is_shown_once_whichever_file_had_it_first(tmp_path: Path, first: str) -> None:
    stream, transcript = tmp_path / "s.jsonl", tmp_path / "t.jsonl"
    night = evening()
    early, late = (stream, transcript) if first == "stream" else (transcript, stream)
    data = {stream: lines(without_times(night)), transcript: lines(transcript_of(night))}
    early.write_bytes(data[early])
    late.touch()
    ledger = taken_in(SessionReader(sources(stream, transcript), NightFold(), EventIndex()))
    before = [row[1:3] for row in shown(ledger)]
    late.write_bytes(data[late])
    taken_in(ledger)
    assert [row[1:3] for row in shown(ledger)] == before
    assert len(before) == 7
    assert facts(ledger)["events"]["total"] == len(night)
    assert facts(ledger)["events"]["tool_calls"] == {"Bash": 2, "Edit": 1}


@settings(deadline=None, max_examples=60)
@given(
    in_stream=st.lists(st.booleans(), min_size=10, max_size=10),
    in_file=st.lists(st.booleans(), min_size=10, max_size=10),
)
def test_the_union_of_both_files_is_shown_in_the_order_of_time(
    tmp_path_factory: pytest.TempPathFactory, in_stream: list[bool], in_file: list[bool]
) -> None:
    folder = tmp_path_factory.mktemp("union")
    night = evening()
    stream, transcript = folder / "s.jsonl", folder / "t.jsonl"
    stream.write_bytes(
        lines(record for record, there in zip(night, in_stream, strict=True) if there)
    )
    kept = [record for record, there in zip(transcript_of(night), in_file, strict=True) if there]
    transcript.write_bytes(lines(kept))
    ledger = taken_in(SessionReader(sources(stream, transcript), NightFold(), EventIndex(3)))
    ledger.index.level = 3
    there = [place for place in range(10) if in_stream[place] or in_file[place]]
    uuids = [ledger.index.record(row) for row in range(len(ledger.index))]
    assert [getattr(event, "uuid", "") for event in uuids] == [night[n]["uuid"] for n in there]
    ledger.close()


def test_a_long_stream_and_a_short_transcript_interleave(tmp_path: Path) -> None:
    """Deltas make the stream far longer: the transcript must not run ahead of it."""
    stream, transcript = tmp_path / "s.jsonl", tmp_path / "t.jsonl"
    big, small, number = [], [], 0
    for turn in range(60):
        number += 1
        said = speech(number, f"turn {turn}", turn * 60.0)
        small.append(in_transcript(said, turn * 60.0))
        big += [delta(100_000 + 400 * turn + n, "x" * 120) for n in range(400)]
        big.append({k: v for k, v in said.items() if k != "timestamp"})
        number += 1
        big.append(result(number, turn * 60.0 + 30))
    stream.write_bytes(lines(big))
    transcript.write_bytes(lines(small))
    assert stream.stat().st_size > 4 << 20
    ledger = taken_in(SessionReader(sources(stream, transcript), NightFold(), EventIndex()))
    labels = [row[1] for row in shown(ledger)]
    assert labels == ["text", "result"] * 60


def test_a_row_takes_its_time_from_the_file_that_knows_it(tmp_path: Path) -> None:
    stream, transcript = tmp_path / "s.jsonl", tmp_path / "t.jsonl"
    night = evening()
    stream.write_bytes(lines(without_times(night)))
    ledger = taken_in(SessionReader(sources(stream, transcript), NightFold(), EventIndex()))
    assert shown(ledger)[1][0] == START, "no better is known than the time of the row before"
    ledger.index.pop_changed()
    transcript.write_bytes(lines(transcript_of(night)))
    taken_in(ledger)
    assert 1 in ledger.index.pop_changed()
    assert shown(ledger)[1][0] == START + 5
    assert shown(ledger)[2][5] == pytest.approx(18.2)


def test_what_is_appended_later_comes_last(tmp_path: Path) -> None:
    stream, transcript = tmp_path / "s.jsonl", tmp_path / "t.jsonl"
    night = evening()
    stream.write_bytes(lines(night[:5]))
    transcript.write_bytes(lines(transcript_of(night)[:5]))
    ledger = taken_in(SessionReader(sources(stream, transcript), NightFold(), EventIndex(3)))
    for place in range(5, 10):
        with stream.open("ab") as file:
            file.write(lines(night[place : place + 1]))
        assert ledger.poll()
        assert not ledger.poll()
        assert len(ledger.index) == place + 1
    assert shown(ledger, 3)[-1][2] == "All green. Next: the percentile filter."


def test_a_poll_takes_about_what_it_is_allowed(tmp_path: Path) -> None:
    """Work is counted: a big file is taken in by portions, so that nothing waits for the whole."""
    stream, transcript = tmp_path / "s.jsonl", tmp_path / "t.jsonl"
    stream.write_bytes(lines(speech(n, "w" * 1_000, float(n)) for n in range(6_000)))
    transcript.write_bytes(lines(in_transcript(speech(9_000, "end", 0), 7_000.0) for _ in range(1)))
    for files in (sources(stream), sources(stream, transcript)):
        ledger = SessionReader(files, NightFold(), EventIndex())
        portions = 0
        while ledger.poll(1 << 20):
            portions += 1
            assert ledger.read_bytes() <= (portions + 1) * (5 << 20)
        assert portions >= 2
        assert ledger.read_bytes() == total_size(files)
        ledger.close()


def test_states_count_lines_and_malformed_ones(tmp_path: Path) -> None:
    stream = tmp_path / "s.jsonl"
    stream.write_bytes(lines(evening()) + b"no JSON at all\n" + b'{"type": "assis\n')
    missing = tmp_path / "not-there.jsonl"
    ledger = taken_in(SessionReader(sources(stream, missing), NightFold(), EventIndex()))
    state, lost = ledger.states()
    assert (state.state, state.lines, state.malformed, state.progress) == ("following", 12, 2, 1.0)
    assert lost.state == "missing"
    assert "not-there.jsonl" in lost.why


def test_no_file_at_all_is_an_empty_night() -> None:
    ledger = SessionReader([], NightFold())
    assert not ledger.poll()
    assert facts(ledger)["run"]["state"] == "none"
    assert ledger.states() == ()


@pytest.mark.parametrize("how", ["replaced", "written anew in place"])
def test_a_rewritten_file_keeps_the_newest_rows_of_the_old(tmp_path: Path, how: str) -> None:
    """In place the old bytes are gone: the rows that were drawn are kept all the same."""
    stream = tmp_path / "s.jsonl"
    stream.write_bytes(lines(speech(n, f"old {n}", float(n)) for n in range(20)))
    ledger = taken_in(SessionReader(sources(stream), NightFold(), EventIndex()))
    fresh = lines(speech(100 + n, f"new {n}", 100.0 + n) for n in range(3))
    if how == "replaced":
        (tmp_path / "next").write_bytes(fresh)
        (tmp_path / "next").replace(stream)
    else:
        assert len(shown(ledger)) == 20
        stream.write_bytes(fresh)
    taken_in(ledger)
    texts = [row[2] for row in shown(ledger) if row[1] == "text"]
    assert texts == [f"old {n}" for n in range(20)] + [f"new {n}" for n in range(3)]
    assert ledger.save() is None, "rows of a file that is gone cannot be saved"


def test_the_bell_rings_for_what_is_told_now_and_not_for_the_past(tmp_path: Path) -> None:
    """Once however it is read: alone, or merged with a stream."""
    now = START + 3_600
    journal, stream = tmp_path / "journal.jsonl", tmp_path / "s.jsonl"
    old = {"at": now - 600, "kind": "notified", "id": "1", "event": "stalled", "channel": "bell"}
    journal.write_bytes(lines([old, {**old, "id": "2", "channel": "tmux"}]))
    stream.write_bytes(lines([speech(1, "first", 0)]))
    alone = [EventFile("journal", str(journal), "test")]
    for files in (alone, [*alone, *sources(stream)]):
        ledger = taken_in(SessionReader(files, NightFold(), EventIndex(), wall=lambda: now))
        assert ledger.bells == 0
        with journal.open("ab") as file:
            file.write(lines([{**old, "id": "3", "at": now - 2}, {**old, "kind": "note"}]))
        taken_in(ledger)
        assert ledger.bells == 1
        ledger.close()
        journal.write_bytes(lines([old]))


@pytest.mark.parametrize("files", [1, 2])
def test_lines_longer_than_one_read_do_not_end_the_reading(tmp_path: Path, files: int) -> None:
    night = evening()
    long = speech(99, "x" * 2_500_000)
    paths = [tmp_path / f"{number}.jsonl" for number in range(files)]
    for path in paths:
        path.write_bytes(lines([*night[:2], long, *night[2:]]))
    ledger = taken_in(SessionReader(sources(*paths), NightFold(), EventIndex()))
    assert facts(ledger)["events"]["total"] == len(night) + 1
    assert all(state.progress == 1.0 for state in ledger.states())


@pytest.mark.parametrize(
    "end", ["", "{", '"x"}', "x" * 9_000], ids=["none", "open", "closing", "long"]
)
def test_a_last_line_without_a_newline_is_taken_in_once_it_is_whole(
    tmp_path: Path, end: str
) -> None:
    night = evening()
    stream = tmp_path / "s.jsonl"
    long = speech(99, "x" * 20_000)
    data = lines([*night, long]).rstrip(b"\n")
    stream.write_bytes(data + (b"\n" + end.encode() if end else b""))
    ledger = taken_in(SessionReader(sources(stream), NightFold(), EventIndex()))
    before = facts(ledger)["events"]["total"]
    ledger.read_last_lines()
    assert before == len(night) + bool(end)
    assert facts(ledger)["events"]["total"] == len(night) + 1
    assert facts(ledger)["events"]["malformed"] == 0
    only = tmp_path / "one.jsonl"
    only.write_bytes(lines(night[:1]).rstrip(b"\n"))
    ledger = taken_in(SessionReader(sources(only), NightFold(), EventIndex()))
    ledger.read_last_lines()
    assert facts(ledger)["events"]["total"] == 1


def test_files_are_read_in_turn_and_an_owner_hears_of_each_event(tmp_path: Path) -> None:
    """Arrival first, then the fold, then the event: the supervisor acts on what the fold has."""
    journal, stream = tmp_path / "journal.jsonl", tmp_path / "s.jsonl"
    journal.write_bytes(b'{"v":1,"at":"2026-01-01T00:00:00Z","kind":"note","data":{"text":"x"}}\n')
    stream.write_bytes(lines(evening()))
    calls: list[str] = []
    reader = SessionReader(
        [EventFile("journal", str(journal), ""), EventFile("stream", str(stream), "")],
        NightFold(),
        on_arrival=lambda end: calls.append(
            f"arrival {end}, {reader.fold.snapshot(0.0).counts.total}"
        ),
        on_event=lambda event: calls.append(f"event, {reader.fold.snapshot(0.0).counts.total}"),
    )
    assert reader.poll_in_turn() == {"journal", "stream"}
    size, count = stream.stat().st_size, len(evening())
    assert calls == [f"arrival {size}, 0", *[f"event, {count}"] * count]
    assert reader.caught_up
    assert reader.poll_in_turn() == set()
    reader.close()


def test_a_slice_of_a_turn_is_not_the_end(tmp_path: Path) -> None:
    stream = tmp_path / "s.jsonl"
    stream.write_bytes(lines(speech(n, "w" * 900, float(n)) for n in range(200)))
    reader = SessionReader(sources(stream), NightFold())
    assert reader.poll_in_turn(40_000) == {"stream"}
    assert (reader.caught_up, reader.read_bytes() <= 40_000) == (False, True)
    while not reader.caught_up:
        reader.poll_in_turn(40_000)
    assert reader.read_bytes() == stream.stat().st_size
    reader.close()
