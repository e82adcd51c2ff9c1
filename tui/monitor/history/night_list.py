"""All nights of a project from saved summaries; a person's remarks.

The summary of one of our runs lies in its directory; that of any other session in the cache, keyed
by its file's identity. A person's remarks lie in the project's run directory. Nothing is folded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tui.feeds.sessions.event_files import read_summary
from tui.feeds.sessions.night_files import (
    NightFile,
    find_night_file,
    first_prompt_of,
    list_night_files,
    night_of_file,
)
from tui.feeds.sessions.select import SessionSources
from tui.model.labels import COST_SIGNS
from tui.model.review import Review, TestState, Verdict
from tui.model.session import EarlierNight
from tui.model.snapshot import CostSource
from tui.model.state import EndKind
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory, make_project_state, project_state
from tui.store.runs import facts_and_end, sessions_of
from tui.system import paths
from tui.system.errors import RefusedError, describe_os_error
from tui.system.files import atomic_write, make_folder, private_folder, read_small

VERSION = 1
REMARKS = "remarks"
TREND = 8
_LEAST = 2
_GOAL = 300
_MOST_FAILURES = 40


class NightRemarks(Struct, frozen=True):
    """What a person wrote down of a night; `decision` is a word such as "kept"."""

    reviewed: bool = False
    decision: str = ""
    note: str = ""
    at: float | None = None


class NightSummary(Struct, frozen=True):
    """A night as the list shows it.

    `made_at` is when its review was built; None means none was since the night's files changed: then
    only what is cheap to find stands here, and `verdict` is None. `path` is the event file,
    `failures` names what failed so that it is recognised in another night. `host`, `elsewhere` and
    `continues` are as in `NightFile`. `project` is set for one in another work tree of the repository.
    """

    id: str
    kind: Literal["run", "stream", "transcript"]
    path: str
    at: float
    version: int = VERSION
    stamp: str = ""
    made_at: float | None = None
    ended_at: float | None = None
    state: str = ""
    ending: EndKind | None = None
    words: str = ""
    goal: str = ""
    verdict: Verdict | None = None
    reasons: tuple[str, ...] = ()
    attention: int = 0
    done: int = 0
    open: int = 0
    tests: TestState = "none"
    stalls: int = 0
    stalled_s: float = 0.0
    total_s: float = 0.0
    commits: int = 0
    usd: float | None = None
    source: CostSource = "partial"
    per_task: float | None = None
    wasted_usd: float | None = None
    sessions: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    remarks: NightRemarks = NightRemarks()
    host: str = ""
    elsewhere: str = ""
    continues: EarlierNight | None = None
    project: str = ""

    @property
    def sign(self) -> str:
        """What stands before the cost where it is not the CLI's own figure."""
        return COST_SIGNS[self.source] if self.usd else ""


class RepeatedFailure(Struct, frozen=True):
    """Something that failed in several nights: its name and their ids, the newest first."""

    name: str
    nights: tuple[str, ...]


