"""Which command runs the project's tests: the one of the settings, else the usual one for its files.

Files of the project are read and nothing is run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from tui.settings.settings import Settings
from tui.store.project_files import read_inside
from tui.system.files import json_object
from tui.system.lazy_pattern import lazy

_MOST_BYTES = 1 << 20
_MAKE_TARGET = lazy(r"^(?:test|check)\s*:(?!=)", re.MULTILINE)
_PYTEST_FILES = ("pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml")
_LOCKS = (
    ("bun.lockb", "bun"),
    ("bun.lock", "bun"),
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
)


class TestCommand(Struct, frozen=True):
    """The words of the command, and where it comes from."""

    __test__ = False

    words: tuple[str, ...]
    source: str


def find_test_command(project: Path, settings: Settings) -> TestCommand | None:
    """The project's test command; None where nothing says how its tests are run."""
    baseline = settings.session.baseline_tests
    if baseline:
        return TestCommand(tuple(baseline), "session.baseline_tests of the settings")
    return next(iter(_found(project)), None)


def _found(project: Path) -> Iterator[TestCommand]:
    for name, read in _BY_FILE.items():
        words = read(project, name)
        if words:
            yield TestCommand(tuple(words), name)


def _text(project: Path, name: str) -> str:
    return read_inside(project, name, _MOST_BYTES).decode("utf-8", "replace")


def _make(project: Path, name: str) -> list[str]:
    found = _MAKE_TARGET.search(_text(project, name))
    return ["make", found.group(0).partition(":")[0].strip()] if found else []


def _just(project: Path, name: str) -> list[str]:
    return (
        ["just", "test"]
        if re.search(r"^@?test\b[^:=\n]*:(?!=)", _text(project, name), re.M)
        else []
    )


def _node(project: Path, name: str) -> list[str]:
    scripts = (json_object(_text(project, name).encode()) or {}).get("scripts")
    script = scripts.get("test") if isinstance(scripts, dict) else None
    if not isinstance(script, str) or not script or "no test specified" in script:
        return []
    tool = next((tool for lock, tool in _LOCKS if (project / lock).is_file()), "npm")
    return [tool, "run", "test"] if tool == "bun" else [tool, "test"]


def _python(project: Path, name: str) -> list[str]:
    text = _text(project, name)
    named = (
        name == "pytest.ini"
        or "[tool.pytest" in text
        or "[tool:pytest]" in text
        or "[pytest]" in text
    )
    if not named and not _has_tests(project):
        return []
    if not text:
        return []
    if (project / "uv.lock").is_file():
        return ["uv", "run", "pytest"]
    if (project / "poetry.lock").is_file():
        return ["poetry", "run", "pytest"]
    for folder in (".venv", "venv"):
        if (project / folder / "bin/pytest").exists():
            return [f"{folder}/bin/pytest"]
    return ["pytest"]


def _has_tests(project: Path) -> bool:
    """Whether there are files that pytest would collect, in the usual places."""
    places = (project, project / "tests", project / "test")
    return any(next(place.glob("test_*.py"), None) is not None for place in places)


def _plain(*words: str) -> Callable[[Path, str], list[str]]:
    return lambda project, name: list(words) if (project / name).is_file() else []


def _composer(project: Path, name: str) -> list[str]:
    scripts = (json_object(_text(project, name).encode()) or {}).get("scripts")
    return ["composer", "test"] if isinstance(scripts, dict) and "test" in scripts else []


_BY_FILE: dict[str, Callable[[Path, str], list[str]]] = {
    "Makefile": _make,
    "makefile": _make,
    "GNUmakefile": _make,
    "justfile": _just,
    "package.json": _node,
    **dict.fromkeys(_PYTEST_FILES, _python),
    "Cargo.toml": _plain("cargo", "test"),
    "go.mod": _plain("go", "test", "./..."),
    "mix.exs": _plain("mix", "test"),
    "deno.json": _plain("deno", "test"),
    "gradlew": _plain("./gradlew", "test"),
    "build.gradle": _plain("gradle", "test"),
    "pom.xml": _plain("mvn", "-q", "test"),
    "Package.swift": _plain("swift", "test"),
    "composer.json": _composer,
    ".rspec": _plain("bundle", "exec", "rspec"),
    "Rakefile": _plain("rake", "test"),
}
