"""Changes files by descriptor, beneath the work tree alone: never through a link, never in a git dir."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from tui.system.beneath import open_beneath
from tui.system.git import Git
from tui.system.paths import state_dir
from tui.system.repository_names import UnacceptableError, path_fault, shown

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_BLOCK = 4096
# O_NONBLOCK and O_NOCTTY: a FIFO or terminal may have taken a file's place since it was listed.
READ_ONLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class WorkTreeFiles:
    """The paths of one work tree. Whatever is changed in it is flushed by `flush`.

    A path that leads out of it, into a git dir or to one of `closed` (paths from the top) raises
    `UnacceptableError` before anything is done. What is half made beside its place is called `partial`:
    with a `mark` that nobody could know before, so that nothing of that name is anybody else's.
    """

    def __init__(self, top: Path, closed: Collection[bytes] = (), mark: str = "") -> None:
        self._closed = tuple(closed)
        self.partial = b".overnight-" + mark.encode()
        self.top = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # The folder opened last: paths come sorted, so most share it with the one before.
        self._last: tuple[bytes, int] | None = None
        self._changed: set[bytes] = set()

    def __enter__(self) -> WorkTreeFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_last()
        os.close(self.top)

    def _close_last(self) -> None:
        if self._last is not None:
            os.close(self._last[1])
            self._last = None

    def _open_parent(self, path: bytes, *, make: bool = False) -> tuple[int, bytes]:
        """An open folder and the name in it; OSError where a component is no real folder."""
        folder, _, name = path.rpartition(b"/")
        self._check(path if name else folder)
        if self._last is None or self._last[0] != folder or make:
            self._close_last()
            self._last = (folder, self._open_folder(folder, make))
        return self._last[1], name

    def _check(self, path: bytes) -> None:
        why = path_fault(path)
        if any(path == closed or path.startswith(closed + b"/") for closed in self._closed):
            why = "is not the work tree's own"
        if why:
            raise UnacceptableError(f"{shown(path)} {why}; nothing is done there")

    def _open_folder(self, folder: bytes, make: bool) -> int:
        """An open folder below the top; each missing one is made, with the owner of the one above."""
        try:
            return open_beneath(self.top, folder or b".", _FOLDER)
        except FileNotFoundError:
            if not make:
                raise
        above, _, name = folder.rpartition(b"/")
        parent = self._open_folder(above, make)
        try:
            try:
                os.mkdir(name, dir_fd=parent)
                self._copy_owner(name, parent, os.fstat(parent))
                self._changed.add(above)
            except FileExistsError:
                pass
            return os.open(name, _FOLDER, dir_fd=parent)
        finally:
            os.close(parent)

    def stat(self, path: bytes) -> os.stat_result | None:
        """Stat data of what is at `path`; None if nothing is, or a folder above it is none."""
        try:
            folder, name = self._open_parent(path)
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                return None
            raise

    def read(self, path: bytes) -> bytes:
        """The bytes of a regular file or the target of a link."""
        folder, name = self._open_parent(path)
        if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            return os.readlink(name, dir_fd=folder)
        with open(os.open(name, READ_ONLY, dir_fd=folder), "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(errno.EINVAL, "is no regular file", os.fsdecode(path))
            return file.read()

    def open(self, path: bytes, *, folder: bool = False) -> int:
        """A descriptor of a file or folder (the top if empty) to look at and to change its
        permissions by."""
        if folder:
            if path:
                self._check(path)
            return self._open_folder(path, make=False)
        parent, name = self._open_parent(path)
        return os.open(name, READ_ONLY, dir_fd=parent)

    def require_space(self, sources: Iterable[Path]) -> None:
        """OSError unless there is room for copies of these files, where they cannot just be moved in."""
        needed = 0
        top = os.fstat(self.top)
        for source in sources:
            status = os.lstat(source)
            if status.st_dev == top.st_dev:
                return
            needed += status.st_size + _BLOCK
        room = os.fstatvfs(self.top)
        if needed > room.f_bavail * room.f_frsize:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def create(self, source: Path, path: bytes) -> bool:
        """Puts a staged file where nothing is; False, and nothing done, if something is there."""
        folder, name = self._open_parent(path, make=True)
        self._copy_owner(os.fsencode(source), None, os.fstat(folder))
        self._changed.add(path.rpartition(b"/")[0])
        try:
            os.link(source, name, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            return False
        except OSError:  # no hard links here, or another file system
            if self.stat(path) is not None:
                return False
            self._move_in(source, folder, name)
        return True

    def replace(self, source: Path, path: bytes, old_path: Path) -> os.stat_result | None:
        """Puts a staged file in the place of another; what it replaced is at `old_path` afterwards.

        Returns the stat data of that, or None where it could not be set old_path.
        """
        folder, name = self._open_parent(path, make=True)
        self._changed.add(path.rpartition(b"/")[0])
        before = os.stat(name, dir_fd=folder, follow_symlinks=False)
        self._copy_owner(os.fsencode(source), None, before)
        try:
            os.link(name, old_path, src_dir_fd=folder, follow_symlinks=False)
        except OSError:
            self._move_in(source, folder, name)
            return None
        self._move_in(source, folder, name)
        return os.lstat(old_path)

    def _move_in(self, source: Path, folder: int, name: bytes) -> None:
        try:
            os.rename(source, name, dst_dir_fd=folder)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._copy_in(source, folder, name)

    def _copy_in(self, source: Path, folder: int, name: bytes) -> None:
        partial = self.partial + b"-" + os.fsencode(source.name)
        try:
            os.unlink(partial, dir_fd=folder)
        except FileNotFoundError:
            pass
        try:
            self._copy(source, folder, partial)
            os.rename(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with suppress(OSError):
                os.unlink(partial, dir_fd=folder)
            raise
        os.unlink(source)

    def _copy(self, source: Path, folder: int, partial: bytes) -> None:
        status = os.lstat(source)
        if stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(source), partial, dir_fd=folder)
        else:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with open(os.open(partial, flags, 0o600, dir_fd=folder), "wb") as file:
                file.write(source.read_bytes())
                os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
                file.flush()
                os.fsync(file.fileno())
        self._copy_owner(partial, folder, status)

    @staticmethod
    def _copy_owner(path: bytes, folder: int | None, like: os.stat_result) -> None:
        """As root, gives a new thing the owner of what it stands for."""
        if os.geteuid() == 0 and (like.st_uid, like.st_gid) != (0, 0):
            os.chown(path, like.st_uid, like.st_gid, dir_fd=folder, follow_symlinks=False)

    def move_out(self, path: bytes, old_path: Path) -> os.stat_result | None:
        """Moves what is at `path` out to `old_path` and says what it was; None if it had to be
        deleted on the spot."""
        folder, name = self._open_parent(path)
        self._changed.add(path.rpartition(b"/")[0])
        try:
            os.rename(name, old_path, src_dir_fd=folder)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            os.unlink(name, dir_fd=folder)
            return None
        return os.lstat(old_path)

    def rename(self, path: bytes, new: bytes) -> None:
        """Renames within the work tree; for names that differ in case alone."""
        folder, name = self._open_parent(path)
        os.rename(name, new.rpartition(b"/")[2], src_dir_fd=folder, dst_dir_fd=folder)

    def make_folder(self, path: bytes) -> None:
        """Makes a folder and those above it; nothing if something is there already."""
        if self.stat(path) is None:
            self._open_parent(path + b"/", make=True)

    def remove_empty(self, path: bytes, spared: frozenset[bytes]) -> None:
        """Removes the folder `path` and those above it as far as they are empty and not spared."""
        while path and path not in spared and self._remove_folder(path):
            path = path.rpartition(b"/")[0]

    def remove_empty_tree(self, path: bytes) -> bool:
        """Removes a folder that holds nothing but folders; whether it is gone."""
        try:
            folder, name = self._open_parent(path)
            below = os.open(name, _FOLDER, dir_fd=folder)
        except OSError:
            return self.stat(path) is None
        try:
            with os.scandir(below) as entries:
                folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        finally:
            os.close(below)
        for inner in folders:
            self.remove_empty_tree(path + b"/" + os.fsencode(inner))
        return self._remove_folder(path)

    def _remove_folder(self, path: bytes) -> bool:
        try:
            folder, name = self._open_parent(path)
            os.rmdir(name, dir_fd=folder)
        except OSError:
            return False
        self._changed.add(path.rpartition(b"/")[0])
        return True

    def flush(self) -> None:
        """Makes every change of names durable."""
        self._close_last()
        for path in sorted(self._changed):
            try:
                descriptor = self._open_folder(path, make=False)
            except OSError:  # removed since
                continue
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._changed.clear()


def closed_places(git: Git) -> tuple[bytes, ...]:
    """What lies in a work tree but is not its own: git dirs under any name, and our state folder."""
    top = os.path.realpath(git.work_tree)
    places = (os.path.realpath(p) for p in (git.git_dir, git.common_dir, state_dir()))
    inside = [os.fsencode(os.path.relpath(p, top)) for p in places if p.startswith(top + os.sep)]
    return tuple(dict.fromkeys(inside))
