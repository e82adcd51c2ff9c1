"""Our hooks in a project's settings: nothing else moves, and they go as they came."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.repositories import make
from tui.control.channels.mailbox import Mailbox
from tui.control.hooks import installer, status
from tui.control.hooks.hook_sets import HookSet, entries_of
from tui.control.hooks.status import HookLevel
from tui.runner.preflight import check_clean
from tui.settings.settings import Settings
from tui.store.ledgers.hook_record import load_hook_record
from tui.system.errors import RefusedError
from tui.system.git import Git

EVENTS = tuple(entry.event for entry in entries_of((HookSet.MAILBOX,)))
REPOSITORY = Path(__file__).resolve().parents[3]
HAND_WRITTEN = """{
\t"permissions": { "allow": ["Bash(ls:*)"],   "deny": [ ] },
\t"hooks": {
\t\t"Stop": [ {"hooks": [{"type": "command", "command": "say done"}]} ],
\t\t"PostToolUse": [
\t\t\t{
\t\t\t\t"matcher": "Edit|Write",
\t\t\t\t"hooks": [{ "type": "command", "command": "make fmt", "timeout": 1e1 }]
\t\t\t}
\t\t],
\t\t"PreToolUse": []
\t},
\t"unknown key \\u00e9": [1.50, 1E2, null]
}"""
LAYOUTS = {
    "hand-written": HAND_WRITTEN,
    "nothing inside": "{}",
    "spaces inside": "{ \n }\n\n",
    "one line": '{"model":"opus","hooks":{"Stop":[]}}',
    "empty hooks": '{\n  "hooks": {}\n}\n',
    "CRLF": '{\r\n    "a": 1,\r\n    "hooks": {\r\n        "Stop": []\r\n    }\r\n}\r\n',
    "four spaces": '{\n    "env": {\n        "A": "ü"\n    }\n}',
}


@pytest.fixture(autouse=True)
def _no_settings_of_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def write(project: Path, text: str) -> Path:
    file = status.settings_path(project)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(text.encode())
    return file


def without_ours(settings: Any) -> Any:
    """The settings as they would be without our hooks."""
    kept = json.loads(json.dumps(settings))
    hooks = kept.get("hooks", {})
    for event in list(hooks):
        groups = [
            group
            for group in hooks[event]
            if not any(status.is_marked(one.get("command")) for one in group["hooks"])
        ]
        hooks[event] = groups
    return kept


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_else_changes_a_byte_and_uninstalling_brings_all_back(
    project: Path, layout: str
) -> None:
    text = LAYOUTS[layout]
    file = write(project, text)
    file.chmod(0o640)
    assert installer.install(project)
    assert status.hook_status(project).complete
    assert not installer.install(project)
    now = file.read_bytes().decode()
    kept, lines = iter(now), text.replace(" \n }", "}")
    assert all(letter in kept for letter in "".join(lines.split()))
    assert without_ours(json.loads(now)).get("permissions") == json.loads(text).get("permissions")
    if layout == "hand-written":
        assert all(
            line in now for line in text.split("\n") if "Stop" not in line and line != "\t\t],"
        )
        assert now.index('"Stop"') < now.index('"PostToolUse"') < now.index('"PreToolUse"')
    if layout == "CRLF":
        assert now.count("\n") == now.count("\r\n")
    assert file.stat().st_mode & 0o777 == 0o640
    assert installer.uninstall(project)
    assert file.read_bytes() == text.encode()
    assert not installer.uninstall(project)


def test_what_was_not_there_is_not_there_afterwards(project: Path) -> None:
    installer.install(project)
    assert status.settings_path(project).exists()
    assert status.hook_status(project).folder_made_at is not None
    installer.uninstall(project)
    assert not (project / ".claude").exists()


def test_a_folder_that_was_there_stays(project: Path) -> None:
    (project / ".claude").mkdir()
    installer.install(project)
    assert status.hook_status(project).folder_made_at is None
    installer.uninstall(project)
    assert list((project / ".claude").iterdir()) == []


def test_what_others_wrote_since_stays(project: Path) -> None:
    file = write(project, HAND_WRITTEN)
    installer.install(project)
    changed = file.read_text().replace("say done", "say more").replace("1.50", "2.50")
    file.write_text(changed)
    assert installer.uninstall(project)
    assert file.read_text() == HAND_WRITTEN.replace("say done", "say more").replace("1.50", "2.50")


def test_a_hook_put_into_our_group_stays_there(project: Path) -> None:
    file = write(project, "{}")
    installer.install(project)
    now = json.loads(file.read_text())
    theirs = {"type": "command", "command": "mine"}
    now["hooks"]["Stop"][0]["hooks"].insert(0, theirs)
    file.write_text(json.dumps(now))
    installer.uninstall(project)
    assert json.loads(file.read_text()) == {"hooks": {"Stop": [{"hooks": [theirs]}]}}


def test_hooks_that_call_another_place_are_told_and_replaced(project: Path) -> None:
    file = write(project, HAND_WRITTEN)
    installer.install(project)
    now = file.read_text()
    file.write_text(now.replace(str(Mailbox(project).folder), "/moved/away"))
    assert status.hook_status(project).stale == EVENTS
    assert installer.install(project)
    assert status.hook_status(project).complete
    installer.uninstall(project)
    assert file.read_text() == HAND_WRITTEN


LEAF = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
VALUE = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
GROUP = st.fixed_dictionaries(
    {"hooks": st.lists(st.fixed_dictionaries({"command": st.text(max_size=8)}), max_size=2)}
)
EVENT = st.sampled_from(("Stop", "PostToolUse", "PostToolUseFailure", "SessionStart"))
SETTINGS = st.builds(
    lambda other, hooks: {**other, **({} if hooks is None else {"hooks": hooks})},
    st.dictionaries(st.text(max_size=5), VALUE, max_size=3).filter(
        lambda found: "hooks" not in found
    ),
    st.none() | st.dictionaries(EVENT, st.lists(GROUP, max_size=2), max_size=3),
)


@settings(deadline=None, max_examples=60)
@given(found=SETTINGS, indent=st.sampled_from((None, 1, 2, 4, "\t")), is_ascii=st.booleans())
def test_any_settings_keep_what_they_say(
    tmp_path_factory: pytest.TempPathFactory, found: Any, indent: Any, is_ascii: bool
) -> None:
    project = tmp_path_factory.mktemp("project")
    text = json.dumps(found, indent=indent, ensure_ascii=is_ascii)
    file = write(project, text)
    assert installer.install(project)
    assert status.hook_status(project).events == EVENTS
    now = json.loads(file.read_text("utf-8"))
    kept = without_ours(now)
    assert [key for key in kept if key != "hooks"] == [key for key in found if key != "hooks"]
    for event, groups in found.get("hooks", {}).items():
        assert kept["hooks"][event] == groups
    file.write_text(file.read_text("utf-8") + "\n", "utf-8")  # no longer what was installed
    assert installer.uninstall(project)
    left = json.loads(file.read_text("utf-8"))
    assert left == found


REFUSED = {
    "not JSON": '{"a": 1,}',
    "comment": '{"a": 1} // why',
    "list": "[]",
    "byte order mark": "\ufeff{}",
    "hooks a list": '{"hooks": []}',
    "event no list": '{"hooks": {"Stop": {}}}',
    "key twice": '{"hooks": {}, "hooks": {}}',
    "deep": '{"a": ' + "[" * 100_000,
    "empty": "",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_left_alone_with_a_sentence(project: Path, name: str) -> None:
    file = write(project, REFUSED[name])
    with pytest.raises(RefusedError) as told:
        installer.install(project)
    assert str(file) in str(told.value)
    assert file.read_bytes() == REFUSED[name].encode()
    assert os.listdir(file.parent) == [file.name]


def test_links_and_odd_files_are_refused(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text("{}")
    file = status.settings_path(project)
    file.parent.mkdir()

    def refused(words: str) -> None:
        with pytest.raises(RefusedError, match=words):
            installer.install(project)
        assert elsewhere.read_text() == "{}"

    file.symlink_to(elsewhere)
    refused("symbolic link.*Put a copy")
    file.unlink()
    os.link(elsewhere, file)
    refused("hard links.*put a copy")
    file.unlink()
    os.mkfifo(file)
    refused("no regular file")
    file.unlink()
    file.write_bytes(b" " * (1 << 20) + b"{}")
    refused("larger than")
    file.unlink()
    file.parent.rmdir()
    (tmp_path / "folder").mkdir()
    file.parent.symlink_to(tmp_path / "folder")
    refused("symbolic link.*Put a copy")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_somebody_elses_file_is_refused(project: Path) -> None:
    file = write(project, "{}")
    os.chown(file, 12_345, 12_345)
    with pytest.raises(RefusedError, match="another user"):
        installer.install(project)
    os.chown(file, 0, 0)
    os.chown(file.parent, 12_345, 12_345)
    with pytest.raises(RefusedError, match="another user"):
        installer.install(project)


def test_a_file_that_changes_meanwhile_is_left_alone(project: Path) -> None:
    file = write(project, "{}")
    seen = status.read_settings(status.place_of(project))
    file.write_text('{"a": 1}')
    with pytest.raises(RefusedError, match="changed meanwhile"):
        installer.replace_settings(status.place_of(project), b"{}", seen)
    assert file.read_text() == '{"a": 1}'


def test_hooks_that_are_switched_off_are_told(project: Path, tmp_path: Path) -> None:
    installer.install(project)
    (tmp_path / "claude").mkdir()
    (tmp_path / "claude" / "settings.json").write_text('{"disableAllHooks": true}')
    state = status.hook_status(project)
    assert not state.complete
    assert "disableAllHooks" in state.off


@pytest.mark.parametrize("odd", ["1e400", "NaN", '"\\ud800"'])
def test_hooks_that_the_file_itself_switches_off_are_told(project: Path, odd: str) -> None:
    """Also where it holds what only a lenient reader of JSON takes, as Claude Code's is."""
    write(project, f'{{"a": {odd}, "disableAllHooks": true}}')
    assert "settings.local.json" in status.hook_status(project).off


