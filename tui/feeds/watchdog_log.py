"""Watchdog and loop logs of any family as entries, continuation lines attached."""

from __future__ import annotations

from datetime import tzinfo

from msgspec.structs import replace

from tui.feeds.log_stamp import LogLineHead, level_by_glyph, read_stamp
from tui.records import LogEntry
from tui.system.sanitize import clean_line
from tui.system.sgr import strip_ansi

LINE_CHARACTERS = 4_000
ENTRY_LINES = 200
ENTRY_CHARACTERS = 20_000


class WatchdogLogDecoder:
    """Turns whole lines into entries; the last entry is held until the next one begins.

    Lines without a head of their own belong to the entry above. A log that never stamps its lines
    has an entry for each line that is not indented. `at` of naive times is in this machine's zone
    (or `local_zone`) and marked `local`; a bare clock time stands in `clock` and `at` is None.
    """

    def __init__(self, source: str, local_zone: tzinfo | None = None) -> None:
        self.source = source
        self._local_zone = local_zone
        self._held: LogEntry | None = None
        self._lines: list[str] = []
        self._characters = 0
        self._left_out = 0
        self._timed = False

    @property
    def held(self) -> LogEntry | None:
        """The entry that may still grow, as it stands."""
        return self._finished()

    def decode(self, data: bytes, offset: int) -> list[LogEntry]:
        """Entries completed by these lines; `offset` is where `data` begins in the file."""
        entries: list[LogEntry] = []
        for raw in data.split(b"\n"):
            line = raw[: LINE_CHARACTERS * 4].decode("utf-8", "replace").rstrip("\r")
            if line.strip():
                text = (
                    strip_ansi(line.rsplit("\r", 1)[-1])
                    if not line.isascii() or "\x1b" in line
                    else line
                )
                entry = self._take(text[:LINE_CHARACTERS].rstrip(), offset)
                if entry is not None:
                    entries.append(entry)
            offset += len(raw) + 1
        return entries

    def flush(self) -> list[LogEntry]:
        """The held entry, if any: the log is quiet or over; later continuation lines stand alone."""
        entry = self._finished()
        self._held = None
        return [entry] if entry else []

    def _take(self, line: str, offset: int) -> LogEntry | None:
        stamp = read_stamp(line, self._local_zone)
        if stamp is None and self._continues(line):
            self._attach(line)
            return None
        finished = self._finished()
        if stamp is None:
            stamp = LogLineHead(level=level_by_glyph(line), text=line.strip())
        self._timed = self._timed or stamp.timed
        self._begin(stamp, offset)
        return finished

    def _continues(self, line: str) -> bool:
        return self._held is not None and (self._timed or line[0] in " \t")

    def _begin(self, stamp: LogLineHead, offset: int) -> None:
        tag = clean_line(stamp.tag, 60)
        self._held = LogEntry(
            self.source, offset, stamp.at, stamp.level, "", tag, stamp.local, stamp.clock
        )
        self._lines = [clean_line(stamp.text, LINE_CHARACTERS)]
        self._characters = len(self._lines[0])
        self._left_out = 0

    def _attach(self, line: str) -> None:
        text = clean_line(line, LINE_CHARACTERS)
        indent = line[: len(line) - len(line.lstrip())].expandtabs(4)[:20]
        if len(self._lines) >= ENTRY_LINES or self._characters + len(text) > ENTRY_CHARACTERS:
            self._left_out += 1
            return
        self._lines.append(indent + text)
        self._characters += len(text)

    def _finished(self) -> LogEntry | None:
        if self._held is None:
            return None
        lines = self._lines
        if self._left_out:
            lines = [*lines, f"[… {self._left_out:,} lines left out …]"]
        return replace(self._held, text="\n".join(lines))
