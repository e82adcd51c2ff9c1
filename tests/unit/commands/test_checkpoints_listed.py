"""`checkpoints`: what was not captured, and deleting one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.command_line import run
from tests.unit.commands.contract import fits
from tests.unit.repositories import make
from tui.control.checkpoints.capture import take_checkpoint
from tui.model.json.lists import CheckpointsObject


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = make(tmp_path / "repo", {"a.txt": "one\n"})
    os.mkfifo(folder / "pipe")
    take_checkpoint(folder, label="GOOD", facts={"why": "command line"})
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_what_was_not_captured_is_told(folder: Path, home: Path) -> None:
    listed = json.loads(run("checkpoints", "--json", home=home, cwd=folder).out)
    fits(listed, CheckpointsObject)
    (row,) = listed["checkpoints"]
    assert row["not_captured"] == 1
    assert row["not_captured_paths"] == [{"path": "pipe", "reason": "a FIFO"}]
    assert row["named"] is True
    assert b"(1 not captured)" in run("checkpoints", home=home, cwd=folder).out


def test_one_is_deleted_only_when_it_is_said(folder: Path, home: Path) -> None:
    refused = run("checkpoints", "--delete", "c1", home=home, cwd=folder)
    assert (refused.code, b"c1" in run("checkpoints", home=home, cwd=folder).out) == (4, True)
    done = run("checkpoints", "--delete", "c1", "--yes", home=home, cwd=folder)
    assert (done.code, done.out) == (0, b"c1\n")
    assert run("checkpoints", home=home, cwd=folder).out == b""
