"""Checkpoints while the user works in the same repository: nobody is harmed, nobody waits."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.control.test_capture import check
from tests.unit.repositories import commit, litter, make, sh, write
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.object_staging import checkpoint_lock
from tui.control.checkpoints.refs import checkpoints_of
from tui.control.checkpoints.work_tree import CaptureLimits
from tui.system.errors import CheckpointError
from tui.system.git import Git

ROUNDS = 6


def user_commits(folder: Path, number: int) -> None:
    write(folder, {f"c{number}": f"{number}"})
    sh(folder, "add", f"c{number}")
    sh(folder, "commit", "-q", "-m", f"user {number}")


def user_stages(folder: Path, number: int) -> None:
    write(folder, {"staged": f"{number}"})
    sh(folder, "add", "staged")
    sh(folder, "reset", "-q")


def user_collects_garbage(folder: Path, number: int) -> None:
    sh(folder, "gc", "-q", "--prune=now")


def user_checks_out(folder: Path, number: int) -> None:
    sh(folder, "checkout", "-q", "side" if number % 2 else "main")


def user_rebases(folder: Path, number: int) -> None:
    sh(folder, "checkout", "-q", "side")
    sh(folder, "rebase", "-q", "main")
    sh(folder, "checkout", "-q", "main")


def second_supervisor(folder: Path, number: int) -> None:
    code = (
        "import sys; from pathlib import Path; "
        "from tui.control.checkpoints.capture import take_checkpoint; "
        "take_checkpoint(Path(sys.argv[1]), session='second')"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=Path(__file__).parents[3], check=True
    )


OPERATIONS: list[Callable[[Path, int], None]] = [
    user_commits,
    user_stages,
    user_collects_garbage,
    user_checks_out,
    user_rebases,
    second_supervisor,
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_at_the_same_time(tmp_path: Path, operation: Callable[[Path, int], None]) -> None:
    folder = make(tmp_path / "repo", {f"f{n}": f"{n}\n" for n in range(50)})
    sh(folder, "checkout", "-q", "-b", "side")
    write(folder, {"on side": "s"})
    commit(folder)
    sh(folder, "checkout", "-q", "main")
    write(folder, {"loose": "an object of the checkpoint alone\n"})
    failures: list[BaseException] = []

    def user() -> None:
        try:
            for number in range(ROUNDS):
                operation(folder, number)
        except BaseException as error:  # handed to the test
            failures.append(error)

    thread = threading.Thread(target=user)
    thread.start()
    taken = [take_checkpoint(folder)]
    while thread.is_alive():
        write(folder, {"agent": f"{len(taken)}\n"})
        taken.append(take_checkpoint(folder, session="first"))
    thread.join()
    assert failures == []
    check(folder, take_checkpoint(folder))
    sh(folder, "fsck", "--strict", "--no-dangling", "--connectivity-only")
    known = checkpoints_of(folder)
    assert {c.commit for c in taken} <= {c.commit for c in known}
    assert len({c.number for c in known}) == len(known)
    for checkpoint in taken:
        assert sh(folder, "show", f"{checkpoint.commit}:loose")
    assert litter(folder) == []


@pytest.mark.parametrize("at_work", ["gc at work", "gc just ended"])
def test_what_a_prune_takes_away_is_never_missed(tmp_path: Path, at_work: str) -> None:
    """It deletes loose objects by the refs that it read before there was ours."""
    folder = make(tmp_path / "repo")
    objects = folder / ".git/objects"
    before = set(objects.glob("??/*"))
    pruned_at = "announced"
    if at_work == "gc at work":
        (folder / ".git/gc.pid").write_text("1 elsewhere")
        pruned_at = "recorded"
    write(folder, {"new": "an object of the checkpoint alone\n"})
    seen: list[str] = []

    def prune(step: str) -> None:
        if step == pruned_at:
            gone = set(objects.glob("??/*")) - before
            for path in gone:
                path.unlink()
            assert gone
        if step == "recorded":
            seen.append(sh(folder, "rev-list", "--objects", "--all", "--quiet"))

    taken = take_checkpoint(folder, progress=prune)
    assert seen == [""]
    assert sh(folder, "show", f"{taken.commit}:new")
    assert not list((objects / "pack").glob("*.keep"))


@pytest.mark.parametrize("loose", [True, False])
def test_a_kill_leaves_nothing_that_no_prune_may_take(tmp_path: Path, loose: bool) -> None:
    folder = make(tmp_path / "repo")
    if loose:
        (folder / ".git/gc.pid").write_text("1 elsewhere")
    else:
        write(folder, {f"new{n}": f"{n}\n" for n in range(120)})
    code = (
        "import os, sys; from pathlib import Path; "
        "from tui.control.checkpoints.capture import take_checkpoint; "
        "die = lambda step: os._exit(9) if step == 'recorded' else None; "
        "take_checkpoint(Path(sys.argv[1]), progress=die)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=Path(__file__).parents[3])
    packs = folder / ".git/objects/pack"
    assert list(packs.glob("*.keep"))
    (folder / ".git/gc.pid").unlink(missing_ok=True)
    take_checkpoint(folder)
    assert not list(packs.glob("*.keep"))
    assert litter(folder) == []


def test_who_waits_too_long_says_so(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    with (
        checkpoint_lock(Git(folder), seconds=1),
        pytest.raises(CheckpointError, match=r"another checkpoint .* under way for 0\.2 s"),
    ):
        take_checkpoint(folder, limits=CaptureLimits(seconds=0.2))
    take_checkpoint(folder)
