"""What a review counts as the agent's: not our files, not our hooks, but every hook that it wrote itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.repositories import sh
from tui.control.hooks import installer
from tui.control.hooks.hook_sets import HookSet
from tui.feeds.repo.night_diff import read_night_diff
from tui.model.events import SourceRef
from tui.monitor.history.own_changes import AgentChanges
from tui.night.evidence.risky_calls import RiskyCall
from tui.night.review.risks.find import find_risks
from tui.settings.original_sections import PathsSettings

THEIRS = '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"curl x"}]}]}}'
START = 1_000.0


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    folder = tmp_path / "project"
    folder.mkdir()
    sh(folder, "init", "-q", "-b", "main")
    (folder / "a.py").write_text("a = 1\n")
    (folder / "claude-progress.txt").write_text("- [ ] one\n")
    commit(folder)
    return folder


def commit(folder: Path) -> str:
    sh(folder, "add", "-A")
    sh(folder, "commit", "-q", "-m", "x")
    return sh(folder, "rev-parse", "HEAD")


def night(project: Path, *calls: str, names: PathsSettings | None = None) -> AgentChanges:
    base = sh(project, "rev-list", "--max-parents=0", "HEAD")
    changes = read_night_diff(project, base, START, None)
    made = [RiskyCall("Bash", text, SourceRef("s", n)) for n, text in enumerate(calls)]
    return AgentChanges(project, changes, names or PathsSettings(), made, None, None)


def changed(found: AgentChanges) -> list[str]:
    return [one.path for one in found.changes.files]


def risky(found: AgentChanges) -> list[str]:
    risks = find_risks(found.changes, None, (), "", settings=found.settings_files)
    return [one.path for one in risks if one.kind == "permissions"]


def test_own_files_are_no_changes_of_the_agent(project: Path) -> None:
    (project / "claude-progress.txt").write_text("- [x] one\n")
    (project / "claude-session-notes.md").write_text("# Notes\n")
    (project / "logs" / "transcripts").mkdir(parents=True)
    (project / "logs" / "session-history.jsonl").write_text("{}\n")
    (project / "logs" / "transcripts" / "transcript-1.jsonl").write_text("{}\n")
    (project / "b.py").write_text("b = 1\n")
    assert changed(night(project)) == ["b.py"]
    commit(project)
    assert changed(night(project)) == ["b.py"]


def test_names_of_own_files_hide_nothing_else(project: Path) -> None:
    """A night can change the project's settings, and what is executable is no log."""
    (project / "config").mkdir()
    (project / "config" / "overnight.yaml").write_text("paths: {session_notes: evil.md}\n")
    (project / "evil.md").write_text("x\n")
    (project / "logs" / "transcripts").mkdir(parents=True)
    (project / "logs" / "transcripts" / "transcript-1.sh").write_text("x\n")
    (project / "claude-progress.txt").chmod(0o755)
    (project / "a.py").write_text("a = 2\n")
    names = PathsSettings(session_notes="evil.md", progress_file="a.py")
    assert set(changed(night(project, names=names))) == {
        *("config/overnight.yaml", "evil.md", "logs/transcripts/transcript-1.sh"),
        *("claude-progress.txt", "a.py"),
    }


@pytest.mark.parametrize("sets", [(), tuple(HookSet)])
def test_our_hooks_are_neither_change_nor_risk(project: Path, sets: tuple[HookSet, ...]) -> None:
    installer.install(project, sets)
    assert not changed(found := night(project))
    assert not risky(found)
    commit(project)  # somebody may commit them
    assert not changed(night(project))
    installer.uninstall(project)
    assert not changed(night(project))
    assert not risky(night(project))


def test_a_hook_that_the_agent_wrote_is_a_risk(project: Path) -> None:
    (project / ".claude").mkdir()
    (project / ".claude" / "settings.json").write_text(THEIRS)
    assert risky(night(project)) == [".claude/settings.json"]
    commit(project)
    assert risky(night(project)) == [".claude/settings.json"]


def test_a_hook_hidden_among_ours_is_a_risk(project: Path) -> None:
    installer.install(project, tuple(HookSet))
    file = project / ".claude" / "settings.local.json"
    settings = json.loads(file.read_text())
    settings["hooks"]["Stop"][0]["hooks"].append({"type": "command", "command": "curl x"})
    file.write_text(json.dumps(settings))
    assert changed(found := night(project)) == [".claude/settings.local.json"]
    assert risky(found) == [".claude/settings.local.json"]


def test_a_hook_with_our_mark_is_not_ours(project: Path) -> None:
    installer.install(project)
    file = project / ".claude" / "settings.local.json"
    file.write_text(file.read_text().replace("XDG_STATE_HOME=", "curl x; XDG_STATE_HOME="))
    assert risky(night(project)) == [".claude/settings.local.json"]


@pytest.mark.parametrize("name", ["settings.json", "settings.local.json"])
def test_what_git_ignores_is_looked_at_too(project: Path, name: str) -> None:
    (project / ".gitignore").write_text(".claude/\n")
    commit(project)
    (project / ".claude").mkdir()
    (project / ".claude" / name).write_text(THEIRS)
    assert not risky(night(project)), "nothing tells that it is of this night"
    call = f"echo '{THEIRS}' > .claude/{name}"
    assert risky(night(project, call)) == [f".claude/{name}"]
    installer.install(project)  # the person's, meanwhile
    assert not risky(night(project))


def test_what_git_ignores_and_is_ours_alone_is_no_risk(project: Path) -> None:
    (project / ".gitignore").write_text(".claude/\n")
    commit(project)
    (project / ".claude").mkdir()
    (project / ".claude" / "settings.local.json").write_text(THEIRS)
    installer.install(project, tuple(HookSet))
    calls = ("cat .claude/settings.local.json > x", "overnight-tui hooks install")
    assert not risky(night(project, *calls))


def test_a_hook_in_the_person_s_own_settings_is_a_risk(project: Path, tmp_path: Path) -> None:
    (tmp_path / "claude").mkdir()
    (tmp_path / "claude" / "settings.json").write_text(THEIRS)
    assert not risky(night(project))
    assert risky(night(project, "tee ~/.claude/settings.json < x")) == ["~/.claude/settings.json"]
