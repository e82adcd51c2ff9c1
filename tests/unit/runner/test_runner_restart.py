"""What happens when the agent breaks off: resumed, waited for, or left to a person."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.runner_scene import Scene, until
from tui.system.processes import is_alive


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


STORY = "OVERNIGHT_AGENT_STORY"


def test_a_crash_is_resumed_in_the_same_session(scene: Scene) -> None:
    scene.start("[[story:crash]]", env={STORY: "work tasks=1"})
    assert scene.ended() == "the turn ended with 11 tasks open"
    first, second = scene.journal("segment_started")
    assert (first["why"], second["why"]) == ("start", "crash")
    assert second["resume_of"] == first["session"] == second["session"]
    assert scene.journal("segment_ended")[0]["signal"] == signal.SIGKILL
    scheduled = scene.entry("restart_scheduled")
    assert (scheduled["class"], scheduled["attempt"]) == ("crash", 1)
    assert scheduled["delay_s"] >= 0.1
    assert any("has been resumed" in json.dumps(line) for line in scene.stream())


def test_no_line_is_glued_to_what_a_dead_agent_left(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=never]]", env={STORY: "work tasks=1"})
    scene.wait_said('"tool_use"')
    who = scene.agent()
    os.kill(who.pid, signal.SIGSTOP)
    with scene.folder.stream.open("ab") as stream:
        stream.write(b'{"type":"assistant","half a li')
    os.kill(who.pid, signal.SIGKILL)
    scene.ended()
    lines = scene.folder.stream.read_bytes().split(b"\n")
    torn = lines.index(b'{"type":"assistant","half a li')
    assert json.loads(lines[torn + 1])["type"]


def test_restarts_are_given_up_after_so_many(scene: Scene) -> None:
    scene.start("[[story:crash times=99]]", env={STORY: "crash times=99"}, recovery__max_restarts=2)
    reason = scene.ended()
    assert reason.startswith("gave up: 2 restarts within 60 min")
    assert len(scene.journal("segment_started")) == 3
    assert "Maximum restart attempts (2) exceeded" in scene.log()


def test_without_auto_resume_a_crash_ends_the_run(scene: Scene) -> None:
    scene.start("[[story:crash]]", recovery__auto_resume=False)
    assert scene.ended() == "crashed: the agent was ended by SIGKILL"
    assert not scene.journal("restart_scheduled")


def test_a_refused_resume_starts_fresh_with_the_notes(scene: Scene) -> None:
    scene.start(
        "[[story:crash]]",
        env={STORY: "work tasks=1"},
        recovery__backoff_base_seconds=1,
        recovery__backoff_max_seconds=1,
    )
    first = scene.entry("segment_started")
    scene.entry("restart_scheduled")
    (transcript,) = scene.config.glob(f"projects/*/{first['session']}.jsonl")
    transcript.unlink()
    scene.ended()
    classes = [one["class"] for one in scene.journal("restart_scheduled")]
    assert classes == ["crash", "resume refused"]
    last = scene.journal("segment_started")[-1]
    assert last["resume_of"] == ""
    assert last["session"] != first["session"]
    assert scene.said("An earlier session worked on this already")


@pytest.mark.parametrize("story", ["login_error", "billing_error"])
def test_a_login_or_a_bill_needs_a_person(scene: Scene, story: str) -> None:
    scene.start(f"[[story:{story}]]", enforcement__continuous_mode=True)
    assert scene.ended().startswith("needs you: ")
    assert not scene.journal("restart_scheduled")
    assert len(scene.journal("segment_started")) == 1


def test_a_usage_limit_is_waited_out_and_does_not_count(scene: Scene) -> None:
    scene.start(
        "[[story:rate_limit resets_in=2 ends=yes]]",
        env={STORY: "work tasks=1"},
        recovery__max_restarts=0,
    )
    assert scene.ended() == "the turn ended with 11 tasks open"
    scheduled = scene.entry("restart_scheduled")
    assert scheduled["class"] == "limit"
    (rejected,) = scene.said('"status": "rejected"')
    resets = rejected["rate_limit_info"]["resetsAt"]
    if scheduled["at"] < resets:  # not so where the machine needed longer than the limit lasted
        assert resets + 1 <= scheduled["due"] < resets + 5
    assert len(scene.journal("segment_started")) == 1


def test_an_overload_backs_off_without_counting(scene: Scene) -> None:
    scene.start(
        "[[story:overload_forever times=2 delay=0.01]]",
        env={STORY: "work tasks=1"},
        recovery__max_restarts=0,
    )
    assert scene.ended() == "the turn ended with 11 tasks open"
    assert scene.entry("restart_scheduled")["class"] == "overload"


def test_a_person_who_ends_the_agent_is_not_contradicted(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=never]]")
    scene.wait_said('"tool_use"')
    os.kill(scene.agent().pid, signal.SIGINT)
    assert scene.ended().startswith("stopped by person")


def test_a_pending_restart_is_cancelled_by_the_persons_stop(scene: Scene) -> None:
    scene.start(
        "[[story:crash times=99]]",
        recovery__backoff_base_seconds=300,
        recovery__backoff_max_seconds=600,
    )
    scene.entry("restart_scheduled")
    assert scene.request("stop").ok
    assert scene.ended() == "stopped by person"
    assert scene.journal("restart_cancelled")
    assert len(scene.journal("segment_started")) == 1


def test_the_restart_timer_survives_the_supervisor(scene: Scene) -> None:
    scene.start(
        "[[story:crash]]",
        env={STORY: "work tasks=1"},
        recovery__backoff_base_seconds=3,
        recovery__backoff_min_seconds=3,
        recovery__backoff_max_seconds=3,
    )
    due = scene.entry("restart_scheduled")["due"]
    scene.kill_supervisor()
    from tui.runner.start import adopt_run

    assert adopt_run(scene.repository, environ=scene.environ)
    scene.ended()
    again = scene.journal("segment_started")[1]
    assert again["at"] >= due - 0.2
    assert len(scene.journal("restart_scheduled")) == 1


def test_what_a_killed_agent_left_running_is_cleared_before_the_next(scene: Scene) -> None:
    scene.start("[[story:long_tool seconds=50]]", env={STORY: "work tasks=1"})
    scene.wait_said('"tool_use"')
    from tui.system.process_tree import ProcessTree, find_members

    tree = ProcessTree(agent=scene.agent())
    left = until(lambda: [one for one in find_members(tree) if one.name == "sleep"], "the sleep")
    os.kill(scene.agent().pid, signal.SIGKILL)
    scene.entry("segment_started", attempt=2)
    assert not any(is_alive(one.identity) for one in left)
    scene.ended()
