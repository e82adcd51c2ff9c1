"""Every night of a project with its main file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
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
    """A night's main event file; `folder` is the run's directory, `changed` its last sign of life.

    `stamp` changes when the night's record does.
    """

    id: str
    kind: Literal["run", "stream", "transcript"]
    path: str
    changed: float
    stamp: str
    folder: str = ""
    is_over: bool = False
    started: float = 0.0


def list_night_files(
    project: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> list[NightFile]:
    """Every night there may be, those of our runs first; only names and times are read.

    A transcript of another folder, or of a session that a run or a stream tells of, may be among
    them: whoever reads more of it finds that out.
    """
    found = [*_run_files(project, settings, environ), *_stream_files(project)]
    projects = paths.claude_dir(environ) / "projects"
    found += _transcript_files(project, projects)
    return found[:MOST_NIGHTS]


def _run_files(
    project: Path, settings: Settings, environ: Mapping[str, str]
) -> Iterator[NightFile]:
    for run in list_runs(paths.resolve(project, settings.paths.run_dir, environ)):
        files = run.directory
        yield NightFile(
            files.id,
            "run",
            str(files.stream),
            run.changed,
            f"{_file_stamp(str(files.stream))} {_file_stamp(str(files.end))}",
            str(files.path),
            run.is_over,
            run.started,
        )


def _stream_files(project: Path) -> Iterator[NightFile]:
    for path, changed in event_files.stream_candidates(project):
        yield NightFile(os.path.relpath(path, project), "stream", path, changed, _file_stamp(path))


def _transcript_files(project: Path, projects: Path) -> Iterator[NightFile]:
    for path, changed in transcripts.transcript_candidates(projects, str(project)):
        session = os.path.basename(path).removesuffix(".jsonl")
        yield NightFile(session, "transcript", path, changed, _file_stamp(path))


def _file_stamp(path: str) -> str:
    """Identity, size and time of a file; "-" for none."""
    try:
        facts = os.stat(path)
    except OSError:
        return "-"
    return f"{facts.st_dev}:{facts.st_ino}:{facts.st_size}:{facts.st_mtime_ns}"


def find_night_file(project: Path, settings: Settings, wanted: str) -> NightFile:
    """The night of that id, or the only one whose id begins or ends so; NoSessionError else."""
    every = list_night_files(project, settings)
    fits = [one for one in every if one.id == wanted] or [
        one for one in every if wanted and (one.id.startswith(wanted) or one.id.endswith(wanted))
    ]
    if len(fits) != 1:
        count = "no night" if not fits else f"{len(fits)} nights"
        raise NoSessionError(f"{count} of {project} fit {wanted!r}; `runs` lists them")
    return fits[0]


def select_night(
    project: Path, settings: Settings, named: NamedSources, wanted: str
) -> NamedSources:
    """`named` with the night that `wanted` means; NoSessionError where there is none."""
    place = find_night_file(project, settings, wanted)
    if place.kind == "run":
        return replace(named, events=None, run=place.id)
    return replace(named, events=None, session=place.path)
