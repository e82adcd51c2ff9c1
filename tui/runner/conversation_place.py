"""Where the conversation of a run stood when a checkpoint was taken; whether a rewind brought it there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from tui.control.checkpoints.refs import Checkpoint
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.feeds.sessions.transcripts import transcript_of_session
from tui.model.events import AgentEvent, Compaction, TurnStarted
from tui.model.state import RunPhase
from tui.runner.agent.turns import TurnTracker
from tui.runner.run_context import RunContext
from tui.runner.run_state import UnprovenRewind
from tui.store.journal import read_entries
from tui.store.layout import RunDirectory
from tui.store.runs import read_arrivals, read_run_facts
from tui.system import paths
from tui.system.errors import NoSessionError
from tui.system.files import read_small

_WAIT_S: Final = 60.0
_TRANSCRIPT_S: Final = 2.0
_MOST_BYTES: Final = 64 << 20
_MOST_EVENTS: Final = 20


class ConversationPlace(NamedTuple):
    """After the event `uuid` of `session`; without one before the first answer in it.

    Without a session, or in the `first` of a run, nothing but the goal was said by then.
    """

    session: str = ""
    uuid: str = ""
    first: bool = True


def find_place(run: RunDirectory, checkpoint: Checkpoint) -> ConversationPlace | None:
    """Where the conversation can be taken up again as it was then; None where nothing tells."""
    facts = checkpoint.facts
    session, uuid = str(facts.get("session") or ""), str(facts.get("uuid") or "")
    if session and uuid:
        return ConversationPlace(session, uuid, first=False)
    return _place_at(run, checkpoint.at)


def _place_at(run: RunDirectory, moment: float) -> ConversationPlace | None:
    """The last event before a moment after which the conversation can be cut cleanly."""
    turns, origins = TurnTracker(), _origins(run)
    for event, at in _dated_events(run):
        if at is not None and at > moment:
            break
        if isinstance(event.body, TurnStarted) and event.session != turns.session:
            turns.begin_attempt(*origins.get(event.session, ("", "")))
        turns.apply(event)
    if turns.safe_uuid:
        return ConversationPlace(turns.session, turns.safe_uuid, first=False)
    # A conversation that goes on from another one holds more than its own records.
    if origins.get(turns.session, ("", ""))[0] not in ("", turns.session):
        return None
    return ConversationPlace(turns.session, first=turns.session in ("", next(iter(origins), "")))


def _origins(run: RunDirectory) -> dict[str, tuple[str, str]]:
    """The sessions of a run in order, each with the session and the event that it went on from."""
    found: dict[str, tuple[str, str]] = {}
    for entry in read_entries(run.journal):
        if entry.kind == "segment_started":
            words = (entry.data.get(key) for key in ("session", "resume_of", "resume_at"))
            session, *origin = (word if isinstance(word, str) else "" for word in words)
            found.setdefault(session, (origin[0], origin[1]))
    return found


def _dated_events(run: RunDirectory) -> Iterator[tuple[AgentEvent, float | None]]:
    """The events of the stream with their times; when they came where the CLI wrote none."""
    try:
        arrivals = read_arrivals(run.arrivals.read_bytes(), str(run.stream))
    except OSError:
        arrivals = []
    decoder, end, number = ClaudeDecoder(str(run.stream)), 0, 0
    with open(run.stream, "rb") as file:
        for line in file:
            end += len(line)
            while number < len(arrivals) and arrivals[number].offset < end:
                number += 1
            came = arrivals[number].at if number < len(arrivals) else None
            for event in decoder.decode(line, 0).events:
                yield event, event.at if event.at is not None else came


def was_compacted_after(run: RunDirectory, session: str, uuid: str) -> bool:
    """Whether the session was compacted after that event: the CLI cannot resume at it then."""
    marker, is_past, decoder = uuid.encode(), False, ClaudeDecoder(str(run.stream))
    with open(run.stream, "rb") as file:
        for line in file:
            is_past = is_past or marker in line
            # Decoding every line of a night takes seconds; few have this word.
            if is_past and b"compact_boundary" in line:
                for event in decoder.decode(line, 0).events:
                    own = not event.thread and event.session in ("", session)
                    if own and isinstance(event.body, Compaction):
                        return True
    return False


def _events_after(run: RunDirectory, session: str, uuid: str, most: int) -> list[str]:
    """The first ids of main records of that session that came after an event of it."""
    marker, is_past, decoder = uuid.encode(), False, ClaudeDecoder(str(run.stream))
    found: list[str] = []
    with open(run.stream, "rb") as file:
        for line in file:
            if not is_past:
                is_past = marker in line
                continue
            events = decoder.decode(line, 0).events
            found += [e.uuid for e in events if e.uuid and e.session == session and not e.thread]
            if len(found) >= most:
                break
    return found[:most]


# --- whether a rewind was done ---


class Proof(NamedTuple):
    """Whether the conversation went where it should, and what shows it, as a part of a sentence."""

    ok: bool
    text: str


def prove(
    context: RunContext, turns: TurnTracker, claim: UnprovenRewind, shown_for: float
) -> Proof | None:
    """What the agent has shown of a rewind so far; None while that is not enough to tell.

    `shown_for` are the seconds since its first record; the transcript comes a little later.
    """
    state = context.state
    step = state.step
    is_same = step is not None and claim.session == (step.session or step.resume)
    if not is_same or (not turns.started and _is_over(context)):
        return Proof(False, "the agent did not take the conversation up there")
    if not turns.started:
        waited = context.elapsed() - claim.since
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
        case "nothing" if shown_for < _TRANSCRIPT_S:
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
    later = _events_after(context.folder, claim.old, claim.cut, _MOST_EVENTS)
    return "whole" if any(one.encode() in data for one in later) else "cut"
