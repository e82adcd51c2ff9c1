"""One table says what an end means; old records are mapped by it, and by nothing else."""

from __future__ import annotations

import pytest

from tui.model.state import (
    EndKind,
    NotifyKind,
    RunPhase,
    SessionState,
    StallKind,
    StallLevel,
    StateReason,
)

S, N = SessionState, NotifyKind


@pytest.mark.parametrize(
    ("kind", "exit_word", "state", "word", "event"),
    [
        ("tasks_done", "completed", S.FINISHED, "tasks_done", N.FINISHED),
        ("turn_ended", "completed", S.FINISHED, "turn_ended", N.FINISHED),
        ("limit", "limit", S.KILLED, "limit", N.FINISHED),
        ("stopped", "stopped", S.KILLED, "killed", N.FINISHED),
        ("killed", "killed", S.KILLED, "killed", N.FINISHED),
        ("needs_you", "needs_person", S.FAILED, "needs_you", N.NEEDS_YOU),
        ("gave_up", "gave_up", S.GAVE_UP, "crash", N.NEEDS_YOU),
        ("crash", "crashed", S.CRASHED, "crash", N.NEEDS_YOU),
        ("failed", "failed", S.FAILED, "failed", None),
        ("hung", "unknown", S.ENDED, "hung", None),
        ("open", "unknown", S.ENDED, "open", None),
    ],
)
def test_what_an_end_means(
    kind: str, exit_word: str, state: SessionState, word: str, event: NotifyKind | None
) -> None:
    end = EndKind(kind)
    assert (end.exit_word, end.session_state) == (exit_word, state)
    assert (end.review_word, end.notify_event) == (word, event)


def test_every_end_has_its_row() -> None:
    assert all(kind.review_word.review_word == kind.review_word for kind in EndKind)
    assert len({kind.review_word for kind in EndKind}) == 9


@pytest.mark.parametrize(
    ("reason", "code", "kind"),
    [
        ("all tasks done", 0, EndKind.TASKS_DONE),
        ("the turn ended with 4 tasks open", 0, EndKind.TURN_ENDED),
        ("limit: cost $2 of $1", None, EndKind.LIMIT),
        ("Stopped by person: enough", 0, EndKind.STOPPED),
        ("interrupted", 0, EndKind.STOPPED),
        (" killed by person ", 143, EndKind.KILLED),
        ("needs you: log in", 0, EndKind.NEEDS_PERSON),
        ("gave up: 5 restarts within 60 min", 0, EndKind.GAVE_UP),
        ("crashed: SIGSEGV", 0, EndKind.CRASH),
        ("failed to start", 1, EndKind.FAILED),
        ("error", 1, EndKind.FAILED),
        ("something else", 1, EndKind.TURN_ENDED),
        ("", 0, EndKind.TURN_ENDED),
        ("", 3, EndKind.CRASH),
        (["odd"], "odd", EndKind.TURN_ENDED),
    ],
)
def test_records_without_a_kind_are_told_by_their_sentence(
    reason: object, code: object, kind: EndKind
) -> None:
    assert EndKind.of_entry({"reason": reason, "code": code}) == kind
    assert EndKind.of_entry({"reason": reason, "code": code, "end": "of a later version"}) == kind


def test_a_kind_comes_before_the_sentence() -> None:
    assert EndKind.of_entry({"reason": "all tasks done", "end": "gave_up"}) == EndKind.GAVE_UP


def test_levels_rise_and_silences_are_reasons() -> None:
    assert [level.rank for level in StallLevel] == [0, 1, 2, 3]
    silences = (StallKind.SILENT_TOOL, StallKind.SILENT_API, StallKind.WEDGED)
    assert all(StateReason(kind.value).value == kind.value for kind in silences)


def test_a_run_that_is_ending_takes_no_orders() -> None:
    ending = {phase for phase in RunPhase if phase.is_ending}
    assert ending == {RunPhase.STOPPING, RunPhase.REWINDING, RunPhase.ENDED}