def test_a_second_look_that_fails_is_a_refusal(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, "{}")
    seen = status.read_settings(status.place_of(project))

    def fail(*arguments: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(status, "read_version", fail)
    with pytest.raises(RefusedError, match="cannot be written: Input/output error"):
        installer.replace_settings(status.place_of(project), b"{}", seen)


# --- sets, and both levels ---

ALL = tuple(HookSet)
CONTINUOUS, PROTECT = (HookSet.CONTINUOUS,), (HookSet.PROTECT,)


def hooks_of(file: Path) -> dict[str, list[dict[str, Any]]]:
    """Our hooks by their events, as the CLI would find them."""
    hooks = json.loads(file.read_text()).get("hooks", {})
    found = {
        event: [
            one for group in groups for one in group["hooks"] if status.is_marked(one["command"])
        ]
        for event, groups in hooks.items()
    }
    return {event: ours for event, ours in found.items() if ours}


@pytest.mark.parametrize("layout", [*LAYOUTS, "nothing"])
@pytest.mark.parametrize("level", list(HookLevel))
@pytest.mark.parametrize(
    "steps",
    [
        (ALL,),
        ((), CONTINUOUS, PROTECT),
        (PROTECT, (), CONTINUOUS),
        (CONTINUOUS, CONTINUOUS, (), ALL),
    ],
)
def test_sets_add_up_and_one_removal_brings_the_bytes_back(
    project: Path, layout: str, level: HookLevel, steps: tuple[tuple[HookSet, ...], ...]
) -> None:
    file = status.settings_path(project, level)
    text = LAYOUTS.get(layout)
    if text is not None:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode())
    wanted: set[HookSet] = {HookSet.MAILBOX}
    for sets in steps:
        installer.install(project, sets, level)
        wanted |= {*sets}
        found = status.hook_status(project, level)
        assert found.complete
        assert found.sets == wanted
    assert not installer.install(project, steps[-1], level)
    assert {event: len(ours) for event, ours in hooks_of(file).items()} == {
        entry.event: 1 for entry in entries_of(wanted)
    }
    assert installer.uninstall(project, level=level)
    assert (file.read_bytes().decode() if text is not None else file.exists()) == (text or False)


