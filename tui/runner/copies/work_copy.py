"""A throwaway copy of a work tree, with a repository of its own, for a rehearsal.

It has the branch, the index, the hooks and the settings of the real one and reads its objects, but writes
only its own: a commit in the copy moves no branch of the person's, a push finds no remote, and a copy that
somebody killed leaves no trace in the repository. It lies in our cache folder. Files that git ignores are
copied too, since tests need what was installed there; what is too large is left out and named.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tui.runner.copies.own_repository import make_repository
from tui.runner.copies.throwaway import RUN, Throwaway, open_throwaway, remove_tree
from tui.store.layout import RunDirectory, make_project_state, runs_folder
from tui.system.errors import GitError, RefusedError, describe_os_error
from tui.system.files import make_folder, private_folder
from tui.system.git import Git

_LEFT_FREE: Final = 1 << 30
"""A copy leaves so many bytes of its disk free."""


@dataclass(frozen=True)
class CopyLimits:
    """How much is copied: bytes and files of what git knows or would, and beside it of what it ignores."""

    most_bytes: int = 4 << 30
    most_files: int = 400_000
    most_ignored_bytes: int = 3 << 30
    most_ignored_files: int = 300_000


@dataclass
class WorkCopy:
    """The copy while it is used; `project` is where the agent works.

    `run` is where the agent's hooks find and leave what is of its run, in the state of the real project; it
    is no run that anybody lists. `left_out` are ignored files and folders that were too much to copy.
    """

    holder: Throwaway
    work_tree: Path
    project: Path
    run: RunDirectory
    left_out: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """What is ours and holds it."""
        return self.holder.path

    def remove(self, environ: Mapping[str, str] = os.environ) -> None:
        """Ends what still runs in it and removes it, with the transcripts of its sessions."""
        self.holder.remove(environ)


def make_copy(
    git: Git,
    project: Path,
    environ: Mapping[str, str] = os.environ,
    limits: CopyLimits | None = None,
) -> WorkCopy:
    """A copy of the work tree as it is now. RefusedError where it cannot be made; then none is left."""
    holder = open_throwaway(environ)
    run = RunDirectory(runs_folder(project, environ) / f"{RUN}{holder.path.name}")
    work_tree = holder.path / (git.work_tree.name or "project")
    copy = WorkCopy(holder, work_tree, work_tree, run)
    try:
        # Named before it is made, so that it is removed with a copy that somebody killed.
        holder.note_run(run.path)
        make_project_state(project, environ)
        private_folder(run.path.parent)
        make_folder(run.path)
        copy.project = copy.work_tree / project.relative_to(git.work_tree)
        copying = _Copying(git.work_tree, copy.work_tree, limits or CopyLimits())
        copying.run(_ignored(git))
        copy.left_out = tuple(copying.left_out)
        make_repository(git, copy.work_tree)
    except OSError as error:
        copy.remove(environ)
        why = describe_os_error(error, did="could not be copied for the rehearsal")
        raise RefusedError(why) from error
    except BaseException:
        copy.remove(environ)
        raise
    return copy


# --- files ---


def _ignored(git: Git) -> frozenset[str]:
    """What git ignores in the work tree: files, and folders that are ignored as a whole."""
    words = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    found = os.fsdecode(git.run(words)).split("\0")
    return frozenset(name.rstrip("/") for name in found if name)


@dataclass
class _Copying:
    """The state of one copy: what may still be copied, and what was too much."""

    source: Path
    target: Path
    limits: CopyLimits
    left_out: list[str] = field(default_factory=list)
    _bytes: int = 0
    _files: int = 0

    def run(self, ignored: frozenset[str]) -> None:
        room = shutil.disk_usage(self.target.parent).free - _LEFT_FREE
        self._bytes, self._files = min(self.limits.most_bytes, room), self.limits.most_files
        later: list[str] = []
        make_folder(self.target)
        if not self._copy_folder("", ignored, later):
            if self._files >= 0 and room < self.limits.most_bytes:
                raise RefusedError(
                    f"the disk of {self.target.parent} has no room for a copy of {self.source}; make room "
                    "there, or set XDG_CACHE_HOME to another disk"
                )
            raise RefusedError(
                f"{self.source} is too large to be copied for a rehearsal: more than "
                f"{self.limits.most_bytes >> 30} GiB or {self.limits.most_files:,} files"
            )
        sized = sorted((*self._size(name), name) for name in later)
        room = shutil.disk_usage(self.target.parent).free - _LEFT_FREE
        self._bytes = min(self.limits.most_ignored_bytes, room)
        self._files = self.limits.most_ignored_files
        for size, files, name in sized:
            if size > self._bytes or files > self._files or not self._copy_entry(name):
                self.left_out.append(name)

    def _entries(self, name: str) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self.source / name) as entries:
            for entry in entries:
                # The repository is made apart, and those of submodules and nested ones are not copied.
                if entry.name != ".git":
                    yield entry

    def _copy_folder(self, name: str, ignored: frozenset[str], later: list[str]) -> bool:
        """Copies what a folder holds; False where it is more than may be copied."""
        for entry in self._entries(name):
            inner = os.path.join(name, entry.name)
            if inner in ignored:
                later.append(inner)
            elif entry.is_dir(follow_symlinks=False):
                make_folder(self.target / inner)
                if not self._copy_folder(inner, ignored, later):
                    return False
            elif not self._copy_file(entry, inner):
                return False
        if name:
            shutil.copystat(self.source / name, self.target / name)
            os.chmod(self.target / name, 0o700 | os.stat(self.target / name).st_mode & 0o777)
        return True

    def _copy_entry(self, name: str) -> bool:
        """Copies a file or folder that git ignores; False, with nothing left, where it is too much."""
        path = self.source / name
        try:
            if path.is_dir() and not path.is_symlink():
                make_folder(self.target / name)
                if self._copy_folder(name, frozenset(), []):
                    return True
                remove_tree(self.target / name)
                return False
            with os.scandir(path.parent) as entries:
                entry = next((one for one in entries if one.name == path.name), None)
            return entry is None or self._copy_file(entry, name)
        except PermissionError:
            return False

    def _copy_file(self, entry: os.DirEntry[str], name: str) -> bool:
        target = self.target / name
        if entry.is_symlink():
            os.symlink(self._link(os.readlink(entry.path)), target)
            return True
        facts = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(facts.st_mode):
            return True  # a socket or a pipe belongs to a process
        self._files -= 1
        self._bytes -= facts.st_size
        if self._files < 0 or self._bytes < 0:
            return False
        shutil.copy2(entry.path, target, follow_symlinks=False)
        return True

    def _link(self, to: str) -> str:
        """A link into the work tree leads into the copy, so that nothing is written through it."""
        top = f"{self.source}/"
        return f"{self.target}/{to.removeprefix(top)}" if to.startswith(top) else to

    def _size(self, name: str) -> tuple[int, int]:
        """Bytes and files below an ignored entry; counting ends where it is too much."""
        size = files = 0
        waiting = [self.source / name]
        while waiting and size <= self.limits.most_ignored_bytes and files <= self._most_counted:
            path = waiting.pop()
            with suppress(OSError):
                facts = os.lstat(path)
                size, files = size + facts.st_size, files + 1
                if stat.S_ISDIR(facts.st_mode):
                    waiting += [path / inner for inner in os.listdir(path)]
        return size, files

    @property
    def _most_counted(self) -> int:
        return self.limits.most_ignored_files


def head_of(copy: WorkCopy) -> str | None:
    """The commit that the copy stands on now; None where there is none, or its repository is broken."""
    with suppress(GitError, RefusedError):
        return Git(copy.work_tree).head()
    return None
