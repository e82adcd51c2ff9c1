"""Which content of a repository a person has approved, by digest; and settings loaded accordingly.

Approval is kept outside every repository, in one file of this user. It is given to a repository with all its
linked work trees, to the project's place in it and to the exact bytes of its settings file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from tui.settings.load import load
from tui.settings.settings import LoadedSettings
from tui.settings.sources import SourceFile
from tui.system import files, paths
from tui.system.errors import RefusedError, describe_os_error

if TYPE_CHECKING:
    from tui.settings.notices import Notice

TRUST_FILE: Final = "trust.json"
_LOCK: Final = "trust.lock"
_PATIENCE: Final = 5.0
_MOST_BYTES: Final = 1 << 20
_MOST_ENTRIES: Final = 1_000
_MOST_OF_ONE: Final = 40
_MOST_MARKS: Final = 200
_OTHERS_WRITE: Final = 0o022


class TrustEntry(Struct, frozen=True):
    """One approval. `place` names repository and project, `digest` the settings file (empty: there was none).

    `marks` tell, for each setting with power, whether its value changed since.
    """

    place: str
    digest: str
    at: float = 0.0
    shown: str = ""
    marks: dict[str, str] = {}


class _TrustFile(Struct):
    schema: int = 1
    trusted: list[TrustEntry] = []


def load_settings(
    project: Path,
    *,
    flags: Mapping[str, object] = {},
    environ: Mapping[str, str] = os.environ,
    file: SourceFile | None = None,
) -> LoadedSettings:
    """The project's settings as `settings.load` has them, its own file heeded as far as it is trusted.

    With `file` that one is not read.
    """
    return load(
        project,
        flags=flags,
        environ=environ,
        is_trusted=lambda digest: is_trusted(project, digest, environ),
        file=file,
    )


def load_run_settings(
    project: Path, trusted_file: bytes, environ: Mapping[str, str] = os.environ
) -> LoadedSettings:
    """The settings where the project's file is what a run began with and the person trusted then.

    What lies in the project now does not count, nor whether that is trusted: the run goes on as it began.
    """
    from tui.settings.settings import FILE

    file = SourceFile(project / FILE, FILE, trusted_file or None)
    return load(project, environ=environ, is_trusted=lambda digest: True, file=file)


def ignored_settings(
    project: Path, loaded: LoadedSettings, environ: Mapping[str, str] = os.environ
) -> list[Notice]:
    """What the project's file sets without effect, and what to do about it; says if it was trusted once."""
    if not loaded.ignored:
        return []
    from tui.settings.notices import ignored_notices

    return ignored_notices(loaded, changed=bool(trusted_entries(project, environ)))


def is_trusted(project: Path, digest: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the person trusts the project as it is: its settings file has this digest (empty: it has none).

    Trust is given to a repository, with all its linked work trees, and to no other. Nothing in a
    repository can give it.
    """
    return any(entry.digest == digest for entry in trusted_entries(project, environ))


def trusted_entries(project: Path, environ: Mapping[str, str] = os.environ) -> list[TrustEntry]:
    """What is trusted of this project, the newest last."""
    known = _read(environ)
    place = _place_of(project) if known else ""
    return [entry for entry in known if place and entry.place == place]


def trust(
    project: Path,
    digest: str,
    at: float,
    marks: Mapping[str, str],
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Remembers that the person approved a settings file with that digest. RefusedError if it cannot."""
    place = _place_of(project)
    if not place:
        raise RefusedError(f"{str(project)!r} cannot be read, so it cannot be trusted")
    shown = paths.path_text(project)
    kept = dict(list(marks.items())[:_MOST_MARKS])
    with _changing(environ) as entries:
        mine = [one for one in entries if one.place == place and one.digest != digest]
        others = [one for one in entries if one.place != place]
        mine.append(TrustEntry(place, digest, at, shown, kept))
        entries[:] = [*others, *mine[-_MOST_OF_ONE:]][-_MOST_ENTRIES:]


def revoke(project: Path, environ: Mapping[str, str] = os.environ) -> int:
    """Forgets every approval of this project; how many there were. RefusedError if it cannot."""
    place = _place_of(project)
    if not any(one.place == place for one in _read(environ)):
        return 0
    with _changing(environ) as entries:
        left = [one for one in entries if one.place != place]
        gone = len(entries) - len(left)
        entries[:] = left
    return gone


def _place_of(project: Path) -> str:
    """One name for repository and place in it; empty where the folder cannot be read."""
    import hashlib

    from tui.store.repository_identity import identity_of

    try:
        identity = identity_of(project)
    except (OSError, ValueError):
        return ""
    return hashlib.sha256(repr(tuple(identity)).encode()).hexdigest()


@contextmanager
def _changing(environ: Mapping[str, str]) -> Iterator[list[TrustEntry]]:
    """The approvals, to be changed in place and saved when the block ends; one process at a time."""
    from tui.system.locks import acquire_lock

    folder = files.private_folder(paths.state_dir(environ))
    try:
        lock = acquire_lock(folder / _LOCK, _PATIENCE)
        if lock is None:
            raise RefusedError("another overnight-tui is changing what is trusted; try again")
        try:
            entries = _read(environ)
            yield entries
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                files.atomic_write_at(descriptor, TRUST_FILE, _encoded(entries))
            finally:
                os.close(descriptor)
        finally:
            os.close(lock)
    except OSError as error:
        where = repr(str(folder / TRUST_FILE))
        raise RefusedError(describe_os_error(error, where, "cannot be written")) from error


def _encoded(entries: list[TrustEntry]) -> bytes:
    """The file with these approvals; the oldest are left out where it would be too large to be read."""
    while len(data := msgspec.json.encode(_TrustFile(trusted=entries))) > _MOST_BYTES:
        entries = entries[1 + len(entries) // 10 :]
    return data


def _read(environ: Mapping[str, str]) -> list[TrustEntry]:
    """Every approval; none where the file, or its folder, is not this user's alone to write."""
    try:
        folder = os.open(
            paths.state_dir(environ), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        )
    except (OSError, ValueError):
        return []
    try:
        if not _is_own(os.fstat(folder)):
            return []
        with files.regular_file(TRUST_FILE, folder=folder) as (descriptor, status):
            if not _is_own(status) or status.st_nlink != 1 or status.st_size > _MOST_BYTES:
                return []
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(_MOST_BYTES)
        return msgspec.json.decode(data, type=_TrustFile).trusted[-_MOST_ENTRIES:]
    except (OSError, ValueError, RecursionError):
        return []
    finally:
        os.close(folder)


def _is_own(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE
