"""Real repositories for tests, made with plain git under a home of their own."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tui.control.checkpoints.object_staging import private_place
from tui.demo.story.repository import create
from tui.system.git import Git

WHO = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
}


def sh(folder: Path, *args: str, check: bool = True, **env: str) -> str:
    """Plain, unhardened git, as a person would run it."""
    done = subprocess.run(
        ["git", *args], cwd=folder, env={**os.environ, **WHO, **env}, capture_output=True
    )
    if check and done.returncode:
        raise AssertionError(f"git {args}: {done.stderr.decode(errors='replace')}")
    return os.fsdecode(done.stdout).rstrip("\n")


def make(folder: Path, files: Mapping[str, str | bytes] | None = None, commit: bool = True) -> Path:
    """A repository holding `files`, committed."""
    wanted = files if files is not None else {"a.txt": "one\n", "src/b.py": "print(1)\n"}
    if folder.is_dir() and any(folder.iterdir()):
        return _committed(folder, wanted, commit)
    return _copy(_template(tuple(wanted.items()), commit), folder)


def demonstration(folder: Path) -> Path:
    """The repository that the demonstration plays in."""
    return _copy(_demonstration(), folder)


def _copy(template: Path, folder: Path) -> Path:
    """Copies a repository that was made once: a tenth of the work of making another."""
    shutil.copytree(template, folder, symlinks=True, dirs_exist_ok=True)
    sh(folder, "update-index", "-q", "--refresh", check=False)
    return folder


@cache
def _template(files: tuple[tuple[str, str | bytes], ...], commit: bool) -> Path:
    return _committed(_place(), dict(files), commit)


def _committed(folder: Path, files: Mapping[str, str | bytes], commit: bool) -> Path:
    sh(folder, "init", "-q", "-b", "main")
    write(folder, files)
    if commit:
        sh(folder, "add", "-A")
        sh(folder, "commit", "-q", "-m", "first")
    return folder


@cache
def _demonstration() -> Path:
    return create(_place())


def _place() -> Path:
    folder = tempfile.mkdtemp(prefix="repository-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def commit(folder: Path, message: str = "more") -> str:
    sh(folder, "add", "-A")
    sh(folder, "commit", "-q", "-m", message)
    return sh(folder, "rev-parse", "HEAD")


def tree(folder: Path) -> dict[str, tuple[str, int, bytes]]:
    """Every path below `folder` but `.git`: kind, permissions, bytes."""
    found: dict[str, tuple[str, int, bytes]] = {}
    for root, folders, names in os.walk(folder):
        folders[:] = [n for n in folders if n != ".git"]
        for name in (*folders, *names):
            if name == ".git":
                continue
            path = os.path.join(root, name)
            key = os.path.relpath(path, folder)
            if os.path.islink(path):
                found[key] = ("link", 0, os.fsencode(os.readlink(path)))
            elif os.path.isfile(path):
                status = os.stat(path)
                with open(path, "rb") as file:
                    found[key] = ("file", status.st_mode & 0o777, file.read())
            elif name in names:
                found[key] = ("special", 0, b"")
    return found


def user_state(folder: Path) -> dict[str, str]:
    """What a checkpoint must never change: index, HEAD, refs but ours, stash, config, hooks."""
    git_dir = Path(sh(folder, "rev-parse", "--absolute-git-dir"))
    common = (folder / sh(folder, "rev-parse", "--git-common-dir")).resolve()
    state = {
        "refs": "\n".join(
            r
            for r in sh(folder, "show-ref", check=False).splitlines()
            if "refs/overnight/" not in r
        )
    }
    for name in ("index", "HEAD", "config", "logs/HEAD", "logs/refs/stash"):
        for base in {git_dir, common}:
            path = base / name
            if path.is_file():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                state[f"{base.name}/{name}"] = f"{digest} {path.stat().st_mtime_ns}"
    for path in sorted((common / "hooks").glob("*")):
        state[f"hooks/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return state


def litter(folder: Path) -> list[str]:
    """Stale locks and half-written files anywhere in the git dir, and ours in the work tree."""
    common = (folder / sh(folder, "rev-parse", "--git-common-dir")).resolve()
    found = []
    for root, folders, names in (*os.walk(common), *os.walk(private_place(Git(folder)))):
        for name in (*folders, *names):
            if name.endswith(".lock") or name.startswith(("tmp_", "tmp-", "fast_import_crash")):
                found.append(os.path.join(root, name))
            if name.endswith(".pack") and not os.path.exists(os.path.join(root, name[:-4] + "idx")):
                found.append(os.path.join(root, name))
    for root, folders, names in os.walk(folder):
        folders[:] = [n for n in folders if n != ".git"]
        found += [os.path.join(root, n) for n in names if n.startswith(".overnight-")]
    return found
