"""How progress file and notes stood when a night began: from git, else from our first checkpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tui.changes import RepositoryChanges
from tui.errors import OvernightError
from tui.feeds.progress import read_feature_list, read_progress, with_features
from tui.night.model import NightSnapshot
from tui.records import ProgressFile
from tui.system.sanitize import clean

if TYPE_CHECKING:
    from tui.feeds.discovery import SessionSources
    from tui.git import Git

_EARLY = 900.0


class StartState(Struct, frozen=True):
    """What the files said before the night; `basis` is "git", "copy", "first seen" or "none"."""

    progress: ProgressFile | None = None
    basis: str = "none"
    notes: str = ""


def beginning(
    project: Path, sources: SessionSources, night: NightSnapshot, changes: RepositoryChanges | None, seen_live: bool
) -> StartState:
    """The files at the night's base commit; else in the run's first checkpoint; else as first seen.

    `seen_live` says that the fold saw the progress file while the night went on; what was read
    after its end tells nothing of its beginning.
    """
    try:
        from tui.git import Git

        git = Git(project)
    except OvernightError:
        return _first_seen(night, seen_live)
    looked = _CommittedFiles(git, sources)
    if changes is not None and changes.base:
        found = looked.at(changes.base, "git")
        if found is not None:
            return found
        if _made_by_the_night(changes, looked.progress):
            return StartState(_nothing(sources), "git")
    for checkpoint in night.deeds.checkpoints[:1]:
        began = night.run.started_at
        if began is not None and checkpoint.at - began > _EARLY:
            break
        found = looked.at(checkpoint.commit, "copy") if checkpoint.commit else None
        if found is not None:
            return found
    return _first_seen(night, seen_live)


class _CommittedFiles:
    """Files of the repository as they were in some commit."""

    def __init__(self, git: Git, sources: SessionSources) -> None:
        self._git = git
        self._sources = sources
        self.progress = self._inside(sources.progress.path)

    def _inside(self, path: str) -> str:
        """The path relative to the work tree; empty for what lies outside."""
        top = os.path.realpath(self._git.work_tree)
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        return os.path.relpath(real, top) if real.startswith(top.rstrip("/") + "/") else ""

    def at(self, commit: str, basis: str) -> StartState | None:
        """What the commit holds; None when it holds neither progress file nor feature list."""
        text = self._read(commit, self._sources.progress.path)
        listed = self._read(commit, self._sources.features.path)
        features = None
        if listed is not None:
            features = read_feature_list(listed, self._sources.features.path, None)
        progress = features
        if text is not None:
            words = text.decode("utf-8", "replace")
            told = read_progress(words, self._sources.progress.path, None)
            progress = with_features(told, features)
        if progress is None:
            return None
        notes = self._read(commit, self._sources.notes.path) or b""
        return StartState(progress, basis, clean(notes.decode("utf-8", "replace")))

    def _read(self, commit: str, path: str) -> bytes | None:
        name = self._inside(path)
        if not name:
            return None
        try:
            return self._git.show_file(commit, name)
        except OvernightError:
            return None


def _made_by_the_night(changes: RepositoryChanges, name: str) -> bool:
    """Whether a commit of the night first brought the file; then there was no task before."""
    return any(one.path == name and one.kind == "added" and one.commit for one in changes.files)


def _nothing(sources: SessionSources) -> ProgressFile:
    return ProgressFile(sources.progress.path, None, "checkboxes", 0, 0)


def _first_seen(night: NightSnapshot, seen_live: bool) -> StartState:
    if night.first_progress is not None and seen_live:
        return StartState(night.first_progress, "first seen")
    return StartState()
