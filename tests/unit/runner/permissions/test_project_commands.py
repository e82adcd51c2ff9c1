"""Which commands of a project become rules: by its files, whose names are not believed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.permissions.granted import CommandPurpose, PermissionPreset
from tui.runner.permissions.ecosystems import beginnings, common_commands, ecosystems
from tui.runner.permissions.preset import parse_version, permissions_of
from tui.runner.permissions.project_commands import (
    find_commands,
    names_by_folder,
    purpose_of_name,
)
from tui.settings.own_sections import SKIP_PERMISSIONS, AgentSettings


def found(project: Path) -> set[str]:
    return {command.text for command in find_commands(project)}


def write(project: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project


MAKEFILE = """\
X := 1
test lint: deps
\techo
deploy: build
.PHONY: test
test-unit::
push:
install:
Y::=2
%.o: %.c
$(OUT): x
build/x: y
release-docs:
"""


def test_targets_of_make(tmp_path: Path) -> None:
    assert found(write(tmp_path, {"Makefile": MAKEFILE})) == {
        "make test",
        "make lint",
        "make test-unit",
    }


BEFORE = (
    *("npx ", "npx --no-install ", "npm exec ", "pnpm ", "pnpm exec "),
    *("node_modules/.bin/", "./node_modules/.bin/"),
)
"""How a tool that a package needs is called where pnpm is in use."""


def test_scripts_of_npm_and_of_the_manager_in_use(tmp_path: Path) -> None:
    scripts = {"test:unit": "x", "deploy": "x", "postinstall": "x", "lint": "x", "start": "x"}
    package = {
        "scripts": scripts,
        "devDependencies": {"jest": "1", "typescript": "5", "left-pad": "1"},
    }
    files = {"package.json": json.dumps(package), "pnpm-lock.yaml": ""}
    assert found(write(tmp_path, files)) == {
        *("npm run test:unit", "pnpm run test:unit", "pnpm test:unit"),
        *("npm run lint", "pnpm run lint", "pnpm lint"),
        *(f"{before}{tool}" for before in BEFORE for tool in ("jest", "tsc")),
    }


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("justfile", "test a='x':\n  y\n@lint:\nship:\nx := 'test'\n", {"just test", "just lint"}),
        ("Taskfile.yml", "version: 3\ntasks:\n  test:\n    cmds: []\n  push:\n", {"task test"}),
        ("composer.json", '{"scripts": {"test": "x", "deploy": "y"}}', {"composer test", "composer run test"}),
        ("deno.json", '{"tasks": {"check": "x"}}', {"deno task check"}),
        ("Rakefile", "task :spec do\ntask :deploy\n", {"rake spec", "bundle exec rake spec"}),
        ("pyproject.toml", "[tool.poe.tasks]\ntest = 'x'\nship = 'y'\n", {"poe test"}),
        ("pyproject.toml", "[tool.hatch.envs.default.scripts]\ncov = 'x'\n", {"hatch run cov"}),
        ("package.json", "{nonsense", set()),
        ("package.json", '{"scripts": ["test"]}', set()),
        ("pyproject.toml", "[[[", set()),
    ],
)  # fmt: skip
def test_names_in_other_files(name: str, text: str, wanted: set[str], tmp_path: Path) -> None:
    assert found(write(tmp_path, {name: text})) == wanted


def test_scripts_by_their_names(tmp_path: Path) -> None:
    files = {
        "scripts/test.sh": "",
        "scripts/deploy.sh": "",
        "run_tests.sh": "",
        "bin/lint": "",
        "bin/x": "",
    }
    write(tmp_path, files)
    (tmp_path / "bin/lint").chmod(0o755)
    (tmp_path / "scripts/check.sh").symlink_to("/bin/sh")
    assert found(tmp_path) == {
        *("bash scripts/test.sh", "sh scripts/test.sh", "bash run_tests.sh", "sh run_tests.sh"),
        *("./bin/lint", "bin/lint"),
    }


def test_folders_below_count_and_those_of_dependencies_do_not(tmp_path: Path) -> None:
    files = {
        "web/package.json": '{"scripts": {"test": "x"}}',
        "node_modules/package.json": '{"scripts": {"lint": "x"}}',
    }
    write(tmp_path, {**files, "lib/Makefile": "check:\n"})
    (tmp_path / "away").symlink_to(tmp_path / "web")
    assert found(tmp_path) == {
        "npm run test",
        "npm --prefix web run test",
        "npm test",
        "npm --prefix web test",
        "make check",
        "make -C lib check",
    }


def test_parts_of_a_project_that_lie_deeper(tmp_path: Path) -> None:
    files = {
        "services/api/Makefile": "check-api:\n",
        "services/x/y/Makefile": "check-y:\n",
        "other/x/Makefile": "check-other:\n",
        "services/api/go.mod": "",
        "backend/poetry.lock": "",
    }
    write(tmp_path, files)
    assert found(tmp_path) == {"make check-api", "make -C services/api check-api"}
    assert {"go.mod", "poetry.lock"} <= names_by_folder(tmp_path)


def test_programs_at_the_top_whose_names_say_no_harm(tmp_path: Path) -> None:
    files = {"calc.py": "", "index.js": "", "deploy.py": "", "x y.py": "", "src/inner.py": ""}
    assert found(write(tmp_path, files)) == {"python3 calc.py", "python calc.py", "node index.js"}


def test_files_that_lead_outside_say_nothing(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"Makefile": "test:\n"})
    project = tmp_path / "p"
    project.mkdir()
    (project / "Makefile").symlink_to(outside / "Makefile")
    assert not found(project)


def test_thousands_of_names_are_bounded(tmp_path: Path) -> None:
    write(tmp_path, {"Makefile": "".join(f"test{n}:\n" for n in range(5_000))})
    assert len(find_commands(tmp_path)) <= 60


@pytest.mark.parametrize(
    ("purpose", "names"),
    [
        (CommandPurpose.TEST, ["test", "test:unit", "e2e", "runTests", "check"]),
        (CommandPurpose.CHECK, ["lint", "type-check-fast", "fmt"]),
        (CommandPurpose.BUILD, ["build", "docs"]),
        (
            None,
            ["deploy", "test-deploy", "publish:test", "install-test-deps", "testRelease", "clean"],
        ),
        (None, ["test; rm -rf /", "test)", "test*", "-test", "te st", "", "x" * 80, "test\n"]),
    ],
)
def test_a_name_must_be_plain_and_harmless(
    purpose: CommandPurpose | None, names: list[str]
) -> None:
    assert [purpose_of_name(name) for name in names] == [purpose] * len(names)


@given(st.text(max_size=70))
def test_no_name_of_a_file_breaks_a_rule(name: str) -> None:
    if purpose_of_name(name) is not None:
        assert not set(name) & set(" ()*'\"`$;&|<>\\\n,")
        assert not name.startswith("-")


@given(st.binary(max_size=400))
def test_any_file_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    project = tmp_path_factory.getbasetemp() / "any"
    project.mkdir(exist_ok=True)
    for name in (
        "Makefile",
        "package.json",
        "justfile",
        "Taskfile.yml",
        "pyproject.toml",
        "Rakefile",
    ):
        (project / name).write_bytes(data)
    for command in find_commands(project):
        assert "\n" not in command.text


def test_rules_are_plain_and_each_stands_once(tmp_path: Path) -> None:
    write(tmp_path, {"Makefile": MAKEFILE, "a.py": "", "Cargo.toml": "", "gradlew": ""})
    granted = permissions_of(AgentSettings(), tmp_path)
    for rules in (granted.allow, granted.deny):
        assert len(rules) == len(set(rules))
        for rule in rules:
            assert rule == "WebFetch" or rule.startswith(("Bash(", "Read("))
            assert rule.count("(") == rule.count(")") or rule == "WebFetch"
            assert "=" not in rule[:6]
    assert len(json.dumps([granted.allow, granted.deny])) < 60_000
    assert not set(granted.allow) & set(granted.deny)


def test_an_old_cli_gets_no_rule_that_it_cannot_read(tmp_path: Path) -> None:
    old, new = (permissions_of(AgentSettings(), tmp_path, v) for v in ((2, 0, 76), (2, 1, 300)))
    for rule in (*old.allow, *old.deny):
        assert rule.startswith("Read(") or "*" not in rule.removesuffix(":*)")
    assert "Bash(git push:*)" in old.deny
    assert "Bash(tee:*)" not in old.allow
    assert (old.refuses_prompts, new.refuses_prompts) == (False, True)


def test_presets_of_the_settings(tmp_path: Path) -> None:
    def preset(**fields: object) -> tuple[PermissionPreset, str | None]:
        granted = permissions_of(AgentSettings(**fields), tmp_path)  # type: ignore[arg-type]
        return granted.preset, granted.mode

    assert preset() == (PermissionPreset.STANDARD, "acceptEdits")
    assert preset(permissions="edits") == (PermissionPreset.EDITS, "acceptEdits")
    assert preset(permissions="ask") == (PermissionPreset.ASK, None)
    assert preset(permission_mode="dontAsk") == (PermissionPreset.MODE, "dontAsk")
    assert preset(skip_permissions=SKIP_PERMISSIONS) == (PermissionPreset.ALL, None)


def test_versions() -> None:
    assert parse_version("2.1.197 (Claude Code)") == (2, 1, 197)
    assert parse_version("claude") == ()


def test_the_table_of_ecosystems() -> None:
    assert beginnings("a (b c) d, =e") == ("a b d", "a c d", "=e")
    names = [one.name for one in ecosystems()]
    assert len(names) == len(set(names)) > 20
    assert {"git commit", "git add", "=set -e"} <= set(common_commands())
    for ecosystem in ecosystems():
        for command in (*ecosystem.everywhere, *ecosystem.used):
            assert "(" not in command
            assert command == " ".join(command.split())
