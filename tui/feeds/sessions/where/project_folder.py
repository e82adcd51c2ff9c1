"""Which folder is the project when somebody asks from below the top of a repository."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tui.settings.settings import FILE
from tui.store.repository_identity import work_tree_root
from tui.system import paths


def project_for(folder: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The project of a physical folder: itself if it is one, else the top of its git work tree.

    It is one if it is the top of a repository, lies in none, or has something of its own: settings, runs,
    an event stream, or a session that was started in it or below. A home that is a repository is no
    project of the folders in it.
    """
    if os.path.lexists(folder / ".git"):
        return folder
    root = work_tree_root(folder)
    if not root or root in (os.fspath(folder), "/", os.path.realpath(paths.home(environ))):
        return folder
    return folder if _is_project(folder, environ) else Path(root)


def _is_project(folder: Path, environ: Mapping[str, str]) -> bool:
    # What a project at the top of its repository need not load.
    from tui.feeds.sessions.event_files import find_streams
    from tui.feeds.sessions.live_processes import works_exactly_in
    from tui.feeds.sessions.transcripts import has_transcripts
    from tui.store.runs import list_runs

    return (
        os.path.lexists(folder / FILE)
        or bool(list_runs(folder, environ))
        or works_exactly_in(os.fspath(folder), environ)
        or has_transcripts(paths.claude_dir(environ) / "projects", os.fspath(folder))
        or bool(find_streams(folder))
    )
