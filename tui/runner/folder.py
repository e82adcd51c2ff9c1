"""A run's directory: what lies where, how it is made, and which runs there are."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tui import paths
from tui.errors import NoSessionError
from tui.model.state import RunEnd, end_of_entry
from tui.runner.lock import is_locked
from tui.settings import Settings

RUNS = "runs"
SCHEMA = 1


class Facts(Struct, frozen=True):
    """What a run was started with; `agent` and `extra` are words of its command line.

    `env` holds plain variables only: credentials come from the environment and the settings.
    """

    run: str
    goal: str
    project: str
    started_at: float
    agent: tuple[str, ...]
    command: str = "run"
    extra: tuple[str, ...] = ()
    env: dict[str, str] = {}
    head: str | None = None
    schema: int = SCHEMA


class RunFolder:
    """One run's directory; the paths in it, and the small files that say what the run is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream = path / "stream.jsonl"
        self.arrivals = path / "arrivals"
        self.journal = path / "journal.jsonl"
        self.stderr = path / "stderr.log"
        self.inbox = path / "inbox"
        self.transcripts = path / "transcripts"
        self.segments = path / "segments"
        self.lock = path / "supervisor.lock"
        self.state = path / "state.json"
        self.recall = path / "recall"
        self.own_log = path / "supervisor.log"

    @property
    def id(self) -> str:
        return self.path.name

    def segment(self, number: int) -> Path:
        return self.segments / f"{number:04d}"

    def facts(self) -> Facts:
        """What the run was started with; NoSessionError if this is no run."""
        try:
            return msgspec.json.decode((self.path / "run.json").read_bytes(), type=Facts)
        except (OSError, msgspec.MsgspecError) as error:
            raise NoSessionError(f"{self.path} holds no run that can be read") from error

    def settings(self) -> Settings:
        """The settings the run was started with, secrets left out; defaults where unreadable."""
        try:
            data = (self.path / "settings.json").read_bytes()
            return msgspec.json.decode(data, type=Settings)
        except (OSError, msgspec.MsgspecError):
            return Settings()

    def ended(self) -> RunEnd | None:
        """How the run ended; None while it has not."""
        found = read_json(self.path / "ended.json")
        if found is None:
            return None
        try:
            return msgspec.convert({**found, "end": end_of_entry(found)}, RunEnd)
        except msgspec.ValidationError:
            return None

    def end(self, ended: RunEnd) -> None:
        replace_file(self.path / "ended.json", msgspec.json.encode(ended))

    def is_run(self) -> bool:
        return (self.path / "run.json").is_file()

    def supervised(self) -> bool:
        """Whether a supervisor holds this run now."""
        return is_locked(self.lock)


def make(root: Path, facts: Facts, settings: Settings) -> RunFolder:
    """A fresh run directory under `root` with everything in it that a supervisor needs.

    `facts.run` is the id wished for; another one of that second gets a number behind it.
    """
    base = paths.private_dir(root / RUNS)
    name, number = facts.run, 1
    while True:
        try:
            (base / name).mkdir(mode=0o700)
            break
        except FileExistsError:
            number += 1
            name = f"{facts.run}-{number}"
    folder = RunFolder(base / name)
    for inner in (folder.inbox, folder.segments, folder.transcripts):
        inner.mkdir(mode=0o700)
    for file in (folder.stream, folder.journal, folder.stderr, folder.arrivals):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    replace_file(folder.path / "settings.json", msgspec.json.encode(without_secrets(settings)))
    # Last, because a directory without it is no run.
    facts = msgspec.structs.replace(facts, run=name)
    replace_file(folder.path / "run.json", msgspec.json.encode(facts))
    return folder


def new_id(wall: float) -> str:
    """The id of a run that starts now, in local time: sorts by age and can be typed."""
    return time.strftime("%Y%m%d-%H%M%S", time.localtime(wall))


def runs(project: Path, run_dir: str = paths.RUN_DIR) -> list[RunFolder]:
    """All runs of the project, the newest first."""
    base = paths.resolve(project, run_dir) / RUNS
    try:
        names = os.listdir(base)
    except OSError:
        return []
    folders = [RunFolder(base / name) for name in names if not name.startswith(".")]
    known = [(_started(folder), folder.id, folder) for folder in folders if folder.is_run()]
    return [folder for _, _, folder in sorted(known, key=lambda one: one[:2], reverse=True)]


def live(project: Path, run_dir: str = paths.RUN_DIR) -> RunFolder | None:
    """The newest run that has not ended, whether or not anybody supervises it now."""
    return next((one for one in runs(project, run_dir) if one.ended() is None), None)


def find(project: Path, wanted: str, run_dir: str = paths.RUN_DIR) -> RunFolder:
    """The run of that id, or the only one whose id begins or ends so; NoSessionError else."""
    every = runs(project, run_dir)
    fits = [one for one in every if one.id == wanted] or [
        one for one in every if one.id.startswith(wanted) or one.id.endswith(wanted)
    ]
    if len(fits) != 1:
        count = "no run" if not fits else f"{len(fits)} runs"
        raise NoSessionError(f"{count} of {project} fit {wanted!r}; `runs` lists them")
    return fits[0]


def _started(folder: RunFolder) -> float:
    try:
        return folder.facts().started_at
    except NoSessionError:
        return 0.0


def without_secrets(settings: Settings) -> Settings:
    """The settings with every secret left out, fit to be stored."""
    change = msgspec.structs.replace
    silent = change(settings.notifications, discord_webhook=None, slack_webhook=None, urls=())
    return change(settings, notifications=silent, agent=change(settings.agent, env={}))


def with_secrets(settings: Settings, source: Settings) -> Settings:
    """Stored settings with the secrets that `source` knows."""
    change, told = msgspec.structs.replace, source.notifications
    loud = change(
        settings.notifications,
        discord_webhook=told.discord_webhook,
        slack_webhook=told.slack_webhook,
        urls=told.urls,
    )
    agent = change(settings.agent, env=source.agent.env)
    return change(settings, notifications=loud, agent=agent)


def replace_file(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Writes a small private file in one step: nobody ever reads half of it. Raises OSError."""
    partial = path.parent / f".{path.name}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(partial, flags, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(partial, path)


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a small file; None if there is none."""
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None
    return found if isinstance(found, dict) else None


def segments_of(folder: RunFolder) -> Iterator[int]:
    """The numbers of the segments that were ever ordered, in order."""
    try:
        names = sorted(os.listdir(folder.segments))
    except OSError:
        return
    yield from (int(name) for name in names if name.isdigit())
