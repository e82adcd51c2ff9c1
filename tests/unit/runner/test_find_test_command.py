"""Which command runs the tests of a project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui.runner.rehearsal.test_command import find_test_command
from tui.settings.original_sections import SessionSettings
from tui.settings.settings import Settings

PYTEST = {"pyproject.toml": "[tool.pytest.ini_options]\n"}
SCRIPT = json.dumps({"scripts": {"test": "jest", "lint": "eslint"}})
NONE = json.dumps({"scripts": {"test": 'echo "Error: no test specified" && exit 1'}})
CASES: list[tuple[dict[str, str], str]] = [
    ({"Makefile": "all:\n\ttrue\ntest: all\n\tpytest\n"}, "make test"),
    ({"Makefile": "TEST := 1\nbuild:\n\ttrue\n", **PYTEST}, "pytest"),
    ({"Makefile": "check:\n\truff\n", **PYTEST}, "pytest"),
    ({"Makefile": "check:\n\tctest\n"}, "make check"),
    ({"justfile": "test:\n  cargo test\n", "Cargo.toml": ""}, "just test"),
    ({"package.json": SCRIPT}, "npm run test"),
    ({"package.json": SCRIPT, "pnpm-lock.yaml": ""}, "pnpm run test"),
    ({"package.json": SCRIPT, "yarn.lock": ""}, "yarn run test"),
    ({"package.json": SCRIPT, "bun.lock": ""}, "bun run test"),
    ({"package.json": NONE}, ""),
    ({"package.json": "{"}, ""),
    (PYTEST, "pytest"),
    ({**PYTEST, "uv.lock": ""}, "uv run pytest"),
    ({**PYTEST, "poetry.lock": ""}, "poetry run pytest"),
    ({**PYTEST, ".venv/bin/pytest": ""}, ".venv/bin/pytest"),
    ({"setup.py": "", "tests/test_a.py": ""}, "pytest"),
    ({"setup.py": ""}, ""),
    ({"pytest.ini": ""}, "pytest"),
    ({"setup.cfg": "[tool:pytest]\n"}, "pytest"),
    ({"Cargo.toml": "[package]\n"}, "cargo test"),
    ({"go.mod": "module x\n"}, "go test ./..."),
    ({"mix.exs": ""}, "mix test"),
    ({"gradlew": "", "build.gradle": ""}, "./gradlew test"),
    ({"pom.xml": ""}, "mvn -q test"),
    ({"README.md": "test: make test"}, ""),
    ({"sub/Makefile": "test:\n\ttrue\n"}, ""),
]


def made(base: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text)
    return base


@pytest.mark.parametrize(
    ("files", "words"), CASES, ids=[f"{n}-{c[1]}" for n, c in enumerate(CASES)]
)
def test_the_files_of_a_project_say_it(tmp_path: Path, files: dict[str, str], words: str) -> None:
    found = find_test_command(made(tmp_path, files), Settings())
    assert (" ".join(found.words) if found else "") == words
    assert found is None or found.source


def test_the_settings_go_first(tmp_path: Path) -> None:
    session = SessionSettings(baseline_tests=("tox", "-e", "py"))
    found = find_test_command(made(tmp_path, PYTEST), Settings(session=session))
    assert found is not None
    assert (found.words, "baseline_tests" in found.source) == (("tox", "-e", "py"), True)
