"""Our runs: what they were started with and how they ended; creating, finding and removing them."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from tui.model.cli_commands import AgentAbilities
from tui.model.permissions.granted import AgentPermissions
from tui.model.records import Arrival
from tui.model.state import EndKind, RunEnd
from tui.settings.settings import Settings
from tui.store.journal import read_entries
from tui.store.layout import (
    RunDirectory,
    list_run_directories,
    make_project_state,
    runs_folder,
)
from tui.store.run_place import RunPlace, is_here, this_place
from tui.system.errors import NoSessionError
from tui.system.files import (
    atomic_write,
    json_object,
    make_folder,
    modified_at,
    open_private,
    private_folder,
    read_json,
    read_small,
)
from tui.system.locks import is_locked

SCHEMA = 1
MOST_RUNS = 500
MOST_JOURNAL = 8 * 1024 * 1024
LEAST_KEPT = 7
STARTING_SECONDS = 20.0
"""How long a supervisor may take to start, on a slow machine too."""
OTHER_MACHINE = "another machine"

_NO_ID = str.maketrans("/.+", "---")
_cached_sessions: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {}


class RunFacts(Struct, frozen=True):
    """What a run was started with; `agent` and `extra` are words of its command line.

    `env` holds plain variables only: credentials come from the environment and the settings. `host` and what
    follows say where it was started, as `store/run_place` reads them. `imported_from` is the name of the run of
    version 0.1 that this is a copy of: such a run is over for good. `work_tree` is the name of the work tree
    that was asked for with it.
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
    host: str = ""
    machine: str = ""
    boot: str = ""
    pid_namespace: str = ""
    imported_from: str = ""
    work_tree: str = ""


class ListedRun(NamedTuple):
    """A run in short; `is_over` once it has its end record, `changed` when it last printed.

    `host` names the machine it was started on; with `is_here` false that is not this one.
    """

    directory: RunDirectory
    started: float
    is_over: bool
    changed: float
    host: str = ""
    is_here: bool = True

    @property
    def elsewhere(self) -> str:
        """The name of the other machine that it goes on on; empty for one that is over or here."""
        return "" if self.is_here or self.is_over else self.host or OTHER_MACHINE


# --- one run ---


def read_run_facts(run: RunDirectory) -> RunFacts:
    """What the run was started with; NoSessionError if this is no run."""
    try:
        return msgspec.json.decode(read_small(run.facts), type=RunFacts)
    except (msgspec.MsgspecError, ValueError) as error:
        raise NoSessionError(f"{run.path} holds no run that can be read") from error


def read_run_settings(run: RunDirectory) -> Settings:
    """The settings the run was started with, secrets left out; defaults where unreadable."""
    try:
        return msgspec.json.decode(read_small(run.settings), type=Settings)
    except (msgspec.MsgspecError, ValueError):
        return Settings()


def read_run_permissions(run: RunDirectory) -> AgentPermissions | None:
    """What its agent may do, to the run's end; None for a run of an older version."""
    try:
        return msgspec.json.decode(read_small(run.permissions), type=AgentPermissions)
    except (msgspec.MsgspecError, ValueError):
        return None


def read_run_end(run: RunDirectory) -> RunEnd | None:
    """How the run ended; None while it has not."""
    return decode_end(read_small(run.end))


def decode_end(data: bytes) -> RunEnd | None:
    """The end that these bytes of an `ended.json` record; None if they record none."""
    entry = json_object(data)
    if entry is None:
        return None
    try:
        return msgspec.convert({**entry, "end": EndKind.of_entry(entry)}, RunEnd)
    except msgspec.ValidationError:
        return None


def record_end(run: RunDirectory, end: RunEnd) -> None:
    """Notes how the run ended, durably. Raises OSError."""
    # The kind always stands there: a file without one is of version 0.1, and its reason is read instead.
    atomic_write(run.end, msgspec.json.encode({**msgspec.to_builtins(end), "end": end.kind.value}))


def is_supervised(run: RunDirectory) -> bool:
    """Whether a supervisor runs for it now."""
    return is_locked(run.lock)


def is_supervisor_coming(run: RunDirectory) -> bool:
    """Whether one that died is being started again: its restarter lives, or somebody has just asked."""
    asked = time.time() - modified_at(run.restart_order)
    return 0 <= asked < STARTING_SECONDS or is_locked(run.restarter_lock)


