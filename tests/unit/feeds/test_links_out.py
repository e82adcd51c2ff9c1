"""A file that is followed inside a folder: no link, whenever it comes, shows what lies outside."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.unit import project_files
from tui.feeds.follow.chain import RotatedFiles, open_sibling
from tui.feeds.follow.follower import FileFollower
from tui.feeds.follow.position import FollowCounters
from tui.feeds.follow.whole_file import WholeFile
from tui.feeds.sessions import event_files
from tui.feeds.sessions.event_files import find_streams, main_events, read_summary
from tui.feeds.sessions.night_files import list_night_files
from tui.feeds.sessions.select import SessionSources, select_session
from tui.model.session import NamedSources, SidecarPath
from tui.settings.original_sections import PathsSettings
from tui.settings.settings import Settings
from tui.store import trust


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = (tmp_path / "project").resolve()
    (project / "logs").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("watchdog.log", "watchdog.log.1", "secret"):
        (outside / name).write_text("SECRET\n")
    return project


class Follower:
    """A follower of the project's log that may not leave it."""

    def __init__(self, project: Path, rotates: bool = True) -> None:
        self.path = project / "logs/watchdog.log"
        self.clock = FakeClock()
        self.follower = FileFollower(
            self.path, base=str(project), clock=self.clock.monotonic, rotates=rotates
        )

    def read(self) -> bytes:
        self.clock.advance(2.0)
        return b"".join(batch.data for batch in self.follower.poll())


def test_a_link_to_outside_is_named_and_not_read(project: Path) -> None:
    log = Follower(project)
    log.path.symlink_to("../../outside/secret")
    assert log.read() == b""
    state = log.follower.state
    assert (state.status, state.size, state.mtime) == ("unreadable", 0, None)
    assert state.reason.startswith("logs/watchdog.log is a link to a place outside the project")


def test_a_folder_that_leads_outside_hides_its_rotated_files_too(project: Path) -> None:
    (project / "logs").rmdir()
    (project / "logs").symlink_to("../outside")
    log = Follower(project)
    assert log.read() == b""
    (project.parent / "outside/watchdog.log.1").write_text("SECRET\nSECRET\n")
    (project.parent / "outside/watchdog.log").write_text("SECRET\nSECRET\n")
    assert log.read() == b""
    assert log.follower.read(0, 0, 100) is None


def test_a_rotated_file_is_not_opened_behind_a_link(project: Path) -> None:
    (project / "logs").rmdir()
    (project / "logs").symlink_to("../outside")
    path = str(project / "logs/watchdog.log")
    for base, is_opened in (("", True), (str(project), False)):
        siblings = RotatedFiles(path, FollowCounters(), base)
        siblings.rescan()
        (sibling,) = siblings.find_unread(0, set())
        fd = open_sibling(sibling)
        assert (fd is not None) is is_opened
        if fd is not None:
            os.close(fd)


@pytest.mark.parametrize("how", ["file", "folder"])
def test_a_link_that_comes_later_is_not_followed(project: Path, how: str) -> None:
    log = Follower(project)
    log.path.write_bytes(b"one\n")
    assert log.read() == b"one\n"
    if how == "file":
        log.path.rename(project / "logs/watchdog.log.1")
        log.path.symlink_to("../../outside/secret")
    else:
        (project / "logs").rename(project / "old")
        (project / "logs").symlink_to("../outside")
    for _ in range(3):
        assert log.read() == b""
    assert "outside the project" in log.follower.state.reason
    if how == "folder":
        (project / "logs").unlink()
        (project / "logs").mkdir()
    else:
        log.path.unlink()
    log.path.write_bytes(b"two\n")
    assert log.read() == b"two\n"
    assert log.follower.state.status == "following"


def test_links_that_stay_inside_are_followed(project: Path) -> None:
    log = Follower(project)
    (project / "real.log").write_bytes(b"one\n")
    log.path.symlink_to(project / "real.log")
    assert log.read() == b"one\n"
    (project / "other.log").write_bytes(b"two\n")
    log.path.unlink()
    log.path.symlink_to("../other.log")
    assert log.read() == b"two\n"


@pytest.mark.timeout(20)
def test_a_swap_between_look_and_open_shows_nothing(project: Path) -> None:
    """Somebody swaps the folder all the time: whatever is read is from inside."""
    (project / "logs").rmdir()
    for name, data in (("inside", b"inside\n"),):
        (project / name).mkdir()
        (project / name / "watchdog.log").write_bytes(data)
    links = [project / "a", project / "b"]
    links[0].symlink_to("inside")
    links[1].symlink_to("../outside")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for link in links:
                os.symlink(os.readlink(link), project / "new")
                os.rename(project / "new", project / "logs")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        seen: set[bytes] = set()
        rounds = 0
        while rounds < 300 or not seen:
            rounds += 1
            seen.add(Follower(project, rotates=False).read())
            file = WholeFile(
                "log", SidecarPath(str(project / "logs/watchdog.log"), "", base=str(project))
            )
            seen.add(file.read_changed() or b"")
    finally:
        stop.set()
        thread.join()
    assert b"inside\n" in seen
    assert seen <= {b"inside\n", b""}


