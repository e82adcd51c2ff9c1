"""The one way to replace, read and append to small files, and to make private folders."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tui.system.errors import RefusedError, describe_os_error

if TYPE_CHECKING:
    from io import BufferedRandom
    from pathlib import Path

MOST_BYTES: Final = 256 * 1024
"""How much of a small file is read unless the caller says otherwise."""

AnyPath: TypeAlias = "str | bytes | os.PathLike[str]"

_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextmanager
def replacing(
    path: str | os.PathLike[str], *, folder: int | None = None, mode: int = 0o600, sync: bool = True
) -> Iterator[BufferedRandom]:
    """A new file that replaces `path` in one step when the block ends without an error.

    Nobody ever reads half of it; on an error `path` stays as it was. A link at `path`
    is replaced, not followed. With `sync` the content is on the disk before the name is. `path` is
    relative to the descriptor `folder`, if given; the umask applies to `mode` beyond the owner's
    part. Raises OSError.
    """
    above, name = os.path.split(os.fspath(path))
    # Under a random name, so that of two writers at once each replaces the file with a whole one.
    partial = os.path.join(above, f".{name[:40]}.{os.urandom(4).hex()}")
    descriptor = os.open(partial, _NEW, mode, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            if os.fstat(descriptor).st_mode & 0o600 != 0o600:
                os.fchmod(descriptor, mode & 0o700)  # such a umask is meant for nobody's files
            yield file
            file.flush()
            if sync:
                os.fsync(descriptor)
        os.rename(partial, path, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial, dir_fd=folder)
        raise


def atomic_write(
    path: str | os.PathLike[str], data: bytes, *, mode: int = 0o600, sync: bool = True
) -> None:
    """Replaces a file with these bytes in one step, as `replacing` does. Raises OSError."""
    with replacing(path, mode=mode, sync=sync) as file:
        file.write(data)


def atomic_write_at(folder: int, name: str, data: bytes, *, mode: int = 0o600) -> None:
    """The same below an open folder, which nobody can replace meanwhile; the mode is exact."""
    with replacing(name, folder=folder) as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Makes the names in a folder durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def regular_file(
    path: AnyPath, *, folder: int | None = None, follow: bool = False, inside: str = ""
) -> Iterator[tuple[int, os.stat_result]]:
    """A descriptor to read the regular file at `path`, and its status.

    OSError for anything else: a FIFO is not waited for, a device not opened for long, a link at the
    end of the path followed only with `follow`. With a folder `inside` links are followed as long as
    they stay in it, and what leads out of it is an error.
    """
    if inside:
        from tui.system.beneath import open_inside

        descriptor = open_inside(inside, os.fsdecode(path), _READ)
    else:
        descriptor = os.open(path, _READ if follow else _READ | os.O_NOFOLLOW, dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is not a regular file", path)
        yield descriptor, status
    finally:
        os.close(descriptor)


def read_small(
    path: AnyPath, most: int = MOST_BYTES, *, follow: bool = False, inside: str = ""
) -> bytes:
    """The first `most` bytes of a regular file; empty for anything else, never waiting."""
    try:
        with regular_file(path, follow=follow, inside=inside) as (descriptor, status):
            return os.read(descriptor, min(most, status.st_size))
    except (OSError, ValueError):
        return b""


def modified_at(path: str | os.PathLike[str]) -> float:
    """When a file was last written to (seconds since the epoch); 0 where there is none."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def read_json(
    path: AnyPath, most: int = MOST_BYTES, *, follow: bool = False
) -> dict[str, Any] | None:
    """The JSON object in a small file; None if there is none."""
    return json_object(read_small(path, most, follow=follow))


