"""The commands that a project uses, by its files: targets of make, scripts of npm and others.

A repository's file is not believed: a name counts only where it is a plain word that says it tests, checks
or builds, and nothing that publishes, installs or destroys. What such a script does inside cannot be judged.
"""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tui.model.permissions.granted import CommandPurpose, ProjectCommand
from tui.store.project_files import read_inside
from tui.system.lazy_pattern import lazy

_MOST_BYTES = 256 << 10
_MOST_NAMES = 60
_MOST_ENTRIES = 4_000
_MOST_FOLDERS = 24
_PLAIN = lazy(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,59}\Z")
_PIECES = lazy(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_PURPOSES = {
    CommandPurpose.CHECK: (
        "lint linter lints format fmt formatting prettier eslint stylelint style types type typecheck"
        " typing tsc mypy ruff clippy vet analyze analyse static audit quality pretty"
    ),
    CommandPurpose.TEST: (
        "test tests testing unit unittest integration e2e spec specs pytest jest vitest mocha coverage"
        " cov check checks verify validate ci smoke acceptance functional regression selftest"
    ),
    CommandPurpose.BUILD: (
        "build compile bundle all dist generate gen codegen docs doc assemble package transpile types"
    ),
    CommandPurpose.OTHER: "bench benchmark benchmarks examples example help",
}
_HARMFUL = frozenset(
    "deploy deployment publish release push upload install uninstall prod production staging destroy"
    " drop reset wipe nuke purge delete remove rm prune migrate migration seed sudo root login logout"
    " auth secret secrets token tokens password key keys sync download fetch pull curl wget ssh scp"
    " rsync aws gcp azure kube kubectl k8s helm terraform ansible docker podman registry cloud remote"
    " server live prepublish postpublish prepare postinstall preinstall upgrade update bump version"
    " tag distclean clobber send mail notify email submit ship rollout rollback promote restore backup"
    " dump".split()
)
_TARGET = lazy(rb"^([A-Za-z0-9][\w.: -]*?)\s*::?(?![=:])", 8)
_RECIPE = lazy(rb"^@?([A-Za-z0-9_][\w-]*)(?:\s[^:\n]*)?:(?!=)", 8)
_RAKE_TASK = lazy(rb"^\s*task\s*\(?\s*[:'\"]?(\w[\w:-]*)", 8)
_YAML_KEY = lazy(rb"^(?:  |\t)(['\"]?)([A-Za-z0-9][\w:.-]*)\1\s*:", 8)
_TASKS = b"tasks"
_INTERPRETERS = {
    "sh": ("bash", "sh"),
    "bash": ("bash", "sh"),
    "py": ("python3", "python"),
    "js": ("node",),
    "mjs": ("node",),
    "cjs": ("node",),
    "rb": ("ruby",),
}
_PROGRAMS = frozenset("py js mjs cjs rb".split())
_SCRIPTS = ("", "sh", "bash", "py")
_SCRIPT_FOLDERS = ("", "scripts", "script", "bin", "tools", "ci", "dev", "hack")
_SKIPPED = frozenset(
    "node_modules vendor target build dist out venv env site-packages __pycache__ third_party deps"
    " _build".split()
)
_HOLDING = frozenset(
    "packages apps services libs crates modules projects plugins components cmd".split()
)
_NPM_TOOLS = frozenset(
    "jest vitest mocha ava tap jasmine karma playwright cypress eslint prettier stylelint tsc biome"
    " tsx ts-node vue-tsc svelte-check markdownlint oxlint nyc c8 vite rollup webpack esbuild tsup"
    " turbo nx ng next nuxt astro".split()
)
_LOCKS = {
    "yarn.lock": "yarn",
    "pnpm-lock.yaml": "pnpm",
    "bun.lockb": "bun",
    "bun.lock": "bun",
}


def purpose_of_name(name: str) -> CommandPurpose | None:
    """What a target or a script of that name is for; None where its name is not plain and harmless."""
    words = _harmless_words(name)
    for purpose, known in _PURPOSES.items():
        if words & set(known.split()):
            return purpose
    return None


def _harmless_words(name: str) -> frozenset[str]:
    """The words of a plain name; none where one of them is not harmless."""
    if not _PLAIN.match(name):
        return frozenset()
    words = frozenset(piece.lower() for piece in _PIECES.findall(name))
    return frozenset() if words & _HARMFUL else words


def find_commands(project: Path) -> tuple[ProjectCommand, ...]:
    """The named commands of a project's top folder, of its scripts, and of the folders below it."""
    found: dict[tuple[str, ...], ProjectCommand] = {}
    for folder in ("", *_subfolders(project)):
        for name, reader in _READERS.items():
            path = f"{folder}/{name}" if folder else name
            data = read_inside(project, path, _MOST_BYTES)
            for words, purpose in _plain_ones(reader(data), project, folder) if data else ():
                found.setdefault(words, ProjectCommand(words, purpose, path))
    for words, purpose, path in _scripts(project):
        found.setdefault(words, ProjectCommand(words, purpose, path))
    return tuple(found.values())


def top_names(project: Path) -> frozenset[str]:
    """The names in the top folder, as many as may be looked at."""
    return frozenset(entry.name for entry in _entries(project))


def names_by_folder(project: Path) -> frozenset[str]:
    """The names in the top folder and in those below it where a part of the project may lie."""
    found = set(top_names(project))
    for folder in _subfolders(project):
        found |= top_names(project / folder)
    return frozenset(found)


def is_shown_by(names: Iterable[str], patterns: Iterable[str]) -> bool:
    """Whether one of these files is there."""
    known = frozenset(names)
    plain = [one for one in patterns if "*" not in one]
    if known.intersection(plain):
        return True
    return any(fnmatchcase(name, one) for one in patterns if "*" in one for name in known)


# --- names in files ---

_Named = Iterator[tuple[tuple[str, ...], str]]
"""The words before a name, and the name as the file has it."""


def _plain_ones(
    named: _Named, project: Path, folder: str
) -> Iterator[tuple[tuple[str, ...], CommandPurpose]]:
    """The harmless ones among those names, with each way to call them from the top."""
    seen = 0
    for before, name in named:
        purpose = purpose_of_name(name)
        if purpose is None:
            continue
        seen += 1
        if seen > _MOST_NAMES:
            return
        for words in _ways((*before, name), project, folder):
            yield words, purpose


def _ways(words: tuple[str, ...], project: Path, folder: str) -> Iterator[tuple[str, ...]]:
    program = words[0]
    managers = _managers(project, folder) if program == "npm" else (program,)
    for manager in managers:
        yield (manager, *words[1:])
        if manager in _LOCKS.values() and words[1:2] == ("run",):
            yield (manager, *words[2:])
        if folder and program in ("make", "npm"):
            option = {"npm": "--prefix", "yarn": "--cwd", "bun": "--cwd"}.get(manager, "-C")
            yield (manager, option, folder, *words[1:])
    if words == ("npm", "run", "test"):
        yield from _ways(("npm", "test"), project, folder)
    elif program == "npx":
        yield from ((f"{at}node_modules/.bin/{words[1]}", *words[2:]) for at in ("", "./"))
        yield from ((*before, *words[1:]) for before in (("npx", "--no-install"), ("npm", "exec")))
        for manager in _managers(project, folder)[1:]:
            yield (manager, *words[1:])
            yield (manager, "exec", *words[1:])


def _managers(project: Path, folder: str) -> tuple[str, ...]:
    """npm, and the manager whose lock file lies there or at the top."""
    places = {project, project / folder}
    found = [
        manager for lock, manager in _LOCKS.items() for place in places if (place / lock).is_file()
    ]
    return tuple(dict.fromkeys(("npm", *found)))


def _make(data: bytes) -> _Named:
    for line in data.splitlines():
        target = _TARGET.match(line)
        for name in target[1].split() if target is not None else ():
            yield ("make",), name.decode("ascii", "replace")


def _just(data: bytes) -> _Named:
    for line in data.splitlines():
        if recipe := _RECIPE.match(line):
            yield ("just",), recipe[1].decode("ascii", "replace")


def _rake(data: bytes) -> _Named:
    for line in data.splitlines():
        if task := _RAKE_TASK.match(line):
            name = task[1].decode("ascii", "replace")
            yield ("rake",), name
            yield ("bundle", "exec", "rake"), name


def _taskfile(data: bytes) -> _Named:
    inside = False
    for line in data.splitlines():
        if line[:1].strip():
            inside = line.split(b":")[0] == _TASKS
        elif inside and (key := _YAML_KEY.match(line)):
            yield ("task",), key[2].decode("ascii", "replace")


def _package_json(data: bytes) -> _Named:
    content = _json(data)
    for name in _names(content.get("scripts")):
        yield ("npm", "run"), name
    needed = [*_names(content.get("devDependencies")), *_names(content.get("dependencies"))]
    for name in needed:
        if name in _NPM_TOOLS:
            yield ("npx",), name
    if "typescript" in needed:
        yield ("npx",), "tsc"


def _composer(data: bytes) -> _Named:
    for name in _names(_json(data).get("scripts")):
        yield ("composer",), name
        yield ("composer", "run"), name


def _deno(data: bytes) -> _Named:
    for name in _names(_json(data).get("tasks")):
        yield ("deno", "task"), name


def _pyproject(data: bytes) -> _Named:
    try:
        content = tomllib.loads(data.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    tool = _mapping(content.get("tool"))
    for names, before in (
        (_mapping(_mapping(tool.get("poe")).get("tasks")), ("poe",)),
        (_mapping(_mapping(tool.get("pdm")).get("scripts")), ("pdm", "run")),
        (_mapping(_mapping(tool.get("taskipy")).get("tasks")), ("task",)),
    ):
        yield from ((before, name) for name in _names(names))
    for env in _mapping(_mapping(tool.get("hatch")).get("envs")).values():
        for name in _names(_mapping(env).get("scripts")):
            yield ("hatch", "run"), name


_READERS: Mapping[str, Callable[[bytes], _Named]] = {
    "Makefile": _make,
    "makefile": _make,
    "GNUmakefile": _make,
    "justfile": _just,
    "Justfile": _just,
    ".justfile": _just,
    "Taskfile.yml": _taskfile,
    "Taskfile.yaml": _taskfile,
    "package.json": _package_json,
    "composer.json": _composer,
    "deno.json": _deno,
    "pyproject.toml": _pyproject,
    "Rakefile": _rake,
}


def _json(data: bytes) -> dict[str, Any]:
    try:
        return _mapping(json.loads(data))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: object) -> list[str]:
    return [name for name in _mapping(value) if isinstance(name, str)]


# --- files and folders ---


def _scripts(project: Path) -> Iterator[tuple[tuple[str, ...], CommandPurpose, str]]:
    """Scripts whose names say that they test, check or build, and programs whose names say no harm."""
    count = 0
    for folder in _SCRIPT_FOLDERS:
        for entry in _entries(project / folder):
            stem, _, ending = entry.name.partition(".")
            purpose = purpose_of_name(stem) if ending in _SCRIPTS else None
            if ending in _PROGRAMS and purpose is None and _harmless_words(stem):
                purpose = CommandPurpose.OTHER
            if purpose is None or not _PLAIN.match(entry.name) or count >= _MOST_NAMES:
                continue
            is_program = _is_program(entry)
            path = f"{folder}/{entry.name}" if folder else entry.name
            if is_program is None:
                continue
            count += 1
            if is_program:
                yield (f"./{path}",), purpose, path
                if folder:
                    yield (path,), purpose, path
            for interpreter in _INTERPRETERS.get(ending, ()):
                yield (interpreter, path), purpose, path


def _is_program(entry: os.DirEntry[str]) -> bool | None:
    """Whether a plain file may be executed; None for what is no plain file."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return bool(status.st_mode & 0o111) if stat.S_ISREG(status.st_mode) else None


def _subfolders(project: Path) -> list[str]:
    """The folders below the top, and those of folders that hold projects by custom."""
    top = _plain_folders(project)[:_MOST_FOLDERS]
    deeper = (
        f"{name}/{inner}"
        for name in top
        if name in _HOLDING
        for inner in _plain_folders(project / name)
    )
    return [*top, *deeper][: 2 * _MOST_FOLDERS]


def _plain_folders(folder: Path) -> list[str]:
    return sorted(
        entry.name
        for entry in _entries(folder)
        if _PLAIN.match(entry.name)
        and entry.name not in _SKIPPED
        and entry.is_dir(follow_symlinks=False)
    )


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a real folder, bounded; nothing where it cannot be read."""
    try:
        if folder.is_symlink():
            return []
        with os.scandir(folder) as entries:
            return [entry for entry, _ in zip(entries, range(_MOST_ENTRIES), strict=False)]
    except OSError:
        return []
