"""Sources named by hand, strange files and names, hostile text."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.payloads import MARKUP_STRINGS, PAYLOADS
from tests.session_files import (
    SESSION,
    answer,
    bash,
    evening,
    in_transcript,
    init,
    lines,
    speech,
    write_project,
)
from tests.unit.commands.contract import Run, fits
from tui.model.json.status import StatusObject


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
    fits(facts, StatusObject)
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