@pytest.mark.timeout(10)
def test_a_pipe_is_never_waited_for(project: Path) -> None:
    log = Follower(project)
    os.mkfifo(log.path)
    assert log.read() == b""
    assert log.follower.state.status == "not a file"
    file = WholeFile("log", SidecarPath(str(log.path), "", base=str(project)))
    assert file.read_changed() is None
    assert file.source_status().state == "unreadable"
    assert read_summary(str(log.path), inside=str(project)) is None
    assert list(main_events(str(log.path), 0, 100, inside=str(project))) == []


def test_a_whole_file_is_not_read_through_a_link_to_outside(project: Path) -> None:
    path = project / "notes.md"
    path.symlink_to("../outside/secret")
    file = WholeFile("notes", SidecarPath(str(path), "", base=str(project)))
    assert file.read_changed() is None
    status = file.source_status()
    assert (status.state, status.size, status.changed_at) == ("unreadable", 0, None)
    assert status.why.startswith("notes.md is a link to a place outside the project; not shown")
    path.unlink()
    path.write_text("mine")
    assert file.read_changed() == b"mine"
    path.unlink()
    path.symlink_to("../outside/secret")
    assert file.read_changed() is None


# --- which files are chosen ---


def look(project: Path, named: NamedSources | None = None, **paths: str) -> SessionSources:
    environ = {"CLAUDE_CONFIG_DIR": str(project.parent / "claude"), "HOME": str(project.parent)}
    return select_session(project, Settings(paths=PathsSettings(**paths)), named, environ=environ)


def test_a_side_file_that_leads_outside_is_named_not_found(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project / "claude-progress.txt"
    path.symlink_to("../outside/secret")
    (project / "progress.md").write_text("- [ ] mine\n")
    progress = look(project).progress
    assert (progress.path, progress.is_found, progress.base) == (str(path), False, str(project))
    assert "claude-progress.txt is a link" in progress.missing
    monkeypatch.setattr(trust, "is_trusted", lambda *_: True)
    progress = look(project).progress
    assert (progress.is_found, progress.base) == (True, "")


def test_what_the_person_names_is_followed(project: Path) -> None:
    path = project / "claude-progress.txt"
    path.symlink_to("../outside/secret")
    progress = look(project, NamedSources(progress=str(path))).progress
    assert (progress.is_found, progress.base) == (True, "")
    outside = str(project.parent / "outside/secret")
    notes = look(project, session_notes=outside).notes
    assert (notes.path, notes.is_found, notes.base) == (outside, True, "")


def test_other_side_files_are_bound_to_the_project(project: Path) -> None:
    for name in ("claude-progress.txt", "session-notes.md", "logs/watchdog.log"):
        (project / name).write_text("x\n")
    found = look(project)
    files = (found.progress, found.notes, found.watchdog, found.history, found.compactions)
    assert {file.base for file in (*files, found.features)} == {str(project)}


def stream_outside(project: Path) -> None:
    records = project_files.stream_records("11111111-aaaa-4bbb-8ccc-000000000001", cwd=str(project))
    project_files.write(project.parent / "outside/s.jsonl", records)


@pytest.mark.parametrize("how", ["file", "folder", "setting"])
def test_a_stream_that_leads_outside_is_no_session(project: Path, how: str) -> None:
    stream_outside(project)
    if how == "folder":
        (project / "logs").rmdir()
        (project / "logs").symlink_to("../outside")
    else:
        (project / "logs/s.jsonl").symlink_to("../../outside/s.jsonl")
    assert find_streams(project) == []
    assert event_files.stream_candidates(project) == []
    environ = {"CLAUDE_CONFIG_DIR": str(project.parent / "claude")}
    assert list_night_files(project, Settings(), environ) == []
    if how == "setting":
        (source,) = look(project, events="logs/s.jsonl").events
        assert source.base == str(project)
    else:
        assert look(project).events == ()


def test_a_stream_of_the_project_is_bound_to_it(project: Path) -> None:
    records = project_files.stream_records("11111111-aaaa-4bbb-8ccc-000000000001", cwd=str(project))
    path = project_files.write(project / "logs/s.jsonl", records)
    (source,) = look(project).events
    assert (source.path, source.base) == (str(path), str(project))
    (source,) = look(project, NamedSources(events=str(path))).events
    assert source.base == ""
    (source,) = look(project, NamedSources(session=str(path))).events
    assert source.base == str(project)


def test_a_transcript_is_bound_to_claudes_own_folder(project: Path) -> None:
    projects = project.parent / "claude/projects"
    session = "11111111-aaaa-4bbb-8ccc-000000000001"
    project_files.transcript(projects, project, session)
    (source,) = look(project).events
    assert (source.kind, source.base) == ("transcript", str(projects))
