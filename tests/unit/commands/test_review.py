"""`review` and `runs` as processes of their own."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.commands.contract import Run, fits, sentence
from tui.model.json.lists import RunsObject
from tui.model.json.review import ReviewObject


def test_review_as_json_keeps_the_contract(tui: Run) -> None:
    done = tui("review", "--json")
    assert done.code == 0
    assert done.err == ""
    data = json.loads(done.out)
    fits(data | {"export": None}, ReviewObject)
    assert data["schema"] == 2
    assert data["run"]["state"] == "finished"
    told = {key: value for key, value in data["time"].items() if key != "total_s"}
    assert abs(sum(told.values()) - data["time"]["total_s"]) < 0.01
    status = json.loads(tui("status", "--json").out)
    assert data["cost"]["usd"] == status["cost"]["usd"]
    assert data["run"]["session_id"] == status["run"]["session_id"]


def test_review_in_words_where_there_is_no_terminal(tui: Run) -> None:
    done = tui("review")
    assert done.code == 0
    lines = done.out.decode().splitlines()
    assert lines[0].split(":")[0] in ("Keep", "Look before keeping", "Discard")
    names = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    for name in ("ended", "tasks", "tests", "changes", "time", "cost"):
        assert name in names
    assert b"\x1b" not in done.out


def test_no_session_and_no_such_run_are_3(tui: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = tui("review", "--json", cwd=empty)
    assert (done.code, done.out) == (3, b"")
    assert "no session found" in sentence(done)
    done = tui("review", "nothing-like-it")
    assert done.code == 3
    assert "`runs` lists them" in sentence(done)
    done = tui("runs", cwd=empty)
    assert (done.code, done.out) == (3, b"")


def test_runs_tell_what_a_review_found(tui: Run) -> None:
    told = json.loads(tui("runs", "--json").out)
    fits(told, RunsObject)
    (before,) = told["runs"]
    assert before["verdict"] is None
    assert before["cost"] is None
    assert tui("review", before["id"], "--json").code == 0
    data = json.loads(tui("runs", "--json").out)
    fits(data, RunsObject)
    (after,) = data["runs"]
    assert after["verdict"] in ("keep", "look", "discard")
    assert after["cost"]["usd"] is not None
    assert data["repeated_failures"] == []
    table = tui("runs").out.decode()
    assert after["verdict"] in table
    assert after["id"] in table


def test_a_bundle_proves_itself(tui: Run, tmp_path: Path) -> None:
    file = tmp_path / "night.zip"
    done = tui("review", "--bundle", str(file))
    assert (done.code, done.out) == (0, b"")
    assert "not signed" in done.err
    whole = tui("review", "--check", str(file))
    assert whole.code == 0
    assert whole.out.startswith(b"complete: ")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    changed = tui("review", "--check", str(file))
    assert changed.code == 1
    assert b"damaged" in changed.out or b"changed" in changed.out


def test_a_bundle_is_no_text_to_print(tui: Run) -> None:
    done = tui("review", "--bundle", "-")
    assert done.code == 2
    assert "give --bundle a file" in sentence(done)


def test_a_comment_for_a_pull_request(tui: Run) -> None:
    done = tui("review", "--github", "-")
    assert done.code == 0
    assert done.out.startswith(b"## ")
    assert len(done.out) <= 60_000
