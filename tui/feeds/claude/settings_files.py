"""Claude Code's own settings files that hold for a project: where they lie, what they set.

A project's files may hold anything: what is read here is looked at, never run.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tui.settings.settings import shown_path
from tui.system import paths
from tui.system.files import json_object, read_small

FOLDER: Final = ".claude"
_MOST_BYTES: Final = 16 << 20
_MANAGED: Final = Path("/etc/claude-code")
_MANAGED_ON_MACOS: Final = Path("/Library/Application Support/ClaudeCode")
_FLAG: Final = "--settings"
_GIVEN: Final = "--settings of the agent's arguments"


class SettingsSource(Struct, frozen=True):
    """One file of settings, or those on the agent's command line.

    `place` names it for people. `values` is empty where it cannot be read as settings; `problem` says why
    then.
    """

    place: str
    values: dict[str, Any] = {}
    problem: str = ""

    @property
    def variables(self) -> dict[str, str]:
        """What it puts into the agent's environment."""
        given = self.values.get("env")
        if not isinstance(given, dict):
            return {}
        return {name: _text(value) for name, value in given.items() if _text(value) is not None}  # type: ignore[misc]

    def word(self, key: str) -> str:
        """A setting that is text; empty where it is none."""
        value = self.values.get(key)
        return value.strip() if isinstance(value, str) else ""

    def has_hooks(self, event: str) -> bool:
        """Whether it sets up hooks for that event."""
        hooks = self.values.get("hooks")
        return isinstance(hooks, dict) and bool(hooks.get(event))


def read_settings_files(
    project: Path,
    environ: Mapping[str, str],
    words: Sequence[str] = (),
) -> list[SettingsSource]:
    """Every source of settings that is there, the weakest first: user, project, local, words, managed.

    `words` are further arguments of the agent, which may hold `--settings`; what is managed is the
    administrator's.
    """
    user, own = paths.claude_dir(environ), project / FOLDER
    files = [user / "settings.json", own / "settings.json", own / "settings.local.json"]
    sources = [read_claude_json(path, environ) for path in dict.fromkeys(files)]
    sources += [_given(text, project, environ) for text in _given_settings(words)]
    top = _MANAGED_ON_MACOS if sys.platform == "darwin" else _MANAGED
    sources += [read_claude_json(path, environ) for path in _managed_files(top)]
    return [source for source in sources if source is not None]


def own_config(environ: Mapping[str, str]) -> Path:
    """The file in which Claude Code keeps what it knows of this user, an account and projects among it."""
    folder = paths.claude_dir(environ)
    old = folder / ".config.json"
    moved = environ.get("CLAUDE_CONFIG_DIR", "")
    return old if old.is_file() else (folder if moved else paths.home(environ)) / ".claude.json"


def local_servers(project: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """The MCP servers that the person added for this project alone, as that file has them."""
    config = read_claude_json(own_config(environ), environ)
    projects = config.values.get("projects") if config is not None else None
    known = projects.get(os.fspath(project)) if isinstance(projects, dict) else None
    servers = known.get("mcpServers") if isinstance(known, dict) else None
    return servers if isinstance(servers, dict) else {}


def read_claude_json(path: Path, environ: Mapping[str, str]) -> SettingsSource | None:
    """A JSON file of Claude Code's; None where there is none. Links are followed, as Claude Code does."""
    if not os.path.lexists(path):
        return None
    place = shown_path(path, environ)
    data = read_small(path, _MOST_BYTES, follow=True)
    if not data and not os.access(path, os.R_OK):
        return SettingsSource(place, problem="cannot be read")
    if not data.strip():
        return SettingsSource(place)
    return _decoded(data, place)


def _decoded(data: bytes, place: str) -> SettingsSource:
    values = json_object(data.removeprefix(codecs.BOM_UTF8))
    if values is None:
        return SettingsSource(place, problem="holds no valid JSON")
    return SettingsSource(place, values)


def _managed_files(folder: Path) -> Iterator[Path]:
    """The administrator's file and, after it, those of its folder by their names."""
    yield folder / "managed-settings.json"
    more = folder / "managed-settings.d"
    try:
        names = sorted(os.listdir(more))
    except OSError:
        return
    yield from (more / name for name in names if name.endswith(".json") and name[0] != ".")


def _given_settings(words: Sequence[str]) -> Iterator[str]:
    for number, word in enumerate(words):
        if word.startswith(f"{_FLAG}="):
            yield word.removeprefix(f"{_FLAG}=")
        elif word == _FLAG and number + 1 < len(words):
            yield words[number + 1]


def take_given(
    words: Sequence[str], project: Path, environ: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The settings that the agent's arguments give, and those arguments without them.

    What cannot be read stays among the words: the CLI says what is wrong with it.
    """
    found: list[dict[str, Any]] = []
    left: list[str] = []
    rest = list(words)
    while rest:
        taken = rest[:2] if rest[0] == _FLAG else rest[:1]
        del rest[: len(taken)]
        source = next((_given(text, project, environ) for text in _given_settings(taken)), None)
        if source is not None and source.values:
            found.append(source.values)
        else:
            left += taken
    return found, left


def _given(text: str, project: Path, environ: Mapping[str, str]) -> SettingsSource | None:
    """What one `--settings` gives: a JSON object, or the path of a file with one."""
    if text.lstrip().startswith("{"):
        return _decoded(text.encode("utf-8", "replace"), _GIVEN)
    return read_claude_json(paths.resolve(project, text, environ), environ)


def _text(value: object) -> str | None:
    """A variable's value as the CLI takes it: text, or what it makes text of."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None
