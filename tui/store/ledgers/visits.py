"""When a person last had the project's screen open.

Visits within five minutes are one, so that a lost connection or a second window makes no news look old.
"""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.store.layout import make_project_state, project_state
from tui.system.errors import OvernightError
from tui.system.files import atomic_write, read_small

SEEN = "seen.json"
SAME_VISIT = 300.0
_MOST_VISITS = 20
_MOST_AHEAD = 86_400.0


class _VisitRecord(Struct):
    since: float
    until: float


class _VisitFile(Struct):
    schema: int = 1
    visits: list[_VisitRecord] = []


def record_visit(project: Path, at: float) -> bool:
    """Notes that a person has the screen open at `at` (seconds since the epoch).

    To be called when the screen opens, every minute, and when it closes. False when the project's
    state folder cannot be written; then this visit is not recorded.
    """
    try:
        place = make_project_state(project) / SEEN
        visits = _read_visits(place)
        last = visits[-1] if visits else None
        if last is not None and last.since <= at <= last.until + SAME_VISIT:
            last.until = max(last.until, at)
        else:
            visits = [one for one in visits if one.until <= at]
            visits.append(_VisitRecord(at, at))
        atomic_write(
            place, msgspec.json.encode(_VisitFile(visits=visits[-_MOST_VISITS:])), sync=False
        )
    except (OvernightError, OSError, ValueError):
        return False
    return True


def last_visit(project: Path, now: float) -> float | None:
    """The end of the last visit before the present one; None where there was none."""
    ends = [
        one.until
        for one in _read_visits(project_state(project) / SEEN)
        if one.until + SAME_VISIT < now
    ]
    return max(ends, default=None)


def _read_visits(path: Path) -> list[_VisitRecord]:
    """The recorded visits, oldest first; damaged ones and those of the far future are left out."""
    data = read_small(path)
    try:
        seen = msgspec.json.decode(data, type=_VisitFile) if data else _VisitFile()
        latest = path.stat().st_mtime + _MOST_AHEAD if data else 0.0
    except (OSError, ValueError, RecursionError):
        return []
    known = [
        one
        for one in seen.visits
        if math.isfinite(one.since) and 0 < one.since <= one.until <= latest
    ]
    return sorted(known, key=lambda one: one.until)
