"""All state of a fold in one struct; counters; the context meter; times of sources.

Times move forward here, though files interleave and parallel tools write out of order; only a clock that
later records prove wrong is taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from tui.model.events import (
    ModelUsage,
    SourceRef,
    ToolCall,
    ToolResult,
)
from tui.model.evidence.log import EvidenceLog
from tui.model.failures import DenialKind
from tui.model.records import Commit, ProgressFile, SessionHistoryLine, SourceFormat, StreamFormat
from tui.model.session import AgentProcess, AgentProcesses
from tui.model.snapshot import EarlierPart, EventCounts
from tui.night.activity import ActivityTracker
from tui.night.evidence.command_log import CommandLog
from tui.night.evidence.conversation_branches import ConversationTree
from tui.night.evidence.evidence_log import EvidenceCollector, FailureLog
from tui.night.evidence.risky_calls import RiskyCallLog
from tui.night.evidence.test_run_log import TestRunLog
from tui.night.evidence.wasted_work import WasteLog
from tui.night.intervention_log import InterventionLog
from tui.night.refusal_log import RefusalLog
from tui.night.stuck.detector_set import DetectorSet
from tui.night.timeline_builder import NOW_SLACK, WRITTEN_SLACK, TimelineBuilder
from tui.night.usage.compact_tables import DigestSet, NameTable
from tui.night.usage.prices import LARGE_WINDOW, plain_model, usual_window

_MOST_USED = 10**12


class ContextMeter(Struct):
    """Tokens before the main thread's last answer, and the windows that results named."""

    used: int = 0
    model: str = ""
    windows: dict[str, int] = {}
    largest: int = 0

    def on_answer(self, model: str, used: int) -> None:
        """The main thread got an answer to `used` tokens."""
        used = self.used = min(max(used, 0), _MOST_USED)
        if model and model != self.model:
            self.model = model
            self.largest = used
        elif used > self.largest:
            self.largest = used

    def on_turn_start(self, model: str) -> None:
        """A turn begins with `model`, whose name may ask for the large window."""
        if "[1m]" in model.lower():
            self.windows.setdefault(plain_model(model), LARGE_WINDOW)

    def on_result(self, models: tuple[ModelUsage, ...]) -> None:
        """A result named the windows of the models it used."""
        for use in models:
            if use.context_window > 0:
                self.windows[plain_model(use.model)] = use.context_window

    def on_compaction(self, after: int | None) -> None:
        """The conversation was summarised to `after` tokens, unknown before the next answer."""
        self.used = after or 0

    def window(
        self, priced: Callable[[str], int] = lambda model: 0
    ) -> tuple[int, Literal["result", "model", "seen"]]:
        """The window and how it is known; more tokens than it holds prove a larger one."""
        told = self.windows.get(plain_model(self.model))
        window = told or priced(self.model) or usual_window(self.model)
        if self.largest > window:
            return max(LARGE_WINDOW, self.largest), "seen"
        return window, "result" if told else "model"


_MOST_NAMES = 512
_MOST_AGENTS = 4_096
_MOST_RETRIES = 256
_MOST_EXPECTED = 64
_SAME_RETRY = 60.0


_PLAIN_COUNTS = (
    *("total", "malformed", "unknown", "turns", "tool_errors", "api_retries"),
    *("rate_limits", "api_errors", "compactions", "denials", "edits"),
    "unseen",
)


