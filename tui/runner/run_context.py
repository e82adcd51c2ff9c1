"""What all parts of the supervisor share: run, settings, clock, state, journal, log."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tui.model.permissions.granted import AgentPermissions
from tui.runner.run_state import RunState, load_state, save_state
from tui.settings.settings import Settings
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory
from tui.store.project_files import ProjectFileRefusedError, ProjectFiles
from tui.store.runs import (
    RunFacts,
    read_run_facts,
    read_run_permissions,
    read_run_settings,
    with_secrets,
)
from tui.store.trust import load_run_settings
from tui.system import paths
from tui.system.clock import Clock, clock_for
from tui.system.errors import NoSessionError, OvernightError
from tui.system.files import read_small
from tui.system.processes import boot_id

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
_LEVELS: tuple[Level, ...] = ("DEBUG", "INFO", "WARNING", "ERROR")
_MAX_HELD_ENTRIES = 1_000
_SLEEP_SECONDS = 5.0
_STDERR_TAIL_BYTES = 4096


def file_size(path: Path) -> int:
    """The bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


@dataclass
class RunContext:
    """The shared state and the outputs of a supervisor.

    A full disk makes no method fail: journal entries are held back and written once they can be.
    `notify` has people notified of an event; it does not block or raise. `permissions` is None for a run of
    an older version.
    """

    folder: RunDirectory
    facts: RunFacts
    settings: Settings
    clock: Clock
    state: RunState
    journal: JournalWriter
    notify: Callable[[str, str], None] = lambda event, text: None
    permissions: AgentPermissions | None = None
    _held: list[tuple[str, dict[str, object], str]] = field(default_factory=list)
    _monotonic: float = 0.0

    @classmethod
    def load(cls, folder: RunDirectory, clock: Clock | None = None) -> RunContext:
        """The context of that run as it was saved last; NoSessionError if it is no run."""
        facts = read_run_facts(folder)
        if facts.imported_from:
            raise NoSessionError(f"run {facts.run} is a copy of an old one; it is over for good")
        settings = read_run_settings(folder)
        with suppress(OvernightError):
            # The settings of a run hold no secrets: they come from the person's file, the environment, and the
            # project's file as it was trusted when the run began, whatever it has become.
            trusted = read_small(folder.trusted_file)
            loaded = load_run_settings(Path(facts.project), trusted)
            settings = with_secrets(settings, loaded.settings)
        clock = clock or clock_for(facts.env)
        journal = JournalWriter(folder.journal, clock.wall)
        permissions = read_run_permissions(folder)
        state = load_state(folder)
        return cls(folder, facts, settings, clock, state, journal, permissions=permissions)

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
        if len(self._held) < _MAX_HELD_ENTRIES:
            self._held.append((kind, dict(data or {}), id))
        self.flush()

    def flush(self) -> None:
        """Tries to write the entries that are held back."""
        while self._held:
            kind, data, id = self._held[0]
            try:
                self.journal.write(kind, data, id=id)
            except OSError:
                return
            del self._held[0]

    def log_line(self, text: str, level: Level = "INFO") -> None:
        """Writes to the log for people; an entry that cannot be written is dropped."""
        if _LEVELS.index(level) < _LEVELS.index(self.settings.logging.level):
            return
        now = self.clock.wall()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        entry = f"{stamp},{int(now * 1000) % 1000:03d} - {level} - {' '.join(text.split())}\n"
        self.append_to_file(self.settings.paths.watchdog_log, entry.encode("utf-8", "replace"))

    def append_to_file(self, name: str, data: bytes) -> None:
        """Appends to a file of the project; drops what cannot be written, and notes what is refused."""
        try:
            ProjectFiles(self.project).append(name, data)
        except ProjectFileRefusedError as error:
            self.note_refused(error)
        except OSError:
            return  # a full disk must not end the run

    def note_refused(self, error: ProjectFileRefusedError) -> None:
        """Says in the journal and to our own log, once, that a file of the project is not written."""
        if str(error.path) in self.state.refused_files:
            return
        self.state.refused_files.append(str(error.path))
        self.journal_entry("note", {"text": str(error)})
        sys.stderr.write(
            f"{error}\n"
        )  # that is our own log; the log for people may be the one refused

    def save(self) -> None:
        """Saves the state. Where the disk is full, a later call saves it."""
        with suppress(OSError):
            save_state(self.folder.state, self.state)

    # --- time ---

    def start_clock(self) -> None:
        """Goes on with the run's clock, including the time in which no supervisor ran."""
        state, now = self.state, self.clock.boottime()
        boot = boot_id()
        if state.boot == boot and now >= state.boottime:
            state.elapsed += now - state.boottime
        elif state.boot:
            state.elapsed += max(0.0, self.clock.wall() - state.wall)
        state.boot = boot
        self._mark_time()

    def advance_clock(self) -> float:
        """Adds the time since the last call; returns the seconds that the machine slept, or 0."""
        passed = max(0.0, self.clock.boottime() - self.state.boottime)
        asleep = passed - (self.clock.monotonic() - self._monotonic)
        self.state.elapsed += passed
        self._mark_time()
        return asleep if asleep > _SLEEP_SECONDS else 0.0

    def elapsed(self) -> float:
        """Seconds of the run up to now; those of the state are of the last round."""
        return self.state.elapsed + max(0.0, self.clock.boottime() - self.state.boottime)

    def _mark_time(self) -> None:
        self.state.boottime = self.clock.boottime()
        self.state.wall = self.clock.wall()
        self._monotonic = self.clock.monotonic()

    def stderr_tail(self) -> str:
        """The end of what the agent of the current attempt wrote to stderr."""
        path = self.folder.stderr
        with suppress(OSError), open(path, "rb") as file:
            last = file_size(path) - _STDERR_TAIL_BYTES
            file.seek(max(0, last, self.state.attempt_stderr_offset))
            return file.read().decode("utf-8", "replace")
        return ""

    def heartbeat(self) -> None:
        """Touches the lock file: its time says when a supervisor was last at work."""
        with suppress(OSError):
            os.utime(self.folder.lock)
