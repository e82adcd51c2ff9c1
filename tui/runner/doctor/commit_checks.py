"""Whether commits can be made in the repository tonight, as far as its files tell: nothing of it is run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tui.runner.doctor.checks import Finding, Surroundings, fail, warn
from tui.system.errors import OvernightError
from tui.system.format import format_duration
from tui.system.git import Git

_LOCKS: Final = ("index.lock", "HEAD.lock", "config.lock")
_SHARED_LOCKS: Final = ("packed-refs.lock", "config.lock", "shallow.lock")
_YOUNG_SECONDS: Final = 10.0
"""A younger lock may be that of a git at work."""
_PASSED_ON: Final = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")


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
