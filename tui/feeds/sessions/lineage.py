"""Which transcripts, and which stretches of them, belong to one night.

A night goes on through `/clear` (a new file), `--resume` (the same file), a fork that takes over from the
session that it copied (a new file with the same history), and compaction. It ends where nobody was at work
for long, so one session may hold several nights. History that a file copied belongs to the night that had it
first. A fork beside a session that went on itself is a night of its own.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tui.feeds.sessions.lineage_copies import CopiedHistory, find_copies
from tui.feeds.sessions.lineage_facts import TranscriptFacts, first_time_from, read_facts
from tui.feeds.sessions.lineage_gaps import Gap, find_absences, holds_work
from tui.feeds.sessions.transcripts import subagent_files, with_subagents
from tui.feeds.sessions.where.transcript_folders import dated_files
from tui.model.session import EarlierNight, EventFile, KnownSession
from tui.system.format import format_local

_SLACK = 5.0
NOTHING: Mapping[str, float] = {}


class Stretch(Struct, frozen=True):
    """The bytes of a transcript from `since` to `until` (0: its end), and when they were written.

    `follows` is the session and the end of what stands before `since` in the file and belongs to another
    night: an earlier stretch of this session, or the history that it copied.
    """

    path: str
    session: str
    since: int
    until: int
    began: float
    ended: float
    follows: str = ""
    followed_at: float = 0.0
    is_copy: bool = False
    is_newest: bool = True
    has_answers: bool = True

    def holds_agent(self, path: str) -> bool:
        """Whether a subagent of this session, in a file of its own, began in this stretch."""
        if not self.until and (not self.since or self.is_copy):
            return True
        agent = read_facts(path)
        if agent is None:
            return False
        return self.began - _SLACK <= agent.began and (not self.until or agent.began <= self.ended)


class TranscriptNight(Struct, frozen=True):
    """Stretches that continue each other, oldest first; `id` is what a person names it by.

    `continues` is the night that the first of them goes on from.
    """

    id: str
    stretches: tuple[Stretch, ...]
    continues: EarlierNight | None = None

    @property
    def has_answers(self) -> bool:
        """Whether a model answered in it."""
        return any(stretch.has_answers for stretch in self.stretches)

    @property
    def sessions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(stretch.session for stretch in self.stretches))

    @property
    def newest(self) -> Stretch:
        return self.stretches[-1]

    @property
    def began(self) -> float:
        return self.stretches[0].began

    @property
    def ended(self) -> float:
        return max(stretch.ended for stretch in self.stretches)


Taken = Mapping[str, float]
"""Sessions that a run or a stream has, each with until when it was at it."""


def transcript_nights(
    paths: Iterable[str], absence_s: float, taken: Taken = NOTHING
) -> list[TranscriptNight]:
    """The nights in these transcripts of one project, the one that began first at the front.

    Every byte of each transcript belongs to one night at most; what runs and streams have taken belongs
    to none of these. Reads the ends of each file, and more only of those that took history over or
    span an absence.
    """
    known = [facts for path in paths if (facts := read_facts(path)) is not None]
    known.sort(key=lambda facts: (facts.oldest, facts.session))
    by_session = {facts.session: facts for facts in known}
    linked: dict[str, _Links] = {}
    stretches: list[Stretch] = []
    copies = find_copies(known, taken)
    for facts in known:
        copy = copies.get(facts.path, CopiedHistory(0, ()))
        linked[facts.path] = _Links(facts, copy, by_session)
        stretches += _stretches(facts, copy, absence_s)
    stretches.sort(key=lambda stretch: (stretch.began, stretch.path, stretch.since))
    groups: list[list[Stretch]] = []
    for stretch in stretches:
        if stretch.began <= taken.get(stretch.session, 0.0):
            continue
        home = _home(stretch, groups, linked[stretch.path], absence_s)
        if home is None:
            groups.append([stretch])
        else:
            home.append(stretch)
    return _named(groups)


def taken_sessions(known: Iterable[KnownSession]) -> Taken:
    """The sessions of the runs and streams among these."""
    taken: dict[str, float] = {}
    for one in known:
        if one.kind != "transcript":
            ended = one.changed_at if one.kind == "run" and one.is_over else math.inf
            taken.update(dict.fromkeys(one.sessions, ended))
    return taken


def taken_until(path: str, ended_at: float, absence_s: float) -> int:
    """Where in a transcript of a run that ended a person took the session up long after; 0: nowhere."""
    facts = read_facts(path)
    if facts is None or facts.ended - ended_at < absence_s:
        return 0
    own = _stretches(facts, CopiedHistory(0, ()), absence_s)
    return next((one.since for one in own if one.began > ended_at), 0)


def night_of_transcript(
    path: str, absence_s: float, taken: Taken = NOTHING
) -> TranscriptNight | None:
    """The night that the newest stretch of a transcript belongs to; None where it cannot be read.

    Of the transcripts beside it only those are read that can have to do with that night.
    """
    facts = read_facts(path)
    if facts is None:
        return None
    folder = os.path.dirname(path)
    beside = dated_files(Path(os.path.dirname(folder)), os.path.basename(folder))
    since = facts.oldest - absence_s
    while True:
        near = {other for changed, other in beside if changed >= since} | {path}
        nights = transcript_nights(near, absence_s, taken)
        own = [night for night in nights if any(one.path == path for one in night.stretches)]
        night = max(own, key=lambda night: night.began, default=None)
        if night is None or night.began - absence_s >= since:
            return night
        since = night.began - absence_s


def files_of(night: TranscriptNight, chosen: str, base: str) -> list[EventFile]:
    """The files of a night, newest first, each with those of the subagents that began in its stretch."""
    found: list[EventFile] = []
    for one in reversed(night.stretches):
        why = f"session {one.session[:8]}, which goes on in the newer one" if found else chosen
        main, *agents = with_subagents(one.path, one.session, why, base=base)
        goes_on = one == night.stretches[0]
        found.append(replace(main, since=one.since, until=one.until, goes_on=goes_on))
        found += (agent for agent in agents if one.holds_agent(agent.path))
    return found


class _Links:
    """The sessions that a transcript may continue, by what it says."""

    def __init__(
        self, facts: TranscriptFacts, copy: CopiedHistory, known: dict[str, TranscriptFacts]
    ) -> None:
        self.is_cleared = facts.is_cleared
        self._place = os.path.dirname(facts.path)
        self._folders = frozenset(facts.folders)
        named = (*(one.session for one in copy.sources), facts.process_session)
        self.sessions = frozenset(session for session in named if session in known)
        self._known = known

    def may_follow(self, group: Sequence[Stretch]) -> bool:
        """Whether `/clear` may have ended the newest session of a night: it ran in the same folder."""
        before = self._known[group[-1].session]
        if not self.is_cleared or os.path.dirname(before.path) != self._place:
            return False
        return not self._folders or not before.folders or bool(self._folders & set(before.folders))


def _stretches(facts: TranscriptFacts, copy: CopiedHistory, absence_s: float) -> list[Stretch]:
    """What of a transcript is its own, cut at its absences."""
    copied = copy.until
    began = first_time_from(facts, copied) if copied else facts.began
    if copied and not began:
        return []  # nothing but a copy
    gaps: tuple[Gap, ...] = ()
    if facts.ended - began >= absence_s:
        gaps = tuple(
            gap
            for gap in find_absences(facts.path, absence_s, lambda: _subagents_at_work(facts))
            if gap.left >= began
        )
    own = Stretch(
        facts.path,
        facts.session,
        copied,
        0,
        began or os.path.getmtime(facts.path),
        max(facts.ended, began),
        is_copy=bool(copied),
        has_answers=bool(facts.first_message),
    )
    if copied and (origin := _origin(facts, copy.sources, began)) is not None:
        own = replace(own, follows=origin.session, followed_at=min(origin.ended, began))
    found = []
    for gap in gaps:
        found.append(replace(own, until=gap.offset, ended=gap.left, is_newest=False))
        own = replace(own, since=gap.offset, began=gap.back, is_copy=False)
        own = replace(own, follows=facts.session, followed_at=gap.left)
    return _worked([*found, own])


def _worked(found: list[Stretch]) -> list[Stretch]:
    """The stretches but those after the first in which nothing was asked of the model."""
    kept = [
        one
        for one in found
        if not one.since or one.is_copy or holds_work(one.path, one.since, one.until)
    ]
    if kept and not kept[-1].is_newest:
        kept[-1] = replace(kept[-1], is_newest=True)
    return kept


def _origin(
    facts: TranscriptFacts, sources: Sequence[TranscriptFacts], began: float
) -> TranscriptFacts | None:
    """The transcript that the beginning of another was copied from, of several the one that ended last."""
    named = [one for one in sources if one.session == facts.forked_from]
    return max(named or sources, key=lambda one: (one.ended <= began, one.ended), default=None)


def _subagents_at_work(facts: TranscriptFacts) -> list[tuple[float, float]]:
    agents = map(read_facts, subagent_files(facts.path, facts.session))
    return [(agent.began, agent.ended) for agent in agents if agent is not None]


def _home(
    stretch: Stretch, groups: list[list[Stretch]], links: _Links, absence_s: float
) -> list[Stretch] | None:
    """The night that a stretch continues; None where it begins one."""
    if stretch.since and not stretch.is_copy:
        return None  # it comes after an absence
    best: list[Stretch] | None = None
    best_rank = (False, 0.0)
    for group in groups:
        is_named = any(one.session in links.sessions for one in group)
        if not is_named and not links.may_follow(group):
            continue
        end = max(one.ended for one in group)
        if end > stretch.began + _SLACK:
            # It goes on beside this one, unless it is the same process that came back to it later.
            if not (is_named and links.is_cleared):
                continue
            end = max(
                (one.ended for one in group if one.ended <= stretch.began), default=stretch.began
            )
        rank = is_named, end
        if stretch.began - end < absence_s and rank > best_rank:
            best, best_rank = group, rank
    return best


def _named(groups: list[list[Stretch]]) -> list[TranscriptNight]:
    ids: list[str] = []
    used: set[str] = set()
    for group in groups:
        newest = group[-1]
        id = newest.session if newest.is_newest else _dated_id(newest, used)
        used.add(id)
        ids.append(id)
    places = {
        (one.session, one.since): id for id, group in zip(ids, groups, strict=True) for one in group
    }
    nights = []
    for id, group in zip(ids, groups, strict=True):
        nights.append(TranscriptNight(id, tuple(group), _continued(group[0], places, id)))
    return nights


def _dated_id(stretch: Stretch, used: set[str]) -> str:
    """An id that stays what it is when the session is taken up once more."""
    for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"):
        id = f"{stretch.session}@{format_local(stretch.began, form)}"
        if id not in used:
            return id
    return f"{id}.{stretch.since}"


def _continued(first: Stretch, places: dict[tuple[str, int], str], own: str) -> EarlierNight | None:
    if not first.follows:
        return None
    before = [since for session, since in places if session == first.follows]
    if first.follows == first.session:
        before = [since for since in before if since < first.since]
    id = places[first.follows, max(before)] if before else first.follows
    if id == own:
        return None
    return EarlierNight(id, first.follows, first.followed_at, first.is_copy)
