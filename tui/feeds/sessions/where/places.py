"""The folders whose sessions belong to a project, and how near each is to it."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from tui.model.session import Nearness
from tui.store.repository_identity import other_work_trees
from tui.system.paths import lies_in

_CLAUDES_OWN = ".claude/worktrees"


class ProjectPlaces(NamedTuple):
    """A project's folder in each spelling, and the same folder in other work trees of its repository.

    `inner` are those of the work trees that lie below the project.
    """

    folders: tuple[str, ...]
    work_trees: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()

    @classmethod
    def of(cls, project: Path) -> ProjectPlaces:
        """The places of a project as they are now; reads a few small files of its git directory."""
        folder = os.fspath(project)
        folders = tuple(dict.fromkeys((folder, os.path.realpath(folder))))
        trees = other_work_trees(folder)
        inner = tuple(tree for tree in trees if lies_in(tree, folders[-1]))
        return cls(folders, tuple(tree for tree in trees if tree not in inner), inner)

    def nearness(self, cwds: tuple[str, ...]) -> Nearness | None:
        """How near a session is that worked in these folders; None if it is none of the project's."""
        cwds = tuple(dict.fromkeys((*cwds, *map(_physical, cwds))))
        if any(cwd in self.folders for cwd in cwds):
            return Nearness.HERE
        found: Nearness | None = None
        for cwd in cwds:
            for folder in self.folders:
                # Claude's own work trees of a project are made by sessions of that project.
                if lies_in(cwd, os.path.join(folder, _CLAUDES_OWN)):
                    return Nearness.HERE
                if any(lies_in(cwd, tree) for tree in self.inner):
                    found = found or Nearness.WORK_TREE
                elif lies_in(cwd, folder):
                    found = Nearness.BELOW
            if found is None and any(lies_in(cwd, tree) for tree in self.work_trees):
                found = Nearness.WORK_TREE
        return found


@lru_cache(maxsize=1_000)
def _physical(path: str) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path
