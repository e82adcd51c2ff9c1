"""Which Claude processes are meant: the one that a deed is for, and the others at work here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tui.clock import SystemClock
from tui.errors import RefusedError
from tui.records import AgentProcess
from tui.system import processes
from tui.system.format import format_local
from tui.system.processes import ProcessIdentity

_SAME_START_S = 1.5


def live_agents(folder: Path) -> tuple[AgentProcess, ...]:
    """The agents alive in a folder and below, oldest first. Walks the process table."""
    from tui.feeds.processes import AgentProcessReader

    return AgentProcessReader(folder, SystemClock()).read().agents


def agent_for_session(agents: Sequence[AgentProcess], session: str) -> AgentProcess | None:
    """The agent that speaks for `session`: by its name, else the only one that has none."""
    named = [one for one in agents if session and one.session == session]
    if named:
        return named[-1]
    nameless = [one for one in agents if not one.session or not session]
    return nameless[0] if len(nameless) == 1 else None


def agent_identity(agent: AgentProcess) -> ProcessIdentity:
    """Pid and start of the very process that was looked at; RefusedError when it is gone."""
    facts = processes.read_facts(agent.pid)
    if facts is None or abs(facts.created - agent.created) > _SAME_START_S:
        raise RefusedError(f"the session's process ({agent.pid}) has ended; nothing was done")
    return facts.identity


def describe_agents(agents: Iterable[AgentProcess], watched: str = "") -> tuple[str, ...]:
    """Each agent as a refusal names it; `watched` is the session that the person looks at."""
    return tuple(_words(one, watched) for one in agents)


def _words(agent: AgentProcess, watched: str) -> str:
    since = format_local(agent.created)
    if watched and agent.session == watched:
        return f"the session that is watched here (pid {agent.pid})"
    return f"another session (pid {agent.pid}, since {since})"
