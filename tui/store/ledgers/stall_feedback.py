"""Which findings were shown in this project, and which of them a person called wrong.

One JSON object a line, appended by whoever noticed first: screen or supervisor. Of commands and answers
nothing is kept, only digests of them. Lines that are no entry are passed over. A file that grew too long is
written anew with its oldest lines as sums.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.model.stall import DetectorName, DetectorRecord, Stall
from tui.store.layout import make_project_state, project_state
from tui.store.state_names import short_digest
from tui.system.errors import OvernightError
from tui.system.files import append_line, atomic_write, read_small
from tui.system.locks import acquire_lock

FEEDBACK = "stalls.jsonl"
_LOCK = "stalls.lock"
_MOST_BYTES = 1 << 18
_KEPT = 300
_LONGEST = 1_000
_PATIENCE_S = 2.0
_LATEST = 1e12


class _Line(Struct, omit_defaults=True):
    """A finding that was shown or called wrong, or sums of those that were."""

    kind: str
    detector: str
    at: float = 0.0
    session: str = ""
    pattern: str = ""
    since: float = 0.0
    noticed: int = 0
    wrong: int = 0

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.kind, self.detector, self.session, self.pattern

    def is_again(self, other: _Line) -> bool:
        """Whether `other` is the same trouble of the same session, not one that began later."""
        return self.key == other.key and other.since <= self.at


class StallFeedback:
    """The findings of one project; every method is safe while other processes use the same file."""

    def __init__(self, project: Path) -> None:
        self._project = project

    def note_shown(self, session: str, stall: Stall, at: float) -> bool:
        """A notice of the stall is before a person at `at`; True for the first to say so.

        False too where nothing can be written: then it is not counted.
        """
        return self._add("noticed", session, stall, at)

    def note_wrong(self, session: str, stall: Stall, at: float) -> bool:
        """A person says that the stall is none; True for the first time. It counts as shown as well."""
        self.note_shown(session, stall, at)
        return self._add("wrong", session, stall, at)

    def records(self) -> dict[DetectorName, DetectorRecord]:
        """How often each detector was shown here and called wrong; only those that ever were."""
        sums: dict[str, list[int]] = {}
        for line in _decode(self._read()):
            counted = sums.setdefault(line.detector, [0, 0])
            counted[0] += line.noticed if line.kind == "sum" else line.kind == "noticed"
            counted[1] += line.wrong if line.kind == "sum" else line.kind == "wrong"
        return {
            DetectorName(name): DetectorRecord(noticed, min(noticed, wrong))
            for name, (noticed, wrong) in sums.items()
            if noticed
        }

    # --- the file ---

    def _read(self) -> bytes:
        try:
            return read_small(project_state(self._project) / FEEDBACK, 2 * _MOST_BYTES)
        except (OvernightError, OSError):
            return b""

    def _add(self, kind: str, session: str, stall: Stall, at: float) -> bool:
        if stall.detector is None:
            return False
        pattern = short_digest(stall.pattern.encode("utf-8", "replace"))
        line = _Line(kind, stall.detector, at, session[:128], pattern, stall.since)
        try:
            with self._locked() as folder:
                known = _decode(self._read())
                if any(one.is_again(line) for one in known):
                    return False
                self._append(folder / FEEDBACK, line, known)
        except (OvernightError, OSError):
            return False
        return True

    @contextmanager
    def _locked(self) -> Iterator[Path]:
        folder = make_project_state(self._project)
        lock = acquire_lock(folder / _LOCK, _PATIENCE_S)
        if lock is None:
            raise OSError("another process holds the lock")
        try:
            yield folder
        finally:
            os.close(lock)

    def _append(self, path: Path, line: _Line, known: Sequence[_Line]) -> None:
        encoded = msgspec.json.encode(line)
        try:
            size = path.lstat().st_size
        except FileNotFoundError:
            size = 0
        if size + len(encoded) < _MOST_BYTES:
            append_line(path, encoded + b"\n")
            return
        kept = [*_summed(known[:-_KEPT]), *known[-_KEPT:], line]
        atomic_write(path, b"".join(msgspec.json.encode(one) + b"\n" for one in kept), sync=False)


class ShownFindings:
    """Counts what one screen or supervisor shows, once each; costs nothing while the same trouble goes on."""

    def __init__(self, feedback: StallFeedback) -> None:
        self._feedback = feedback
        self._last: tuple[str, str | None, str] | None = None

    def is_known(self, session: str, stall: Stall) -> bool:
        """Whether this finding was handed in before, or is none of a detector; reads no file."""
        return stall.detector is None or self._last == (session, stall.detector, stall.pattern)

    def update(self, session: str, stall: Stall, at: float) -> bool:
        """The finding that is shown at `at`; True when it was counted here and now."""
        if self.is_known(session, stall):
            return False
        self._last = session, stall.detector, stall.pattern
        return self._feedback.note_shown(session, stall, at)


def _decode(data: bytes) -> list[_Line]:
    """The entries of whole lines; what is torn, of another form or out of bounds is passed over."""
    decode = msgspec.json.Decoder(_Line).decode
    lines: list[_Line] = []
    for raw in data.split(b"\n"):
        if not raw or len(raw) > _LONGEST:
            continue
        try:
            line = decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            continue
        if _is_sound(line):
            lines.append(line)
    return lines


def _is_sound(line: _Line) -> bool:
    times = all(math.isfinite(one) and 0 <= one < _LATEST for one in (line.at, line.since))
    counts = all(0 <= one < _LATEST for one in (line.noticed, line.wrong))
    known = line.kind in ("noticed", "wrong", "sum") and line.detector in tuple(DetectorName)
    return times and counts and known


def _summed(lines: Sequence[_Line]) -> list[_Line]:
    sums: dict[str, _Line] = {}
    for line in lines:
        found = sums.setdefault(line.detector, _Line("sum", line.detector))
        found.noticed += line.noticed if line.kind == "sum" else line.kind == "noticed"
        found.wrong += line.wrong if line.kind == "sum" else line.kind == "wrong"
    return list(sums.values())
