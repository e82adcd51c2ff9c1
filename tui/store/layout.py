"""Where everything of ours lies: the state folder of a project, the files of a run and an attempt.

The only module that knows the names of these files; they are a promise to other programs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tui.system import files, paths
from tui.system.errors import RefusedError

RUN_DIR: Final = ".overnight"

_PROJECTS: Final = "projects"
_RUNS: Final = "runs"
_OPERATIONS: Final = "deeds"
_JOURNAL: Final = "journal.jsonl"
_IGNORE_ALL: Final = b"*\n"


class _NamedFolder:
    """A folder with files of fixed names."""

    def __init__(self, path: Path) -> None:
        self.path = path


class _FixedName:
    """The path of a fixed name in such a folder."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, directory: _NamedFolder, _: type[_NamedFolder]) -> Path:
        return directory.path / self.name


class AttemptDirectory(_NamedFolder):
    """One attempt's folder: the order for its shim, and what that wrote about the agent."""

    order = _FixedName("order.json")
    agent = _FixedName("agent.json")
    exit = _FixedName("exit.json")
    stdin = _FixedName("stdin")
    lock = _FixedName("lock")
    log = _FixedName("shim.log")


class RunDirectory(_NamedFolder):
    """One run's folder, whether or not anything is in it yet."""

    facts = _FixedName("run.json")
    settings = _FixedName("settings.json")
    end = _FixedName("ended.json")
    stream = _FixedName("stream.jsonl")
    arrivals = _FixedName("arrivals")
    journal = _FixedName(_JOURNAL)
    stderr = _FixedName("stderr.log")
    inbox = _FixedName("inbox")
    outbox = _FixedName("outbox")
    transcripts = _FixedName("transcripts")
    attempts = _FixedName("segments")
    lock = _FixedName("supervisor.lock")
    state = _FixedName("state.json")
    reader_state = _FixedName("recall")
    supervisor_log = _FixedName("supervisor.log")
    summary = _FixedName("review.json")
    pruned = _FixedName(".pruned")

    @property
    def id(self) -> str:
        return self.path.name

    def attempt_folder(self, number: int) -> Path:
        return self.attempts / f"{number:04d}"

    def attempt(self, number: int) -> AttemptDirectory:
        return AttemptDirectory(self.attempt_folder(number))

    def attempt_numbers(self) -> list[int]:
        """The numbers of the attempts that were ever ordered, in order."""
        try:
            return sorted(int(name) for name in os.listdir(self.attempts) if name.isdecimal())
        except OSError:
            return []

    def kept_transcript(self, session: str) -> Path:
        """Our copy of a transcript, which outlives Claude's own."""
        return self.transcripts / f"{session}.jsonl"


def project_state(project: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Our folder for a project, outside of it: named by its physical path. It may not exist yet."""
    import hashlib

    physical = os.path.realpath(project)
    digest = hashlib.blake2b(os.fsencode(physical), digest_size=8).hexdigest()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", os.path.basename(physical)).strip("-.")[:40]
    return paths.state_dir(environ) / _PROJECTS / f"{name or 'project'}-{digest}"


def make_project_state(project: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The same, made if missing: mode 0700 whatever the umask is, of this user.

    RefusedError when something else is there, or it belongs to another user.
    """
    folder = project_state(project, environ)
    for above in (folder.parent.parent, folder.parent):
        files.private_folder(above)
    return files.private_folder(folder)


def state_root(project: Path, name: str = RUN_DIR) -> Path:
    """The project's run directory, made if missing: mode 0700, of this user, ignored by git.

    RefusedError when something else is there, or it belongs to another user.
    """
    root = files.private_folder(paths.resolve(project, name))
    ignore = root / ".gitignore"
    if files.read_small(ignore) != _IGNORE_ALL:
        try:
            files.atomic_write(ignore, _IGNORE_ALL, sync=False)
        except OSError as error:
            raise RefusedError(f"{str(ignore)!r} cannot be written: {error.strerror}") from error
    return root


def runs_folder(root: Path) -> Path:
    """Where the runs lie below the run directory `root`."""
    return root / _RUNS


def list_run_directories(root: Path) -> Iterator[RunDirectory]:
    """Every run below the run directory `root`, the newest name first; incomplete ones are left out."""
    try:
        names = sorted(os.listdir(runs_folder(root)), reverse=True)
    except OSError:
        return
    for name in names:
        run = RunDirectory(runs_folder(root) / name)
        # A run without its facts is not complete, or is being pruned.
        if not name.startswith(".") and run.facts.is_file():
            yield run


def session_journal(root: Path, session: str) -> Path:
    """The journal, below the run directory `root`, of what was done on a session that is no run."""
    plain = session.replace("-", "").replace("_", "")
    named = plain.isascii() and plain.isalnum() and len(session) <= 128 and session[0] != "-"
    return root / _OPERATIONS / f"{session if named else 'unnamed'}.{_JOURNAL}"


def is_journal(path: str) -> bool:
    """Whether a file is the journal of a run or of a session, by its name."""
    return path.endswith(_JOURNAL)
