"""Whether a path is protected, whatever links, dots, letters and names lead to it.

Case is never heeded: a work tree may lie where `.ENV` is `.env`, and finding out costs more than it gives.
A glob stands for what it matches and for all that lies below.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final, NamedTuple

from tui.control.protect.expansion import FROM_MARKS, has_pattern
from tui.control.protect.globs import covers, expand, fixed_parts, folded_parts, glob_parts, walk
from tui.system.shell.syntax import UNKNOWN

_LONGEST: Final = 4_096


class Use(Enum):
    """What is done with a path."""

    READ = "read"
    WRITE = "written"
    REMOVE = "removed"


class _Glob(NamedTuple):
    """`text` as it was written; its components from the root, so many of them fixed; the path of those."""

    text: str
    parts: tuple[str, ...]
    fixed: int
    base: str
    is_for_writing: bool

    @property
    def is_fixed(self) -> bool:
        return self.fixed == len(self.parts)

    def covers(self, path: Sequence[str]) -> bool:
        """Whether it names this path, folded, or a folder above it."""
        if tuple(path[: self.fixed]) != self.parts[: self.fixed]:
            return False
        return self.is_fixed or covers(self.parts[self.fixed :], path[self.fixed :])

    def heeds(self, use: Use) -> bool:
        return use is not Use.READ or not self.is_for_writing


class ProtectedPaths:
    """The globs of a project, ready to be asked."""

    def __init__(
        self, paths: Iterable[str], written: Iterable[str], project: str, home: str
    ) -> None:
        self.project = os.path.normpath(project)
        self._home = home
        tops = tuple(dict.fromkeys((self.project, real_path(self.project))))
        globs: dict[_Glob, None] = {}
        for texts, is_for_writing in ((paths, False), (written, True)):
            for text in texts:
                for top in tops:
                    globs.update(dict.fromkeys(self._made(text, top, is_for_writing)))
        self._globs = tuple(globs)

    def _made(self, text: str, top: str, is_for_writing: bool) -> Iterator[_Glob]:
        """The glob, and the same below what its fixed part is a link to."""
        glob = self._home + text[1:] if text == "~" or text.startswith("~/") else text
        top = "/" if glob.startswith("/") else top
        below = glob_parts(os.path.normpath(glob))
        if not below or below[0] == "..":
            return
        fixed = fixed_parts(below)
        names = [name for name in os.path.normpath(glob).split("/") if name]
        base = os.path.join(top, *names[:fixed])
        for one in dict.fromkeys((base, real_path(base))):
            above = folded_parts(one)
            yield _Glob(text, (*above, *below[fixed:]), len(above), one, is_for_writing)

    def hit(self, field: str, base: str, use: Use) -> str:
        """The glob that protects what a field names, seen from the folder `base`; empty if none does."""
        if not self._globs or not field or len(field) > _LONGEST or "\n" in field:
            return ""
        return next(filter(None, (self._hit(one, use) for one in self._meant(field, base))), "")

    def _meant(self, field: str, base: str) -> Iterator[str]:
        """The paths that a field may stand for, absolute. What is unknown in it may be a folder, or empty."""
        if UNKNOWN in field:
            head, _, tail = field.rpartition(UNKNOWN)
            if not head.strip(UNKNOWN) and tail.startswith("/"):
                yield os.path.join(self.project, tail.lstrip("/"))
            start = field.partition(UNKNOWN)[0]
            if "/" in start:
                yield from self._meant(start.rpartition("/")[0] or "/", base)
            field = field.replace(UNKNOWN, "")
            if not field.strip("./") or (not head.strip(UNKNOWN) and tail.startswith("/")):
                return
        if has_pattern(field):
            yield from expand(field, base)
            field = field.translate(FROM_MARKS)
        yield os.path.join(base, self._home + field[1:] if field[:2] == "~/" else field)

    def _hit(self, path: str, use: Use) -> str:
        real = real_path(path)
        for one in dict.fromkeys((os.path.normpath(path), real)):
            parts = folded_parts(one)
            for glob in self._globs:
                if glob.heeds(use) and glob.covers(parts):
                    return glob.text
                if use is Use.REMOVE and _holds(one, parts, glob):
                    return glob.text
        return "" if use is Use.REMOVE else self._same_file(real, use)

    def _same_file(self, path: str, use: Use) -> str:
        """The glob of a protected file that this path is another name of (a hard link)."""
        try:
            facts = os.lstat(path)
        except (OSError, ValueError):
            return ""
        if facts.st_nlink < 2 or not stat.S_ISREG(facts.st_mode):
            return ""
        for glob in self._globs:
            if glob.heeds(use) and any(
                _is_same(one, facts) for one in _names_of(glob, facts.st_ino)
            ):
                return glob.text
        return ""


def real_path(path: str) -> str:
    """The path with every link followed, as far as it is there."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.path.normpath(path)


def _holds(folder: str, parts: tuple[str, ...], glob: _Glob) -> bool:
    """Whether something that a glob protects lies in a folder now."""
    fixed = glob.parts[: glob.fixed]
    is_above = parts == fixed[: len(parts)]
    is_below = parts[: len(fixed)] == fixed
    try:
        if not (is_above or is_below) or not os.path.isdir(folder):
            return False
        if glob.is_fixed:
            return is_above and os.path.lexists(glob.base)
    except ValueError:
        return False
    start = glob.base if is_above else folder
    return any(glob.covers(folded_parts(one.path)) for one in walk(start))


def _names_of(glob: _Glob, inode: int) -> Iterator[str]:
    """The paths of a glob that may be of this inode."""
    yield glob.base
    if os.path.isdir(glob.base):
        for one in walk(glob.base):
            if one.inode == inode and not one.is_folder and glob.covers(folded_parts(one.path)):
                yield one.path


def _is_same(path: str, facts: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), facts)
    except (OSError, ValueError):
        return False
