"""Takes what somebody else's commits changed out of a night's changes."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from tui.feeds.repo.diff_parser import DiffEntry, parse_entries
from tui.system.errors import OvernightError

if TYPE_CHECKING:
    from tui.feeds.repo.commit_makers import MadeCommit
    from tui.feeds.repo.commits import CommitChanges
    from tui.feeds.repo.night_range import NightRange
    from tui.system.git import Git

_MOST_MERGES = 50


def own_changes(git: Git, span: NightRange, by_commit: CommitChanges) -> CommitChanges:
    """What the night's own commits changed; of a merge of foreign work only what the merge made itself."""
    brought = {one.sha: one for one in span.brought[:_MOST_MERGES]}
    found: CommitChanges = []
    for sha, entries in by_commit:
        if sha in brought:
            made_there = _differing(git, brought[sha])
            found.append((sha, [one for one in entries if one.path in made_there]))
        elif sha not in span.others:
            found.append((sha, entries))
    return found


def _differing(git: Git, merge: MadeCommit) -> set[bytes]:
    """Paths that a merge left otherwise than in what it brought in."""
    args = ("diff-tree", "-r", "--raw", "-z", "--no-renames", merge.parents[1], merge.sha)
    try:
        return {entry.path for entry in parse_entries(git.run(args))}
    except (OvernightError, IndexError):
        return set()


def keep_own(
    differing: list[DiffEntry],
    by_commit: CommitChanges,
    own: CommitChanges,
    uncommitted: Collection[bytes],
) -> list[DiffEntry]:
    """The paths but those that only commits of somebody else changed."""
    touched = {path for _, entries in by_commit for e in entries for path in (e.path, e.old_path)}
    ours = {path for _, entries in own for e in entries for path in (e.path, e.old_path)}
    foreign = touched - ours - set(uncommitted)
    return [one for one in differing if not {one.path, one.old_path} <= foreign]
