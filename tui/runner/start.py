"""Starts a run; gives one that lost its supervisor a new one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tui.model.permissions.granted import AgentPermissions, PermissionPreset
from tui.runner.agent.attempt import attempt_environment
from tui.runner.artifacts import initialise_files
from tui.runner.copies.throwaway import sweep_copies
from tui.runner.permissions.preset import parse_version, permissions_of
from tui.runner.policy.budgets import SIMULATED, check_budgets
from tui.runner.preflight import check_start
from tui.runner.run_context import file_size
from tui.runner.watchers.restarting import start_for, supervisor_command, watch_supervisor
from tui.settings.settings import Settings
from tui.store.journal import JournalWriter, read_entries
from tui.store.layout import RunDirectory, make_project_state
from tui.store.run_place import this_place
from tui.store.runs import (
    RunFacts,
    create_run,
    find_unfinished_run,
    is_supervised,
    new_run_id,
    prune_runs,
    read_run_end,
    read_run_settings,
)
from tui.system.clock import clock_for
from tui.system.errors import OvernightError, RefusedError, describe_os_error
from tui.system.files import read_json
from tui.system.locks import acquire_lock

_START_SECONDS = 20.0
_OUTPUT_SECONDS = 3.0
_ADOPT_SECONDS = 5.0
_POLL_SECONDS = 0.02
_NAMED_COMMANDS = 20


@dataclass(frozen=True)
class StartOptions:
    """Options of a start that are no settings.

    `extra` are further arguments for the agent. `env` are variables for it; they are written to the
    disk, so they must hold no secrets. `trusted_file` is the project's settings file where the person
    trusts it and it gave settings with power. `announce` gets what the agent may do, before it starts.
    `work_tree` is the name of one that was asked for.
    """

    command: Literal["run", "demo"] = "run"
    allow_dirty: bool = False
    extra: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    trusted_file: bytes = b""
    announce: Callable[[AgentPermissions], None] = lambda permissions: None
    work_tree: str = ""


def start_run(
    project: Path,
    goal: str,
    settings: Settings,
    *,
    agent_command: Sequence[str] = (),
    options: StartOptions | None = None,
    environ: Mapping[str, str] = os.environ,
) -> RunDirectory:
    """Starts a run that outlives this process, and returns once its agent runs or its baseline tests do.

    RefusedError when a precondition does not hold; OvernightError when the agent does not start.
    """
    options = options or StartOptions()
    project = project.resolve()
    agent = tuple(agent_command) or settings.agent.command
    if not goal.strip():
        raise RefusedError("a session needs a goal; say what is to be done")
    root = make_project_state(project, environ)
    try:
        lock = acquire_lock(root / "start.lock")
    except OSError as error:
        raise _not_prepared(error, root) from error
    if lock is None:
        raise RefusedError(f"somebody else is starting a session in {project} at this moment")
    sweep_copies(environ)
    try:
        folder = _make_run(project, goal, settings, agent, options, environ)
        _spawn_supervisor(folder, environ, settings)
    finally:
        os.close(lock)
    _wait_for_agent(folder)
    prune_runs(project, settings.session.keep_runs, environ)
    return folder


def _make_run(
    project: Path,
    goal: str,
    settings: Settings,
    agent: tuple[str, ...],
    options: StartOptions,
    environ: Mapping[str, str],
) -> RunDirectory:
    """The directory of a run whose preconditions hold and whose permissions were announced."""
    allow, extra = options.allow_dirty, options.extra
    git, version = check_start(project, settings, agent, environ, allow_dirty=allow, extra=extra)
    if options.command != SIMULATED:
        check_budgets(settings, time.time(), environ)
    permissions = permissions_of(settings.agent, project, parse_version(version))
    options.announce(permissions)
    facts = RunFacts(
        run=new_run_id(time.time(), options.work_tree),
        goal=goal,
        project=str(project),
        started_at=clock_for(options.env).wall(),
        agent=agent,
        command=options.command,
        extra=tuple(options.extra),
        env=dict(options.env),
        head=git.head(),
        work_tree=options.work_tree,
    )
    return _prepare(facts, settings, permissions, options.trusted_file, environ)


def _not_prepared(error: OSError, folder: Path) -> RefusedError:
    place = "" if error.filename else folder
    return RefusedError(f"a run could not be prepared: {describe_os_error(error, place)}")


def _prepare(
    facts: RunFacts,
    settings: Settings,
    permissions: AgentPermissions,
    trusted_file: bytes,
    environ: Mapping[str, str],
) -> RunDirectory:
    project, at = Path(facts.project), facts.started_at
    try:
        folder = create_run(
            project,
            facts,
            settings,
            environ,
            permissions=permissions,
            trusted_file=trusted_file,
        )
        refused = initialise_files(project, settings, folder.id, facts.goal, at)
        journal = JournalWriter(folder.journal, lambda: at)
        started = _run_started_data(folder.id, facts, settings, permissions)
        journal.write("run_started", started, sync=True)
        for error in refused:
            journal.write("note", {"text": str(error)})
    except OSError as error:
        raise _not_prepared(error, make_project_state(project, environ)) from error
    return folder


def _run_started_data(
    run: str, facts: RunFacts, settings: Settings, permissions: AgentPermissions
) -> dict[str, object]:
    session, budget = settings.session, settings.budget
    limits = {
        "max_runtime_hours": session.max_runtime_hours,
        "max_idle_minutes": session.max_idle_minutes,
        "max_cost_usd": budget.max_cost_usd,
        "max_cost_usd_per_day": budget.max_cost_usd_per_day,
        "max_cost_usd_per_week": budget.max_cost_usd_per_week,
        "max_continuations": session.max_continuations,
        "max_memory_mib": session.max_memory_mib,
        "handover_share": session.handover_share,
        "continuous": settings.enforcement.continuous_mode,
        "recovery": settings.recovery.auto_resume,
        "skip_permissions": permissions.preset == PermissionPreset.ALL,
        "permission_mode": permissions.mode,
        "permissions": permissions.preset.value,
        "allow_rules": len(permissions.allow) + len(permissions.allowed),
        "deny_rules": len(permissions.deny) + len(permissions.disallowed),
        "project_commands": [command.text for command in permissions.commands[:_NAMED_COMMANDS]],
    }
    return {
        "run": run,
        "goal": facts.goal,
        "project": facts.project,
        "agent": os.path.basename(facts.agent[0]),
        "model": settings.agent.model or "",
        "settings": limits,
        "command": facts.command,
        "head": facts.head,
        "host": this_place().host,
    }


def _spawn_supervisor(folder: RunDirectory, environ: Mapping[str, str], settings: Settings) -> None:
    """Starts a supervisor in a session of its own, and what starts it again when it dies."""
    child_environ = attempt_environment(environ, settings)
    try:
        process = start_for(folder, supervisor_command(folder), child_environ)
    except OSError as error:
        raise OvernightError(
            f"the supervisor could not be started: {describe_os_error(error)}"
        ) from error
    restarter = None
    with suppress(OSError):  # the supervisor tries again
        restarter = watch_supervisor(folder, settings, child_environ, process.pid)
    for child in filter(None, (process, restarter)):
        # It outlives us on purpose; without a return code, Popen would warn of a leak.
        child.returncode = 0


def _wait_for_agent(folder: RunDirectory) -> None:
    """Returns when the first agent or its baseline tests run; OvernightError where neither is so in time."""
    until = time.monotonic() + _START_SECONDS
    first = folder.attempt(1)
    while time.monotonic() < until:
        kinds = {entry.kind for entry in read_entries(folder.journal)}
        if "baseline" in kinds:
            return
        if "segment_started" in kinds and first.agent.exists():
            _wait_for_output(folder)
            _refuse_if_over(folder)
            return
        _refuse_if_over(folder)
        record = read_json(first.exit)
        if record is not None:
            raise OvernightError(f"the agent could not be started: {record.get('error')}")
        time.sleep(_POLL_SECONDS)
    raise OvernightError(f"the agent did not start; {folder.supervisor_log} may say why")


def _wait_for_output(folder: RunDirectory) -> None:
    """Returns once the agent has written something, or the run is over, and at the latest after three seconds.

    Until then it may still be reading its arguments: who starts a run and asks at once what it does should
    find an agent that has begun, and who gave arguments that it refuses should hear of it.
    """
    until = time.monotonic() + _OUTPUT_SECONDS
    while time.monotonic() < until and not file_size(folder.stream):
        if read_run_end(folder) is not None:
            return
        time.sleep(_POLL_SECONDS)


def _refuse_if_over(folder: RunDirectory) -> None:
    """OvernightError where the run has ended before its agent wrote anything."""
    ended = read_run_end(folder)
    if ended is not None and not file_size(folder.stream):
        raise OvernightError(f"the session could not be started: {ended.reason}")


def begin_adoption(
    project: Path, *, environ: Mapping[str, str] = os.environ
) -> RunDirectory | None:
    """Starts a supervisor for a run that has none, and does not wait for it; None where none is needed.

    Several callers may do so at once: one supervisor gets the lock, the others leave.
    """
    folder = find_unfinished_run(project.resolve(), environ)
    if folder is None or is_supervised(folder):
        return None
    _spawn_supervisor(folder, environ, read_run_settings(folder))
    return folder


def adopt_run(project: Path, *, environ: Mapping[str, str] = os.environ) -> bool:
    """The same, and returns once that supervisor is at work; True if one was started."""
    folder = begin_adoption(project, environ=environ)
    if folder is None:
        return False
    until = time.monotonic() + _ADOPT_SECONDS
    while time.monotonic() < until:
        if is_supervised(folder) or read_run_end(folder) is not None:
            return True
        time.sleep(_POLL_SECONDS)
    raise OvernightError(
        f"run {folder.id} found no supervisor; {folder.supervisor_log} may say why"
    )
