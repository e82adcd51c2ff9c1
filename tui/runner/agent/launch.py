"""The command line and the environment of an agent; keeps the machine awake."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tui.runner.run_state import NextAttempt
from tui.settings.own_sections import SKIP_PERMISSIONS
from tui.settings.settings import Settings
from tui.store.runs import RunFacts

_STREAMS = ("--input-format", "stream-json", "--output-format", "stream-json", "--verbose")


def agent_arguments(
    facts: RunFacts, settings: Settings, step: NextAttempt, session: str
) -> list[str]:
    """The agent's argument list. `session` is the id for a fresh conversation."""
    agent = settings.agent
    words = [*facts.agent, "-p", *_STREAMS, "--replay-user-messages"]
    if agent.partial_messages:
        words.append("--include-partial-messages")
    if agent.skip_permissions == SKIP_PERMISSIONS:
        words.append("--dangerously-skip-permissions")
    else:
        words += ["--permission-mode", agent.permission_mode]
    for flag, tools in (
        ("--allowedTools", agent.allowed_tools),
        ("--disallowedTools", agent.disallowed_tools),
    ):
        if tools:
            words += [flag, *tools]
    for flag, value in (
        ("--model", agent.model),
        ("--fallback-model", agent.fallback_model),
        ("--max-turns", agent.max_turns),
        ("--max-budget-usd", agent.max_budget_usd),
    ):
        if value is not None:
            words += [flag, f"{value:g}" if isinstance(value, float) else str(value)]
    if agent.sandbox != "default":
        words += ["--settings", json.dumps({"sandbox": {"enabled": agent.sandbox == "on"}})]
    words += conversation_arguments(step, session)
    return [*words, *agent.extra_args, *facts.extra]


def conversation_arguments(step: NextAttempt, session: str) -> list[str]:
    """The arguments for a fresh conversation, or for one that is resumed or forked."""
    if not step.resume:
        return ["--session-id", session]
    words = ["--resume", step.resume]
    if step.resume_at:
        words += ["--resume-session-at", step.resume_at]
    if step.fork:
        words += ["--fork-session", "--session-id", session]
    return words


def agent_variables(facts: RunFacts, run: Path) -> dict[str, str]:
    """Variables for the agent that may be written to the disk: no secrets."""
    return {
        "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS": "1",
        "CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING": "1",
        "OVERNIGHT_RUN_DIR": str(run),
        **facts.env,
    }


def shim_environment(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The environment of the shim: ours and that of the settings, secrets included."""
    return {**environ, **{name: secret.reveal() for name, secret in settings.agent.env.items()}}


class SleepInhibitor:
    """An inhibitor lock of systemd, held until `close` or the end of this process."""

    def __init__(self) -> None:
        self._holder: subprocess.Popen[bytes] | None = None

    def acquire(self) -> bool:
        """False where the lock cannot be had."""
        import shutil

        inhibit, tail = shutil.which("systemd-inhibit"), shutil.which("tail")
        if inhibit is None or tail is None:
            return False
        # `tail --pid` ends with this process, even when it is killed.
        words = [inhibit, "--what=idle:sleep", "--who=overnight-tui", "--why=a session is running"]
        words += ["--mode=block", tail, f"--pid={os.getpid()}", "-f", os.devnull]
        try:
            self._holder = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return False
        return True

    def close(self) -> None:
        if self._holder is not None and self._holder.poll() is None:
            self._holder.terminate()
            self._holder.wait()
        self._holder = None
