"""What a hook call did, as an entry of the session's own journal or of its run's."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from tui.control.channels.mailbox import Mailbox
from tui.control.hooks.hook_records import RUN_VARIABLE, append_to_journal, record_hook
from tui.store.journal import JournalDecoder, JournalWriter
from tui.store.layout import RunDirectory, runs_folder, session_journal
from tui.system.files import private_folder

SESSION = "0f9e6c2a-1111-4222-8333-444455556666"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv(RUN_VARIABLE, raising=False)
    project = tmp_path / "project"
    project.mkdir()
    box = Mailbox(project)
    box.create()
    return str(box.folder)


def entries(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def journal(tmp_path: Path) -> Path:
    return session_journal(tmp_path / "project", SESSION)


def test_a_session_of_somebody_else_gets_a_journal(tmp_path: Path, folder: str) -> None:
    record_hook(folder, SESSION, "Stop", "blocked", "2 tasks are open", next="add a test", tries=1)
    (entry,) = entries(journal(tmp_path))
    assert entry.pop("at")
    assert entry == {
        "kind": "hook",
        "event": "Stop",
        "effect": "blocked",
        "text": "2 tasks are open",
        "session": SESSION,
        "next": "add a test",
        "tries": 1,
    }
    assert stat.S_IMODE(journal(tmp_path).stat().st_mode) == 0o600


def test_a_session_of_a_run_has_the_run_s_journal(
    tmp_path: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    private_folder(runs_folder(tmp_path / "project"))
    run = RunDirectory(private_folder(runs_folder(tmp_path / "project") / "11-30-0100"))
    JournalWriter(run.journal).write("run_started", {"run": "r1"})
    monkeypatch.setenv(RUN_VARIABLE, str(run.path))
    record_hook(folder, SESSION, "PreToolUse", "denied", ".env is protected")
    assert [one["kind"] for one in entries(run.journal)] == ["run_started", "hook"]
    assert not journal(tmp_path).exists()


@pytest.mark.parametrize("where", ["/nonexistent", "outside", "link", ""])
def test_a_run_that_is_none_of_ours_is_not_written_to(
    tmp_path: Path, folder: str, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    (outside / "journal.jsonl").touch(0o600)
    named = {"outside": str(outside), "link": str(tmp_path / "link")}.get(where, where)
    if where == "link":
        (tmp_path / "link").symlink_to(outside)
    monkeypatch.setenv(RUN_VARIABLE, named)
    record_hook(folder, SESSION, "Stop", "let go", "all done")
    assert not (outside / "journal.jsonl").read_bytes()
    assert len(entries(journal(tmp_path))) == 1


def test_credentials_are_hidden_and_long_texts_cut(tmp_path: Path, folder: str) -> None:
    secret = "sk-ant-api03-" + "Ab1" * 31 + "AA"
    record_hook(folder, SESSION, "PreToolUse", "denied", "x" * 9_000, command=f"KEY={secret} curl")
    (entry,) = entries(journal(tmp_path))
    assert "Ab1Ab1" not in json.dumps(entry)
    assert len(str(entry["text"])) == 2_000


@pytest.mark.parametrize(
    ("named", "session"),
    [("/tmp", SESSION), ("", SESSION), (None, "../../evil"), (None, ""), (None, "a\0b12345678")],
)
def test_nothing_is_raised_and_nothing_written_elsewhere(
    tmp_path: Path, folder: str, named: str | None, session: str
) -> None:
    record_hook(folder if named is None else named, session, "Stop", "blocked", "\ud800")
    assert not list(tmp_path.rglob("*journal.jsonl"))


@pytest.mark.parametrize("kind", ["link", "pipe", "second name"])
def test_what_is_no_journal_of_ours_stays_as_it_is(tmp_path: Path, folder: str, kind: str) -> None:
    path = journal(tmp_path)
    path.parent.mkdir(mode=0o700)
    other = tmp_path / "other"
    other.touch(0o600)
    if kind == "link":
        path.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(path, 0o600)
    else:
        os.link(other, path)
    record_hook(folder, SESSION, "Stop", "blocked", "words")
    assert not other.read_bytes()


def test_sessions_that_nobody_knows_do_not_fill_the_folder(tmp_path: Path, folder: str) -> None:
    path = journal(tmp_path)
    path.parent.mkdir(mode=0o700)
    for number in range(1_000):
        (path.parent / f"{number}.journal.jsonl").touch()
    record_hook(folder, SESSION, "Stop", "blocked", "words")
    assert not path.exists()


def test_lines_of_several_writers_stay_whole(tmp_path: Path, folder: str) -> None:
    writer = JournalWriter.for_session(tmp_path / "project", SESSION)

    def write(number: int) -> None:
        for count in range(50):
            record_hook(folder, SESSION, "Stop", "blocked", f"{number} {count} " + "x" * 1_500)
            writer.write("note", {"text": f"{number} {count}"})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    decoder = JournalDecoder("x")
    assert len(decoder.decode(Path(writer.path).read_bytes(), 0)) == 400
    assert not decoder.malformed


def test_a_line_that_was_cut_short_does_not_swallow_the_next(tmp_path: Path, folder: str) -> None:
    writer = JournalWriter.for_session(tmp_path / "project", SESSION)
    Path(writer.path).write_text('{"at":1,"kind":"no')
    Path(writer.path).chmod(0o600)
    record_hook(folder, SESSION, "Stop", "blocked", "words")
    decoded = JournalDecoder("x").decode(Path(writer.path).read_bytes(), 0)
    assert [one.kind for one in decoded] == ["hook"]


def test_without_a_journal_a_receipt_makes_none(tmp_path: Path, folder: str) -> None:
    with pytest.raises(OSError, match="No such file"):
        append_to_journal(folder, SESSION, [{"at": 1.0, "kind": "injection"}], make=False)
    assert not journal(tmp_path).exists()
