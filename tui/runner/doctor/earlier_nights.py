"""What the project's earlier runs say about a night: hours of work, cost, use of the plan's windows."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.events import RateLimit, TurnResult
from tui.model.journal import JournalEntry
from tui.model.records import Arrival
from tui.runner.doctor.forecast import PastNight, WindowUse
from tui.runner.policy.budgets import SIMULATED
from tui.store.journal import read_entries
from tui.store.layout import RunDirectory
from tui.store.ledgers.spending import SpendingLedger
from tui.store.runs import all_runs, read_arrivals, read_run_end, read_run_facts
from tui.system.errors import NoSessionError
from tui.system.files import read_small

MOST_NIGHTS = 7
_TAIL_BYTES = 8 << 20
_MOST_ARRIVALS = 4 << 20
_LIMIT_EVENT, _COST = b'"rate_limit_event"', b'"total_cost_usd"'
_LEAST_APART = 0.1


def earlier_nights(project: Path, environ: Mapping[str, str]) -> list[PastNight]:
    """The newest finished runs of the project on this machine, the newest first."""
    spent = {
        (one.run, one.project): sum(one.days.values())
        for one in SpendingLedger(environ).all()
        if not one.unpriced
    }
    nights = []
    for run in all_runs(project, environ)[: 3 * MOST_NIGHTS]:
        end = read_run_end(run)
        try:
            facts = read_run_facts(run)
        except NoSessionError:
            continue
        if end is None or facts.command == SIMULATED:
            continue
        hours = _hours(facts.started_at, end.at, read_entries(run.journal))
        usd = spent.get((facts.run, facts.project))
        nights.append(
            PastNight(hours, _recorded_cost(run) if usd is None else usd, _window_uses(run))
        )
        if len(nights) == MOST_NIGHTS:
            break
    return nights


def last_rate_limit(run: RunDirectory) -> RateLimit | None:
    """The last report of the usage limit in the end of a run's stream."""
    return next((limit for _, limit in reversed(list(_rate_limits(run)))), None)


def _hours(started: float, ended: float, entries: Sequence[JournalEntry]) -> float:
    """Hours of a run without the time in which the machine slept or the run waited."""
    idle, waiting_since, due = 0.0, None, 0.0
    for entry in entries:
        if entry.kind == "suspended":
            idle += _number(entry.data.get("seconds"))
        if waiting_since is not None and entry.kind in ("segment_started", "restart_cancelled"):
            idle += max(0.0, min(entry.at, due) - waiting_since)
            waiting_since = None
        if entry.kind == "restart_scheduled":
            waiting_since, due = entry.at, entry.at + _number(entry.data.get("delay_s"))
    if waiting_since is not None:
        idle += max(0.0, min(ended, due) - waiting_since)
    return max(0.0, ended - started - idle) / 3600


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return max(0.0, float(value)) if is_number else 0.0  # type: ignore[arg-type]


def _lines_with(run: RunDirectory, word: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines of the end of a run's stream that hold a word, each with its offset."""
    try:
        with open(run.stream, "rb") as file:
            begin = max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES)
            file.seek(begin)
            data = file.read()
    except OSError:
        return
    at = data.find(word)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield begin + start, data[start:end]
        at = data.find(word, end)


def _recorded_cost(run: RunDirectory) -> float | None:
    """What the CLI's last result says that the run cost."""
    found = None
    decoder = ClaudeDecoder(str(run.stream))
    for offset, line in _lines_with(run, _COST):
        for event in decoder.decode(line, offset).events:
            if isinstance(event.body, TurnResult) and event.body.cost_usd is not None:
                found = event.body.cost_usd
    return found


def _rate_limits(run: RunDirectory) -> Iterator[tuple[int, RateLimit]]:
    decoder = ClaudeDecoder(str(run.stream))
    for offset, line in _lines_with(run, _LIMIT_EVENT):
        for event in decoder.decode(line, offset).events:
            if isinstance(event.body, RateLimit):
                yield offset, event.body


def _window_uses(run: RunDirectory) -> tuple[WindowUse, ...]:
    """How the plan's windows were used: the newest report of each, and how fast it grew until then."""
    arrivals = read_arrivals(read_small(run.arrivals, _MOST_ARRIVALS), str(run.stream))
    offsets = [arrival.offset for arrival in arrivals]
    reports: dict[tuple[str, float | None], list[tuple[float, float]]] = {}
    for offset, limit in _rate_limits(run):
        at = _arrived(offset, arrivals, offsets)
        if limit.used is not None and limit.window and at is not None:
            reports.setdefault((limit.window, limit.resets_at), []).append((at, limit.used))
    newest: dict[str, WindowUse] = {}
    for (window, resets_at), found in reports.items():
        (first_at, first), (at, used) = found[0], found[-1]
        hours = (at - first_at) / 3600
        rate = (used - first) / hours if hours >= _LEAST_APART else None
        known = newest.get(window)
        if rate is None and known is not None:
            rate = known.per_hour
        newest[window] = WindowUse(window, used, at, resets_at, rate)
    return tuple(newest.values())


def _arrived(offset: int, arrivals: Sequence[Arrival], offsets: Sequence[int]) -> float | None:
    """When the line at that offset was there."""
    place = bisect_right(offsets, offset)
    return arrivals[place].at if place < len(arrivals) else None