def json_object(data: bytes) -> dict[str, Any] | None:
    """The JSON object in these bytes; None for anything else."""
    import msgspec

    try:
        value = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def append_line(
    path: str | os.PathLike[str],
    line: bytes,
    *,
    mode: int = 0o600,
    follow: bool = False,
    sync: bool = False,
) -> None:
    """Appends whole lines in one write, so that several writers may share the file.

    A writer that was killed in the middle of a line left no newline; one is written first then, so that
    the incomplete line never swallows the next. With `sync` the line is on the disk at return. Never
    waits; raises OSError.
    """
    descriptor = open_to_append(path, mode=mode, follow=follow)
    try:
        append_to(descriptor, line, path, sync=sync)
    finally:
        os.close(descriptor)


def open_private(path: str | os.PathLike[str], flags: int) -> int:
    """A descriptor of a file of ours, made if missing: mode 0600 whatever the umask is, no link followed.

    Raises OSError.
    """
    flags |= os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    status = os.fstat(descriptor)
    if status.st_mode & 0o777 != 0o600 and status.st_uid == os.geteuid():
        os.fchmod(descriptor, 0o600)
    return descriptor


def open_to_append(
    path: AnyPath, *, folder: int | None = None, mode: int = 0o600, follow: bool = False
) -> int:
    """A descriptor for `append_to`, of a file that is made if missing; never waits, raises OSError."""
    flags = _APPEND if follow else _APPEND | os.O_NOFOLLOW
    descriptor = os.open(path, flags, mode, dir_fd=folder)
    status = os.fstat(descriptor)
    if not status.st_size and stat.S_ISREG(status.st_mode) and not status.st_mode & 0o700:
        os.fchmod(descriptor, mode)  # new, under a umask that takes from the owner too
    return descriptor


def append_to(descriptor: int, line: bytes, shown: AnyPath, *, sync: bool = False) -> None:
    """The same through a descriptor that reads and appends; `shown` is the file's name in an error."""
    size = os.fstat(descriptor).st_size  # 0 for a FIFO or a device
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    if os.write(descriptor, line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(shown))
    if sync:
        os.fsync(descriptor)


def is_own_folder(path: Path) -> bool:
    """Whether the folder is there. RefusedError when it is something else, or belongs to another user."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    shown = repr(str(path))
    if stat.S_ISLNK(status.st_mode):
        raise RefusedError(f"{shown} is a symbolic link; remove it")
    if not stat.S_ISDIR(status.st_mode):
        raise RefusedError(f"{shown} cannot be used as a folder: it is none; remove it")
    if status.st_uid != os.geteuid():
        raise RefusedError(f"{shown} belongs to another user; remove it or run as its owner")
    return True


def is_own_file(path: str | os.PathLike[str]) -> bool:
    """Whether that is a regular file of this user; a link is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()


def make_folder(path: Path) -> bool:
    """Makes a folder with what is missing above it, each of mode 0700 whatever the umask is.

    False when something was there already, which is left as it is. Raises OSError.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return False
    except FileNotFoundError:
        make_folder(path.parent)
        return make_folder(path)
    if stat.S_IMODE(os.lstat(path).st_mode) & 0o700 != 0o700:
        # A umask that takes from the owner too: then it could not even be opened.
        os.chmod(path, 0o700)
    return True


def private_folder(path: Path) -> Path:
    """A folder only its owner, this user, can enter; made with its parents if missing.

    RefusedError when it is a symbolic link, no folder, somebody else's, or cannot be made.
    """
    shown = repr(str(path))
    try:
        make_folder(path)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise RefusedError(f"{shown} is a symbolic link; remove it or set paths") from error
        raise RefusedError(describe_os_error(error, shown, "cannot be used as a folder")) from error
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            raise RefusedError(f"{shown} belongs to another user; remove it or run as its owner")
        if stat.S_IMODE(status.st_mode) != 0o700:
            os.fchmod(descriptor, 0o700)
    except OSError as error:
        raise RefusedError(describe_os_error(error, shown, "cannot be made private")) from error
    finally:
        os.close(descriptor)
    return path
