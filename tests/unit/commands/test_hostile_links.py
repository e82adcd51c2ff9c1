"""A repository whose side files are links to a file of the person: it is named everywhere, shown nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.commands.contract import Run

NAMES = (
    "claude-progress.txt",
    "claude-session-notes.md",
    "feature_list.json",
    "logs/watchdog.log",
    "logs/session-history.jsonl",
    "logs/compaction-history.jsonl",
)


@pytest.fixture
def secret(tmp_path: Path, project: Path) -> Path:
    secret = tmp_path / "private.txt"
    secret.write_text(
        '## Completed\n- [x] TOPSECRET\n\n2026-01-01 01:01:01 - ERROR - TOPSECRET\n{"x":"TOPSECRET"}\n'
    )
    for name in NAMES:
        (project / name).unlink(missing_ok=True)
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).symlink_to(secret)
    return secret


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("status", "--json"),
        ("review",),
        ("review", "--json"),
        ("review", "--markdown", "-"),
        ("review", "--html", "-"),
        ("doctor",),
        ("events", "--verbosity", "3"),
    ],
    ids=" ".join,
)
def test_no_command_shows_it(tui: Run, project: Path, secret: Path, words: tuple[str, ...]) -> None:
    done = tui(*words)
    assert b"TOPSECRET" not in done.out
    assert "TOPSECRET" not in done.err


def test_status_names_each_that_is_not_shown(tui: Run, secret: Path) -> None:
    out = tui("status").out.decode()
    for name in NAMES[:2] + NAMES[3:4]:
        assert f"{name} is a link to a place outside the project; not shown" in out


def test_a_file_that_the_person_names_is_shown(tui: Run, project: Path, secret: Path) -> None:
    done = tui("status", "--progress", str(project / NAMES[0]))
    assert b"1 done" in done.out or b"1 of 1" in done.out


def test_trust_shows_where_they_lead_and_then_they_are_shown(
    tui: Run, project: Path, secret: Path
) -> None:
    plan = tui("trust").err
    for name in NAMES:
        assert f"{name} leads to {secret}" in plan
    assert tui("trust", "--yes").code == 0
    out = tui("status").out.decode()
    assert "not shown" not in out
    assert json.loads(tui("status", "--json").out)["progress"]["done"] == 1
    (project / "config").mkdir()
    (project / "config/overnight.yaml").write_text("# changed\n")
    assert "not shown" in tui("status").out.decode()
