"""The row index over real files: which rows, in which order, and what each of them says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.session_files import (
    START,
    answer,
    bash,
    call,
    evening,
    init,
    line,
    lines,
    prompt,
    result,
    speech,
)
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.feeds.sessions.select import EventFile
from tui.model.events import AgentEvent, UserMessage
from tui.model.interventions import Effect, Injection
from tui.model.journal import JournalEntry
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.model.state import StallKind, StallLevel
from tui.monitor.rows.event_index import EventIndex
from tui.monitor.session_reader import SessionReader
from tui.night.fold import NightFold
from tui.store.journal import JournalDecoder


def ledger_over(*paths: Path, level: int = 1) -> SessionReader:
    ledger = SessionReader(
        [EventFile("stream", str(path), "test") for path in paths], NightFold(), EventIndex(level)
    )
    while ledger.poll():
        pass
    return ledger


def written(folder: Path, data: bytes, name: str = "s.jsonl") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def labels(log: EventIndex) -> list[str]:
    return [log.row(row).label for row in range(len(log))]


def texts(log: EventIndex) -> list[str]:
    return [log.row(row).text for row in range(len(log))]


def test_a_call_and_its_result_are_one_row_with_outcome_and_duration(tmp_path: Path) -> None:
    log = ledger_over(written(tmp_path, lines(evening()))).index
    assert labels(log) == ["prompt", "text", "Bash", "text", "Edit", "Bash", "text"]
    tests = log.row(2)
    assert (tests.text, tests.mark) == ("pytest -q tests/quay", "error")
    assert "3 failed" in tests.outcome
    assert tests.seconds == pytest.approx(18.2)
    assert log.row(4).outcome == "+2 −1"
    assert log.row(5).mark != "error"


def test_verbosity_shows_more_kinds_and_never_loses_an_order(tmp_path: Path) -> None:
    records = [init(0), *evening(), result(11, 110)]
    log = ledger_over(written(tmp_path, lines(records))).index
    one = texts(log)
    generation = log.generation
    log.level = 2
    two = texts(log)
    log.level = 3
    assert log.generation == generation + 2
    assert len(one) < len(two) <= len(log) == len(records)
    remaining = iter(two)
    assert all(text in remaining for text in one), "level 1 is a part of level 2, in its order"


def test_a_level_that_is_already_set_changes_no_generation() -> None:
    log = EventIndex(2)
    log.level = 2
    assert log.generation == 0


def test_a_result_that_comes_later_changes_the_row_of_its_call(tmp_path: Path) -> None:
    path = written(tmp_path, lines([bash(1, "make", 0)]))
    ledger = ledger_over(path)
    log = ledger.index
    log.is_live = True
    log.pop_changed()
    assert log.row(0).mark == "running"
    with path.open("ab") as file:
        file.write(lines([answer(2, 1, "boom", 3, error=True)]))
    assert ledger.poll()
    assert log.pop_changed() == [0]
    assert log.pop_changed() == []
    assert (log.row(0).mark, log.row(0).seconds, len(log)) == ("error", 3.0, 1)


def test_a_call_without_result_runs_only_while_the_session_lives(tmp_path: Path) -> None:
    ledger = ledger_over(written(tmp_path, lines([bash(1, "make", 0)])))
    assert ledger.index.row(0).mark != "running"


def test_changes_of_rows_that_are_not_shown_are_not_told(tmp_path: Path) -> None:
    path = written(tmp_path, lines([speech(1, "first", 0), bash(2, "make", 1)]))
    ledger = ledger_over(path, level=3)
    with path.open("ab") as file:
        file.write(lines([answer(3, 2, "fine", 3)]))
    ledger.poll()
    assert ledger.index.pop_changed() == [1]


def test_a_subagent_that_met_a_limit_is_an_error_to_jump_to(tmp_path: Path) -> None:
    limit = "You've hit your limit · resets 3:40pm (UTC)"
    calls = [bash(1, "cat log", 0), answer(2, 1, limit, 1)]
    for name in ("Task", "Agent"):
        agent = json.loads(json.dumps(calls[0]).replace("Bash", name))
        log = ledger_over(written(tmp_path, lines([agent, calls[1]]))).index
        assert log.next_error(-1, 1) == 0
    plain = ledger_over(written(tmp_path, lines(calls))).index
    assert plain.next_error(-1, 1) is None, "a command may print what it likes"


def test_errors_are_found_forwards_and_backwards(tmp_path: Path) -> None:
    failed = [bash(20, "make", 200), answer(21, 20, "boom", 201, error=True)]
    records = lines(evening()) + b"this is no JSON\n" + lines(failed)
    log = ledger_over(written(tmp_path, records)).index
    bad = [labels(log).index("Bash"), len(log) - 1]
    assert log.row(bad[1]).mark == "error"
    assert log.next_error(-1, 1) == bad[0]
    assert log.next_error(bad[0], 1) == bad[1], "damage in the file is no error of the work"
    assert log.next_error(bad[1], 1) is None
    assert log.next_error(len(log), -1) == bad[1]
    assert log.next_error(bad[0], -1) is None
    assert EventIndex().next_error(-1, 1) is None


def test_row_of_every_byte_of_a_line_is_its_row(tmp_path: Path) -> None:
    path = written(tmp_path, lines(evening()))
    log = ledger_over(path, level=3).index
    data, offset = path.read_bytes(), 0
    for number, text in enumerate(data.split(b"\n")[:-1]):
        for place in (offset, offset + len(text) // 2, offset + len(text) - 1):
            assert log.row_of(str(path), place) == number
        offset += len(text) + 1
    assert log.row_of(str(path), offset + 10) is None
    assert log.row_of("elsewhere", 0) is None


def test_row_of_a_hidden_result_is_the_row_of_its_call(tmp_path: Path) -> None:
    path = written(tmp_path, lines(evening()))
    log = ledger_over(path).index
    place = path.read_bytes().index(b"41 passed")
    row = log.row_of(str(path), place)
    assert row == 2
    assert log.row(2).label == "Bash"


def test_row_at_time_is_the_first_row_not_before(tmp_path: Path) -> None:
    log = ledger_over(written(tmp_path, lines(evening()))).index
    assert log.row_at_time(START - 100) == 0
    assert log.row_at_time(START + 5) == 1
    assert log.row_at_time(START + 6) == 2
    assert log.row_at_time(START + 10_000) == len(log) - 1
    assert EventIndex().row_at_time(START) is None


def test_rows_without_a_time_take_that_of_the_row_before(tmp_path: Path) -> None:
    records = [speech(1, "a", 7), speech(2, "b"), speech(3, "c"), speech(4, "d", 20)]
    log = ledger_over(written(tmp_path, lines(records))).index
    assert [log.time(row) for row in range(4)] == [START + 7, START + 7, START + 7, START + 20]


def test_the_ref_and_the_record_lead_back_to_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, lines(evening()))
    log = ledger_over(path, level=3).index
    ref = log.ref(3)
    assert path.read_bytes()[ref.offset :].startswith(line(evening()[3])[:40])
    event = log.record(3)
    assert isinstance(event, AgentEvent)
    assert event.offset == ref.offset


def test_glued_objects_on_one_line_are_a_row_each(tmp_path: Path) -> None:
    glued = line(speech(1, "first", 0)) + line(speech(2, "second", 1)) + b"\n"
    log = ledger_over(written(tmp_path, glued)).index
    assert texts(log) == ["first", "second"]
    assert "second" in "".join(part.text for part in log.detail(1).parts)


def test_the_detail_has_the_call_and_its_result(tmp_path: Path) -> None:
    log = ledger_over(written(tmp_path, lines(evening()))).index
    parts = log.detail(2).parts
    everything = "\n".join(part.text for part in parts)
    assert "pytest -q tests/quay" in everything
    assert "41 passed" in everything
    diffs = [part for part in log.detail(4).parts if part.style == "diff"]
    assert diffs
    assert "+lots = round(size / step)" in diffs[0].text


def test_paths_inside_the_project_are_shown_without_the_way_to_it(tmp_path: Path) -> None:
    edit = call(1, "Read", {"file_path": "/home/dev/harbour/quay/sizing.py"}, 0)
    log = ledger_over(written(tmp_path, lines([edit]))).index
    log.root = "/home/dev/harbour/"
    assert log.row(0).text == "quay/sizing.py"


def test_rows_whose_bytes_are_gone_say_so(tmp_path: Path) -> None:
    path = written(tmp_path, lines([speech(1, "one", 0)]))
    log = ledger_over(path).index
    log._files._readers[0] = lambda offset, length: None
    row, detail = log.row(0), log.detail(0)
    assert row.label == "gone"
    assert row.at == START
    assert "no longer" in detail.parts[0].text


def test_rows_stay_right_while_the_cache_forgets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.monitor.rows.event_index._CACHED_ROWS", 3)
    log = ledger_over(written(tmp_path, lines(prompt(n, f"p{n}", n) for n in range(50)))).index
    for _ in range(2):
        assert texts(log) == [f"p{n}" for n in range(50)]
    assert len(log._cache) <= 3


def test_a_row_drawn_before_it_was_known_to_live_is_drawn_again(tmp_path: Path) -> None:
    log = ledger_over(written(tmp_path, lines([speech(1, "first", 0), bash(2, "make", 20)]))).index
    rows = len(log) - 1
    assert log.row(rows).mark != "running"
    log.pop_changed()
    log.is_live = True
    assert log.pop_changed() == [rows]
    assert log.row(rows).mark == "running"
    log.is_live = True
    assert log.pop_changed() == []


def test_a_call_lost_with_its_process_runs_no_more(tmp_path: Path) -> None:
    log = EventIndex()
    log.is_live = True
    data = lines([bash(1, "make", 0), bash(2, "make again", 50)])
    path = written(tmp_path, data)
    number = log.open_source(str(path), lambda offset, length: data[offset : offset + length])
    for event in ClaudeDecoder(str(path)).decode(data, 0).events:
        log.add(number, event, event.at or START)
    log.pop_changed()
    assert [log.row(row).mark for row in (0, 1)] == ["running", "running"]
    log.add(number, JournalEntry(START + 10, "segment_ended", "", {}), START + 10)
    assert log.pop_changed() == [0]
    assert [log.row(row).mark == "running" for row in (0, 1)] == [False, True]


def journal_log(*entries: Mapping[str, object]) -> EventIndex:
    """Rows of a journal with these entries, a second apart."""
    name = "/night/journal.jsonl"
    made = [{"at": START + nth, **one} for nth, one in enumerate(entries)]
    data = lines(made)
    log = EventIndex()
    number = log.open_source(name, lambda offset, length: data[offset : offset + length])
    for entry in JournalDecoder(name).decode(data, 0):
        log.add(number, entry, entry.at)
    return log


STALL = {
    "kind": "stall",
    "stall": "loop",
    "since": START - 100.0,
    "evidence": ["make: 3 times with the same answer"],
    "detector": "repeated_calls",
    "level": "notice",
    "count": 3,
    "pattern": "Bash make",
}


def with_stall(count: int) -> NightSnapshot:
    stall = Stall(StallKind.LOOP, START - 100.0, ("x",), level=StallLevel.NOTICE, count=count)
    stall = replace(stall, last_at=START)
    return replace(NightFold().snapshot(START), stall=stall)


def test_a_stall_is_one_row_that_counts_on_and_says_how_long_it_lasted() -> None:
    log = journal_log(STALL)
    row = log.row(0)
    assert (row.label, row.text) == ("loop", "repeated calls: Bash make")
    assert (row.outcome, row.seconds) == ("3 times", None)
    log.pop_changed()
    log.set_outcomes(with_stall(7))
    assert log.pop_changed() == [0]
    assert (log.row(0).outcome, log.row(0).seconds) == ("7 times", 100.0)
    log.set_outcomes(with_stall(7))
    assert log.pop_changed() == []
    over = journal_log(STALL, {"kind": "stall_over", "stall": "loop", "count": 9}, STALL)
    over.set_outcomes(with_stall(4))
    assert [one.outcome for one in map(over.row, range(len(over)))] == ["9 times", "4 times"]
    assert over.row(0).seconds == 101.0


def test_a_message_is_one_row_whose_outcome_moves_on() -> None:
    sent = {"kind": "inject", "id": "m1", "mode": "step-back", "text": "Step\n back."}
    other = {"kind": "inject", "id": "m2", "mode": "soft", "text": "Hello."}
    states = [
        {"kind": "injection", "id": "m1", "state": state} for state in ("queued", "delivered")
    ]
    log = journal_log(sent, other, *states, {"kind": "segment_ended"})
    assert labels(log) == ["step back", "message", "segment ended"]
    assert [log.row(row).outcome for row in (0, 1)] == ["delivered", "queued"]
    assert log.row(0).text == "“Step back.”"
    effect = Effect(START, calls=3, different=2)
    message = Injection("m1", START, "Step back.", "step-back", "seen", effect=effect)
    night = NightFold().snapshot(START)
    known = replace(night.interventions, injections=(message,))
    log.pop_changed()
    log.set_outcomes(replace(night, interventions=known))
    assert log.pop_changed() == [0]
    assert log.row(0).outcome == "read: 2 different calls since"


def test_a_message_is_not_shown_again_as_a_prompt() -> None:
    log = journal_log({"kind": "inject", "id": "m1", "mode": "soft", "text": "Hello."})
    number = log.open_source("s.jsonl", lambda offset, length: None)
    body = UserMessage("prompt", "Hello.")
    for name in ("m1", "another"):
        log.add(number, AgentEvent("s.jsonl", 0, 10, body, uuid=name), START)
    assert len(log) == 2
