"""A session, its process, its lineage; sources named by hand.

Text in a record has been through the sanitising door and is safe to show; bodies that may be
large stay in their file and are fetched by `Ref` when somebody looks. Times are seconds since the
epoch, UTC; `None` means the source did not say. The wire formats are those of Claude Code's
`stream-json` output and of its transcripts; one `Event` stands for one JSON record of either.

Our own run comes first, then an event stream lying in the project, then Claude's newest transcript
of the folder. What is over gives way to what began later. A source named by hand is never doubted.
"""

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
