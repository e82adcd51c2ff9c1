"""What is known of one session: its state and substance, as its process and the ends of its file tell."""

from __future__ import annotations

from typing import Literal

from tui.feeds.sessions.event_files import ACTIVE_S, EventFileSummary
from tui.feeds.sessions.talk_facts import LastTurn
from tui.model.session import AgentProcess, KnownSession, Nearness
from tui.model.state import OVER, SessionState
from tui.store.runs import ListedRun, is_supervised, read_run_end

_BY_STATUS = {
    "busy": SessionState.WORKING,
    "waiting": SessionState.WAITING_PERMISSION,
    "idle": SessionState.WAITING_INPUT,
}
_WHEN_OVER = {
    LastTurn.COMPLETED: SessionState.FINISHED,
    LastTurn.FAILED: SessionState.FAILED,
    LastTurn.OPEN: SessionState.CRASHED,
}


def state_of(
    summary: EventFileSummary | None, agent: AgentProcess | None, now: float
) -> SessionState:
    """The state of a session that is no run of ours; `summary` is None where it has written nothing.

    Without a process an open turn goes on as long as the file grows: the process may be in a container.
    """
    is_open = summary is not None and summary.end is LastTurn.OPEN
    if agent is not None:
        idle = SessionState.WORKING if is_open else SessionState.WAITING_INPUT
        state = _BY_STATUS.get(agent.status, idle)
        has_failed = summary is not None and summary.end is LastTurn.FAILED
        return SessionState.FAILED if has_failed and state is SessionState.WAITING_INPUT else state
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


def known_session(
    kind: Literal["stream", "transcript"],
    session: str,
    path: str,
    summary: EventFileSummary,
    agent: AgentProcess | None,
    now: float,
) -> KnownSession:
    """What is known of a session that is no run, from its file in short and its process."""
    return KnownSession(
        session_id=session,
        kind=kind,
        path=path,
        folder=summary.cwds[-1] if summary.cwds else "",
        started_at=summary.started,
        changed_at=min(summary.changed, now),
        state=state_of(summary, agent, now),
        title=summary.title,
        has_substance=has_substance(summary, agent),
        only_talks=summary.only_talks,
        process=agent,
        sessions=tuple(dict.fromkeys((session, *summary.sessions))) if session else (),
    )


def known_unwritten(agent: AgentProcess, nearness: Nearness, now: float) -> KnownSession:
    """What is known of a living session that has written nothing yet."""
    return KnownSession(
        session_id=agent.session,
        kind="transcript",
        path="",
        folder=agent.cwd,
        started_at=agent.created,
        changed_at=agent.created,
        state=state_of(None, agent, now),
        has_substance=False,
        process=agent,
        nearness=nearness,
        sessions=(agent.session,),
    )


def has_substance(summary: EventFileSummary, agent: AgentProcess | None) -> bool:
    """Whether a model was asked for work, more than a one-shot question or a command of the CLI.

    What a living session works at can become anything, unless a program asked: a hook's helper.
    """
    is_at_it = agent is not None and summary.end is LastTurn.OPEN
    return not summary.is_small or (is_at_it and not summary.is_helper)
