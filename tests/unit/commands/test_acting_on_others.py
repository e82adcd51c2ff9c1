"""The acting commands on a session that somebody else started."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command_line import Done, run
from tests.unit.control.foreign_scene import Elsewhere, elsewhere
from tests.unit.repositories import write

Call = Callable[..., Done]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path / "elsewhere") as scene:
        yield scene


@pytest.fixture
def call(tmp_path: Path, scene: Elsewhere) -> Call:
    home = tmp_path / "home"
    home.mkdir()
    env = {"CLAUDE_CONFIG_DIR": str(scene.workplace.config)}

    def called(*words: str) -> Done:
        done = run(*words, home=home, cwd=scene.project, env=env)
        assert "Traceback" not in done.err
        return done

    return called


def test_words_wait_and_can_be_taken_back(scene: Elsewhere, call: Call) -> None:
    scene.begin()
    refused = call("inject", "hello")
    assert refused.code == 4
    assert "hooks install" in refused.err
    assert call("hooks", "install").code == 0
    refused = call("inject", "--now", "hello")
    assert refused.code == 4
    assert "needs a run" in refused.err
    sent = call("inject", "hello $(there)")
    assert sent.code == 0
    assert sent.out.startswith(b"queued by mailbox as ")
    name = sent.out.split()[-1].decode()
    assert call("withdraw", "nonsense").code == 4
    assert call("withdraw", name[:25]).code == 0
    assert call("withdraw").code == 4
    assert scene.states(name) == ["queued", "withdrawn"]


def test_step_back_is_made_from_the_record_and_delivered(scene: Elsewhere, call: Call) -> None:
    scene.begin()
    call("hooks", "install")
    shown = call("step-back", "--print").out.decode()
    assert "step back" in shown
    assert "while [ ! -e go ]" in shown
    assert call("step-back").code == 0
    scene.open_gate()
    scene.agent.exit_code()
    assert scene.states() == ["queued", "delivered"]
    assert scene.journal("inject")[0]["mode"] == "step-back"


@pytest.mark.parametrize("keep", [True, False])
def test_kill_ends_it_and_keeps_its_work(scene: Elsewhere, call: Call, keep: bool) -> None:
    who = scene.begin()
    asked = call("kill")
    assert asked.code == 4
    assert f"pid {who.pid}" in asked.err
    assert scene.agent.process.poll() is None
    refused = call("kill", "--interrupt", "--yes")
    assert refused.code == 4
    done = call("kill", "--yes", *([] if keep else ["--no-checkpoint"]))
    assert done.code == 0
    assert scene.agent.exit_code() != 0
    known = json.loads(call("checkpoints", "--json").out)["checkpoints"]
    assert [one["label"] for one in known] == ([""] if keep else [])
    if keep:
        facts = known[0]["facts"]
        assert facts["session"] == who.session
        assert facts["why"] == "before kill"
    assert call("kill", "--yes").code == 3
    assert b"killed" in call("status").out


def test_a_rewind_beside_it_needs_a_word_more(scene: Elsewhere, call: Call) -> None:
    scene.begin()
    assert call("checkpoint").out == b"c1\n"
    write(scene.project, {"new.txt": "n"})
    refused = call("rewind", "c1", "--yes")
    assert refused.code == 4
    assert "--anyway" in refused.err
    assert (scene.project / "new.txt").exists()
    assert "Against it" in call("rewind", "c1", "--dry-run").err
    assert call("rewind", "c1", "--yes", "--anyway").code == 0
    assert not (scene.project / "new.txt").exists()
    assert call("undo", "--yes").code == 4
    assert call("undo", "--yes", "--anyway").code == 0
    assert (scene.project / "new.txt").exists()
