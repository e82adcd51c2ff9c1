"""Variables of Claude Code that help while nobody is there; a person's own values win.

Seen with 2.1.197 and 2.1.332 against an API that answers 529 or 429, or not at all. What is not named here is
as good by its own default: 10 retries (`CLAUDE_CODE_MAX_RETRIES`), a stream cut after 5 min of silence
(`CLAUDE_STREAM_IDLE_TIMEOUT_MS`, which cannot be less), a request given up after 10 min (`API_TIMEOUT_MS`), 8
blocks of a Stop hook in a row (`CLAUDE_CODE_STOP_HOOK_BLOCK_CAP`). 2.0.x knows none of the three.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui.settings.settings import Settings

UNATTENDED: Mapping[str, str] = {
    # Else a turn ends after three minutes of 529, and what its subagents did is lost. It tells of its
    # wait every 30 s, so that an idle limit does not end it.
    "CLAUDE_CODE_RETRY_WATCHDOG": "1",
    # A usage limit ends the turn all the same: what is done about it is ours to decide.
    "CLAUDE_CODE_RETRY_WATCHDOG_SCOPE": "capacity",
    # After so long the turn ends, and our own waits with their bounds and notifications begin.
    "CLAUDE_CODE_RETRY_WATCHDOG_MAX_WAIT_MS": "1200000",
}
"""What the agent is started with. 2.1.197 knows the first alone, and waits for usage limits itself."""


def unattended_variables(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Those that the person has not given, in the environment or in `agent.env`."""
    given = {*environ, *settings.agent.env}
    # A version that waits within the turn would not let `limits.on_limit` do anything else.
    if settings.limits.on_limit != "wait":
        return {}
    return {name: text for name, text in UNATTENDED.items() if name not in given}


def why_it_waits(settings: Settings) -> str:
    """Why it waits at a usage limit although `limits.on_limit` wants another model; empty where it does not."""
    if settings.limits.on_limit != "fallback-model" or fallback_model(settings):
        return ""
    return "at a usage limit it waits, as agent.fallback_model names no other model than the first"


def describe_unattended(environ: Mapping[str, str], settings: Settings) -> tuple[str, str]:
    """In one line, what the agent does at a usage limit and in an overload; and what a person is to change."""
    waits = why_it_waits(settings)
    if waits:
        return waits, "set agent.fallback_model to another model than agent.model"
    ours = unattended_variables(environ, settings)
    set_here = f"; sets {next(iter(ours))}" if ours else ""
    return f"at a usage limit: {settings.limits.on_limit}{set_here}", ""


def journal_text(environ: Mapping[str, str], settings: Settings) -> str:
    """The same with every variable, for the journal of a run."""
    ours = unattended_variables(environ, settings)
    words = [f"{name}={text}" for name, text in ours.items()]
    return "; ".join(filter(None, (*describe_unattended(environ, settings), ", ".join(words))))


def fallback_model(settings: Settings) -> str:
    """The model that takes over at a usage limit; empty where there is none to take over."""
    model = settings.agent.fallback_model or ""
    return "" if model == settings.agent.model else model
