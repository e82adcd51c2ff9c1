"""The throwaway repository in which the demonstration plays, and what the night writes into it.

The texts are the files below `project`: `first_commit` and `second_commit` are the repository at
the start, `written` and `edits.toml` what the night adds. Python files carry `.txt` at the end of
their name there, so that no tool takes them for ours.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

AUTHOR = "Ada Harbour"
EMAIL = "ada@example.invalid"
_PROJECT = Path(__file__).with_name("project")


class Edit(NamedTuple):
    """A change that the night makes in a file of the repository."""

    file: str
    old: str
    new: str


@cache
def edits(name: str) -> tuple[Edit, ...]:
    """The edits of that name in `edits.toml`, in order."""
    import tomllib

    table = tomllib.loads((_PROJECT / "edits.toml").read_text("utf-8"))
    return tuple(Edit(**entry) for entry in table[name])


def written(name: str) -> str:
    """The content that the night gives to a file of the repository."""
    stored = f"{name}.txt" if name.endswith(".py") else name
    return (_PROJECT / "written" / stored).read_text("utf-8")


def create(folder: Path, began: float | None = None) -> Path:
    """Makes a git repository with the project in `folder`, which must be empty or missing.

    Two commits by a fixed author on branch main, dated just before `began` (seconds; None: now),
    so that a story on another clock comes after them; neither global git configuration nor hooks
    or templates have a say. Raises FileExistsError if there is something in the folder, and
    OSError or subprocess.CalledProcessError if git cannot be run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; the demonstration wants a folder of its own")
    _git(folder, "init", "-q", "--template=")
    _git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    at = None if began is None else int(began) - 1
    _commit(folder, "first_commit", "A bucket, and a clock that tests turn by hand", at)
    _commit(folder, "second_commit", "Plan the way to 0.3", at)
    return folder


def _commit(folder: Path, source: str, subject: str, at: int | None) -> None:
    root = _PROJECT / source
    for path in root.rglob("*"):
        if path.is_file():
            name = str(path.relative_to(root))
            name = name.removesuffix(".txt") if name.endswith(".py.txt") else name
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(path.read_bytes())
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "--no-verify", "-m", subject, at=at)


def _git(folder: Path, *words: str, at: int | None = None) -> None:
    import subprocess

    settings = {
        "user.name": AUTHOR,
        "user.email": EMAIL,
        "commit.gpgsign": "false",
        "core.hooksPath": os.devnull,
        "gc.auto": "0",
    }
    flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
    if at is not None:
        environment.update(GIT_AUTHOR_DATE=f"{at} +0000", GIT_COMMITTER_DATE=f"{at} +0000")
    subprocess.run(
        ["git", *flags, *words], cwd=folder, env=environment, check=True, capture_output=True
    )
