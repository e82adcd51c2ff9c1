"""Every night of a project with its main file."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tui.feeds.sessions import event_files
from tui.feeds.sessions.event_files import read_summary
from tui.feeds.sessions.lineage import (
    Stretch,
    Taken,
    TranscriptNight,
    night_of_transcript,
    transcript_nights,
)
from tui.feeds.sessions.transcripts import find_transcripts
from tui.feeds.sessions.where.places import ProjectPlaces
from tui.model.cli_commands import is_cli_command
from tui.model.events import UserMessage
from tui.model.session import EarlierNight, EventFile, NamedSources
from tui.settings.settings import Settings
from tui.store.runs import list_runs, sessions_of
from tui.system import paths
from tui.system.errors import NoSessionError

MOST_NIGHTS = 500
_PROMPT_BYTES = 128 << 10
_PROMPT_LIMIT = 300


class NightFile(Struct, frozen=True):
    """A night's main event file; `folder` is the run's directory, `changed` when it last printed.

    `stamp` changes when the night's record does. `host` is where a run was started, `elsewhere` the machine
    that it goes on on if that is not this one. `sessions` are those known to belong to it without reading
    it. Of a night in `transcripts` `path` is the newest file.
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
    sessions: tuple[str, ...] = ()
    transcripts: TranscriptNight | None = None

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        return self.transcripts.stretches if self.transcripts is not None else ()

    @property
    def continues(self) -> EarlierNight | None:
        """The night whose session this one goes on from."""
        return self.transcripts.continues if self.transcripts is not None else None


