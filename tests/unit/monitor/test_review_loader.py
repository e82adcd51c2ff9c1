"""A review from files and a real repository: which commits are the night's, and how it began."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.session_files import iso
from tests.unit.monitor.review_planted import Later
from tests.unit.project_files import run, write
from tui.model.review import Review
from tui.model.session import NamedSources
from tui.monitor.history.review_loader import load_review
from tui.settings.settings import Settings

START = 1_780_000_000.0


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CACHE_HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    write(folder / ".gitignore", ".overnight/\nlogs/\n")
    return folder


def git(folder: Path, *words: str, at: float = START) -> str:
    date = f"{int(at)} +0000"
    own = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_CONFIG_GLOBAL": os.devnull}
    names = ("-c", "user.name=A", "-c", "user.email=a@example.invalid")
    done = subprocess.run(
        ["git", *names, *words],
        cwd=folder,
        env={**os.environ, **own},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def commit(folder: Path, subject: str, at: float) -> str:
    git(folder, "add", "-A", at=at)
    git(folder, "commit", "-q", "--allow-empty", "-m", subject, at=at)
    return git(folder, "rev-parse", "HEAD")


def said(number: int, kind: str, block: dict[str, Any], at: float) -> dict[str, Any]:
    message = {"id": f"m{number}", "role": kind, "model": "m", "content": [block]}
    record = {"type": kind, "session_id": "night-1234", "uuid": f"u{number}", "message": message}
    return {**record, "timestamp": iso(at)}


def stream(path: Path, *, ended: bool) -> Path:
    """A session of ten minutes that edits a file; its last turn has an end or not."""
    call = {"type": "tool_use", "id": "t", "name": "Write", "input": {"file_path": "a.py"}}
    answer = {"type": "tool_result", "tool_use_id": "t", "content": "ok"}
    records: list[dict[str, Any]] = [
        {"type": "system", "subtype": "init", "cwd": "/w", "session_id": "night-1234", "uuid": "i"},
        said(1, "assistant", call, START + 1),
        said(2, "user", answer, START + 600),
    ]
    if ended:
        result = {"type": "result", "subtype": "success", "is_error": False, "uuid": "r"}
        records.append({**result, "session_id": "night-1234", "total_cost_usd": 1.5})
    return write(path, records)


def review(project: Path, named: NamedSources | None = None, later: float = 36_000.0) -> Review:
    return load_review(project, Settings(), named or NamedSources(), Later(START + later))


def test_the_base_of_a_run_is_none_of_its_commits(project: Path) -> None:
    base = commit(project, "before", START)
    folder = run(project, "r1", started=START, sessions=("night-1234",), over=True)
    stream(folder / "stream.jsonl", ended=True)
    facts = json.loads((folder / "run.json").read_text())
    write(folder / "run.json", json.dumps({**facts, "head": base}))
    ended = {"at": START + 610, "kind": "run_ended", "reason": "all tasks done"}
    journal = [{"at": START, "kind": "run_started", "run": "r1", "goal": "g"}, ended]
    write(folder / "journal.jsonl", journal)
    write(project / "a.py", "x = 1\n")
    made = commit(project, "in the night", START + 300)
    commit(project, "the day after", START + 30_000)
    found = review(project)
    assert [one.sha for one in found.commits] == [made]
    assert [one.label for one in found.moments if one.kind == "commit"] == [
        f"{made[:7]} in the night"
    ]
    assert (found.base, found.run_id, found.ending.kind) == (base, "r1", "tasks_done")


def test_a_run_has_the_commits_since_its_base_whatever_their_dates_say(project: Path) -> None:
    base = commit(project, "Begin", START - 50)
    folder = run(project, "r1", started=START, sessions=("night-1234",))
    facts = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**facts, "head": base}))
    stream(folder / "stream.jsonl", ended=True)
    write(project / "a.py", "a = 1\n")
    commit(project, "On a clock that is late", START - 90_000)
    write(project / "b.py", "b = 1\n")
    commit(project, "On a clock that is early", START + 90_000)
    made = review(project)
    assert sorted(one.subject for one in made.commits) == [
        "On a clock that is early",
        "On a clock that is late",
    ]
    assert made.files_changed == 2


def test_commits_and_changes_agree_when_the_base_was_made_on_another_clock(project: Path) -> None:
    """A night of old stamps in a repository whose first commit is of now."""
    write(project / "claude-progress.txt", "- [ ] one\n- [ ] two\n")
    commit(project, "Seed", START + 20_000)
    write(project / "claude-progress.txt", "- [x] one\n- [ ] two\n- [ ] three\n")
    write(project / "a.py", "a = 1\n")
    commit(project, "Do one", START + 300)
    made = review(project, NamedSources(events=str(stream(project / "logs/s.jsonl", ended=True))))
    assert [one.subject for one in made.commits] == ["Do one"]
    assert made.files_changed == 1  # the progress file is none of the agent's changes
    assert (made.tasks.done, made.tasks.before) == (("one",), 0)


def test_tasks_are_held_against_git_and_a_new_file_against_nothing(project: Path) -> None:
    commit(project, "before", START - 100)
    write(project / "claude-progress.txt", "# Tasks\n- [x] one\n- [ ] two\n")
    commit(project, "plan", START + 300)
    path = stream(project / "logs" / "s.jsonl", ended=True)
    found = review(project, NamedSources(events=str(path)))
    assert (found.tasks.basis, found.tasks.done, found.tasks.added) == (
        "git",
        ("one",),
        ("one", "two"),
    )
    assert found.cost_per_task == pytest.approx(1.5)


def test_an_untracked_progress_file_has_no_known_beginning(project: Path) -> None:
    commit(project, "before", START - 100)
    write(project / "claude-progress.txt", "# Tasks\n- [x] one\n- [ ] two\n")
    path = stream(project / "logs" / "s.jsonl", ended=True)
    found = review(project, NamedSources(events=str(path)))
    assert (found.tasks.basis, found.tasks.done, found.tasks.open) == ("none", ("one",), ("two",))


def test_a_record_that_breaks_off_ends_where_it_ends(project: Path) -> None:
    path = stream(project / "logs" / "s.jsonl", ended=False)
    found = review(project, NamedSources(events=str(path)), later=86_400.0 * 30)
    assert found.ending.kind == "crash"
    assert found.time.total == pytest.approx(599.0)
    assert found.stalls == () or all(one.last_at is not None for one in found.stalls)


def test_it_is_open_as_long_as_something_was_just_heard(project: Path) -> None:
    path = stream(project / "logs" / "s.jsonl", ended=False)
    assert review(project, NamedSources(events=str(path)), later=700.0).ending.kind == "open"


def test_it_works_without_a_repository_and_without_any_file(tmp_path: Path, project: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    path = stream(tmp_path / "s.jsonl", ended=True)
    found = review(bare, NamedSources(events=str(path)))
    assert (found.commits, found.files_changed, found.tasks.basis) == ((), 0, "none")
    assert found.verdict == "look"
