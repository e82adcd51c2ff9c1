"""Every night of a project with its main file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tui.feeds.sessions import event_files, transcripts
from tui.model.session import NamedSources
from tui.settings.settings import Settings
from tui.store.runs import list_runs
from tui.system import paths
from tui.system.errors import NoSessionError

MOST_NIGHTS = 500


class NightFile(Struct, frozen=True):
    """A night's main event file; `folder` is the run's directory, `changed` when it last printed.

    `stamp` changes when the night's record does. `host` is where a run was started, `elsewhere` the machine
    that it goes on on if that is not this one.
    """

    id: str
    kind: Literal["run", "stream", "transcript"]
    path: str
    changed: float
    stamp: str
    folder: str = ""
    is_over: bool = False
    started: float = 0.0
    host: str = ""
    elsewhere: str = ""


def list_night_files(
    project: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> list[NightFile]:
    """Every possible night, those of our runs first; only names and times are read.

    Transcripts of another folder, or of the session of a run or stream, may be among them; that
    shows only in their content.
    """
    projects = paths.claude_dir(environ) / "projects"
    nights: list[NightFile] = []
    for run in list_runs(project, environ):
        stream, end = str(run.directory.stream), str(run.directory.end)
        stamp = f"{_file_stamp(stream)} {_file_stamp(end)}"
        folder, host = str(run.directory.path), (run.host, run.elsewhere)
        facts = (folder, run.is_over, run.started, *host)
        nights.append(NightFile(run.directory.id, "run", stream, run.changed, stamp, *facts))
    for path, changed in event_files.stream_candidates(project):
        name = os.path.relpath(path, project)
        nights.append(NightFile(name, "stream", path, changed, _file_stamp(path)))
    for path, changed in transcripts.transcript_candidates(projects, str(project)):
        name = os.path.basename(path).removesuffix(".jsonl")
        nights.append(NightFile(name, "transcript", path, changed, _file_stamp(path)))
    return nights[:MOST_NIGHTS]


def _file_stamp(path: str) -> str:
    """Identity, size and time of a file; "-" for none."""
    try:
        facts = os.stat(path)
    except OSError:
        return "-"
    return f"{facts.st_dev}:{facts.st_ino}:{facts.st_size}:{facts.st_mtime_ns}"


def find_night_file(project: Path, settings: Settings, id: str) -> NightFile:
    """The night with that id, or the only one whose id begins or ends with it; else NoSessionError."""
    nights = list_night_files(project, settings)
    matches = [night for night in nights if night.id == id] or [
        night for night in nights if id and (night.id.startswith(id) or night.id.endswith(id))
    ]
    if len(matches) != 1:
        count = "no night" if not matches else f"{len(matches)} nights"
        raise NoSessionError(f"{count} of {project} fit {id!r}; `runs` lists them")
    return matches[0]


def select_night(project: Path, settings: Settings, named: NamedSources, id: str) -> NamedSources:
    """`named` with the night of that id; NoSessionError where there is none."""
    night = find_night_file(project, settings, id)
    chosen = {"run": night.id} if night.kind == "run" else {"session": night.path}
    return replace(named, events=None, **chosen)
