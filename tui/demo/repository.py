"""The throwaway repository in which the demonstration plays."""

from __future__ import annotations

import os
from pathlib import Path

from . import seed

AUTHOR = "Ada Harbour"
EMAIL = "ada@example.invalid"


def create(folder: Path, began: float | None = None) -> Path:
    """Makes a git repository with the seed project in `folder`, which must be empty or missing.

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
    _commit(folder, seed.FILES, "A bucket, and a clock that tests turn by hand", at)
    _commit(folder, seed.PAPERS, "Plan the way to 0.3", at)
    return folder


def _commit(folder: Path, files: dict[str, str], subject: str, at: int | None) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
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