def list_nights(
    project: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> list[NightSummary]:
    """Every night of the project, the newest first.

    50 nights take a few milliseconds. Where no review was built since a night's files changed, goal
    and times are all that is known.
    """
    root = project_state(project, environ)
    nights: list[NightSummary] = []
    listed_sessions: set[str] = set()
    for place in list_night_files(project, settings, environ):
        night = _saved(place, environ)
        if night is None and place.kind == "run":
            night = _unread_run(place)
        elif night is None:
            night = _unread_session(place, project, listed_sessions)
        if night is None:
            continue
        listed_sessions.update(night.sessions)
        remarks = _remarks_of(root, place)
        place_facts = {
            "host": place.host,
            "elsewhere": place.elsewhere,
            "continues": place.continues,
        }
        nights.append(replace(night, remarks=remarks, **place_facts))
    return sorted(nights, key=lambda night: (night.at, night.id), reverse=True)


def list_nights_everywhere(
    project: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> list[NightSummary]:
    """The same, with our runs in the other work trees of the repository, those that are gone included."""
    from tui.store.moved_projects import sibling_projects

    nights = list_nights(project, settings, environ)
    for other in sibling_projects(project, environ):
        runs = (one for one in list_nights(other, settings, environ) if one.kind == "run")
        nights += [replace(one, project=str(other)) for one in runs]
    return sorted(nights, key=lambda night: (night.at, night.id), reverse=True)


def save_summary(
    project: Path,
    settings: Settings,
    sources: SessionSources,
    review: Review,
    failures: tuple[str, ...],
    now: float,
) -> bool:
    """Saves the summary of a review; False where that is not possible, or for a file named by hand."""
    if sources.is_whole_truth or not sources.events:
        return False
    place = night_of_file(project, settings, sources.events[0], sources.run)
    if place is None:
        return False
    summary = _build_summary(review, place, failures, now)
    path = _summary_file(place, os.environ)
    try:
        make_folder(path.parent)
        atomic_write(path, msgspec.json.encode(summary), sync=False)
    except OSError:
        return False
    return True


def _build_summary(
    review: Review, place: NightFile, failures: tuple[str, ...], now: float
) -> NightSummary:
    """The summary of a review; what its events do not have comes from the run's record or the file."""
    night = review.night
    own = _unread_run(place) if place.kind == "run" else None
    dated = [stall for stall in review.stalls if stall.last_at is not None and stall.since]
    return NightSummary(
        id=place.id,
        kind=place.kind,
        path=place.path,
        at=night.run.started_at or review.timeline.start or (own.at if own else place.changed),
        stamp=place.stamp,
        made_at=now,
        ended_at=night.run.ended_at,
        state=night.state,
        ending=review.ending.kind,
        words=review.ending.words,
        goal=(own.goal if own else "") or (night.run.goal or night.run.first_prompt)[:_GOAL],
        verdict=review.verdict,
        reasons=tuple(reason.text for reason in review.reasons),
        attention=len(review.attention),
        done=len(review.tasks.done),
        open=len(review.tasks.open),
        tests=review.tests.last,
        stalls=len(review.stalls),
        stalled_s=sum(max(0.0, (stall.last_at or 0.0) - stall.since) for stall in dated),
        total_s=review.time.total,
        commits=len(review.commits),
        usd=review.cost.usd,
        source=review.cost.source,
        per_task=review.cost_per_task,
        wasted_usd=review.wasted_usd,
        sessions=night.run.sessions,
        failures=failures[:_MOST_FAILURES],
    )


# --- remarks -------------------------------------------------------------------------------------


def set_reviewed(
    project: Path,
    settings: Settings,
    night: str,
    reviewed: bool = True,
    decision: str | None = None,
    at: float | None = None,
) -> None:
    """Marks a night as reviewed, or not; `decision` is a word that stays if None is given.

    NoSessionError for no such night, RefusedError where nothing can be written.
    """
    _change(project, settings, night, reviewed=reviewed, decision=decision, at=at)


def set_note(project: Path, settings: Settings, night: str, note: str) -> None:
    """Writes a note on a night; empty takes it away."""
    _change(project, settings, night, note=note)


def _change(project: Path, settings: Settings, night: str, **fields: object) -> None:
    place = find_night_file(project, settings, night)
    root = make_project_state(project)
    changes = {name: value for name, value in fields.items() if value is not None}
    remarks = replace(_remarks_of(root, place), **changes)
    try:
        folder = private_folder(root / REMARKS)
        atomic_write(folder / _name(place.id), msgspec.json.encode(remarks), sync=False)
    except OSError as error:
        raise RefusedError(
            describe_os_error(error, root / REMARKS, "cannot take the remark")
        ) from error


def _remarks_of(root: Path, place: NightFile) -> NightRemarks:
    """The remarks of a night; one that grew by another session keeps those under its older ids.

    What was remarked before a part of a session began is not about that part.
    """
    for id in dict.fromkeys((place.id, *reversed(place.sessions))):
        remarks = _remarks(root, id)
        is_older = remarks.at is not None and remarks.at < place.started
        if remarks != NightRemarks() and not (place.stretches and is_older):
            return remarks
    return NightRemarks()


def _remarks(root: Path, night: str) -> NightRemarks:
    try:
        return msgspec.json.decode(read_small(root / REMARKS / _name(night)), type=NightRemarks)
    except (msgspec.MsgspecError, ValueError):
        return NightRemarks()


def _name(night: str) -> str:
    return hashlib.sha256(night.encode("utf-8", "replace")).hexdigest()[:24] + ".json"


# --- across nights ---------------------------------------------------------------------------------


def repeated_failures(nights: Sequence[NightSummary]) -> tuple[RepeatedFailure, ...]:
    """What failed in at least two nights, the most frequent first."""
    nights_of: dict[str, list[str]] = {}
    for night in nights:
        for name in dict.fromkeys(night.failures):
            nights_of.setdefault(name, []).append(night.id)
    often = [(name, tuple(ids)) for name, ids in nights_of.items() if len(ids) >= _LEAST]
    often.sort(key=lambda failure: (-len(failure[1]), failure[0]))
    return tuple(RepeatedFailure(name, ids) for name, ids in often)


def cost_trend(
    nights: Sequence[NightSummary], night: str, most: int = TREND
) -> tuple[float | None, ...]:
    """Cost by task of a night and of those before it, oldest first; `nights` is newest first."""
    ids = [summary.id for summary in nights]
    if night not in ids:
        return ()
    start = ids.index(night)
    return tuple(summary.per_task for summary in reversed(nights[start : start + most]))


# --- one night -------------------------------------------------------------------------------------


def _saved(place: NightFile, environ: Mapping[str, str]) -> NightSummary | None:
    """The summary of the last review, if the night's files are still what it was made from."""
    try:
        night = msgspec.json.decode(read_small(_summary_file(place, environ)), type=NightSummary)
    except (msgspec.MsgspecError, ValueError):
        return None
    fits = night.version == VERSION and night.stamp == place.stamp
    return replace(night, id=place.id, path=place.path, kind=place.kind) if fits else None


def _summary_file(place: NightFile, environ: Mapping[str, str]) -> Path:
    if place.kind == "run":
        return RunDirectory(Path(place.folder)).summary
    identity = ":".join(place.stamp.split(":")[:2])
    since = f" {place.stretches[-1].since}" if place.stretches and place.stretches[-1].since else ""
    name = f"{identity} {os.path.realpath(place.path)}{since}"
    key = hashlib.sha256(name.encode("utf-8", "replace"))
    return paths.cache_dir(environ) / "nights" / (key.hexdigest()[:32] + ".json")


def _unread_run(place: NightFile) -> NightSummary:
    """What is known of a run without folding it."""
    facts = facts_and_end(RunDirectory(Path(place.folder)))
    ended_at, reason = facts.get("ended_at"), facts.get("reason")
    return NightSummary(
        id=place.id,
        kind="run",
        path=place.path,
        at=place.started,
        stamp=place.stamp,
        ended_at=float(ended_at) if isinstance(ended_at, int | float) else None,
        state="going on" if not place.is_over else "over",
        words=str(reason) if isinstance(reason, str) else "",
        goal=str(facts.get("goal") or ""),
        sessions=sessions_of(RunDirectory(Path(place.folder))),
    )


def _unread_session(place: NightFile, project: Path, listed: set[str]) -> NightSummary | None:
    """What is known of a session without folding it; None for what is no night of this project."""
    inside = str(project) if place.kind == "stream" else ""
    head = read_summary(place.path, follow=False, inside=inside)
    if head is None or head.kind != place.kind:
        return None
    if place.kind == "stream" and listed.intersection(head.sessions):
        return None
    is_over = place.is_over or head.has_ended
    return NightSummary(
        id=place.id,
        kind=place.kind,
        path=place.path,
        at=place.started or head.started or place.changed,
        stamp=place.stamp,
        ended_at=place.changed if is_over else None,
        state="over" if is_over else "",
        goal=first_prompt_of(place, inside),
        sessions=place.sessions or head.sessions,
    )
