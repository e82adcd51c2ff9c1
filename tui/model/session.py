"""A session that lives or lived here, its process, and where the files beside its events lie."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from msgspec import Struct

from tui.model.state import OVER, SessionState


class AgentProcess(Struct, frozen=True, gc=False):
    """A Claude process of this project; identity is `pid` together with `created`.

    `status` is Claude's own word: busy, idle, waiting (for a person), shell (idle, while a background
    shell runs), empty where the version writes none; or "stopped" where a signal stopped the process.
    `newest_child` is when its youngest child began, `registered_at` when it says itself that it did; 0
    where unknown.
    """

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
    newest_child: float = 0.0
    registered_at: float = 0.0


class AgentProcesses(Struct, frozen=True, gc=False):
    """The agents alive in this project at `at`; an empty tuple says none is."""

    at: float
    agents: tuple[AgentProcess, ...]


class Nearness(IntEnum):
    """How a session belongs to a project; the nearest first."""

    HERE = 0
    BELOW = 1
    WORK_TREE = 2
    GONE = 3


class KnownSession(Struct, frozen=True):
    """A session that the registry knows: where its main file is, when it began and was last written to.

    `kind` says what is known of it: a `run` of ours (`run_id`), a `stream` in the project, or a `transcript`.
    `session_id` may be empty for a stream that names none yet. `has_substance`: a model was asked for
    work, more than a one-shot question or a command of the CLI. `process` is its living process. `hint`
    says how it belongs here where its folder is another one (worktree, subfolder, renamed folder).
    `state` is what can be told from the process, Claude's registry and the file's end, without reading it all.
    `sessions` are all ids in its main file, the own one among them; `path` is empty where a process lives
    that has written nothing yet. `only_talks`: nothing was changed so far. `host` names the other machine
    that a run of ours lives on.
    """

    session_id: str
    kind: Literal["run", "stream", "transcript"]
    path: str
    folder: str
    started_at: float
    changed_at: float
    state: SessionState
    run_id: str = ""
    title: str = ""
    has_substance: bool = True
    only_talks: bool = False
    process: AgentProcess | None = None
    hint: str = ""
    nearness: Nearness = Nearness.HERE
    sessions: tuple[str, ...] = ()
    host: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it unless somebody starts it."""
        return self.state in OVER and self.process is None


EventKind = Literal["stream", "transcript", "journal"]


class EventFile(Struct, frozen=True):
    """A file of events and why it was chosen; `trusted` false: a link at its end is refused.

    `base` is the folder that it must not leave by its links; empty where it may be anywhere. Only the bytes
    from `since` to `until` (0: the end) belong to this night; with `goes_on` what stands before tells what it
    goes on from.
    """

    kind: EventKind
    path: str
    chosen: str
    trusted: bool = True
    base: str = ""
    since: int = 0
    until: int = 0
    goes_on: bool = False


class EarlierNight(Struct, frozen=True):
    """A night whose session another one goes on from: its id, the session, and until when that went.

    `is_copy` says that its history was copied by a fork; otherwise the session was taken up again after
    a long absence.
    """

    id: str
    session: str
    until: float
    is_copy: bool = False


class NamedSources(Struct, frozen=True):
    """Sources named on the command line, as absolute paths; `run` is a run's id.

    `session` is the event file of a session of this project that is taken as if it had been found, `night`
    the id of the night in it, where that is not its newest.
    """

    events: str | None = None
    progress: str | None = None
    notes: str | None = None
    watchdog: str | None = None
    run: str | None = None
    session: str | None = None
    night: str | None = None

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
