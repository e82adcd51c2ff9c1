"""A supervisor that takes a long night over reads what is new, and knows what its predecessor knew."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from benchmarks.stream import lines
from tui.model.snapshot import NightSnapshot
from tui.runner import run_reader
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.store.runs import RunFacts, arrival_line, create_run

STREAM = list(lines(400_000, partials=True))


@pytest.fixture(autouse=True)
def keeps_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_reader, "_WORTH_SAVING", 1)


class Night1:
    """A run directory whose stream grows by hand."""

    def __init__(self, base: Path) -> None:
        (base / "project").mkdir()
        facts = RunFacts("r", "goal", str(base / "project"), 1_000.0, ("agent",))
        self.folder: RunDirectory = create_run(base / "runs", facts, Settings())
        self.written = 0

    def grow(self, count: int) -> None:
        with self.folder.stream.open("ab") as file:
            file.writelines(STREAM[self.written : self.written + count])
        self.written += count

    def watch(self, announced: int = 0) -> RunReader:
        context = RunContext.load(self.folder)
        context.state.attempt_stream_offset = announced
        return RunReader(context)


@pytest.fixture
def run(tmp_path: Path) -> Night1:
    return Night1(tmp_path)


def read_on(eyes: RunReader) -> RunReader:
    eyes.poll(lambda event: None)
    while not eyes.caught_up:
        eyes.poll(lambda event: None)
    return eyes


def begins_at(eyes: RunReader) -> int:
    """Where in the stream these eyes began to read."""
    return eyes._saved_to


def knows(eyes: RunReader) -> NightSnapshot:
    return eyes.fold.snapshot(2_000_000_000.0)


def anew(run: Night1) -> RunReader:
    run.folder.reader_state.unlink(missing_ok=True)
    return read_on(run.watch())


def hand_over(run: Night1, count: int) -> None:
    """One supervisor reads so many lines, keeps what it knows, and is gone."""
    run.grow(count)
    first = read_on(run.watch())
    first.save()
    first.close()


def test_the_next_reads_on_where_the_last_stood(run: Night1) -> None:
    hand_over(run, 300)
    size = run.folder.stream.stat().st_size
    run.grow(200)
    second = run.watch()
    assert begins_at(second) == size
    read_on(second)
    fresh = anew(run)
    assert begins_at(fresh) == 0
    assert knows(second) == knows(fresh)
    assert second.turns == fresh.turns
    assert second.is_complete()


def test_nothing_is_kept_of_a_short_night(run: Night1, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_reader, "_WORTH_SAVING", 1 << 30)
    hand_over(run, 100)
    assert not run.folder.reader_state.exists()


@given(cuts=st.lists(st.integers(0, len(STREAM)), min_size=1, max_size=5), seed=st.integers(0, 99))
@how(deadline=None, max_examples=15)
def test_however_often_it_is_handed_over_the_night_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], seed: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_reader, "_WORTH_SAVING", 1)
        run = Night1(tmp_path_factory.mktemp("night"))
        dice = random.Random(seed)
        for upto in sorted(cuts):
            run.grow(upto - run.written)
            eyes = read_on(run.watch())
            if dice.random() < 0.7:
                eyes.save()
            eyes.close()
        kept = read_on(run.watch())
        assert knows(kept) == knows(anew(run))


def damages() -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "no such file", b"anything but what was written"


@pytest.mark.parametrize(("name", "data"), list(damages()), ids=lambda one: str(one)[:14])
def test_what_is_no_kept_night_is_read_anew(run: Night1, name: str, data: bytes) -> None:
    hand_over(run, 100)
    run.folder.reader_state.write_bytes(data)
    assert begins_at(run.watch()) == 0


@pytest.mark.parametrize("place", [0, 5, 40, 300, -1])
def test_one_wrong_byte_is_noticed(run: Night1, place: int) -> None:
    hand_over(run, 100)
    data = bytearray(run.folder.reader_state.read_bytes())
    data[place] ^= 1
    run.folder.reader_state.write_bytes(data)
    assert begins_at(run.watch()) == 0


@pytest.mark.parametrize("shorter", [1, 1000])
def test_half_of_it_is_noticed(run: Night1, shorter: int) -> None:
    hand_over(run, 100)
    run.folder.reader_state.write_bytes(run.folder.reader_state.read_bytes()[:-shorter])
    assert begins_at(run.watch()) == 0


def test_another_stream_is_read_anew(run: Night1) -> None:
    hand_over(run, 100)
    run.folder.stream.write_bytes(b"".join(STREAM[100:400]))
    second = read_on(run.watch())
    assert begins_at(second) == 0
    assert second.is_complete()


def test_turns_of_an_older_segment_do_not_count(run: Night1) -> None:
    """The kept turns are of a segment that is over: those of the new one begin empty."""
    hand_over(run, 300)
    size = run.folder.stream.stat().st_size
    second = run.watch(announced=size)
    assert begins_at(second) == size
    assert second.turns.answers == 0
    assert not second.turns.started


def test_a_state_older_than_what_was_kept_is_no_ground_to_build_on(run: Night1) -> None:
    run.grow(300)
    half = run.folder.stream.stat().st_size // 2
    first = read_on(run.watch(announced=half))
    first.save()
    first.close()
    assert begins_at(run.watch(announced=0)) == 0


def test_arrival_times_are_told_once(run: Night1) -> None:
    run.grow(100)
    size = run.folder.stream.stat().st_size
    run.folder.arrivals.write_bytes(arrival_line(size // 2, 50.0) + arrival_line(size, 60.0))
    first = read_on(run.watch())
    first.save()
    first.close()
    before = run.folder.arrivals.read_bytes()
    second = read_on(run.watch())
    assert not second._past
    assert second._quiet_at == 60.0
    assert run.folder.arrivals.read_bytes() == before
    assert knows(second) == knows(anew(run))


def test_a_message_in_the_making_is_finished_by_the_next(run: Night1) -> None:
    """Its last piece says what it used, and not which message it belongs to."""
    usage = {"input_tokens": 5, "cache_read_input_tokens": 100, "output_tokens": 1}
    message = {"id": "m1", "model": "claude-opus-4-5", "usage": usage, "content": []}
    begun = {"type": "message_start", "message": message}
    done = {"type": "message_delta", "delta": {}, "usage": {**usage, "output_tokens": 777}}
    pieces = [
        json.dumps(
            {"type": "stream_event", "event": event, "session_id": "s", "uuid": f"u{number}"}
        )
        for number, event in enumerate((begun, done))
    ]
    run.folder.stream.write_text(pieces[0] + "\n")
    first = read_on(run.watch())
    first.save()
    first.close()
    with run.folder.stream.open("a") as file:
        file.write(pieces[1] + "\n")
    second = read_on(run.watch())
    assert begins_at(second) > 0
    assert knows(second).tokens.output == 777
    assert knows(second) == knows(anew(run))
