"""The project that a hook is called for, with its settings, its progress, and where its records go."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tui.control.channels.mailbox import Mailbox
from tui.control.hooks import private_folders
from tui.control.hooks.hook_records import RUN_VARIABLE
from tui.control.hooks.hook_sets import HookSet
from tui.control.hooks.payload import ANY_PROJECT, HookCall
from tui.control.hooks.status import hook_status
from tui.feeds.follow.whole_file import WholeFile
from tui.feeds.progress.feature_list import read_feature_list
from tui.feeds.progress.reader import read_progress_file, with_features
from tui.feeds.sessions.sidecar_paths import find_sidecar
from tui.feeds.sessions.where.transcript_folders import safe_transcript
from tui.feeds.sidecar_files import SHOWN_BYTES, read_notes
from tui.model.records import ProgressFile, SessionNotes
from tui.model.session import NamedSources
from tui.settings.settings import Settings
from tui.store.project_record import read_record
from tui.store.repository_identity import other_work_trees
from tui.store.state_names import PROJECT_FILE
from tui.system import paths
from tui.system.errors import OvernightError


@dataclass(frozen=True)
class CalledProject:
    """`folder` holds the session's files, `home` is the project whose state and `mailbox` have its records."""

    call: HookCall
    home: Path
    folder: Path
    mailbox: str
    settings: Settings

    @cached_property
    def progress(self) -> ProgressFile | None:
        """What the files here say of tasks, as everywhere in this program; None where there is no such file."""
        progress = features = None
        if (data := self._read("progress")) is not None:
            file, content = data
            progress = read_progress_file(content, file.path, file.mtime)
        if (data := self._read("features")) is not None:
            file, content = data
            features = read_feature_list(content, file.path, file.mtime)
        return features if progress is None else with_features(progress, features)

    @cached_property
    def notes(self) -> SessionNotes | None:
        """The session notes; None where there are none. Of long ones the middle is left out."""
        data = self._read("notes", from_end=True)
        if data is None:
            return None
        file, content = data
        if len(content) > SHOWN_BYTES:
            half = SHOWN_BYTES // 2 - 1
            content = content[:half] + b"\n" + content[-half:]
        return read_notes(content, file.path, file.mtime)

    def _read(self, name: str, *, from_end: bool = False) -> tuple[WholeFile, bytes] | None:
        found = find_sidecar(self.folder, self.settings.paths, name, NamedSources(), os.environ)
        file = WholeFile(name, found, from_end=from_end)
        data = file.read_changed()
        return None if data is None else (file, data)

    @property
    def transcript(self) -> str:
        """The session's transcript, if the payload names one that may be read; else empty."""
        named = self.call.text("transcript_path")
        return safe_transcript(named, paths.claude_dir() / "projects") or ""

    def shown(self, path: str) -> str:
        """The name of a file of the project, as a session knows it."""
        inside = paths.lies_in(path, str(self.folder))
        return os.path.relpath(path, self.folder) if inside else path


def open_project(
    call: HookCall,
    mailbox: str,
    project_for: Callable[[Path], Path],
    settings_of: Callable[[Path], Settings],
) -> CalledProject | None:
    """The project of a call; None where there is none, or another hook of ours is called for it as well."""
    if mailbox == ANY_PROJECT:
        if not call.folder:
            return None
        folder = project_for(Path(call.folder))
        try:
            if HookSet.CONTINUOUS in hook_status(folder).sets:
                return None  # its own hooks do it
        except OvernightError:
            pass  # they cannot be read, and so not be called
        box = Mailbox(folder)
        found = CalledProject(call, folder, folder, str(box.folder), settings_of(folder))
        if found.progress is None or not found.progress.counts_tasks:
            return None  # it has nothing to do with us, and is left without a trace
        box.create()
        return found
    record = read_record(Path(mailbox).parent / PROJECT_FILE)
    if record is None:
        return None
    home = Path(os.fsdecode(record.path))
    if not home.is_dir():
        return None  # it was moved, and the hooks have to be installed anew
    folder = _work_tree_of(home, call.folder)
    return CalledProject(call, home, folder, mailbox, settings_of(folder))


def _work_tree_of(project: Path, folder: str) -> Path:
    """The project's folder in the work tree that a session works in."""
    if not folder:
        return project
    places = [str(project), *other_work_trees(project)]
    # Claude makes work trees below the project: the innermost holds the folder.
    nearest = max((one for one in places if paths.lies_in(folder, one)), key=len, default="")
    return Path(nearest) if nearest else project


def is_in_own_run() -> bool:
    """Whether a run of ours started the session: its supervisor has it go on, and keeps its records."""
    run = os.environ.get(RUN_VARIABLE, "")
    if not run:
        return False
    try:
        os.close(private_folders.open_run(run))
    except OSError:
        return False
    return True
