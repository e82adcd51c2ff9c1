"""Whose work a night's commits and changes are: what a person did before it or beside it is taken out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from tui.feeds.repo.tree_files import TreeFiles
from tui.model.evidence.log import EvidenceLog
from tui.model.evidence.whose import NightWork
from tui.model.records import FileChange, RepositoryChanges
from tui.model.snapshot import NightSnapshot
from tui.night.evidence.reach import Reach
from tui.night.evidence.risky_calls import RiskyCall
from tui.system.errors import OvernightError
from tui.system.git import Git

_AT_ONCE = 60.0
_MOST_FILES = 1_000
_MOST_HASHED = 50


def work_of(night: NightSnapshot, evidence: EvidenceLog, until: float | None) -> NightWork:
    """What the night's records say of commits and of when calls went on."""
    ours = frozenset(one.sha for one in night.commits if one.ours)
    since = night.run.started_at
    return NightWork(evidence.commits, evidence.edits, evidence.calls, since, until, ours)


def without_persons(
    project: Path,
    changes: RepositoryChanges,
    night: NightSnapshot,
    evidence: EvidenceLog,
    calls: Sequence[RiskyCall],
) -> RepositoryChanges:
    """The changes that the agent made, as far as anybody can tell; what cannot be told stays.

    A person's are what stood so before the night began, and what no call can have done.
    """
    if all(one.commit and one.kind != "deleted" for one in changes.files):
        return changes
    since = night.run.started_at
    first = night.interventions.checkpoints[:1]
    early = [one.commit for one in first if one.at - (since or 0.0) <= _AT_ONCE and one.commit]
    is_whole = evidence.calls.is_timed and not night.counts.unseen
    reach = Reach(evidence, calls, night.counts.tool_calls, is_whole=is_whole)
    git = Git(project)
    persons = {one.path for one in _persons_files(git, changes, reach, since, "".join(early))}
    files = tuple(one for one in changes.files if one.path not in persons)
    steps = tuple(one for one in changes.steps if one.path not in persons)
    return replace(changes, files=files, steps=steps) if persons else changes


def _persons_files(
    git: Git, changes: RepositoryChanges, reach: Reach, since: float | None, early: str
) -> Iterator[FileChange]:
    left = [one for one in changes.files if not one.commit] if changes.is_now else []
    files = TreeFiles(git)
    before = _as_it_was(git, files, left, early) if early else set()
    before |= {one.path for one in left[:_MOST_FILES] if _is_older(files, one, since)}
    for one in changes.files:
        is_left = changes.is_now and not one.commit and one.kind == "modified"
        was_so = one.path in before and not reach.names(one.path)
        is_gone = one.kind == "deleted" and not reach.can_remove(one.path)
        if was_so or is_gone or (is_left and not reach.can_change(one.path)):
            yield one


def _is_older(files: TreeFiles, change: FileChange, since: float | None) -> bool:
    """Whether the file was last written before the night began."""
    facts = files.status(os.fsencode(change.path))
    return since is not None and isinstance(facts, os.stat_result) and facts.st_mtime < since - 1


def _as_it_was(git: Git, files: TreeFiles, left: Iterable[FileChange], early: str) -> set[str]:
    """Paths that stand as they stood in the checkpoint."""
    names = [os.fsencode(one.path) for one in left][:_MOST_HASHED]
    try:
        then = TreeFiles(git, early).blob_ids(names)
    except (OvernightError, OSError):
        return set()
    same = (name for name, blob in then.items() if _blob_id(git, files, name) == blob)
    return {os.fsdecode(name) for name in same}


def _blob_id(git: Git, files: TreeFiles, path: bytes) -> str:
    """The id that git gives the file's content; of a missing file what git says of one."""
    if files.kind(path) == "none":
        return ""
    data = files.read(path) or b""
    method = hashlib.sha256 if git.object_format == "sha256" else hashlib.sha1
    return method(b"blob %d\0%s" % (len(data), data)).hexdigest()
