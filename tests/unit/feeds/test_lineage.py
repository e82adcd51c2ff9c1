"""Which transcripts, and which stretches of them, belong to one night."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.talks import Talk
from tui.feeds.sessions.lineage import (
    TranscriptNight,
    night_of_transcript,
    taken_until,
    transcript_nights,
)

HOUR = 3600.0
ABSENCE = 6 * HOUR
CWD = "/home/dev/harbour"
NOW = 1_780_000_000.0


def talk(ago: float, **facts: Any) -> Talk:
    return Talk(CWD, NOW - ago, **facts)


def nights(folder: Path, *talks: Talk) -> list[TranscriptNight]:
    return transcript_nights([str(one.write(folder)) for one in talks], ABSENCE)


def names(found: list[TranscriptNight], *talks: Talk) -> list[list[int]]:
    """The nights, each as the places of its sessions in `talks`."""
    places = {one.session: place for place, one in enumerate(talks)}
    return [[places[part.session] for part in night.stretches] for night in found]


def test_a_session_by_itself(tmp_path: Path) -> None:
    one = talk(3 * HOUR).ask("Fix it.").work(3).say("Done.")
    (night,) = nights(tmp_path, one)
    assert (night.id, night.sessions, night.continues) == (one.session, (one.session,), None)
    assert (night.newest.since, night.newest.until) == (0, 0)
    assert night.has_answers


def test_clear_in_one_process_is_one_night_named_by_the_newest(tmp_path: Path) -> None:
    first = talk(3 * HOUR).ask("Part 1.").work(3).say("Done.")
    second = first.cleared(first.at + 60).ask("Part 2.").work(3).say("Done.")
    third = second.cleared(second.at + 600).ask("Part 3.").say("Done.")
    found = nights(tmp_path, third, first, second)
    assert names(found, first, second, third) == [[0, 1, 2]]
    assert found[0].id == third.session


@pytest.mark.parametrize("is_summary", [True, False])
def test_a_compaction_that_began_a_file_goes_on_with_the_night(
    tmp_path: Path, is_summary: bool
) -> None:
    first = talk(3 * HOUR).ask("Part 1.").work(3).say("Done.")
    second = talk(2 * HOUR).raw(type="summary", summary="Work", leafUuid="of-another")
    second.ask("This session is being continued…", isCompactSummary=is_summary).work(3)
    found = names(nights(tmp_path, first, second), first, second)
    assert found == ([[0, 1]] if is_summary else [[0], [1]])


def test_clear_follows_the_session_that_ended_last_in_the_same_folder(tmp_path: Path) -> None:
    old = talk(9 * HOUR).ask("Old.").say("Done.")
    first = talk(4 * HOUR).ask("One.").say("Done.")
    elsewhere = Talk("/home/dev/other", NOW - 3.5 * HOUR).ask("Other.").say("Done.")
    going_on = talk(5 * HOUR).ask("Beside.").say("Done.")
    going_on.ask("More.", 4.5 * HOUR).say("Done.")
    second = first.cleared(NOW - 3 * HOUR).ask("Two.").say("Done.")
    talks = (old, first, elsewhere, going_on, second)
    assert [1, 4] in names(nights(tmp_path, *talks), *talks)


def test_the_session_of_the_process_is_followed_where_it_is_named(tmp_path: Path) -> None:
    first = talk(5 * HOUR).ask("One.").say("Done.")
    newer = talk(4 * HOUR).ask("Another window.").say("Done.")
    second = first.cleared(NOW - 3 * HOUR, session_id=first.session).ask("Two.").say("Done.")
    talks = (first, newer, second)
    assert sorted(names(nights(tmp_path, *talks), *talks)) == [[0, 2], [1]]


def test_clear_long_after_is_another_night(tmp_path: Path) -> None:
    first = talk(20 * HOUR).ask("One.").say("Done.")
    second = first.cleared(NOW - 3 * HOUR).ask("Two.").say("Done.")
    assert len(nights(tmp_path, first, second)) == 2


@pytest.mark.parametrize("marked", [True, False])
def test_a_fork_that_takes_over_is_the_same_night_and_copies_count_once(
    tmp_path: Path, marked: bool
) -> None:
    first = talk(4 * HOUR).ask("One.").work(5).say("Done.")
    second = first.fork(NOW - 3 * HOUR, marked=marked).ask("Two.").work(2).say("Done.")
    found = nights(tmp_path, second, first)
    assert names(found, first, second) == [[0, 1]]
    whole, own = found[0].stretches
    assert (whole.since, whole.until, own.until) == (0, 0, 0)
    assert own_texts(own.path, own.since)[0] == "Two."


def own_texts(path: str, since: int) -> list[Any]:
    lines = Path(path).read_bytes()[since:].splitlines()
    return [json.loads(line)["message"]["content"] for line in lines]


@pytest.mark.parametrize("marked", [True, False])
def test_a_fork_beside_its_origin_is_a_night_of_its_own(tmp_path: Path, marked: bool) -> None:
    first = talk(4 * HOUR).ask("One.").work(5).say("Done.")
    second = first.fork(NOW - 3 * HOUR, marked=marked).ask("Two.").work(2).say("Done.")
    first.at = NOW - 3 * HOUR - 10
    first.ask("One goes on.").say("Still.", 30 * 60)
    found = nights(tmp_path, second, first)
    assert names(found, first, second) == [[0], [1]]
    assert found[0].newest.since == 0
    assert own_texts(found[1].newest.path, found[1].newest.since)[0] == "Two."
    assert found[1].continues is not None
    assert (found[1].continues.id, found[1].continues.is_copy) == (first.session, True)


def test_a_fork_of_a_compacted_session_is_found_in_its_middle(tmp_path: Path) -> None:
    first = talk(4 * HOUR).ask("One.").work(400)
    first.parent = None
    middle = len(first.records)
    first.record("system", subtype="compact_boundary", compactMetadata={"preTokens": 1})
    first.ask("This session is being continued", isCompactSummary=True).work(300).say("Done.")
    second = first.fork(first.at + 60).ask("Two.").say("Done.")
    second.records = second.records[middle:]
    found = nights(tmp_path, second, first)
    assert names(found, first, second) == [[0, 1]]
    assert own_texts(found[0].newest.path, found[0].newest.since)[0] == "Two."


def test_a_fork_with_new_ids_is_known_by_the_models_messages(tmp_path: Path) -> None:
    first = talk(4 * HOUR).ask("One.").work(5).say("Done.")
    second = first.fork(NOW - 3 * HOUR)
    for number, record in enumerate(second.records):
        record["uuid"] = f"new-{number}"
    second.ask("Two.").say("Done.")
    found = nights(tmp_path, first, second)
    assert names(found, first, second) == [[0, 1]]
    assert own_texts(found[0].newest.path, found[0].newest.since)[0] == "Two."


def test_a_fork_whose_origin_is_gone_keeps_what_it_copied(tmp_path: Path) -> None:
    first = talk(4 * HOUR).ask("One.").work(5).say("Done.")
    second = first.fork(NOW - 3 * HOUR, marked=True).ask("Two.").say("Done.")
    (night,) = nights(tmp_path, second)
    assert night.newest.since == 0


def test_forks_of_forks_and_beside_each_other_share_no_record(tmp_path: Path) -> None:
    first = talk(5 * HOUR).ask("One.").work(5).say("Done.")
    second = first.fork(NOW - 4 * HOUR).ask("Two.").work(3).say("Done.", 2 * HOUR)
    third = second.fork(NOW - 3 * HOUR, upto=9).ask("Three.").work(3).say("Done.")
    fourth = first.fork(NOW - 3.5 * HOUR).ask("Four.").work(3).say("Done.")
    talks = (first, second, third, fourth)
    found = nights(tmp_path, *talks)
    parts = [part for night in found for part in night.stretches]
    assert len(parts) == 4
    firsts = {part.session: own_texts(part.path, part.since)[0] for part in parts}
    assert [firsts[one.session] for one in talks] == ["One.", "Two.", "Three.", "Four."]


def test_a_session_taken_up_on_later_evenings_is_cut_there(tmp_path: Path) -> None:
    one = talk(9 * 24 * HOUR)
    for day in (9, 6, 3):
        one.at = NOW - day * 24 * HOUR
        one.ask(f"Evening {day}.").work(5).say("Good night.")
    one.at = NOW - 4 * HOUR
    one.ask("Last night.").work(5).say("Done.")
    found = nights(tmp_path, one)
    assert len(found) == 4
    assert found[-1].id == one.session
    assert [own_texts(n.newest.path, n.newest.since)[0] for n in found] == [
        "Evening 9.", "Evening 6.", "Evening 3.", "Last night.",
    ]  # fmt: skip
    dates = [time.strftime("%Y-%m-%d", time.localtime(n.began)) for n in found[:3]]
    assert [night.id for night in found[:3]] == [f"{one.session}@{date}" for date in dates]
    bounds = [(night.newest.since, night.newest.until) for night in found]
    assert [end for _, end in bounds[:-1]] == [start for start, _ in bounds[1:]]
    assert [night.continues and night.continues.id for night in found] == [
        None, *(night.id for night in found[:3]),
    ]  # fmt: skip


def test_the_id_of_a_cut_night_stays_when_the_session_goes_on_again(tmp_path: Path) -> None:
    one = talk(50 * HOUR).ask("One.").say("Done.")
    one.ask("Two.", 20 * HOUR).say("Done.")
    before = nights(tmp_path, one)[0].id
    one.ask("Three.", 20 * HOUR).say("Done.")
    after = nights(tmp_path, one)
    assert (len(after), after[0].id, after[-1].id) == (3, before, one.session)


def test_a_large_file_is_cut_at_the_line(tmp_path: Path) -> None:
    one = talk(30 * HOUR).ask("x" * 300_000).work(800).ask("y" * 300_000).say("Done.")
    one.ask("Later.", 10 * HOUR).work(800).say("Done.")
    first, second = nights(tmp_path, one)
    assert own_texts(second.newest.path, second.newest.since)[0] == "Later."
    assert first.newest.until == second.newest.since


def test_a_limit_is_no_absence_until_it_lifted(tmp_path: Path) -> None:
    waited = talk(20 * HOUR).ask("One.").work(3).limited("You've hit your session limit")
    waited.ask("Go on.", 7 * HOUR).say("Done.")
    assert len(nights(tmp_path / "waited", waited)) == 1
    left = talk(40 * HOUR).ask("One.").work(3).limited("You've hit your session limit")
    left.ask("Go on.", 20 * HOUR).say("Done.")
    assert len(nights(tmp_path / "left", left)) == 2


def test_a_question_answered_in_the_morning_is_still_that_night(tmp_path: Path) -> None:
    one = talk(20 * HOUR).ask("One.")
    call = one.call("AskUserQuestion", {"questions": []}, None)
    one.result(call, "The first.", 9 * HOUR).say("Done.")
    assert len(nights(tmp_path, one)) == 1


@pytest.mark.parametrize("words", ["Tool call interrupted: the session ended before", None])
def test_a_call_that_died_with_its_process_is_an_absence(tmp_path: Path, words: str | None) -> None:
    one = talk(20 * HOUR).ask("One.")
    call = one.call("Bash", {"command": "make"}, None)
    if words is not None:
        one.result(call, words, 9 * HOUR, error=True)
        one.ask("Go on.").say("Done.")
    else:
        one.ask("Go on.", 9 * HOUR).say("Done.")
    assert len(nights(tmp_path, one)) == 2


def test_a_subagent_at_work_is_no_absence(tmp_path: Path) -> None:
    one = talk(20 * HOUR).ask("One.").work(3)
    agent = Talk(CWD, one.at, one.session, agentId="a1")
    for _ in range(4):
        agent.say("Still at it.", 2 * HOUR)
    agent.write(tmp_path / one.session / "subagents", "agent-a1")
    one.ask("More.", 9 * HOUR).say("Done.")
    assert len(nights(tmp_path, one)) == 1


def test_a_visit_in_which_nothing_was_asked_is_no_night(tmp_path: Path) -> None:
    one = talk(40 * HOUR).ask("One.").work(3).say("Done.")
    one.ask("<command-name>/usage</command-name>", 20 * HOUR)
    (night,) = nights(tmp_path, one)
    assert night.id == one.session
    assert night.newest.until
    assert night.ended < NOW - 30 * HOUR


def test_a_time_from_the_future_and_one_from_the_past_cut_nothing(tmp_path: Path) -> None:
    one = talk(4 * HOUR).ask("One.").work(3)
    at = one.at
    one.at = NOW + 400 * 24 * HOUR
    one.work(1)
    one.at = NOW - 400 * 24 * HOUR
    one.work(1)
    one.at = at
    one.work(3).say("Done.")
    assert len(nights(tmp_path, one)) == 1


def test_the_night_of_a_transcript_reads_only_what_is_near(tmp_path: Path) -> None:
    long_ago = talk(90 * HOUR).ask("Old.").say("Done.")
    first = talk(4 * HOUR).ask("One.").say("Done.")
    second = first.cleared(NOW - 3 * HOUR).ask("Two.").say("Done.")
    paths = [one.write(tmp_path) for one in (long_ago, first, second)]
    night = night_of_transcript(str(paths[2]), ABSENCE)
    assert night is not None
    assert night.sessions == (first.session, second.session)


def test_what_cannot_be_read_is_no_night(tmp_path: Path) -> None:
    (tmp_path / "link.jsonl").symlink_to("/etc/passwd")
    (tmp_path / "empty.jsonl").touch()
    paths = [str(tmp_path / name) for name in ("link.jsonl", "gone.jsonl", "empty.jsonl")]
    assert [night for night in transcript_nights(paths, ABSENCE) if night.has_answers] == []


def test_what_a_run_has_is_no_night_of_a_transcript(tmp_path: Path) -> None:
    own = talk(40 * HOUR).ask("The run.").work(3).say("Done.")
    ended = own.at
    fork = own.fork(ended + HOUR).ask("What happened?").say("This.")
    own.ask("Next day.", 20 * HOUR).say("Done.")
    paths = [str(one.write(tmp_path)) for one in (own, fork)]
    found = transcript_nights(paths, ABSENCE, {own.session: ended})
    assert names(found, own, fork) == [[1], [0]]
    assert [own_texts(one.newest.path, one.newest.since)[0] for one in found] == [
        "What happened?", "Next day.",
    ]  # fmt: skip
    assert found[0].continues is not None
    assert found[0].continues.session == own.session
    assert taken_until(paths[0], ended, ABSENCE) == found[1].newest.since
    assert taken_until(paths[1], ended, ABSENCE) == 0
