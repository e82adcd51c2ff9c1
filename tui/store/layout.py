"""Where everything of ours lies: the state folder of a project, the files of a run and an attempt.

The only module that knows the names of these files; they are a promise to other programs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from tui.store.state_names import (
    JOURNAL,
    OPERATIONS,
    PROJECT_FILE,
    PROJECTS,
    RULES,
    RUNS,
    project_folder_name,
)
from tui.system import files, paths

OLD_FOLDER: Final = ".overnight"
"""Where version 0.1 kept all of it, in the project; nothing there is believed."""

_SPENDING: Final = "spending"
_PROOFS: Final = "proofs"


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
    rules = _FixedName(RULES)
    permissions = _FixedName("permissions.json")
    trusted_file = _FixedName("trusted.yaml")
    end = _FixedName("ended.json")
    stream = _FixedName("stream.jsonl")
    arrivals = _FixedName("arrivals")
    journal = _FixedName(JOURNAL)
    stderr = _FixedName("stderr.log")
    baseline_log = _FixedName("baseline.log")
    inbox = _FixedName("inbox")
    outbox = _FixedName("outbox")
    transcripts = _FixedName("transcripts")
    attempts = _FixedName("segments")
    lock = _FixedName("supervisor.lock")
    state = _FixedName("state.json")
    reader_state = _FixedName("recall")
    supervisor_log = _FixedName("supervisor.log")
    restart_order = _FixedName("restart.json")
    restarter_lock = _FixedName("restarter.lock")
    left = _FixedName("left")
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
    """Our folder for a project, outside of it: named by its physical path. It may not exist yet.

    RefusedError when something else is there, or it belongs to another user.
    """
    top = paths.state_dir(environ)
    folder = top / PROJECTS / _name_of(os.fspath(project))
    for one in (top, top / PROJECTS, folder):
        if not files.is_own_folder(one):
            break
    return folder


def projects_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the state folders of all projects lie."""
    return paths.state_dir(environ) / PROJECTS


def spending_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where it stands what each run of this machine has cost."""
    return paths.state_dir(environ) / _SPENDING


@lru_cache(maxsize=64)
def _name_of(project: str) -> str:
    """The name of a project's state folder."""
    return project_folder_name(os.path.realpath(project))


def own_state_within(folder: Path, environ: Mapping[str, str] = os.environ) -> bytes:
    """Where our state lies below a folder, relative to it; empty where it does not lie there.

    A home that is a repository has our state in its work tree: that is no content of it.
    """
    top = os.fsencode(os.path.realpath(paths.state_dir(environ)))
    above = os.fsencode(os.path.realpath(folder)).rstrip(b"/") + b"/"
    return top[len(above) :] if top.startswith(above) else b""


def make_project_state(project: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The same, made if missing: mode 0700 whatever the umask is, of this user.

    RefusedError when something else is there, or it belongs to another user.
    """
    folder = project_state(project, environ)
    for above in (folder.parent.parent, folder.parent):
        files.private_folder(above)
    made = files.private_folder(folder)
    if not os.path.lexists(made / PROJECT_FILE):
        from tui.store.project_record import write_record  # only for a new folder

        write_record(made / PROJECT_FILE, project)
    return made


def runs_folder(project: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the runs of a project lie."""
    return project_state(project, environ) / RUNS


def list_run_directories(
    project: Path, environ: Mapping[str, str] = os.environ
) -> Iterator[RunDirectory]:
    """Every run of the project, the newest name first; incomplete ones are left out."""
    folder = runs_folder(project, environ)
    if not files.is_own_folder(folder):
        return
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one in entries if one.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for name in sorted(names, reverse=True):
        run = RunDirectory(folder / name)
        # A run without its facts is not complete, or is being pruned.
        if not name.startswith(".") and files.is_own_file(run.facts):
            yield run


def proofs_folder(project: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where it stands what was run again to prove the nights of a project."""
    return project_state(project, environ) / _PROOFS


def hook_record(project: Path) -> Path:
    """What we installed of hooks in a project."""
    return project_state(project) / "hooks.json"


def user_hook_record(environ: Mapping[str, str] = os.environ) -> Path:
    """What we installed of hooks for all sessions of this person."""
    return paths.state_dir(environ) / "user-hooks.json"


def session_journal(project: Path, session: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The journal of what was done on a session that is no run."""
    plain = session.replace("-", "").replace("_", "")
    named = plain.isascii() and plain.isalnum() and len(session) <= 128 and session[0] != "-"
    name = f"{session if named else 'unnamed'}.{JOURNAL}"
    return project_state(project, environ) / OPERATIONS / name


def is_journal(path: str) -> bool:
    """Whether a file is the journal of a run or of a session, by its name."""
    return path.endswith(JOURNAL)
