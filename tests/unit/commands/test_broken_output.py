"""A command whose output is closed, full, or read by nobody ends with a sentence and the right code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import environment
from tests.unit.repositories import make


def shell(tmp_path: Path, words: str) -> subprocess.CompletedProcess[str]:
    project = tmp_path / "p"
    if not project.exists():
        make(project)
    line = f'"{sys.executable}" -m tui {words}'
    return subprocess.run(
        ["sh", "-c", line],
        cwd=project,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("> /dev/full", "No space left on device; make room there"),
        (">&-", "Bad file descriptor"),
    ],
)
@pytest.mark.parametrize("command", ["status --json", "config", "--version", "status --help"])
def test_an_output_that_takes_nothing(tmp_path: Path, command: str, where: str, why: str) -> None:
    done = shell(tmp_path, f"{command} {where}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"overnight-tui: standard output cannot be written: {why}\n"


def test_a_closed_error_output_stops_nothing(tmp_path: Path) -> None:
    for where in ("2>&-", "2>/dev/full"):
        done = shell(tmp_path, f"status --json {where}")
        assert (done.returncode, done.stderr) == (3, "")
        assert done.stdout.startswith("{")


def test_a_closed_output_is_no_file_that_is_opened_later(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    make(tmp_path / "p")
    done = shell(tmp_path, "checkpoint -m x >&- <&-")
    assert done.returncode == 1
    assert "standard output cannot be written" in done.stderr
    listed = shell(tmp_path, "checkpoints")
    assert listed.stdout.startswith("c1 "), "it was taken, and nothing else got number 1"
