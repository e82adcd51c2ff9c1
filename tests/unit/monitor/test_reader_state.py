"""Ledgers written down and taken up again: the same as read from scratch, or not used at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

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
    init,
    lines,
    result,
    speech,
)
from tests.unit.monitor.reader_scene import (
    RULES,
    facts,
    shown,
    sources,
    stamped,
    taken_in,
    transcript_of,
    without_times,
)
from tui.feeds.sessions.select import EventFile
from tui.monitor import loading, reader_state, session_reader
from tui.monitor.rows.event_index import EventIndex
from tui.monitor.session_reader import SessionReader


def resumed(path: Path, files: Sequence[EventFile], level: int = 1) -> SessionReader | None:
    return reader_state.read(path, files, RULES, level)


def _written(path: Path, data: bytes, after: float) -> None:
    """The file as it stood at some moment of the night."""
    path.write_bytes(data)
    os.utime(path, (START + after, START + after))


def _passed(records: Sequence[Record]) -> float:
    """The night's age when these records had just been written."""
    times = [
        datetime.fromisoformat(stamped(each)["timestamp"]) for each in records if stamped(each)
    ]
    return max(times).timestamp() - START if times else 0.0


def _two_files(folder: Path) -> tuple[list[EventFile], list[Record], list[Record]]:
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
    before = taken_in(loading.new_reader(files, RULES, 1))
    reader_state.write(folder / "saved", before)
    before.close()
    _written(paths[0], lines(stream), 500)
    _written(paths[1], lines(transcript), 500)
    after = resumed(folder / "saved", files)
    assert after is not None
    taken_in(after)
    scratch = taken_in(loading.new_reader(files, RULES, 1))
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
    before = taken_in(loading.new_reader(files, RULES, 1))
    reader_state.write(folder / "saved", before)
    before.close()
    path.write_bytes(lines(night))
    after, scratch = resumed(folder / "saved", files), taken_in(loading.new_reader(files, RULES, 1))
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
    reader_state.write(tmp_path / "saved", taken_in(loading.new_reader(files, RULES, 1)))
    after = resumed(tmp_path / "saved", files)
    assert after is not None
    assert shown(after)[0][4] != "error"
    with path.open("ab") as file:
        file.write(lines([answer(2, 1, "boom", 9, error=True), speech(3, "I see", 10)]))
    assert after.poll()
    assert [row[1] for row in shown(after)] == ["Bash", "text"]
    assert shown(after)[0][4:] == ("error", 9.0)
    assert after.index.next_error(-1, 1) == 0
    assert after.states()[0].lines == 3


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(evening()))
    files = sources(path)
    reader_state.write(tmp_path / "saved", taken_in(loading.new_reader(files, RULES, 1)))
    path.unlink()
    path.write_bytes(lines(speech(n, "another night", float(n)) for n in range(500, 530)))
    assert resumed(tmp_path / "saved", files) is None


@pytest.mark.parametrize("harm", ["cut", "empty", "flipped", "version", "other files", "missing"])
def test_a_saved_ledger_that_does_not_fit_is_not_used(tmp_path: Path, harm: str) -> None:
    path, place = tmp_path / "s.jsonl", tmp_path / "saved"
    path.write_bytes(lines(evening()))
    files = sources(path)
    ledger = taken_in(loading.new_reader(files, RULES, 1))
    reader_state.write(place, ledger)
    data = place.read_bytes()
    if harm == "cut":
        place.write_bytes(data[: len(data) - 5])
    elif harm == "empty":
        place.write_bytes(b"")
    elif harm == "flipped":
        place.write_bytes(data[:20] + bytes(255 - byte for byte in data[20:60]) + data[60:])
    elif harm == "version":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session_reader, "SAVED_VERSION", session_reader.SAVED_VERSION + 1)
            reader_state.write(place, ledger)
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
    reader_state.write(place, taken_in(loading.new_reader(files, RULES, 1)))
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
    ledger = taken_in(loading.new_reader(sources(path), RULES, 1))
    reader_state.write(place, ledger)
    reader_state.write(place, ledger)
    assert os.listdir(place.parent) == ["saved.msgpack"]
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert place.stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(evening()))
    ledger = taken_in(loading.new_reader(sources(path), RULES, 1))
    (tmp_path / "file").write_text("")
    reader_state.write(tmp_path / "file" / "saved", ledger)


def test_old_saved_ledgers_are_cleared_away(tmp_path: Path) -> None:
    folds = tmp_path / "folds"
    folds.mkdir()
    for number in range(60):
        (folds / f"{number}.msgpack").write_bytes(b"x")
        os.utime(folds / f"{number}.msgpack", (START + number, START + number))
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(evening()))
    reader_state.write(folds / "now.msgpack", taken_in(loading.new_reader(sources(path), RULES, 1)))
    assert os.listdir(folds) == ["now.msgpack"]


def test_the_place_depends_on_the_files_and_nothing_else(tmp_path: Path) -> None:
    one, two = sources(tmp_path / "a"), sources(tmp_path / "b")
    assert reader_state.saved_path(tmp_path, one) == reader_state.saved_path(
        tmp_path, sources(tmp_path / "a")
    )
    assert reader_state.saved_path(tmp_path, one) != reader_state.saved_path(tmp_path, two)


def test_a_path_that_is_no_text_has_a_place_too() -> None:
    odd = EventFile("stream", os.fsdecode(b"/night/\xff.jsonl"), "test")
    assert reader_state.saved_path(Path("/cache"), [odd]).suffix == ".msgpack"


def test_a_reader_without_rows_is_restored_with_what_its_owner_saved(tmp_path: Path) -> None:
    path, place = tmp_path / "s.jsonl", tmp_path / "saved"
    path.write_bytes(lines(evening()))
    files = sources(path)
    before = taken_in(SessionReader(files, RULES.fold()))
    assert reader_state.save(place, b"owned", before, b"its own")
    assert resumed(place, files) is None, "a reader with rows has another kind"
    restored = reader_state.restore(
        place, b"owned", files, RULES, lambda fold: SessionReader((), fold)
    )
    assert restored is not None
    after, own = restored
    assert own == b"its own"
    assert facts(after) == facts(before)
    assert not after.poll()
    assert (
        reader_state.restore(
            place, b"owned", files, RULES, lambda fold: SessionReader((), fold, EventIndex())
        )
        is None
    ), "the rows were not saved"


def test_a_reader_of_a_path_that_is_no_text_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.jsonl")
    path.write_bytes(lines(evening()))
    reader = taken_in(SessionReader(sources(path), RULES.fold()))
    assert not reader_state.save(tmp_path / "saved", b"owned", reader)
    assert os.listdir(tmp_path) == [path.name]


def test_a_tail_shows_the_newest_part_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(speech(n, f"row {n} " + "w" * 900, float(n)) for n in range(3_000)))
    ledger = loading.tail_reader(sources(path), RULES, 1)
    assert 700 < len(ledger.index) < 1_200
    assert ledger.index.row(len(ledger.index) - 1).text.startswith("row 2999")


def test_opening_finds_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(evening()))
    files = sources(path)
    assert loading.restored_reader(files, RULES, 1) is None
    loading.save_reader(taken_in(loading.new_reader(files, RULES, 1)))
    again = loading.restored_reader(files, RULES, 2)
    assert again is not None
    assert again.index.level == 2
    again.close()
