"""A repository of its own for a copy: branch, index, hooks and settings of the real one, and its objects."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui.system.files import atomic_write, make_folder, read_small
from tui.system.git import Git

_MOST_REFS: Final = 5_000
_SMALL: Final = 4 << 20
# Settings that a file may give for some repositories only, such as an identity by `includeIf`.
_COPIED_SECTIONS: Final = ("user.", "author.", "committer.", "commit.", "gpg.", "core.hookspath")
_LEFT_OUT: Final = re.compile(
    r"include(if)?\..*|remote\..*\.(url|pushurl)|url\..*|core\.worktree|extensions\.(refstorage|worktreeconfig)"
    r"|core\.(fsmonitor|bare)|gc\..*|maintenance\..*",
    re.DOTALL,
)
_REMOTE: Final = re.compile(r"remote\.(.+)\.[^.]+", re.DOTALL)
_OWN_SETTINGS: Final = {
    "core.bare": "false",
    "core.fsmonitor": "false",
    "core.untrackedcache": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}


def make_repository(git: Git, work_tree: Path) -> None:
    """Makes `.git` by writing its files: no program runs, and only objects are shared. Raises OSError."""
    folder = work_tree / ".git"
    for inner in ("objects/info", "refs/heads", "refs/tags", "info", "hooks"):
        make_folder(folder / inner)
    objects = os.fsencode(git.common_dir / "objects")
    atomic_write(folder / "objects/info/alternates", objects + b"\n", sync=False)
    branch, head = git.read_line(("symbolic-ref", "--quiet", "HEAD")), git.head()
    atomic_write(folder / "HEAD", f"ref: {branch}\n".encode() if branch else f"{head}\n".encode())
    atomic_write(folder / "packed-refs", _refs(git), sync=False)
    atomic_write(folder / "config", _config(git, folder), sync=False)
    for name in ("info/exclude", "info/attributes", "info/sparse-checkout", "shallow"):
        if data := read_small(git.common_dir / name, _SMALL):
            atomic_write(folder / name, data, sync=False)
    if (git.git_dir / "info/sparse-checkout").is_file():
        shutil.copyfile(git.git_dir / "info/sparse-checkout", folder / "info/sparse-checkout")
    for path in (git.git_dir / "index", *git.git_dir.glob("sharedindex.*")):
        if path.is_file() and not path.is_symlink():
            shutil.copyfile(path, folder / path.name)
    _copy_hooks(git.common_dir / "hooks", folder / "hooks")


def _refs(git: Git) -> bytes:
    """Branches and tags, so that what compares with them finds them; our own refs are no part of it."""
    words = ("for-each-ref", f"--count={_MOST_REFS}", "--format=%(objectname) %(refname)")
    return git.run((*words, "refs/heads", "refs/tags", "refs/remotes"))


def _config(git: Git, folder: Path) -> bytes:
    """The settings that hold in the real repository, without its remotes; all that runs by itself off."""
    kept: list[tuple[str, str]] = []
    remotes: set[str] = set()
    listed = os.fsdecode(git.run(("config", "--list", "-z", "--show-scope"))).split("\0")
    for scope, entry in zip(listed[0::2], listed[1::2], strict=False):
        key, _, value = entry.partition("\n")
        if (remote := _REMOTE.fullmatch(key)) is not None:
            remotes.add(remote[1])
        is_own = scope in ("local", "worktree")
        is_copied = scope == "global" and key.startswith(_COPIED_SECTIONS)
        if (is_own or is_copied) and not _LEFT_OUT.fullmatch(key):
            kept.append((key, value if "\n" in entry else "true"))
    nowhere = str(folder / "no-remote")
    kept += [(f"remote.{name}.url", nowhere) for name in sorted(remotes)]
    lines = [_config_lines(key, value) for key, value in (*kept, *_OWN_SETTINGS.items())]
    return os.fsencode("".join(lines))


def _config_lines(key: str, value: str) -> str:
    section, _, name = key.rpartition(".")
    section, dot, sub = section.partition(".")
    quoted = (
        value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    )
    inner = ' "' + sub.replace("\\", "\\\\").replace('"', '\\"') + '"' if dot else ""
    return f'[{section}{inner}]\n\t{name} = "{quoted}"\n'


def _copy_hooks(source: Path, target: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(source) as entries:
        for entry in entries:
            if not entry.name.endswith(".sample") and entry.is_file():
                shutil.copy2(entry.path, target / entry.name)
