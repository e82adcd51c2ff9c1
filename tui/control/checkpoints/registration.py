"""A checkpoint's ref and its entry in our registry, made and removed so that a kill leaves no doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs

from tui.control.checkpoints.refs import Checkpoint, namespace, read_refs, ref_safe_session
from tui.control.checkpoints.repository_store import RepositoryStore
from tui.control.checkpoints.verified_objects import ObjectReader
from tui.store.checkpoint_registry import (
    CheckpointRegistry,
    RegisteredCheckpoint,
)
from tui.system.errors import CheckpointError, GitError, RefusedError
from tui.system.git import Git
from tui.system.repository_names import MOST_NUMBER, checkpoint_number


class CheckpointRegistrar:
    """Registers the checkpoints of one work tree; the lock on them is held."""

    def __init__(self, git: Git, refs: Mapping[str, str]) -> None:
        """`refs` are those of this work tree as they are now."""
        self._git = git
        self.refs = dict(refs)
        self._registry = CheckpointRegistry(git.common_dir)
        self._known = self._registry.read()

    def free_number(self) -> int:
        """The number of the next checkpoint: above all that there are, whoever made them."""
        own = [entry.number for entry in self._known.of_work_tree(self._git.worktree_id)]
        taken = {number for ref in self.refs if (number := checkpoint_number(ref)) is not None}
        number = max((*own, *taken), default=0) + 1
        if number > MOST_NUMBER:
            # Somebody put a ref there to use the numbers up.
            number = next(n for n in range(max(own, default=0) + 1, MOST_NUMBER) if n not in taken)
        return number

    def ref_for(self, session: str, number: int) -> str:
        """The ref that a checkpoint of that number gets."""
        return f"{namespace(self._git)}/{ref_safe_session(session)}/{number}"

    # --- a new one ---

    def announce(self, checkpoint: Checkpoint) -> None:
        """Says that this checkpoint's ref comes next; its objects are in the repository."""
        self._registry.append(self._line(checkpoint))

    def _line(self, checkpoint: Checkpoint) -> RegisteredCheckpoint:
        label, session, name = (
            text.encode("utf-8", "replace").decode()
            for text in (checkpoint.label, checkpoint.session, self._git.work_tree.name)
        )
        return RegisteredCheckpoint(
            "make",
            checkpoint.commit,
            checkpoint.id,
            checkpoint.ref,
            self._git.worktree_id,
            name,
            label,
            session,
            checkpoint.kind,
            checkpoint.at,
        )

    def create_ref(self, checkpoint: Checkpoint) -> bool:
        """Makes the ref; False if another thing has its name."""
        with RepositoryStore(self._git) as store:
            return store.create_ref(checkpoint.ref, checkpoint.commit)

    def confirm(self, checkpoint: Checkpoint) -> None:
        """Says that everything of it was verified. Lost in a crash, the ref alone says as much."""
        self._registry.record("keep", (checkpoint.commit,), durable=False)

    def withdraw(self, checkpoint: Checkpoint, *, has_ref: bool) -> None:
        """Takes back what was announced, and the ref if it was made."""
        if has_ref:
            with RepositoryStore(self._git) as store:
                store.delete_refs(((checkpoint.ref, checkpoint.commit),))
        self._registry.record("drop", (checkpoint.commit,))

    # --- what was left behind ---

    def complete_unfinished(self) -> None:
        """Completes what was cut short, and gives checkpoints whose refs were removed or changed new ones.

        What cannot be mended now stays as it is; the list says so.
        """
        mine = self._known.of_work_tree(self._git.worktree_id)
        standing = self._known.standing
        keep: list[str] = []
        drop: list[str] = []
        delete: list[tuple[str, str]] = []
        lost: list[RegisteredCheckpoint] = []
        for entry in mine:
            there = self.refs.get(entry.ref) == entry.commit
            if standing[entry.commit] == "making":
                (keep if there else drop).append(entry.commit)
            elif standing[entry.commit] == "retiring":
                drop.append(entry.commit)
                if there:
                    delete.append((entry.ref, entry.commit))
            elif not there:
                lost.append(entry)
        if not (keep or drop or lost):
            return
        try:
            if delete:
                with RepositoryStore(self._git) as store:
                    store.delete_refs(delete)
                for ref, _ in delete:
                    del self.refs[ref]
            self._registry.record("keep", keep)
            self._registry.record("drop", drop)
            self._restore_refs(lost)
        except (OSError, GitError, RefusedError, CheckpointError):
            return
        self._known = self._registry.read()

    def _restore_refs(self, entries: Sequence[RegisteredCheckpoint]) -> None:
        """New refs for checkpoints of ours that have none, as far as their commits are still there."""
        if not entries:
            return
        with ObjectReader(self._git) as reader:
            found = reader.commits(entry.commit for entry in entries)
        for entry in entries:
            if entry.commit not in found:
                continue
            ref = entry.ref
            if ref in self.refs:  # somebody else's commit has it now
                ref = self.ref_for(entry.session, self.free_number())
                moved = structs.replace(entry, ref=ref, id=f"c{checkpoint_number(ref)}")
                self._registry.append(moved)
            with RepositoryStore(self._git) as store:
                if store.create_ref(ref, entry.commit):
                    self._registry.record("keep", (entry.commit,))
                    self.refs[ref] = entry.commit
            self._known = self._registry.read()


def retire(git: Git, checkpoints: Iterable[Checkpoint]) -> None:
    """Deletes the refs of these checkpoints and forgets those of ours; the lock on checkpoints is held.

    Killed in between, the next checkpoint completes it.
    """
    registry = CheckpointRegistry(git.common_dir)
    doomed = list(checkpoints)
    # A foreign ref may name the commit of a checkpoint of ours, which stays.
    commits = [checkpoint.commit for checkpoint in doomed if not checkpoint.foreign]
    registry.record("retire", commits)
    refs = read_refs(git)
    there = [(c.ref, c.commit) for c in doomed if refs.get(c.ref) == c.commit]
    with RepositoryStore(git) as store:
        store.delete_refs(there)
    registry.record("drop", commits)


def approve(git: Git, checkpoint: Checkpoint) -> None:
    """Remembers that a person chose to go back to this foreign commit, so that it can be finished."""
    CheckpointRegistry(git.common_dir).record("approve", (checkpoint.commit,))


def is_known(git: Git, *commits: str) -> bool:
    """Whether our state names all these commits, as checkpoints of ours or as approved by a person."""
    known = CheckpointRegistry(git.common_dir).read()
    return all(known.names(commit) or commit in known.approved for commit in commits)
