"""The permissions of a run: the preset of the settings made into the CLI's mode and rules.

Deny rules win over every allow rule, wherever either stands. What no rule allows would be asked, and nobody
is there: the CLI refuses it at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from tui.model.permissions.granted import (
    AgentPermissions,
    CommandPurpose,
    PermissionPreset,
    ProjectCommand,
)
from tui.model.permissions.rules import ANY_ARGUMENTS, bash_rule, has_wildcard
from tui.runner.permissions.deny_rules import TEE, deny_rules
from tui.runner.permissions.ecosystems import common_commands, ecosystems
from tui.runner.permissions.project_commands import (
    find_commands,
    is_shown_by,
    names_by_folder,
    top_names,
)
from tui.settings.own_sections import SKIP_PERMISSIONS, AgentSettings

_WILDCARDS_SINCE = (2, 1, 0)
"""An older CLI drops all rules of a file in which one has a `*` other than its last `:*`."""
_PROMPTS_SINCE = (2, 1, 259)
_PYTHON_PATHS = ("PYTHONPATH=.", "PYTHONPATH=src", "PYTHONPATH=src:.", "PYTHONPATH=$PWD")
_CI = ("CI=1", "CI=true")
"""Older versions do not look behind it."""
_MODULES = ("pytest", "unittest", "mypy", "ruff", "coverage")
_VENV_TOOLS = ("pytest", "ruff", "mypy", "tox", "nox", "pyright", "coverage", "lint-imports")
_GIT_VERBS = ("status", "diff", "log", "show", "add", "commit")
_MAKE_FLAGS = ("-j*", "-s", "-k", "-B", "-n", "-i")
_VENVS = (".venv", "venv", "env")


def permissions_of(
    agent: AgentSettings, project: Path, version: tuple[int, ...] = ()
) -> AgentPermissions:
    """What an agent of that version may do in a run that begins now; () where the version is not known."""
    preset = preset_of(agent)
    found = AgentPermissions(
        preset=preset,
        mode=_mode(preset, agent),
        allowed=agent.allowed_tools,
        disallowed=agent.disallowed_tools,
        refuses_prompts=version >= _PROMPTS_SINCE and preset != PermissionPreset.ALL,
    )
    commands = find_commands(project)
    if preset != PermissionPreset.STANDARD:
        return replace(found, commands=commands)
    allow, deny = allow_rules(project, commands), deny_rules(agent.allowed_tools)
    if version and version < _WILDCARDS_SINCE:
        allow = (rule for rule in allow if rule != _rule(TEE) and not has_wildcard(rule))
        deny = (rule for rule in deny if not has_wildcard(rule))
    return replace(
        found,
        allow=tuple(dict.fromkeys(allow)),
        deny=tuple(dict.fromkeys(deny)),
        commands=commands,
    )


def preset_of(agent: AgentSettings) -> PermissionPreset:
    """The preset that these settings choose."""
    if agent.skip_permissions == SKIP_PERMISSIONS:
        return PermissionPreset.ALL
    if agent.permission_mode is not None:
        return PermissionPreset.MODE
    return PermissionPreset(agent.permissions)


def _mode(preset: PermissionPreset, agent: AgentSettings) -> str | None:
    if preset in (PermissionPreset.STANDARD, PermissionPreset.EDITS):
        return "acceptEdits"
    return agent.permission_mode if preset == PermissionPreset.MODE else None


def allow_rules(project: Path, commands: Iterable[ProjectCommand]) -> Iterator[str]:
    """The rules of `standard` for a project with these commands."""
    names, all_names = top_names(project), names_by_folder(project)
    yield from map(_rule, (*common_commands(), TEE))
    for ecosystem in ecosystems():
        yield from map(_rule, ecosystem.everywhere)
        if is_shown_by(all_names, ecosystem.files):
            yield from map(_rule, ecosystem.used)
    for command in commands:
        yield _rule(command.text)
        if command.words[0] == "make" and len(command.words) == 2:
            yield from (_rule(f"make {flag} {command.words[1]}") for flag in _MAKE_FLAGS)
        if command.purpose == CommandPurpose.TEST:
            yield from (_rule(f"{variable} {command.text}") for variable in _CI)
    yield from map(_rule, _with_paths())
    yield from (_rule(f"git -C {project} {verb}") for verb in _GIT_VERBS if " " not in str(project))
    for folder in _VENVS:
        if folder in names:
            yield from map(_rule, _in_venv(folder))


def _with_paths() -> Iterator[str]:
    tests = [f"{python} -m {name}" for python in ("python", "python3") for name in _MODULES[:2]]
    return (f"{path} {test}" for path in _PYTHON_PATHS for test in ("pytest", *tests))


def _in_venv(folder: str) -> Iterator[str]:
    yield f"=source {folder}/bin/activate"
    yield f"=. {folder}/bin/activate"
    for start in (f"{folder}/bin/", f"./{folder}/bin/"):
        yield from (start + tool for tool in _VENV_TOOLS)
        for python in ("python", "python3"):
            yield from (f"{start}{python} -m {module}" for module in _MODULES)


def _rule(command: str) -> str:
    """The rule for a command with any arguments; for exactly itself after a `=` and where it has a `*`."""
    if command.startswith("="):
        return bash_rule(command[1:])
    return bash_rule(command if "*" in command else f"{command}{ANY_ARGUMENTS}")


def parse_version(text: str) -> tuple[int, ...]:
    """The version that stands in the CLI's answer; () where none does."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, found.groups())) if found is not None else ()
