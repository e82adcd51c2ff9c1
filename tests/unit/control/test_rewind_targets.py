"""`last-good` and `start` as names of checkpoints; what is said where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.repositories import make, write
from tui.control.checkpoints.refs import Checkpoint
from tui.control.operations import Operations
from tui.control.rewind.targets import find_target, start_of
from tui.settings.settings import Settings
from tui.system.errors import RefusedError

GREEN: dict[str, Any] = {"tests": "green", "edits_since_green": 0}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return make(tmp_path / "repository")


def take(place: Path, text: str, **facts: Any) -> Checkpoint:
    write(place, {"code.py": text})
    return Operations(place, Settings()).take_checkpoint("", facts=facts)


def test_the_last_good_is_the_newest_proven_one(place: Path) -> None:
    take(place, "1", **GREEN)
    good = take(place, "2", **GREEN)
    take(place, "3", tests="green", edits_since_green=2)
    take(place, "4", tests="red", edits_since_green=3)
    assert find_target(place, "last-good", "").id == good.id
    plan = Operations(place, Settings()).plan_rewind("last-good")
    assert [one.path for one in plan.writes] == ["code.py"]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"tests": "red"}, "no checkpoint was taken with green tests"),
        ({"tests": "green", "edits_since_green": 1}, "nothing edited after them"),
        ({"tests": "green"}, "not recorded"),
    ],
)
def test_no_good_one_is_refused_with_what_can_be_done(
    place: Path, facts: dict[str, Any], words: str
) -> None:
    take(place, "1", **facts)
    with pytest.raises(RefusedError, match=words):
        find_target(place, "last-good", "")


def test_the_start_is_that_of_this_run(place: Path) -> None:
    with pytest.raises(RefusedError, match="no run of ours began here"):
        find_target(place, "start", "")
    with pytest.raises(RefusedError, match="run r1 has no checkpoint of its start"):
        find_target(place, "start", "r1")
    one = Checkpoint(1.0, "start", "r1", "checkpoint", {"why": "start"}, "c1", 1)
    of_other = replace(one, session="r0", id="c0")
    labelled = replace(one, facts={"why": "key"}, id="c2")
    taken = [of_other, labelled, replace(one, foreign=True), one]
    assert start_of(taken, "r1") is one
    assert start_of(taken[:3], "r1") is None
