"""What must hold before a run may be started."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tui.control.hooks.status import has_only_our_hooks, settings_path
from tui.feeds.sessions.live_processes import ClaudeSessionRegistry
from tui.runner.agent.logins import check_login
from tui.settings.settings import Settings
from tui.store.project_files import record_names, task_names
from tui.store.repository_identity import is_outside
from tui.store.runs import find_run_elsewhere, find_unfinished_run
from tui.system import paths
from tui.system.children.programs import find_program
from tui.system.errors import GitError, RefusedError
from tui.system.git import Git, NotARepositoryError
from tui.system.processes import ProcessIdentity, is_alive

MIN_FREE_BYTES = 512 << 20
OLDEST_CLAUDE = (2, 0)
_VERSION_SECONDS = 20.0


def check_start(
    project: Path,
    settings: Settings,
    agent: Sequence[str],
    environ: Mapping[str, str],
    *,
    allow_dirty: bool,
    extra: Sequence[str] = (),
) -> tuple[Git, str]:
    """The project's repository and what Claude Code says of its version, empty for another agent.

    RefusedError where no run may be started there. `extra` are arguments of the agent beside those of the
    settings.
    """
    try:
        git = Git(project)
    except NotARepositoryError as error:
        raise RefusedError(
            f"{project} is in no git repository, so nothing could be undone; run `git init` there"
        ) from error
    check_running(project, git, environ)
    free = shutil.disk_usage(project).free
    if free < MIN_FREE_BYTES:
        raise RefusedError(
            f"only {free >> 20} MiB are free on the disk of {project}; a night needs more, so make "
            f"room for at least {MIN_FREE_BYTES >> 20} MiB first"
        )
    check_agent(agent, environ, project)
    version = ""
    if is_claude(agent):
        check_login(project, settings, environ, extra)
        version = check_version(agent, environ, project)
    if not allow_dirty:
        check_clean(git, project, settings)
    return git, version


def is_claude(agent: Sequence[str]) -> bool:
    """Whether that command is Claude Code itself, and not another program in its place."""
    return len(agent) == 1 and os.path.basename(agent[0]) == "claude"


def check_running(project: Path, git: Git, environ: Mapping[str, str]) -> None:
    """RefusedError while a session works there, be it one of ours or a foreign one."""
    run = find_unfinished_run(project, environ)
    if run is not None:
        raise RefusedError(
            f"run {run.id} is still going in {project}; watch it with `overnight-tui`, or end it "
            "with `overnight-tui kill`"
        )
    elsewhere = find_run_elsewhere(project, environ)
    if elsewhere is not None:
        run, host = elsewhere
        raise RefusedError(
            f"run {run.id} is still going in {project} on {host}; end it there, or remove {run.path} "
            "if that machine is gone"
        )
    for pid, cwd in claude_sessions(environ):
        if cwd.is_relative_to(git.work_tree) and not is_outside(cwd, git.work_tree):
            raise RefusedError(
                f"another Claude session (process {pid}) is at work in {cwd}; end it first, or give "
                "this run a work tree of its own with --worktree NAME"
            )


def claude_sessions(environ: Mapping[str, str]) -> Iterator[tuple[int, Path]]:
    """Pid and folder of every live Claude session of this user."""
    for file in ClaudeSessionRegistry(paths.claude_dir(environ) / "sessions").read_all():
        start = int(file.proc_start) if file.proc_start.isdecimal() else 0
        if file.cwd and is_alive(ProcessIdentity(file.pid, start)):
            yield file.pid, Path(file.cwd)


def check_agent(agent: Sequence[str], environ: Mapping[str, str], project: Path) -> str:
    """Where the agent's program is; RefusedError when it is not on PATH, or only in the project."""
    program = find_program(agent[0], environ, project) if agent else None
    if program is None:
        name = agent[0] if agent else "no program"
        raise RefusedError(
            f"{name} was not found on PATH; install Claude Code, or set agent.command to the "
            "program that is to do the work"
        )
    return program


def check_version(agent: Sequence[str], environ: Mapping[str, str], project: Path) -> str:
    """The version that the agent prints; RefusedError when it is too old or prints none."""
    import subprocess

    try:
        done = subprocess.run(
            [check_agent(agent, environ, project), *agent[1:], "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            timeout=_VERSION_SECONDS,
            env=dict(environ),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RefusedError(f"{agent[0]} --version gave no answer; is it installed?") from error
    found = re.search(rb"(\d+)\.(\d+)", done.stdout)
    if done.returncode or found is None:
        raise RefusedError(f"{agent[0]} --version failed; try it by hand, then start again")
    version = done.stdout.decode("utf-8", "replace").strip()[:60]
    if (int(found[1]), int(found[2])) < OLDEST_CLAUDE:
        needed = ".".join(map(str, OLDEST_CLAUDE))
        raise RefusedError(
            f"Claude Code {version!r} is too old to be steered; update it to {needed} or newer"
        )
    return version


def check_clean(git: Git, project: Path, settings: Settings) -> None:
    """RefusedError for work that is not committed; the files of a run itself do not count."""
    try:
        out = git.run(("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all"))
    except GitError as error:
        raise RefusedError(f"git cannot tell whether {project} is clean: {error}") from error
    own = own_files(git.work_tree, project, settings)
    if has_only_our_hooks(project, git):
        own = (*own, os.path.relpath(settings_path(project), git.work_tree))
    changed = [os.fsdecode(entry[3:]) for entry in out.split(b"\0") if len(entry) > 3]
    foreign = [path for path in changed if not path.startswith(own)]
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise RefusedError(
            f"{project} has work that is not committed ({foreign[0]!r}{more}); commit or stash it, "
            "or start with --allow-dirty"
        )


def own_files(work_tree: Path, project: Path, settings: Settings) -> tuple[str, ...]:
    """Files of a run that lie in the work tree, relative to its top."""
    names = (*task_names(settings.paths), *record_names(settings.paths))
    resolved = [paths.resolve(project, name) for name in names]
    return tuple(
        str(path.relative_to(work_tree)) for path in resolved if path.is_relative_to(work_tree)
    )