class Counters(Struct):
    """The counts as they grow."""

    total: int = 0
    malformed: int = 0
    unknown: int = 0
    turns: int = 0
    tool_calls: dict[str, int] = {}
    tool_errors: int = 0
    api_retries: int = 0
    rate_limits: int = 0
    api_errors: int = 0
    compactions: int = 0
    denials: int = 0
    edits: int = 0
    unknown_types: dict[str, int] = {}
    agents: dict[str, str] = {}
    links: int = 0
    unseen: int = 0
    retries: list[tuple[int, float | None, int]] = []

    def count_retry(self, attempt: int, at: float | None, source: int) -> None:
        """A retry was announced; stream and transcript tell of the same one under other ids."""
        for place, (number, moment, teller) in enumerate(self.retries):
            near = at is None or moment is None or abs(at - moment) <= _SAME_RETRY
            if number == attempt and teller != source and near:
                del self.retries[place]
                return
        self.retries.append((attempt, at, source))
        del self.retries[:-_MOST_RETRIES]
        self.api_retries += 1

    def count_call(self, name: str) -> None:
        """A tool was called."""
        calls = self.tool_calls
        if name in calls:
            calls[name] += 1
        elif len(calls) < _MOST_NAMES:
            calls[name] = 1

    def count_unknown(self, kind: str, subtype: str) -> None:
        """A record of a type or subtype that this program does not know."""
        self.unknown += 1
        name = f"{kind}/{subtype}" if subtype else kind
        if name in self.unknown_types or len(self.unknown_types) < _MOST_NAMES:
            self.unknown_types[name] = self.unknown_types.get(name, 0) + 1

    def link_subagent(self, *names: str) -> None:
        """These names (call id, task id, agent id) are all one subagent."""
        known = [self.agents[name] for name in names if name in self.agents]
        chosen = known[0] if known else next(filter(None, names), "")
        if not chosen or (not known and len(self.agents) >= _MOST_AGENTS):
            return
        self.links += 1
        for name in names:
            if name:
                self.agents[name] = chosen
        merged = set(known) - {chosen}
        if merged:
            for name, leader in self.agents.items():
                if leader in merged:
                    self.agents[name] = chosen

    def subagent_count(self) -> int:
        """How many subagents there were, by whatever names."""
        return len(set(self.agents.values()))

    def event_counts(self, subagents: int) -> EventCounts:
        """The counts as they stand."""
        return EventCounts(
            **{name: getattr(self, name) for name in _PLAIN_COUNTS},
            tool_calls=tuple(self.tool_calls.items()),
            subagents=subagents,
            unknown_types=tuple(self.unknown_types.items()),
        )


BEHIND = 5.0
_MOST_ARRIVALS = 65_536


class SourceClock(Struct):
    """One file: its number, its newest time, and arrivals that no record has used yet."""

    number: int
    last: float | None = None
    offset: int = -1
    arrivals: list[tuple[int, float]] = []

    def record_arrival(self, offset: int, at: float) -> None:
        """Bytes before `offset` were there by `at`."""
        if offset > self.offset:
            self.arrivals.append((offset, at))
            if len(self.arrivals) > _MOST_ARRIVALS:
                del self.arrivals[::2]

    def time_of(self, offset: int) -> float | None:
        """The best time for a record at `offset` that tells none: its arrival, else the newest."""
        used = 0
        for end, _ in self.arrivals:
            if end > offset:
                break
            used += 1
        if used:
            del self.arrivals[:used]
        if self.arrivals:
            at = self.arrivals[0][1]
            if self.last is None or at > self.last:
                self.last = at
        return self.last


