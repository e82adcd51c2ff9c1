"""A session that is made to go on without anything coming of it: continuations, hand-overs, compactions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.unit.night.night_script import START, Script, fold
from tests.unit.night.night_turns import compactions, continuation, handover, merged
from tui.model.records import Commit, ProgressFile, Record
from tui.model.stall import DetectorName, Stall
from tui.model.state import StallKind, StallThresholds
from tui.night.fold import NightFold

CONTINUATIONS, HANDOFFS = DetectorName.CONTINUATIONS, DetectorName.HANDOFFS
COMPACTIONS = DetectorName.COMPACTIONS


def found(made: NightFold, name: DetectorName) -> Stall | None:
    return next((one for one in made.findings() if one.detector == name), None)


def continued(
    numbers: Sequence[int], allowed: int | None = 20, work: str = "", **settings: object
) -> tuple[Script, list[Record]]:
    """Continuations with these numbers, each with a turn; `work` is what each edits, if anything."""
    script, entries = Script(), []
    script.init()
    script.prompt("Do all tasks.")
    script.step("Read", "plan.md", "tasks")
    for place, number in enumerate(numbers):
        script.say("I stop here.", final=True)
        script.result()
        entries.append(continuation(script.at or 0.0, number, allowed))
        script.prompt(f"Your turn ended. (Continuation {number} of {allowed}.)")
        script.step("Bash", f"./look {place}", f"something {place}")
        if work:
            script.step("Edit", work, "updated", key=f"{work} {place}", path=work)
    return script, merged(script, entries)


def test_continuations_without_anything_new() -> None:
    _, records = continued(range(1, 5))
    stall = found(fold(records), CONTINUATIONS)
    assert stall is not None
    assert stall.kind == StallKind.NO_PROGRESS
    assert stall.level == "notice"
    assert stall.evidence == (
        "continuation 4 of 20, no task done, 2 tasks still open",
        "open: “1.3 Deploy”, “1.4 Docs”",
        "the last continuations brought no task, no commit and no new content: 4",
    )
    assert len(stall.refs) == 4


@pytest.mark.parametrize(("last", "is_found"), [(9, False), (10, True), (12, True)])
def test_half_of_the_continuations_used_although_it_edits(last: int, is_found: bool) -> None:
    _, records = continued(range(1, last + 1), work="src/a.py")
    stall = found(fold(records), CONTINUATIONS)
    assert (stall is not None) is is_found
    if stall is not None:
        assert stall.evidence[0].startswith(f"continuation {last} of 20, no task done")
        assert stall.level == "notice"


def test_without_the_bound_only_what_was_done_counts() -> None:
    _, records = continued(range(1, 19), allowed=None, work="src/a.py")
    assert found(fold(records), CONTINUATIONS) is None
    _, records = continued(range(1, 5), allowed=None)
    stall = found(fold(records), CONTINUATIONS)
    assert stall is not None
    assert stall.evidence[0].startswith("continuation 4, no task done")


def test_a_done_task_begins_anew() -> None:
    _, records = continued([1, 2, 3, 1, 2, 3])
    assert found(fold(records), CONTINUATIONS) is None


def test_a_commit_is_progress() -> None:
    script, records = continued(range(1, 6))
    made = fold(records)
    assert found(made, CONTINUATIONS) is not None
    made.apply([Commit("c1", script.at or 0.0, "part", 1, 1, 0)])
    assert found(made, CONTINUATIONS) is None


def test_a_ticked_task_is_progress() -> None:
    script, records = continued(range(1, 6))
    made = fold(records)
    made.apply([ProgressFile("p", script.at, "checkboxes", 1, 3)])
    assert found(made, CONTINUATIONS) is not None
    made.apply([ProgressFile("p", script.at, "checkboxes", 2, 2)])
    assert found(made, CONTINUATIONS) is None


def test_continuations_are_on_the_screen() -> None:
    script, records = continued(range(1, 8))
    seen = fold(records).snapshot((script.at or 0.0) + 1.0)
    assert seen.stall is not None
    assert seen.stall.kind == "no_progress"
    assert "continuation 7 of 20, no task done" in seen.stall.evidence[0]


def test_the_prompt_after_a_continuation_is_no_persons() -> None:
    _, records = continued(range(1, 4))
    assert fold(records)._state.detectors.progress.waste(None).calls == 4


# --- hand-overs ---


def handed_over(times: int, edits: Sequence[str] = ()) -> list[Record]:
    script, entries = Script(), []
    script.init()
    for number in range(times):
        script.session = f"session {number}"
        script.step("Read", "claude-progress.txt", "tasks")
        for path in edits:
            script.step("Edit", path, "updated", key=f"{path} {number}", path=path)
        entries.append(handover(script.at or 0.0, number))
    return merged(script, entries)


@pytest.mark.parametrize(
    ("times", "level"), [(2, ""), (3, "notice"), (4, "suspected"), (6, "stuck")]
)
def test_hand_overs_without_progress(times: int, level: str) -> None:
    stall = found(fold(handed_over(times)), HANDOFFS)
    assert ("" if stall is None else stall.level) == level


def test_the_note_of_a_session_is_no_progress() -> None:
    stall = found(fold(handed_over(3, ["docs/session_notes.md", "claude-progress.txt"])), HANDOFFS)
    assert stall is not None
    assert stall.evidence[0].startswith("3 hand-overs in ")


def test_work_between_hand_overs_is_progress() -> None:
    assert found(fold(handed_over(6, ["src/a.py", "session_notes.md"])), HANDOFFS) is None


# --- compactions ---


@pytest.mark.parametrize(
    ("times", "calls", "level"),
    [
        (2, 1, ""),
        (3, 0, "notice"),
        (3, 4, "notice"),
        (4, 4, "suspected"),
        (6, 2, "stuck"),
        (9, 5, ""),
    ],
)
def test_compactions_with_little_between(times: int, calls: int, level: str) -> None:
    script = Script()
    script.init()
    compactions(script, times, calls)
    stall = found(fold(script.events), COMPACTIONS)
    assert ("" if stall is None else stall.level) == level


def test_the_evidence_of_compactions() -> None:
    script = Script()
    compactions(script, 3, 2)
    stall = found(fold(script.events), COMPACTIONS)
    assert stall is not None
    assert stall.evidence == (
        "the conversation was summarised 3 times in 1 min 26 s, with 4 calls between",
    )
    assert stall.kind == StallKind.NO_PROGRESS


def test_new_content_between_compactions_is_progress() -> None:
    script = Script()
    for number in range(6):
        script.step("Write", f"part{number}.py", "created", path=f"part{number}.py")
        compactions(script, 1, 1)
    assert found(fold(script.events), COMPACTIONS) is None


def test_more_work_ends_the_finding() -> None:
    script = Script()
    compactions(script, 4, 2)
    for number in range(5):
        script.step("Read", f"later {number}", f"text {number}")
    assert found(fold(script.events), COMPACTIONS) is None


@pytest.mark.parametrize("name", [CONTINUATIONS, HANDOFFS, COMPACTIONS])
def test_each_can_be_switched_off(name: DetectorName) -> None:
    script = Script()
    compactions(script, 4, 1)
    records: list[Record] = [*script.events]
    for number in range(1, 7):
        at = START + 500.0 + number
        records += [continuation(at, number), handover(at, number)]
    assert found(fold(records), name) is not None
    off = StallThresholds(disabled_detectors=(name,))
    assert found(fold(records, thresholds=off), name) is None


@pytest.mark.parametrize("middle", [5, 11, 17, 20])
def test_a_fold_saved_in_the_middle_goes_on(middle: int) -> None:
    _, records = continued(range(1, 6))
    again = NightFold.load(fold(records[:middle]).save())
    again.apply(records[middle:])
    assert found(again, CONTINUATIONS) == found(fold(records), CONTINUATIONS) is not None
