"""The acting commands on a session that somebody else started."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command_line import Done, run
from tests.unit.control.foreign_scene import Elsewhere, elsewhere, until
from tests.unit.project_files import slug
from tests.unit.repositories import sh, write
from tui.feeds.sessions.live_processes import agent_identity
from tui.system.processes import is_alive

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


def test_a_session_that_was_named_is_not_the_one_that_began_later(
    scene: Elsewhere, call: Call
) -> None:
    """A process that names no session is not taken for one whose last record is older than it."""
    at = "2026-01-01T00:00:00.000Z"
    facts = {"sessionId": "older-000", "cwd": str(scene.project), "timestamp": at}
    prompt = {"type": "user", "uuid": "1", "message": {"role": "user", "content": "Go."}, **facts}
    folder = scene.workplace.config / "projects" / slug(scene.project)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "older-000.jsonl").write_text(json.dumps(prompt) + "\n")
    found = scene.begin()
    for file in (scene.workplace.config / "sessions").glob("*.json"):
        file.unlink()

    done = call("kill", "--session", "older-000", "--yes")
    assert done.code == 3
    assert is_alive(agent_identity(found))


def test_the_files_of_another_work_tree_are_those_of_its_session(
    scene: Elsewhere, call: Call, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    sh(scene.project, "worktree", "add", "-q", str(tree))
    (tree / "only-there.txt").write_text("x")
    at = "2026-01-01T00:00:00.000Z"
    facts = {"sessionId": "tree-0000", "cwd": str(tree), "timestamp": at}
    prompt = {"type": "user", "uuid": "1", "message": {"role": "user", "content": "Go."}, **facts}
    folder = scene.workplace.config / "projects" / slug(tree)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tree-0000.jsonl").write_text(json.dumps(prompt) + "\n")

    named = call("checkpoint", "--session", "tree-0000")
    assert f"of the work tree {tree}" in named.err
    listed = json.loads(call("checkpoints", "--session", "tree-0000", "--json").out)
    (only,) = listed["checkpoints"]
    assert "only-there.txt" in sh(tree, "ls-tree", "--name-only", only["commit"])
    here = call("checkpoint")
    assert f"the work tree {scene.project}; the session shown works in {tree}" in here.err
    assert len(json.loads(call("checkpoints", "--json").out)["checkpoints"]) == 1
    plan = call("rewind", named.out.decode().strip(), "--session", "tree-0000", "--dry-run")
    assert plan.code == 0
    assert f"of the work tree {tree}, where the session works" in plan.err


def test_step_back_is_made_from_the_record_and_delivered(scene: Elsewhere, call: Call) -> None:
    scene.begin()
    call("hooks", "install")
    printed = call("step-back", "--print")
    assert "step back" in printed.out.decode()
    assert "while [ ! -e go ]" in printed.out.decode()
    assert "nothing repeats; this asks it to step back all the same" in printed.err
    assert call("step-back").code == 0
    scene.open_gate()
    scene.agent.exit_code()
    assert scene.states() == ["queued", "delivered"]
    assert scene.journal("inject")[0]["mode"] == "step-back"


def test_step_back_shows_what_repeats_and_status_what_came_after(
    scene: Elsewhere, call: Call
) -> None:
    scene.begin("[[story:loop times=4000]]")
    call("hooks", "install")
    until(lambda: "same answer" in call("step-back", "--print").err, "the loop")
    sent = call("step-back")
    assert sent.code == 0
    assert "No progress since" in sent.err
    assert sent.out.decode().startswith(("queued", "delivered"))
    scene.agent.exit_code()
    until(lambda: "delivered" in scene.states())
    shown = json.loads(call("status", "--json").out)
    (message,) = shown["injections"]
    assert message["effect"]["calls"] >= 1
    assert message["effect"]["different"] >= 1
    assert not message["effect"]["goes_on"]
    assert "different call" in message["effect"]["words"]
    assert message["effect"]["words"] in call("status").out.decode()


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
