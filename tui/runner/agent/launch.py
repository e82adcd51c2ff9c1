"""What a supervisor starts: the agent, the baseline tests, the lock that keeps the machine awake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import reduce
from pathlib import Path

from tui.feeds.claude.settings_files import take_given
from tui.model.permissions.granted import AgentPermissions, PermissionPreset
from tui.runner.agent.cli_settings import inline_settings, merged
from tui.runner.agent.run_guard import guard_hooks
from tui.runner.permissions.preset import permissions_of
from tui.runner.run_context import RunContext
from tui.runner.run_state import NextAttempt
from tui.settings.settings import Settings
from tui.store.runs import RunFacts
from tui.system.children.programs import find_program
from tui.system.processes import ProcessIdentity, is_alive, read_process

_STREAMS = ("--input-format", "stream-json", "--output-format", "stream-json", "--verbose")
_MAX_TEST_SECONDS = 900.0
_SHOWN_CHARS = 200


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


class BaselineTests:
    """The tests that must pass before the work on a plan begins.

    Those that an earlier supervisor started are ended first.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._command = context.settings.session.baseline_tests
        self._process: subprocess.Popen[bytes] | None = None
        self._until = 0.0
        self._trouble: str | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def trouble(self) -> str | None:
        """Why the tests do not pass, empty if they do, None while they run.

        The first call starts them; they may take 15 minutes.
        """
        if not self._command:
            return ""
        if self._trouble is None:
            shown = " ".join(self._command)[:_SHOWN_CHARS]
            self._trouble = self._begin(shown) if self._process is None else self._poll(shown)
        return self._trouble

    def stop(self) -> None:
        """Ends the tests and forgets their result."""
        state = self._context.state
        orphan = ProcessIdentity(state.baseline_pid, state.baseline_start)
        if self._process is not None or (orphan.pid and is_alive(orphan)):
            with suppress(OSError):
                os.killpg(self._process.pid if self._process else orphan.pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        if orphan.pid:
            state.baseline_pid = state.baseline_start = 0
            self._context.save()
        self._process = self._trouble = None

    def _begin(self, shown: str) -> str | None:
        context, state = self._context, self._context.state
        self.stop()
        context.log_line(f"Baseline tests: {shown}")
        try:
            self._process = _start(self._command, context.project)
        except OSError as error:
            return f"{self._command[0]}: {error.strerror}"
        self._until = time.monotonic() + _MAX_TEST_SECONDS
        started = read_process(self._process.pid)
        state.baseline_pid = self._process.pid
        state.baseline_start = started.start if started is not None else 0
        context.save()
        return None

    def _poll(self, shown: str) -> str | None:
        code = self._process.poll() if self._process is not None else 0
        if code is None and time.monotonic() < self._until:
            return None
        self.stop()
        if code is None:
            return f"{shown} did not end within {_MAX_TEST_SECONDS / 60:.0f} minutes"
        return f"{shown} ended with {code}" if code else ""


def _start(words: Sequence[str], cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """Starts a program that hears and says nothing, in a session of its own. Raises OSError."""
    null = subprocess.DEVNULL
    return subprocess.Popen(
        words, cwd=cwd, stdin=null, stdout=null, stderr=null, start_new_session=True
    )
