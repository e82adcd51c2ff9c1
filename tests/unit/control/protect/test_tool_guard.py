"""The answer to a hook call: which rules hold, what is recorded, what a fault of ours does."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tui.commands.act.hook_guard import DENIED, answer_tool
from tui.control.channels.mailbox import Mailbox
from tui.control.hooks import tool_guard
from tui.control.hooks.kept_rules import keep_for_run, renew
from tui.control.hooks.tool_guard import answer_tool_call
from tui.control.protect.rules import decode_rules
from tui.model.permissions.granted import PermissionPreset
from tui.settings.own_sections import ProtectSettings
from tui.store.layout import RunDirectory, project_state, session_journal

SESSION = "11111111-2222-4333-8444-555555555555"
SETTINGS = "protect:\n  paths: ['.env', 'secrets/**']\n  commands: ['git push']\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        folder = tmp_path / name
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(name, str(folder))
    monkeypatch.delenv("OVERNIGHT_RUN_DIR", raising=False)
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    made = tmp_path / "p"
    (made / "config").mkdir(parents=True)
    (made / "config" / "overnight.yaml").write_text(SETTINGS)
    (made / ".env").write_text("x")
    Mailbox(made).create()
    return made


def _payload(project: Path, tool: str, given: object, **more: object) -> bytes:
    call = {"session_id": SESSION, "cwd": str(project), "tool_name": tool, "tool_input": given}
    return json.dumps({**call, **more}).encode()


def _mailbox(project: Path) -> str:
    return str(Mailbox(project).folder)


def _bash(project: Path, text: str, run: str = "") -> str:
    payload = _payload(project, "Bash", {"command": text})
    return answer_tool_call(_mailbox(project), payload, run)


def _entries(project: Path) -> list[dict[str, object]]:
    journal = session_journal(project, SESSION)
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [json.loads(line) for line in lines]


def test_a_denied_call_is_answered_and_recorded(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = _payload(project, "Bash", {"command": "make && git push"})
    assert answer_tool(_mailbox(project), payload, ()) == DENIED == 2
    told = capsys.readouterr()
    assert not told.out
    assert "git push" in told.err
    (entry,) = _entries(project)
    assert entry["kind"] == "hook"
    assert (entry["event"], entry["effect"]) == ("PreToolUse", "denied")
    assert (entry["tool"], entry["rule"]) == ("Bash", "git push")


def test_what_is_not_protected_is_answered_by_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = _payload(project, "Bash", {"command": "git status"})
    assert answer_tool(_mailbox(project), payload, ()) == 0
    told = capsys.readouterr()
    assert not told.out + told.err
    assert not _entries(project)


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"7", b"null", b"\xff\xfe", b"{}", b'{"tool_name": 7}', b"[" * 100_000],
)
def test_what_is_no_payload_is_let_be(project: Path, payload: bytes) -> None:
    assert answer_tool_call(_mailbox(project), payload) == ""


def test_settings_are_read_once_and_again_when_they_change(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(state: str) -> object:
        read.append(state)
        return renew(state)

    monkeypatch.setattr("tui.control.hooks.kept_rules.renew", counted)
    assert _bash(project, "git push")
    assert _bash(project, "git push")
    assert len(read) == 1
    (project / "config" / "overnight.yaml").write_text("protect:\n  commands: ['make deploy']\n")
    assert not _bash(project, "git push")
    assert _bash(project, "make deploy")
    assert len(read) == 2


def test_settings_that_cannot_be_read_take_nothing_away(project: Path) -> None:
    assert _bash(project, "git push")
    (project / "config" / "overnight.yaml").write_text("protect: [7\n")
    assert _bash(project, "git push")


def test_where_nothing_is_known_the_call_runs_and_the_fault_is_recorded(project: Path) -> None:
    (project / "config" / "overnight.yaml").write_text("protect: [7\n")
    assert not _bash(project, "git push")
    (entry,) = _entries(project)
    assert entry["effect"] == "failed"


def test_a_fault_of_ours_denies_what_names_the_protected(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*words: object) -> None:
        raise ZeroDivisionError("a fault")

    assert not _bash(project, "ls")
    monkeypatch.setattr(tool_guard, "judge", broken)
    assert "'git push'" in _bash(project, "git push")
    assert not _bash(project, "ls")
    assert [entry["effect"] for entry in _entries(project)] == ["denied", "failed"]


def test_the_protection_protects_itself(project: Path) -> None:
    for path in (".claude/settings.local.json", "config/overnight.yaml", ".claude/settings.json"):
        payload = _payload(project, "Write", {"file_path": f"{project}/{path}", "content": "{}"})
        assert answer_tool_call(_mailbox(project), payload), path
        assert not answer_tool_call(_mailbox(project), payload.replace(b'"Write"', b'"Read"'))
    assert _bash(project, f"rm -r {project_state(project)}")
    assert _bash(project, "rm -r $XDG_STATE_HOME/overnight-tui")
    assert _bash(project, "overnight-tui hooks uninstall")
    assert not _bash(project, "overnight-tui status")


def test_a_hook_of_every_project_heeds_the_one_where_the_session_works(
    project: Path, tmp_path: Path
) -> None:
    payload = _payload(project, "Bash", {"command": "git push"})
    assert answer_tool_call("-", payload)
    other = tmp_path / "other" / "below"
    other.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(other.parent)], check=True)
    elsewhere = _payload(other, "Bash", {"command": "git push"})
    assert not answer_tool_call("-", elsewhere)
    user = Path(os.environ["XDG_CONFIG_HOME"]) / "overnight-tui" / "config.yaml"
    user.parent.mkdir(mode=0o700)
    user.write_text("protect:\n  commands: ['git push']\n")
    assert answer_tool_call("-", elsewhere)
    assert project_state(other.parent).is_dir()


def test_without_anything_protected_nothing_is_denied(project: Path) -> None:
    (project / "config" / "overnight.yaml").write_text("budget:\n  max_cost_usd: 3\n")
    assert not _bash(project, f"echo x > .claude/settings.json; rm -rf {project_state(project)}")


def test_another_work_tree_has_the_same_rules(project: Path) -> None:
    tree = project / ".claude" / "worktrees" / "one"
    tree.mkdir(parents=True)
    (tree / ".git").write_text("gitdir: elsewhere\n")
    payload = _payload(tree, "Bash", {"command": "cat .env"})
    assert answer_tool_call(_mailbox(project), payload)


def _run(project: Path, preset: PermissionPreset, *paths: str) -> str:
    run = RunDirectory(project_state(project) / "runs" / "r1")
    run.path.mkdir(parents=True, mode=0o700)
    for folder in (run.path.parent, run.path):
        os.chmod(folder, 0o700)
    keep_for_run(
        run.rules, project, ProtectSettings(paths=paths), preset, ["Bash(curl:*)"], ["~/.ssh/**"]
    )
    return run.id


@pytest.mark.parametrize("preset", [PermissionPreset.STANDARD, PermissionPreset.EDITS])
def test_an_unattended_run_denies_what_its_permissions_deny(
    project: Path, preset: PermissionPreset
) -> None:
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    run = _run(project, preset, "data/**")
    for text in (
        "git push",
        "wget x",
        "cat data/x",
        "cat ~/.ssh/id",
        "echo x > .git/hooks/pre-commit",
        "git config core.hooksPath x",
        "echo '{}' > .claude/settings.json",
        "rm -rf $XDG_STATE_HOME",
        "echo x >> ~/.bashrc",
        "rm -rf .git",
        "echo x | tee /etc/hosts",
    ):
        assert _bash(project, text, run), text
    for text in (
        "git commit -qm x",
        "make test",
        "curl x",
        "rm .git/index.lock",
        "cat .env",
        "git config user.name x",
        "cat /etc/hosts ~/.bashrc",
    ):
        assert not _bash(project, text, run), text


def test_what_the_hook_of_a_run_denies_as_well_is_recorded_once(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _run(project, PermissionPreset.ALL, ".env")
    folder = project_state(project) / "runs" / run
    monkeypatch.setenv("OVERNIGHT_RUN_DIR", str(folder))
    for own in ("", run):
        assert _bash(project, "cat .env", own)
    assert _bash(project, "git push")  # which this run did not begin with
    lines = (folder / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["rule"] for line in lines] == [".env", "git push"]


def test_a_run_that_may_do_all_heeds_what_the_person_protects(project: Path) -> None:
    run = _run(project, PermissionPreset.ALL, "data/**")
    assert _bash(project, "cat data/x", run)
    assert _bash(project, "rm -rf $XDG_STATE_HOME/overnight-tui", run)
    assert not _bash(project, "git push; echo x > .claude/settings.json", run)


def test_the_rules_of_a_run_stay_as_they_began(project: Path) -> None:
    run = _run(project, PermissionPreset.ALL, ".env")
    (project / "config" / "overnight.yaml").write_text("")
    assert _bash(project, "cat .env", run)
    assert not _bash(project, "cat .env")


def test_a_run_without_rules_is_recorded_as_failed(project: Path) -> None:
    assert not _bash(project, "git push", "gone")
    assert [entry["effect"] for entry in _entries(project)] == ["failed"]


@pytest.mark.parametrize("mailbox", ["/", "/etc", "", "relative", "\0"])
def test_a_mailbox_that_is_none_gives_no_rules(project: Path, mailbox: str) -> None:
    assert answer_tool_call(mailbox, _payload(project, "Bash", {"command": "git push"})) == ""


def test_rules_behind_a_link_are_not_believed(project: Path, tmp_path: Path) -> None:
    assert _bash(project, "git push")
    file = project_state(project) / "protect.json"
    assert decode_rules(file.read_bytes()).project == str(project)
    planted = tmp_path / "planted"
    file.rename(planted)
    file.symlink_to(planted)
    assert _bash(project, "git push")
    assert not file.is_symlink()