class FoldState(Struct):
    """The parts of a fold. Sets of digests keep what must count once: records, calls, errors."""

    uuids: DigestSet = field(default_factory=DigestSet)
    calls: DigestSet = field(default_factory=DigestSet)
    errors: DigestSet = field(default_factory=DigestSet)
    denials: DigestSet = field(default_factory=DigestSet)
    denied_calls: dict[str, DenialKind] = {}
    refusals: RefusalLog = field(default_factory=RefusalLog)
    sources: dict[str, SourceClock] = {}
    leading_source: int = -1
    last_sign: float | None = None
    heard_at: float | None = None
    clock_ahead: bool = False
    sessions: NameTable = field(default_factory=NameTable)
    session: str = ""
    agent_version: str = ""
    cwd: str = ""
    permission_mode: str = ""
    model: str = ""
    started_model: str = ""
    prompt: str = ""
    earlier: EarlierPart = EarlierPart()
    earlier_prompt: str = ""
    has_stream: bool = False
    message_delivered: bool = False
    last_ref: SourceRef | None = None
    activity: ActivityTracker = field(default_factory=ActivityTracker)
    timeline: TimelineBuilder = field(default_factory=TimelineBuilder)
    counters: Counters = field(default_factory=Counters)
    detectors: DetectorSet = field(default_factory=DetectorSet)
    context_meter: ContextMeter = field(default_factory=ContextMeter)
    test_runs: TestRunLog = field(default_factory=TestRunLog)
    risky_calls: RiskyCallLog = field(default_factory=RiskyCallLog)
    evidence: EvidenceCollector = field(default_factory=EvidenceCollector)
    commands: CommandLog = field(default_factory=CommandLog)
    waste: WasteLog = field(default_factory=WasteLog)
    failures: FailureLog = field(default_factory=FailureLog)
    interventions: InterventionLog = field(default_factory=InterventionLog)
    late_calls: dict[str, ToolCall] = {}
    tree: ConversationTree = field(default_factory=ConversationTree)
    early_results: dict[str, ToolResult] = {}
    commits: dict[str, Commit] = {}
    progress: ProgressFile | None = None
    first_progress: ProgressFile | None = None
    agents: tuple[AgentProcess, ...] | None = None
    agents_at: float | None = None
    agents_gone_at: float | None = None
    own_pid: int = 0
    asked_at: float | None = None
    watchdog_reason: str = ""
    watchdog_at: float | None = None
    last_session_end: SessionHistoryLine | None = None
    source_format: SourceFormat | None = None

    def source_clock(self, name: str) -> SourceClock:
        """What is known of a file; a new one gets the next number."""
        source = self.sources.get(name)
        if source is None:
            source = self.sources[name] = SourceClock(len(self.sources) & 0xFFFF)
        return source

    def own_agents(self, agents: tuple[AgentProcess, ...]) -> tuple[AgentProcess, ...]:
        """Those that may be this session's: of its run, named by it, or not known to be another's."""
        names, attempt = self.sessions.names[1:], self.interventions.attempt
        if not names or not agents:
            return agents
        pid = attempt.pid if attempt is not None else None
        return tuple(a for a in agents if not a.session or a.session in names or a.pid == pid)

    def evidence_log(self) -> EvidenceLog:
        """What claims are judged by, so far."""
        return replace(self.evidence.build_log(), commands=tuple(self.commands.records))

    def count_denial(self, call: str) -> None:
        """A call was refused; its answer, a record of its own and the turn's result may all tell of it."""
        if not call or self.denials.add(call):
            self.counters.denials += 1

    def expect_denial(self, call: str, kind: DenialKind) -> None:
        """A record told that a call is refused; the answer that follows need not say so."""
        if call:
            self.denied_calls[call] = kind
        if len(self.denied_calls) > _MOST_EXPECTED:
            del self.denied_calls[next(iter(self.denied_calls))]

    def see_agents(self, seen: AgentProcesses) -> None:
        """The process table was looked at."""
        before, now = self.own_agents(self.agents or ()), self.own_agents(seen.agents)
        if now:
            self.agents_gone_at, self.own_pid = None, now[-1].pid
        elif before:
            self.agents_gone_at = seen.at
        self.agents, self.agents_at = seen.agents, seen.at
        if any(agent.status == "waiting" for agent in now):
            self.asked_at = seen.at

    @property
    def not_a_stream(self) -> str:
        """What its main file looks like where that is no stream of Claude Code's; else empty."""
        found, counts = self.source_format, self.counters
        has_records = counts.total > counts.unknown
        if found is not None and (found.is_foreign or not has_records):
            return found.sentence
        if has_records or not (counts.malformed or counts.unknown):
            return ""
        return SourceFormat("the file", StreamFormat.UNKNOWN).sentence

    def record_sign(self, at: float) -> None:
        """The session was alive at `at`."""
        if self.last_sign is None or at > self.last_sign:
            self.last_sign = at

    def hear(self, at: float) -> None:
        """Something arrived at `at`, by the clock of whoever reads."""
        self.record_sign(at)
        if self.heard_at is None or at > self.heard_at:
            self.heard_at = at

    def plausible(self, now: float, written_at: float | None) -> FoldState:
        """This state, or where its clock ran ahead of `now` or of its files, one without that."""
        kind = self.activity.time_kind()
        timeline = self.timeline.plausible(now, NOW_SLACK, kind)
        if written_at is not None and timeline.jumped_lately:
            timeline = timeline.plausible(written_at, WRITTEN_SLACK, kind)
        clock = timeline.clock
        if timeline is self.timeline or clock is None:
            return self._by_own_clock(now, written_at)
        activity = replace(self.activity)
        forget_times_after(activity, clock)
        sign = max(clock, self.heard_at or clock)
        return replace(self, timeline=timeline, activity=activity, last_sign=sign)

    def _by_own_clock(self, now: float, written_at: float | None) -> FoldState:
        """This state; where every record is ahead of `now`, with the time at which its files grew."""
        if self.last_sign is None or self.last_sign <= now + NOW_SLACK:
            return self
        sign = min(self.heard_at or written_at or now, now)
        activity = replace(self.activity)
        forget_times_after(activity, sign)
        return replace(self, activity=activity, last_sign=sign, clock_ahead=True)


def forget_times_after(activity: ActivityTracker, at: float) -> None:
    """A clock was wrong: nothing that goes on or ended last began after `at`."""
    if activity.since is not None and activity.since > at:
        activity.since = at
    end = activity.turn_end
    if end is not None and end.at is not None and end.at > at:
        activity.turn_end = replace(end, at=at)
    for name in ("question", "limit", "retry"):
        one = getattr(activity, name)
        if one is not None and one.since is not None and one.since > at:
            setattr(activity, name, replace(one, since=at))
    activity.open_calls = {
        key: replace(tool, since=at) if tool.since is not None and tool.since > at else tool
        for key, tool in activity.open_calls.items()
    }
