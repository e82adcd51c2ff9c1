"""Whether a rewind of the conversation was done, by what the agent's CLI shows of it."""

from __future__ import annotations

import os
from typing import Final, Literal, NamedTuple

from tui.feeds.sessions.transcripts import transcript_of_session
from tui.model.state import RunPhase
from tui.runner.agent.turns import TurnTracker
from tui.runner.conversation_place import events_after
from tui.runner.run_context import RunContext
from tui.runner.run_state import UnprovenRewind
from tui.store.runs import read_run_facts
from tui.system import paths
from tui.system.errors import NoSessionError
from tui.system.files import read_small

_WAIT_S: Final = 60.0
_TRANSCRIPT_S: Final = 2.0
_MOST_BYTES: Final = 64 << 20
_MOST_EVENTS: Final = 20


class Proof(NamedTuple):
    """Whether the conversation went where it should, and what shows it, as a part of a sentence."""

    ok: bool
    text: str


def prove(context: RunContext, turns: TurnTracker, claim: UnprovenRewind) -> Proof | None:
    """What the agent has shown of a rewind so far; None while that is not enough to tell."""
    state = context.state
    step = state.step
    is_same = step is not None and claim.session == (step.session or step.resume)
    if not is_same or (not turns.started and _is_over(context)):
        return Proof(False, "the agent did not take the conversation up there")
    waited = context.elapsed() - claim.since
    if not turns.started:
        late = f"the agent did not say within {_WAIT_S:g} s that it goes on from there"
        return Proof(False, late) if waited > _WAIT_S else None
    if turns.session != claim.session:
        return Proof(False, f"the agent went on in session {turns.session[:8]} instead")
    goes_on = f"it goes on as session {claim.session[:8]}"
    if not claim.cut:
        return Proof(True, goes_on)
    match _transcript_shows(context, claim):
        case "cut":
            return Proof(True, goes_on)
        case "whole":
            return Proof(False, "the agent went on from the end of the conversation")
        case "nothing" if waited < _TRANSCRIPT_S:
            return None
    return Proof(True, f"{goes_on}; no transcript shows from where")


def _is_over(context: RunContext) -> bool:
    """Whether the attempt ended, or never began, and another is due at most."""
    return context.state.phase in (RunPhase.WAITING, RunPhase.STOPPING, RunPhase.ENDED)


def _transcript_shows(
    context: RunContext, claim: UnprovenRewind
) -> Literal["cut", "whole", "nothing"]:
    """Whether the new conversation holds records of the old one from after the place it was cut at."""
    try:
        environ = {**os.environ, **read_run_facts(context.folder).env}
    except NoSessionError:
        return "nothing"
    projects = paths.claude_dir(environ) / "projects"
    path = transcript_of_session(projects, claim.session, str(context.project))
    data = read_small(path, _MOST_BYTES) if path is not None else b""
    if claim.cut.encode() not in data:
        return "nothing"
    later = events_after(context.folder, claim.old, claim.cut, _MOST_EVENTS)
    return "whole" if any(one.encode() in data for one in later) else "cut"
