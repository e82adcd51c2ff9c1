"""Which files a night ended with: a commit, or the work tree with what was changed up to the night's end."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tui.feeds.repo.private_tree import PrivateTrees, WorkTreeState, private_trees
from tui.model.evidence.whose import NightWork
from tui.model.records import RepositoryChanges
from tui.model.review import Proof
from tui.model.snapshot import NightSnapshot
from tui.store.ledgers.proofs import load_proof
from tui.system.errors import OvernightError
from tui.system.files import modified_at
from tui.system.git import Git

_GRACE = 2.0


class NightEnd(Struct, frozen=True):
    """Commits of the beginning and the end; empty where there are none.

    `counts_work_tree`: HEAD is still where the night ended, so that what is not committed belongs to it: all
    that was changed up to `until` (None: it goes on), and of what was changed later the physical paths in
    `edited`, which the night changed last. `touched` are all that it edited.
    """

    base: str = ""
    head: str = ""
    counts_work_tree: bool = False
    until: float | None = None
    edited: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()

    def state(self, git: Git, trees: PrivateTrees) -> WorkTreeState:
        """Its tree, and the changed paths that do not belong to it. Raises GitError, OSError."""
        if not self.counts_work_tree:
            return WorkTreeState(trees.tree_of(self.head))
        return trees.of_work_tree(lambda path: self._is_of_night(git.work_tree, path))

    def _is_of_night(self, top: Path, path: str) -> bool:
        if self.until is None or os.path.realpath(top / path) in self.edited:
            return True
        changed = modified_at(top / path)
        return not changed or changed <= self.until + _GRACE


def find_night_end(
    project: Path,
    night: NightSnapshot,
    changes: RepositoryChanges,
    work: NightWork,
) -> NightEnd:
    """The end of a night by what it changed and what its records say."""
    new = {sha for sha, _ in changes.messages}
    last_commit = max((one.at for one in night.commits if one.sha in new), default=None)
    real = os.path.realpath(project)
    edited: set[str] = set()
    touched: set[str] = set()
    for one in work.edits:
        if one.path:
            path = os.path.realpath(os.path.join(real, one.path))
            touched.add(path)
            if last_commit is None or one.at is None or one.at > last_commit:
                edited.add(path)
    ends = frozenset(edited), frozenset(touched)
    return NightEnd(changes.base, changes.head, changes.is_now, work.until, *ends)


def kept_proof(
    project: Path,
    name: str,
    night: NightSnapshot,
    changes: RepositoryChanges,
    work: NightWork,
) -> Proof | None:
    """The night's last proof, with whether its tree is still the one that the night ended with."""
    proof = load_proof(project, name)
    if proof is None:
        return None
    end = find_night_end(project, night, changes, work)
    try:
        git = Git(project)
        with private_trees(git) as trees:
            tree = end.state(git, trees).tree
    except (OvernightError, OSError):
        tree = ""
    return replace(proof, is_current=tree == proof.tree)
