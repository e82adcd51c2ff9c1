"""Where the conversation of a run stood when a checkpoint was taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tui.control.checkpoints.refs import Checkpoint
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import AgentEvent, Compaction, TurnStarted
from tui.runner.agent.turns import TurnTracker
from tui.store.journal import read_entries
from tui.store.layout import RunDirectory
from tui.store.runs import read_arrivals


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


def events_after(run: RunDirectory, session: str, uuid: str, most: int) -> list[str]:
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
