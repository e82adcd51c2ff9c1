"""What all parts share: run, settings, clock, journal, log."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from tui.runner.run_state import RunState, load_state, save_state
from tui.settings.load import load as load_settings
from tui.settings.settings import Settings
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory
from tui.store.runs import RunFacts, read_run_facts, read_run_settings, with_secrets
from tui.system import paths
from tui.system.clock import Clock, clock_for
from tui.system.errors import OvernightError
from tui.system.files import append_line
from tui.system.processes import boot_id

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
_RANK = {"DEBUG": 0, "INFO": 1, "WARNING": 2, "ERROR": 3}


class WatchdogLog:
    """Appends entries; a log that cannot be written is done without."""

    def __init__(self, path: Path, least: str, wall: Callable[[], float]) -> None:
        self.path = path
        self._least = _RANK.get(least, 1)
        self._wall = wall

    def write(self, text: str, level: Level = "INFO") -> None:
        """One entry of one line."""
        if _RANK[level] < self._least:
            return
        now = self._wall()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        words = " ".join(text.split())
        entry = f"{stamp},{int(now * 1000) % 1000:03d} - {level} - {words}\n"
        append_to_file(self.path, entry.encode("utf-8", "replace"))


def append_to_file(path: Path, data: bytes) -> bool:
    """Appends to a file of the project, whose folder is made if need be; False if that failed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        append_line(path, data, mode=0o644, follow=True)
    except OSError:
        return False
    return True


_MOST_HELD = 1_000
_ASLEEP = 5.0
_LAST_WORDS = 4096


class Notifier(Protocol):
    """Whoever tells people: `tell` must return at once and never raise."""

    def notify(self, event: str, text: str, facts: Mapping[str, Any]) -> None: ...
    def close(self) -> None: ...


@dataclass
class RunContext:
    """The supervisor's context. Nothing on it can fail because of a full disk: entries are held back
    and written as soon as they can be."""

    folder: RunDirectory
    facts: RunFacts
    settings: Settings
    clock: Clock
    state: RunState
    journal: JournalWriter
    log: WatchdogLog
    notifier: Notifier | None = None
    _held: list[tuple[str, dict[str, object], str]] = field(default_factory=list)
    _kept: bytes = b""
    _monotonic: float = 0.0

    @classmethod
    def load(
        cls, folder: RunDirectory, clock: Clock | None = None, notifier: Notifier | None = None
    ) -> RunContext:
        """The context of that run as it was left; NoSessionError if it is no run."""
        facts = read_run_facts(folder)
        settings = _settings(folder, facts)
        clock = clock or clock_for(facts.env)
        where = paths.resolve(Path(facts.project), settings.paths.watchdog_log)
        log = WatchdogLog(where, settings.logging.level, clock.wall)
        journal = JournalWriter(folder.journal, clock.wall)
        return cls(folder, facts, settings, clock, load_state(folder), journal, log, notifier)

    @property
    def project(self) -> Path:
        return Path(self.facts.project)

    def path(self, name: str) -> Path:
        """A path of the settings, resolved."""
        return paths.resolve(self.project, name)

    def journal_entry(
        self, kind: str, data: Mapping[str, object] | None = None, *, id: str = ""
    ) -> None:
        """Writes a journal entry, now or as soon as the disk allows."""
        if len(self._held) < _MOST_HELD:
            self._held.append((kind, dict(data or {}), id))
        self.flush()

    def flush(self) -> None:
        """Tries to write what is held back."""
        while self._held:
            kind, data, name = self._held[0]
            try:
                self.journal.write(kind, data, id=name)
            except OSError:
                return
            del self._held[0]

    def log_line(self, text: str, level: Level = "INFO") -> None:
        """Writes to the watchdog's log."""
        self.log.write(text, level)

    def notify(self, event: str, text: str, **facts: object) -> None:
        """Tells people, where somebody does that."""
        if self.notifier is not None:
            self.notifier.notify(event, text, facts)

    def save(self) -> None:
        """Keeps the state; where the disk is full, the next time will do."""
        try:
            save_state(self.folder.state, self.state)
        except OSError:
            return

    # --- time ---

    def start_clock(self) -> None:
        """Takes up the run's clock where it stood, whoever watched or did not watch meanwhile."""
        state, now = self.state, self.clock.boottime()
        boot = boot_id()
        if state.boot == boot and now >= state.boottime:
            state.elapsed += now - state.boottime
        elif state.boot:
            state.elapsed += max(0.0, self.clock.wall() - state.wall)
        state.boot = boot
        self._mark()

    def advance_clock(self) -> float:
        """Time goes on; returns the seconds the machine slept since the last call, or 0."""
        state, clock = self.state, self.clock
        passed = max(0.0, clock.boottime() - state.boottime)
        asleep = passed - (clock.monotonic() - self._monotonic)
        state.elapsed += passed
        self._mark()
        return asleep if asleep > _ASLEEP else 0.0

    def elapsed(self) -> float:
        """Seconds of the run up to this very moment; the state has those of the last round."""
        passed = self.clock.boottime() - self.state.boottime
        return self.state.elapsed + max(0.0, passed)

    def _mark(self) -> None:
        self.state.boottime = self.clock.boottime()
        self.state.wall = self.clock.wall()
        self._monotonic = self.clock.monotonic()

    def stderr_tail(self) -> str:
        """The end of what the agents said on stderr."""
        try:
            with open(self.folder.stderr, "rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - _LAST_WORDS))
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def heartbeat(self) -> None:
        """Shows on the lock file that somebody watches."""
        try:
            os.utime(self.folder.lock)
        except OSError:
            return


def _settings(folder: RunDirectory, facts: RunFacts) -> Settings:
    """The settings of the run's start, with secrets as the project and the environment have them."""
    stored = read_run_settings(folder)
    try:
        return with_secrets(stored, load_settings(Path(facts.project)).settings)
    except OvernightError:
        return stored
