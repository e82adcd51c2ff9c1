"""What stands beside the events: told when it changes, calm when it is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fakes import FakeClock
from tests.session_files import write_project
from tests.unit import repositories
from tests.unit.night.night_script import Script, fold
from tui.feeds.sessions.select import select_session
from tui.model.journal import JournalEntry
from tui.model.records import (
    Commit,
    LogEntry,
    ProgressFile,
    Record,
    SessionHistoryLine,
    SessionNotes,
)
from tui.model.session import AgentProcess, AgentProcesses, KnownSession, NamedSources
from tui.model.state import SessionState
from tui.monitor import sidecars as sidecars_module
from tui.monitor.sidecars import SidecarFiles
from tui.settings.settings import Settings


@pytest.fixture(autouse=True)
def _nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(wall=1_780_000_600.0)


def beside(project: Path, clock: FakeClock, **named: str) -> SidecarFiles:
    return SidecarFiles(project, select_session(project, Settings(), NamedSources(**named)), clock)


def kinds(records: list[Record]) -> set[type]:
    return {type(record) for record in records}


def test_everything_is_told_once_and_again_when_it_changes(
    tmp_path: Path, clock: FakeClock
) -> None:
    project = write_project(tmp_path / "p")
    sidecars = beside(project, clock)
    records, touched = sidecars.poll()
    assert touched == {"progress", "notes", "log"}
    assert {ProgressFile, SessionNotes, LogEntry} <= kinds(records)
    records, touched = sidecars.poll()
    assert touched == set()
    (project / "claude-progress.txt").write_text("- [x] all\n")
    records, touched = sidecars.poll()
    assert touched == {"progress"}
    assert kinds(records) == {ProgressFile}
    assert sidecars.progress is not None
    assert sidecars.progress.done == 1
    sidecars.close()


def test_the_newest_log_entry_is_shown_before_it_is_told(tmp_path: Path, clock: FakeClock) -> None:
    project = write_project(tmp_path / "p")
    sidecars = beside(project, clock)
    sidecars.poll()
    texts = [sidecars.log.entry(row).text for row in range(len(sidecars.log))]
    assert len(texts) == 3
    assert "no progress" in texts[-1]
    with (project / "logs/watchdog.log").open("a") as file:
        file.write("  and more of it\n[2026-05-28 20:28:00] [INFO] next\n")
    _, touched = sidecars.poll()
    assert "log" in touched
    texts = [sidecars.log.entry(row).text for row in range(len(sidecars.log))]
    assert "and more of it" in texts[2]
    assert "next" in texts[3]


def test_a_log_that_begins_anew_changes_its_generation(tmp_path: Path, clock: FakeClock) -> None:
    project = write_project(tmp_path / "p")
    sidecars = beside(project, clock)
    sidecars.poll()
    before = sidecars.log.generation
    path = project / "logs/watchdog.log"
    path.unlink()
    path.write_text("[2026-05-28 21:00:00] [INFO] anew\n")
    sidecars.poll()
    assert sidecars.log.generation != before
    assert "anew" in sidecars.log.entry(len(sidecars.log) - 1).text


def test_a_repeated_line_is_counted_as_it_comes(tmp_path: Path, clock: FakeClock) -> None:
    log = tmp_path / "w.log"
    log.write_text("2026-01-01 10:00:00 - begun\n")
    sidecars = beside(write_project(tmp_path / "p"), clock, watchdog=str(log))
    sidecars.poll()
    told = []
    for minute in range(1, 5):
        with log.open("a") as file:
            file.write(f"2026-01-01 10:0{minute}:00 - exited with code 1\n")
        records, touched = sidecars.poll()
        told += [record for record in records if isinstance(record, LogEntry)]
        assert touched == {"log"}

    last = sidecars.log.entry(len(sidecars.log) - 1)
    assert (len(sidecars.log), last.count, last.level) == (2, 4, "error")
    assert last.last_at is not None
    assert last.at is not None
    assert last.last_at - last.at == 180
    assert sidecars.log.row_at_time(last.at + 60) == 1
    assert [entry.count for entry in told] == [1, 1, 1, 1], "what is told is not counted"
    with log.open("a") as file:
        file.write("2026-01-01 10:06:00 - exited with code 2\n")
    sidecars.poll()
    assert [sidecars.log.entry(index).count for index in range(len(sidecars.log))] == [1, 4, 1]


def test_a_broken_feature_list_leaves_what_was_known(tmp_path: Path, clock: FakeClock) -> None:
    project = write_project(tmp_path / "p")
    (project / "claude-progress.txt").unlink()
    listed = project / "prd.json"
    listed.write_text('{"userStories": [{"title": "one", "passes": true}]}')
    sidecars = beside(project, clock)
    sidecars.poll()
    assert sidecars.progress is not None
    assert (sidecars.progress.basis, sidecars.progress.done) == ("features", 1)
    listed.write_text('{"userStories": [{"title": "one", "pas')
    sidecars.poll()
    assert (sidecars.progress.basis, sidecars.progress.done) == ("features", 1)
    assert "is no JSON" in sidecars.progress.rests_on
    listed.write_text("[]")
    sidecars.poll()
    assert sidecars.progress.basis == "unknown"


def test_a_progress_file_may_be_a_feature_list(tmp_path: Path, clock: FakeClock) -> None:
    project = write_project(tmp_path / "p")
    named = project / "tasks.json"
    named.write_text('[{"title": "one", "status": "done"}, {"title": "two", "status": "todo"}]')
    sidecars = beside(project, clock, progress=str(named))
    sidecars.poll()

    assert sidecars.progress is not None
    assert (sidecars.progress.basis, sidecars.progress.done, sidecars.progress.open) == (
        "features",
        1,
        1,
    )


def test_a_log_row_is_found_by_its_time(tmp_path: Path, clock: FakeClock) -> None:
    sidecars = beside(write_project(tmp_path / "p"), clock)
    sidecars.poll()
    first = sidecars.log.entry(0).at
    assert first is not None
    assert sidecars.log.row_at_time(first - 1) is None
    assert sidecars.log.row_at_time(first) == 0
    assert sidecars.log.row_at_time(first + 25) == 1


def test_a_very_long_log_is_cut_and_says_so(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.monitor.sidecars._LOG_ENTRIES", 50)
    project = write_project(tmp_path / "p")
    path = project / "logs/watchdog.log"
    path.write_text("".join(f"[2026-05-28 20:26:50] [INFO] entry {n}\n" for n in range(500)))
    sidecars = beside(project, clock)
    sidecars.poll()
    assert len(sidecars.log) <= 101
    assert "entry 499" in sidecars.log.entry(len(sidecars.log) - 1).text
    assert sidecars.log.generation > 0


def test_what_is_missing_is_a_sentence(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "p").mkdir()
    sidecars = beside(tmp_path / "p", clock)
    sidecars.poll()
    for state in sidecars.states():
        assert state.state == "missing", state
        assert state.why
        assert state.path
    assert sidecars.progress is None
    assert sidecars.notes is None


def test_the_progress_of_then_is_remembered(tmp_path: Path, clock: FakeClock) -> None:
    project = write_project(tmp_path / "p")
    sidecars = beside(project, clock)
    sidecars.poll()
    first = sidecars.progress
    assert first is not None
    assert first.at is not None
    import os

    path = project / "claude-progress.txt"
    path.write_text("- [x] all\n")
    os.utime(path, (first.at + 100, first.at + 100))
    sidecars.poll()
    assert sidecars.progress_at(first.at - 1) is None
    assert sidecars.progress_at(first.at + 50) == first
    assert sidecars.progress_at(first.at + 100) == sidecars.progress
    newest = [record for record in sidecars.records if isinstance(record, ProgressFile)]
    assert newest[0] == first
    assert newest[-1] == sidecars.progress


def test_histories_are_read(tmp_path: Path, clock: FakeClock) -> None:
    project = write_project(tmp_path / "p")
    entry = {"ended_at": "2026-05-28T20:26:50Z", "commits": 3, "files_changed": 7}
    (project / "logs/session-history.jsonl").write_text(json.dumps(entry) + "\nnot JSON\n")
    records, _ = beside(project, clock).poll()
    (history,) = [record for record in records if isinstance(record, SessionHistoryLine)]
    assert (history.commits, history.files_changed) == (3, 7)


def test_features_complete_the_progress(tmp_path: Path, clock: FakeClock) -> None:
    project = write_project(tmp_path / "p")
    (project / "claude-progress.txt").unlink()
    features = [{"description": "a", "passes": True}, {"description": "b", "passes": False}]
    (project / "feature_list.json").write_text(json.dumps(features))
    sidecars = beside(project, clock)
    sidecars.poll()
    assert sidecars.progress is not None
    assert (sidecars.progress.done, sidecars.progress.total) == (1, 2)


def test_processes_are_looked_at_now_and_then(tmp_path: Path, clock: FakeClock) -> None:
    sidecars = beside(write_project(tmp_path / "p"), clock)

    def told() -> int:
        return sum(isinstance(record, AgentProcesses) for record in sidecars.poll()[0])

    assert told() == 1
    assert told() == 0
    clock.advance(2.1)
    assert told() == 1


def test_a_named_stream_leaves_the_machine_out(tmp_path: Path, clock: FakeClock) -> None:
    project = write_project(tmp_path / "p")
    sidecars = beside(project, clock, events=str(project / "logs/session.jsonl"))
    records, _ = sidecars.poll()
    assert AgentProcesses not in kinds(records)
    assert sidecars.follows_commits, "and commits are not asked for"


def test_commits_since_the_start_are_told_once(tmp_path: Path, clock: FakeClock) -> None:
    project = write_project(repositories.make(tmp_path / "p"))
    sidecars = beside(project, clock)
    sidecars.poll()
    assert not sidecars.follows_commits
    sidecars.follow_commits(1_000_000_000.0)
    told: list[Record] = []
    for _ in range(3):
        clock.advance(2.1)
        told += sidecars.poll()[0]
    assert [record.subject for record in told if isinstance(record, Commit)] == ["first"]
    repositories.write(project, {"b.txt": "two"})
    repositories.commit(project, "second")
    told = []
    for _ in range(3):
        clock.advance(2.1)
        told += sidecars.poll()[0]
    assert [record.subject for record in told if isinstance(record, Commit)] == ["second"]
    lasting = [record.subject for record in sidecars.records if isinstance(record, Commit)]
    assert lasting == ["first", "second"], "a fold that begins later is told all of them"


def test_the_entry_that_ends_a_session_lasts(tmp_path: Path, clock: FakeClock) -> None:
    project = write_project(tmp_path / "p")
    with (project / "logs/watchdog.log").open("a") as file:
        file.write("[2026-05-28 20:28:00] [WARN] Terminating session: idle for 30 minutes\n")
        file.write("[2026-05-28 20:28:01] [INFO] bye\n")
    sidecars = beside(project, clock)
    sidecars.poll()
    clock.advance(10)
    sidecars.poll()
    (entry,) = [record for record in sidecars.records if isinstance(record, LogEntry)]
    assert "idle for 30 minutes" in entry.text


@pytest.mark.parametrize(("missed", "told"), [(3_600.0, True), (30.0, False), (-500.0, False)])
def test_a_machine_that_slept_is_noted(
    tmp_path: Path, clock: FakeClock, missed: float, told: bool
) -> None:
    """The wall clock went on, the one that stands still in sleep did not."""
    sidecars = beside(write_project(tmp_path / "p"), clock)
    sidecars.poll()
    clock.advance(10.0)
    clock.set_wall(clock.wall() + missed)
    records, _ = sidecars.poll()
    slept = [one for one in records if isinstance(one, JournalEntry)]
    assert [(one.kind, one.at, one.data) for one in slept] == (
        [("suspended", clock.wall(), {"seconds": missed})] if told else []
    )
    assert [one for one in sidecars.records if isinstance(one, JournalEntry)] == slept
    assert not [one for one in sidecars.poll()[0] if isinstance(one, JournalEntry)]


def test_a_foreign_session_that_slept_with_its_machine_is_not_stalled(
    tmp_path: Path, clock: FakeClock
) -> None:
    script = Script(start=clock.wall())
    script.init(after=0.0)
    made = fold(script.events)
    sidecars = beside(write_project(tmp_path / "p"), clock)
    sidecars.poll()
    clock.set_wall(clock.wall() + 5 * 3600.0)
    assert made.snapshot(clock.wall()).state == "stalled"
    made.apply(one for one in sidecars.poll()[0] if isinstance(one, JournalEntry))
    clock.advance(5.0)
    seen = made.snapshot(clock.wall())
    assert seen.state != "stalled"
    assert seen.time.idle == pytest.approx(5 * 3600.0)


def test_the_processes_of_other_sessions_say_nothing_about_this_one(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = (AgentProcess(41, 1.0, session="mine"), AgentProcess(42, 1.0, session="other"))

    class Reader:
        def __init__(self, *_: object) -> None:
            self.own_agent: object = None

        def read(self) -> AgentProcesses:
            return AgentProcesses(clock.wall(), agents)

    monkeypatch.setattr(sidecars_module, "AgentProcessReader", Reader)
    sources = select_session(write_project(tmp_path / "p"), Settings(), NamedSources())
    other = KnownSession(
        "other", "transcript", "/t", "/p", 1.0, 2.0, SessionState.WORKING, process=agents[1]
    )
    sidecars = SidecarFiles(tmp_path / "p", replace(sources, others=(other,)), clock)
    (found,) = (one for one in sidecars.poll()[0] if isinstance(one, AgentProcesses))
    assert [agent.pid for agent in found.agents] == [41]

    sidecars.others = ()
    clock.advance(60.0)
    (found,) = (one for one in sidecars.poll()[0] if isinstance(one, AgentProcesses))
    assert [agent.pid for agent in found.agents] == [41, 42]


def test_a_process_that_has_recorded_nothing_is_the_session_where_there_is_no_other(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = AgentProcess(41, 1.0, session="fresh")

    class Reader:
        def __init__(self, *_: object) -> None:
            self.own_agent: object = None

        def read(self) -> AgentProcesses:
            return AgentProcesses(clock.wall(), (agent,))

    monkeypatch.setattr(sidecars_module, "AgentProcessReader", Reader)
    (tmp_path / "empty").mkdir()
    sources = select_session(tmp_path / "empty", Settings(), NamedSources())
    fresh = KnownSession(
        "fresh", "transcript", "", "/p", 1.0, 2.0, SessionState.STARTING, process=agent
    )
    sidecars = SidecarFiles(tmp_path / "empty", replace(sources, others=(fresh,)), clock)
    (found,) = (one for one in sidecars.poll()[0] if isinstance(one, AgentProcesses))
    assert found.agents == (agent,)
