"""Limits, hand-overs, stalls, compactions and the initializer, each with a real run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.runner_scene import Scene, until
from tui.model.stall import DetectorName
from tui.store.journal import JournalWriter
from tui.store.ledgers.stall_feedback import StallFeedback
from tui.system.processes import is_alive

FAST = {"OVERNIGHT_DEMO_CLOCK_SCALE": "60"}
STORY = "OVERNIGHT_AGENT_STORY"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.tidy()


def fast() -> dict[str, str]:
    """A night in which a second is a minute, on one line of time for agent and runner."""
    return {**FAST, "OVERNIGHT_DEMO_ANCHOR": f"{time.time()}"}


def test_the_cost_limit_warns_and_ends_the_run(scene: Scene) -> None:
    scene.start(
        "[[story:spend usd=0.8 calls=1]] [[story:spend usd=2 calls=1]] [[story:long_tool gate=n]]",
        budget__max_cost_usd=1,
        env={STORY: "hello"},
    )
    reason = scene.ended()
    assert reason.startswith("limit: cost $")
    shares = [one["share"] for one in scene.journal("limit_warning") if one["limit"] == "cost"]
    assert shares
    assert max(shares) == 1.0
    hit = scene.entry("limit_hit")
    assert hit["limit"] == "cost" and hit["used"] >= hit["bound"]
    assert not scene.said("This session ends now")  # a note past the limit would pass it by more
    assert scene.entry("segment_ended")["code"] == 0
    assert scene.entry("stop", by="limit")
    assert "Terminating session: ✗ Cost" in scene.log()


def test_the_runtime_limit_ends_the_run(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=never]]", session__max_runtime_hours=0.05, env=fast())
    assert scene.ended().startswith("limit: runtime 0:03:")
    assert not is_alive(scene.agent())


def test_a_silent_session_is_ended_after_a_warning(scene: Scene) -> None:
    scene.start("[[story:stall seconds=600]]", session__max_idle_minutes=3, env=fast())
    assert scene.ended().startswith("limit: idle 0:03:")
    assert scene.entry("limit_warning", limit="idle")


def test_memory_is_limited(scene: Scene) -> None:
    scene.start("[[story:long_tool gate=never]]", session__max_memory_mib=1)
    assert scene.ended().startswith("limit: memory")
    assert scene.entry("limit_hit", limit="memory")


def test_silence_is_told_as_a_stall_and_its_end_too(scene: Scene) -> None:
    scene.start("[[story:stall seconds=4]]", stalls__api_silence_seconds=1, stalls__wedge_seconds=1)
    stall = scene.entry("stall")
    assert stall["stall"] in ("silent_api", "wedged")
    assert stall["evidence"]
    scene.entry("stall_over")
    scene.ended()
    assert len(scene.journal("stall")) == 1


def test_a_full_context_is_handed_over_to_a_fresh_session(scene: Scene) -> None:
    scene.start(
        "[[story:context_fill share=0.7 steps=2 rest=12]]",
        env={STORY: "work tasks=1"},
        enforcement__continuous_mode=True,
        session__max_continuation_attempts=2,
    )
    handover = scene.entry("handover")
    assert handover["share"] >= 0.6
    scene.entry("segment_started", attempt=2)
    first, second = scene.journal("segment_started")[:2]
    assert second["why"] == "handover"
    assert (handover["from_session"], handover["to_session"]) == (
        first["session"],
        second["session"],
    )
    assert scene.said("Hand over now")
    until(lambda: list(scene.config.rglob(f"{second['session']}.jsonl")), "the second transcript")
    scene.request("kill")
    scene.ended()
    assert not scene.journal("restart_scheduled")
    assert {path.stem for path in scene.folder.transcripts.glob("*.jsonl")} >= {
        first["session"],
        second["session"],
    }


def test_the_initializer_plans_and_hands_over(scene: Scene) -> None:
    scene.start(
        "[[story:hello]]",
        session__initializer=True,
        session__baseline_tests=["git", "status"],
        env={STORY: "work tasks=1"},
    )
    scene.ended()
    whys = [one["why"] for one in scene.journal("segment_started")]
    assert whys == ["initializer", "handover"]
    tried = [one["state"] for one in scene.journal("baseline")]
    assert tried == ["running", "passed", "running", "passed"]


def test_a_baseline_that_fails_needs_a_person(scene: Scene) -> None:
    scene.start("[[story:hello]]", session__initializer=True, session__baseline_tests=["false"])
    assert scene.ended().startswith("needs you: the baseline tests fail")
    assert not scene.journal("segment_started")


def test_a_compaction_is_recorded(scene: Scene) -> None:
    scene.start("[[story:compact]]", session__handover_share=None)
    scene.ended()
    path = scene.repository / "logs" / "compaction-history.jsonl"
    (row,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert set(row) >= {
        "timestamp",
        "estimated_tokens",
        "compaction_reason",
        "backup_path",
        "checkpoint_created",
        "transcript_backed_up",
    }
    assert Path(row["backup_path"]).stat().st_size
    assert scene.entry("checkpoint", why="compaction")


def test_checkpoints_are_taken_regularly(scene: Scene) -> None:
    scene.start("[[story:long_tool seconds=6]]", session__checkpoint_interval_minutes=1, env=fast())
    until(lambda: len([1 for one in scene.journal("checkpoint") if one["why"] == "timer"]) >= 2)
    scene.request("kill")
    scene.ended()


def test_the_machine_stays_awake_only_as_long_as_we_live(tmp_path: Path) -> None:
    import os

    from tui.runner.agent.launch import SleepInhibitor

    tools = tmp_path / "bin"
    tools.mkdir()
    fake = tools / "systemd-inhibit"
    fake.write_text('#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do shift; done\nexec "$@"\n')
    fake.chmod(0o755)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{tools}:{before}"
    try:
        awake = SleepInhibitor()
        assert awake.acquire()
        holder = awake._holder
        assert holder is not None
        assert holder.poll() is None
        awake.close()
        assert holder.poll() is not None
    finally:
        os.environ["PATH"] = before


def test_a_person_who_says_not_stuck_is_believed_by_the_supervisor(scene: Scene) -> None:
    """The screen writes the run's journal; the next notice comes when it came twice as often."""
    scene.start("[[story:loop times=40]]", env={"OVERNIGHT_DEMO_PACE": "1"})
    noticed = scene.entry("stall", stall="loop")
    journal = JournalWriter(scene.folder.journal)
    journal.write("not_stuck", {"detector": "repeated_calls", "by": "key"})
    over = scene.entry("stall_over")
    assert over["at"] - noticed["at"] < 10
    until(lambda: len(scene.journal("stall")) == 2, "it comes again")
    records = StallFeedback(scene.repository).records()
    assert records[DetectorName.REPEATED_CALLS].noticed >= 1


