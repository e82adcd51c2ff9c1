"""Rewinds by request: the agent is stopped, files and conversation go back, a fork goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.runner_scene import Scene, until


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


def begun(scene: Scene) -> str:
    """A run with a checkpoint, and a file written after it; the checkpoint's id."""
    scene.start(
        "[[story:long_tool gate=gate1]] [[story:long_tool gate=gate2]]",
        env={"OVERNIGHT_AGENT_STORY": "long_tool gate=gate3"},
        enforcement__continuous_mode=True,  # the turn after a rewind is short
    )
    scene.wait_said('"tool_use"')
    (scene.repository / "gate1").touch()
    scene.wait_said("gate2")
    name = str(scene.request("checkpoint", label="good").result["checkpoint"])
    (scene.repository / "later.txt").write_text("written after the checkpoint")
    return name


def test_both_go_back_and_a_fork_goes_on(scene: Scene) -> None:
    name = begun(scene)
    answer = scene.request("rewind", checkpoint=name, mode="both")
    assert answer.ok, answer
    new = scene.entry("segment_started", why="rewind")["session"]
    assert (
        answer.text == f"files and conversation rewound to {name}; it goes on as session {new[:8]}"
    )
    assert not (scene.repository / "later.txt").exists()
    first = scene.entry("segment_started")
    second = scene.entry("segment_started", why="rewind")
    assert second["resume_of"] == first["session"]
    assert second["session"] != first["session"]
    entry = scene.entry("rewind")
    assert (entry["checkpoint"], entry["mode"], entry["deleted"]) == (name, "both", 1)
    until(lambda: scene.said(f"rewound the files and conversation to checkpoint {name}"))
    assert scene.request("undo").ok
    assert (scene.repository / "later.txt").read_text() == "written after the checkpoint"
    third = until(lambda: scene.journal("segment_started")[2:], "the third segment")[0]
    assert third["resume_of"] == first["session"]
    assert scene.entry("undo")["mode"] == "both"
    scene.request("kill")
    assert scene.ended() == "killed by person"


def test_code_alone_keeps_the_conversation(scene: Scene) -> None:
    name = begun(scene)
    assert scene.request("rewind", checkpoint=name, mode="code").ok
    assert not (scene.repository / "later.txt").exists()
    second = scene.entry("segment_started", why="rewind")
    assert second["resume_of"] == second["session"] == scene.entry("segment_started")["session"]
    scene.request("kill")
    scene.ended()


def test_a_refusal_stops_nothing(scene: Scene) -> None:
    begun(scene)
    assert not scene.request("rewind", checkpoint="c999").ok
    assert not scene.request("rewind", checkpoint="c1", mode="sideways").ok
    assert not scene.request("undo").ok
    assert len(scene.journal("segment_started")) == 1
    assert not scene.journal("segment_ended")
    scene.request("kill")
    scene.ended()


@pytest.mark.parametrize("mode", ["both", "conversation"])
def test_before_the_first_message_a_fresh_conversation_begins(scene: Scene, mode: str) -> None:
    begun(scene)
    first = scene.entry("segment_started")["session"]
    answer = scene.request("rewind", checkpoint="start", mode=mode)
    assert answer.ok, answer
    assert (scene.repository / "later.txt").exists() == (mode == "conversation")
    second = scene.entry("segment_started", why="rewind")
    assert second["resume_of"] == ""
    assert second["session"] != first
    assert f"goes on as session {second['session'][:8]}" in answer.text
    goal = "[[story:long_tool gate=gate1]]"
    until(lambda: [one for one in scene.said(goal) if one["session_id"] == second["session"]])
    if mode == "both":
        assert scene.request("undo").ok  # the conversation before it is whole
        third = until(lambda: scene.journal("segment_started")[2:], "the third segment")[0]
        assert third["resume_of"] == first
    scene.request("kill")
    scene.ended()


def test_a_conversation_that_cannot_be_found_there_is_no_success(scene: Scene) -> None:
    name = begun(scene)
    session = scene.entry("segment_started")["session"]
    (transcript,) = scene.config.glob(f"projects/*/{session}.jsonl")
    transcript.write_bytes(b"")
    answer = scene.request("rewind", checkpoint=name, mode="both")
    assert not answer.ok
    assert "the conversation was not rewound" in answer.text
    assert "the files were" in answer.text
    scene.request("kill")
    scene.ended()
