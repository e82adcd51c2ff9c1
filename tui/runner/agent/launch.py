"""What a supervisor starts: the agent, the lock that keeps the machine awake."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from functools import reduce
from pathlib import Path

from tui.feeds.claude.settings_files import take_given
from tui.model.permissions.granted import AgentPermissions, PermissionPreset
from tui.runner.agent.cli_settings import inline_settings, merged
from tui.runner.agent.run_guard import guard_hooks
from tui.runner.permissions.preset import permissions_of
from tui.runner.run_state import NextAttempt
from tui.settings.settings import Settings
from tui.store.runs import RunFacts
from tui.system.children.programs import find_program

_STREAMS = ("--input-format", "stream-json", "--output-format", "stream-json", "--verbose")


def agent_arguments(
    facts: RunFacts,
    settings: Settings,
    step: NextAttempt,
    session: str,
    permissions: AgentPermissions | None = None,
) -> list[str]:
    """The agent's argument list. `session` is the id for a fresh conversation.

    Without `permissions` those hold that the settings give now.
    """
    agent = settings.agent
    if permissions is None:
        permissions = permissions_of(agent, Path(facts.project))
    words = [*facts.agent, "-p", *_STREAMS, "--replay-user-messages"]
    if agent.partial_messages:
        words += ["--include-partial-messages"]
    words += _permission_words(permissions)
    for flag, value in (
        ("--model", agent.model),
        ("--fallback-model", agent.fallback_model),
        ("--max-turns", agent.max_turns),
        ("--max-budget-usd", agent.max_budget_usd),
    ):
        if value is not None:
            words += [flag, f"{value:g}" if isinstance(value, float) else str(value)]
    # Of two `--settings` the CLI takes the last: what a person gives is merged with what the run needs.
    given = [*agent.extra_args, *facts.extra]
    own, extra = take_given(given, Path(facts.project), os.environ)
    inline = inline_settings(settings, permissions, hooks=guard_hooks(facts))
    if inline := reduce(merged, own, inline):
        words += ["--settings", json.dumps(inline)]
    if not step.resume:
        words += ["--session-id", session]
    else:
        words += ["--resume", step.resume]
        if step.resume_at:
            words += ["--resume-session-at", step.resume_at]
        if step.fork:
            words += ["--fork-session", "--session-id", session]
    return [*words, *extra]


def _permission_words(permissions: AgentPermissions) -> list[str]:
    if permissions.preset == PermissionPreset.ALL:
        words = ["--dangerously-skip-permissions"]
    else:
        words = ["--permission-mode", permissions.mode] if permissions.mode is not None else []
    if permissions.refuses_prompts:
        words += ["--permission-prompts", "none"]
    for flag, tools in (
        ("--allowedTools", permissions.allowed),
        ("--disallowedTools", permissions.disallowed),
    ):
        if tools:
            words += [flag, *tools]
    return words


def agent_variables(facts: RunFacts, run: Path) -> dict[str, str]:
    """Variables for the agent that may be written to the disk: no secrets."""
    return {
        "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS": "1",
        "CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING": "1",
        "OVERNIGHT_RUN_DIR": str(run),
        **facts.env,
    }


class SleepInhibitor:
    """An inhibitor lock of systemd, held until `close` or the end of this process."""

    def __init__(self) -> None:
        self._holder: subprocess.Popen[bytes] | None = None

    def acquire(self) -> bool:
        """False where the lock cannot be had."""
        inhibit, tail = find_program("systemd-inhibit"), find_program("tail")
        if inhibit is None or tail is None:
            return False
        # `tail --pid` ends with this process, even when it is killed.
        words = [inhibit, "--what=idle:sleep", "--who=overnight-tui", "--why=a session is running"]
        words += ["--mode=block", tail, f"--pid={os.getpid()}", "-f", os.devnull]
        with suppress(OSError):
            self._holder = _start(words)
        return self._holder is not None

    @property
    def holds(self) -> bool:
        """Whether the lock is held; the system may refuse it a moment after it was asked for."""
        return self._holder is not None and self._holder.poll() is None

    def close(self) -> None:
        if self._holder is not None and self._holder.poll() is None:
            self._holder.terminate()
            self._holder.wait()
        self._holder = None


def _start(words: Sequence[str], cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """Starts a program that hears and says nothing, in a session of its own. Raises OSError."""
    null = subprocess.DEVNULL
    return subprocess.Popen(
        words, cwd=cwd, stdin=null, stdout=null, stderr=null, start_new_session=True
    )
