"""The fold: records go in, in any batches, and what is known of the night comes out.

Nothing here reads a file or a clock. What a record changes depends on the records before it only,
so that the same records give the same night however they are cut, saved and taken up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tui.night import timeline
from tui.night.activity import IDLE
from tui.night.bystander import RecordReducer
from tui.night.cost import CostAccounts
from tui.night.listener import EventReducer
from tui.night.losses import WastedWork
from tui.night.memory import FoldState
from tui.night.model import NightSnapshot
from tui.night.prices import PriceTable
from tui.night.risky import RiskyCall
from tui.night.saved import pack, unpack
from tui.night.snapshot import SnapshotBuilder
from tui.night.spending import SpendingCurve, spending
from tui.night.stalls import expects_heartbeats, allowed_silence
from tui.night.testimony import EvidenceLog
from tui.night.thresholds import StallThresholds
from tui.night.times import BEHIND, SourceClock
from tui.records import AssistantMessage, Body, AgentEvent, HookRun, MalformedLine, Record, SourceRef, UserMessage

# A shell command may take ten minutes; one that took as long and came back was at work.
_LONGEST_COMMAND = 630.0


def _answers(body: Body | None) -> bool:
    return isinstance(body, UserMessage) and any(not result.is_error for result in body.results)


class NightFold:
    """A night in the making.

    `own` says that our runner started the session. `prices` and `thresholds` come from settings;
    without them the package's own hold.
    """

    def __init__(
        self,
        prices: PriceTable | None = None,
        thresholds: StallThresholds | None = None,
        *,
        own: bool = False,
    ) -> None:
        self._prices = prices or PriceTable()
        self._limits = thresholds or StallThresholds()
        self._own = own
        self._memory = FoldState()
        self._accounts = CostAccounts(self._prices)
        self._wire()

    def _wire(self) -> None:
        memory = self._memory
        self._doing = memory.doing
        self._strip = memory.strip
        self._tally = memory.tally
        self._sources = memory.sources
        self._uuids = memory.uuids
        self._painter = SnapshotBuilder(memory, self._accounts, self._prices, self._limits, self._own)
        self._listener = EventReducer(memory, self._accounts, self._limits)
        self._bodies = self._listener.handlers
        self._others = RecordReducer(memory, self._accounts).handlers

    def apply(self, records: Iterable[Record]) -> list[bool]:
        """Take records in, in the order of their files; for each, whether it was not seen before.

        An event is new when no event with its uuid came before, from whichever source.
        """
        event = self._event
        others = self._others
        fresh = []
        for record in records:
            if type(record) is AgentEvent:
                fresh.append(event(record))
            else:
                others[type(record)](record)
                fresh.append(True)
        return fresh

    def apply_deltas(self, n: int, at: float | None = None, source: str = "") -> None:
        """`n` streamed pieces came that nobody parsed; `at` when, if that is known."""
        if n <= 0:
            return
        self._tally.total += n
        self._doing.partials = True
        if at is not None:
            self._memory.sign(at)
            self._advance_clock(at, self._memory.source(source).number if source else self._memory.lead)

    def snapshot(self, now: float) -> NightSnapshot:
        """What is known at `now`; cheap, and changes nothing."""
        return self._painter.build(now)

    def testimony(self) -> EvidenceLog:
        """What claims are judged by, in its order; made anew at each call, so not for every paint."""
        return self._memory.witness.testimony()

    def calls(self) -> tuple[RiskyCall, ...]:
        """The night's edits and shell commands that may have put a risk into the repository."""
        return self._memory.trail.calls()

    def losses(self) -> WastedWork:
        """What bought nothing, as far as it was noted when it happened."""
        return self._memory.loss.losses()

    def spending(self, usd: float | None) -> SpendingCurve:
        """What each response cost when; all of them together make `usd`, the night's bill."""
        return spending(self._accounts, usd)

    def failures(self) -> tuple[str, ...]:
        """Names of what failed: tests, and commands that failed again and again."""
        return self._memory.failures.signatures()

    def last_ref(self) -> SourceRef | None:
        """Where the last thing stands that the main conversation recorded."""
        return self._memory.ref

    def save(self) -> bytes:
        """The whole state, to be taken up by `load`."""
        return b"".join(self.saving())

    def saving(self) -> Iterator[bytes]:
        """What `save` gives, piece by piece, so that it need not be held in memory at once."""
        return pack(self._memory, self._accounts.dump(), self._prices.mark)

    @classmethod
    def load(
        cls,
        data: bytes | bytearray,
        prices: PriceTable | None = None,
        thresholds: StallThresholds | None = None,
        *,
        own: bool = False,
    ) -> NightFold:
        """A fold that goes on where the saved one stood.

        Raises SavedFoldError for state of another version or machine, or damaged state.
        """
        fold = cls(prices, thresholds, own=own)
        saved = unpack(data)
        fold._memory = saved.memory
        fold._accounts.restore(saved.accounts, saved.prices == fold._prices.mark)
        fold._wire()
        return fold

    def _advance_clock(self, at: float, source: int, body: Body | None = None) -> bool:
        """Time goes on to `at`; False for what belongs to a past that another source told already."""
        strip = self._strip
        clock = strip.clock
        if clock is None:
            strip.clock = strip.start = at
            self._memory.lead = source
            return True
        passed = at - clock
        if passed <= 0.0:
            return source == self._memory.lead or passed >= -BEHIND
        if passed < timeline.GAP:
            strip.add_time(clock, at, self._doing.kind())
        else:
            strip.add_gap(clock, at, self._silence_kind(clock, at, body))
        self._doing.waited = None
        strip.clock = at
        self._memory.lead = source
        return True

    def _reopens_turn(self, at: float, source: int) -> bool:
        """What another file tells of before the turn's end does not open the turn again."""
        doing = self._doing
        return doing.since is None or at >= doing.since or source == self._memory.lead

    def _silence_kind(self, since: float, at: float, body: Body | None) -> int:
        """What a silence was that `body` ends."""
        doing = self._doing
        kind = doing.kind()
        if (
            doing.waited is not None
            and since < (doing.waited.resets_at or 0.0) <= at + timeline.MINUTE
        ):
            return timeline.LIMITED
        if kind not in (timeline.WORKING, timeline.TOOL, timeline.API):
            return kind
        if doing.retry is not None:
            return kind
        memory = self._memory
        beats = expects_heartbeats(doing, memory.version, memory.streams)
        passed = at - since
        if passed <= allowed_silence(doing, self._limits, beats):
            return kind
        if kind == timeline.TOOL and passed <= _LONGEST_COMMAND and _answers(body):
            return kind
        what = "silent_tool" if kind == timeline.TOOL else "silent_api"
        self._strip.mark(since, "stall", what, memory.ref)
        return timeline.STALLED

    def _event(self, event: AgentEvent) -> bool:
        name = event.source
        source = self._sources.get(name)
        if source is None:
            source = self._memory.source(name)
        source.offset = event.offset
        at = event.at
        if at is None:
            at = source.time_of(event.offset)
        elif source.last is None or at > source.last:
            source.last = at
        body = event.body
        kind = type(body)
        if event.uuid and not self._uuids.new(event.uuid):
            self._merge_duplicate(event, kind, at, source)
            return False
        if kind is MalformedLine:
            self._tally.malformed += 1
        else:
            self._tally.total += 1
        memory = self._memory
        if at is None:
            live = self._strip.clock is None or source.number == memory.lead
        else:
            live = self._advance_clock(at, source.number, body)
            if memory.last_sign is None or at > memory.last_sign:
                memory.last_sign = at
            if live and self._doing.phase == IDLE:
                live = self._reopens_turn(at, source.number)
        if live and not self._doing.phase and kind is not MalformedLine:
            self._doing.record_seen(at)
        if event.thread:
            if event.thread not in self._tally.agents:
                self._agent_thread(event.thread)
        elif event.session != memory.session and event.session and kind is not HookRun:
            self._session(event.session)
        handler = self._bodies.get(kind)
        if handler is not None:
            handler(event, body, at, live, source)
        return True

    def _merge_duplicate(self, event: AgentEvent, kind: type, at: float | None, source: SourceClock) -> None:
        """Another source tells what is known; its usage may be the more complete one."""
        body = event.body
        if isinstance(body, AssistantMessage):
            self._listener.record_usage(event, body, at, source)
        if at is not None:
            self._memory.sign(at)
            strip = self._strip
            if strip.clock is None:
                strip.start = at
            if strip.clock is None or at > strip.clock:
                strip.clock = at
                self._memory.lead = source.number

    def _session(self, session: str) -> None:
        memory = self._memory
        memory.session = session
        memory.sessions.number(session)

    def _agent_thread(self, thread: str) -> None:
        """Helpers that summarise, and old sidechains without a name, are no subagents."""
        if thread != "sidechain" and not thread.startswith("acompact"):
            self._tally.subagent(thread)
