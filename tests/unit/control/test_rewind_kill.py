"""SIGKILL at named points and at random ones; the next start finds a whole state and no litter."""

from __future__ import annotations

import atexit
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path

import psutil
import pytest

from tests.unit.control.rewinds import undo
from tests.unit.repositories import commit, litter, make, sh, tree, user_state, write
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.refs import checkpoints_of
from tui.control.rewind.execute import recover_rewind
from tui.store.layout import project_state

State = dict[str, tuple[str, int, bytes]]
REPOSITORY = Path(__file__).parents[3]
KILL_WORKER = [sys.executable, "-m", "tests.unit.control.kill_worker"]


@cache
def worker() -> subprocess.Popen[str]:
    """The process that is asked for operations; one for all tests of this process."""
    process = subprocess.Popen(
        KILL_WORKER, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(end, process)
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate()


def work(folder: Path, operation: str, step: str = "", count: int = 1) -> int:
    process = worker()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([str(folder), operation, step, count]) + "\n")
    process.stdin.flush()
    code, words = json.loads(process.stdout.readline())
    assert code in (0, -signal.SIGKILL), words
    return int(code)


def two_states(folder: Path) -> tuple[State, State]:
    """A repository with checkpoint c1 of one state and lying in another; both states."""
    make(folder, {"a": "a", "b": "b", "gone": "g", "d/e": "e", ".gitignore": "*.o\n", "p": "p"})
    write(folder, {"u": "untracked", "x.o": "ignored"})
    commit(folder)
    old = tree(folder)
    take_checkpoint(folder)
    write(folder, {"a": "A", "b": "B", "new": "n", "n2/n": "n", "n3": "3", "u": "changed"})
    sh(folder, "rm", "-q", "--cached", "b")
    (folder / "gone").unlink()
    (folder / "p").chmod(0o755)
    (folder / "d/e").unlink()
    (folder / "d").rmdir()
    write(folder, {"d": "a file now"})
    return old, tree(folder)


def recovered_state(folder: Path) -> State:
    """The tree after the next start has done what a start does."""
    recover_rewind(folder, may_act=True)
    take_checkpoint(folder)
    assert litter(folder) == []
    if (project_state(folder) / "rewind").exists():
        assert not list((project_state(folder) / "rewind/stage").glob("*"))
        assert not (project_state(folder) / "rewind/open").exists()
    sh(folder, "fsck", "--strict", "--no-dangling")
    for checkpoint in checkpoints_of(folder, foreign=True):
        assert not checkpoint.foreign
        sh(folder, "ls-tree", "-r", checkpoint.commit)
    return tree(folder)


@pytest.mark.parametrize(
    "step", ["listed", "writing", "stored", "announced", "recorded", "verified"]
)
def test_killed_while_taking_a_checkpoint(tmp_path: Path, step: str) -> None:
    folder = tmp_path / "repo"
    _, state = two_states(folder)
    user = user_state(folder)
    known = checkpoints_of(folder)
    assert work(folder, "take", step) == -signal.SIGKILL
    assert (user_state(folder), tree(folder)) == (user, state)
    assert len(checkpoints_of(folder)) == len(known) + (step in ("recorded", "verified"))
    assert not [c for c in checkpoints_of(folder, foreign=True) if c.foreign]
    assert recovered_state(folder) == state
    assert user_state(folder) == user


REWIND_POINTS = [
    ("safety", 1),
    ("journal", 1),
    ("staging", 3),
    ("staged", 1),
    ("clearing", 1),
    ("writing", 1),
    ("writing", 2),
    ("placing", 1),
    ("placing", 2),
    ("written", 1),
    ("deleting", 1),
    ("deleting", 2),
    ("closing", 1),
]


