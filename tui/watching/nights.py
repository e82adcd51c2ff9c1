"""All nights of a project, listed from saved summaries; what a person wrote down of each.

The summary of one of our runs lies in its directory; that of any other session in the cache, keyed
by its file's identity. A person's remarks lie in the project's run directory. Nothing is folded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tui import paths
from tui.errors import RefusedError
from tui.feeds.discovery import SessionSources
from tui.feeds.event_heads import head_of
from tui.feeds.transcripts import names_folder
from tui.night.review.model import Review
from tui.settings import Settings
from tui.store.layout import RunDirectory, state_root
from tui.store.runs import facts_and_end, sessions_of
from tui.system.files import atomic_write, private_folder, read_small
from tui.watching.night_places import NightFile, find_place, night_places
from tui.watching.night_summary import VERSION, NightRemarks, NightSummary, summarised

REMARKS = "remarks"
TREND = 8
_LEAST = 2


class RepeatedFailure(Struct, frozen=True):
    """Something that failed in several nights: its name and their ids, the newest first."""

    name: str
    nights: tuple[str, ...]


def list_nights(
    project: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> list[NightSummary]:
    """Every night of the project, the newest first.

    Quick: 50 nights take a few milliseconds. Where no review was made since a night's files
    changed, goal and times are all that is known.
    """
    root = paths.resolve(project, settings.paths.run_dir, environ)
    found: list[NightSummary] = []
    told: set[str] = set()
    for place in night_places(project, settings, environ):
        night = _saved(place, environ) or _cheap(place, project, told)
        if night is None or _told_already(place, night, told):
            continue
        told.update(night.sessions)
        found.append(replace(night, remarks=_remarks(root, place.id)))
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)


def _told_already(place: NightFile, night: NightSummary, told: set[str]) -> bool:
    """A transcript of a session that a run or a stream tells of is no night of its own."""
    return place.kind == "transcript" and bool(told.intersection(night.sessions))


def save_summary(
    project: Path,
    settings: Settings,
    sources: SessionSources,
    made: Review,
    failures: tuple[str, ...],
    now: float,
) -> bool:
    """Keeps the summary of a review; False where that is not possible, or for a file named by hand."""
    if sources.alone or not sources.events:
        return False
    place = _place_of(project, settings, sources)
    if place is None:
        return False
    night = summarised(
        made,
        id=place.id,
        kind=place.kind,
        path=place.path,
        stamp=place.stamp,
        failures=failures,
        now=now,
    )
    night = _with_own_facts(night, place)
    target = _summary_file(place, os.environ)
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic_write(target, msgspec.json.encode(night), sync=False)
    except OSError:
        return False
    return True


def _with_own_facts(night: NightSummary, place: NightFile) -> NightSummary:
    """What the events do not tell of a night, its own record or its file does."""
    if place.kind != "run":
        return night if night.at else replace(night, at=place.changed)
    own = _cheap_run(place)
    return replace(night, at=night.at or own.at, goal=own.goal or night.goal)


def _place_of(project: Path, settings: Settings, sources: SessionSources) -> NightFile | None:
    """The night that these sources are of."""
    main = os.path.realpath(sources.events[0].path)
    for place in night_places(project, settings):
        if place.id == sources.run or os.path.realpath(place.path) == main:
            return place
    return None


# --- what a person writes down ---------------------------------------------------------------------


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


def _change(project: Path, settings: Settings, night: str, **given: object) -> None:
    place = find_place(project, settings, night)
    root = paths.resolve(project, settings.paths.run_dir)
    changed = {key: value for key, value in given.items() if value is not None}
    remarks = replace(_remarks(root, place.id), **changed)
    try:
        root = state_root(project, settings.paths.run_dir)
        folder = private_folder(root / REMARKS)
        atomic_write(folder / _name(place.id), msgspec.json.encode(remarks), sync=False)
    except OSError as error:
        raise RefusedError(f"the remark cannot be written: {error.strerror}") from error


def _remarks(root: Path, night: str) -> NightRemarks:
    data = read_small(root / REMARKS / _name(night))
    try:
        return msgspec.json.decode(data, type=NightRemarks) if data else NightRemarks()
    except (msgspec.MsgspecError, ValueError):
        return NightRemarks()


def _name(night: str) -> str:
    return hashlib.sha256(night.encode("utf-8", "replace")).hexdigest()[:24] + ".json"


# --- across nights ---------------------------------------------------------------------------------


def repeated(found: Sequence[NightSummary]) -> tuple[RepeatedFailure, ...]:
    """What failed in at least two nights, the most frequent first."""
    where: dict[str, list[str]] = {}
    for night in found:
        for name in dict.fromkeys(night.failures):
            where.setdefault(name, []).append(night.id)
    often = [RepeatedFailure(name, tuple(ids)) for name, ids in where.items() if len(ids) >= _LEAST]
    return tuple(sorted(often, key=lambda one: (-len(one.nights), one.name)))


def cost_trend(found: Sequence[NightSummary], night: str, most: int = TREND) -> tuple[float | None, ...]:
    """Cost by task of a night and of those before it, oldest first; nights as `nights` lists them."""
    ids = [one.id for one in found]
    if night not in ids:
        return ()
    here = ids.index(night)
    return tuple(one.per_task for one in reversed(found[here : here + most]))


# --- one night -------------------------------------------------------------------------------------


def _saved(place: NightFile, environ: Mapping[str, str]) -> NightSummary | None:
    """The summary of the last review, if the night's files are still what it was made from."""
    data = read_small(_summary_file(place, environ))
    if not data:
        return None
    try:
        night = msgspec.json.decode(data, type=NightSummary)
    except (msgspec.MsgspecError, ValueError):
        return None
    if night.version != VERSION or night.stamp != place.stamp:
        return None
    return replace(night, id=place.id, path=place.path, kind=place.kind)


