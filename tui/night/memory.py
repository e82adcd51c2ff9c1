"""Everything a fold remembers, in one place, so that it can be saved as a whole."""

from __future__ import annotations

from msgspec import Struct, field

from tui.night.activity import ActivityTracker
from tui.night.columns import NameTable
from tui.night.context import ContextMeter
from tui.night.deeds import InterventionLog
from tui.night.evidence import TestRunLog
from tui.night.failures import FailureLog
from tui.night.loops import LoopDetector
from tui.night.losses import WasteLog
from tui.night.risky import RiskyCallLog
from tui.night.seen import DigestSet
from tui.night.tallies import Counters
from tui.night.testimony import EvidenceCollector
from tui.night.timeline import TimelineBuilder
from tui.night.times import SourceClock
from tui.records import AgentProcess, Commit, ProgressFile, SourceRef, SessionHistoryLine, ToolCall


class FoldState(Struct):
    """The parts of a fold. Sets of digests keep what must count once: records, calls, errors."""

    uuids: DigestSet = field(default_factory=DigestSet)
    calls: DigestSet = field(default_factory=DigestSet)
    errors: DigestSet = field(default_factory=DigestSet)
    sources: dict[str, SourceClock] = {}
    lead: int = -1
    last_sign: float | None = None
    sessions: NameTable = field(default_factory=NameTable)
    session: str = ""
    version: str = ""
    cwd: str = ""
    permission_mode: str = ""
    model: str = ""
    started_model: str = ""
    prompt: str = ""
    streams: bool = False
    heard: bool = False
    ref: SourceRef | None = None
    doing: ActivityTracker = field(default_factory=ActivityTracker)
    strip: TimelineBuilder = field(default_factory=TimelineBuilder)
    tally: Counters = field(default_factory=Counters)
    watcher: LoopDetector = field(default_factory=LoopDetector)
    gauge: ContextMeter = field(default_factory=ContextMeter)
    proof: TestRunLog = field(default_factory=TestRunLog)
    trail: RiskyCallLog = field(default_factory=RiskyCallLog)
    witness: EvidenceCollector = field(default_factory=EvidenceCollector)
    loss: WasteLog = field(default_factory=WasteLog)
    failures: FailureLog = field(default_factory=FailureLog)
    book: InterventionLog = field(default_factory=InterventionLog)
    late: dict[str, ToolCall] = {}
    commits: dict[str, Commit] = {}
    progress: ProgressFile | None = None
    first_progress: ProgressFile | None = None
    agents: tuple[AgentProcess, ...] | None = None
    agents_at: float | None = None
    watchdog: str = ""
    watchdog_at: float | None = None
    last_session_end: SessionHistoryLine | None = None

    def source(self, name: str) -> SourceClock:
        """What is known of a file; a new one gets the next number."""
        source = self.sources.get(name)
        if source is None:
            source = self.sources[name] = SourceClock(len(self.sources) & 0xFFFF)
        return source

    def sign(self, at: float) -> None:
        """The session was alive at `at`."""
        if self.last_sign is None or at > self.last_sign:
            self.last_sign = at
