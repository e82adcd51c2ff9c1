from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import Done, run
from tests.session_files import (
    evening,
    result,
    write_project,
)
from tests.unit.commands.contract import Run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", [*evening(), result(11, 110)])


@pytest.fixture
def tui(tmp_path: Path, project: Path) -> Run:
    home = tmp_path / "home"
    home.mkdir()

    def call(*words: str | bytes, cwd: Path = project, **env: str) -> Done:
        done = run(*words, home=home, cwd=cwd, env=env)
        assert "Traceback" not in done.err
        return done

    return call
