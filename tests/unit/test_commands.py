"""The command line as a contract: real processes, their output, their exit codes, their one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Done, command, environment, run
from tests.payloads import MARKUP_STRINGS, PAYLOADS
from tests.session_files import (
    SESSION,
    answer,
    bash,
    delta,
    evening,
    in_transcript,
    init,
    lines,
    result,
    speech,
    write_project,
)
from tests.shared_data import shared

Run = Callable[..., Done]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", [*evening(), result(11, 110)])


@pytest.fixture
def tui(tmp_path: Path, project: Path) -> Run:
    home = tmp_path / "home"
    home.mkdir()

    def call(*words: str | bytes, cwd: Path = project, **env: str) -> Done:
        done = run(*words, home=home, cwd=cwd, env=env)
        assert "Traceback" not in done.err
        return done

    return call


def sentence(done: Done) -> str:
    """The one line on stderr."""
    assert done.err.startswith("overnight-tui: ")
    assert done.err.endswith("\n")
    assert done.err.count("\n") == 1
    return done.err.removeprefix("overnight-tui: ").strip()


# --- status ------------------------------------------------------------------------------------

NUMBER = (int, float)
NONE = type(None)
STATES = {
    "starting", "working", "tool", "waiting_api", "rate_limited", "waiting_permission", "stalled",
    "looping", "paused", "finished", "failed", "killed", "crashed", "none",
}  # fmt: skip
SCHEMA: dict[str, Any] = {
    "schema": int,
    "project": str,
    "run": {
        "id": (str, NONE), "owned": bool, "state": str, "reason": str, "started_at": "iso",
        "ended_at": "iso", "pid": (int, NONE), "session_id": (str, NONE), "model": (str, NONE),
        "attempt": int, "exit": (dict, NONE),
    },
    "goal": (str, NONE),
    "progress": {"done": int, "open": int, "in_progress": list, "blockers": list, "sections": list},
    "cost": {"usd": (*NUMBER, NONE), "source": str, "budget_usd": (*NUMBER, NONE)},
    "tokens": {
        "input": int, "output": int, "cache_write_5m": int, "cache_write_1h": int,
        "cache_read": int,
    },
    "context": {"used": int, "window": int, "percent": NUMBER},
    "events": {
        "total": int, "malformed": int, "unknown": int, "turns": int, "tool_calls": dict,
        "tool_errors": int, "api_retries": int, "compactions": int, "subagents": int,
    },
    "last_event_at": "iso",
    "idle_seconds": NUMBER,
    "stall": (dict, NONE),
    "checkpoints": int,
    "injections": list,
    "restarts": int,
}  # fmt: skip


def check(value: Any, wanted: Any, where: str = "") -> None:
    """Exactly these keys, each of its type; no more and no fewer."""
    if isinstance(wanted, dict):
        assert set(value) == set(wanted), where
        for key, part in wanted.items():
            check(value[key], part, f"{where}.{key}")
    elif wanted == "iso":
        if value is not None:
            assert datetime.fromisoformat(value).tzinfo is not None, where
    else:
        assert isinstance(value, wanted), (where, value)
        if bool not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            assert not isinstance(value, bool), where


def test_status_json_is_the_documented_object(tui: Run, project: Path) -> None:
    done = tui("status", "--json")
    assert (done.code, done.err) == (0, "")
    assert done.out.count(b"\n") == 1
    facts = json.loads(done.out)
    check(facts, SCHEMA)
    assert facts["schema"] == 1
    assert facts["project"] == str(project)
    assert facts["run"]["state"] in STATES
    assert facts["run"]["session_id"] == SESSION
    assert facts["run"]["model"] == "claude-sonnet-4-5"
    assert facts["progress"]["done"] == 1
    assert facts["progress"]["open"] == 2
    for part in facts["progress"]["sections"]:
        check(part, {"title": str, "done": int, "open": int})
    assert facts["cost"] == {"usd": 1.25, "source": "result", "budget_usd": None}
    assert facts["events"]["total"] == 12
    assert facts["events"]["turns"] == 1
    assert facts["events"]["tool_calls"] == {"Bash": 2, "Edit": 1}
    assert facts["events"]["tool_errors"] == 1


def test_the_keys_stand_in_the_documented_order(tui: Run) -> None:
    facts = json.loads(tui("status", "--json").out)
    assert list(facts) == list(SCHEMA)
    for key, part in SCHEMA.items():
        if isinstance(part, dict):
            assert list(facts[key]) == list(part)


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
    check(facts, SCHEMA)
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


# --- events ------------------------------------------------------------------------------------


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


# --- named sources -----------------------------------------------------------------------------


def test_a_named_stream_is_the_whole_truth(tui: Run, project: Path, tmp_path: Path) -> None:
    """No transcript, no run, no process, no commit of the folder speaks beside it."""
    other = tmp_path / "other.jsonl"
    other.write_bytes(lines([init(500), bash(501, "ls", 1), answer(502, 501, "a", 2)]))
    place = tmp_path / "claude" / "projects" / str(project).replace("/", "-")
    place.mkdir(parents=True)
    records = [in_transcript(each, 5.0 * n, str(project)) for n, each in enumerate(evening())]
    (place / f"{SESSION}.jsonl").write_bytes(lines(records))
    done = tui("status", "--json", "--events", str(other), CLAUDE_CONFIG_DIR=str(place.parents[1]))
    facts = json.loads(done.out)
    assert facts["events"]["total"] == 3
    assert facts["events"]["tool_calls"] == {"Bash": 1}
    words = tui("status", "--events", str(other)).out.decode()
    assert "named by --events" in words
    assert "session.jsonl" not in words


def test_named_files_beside_the_events_are_used(tui: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("- [x] a\n- [x] b\n- [ ] c\n- [ ] d\n")
    facts = json.loads(tui("status", "--json", "--progress", str(tmp_path / "mine.txt")).out)
    assert (facts["progress"]["done"], facts["progress"]["open"]) == (2, 2)


@pytest.mark.parametrize("name", ["missing", "folder", "fifo", "empty", "binary", "zeros"])
def test_a_strange_events_file_is_a_state_and_no_crash(tui: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif name == "fifo":
        os.mkfifo(path)
    elif name == "empty":
        path.touch()
    elif name == "binary":
        path.write_bytes(bytes(range(256)) * 200 + b"\n" + os.urandom(5_000) + b"\n")
    elif name == "zeros":
        path.write_bytes(bytes(1 << 20))
    status = tui("status", "--json", "--events", str(path))
    facts = json.loads(status.out)
    check(facts, SCHEMA)
    assert status.code == (3 if facts["run"]["state"] == "none" else 0)
    if name in ("missing", "folder", "fifo", "empty"):
        assert status.code == 3
        assert facts["events"]["malformed"] == 0
    assert tui("status", "--events", str(path)).code == status.code
    assert tui("events", "--events", str(path)).code in (0, 3)
    if name == "binary":
        assert facts["events"]["malformed"] > 0


def test_hostile_text_leaves_the_commands_harmless(tui: Run, tmp_path: Path) -> None:
    path = tmp_path / "hostile.jsonl"
    records, number = [init(1)], 1
    for text in [each.text for each in PAYLOADS] + list(MARKUP_STRINGS):
        number += 2
        records += [bash(number, text, number), answer(number + 1, number, text, number + 1)]
        records.append(speech(10_000 + number, text, number + 1.5))
    path.write_bytes(lines(records) + b"".join(each.data + b"\n" for each in PAYLOADS))
    for words in (["events"], ["events", "--verbosity", "3"], ["status"]):
        done = tui(*words, "--events", str(path))
        assert done.code == 0
        for payload in PAYLOADS:
            assert payload.forbidden not in done.out, payload.name
        allowed = {0x0A}
        assert {byte for byte in done.out if byte < 0x20 or byte == 0x7F} <= allowed
        done.out.decode()


@pytest.mark.parametrize("words", [["status"], ["events"], ["config"], []])
def test_hostile_names_in_sentences_and_paths_are_harmless(
    tui: Run, tmp_path: Path, words: list[str]
) -> None:
    folder = tmp_path / "pro\x1b]0;pwned\x07ject\x1b[2J"
    write_project(folder)
    hostile = "/tmp/\x1b]52;c;eA==\x07no\u202esuch\n\x9b2J"
    for done in (
        tui(*words, cwd=folder),
        tui(*words, hostile),
        tui(*words, "--events", hostile),
        tui(*words, "--\x1b[2J"),
        tui("\x1b[2Jstatus"),
    ):
        for bad in (b"\x1b", b"\x07", "\u202e".encode(), "\x9b".encode()):
            assert bad not in done.out
            assert bad.decode() not in done.err


# --- recorded streams, counted a second time -----------------------------------------------------

RECORDED = (
    "streams/01_normal.jsonl",
    "streams/03_stdin_midturn.jsonl",
    "real/streams/marquex.mp9r3tc5.jsonl",
    "real/streams/georgeLochner.1770542209_w-a4r.6.jsonl",
    "real/streams/Eiai-Solutions.claude_output_2026-03-20_14-15-29.jsonl",
)


def counted(path: Path) -> dict[str, Any]:
    """A naive reading: line by line, each uuid once."""
    seen: set[str] = set()
    calls: dict[str, str] = {}
    total = turns = errors = 0
    for text in path.read_bytes().split(b"\n"):
        try:
            record = json.loads(text)
        except ValueError:
            continue
        if not isinstance(record, dict):
            continue
        if record.get("uuid") in seen:
            continue
        seen.add(record.get("uuid") or f"no uuid {total}")
        total += 1
        turns += record.get("type") == "result"
        message = record.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        for block in content if isinstance(content, list) else ():
            if block.get("type") == "tool_use":
                calls[block["id"]] = block["name"]
            errors += block.get("type") == "tool_result" and block.get("is_error") is True
    names = sorted(calls.values())
    return {
        "total": total,
        "turns": turns,
        "tool_calls": {name: names.count(name) for name in names},
        "tool_errors": errors,
    }


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_streams_are_counted_as_naive_code_does(tui: Run, name: str) -> None:
    path = shared("data", *name.split("/"))
    facts = json.loads(tui("status", "--json", "--events", str(path)).out)
    check(facts, SCHEMA)
    wanted = counted(path)
    assert {key: facts["events"][key] for key in wanted} == wanted
    rows = tui("events", "--json", "--verbosity", "3", "--events", str(path)).out.splitlines()
    assert all(isinstance(json.loads(row), dict) for row in rows)


def test_deltas_are_counted_as_records(tui: Run, tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(lines([init(1), *(delta(n, "w") for n in range(10, 60)), speech(2, "x")]))
    assert json.loads(tui("status", "--json", "--events", str(path)).out)["events"]["total"] == 52


# --- config ------------------------------------------------------------------------------------


def test_config_shows_what_is_in_force_and_where_from(tui: Run, project: Path) -> None:
    (project / "config").mkdir()
    (project / "config/overnight.yaml").write_text("budget:\n  max_cost_usd: 7\n")
    done = tui("config", OVERNIGHT_SCREEN_THEME="light")
    words = done.out.decode()
    assert (done.code, done.err) == (0, "")
    assert "config/overnight.yaml:2" in words
    assert "OVERNIGHT_SCREEN_THEME" in words


def test_config_defaults_is_the_documented_file(tui: Run) -> None:
    from tests.command_line import REPOSITORY

    done = tui("config", "--defaults")
    assert done.code == 0
    assert done.out == (REPOSITORY / "config/overnight.yaml").read_bytes()


def test_the_defaults_may_be_used_as_a_project_file(tui: Run, project: Path) -> None:
    (project / "config").mkdir()
    (project / "config/overnight.yaml").write_bytes(tui("config", "--defaults").out)
    assert tui("config").code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("budget:\n  max_cost: 7\n", ["config/overnight.yaml:2", "max_cost_usd"]),
        ("budget:\n  max_cost_usd: lots\n", ["config/overnight.yaml:2", "max_cost_usd"]),
        ("budgett:\n  max_cost_usd: 7\n", ["config/overnight.yaml:1", "budget"]),
        ("budget: [1, 2\n", ["config/overnight.yaml"]),
        ("budget:\n  max_cost_usd: -5\n", ["config/overnight.yaml:2"]),
        ("\x00\x01", ["config/overnight.yaml"]),
        ("- a list\n", ["config/overnight.yaml"]),
        ("a: &a [*a, *a]\n", ["config/overnight.yaml"]),
        ("!!python/object/apply:os.system ['touch pwned']\n", ["config/overnight.yaml"]),
    ],
)
@pytest.mark.parametrize("command_word", ["config", "status", "events"])
def test_a_broken_config_is_one_sentence(
    tui: Run, project: Path, text: str, words: list[str], command_word: str
) -> None:
    (project / "config").mkdir()
    (project / "config/overnight.yaml").write_text(text)
    done = tui(command_word)
    assert done.code == 2
    assert done.out == b""
    for word in words:
        assert word in sentence(done)
    assert not (project / "pwned").exists()


def test_a_wrong_variable_is_one_sentence(tui: Run) -> None:
    done = tui("status", OVERNIGHT_BUDGET_MAX_COST_USD="lots")
    assert done.code == 2
    assert "OVERNIGHT_BUDGET_MAX_COST_USD" in sentence(done)


# --- usage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["statsu"], "did you mean 'status'"),
        (["evnts"], "did you mean 'events'"),
        (["confg", "--defaults"], "did you mean 'config'"),
        (["xyzzy"], "overnight-tui --help"),
        (["status", "--jsn"], "did you mean '--json'"),
        (["events", "--folow"], "did you mean '--follow'"),
        (["events", "--verbosity", "9"], "--verbosity"),
        (["events", "--verbosity"], "--verbosity"),
        (["status", "/nowhere/at/all"], "/nowhere/at/all is not a folder"),
        (["--project", "/nowhere/at/all", "status"], "/nowhere/at/all is not a folder"),
        (["status", "--events"], "--events"),
        (["status", "a", "b"], "unrecognized arguments: b"),
        (["logs/session.jsonl"], "--events logs/session.jsonl"),
        (["/nowhere/at/all"], "/nowhere/at/all"),
        ([""], "no folder and no command"),
    ],
)
def test_wrong_usage_is_one_sentence_and_code_2(tui: Run, words: list[str], said: str) -> None:
    done = tui(*words)
    assert done.code == 2
    assert done.out == b""
    assert said in sentence(done)


def test_words_that_are_no_text_are_one_sentence_too(tui: Run) -> None:
    done = tui(b"\xff\xfe", b"--\xff")
    assert done.code == 2
    sentence(done)


def test_the_screen_needs_a_terminal(tui: Run) -> None:
    for words in ([], ["watch"], ["demo"]):
        done = tui(*words)
        assert done.code == 2
        assert "no terminal" in sentence(done)


def test_help_and_version_are_data(tui: Run) -> None:
    from tui import __version__
    from tui.cli import COMMANDS

    done = tui("--help")
    assert (done.code, done.err) == (0, "")
    for name in COMMANDS:
        assert f"  {name} ".encode() in done.out
    assert tui("--version").out.decode() == f"overnight-tui {__version__}\n"
    for name in (name for name in COMMANDS if name != "hook"):  # speaks to Claude Code only
        told = tui(name, "--help")
        assert (told.code, told.err) == (0, ""), name
        assert told.out.startswith(b"usage: overnight-tui")


def test_an_unwritable_home_is_no_trouble(tui: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert tui("status", HOME=str(tmp_path / "file")).code == 0


def test_a_fault_of_ours_is_a_sentence_and_a_trace_in_a_file(tui: Run, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "yaml.py").write_text("raise RuntimeError('broken on purpose')\n")
    (tmp_path / "project/config").mkdir()
    (tmp_path / "project/config/overnight.yaml").write_text("budget: {}\n")
    path = os.pathsep.join([str(tmp_path / "broken"), os.environ.get("PYTHONPATH", "")])
    from tests.command_line import REPOSITORY

    done = tui(
        "status", PYTHONPATH=f"{path}{os.pathsep}{REPOSITORY}", XDG_STATE_HOME=str(tmp_path / "st")
    )
    assert done.code == 1
    assert "this should not have happened (RuntimeError)" in sentence(done)
    trace = (tmp_path / "st" / "overnight-tui" / "crash.log").read_text()
    assert "broken on purpose" in trace
