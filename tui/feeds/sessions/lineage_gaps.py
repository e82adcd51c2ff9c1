"""Long absences within one file of events: where nothing at all was written, and nothing was waited for.

Only places are read that can hold one: between two records that are less than an absence apart there is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from tui.feeds.sessions.event_files import main_events
from tui.feeds.sessions.lineage_facts import latest_time, read_lineage_line, time_of
from tui.model.cli_commands import is_cli_command
from tui.model.events import AgentEvent, AssistantMessage, UserMessage
from tui.system.files import regular_file

_LEAF = 128 << 10
_READ = 16 << 10
_LONGEST_LINE = 32 << 20
_AROUND = 256 << 10
_MOST_CACHED = 4_000
_DAY = 86_400.0
_UNSAID_LIMIT = 5 * 3_600.0
"""How long a usage limit lasts whose end nobody told: the shortest kind, which is the usual one."""
_CUT_SHORT = ("[Tool result missing", "Tool call interrupted")
_BEGINS_ANEW = frozenset(("init", "hook_started"))


class Gap(Struct, frozen=True):
    """Nothing was written from `left` to `back`; `offset` is where the first record after it begins."""

    offset: int
    left: float
    back: float

    @property
    def seconds(self) -> float:
        return self.back - self.left


class _Dated(Struct, frozen=True):
    start: int
    at: float
    offset: int
    """Where what belongs to this record begins: undated lines that open a process come with it."""


Activity = Callable[[], Sequence[tuple[float, float]]]
"""When something else of the same session was at work: subagents, each with its first and last time."""

_known: dict[tuple[str, float], tuple[tuple[int, ...], tuple[Gap, ...]]] = {}


def find_absences(
    path: str, least: float, other: Activity = lambda: (), inside: str = ""
) -> tuple[Gap, ...]:
    """The gaps of at least so many seconds in which nobody was at work and nothing was open.

    A question or a call that was answered after the gap was open in it, for a day at most; a usage limit
    excuses the time until it lifted. `other` is asked only where there is a gap.
    """
    try:
        with regular_file(path, follow=bool(inside), inside=inside) as (descriptor, status):
            stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            known = _known.get((path, least))
            if known is not None and known[0] == stamp:
                return known[1]
            scan = _Scan(descriptor, status.st_size, latest_time(status), least)
            gaps = scan.gaps()
    except (OSError, ValueError):
        return ()
    found = tuple(gap for gap in gaps if _is_absence(path, inside, gap, least))
    if found and (busy := other()):
        found = tuple(gap for gap in found if _longest_quiet(gap, busy) >= least)
    if len(_known) >= _MOST_CACHED:
        _known.clear()
    _known[(path, least)] = stamp, found
    return found


class _Scan:
    """Looks for gaps by halves."""

    def __init__(self, descriptor: int, size: int, latest: float, least: float) -> None:
        self._descriptor = descriptor
        self._size = size
        self._latest = latest
        self._least = least

    def gaps(self) -> list[Gap]:
        first = next(iter(self._dated(0, self._size, 1)), None)
        last = self._last()
        if first is None or last is None or last.at - first.at < self._least:
            return []
        found: list[Gap] = []
        waiting = [(first, last)]
        while waiting:
            low, high = waiting.pop()
            if high.at - low.at < self._least:
                continue
            if high.start - low.start <= _LEAF:
                found += self._neighbours(low, high)
                continue
            middle = self._between(low, high)
            if middle is None:
                found += self._neighbours(low, high)
            else:
                waiting += [(middle, high), (low, middle)]
        return sorted(found, key=lambda gap: gap.offset)

    def _between(self, low: _Dated, high: _Dated) -> _Dated | None:
        """A dated record near the middle whose time fits those round it; None where there is none."""
        middle = (low.start + high.start) // 2
        for dated in self._dated(middle, high.start, 50):
            if low.at - self._least < dated.at < high.at + self._least:
                return dated
        return None

    def _neighbours(self, low: _Dated, high: _Dated) -> list[Gap]:
        """Every gap between two places, line by line."""
        found = []
        newest = low.at
        for dated in self._dated(low.start, high.start + 1, 0):
            if dated.at - newest >= self._least and dated.at <= high.at + self._least:
                found.append(Gap(dated.offset, newest, dated.at))
            if dated.at > newest and dated.at <= high.at + self._least:
                newest = dated.at
        return found

    def _dated(self, start: int, end: int, most: int) -> list[_Dated]:
        """Up to `most` (0: all) records with a time whose lines begin from `start` on and before `end`."""
        found: list[_Dated] = []
        opened = -1
        position = start
        if start:
            position -= 1
            skipped = self._line(position, end)
            if skipped is None:
                return found
            position += len(skipped) + 1
        while position < end and (line := self._line(position, self._size)) is not None:
            record = read_lineage_line(line)
            at = time_of(record, self._latest) if record is not None else 0.0
            if at:
                found.append(_Dated(position, at, position if opened < 0 else opened))
                opened = -1
                if len(found) == most:
                    break
            elif record is not None and record.subtype in _BEGINS_ANEW and opened < 0:
                opened = position
            elif record is not None and record.type == "result":
                opened = -1
            position += len(line) + 1
        return found

    def _line(self, start: int, end: int) -> bytes | None:
        """The line from a place to its end; None where it is longer than anything that is read."""
        length = _READ
        while start < end:
            data = self._read(start, length)
            cut = data.find(b"\n")
            if cut >= 0:
                return data[:cut]
            if len(data) < length:
                return data or None
            if length > _LONGEST_LINE:
                return None
            length *= 8
        return None

    _window = b""
    _window_start = 0

    def _read(self, start: int, length: int) -> bytes:
        """Bytes from a place, out of the last piece that was read where they are there."""
        inside = start - self._window_start
        if not 0 <= inside < len(self._window) or (
            inside + length > len(self._window)
            and self._window_start + len(self._window) < self._size
            and self._window.find(b"\n", inside) < 0
        ):
            self._window = os.pread(self._descriptor, max(length, 4 * _READ), start)
            self._window_start, inside = start, 0
        return self._window[inside : inside + max(length, 4 * _READ)]

    def _last(self) -> _Dated | None:
        length = _READ
        while True:
            start = max(0, self._size - length)
            found = self._dated(start, self._size, 0)
            if found or not start or length > _LONGEST_LINE:
                return max(found, key=lambda one: one.at, default=None)
            length *= 8


def _longest_quiet(gap: Gap, busy: Sequence[tuple[float, float]]) -> float:
    """The longest time within a gap in which nothing of these was at work."""
    quiet, since = 0.0, gap.left
    for began, ended in sorted(busy):
        if ended <= since or began >= gap.back:
            continue
        quiet = max(quiet, began - since)
        since = max(since, ended)
    return max(quiet, gap.back - since)


def _is_absence(path: str, inside: str, gap: Gap, least: float) -> bool:
    """Whether nothing was open in a gap, and it is long even without what a limit took of it."""
    start = max(0, gap.offset - _AROUND)
    before = main_events(path, start, gap.offset - start, inside=inside)
    open_calls, limited_until = _standing(before, gap)
    if gap.back - max(gap.left, limited_until) < least:
        return False
    if gap.seconds > _DAY or not open_calls:
        return True
    return not open_calls & _answered(main_events(path, gap.offset, _AROUND, inside=inside))


def _standing(events: Iterable[AgentEvent], gap: Gap) -> tuple[set[str], float]:
    """The calls without an answer at the beginning of a gap, and until when a usage limit held then."""
    calls: set[str] = set()
    until = 0.0
    for event in events:
        body = event.body
        if isinstance(body, AssistantMessage):
            calls.update(call.id for call in body.tools)
            until = 0.0
            if body.failure is not None and body.failure.limit is not None:
                resets = body.failure.limit.resets_at
                until = resets if resets is not None else gap.left + _UNSAID_LIMIT
        elif isinstance(body, UserMessage):
            calls.difference_update(result.tool_use_id for result in body.results)
    return calls, until


def _answered(events: Iterable[AgentEvent]) -> set[str]:
    """The calls that these events answer, but for what the CLI puts there for a process that died."""
    found: set[str] = set()
    for event in events:
        body = event.body
        if isinstance(body, UserMessage):
            found.update(
                result.tool_use_id
                for result in body.results
                if not result.excerpt.startswith(_CUT_SHORT)
            )
    return found


def holds_work(path: str, since: int, until: int) -> bool:
    """Whether the model was asked for anything, or answered, in the first part of a stretch of a file."""
    try:
        size = (until or os.path.getsize(path)) - since
    except OSError:
        return False
    events = main_events(path, since, min(size, 4 * _AROUND))
    return size > 4 * _AROUND or any(
        isinstance(body, AssistantMessage)
        or (
            isinstance(body, UserMessage)
            and body.role == "prompt"
            and not is_cli_command(body.text)
        )
        for body in (event.body for event in events)
    )
