"""A private repository in which commits are made.

Nothing of the project's or anybody's configuration counts there: no attributes, no merge drivers,
no filters, no hooks. What is not published never was.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tui.control.checkpoints.object_staging import (
    PrivateRepository,
    checkpoint_lock,
)
from tui.control.checkpoints.repository_store import RepositoryStore
from tui.system.errors import CheckpointError, GitError, RefusedError
from tui.system.git import Git

_FOLDER = "taking"
# Attributes and configuration of the person or system could run merge drivers and filters.
_ISOLATED = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
_SETTINGS = {"core.attributesFile": os.devnull, "merge.renames": "true", "merge.default": "text"}
_LOCK_WAIT_S = 10.0
TreeEntry = tuple[int, str, bytes]
"""Mode, blob and path; mode 0 takes the path away."""


class MergeConflict(Exception):
    """A commit does not fit onto another; `paths` are where."""

    def __init__(self, paths: list[bytes]) -> None:
        super().__init__(f"{len(paths)} paths do not fit")
        self.paths = paths


class ScratchRepository(PrivateRepository):
    """A repository to make commits in; `publish` links what was made into the real one."""

    def __init__(self, git: Git) -> None:
        super().__init__(git, _FOLDER)
        self._index = self.folder / "index"
        self.create()
        self.clear()

    def clear(self) -> None:
        """Removes what was made here, also by a predecessor that was killed."""
        if self.objects():
            with RepositoryStore(self._real) as store:
                store.remove_partial()
        super().clear()
        for path in (self._index, self._index.with_suffix(".lock")):
            path.unlink(missing_ok=True)

    def run(
        self, *args: str, input: bytes | None = None, env: Mapping[str, str] = _ISOLATED
    ) -> bytes:
        """What git prints, run here."""
        return self.git.run(args, input=input, env=env, config=_SETTINGS)

    def tree_of(self, commit: str) -> str:
        """The tree of a commit; for none, that of no files at all."""
        args = ("rev-parse", "--verify", f"{commit}^{{tree}}") if commit else ("mktree",)
        return self.run(*args).decode().strip()

    def make_object(self, data: bytes, kind: str = "blob") -> str:
        """Stores a file or a commit byte for byte."""
        return self.run("hash-object", "-t", kind, "-w", "--stdin", input=data).decode().strip()

    def merge_trees(self, base: str, ours: str, theirs: str) -> str:
        """The tree of `ours` with what `theirs` changed of `base`, all trees; raises `MergeConflict`."""
        if theirs == base or ours == theirs:
            return ours
        if ours == base:
            return theirs
        # merge-tree wants commits, to find their common base.
        root = self._bare_commit(base)
        tips = [self._bare_commit(tree, root) for tree in (ours, theirs)]
        args = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", *tips)
        code, out, err = self.git.start(args, env=_ISOLATED, config=_SETTINGS).wait()
        tokens = out.split(b"\0")
        if code == 0:
            return tokens[0].decode().strip()
        if code == 1 and len(tokens) > 1:
            raise MergeConflict([token for token in dict.fromkeys(tokens[1:]) if token])
        if "usage:" in err or "unknown option" in err:
            raise RefusedError("taking commits needs git 2.38 or newer")
        reason = "".join(c if c.isprintable() else " " for c in err)[:300].strip()
        raise GitError(f"git merge-tree failed: {reason or code}")

    def _bare_commit(self, tree: str, *parents: str) -> str:
        who = b"overnight-tui <overnight-tui@localhost> 0 +0000"
        lines = [b"tree " + tree.encode(), *(b"parent " + p.encode() for p in parents)]
        data = b"\n".join((*lines, b"author " + who, b"committer " + who, b"", b"side\n"))
        return self.make_object(data, "commit")

    def put_entries(self, tree: str, entries: list[TreeEntry]) -> str:
        """`tree` with these paths put in or taken away."""
        with_index = {**_ISOLATED, "GIT_INDEX_FILE": str(self._index)}
        self.run("read-tree", tree, env=with_index)
        zero = self.git.zero
        order = b"".join(
            b"%o %s\t%s\0" % (mode, (blob if mode else zero).encode(), path)
            for mode, blob, path in entries
        )
        self.run("update-index", "-z", "--index-info", input=order, env=with_index)
        return self.run("write-tree", env=with_index).decode().strip()


@contextmanager
def scratch_repository(git: Git) -> Iterator[ScratchRepository]:
    """A scratch repository, empty afterwards; waits for a checkpoint that is under way."""
    try:
        with checkpoint_lock(git, _LOCK_WAIT_S):
            scratch = ScratchRepository(git)
            try:
                yield scratch
            finally:
                scratch.clear()
    except CheckpointError as error:
        raise RefusedError(f"nothing was taken: {error}") from error
