"""Which files a night ended with: a commit, or the work tree with what was changed up to the night's end."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tui.feeds.repo.private_tree import PrivateTrees, WorkTreeState, private_trees
from tui.model.evidence.log import EditRecord
from tui.model.records import RepositoryChanges
from tui.model.review import Proof
from tui.store.ledgers.proofs import load_proof
from tui.system.errors import OvernightError
from tui.system.files import modified_at
from tui.system.git import Git
from tui.system.paths import lies_in

_GRACE = 2.0


class NightEnd(Struct, frozen=True):
    """Commits of the beginning and the end; empty where there are none.

    `counts_work_tree`: HEAD is still where the night ended, so that what is not committed belongs to it: all
    that was changed up to `until`, and of what was changed later the paths in `edited`, which the night
    changed last.
    """

    base: str = ""
    head: str = ""
    counts_work_tree: bool = False
    until: float | None = None
    edited: frozenset[str] = frozenset()

    def state(self, git: Git, trees: PrivateTrees) -> WorkTreeState:
        """Its tree, and the changed paths that do not belong to it. Raises GitError, OSError."""
        if not self.counts_work_tree:
            return WorkTreeState(trees.tree_of(self.head))
        return trees.of_work_tree(lambda path: self._is_of_night(git.work_tree, path))

    def _is_of_night(self, top: Path, path: str) -> bool:
        if self.until is None or path in self.edited:
            return True
        changed = modified_at(top / path)
        return not changed or changed <= self.until + _GRACE


def night_end(
    git: Git,
    project: Path,
    changes: RepositoryChanges,
    until: float | None,
    edits: Iterable[EditRecord],
    last_commit: float | None,
) -> NightEnd:
    """The end of a night by what it changed; `until` is None while it goes on."""
    is_there = changes.head == (git.head() or "")
    late = [one for one in edits if last_commit is None or one.at is None or one.at > last_commit]
    top = os.path.realpath(git.work_tree)
    paths = (os.path.normpath(os.path.join(project, one.path)) for one in late if one.path)
    edited = frozenset(os.path.relpath(path, top) for path in paths if lies_in(path, top))
    return NightEnd(changes.base, changes.head, is_there, until, edited)


def kept_proof(project: Path, night: str, end: NightEnd, git: Git) -> Proof | None:
    """The night's last proof, with whether its tree is still the one that the night ended with."""
    proof = load_proof(project, night)
    if proof is None:
        return None
    try:
        with private_trees(git) as trees:
            tree = end.state(git, trees).tree
    except (OvernightError, OSError):
        tree = ""
    return replace(proof, is_current=tree == proof.tree)
