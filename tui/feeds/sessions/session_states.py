"""The state of a session as its process, Claude's registry and the end of its file tell it."""

from __future__ import annotations

from tui.feeds.sessions.event_files import ACTIVE_S, EventFileSummary
from tui.feeds.sessions.talk_facts import TurnEnd
from tui.model.session import AgentProcess
from tui.model.state import OVER, SessionState
from tui.store.runs import ListedRun, is_supervised, read_run_end

_BY_STATUS = {
    "busy": SessionState.WORKING,
    "waiting": SessionState.WAITING_PERMISSION,
    "idle": SessionState.WAITING_INPUT,
}
_WHEN_OVER = {
    TurnEnd.COMPLETED: SessionState.FINISHED,
    TurnEnd.FAILED: SessionState.FAILED,
    TurnEnd.OPEN: SessionState.CRASHED,
}


def state_of(
    summary: EventFileSummary | None, agent: AgentProcess | None, now: float
) -> SessionState:
    """The state of a session that is no run of ours; `summary` is None where it has written nothing.

    Without a process an open turn goes on as long as the file grows: the process may be in a container.
    """
    is_open = summary is not None and summary.end is TurnEnd.OPEN
    if agent is not None:
        told = _BY_STATUS.get(agent.status)
        return told or (SessionState.WORKING if is_open else SessionState.WAITING_INPUT)
    if summary is None:
        return SessionState.NONE
    if is_open and now - summary.changed < ACTIVE_S:
        return SessionState.WORKING
    return _WHEN_OVER.get(summary.end, SessionState.ENDED)


def run_state(run: ListedRun, *, has_agent: bool) -> SessionState:
    """The state of a run of ours; without an agent its supervisor waits, or will be started again."""
    if not run.is_over:
        waits = not has_agent and run.is_here and is_supervised(run.directory)
        return SessionState.RESTARTING if waits else SessionState.WORKING
    end = read_run_end(run.directory)
    known = end.kind.session_state if end is not None else SessionState.NONE
    return known if known in OVER and known is not SessionState.NONE else SessionState.ENDED
