"""Which session is chosen for a project, and which files belong to it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit import project_files
from tui.feeds.sessions.event_files import read_summary
from tui.feeds.sessions.registry import SessionRegistry
from tui.feeds.sessions.select import SessionSources, select_session
from tui.model.session import NamedSources
from tui.settings.original_sections import PathsSettings
from tui.settings.settings import Settings
from tui.store.layout import runs_folder

ONE = "11111111-aaaa-4bbb-8ccc-000000000001"
TWO = "22222222-aaaa-4bbb-8ccc-000000000002"
HOUR = 3600.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "my project.x"
    folder.mkdir()
    return folder


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    folder = tmp_path / "claude" / "projects"
    folder.mkdir(parents=True)
    return folder


def look(project: Path, named: NamedSources | None = None, **paths: str) -> SessionSources:
    environ = {**os.environ, "CLAUDE_CONFIG_DIR": str(project.parent / "claude")}
    registry = SessionRegistry(
        project, environ, agents=lambda: (), now=lambda: project_files.NOW + 1
    )
    settings = Settings(paths=PathsSettings(**paths))
    return select_session(project, settings, named, environ=environ, registry=registry)


def kinds(sources: SessionSources) -> list[tuple[str, str]]:
    return [(source.kind, Path(source.path).name) for source in sources.events]


# --- nothing, and the files beside the events ---


def test_an_empty_project_says_where_it_looked(project: Path, projects: Path) -> None:
    found = look(project)

    assert found.events == ()
    for word in (
        "no run of this project",
        "logs/",
        str(projects),
        "overnight-tui run",
        "paths.events",
    ):
        assert word in found.why
    assert found.watchdog.path == str(project / "logs/watchdog.log")
    assert found.watchdog.missing == (
        "no watchdog log at logs/watchdog.log, nor at any usual place; set paths.watchdog_log"
    )
    assert not found.progress.is_found
    assert "claude-progress.txt" in found.progress.missing


def test_defaults_settings_candidates_and_flags(project: Path) -> None:
    project_files.write(project / "claude-session-notes.md", "# n")
    project_files.write(project / "progress.md", "- [ ] a")
    project_files.write(project / "my.log", "x")
    found = look(project, watchdog_log="my.log")

    assert found.notes.chosen == "the default of paths.session_notes"
    assert (Path(found.progress.path).name, found.progress.chosen) == (
        "progress.md",
        "found; there is no claude-progress.txt",
    )
    assert found.watchdog.chosen == "paths.watchdog_log in the settings"
    assert found.watchdog.is_found
    by_flag = look(project, NamedSources(progress=str(project / "other.txt")))
    assert by_flag.progress.chosen == "named by --progress"
    assert (
        by_flag.progress.missing == f"no progress file at {project}/other.txt, named by --progress"
    )


def test_a_set_path_is_not_replaced_by_a_candidate(project: Path) -> None:
    project_files.write(project / "progress.md", "- [ ] a")
    found = look(project, progress_file="later.txt")

    assert found.progress.path == str(project / "later.txt")
    assert found.progress.missing == "no progress file at later.txt; set paths.progress_file"


def test_the_newest_dated_watchdog_log_only_without_the_plain_one(project: Path) -> None:
    project_files.write(project / "logs/watchdog-20260101-000000.log", "x", age=1)
    project_files.write(project / "logs/watchdog-20251201-000000.log", "x", age=100)
    project_files.write(project / "logs/ralph.log", "x")
    assert Path(look(project).watchdog.path).name == "watchdog-20260101-000000.log"

    project_files.write(project / "logs/watchdog.log", "x", age=1000)
    assert Path(look(project).watchdog.path).name == "watchdog.log"


def test_a_candidate_that_leads_out_of_the_project_is_not_taken(
    project: Path, tmp_path: Path
) -> None:
    project_files.write(tmp_path / "secret.txt", "- [ ] a")
    (project / "progress.md").symlink_to(tmp_path / "secret.txt")
    (project / "PROGRESS.md").mkdir()

    assert not look(project).progress.is_found


# --- streams ---


@pytest.mark.parametrize(
    "name",
    [
        "logs/night_stream.log",
        "logs/a.jsonl",
        "session.json",
        "events.jsonl",
        ".ralph/logs/x_stream.log",
    ],
)
def test_a_stream_is_known_by_its_content(project: Path, projects: Path, name: str) -> None:
    project_files.write(project / name, project_files.stream_records(ONE))
    project_files.write(project / "logs/claude-20260101-000000.log", "I fixed the bug.\n")
    project_files.write(
        project / "logs/session-history.jsonl", [{"end_time": "2026-01-01T00:00:00+00:00"}]
    )
    project_files.write(project / "package.json", '{"type": "module", "name": "x"}')
    project_files.transcript(projects, project, TWO, age=HOUR)
    found = look(project)

    assert kinds(found) == [("stream", Path(name).name)]
    assert found.events[0].chosen.startswith("newest event stream in ")
    assert found.why == ""


def test_words_before_the_first_record_and_a_torn_tail_do_not_hide_a_stream(project: Path) -> None:
    lines = (
        b"Error: something on stderr\n\n"
        + json.dumps(project_files.stream_records(ONE)[0]).encode()
        + b'\n{"type":"us'
    )
    project_files.write(project / "logs/x.log", lines)

    assert kinds(look(project)) == [("stream", "x.log")]


def test_a_first_line_longer_than_the_look_is_still_a_stream(project: Path) -> None:
    record = {
        "type": "system",
        "subtype": "hook_response",
        "session_id": ONE,
        "output": "x" * 300_000,
    }
    project_files.write(project / "logs/x.jsonl", [record])

    assert kinds(look(project)) == [("stream", "x.jsonl")]


def test_the_transcript_and_subagents_of_a_stream_come_with_it(
    project: Path, projects: Path
) -> None:
    project_files.write(project / "session.json", project_files.stream_records(ONE))
    path = project_files.transcript(projects, project, ONE)
    project_files.write(
        path.parent / ONE / "subagents" / "agent-a1.jsonl",
        project_files.transcript_records(ONE, str(project)),
    )
    project_files.write(path.parent / ONE / "subagents" / "agent-a1.meta.json", "{}")
    project_files.write(
        path.parent / ONE / "subagents" / "workflows" / "agent-w.jsonl",
        project_files.transcript_records(ONE, str(project)),
    )
    project_files.write(
        path.parent / "agent-old.jsonl", project_files.transcript_records(ONE, str(project))
    )
    project_files.write(
        path.parent / "agent-other.jsonl", project_files.transcript_records(TWO, str(project))
    )
    found = look(project)

    assert kinds(found) == [
        ("stream", "session.json"),
        ("transcript", f"{ONE}.jsonl"),
        ("transcript", "agent-a1.jsonl"),
        ("transcript", "agent-w.jsonl"),
        ("transcript", "agent-old.jsonl"),
    ]
    assert [source.trusted for source in found.events] == [True, False, False, False, False]
    assert found.events[1].chosen == "transcript of session 11111111"


def test_a_transcript_in_another_folder_is_found_by_its_session(
    project: Path, projects: Path
) -> None:
    project_files.write(project / "session.json", project_files.stream_records(ONE))
    project_files.transcript(projects, Path("/elsewhere"), ONE)

    assert kinds(look(project))[1] == ("transcript", f"{ONE}.jsonl")


def test_a_session_id_never_becomes_a_path(project: Path, projects: Path) -> None:
    project_files.write(
        projects / project_files.slug(project) / "x.jsonl",
        project_files.transcript_records("x", str(project)),
    )
    project_files.write(
        project / "session.json",
        project_files.stream_records("../" + project_files.slug(project) + "/x"),
    )

    assert kinds(look(project)) == [("stream", "session.json")]


def test_of_two_streams_being_written_the_later_session_stays_chosen(project: Path) -> None:
    early = project_files.stream_records(ONE, started="2026-02-01T00:00:00Z")
    late = project_files.stream_records(TWO, started="2026-02-01T05:00:00Z")
    project_files.write(project / "logs/b.jsonl", early, age=0)
    project_files.write(project / "logs/a.jsonl", late, age=30)
    assert kinds(look(project)) == [("stream", "a.jsonl")]

    project_files.write(project / "logs/a.jsonl", late, age=HOUR)
    assert kinds(look(project)) == [("stream", "b.jsonl")]


def test_a_stream_that_is_over_gives_way_to_a_session_that_goes_on(
    project: Path, projects: Path
) -> None:
    project_files.write(
        project / "logs/a.jsonl", project_files.stream_records(ONE, over=True), age=HOUR
    )
    project_files.transcript(projects, project, TWO)
    found = look(project)
    assert kinds(found) == [("transcript", f"{TWO}.jsonl")]
    assert (
        found.events[0].chosen
        == "newest transcript whose cwd is this folder; the stream a.jsonl is older"
    )

    project_files.write(project / "logs/a.jsonl", project_files.stream_records(ONE), age=60)
    assert kinds(look(project))[0] == ("stream", "a.jsonl")
    project_files.write(project / "logs/a.jsonl", project_files.stream_records(ONE), age=HOUR)
    assert kinds(look(project))[0] == ("transcript", f"{TWO}.jsonl")


def test_the_stream_of_the_settings(project: Path, projects: Path) -> None:
    project_files.write(project / "logs/a.jsonl", project_files.stream_records(ONE))
    project_files.write(project / "out/mine.txt", project_files.stream_records(TWO), age=HOUR)
    found = look(project, events="out/mine.txt")
    assert kinds(found) == [("stream", "mine.txt")]
    assert found.events[0].chosen == "paths.events in the settings"
    assert look(project, events="out/later.txt").events[0].path == str(project / "out/later.txt")

    path = project_files.transcript(projects, Path("/elsewhere"), TWO)
    found = look(project, transcript=str(path))
    assert (kinds(found), found.events[0].chosen) == (
        [("transcript", f"{TWO}.jsonl")],
        "paths.transcript in the settings",
    )


def test_a_named_stream_is_the_whole_truth(project: Path, projects: Path) -> None:
    project_files.run(project, "20260101-000000", started=1.0, sessions=(ONE,))
    project_files.transcript(projects, project, ONE)
    project_files.write(project / "progress.md", "- [ ] a")
    project_files.write(project / "claude-session-notes.md", "# n")
    stream = project_files.write(project / "x.jsonl", project_files.stream_records(ONE))
    found = look(project, NamedSources(events=str(stream)))

    assert kinds(found) == [("stream", "x.jsonl")]
    assert found.events[0].chosen == "named by --events"
    assert found.is_whole_truth
    assert (found.run, found.agent) == ("", None)
    assert not found.progress.is_found
    assert found.notes.is_found
    named = look(
        project, NamedSources(events=str(project_files.transcript(projects, project, TWO)))
    )
    assert named.events[0].kind == "transcript"
    assert look(project, NamedSources(events="/not/there")).events[0].path == "/not/there"


# --- transcripts of the folder ---


def test_the_newest_transcript_of_the_folder(project: Path, projects: Path) -> None:
    project_files.transcript(projects, project, ONE, age=2 * HOUR)
    project_files.transcript(projects, project, TWO, age=HOUR)
    other = project.parent / "my-project-x"
    project_files.transcript(projects, other, "33333333-same-slug", age=0)
    found = look(project)

    assert project_files.slug(other) == project_files.slug(project)
    assert kinds(found) == [("transcript", f"{TWO}.jsonl")]
    assert found.events[0].chosen == "newest transcript whose cwd is this folder"


def test_two_sessions_at_work_do_not_take_turns(project: Path, projects: Path) -> None:
    early, late = "2026-02-01T00:00:00Z", "2026-02-01T03:00:00Z"
    project_files.transcript(projects, project, ONE, age=0, started=early, at_work=True)
    project_files.transcript(projects, project, TWO, age=90, started=late, at_work=True)
    assert kinds(look(project)) == [("transcript", f"{TWO}.jsonl")]


def test_under_another_slug_the_cwd_decides(project: Path, projects: Path) -> None:
    for number in range(200):
        project_files.transcript(projects, Path(f"/other/{number}"), f"other-{number:08d}")
    project_files.transcript(projects, project, ONE, folder="E-------------", age=HOUR)

    assert kinds(look(project)) == [("transcript", f"{ONE}.jsonl")]


def test_a_session_below_the_folder_counts_where_none_ran_in_it(
    project: Path, projects: Path
) -> None:
    project_files.transcript(projects, project / "src", TWO)
    project_files.transcript(projects, Path(f"{project}-two"), "33333333-sibling")
    assert kinds(look(project)) == [("transcript", f"{TWO}.jsonl")]

    project_files.transcript(projects, project, ONE, age=HOUR)
    assert kinds(look(project)) == [("transcript", f"{ONE}.jsonl")]


def test_a_search_in_vain_is_not_repeated_until_something_is_new(
    project: Path, projects: Path
) -> None:
    project_files.transcript(projects, Path("/other"), ONE)
    assert look(project).events == ()
    project_files.transcript(projects, project, TWO, folder="odd")
    assert kinds(look(project)) == [("transcript", f"{TWO}.jsonl")]


def test_links_and_odd_things_among_the_transcripts(
    project: Path, projects: Path, tmp_path: Path
) -> None:
    folder = projects / project_files.slug(project)
    outside = project_files.write(
        tmp_path / "outside.jsonl", project_files.transcript_records(ONE, str(project))
    )
    folder.mkdir()
    (folder / f"{ONE}.jsonl").symlink_to(outside)
    (folder / f"{TWO}.jsonl").mkdir()
    project_files.write(folder / "33333333-empty.jsonl", b"")
    project_files.write(folder / "44444444-noise.jsonl", b"\x00\xff" * 5000)

    assert look(project).events == ()


# --- our own runs ---


def test_a_run_with_its_transcripts(project: Path, projects: Path) -> None:
    folder = project_files.run(project, "20260202-220000", started=200.0, sessions=(ONE, TWO))
    project_files.run(project, "20260101-220000", started=100.0, sessions=("33333333-older",))
    project_files.transcript(projects, project, ONE)
    project_files.write(
        folder / "transcripts" / f"{TWO}.jsonl", project_files.transcript_records(TWO, str(project))
    )
    project_files.write(folder / "segments/0001/agent.json", '{"pid": 41, "proc_start": 7}')
    project_files.write(folder / "segments/0002/agent.json", '{"pid": 42, "proc_start": 8}')
    project_files.write(project / "logs/a.jsonl", project_files.stream_records("44444444-stream"))
    found = look(project)

    assert kinds(found) == [
        ("stream", "stream.jsonl"),
        ("transcript", f"{ONE}.jsonl"),
        ("transcript", f"{TWO}.jsonl"),
        ("journal", "journal.jsonl"),
    ]
    assert found.events[0].chosen == "run 20260202-220000, the newest of this project"
    assert found.events[2].chosen == "kept copy of the transcript of session 22222222"
    assert (found.run, found.run_dir, found.agent) == ("20260202-220000", str(folder), (42, 8))


def test_a_run_asked_for(project: Path) -> None:
    project_files.run(project, "20260202-220000", started=200.0, sessions=(ONE,))
    project_files.run(project, "20260101-220000", started=100.0, sessions=(TWO,))

    assert look(project, NamedSources(run="20260101-220000")).run == "20260101-220000"
    missing = look(project, NamedSources(run="nope"))
    assert (missing.events, missing.why) == ((), "no run nope of this project")


def test_a_run_that_is_over_gives_way_only_to_what_began_later(
    project: Path, projects: Path
) -> None:
    project_files.run(project, "r1", started=100.0, sessions=(ONE,), over=True, age=13 * HOUR)
    project_files.transcript(projects, project, ONE, age=13 * HOUR)
    assert look(project).run == "r1"
    assert look(project).events[0].chosen.endswith("; it is over")

    project_files.transcript(projects, project, TWO, age=2 * HOUR)
    assert look(project).run == "r1"
    (projects / project_files.slug(project) / f"{ONE}.jsonl").unlink()
    project_files.transcript(projects, project, TWO)
    found = look(project)
    assert (kinds(found), found.run) == ([("transcript", f"{TWO}.jsonl")], "")
    assert found.events[0].chosen == "newest transcript whose cwd is this folder; run r1 is older"


def test_a_run_at_work_is_not_left_for_a_session_beside_it(project: Path, projects: Path) -> None:
    project_files.run(project, "r1", started=100.0, sessions=(ONE,), age=HOUR)
    project_files.transcript(projects, project, TWO)
    assert look(project).run == "r1"

    project_files.run(project, "r1", started=100.0, sessions=(ONE,), age=24 * HOUR)
    assert look(project).run == ""


def test_folders_that_are_no_runs(project: Path) -> None:
    runs = runs_folder(project)
    (runs / "empty").mkdir(parents=True)
    project_files.write(runs / "broken" / "run.json", "{")
    project_files.write(runs / "file", "x")

    assert look(project).events == ()


# --- always ---


def test_the_answer_is_the_same_until_something_changes(project: Path, projects: Path) -> None:
    project_files.run(project, "r1", started=100.0, sessions=(ONE,))
    path = project_files.transcript(projects, project, ONE)
    first = look(project)

    assert look(project) == first
    with path.open("ab") as file:
        file.write(
            json.dumps(project_files.transcript_records(ONE, str(project))[1]).encode() + b"\n"
        )
    assert look(project) == first
    project_files.write(
        path.parent / ONE / "subagents" / "agent-b.jsonl",
        project_files.transcript_records(ONE, str(project)),
    )
    assert look(project) != first
    assert msgspec.json.encode(first)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=300),
    st.sampled_from(["logs/x.jsonl", "run.json", "session.json"]),
)
def test_any_bytes_anywhere_are_survived(
    project: Path, projects: Path, data: bytes, name: str
) -> None:
    run = runs_folder(project) / "r"
    project_files.write(run / name if name == "run.json" else project / name, data)
    project_files.write(run / "journal.jsonl", data)
    project_files.write(projects / project_files.slug(project) / f"{ONE}.jsonl", data)

    look(project)


def test_a_fifo_does_not_make_it_wait(project: Path) -> None:
    import os

    (project / "logs").mkdir()
    os.mkfifo(project / "logs/x.jsonl")
    os.mkfifo(project / "session.json")
    assert look(project).events == ()
    assert read_summary(str(project / "session.json")) is None
    assert read_summary("/no\0where") is None
