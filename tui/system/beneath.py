"""Opens paths beneath a folder and never outside it, whatever links somebody puts in the way."""

from __future__ import annotations

import errno
import os
import stat
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_MAGIC_LINKS: Final = 0x02
_NO_LINKS: Final = 0x04
_BENEATH: Final = 0x08
_OPENAT2: Final = 437  # the same on every architecture of Linux
_RACES: Final = 20
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_LINKS: Final = 40


def open_beneath(
    top: int, path: bytes, flags: int, mode: int = 0o600, *, follow: bool = False
) -> int:
    """A descriptor of `path`, relative to the open folder `top` and not outside it.

    Symbolic links are refused, or with `follow` followed as long as they stay beneath `top`. OSError: ELOOP
    for a link that is refused, EXDEV for a path that leads outside, else as `os.open`.
    """
    if not path or path.startswith(b"/") or b"\0" in path:
        raise OSError(errno.EXDEV, "is no path beneath the folder", os.fsdecode(path))
    flags |= os.O_CLOEXEC
    system = _openat2()
    if system is None:
        return _open_by_component(top, path, flags, mode, follow)
    resolve = _BENEATH | _NO_MAGIC_LINKS | (0 if follow else _NO_LINKS)
    for _ in range(_RACES):
        try:
            return system(top, path, flags, mode if flags & os.O_CREAT else 0, resolve)
        except OSError as error:
            # EAGAIN: something was renamed meanwhile, so the kernel could not tell.
            if error.errno != errno.EAGAIN:
                raise
    raise OSError(errno.EAGAIN, "is renamed all the time", os.fsdecode(path))


def open_inside(base: str, path: str, flags: int, mode: int = 0o600) -> int:
    """A descriptor of `path`, behind whatever links, as long as all of it lies inside the folder `base`.

    The links are resolved first; what is opened then has none, so that nobody can put one in between.
    OSError: EXDEV for a path that leads outside, ELOOP for one that changes all the time.
    """
    for _ in range(_RACES):
        top, inner = resolve_inside(base, path)
        descriptor = os.open(top, _FOLDER)
        try:
            # One file: to load ctypes for the system call would cost more than a walk over the folders.
            flags |= os.O_NOFOLLOW | os.O_CLOEXEC
            return _open_by_component(descriptor, os.fsencode(inner), flags, mode, follow=False)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
        finally:
            os.close(descriptor)
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def resolve_inside(base: str, path: str) -> tuple[str, str]:
    """The folder `base` without links, and `path` without links relative to it; OSError for one outside."""
    try:
        top, real = os.path.realpath(base), os.path.realpath(path)
    except ValueError as error:  # it holds a NUL
        raise OSError(errno.EXDEV, "is no path inside the folder", path) from error
    if real == top or not real.startswith(top.rstrip("/") + "/"):
        raise OSError(errno.EXDEV, "leads outside", path)
    return top, os.path.relpath(real, top)


@cache
def _openat2() -> Callable[[int, bytes, int, int, int], int] | None:
    """The system call of Linux 5.6; None where the kernel or a filter does not have it."""
    import sys

    if sys.platform != "linux":
        return None
    import ctypes

    class _OpenHow(ctypes.Structure):
        _fields_ = (
            ("flags", ctypes.c_uint64),
            ("mode", ctypes.c_uint64),
            ("resolve", ctypes.c_uint64),
        )

    try:
        syscall = ctypes.CDLL(None, use_errno=True).syscall
    except (OSError, AttributeError):
        return None
    syscall.restype = ctypes.c_long

    def call(top: int, path: bytes, flags: int, mode: int, resolve: int) -> int:
        how = _OpenHow(flags, mode, resolve)
        size = ctypes.c_size_t(ctypes.sizeof(how))
        done = syscall(
            ctypes.c_long(_OPENAT2),
            ctypes.c_int(top),
            ctypes.c_char_p(path),
            ctypes.byref(how),
            size,
        )
        if done < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), os.fsdecode(path))
        return int(done)

    try:
        descriptor = os.open("/", _FOLDER)
        try:
            os.close(call(descriptor, b".", _FOLDER, 0, _BENEATH))
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return call


# complexity: one walk over the components, each case its own way out
def _open_by_component(top: int, path: bytes, flags: int, mode: int, follow: bool) -> int:
    """The same without the system call: each component is opened alone and no link is left to the kernel."""
    waiting = [part for part in reversed(path.split(b"/")) if part not in (b"", b".")]
    folders = [os.dup(top)]
    links = 0
    try:
        while waiting:
            part = waiting.pop()
            if part == b"..":
                if len(folders) == 1:
                    raise OSError(errno.EXDEV, "leads outside", os.fsdecode(path))
                os.close(folders.pop())
                continue
            try:
                is_link = stat.S_ISLNK(
                    os.stat(part, dir_fd=folders[-1], follow_symlinks=False).st_mode
                )
            except FileNotFoundError:
                is_link = False
            if is_link and (waiting or not flags & os.O_NOFOLLOW or not follow):
                links += 1
                if not follow or links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fsdecode(path))
                target = os.readlink(part, dir_fd=folders[-1])
                if target.startswith(b"/"):
                    raise OSError(errno.EXDEV, "leads outside", os.fsdecode(path))
                waiting += [p for p in reversed(target.split(b"/")) if p not in (b"", b".")]
                continue
            if not waiting:
                return os.open(part, flags | os.O_NOFOLLOW, mode, dir_fd=folders[-1])
            folders.append(os.open(part, _FOLDER, dir_fd=folders[-1]))
        return os.open(b".", flags, mode, dir_fd=folders[-1])
    finally:
        for descriptor in folders:
            os.close(descriptor)
