"""What each run of this machine has cost, by local day: one file a run, written by its own supervisor.

So several supervisors never write to the same file, and one that was killed has its figures replaced by the
next, never added twice. Sessions that are no runs of ours have none.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tui.store.layout import RunDirectory, spending_folder
from tui.system.files import atomic_write, modified_at, private_folder, read_small

WEEK_DAYS: Final = 7
_KEPT_DAYS = 40
_MOST_BYTES = 1 << 16
_AHEAD_DAYS = 7


class RunSpending(Struct, frozen=True, omit_defaults=True):
    """USD of one run by local day ("2026-11-30"); `unpriced`: some of its answers have no price."""

    run: str
    project: str
    days: dict[str, float] = {}
    unpriced: bool = False


def spent_within(days: Mapping[str, float], today: date, length: int) -> float:
    """USD of the `length` local days that end today.

    Days ahead count too: the clock was set back, and the money is spent all the same.
    """
    first = (today - timedelta(days=length - 1)).isoformat()
    last = (today + timedelta(days=_AHEAD_DAYS)).isoformat()
    return sum(usd for day, usd in days.items() if first <= day <= last)


def by_local_day(moments: Mapping[float, float], now: float) -> dict[str, float]:
    """USD by local day, from USD by moment (s since the epoch); a moment of no day counts as `now`."""
    days: dict[str, float] = {}
    for at, usd in moments.items():
        try:
            day = local_day(at).isoformat()
        except (ValueError, OverflowError, OSError):
            day = local_day(now).isoformat()
        days[day] = days.get(day, 0.0) + usd
    return days


def local_day(at: float) -> date:
    """The day of a moment as this machine's clock on the wall shows it."""
    return date(*time.localtime(at)[:3])


class SpendingLedger:
    """All runs of this machine and user; a file is read again only when it has changed."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._known: dict[str, tuple[tuple[int, int], RunSpending]] = {}

    def record(self, run: RunDirectory, spending: RunSpending) -> None:
        """Replaces what is known of a run. Raises OSError, RefusedError."""
        folder = spending_folder(self._environ)
        private_folder(folder.parent)
        private_folder(folder)
        atomic_write(folder / _name(run), msgspec.json.encode(spending), sync=False)

    def all(self, without: RunDirectory | None = None) -> Iterator[RunSpending]:
        """What each run has spent, `without` one of them; damaged files are passed over."""
        left_out = None if without is None else _name(without)
        try:
            with os.scandir(spending_folder(self._environ)) as entries:
                found = [one for one in entries if one.name.endswith(".json")]
        except OSError:
            return
        for entry in found:
            if entry.name != left_out and (spending := self._read(entry)) is not None:
                yield spending

    def _read(self, entry: os.DirEntry[str]) -> RunSpending | None:
        try:
            facts = entry.stat(follow_symlinks=False)
            stamp = facts.st_mtime_ns, facts.st_size
            known = self._known.get(entry.name)
            if known is None or known[0] != stamp:
                data = read_small(entry.path, _MOST_BYTES)
                known = stamp, msgspec.json.decode(data, type=RunSpending)
        except (OSError, ValueError, msgspec.MsgspecError):
            return None
        self._known[entry.name] = known
        return known[1]

    def spent(self, today: date, length: int, without: RunDirectory | None = None) -> float:
        """USD of all runs within the `length` days that end today, `without` one of them."""
        return sum(spent_within(one.days, today, length) for one in self.all(without))

    def forget_old(self, now: float) -> None:
        """Removes figures that no budget asks for any more."""
        for path in sorted(spending_folder(self._environ).glob("*.json")):
            if modified_at(path) < now - _KEPT_DAYS * 86_400:
                with suppress(OSError):
                    path.unlink()


def _name(run: RunDirectory) -> str:
    """A file for each run: the name of its project's folder, which no other project has, and its id."""
    project = Path(run.path).parent.parent.name
    return f"{project}.{run.id}.json"
