"""Long runs, for those who have the time: opt in with `-m soak`."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from benchmarks import adoption, soak
from tui.runner.agent.attempt import MARK
from tui.store.layout import RunDirectory
from tui.system.process_tree import ProcessTree, kill_tree

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]


def end(folder: RunDirectory) -> None:
    adoption.kill_all(folder)
    kill_tree(ProcessTree(marker=f"{MARK}={folder.attempt_folder(1)}".encode()), 0.0, limit=3.0)


def test_two_hundred_supervisors_die_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", os.environ.get("CLAUDE_CONFIG_DIR", str(tmp_path)))
    folder = soak.begin(tmp_path, minutes=6, rate=200)
    try:
        tally = adoption.torment(folder, tmp_path / "repository", 200, random.Random(3))
        adoption.wait_for_end(folder, 400)
        adoption.verify(folder, tally)
    finally:
        end(folder)
    assert tally.faults == []
    assert len(tally.seconds) == 200
    assert sorted(tally.seconds)[189] <= 2.0
    assert soak.lost(folder).endswith(": 0 lost")


def test_ten_busy_minutes_cost_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", os.environ.get("CLAUDE_CONFIG_DIR", str(tmp_path)))
    folder = soak.begin(tmp_path, minutes=10, rate=500)
    screen = soak.Screen(tmp_path, tmp_path / "repository")
    try:
        watched = soak.processes(folder, screen)
        soak.watch(folder, watched, tmp_path / "soak.csv", every=5)
    finally:
        screen.close()
        end(folder)
    supervisor = watched[0].samples
    assert max(one.rss for one in supervisor) < 120
    assert supervisor[-1].files == supervisor[1].files
    assert supervisor[-1].cpu / supervisor[-1].at < 0.5
    assert soak.lost(folder).endswith(": 0 lost")