def is_running(run_dir: str) -> bool:
    """Whether the run in that folder has not ended, by its end record or its journal."""
    run = RunDirectory(Path(run_dir))
    if read_run_end(run) is not None:
        return False
    entries = read_entries(run.journal)
    return not any(entry.kind == "run_ended" for entry in entries)


def read_abilities(run_dir: str) -> AgentAbilities:
    """What the agent's CLI of a run can do, as far as its supervisor has seen it."""
    state = read_json(RunDirectory(Path(run_dir)).state) or {}
    try:
        return msgspec.convert(state.get("abilities") or {}, AgentAbilities)
    except msgspec.ValidationError:
        return AgentAbilities()


def host_elsewhere(run: RunDirectory) -> str:
    """The host that the run lives on where that is not this machine; empty where it is."""
    place = RunPlace.of_facts(read_json(run.facts) or {})
    return "" if is_here(run, place) else place.host or OTHER_MACHINE


def facts_and_end(run: RunDirectory) -> dict[str, Any]:
    """What a run was started with (`goal`, `head`, …) and how it ended (`reason`, `ended_at`, `code`).

    Unchecked, for a reader that checks each value itself.
    """
    end = read_json(run.end) or {}
    ended = {"reason": end.get("reason"), "code": end.get("code"), "ended_at": end.get("at")}
    return {**(read_json(run.facts) or {}), **ended}


def base_commit(run: RunDirectory) -> str:
    """The commit that the run began on, as its facts tell; empty where they do not."""
    head = facts_and_end(run).get("head")
    return head if isinstance(head, str) else ""


def sessions_of(run: RunDirectory) -> tuple[str, ...]:
    """The Claude sessions of a run, in order, as its journal names them."""
    path = str(run.journal)
    try:
        facts = run.journal.stat()
    except OSError:
        return ()
    stamp = (facts.st_size, facts.st_mtime_ns)
    known = _cached_sessions.get(path)
    if known is not None and known[0] == stamp:
        return known[1]
    found: list[Any] = []
    for line in read_small(path, MOST_JOURNAL).split(b"\n"):
        if b'"segment_started"' in line or b'"handover"' in line:
            entry = json_object(line) or {}
            found += [entry.get("session"), entry.get("to_session")]
    sessions = tuple(dict.fromkeys(word for word in found if isinstance(word, str) and word))
    _cached_sessions[path] = (stamp, sessions)
    return sessions


# --- making and removing ---


def create_run(
    project: Path,
    facts: RunFacts,
    settings: Settings,
    environ: Mapping[str, str] = os.environ,
    *,
    permissions: AgentPermissions | None = None,
    trusted_file: bytes = b"",
) -> RunDirectory:
    """A new run directory of the project with everything in it that a supervisor needs.

    `facts.run` is the preferred id; a second run with it gets a number appended. `trusted_file` is the
    project's settings file where it gave settings with power: each supervisor takes their secrets from it.
    """
    make_project_state(project, environ)
    base = private_folder(runs_folder(project, environ))
    name, number = facts.run, 1
    while not make_folder(base / name):
        number += 1
        name = f"{facts.run}-{number}"
    run = RunDirectory(base / name)
    for inner in (run.inbox, run.attempts, run.transcripts):
        make_folder(inner)
    for file in (run.stream, run.journal, run.stderr, run.arrivals):
        os.close(open_private(file, os.O_WRONLY))
    atomic_write(run.settings, msgspec.json.encode(without_secrets(settings)))
    if permissions is not None:
        atomic_write(run.permissions, msgspec.json.encode(permissions))
    if trusted_file:
        atomic_write(run.trusted_file, trusted_file)
    # Last, because a directory without it is no run.
    facts = msgspec.structs.replace(facts, run=name, **msgspec.structs.asdict(this_place()))
    atomic_write(run.facts, msgspec.json.encode(facts))
    return run


def new_run_id(wall: float, work_tree: str = "") -> str:
    """The id of a run that starts now, in local time: sorts by age, can be typed, names the work tree."""
    at = time.strftime("%Y%m%d-%H%M%S", time.localtime(wall))
    return f"{at}-{work_tree.translate(_NO_ID)}" if work_tree else at


def without_secrets(settings: Settings) -> Settings:
    """The settings with every secret left out, fit to be stored."""
    return with_secrets(settings, Settings())


