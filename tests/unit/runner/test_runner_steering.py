"""Requests to a run: messages with receipts, interrupts, stops, kills, checkpoints, pauses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.runner_scene import Scene, until
from tui.model.journal import Requester
from tui.store import inbox
from tui.system.processes import is_alive


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


def receipts(scene: Scene, name: str) -> list[str]:
    return [one["state"] for one in scene.journal("injection") if one["id"] == name]


def test_a_soft_message_is_folded_into_the_turn_with_receipts(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    scene.wait_said('"tool_use"')
    answer = scene.request("inject", text="Mind the fractions.")
    assert answer.ok
    name = answer.result
    until(lambda: scene.said(f'"command_uuid": "{name}"'), "the agent's own receipt")
    assert receipts(scene, name) == ["queued"]
    (scene.repository / "gate").touch()
    scene.ended()
    assert receipts(scene, name) == ["queued", "delivered", "seen"]
    assert scene.entry("inject", id=name)["mode"] == "soft"
    assert len([one for one in scene.stream() if one["type"] == "result"]) == 1


def test_a_hard_message_interrupts_and_is_taken_up_at_once(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=never]]")
    scene.wait_said('"tool_use"')
    name = scene.request("inject", text="Stop that, please.", mode="hard").result
    scene.ended()
    assert receipts(scene, name) == ["queued", "delivered", "seen"]
    results = [one for one in scene.stream() if one["type"] == "result"]
    assert results[0]["terminal_reason"] == "aborted_tools"
    assert len(results) == 2


@pytest.mark.parametrize("size", [5_000, 70_000, 600_000, 1 << 20])
def test_a_message_of_any_size_arrives_whole(scene: Scene, size: int) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    scene.wait_said('"tool_use"')
    text = "Line one\nwith \x00 and “quotes” " + "x" * size
    name = scene.request("inject", text=text).result
    until(lambda: scene.said(f'"command_uuid": "{name}"'), "its receipt")
    (scene.repository / "gate").touch()
    scene.ended()
    assert receipts(scene, name)[-1] == "seen"
    replay = next(one for one in scene.stream() if one.get("isReplay") and one["uuid"] == name)
    said = replay["message"]["content"]
    if size < 900_000:
        assert said == text
    else:
        place = Path(said.split(" from ")[1].split(" and ")[0])
        assert place.read_text("utf-8") == text


def test_an_interrupted_session_waits_for_words(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=never]]", enforcement__continuous_mode=True)
    scene.wait_said('"tool_use"')
    assert scene.request("interrupt").ok
    scene.entry("note", text="the turn was interrupted; it waits for words")
    assert scene.journal("interrupt")[0]["by"] == "person"
    assert is_alive(scene.agent())
    assert not scene.request("interrupt").ok
    assert scene.request("inject", text="[[story:hello]]").ok
    scene.entry("continuation")
    assert scene.request("kill").ok
    assert scene.ended() == "killed by person"


def test_stop_asks_for_a_note_and_ends_gracefully(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=never]]", env={"OVERNIGHT_AGENT_STORY": "work tasks=1"})
    scene.wait_said('"tool_use"')
    answer = scene.request("stop", reason="good night")
    assert answer.ok
    assert scene.ended() == "stopped by person"
    assert scene.entry("segment_ended")["code"] == 0
    assert scene.said("This session ends now (good night)")
    assert not is_alive(scene.agent())


def test_kill_takes_a_checkpoint_and_leaves_nobody(scene: Scene) -> None:
    scene.start("[[story:ignores_sigterm]]")
    scene.wait_said('"tool_use"')
    answer = scene.request("kill")
    assert answer.ok, answer
    assert answer.result == []
    assert scene.ended() == "killed by person"
    assert not is_alive(scene.agent())
    assert scene.entry("checkpoint", why="before kill")
    assert scene.entry("kill", survivors=[])


def test_a_checkpoint_on_request_names_itself(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    answer = scene.request("checkpoint", label="before the storm")
    assert answer.ok
    assert answer.result["label"] == "before the storm"
    assert scene.entry("checkpoint", label="before the storm")["why"] == "key"
    (scene.repository / "gate").touch()
    scene.ended()


def test_a_message_can_be_taken_back(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    scene.wait_said('"tool_use"')
    name = scene.request("inject", text="Never mind.").result
    until(lambda: scene.said(f'"command_uuid": "{name}"'), "its receipt")
    assert scene.request("withdraw", id=name).ok
    scene.entry("injection", id=name, state="withdrawn")
    (scene.repository / "gate").touch()
    scene.ended()
    assert not scene.said('"isReplay": true, "text": "Never mind."')


def test_a_message_to_a_deaf_agent_is_told_as_failed(scene: Scene) -> None:
    scene.start("[[story:never_reads_stdin]]")
    scene.wait_said('"tool_use"')
    name = scene.request("inject", text="x" * 70_000).result
    scene.request("kill")
    scene.ended()
    assert receipts(scene, name) == ["queued", "failed"]


def test_nonsense_is_answered_and_does_no_harm(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    assert not scene.request("inject", text="   ").ok
    assert not scene.request("inject", text="x", mode="sideways").ok
    assert not scene.request("pause_limits").ok
    assert not scene.request("rewind", checkpoint="c999").ok
    assert not scene.request("withdraw", id="no-such").ok
    (scene.folder.inbox / "not-json.json").write_text("{")
    (scene.folder.inbox / "link.json").symlink_to("/etc/passwd")
    assert scene.request("checkpoint").ok
    (scene.repository / "gate").touch()
    scene.ended()
    assert not list(scene.folder.inbox.iterdir())


def test_a_request_survives_the_supervisor_and_is_carried_out_once(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]] [[story:long_tool seconds=4]]")
    scene.wait_said('"tool_use"')
    scene.kill_supervisor()
    words = {"text": "Said while nobody watched."}
    made = inbox.send_request(scene.folder.inbox, "inject", words, by=Requester.PHONE)
    claimed = scene.folder.inbox / f"{made.id}.json.claimed"
    (scene.folder.inbox / f"{made.id}.json").rename(claimed)
    from tui.runner.start import adopt_run

    assert adopt_run(scene.repository, environ=scene.environ)
    scene.entry("answer", id=made.id, ok=True)
    (scene.repository / "gate").touch()
    scene.entry("injection", id=scene.entry("inject")["id"], state="seen")
    scene.kill_supervisor()
    # Killed between the operation and the answer: the operation is in the journal, the answer is not.
    rows = scene.folder.journal.read_bytes().splitlines(keepends=True)
    scene.folder.journal.write_bytes(b"".join(row for row in rows if b'"answer"' not in row))
    again = {"id": made.id, "verb": "inject", "arguments": made.arguments, "at": made.at}
    claimed.write_text(json.dumps({**again, "by": made.by}))
    assert adopt_run(scene.repository, environ=scene.environ)
    until(lambda: not claimed.exists(), "the claimed request to be done with")
    scene.ended()
    assert len(scene.journal("inject")) == 1
    assert len(scene.journal("answer")) == 1
    replays = [one for one in scene.stream() if one.get("isReplay")]
    assert [r["message"]["content"] for r in replays].count("Said while nobody watched.") == 1


def test_paused_limits_are_not_kept_until_they_are_resumed(scene: Scene) -> None:
    scene.start(
        "[[story:spend usd=3 calls=1]] [[story:long_tool gate=gate]]", budget__max_cost_usd=200
    )
    scene.wait_said("spent 1")
    assert scene.request("pause_limits", minutes=5).ok
    assert scene.entry("limits_paused")["until"] > scene.entry("run_started")["at"]
    assert scene.request("pause_limits", off=True).ok
    scene.entry("limits_resumed")
    (scene.repository / "gate").touch()
    scene.ended()


def test_the_journal_keeps_who_asked(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=gate]]")
    scene.wait_said('"tool_use"')
    assert scene.request("pause_limits", minutes=5).ok
    assert scene.request("inject", text="Mind the fractions.").ok
    assert scene.request("checkpoint", label="mine").ok
    assert [one["by"] for one in scene.journal("request")] == ["command"] * 3
    for kind in ("limits_paused", "inject"):
        assert scene.journal(kind)[0]["by"] == "command"
    by = {one["label"]: one["by"] for one in scene.journal("checkpoint")}
    assert by == {"start": "supervisor", "mine": "command"}
    (scene.repository / "gate").touch()
    scene.ended()


def test_a_file_in_the_inbox_that_is_no_request_is_noted_and_not_executed(scene: Scene) -> None:
    folder = scene.start("[[story:long_tool gate=gate]]")
    scene.wait_said('"tool_use"')
    old = {"id": "1000000000000-0123abcd", "verb": "pause_limits", "at": 1e9, "by": "key"}
    odd = {**old, "at": 4e9}
    for name, request in ((f"{old['id']}.json", old), ("now.json", odd)):
        data = json.dumps({**request, "arguments": {"minutes": 600}})
        (folder.inbox / "draft").write_text(data)
        (folder.inbox / "draft").chmod(0o600)
        (folder.inbox / "draft").rename(folder.inbox / name)

    def notes() -> list[str]:
        return [one["text"] for one in scene.journal("note") if "not executed" in one["text"]]

    until(lambda: len(notes()) == 2, "both to be noted")
    assert any("older than the run" in text for text in notes())
    assert scene.journal("limits_paused") == scene.journal("request") == []
    (scene.repository / "gate").touch()
    scene.ended()
