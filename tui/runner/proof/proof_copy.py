"""A clean copy of one tree of a repository: its files alone, with the project's environment in place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from tui.feeds.repo.private_tree import PrivateTrees
from tui.runner.copies.own_repository import make_repository
from tui.runner.proof.environment import FoundEnvironment, put_in_place
from tui.system.errors import RefusedError
from tui.system.files import atomic_write, make_folder, read_small
from tui.system.git import Git
from tui.system.lazy_pattern import lazy

_TIMEOUT: Final = 600.0
_POINTER_BYTES: Final = 1_024
_MOST_POINTERS: Final = 5_000
_MOST_LARGE: Final = 2 << 30
_LARGEST: Final = 256 << 20
_POINTER = lazy(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[^\n]*\n)*?oid sha256:([0-9a-f]{64})\n"
)
_GITLINK: Final = "160000"


class ProofCopy(Struct, frozen=True):
    """A copy: its work tree, the project's folder in it, its tree, and what it lacks."""

    work_tree: Path
    project: Path
    tree: str
    missing: tuple[str, ...] = ()
    pointers: int = 0
    submodules: tuple[str, ...] = ()


def make_proof_copy(
    git: Git,
    project: Path,
    folder: Path,
    trees: PrivateTrees,
    tree: str,
    commit: str,
    environment: FoundEnvironment,
) -> ProofCopy:
    """Checks a tree out into a new folder, without any filter or hook. Raises OSError, GitError.

    `commit` is where its HEAD stands; empty: nowhere. RefusedError: the disk has no room.
    """
    make_folder(folder)
    work_tree = folder / (git.work_tree.name or "project")
    make_folder(work_tree)
    make_repository(git, work_tree)
    own = work_tree / ".git"
    alternates = own / "objects/info/alternates"
    known = read_small(alternates)
    atomic_write(alternates, known + os.fsencode(trees.objects) + b"\n", sync=False)
    if commit and commit != git.head():
        atomic_write(own / "HEAD", f"{commit}\n".encode(), sync=False)
    (own / "index").unlink(missing_ok=True)
    copy = Git(work_tree)
    copy.run(("read-tree", tree), timeout=_TIMEOUT)
    _require_room(copy, work_tree)
    copy.run(("checkout-index", "--all", "--force", "--quiet"), timeout=_TIMEOUT)
    copy.run(("update-index", "-q", "--refresh"), timeout=_TIMEOUT, check=False)
    missing = put_in_place(environment, git.work_tree, work_tree)
    entries = list(trees.entries(tree))
    submodules = tuple(os.fsdecode(one.path) for one in entries if one.mode == _GITLINK)
    uses_lfs = any(one.path.endswith(b".gitattributes") for one in entries)
    pointers = _fill_pointers(git, work_tree) if uses_lfs else 0
    inner = work_tree / project.relative_to(git.work_tree)
    return ProofCopy(work_tree, inner, tree, missing, pointers, submodules)


def _require_room(copy: Git, work_tree: Path) -> None:
    """Refuses a tree that would fill the disk."""
    import shutil

    out = copy.run(("ls-files", "-z", "--stage"))
    blobs = {row.split(b" ")[1] for row in out.split(b"\0")[:-1]}
    asked = b"".join(blob + b"\n" for blob in blobs)
    sizes = copy.run(("cat-file", "--batch-check=%(objectsize)"), input=asked, timeout=_TIMEOUT)
    needed = sum(int(line) for line in sizes.split(b"\n") if line.isdigit())
    if needed + (1 << 30) > shutil.disk_usage(work_tree).free:
        raise RefusedError(
            f"the disk of {work_tree} has no room for a copy; make room there, or set XDG_CACHE_HOME to "
            "another disk"
        )


# --- files that git keeps elsewhere ---


def _fill_pointers(git: Git, work_tree: Path) -> int:
    """Puts the content behind pointers of git-lfs in place where it is here; how many are left.

    No program of it is run: the content is known by its digest.
    """
    left = 0
    room = _MOST_LARGE
    for count, (path, oid) in enumerate(_pointers(work_tree)):
        data = b""
        if count < _MOST_POINTERS and room > 0:
            data = _content(git, path.relative_to(work_tree), oid, room)
        room -= len(data)
        if not data:
            left += 1
            continue
        with suppress(OSError):
            path.write_bytes(data)
    return left


def _pointers(work_tree: Path) -> Iterator[tuple[Path, str]]:
    for above, folders, names in os.walk(work_tree):
        folders[:] = [
            one for one in folders if one != ".git" and not os.path.islink(f"{above}/{one}")
        ]
        for name in names:
            path = Path(above, name)
            with suppress(OSError):
                if path.is_symlink() or os.lstat(path).st_size > _POINTER_BYTES:
                    continue
                found = _POINTER.match(path.read_bytes())
                if found is not None:
                    yield path, found[1].decode("ascii")


def _content(git: Git, name: Path, oid: str, most: int) -> bytes:
    kept = git.common_dir / "lfs/objects" / oid[:2] / oid[2:4] / oid
    for path in (kept, git.work_tree / name):
        data = read_small(
            path, min(most, _LARGEST), inside=str(path.parent if path == kept else git.work_tree)
        )
        if hashlib.sha256(data).hexdigest() == oid:
            return data
    return b""
