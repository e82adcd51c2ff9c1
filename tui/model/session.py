"""The process of a session, and where the files beside its events lie."""

from __future__ import annotations

from msgspec import Struct


class AgentProcess(Struct, frozen=True, gc=False):
    """A Claude process of this project; identity is `pid` together with `created`."""

    pid: int
    created: float
    session: str = ""
    cwd: str = ""
    status: str = ""
    waiting_for: str = ""
    kind: str = ""
    version: str = ""
    tmux: str = ""
    socket: str = ""
    cpu_s: float = 0.0
    rss: int = 0
    children: int = 0


class AgentProcesses(Struct, frozen=True, gc=False):
    """The agents alive in this project at `at`; an empty tuple says none is."""

    at: float
    agents: tuple[AgentProcess, ...]


class NamedSources(Struct, frozen=True):
    """Sources named on the command line, as absolute paths; `run` is a run's id.

    `session` is the event file of a session of this project that is taken as if it had been found.
    """

    events: str | None = None
    progress: str | None = None
    notes: str | None = None
    watchdog: str | None = None
    run: str | None = None
    session: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that a person named."""
        named = (self.events, self.progress, self.notes, self.watchdog)
        return tuple(path for path in named if path)


class SidecarPath(Struct, frozen=True):
    """Where a source stands, or would; `chosen` says why there, `missing` what is not found.

    `base` is the folder that it must not leave by its links; empty where it may be anywhere.
    """

    path: str
    chosen: str
    missing: str = ""
    base: str = ""

    @property
    def is_found(self) -> bool:
        return not self.missing