def with_secrets(settings: Settings, source: Settings) -> Settings:
    """Stored settings with the secrets that `source` knows."""
    change, secret = msgspec.structs.replace, ("discord_webhook", "slack_webhook", "urls")
    known = {name: getattr(source.notifications, name) for name in secret}
    notifications = change(settings.notifications, **known)
    agent = change(settings.agent, env=source.agent.env)
    return change(settings, notifications=notifications, agent=agent)


def prune_runs(
    project: Path, keep: int | None, environ: Mapping[str, str] = os.environ
) -> list[str]:
    """Removes the oldest finished runs beyond `keep`, never one of the last seven; their ids.

    `None` keeps all. What cannot be removed stays.
    """
    if keep is None:
        return []
    import shutil

    removed = []
    for run in all_runs(project, environ)[max(keep, LEAST_KEPT) :]:
        if read_run_end(run) is None or is_supervised(run) or host_elsewhere(run):
            continue
        try:
            # Without its facts it is no run: a prune that is interrupted leaves no half run.
            run.facts.rename(run.pruned)
            shutil.rmtree(run.path)
        except OSError:
            continue
        removed.append(run.id)
    return removed


# --- all runs of a project ---


def all_runs(project: Path, environ: Mapping[str, str] = os.environ) -> list[RunDirectory]:
    """All runs of the project, the newest first."""
    found = list_run_directories(project, environ)
    return sorted(found, key=lambda run: (_started(run), run.id), reverse=True)


def _started(run: RunDirectory) -> float:
    try:
        return read_run_facts(run).started_at
    except NoSessionError:
        return 0.0


def list_runs(project: Path, environ: Mapping[str, str] = os.environ) -> list[ListedRun]:
    """The runs of the project in short, the newest first; damaged ones are left out."""
    return sorted(
        _listed(project, environ), key=lambda one: (one.started, one.directory.id), reverse=True
    )


def _listed(project: Path, environ: Mapping[str, str]) -> Iterator[ListedRun]:
    for run in islice(list_run_directories(project, environ), MOST_RUNS):
        facts = read_json(run.facts)
        if facts:
            started = facts.get("started_at")
            if not isinstance(started, int | float) or isinstance(started, bool):
                started = 0.0
            changed = max(modified_at(run.stream), modified_at(run.journal))
            place = RunPlace.of_facts(facts)
            yield ListedRun(
                run, float(started), run.end.exists(), changed, place.host, is_here(run, place)
            )


def find_unfinished_run(
    project: Path, environ: Mapping[str, str] = os.environ
) -> RunDirectory | None:
    """The newest run that has not ended, whether or not anybody supervises it now.

    Not one of another machine, nor one of a project that lay elsewhere when it was started.
    """
    where = os.path.realpath(project)
    for run in all_runs(project, environ):
        if read_run_end(run) is None and not host_elsewhere(run):
            facts = facts_and_end(run)
            named = facts.get("project")
            if facts.get("imported_from"):
                continue
            if not isinstance(named, str) or os.path.realpath(named) == where:
                return run
    return None


def find_run_elsewhere(
    project: Path, environ: Mapping[str, str] = os.environ
) -> tuple[RunDirectory, str] | None:
    """The newest run that has not ended and lives on another machine, with the name of that."""
    for run in all_runs(project, environ):
        if read_run_end(run) is None and (host := host_elsewhere(run)):
            return run, host
    return None


def newest_agent(run: RunDirectory) -> tuple[int, int] | None:
    """Pid and start ticks of the agent of the run's newest attempt; None when there is none."""
    for number in reversed(run.attempt_numbers()[-3:]):
        facts = read_json(run.attempt(number).agent) or {}
        pid, start = facts.get("pid"), facts.get("proc_start")
        if isinstance(pid, int) and isinstance(start, int):
            return pid, start
    return None


def arrival_line(offset: int, at: float) -> bytes:
    """One line of the arrivals file."""
    return b"%d %.3f\n" % (offset, at)


def read_arrivals(data: bytes, source: str) -> list[Arrival]:
    """The arrivals in the lines of such a file; damaged lines are left out."""
    arrivals: list[Arrival] = []
    for words in map(bytes.split, data.split(b"\n")):
        if len(words) != 2:
            continue
        try:
            offset, at = int(words[0]), float(words[1])
        except ValueError:
            continue
        if offset >= 0 and math.isfinite(at):
            arrivals.append(Arrival(source, offset, at))
    return arrivals
