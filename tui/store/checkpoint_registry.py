"""Which checkpoints this program took: an append-only file outside of the repository.

Refs, commits and trees can be written by whoever can write into the repository. A checkpoint counts as ours
only if its commit is named here; by its id everything below it is known too. One file for a repository with
all its linked work trees, in the state folder of the main one.

Each line says what happened to one commit, in this order, so that a kill at any moment leaves either no
checkpoint or a known one:

    make     before the ref is there: with the ref it is a checkpoint, without it never was
    keep     the ref is there and everything was verified; from now on a missing ref is somebody's doing
    retire   before the ref is deleted: it is none any more, whether or not that happened
    drop     the ref is gone; forget it
    approve  a foreign commit that a person chose to go back to, after seeing what that does
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct, structs

from tui.store import layout
from tui.system.errors import CheckpointError, describe_os_error
from tui.system.files import (
    append_line,
    atomic_write,
    open_private,
    private_folder,
    regular_file,
    sync_folder,
)
from tui.system.locks import lock_file
from tui.system.repository_names import checkpoint_number, is_object_id

Event = Literal["make", "keep", "retire", "drop", "approve"]
Standing = Literal["making", "kept", "retiring"]

_FOLDER: Final = "checkpoints"
_LOCK: Final = "known.lock"
_MOST_BYTES: Final = 64 << 20
_MOST_LABEL: Final = 200
# From this size on the file is written again without what is forgotten, if that is half of it.
_COMPACT_BYTES: Final = 256 << 10


class RegisteredCheckpoint(Struct, frozen=True, omit_defaults=True):
    """One line: a checkpoint by its commit. Field names are on disk, and newer versions read them."""

    do: Event
    commit: str
    id: str = ""
    ref: str = ""
    work_tree: str = ""
    work_tree_name: str = ""
    label: str = ""
    session: str = ""
    kind: str = ""
    at: float = 0.0

    @property
    def is_valid(self) -> bool:
        """Whether commit and ref have the shape of such."""
        named = self.do != "make" or checkpoint_number(self.ref) is not None
        return named and is_object_id(self.commit)

    @property
    def number(self) -> int:
        return checkpoint_number(self.ref) or 0


class KnownCheckpoints:
    """What the registry says: each checkpoint with how it stands, oldest first, and approved commits."""

    def __init__(self, lines: Iterable[RegisteredCheckpoint] = ()) -> None:
        self.entries: dict[str, RegisteredCheckpoint] = {}
        self.standing: dict[str, Standing] = {}
        self.approved: set[str] = set()
        for line in lines:
            self._apply(line)

    def _apply(self, line: RegisteredCheckpoint) -> None:
        commit = line.commit
        if line.do == "approve":
            self.approved.add(commit)
        elif line.do == "make":
            self.entries[commit], self.standing[commit] = line, "making"
        elif line.do == "drop":
            self.entries.pop(commit, None)
            self.standing.pop(commit, None)
        elif commit in self.entries:
            self.standing[commit] = "kept" if line.do == "keep" else "retiring"

    def names(self, commit: str) -> bool:
        """Whether the commit is a checkpoint of ours that nobody retired."""
        return self.standing.get(commit) in ("making", "kept")

    def of_work_tree(self, work_tree: str) -> list[RegisteredCheckpoint]:
        """Those of one work tree, whatever became of them."""
        return [entry for entry in self.entries.values() if entry.work_tree == work_tree]

    def lines(self) -> Iterator[RegisteredCheckpoint]:
        """The shortest file that says the same."""
        for commit, entry in self.entries.items():
            yield entry
            standing = self.standing[commit]
            if standing != "making":
                yield RegisteredCheckpoint("keep" if standing == "kept" else "retire", commit)
        for commit in sorted(self.approved):
            yield RegisteredCheckpoint("approve", commit)


class CheckpointRegistry:
    """The registry of one repository, named by the git dir that all its work trees share."""

    FILE: Final = "known.jsonl"

    def __init__(self, common_dir: Path) -> None:
        # The physical folder of the main work tree, or a bare repository itself.
        self._main = common_dir.parent if common_dir.name == ".git" else common_dir
        self._folder = layout.project_state(self._main) / _FOLDER
        self._path = self._folder / self.FILE

    def folder(self, *parts: str) -> Path:
        """Our private folder for the checkpoints of this repository, or one below it; made if missing."""
        layout.make_project_state(self._main)
        folder = private_folder(self._folder)
        for part in parts:
            folder = private_folder(folder / part)
        return folder

    def place(self, *parts: str) -> Path:
        """Where that folder is, whether or not it exists; makes nothing."""
        return self._folder.joinpath(*parts)

    def read(self) -> KnownCheckpoints:
        """What it says now; lines that are torn or of another shape are passed over."""
        try:
            with (
                regular_file(self._path) as (descriptor, status),
                open(os.dup(descriptor), "rb") as file,
            ):
                # Owner-only is how we make it; what others may write is not believed.
                if status.st_uid != os.geteuid() or status.st_mode & 0o022:
                    return KnownCheckpoints()
                data = file.read(_MOST_BYTES)
        except OSError:
            return KnownCheckpoints()
        return KnownCheckpoints(_decode(data))

    def append(self, *lines: RegisteredCheckpoint, durable: bool = True) -> None:
        """Adds lines, in one write and on the disk on return if `durable`.

        CheckpointError where that fails: what is not known is not ours, so nothing may go on.
        """
        data = b"".join(
            msgspec.json.encode(structs.replace(line, label=line.label[:_MOST_LABEL])) + b"\n"
            for line in lines
        )
        try:
            with self._locked():
                is_new = not self._path.exists()
                if self._size() > _COMPACT_BYTES:
                    self._compact()
                append_line(self._path, data, sync=durable)
                if is_new:
                    sync_folder(self._folder)
        except OSError as error:
            raise CheckpointError(
                describe_os_error(error, self._path, "cannot be written")
            ) from error

    def record(self, event: Event, commits: Iterable[str], *, durable: bool = True) -> None:
        """Says one thing of several commits."""
        lines = [RegisteredCheckpoint(event, commit) for commit in commits]
        if lines:
            self.append(*lines, durable=durable)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = open_private(self.folder() / _LOCK, os.O_RDWR)
        try:
            lock_file(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _size(self) -> int:
        with suppress(FileNotFoundError):
            return os.lstat(self._path).st_size
        return 0

    def _compact(self) -> None:
        lines = [msgspec.json.encode(line) + b"\n" for line in self.read().lines()]
        data = b"".join(lines)
        if len(data) <= self._size() // 2:
            atomic_write(self._path, data)


def _decode(data: bytes) -> Iterator[RegisteredCheckpoint]:
    for raw in data.split(b"\n"):
        if not raw:
            continue
        try:
            line = msgspec.json.decode(raw, type=RegisteredCheckpoint)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if line.is_valid:
            yield line
