"""Why a night ended, typed: from the run's own record, else from what its files say."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.unit.night.night_script import START, Script, fold
from tui.model.events import SourceRef
from tui.model.journal import JournalEntry
from tui.model.records import LogEntry, ProgressFile
from tui.model.review import Ending
from tui.model.session import AgentProcesses
from tui.model.state import EndKind
from tui.night.evidence.wasted_work import RetryStreak
from tui.night.review.build import classify_ending
from tui.night.review.export.wording import ending_line

HERE = SourceRef("s", 7)


def of_run(reason: str) -> Ending:
    made = fold(
        [
            JournalEntry(START, "run_started", data={"run": "r1", "goal": "g"}),
            JournalEntry(START, "segment_started", data={"attempt": 1}),
            JournalEntry(START + 50, "run_ended", data={"reason": reason, "code": 1}),
        ]
    )
    return classify_ending(made.snapshot(START + 60), False, HERE)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("all tasks done", "tasks_done"),
        ("the turn ended with 4 tasks open", "turn_ended"),
        ("limit: cost $20.10 of $20.00", "limit"),
        ("crashed: the agent was ended by SIGSEGV", "crash"),
        ("gave up after 3 crashes", "crash"),
        ("killed by person", "killed"),
        ("stopped by person: enough", "killed"),
        ("needs you: log in again", "needs_you"),
        ("failed to start", "failed"),
    ],
)
def test_a_run_of_ours_is_believed(reason: str, kind: str) -> None:
    found = of_run(reason)
    assert (found.kind, found.ref) == (kind, HERE)
    assert found.words.lower() == reason.lower()


def script() -> Script:
    made = Script()
    made.init()
    made.prompt()
    made.say("hello")
    return made


def told(made: Script, later: float = 1.0, broke_off: bool = False, **more: object) -> Ending:
    night = fold(made.events).snapshot((made.at or 0.0) + later)
    return classify_ending(night, broke_off, HERE, **more)  # type: ignore[arg-type]


def test_a_turn_that_ended() -> None:
    made = script()
    made.result(0.1)
    assert told(made).kind == "turn_ended"


@pytest.mark.parametrize(("open_", "kind"), [(0, "tasks_done"), (2, "turn_ended")])
def test_a_turn_that_ended_is_held_against_the_tasks(open_: int, kind: str) -> None:
    made = script()
    made.result(0.1)
    whole = fold(made.events, [ProgressFile("p", START, "checkboxes", 3, open_)])
    found = classify_ending(whole.snapshot((made.at or 0.0) + 1), False, HERE)
    assert found.kind == kind
    assert ("2 tasks are open" in found.words) == bool(open_)


def test_a_turn_that_failed_and_one_that_met_a_limit() -> None:
    made = script()
    made.result(0.1, subtype="error_during_execution", is_error=True, reason="")
    assert told(made).kind == "failed"
    made = script()
    made.result(0.1, subtype="error_max_turns", is_error=True, reason="max_turns")
    assert told(made).kind == "limit"


def test_a_turn_that_a_person_ended_is_over_once_the_process_is_gone() -> None:
    made = script()
    made.result(0.1, subtype="error_during_execution", is_error=True, reason="aborted_tools")
    assert told(made).kind == "open"
    night = fold([*made.events, AgentProcesses((made.at or 0.0) + 60.0, ())])
    ending = classify_ending(night.snapshot((made.at or 0.0) + 90.0), False, HERE)
    assert (ending.kind, ending.words) == (
        "turn_ended",
        "A person interrupted its last turn (aborted_tools); its process is gone",
    )


@pytest.mark.parametrize(
    ("kind", "words", "shown"),
    [
        (EndKind.NEEDS_PERSON, "It waits for a person: a plan", "It waits for a person: a plan."),
        (EndKind.CRASH, "It crashed", "It crashed."),
        (EndKind.HUNG, "Nothing came for 2 h", "It hung. Nothing came for 2 h."),
    ],
)
def test_an_ending_is_named_once(kind: EndKind, words: str, shown: str) -> None:
    assert "".join(bit.text for bit in ending_line(Ending(kind, words))).strip() == shown


def test_it_goes_on() -> None:
    assert told(script()).kind == "open"


def test_it_hangs_while_somebody_is_there() -> None:
    made = script()
    made.step("Bash", "make")
    found = told(made, later=1_500.0)
    assert found.kind == "hung"


def test_a_record_that_breaks_off_is_a_crash_that_names_what_was_open() -> None:
    made = script()
    made.call("Bash", "sleep 300")
    found = told(made, later=9_000.0, broke_off=True)
    assert found.kind == "crash"
    assert "Bash sleep 300 has no answer" in found.words


def test_a_transcript_that_ends_with_the_agents_words_has_ended() -> None:
    assert told(script(), later=9_000.0, broke_off=True, spoke_last=True).kind == "turn_ended"


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [(401, "failed", "refused the login"), (529, "failed", "529"), (429, "limit", "limit")],
)
def test_attempts_that_nothing_followed(status: int, kind: str, words: str) -> None:
    retrying = RetryStreak(1.0, 2.0, 10, status, "x", HERE)
    found = told(script(), later=9_000.0, broke_off=True, retrying=retrying)
    assert found.kind == kind
    assert words in found.words


def test_the_original_watchdog_is_named() -> None:
    made = script()
    at = made.at or 0.0
    log = LogEntry("w", 0, at + 1, "error", "Terminating session: idle for 10 minutes")
    whole = fold(made.events, [log, AgentProcesses(at + 20, ())])
    found = classify_ending(whole.snapshot(at + 30), False, HERE)
    assert found.kind == "killed"
    assert "idle for 10 minutes" in found.words


def test_nobody_left_in_an_open_turn_is_a_crash() -> None:
    made = script()
    made.step("Bash", "make")
    at = made.at or 0.0
    night = fold(made.events, [AgentProcesses(at + 20, ())]).snapshot(at + 30)
    assert classify_ending(night, False, HERE).kind == "crash"
    assert classify_ending(replace(night, stall=None), False, None).ref is None
