"""Which command runs the project's tests: that of the settings, else what its files name, else the usual one.

Files of the project are read and nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from tui.model.permissions.granted import CommandPurpose, ProjectCommand
from tui.runner.permissions.project_commands import find_commands
from tui.settings.settings import Settings
from tui.store.project_files import read_inside

_MOST_BYTES = 1 << 20
_TESTS = ("test", "tests")
_NO_TESTS = "no test specified"
_VENVS = (".venv", "venv")
_PYTEST = ("pytest.ini", "[tool.pytest", "[tool:pytest]", "[pytest]")
_PYTHON_FILES = ("pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", "setup.py")
_BY_FILE = {
    "Cargo.toml": ("cargo", "test"),
    "go.mod": ("go", "test", "./..."),
    "mix.exs": ("mix", "test"),
    "deno.json": ("deno", "test"),
    "gradlew": ("./gradlew", "test"),
    "build.gradle": ("gradle", "test"),
    "build.gradle.kts": ("gradle", "test"),
    "mvnw": ("./mvnw", "-q", "test"),
    "pom.xml": ("mvn", "-q", "test"),
    "Package.swift": ("swift", "test"),
    "pubspec.yaml": ("dart", "test"),
    "build.sbt": ("sbt", "test"),
    "stack.yaml": ("stack", "test"),
    "build.zig": ("zig", "build", "test"),
    "dune-project": ("dune", "test"),
    ".rspec": ("bundle", "exec", "rspec"),
    "phpunit.xml": ("vendor/bin/phpunit",),
    "phpunit.xml.dist": ("vendor/bin/phpunit",),
}
_MANAGERS = {"yarn.lock": "yarn", "pnpm-lock.yaml": "pnpm", "bun.lockb": "bun", "bun.lock": "bun"}


class TestCommand(Struct, frozen=True):
    """The words of the command, and where it comes from."""

    __test__ = False

    words: tuple[str, ...]
    source: str


def find_test_command(project: Path, settings: Settings) -> TestCommand | None:
    """The project's test command; None where nothing says how its tests are run."""
    own = settings.session.test_command
    if own:
        return TestCommand(tuple(own), "session.test_command of the settings")
    baseline = settings.session.baseline_tests
    if baseline:
        return TestCommand(tuple(baseline), "session.baseline_tests of the settings")
    named = [one for one in _named(project) if one.words]
    exact = [one for one in named if one.words[-1] in _TESTS]
    for found in (exact, _usual(project), named):
        if (first := next(iter(found), None)) is not None:
            return first
    return None


def _named(project: Path) -> Iterator[TestCommand]:
    """What the files of the top folder name as tests, and its scripts."""
    manager = next((one for lock, one in _MANAGERS.items() if (project / lock).is_file()), "npm")
    for command in find_commands(project):
        if command.purpose is not CommandPurpose.TEST or _is_below(command):
            continue
        if command.file == "package.json":
            is_other = command.words[:2] != (manager, "run")
            if is_other or _NO_TESTS in _text(project, "package.json"):
                continue
        yield TestCommand(command.words, command.file)


def _is_below(command: ProjectCommand) -> bool:
    """Whether it is for a part of the project, named by a file of a folder below."""
    return "/" in command.file and command.file != command.words[-1].removeprefix("./")


def _usual(project: Path) -> Iterator[TestCommand]:
    """The usual command of what the project is written in."""
    for name, words in _BY_FILE.items():
        if (project / name).is_file():
            yield TestCommand(words, name)
    python = next((name for name in _PYTHON_FILES if (project / name).is_file()), "")
    texts = "".join(_text(project, name) for name in _PYTHON_FILES[:-1])
    if python and ((project / "pytest.ini").is_file() or any(sign in texts for sign in _PYTEST)):
        yield TestCommand(_pytest(project), python)
    elif _has_tests(project):
        yield TestCommand(_pytest(project), "its test files")


def _pytest(project: Path) -> tuple[str, ...]:
    for lock, before in (("uv.lock", ("uv", "run")), ("poetry.lock", ("poetry", "run"))):
        if (project / lock).is_file():
            return (*before, "pytest")
    venv = next((name for name in _VENVS if (project / name / "bin/pytest").exists()), "")
    return (f"{venv}/bin/pytest",) if venv else ("pytest",)


def _has_tests(project: Path) -> bool:
    """Whether there are files that pytest would collect, in the usual places."""
    places = (project, project / "tests", project / "test")
    return any(next(place.glob("test_*.py"), None) is not None for place in places)


def _text(project: Path, name: str) -> str:
    return read_inside(project, name, _MOST_BYTES).decode("utf-8", "replace")
