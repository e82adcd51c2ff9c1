"""Several files as one night: merged by uuid, in the order of their times, resumed where they stopped."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.session_files import (
    START,
    Record,
    answer,
    bash,
    delta,
    evening,
    in_transcript,
    init,
    lines,
    result,
    speech,
)
from tui.feeds.discovery import Source
from tui.night.fold import Fold
from tui.night.status import status
from tui.settings import Settings
from tui.watching import opening, saved
from tui.watching.event_log import EventLog
from tui.watching.ledger import Ledger, total_size
from tui.watching.rules import rules_of

RULES = rules_of(Settings())
LATER = START + 3_600


def sources(stream: Path | None, *transcripts: Path) -> list[Source]:
    found = [Source("stream", str(stream), "test")] if stream is not None else []
    return found + [Source("transcript", str(path), "test") for path in transcripts]


def taken_in(ledger: Ledger) -> Ledger:
    while ledger.poll():
        pass
    return ledger


def shown(ledger: Ledger, level: int = 1) -> list[tuple[Any, ...]]:
    ledger.log.level = level
    rows = [ledger.log.row(row) for row in range(len(ledger.log))]
    return [(row.at, row.label, row.text, row.outcome, row.mark, row.seconds) for row in rows]


def facts(ledger: Ledger, now: float = LATER) -> dict[str, Any]:
    return status(ledger.fold.snapshot(now), "p")


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
        {**in_transcript(record, 100.0 + place), **_stamped(record)}
        for place, record in enumerate(records)
    ]


def _stamped(record: Record) -> Record:
    return {"timestamp": record["timestamp"]} if "timestamp" in record else {}


# --- one session in two files -----------------------------------------------------------------


@pytest.mark.parametrize("first", ["stream", "transcript"])
def test_an_event_is_shown_once_whichever_file_had_it_first(tmp_path: Path, first: str) -> None:
    stream, transcript = tmp_path / "s.jsonl", tmp_path / "t.jsonl"
    night = evening()
    early, late = (stream, transcript) if first == "stream" else (transcript, stream)
    data = {stream: lines(without_times(night)), transcript: lines(transcript_of(night))}
    early.write_bytes(data[early])
    late.touch()
    ledger = taken_in(Ledger(sources(stream, transcript), Fold(), EventLog()))
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
    ledger = taken_in(Ledger(sources(stream, transcript), Fold(), EventLog(3)))
    ledger.log.level = 3
    there = [place for place in range(10) if in_stream[place] or in_file[place]]
    uuids = [ledger.log.record(row) for row in range(len(ledger.log))]
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
    ledger = taken_in(Ledger(sources(stream, transcript), Fold(), EventLog()))
    labels = [row[1] for row in shown(ledger)]
    assert labels == ["text", "result"] * 60


def test_a_row_takes_its_time_from_the_file_that_knows_it(tmp_path: Path) -> None:
    stream, transcript = tmp_path / "s.jsonl", tmp_path / "t.jsonl"
    night = evening()
    stream.write_bytes(lines(without_times(night)))
    ledger = taken_in(Ledger(sources(stream, transcript), Fold(), EventLog()))
    assert shown(ledger)[1][0] == START, "no better is known than the time of the row before"
    ledger.log.take_changed()
    transcript.write_bytes(lines(transcript_of(night)))
    taken_in(ledger)
    assert 1 in ledger.log.take_changed()
    assert shown(ledger)[1][0] == START + 5
    assert shown(ledger)[2][5] == pytest.approx(18.2)


def test_what_is_appended_later_comes_last(tmp_path: Path) -> None:
    stream, transcript = tmp_path / "s.jsonl", tmp_path / "t.jsonl"
    night = evening()
    stream.write_bytes(lines(night[:5]))
    transcript.write_bytes(lines(transcript_of(night)[:5]))
    ledger = taken_in(Ledger(sources(stream, transcript), Fold(), EventLog(3)))
    for place in range(5, 10):
        with stream.open("ab") as file:
            file.write(lines(night[place : place + 1]))
        assert ledger.poll()
        assert not ledger.poll()
        assert len(ledger.log) == place + 1
    assert shown(ledger, 3)[-1][2] == "All green. Next: the percentile filter."


def test_a_poll_takes_about_what_it_is_allowed(tmp_path: Path) -> None:
    """Work is counted: a big file is taken in by portions, so that nothing waits for the whole."""
    stream, transcript = tmp_path / "s.jsonl", tmp_path / "t.jsonl"
    stream.write_bytes(lines(speech(n, "w" * 1_000, float(n)) for n in range(6_000)))
    transcript.write_bytes(lines(in_transcript(speech(9_000, "end", 0), 7_000.0) for _ in range(1)))
    for files in (sources(stream), sources(stream, transcript)):
        ledger = Ledger(files, Fold(), EventLog())
        portions = 0
        while ledger.poll(1 << 20):
            portions += 1
            assert ledger.read_bytes() <= (portions + 1) * (5 << 20)
        assert portions >= 2
        assert ledger.read_bytes() == total_size(files)
        ledger.close()


# --- states -------------------------------------------------------------------------------------


def test_states_count_lines_and_malformed_ones(tmp_path: Path) -> None:
    stream = tmp_path / "s.jsonl"
    stream.write_bytes(lines(evening()) + b"no JSON at all\n" + b'{"type": "assis\n')
    missing = tmp_path / "not-there.jsonl"
    ledger = taken_in(Ledger(sources(stream, missing), Fold(), EventLog()))
    state, lost = ledger.states()
    assert (state.state, state.lines, state.malformed, state.progress) == ("following", 12, 2, 1.0)
    assert lost.state == "missing"
    assert "not-there.jsonl" in lost.why


def test_no_file_at_all_is_an_empty_night() -> None:
    ledger = Ledger([], Fold())
    assert not ledger.poll()
    assert facts(ledger)["run"]["state"] == "none"
    assert ledger.states() == ()


@pytest.mark.parametrize("how", ["replaced", "written anew in place"])
def test_a_rewritten_file_keeps_the_newest_rows_of_the_old(tmp_path: Path, how: str) -> None:
    """In place the old bytes are gone: the rows that were drawn are kept all the same."""
    stream = tmp_path / "s.jsonl"
    stream.write_bytes(lines(speech(n, f"old {n}", float(n)) for n in range(20)))
    ledger = taken_in(Ledger(sources(stream), Fold(), EventLog()))
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
    assert ledger.save(ledger.log) is None, "rows of a file that is gone cannot be saved"


# --- saved and resumed --------------------------------------------------------------------------


def resumed(path: Path, files: Sequence[Source], level: int = 1) -> Ledger | None:
    return saved.read(path, files, RULES, level)


def _written(path: Path, data: bytes, after: float) -> None:
    """The file as it stood at some moment of the night."""
    path.write_bytes(data)
    os.utime(path, (START + after, START + after))


def _passed(records: Sequence[Record]) -> float:
    """The night's age when these records had just been written."""
    times = [
        datetime.fromisoformat(_stamped(each)["timestamp"]) for each in records if _stamped(each)
    ]
    return max(times).timestamp() - START if times else 0.0


