"""A large stream folded by a child process: progress, result, and what happens when either dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from tests.command_line import REPOSITORY, environment
from tests.session_files import answer, bash, delta, lines, result, speech
from tui.feeds.sessions.select import EventFile
from tui.monitor import loading
from tui.monitor.loading import BackfillOrder, BackfillProcess
from tui.monitor.session_reader import fold_rules
from tui.settings.settings import Settings

RULES = fold_rules(Settings())


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 30 MB: 600 turns with deltas, calls, results that fail now and then."""
    path = tmp_path_factory.mktemp("large") / "large.jsonl"
    number = 0
    with path.open("wb") as file:
        for turn in range(600):
            records = []
            for _ in range(60):
                number += 1
                records.append(delta(number, "w" * 300))
            for _ in range(10):
                number += 2
                records.append(bash(number, f"make step-{number} " + "x" * 400, float(number)))
                bad = number % 7 == 0
                records.append(answer(number + 1, number, "o" * 1_200, number + 1.0, error=bad))
            number += 2
            records.append(speech(number, f"turn {turn}", float(number)))
            file.write(lines(records))
        file.write(lines([result(number + 1)]))
    assert 28 << 20 < path.stat().st_size < 40 << 20
    return path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def sources(path: Path) -> tuple[EventFile, ...]:
    return (EventFile("stream", str(path), "test"),)


def test_a_child_folds_it_all_and_tells_how_far_it_is(large: Path) -> None:
    seen: list[tuple[int, int]] = []
    folding = loading.BackgroundFold(
        sources(large), RULES, 1, lambda: seen.append(folding.progress)
    )
    until(lambda: folding.is_done)
    ledger = folding.pop_reader()
    assert folding.pop_reader() is None, "it is handed over once"
    assert folding.failed == ""
    assert ledger is not None
    done = [far for far, _ in seen]
    assert done == sorted(done)
    assert len(set(done)) >= 3, "progress moves while it works"
    assert seen[-1][1] == large.stat().st_size
    scratch = loading.new_reader(sources(large), RULES, 1)
    while scratch.poll():
        pass
    assert not ledger.poll()
    assert ledger.fold.snapshot(0.0).counts == scratch.fold.snapshot(0.0).counts
    assert len(ledger.index) == len(scratch.index) == 600 * 11 + 1
    for row in (0, 1, 3_000, len(scratch.index) - 1):
        assert ledger.index.row(row) == scratch.index.row(row)
    ledger.close()
    scratch.close()


def test_the_second_start_folds_nothing_again(large: Path) -> None:
    first = loading.BackgroundFold(sources(large), RULES, 1, lambda: None)
    until(lambda: first.is_done)
    ledger = first.pop_reader()
    assert ledger is not None
    ledger.close()
    second = loading.BackgroundFold(sources(large), RULES, 2, lambda: None)
    until(lambda: second.is_done)
    assert second.progress == (0, 0), "no child was needed"
    again = second.pop_reader()
    assert again is not None
    assert again.index.level == 2
    again.close()


def test_stopping_ends_the_child_at_once(large: Path) -> None:
    folding = loading.BackgroundFold(sources(large), RULES, 1, lambda: None)
    until(lambda: folding._child is not None)
    assert folding._child is not None
    pid = folding._child._process.pid
    folding.stop()
    assert not psutil.pid_exists(pid)
    assert folding.pop_reader() is None


def test_a_child_that_is_killed_is_a_sentence(large: Path) -> None:
    folding = loading.BackgroundFold(sources(large), RULES, 1, lambda: None)
    until(lambda: folding._child is not None)
    assert folding._child is not None
    os.kill(folding._child._process.pid, signal.SIGKILL)
    until(lambda: folding.is_done)
    assert folding.pop_reader() is None
    assert folding.failed == "folding in the background ended with code -9"
    folding.stop()


def test_a_child_that_cannot_start_is_a_sentence(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    folding = loading.BackgroundFold(sources(large), RULES, 1, lambda: None)
    until(lambda: folding.is_done)
    assert "could be started" in folding.failed


PARENT = """
import sys, time
from tests.unit.monitor.test_backfill import RULES, sources
from tui.monitor.loading import BackfillOrder, BackfillProcess
from pathlib import Path
child = BackfillProcess(BackfillOrder(sources(Path(sys.argv[1])), sys.argv[2], RULES), lambda: None)
print(child._process.pid, flush=True)
child.watch()
"""


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """The file is a big one, so that the child is in the middle of it."""
    big = tmp_path / "big.jsonl"
    portion = lines(speech(n, "w" * 900, float(n)) for n in range(9_000))
    with big.open("wb") as file:
        for _ in range(30):
            file.write(portion)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(big), str(tmp_path / "result")],
        stdout=subprocess.PIPE,
        env=environment(tmp_path),
        cwd=REPOSITORY,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert not (tmp_path / "result").exists(), "it ended in the middle of its work"


def test_the_order_travels_as_json(large: Path, tmp_path: Path) -> None:
    order = BackfillOrder(sources(large), str(tmp_path / "r"), RULES)
    assert msgspec.json.decode(msgspec.json.encode(order), type=BackfillOrder) == order


def test_a_file_that_vanished_is_folded_to_nothing(tmp_path: Path) -> None:
    told = threading.Event()
    child = BackfillProcess(
        BackfillOrder(sources(tmp_path / "gone"), str(tmp_path / "r"), RULES), told.set
    )
    assert child.watch()
    assert child.done_bytes == child.total_bytes
    assert told.is_set()