@pytest.mark.parametrize(("step", "count"), REWIND_POINTS)
def test_killed_while_rewinding(tmp_path: Path, step: str, count: int) -> None:
    folder = tmp_path / "repo"
    old, new = two_states(folder)
    user = user_state(folder)
    assert work(folder, "rewind", step, count) == -signal.SIGKILL
    assert user_state(folder) == user
    untouched = step in ("safety", "journal", "staging", "staged")
    assert (tree(folder) == new) is (untouched or step == "clearing")
    assert recovered_state(folder) == (new if untouched else old)
    assert user_state(folder) == user
    if not untouched:
        undo(folder)
        assert tree(folder) == new


@pytest.mark.parametrize("again", [("writing", 1), ("placing", 1), ("deleting", 1), ("closing", 1)])
def test_killed_while_recovering(tmp_path: Path, again: tuple[str, int]) -> None:
    folder = tmp_path / "repo"
    old, new = two_states(folder)
    assert work(folder, "rewind", "placing", 1) == -signal.SIGKILL
    for _ in range(2):
        work(folder, "recover", *again)
    assert recovered_state(folder) == old
    undo(folder)
    assert tree(folder) == new


def test_what_was_edited_between_the_kill_and_the_next_start_stays(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    two_states(folder)
    work(folder, "rewind", "writing", 2)
    write(folder, {"u": "edited by a person", "new": "this too", "mine": "m"})
    found = recover_rewind(folder, may_act=True)
    assert found is not None
    assert found.outcome == "finished"
    assert set(found.meanwhile) == {"u", "new"}
    assert (folder / "u").read_text() == "edited by a person"
    assert (folder / "mine").read_text() == "m"
    assert (folder / "a").read_text() == "a"


def test_a_living_rewind_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    two_states(folder)
    code = (
        "import sys; from pathlib import Path; from tests.unit.control.kill_worker import perform\n"
        "def wait(): print('here', flush=True); input()\n"
        "perform(Path(sys.argv[1]), 'rewind', 'writing', 2, wait)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "here\n"
        assert recover_rewind(folder, may_act=True) is None
        take_checkpoint(folder)  # nor does a checkpoint mind it
        process.stdin.write("\n")
        process.stdin.close()
        assert process.wait(30) == 0
    assert recover_rewind(folder, may_act=True) is None


def storm(folder: Path, kills: int, seed: int) -> None:
    """Kills checkpoints and rewinds at random instants, half of the times with their gits."""
    rng = random.Random(seed)
    old, new = two_states(folder)
    user = user_state(folder)
    for number in range(kills):
        operation = "storm rewind" if number % 2 else "storm take"
        process = subprocess.Popen(
            [*KILL_WORKER, str(folder), operation],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline() == b"ready\n", process.stderr.read()
            time.sleep(rng.uniform(0, 0.5))
            family = psutil.Process(process.pid).children(recursive=True) if number % 4 > 1 else []
            process.kill()
            for child in family:
                try:
                    child.kill()
                except psutil.NoSuchProcess:
                    pass
            psutil.wait_procs(family, timeout=10)
        finally:
            process.kill()
            process.communicate()
        state = recovered_state(folder)
        assert state in (old, new), (number, operation)
        assert user_state(folder) == user, (number, operation)


def test_a_few_random_kills(tmp_path: Path) -> None:
    storm(tmp_path / "repo", 8, seed=os.getpid())


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_random_kills(tmp_path: Path) -> None:
    storm(tmp_path / "repo", 200, seed=4)


def test_a_lock_that_is_let_go_at_once_keeps_no_recovery_out(tmp_path: Path) -> None:
    """The last git of a killed rewind may hold the lock for the moment it needs to begin."""
    folder = tmp_path / "repo"
    two_states(folder)
    assert work(folder, "rewind", "writing") == -signal.SIGKILL
    lock = project_state(folder) / "rewind/lock"
    hold = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, 2); print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        assert recover_rewind(folder, may_act=True) is None  # another process really is at it
        letting_go = threading.Timer(0.1, holder.stdin.close)
        letting_go.start()
        assert recover_rewind(folder, may_act=True) is not None
        letting_go.join()
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
