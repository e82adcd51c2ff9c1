"""`events` as a contract: one row a line, now or as they come."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import command, environment
from tests.session_files import (
    lines,
    speech,
    write_project,
)
from tests.unit.commands.contract import Run


def test_events_prints_one_line_a_row(tui: Run) -> None:
    done = tui("events")
    rows = done.out.decode().splitlines()
    assert done.code == 0
    assert len(rows) == 8
    assert "Bring the harbour library" in rows[0]
    assert "3 failed, 41 passed" in rows[2]
    assert "✗" in rows[2]
    assert rows[2].endswith("18 s")


def test_events_json_prints_one_object_a_line(tui: Run) -> None:
    rows = [json.loads(row) for row in tui("events", "--json").out.splitlines()]
    assert len(rows) == 8
    for row in rows:
        assert set(row) >= {"kind", "at", "label", "text", "ref"}
        assert row["ref"]["source"].endswith("logs/session.jsonl")
        assert isinstance(row["ref"]["offset"], int)
    assert [row["label"] for row in rows][:3] == ["prompt", "text", "Bash"]
    assert rows[2]["mark"] == "error"


def test_events_tells_more_when_asked(tui: Run) -> None:
    few, more, all_ = (
        len(tui("events", "--verbosity", level).out.splitlines()) for level in ("1", "2", "3")
    )
    assert few < more <= all_ == 12


def follower(words: list[str], home: Path, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command("events", *words),
        cwd=cwd,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def following(tmp_path: Path, project: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = follower(["--follow", "--json"], tmp_path, project)
    yield process
    process.kill()
    process.communicate()


def test_events_follow_tells_what_is_appended(
    following: subprocess.Popen[bytes], project: Path
) -> None:
    assert following.stdout is not None
    for _ in range(8):
        following.stdout.readline()
    for number in range(3):
        with (project / "logs/session.jsonl").open("ab") as file:
            file.write(lines([speech(100 + number, f"news {number}", 200.0 + number)]))
        assert json.loads(following.stdout.readline())["text"] == f"news {number}"


def test_ctrl_c_ends_following_without_words(following: subprocess.Popen[bytes]) -> None:
    import signal

    assert following.stdout is not None
    for _ in range(8):
        following.stdout.readline()
    following.send_signal(signal.SIGINT)
    _, err = following.communicate(timeout=20)
    assert following.returncode == 130
    assert err == b""


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    many = write_project(tmp_path / "many", [speech(n, "w" * 500, n) for n in range(2_000)])
    process = follower([], tmp_path, many)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(20) == 0
    process.stderr.close()


def test_a_pipe_that_closes_while_following_ends_it(tmp_path: Path, project: Path) -> None:
    process = follower(["--follow"], tmp_path, project)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    deadline = time.monotonic() + 30
    number = 1_000
    while process.poll() is None:
        assert time.monotonic() < deadline, "it goes on writing to nobody"
        number += 1
        with (project / "logs/session.jsonl").open("ab") as file:
            file.write(lines([speech(number, "news", float(number))]))
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_closed_stdout_is_no_crash(tmp_path: Path, project: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *command("status")],
        cwd=project, env=environment(tmp_path), capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
