"""Whether git and systemd stand ready for the night, as far as their files tell: nothing of them is run.

A commit needs a free index, a branch and an author; a unit needs a PATH that leads to the agent, since it has
not that of a shell.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tui.runner.doctor.checks import Finding, Surroundings, fail, ok, warn
from tui.system import paths
from tui.system.children.programs import find_program
from tui.system.errors import OvernightError
from tui.system.files import read_small
from tui.system.format import format_duration
from tui.system.git import Git

_LOCKS: Final = ("index.lock", "HEAD.lock", "config.lock")
_SHARED_LOCKS: Final = ("packed-refs.lock", "config.lock", "shallow.lock")
_YOUNG_SECONDS: Final = 10.0
"""A younger lock may be that of a git at work."""
_PASSED_ON: Final = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
# What a user manager gives where nothing else is set.
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_BYTES: Final = 64 << 10
_MOST_UNITS: Final = 500


# --- commits ---


def commits_finding(place: Surroundings) -> Finding | None:
    """What would keep the agent from committing; None where nothing is in sight."""
    git = place.git
    if isinstance(git, OvernightError):
        return None
    for lock in lock_files(git):
        age = max(0.0, time.time() - lock.stat().st_mtime)
        if age < _YOUNG_SECONDS:
            return warn(f"{lock.name} is there: a git is at work in this moment", "look again")
        text = f"{lock} is {format_duration(age)} old and keeps git from committing"
        return fail(text, "remove it if no git runs here")
    if git.branch() is None:
        text = "HEAD is detached: the night's commits would be on no branch"
        return warn(text, "git switch -c NAME")
    if missing := _missing_author(git, place.environ):
        text = f"git knows no {' and no '.join(missing)} for the author of a commit"
        return warn(text, "git config user.name and user.email, here or --global")
    if _setting(git, "commit.gpgsign", place.environ) in ("true", "yes", "on", "1"):
        text = "commits are to be signed (commit.gpgsign), and nobody is there for a passphrase"
        return warn(text, "overnight-tui doctor --rehearse tries one")
    return None


def lock_files(git: Git) -> Iterator[Path]:
    """Locks of git that stand in the way of a commit."""
    branch = git.branch()
    paths = [git.git_dir / name for name in _LOCKS]
    paths += [git.common_dir / name for name in _SHARED_LOCKS]
    if branch:
        paths.append(git.common_dir / "refs/heads" / f"{branch}.lock")
    yield from (path for path in dict.fromkeys(paths) if path.is_file())


def _missing_author(git: Git, environ: Mapping[str, str]) -> list[str]:
    """What of an author neither the environment nor the settings of git give."""
    found = []
    for word in ("name", "email"):
        given = [environ.get(f"GIT_{who}_{word.upper()}") for who in ("AUTHOR", "COMMITTER")]
        known = all(given) or _setting(git, f"user.{word}", environ)
        if not known and not (word == "email" and environ.get("EMAIL")):
            found.append(word)
    return found


def _setting(git: Git, key: str, environ: Mapping[str, str]) -> str:
    """A setting of git as the agent would have it; empty where it is not set."""
    files = {name: environ[name] for name in _PASSED_ON if environ.get(name)}
    home = {name: environ[name] for name in ("HOME", "XDG_CONFIG_HOME") if environ.get(name)}
    out = git.run(("config", "--get", key), check=False, env={**home, **files})
    return out.decode("utf-8", "replace").strip()


# --- units ---


def unit_finding(place: Surroundings) -> Finding | None:
    """Whether the units that are installed for the project find its agent; None where there are none."""
    units = dict(_units(place.project, place.environ))
    name = place.settings.agent.command[0]
    for unit, path in units.items():
        if find_program(name, {"PATH": path}, place.project) is None:
            text = f"{unit} would not find {name}: its PATH is {path}"
            return fail(text, "write it anew: overnight-tui unit … --install")
    if not units:
        return None
    return ok(f"{', '.join(units)} finds {name}")


def _units(project: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The names of the project's units, each with its PATH."""
    given = environ.get("XDG_CONFIG_HOME", "")
    base = Path(given) if given.startswith("/") else paths.home(environ) / ".config"
    folder = base / "systemd/user"
    try:
        names = sorted(os.listdir(folder))[:_MOST_UNITS]
    except OSError:
        return
    for name in names:
        if name.endswith(".service"):
            text = read_small(folder / name, _MOST_BYTES, follow=True).decode("utf-8", "replace")
            if "overnight" in text and _works_in(text, project):
                yield name, _path_of(text)


def _works_in(unit: str, project: Path) -> bool:
    values = [value.replace("%%", "%") for value in _values(unit, "WorkingDirectory")]
    return os.fspath(project) in values


def _path_of(unit: str) -> str:
    found = _PATH
    for value in _values(unit, "Environment"):
        try:
            words = shlex.split(value)
        except ValueError:
            continue
        for word in words:
            key, _, text = word.partition("=")
            if key == "PATH":
                found = text.replace("%%", "%")
    return found


def _values(unit: str, key: str) -> Iterator[str]:
    lines = unit.replace("\\\n", " ").splitlines()
    for line in lines:
        name, equals, value = line.partition("=")
        if equals and name.strip() == key:
            yield value.strip()
