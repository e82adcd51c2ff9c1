"""Whose state folder it is: which project it was made for, so that one that was renamed finds it again."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.system.errors import RefusedError, describe_os_error
from tui.system.files import atomic_write, read_small


class ProjectRecord(Struct, frozen=True):
    """The physical path of the project, and its repository as files tell it: both outlive a rename or a move.

    `device`, `inode` and `born` are those of the git directory that all work trees share, or of a folder
    without one; `below` is the project's place in its work tree.
    """

    path: bytes
    repository: bytes
    device: int
    inode: int
    born: int
    below: bytes
    host: str
    schema: int = 1

    def is_same_repository(self, other: ProjectRecord) -> bool:
        """Whether both are one project, wherever it lies."""
        mine = (self.device, self.inode, self.born, self.below)
        return mine == (other.device, other.inode, other.born, other.below)


def describe_project(project: Path) -> ProjectRecord | None:
    """The record of a project as it is now; None where it cannot be read."""
    from tui.store.repository_identity import identity_of

    try:
        found = identity_of(project)
    except (OSError, ValueError):
        return None
    path = os.fsencode(os.path.realpath(project))
    return ProjectRecord(
        path, found.path, found.device, found.inode, found.born, found.below, os.uname().nodename
    )


def write_record(file: Path, project: Path) -> None:
    """Writes the record of the project as it is now; RefusedError where that fails."""
    record = describe_project(project)
    if record is None:
        return
    try:
        atomic_write(file, msgspec.json.encode(record), sync=False)
    except OSError as error:
        raise RefusedError(
            describe_os_error(error, repr(str(file)), "cannot be written")
        ) from error


def read_record(file: Path) -> ProjectRecord | None:
    """The record in that file; None if there is none."""
    try:
        return msgspec.json.decode(read_small(file), type=ProjectRecord)
    except (msgspec.MsgspecError, ValueError):
        return None