def _two_files(folder: Path) -> tuple[list[Source], list[Record], list[Record]]:
    night = evening()
    records = [init(50), *without_times(night), result(51), delta(52, "x"), bash(53, "sleep 5")]
    files = sources(folder / "s.jsonl", folder / "t.jsonl")
    return files, records, transcript_of([*night, speech(60, "only here")])


@settings(deadline=None, max_examples=40)
@given(cut=st.integers(0, 14), lag=st.integers(-1, 0), torn=st.integers(0, 30))
def test_resumed_is_the_same_as_read_from_scratch(
    tmp_path_factory: pytest.TempPathFactory, cut: int, lag: int, torn: int
) -> None:
    """Both files are cut at about the same moment, as they grow together."""
    cut_beside = max(0, cut - 1 + lag)
    folder = tmp_path_factory.mktemp("resume")
    files, stream, transcript = _two_files(folder)
    paths = [Path(file.path) for file in files]
    _written(paths[0], lines(stream[:cut]) + lines(stream[cut:])[:torn], _passed(stream[:cut]))
    _written(paths[1], lines(transcript[:cut_beside]), _passed(transcript[:cut_beside]))
    before = taken_in(opening.fresh(files, RULES, 1))
    saved.write(folder / "saved", before)
    before.close()
    _written(paths[0], lines(stream), 500)
    _written(paths[1], lines(transcript), 500)
    after = resumed(folder / "saved", files)
    assert after is not None
    taken_in(after)
    scratch = taken_in(opening.fresh(files, RULES, 1))
    assert sorted(map(repr, shown(after, 3))) == sorted(map(repr, shown(scratch, 3)))
    whole = facts(scratch)
    again = facts(after)
    for name in ("events", "tokens", "cost", "context", "goal"):
        assert again[name] == whole[name]
    assert again["run"]["session_id"] == whole["run"]["session_id"]
    for ledger in (after, scratch):
        ledger.close()


