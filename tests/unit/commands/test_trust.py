"""`trust` and what the other commands say about settings that need it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.command_line import TIMEOUT_S, command, environment
from tests.unit.commands.contract import Run, sentence

TEXT = "agent:\n  command: [sh, -c, './evil']\nbudget: {max_cost_usd: 900}\n"


@pytest.fixture
def settings_file(project: Path) -> Path:
    file = project / "config/overnight.yaml"
    file.parent.mkdir()
    file.write_text(TEXT)
    return file


def in_force(tui: Run, key: str) -> str:
    (line,) = (row for row in tui("config").out.decode().splitlines() if f" {key}: " in row)
    return line


def test_without_a_terminal_it_is_refused_and_shows_everything(
    tui: Run, settings_file: Path
) -> None:
    done = tui("trust")
    assert (done.code, done.out) == (4, b"")
    for words in ("agent.command", "runs a program", "./evil", "budget.max_cost_usd", "900", ":2)"):
        assert words in done.err
    assert done.err.splitlines()[-1].startswith("overnight-tui: ")
    assert "--yes" in done.err
    assert "default; ignored" in in_force(tui, "command")


def test_it_holds_for_these_bytes_until_it_is_revoked(tui: Run, settings_file: Path) -> None:
    assert tui("trust", "--yes").code == 0
    assert in_force(tui, "command").endswith("# config/overnight.yaml:2")
    assert in_force(tui, "max_cost_usd").strip().startswith("max_cost_usd: 900")
    assert b"trusted already" in tui("trust").out
    shown = tui("trust", "--show")
    assert (shown.code, shown.err) == (0, "")
    assert b"as it is now" in shown.out
    assert b"agent.command" in shown.out
    settings_file.write_text(TEXT.replace("900", "901") + "stalls: {step_back: x}\n")
    assert "ignored" in in_force(tui, "command")
    assert b"an earlier version" in tui("trust", "--show").out
    again = tui("trust")
    assert again.code == 4
    assert "new: stalls.step_back; changed: budget.max_cost_usd" in again.err
    settings_file.write_text(TEXT)
    assert "ignored" not in in_force(tui, "command")
    assert tui("trust", "--revoke").code == 0
    assert "ignored" in in_force(tui, "command")
    assert b"nothing" in tui("trust", "--revoke").out
    assert b"nothing" in tui("trust", "--show").out


def test_nothing_is_written_into_the_project(tui: Run, project: Path, settings_file: Path) -> None:
    before = sorted(project.rglob("*"))
    for words in (["trust"], ["trust", "--yes"], ["trust", "--show"], ["trust", "--revoke"]):
        tui(*words)
    assert sorted(project.rglob("*")) == before


def test_a_project_without_a_file_can_be_trusted(tui: Run, tmp_path: Path) -> None:
    done = tui("trust", "--yes", XDG_STATE_HOME=str(tmp_path / "state"))
    assert done.code == 0
    assert b"has no config/overnight.yaml" in done.out
    file = tmp_path / "state/overnight-tui/trust.json"
    (stored,) = json.loads(file.read_text())["trusted"]
    assert stored["digest"] == ""


def test_a_broken_file_is_said_and_not_trusted(tui: Run, settings_file: Path) -> None:
    settings_file.write_text("agent: {command: []}\n")
    assert tui("trust", "--yes").code == 2
    settings_file.write_text(TEXT)
    assert tui("trust", "--yes", "--show").code == 2


def test_values_are_shown_harmlessly_and_whole(tui: Run, settings_file: Path) -> None:
    token = "ghp_" + "aB3dE5gH" * 4 + "jK7m"
    settings_file.write_text(
        "agent:\n"
        f'  command: [sh, -c, "{"x" * 3000}; the harm"]\n'
        f'  extra_args: ["\\u202e {token}"]\n'
        "  env: {API_KEY: hunter2hunter2, LD_PRELOAD: ./x.so}\n"
        "notifications: {slack_webhook: 'https://hooks.slack.com/services/T0/B0/abcdef'}\n"
    )
    told = tui("trust").err
    for words in ("; the harm", "./x.so", "hooks.slack.com"):
        assert words in told
    for secret in ("hunter2hunter2", token, "services/T0", "\u202e", "\x1b"):
        assert secret not in told
    settings_file.write_text(f'agent: {{command: [sh, -c, "{"x" * 9000}"]}}')
    assert "more characters; read them in the file" in tui("trust").err


@pytest.mark.parametrize(("answer", "code"), [(b"\n", 4), (b"n\n", 4), (b"y\n", 0)])
def test_a_person_is_asked_and_starts_on_no(
    project: Path, settings_file: Path, tmp_path: Path, answer: bytes, code: int
) -> None:
    ours, theirs = pty.openpty()
    (tmp_path / "home").mkdir()
    with subprocess.Popen(
        command("trust"),
        cwd=project,
        env=environment(tmp_path / "home"),
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        told = b""
        while b"[y/N] " not in told:
            told += process.stderr.read(1)
        os.write(ours, answer)
        assert process.wait(TIMEOUT_S) == code
    os.close(ours)
    os.close(theirs)


# --- what the others say ---


def test_run_says_what_it_leaves_out_and_is_refused_with_another_agent(
    tui: Run, settings_file: Path
) -> None:
    done = tui("run", "--detach", "do it")
    assert done.code == 4
    assert "agent.command" in sentence(done)
    assert "overnight-tui trust" in sentence(done)


def test_status_and_doctor_name_what_is_ignored(tui: Run, settings_file: Path) -> None:
    done = tui("status")
    assert "agent.command (runs a program)" in sentence(done)
    assert tui("status", "--json").err == ""
    checks = json.loads(tui("doctor", "--json").out)["checks"]
    (check,) = (one for one in checks if one["name"] == "settings")
    assert check["state"] == "warn"
    assert "budget.max_cost_usd (loosens a limit)" in check["text"]
    assert "overnight-tui trust" in check["advice"]
    tui("trust", "--yes")
    settings_file.write_text(TEXT + "#\n")
    checks = json.loads(tui("doctor", "--json").out)["checks"]
    assert "changed since you trusted it" in checks[0]["text"]


def test_config_shows_both_files(tui: Run, tmp_path: Path, settings_file: Path) -> None:
    own = tmp_path / "home/.config/overnight-tui/config.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("budget:\n  max_cost_usd: 5\n")
    assert in_force(tui, "max_cost_usd").strip().startswith("max_cost_usd: 5 ")
    assert "~/.config/overnight-tui/config.yaml:2; ignored" in in_force(tui, "max_cost_usd")
    text = tui("config").out.decode()
    assert "# File: config/overnight.yaml\n# Your own: ~/.config/overnight-tui/config.yaml" in text
