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

MOST = 500


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
    over: bool = False
    started: float = 0.0


def night_places(
    project: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> list[NightFile]:
    """Every night there may be, those of our runs first; only names and times are read.

    A transcript of another folder, or of a session that a run or a stream tells of, may be among
    them: whoever reads more of it finds that out.
    """
    found = [*_runs(project, settings, environ), *_streams(project)]
    projects = paths.claude_dir(environ) / "projects"
    found += _transcripts(project, projects)
    return found[:MOST]


def _runs(project: Path, settings: Settings, environ: Mapping[str, str]) -> Iterator[NightFile]:
    for run in list_runs(paths.resolve(project, settings.paths.run_dir, environ)):
        files = run.directory
        yield NightFile(
            files.id,
            "run",
            str(files.stream),
            run.changed,
            f"{_stamp(str(files.stream))} {_stamp(str(files.end))}",
            str(files.path),
            run.over,
            run.started,
        )


def _streams(project: Path) -> Iterator[NightFile]:
    for path, changed in event_files.candidates(project):
        yield NightFile(os.path.relpath(path, project), "stream", path, changed, _stamp(path))


def _transcripts(project: Path, projects: Path) -> Iterator[NightFile]:
    for path, changed in transcripts.candidates(projects, str(project)):
        session = os.path.basename(path).removesuffix(".jsonl")
        yield NightFile(session, "transcript", path, changed, _stamp(path))


def _stamp(path: str) -> str:
    """Identity, size and time of a file; "-" for none."""
    try:
        facts = os.stat(path)
    except OSError:
        return "-"
    return f"{facts.st_dev}:{facts.st_ino}:{facts.st_size}:{facts.st_mtime_ns}"


def find_place(project: Path, settings: Settings, wanted: str) -> NightFile:
    """The night of that id, or the only one whose id begins or ends so; NoSessionError else."""
    every = night_places(project, settings)
    fits = [one for one in every if one.id == wanted] or [
        one for one in every if wanted and (one.id.startswith(wanted) or one.id.endswith(wanted))
    ]
    if len(fits) != 1:
        count = "no night" if not fits else f"{len(fits)} nights"
        raise NoSessionError(f"{count} of {project} fit {wanted!r}; `runs` lists them")
    return fits[0]


def named_night(
    project: Path, settings: Settings, named: NamedSources, wanted: str
) -> NamedSources:
    """`named` with the night that `wanted` means; NoSessionError where there is none."""
    place = find_place(project, settings, wanted)
    if place.kind == "run":
        return replace(named, events=None, run=place.id)
    return replace(named, events=None, session=place.path)
