"""What mattered, in order; points with tests as they stood; interventions and whether they helped."""

from __future__ import annotations

import pytest

from tests.unit.night.night_script import START, Script, fold
from tui.model.events import AgentEvent, Compaction
from tui.model.journal import JournalEntry
from tui.model.records import Commit
from tui.model.review import InterventionEffect
from tui.model.snapshot import NightSnapshot
from tui.night.fold import NightFold
from tui.night.review.build import restore_points
from tui.night.review.moments import find_moments, intervention_effects
from tui.night.review.trouble import find_stalls
from tui.system.format import format_local

GREEN = "===== 4 passed in 0.1s ====="
RED = "===== 1 failed, 3 passed in 0.1s ====="


def began() -> Script:
    script = Script()
    script.init()
    script.prompt()
    return script


def ran(script: Script, text: str) -> None:
    script.step("Bash", "pytest -q", text, error="failed" in text)


def night_of(script: Script, *others: JournalEntry | Commit) -> tuple[NightFold, NightSnapshot]:
    made = fold([*others], script.events) if others else fold(script.events)
    return made, made.snapshot((script.at or 0.0) + 1)


def test_changes_of_colour_compactions_and_long_gaps_are_moments() -> None:
    script = began()
    ran(script, GREEN)
    ran(script, GREEN)
    ran(script, RED)
    script.add(Compaction("auto", 100_000, 3_000))
    script.say("long thought", 2_000.0)
    made, night = night_of(script)
    found = find_moments(night, made.evidence_log(), find_stalls(night))
    assert [one.kind for one in found[:2]] == ["tests", "tests"]
    assert {one.kind for one in found[2:]} == {"compaction", "stall"}
    assert found[0].label == "green: 4 passed (pytest -q)"
    assert found[1].label.startswith("red: 1 failed, 3 passed")
    stall = next(one for one in found if one.kind == "stall")
    assert stall.seconds == pytest.approx(2_000.0)
    assert all(one.ref is not None for one in found)


def test_a_restart_lasts_as_long_as_nobody_was_there() -> None:
    script = began()
    at = script.at or 0.0
    script.say("on", 400.0)
    journal = [
        JournalEntry(START, "segment_started", data={"attempt": 1, "why": "start"}),
        JournalEntry(at, "segment_ended", data={"code": 1}),
        JournalEntry(at + 399, "segment_started", data={"attempt": 2, "why": "crash"}),
    ]
    made, night = night_of(script, *journal)
    found = [one for one in find_moments(night, made.evidence_log(), ()) if one.kind == "restart"]
    assert len(found) == 1
    assert found[0].seconds is not None
    assert found[0].seconds > 390


def test_a_commit_leads_to_the_call_that_made_it() -> None:
    script = began()
    script.step("Bash", 'git commit -m "Fix it"', "[main abc1234] Fix it\n 1 file changed")
    commit = Commit("abc1234" + "0" * 33, (script.at or 0.0) - 0.4, "Fix it for good", 1, 2, 3)
    other = Commit("f" * 40, (script.at or 0.0), "By hand", 1, 1, 1)
    made, night = night_of(script, commit, other)
    found = {one.label: one.ref for one in find_moments(night, made.evidence_log(), ())}
    by_hand = found["fffffff By hand"]
    assert by_hand is not None
    assert by_hand.source == "git:" + "f" * 40
    assert found["abc1234 Fix it for good"] == script.events[-1].ref


def test_points_know_the_tests_of_their_time_and_what_broke_after() -> None:
    script = began()
    ran(script, GREEN)
    checkpoint = JournalEntry(
        (script.at or 0.0) + 0.5, "checkpoint", "c1", {"checkpoint": "c1", "label": "x", "files": 3}
    )
    script.say("now break it", 60.0)
    ran(script, RED)
    commit = Commit("a" * 40, (script.at or 0.0) + 1, "broken", 2, 5, 6)
    script.say("go on", 60.0)
    ran(script, RED)
    made, night = night_of(script, checkpoint, commit)
    one, two = restore_points(night, made.evidence_log())
    assert (one.kind, one.id, one.tests, one.files) == ("checkpoint", "c1", "green", 3)
    assert one.first_red_after == "1 failed in pytest -q, 1 min 1 s later"
    assert (two.kind, two.tests, two.insertions, two.first_red_after) == ("commit", "red", 5, "")


def loop(script: Script, rounds: int = 8, name: str = "make check") -> None:
    for _ in range(rounds):
        script.step("Bash", name, "boom", error=True, key=name)


