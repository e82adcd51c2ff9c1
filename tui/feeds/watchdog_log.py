"""Watchdog and loop logs as entries.

Logs are read in any of the formats that such programs write: `2025-12-06 03:27:40,782 - INFO - …`,
`[2026-01-16 12:51:47 EST] …`, `2026-02-14T23:04:11Z KEY: …`, `2026-06-23 01:39:13 | NAME | INFO | …`,
`[Name] 14:16:18 …`, `[08:23:02] …`, and JSON lines.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from tui.feeds.log_levels import judge_level
from tui.model.records import LogEntry, LogLevel
from tui.system.lazy_pattern import lazy
from tui.system.sanitize import clean_line
from tui.system.sgr import strip_ansi

_LEVELS: dict[str, LogLevel] = {
    **dict.fromkeys(("TRACE", "DEBUG", "VERBOSE"), "debug"),
    **dict.fromkeys(("INFO", "NOTICE", "LOOP", "LOG", "START"), "info"),
    **dict.fromkeys(("OK", "SUCCESS", "PASS", "DONE"), "ok"),
    **dict.fromkeys(("WARN", "WARNING"), "warning"),
    **dict.fromkeys(
        ("ERROR", "ERR", "CRITICAL", "CRIT", "FATAL", "ALERT", "FAIL", "FAILED"), "error"
    ),
}
_ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7,
    "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_TIME = r"(\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?"
_ZONE = rf"(?:\s?([+-]\d{{2}}:?\d{{2}}|{'|'.join(_ZONES)})(?=[\s\]),:|-]|$))?"
_DATED = lazy(rf"[\[(]?(\d{{4}})[-/](\d\d)[-/](\d\d)[T\s]+{_TIME}{_ZONE}[\])]?")
_CLOCK = lazy(rf"[\[(]?{_TIME}[\])]?(?=\s)")
_NAMED = lazy(r"\[([A-Za-z][\w .:/-]{0,40})\]\s*")
_BANNER = lazy(
    r"[=\-*#]{3,}\s.*?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s+([A-Z][a-z]{2})\s+(\d{1,2})\s+(\d\d:\d\d:\d\d)"
    r"\s+(?:([A-Z]{2,5})\s+)?(\d{4})"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORD = lazy(
    r"[\s|:–-]*(?:\[\s*([A-Za-z][\w.:-]{0,40})\s*\]|([A-Za-z][\w.:-]{0,40}))(?=[\s|\]:]|$)"
)
_MARKS = frozenset("-|[–")
_INNER = lazy(r"([A-Z]{4,8}):\s")
_KEY = lazy(r"([A-Z][A-Z0-9_]{2,40}):\s")


class LogLineHead(NamedTuple):
    """What begins a line; `at` is None when there is only a clock time, or none."""

    at: float | None = None
    local: bool = False
    clock: str = ""
    level: LogLevel = ""
    tag: str = ""
    text: str = ""
    timed: bool = False


def parse_head(line: str, local_zone: tzinfo | None = None) -> LogLineHead | None:
    """The head of a line without escape sequences; None when it has none.

    Times without a zone are read in `local_zone`, or in this machine's own zone.
    """
    if not line or line[0] in " \t":
        return None
    if line[0] == "{":
        return _from_json(line, local_zone)
    named = _NAMED.match(line)
    tag = ""
    rest = line
    if named and level_of(named[1]) == "":
        tag, rest = named[1], line[named.end() :]
    found = _DATED.match(rest)
    if found:
        at, local = _parse_time(found.groups(), local_zone)
        if at is not None:
            return _parse_level_and_tag(rest[found.end() :], tag)._replace(
                at=at, local=local, timed=True
            )
    clock = _CLOCK.match(rest)
    if clock:
        return _parse_level_and_tag(rest[clock.end() :], tag)._replace(clock=clock[1], timed=True)
    if named:
        level = level_of(named[1])
        return LogLineHead(level=level, tag=tag, text=line[named.end() :].strip())
    return _from_banner(line, local_zone)


def level_of(word: str) -> LogLevel:
    """The level a word names, or empty."""
    return _LEVELS.get(word.strip().rstrip(":").upper(), "")


# complexity: each family orders level, tag and marks in its own way; every condition is one of them
def _parse_level_and_tag(rest: str, tag: str) -> LogLineHead:
    """Level and tag after the time: words in brackets, between dashes or between bars."""
    level: LogLevel = ""
    at = 0
    mark = rest.lstrip()[:1]
    for _ in range(3):
        word = _WORD.match(rest, at) if not level else None
        if word is None:
            break
        named = level_of(word[1] or word[2])
        bracketed = bool(word[1])
        fenced = rest[word.end() : word.end() + 3].strip(" ")[:1] in ("-", "|") and mark in _MARKS
        if named and (bracketed or fenced or word[2].isupper()):
            level = named
        elif not tag and (bracketed or fenced) and not named:
            tag = word[1] or word[2]
        else:
            break
        at = word.end()
    text = rest[at:].lstrip(" \t|") if at else rest.lstrip(" \t|-–")
    if at:
        text = text.lstrip("-–:| " if mark in "-–|" else ": ")
    key = _KEY.match(text) if not tag else None
    if key and not level:
        level = level_of(key[1])
        if not level:
            return LogLineHead(tag=key[1], text=text.strip())
        return LogLineHead(level=level, text=text[key.end() :].strip())
    return LogLineHead(level=level, tag=tag, text=text.strip())


def _parse_time(parts: tuple[Any, ...], local_zone: tzinfo | None) -> tuple[float | None, bool]:
    year, month, day, clock, fraction, zone = parts
    offset = _offset(zone)
    try:
        moment = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2} {clock}.{fraction or 0}")
        return moment.replace(tzinfo=offset or local_zone).timestamp(), offset is None
    except (ValueError, OverflowError, OSError):
        return None, False


def _offset(zone: str | None) -> tzinfo | None:
    if not zone:
        return None
    if zone in _ZONES:
        return timezone(timedelta(hours=_ZONES[zone]))
    if zone[0] not in "+-":
        return None
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    if offset >= timedelta(days=1):
        return UTC
    return timezone(offset if zone[0] == "+" else -offset)


def _from_banner(line: str, local_zone: tzinfo | None) -> LogLineHead | None:
    """`=== Run started Tue Jun  2 01:54:44 EDT 2026 ===`"""
    found = _BANNER.match(line[:300]) if line[0] in "=-*#" else None
    if found is None or found[1] not in _MONTHS:
        return None
    month = str(_MONTHS.index(found[1]) + 1)
    at, local = _parse_time((found[5], month, found[2], found[3], "", found[4]), local_zone)
    return LogLineHead(at=at, local=local, text=line.strip("=-*# ")) if at is not None else None


def _from_json(line: str, local_zone: tzinfo | None) -> LogLineHead | None:
    try:
        record = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    at, local = _time_of(_first(record, "timestamp", "time", "ts", "at", "date"), local_zone)
    level = level_of(str(_first(record, "level", "levelname", "severity", "status")))
    tag = _first(record, "logger", "name", "component", "event", "kind")
    message = _first(record, "message", "msg", "text", "response", "event")
    text = message if isinstance(message, str) and message else line
    loop = record.get("loop")
    if isinstance(loop, int) and text is message:
        text = f"loop {loop}: {text}"
    name = tag if isinstance(tag, str) and tag is not message else ""
    return LogLineHead(at=at, local=local, level=level, tag=name, text=text, timed=at is not None)


def _first(record: dict[str, Any], *keys: str) -> Any:
    return next((record[key] for key in keys if record.get(key) not in (None, "")), None)


def _time_of(when: Any, local_zone: tzinfo | None) -> tuple[float | None, bool]:
    if isinstance(when, str) and (found := _DATED.match(when)):
        return _parse_time(found.groups(), local_zone)
    if isinstance(when, bool) or not isinstance(when, (int, float)) or not 0 < when < 1e14:
        return None, False
    return (when / 1000 if when > 1e11 else float(when)), False


LINE_CHARACTERS = 4_000
ENTRY_LINES = 200
ENTRY_CHARACTERS = 20_000


_EXCEPTION = lazy(
    r"Traceback \(most recent|[\w.]*(?:Error|Exception|Interrupt)\b|caused by|at \S", re.I
)
_NEVER: tuple[float | None, bool, str] = (None, False, "")


def _judged(stamp: LogLineHead) -> LogLevel:
    """The level a line says itself, or that its words and signs have."""
    level = stamp.level
    inner = _INNER.match(stamp.text) if level in ("", "info") else None
    if inner is not None and (named := level_of(inner[1])) not in ("", "info"):
        level = named
    return judge_level(stamp.text, level)


def _stands_alone(level: LogLevel, line: str, above: LogEntry) -> bool:
    """Whether an unstamped line says of trouble, and not only what the error above it is."""
    if level not in ("warning", "error"):
        return False
    return above.level != "error" or _EXCEPTION.match(line) is None


class WatchdogLogDecoder:
    """Turns whole lines into entries; the last entry is pending until the next one begins.

    Lines without a head of their own belong to the entry above, but for one that says of trouble: that is
    an entry with a level of its own and the time of the one above. A log that never stamps its lines
    has an entry for each line that is not indented. `at` of naive times is in this machine's zone
    (or `local_zone`) and marked `local`; with a bare clock time in `clock`, `at` is None.
    """

    def __init__(self, source: str, local_zone: tzinfo | None = None) -> None:
        self.source = source
        self._local_zone = local_zone
        self._pending: LogEntry | None = None
        self._lines: list[str] = []
        self._characters = 0
        self._left_out = 0
        self._timed = False

    @property
    def pending(self) -> LogEntry | None:
        """The entry that may still grow, as it stands."""
        if self._pending is None:
            return None
        lines = self._lines
        if self._left_out:
            lines = [*lines, f"[… {self._left_out:,} lines left out …]"]
        return replace(self._pending, text="\n".join(lines))

    def decode(self, data: bytes, offset: int) -> list[LogEntry]:
        """Entries completed by these lines; `offset` is where `data` begins in the file."""
        entries: list[LogEntry] = []
        for raw in data.split(b"\n"):
            # Of a bar that is drawn over itself the last state counts.
            last = raw.rstrip(b"\r").rsplit(b"\r", 1)[-1]
            line = last[: LINE_CHARACTERS * 4].decode("utf-8", "replace")
            if line.strip():
                if not line.isascii() or "\x1b" in line:
                    line = strip_ansi(line)
                entry = self._add_line(line[:LINE_CHARACTERS].rstrip(), offset)
                if entry is not None:
                    entries.append(entry)
            offset += len(raw) + 1
        return entries

    def flush(self) -> list[LogEntry]:
        """The pending entry, if any, when the log is quiet; later continuation lines stand alone."""
        entry, self._pending = self.pending, None
        return [entry] if entry else []

    def _add_line(self, line: str, offset: int) -> LogEntry | None:
        stamp = parse_head(line, self._local_zone)
        above = self._pending
        if stamp is None:
            if above and line[:1] in (" ", "\t"):
                self._continue_entry(line)
                return None
            level = judge_level(line)
            if above and self._timed and not _stands_alone(level, line, above):
                self._continue_entry(line)
                return None
            # It says nothing of when it was, but that it came after the entry above.
            at, local, clock = (above.at, above.local, above.clock) if above else _NEVER
            stamp = LogLineHead(at, local, clock, level, text=line.strip())
        else:
            stamp = stamp._replace(level=_judged(stamp))
        finished = self.pending
        self._timed = self._timed or stamp.timed
        tag = clean_line(stamp.tag, 60)
        self._pending = LogEntry(
            self.source, offset, stamp.at, stamp.level, "", tag, stamp.local, stamp.clock
        )
        self._lines = [clean_line(stamp.text, LINE_CHARACTERS)]
        self._characters = len(self._lines[0])
        self._left_out = 0
        return finished

    def _continue_entry(self, line: str) -> None:
        text = clean_line(line, LINE_CHARACTERS)
        indent = line[: len(line) - len(line.lstrip())].expandtabs(4)[:20]
        if len(self._lines) >= ENTRY_LINES or self._characters + len(text) > ENTRY_CHARACTERS:
            self._left_out += 1
            return
        self._lines.append(indent + text)
        self._characters += len(text)


def folded(entry: LogEntry, again: LogEntry) -> LogEntry | None:
    """Both as one where the second says just what the first does; None for different ones."""
    same = entry.text == again.text and entry.level == again.level and entry.tag == again.tag
    if not same or (entry.clock != "") != (again.clock != ""):
        return None
    latest = again.at if again.at is not None else entry.last_at
    return replace(entry, count=entry.count + again.count, last_at=latest, clock=again.clock)
