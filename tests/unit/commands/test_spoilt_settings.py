"""A project's settings file that cannot be used stops no command that has to work in the night."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.commands.contract import Run

SPOILT = {
    "unknown key": (b"agnet: {command: sh}\n", "there is no setting agnet"),
    "wrong value": (b"agent: {skip_permissions: true}\n", "agent.skip_permissions"),
    "no yaml": (b"\x00{[", "config/overnight.yaml"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_the_person_still_sees_keeps_rewinds_and_ends(tui: Run, project: Path, kind: str) -> None:
    data, said = SPOILT[kind]
    file = project / "config/overnight.yaml"
    file.parent.mkdir()
    file.write_bytes(data)
    subprocess.run(["git", "init", "-q", project], check=True)
    for words, codes in (
        (("runs",), (0,)),
        (("review",), (0,)),
        (("checkpoint",), (0,)),
        (("rewind", "c1", "--dry-run"), (0,)),
        (("undo", "--dry-run"), (4,)),
        (("kill", "--yes"), (3,)),
    ):
        done = tui(*words)
        assert done.code in codes, (words, done.err)
        assert said in done.err, words
        assert "nothing of this file is in force" in done.err, words


@pytest.mark.parametrize("kind", SPOILT)
def test_what_the_file_would_decide_is_refused(tui: Run, project: Path, kind: str) -> None:
    data, said = SPOILT[kind]
    file = project / "config/overnight.yaml"
    file.parent.mkdir()
    file.write_bytes(data)
    for words in (("run", "--detach", "x"), ("config",), ("trust", "--yes")):
        done = tui(*words)
        assert done.code == 2, words
        assert said in done.err, words