def test_each_hook_has_a_time_that_it_may_take(project: Path) -> None:
    installer.install(project, ALL)
    hooks = hooks_of(status.settings_path(project))
    assert {event: ours[0]["timeout"] for event, ours in hooks.items()} == {
        **{"PostToolUse": 10, "PostToolUseFailure": 10, "Stop": 60},
        **{"PreCompact": 60, "SessionStart": 15, "PreToolUse": 10},
    }


def test_a_set_can_go_alone(project: Path) -> None:
    file = write(project, HAND_WRITTEN)
    installer.install(project, ALL)
    assert not installer.uninstall(project, (), HookLevel.USER)
    assert installer.uninstall(project, CONTINUOUS)
    assert not installer.uninstall(project, CONTINUOUS)
    found = status.hook_status(project)
    assert (found.complete, found.sets) == (True, frozenset({HookSet.MAILBOX, HookSet.PROTECT}))
    assert "PreCompact" not in hooks_of(file)
    assert installer.uninstall(project)
    assert file.read_text() == HAND_WRITTEN


def test_what_others_wrote_between_two_installs_stays(project: Path) -> None:
    file = write(project, HAND_WRITTEN)
    installer.install(project)
    file.write_text(file.read_text().replace("say done", "say more"))
    installer.install(project, ALL)
    file.write_text(file.read_text().replace("1.50", "2.50"))
    assert installer.uninstall(project)
    assert file.read_text() == HAND_WRITTEN.replace("say done", "say more").replace("1.50", "2.50")


