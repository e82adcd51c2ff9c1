"""Records in, snapshot out; saved and loaded as a whole.

Nothing here reads a file or a clock. What a record changes depends on the records before it only,
so that the same records give the same night however they are cut, saved and taken up again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tui.model.events import (
    AgentEvent,
    AssistantMessage,
    HookRun,
    MalformedLine,
    SourceRef,
    UserMessage,
)
from tui.model.evidence.log import AbandonedBranch, EvidenceLog
from tui.model.records import Record
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.model.state import StallKind, StallThresholds
from tui.model.timeline import GAP_SECONDS
from tui.night import timeline_builder
from tui.night.activity import IDLE
from tui.night.earlier_records import apply_earlier
from tui.night.evidence.risky_calls import RiskyCall
from tui.night.evidence.wasted_work import WastedWork
from tui.night.fold_state import BEHIND, FoldState, SourceClock, forget_times_after
from tui.night.reducers import Reducer
from tui.night.snapshot_builder import SnapshotBuilder
from tui.night.stuck.silence import past_silence
from tui.night.timeline_builder import TURNED_BACK
from tui.night.usage.accounts import CostAccounts, SavedAccounts
from tui.night.usage.compact_tables import DigestSet
from tui.night.usage.prices import PriceTable
from tui.system.errors import FoldCacheError

VERSION = 16
_MAGIC = b"night fold "
_MACHINE = f"{sys.byteorder} {sys.hash_info.modulus:x}"


class SavedFold(Struct):
    """What is written: the parts, and the table of prices they were reckoned by."""

    prices: str
    state: FoldState
    accounts: SavedAccounts


def _encode(value: Any) -> bytes:
    if isinstance(value, DigestSet):
        return value.dump()
    raise TypeError(f"a fold cannot save {type(value).__name__}")


def _decode(kind: type, value: Any) -> DigestSet:
    if kind is DigestSet and isinstance(value, bytes):
        return DigestSet(value)
    raise TypeError(f"a saved fold holds no {kind.__name__}")


def pack(state: FoldState, accounts: SavedAccounts, prices: str) -> Iterator[bytes]:
    """The state as bytes, piece by piece: all of it together is tens of megabytes."""
    yield b"%s%d %s\n" % (_MAGIC, VERSION, _MACHINE.encode())
    encode = msgspec.msgpack.Encoder(enc_hook=_encode).encode
    yield from _pieces(SavedFold(prices, state, accounts), encode, 2)


def _pieces(value: Any, encode: Callable[[Any], bytes], depth: int) -> Iterator[bytes]:
    """What `encode` makes of a value; structs so deep are told field by field."""
    if not depth or not isinstance(value, Struct):
        yield encode(value)
        return
    fields = value.__struct_fields__
    yield b"\xde" + len(fields).to_bytes(2, "big")  # MessagePack's head of a map
    for name in fields:
        yield encode(name)
        yield from _pieces(getattr(value, name), encode, depth - 1)


def unpack(data: bytes | bytearray) -> SavedFold:
    """The state again; FoldCacheError when it cannot be trusted."""
    end = data.find(b"\n", 0, 200)
    head, body = bytes(data[: max(end, 0)]), memoryview(data)[end + 1 :]
    if end < 0 or not head.startswith(_MAGIC):
        raise FoldCacheError("this is no saved fold; the night is read anew")
    version, _, machine = head[len(_MAGIC) :].partition(b" ")
    if version != str(VERSION).encode():
        raise FoldCacheError(
            f"the saved fold has version {version.decode(errors='replace')[:20]}, "
            f"this program writes version {VERSION}; the night is read anew"
        )
    if machine != _MACHINE.encode():
        raise FoldCacheError("the saved fold comes from another kind of machine; read anew")
    try:
        return msgspec.msgpack.decode(body, type=SavedFold, dec_hook=_decode)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise FoldCacheError(
            f"the saved fold is damaged ({error}); the night is read anew"
        ) from None


class NightFold:
    """A night in the making.

    `own`: our runner started the session; `test_command`: the project's own. Prices and thresholds come
    from settings, or are the package's own. `written_at` is when its files were last written to, where the
    reader knows it: a record of a later time has a wrong clock if those before it have not.
    """

    def __init__(
        self,
        prices: PriceTable | None = None,
        thresholds: StallThresholds | None = None,
        *,
        own: bool = False,
        test_command: str = "",
    ) -> None:
        self._prices = prices or PriceTable()
        self._limits = thresholds or StallThresholds()
        self._own = own
        self._state = FoldState()
        self._state.test_runs.own_command = test_command
        self._accounts = CostAccounts(self._prices)
        self.written_at: float | None = None
        self._wire()

    def _wire(self) -> None:
        state = self._state
        self._activity = state.activity
        self._timeline = state.timeline
        self._counters = state.counters
        self._sources = state.sources
        self._uuids = state.uuids
        state.detectors.disabled = self._limits.disabled_detectors
        self._snapshots = self._snapshot_builder(state)
        self._reducer = Reducer(state, self._accounts, self._limits)
        self._event_handlers = self._reducer.handlers

    def _snapshot_builder(self, state: FoldState) -> SnapshotBuilder:
        return SnapshotBuilder(state, self._accounts, self._prices, self._limits, self._own)

    def apply(self, records: Iterable[Record]) -> list[bool]:
        """Apply records in the order of their files; for each, whether no source told of its uuid before."""
        event = self._event
        fresh = []
        for record in records:
            if type(record) is AgentEvent:
                fresh.append(event(record))
            else:
                self._reducer.apply_record(record)
                fresh.append(True)
        return fresh

    def apply_earlier(self, events: Iterable[AgentEvent]) -> None:
        """Take up events that belong to an earlier night: for context, model and totals alone."""
        for event in events:
            apply_earlier(
                self._state, self._accounts, event, self._state.source_clock(event.source)
            )

    def apply_deltas(self, n: int, at: float | None = None, source: str = "") -> None:
        """`n` streamed pieces came that nobody parsed; `at` when, if that is known."""
        if n <= 0:
            return
        self._counters.total += n
        self._activity.has_deltas = True
        if at is not None:
            self._state.hear(at)
            self._advance_clock(
                at,
                self._state.source_clock(source).number if source else self._state.leading_source,
            )

    def snapshot(self, now: float) -> NightSnapshot:
        """What is known at `now`; cheap, and changes nothing."""
        return self._plausible(now).build(now)

    def _plausible(self, now: float) -> SnapshotBuilder:
        """Builds from the state, or from one without a clock that ran ahead of `now`."""
        state = self._state.plausible(now, self.written_at)
        return self._snapshots if state is self._state else self._snapshot_builder(state)

    def circles(self) -> bool:
        """Whether any detector has a finding; only then does `stall` say more than a silence."""
        return self._state.detectors.active() is not None

    def findings(self) -> Iterator[Stall]:
        """What each detector sees now, in whichever conversation."""
        return self._state.detectors.findings()

    def stall(self, now: float) -> Stall | None:
        """The `stall` of `snapshot(now)`, at a small part of its cost."""
        return self._plausible(now).verdict(now).stall

    def evidence_log(self) -> EvidenceLog:
        """What claims are judged by, in its order; made anew at each call, so not for every paint."""
        return self._state.evidence_log()

    def risky_calls(self) -> tuple[RiskyCall, ...]:
        """The night's edits and shell commands that may have put a risk into the repository."""
        return self._state.risky_calls.calls()

    def wasted_work(self) -> WastedWork:
        """What bought nothing, as far as it was noted when it happened."""
        return self._state.waste.wasted_work(self._state.detectors.errors.often())

    @property
    def accounts(self) -> CostAccounts:
        """All money and tokens so far; nobody else changes them."""
        return self._accounts

    def failures(self) -> tuple[str, ...]:
        """Names of what failed: tests, and commands that failed again and again."""
        return self._state.failures.signatures()

    def last_ref(self) -> SourceRef | None:
        """Where the last thing stands that the main conversation recorded."""
        return self._state.last_ref

    def save(self) -> bytes:
        """The whole state, to be taken up by `load`."""
        return b"".join(self.save_pieces())

    def save_pieces(self) -> Iterator[bytes]:
        """What `save` gives, piece by piece, so that it need not be held in memory at once."""
        return pack(self._state, self._accounts.dump(), self._prices.mark)

    @classmethod
    def load(
        cls,
        data: bytes | bytearray,
        prices: PriceTable | None = None,
        thresholds: StallThresholds | None = None,
        *,
        own: bool = False,
        test_command: str = "",
    ) -> NightFold:
        """A fold that goes on where the saved one stood; FoldCacheError where none can."""
        fold = cls(prices, thresholds, own=own)
        saved = unpack(data)
        if saved.state.test_runs.own_command != test_command:
            raise FoldCacheError(
                "the project's test command is another one; the night is read anew"
            )
        fold._state = saved.state
        fold._accounts.restore(saved.accounts, saved.prices == fold._prices.mark)
        fold._wire()
        return fold

    def _advance_clock(self, at: float, source: int, event: AgentEvent | None = None) -> bool:
        """Time goes on to `at`; False for what belongs to a past that another source told already."""
        timeline = self._timeline
        clock = timeline.clock
        if clock is None:
            timeline.begin(at)
            self._state.leading_source = source
            return True
        passed = at - clock
        if passed <= 0.0:
            if passed < -TURNED_BACK and event is not None and self._turn_back(at, source, event):
                return True
            return source == self._state.leading_source or passed >= -BEHIND
        if passed < GAP_SECONDS:
            timeline.add_time(clock, at, self._activity.time_kind())
        else:
            timeline.add_gap(clock, at, self._silence_kind(clock, at, event))
        self._activity.ended_limit = None
        timeline.clock = at
        timeline.moves += 1
        self._state.leading_source = source
        return True

    def _turn_back(self, at: float, source: int, event: AgentEvent) -> bool:
        """A record lies behind the clock; True if that proves the clock wrong, which is then mended.

        Helpers and subagents tell of their past now and then, and another source of the session's.
        """
        state, timeline = self._state, self._timeline
        if event.at is None or event.thread:
            return False
        since_jump = timeline.moves - timeline.points[-1].moves if timeline.points else 2
        if source != state.leading_source and since_jump > 1:
            return False
        point, was_brief = timeline.note_turn_back(at), timeline.jumped_lately
        first = timeline.turned_back.first if timeline.turned_back is not None else at
        if point is None:
            return False
        timeline.go_back(point)
        forget_times_after(self._activity, at)
        state.last_sign = max(first, at, state.heard_at or at)
        clock = timeline.clock
        if clock is not None and first - clock >= GAP_SECONDS and was_brief:
            # What it was at when the clock was still right is not known any more.
            timeline.add_gap(clock, first, timeline_builder.IDLE)
            timeline.clock = first
            timeline.moves += 1
        self._advance_clock(first, source)
        self._advance_clock(at, source)
        return True

    def _silence_kind(self, since: float, at: float, event: AgentEvent | None) -> int:
        """What a silence was that `event` ends; one that was a stall is marked."""
        state = self._state
        body = None if event is None else event.body
        kind = past_silence(state, since, at, body, self._limits)
        if kind == timeline_builder.STALLED:
            is_tool = self._activity.time_kind() == timeline_builder.TOOL
            what = StallKind.SILENT_TOOL if is_tool else StallKind.SILENT_API
            self._timeline.mark(since, "stall", what, state.last_ref)
        return kind

    # complexity: runs once for each event of the night, where a call for each step would cost time
    def _event(self, event: AgentEvent) -> bool:
        name = event.source
        source = self._sources.get(name)
        if source is None:
            source = self._state.source_clock(name)
        source.offset = event.offset
        at = event.at
        if at is None:
            at = source.time_of(event.offset)
        elif source.last is None or at > source.last or at < source.last - TURNED_BACK:
            source.last = at
        body = event.body
        kind = type(body)
        if event.uuid and not self._uuids.add(event.uuid):
            self._merge_duplicate(event, kind, at, source)
            return False
        if kind is MalformedLine:
            self._counters.malformed += 1
        else:
            self._counters.total += 1
        state, activity = self._state, self._activity
        if at is None:
            live = self._timeline.clock is None or source.number == state.leading_source
        else:
            live = self._advance_clock(at, source.number, event)
            if state.last_sign is None or at > state.last_sign:
                state.last_sign = at
            if live and (activity.phase == IDLE or activity.may_be_over):
                # What is told late of the time before the turn's end does not open the turn again.
                live = activity.is_news(at, leads=source.number == state.leading_source)
        if live and not activity.phase and kind is not MalformedLine:
            activity.on_record(at)
        if event.thread:
            if event.thread not in self._counters.agents:
                self._agent_thread(event.thread)
            beside = live and not activity.turn_open
            if beside or activity.background.tasks:
                activity.background.on_thread(event.thread, body, at, beside=beside)
        elif event.session != state.session and event.session and kind is not HookRun:
            state.session = event.session
            state.sessions.number(event.session)
        if event.parent and not event.thread and (kind is AssistantMessage or kind is UserMessage):
            branch = state.tree.add(source.number, name, event.offset, event.parent, body, at)  # type: ignore[arg-type]
            if branch is not None:
                self._abandon(branch, name, at)
        handler = self._event_handlers.get(kind)
        if handler is not None:
            handler(event, body, at, live, source)
        return True

    def _abandon(self, branch: AbandonedBranch, source: str, at: float | None) -> None:
        label = "the conversation was taken back; what came since is abandoned"
        self._timeline.mark(at, "rewind", label, SourceRef(source, branch.start))
        self._state.evidence.on_abandoned(branch)
        self._state.test_runs.on_edit(1)

    @property
    def abandoned(self) -> Sequence[AbandonedBranch]:
        """The parts of conversations that a person took back, oldest first."""
        return self._state.tree.abandoned

    def _merge_duplicate(
        self, event: AgentEvent, kind: type, at: float | None, source: SourceClock
    ) -> None:
        """Another source tells what is known; its usage may be the more complete one."""
        body = event.body
        if isinstance(body, AssistantMessage):
            self._reducer.record_usage(event, body, at, source)
        clock = self._timeline.clock
        if at is not None and not self._timeline.is_disproved(at):
            self._state.record_sign(at)
            if clock is None or at > clock:
                self._advance_clock(at, source.number)

    def _agent_thread(self, thread: str) -> None:
        """Helpers that summarise, and old sidechains without a name, are no subagents."""
        if thread != "sidechain" and not thread.startswith("acompact"):
            self._counters.link_subagent(thread)
