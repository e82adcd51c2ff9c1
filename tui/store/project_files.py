"""The original system's files in a project, the only ones that we write there; reading what lies there.

A repository, or the agent, can put a symbolic link, a second name or a pipe in the place of any of them.
What leaves the project, has another name or is no regular file is refused with a sentence, never written to.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.system import paths
from tui.system.beneath import resolve_inside
from tui.system.errors import RefusedError
from tui.system.files import MOST_BYTES, append_to, open_to_append, read_small, replacing

if TYPE_CHECKING:
    from io import BufferedRandom

    from tui.settings.original_sections import PathsSettings

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
# What makes a folder a repository, whatever its name is.
_REPOSITORY: Final = ("HEAD", "objects", "refs")


def record_names(names: PathsSettings) -> tuple[str, ...]:
    """The files that only we write, by the names of the settings; the last is a folder."""
    histories = (names.session_history, names.compaction_history)
    return (names.watchdog_log, *histories, names.transcripts)


def task_names(names: PathsSettings) -> tuple[str, ...]:
    """The files in which the agent says how its work stands."""
    return (names.progress_file, names.session_notes, names.feature_list)


class FileRefusal(Enum):
    """Why a file of a project is not written: its reason and what to do, as one sentence."""

    OUTSIDE = "leads out of the project through a symbolic link; put a real file or folder there"
    OTHER_NAMES = "has other names (hard links) that would change with it; put a copy in its place"
    NOT_REGULAR = "is not a regular file; move it away"
    GIT = "lies inside a git directory; name another place in the settings (paths)"


class ProjectFileRefusedError(RefusedError):
    """A file of the project is not written; `path` and `refusal` say which and why."""

    def __init__(self, path: Path, refusal: FileRefusal) -> None:
        super().__init__(f"{str(path)!r} is not written: it {refusal.value}")
        self.path = path
        self.refusal = refusal


class ProjectFiles:
    """Writes files of a project by the names of the settings.

    A link is followed as long as it stays inside the project. A name that leads outside by itself stands
    in the settings of the person or of a trusted project: there the file's own folder is what it must
    not leave. Every method raises ProjectFileRefusedError, or OSError where the system says no.
    """

    def __init__(self, project: Path) -> None:
        self._project = project

    def append(self, name: str, data: bytes) -> None:
        """Appends whole lines; makes the file and its folders where they are missing."""
        path = self.path(name)
        with self._folder_of(path, make=True) as (folder, leaf):
            descriptor = _open_to_append(folder, leaf, path)
            try:
                append_to(descriptor, data, path)
            finally:
                os.close(descriptor)

    def create(self, name: str, data: bytes) -> bool:
        """Makes a file with this content; False where something has the name already."""
        path = self.path(name)
        with self._folder_of(path, make=True) as (folder, leaf):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE
            try:
                descriptor = os.open(leaf, flags, 0o644, dir_fd=folder)
            except FileExistsError:
                return False
            with open(descriptor, "wb") as file:
                file.write(data)
        return True

    @contextmanager
    def replacing(self, name: str) -> Iterator[BufferedRandom]:
        """A new private file that takes the name in one step when the block ends; a link there is replaced."""
        path = self.path(name)
        with (
            self._folder_of(path.parent / "-", make=True) as (folder, _),
            replacing(path.name, folder=folder, sync=False) as file,
        ):
            yield file

    def obstacle(self, name: str) -> ProjectFileRefusedError | None:
        """Why the file would not be written; writes and makes nothing."""
        path = self.path(name)
        try:
            with self._folder_of(path, make=False) as (folder, leaf):
                _check_file(os.stat(leaf, dir_fd=folder, follow_symlinks=False), path)
        except ProjectFileRefusedError as error:
            return error
        except OSError:
            return None  # it is not there yet, or the attempt will say what is wrong
        return None

    def path(self, name: str) -> Path:
        """Where the file of that name lies; links are not resolved."""
        return paths.resolve(self._project, name)

    @contextmanager
    def _folder_of(self, path: Path, *, make: bool) -> Iterator[tuple[int, str]]:
        """The open folder of a file, all links resolved, and the name in it."""
        base = self._project
        if not path.is_relative_to(base):
            base = path.parent
            if make:
                base.mkdir(parents=True, exist_ok=True)
        try:
            top, inner = resolve_inside(str(base), str(path))
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            raise ProjectFileRefusedError(path, FileRefusal.OUTSIDE) from error
        *above, leaf = inner.split("/")
        named = (*above, leaf) if base == self._project else (*Path(top).parts, *above, leaf)
        from tui.system.repository_names import is_reserved  # what only reads needs none of it

        if any(is_reserved(os.fsencode(part)) for part in named):
            raise ProjectFileRefusedError(path, FileRefusal.GIT)
        folder = os.open(top, _FOLDER)
        try:
            for part in above:
                folder = _enter(folder, part, path, make=make)
            yield folder, leaf
        finally:
            os.close(folder)


def _enter(folder: int, part: str, path: Path, *, make: bool) -> int:
    """The folder `part` below an open one, which is closed then; never through a link."""
    if make:
        with suppress(FileExistsError):
            os.mkdir(part, 0o755, dir_fd=folder)
    try:
        below = os.open(part, _FOLDER, dir_fd=folder)
    except OSError as error:
        if _is_link(part, folder):  # it was none a moment ago: somebody swaps it
            raise ProjectFileRefusedError(path, FileRefusal.OUTSIDE) from error
        raise
    if all(_is_there(name, below) for name in _REPOSITORY):
        os.close(below)
        raise ProjectFileRefusedError(path, FileRefusal.GIT)
    os.close(folder)
    return below


def _open_to_append(folder: int, leaf: str, path: Path) -> int:
    # A device is not even opened: that alone may do something.
    with suppress(FileNotFoundError):
        _check_file(os.stat(leaf, dir_fd=folder, follow_symlinks=False), path)
    try:
        descriptor = open_to_append(leaf, folder=folder, mode=0o644)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ProjectFileRefusedError(path, FileRefusal.OUTSIDE) from error
        raise
    try:
        _check_file(os.fstat(descriptor), path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_file(status: os.stat_result, path: Path) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise ProjectFileRefusedError(path, FileRefusal.OUTSIDE)
    if not stat.S_ISREG(status.st_mode):
        raise ProjectFileRefusedError(path, FileRefusal.NOT_REGULAR)
    if status.st_nlink > 1:
        raise ProjectFileRefusedError(path, FileRefusal.OTHER_NAMES)


def _is_there(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


# --- reading ---


def reading_base(
    project: Path,
    path: str,
    named: Collection[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> str:
    """The folder that a file must not leave when it is read: the project, or empty for no such bound.

    There is none for what a person has named: a path outside of the project, or one of `named`, and
    none in a trusted project. Costs little where no link leads outside.
    """
    if path in named or not Path(path).is_relative_to(project):
        return ""
    if leads_outside(project, path) and _is_trusted(project, environ):
        return ""
    return str(project)


def leads_outside(project: Path, path: str) -> bool:
    """Whether a path of the project is, by its links, a place outside of it."""
    try:
        resolve_inside(str(project), path)
    except OSError:
        return True
    return False


def describe_link(base: str, path: str) -> str:
    """The sentence for a file that is not shown because it leads outside of its project."""
    return (
        f"{os.path.relpath(path, base)} is a link to a place outside the project; not shown; "
        "`overnight-tui trust` shows it"
    )


def read_inside(project: Path, name: str, most: int = MOST_BYTES) -> bytes:
    """The first `most` bytes of a regular file of the project; empty for anything else, never waiting.

    A file that leads outside of the project is read only where the project is trusted, or where the
    settings name a place outside.
    """
    path = str(paths.resolve(project, name))
    return read_small(path, most, follow=True, inside=reading_base(project, path))


def links_out(project: Path, names: Collection[str]) -> list[tuple[str, str]]:
    """Which of these files of the project lead outside, each with the place that it leads to."""
    found = []
    for name in names:
        path = paths.resolve(project, name)
        is_there = path.is_relative_to(project) and os.path.lexists(path)
        if is_there and leads_outside(project, str(path)):
            found.append((name, os.path.realpath(path)))
    return found


def _is_trusted(project: Path, environ: Mapping[str, str]) -> bool:
    from tui.settings.sources import digest_of, read_project_file
    from tui.store import trust
    from tui.system.errors import SettingsError

    try:
        digest = digest_of(read_project_file(project).data)
    except SettingsError:
        return False
    return trust.is_trusted(project, digest, environ)
