"""The progress file and the notes as they were when a night began."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tui.feeds.progress.feature_list import read_feature_list
from tui.feeds.progress.reader import read_progress_file, with_features
from tui.feeds.sessions.select import SessionSources
from tui.model.records import ProgressFile, RepositoryChanges
from tui.model.snapshot import NightSnapshot
from tui.system.errors import OvernightError
from tui.system.sanitize import clean

if TYPE_CHECKING:
    from tui.system.git import Git

_EARLY = 900.0


class StartState(Struct, frozen=True):
    """The files before the night; `basis` is "git", "copy", "first seen" or "none"."""

    progress: ProgressFile | None = None
    basis: str = "none"
    notes: str = ""


def state_at_start(
    project: Path,
    sources: SessionSources,
    night: NightSnapshot,
    changes: RepositoryChanges | None,
    seen_live: bool,
) -> StartState:
    """The files at the night's base commit; else in the run's first checkpoint; else as first seen.

    `seen_live` says that the fold saw the progress file while the night went on; what was read
    after its end tells nothing of its beginning.
    """
    try:
        from tui.system.git import Git

        git = Git(project)
    except OvernightError:
        return _first_seen(night, seen_live)
    committed = _CommittedFiles(git, sources)
    if changes is not None and changes.base:
        state = committed.at(changes.base, "git")
        if state is not None:
            return state
        # A commit of the night first brought the file: there was no task before.
        name = committed.progress
        if any(one.path == name and one.kind == "added" and one.commit for one in changes.files):
            return StartState(ProgressFile(sources.progress.path, None, "checkboxes", 0, 0), "git")
    started_at = night.run.started_at
    for checkpoint in night.interventions.checkpoints[:1]:
        early = started_at is None or checkpoint.at - started_at <= _EARLY
        state = committed.at(checkpoint.commit, "copy") if early and checkpoint.commit else None
        if state is not None:
            return state
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
        progress = features = None
        if listed is not None:
            progress = features = read_feature_list(listed, self._sources.features.path, None)
        if text is not None:
            path = self._sources.progress.path
            written = read_progress_file(text, path, None)
            progress = with_features(written, features)
        if progress is None:
            return None
        notes = self._read(commit, self._sources.notes.path) or b""
        return StartState(progress, basis, clean(notes.decode("utf-8", "replace")))

    def _read(self, commit: str, path: str) -> bytes | None:
        name = self._inside(path)
        try:
            return self._git.show_file(commit, name) if name else None
        except OvernightError:
            return None


def _first_seen(night: NightSnapshot, seen_live: bool) -> StartState:
    if night.first_progress is not None and seen_live:
        return StartState(night.first_progress, "first seen")
    return StartState()