def list_night_files(
    project: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> list[NightFile]:
    """Every possible night, those of our runs first; of transcripts the beginnings and ends are read.

    A transcript of a session that a run or a stream has is none of its own, and neither is one in which no
    model ever answered.
    """
    projects = paths.claude_dir(environ) / "projects"
    nights, taken = _runs_and_streams(project, environ)
    places = ProjectPlaces.of(project)
    found = find_transcripts(projects, places, most=event_files.MOST_LISTED, whole=True)
    changes = {one.path: one.summary.changed for one in found}
    nights += _transcript_nights(changes, settings.review.absence_hours * 3600, taken)
    return nights[:MOST_NIGHTS]


def night_of_file(
    project: Path,
    settings: Settings,
    first: EventFile,
    run: str = "",
    environ: Mapping[str, str] = os.environ,
) -> NightFile | None:
    """The night of a run, or with this main file; None for none that `list_night_files` would list.

    Only an older part of a night in transcripts needs the whole list.
    """
    nights, taken = _runs_and_streams(project, environ)
    main = os.path.realpath(first.path)
    for night in nights:
        if night.id == run or os.path.realpath(night.path) == main:
            return night
    whole = night_of_transcript(main, settings.review.absence_hours * 3600, taken)
    if whole is not None and whole.has_answers and _begins(whole, main, first.since):
        head = read_summary(main, follow=False)
        return _transcript_night(whole, head.changed if head is not None else whole.ended)
    nights = list_night_files(project, settings, environ)
    listed = (night for night in nights if night.transcripts is not None)
    return next((n for n in listed if _begins(n.transcripts, main, first.since)), None)


def _begins(night: TranscriptNight | None, path: str, since: int) -> bool:
    """Whether a night's newest stretch begins there."""
    return night is not None and (os.path.realpath(night.newest.path), night.newest.since) == (
        path,
        since,
    )


def _runs_and_streams(
    project: Path, environ: Mapping[str, str]
) -> tuple[list[NightFile], dict[str, float]]:
    """The nights of our runs and of event streams, and the sessions that are theirs."""
    nights: list[NightFile] = []
    taken: dict[str, float] = {}
    for run in list_runs(project, environ):
        stream, end = str(run.directory.stream), str(run.directory.end)
        stamp = f"{_file_stamp(stream)} {_file_stamp(end)}"
        folder, host = str(run.directory.path), (run.host, run.elsewhere)
        facts = (folder, run.is_over, run.started, *host, sessions_of(run.directory))
        nights.append(NightFile(run.directory.id, "run", stream, run.changed, stamp, *facts))
        taken.update(dict.fromkeys(nights[-1].sessions, run.changed if run.is_over else math.inf))
    for path, changed in event_files.stream_candidates(project):
        name = os.path.relpath(path, project)
        head = read_summary(path, follow=False, inside=str(project))
        sessions = head.sessions if head is not None and head.kind == "stream" else ()
        stamp = _file_stamp(path)
        nights.append(NightFile(name, "stream", path, changed, stamp, sessions=sessions))
        taken.update(dict.fromkeys(sessions, math.inf))
    return nights, taken


def _transcript_nights(
    changed: Mapping[str, float], absence_s: float, taken: Taken
) -> list[NightFile]:
    """The nights in these transcripts, each with when it changed; the newest first."""
    nights = [
        _transcript_night(
            night,
            changed[night.newest.path] if not night.newest.until else night.newest.ended,
        )
        for night in reversed(transcript_nights(changed, absence_s, taken))
        if night.has_answers
    ]
    return sorted(nights, key=lambda night: night.changed, reverse=True)


def _transcript_night(night: TranscriptNight, changed: float) -> NightFile:
    newest = night.newest
    stamps = (
        f"{_file_stamp(one.path) if not one.until else ''} {one.since} {one.until}"
        for one in night.stretches
    )
    is_plain = len(night.stretches) == 1 and not newest.since and not newest.until
    stamp = _file_stamp(newest.path) if is_plain else "; ".join((_identity(newest.path), *stamps))
    return NightFile(
        night.id,
        "transcript",
        newest.path,
        changed,
        stamp,
        is_over=bool(newest.until),
        started=night.began,
        sessions=night.sessions,
        transcripts=night,
    )


def _identity(path: str) -> str:
    """Device and number of a file, which a part of it keeps when the file grows."""
    return ":".join(_file_stamp(path).split(":")[:2])


def _file_stamp(path: str) -> str:
    """Identity, size and time of a file; "-" for none."""
    try:
        facts = os.stat(path)
    except OSError:
        return "-"
    return f"{facts.st_dev}:{facts.st_ino}:{facts.st_size}:{facts.st_mtime_ns}"


def find_night_file(project: Path, settings: Settings, id: str) -> NightFile:
    """The night with that id, or the only one whose id begins or ends with it; else NoSessionError.

    A session's id finds the newest night that it belongs to.
    """
    nights = list_night_files(project, settings)
    matches = [night for night in nights if night.id == id]
    matches = matches or [night for night in nights if _goes_by(night, id)]
    if len(matches) != 1:
        by_session = [night for night in nights if id and _has_session(night, id)]
        newest = max(by_session, key=lambda night: night.changed, default=None)
        if newest is not None and len({s for n in by_session for s in _sessions_like(n, id)}) == 1:
            matches = [newest]
    if len(matches) != 1:
        count = "no night" if not matches else f"{len(matches)} nights"
        raise NoSessionError(f"{count} of {project} fit {id!r}; `runs` lists them")
    return matches[0]


def _goes_by(night: NightFile, id: str) -> bool:
    return bool(id) and (night.id.startswith(id) or night.id.endswith(id))


def _has_session(night: NightFile, id: str) -> bool:
    return bool(_sessions_like(night, id))


def _sessions_like(night: NightFile, id: str) -> list[str]:
    return [one for one in night.sessions if one.startswith(id) or one.endswith(id)]


def select_night(project: Path, settings: Settings, named: NamedSources, id: str) -> NamedSources:
    """`named` with the night of that id; NoSessionError where there is none."""
    night = find_night_file(project, settings, id)
    if night.kind == "run":
        return replace(named, events=None, run=night.id)
    part = night.id if night.kind == "transcript" else None
    return replace(named, events=None, session=night.path, night=part)


def first_prompt_of(night: NightFile, inside: str = "") -> str:
    """The first thing that was asked of the model in a night; empty where nothing near its beginning was."""
    places = [(one.path, one.since) for one in night.stretches] or [(night.path, 0)]
    prompts = (_first_prompt(path, since, inside) for path, since in places)
    return next(filter(None, prompts), "")


def _first_prompt(path: str, since: int, inside: str) -> str:
    for event in event_files.main_events(path, since, _PROMPT_BYTES, inside=inside):
        body = event.body
        if not isinstance(body, UserMessage) or body.role != "prompt":
            continue
        if body.text and not is_cli_command(body.text):
            return " ".join(body.text.split())[:_PROMPT_LIMIT]
    return ""
