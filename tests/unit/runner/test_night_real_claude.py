"""A whole night with the real CLI: all that can go wrong does, every task is done and nobody is called.

Opt in with `-m real_claude` and OVERNIGHT_TEST_CLAUDE, the path of a `claude` program.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.night import Night, play

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(700)]
CLAUDE = os.environ.get("OVERNIGHT_TEST_CLAUDE", "")


@pytest.mark.skipif(not CLAUDE, reason="OVERNIGHT_TEST_CLAUDE names no claude")
def test_every_task_is_done_and_nobody_is_called(tmp_path: Path) -> None:
    told: list[str] = []
    program = str(Path(sys.executable).with_name("overnight-tui"))
    faults = play(Night(tmp_path, Path(CLAUDE).resolve(), program), told.append)
    assert not faults, "\n".join((*faults, *told))
