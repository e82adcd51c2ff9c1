"""A run that version 0.1 recorded is read by every reader as it was then.

`tests/data/run_0_1` is its run directory, untouched but for names of the machine. It crashed once, was
resumed, got a message, and ended with tasks open. `run_0_1_extra/state_waiting.json` is the state
of the same run while it waited for its restart.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.command_line import run as run_command
from tui.model.review import Review
from tui.model.session import NamedSources
from tui.model.snapshot import NightSnapshot
from tui.model.state import EndKind, RunPhase
from tui.monitor.history.night_list import list_nights
from tui.monitor.history.review_loader import load_review
from tui.runner.agent.attempt import AttemptProcess
from tui.runner.run_state import load_state
from tui.settings.settings import Settings
from tui.store.journal import JournalDecoder
from tui.store.layout import RunDirectory, runs_folder
from tui.store.runs import (
    all_runs,
    find_unfinished_run,
    is_running,
    list_runs,
    read_arrivals,
    read_run_end,
    read_run_facts,
    read_run_settings,
    sessions_of,
)
from tui.system.clock import SystemClock

DATA = Path(__file__).resolve().parents[2] / "data"
RUN = "20261129-235529"
SESSION = "6c47b9e4-d6f6-4a6d-ad97-06a8b2704de2"
WORDS = "the turn ended with 11 tasks open"
ENDED = 1795996535.3499115
KINDS = set("deed init notice partial result text tool tool_result user".split())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CACHE_HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    project = tmp_path / "garden"
    run = runs_folder(project) / RUN
    shutil.copytree(DATA / "run_0_1", run)
    (run / "inbox").mkdir()
    project.mkdir()
    shutil.copy(DATA / "run_0_1_extra" / "claude-progress.txt", project)
    return project


@pytest.fixture
def run(project: Path) -> RunDirectory:
    (run,) = all_runs(project)
    return run


def review(project: Path) -> Review:
    return load_review(project, Settings(), NamedSources(), SystemClock())


def night(project: Path) -> NightSnapshot:
    return review(project).night


def test_the_run_is_listed_and_over(project: Path) -> None:
    assert [one.id for one in all_runs(project)] == [RUN]
    assert find_unfinished_run(project) is None
    (place,) = list_runs(project)
    assert (place.directory.id, place.is_over) == (RUN, True)
    assert sessions_of(place.directory) == (SESSION,)


def test_its_facts_settings_and_end(run: RunDirectory) -> None:
    facts = read_run_facts(run)
    assert (facts.run, facts.project, facts.command) == (RUN, "/home/dev/garden", "run")
    assert facts.goal == "[[story:crash seconds=2]]"
    assert facts.agent == ("python3", "-m", "tui.demo.agent")
    assert read_run_settings(run).budget.max_cost_usd == 5.0
    assert read_run_settings(run).recovery.backoff_base_seconds == 1.0
    ended = read_run_end(run)
    assert ended is not None
    assert (ended.reason, ended.code, ended.at) == (WORDS, 0, ENDED)
    assert (ended.kind, ended.limit) == (EndKind.TURN_ENDED, None)


def test_its_last_state(run: RunDirectory) -> None:
    state = load_state(run)
    assert (state.attempt_number, state.attempts_counted, state.journalled_attempt) == (2, 2, 2)
    assert state.session == state.resumable_session == SESSION
    assert state.step is not None
    assert (state.step.why, state.step.resume) == ("crash", SESSION)
    assert state.intent is not None
    assert (state.intent.kind, state.intent.reason) == ("finish", WORDS)
    assert state.phase == RunPhase.STOPPING
    assert (state.attempt_stream_offset, state.effects_applied_to) == (13613, 54162)
    assert list(state.transcripts) == [SESSION]


def test_its_state_while_it_waited(run: RunDirectory) -> None:
    shutil.copy(DATA / "run_0_1_extra" / "state_waiting.json", run.state)
    state = load_state(run)
    assert (state.attempt_number, state.intent, state.phase) == (1, None, RunPhase.WAITING)
    assert state.wait is not None
    assert (state.wait.kind, state.wait.attempt, state.wait.counts) == ("crash", 1, True)
    assert state.wait.next is not None
    assert state.wait.next.resume == SESSION
    assert [one.text for one in state.outgoing] == ["Keep the bell table sorted."]


def test_its_attempts(run: RunDirectory) -> None:
    assert list(run.attempt_numbers()) == [1, 2]
    first, second = (AttemptProcess(run, number).read_status() for number in (1, 2))
    assert (first.state, first.code, first.signal) == ("ended", 0, 9)
    assert (second.state, second.code, second.signal) == ("ended", 0, 0)
    assert first.agent is not None
    assert first.agent.pid == 16249


def test_its_journal_and_arrivals(run: RunDirectory) -> None:
    decoder = JournalDecoder("j")
    entries = decoder.decode(run.journal.read_bytes(), 0)
    assert (len(entries), decoder.malformed, decoder.torn) == (23, 0, False)
    assert [one.kind for one in entries if one.kind.startswith(("run_", "segment_"))] == [
        "run_started",
        "segment_started",
        "segment_ended",
        "segment_started",
        "segment_ended",
        "run_ended",
    ]
    assert entries[-1].data == {"reason": WORDS, "code": 0}
    assert not is_running(str(run.path))
    arrivals = read_arrivals(run.arrivals.read_bytes(), "s")
    assert arrivals[-1].offset == run.stream.stat().st_size


def test_what_is_known_of_the_night(project: Path) -> None:
    known = night(project)
    assert (known.state, known.activity.reason) == ("finished", WORDS)
    assert known.run.exit is not None
    assert (known.run.exit.reason, known.run.exit.code) == (WORDS, 0)
    assert known.run.exit.kind == EndKind.TURN_ENDED
    assert (known.run.owned, known.run.id, known.run.attempt) == (True, RUN, 2)
    assert known.run.sessions == (SESSION,)
    assert (
        known.interventions.restarts,
        known.interventions.handoffs,
        known.interventions.pending,
    ) == (1, 0, None)
    assert [one.id for one in known.interventions.checkpoints] == ["c1", "c2", "c3"]
    (injection,) = known.interventions.injections
    assert (injection.text, injection.state) == ("Keep the bell table sorted.", "seen")
    assert [(one.code, one.signal) for one in known.interventions.attempts] == [(0, 9), (0, 0)]


def test_the_kinds_of_its_rows_are_a_contract(project: Path, tmp_path: Path) -> None:
    done = run_command("events", "--json", "--verbosity", "3", home=tmp_path / "HOME", cwd=project)
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert {row["kind"] for row in rows} == KINDS
    labels = {row["label"] for row in rows if row["kind"] == "deed"}
    assert {"run started", "segment started", "message", "run ended"} <= labels


def test_its_review_and_its_line_in_the_list(project: Path) -> None:
    made = review(project)
    assert (made.ending.kind, made.ending.words) == ("turn_ended", "T" + WORDS[1:])
    assert (made.run_id, made.verdict) == (RUN, "keep")
    (line,) = list_nights(project, Settings())
    assert (line.id, line.kind, line.state) == (RUN, "run", "finished")
    assert (line.ending, line.done, line.open) == ("turn_ended", 3, 11)
