"""Sessions of folders that are gone: a project that was renamed or moved finds what may be its own.

A transcript names the folder it ran in, nothing else of the project. So none is taken for the project's own:
it is offered, with what speaks for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tui.feeds.sessions.event_files import EventFileSummary, first_folder, read_summary
from tui.feeds.sessions.where.transcript_folders import (
    dated_files,
    list_folders,
    safe_transcript,
    session_of_file,
    slugs,
)
from tui.store.moved_projects import former_paths
from tui.system.files import read_small
from tui.system.lazy_pattern import lazy

MOST_FOLDERS = 60
MOST_FOUND = 5
_HEAD_BYTES = 64 * 1024
_MOST_NAMED = 40
_NAMED = lazy(rb'"(?:file_path|notebook_path)"\s*:\s*"([^"\\]{1,400})"')


class GoneSession(NamedTuple):
    """A transcript of a folder that is gone; `why` says what speaks for it being this project's."""

    path: str
    session: str
    summary: EventFileSummary
    folder: str
    why: str


def find_gone(
    projects: Path, project: Path, environ: Mapping[str, str] = os.environ
) -> list[GoneSession]:
    """The newest sessions of folders that are gone and may have been this project, the likeliest first."""
    known = {str(path) for path in former_paths(project, environ)}
    names = [slug for path in sorted(known) for slug in slugs(path)]
    names += [name for _, name in list_folders(projects)[:MOST_FOLDERS]]
    found = [
        one for name in dict.fromkeys(names) for one in _newest(projects, project, name, known)
    ]
    likely = sorted(found, key=lambda one: (one[0], one[1].summary.changed), reverse=True)
    return [one for _, one in likely[:MOST_FOUND]]


def _newest(
    projects: Path, project: Path, name: str, known: set[str]
) -> Iterator[tuple[int, GoneSession]]:
    """The newest transcript under one slug with substance, if its folder is gone and may be the project."""
    for _, path in sorted(dated_files(projects, name), reverse=True)[:MOST_FOUND]:
        folder = first_folder(path)
        if not folder or os.path.lexists(folder):
            return
        weight, why = _likeness(path, folder, project, known)
        real = safe_transcript(path, projects) if weight else None
        summary = read_summary(path, follow=False) if real is not None else None
        if real is None or summary is None:
            return
        if not summary.is_small:
            session = session_of_file(path)
            yield weight, GoneSession(real, session, summary, folder, why)
            return


def _likeness(path: str, folder: str, project: Path, known: set[str]) -> tuple[int, str]:
    """How much speaks for a folder that is gone, and what; 0 for nothing."""
    if folder in known:
        return 3, "this repository lay there"
    named, here = _named_files(path, folder, project)
    if named and not here:
        return 0, ""
    if here:
        return 2, f"{here[0]}, which it worked on, is here"
    if os.path.dirname(folder) == os.path.dirname(project):
        return 1, "it lay beside this folder"
    if os.path.basename(folder) == project.name:
        return 1, "it had this folder's name"
    return 0, ""


def _named_files(path: str, folder: str, project: Path) -> tuple[list[str], list[str]]:
    """The files of its folder that a transcript's first records name, and those of them that are here."""
    top = folder.rstrip("/") + "/"
    data = read_small(path, _HEAD_BYTES)
    words = (found[1].decode("utf-8", "replace") for found in _NAMED.finditer(data))
    inside = dict.fromkeys(word.removeprefix(top) for word in words if word.startswith(top))
    named = [one for one in list(inside)[:_MOST_NAMED] if not re.search(r"(^|/)\.\.(/|$)", one)]
    return named, [one for one in named if os.path.lexists(project / one)]
