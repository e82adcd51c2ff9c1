"""`status` as a contract: its object, its words, its code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.session_files import (
    SESSION,
    evening,
    in_transcript,
    lines,
    speech,
    write_project,
)
from tests.unit.commands.contract import Run, fits
from tui.model.json.lists import RowObject, SessionsObject
from tui.model.json.status import StatusObject


def test_status_json_is_the_documented_object(tui: Run, project: Path) -> None:
    done = tui("status", "--json")
    assert (done.code, done.err) == (0, "")
    assert done.out.count(b"\n") == 1
    facts = json.loads(done.out)
    fits(facts, StatusObject)
    assert facts["schema"] == 2
    assert facts["project"] == str(project)
    assert facts["run"]["session_id"] == SESSION
    assert facts["run"]["model"] == "claude-sonnet-4-5"
    assert facts["progress"]["done"] == 1
    assert facts["progress"]["open"] == 2
    cost = facts["cost"]
    assert (cost["usd"], cost["source"], cost["budget_usd"]) == (1.25, "result", None)
    assert facts["events"]["total"] == 12
    assert facts["events"]["turns"] == 1
    assert facts["events"]["tool_calls"] == {"Bash": 2, "Edit": 1}
    assert facts["events"]["tool_errors"] == 1


def test_rows_and_sessions_are_the_documented_objects(tui: Run) -> None:
    rows = tui("events", "--json", "--verbosity", "3").out.splitlines()
    assert len(rows) > 5
    for row in rows:
        fits(json.loads(row), RowObject)
    known = json.loads(tui("sessions", "--json").out)
    fits(known, SessionsObject)
    assert [one["chosen"] for one in known["sessions"]] == [True]


def test_status_in_words_names_state_cost_and_sources(tui: Run) -> None:
    done = tui("status")
    words = done.out.decode()
    assert done.code == 0
    assert words.startswith("finished:")
    for part in ("1 of 3 done", "$1.25", "logs/session.jsonl", "newest event stream in logs/"):
        assert part in words


def test_no_session_is_code_3_and_still_an_object(tui: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = tui("status", "--json", cwd=empty)
    assert done.code == 3
    facts = json.loads(done.out)
    fits(facts, StatusObject)
    assert facts["run"]["state"] == "none"
    assert tui("status", cwd=empty).code == 3
    assert tui("events", cwd=empty).code == 3
    assert tui("events", "--json", cwd=empty).out == b""


@pytest.mark.parametrize("how", ["argument", "flag", "flag before the command", "flag with ="])
def test_the_project_may_be_named_in_every_usual_way(
    tui: Run, project: Path, tmp_path: Path, how: str
) -> None:
    words = {
        "argument": ["status", "--json", str(project)],
        "flag": ["status", "--json", "--project", str(project)],
        "flag before the command": ["--project", str(project), "status", "--json"],
        "flag with =": [f"--project={project}", "status", "--json"],
    }[how]
    assert json.loads(tui(*words, cwd=tmp_path).out)["project"] == str(project)


def test_a_transcript_is_found_by_the_folder_it_names(tui: Run, tmp_path: Path) -> None:
    folder = tmp_path / "quiet"
    folder.mkdir()
    place = tmp_path / "claude" / "projects" / str(folder).replace("/", "-")
    place.mkdir(parents=True)
    records = [in_transcript(each, 5.0 * n, str(folder)) for n, each in enumerate(evening())]
    (place / f"{SESSION}.jsonl").write_bytes(lines(records))
    done = tui("status", "--json", cwd=folder, CLAUDE_CONFIG_DIR=str(tmp_path / "claude"))
    assert done.code == 0
    assert json.loads(done.out)["events"]["tool_calls"] == {"Bash": 2, "Edit": 1}


def test_stream_and_transcript_of_a_session_are_one(
    tui: Run, tmp_path: Path, project: Path
) -> None:
    place = tmp_path / "claude" / "projects" / str(project).replace("/", "-")
    place.mkdir(parents=True)
    records = [in_transcript(each, 5.0 * n, str(project)) for n, each in enumerate(evening())]
    (place / f"{SESSION}.jsonl").write_bytes(lines([*records, in_transcript(speech(90, "x"), 99)]))
    claude = str(tmp_path / "claude")
    facts = json.loads(tui("status", "--json", CLAUDE_CONFIG_DIR=claude).out)
    assert facts["events"]["tool_calls"] == {"Bash": 2, "Edit": 1}
    assert facts["events"]["total"] == 13
    rows = tui("events", CLAUDE_CONFIG_DIR=claude).out.decode().splitlines()
    assert len(rows) == 9


def test_a_middling_file_is_read_and_the_second_time_too(tui: Run, tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines(speech(n, "w" * 1_500, float(n)) for n in range(6_000)))
    for _ in range(2):
        facts = json.loads(tui("status", "--json", "--events", str(path)).out)
        assert facts["events"]["total"] == 6_000
        assert len(tui("events", "--events", str(path)).out.splitlines()) == 6_000


def test_names_that_are_no_text_are_shown_all_the_same(tui: Run, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/odd \xff\xfe"
    os.mkdir(folder)
    write_project(Path(os.fsdecode(folder)))
    for words in (["status", "--json"], ["status"], ["events"], ["events", "--json"], ["config"]):
        done = tui(*words, cwd=Path(os.fsdecode(folder)))
        assert (done.code, done.err) == (0, ""), words
        assert done.out.decode()
