"""The steps of help: where a retry begins, what it says, what cannot be done and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.control.foreign_scene import Elsewhere, elsewhere
from tests.unit.repositories import make, write
from tui.control.availability import LOOKING
from tui.control.checkpoints.refs import Checkpoint
from tui.control.foreign_session import Reachability
from tui.control.help_steps import (
    HelpOffer,
    HelpOption,
    checkpoint_and_interrupt,
    offer_steps,
    retry_text,
    rewind_and_retry,
)
from tui.control.hooks import installer
from tui.control.operations import Operations
from tui.control.rewind.targets import GoodCheckpoint, last_good
from tui.model.events import SourceRef
from tui.model.records import ProgressFile, ProgressTask
from tui.model.snapshot import NightSnapshot
from tui.model.stall import DetectorName, Stall, StallStep
from tui.model.state import StallKind, StallLevel
from tui.night.fold import NightFold
from tui.settings.load import load

HERE = SourceRef("s", 1)


def checkpoint(number: int, **facts: Any) -> Checkpoint:
    return Checkpoint(float(number), "", "s", "checkpoint", facts, f"c{number}", number)


GREEN: dict[str, Any] = {"tests": "green", "edits_since_green": 0}


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([checkpoint(1, **GREEN), checkpoint(2, **GREEN)], ("c2", True)),
        ([checkpoint(1, **GREEN), checkpoint(2, tests="green", edits_since_green=3)], ("c1", True)),
        ([checkpoint(1, **GREEN), checkpoint(2, tests="red"), checkpoint(3)], ("c1", True)),
        # An older version did not record the edits: it is taken where nothing better is known.
        ([checkpoint(1, **GREEN), checkpoint(2, tests="green")], ("c1", True)),
        ([checkpoint(1, tests="red"), checkpoint(2, tests="green")], ("c2", False)),
        ([checkpoint(1, tests="green", edits_since_green=1)], None),
        ([checkpoint(1, tests="none")], None),
        ([replace(checkpoint(1, **GREEN), foreign=True)], None),
        ([replace(checkpoint(1, **GREEN), remark="its objects are gone or damaged")], None),
        ([replace(checkpoint(1, **GREEN), kind="safety")], None),
        ([replace(checkpoint(1, **GREEN), work_tree="gone")], None),
        ([], None),
    ],
)
def test_the_last_good_checkpoint(
    taken: list[Checkpoint], expected: tuple[str, bool] | None
) -> None:
    good = last_good(taken)
    assert (None if good is None else (good.checkpoint.id, good.is_proven)) == expected


def test_what_is_not_recorded_is_not_claimed() -> None:
    assert "no code was edited" in GoodCheckpoint(checkpoint(1), True).describe(60.0)
    assert "not recorded" in GoodCheckpoint(checkpoint(1), False).describe(60.0)


# --- which step is chosen at first ---


def offer(*open_steps: HelpOption) -> HelpOffer:
    return HelpOffer({step: "" if step in open_steps else "no" for step in HelpOption})


def stall(kind: StallKind, **more: Any) -> Stall:
    return Stall(kind, 100.0, ("pytest -q: 5 times with the same answer",), (HERE,), **more)


@pytest.mark.parametrize(
    ("kind", "steps", "expected"),
    [
        (StallKind.LOOP, [*HelpOption], HelpOption.STEP_BACK),
        (StallKind.REFUSED, [*HelpOption], HelpOption.STEP_BACK),
        (None, [*HelpOption], HelpOption.STEP_BACK),
        (StallKind.SILENT_TOOL, [*HelpOption], HelpOption.INTERRUPT),
        (StallKind.SILENT_TOOL, [HelpOption.STEP_BACK, HelpOption.STOP], HelpOption.STEP_BACK),
        (StallKind.LOOP, [HelpOption.RETRY, HelpOption.STOP], HelpOption.STOP),
        (StallKind.LOOP, [HelpOption.RETRY], HelpOption.RETRY),
        (StallKind.LOOP, [], HelpOption.STEP_BACK),
    ],
)
def test_the_mildest_sensible_step_comes_first(
    kind: StallKind | None, steps: list[HelpOption], expected: HelpOption
) -> None:
    assert offer(*steps).first_choice(None if kind is None else stall(kind)) == expected


def test_while_the_channels_are_looked_at_nothing_harsher_is_chosen() -> None:
    looking = HelpOffer({step: LOOKING if step != HelpOption.STOP else "" for step in HelpOption})
    assert looking.first_choice(stall(StallKind.LOOP)) == HelpOption.STEP_BACK
    assert looking.first_choice(stall(StallKind.SILENT_TOOL)) == HelpOption.INTERRUPT


# --- what is said after a rewind ---


def snapshot(**changes: Any) -> NightSnapshot:
    return replace_struct(NightFold().snapshot(1000.0), **changes)


def replace_struct(value: NightSnapshot, **changes: Any) -> NightSnapshot:
    from msgspec import structs

    return structs.replace(value, **changes)


def test_a_retry_says_what_was_tried_and_where_to_go_on() -> None:
    steps = tuple(StallStep(1.0, f"Bash try{n}", "1 failed", HERE) for n in (1, 2))
    tasks = (
        ProgressTask("1.1 Done", "done", "1"),
        ProgressTask("1.2 Later", "open", "2"),
        ProgressTask("1.3 Soak", "in_progress", "3"),
    )
    progress = ProgressFile("p", 1.0, "checkboxes", 1, 2, tasks=tasks)
    what = stall(
        StallKind.LOOP, level=StallLevel.STUCK, steps=steps, detector=DetectorName.REPEATED_CALLS
    )
    good = GoodCheckpoint(checkpoint(7, **GREEN), True)
    text = retry_text(what, snapshot(progress=progress), good)
    assert "checkpoint c7" in text
    assert "in vain: pytest -q: 5 times with the same answer." in text
    assert "Bash try1; Bash try2" in text
    assert "Go on with: 1.3 Soak" in text
    assert "refused" not in text


def test_a_retry_after_refusals_says_that_they_stay() -> None:
    good = GoodCheckpoint(checkpoint(7), False)
    text = retry_text(stall(StallKind.REFUSED, rule="Bash(pytest:*)"), snapshot(), good)
    assert "What was refused stays refused." in text
    assert "Go on with" not in text


# --- what can be done ---


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path) as scene:
        yield scene


def obstacles(operations: Operations, night: NightSnapshot, reach: Reachability | None) -> Any:
    return offer_steps(operations, night, lambda agent: reach).obstacles


def test_without_repository_process_and_channel_every_step_says_why(tmp_path: Path) -> None:
    settings = load(tmp_path, environ={}).settings
    night = replace_struct(snapshot(), activity=active())
    found = obstacles(Operations(tmp_path, settings, "", "s"), night, None)
    assert "process is not known" in found[HelpOption.STEP_BACK]
    assert "process is not known" in found[HelpOption.INTERRUPT]
    assert "no git repository" in found[HelpOption.RETRY]
    assert "process is not known" in found[HelpOption.STOP]


def active() -> Any:
    from msgspec import structs

    from tui.model.state import SessionState

    return structs.replace(
        snapshot().activity, state=SessionState.LOOPING, turn_open=True, reason="it loops"
    )


def test_a_session_that_is_over_gets_no_help(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    found = obstacles(
        Operations(folder, load(folder, environ={}).settings, "", "s"), snapshot(), None
    )
    assert set(found.values()) == {
        "no session is going on",
        "no checkpoint was taken while the tests were green",
    }


def test_a_foreign_session_is_interrupted_only_where_that_is_possible(scene: Elsewhere) -> None:
    who = scene.begin()
    night = replace_struct(snapshot(), activity=active())
    known = Reachability(who.session, (), "no way", no_interrupt="only its end would end the turn")
    found = obstacles(scene.operations(), night, known)
    assert found[HelpOption.INTERRUPT] == "only its end would end the turn"
    assert found[HelpOption.MESSAGE] == found[HelpOption.STEP_BACK] == "no way"
    assert found[HelpOption.STOP] == ""
    scene.operations().take_checkpoint(facts=GREEN)
    found = obstacles(scene.operations(), night, known)
    assert found[HelpOption.RETRY] == "nobody can tell it what was learned: no way"


# --- doing ---


def test_a_retry_brings_the_files_back_and_tells_a_foreign_session(scene: Elsewhere) -> None:
    scene.begin()
    installer.install(scene.project)
    operations = scene.operations()
    taken = operations.take_checkpoint(facts=GREEN)
    write(scene.project, {"README.md": "spoilt\n"})
    plan = operations.plan_rewind(taken)
    assert plan.refusals
    words = rewind_and_retry(operations, plan, "code", "Try otherwise.", confirmed=True)
    assert f"files as in {taken.id}: 1 written" in words
    assert "What was learned: queued by hook mailbox" in words
    assert (scene.project / "README.md").read_text() != "spoilt\n"
    assert scene.journal("inject")[0]["mode"] == "step-back"
    scene.open_gate()
    assert scene.journal("rewind")[0]["checkpoint"] == taken.id


def test_what_nobody_could_be_told_is_said_and_the_files_are_back(scene: Elsewhere) -> None:
    scene.begin()
    operations = scene.operations()
    taken = operations.take_checkpoint(facts=GREEN)
    write(scene.project, {"README.md": "spoilt\n"})
    plan = operations.plan_rewind(taken)
    words = rewind_and_retry(operations, plan, "code", "Try otherwise.", confirmed=True)
    assert "But it was not told: no way to this session" in words
    assert (scene.project / "README.md").read_text() != "spoilt\n"


def test_where_no_checkpoint_can_be_taken_the_turn_is_interrupted_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = Operations(tmp_path, load(tmp_path, environ={}).settings, "", "s")
    done: list[str] = []

    class Receipt:
        words = "the turn is interrupted"

    def stop(verb: str, checkpoint: bool) -> Receipt:
        done.append(f"{verb} {checkpoint}")
        return Receipt()

    monkeypatch.setattr(operations, "stop", stop)
    said: list[str] = []
    words = checkpoint_and_interrupt(operations, {}, said.append)
    assert done == ["interrupt False"]
    assert words == "the turn is interrupted; no checkpoint: this folder is no git repository"
    assert said == ["interrupting"]
