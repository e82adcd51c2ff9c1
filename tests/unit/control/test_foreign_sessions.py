"""Deeds on a session that somebody else started: its words, its end, and what the journal says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.control.foreign_scene import Elsewhere, elsewhere, until
from tui.control.foreign_session import find_reachability, record_seen
from tui.control.hooks import installer
from tui.feeds.sessions.select import select_session
from tui.settings.load import load
from tui.store.layout import project_state
from tui.system.errors import NoSessionError, RefusedError
from tui.system.processes import is_alive, process_table, read_process


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path) as scene:
        yield scene


def test_words_by_the_mailbox_have_receipts_without_anybody_watching(scene: Elsewhere) -> None:
    who = scene.begin()
    assert find_reachability(scene.project, who).hooks_missing
    installer.install(scene.project)
    way = find_reachability(scene.project, who).channels[0]
    assert way.name == "mailbox"
    assert "older than" not in way.promise
    receipt = scene.other(who).send("Keep it short.", "soft", way.name, "Bash sleep")
    assert (receipt.state, receipt.channel) == ("queued", "mailbox")
    scene.open_gate()
    assert scene.agent.exit_code() == 0
    assert scene.states(receipt.id) == ["queued", "delivered"]
    (inject,) = scene.journal("inject")
    assert (inject["text"], inject["transport"], inject["doing"]) == (
        "Keep it short.",
        "mailbox",
        "Bash sleep",
    )
    assert any("Keep it short" in text for text in scene.agent.texts())


def test_what_the_model_has_read_is_journalled_once(scene: Elsewhere) -> None:
    who = scene.begin()
    installer.install(scene.project)
    receipt = scene.other(who).send("hello")
    (file,) = (project_state(scene.project) / "deeds").glob("*")
    for _ in range(3):
        record_seen(str(file), receipt.id, "hello", "now this")
    assert scene.states() == ["queued", "seen"]


def test_words_can_be_taken_back_until_a_hook_has_them(scene: Elsewhere) -> None:
    who = scene.begin()
    installer.install(scene.project)
    other = scene.other(who)
    name = other.send("never mind").id
    assert "nobody has read it" in scene.operations().withdraw(name).words
    with pytest.raises(RefusedError, match="too late"):
        other.withdraw(name)
    with pytest.raises(RefusedError, match="cannot be taken back"):
        other.withdraw("inbox-1")
    scene.open_gate()
    assert scene.agent.exit_code() == 0
    assert scene.states(name) == ["queued", "withdrawn"]
    assert not any("never mind" in text for text in scene.agent.texts())


def test_its_journal_is_one_of_the_sources(scene: Elsewhere) -> None:
    who = scene.begin()
    installer.install(scene.project)
    scene.other(who).send("hello")
    sources = select_session(scene.project, load(scene.project, environ={}).settings)
    assert [one.kind for one in sources.events].count("journal") == 1
    assert sources.run_dir == ""


def test_kill_ends_it_with_all_it_started_after_a_checkpoint(scene: Elsewhere) -> None:
    who = scene.begin()
    row = read_process(who.pid)
    assert row is not None
    agent = row.identity
    children = [one.identity for one in process_table().values() if one.parent == who.pid]
    assert children
    receipt = scene.operations().stop("kill", checkpoint=True, facts=lambda: {"tests": "red"})
    assert not receipt.survivors
    assert "checkpoint c1 was taken first" in receipt.words
    assert not is_alive(agent)
    assert not any(is_alive(child) for child in children)
    kinds = [one["kind"] for one in scene.journal()]
    assert kinds == ["checkpoint", "kill", "kill"]
    assert scene.journal("checkpoint")[0]["tests"] == "red"
    # A daemon that cut every tie before could not be found: nobody but its parent knew it.
    assert scene.journal("kill")[-1]["survivors"] is None
    assert "what else it had started cannot be known" in receipt.words


def test_a_checkpoint_before_the_end_can_be_declined(scene: Elsewhere) -> None:
    scene.begin()
    receipt = scene.operations().stop("kill", checkpoint=False)
    assert "checkpoint" not in receipt.words
    assert not scene.journal("checkpoint")


def test_a_daemon_that_cut_every_tie_is_found_by_claudes_mark(scene: Elsewhere) -> None:
    import subprocess

    who = scene.begin()
    env = {**os.environ, "CLAUDE_CODE_SESSION_ID": who.session}
    daemon = subprocess.Popen(["sleep", "300"], env=env, start_new_session=True)
    try:
        scene.other(who).kill("a test")
        assert daemon.wait(10) < 0
    finally:
        daemon.kill()
        daemon.wait()


def test_another_process_with_that_pid_is_left_alone(scene: Elsewhere) -> None:
    who = scene.begin()
    stranger = replace(who, created=who.created - 60.0)
    with pytest.raises(RefusedError, match="has ended"):
        scene.other(stranger).kill("a test")
    with pytest.raises(RefusedError, match="has ended"):
        scene.other(stranger).stop("a test")
    assert scene.agent.process.poll() is None


def test_a_graceful_stop_asks_for_a_note_first(scene: Elsewhere) -> None:
    who = scene.begin()
    installer.install(scene.project)
    scene.open_gate()
    killed = scene.other(who, grace_s=5.0, note_s=20.0).stop("enough")
    assert killed is not None
    assert killed.polite
    assert not killed.survivors
    (note,) = scene.journal("inject")
    assert note["mode"] == "stop"
    assert "what comes next" in note["text"]
    assert "delivered" in scene.states()
    assert any("A person asks you to end" in text for text in scene.agent.texts())
    assert scene.agent.exit_code() == 0


def test_a_stop_that_nobody_hears_interrupts_and_leaves_nobody(scene: Elsewhere) -> None:
    who = scene.begin()
    killed = scene.other(who, grace_s=5.0, note_s=0.1).stop("enough")
    assert killed is not None
    assert not killed.survivors
    scene.agent.exit_code()
    assert not scene.journal("inject")


def test_a_viewer_that_closes_waits_no_longer_and_ends_nobody(scene: Elsewhere) -> None:
    who = scene.begin()
    installer.install(scene.project)
    assert scene.other(who, note_s=60.0).stop("enough", lambda: False) is None
    assert scene.agent.process.poll() is None


def test_an_interrupt_that_would_end_it_is_refused(scene: Elsewhere) -> None:
    who = scene.begin()
    with pytest.raises(RefusedError, match="only its end would end the turn"):
        scene.other(who).interrupt()
    assert scene.agent.process.poll() is None


def test_without_a_session_there_is_nobody(scene: Elsewhere) -> None:
    scene.begin()
    scene.open_gate()
    scene.agent.exit_code()
    until(lambda: scene.found() is None, "its end")
    with pytest.raises(NoSessionError, match="no session is going on"):
        scene.operations().foreign_session()