def test_hooks_of_others_in_the_same_events_stay(project: Path) -> None:
    theirs = {
        event: [{"matcher": "*", "hooks": [{"type": "command", "command": f"mine {event}"}]}]
        for event in ("Stop", "PreCompact", "SessionStart", "PreToolUse", "Notification")
    }
    text = json.dumps({"hooks": theirs}, indent=4).replace("\n", "\r\n")
    file = write(project, text)
    installer.install(project, ALL)
    assert without_ours(json.loads(file.read_text())) == {
        "hooks": {**theirs, "PostToolUse": [], "PostToolUseFailure": []}
    }
    file.write_bytes(file.read_bytes() + b"\r\n")
    installer.uninstall(project)
    assert file.read_bytes() == text.encode() + b"\r\n"


def test_hooks_of_a_version_before_are_told_and_replaced(project: Path) -> None:
    """It had an event that older versions of the CLI do not know, which pass over the whole file then."""
    file = write(project, HAND_WRITTEN)
    installer.install(project)
    now = file.read_text().replace("PostToolUseFailure", "PostToolBatch")
    file.write_text(now)
    found = status.hook_status(project)
    assert (found.missing, found.astray) == (("PostToolUseFailure",), ("PostToolBatch",))
    assert found.delivers
    installer.install(project)
    assert "PostToolBatch" not in file.read_text()
    installer.uninstall(project)
    assert file.read_text() == HAND_WRITTEN


