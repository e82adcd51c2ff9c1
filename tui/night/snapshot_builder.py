"""Builds the NightSnapshot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tui.model.evidence import TestSummary
from tui.model.interventions import Interventions
from tui.model.snapshot import (
    Activity,
    ContextUse,
    NightSnapshot,
    RunExit,
    RunInfo,
    RunningTool,
    Stall,
)
from tui.model.state import OVER
from tui.model.timeline import GAP_SECONDS
from tui.night.fold_state import FoldState
from tui.night.state_rules import StateInputs, StateVerdict, classify_state
from tui.night.stuck.silence import StallThresholds, allowed_silence, expects_heartbeats
from tui.night.timeline_builder import (
    API,
    DEAD,
    IDLE,
    STALLED,
    WORKING,
    TailGap,
    build_timeline,
    resolve_gaps,
    sorted_marks,
)
from tui.night.usage.accounts import CostAccounts
from tui.night.usage.bill import bill, tokens
from tui.night.usage.prices import PriceTable

_T = TypeVar("_T")


class SnapshotBuilder:
    """Makes snapshots; parts that did not change since the last one are used again."""

    def __init__(
        self,
        memory: FoldState,
        accounts: CostAccounts,
        prices: PriceTable,
        limits: StallThresholds,
        own: bool,
    ) -> None:
        self._memory = memory
        self._accounts = accounts
        self._prices = prices
        self._limits = limits
        self._own = own
        self._kept: dict[str, tuple[object, Any]] = {}

    def _cached(self, name: str, version: object, make: Callable[[], _T]) -> _T:
        kept = self._kept.get(name)
        if kept is None or kept[0] != version:
            kept = self._kept[name] = (version, make())
        made: _T = kept[1]
        return made

    def build(self, now: float) -> NightSnapshot:
        """The night at `now`."""
        memory = self._memory
        ruling = classify_state(self._scene(now))
        strip = memory.timeline
        marks = self._cached("marks", strip.version, lambda: sorted_marks(strip))
        spans = memory.interventions.spans
        newest = strip.gaps[-1] if strip.gaps else None
        version = newest and (len(strip.gaps), newest.end, newest.kind, len(spans))
        known = self._cached("gaps", version, lambda: resolve_gaps(strip, spans))
        line, sums = build_timeline(strip, known, spans, marks, self._tail(now, ruling))
        window, basis = memory.context_meter.window()
        deeds: Interventions = self._cached("deeds", memory.interventions.version, memory.interventions.freeze)
        tests: TestSummary = self._cached("tests", memory.test_runs.version, memory.test_runs.summary)
        return NightSnapshot(
            now=now,
            run=self._run(ruling),
            activity=self._activity(now, ruling),
            stall=ruling.stall,
            tokens=tokens(self._accounts),
            cost=bill(self._accounts, self._prices.priced_on, strip.start, strip.clock),
            context=ContextUse(memory.context_meter.used, window, basis),
            counts=memory.counters.event_counts(
                self._cached("agents", memory.counters.links, memory.counters.subagent_count)
            ),
            interventions=deeds,
            tests=tests,
            timeline=line,
            time=sums,
            progress=memory.progress,
            first_progress=memory.first_progress,
            commits=self._cached("commits", strip.version, lambda: tuple(memory.commits.values())),
            loops=self._loops(),
            agents=memory.agents or (),
            agents_at=memory.agents_at,
            last_session_end=memory.last_session_end,
        )

    def _scene(self, now: float) -> StateInputs:
        memory = self._memory
        return StateInputs(
            now,
            memory.activity,
            memory.interventions,
            self._limits,
            memory.loop_detector.active_loop(),
            memory.last_sign,
            memory.counters.total + memory.counters.malformed,
            memory.agent_version,
            memory.has_stream,
            memory.last_ref,
            memory.agents,
            memory.agents_at,
            memory.watchdog_reason,
            memory.watchdog_at,
        )

    def _loops(self) -> tuple[Stall, ...]:
        watcher = self._memory.loop_detector
        active = watcher.active_loop()
        return tuple(watcher.ended) if active is None else (*watcher.ended, active)

    def _tail(self, now: float, ruling: StateVerdict) -> TailGap | None:
        """The stretch since the last record, while anything may still come."""
        memory = self._memory
        clock = memory.timeline.clock
        if clock is None or now <= clock:
            return None
        ended = memory.interventions.ended_at
        if ruling.state in OVER and (memory.agents == () or not memory.agents):
            if ended is None or ended <= clock:
                return None
            return TailGap(clock, ended, DEAD if memory.activity.turn_open else IDLE)
        if ruling.state in OVER:
            return TailGap(clock, now, IDLE)
        kind = memory.activity.time_kind()
        if ruling.state == "stalled":
            kind = STALLED
        elif ruling.state == "paused":
            kind = DEAD if memory.interventions.pending is not None else IDLE
        elif kind in (WORKING, API) and now - clock > GAP_SECONDS:
            beats = expects_heartbeats(memory.activity, memory.agent_version, memory.has_stream)
            if now - clock > allowed_silence(memory.activity, self._limits, beats):
                kind = STALLED
        return TailGap(clock, now, kind)

    def _activity(self, now: float, ruling: StateVerdict) -> Activity:
        memory = self._memory
        sign = memory.last_sign
        return Activity(
            state=ruling.state,
            reason=ruling.reason,
            since=ruling.since,
            tools=tuple(
                RunningTool(
                    tool.call.id,
                    tool.call.name,
                    tool.call.target,
                    tool.since,
                    tool.thread,
                    tool.ref,
                    tool.heartbeat_at,
                )
                for tool in memory.activity.open_calls.values()
            ),
            turn_open=memory.activity.turn_open,
            last_event_at=memory.timeline.clock,
            last_sign_at=sign,
            idle_seconds=0.0 if sign is None else max(0.0, now - sign),
            last_text=memory.activity.last_text,
            background=len(memory.activity.background_tasks),
            until=ruling.until,
            state_reason=ruling.code,
        )

    def _run(self, ruling: StateVerdict) -> RunInfo:
        memory = self._memory
        book = memory.interventions
        segment = book.attempt
        over = ruling.state in OVER and ruling.state != "none"
        ended = book.ended_at
        if ended is None and over and not memory.agents:
            ended = ruling.since if ruling.since is not None else memory.timeline.clock
        progress = memory.progress
        goal = book.goal or (progress.goal if progress is not None else "")
        began = book.started_at if book.started_at is not None else memory.timeline.start
        return RunInfo(
            owned=self._own or bool(book.run),
            id=book.run or None,
            goal=goal or None,
            first_prompt=memory.prompt,
            started_at=began,
            ended_at=ended,
            pid=self._pid(),
            session_id=memory.session or (segment.session if segment else "") or None,
            sessions=tuple(memory.sessions.names[1:]),
            model=memory.model or memory.started_model or book.model or None,
            permission_mode=memory.permission_mode,
            cwd=memory.cwd,
            attempt=segment.attempt if segment else int(ruling.state != "none"),
            exit=self._exit(ruling) if over else None,
        )

    def _exit(self, ruling: StateVerdict) -> RunExit:
        book = self._memory.interventions
        segment = book.attempt
        code = book.code
        if code is None and segment is not None:
            code = segment.code
        return RunExit(book.end_reason or ruling.reason, code, book.end)

    def _pid(self) -> int | None:
        memory = self._memory
        segment = memory.interventions.attempt
        if segment is not None and segment.ended_at is None and segment.pid:
            return segment.pid
        agents = memory.agents or ()
        for agent in agents:
            if agent.session and agent.session == memory.session:
                return agent.pid
        return agents[0].pid if agents else None
