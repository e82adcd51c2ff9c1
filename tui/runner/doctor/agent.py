"""Checks the agent: its program, login, permissions, hooks and supervisor."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tui.runner.doctor.check import CheckResult, run_check
from tui.runner.preflight import (
    check_agent,
    check_login,
    check_version,
    claude_sessions,
    is_claude,
    login_key,
)
from tui.settings.own_sections import SKIP_PERMISSIONS
from tui.settings.settings import Settings
from tui.store.runs import find_unfinished_run, is_supervised
from tui.system import paths
from tui.system.errors import OvernightError
from tui.system.files import read_json

_ASKS = ("default", "plan")


def agent_checks(
    project: Path, settings: Settings, environ: Mapping[str, str]
) -> Iterator[CheckResult]:
    command = settings.agent.command
    claude = is_claude(command)

    def program() -> str:
        check_agent(command, environ)
        if claude:
            return f"claude {check_version(command, environ)}"
        return f"{os.path.basename(command[0])}, as agent.command says"

    yield run_check("agent", program)
    if claude:
        yield _login(project, environ)
    yield _permissions(settings)
    yield _hooks(project, settings)
    yield _watchdog(project, settings, environ)


def _login(project: Path, environ: Mapping[str, str]) -> CheckResult:
    key = login_key(environ)
    if key:
        # A wrong key, or a line break read from a file, fails only when the night has begun.
        value = environ[key]
        if value != value.strip():
            return CheckResult(
                "login", "fail", f"${key} has blanks around it", "set it again, without"
            )
        if key == "ANTHROPIC_API_KEY" and len(value) < 20:
            return CheckResult("login", "warn", f"${key} looks too short", "check the key")
        return CheckResult("login", "ok", f"by ${key}")

    def logged_in() -> str:
        check_login(project, environ)
        return "Claude Code is logged in"

    result = run_check("login", logged_in)
    credentials = read_json(paths.claude_dir(environ) / ".credentials.json", follow=True) or {}
    oauth = credentials.get("claudeAiOauth")
    if result.state == "ok" and isinstance(oauth, dict):
        expires = oauth.get("expiresAt")
        past = isinstance(expires, int | float) and expires / 1000 < time.time()
        if past and not oauth.get("refreshToken"):
            return CheckResult(
                "login", "fail", "the login has expired", "run `claude` and use /login"
            )
    return result


def _permissions(settings: Settings) -> CheckResult:
    agent = settings.agent
    if agent.skip_permissions == SKIP_PERMISSIONS:
        text = "none: the agent may do anything you may"
        return CheckResult("permission", "warn", text, "wanted so by agent.skip_permissions")
    text = f"{agent.permission_mode}, {len(agent.allowed_tools)} tools allowed beside"
    if agent.permission_mode == "plan":
        return CheckResult("permission", "fail", text, "in plan mode nothing is carried out")
    if agent.permission_mode in _ASKS and not agent.allowed_tools:
        advice = "nobody is there to answer; set agent.permission_mode or agent.allowed_tools"
        return CheckResult("permission", "warn", text, advice)
    return CheckResult("permission", "ok", text)


def _hooks(project: Path, settings: Settings) -> CheckResult:
    from tui.control.hooks import status

    try:
        hooks = status.hook_status(project, settings.paths.run_dir)
    except OvernightError as error:
        return CheckResult("hooks", "warn", str(error))
    if hooks.complete:
        return CheckResult("hooks", "ok", "installed: sessions started elsewhere hear you too")
    if not hooks.events:
        return CheckResult("hooks", "ok", "not installed; runs of ours need none")
    if hooks.off:
        return CheckResult("hooks", "warn", f"installed, but no hook runs: {hooks.off}")
    return CheckResult(
        "hooks", "warn", "of another version", "run `overnight-tui hooks install` again"
    )


def _watchdog(project: Path, settings: Settings, environ: Mapping[str, str]) -> CheckResult:
    run = find_unfinished_run(project, settings.paths.run_dir)
    if run is not None and is_supervised(run):
        return CheckResult("watchdog", "ok", f"watches run {run.id}")
    if run is not None:
        advice = "start `overnight-tui` here: it is taken up again at once"
        return CheckResult("watchdog", "fail", f"run {run.id} goes on unwatched", advice)
    for pid, cwd in claude_sessions(environ):
        if cwd == project or cwd.is_relative_to(project):
            text = f"session of process {pid} was started without us"
            return CheckResult(
                "watchdog", "warn", text, "it has no limits; `overnight-tui run` gives some"
            )
    return CheckResult("watchdog", "ok", "comes with `overnight-tui run`; nothing runs now")
