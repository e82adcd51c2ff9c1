"""What a night claims of itself, and how the repository stands at its end."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Protocol

from msgspec import Struct

from tui.model.events import SourceRef

Trust = Literal["verified", "partial", "unverified", "contradicted"]
ClaimSource = Literal["final message", "progress", "notes", "commit"]


class ClaimKind(StrEnum):
    """What a clause says was done or holds; the value is the word in JSON."""

    TESTS_PASS = "tests_pass"
    TESTS_ADDED = "tests_added"
    CHECK_CLEAN = "check_clean"
    """Linter, type checker, build or formatter had nothing to say."""
    COMMAND_RAN = "command_ran"
    """A command that is named ran and ended well."""
    FIGURE = "figure"
    """A number that a command printed: coverage, rows, milliseconds."""
    FILE_MADE = "file_made"
    FILE_CHANGED = "file_changed"
    FILE_REMOVED = "file_removed"
    FILE_RENAMED = "file_renamed"
    VALUE_SET = "value_set"
    CODE_ADDED = "code_added"
    """A function, an option, a feature."""
    CODE_REMOVED = "code_removed"
    BUG_FIXED = "bug_fixed"
    COMMITTED = "committed"
    PUSHED = "pushed"
    PR_OPENED = "pr_opened"
    INSTALLED = "installed"
    TASK_DONE = "task_done"
    ALL_DONE = "all_done"
    UNCHANGED = "unchanged"
    """Something was left as it was."""
    NOT_DONE = "not_done"
    """Something is said not to be done: what a person must know, and no boast."""


class CheckedFact(Struct, frozen=True):
    """A fact that a claim was checked by, in words; `holds` is None if it could not be checked."""

    fact: str
    holds: bool | None
    ref: SourceRef | None = None


class Claim(Struct, frozen=True):
    """A clause that says that something is done or holds, and what supports it; `where` is its place."""

    text: str
    verdict: Trust
    why: str
    source: ClaimSource
    where: SourceRef | None = None
    evidence: tuple[SourceRef, ...] = ()
    at: float | None = None
    kind: ClaimKind | None = None
    checked: tuple[CheckedFact, ...] = ()
    is_only_words: bool = False
    """It is partial because its words match nothing that changed, and for no other reason."""


class UnreadText(Struct, frozen=True):
    """Statements that were not judged because their language is not read; `language` in English."""

    language: str
    count: int
    where: SourceRef | None = None


class JudgedClaims(Struct, frozen=True):
    """The claims of a night, and how much of what it said was not read."""

    claims: tuple[Claim, ...] = ()
    unread: tuple[UnreadText, ...] = ()


class PathState(Struct, frozen=True):
    """A path at the end of the night and at its beginning; None: not known.

    `is_changed`: its content differs from the base. `path` is the one it was found by, from the top.
    """

    path: str
    exists: bool | None
    existed: bool | None
    is_changed: bool | None
    is_folder: bool = False


class CommitState(Struct, frozen=True):
    """A commit that is named: whether the repository has it, HEAD reaches it, and this night made it."""

    exists: bool | None
    is_reached: bool | None
    is_of_night: bool | None


class RefState(Struct, frozen=True):
    """A branch, here or as last seen on a remote; `missing` of the night's commits are not in it."""

    name: str
    sha: str
    missing: int | None


class EndState(Protocol):
    """How the repository stands at the end of the night. Names come from the agent: untrusted.

    Nothing here raises, starts a program of the repository, or leaves the work tree.
    """

    @property
    def is_known(self) -> bool:
        """Whether there is a repository whose end belongs to this night, and a base."""

    @property
    def has_moved(self) -> bool | None:
        """Whether HEAD, or another branch here, has a commit that this night made."""

    @property
    def tree(self) -> str | None:
        """The id of the tree at the end, with what no commit holds; None where that would cost much."""

    @property
    def uncommitted(self) -> tuple[str, ...]:
        """Changed paths that no commit holds, without what is our own."""

    def path(self, name: str) -> PathState:
        """A path as the agent wrote it: absolute, from the top, or only its end."""

    def text(self, path: str) -> str | None:
        """The file's text at the end, at most 1 MB; None if it is not there, or no text."""

    def base_text(self, path: str) -> str | None:
        """The same at the beginning."""

    def find_symbol(self, name: str, path: str = "") -> tuple[str, ...]:
        """Files of the end in which code defines the name (a bounded number); in `path` only if given."""

    def commit(self, sha: str) -> CommitState:
        """A commit by its id, or the beginning of one."""

    def ref(self, name: str = "", *, is_remote: bool = False) -> RefState | None:
        """A branch here or on a remote ("main", "origin/main"); "": what the branch of HEAD pushes to.

        `is_remote`: "main" means that branch as last seen on any remote, never the one here.
        """


class UnknownEnd:
    """The end of a night of which nobody can know the repository."""

    is_known = False
    has_moved: bool | None = None
    uncommitted: tuple[str, ...] = ()
    tree: str | None = None

    def path(self, name: str) -> PathState:
        """Nothing is known of it."""
        return PathState(name, None, None, None)

    def text(self, path: str) -> str | None:
        """Not known."""
        return None

    def base_text(self, path: str) -> str | None:
        """Not known."""
        return None

    def find_symbol(self, name: str, path: str = "") -> tuple[str, ...]:
        """None was looked for."""
        return ()

    def commit(self, sha: str) -> CommitState:
        """Not known."""
        return CommitState(None, None, None)

    def ref(self, name: str = "", *, is_remote: bool = False) -> RefState | None:
        """Not known."""
        return None