def test_the_note_is_written_while_there_is_money_for_it(scene: Scene) -> None:
    scene.start(
        "[[story:spend usd=0.93 calls=60]] [[story:long_tool gate=n]]",
        budget__max_cost_usd=1,
        env={STORY: "hello"},
    )
    assert scene.ended().startswith("limit: cost $")
    first = scene.journal("limit_hit")[0]
    assert first["limit"] == "cost" and 0.9 <= first["used"] < first["bound"]
    assert len(scene.said("This session ends now (cost")) == 1
    # It has no more than the limit and one answer more, whatever it did about the note.
    assert scene.said("total_cost_usd")[-1]["total_cost_usd"] < 1.05
    assert scene.entry("run_ended")["limit"] == "cost"


def test_a_supervisor_that_is_killed_in_the_middle_of_an_end_goes_on_with_it(scene: Scene) -> None:
    from tui.runner import start

    scene.start(
        "[[story:long_tool gate=never]]",
        session__max_runtime_hours=0.05,
        session__handover_timeout_minutes=8,
        env={**fast(), STORY: "stall seconds=600"},
    )
    hit = scene.entry("limit_hit", limit="runtime")
    until(lambda: scene.said("This session ends now"), "the request for the note")
    scene.kill_supervisor()
    assert start.adopt_run(scene.repository, environ=scene.environ)
    assert scene.ended().startswith("limit: runtime")
    assert scene.journal("limit_hit") == [hit]
    assert len(scene.said("This session ends now")) == 1