def injected(script: Script, state: str = "seen") -> list[JournalEntry]:
    at = script.at or 0.0
    return [
        JournalEntry(at + 0.1, "inject", "i1", {"text": "step back", "mode": "step-back"}),
        JournalEntry(at + 0.2, "injection", "i1", {"state": state}),
    ]


def judged(script: Script, journal: list[JournalEntry]) -> InterventionEffect:
    made = fold()
    records: list[AgentEvent | JournalEntry] = [*script.events, *journal]
    for record in sorted(records, key=lambda one: one.at or 0.0):
        made.apply([record])
    (found,) = intervention_effects(made.snapshot((script.at or 0.0) + 1), made.evidence_log())
    return found


def test_words_that_ended_a_loop_helped() -> None:
    script = began()
    loop(script)
    journal = injected(script)
    script.step("Edit", "/w/a.py", "ok", path="/w/a.py")
    ran(script, GREEN)
    found = judged(script, journal)
    assert (found.kind, found.helped) == ("step-back", "yes")
    assert "the loop ended" in found.why


def test_words_after_which_the_loop_went_on_did_not() -> None:
    script = began()
    loop(script)
    journal = injected(script)
    loop(script)
    assert judged(script, journal).helped == "no"


def test_a_loop_that_went_on_without_a_break_did_not_end_because_a_file_was_edited_later() -> None:
    script = began()
    loop(script)
    journal = injected(script)
    journal[0] = JournalEntry(
        journal[0].at, "inject", "i1", {**journal[0].data, "by": "supervisor"}
    )
    loop(script, 2)
    found = judged(script, journal)
    assert found.helped == "no"
    assert found.why.startswith(
        "the loop did not end: 2 calls and none different since; it goes on"
    )


def test_the_effect_is_named_with_its_judgement() -> None:
    script = began()
    loop(script)
    journal = injected(script)
    script.step("Edit", "/w/a.py", "ok", path="/w/a.py")
    ran(script, GREEN)
    green = format_local(script.at or 0.0)
    found = judged(script, journal)
    assert found.why.endswith(f"; 2 different calls since; files changed; tests green at {green}")


def test_an_interrupt_is_judged_by_what_came_after_it() -> None:
    script = began()
    loop(script)
    at = (script.at or 0.0) + 0.1
    journal = [JournalEntry(at, "interrupt", "x", {"by": "supervisor", "reason": "stuck"})]
    script.step("Edit", "/w/a.py", "ok", path="/w/a.py")
    ran(script, GREEN)
    found = judged(script, journal)
    assert (found.kind, found.helped) == ("interrupt", "yes")
    assert found.why.startswith("the loop ended, and something new came; 2 different calls since")


def test_a_loop_of_two_calls_is_the_same_loop_whatever_its_number_of_rounds() -> None:
    script = began()
    for rounds in (8, 5):
        for _ in range(rounds):
            loop(script, 1, "make check")
            loop(script, 1, "make lint")
        if rounds == 8:
            journal = injected(script)
            script.step("Edit", "/w/a.py", "ok", path="/w/a.py")
    found = judged(script, journal)
    assert (found.helped, found.why) == ("no", "the same loop went on, 5 rounds more")


def test_words_that_never_arrived_did_not_and_words_without_need_are_unclear() -> None:
    script = began()
    script.say("working")
    assert judged(script, injected(script, "failed")).helped == "no"
    quiet = injected(script)
    script.step("Edit", "/w/a.py", "ok", path="/w/a.py")
    assert judged(script, quiet).helped == "unclear"


def test_a_restart_helped_if_anything_was_changed_before_the_next_end() -> None:
    script = began()
    at = script.at or 0.0
    journal = [
        JournalEntry(START, "segment_started", data={"attempt": 1, "why": "start"}),
        JournalEntry(at + 1, "segment_ended", data={"code": 1}),
        JournalEntry(at + 2, "segment_started", data={"attempt": 2, "why": "crash"}),
    ]
    script.step("Edit", "/w/a.py", "ok", path="/w/a.py", takes=9.0)
    assert judged(script, journal).helped == "yes"
    ended = [*journal, JournalEntry(at + 3, "segment_ended", data={"code": 1})]
    assert judged(script, ended).helped == "no"


def test_a_rewind_is_judged_by_the_tests_around_it() -> None:
    script = began()
    ran(script, RED)
    rewind = JournalEntry((script.at or 0.0) + 0.5, "rewind", data={"checkpoint": "c"})
    ran(script, GREEN)
    assert judged(script, [rewind]).helped == "yes"
