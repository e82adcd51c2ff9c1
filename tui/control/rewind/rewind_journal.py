"""The record of a rewind under way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tui.control.checkpoints.nested_git import NestedGit
from tui.control.rewind.decide import FileStep
from tui.store.layout import RUN_DIR, state_root
from tui.system.errors import RefusedError, RewindError
from tui.system.files import atomic_write, private_folder, sync_folder
from tui.system.locks import acquire_lock

RewindPhase = Literal["staging", "applying", "reverting"]


class OpenRewind(Struct, frozen=True):
    """An open rewind. Until "applying" no file has been touched; "reverting" undoes the steps.

    The field names are on disk: a newer version must be able to finish what an older one began.
    """

    phase: RewindPhase
    target: str
    target_commit: str
    safety: str
    safety_commit: str
    steps: list[FileStep]
    empty_folders: list[bytes]
    undoes: bool = False
    folders: list[FileStep] = []
    nested: list[NestedGit] = []


class LastRewind(Struct, frozen=True):
    """The last rewind that was applied, which is what an undo takes back."""

    at: float
    target: str
    target_commit: str
    safety: str
    safety_commit: str
    undoes: bool


class RewindJournal:
    """The rewind folder of a project: journal, staged files, the last rewind, the lock."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self.folder = project / RUN_DIR / "rewind"
        self.stage = self.folder / "stage"
        self.rescued = self.folder / "rescued"
        self._path = self.folder / "open"
        self._last = self.folder / "last"

    def is_open(self) -> bool:
        """Whether a rewind is under way or was interrupted."""
        return self._path.exists()

    @contextmanager
    def lock(self, patience: float = 0.0) -> Iterator[None]:
        """Holds the lock on rewinds here; RefusedError when another holds it beyond `patience` seconds."""
        state_root(self._project)
        private_folder(self.folder)
        descriptor = acquire_lock(self.folder / "lock", patience)
        if descriptor is None:
            raise RefusedError(f"another rewind of {self._project} is under way")
        try:
            yield
        finally:
            os.close(descriptor)

    def write(self, entry: OpenRewind) -> None:
        """Records the rewind as open, durably."""
        self._replace(self._path, msgspec.msgpack.encode(entry))

    def read(self) -> OpenRewind | None:
        """The open rewind, if there is one; RewindError if its record cannot be read."""
        try:
            return msgspec.msgpack.decode(self._path.read_bytes(), type=OpenRewind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise RewindError(
                f"the record of an interrupted rewind, {self._path}, cannot be read ({error}); "
                "every file it touched is in the newest safety checkpoint: look at it, then "
                "remove the record"
            ) from error

    def close(self, last: LastRewind | None) -> None:
        """Ends the open rewind; `last` is what an undo would take back, None if nothing changed."""
        if last is not None:
            self._replace(self._last, msgspec.msgpack.encode(last))
        self.clear_stage()
        self._path.unlink(missing_ok=True)
        sync_folder(self.folder)

    def clear_stage(self) -> None:
        """Removes staged files and old inodes."""
        if self.stage.is_dir() and not self.stage.is_symlink():
            for path in self.stage.iterdir():
                path.unlink(missing_ok=True)

    def last(self) -> LastRewind | None:
        """The last rewind applied, if any."""
        try:
            return msgspec.msgpack.decode(self._last.read_bytes(), type=LastRewind)
        except (OSError, msgspec.MsgspecError):
            return None

    def _replace(self, path: Path, data: bytes) -> None:
        atomic_write(path, data)
        sync_folder(self.folder)


def needed_checkpoints(project: Path) -> set[str]:
    """Commits of the checkpoints that an open rewind or an undo of the last one would need."""
    journal = RewindJournal(project.resolve())
    last = journal.last()
    needed = {last.safety_commit} if last is not None else set()
    try:
        entry = journal.read()
    except RewindError:
        return needed
    return needed | ({entry.target_commit, entry.safety_commit} if entry else set())
