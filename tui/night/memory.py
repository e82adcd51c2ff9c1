"""Everything a fold remembers, in one place, so that it can be saved as a whole."""

from __future__ import annotations

from msgspec import Struct, field

from tui.night.activity import Doing
from tui.night.columns import Names
from tui.night.context import ContextGauge
from tui.night.deeds import Book
from tui.night.evidence import Proof
from tui.night.failures import Failures
from tui.night.loops import Watcher
from tui.night.losses import Loss
from tui.night.risky import Trail
from tui.night.seen import Seen
from tui.night.tallies import Tally
from tui.night.testimony import Witness
from tui.night.timeline import Strip
from tui.night.times import Source
from tui.records import AgentProcess, Commit, Progress, Ref, SessionHistory, ToolUse


class Memory(Struct):
    """The parts of a fold. Sets of digests keep what must count once: records, calls, errors."""

    uuids: Seen = field(default_factory=Seen)
    calls: Seen = field(default_factory=Seen)
    errors: Seen = field(default_factory=Seen)
    sources: dict[str, Source] = {}
    lead: int = -1
    last_sign: float | None = None
    sessions: Names = field(default_factory=Names)
    session: str = ""
    version: str = ""
    cwd: str = ""
    permission_mode: str = ""
    model: str = ""
    started_model: str = ""
    prompt: str = ""
    streams: bool = False
    heard: bool = False
    ref: Ref | None = None
    doing: Doing = field(default_factory=Doing)
    strip: Strip = field(default_factory=Strip)
    tally: Tally = field(default_factory=Tally)
    watcher: Watcher = field(default_factory=Watcher)
    gauge: ContextGauge = field(default_factory=ContextGauge)
    proof: Proof = field(default_factory=Proof)
    trail: Trail = field(default_factory=Trail)
    witness: Witness = field(default_factory=Witness)
    loss: Loss = field(default_factory=Loss)
    failures: Failures = field(default_factory=Failures)
    book: Book = field(default_factory=Book)
    late: dict[str, ToolUse] = {}
    commits: dict[str, Commit] = {}
    progress: Progress | None = None
    first_progress: Progress | None = None
    agents: tuple[AgentProcess, ...] | None = None
    agents_at: float | None = None
    watchdog: str = ""
    watchdog_at: float | None = None
    last_session_end: SessionHistory | None = None

    def source(self, name: str) -> Source:
        """What is known of a file; a new one gets the next number."""
        source = self.sources.get(name)
        if source is None:
            source = self.sources[name] = Source(len(self.sources) & 0xFFFF)
        return source

    def sign(self, at: float) -> None:
        """The session was alive at `at`."""
        if self.last_sign is None or at > self.last_sign:
            self.last_sign = at
