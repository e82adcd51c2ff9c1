"""What a night changed in the repository: files and hunks, cleaned and safe to show."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ChangeKind = Literal["added", "modified", "deleted", "renamed", "mode"]


class Hunk(Struct, frozen=True, gc=False):
    """A piece of a diff: `lines` begin with " ", "+" or "-", as in a unified diff."""

    old_start: int
    new_start: int
    lines: tuple[str, ...]
    heading: str = ""

    @property
    def added(self) -> tuple[str, ...]:
        """The new lines, without their sign."""
        return tuple(line[1:] for line in self.lines if line.startswith("+"))

    @property
    def removed(self) -> tuple[str, ...]:
        """The old lines, without their sign."""
        return tuple(line[1:] for line in self.lines if line.startswith("-"))


class FileChange(Struct, frozen=True, gc=False):
    """One path between two states; `size` is the new file's in bytes, `cut` says hunks were left out.

    `commit` is empty for what no commit holds yet. `old_path` differs from `path` after a rename.
    """

    path: str
    kind: ChangeKind
    insertions: int = 0
    deletions: int = 0
    hunks: tuple[Hunk, ...] = ()
    old_path: str = ""
    binary: bool = False
    generated: bool = False
    size: int = 0
    old_mode: str = ""
    new_mode: str = ""
    commit: str = ""
    cut: bool = False


class RepositoryChanges(Struct, frozen=True):
    """The difference between the night's first commit and its last state, work tree included.

    `base` and `head` are commit ids; `why` says how the base was found, or why there is none.
    `messages` are the night's commits with their whole messages, oldest first. `steps` are the
    single changes of paths that changed more than once, oldest first, an uncommitted one last; so
    paths are among them that came and went and are not in `files`.
    """

    base: str = ""
    head: str = ""
    why: str = ""
    files: tuple[FileChange, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    steps: tuple[FileChange, ...] = ()
