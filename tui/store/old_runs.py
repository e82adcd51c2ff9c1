"""Runs that version 0.1 left in a project's `.overnight`: found without being believed, copied when asked.

Whoever can write into a repository can put any file there, so nothing of it is used before a person has
looked. What is copied are plain files of known names, with no link followed on the way; a copied run is over
and is never started, and what could start a program is left behind.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from tui.model.state import RunEnd
from tui.settings.settings import Settings
from tui.store.layout import (
    OLD_FOLDER,
    AttemptDirectory,
    RunDirectory,
    make_project_state,
    runs_folder,
)
from tui.store.runs import RunFacts, all_runs, decode_end, read_run_facts, without_secrets
from tui.system.beneath import open_beneath
from tui.system.errors import NoSessionError, RefusedError
from tui.system.files import make_folder, open_private, private_folder, regular_file

MOST_RUNS: Final = 200
MOST_RUN_BYTES: Final = 4 << 30
OLD_RUNS: Final = f"{OLD_FOLDER}/runs"
_FREE_BYTES: Final = 512 << 20
_CHUNK: Final = 1 << 20
_MOST_NAMES: Final = 2_000
_MOST_ATTEMPTS: Final = 500
_SMALL: Final = 256 << 10
_LATEST: Final = 1e11
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_RUN_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
_TRANSCRIPT: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,127}\.jsonl")
# Plain data, each with the most bytes of it. Left behind: requests, orders, pipes, locks, saved readers,
# summaries and messages that wait to be sent.
_RUN: Final = RunDirectory(Path())
_ATTEMPT: Final = AttemptDirectory(Path())
_FILES: Final = {
    str(_RUN.stream): MOST_RUN_BYTES,
    str(_RUN.journal): 1 << 30,
    str(_RUN.arrivals): 1 << 30,
    str(_RUN.stderr): 1 << 30,
    str(_RUN.supervisor_log): 1 << 30,
    str(_RUN.state): 32 << 20,
}
_ATTEMPT_FILES: Final = (str(_ATTEMPT.agent), str(_ATTEMPT.exit), "claim", str(_ATTEMPT.log))
_TRANSCRIPTS: Final = str(_RUN.transcripts)
_ATTEMPTS: Final = str(_RUN.attempts)


class OldRun(NamedTuple):
    """A run in `.overnight`, as it describes itself; `why_not` says why it cannot be copied."""

    name: str
    facts: RunFacts | None
    end: RunEnd | None
    bytes: int
    why_not: str = ""


class _File(NamedTuple):
    """A file that would be copied: its path within the run and the most bytes of it."""

    path: str
    most: int


def has_old_runs(project: Path) -> bool:
    """Whether there is such a folder with something in it; cheap."""
    with suppress(OSError), _old_folder(project) as folder, os.scandir(folder) as entries:
        return any(True for _ in entries)
    return False


def find_old_runs(project: Path) -> list[OldRun]:
    """The runs that lie there, the newest name first. Starts nothing, writes nothing, follows no link."""
    found: list[OldRun] = []
    with suppress(OSError), _old_folder(project) as folder:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, _MOST_NAMES)]
        for name in sorted(filter(_RUN_NAME.fullmatch, names), reverse=True)[:MOST_RUNS]:
            with suppress(OSError), _opened(folder, name) as run:
                found.append(_describe(run, name))
    return found


def imported_runs(project: Path, environ: Mapping[str, str] = os.environ) -> set[str]:
    """The names of the old runs that were copied already."""
    names = set()
    for run in all_runs(project, environ):
        with suppress(NoSessionError):
            names.add(read_run_facts(run).imported_from)
    return names - {""}


def import_old_run(
    project: Path, old: OldRun, environ: Mapping[str, str] = os.environ
) -> RunDirectory:
    """Copies one run that is over into our state, whole or not at all; RefusedError says why it cannot be.

    It is read again, because it may have changed since it was shown: what differs then is refused.
    """
    make_project_state(project, environ)
    base = private_folder(runs_folder(project, environ))
    partial = base / f".import-{old.name}"
    try:
        with _old_folder(project) as folder, _opened(folder, old.name) as run:
            again = _describe(run, old.name)
            if (again.facts, again.end) != (old.facts, old.end):
                raise RefusedError(f"run {old.name} changed since it was shown; look again")
            if again.why_not or again.facts is None or again.end is None:
                raise RefusedError(f"run {old.name} cannot be copied: {again.why_not}")
            if again.bytes + _FREE_BYTES > shutil.disk_usage(base).free:
                raise RefusedError(f"there is no room for run {old.name}; make some and try again")
            shutil.rmtree(partial, ignore_errors=True)
            private_folder(partial)
            _copy(run, partial)
            return _finish(partial, base, again.facts, again.end, run)
    except OSError as error:
        where = f"{error.filename or old.name}: {error.strerror}"
        raise RefusedError(f"run {old.name} could not be copied ({where})") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


# --- reading ---


@contextmanager
def _old_folder(project: Path) -> Iterator[int]:
    """A descriptor of `.overnight/runs`, reached without any link."""
    top = os.open(project, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.stat(OLD_FOLDER, dir_fd=top, follow_symlinks=False)  # most projects have none: cheaper
        folder = open_beneath(top, OLD_RUNS.encode(), _FOLDER)
    finally:
        os.close(top)
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _opened(folder: int, path: str) -> Iterator[int]:
    descriptor = open_beneath(folder, os.fsencode(path), _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _describe(run: int, name: str) -> OldRun:
    facts, end = _read_facts(run), _read_end(run)
    size, why_not = 0, ""
    if facts is None:
        why_not = "what it says of itself cannot be read"
    elif end is None:
        why_not = "it has no end; it may still be running, or it broke off"
    elif not (0 <= facts.started_at < _LATEST and 0 <= end.at < _LATEST):
        facts, why_not = None, "its times are none"
    else:
        for file in _files_of(run):
            have = _size(run, file.path)
            if have > file.most:
                why_not = f"{file.path} is too large"
            size += have
        if size > MOST_RUN_BYTES:
            why_not = "it is too large"
    return OldRun(name, facts, end, size, why_not)


def _files_of(run: int) -> Iterator[_File]:
    """What may be copied of a run, as far as it is there; in no order that matters."""
    yield from (_File(name, most) for name, most in _FILES.items())
    for name in filter(_TRANSCRIPT.fullmatch, _names(run, _TRANSCRIPTS)):
        yield _File(f"{_TRANSCRIPTS}/{name}", MOST_RUN_BYTES)
    attempts = [name for name in _names(run, _ATTEMPTS) if len(name) == 4 and name.isdecimal()]
    for name in sorted(attempts)[:_MOST_ATTEMPTS]:
        if name.isascii():
            yield from (_File(f"{_ATTEMPTS}/{name}/{part}", _SMALL) for part in _ATTEMPT_FILES)


def _names(run: int, folder: str) -> list[str]:
    try:
        with _opened(run, folder) as descriptor, os.scandir(descriptor) as entries:
            return sorted(entry.name for entry in islice(entries, _MOST_NAMES))
    except OSError:
        return []


def _size(run: int, path: str) -> int:
    try:
        with _reading(run, path) as (_, status):
            return status.st_size
    except OSError:
        return 0


@contextmanager
def _reading(run: int, path: str) -> Iterator[tuple[int, os.stat_result]]:
    """The regular file of that path; OSError for anything else, and for one with several names."""
    above, _, name = path.rpartition("/")
    folder = open_beneath(run, os.fsencode(above or "."), _FOLDER)
    try:
        with regular_file(name, folder=folder) as (descriptor, status):
            # A kept transcript is the very file of Claude, by another name.
            if status.st_nlink != 1 and above != _TRANSCRIPTS:
                raise OSError(errno.EMLINK, "has several names (hard links)", path)
            yield descriptor, status
    finally:
        os.close(folder)


def _read_small(run: int, path: str) -> bytes:
    try:
        with _reading(run, path) as (descriptor, status):
            return os.read(descriptor, min(_SMALL, status.st_size))
    except OSError:
        return b""


def _read_facts(run: int) -> RunFacts | None:
    try:
        return msgspec.json.decode(_read_small(run, str(_RUN.facts)), type=RunFacts)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _read_end(run: int) -> RunEnd | None:
    return decode_end(_read_small(run, str(_RUN.end)))


# --- copying ---


def _copy(run: int, target: Path) -> None:
    for folder in (_TRANSCRIPTS, _ATTEMPTS, str(_RUN.inbox)):
        make_folder(target / folder)
    for file in _files_of(run):
        try:
            with _reading(run, file.path) as (descriptor, status):
                path = target / file.path
                make_folder(path.parent)
                _copy_one(descriptor, min(status.st_size, file.most), path)
        except FileNotFoundError:
            continue


def _copy_one(source: int, size: int, path: Path) -> None:
    """Copies as much as was there when it was opened, however the file grows meanwhile."""
    target = open_private(path, os.O_WRONLY | os.O_EXCL)
    try:
        while size > 0 and (piece := os.read(source, min(_CHUNK, size))):
            size -= len(piece)
            view = memoryview(piece)
            while view:
                view = view[os.write(target, view) :]
    finally:
        os.close(target)


def _finish(partial: Path, base: Path, facts: RunFacts, end: RunEnd, run: int) -> RunDirectory:
    """Writes what makes it a run, in our own words, and gives it its name."""
    made = RunDirectory(partial)
    for file in (made.stream, made.journal, made.stderr, made.arrivals):
        os.close(open_private(file, os.O_WRONLY))
    try:
        settings = msgspec.json.decode(_read_small(run, str(_RUN.settings)), type=Settings)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        settings = Settings()
    old_name = partial.name.removeprefix(".import-")
    name, number = old_name, 1
    while os.path.lexists(base / name):
        number += 1
        name = f"{old_name}-{number}"
    # The variables of an agent that will never be started are of no use to anybody.
    kept = replace(facts, run=name, env={}, imported_from=old_name)
    for path, value in (
        (made.settings, without_secrets(settings)),
        (made.end, end),
        (made.facts, kept),
    ):
        descriptor = open_private(path, os.O_WRONLY | os.O_EXCL)
        with os.fdopen(descriptor, "wb") as out:
            out.write(msgspec.json.encode(value))
    return RunDirectory(partial.rename(base / name))
