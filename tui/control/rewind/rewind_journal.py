"""The record of a rewind under way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tui.control.checkpoints.nested_git import NestedGit, check_nested
from tui.control.rewind.decide import FileStep
from tui.store.layout import make_project_state, project_state
from tui.system.errors import RefusedError, RewindError
from tui.system.files import atomic_write, private_folder, sync_folder
from tui.system.locks import acquire_lock, is_locked
from tui.system.repository_names import (
    FILE_MODES,
    UnacceptableError,
    check_object_id,
    check_path,
    check_paths,
    check_permissions,
    is_object_id,
)

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

    def check(self) -> None:
        """`UnacceptableError` if it says what no rewind of ours ever writes."""
        where = "the record of an interrupted rewind"
        for commit in (self.target_commit, self.safety_commit):
            check_object_id(commit, where)
        for folder in self.empty_folders:
            check_path(folder, where)
        paths = [step.path for step in self.steps]
        if len(set(paths)) != len(paths):
            raise UnacceptableError(f"{where} names a path twice; nothing of it is used")
        check_paths([step.path for step in self.steps if step.after is not None], where)
        for step in self.steps:
            check_path(step.path, where)
            for version in (step.before, step.after):
                if version is None:
                    continue
                check_object_id(version.blob, where)
                check_permissions(version.permissions, where)
                if version.mode not in FILE_MODES:
                    raise UnacceptableError(f"{where} has a mode that no file has")
        self._check_folders(where)
        for entry in self.nested:
            check_nested(entry, where)

    def _check_folders(self, where: str) -> None:
        for step in self.folders:
            if step.path:
                check_path(step.path, where)
            for version in (step.before, step.after):
                if version is not None:
                    check_permissions(version.permissions, where)
                    if not version.is_folder:
                        raise UnacceptableError(f"{where} has a folder that is none")


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
        self.folder = project_state(project) / "rewind"
        # Not on the work tree's file system if our state is not: then files are copied from here.
        self.stage = self.folder / "stage"
        self.rescued = self.folder / "rescued"
        self.path = self.folder / "open"
        self._last = self.folder / "last"

    def is_open(self) -> bool:
        """Whether a rewind is under way or was interrupted."""
        return self.path.exists()

    def is_under_way(self) -> bool:
        """Whether a living process is at it right now."""
        return is_locked(self.folder / "lock")

    @contextmanager
    def lock(self, patience: float = 0.0) -> Iterator[None]:
        """Holds the lock on rewinds here; RefusedError when another holds it beyond `patience` seconds."""
        make_project_state(self._project)
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
        self._replace(self.path, msgspec.msgpack.encode(entry))

    def read(self) -> OpenRewind | None:
        """The open rewind, if there is one; RewindError if its record cannot be read."""
        try:
            entry = msgspec.msgpack.decode(self.path.read_bytes(), type=OpenRewind)
            entry.check()
            return entry
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, RecursionError, UnacceptableError) as error:
            raise RewindError(
                f"the record of an interrupted rewind, {self.path}, cannot be read ({error}); "
                "every file it touched is in the newest safety checkpoint: look at it, then "
                "remove the record"
            ) from error

    def close(self, last: LastRewind | None) -> None:
        """Ends the open rewind; `last` is what an undo would take back, None if nothing changed."""
        if last is not None:
            self._replace(self._last, msgspec.msgpack.encode(last))
        self.clear_stage()
        self.path.unlink(missing_ok=True)
        sync_folder(self.folder)

    def clear_stage(self) -> None:
        """Removes staged files and old inodes."""
        if self.stage.is_dir() and not self.stage.is_symlink():
            for path in self.stage.iterdir():
                path.unlink(missing_ok=True)

    def last(self) -> LastRewind | None:
        """The last rewind applied, if any."""
        try:
            last = msgspec.msgpack.decode(self._last.read_bytes(), type=LastRewind)
        except (OSError, msgspec.MsgspecError, RecursionError):
            return None
        return last if is_object_id(last.safety_commit) else None

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
