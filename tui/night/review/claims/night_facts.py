"""All that the claims of one night are checked against, and one claim with its place in the night."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from tui.model.events import SourceRef
from tui.model.evidence.claims import ClaimSource, EndState
from tui.model.evidence.log import CommandRecord, CommitRecord, EditRecord, EvidenceLog, TestRun
from tui.model.records import ProgressFile, RepositoryChanges
from tui.night.review.claims.changed_work import ChangedWork
from tui.night.review.claims.evidence_index import EvidenceIndex, extract_terms
from tui.night.review.claims.statement import Statement
from tui.system.format import format_count, format_local

_MOST_LOOKED = 2_000
_MOST_FILES = 8
_MOST_SYMBOLS = 80


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
        edited = dict.fromkeys(self.inside(edit.path) for edit in evidence.edits if edit.path)
        self.undone = frozenset(self._undone(edited))
        kept = (path for path in edited if path not in self.undone)
        self.work = ChangedWork(kept, changes)
        self._symbols: dict[str, tuple[str, ...]] = {}
        self._commit_work: dict[str, ChangedWork | None] = {}

    def _undone(self, edited: Iterable[str]) -> Iterator[str]:
        """Edited paths that are not there at the end, or are as they were."""
        if self.changes is None or self.changes.cut or not self.end.is_known:
            return
        changed = {name for file in self.changes.files for name in (file.path, file.old_path)}
        for path in islice((one for one in edited if one not in changed), _MOST_LOOKED):
            state = self.end.path(path)
            if state.exists is False or state.is_changed is False:
                yield path

    def work_of_commit(self, sha: str) -> ChangedWork | None:
        """What one commit changed; None where that is not known."""
        if sha not in self._commit_work:
            changes, made = self.changes, None
            every = (*changes.files, *changes.steps) if changes is not None and sha else ()
            files = tuple(file for file in every if file.commit == sha)
            if changes is not None and files:
                made = ChangedWork((), replace(changes, files=files, steps=()))
            self._commit_work[sha] = made
        return self._commit_work[sha]

    def inside(self, path: str) -> str:
        """A path as it is called from the folder of the session."""
        return path.removeprefix(self.root)

    def edits_of(self, *paths: str) -> tuple[EditRecord, ...]:
        """The edits of these paths that were seen, oldest first."""
        names = {_last_name(path) for path in paths}
        found = [edit for name in names for edit in self._edits_by_name.get(name, ())]
        found = [edit for edit in found if is_among(edit.path, paths)]
        return tuple(sorted(found, key=lambda edit: edit.number))

    @cached_property
    def _edits_by_name(self) -> dict[str, list[EditRecord]]:
        by_name: dict[str, list[EditRecord]] = {}
        for edit in self.evidence.edits:
            by_name.setdefault(_last_name(edit.path), []).append(edit)
        return by_name

    @cached_property
    def commit_stems(self) -> tuple[tuple[CommitRecord, frozenset[str]], ...]:
        """The commits made in the shell, with the words of their subjects."""
        return tuple(
            (one, frozenset(extract_terms(one.subject).stems)) for one in self.evidence.commits
        )

    def find_symbol(self, name: str) -> tuple[str, ...] | None:
        """Files in which code defines a name at the end, first of all what changed; None: not looked for.

        All files are searched for so many names only.
        """
        if name not in self._symbols:
            changed = [path for path in self.work.find_name(name) if self.end.path(path).exists]
            found = [path for path in changed[:_MOST_FILES] if self.end.find_symbol(name, path)]
            if not found and len(self._symbols) >= _MOST_SYMBOLS:
                return None
            self._symbols[name] = tuple(found) or self.end.find_symbol(name)
        return self._symbols[name]

    def is_in_removed_lines(self, name: str) -> bool:
        """Whether a line that the night removed holds this name."""
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        files = self.changes.files if self.changes is not None else ()
        return any(
            name in line and word.search(line) is not None
            for file in files
            for hunk in file.hunks
            for line in hunk.lines
            if line[:1] == "-"
        )

    def commands_before(self, place: float) -> Iterable[CommandRecord]:
        """Commands that ended before a place, the newest first."""
        end = bisect_right(self.evidence.commands, place, key=lambda one: one.number)
        return (self.evidence.commands[number] for number in range(end - 1, -1, -1))

    def commands_after(self, place: float) -> Iterator[CommandRecord]:
        """Commands that ended after a place with no edit of code between, the oldest first."""
        start = bisect_right(self.evidence.commands, place, key=lambda one: one.number)
        for number in range(start, len(self.evidence.commands)):
            one = self.evidence.commands[number]
            if self.index.edits_between(place, one.number):
                return
            yield one

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
    """A claim, the place where it was made, and for one of a commit its id and the paths in it.

    `taken_back` are names of files and code that a later message says were removed or renamed.
    """

    statement: Statement
    place: float
    source: ClaimSource = "final message"
    sha: str = ""
    commit_paths: tuple[str, ...] = ()
    taken_back: frozenset[str] = frozenset()

    def is_taken_back(self, name: str) -> bool:
        """Whether a later message says that it was removed or renamed."""
        return name.rsplit("/", 1)[-1] in self.taken_back


def is_among(path: str, paths: Iterable[str]) -> bool:
    """Whether a path, or its end, is one of these."""
    path = path.replace("\\", "/")
    return any(
        path == p or path.endswith("/" + p) or p.endswith("/" + path) for p in paths if path and p
    )


def _last_name(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


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