def _summary_file(place: NightFile, environ: Mapping[str, str]) -> Path:
    if place.kind == "run":
        return RunDirectory(Path(place.folder)).summary
    identity = ":".join(place.stamp.split(":")[:2])
    key = hashlib.sha256(f"{identity} {os.path.realpath(place.path)}".encode("utf-8", "replace"))
    return paths.cache_dir(environ) / "nights" / (key.hexdigest()[:32] + ".json")


def _cheap(place: NightFile, project: Path, told: set[str]) -> NightSummary | None:
    """What is known of a night without folding it; None for what is no night of this project."""
    return _cheap_run(place) if place.kind == "run" else _cheap_session(place, project, told)


def _cheap_run(place: NightFile) -> NightSummary:
    facts = facts_and_end(RunDirectory(Path(place.folder)))
    ended = facts.get("ended_at")
    reason = facts.get("reason")
    return NightSummary(
        id=place.id,
        kind="run",
        path=place.path,
        at=place.started,
        stamp=place.stamp,
        ended_at=float(ended) if isinstance(ended, int | float) else None,
        state="going on" if not place.over else "over",
        words=str(reason) if isinstance(reason, str) else "",
        goal=str(facts.get("goal") or ""),
        sessions=sessions_of(RunDirectory(Path(place.folder))),
    )


def _cheap_session(place: NightFile, project: Path, told: set[str]) -> NightSummary | None:
    from tui.watching.cheap_facts import first_words

    head = head_of(place.path, follow=place.kind == "stream")
    if head is None or head.kind != place.kind or told.intersection(head.sessions):
        return None
    if place.kind == "transcript" and not names_folder(head, str(project)):
        return None
    return NightSummary(
        id=place.id,
        kind=place.kind,
        path=place.path,
        at=head.started or place.changed,
        stamp=place.stamp,
        ended_at=place.changed if head.ended else None,
        state="over" if head.ended else "",
        goal=first_words(place.path),
        sessions=head.sessions,
    )
