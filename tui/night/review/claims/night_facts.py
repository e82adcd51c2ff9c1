"""All that the claims of one night are checked against, and one claim with its place in the night."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.evidence.claims import ClaimSource, EndState
from tui.model.evidence.log import CommandRecord, EditRecord, EvidenceLog, TestRun
from tui.model.records import ProgressFile, RepositoryChanges
from tui.night.review.claims.changed_work import ChangedWork
from tui.night.review.claims.evidence_index import EvidenceIndex
from tui.night.review.claims.statement import Statement
from tui.system.format import format_count, format_local


class NightFacts:
    """The evidence of a night, what it changed, and how the repository stands at its end."""

    def __init__(
        self,
        evidence: EvidenceLog,
        changes: RepositoryChanges | None,
        progress: ProgressFile | None,
        end: EndState,
        cwd: str,
    ) -> None:
        self.evidence = evidence
        self.changes = changes
        self.progress = progress
        self.end = end
        self.index = EvidenceIndex(evidence)
        self.root = cwd.rstrip("/") + "/" if cwd else ""
        edited = (self.inside(edit.path) for edit in evidence.edits)
        self.work = ChangedWork(edited, changes)

    def inside(self, path: str) -> str:
        """A path as it is called from the folder of the session."""
        return path.removeprefix(self.root)

    def edits_of(self, *paths: str) -> tuple[EditRecord, ...]:
        """The edits of these paths that were seen, oldest first."""
        return tuple(edit for edit in self.evidence.edits if is_among(edit.path, paths))

    def commands_before(self, place: float) -> Iterable[CommandRecord]:
        """Commands that ended before a place, the newest first."""
        return (one for one in reversed(self.evidence.commands) if one.number <= place)

    def is_elsewhere(self, edit: EditRecord) -> bool:
        """Whether an edit was made where the end of this repository tells nothing of it."""
        is_outside = edit.path[:1] == "/" and not edit.path.startswith(self.root)
        return is_outside or "/worktrees/" in edit.path

    @cached_property
    def works_elsewhere(self) -> bool:
        """Whether code was edited outside the project, or in another work tree of it."""
        return any(self.is_elsewhere(edit) for edit in self.index.edits)

    @property
    def commits(self) -> tuple[tuple[str, str], ...]:
        """Id and message of the commits that the night made, as far as the repository is known."""
        return self.changes.messages if self.changes is not None else ()


class Case(Struct, frozen=True):
    """A claim, the place where it was made, and for one of a commit its id and the paths in it."""

    statement: Statement
    place: float
    source: ClaimSource = "final message"
    sha: str = ""
    commit_paths: tuple[str, ...] = ()


def is_among(path: str, paths: Iterable[str]) -> bool:
    """Whether a path, or its end, is one of these."""
    path = path.replace("\\", "/")
    return any(
        path == p or path.endswith("/" + p) or p.endswith("/" + path) for p in paths if path and p
    )


# --- in words ---


def clock(at: float | None) -> str:
    """ " at 02:14"; nothing where the time is not known."""
    return "" if at is None else format_local(at, " at %H:%M", "")


def run_details(run: TestRun) -> str:
    """ " at 02:14 (44 passed)"; what is unknown is left out."""
    if run.failed:
        return f"{clock(run.at)} ({run.failed:,} failed)"
    return clock(run.at) + (f" ({run.passed:,} passed)" if run.passed else "")


def failed_text(run: TestRun) -> str:
    """ ": 2 failed"; nothing where the number is not known."""
    return f": {run.failed:,} failed" if run.failed else ""


def files_text(paths: tuple[str, ...]) -> str:
    """ "window.py and 2 other files"."""
    name = paths[0].rsplit("/", 1)[-1]
    return name if len(paths) == 1 else f"{name} and {format_count(len(paths) - 1, 'other file')}"


def last_ref(edits: tuple[EditRecord, ...]) -> SourceRef | None:
    """Where the last of them was made."""
    return edits[-1].ref if edits else None
