"""Claude's transcripts: which may be read, and to which folder they belong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit import project_files
from tui.feeds.sessions.transcripts import transcript_of_session
from tui.feeds.sessions.where.transcript_folders import safe_transcript

SESSION = "11111111-aaaa-4bbb-8ccc-000000000001"


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    folder = tmp_path / "claude" / "projects"
    (folder / "p").mkdir(parents=True)
    return folder


@pytest.fixture
def good(projects: Path) -> Path:
    return project_files.write(
        projects / "p" / f"{SESSION}.jsonl", project_files.transcript_records(SESSION, "/p")
    )


def test_a_transcript_in_its_place(projects: Path, good: Path) -> None:
    assert safe_transcript(str(good), projects) == str(good)


def test_claudes_folder_may_itself_be_a_link(projects: Path, good: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(projects.parent)
    linked = tmp_path / "linked" / "projects"

    assert safe_transcript(str(linked / "p" / good.name), linked) == str(good)


def test_paths_that_are_refused(projects: Path, good: Path, tmp_path: Path) -> None:
    outside = project_files.write(tmp_path / "outside.jsonl", "x")
    (projects / "p" / "link.jsonl").symlink_to(outside)
    (projects / "p" / "environ.jsonl").symlink_to("/proc/self/environ")
    (projects / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(projects / "p" / "fifo.jsonl")
    (projects / "p" / "folder.jsonl").mkdir()
    os.link(project_files.write(tmp_path / "other.jsonl", "x"), projects / "p" / "hard.jsonl")
    project_files.write(projects / "p" / "notes.txt", "x")
    refused = [
        str(projects / "p" / ".." / ".." / ".." / "outside.jsonl"),
        str(outside),
        "/proc/self/environ",
        "/dev/zero",
        f"p/{SESSION}.jsonl",
        str(good) + "\0.jsonl",
        str(projects) + ".jsonl",
        str(projects / "p" / "missing.jsonl"),
        str(projects / "elsewhere" / "outside.jsonl"),
        *(str(projects / "p" / name) for name in ("link.jsonl", "environ.jsonl", "fifo.jsonl")),
        *(str(projects / "p" / name) for name in ("folder.jsonl", "hard.jsonl", "notes.txt")),
    ]

    assert [path for path in refused if safe_transcript(path, projects)] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's file")
def test_another_users_transcript_is_refused(projects: Path, good: Path) -> None:
    os.chown(good, 65534, 65534)

    assert safe_transcript(str(good), projects) is None


@pytest.mark.parametrize(
    "session", ["", "..", "../p/x", "a/b", "x" * 200, "-rf", SESSION + "\n", SESSION + "\0"]
)
def test_words_that_are_no_session_find_nothing(projects: Path, good: Path, session: str) -> None:
    assert transcript_of_session(projects, session, "/p") is None
    assert transcript_of_session(projects, SESSION, "/somewhere/else") == str(good)
