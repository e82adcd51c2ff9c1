"""Learns what the agent's CLI can do: from the start of its turns, by trying it where that does not tell."""

from __future__ import annotations

import os
import subprocess
import uuid

from msgspec.structs import replace

from tui.model.cli_commands import AgentAbilities
from tui.runner.agent.attempt import attempt_environment
from tui.runner.agent.launch import agent_variables
from tui.runner.agent.turns import TurnTracker
from tui.runner.run_context import RunContext

_PROBE_SECONDS = 20.0
_NOWHERE = "http://127.0.0.1:9"
_PIPES = ("-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose")


def learn_abilities(context: RunContext, turns: TurnTracker) -> None:
    """Keeps what the start of a turn says of the CLI, once for each version of it."""
    state = context.state
    if turns.version and turns.version != state.abilities.version:
        state.abilities = AgentAbilities.of(turns.version, turns.capabilities)
        context.save()


def learn(context: RunContext, **shown: bool) -> AgentAbilities:
    """Keeps what was shown otherwise."""
    context.state.abilities = replace(context.state.abilities, **shown)
    context.save()
    return context.state.abilities


def resuming_abilities(context: RunContext, session: str) -> AgentAbilities:
    """The abilities, with whether that session can be resumed at one of its events tried if need be.

    The CLI is asked to resume at an event that does not exist: one that looks for it says that it found none.
    It gets no message and no way to the API. Takes a second or two, once for a run.
    """
    known = context.state.abilities
    if known.resumes_at is not None or not known.version:
        return known
    words = [*context.facts.agent, *_PIPES, "--resume", session, "--fork-session"]
    words += ["--resume-session-at", str(uuid.uuid4())]
    environ = {**attempt_environment(os.environ, context.settings), "ANTHROPIC_BASE_URL": _NOWHERE}
    environ |= agent_variables(context.facts, context.folder.path)
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=context.project,
            env=environ,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return learn(context, resumes_at=False)
    return learn(context, resumes_at=b"No message found" in done.stdout + done.stderr)
