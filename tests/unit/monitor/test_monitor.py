"""A watched project as a whole: found, read, followed, swapped for another session, closed."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from tests.session_files import (
    SESSION,
    answer,
    bash,
    call,
    evening,
    in_transcript,
    init,
    lines,
    result,
    speech,
    write_project,
)
from tests.unit import repositories
from tests.unit.monitor.scene import OTHER, Heard, Watching, append, texts, told, transcript
from tui.model.session import NamedSources
from tui.monitor import monitor
from tui.monitor.monitor import SessionMonitor
from tui.settings.settings import Settings
from tui.system.clock import SystemClock


def test_what_is_there_and_what_comes(tmp_path: Path, watching: Watching, heard: Heard) -> None:
    project = write_project(tmp_path / "p")
    watch = watching(project)
    heard.until(lambda: len(watch.events) == 7 and watch.night is not None)
    assert watch.night is not None
    assert watch.night.counts.total == 11
    append(project / "logs/session.jsonl", speech(100, "news", 200))
    heard.until(lambda: texts(watch)[-1] == "news")
    (project / "claude-session-notes.md").write_text("# other notes\n")
    heard.until(lambda: watch.sidecars is not None and watch.sidecars.notes is not None
                and "other" in watch.sidecars.notes.text)  # fmt: skip
    assert any("notes" in names for names in heard.names)


def test_no_session_is_a_sentence_until_one_comes(
    tmp_path: Path, watching: Watching, heard: Heard
) -> None:
    project = tmp_path / "p"
    project.mkdir()
    watch = watching(project)
    heard.until(lambda: watch.night is not None)
    assert watch.sources is not None
    assert "no session found" in watch.sources.why
    assert (len(watch.events), watch.night and watch.night.state) == (0, "none")
    write_project(project)
    heard.until(lambda: len(watch.events) == 7)
    assert watch.sources.why == ""


def test_a_transcript_that_appears_later_is_merged(
    tmp_path: Path, watching: Watching, heard: Heard
) -> None:
    project = write_project(tmp_path / "p")
    watch = watching(project)
    heard.until(lambda: len(watch.events) == 7)
    generation, log = watch.events.generation, watch.events
    extra = speech(60, "only in the transcript", 300)
    transcript(tmp_path, project).write_bytes(told(project, SESSION, *evening(), extra))
    heard.until(lambda: texts(watch)[-1] == "only in the transcript")
    assert len(watch.events) == 8, "what both files have is shown once"
    assert (watch.events, watch.events.generation) == (log, generation), "no row moved"
    assert [feed.name for feed in watch.feeds()][:2] == ["stream", "transcript"]


def test_another_session_takes_the_place_of_the_old(
    tmp_path: Path, watching: Watching, heard: Heard
) -> None:
    project = tmp_path / "p"
    project.mkdir()
    old = transcript(tmp_path, project)
    old.write_bytes(told(project, SESSION, *evening()))
    os.utime(old, (1_780_000_200, 1_780_000_200))
    watch = watching(project)
    heard.until(lambda: len(watch.events) == 7)
    generation = watch.events.generation
    new = transcript(tmp_path, project, OTHER)
    late = [call(699, "Edit", {"file_path": "a.py"}), speech(700, "a new night")]
    new.write_bytes(
        lines({**in_transcript(each, 90_000.0, str(project)), "sessionId": OTHER} for each in late)
    )
    heard.until(lambda: texts(watch)[1:] == ["a new night"])
    assert watch.events.generation > generation
    heard.until(lambda: watch.night is not None and watch.night.run.session_id == OTHER)


def test_a_finished_run_does_not_lose_what_the_sidecars_know(
    tmp_path: Path, watching: Watching, heard: Heard
) -> None:
    project = write_project(tmp_path / "p")
    watch = watching(project)
    heard.until(lambda: len(watch.events) == 7 and watch.sidecars is not None)
    sidecars = watch.sidecars
    transcript(tmp_path, project).write_bytes(told(project, SESSION, *evening()))
    heard.until(lambda: len(watch.feeds()) > 4)
    assert watch.sidecars is sidecars, "other event files are no reason to begin anew"


def test_a_watchdog_log_that_appears_later_is_followed(
    tmp_path: Path, watching: Watching, heard: Heard
) -> None:
    project = write_project(tmp_path / "p")
    (project / "logs/watchdog.log").unlink()
    watch = watching(project)
    heard.until(lambda: len(watch.events) == 7)
    (project / "logs/watchdog.log").write_text("[2026-05-28 20:26:50] [INFO] here I am\n")
    heard.until(lambda: watch.sidecars is not None and len(watch.sidecars.log) == 1)


def test_commits_are_those_since_the_session_began(
    tmp_path: Path, watching: Watching, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.monitor.sidecars._COMMITS_EVERY", 0.05)
    project = repositories.make(tmp_path / "p", {"a.txt": "1"}, commit=False)
    repositories.sh(project, "add", "-A")
    early = "2026-05-01T00:00:00Z"
    repositories.sh(
        project, "commit", "-qm", "long before", GIT_COMMITTER_DATE=early, GIT_AUTHOR_DATE=early
    )
    write_project(project)
    watch = watching(project)
    heard.until(lambda: len(watch.events) == 7)
    repositories.write(project, {"b.txt": "2"})
    repositories.commit(project, "in the night")
    heard.until(lambda: watch.night is not None and bool(watch.night.commits))
    assert watch.night is not None
    assert [commit.subject for commit in watch.night.commits] == ["in the night"]


# --- without a thread --------------------------------------------------------------------------


def test_catching_up_reads_everything_in_the_calling_thread(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p", [*evening(), result(11, 110)])
    watch = SessionMonitor(project, Settings(), NamedSources(), SystemClock())
    night = watch.read_all()
    assert (night.counts.total, len(watch.events)) == (12, 8)
    assert night.progress is not None
    watch.close()


def test_a_glance_knows_the_same_without_rows(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p", [*evening(), result(11, 110)])
    transcript(tmp_path, project).write_bytes(told(project, SESSION, *evening()))
    glance = SessionMonitor(project, Settings(), NamedSources(), SystemClock())
    full = SessionMonitor(project, Settings(), NamedSources(), SystemClock())
    one, two = glance.read_once(), full.read_all()
    assert one.counts == two.counts
    assert one.cost == two.cost
    assert one.progress == two.progress
    assert one.run == two.run
    glance.close()
    full.close()


def test_waiting_for_more_returns_when_there_is_more(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p")
    watch = SessionMonitor(project, Settings(), NamedSources(), SystemClock())
    watch.read_all()
    timer = threading.Timer(
        0.05, lambda: append(project / "logs/session.jsonl", speech(100, "news", 200))
    )
    timer.start()
    end = time.monotonic() + 20
    while "news" not in texts(watch):
        assert time.monotonic() < end
        watch.wait_for_change()
    timer.join()
    watch.close()


def test_the_level_outlives_a_change_of_the_log(
    tmp_path: Path, watching: Watching, heard: Heard
) -> None:
    project = write_project(tmp_path / "p")
    watch = watching(project)
    heard.until(lambda: len(watch.events) == 7)
    watch.set_level(3)
    assert len(watch.events) == 11
    assert watch.level == 3


def test_paths_are_shown_as_seen_from_the_project(tmp_path: Path) -> None:
    project = tmp_path / "p"
    deep = bash(1, f"cat {project}/src/a.py", 1)
    write_project(project, [deep, answer(2, 1, "x", 2)])
    watch = SessionMonitor(project, Settings(), NamedSources(), SystemClock())
    watch.read_all()
    assert texts(watch) == ["cat src/a.py"]
    watch.close()


def test_search_looks_through_all_event_files(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p")
    extra = speech(60, "rounding in the transcript", 300)
    transcript(tmp_path, project).write_bytes(told(project, SESSION, *evening(), extra))
    watch = SessionMonitor(project, Settings(), NamedSources(), SystemClock())
    watch.read_all()
    search = watch.search("rounding")
    search.join(10)
    rows = [watch.events.row_of(hit.source, hit.offset) for hit in search.hits]
    assert sorted(watch.events.row(row).text for row in rows if row is not None) == [
        "The rounding bug is in sizing.",
        "rounding in the transcript",
    ], "an event that both files have is found once"
    watch.close()


def test_a_fault_in_the_thread_is_told_and_not_printed(
    tmp_path: Path, watching: Watching, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(monitor, "select_session", broken)
    watch = watching(write_project(tmp_path / "p"))
    heard.until(lambda: watch.fault is not None)
    assert "broken on purpose" in str(watch.fault)
    heard.until(lambda: frozenset({"fault"}) in heard.names)


def test_an_idle_watch_reads_nothing(tmp_path: Path, watching: Watching, heard: Heard) -> None:
    """Work is counted, not timed: many looks at files at rest cost a `stat` each and no byte."""
    project = write_project(tmp_path / "p", [init(1)])
    watch = watching(project)
    heard.until(lambda: watch.reader is not None and watch.reader.caught_up)
    assert watch.reader is not None
    work = watch.reader._sources[0].follower.counters
    polls, bytes_read = work.polls, work.bytes
    heard.until(lambda: (watch._woken.set() or work.polls) >= polls + 20)  # type: ignore[func-returns-value]
    assert work.bytes == bytes_read
