"""Small files that are read again as a whole: what happens to them, and what is said of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.feeds.follow import whole_file
from tui.feeds.follow.whole_file import WholeFile
from tui.model.session import SidecarPath


def watched(path: Path) -> WholeFile:
    return WholeFile("notes", SidecarPath(str(path), "for the test", f"no session notes at {path}"))


def test_it_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("one")
    file = watched(path)
    assert file.read_changed() == b"one"
    assert file.read_changed() is None
    path.write_text("two!")
    assert file.read_changed() == b"two!"
    assert file.read_changed() is None
    assert (file.source_status().state, file.source_status().size) == ("following", 4)


def test_a_change_of_the_same_size_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("one")
    file = watched(path)
    file.read_changed()
    path.write_text("two")
    os.utime(path, ns=(1, 2))
    assert file.read_changed() == b"two"


def test_another_file_under_the_name_is_seen(tmp_path: Path) -> None:
    path, other = tmp_path / "notes.md", tmp_path / "other.md"
    path.write_text("one")
    file = watched(path)
    file.read_changed()
    other.write_text("two")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    assert file.read_changed() == b"two"


def test_what_is_missing_is_said_and_found_when_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "later" / "notes.md"
    file = watched(path)
    assert file.read_changed() is None
    assert file.source_status().state == "missing"
    assert file.source_status().why == f"no session notes at {path}"
    path.parent.mkdir()
    path.write_text("here")
    assert file.read_changed() == b"here"
    path.unlink()
    assert file.read_changed() is None
    assert file.source_status().state == "missing"
    path.write_text("here")
    assert file.read_changed() == b"here", "the same words again are news after they were gone"


def test_a_folder_or_a_pipe_is_a_calm_state(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "folder"):
        file = watched(tmp_path / name)
        assert file.read_changed() is None
        assert file.source_status().state == "unreadable"
        assert "not a regular file" in file.source_status().why


def test_a_pipe_in_place_of_the_file_between_look_and_open_does_not_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes.md"
    path.write_text("one")
    file = watched(path)
    stat = os.stat

    def swapped(*args: object, **words: object) -> os.stat_result:
        found = stat(*args, **words)  # type: ignore[arg-type]
        if str(args[0]) == str(path) and not (tmp_path / "gone").exists():
            path.rename(tmp_path / "gone")
            os.mkfifo(path)
        return found

    monkeypatch.setattr(os, "stat", swapped)
    assert not file.read_changed()
    monkeypatch.undo()
    assert file.read_changed() is None
    assert file.source_status().state == "unreadable"


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("one")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    file = watched(path)
    assert file.read_changed() is None
    assert file.source_status().state == "unreadable"
    assert "denied" in file.source_status().why


def test_of_a_huge_file_only_the_beginning_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_file, "_MOST_BYTES", 1 << 20)
    path = tmp_path / "notes.md"
    path.write_bytes(b"x" * (3 << 20))
    file = watched(path)
    data = file.read_changed()
    assert data is not None
    assert len(data) == 1 << 20
    assert "first 1 MiB" in file.source_status().why
    path.write_bytes(b"small")
    assert file.read_changed() == b"small"
    assert file.source_status().why == ""


def test_an_empty_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    file = watched(tmp_path / "notes.md")
    assert file.read_changed() == b""
    assert file.source_status().state == "following"
