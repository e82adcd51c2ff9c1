"""Checkpoints and rewinds as operations: what they remember, what they refuse, what goes in time."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.session_files import SESSION, answer, bash, init, line, lines, speech, uid
from tests.unit.control.foreign_scene import Elsewhere, elsewhere
from tests.unit.repositories import make, sh, write
from tui.control.checkpoints import capture
from tui.control.checkpoints.refs import checkpoints_of, find_checkpoint
from tui.control.operations import Operations
from tui.control.wording import describe_plan
from tui.feeds.sessions.transcripts import last_safe_cut
from tui.settings.load import load
from tui.store import inbox
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory, session_journal
from tui.system.errors import NoSessionError, RefusedError


@pytest.fixture(autouse=True)
def _own_claude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path) as scene:
        yield scene


def stream(folder: Path, *records: dict[str, object]) -> str:
    path = folder / "session.jsonl"
    path.write_bytes(lines([init(0), *records]))
    return str(path)


# --- where a conversation can be cut ---


def parallel(number: int) -> dict[str, object]:
    record = bash(number, "one")
    record["message"]["content"].append(
        {"type": "tool_use", "id": "toolu_99", "name": "Bash", "input": {}}
    )
    return record


@pytest.mark.parametrize(
    ("records", "place"),
    [
        ([speech(1, "hello")], 1),
        ([speech(1, "hello"), bash(2, "ls")], 1),
        ([bash(2, "ls"), answer(3, 2, "out")], 3),
        ([speech(1, "two"), parallel(2), answer(3, 2, "out")], 1),
        ([parallel(2), answer(3, 2, "out"), answer(4, 99, "out")], 4),
        ([parallel(2), answer(3, 2, "out"), speech(5, "meanwhile")], None),
    ],
)
def test_the_last_clean_place(
    tmp_path: Path, records: list[dict[str, object]], place: int | None
) -> None:
    expected = uid(place) if place is not None else ""
    assert last_safe_cut(stream(tmp_path, *records)) == (SESSION, expected)


def test_a_torn_line_and_a_missing_file_are_no_place(tmp_path: Path) -> None:
    path = stream(tmp_path, speech(1, "hello"))
    with open(path, "ab") as file:
        file.write(line(speech(2, "half"))[:40])
    assert last_safe_cut(path) == (SESSION, uid(1))
    assert last_safe_cut(str(tmp_path / "nothing")) == ("", "")


# --- checkpoints ---


def operations_on(folder: Path, events: str = "", **changes: object) -> Operations:
    flags = {key.replace("__", "."): value for key, value in changes.items()}
    settings = load(folder, flags=flags, environ={}).settings
    return Operations(folder, settings, "", SESSION, events=events)


def test_a_checkpoint_remembers_where_the_words_stood(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    events = stream(tmp_path, bash(2, "ls"), answer(3, 2, "out"))
    taken = operations_on(folder, events).take_checkpoint(
        "good", facts={"tests": "green", "done": 3}
    )
    facts = find_checkpoint(folder, taken.id).facts
    assert (facts["session"], facts["uuid"]) == (SESSION, uid(3))
    assert (facts["tests"], facts["done"], facts["why"]) == ("green", 3, "key")
    file = session_journal(folder, SESSION)
    (entry,) = [json.loads(one) for one in file.read_bytes().splitlines()]
    assert (entry["kind"], entry["label"], entry["tests"]) == ("checkpoint", "good", "green")
    assert entry["by"] == "command"


class Then:
    """A clock that shows another time."""

    def __init__(self, ago: float) -> None:
        self._at = time.time() - ago

    def wall(self) -> float:
        return self._at

    def monotonic(self) -> float:
        return time.monotonic()

    def boottime(self) -> float:
        return time.monotonic()


def test_old_checkpoints_go_by_the_settings(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    hour = 3600.0
    base = 48 * hour + (time.time() % hour) - 60  # so that all three lie in one hour
    for minutes in (30, 20, 10):
        write(folder, {"a.txt": f"{minutes}\n"})
        capture.take_checkpoint(folder, session="night", clock=Then(base - hour + minutes * 60))
    operations_on(folder, checkpoints__keep_all_hours=100).take_checkpoint()
    assert [one.number for one in checkpoints_of(folder)] == [1, 2, 3, 4]
    operations_on(folder, checkpoints__keep_all_hours=24).take_checkpoint()
    assert [one.number for one in checkpoints_of(folder)] == [3, 4, 5]
    operations_on(folder, checkpoints__keep_hourly_days=1).take_checkpoint()
    assert [one.number for one in checkpoints_of(folder)] == [4, 5, 6]


# --- rewinds ---


def test_what_is_staged_is_compared_and_left_alone(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    write(folder, {"a.txt": "two\n"})
    sh(folder, "add", "a.txt")
    operations = operations_on(folder)
    first = operations.take_checkpoint()
    sh(folder, "reset", "-q")
    write(folder, {"a.txt": "three\n"})
    index = (folder / ".git/index").read_bytes()
    plan = operations.plan_rewind(first.id)
    note = next(one for one in plan.notes if "staged" in one)
    assert "1 path was staged otherwise then" in note
    place = note.partition("ls-tree -r ")[2].rstrip(")")
    assert "a.txt" in sh(folder, "ls-tree", "-r", place)
    operations.rewind(plan)
    assert (folder / ".git/index").read_bytes() == index
    assert (folder / "a.txt").read_text() == "two\n"


def test_a_session_at_work_must_be_confirmed(scene: Elsewhere) -> None:
    scene.begin()
    operations = scene.operations()
    first = operations.take_checkpoint()
    write(scene.project, {"new.txt": "n"})
    plan = operations.plan_rewind(first)
    assert any("is watched here" in one for one in plan.refusals)
    with pytest.raises(RefusedError, match="at work in this work tree"):
        operations.rewind(plan)
    assert (scene.project / "new.txt").exists()
    rewound = operations.rewind(plan, confirmed=True).rewound
    assert rewound is not None and rewound.deleted == 1
    assert [one["kind"] for one in scene.journal()] == ["checkpoint", "rewind"]


def test_a_session_that_began_after_the_plan_is_noticed(scene: Elsewhere) -> None:
    folder = scene.project
    quiet = operations_on(folder)
    first = quiet.take_checkpoint()
    write(folder, {"new.txt": "n"})
    plan = quiet.plan_rewind(first)
    assert not plan.refusals
    scene.begin()
    with pytest.raises(RefusedError, match="begun since the plan was shown"):
        quiet.rewind(plan)
    assert (folder / "new.txt").exists()


def test_the_plan_is_in_plain_words(tmp_path: Path) -> None:
    folder = make(tmp_path / "repo")
    operations = operations_on(folder)
    first = operations.take_checkpoint()
    write(folder, {"a.txt": "changed\n", "new.txt": "n"})
    words = describe_plan(operations.plan_rewind(first))
    assert words[0].startswith("1 file will be written, 1 deleted (all captured first)")
    assert not any(".overnight" in change.path for change in operations.plan_rewind(first).changes)
    assert os.path.exists(folder / "new.txt")


# --- the supervisor or this process ---


class Supervisor:
    """Answers a request as soon as it is left, which is when `adopt` is called."""

    def __init__(self, folder: Path) -> None:
        self.run = RunDirectory(folder)
        self.run.inbox.mkdir(parents=True, mode=0o700)
        self.journal = JournalWriter(self.run.journal)
        self.requests: list[tuple[str, dict[str, object]]] = []

    def answer(self) -> None:
        for request, path in inbox.claim_requests(self.run.inbox):
            self.requests.append((request.verb, request.arguments))
            self.journal.write("answer", {"ok": True, "text": "accepted"}, id=request.id)
            inbox.remove_request(path)


def test_the_supervisor_acts_while_its_run_goes_on_and_this_process_afterwards(
    tmp_path: Path,
) -> None:
    folder = make(tmp_path / "repo")
    supervisor = Supervisor(tmp_path / "run")
    run_dir, settings = str(supervisor.run.path), load(folder, environ={}).settings
    operations = Operations(folder, settings, run_dir, SESSION, supervisor.answer)
    first = operations.take_checkpoint()
    plan = operations.plan_rewind(first)
    assert plan.is_empty
    assert operations.has_effect(plan)
    assert operations.describe_rewind(plan)[-1].startswith("The agent is stopped for it")
    assert operations.stop_target() is None
    assert operations.checkpoint({}).words == "accepted"
    assert operations.rewind(plan, "both", confirmed=True).answer == "accepted"
    assert operations.rewind(replace(plan, undoes=True)).answer == "accepted"
    assert operations.inject("hello", "hard").words == "your words are accepted"
    assert operations.withdraw("m1").words == "accepted"
    assert operations.stop("stop", checkpoint=True).words == "stop: accepted"
    assert supervisor.requests == [
        ("checkpoint", {"why": "key"}),
        ("rewind", {"checkpoint": first.id, "mode": "both", "confirmed": True}),
        ("undo", {"confirmed": False}),
        ("inject", {"text": "hello", "mode": "hard"}),
        ("withdraw", {"id": "m1"}),
        ("stop", {"checkpoint": True}),
    ]
    supervisor.requests.clear()
    supervisor.journal.write("run_ended")
    assert not operations.has_effect(plan)
    assert operations.checkpoint({}).words.startswith("checkpoint c2: ")
    write(folder, {"new.txt": "n"})
    rewound = operations.rewind(first).rewound
    assert rewound is not None
    assert rewound.deleted == 1
    with pytest.raises(NoSessionError, match="no session is going on"):
        operations.inject("hello", "hard")
    with pytest.raises(NoSessionError, match="no session is going on"):
        operations.stop("kill", checkpoint=False)
    assert supervisor.requests == []
