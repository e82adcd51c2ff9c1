"""What a person takes back with `/rewind` is abandoned: marked, no statement any more, and still paid for."""

from __future__ import annotations

import json
from pathlib import Path

from tests.talks import Talk
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.evidence.log import AbandonedBranch
from tui.model.session import EventFile
from tui.monitor.rows.event_index import EventIndex
from tui.monitor.session_reader import SessionReader
from tui.night.fold import NightFold

START = 1_780_000_000.0


def folded(talk: Talk) -> NightFold:
    fold = NightFold()
    data = "".join(json.dumps(record) + "\n" for record in talk.records).encode()
    fold.apply(ClaudeDecoder("talk").decode(data, 0).events)
    return fold


def offset_of(talk: Talk, place: int) -> int:
    return sum(len(json.dumps(record)) + 1 for record in talk.records[:place])


def rewound() -> tuple[Talk, int, int]:
    """A conversation that was taken back to before its second prompt; where that began and was left."""
    talk = Talk("/home/dev/harbour", START).ask("One.").work(2).say("First is done.")
    before, start = talk.parent, len(talk.records)
    talk.ask("Two.").work(3).say("Second is done, all tests pass.")
    talk.parent, end = before, len(talk.records)
    return talk.ask("Two, otherwise.").work(1).say("Third is done."), start, end


def test_a_branch_that_was_left_is_abandoned_and_its_claims_with_it() -> None:
    talk, start, end = rewound()
    fold = folded(talk)
    branch = AbandonedBranch(
        "talk", offset_of(talk, start), offset_of(talk, end), fold.abandoned[0].at
    )
    assert list(fold.abandoned) == [branch]
    log = fold.evidence_log()
    assert [one.text for one in log.statements] == ["First is done.", "Third is done."]
    assert log.abandoned == (branch,)
    assert [edit.tool for edit in log.edits] == ["rewind"]
    night = fold.snapshot(talk.at)
    assert [mark.kind for mark in night.timeline.marks] == ["rewind"]
    assert sum(count for _, count in night.counts.tool_calls) == 6
    assert night.tokens.output == 9 * 50


def test_it_is_the_same_after_the_fold_was_saved_in_the_middle() -> None:
    talk, _, end = rewound()
    data = [json.dumps(record).encode() + b"\n" for record in talk.records]
    decoder = ClaudeDecoder("talk")
    fold = NightFold()
    fold.apply(decoder.decode(b"".join(data[:end]), 0).events)
    fold = NightFold.load(fold.save())
    fold.apply(decoder.decode(b"".join(data[end:]), sum(map(len, data[:end]))).events)
    assert list(fold.abandoned) == list(folded(talk).abandoned)


def test_taken_back_within_a_turn() -> None:
    talk = Talk("/home/dev/harbour", START).ask("One.").work(2)
    before, start = talk.parent, len(talk.records)
    talk.work(2).say("Done.")
    talk.parent = before
    talk.ask("Another way.").say("Done.")
    assert [one.start for one in folded(talk).abandoned] == [offset_of(talk, start)]


def test_no_branch_is_abandoned_where_calls_run_beside_each_other() -> None:
    talk = Talk("/home/dev/harbour", START).ask("One.")
    first = talk.call("Bash", {"command": "a"}, None)
    above = talk.parent
    second = talk.call("Bash", {"command": "b"}, None)
    talk.result(second, "b")
    talk.parent = above
    talk.result(first, "a")
    talk.say("Done.").ask("Two.").say("Done.")
    assert not folded(talk).abandoned


def test_a_call_that_a_killed_process_left_open_is_no_branch() -> None:
    talk = Talk("/home/dev/harbour", START).ask("One.").say("Starting.", message={"id": "msg_1"})
    before = talk.parent
    talk.call("Bash", {"command": "make"}, None)
    talk.parent = before
    talk.ask("Resumed.").say("Done.")
    assert not folded(talk).abandoned


def test_ids_of_another_form_are_no_tree() -> None:
    talk, _, _ = rewound()
    for record in talk.records:
        record["uuid"] = f"id-{record['uuid'][:8]}"
        record["parentUuid"] = record["parentUuid"] and f"id-{record['parentUuid'][:8]}"
    assert not folded(talk).abandoned


def test_rows_of_an_abandoned_branch_say_so(tmp_path: Path) -> None:
    talk, _, _ = rewound()
    path = talk.write(tmp_path)
    reader = SessionReader([EventFile("transcript", str(path), "")], NightFold(), EventIndex())
    reader.read_all()
    rows = [reader.index.row(number) for number in range(len(reader.index))]
    reader.close()
    said = {row.text: "abandoned" in row.outcome for row in rows if row.kind in ("text", "user")}
    assert said == {
        "One.": False,
        "First is done.": False,
        "Two.": True,
        "Second is done, all tests pass.": True,
        "Two, otherwise.": False,
        "Third is done.": False,
    }
