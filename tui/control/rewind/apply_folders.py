"""Makes, removes and closes folders, and puts the `.git` of nested repositories back, in one step each."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress

from tui.control.checkpoints.attributes import apply_extras, has_extras
from tui.control.checkpoints.git_objects import BlobReader
from tui.control.checkpoints.nested_git import NestedGit, NestedScan, git_entry_exists
from tui.control.checkpoints.stat_cache import FileTable
from tui.control.checkpoints.work_tree import NotCaptured, blob_id
from tui.control.rewind.decide import FileStep
from tui.control.rewind.safe_paths import READ_ONLY, WorkTreeFiles
from tui.system.beneath import open_beneath
from tui.system.git import Git

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN, _PRIVATE = 0o700, 0o700


class FolderApplier:
    """The folder steps of one rewind."""

    def __init__(self, files: WorkTreeFiles, steps: Sequence[FileStep]) -> None:
        self._files = files
        self._steps = sorted(steps, key=lambda step: step.path)

    @property
    def kept(self) -> set[bytes]:
        """The folders that are there afterwards."""
        return {step.path for step in self._steps if step.after is not None}

    def open_all(self) -> None:
        """Lets this user write in the folders that are closed; `finish_all` closes them again."""
        for step in self._steps:
            if step.before is not None and step.before.permissions & _OPEN != _OPEN:
                self._chmod(step.path, step.before.permissions | _OPEN)

    def make_all(self) -> None:
        """Makes what is missing, for nobody else to see until it is complete."""
        for step in self._steps:
            if step.path and step.after is not None and self._files.stat(step.path) is None:
                with suppress(OSError):  # something stays in its place, and is told of
                    self._files.make_folder(step.path)
                    self._chmod(step.path, _PRIVATE)

    def remove_all(self) -> None:
        """Removes folders that were not there then, as far as nothing is left in them."""
        for step in reversed(self._steps):
            if step.after is None:
                above = step.path.rpartition(b"/")[0]
                self._files.remove_empty(step.path, frozenset((above,)))

    def finish_all(self) -> list[NotCaptured]:
        """Gives all folders their permissions and attributes, the innermost first; what failed."""
        failed = []
        for step in reversed(self._steps):
            if step.after is None:
                continue
            try:
                descriptor = self._files.open(step.path, folder=True)
            except OSError:  # a file that stayed has its place
                continue
            try:
                if not has_extras(descriptor, step.after.permissions, step.after.attributes):
                    why = apply_extras(
                        descriptor, step.after.permissions, step.after.attributes, None
                    )
                    if why:
                        failed.append(NotCaptured(os.fsdecode(step.path or b".") + "/", why))
            finally:
                os.close(descriptor)
        return failed

    def _chmod(self, path: bytes, permissions: int) -> None:
        # Who may not do this finds out when it comes to the files.
        with suppress(OSError):
            descriptor = self._files.open(path, folder=True)
            try:
                os.fchmod(descriptor, permissions)
            finally:
                os.close(descriptor)


class NestedGitFiles:
    """Puts the `.git` of nested repositories in place, or takes away what a rewind put there.

    One is built beside its place: a single rename then puts it there whole.
    """

    def __init__(self, git: Git, files: WorkTreeFiles) -> None:
        self._git, self._files = git, files
        self._partial = files.partial + b"-git"

    def restore(self, entries: Sequence[NestedGit]) -> list[NestedGit]:
        """Puts back those that are missing; returns these. Nothing that is there is touched."""
        done = []
        for entry in entries:
            folder, _, name = entry.path.rpartition(b"/")
            if not git_entry_exists(self._files.top, entry.path):
                self._files.make_folder(folder)
                parent = self._files.open(folder, folder=True)
                try:
                    self._build(parent, entry)
                    os.rename(self._partial, name, src_dir_fd=parent, dst_dir_fd=parent)
                    os.fsync(parent)
                finally:
                    os.close(parent)
                done.append(entry)
        return done

    def remove(self, entry: NestedGit) -> bool:
        """Takes it away if it is as it was put there; whether nothing is there now."""
        folder, _, name = entry.path.rpartition(b"/")
        try:
            parent = self._files.open(folder, folder=True)
        except OSError:
            return True
        try:
            if git_entry_exists(parent, name):
                if self._read(entry.path) != entry:
                    return False
                os.rename(name, self._partial, src_dir_fd=parent, dst_dir_fd=parent)
            _clear(parent, self._partial)
            return True
        finally:
            os.close(parent)

    def _read(self, path: bytes) -> NestedGit | None:
        top = self._files.top

        def read(path: bytes) -> tuple[bytes | str, os.stat_result, None]:
            above, _, name = path.rpartition(b"/")
            folder = open_beneath(top, above, _FOLDER)
            try:
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISLNK(status.st_mode):
                    return os.readlink(name, dir_fd=folder), status, None
                with open(os.open(name, READ_ONLY, dir_fd=folder), "rb") as file:
                    return file.read(), status, None
            finally:
                os.close(folder)

        most = 1 << 62
        scan = NestedScan(
            self._files.top, read, lambda data: blob_id(self._git, data), most, most, FileTable()
        )
        for _ in scan.scan([path]):
            pass
        return next(iter(scan.entries()), None)

    def _build(self, parent: int, entry: NestedGit) -> None:
        _clear(parent, self._partial)
        for path, _ in entry.folders:
            _make_folder(parent, self._inside(path))
        with BlobReader(self._git) as blobs:
            for file in entry.files:
                path = self._inside(file.path)
                _make_file(parent, path, file.mode, blobs.read(file.blob))
        for path, mode in reversed(entry.folders):
            descriptor = open_beneath(parent, self._inside(path), _FOLDER)
            try:
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _inside(self, path: bytes) -> bytes:
        return self._partial + b"/" + path if path else self._partial


def _make_folder(parent: int, path: bytes) -> None:
    folder, name = _open_above(parent, path)
    try:
        os.mkdir(name, _PRIVATE, dir_fd=folder)
        _give_owner(name, folder)
    finally:
        os.close(folder)


def _make_file(parent: int, path: bytes, mode: int, data: bytes) -> None:
    folder, name = _open_above(parent, path)
    try:
        if stat.S_ISLNK(mode):
            os.symlink(data, name, dir_fd=folder)
        else:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with open(os.open(name, flags, 0o600, dir_fd=folder), "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), mode & 0o777)
                os.fsync(file.fileno())
        _give_owner(name, folder)
    finally:
        os.close(folder)


def _open_above(parent: int, path: bytes) -> tuple[int, bytes]:
    folder, _, name = path.rpartition(b"/")
    return (open_beneath(parent, folder, _FOLDER) if folder else os.dup(parent)), name


def _give_owner(name: bytes, folder: int) -> None:
    """As root, gives a new thing the owner of the folder that it lies in."""
    like = os.fstat(folder)
    if os.geteuid() == 0 and (like.st_uid, like.st_gid) != (0, 0):
        os.chown(name, like.st_uid, like.st_gid, dir_fd=folder, follow_symlinks=False)


def _clear(parent: int, name: bytes) -> None:
    """Removes what a killed rewind left half built."""
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(status.st_mode):
        shutil.rmtree(name, dir_fd=parent)
    else:
        os.unlink(name, dir_fd=parent)