def test_a_set_that_is_not_whole_is_told(project: Path) -> None:
    file = write(project, "{}")
    installer.install(project, ALL)
    now = json.loads(file.read_text())
    del now["hooks"]["PreCompact"]
    now["hooks"]["Notification"] = now["hooks"]["SessionStart"]
    file.write_text(json.dumps(now))
    found = status.hook_status(project)
    assert not found.complete
    assert (found.missing, found.astray, found.stale) == (("PreCompact",), ("Notification",), ())
    assert found.delivers
    assert installer.install(project)
    assert status.hook_status(project).complete
    assert "Notification" not in json.loads(file.read_text())["hooks"]


def test_the_person_s_settings_may_lie_behind_a_link(project: Path, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "claude.json").write_text(HAND_WRITTEN)
    (tmp_path / "claude").mkdir()
    link = tmp_path / "claude" / "settings.json"
    link.symlink_to(dotfiles / "claude.json")
    installer.install(project, ALL, HookLevel.USER)
    assert link.is_symlink()
    assert status.hook_status(project, HookLevel.USER).complete
    assert not status.hook_status(project).sets
    installer.uninstall(project, level=HookLevel.USER)
    assert (dotfiles / "claude.json").read_text() == HAND_WRITTEN


def test_a_hook_of_every_project_names_no_mailbox(project: Path) -> None:
    installer.install(project, ALL, HookLevel.USER)
    for ours in hooks_of(status.settings_path(project, HookLevel.USER)).values():
        assert str(Mailbox(project).folder) not in ours[0]["command"]
    assert status.mailbox_status(project).complete
    installer.install(project)
    assert status.mailbox_status(project).level is HookLevel.PROJECT


def test_commands_that_were_ever_installed_stay_known(project: Path) -> None:
    installer.install(project, ALL)
    commands = {ours[0]["command"] for ours in hooks_of(status.settings_path(project)).values()}
    installer.uninstall(project)
    assert commands <= {*load_hook_record(status.place_of(project).record).commands}


def test_a_file_with_our_hooks_alone_is_no_work(project: Path) -> None:
    repository = make(project.parent / "repository", {"a.py": "a\n"})
    git = Git(repository)

    def is_clean() -> bool:
        try:
            check_clean(git, repository, Settings())
        except RefusedError:
            return False
        return True

    assert is_clean()
    installer.install(repository, ALL)
    assert is_clean()
    file = status.settings_path(repository)
    file.write_bytes(file.read_bytes() + b" ")
    assert not is_clean()
    installer.uninstall(repository)
    write(repository, HAND_WRITTEN)
    installer.install(repository)
    assert not is_clean(), "the person's own part is not committed"


def command(project: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tui", "hooks", *words, str(project)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=50,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_command_installs_tells_and_takes_away(project: Path) -> None:
    assert command(project, "status")[0] == 3
    code, words = command(project, "install")
    assert (code, words.count("\n")) == (0, 1)
    assert command(project, "status")[0] == 0
    assert command(project, "uninstall")[0] == 0
    assert not (project / ".claude").exists()
    write(project, "{")
    code, words = command(project, "install")
    assert (code, words.count("\n")) == (4, 1)
    assert "not valid JSON" in words


def test_the_command_knows_sets_and_levels(project: Path) -> None:
    code, words = command(project, "install", "--continuous", "--protect")
    assert (code, words.count("\n")) == (0, 1)
    assert "go on while tasks are open" in words
    code, words = command(project, "status")
    assert (code, words.count("\n")) == (0, 1)
    assert "continuous, mailbox, protect" in words
    assert command(project, "install", "--user")[0] == 0
    code, words = command(project, "status")
    assert (code, words.count("\n")) == (0, 2)
    assert command(project, "uninstall", "--continuous")[0] == 0
    assert "continuous" not in command(project, "status")[1]
    assert command(project, "uninstall")[0] == 0
    code, words = command(project, "status")
    assert (code, words.count("\n")) == (0, 1)
    assert not (project / ".claude").exists()
    assert command(project, "uninstall", "--user")[0] == 0
    assert command(project, "status")[0] == 3
