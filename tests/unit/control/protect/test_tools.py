"""Calls of tools that name files, and rules for paths of every shape."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.control.protect.scene import command, judged, make_project
from tui.control.protect.rules import KeptRules, Rules, decode_rules, encode_rules, stamp_of
from tui.model.permissions.denied_commands import denied_commands


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("tools"))


def _put(value: object, project: Path) -> object:
    if isinstance(value, str):
        return value.replace("{p}", str(project))
    if isinstance(value, list):
        return [_put(one, project) for one in value]
    assert isinstance(value, dict)
    return {key: _put(one, project) for key, one in value.items()}


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("Read", {"file_path": "{p}/.env"}),
        ("Read", {"file_path": ".env"}),
        ("Read", {"file_path": "{p}/sub/../.env"}),
        ("Read", {"file_path": "{p}//./.env"}),
        ("Read", {"file_path": "{p}/.ENV"}),
        ("Read", {"file_path": "{p}/link"}),
        ("Read", {"file_path": "{p}/hard"}),
        ("Read", {"file_path": "{p}/slink/a.pem"}),
        ("Read", {"file_path": "file://{p}/.env"}),
        ("Read", {"file_path": "{p}/secrets/new/deeper.txt"}),
        ("Write", {"file_path": "{p}/.env", "content": "x"}),
        ("Write", {"file_path": "{p}/slink/new", "content": "x"}),
        ("Write", {"file_path": "{p}/secrets/a/b.pem", "content": "x"}),
        ("Edit", {"file_path": "{p}/.env", "old_string": "a", "new_string": "b"}),
        ("MultiEdit", {"file_path": "{p}/.env", "edits": []}),
        ("NotebookEdit", {"notebook_path": "{p}/secrets/x.ipynb", "new_source": ""}),
        ("Glob", {"pattern": "secrets/**"}),
        ("Glob", {"pattern": "*.pem", "path": "{p}/secrets"}),
        ("Glob", {"pattern": "{p}/secrets/*"}),
        ("Glob", {"pattern": ".e*"}),
        ("Glob", {"pattern": "**/.env*"}),
        ("Grep", {"pattern": "KEY", "path": "{p}/.env"}),
        ("Grep", {"pattern": "KEY", "path": "secrets"}),
        ("Grep", {"pattern": "KEY", "glob": ".env"}),
        ("LS", {"path": "{p}/secrets"}),
        ("mcp__files__read", {"path": "{p}/.env"}),
        ("mcp__files__read_many", {"paths": ["README.md", "{p}/.env"]}),
        ("mcp__files__move", {"source": "x", "destination": "{p}/secrets/x"}),
        ("mcp__x__y", {"options": {"file": ".env"}}),
        ("mcp__shell__run", {"command": "git push"}),
        ("mcp__shell__run", {"cmd": ["git", "push"]}),
        ("Monitor", {"command": "tail -f .env", "description": "x"}),
        ("mcp__files__read", {"uri": "file://{p}/.env"}),
    ],
)
def test_denied(project: Path, tool: str, given: object) -> None:
    refusal = judged(project, tool, _put(given, project))
    assert refusal is not None
    assert refusal.rule in refusal.reason


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("Read", {"file_path": "{p}/README.md"}),
        ("Read", {"file_path": "{p}/.env.example"}),
        ("Read", {"file_path": "{p}/sub/.env"}),
        ("Read", {"file_path": "{p}/secrets2/a"}),
        ("Read", {"file_path": 7}),
        ("Read", {}),
        (
            "Edit",
            {"file_path": "{p}/.env.example", "old_string": ".env", "new_string": "secrets/a"},
        ),
        ("Write", {"file_path": "{p}/a.py", "content": "open('.env'); git push; rm -rf /"}),
        ("Glob", {"pattern": "**/*.py"}),
        ("Glob", {"pattern": "*"}),
        ("Grep", {"pattern": "git push", "path": "{p}"}),
        ("Grep", {"pattern": ".env"}),
        ("Grep", {"pattern": "x", "glob": "*.py"}),
        ("Grep", {"pattern": "x", "glob": "!.env"}),
        ("Task", {"prompt": "cat .env and git push", "path": ".env"}),
        ("WebSearch", {"query": "git push"}),
        ("WebFetch", {"url": "http://x/.env", "prompt": "read .env"}),
        ("TodoWrite", {"todos": [{"content": "rm -rf x"}]}),
        ("mcp__x__y", {"text": "{p}/.env", "query": "git push"}),
        ("mcp__x__y", {"path": "https://example.org/.env"}),
        ("Bash", {"command": ["git", "push"]}),
        ("Bash", ["git push"]),
        ("Bash", None),
    ],
)
def test_free(project: Path, tool: str, given: object) -> None:
    if isinstance(given, dict):
        given = {k: v if not isinstance(v, str) else _put(v, project) for k, v in given.items()}
    assert judged(project, tool, given) is None


@pytest.mark.parametrize(
    ("glob", "path", "is_denied"),
    [
        (".env", ".env", True),
        ("./.env", ".env", True),
        (".env", "sub/.env", False),
        ("**/.env", "sub/.env", True),
        ("**/.env", ".env", True),
        (".env*", ".env.example", True),
        ("secrets", "secrets/a", True),
        ("secrets/", "secrets/a/b", True),
        ("secrets/*", "secrets/a/b", True),
        ("secrets/**", "secrets", True),
        ("secrets/**", "secretsx", False),
        ("secrets/*.pem", "secrets/a.pem", True),
        ("secrets/*.pem", "secrets/a.txt", False),
        ("secrets/*.pem", "secrets/x/a.pem", False),
        ("secrets/**/*.pem", "secrets/a.pem", True),
        ("secrets/**/*.pem", "secrets/x/y/a.pem", True),
        ("**/secrets/**", "a/b/secrets/c", True),
        ("a/**/b/**/c", "a/x/b/y/z/c", True),
        ("a/**/b/**/c", "a/x/b/y/z", False),
        ("?.txt", "a.txt", True),
        ("?.txt", "ab.txt", False),
        ("[ab].txt", "b.txt", True),
        ("[!ab].txt", "b.txt", False),
        ("[a-c]x", "bx", True),
        ("**", "anything", True),
        ("*", "anything/below", True),
        ("Straße", "STRASSE", True),
        ("café", "cafe\u0301", True),
        ("a b", "a b", True),
        ("../outside", "../outside", False),
    ],
)
def test_globs(tmp_path: Path, glob: str, path: str, is_denied: bool) -> None:
    top = tmp_path / "a [x] *"
    top.mkdir()
    rules = Rules(paths=(glob,))
    refusal = judged(top, "Write", {"file_path": f"{top}/{path}"}, rules)
    assert (refusal is not None) == is_denied
    assert (judged(top, "Read", {"file_path": path}, rules) is not None) == is_denied


@pytest.mark.parametrize(
    ("glob", "path"),
    [("/etc/x/**", "/etc/x/y"), ("~/.ssh/**", "/home/u/.ssh/id"), ("~/.ssh", "~/.ssh/id")],
)
def test_globs_outside_of_the_project(project: Path, glob: str, path: str) -> None:
    rules = Rules(paths=(glob,))
    assert judged(project, "Read", {"file_path": path}, rules) is not None
    assert command(project, f"cat {path}", rules) is not None
    assert command(project, "cat x", rules) is None


def test_what_a_protected_link_leads_to_is_protected(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x")
    (tmp_path / ".env").symlink_to("real")
    assert command(tmp_path, "cat real", Rules(paths=(".env",))) is not None


def test_a_project_behind_a_link(project: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(project)
    for path in (f"{link}/.env", f"{project}/.env", ".env"):
        assert judged(link, "Read", {"file_path": path}) is not None
        assert judged(project, "Read", {"file_path": path}, cwd=link) is not None


def test_a_folder_below_the_top(project: Path) -> None:
    assert command(project, "cat ../.env", cwd=project / "sub") is not None
    assert command(project, "cat .env", cwd=project / "sub") is None


def test_a_hard_link_to_a_file_in_a_protected_folder(project: Path) -> None:
    name = project / "sub" / "other-name"
    os.link(project / "secrets" / "a.pem", name)
    assert command(project, "cat sub/other-name") is not None
    name.unlink()


def test_what_may_be_read_and_not_written(project: Path) -> None:
    rules = Rules(written=(".claude/settings.json", ".git/hooks/**"))
    for text in (
        "cat .claude/settings.json",
        "ls .git/hooks",
        "cp .git/hooks/a x",
        "jq . .claude/settings.json",
    ):
        assert command(project, text, rules) is None, text
    for text in (
        "echo x > .claude/settings.json",
        "cp x .git/hooks/pre-commit",
        "mv x .claude/settings.json",
        "sed -i s/a/b/ .claude/settings.json",
        "chmod +x .git/hooks/pre-commit",
        "python -c \"open('.claude/settings.json', 'w')\"",
        "rm -r .claude" if (project / ".claude").exists() else "rm .claude/settings.json",
        "tee .git/hooks/x",
        "install x .git/hooks",
        "cd .git/hooks && touch x",
    ):
        assert command(project, text, rules) is not None, text
    assert judged(project, "Read", {"file_path": ".claude/settings.json"}, rules) is None
    assert judged(project, "Edit", {"file_path": ".claude/settings.json"}, rules) is not None


@pytest.mark.parametrize(
    ("text", "is_denied"),
    [
        ("rm -rf build", False),
        ("rm -rf ./build/*", True),
        ("rm -rf /x", True),
        ("rm -rf ~/x", True),
        ("rm -rf $HOME", True),
        ("rm -rf .", True),
        ("rm -rf $PWD", True),
        ("rm -rf {p}", True),
        ("rm -rf {p}/build", False),
        ("rm -rf {p}/..", True),
        ("cd build && rm -rf ..", True),
        ("sudo -n true", True),
        ("curl -s http://x", True),
        ("bash -c 'git push --force'", True),
        ("git -C . reset --hard HEAD~1", True),
        ("git reset --soft HEAD~1", False),
        ("env", True),
        ("env A=1 pytest", False),
        ("git add -A && git commit -qm 'git push'", False),
        ("make test", False),
        ("mkdir -p pkg && touch pkg/x.py", False),
        ("find . -name '*.pyc' -delete", True),
        ("find build -name '*.o' -delete", False),
    ],
)
def test_what_a_run_denies(project: Path, text: str, is_denied: bool) -> None:
    rules = Rules(denied=denied_commands())
    refusal = command(project, text.replace("{p}", str(project)), rules)
    assert (refusal is not None) == is_denied


def test_rules_are_kept_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("x")
    rules = Rules((".env",), ("git push",), (".git/config",), denied_commands())
    kept = KeptRules("/p", rules, (stamp_of(str(file)), stamp_of("/nonexistent")))
    assert decode_rules(encode_rules(kept)) == kept
    assert kept.are_current()
    file.write_text("longer")
    assert not kept.are_current()


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"schema": 1}', b'{"schema": 1, "project": "/p"}', b'{"schema": 2}'],
)
def test_no_rules_are_no_empty_rules(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        decode_rules(data)