@settings(deadline=None, max_examples=40)
@given(cut=st.integers(0, 10))
def test_a_stream_with_times_resumes_to_exactly_the_same_status(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("exact")
    night, path = evening(), folder / "s.jsonl"
    files = sources(path)
    path.write_bytes(lines(night[:cut]))
    before = taken_in(opening.fresh(files, RULES, 1))
    saved.write(folder / "saved", before)
    before.close()
    path.write_bytes(lines(night))
    after, scratch = resumed(folder / "saved", files), taken_in(opening.fresh(files, RULES, 1))
    assert after is not None
    taken_in(after)
    assert facts(after) == facts(scratch)
    assert shown(after) == shown(scratch)
    assert shown(after, 3) == shown(scratch, 3)
    after.close()
    scratch.close()


def test_what_is_appended_after_a_resume_is_taken_in_and_completes_old_rows(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines([bash(1, "make", 0)]))
    files = sources(path)
    saved.write(tmp_path / "saved", taken_in(opening.fresh(files, RULES, 1)))
    after = resumed(tmp_path / "saved", files)
    assert after is not None
    assert shown(after)[0][4] != "error"
    with path.open("ab") as file:
        file.write(lines([answer(2, 1, "boom", 9, error=True), speech(3, "I see", 10)]))
    assert after.poll()
    assert [row[1] for row in shown(after)] == ["Bash", "text"]
    assert shown(after)[0][4:] == ("error", 9.0)
    assert after.log.next_error(-1, 1) == 0
    assert after.states()[0].lines == 3


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(evening()))
    files = sources(path)
    saved.write(tmp_path / "saved", taken_in(opening.fresh(files, RULES, 1)))
    path.unlink()
    path.write_bytes(lines(speech(n, "another night", float(n)) for n in range(500, 530)))
    assert resumed(tmp_path / "saved", files) is None


@pytest.mark.parametrize("harm", ["cut", "empty", "flipped", "version", "other files", "missing"])
def test_a_saved_ledger_that_does_not_fit_is_not_used(tmp_path: Path, harm: str) -> None:
    path, place = tmp_path / "s.jsonl", tmp_path / "saved"
    path.write_bytes(lines(evening()))
    files = sources(path)
    ledger = taken_in(opening.fresh(files, RULES, 1))
    saved.write(place, ledger)
    data = place.read_bytes()
    if harm == "cut":
        place.write_bytes(data[: len(data) - 5])
    elif harm == "empty":
        place.write_bytes(b"")
    elif harm == "flipped":
        place.write_bytes(data[:20] + bytes(255 - byte for byte in data[20:60]) + data[60:])
    elif harm == "version":
        import tui.watching.ledger as module

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "SAVED_VERSION", module.SAVED_VERSION + 1)
            saved.write(place, ledger)
    elif harm == "missing":
        place.unlink()
    asked = sources(path, tmp_path / "t.jsonl") if harm == "other files" else files
    assert resumed(place, asked) is None


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_no_damage_to_a_saved_ledger_raises(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("harm")
    path, place = folder / "s.jsonl", folder / "saved"
    path.write_bytes(lines(evening()[:3]))
    files = sources(path)
    saved.write(place, taken_in(opening.fresh(files, RULES, 1)))
    whole = place.read_bytes()
    at = data.draw(st.integers(0, 60_000)) % len(whole)
    harmed = whole[:at] + data.draw(st.binary(min_size=0, max_size=6)) + whole[at + 3 :]
    place.write_bytes(harmed)
    ledger = resumed(place, files)
    if ledger is not None:
        ledger.close()


def test_saving_is_one_step_and_leaves_no_litter(tmp_path: Path) -> None:
    path, place = tmp_path / "s.jsonl", tmp_path / "folds" / "saved.msgpack"
    path.write_bytes(lines(evening()))
    ledger = taken_in(opening.fresh(sources(path), RULES, 1))
    saved.write(place, ledger)
    saved.write(place, ledger)
    assert os.listdir(place.parent) == ["saved.msgpack"]
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert place.stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(evening()))
    ledger = taken_in(opening.fresh(sources(path), RULES, 1))
    (tmp_path / "file").write_text("")
    saved.write(tmp_path / "file" / "saved", ledger)


def test_old_saved_ledgers_are_cleared_away(tmp_path: Path) -> None:
    folds = tmp_path / "folds"
    folds.mkdir()
    for number in range(60):
        (folds / f"{number}.msgpack").write_bytes(b"x")
        os.utime(folds / f"{number}.msgpack", (START + number, START + number))
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(evening()))
    saved.write(folds / "now.msgpack", taken_in(opening.fresh(sources(path), RULES, 1)))
    assert os.listdir(folds) == ["now.msgpack"]


def test_the_place_depends_on_the_files_and_nothing_else(tmp_path: Path) -> None:
    one, two = sources(tmp_path / "a"), sources(tmp_path / "b")
    assert saved.place(tmp_path, one) == saved.place(tmp_path, sources(tmp_path / "a"))
    assert saved.place(tmp_path, one) != saved.place(tmp_path, two)


# --- opening ------------------------------------------------------------------------------------


def test_a_tail_shows_the_newest_part_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(speech(n, f"row {n} " + "w" * 900, float(n)) for n in range(3_000)))
    ledger = opening.tail(sources(path), RULES, 1)
    assert 700 < len(ledger.log) < 1_200
    assert ledger.log.row(len(ledger.log) - 1).text.startswith("row 2999")


def test_opening_finds_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(evening()))
    files = sources(path)
    assert opening.restored(files, RULES, 1) is None
    opening.save(taken_in(opening.fresh(files, RULES, 1)))
    again = opening.restored(files, RULES, 2)
    assert again is not None
    assert again.log.level == 2
    again.close()
