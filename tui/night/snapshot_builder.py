"""Builds the NightSnapshot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import structs

from tui.model.evidence.log import TestSummary
from tui.model.interventions import Interventions
from tui.model.records import Commit
from tui.model.snapshot import (
    Activity,
    ContextUse,
    NightSnapshot,
    RunExit,
    RunInfo,
    RunningTool,
)
from tui.model.stall import Stall
from tui.model.state import OVER, EndKind, SessionState, StallThresholds, StateReason
from tui.model.timeline import GAP_SECONDS
from tui.night.evidence.shell_effects import files_changed
from tui.night.fold_state import FoldState
from tui.night.rules.limit_rules import idle_after_limit
from tui.night.rules.state_rules import classify_state
from tui.night.rules.troubles import find_troubles
from tui.night.rules.verdicts import StateInputs, StateVerdict
from tui.night.stuck.levels import judged
from tui.night.stuck.silence import allowed_silence
from tui.night.timeline_builder import (
    API,
    DEAD,
    IDLE,
    LIMITED,
    STALLED,
    WORKING,
    TailGap,
    build_timeline,
    resolve_gaps,
    sorted_marks,
    with_circling,
)
from tui.night.usage.accounts import CostAccounts
from tui.night.usage.bill import bill, spent_since, tokens
from tui.night.usage.prices import PriceTable

_T = TypeVar("_T")
_FOR_A_PERSON = frozenset(
    (SessionState.PAUSED, SessionState.WAITING_INPUT, SessionState.WAITING_PERMISSION)
)


class SnapshotBuilder:
    """Makes snapshots; parts that did not change since the last one are used again."""

    def __init__(
        self,
        state: FoldState,
        accounts: CostAccounts,
        prices: PriceTable,
        limits: StallThresholds,
        own: bool,
    ) -> None:
        self._state = state
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
        state, circling = self._state, self._circling(now)
        verdict = classify_state(StateInputs(now, state, self._limits, circling))
        timeline = state.timeline
        troubles = self._all_circling(now, circling)
        marks = self._cached("marks", timeline.version, lambda: sorted_marks(timeline))
        marks = with_circling(marks, troubles)
        spans = state.interventions.spans
        newest = timeline.gaps[-1] if timeline.gaps else None
        version = newest and (len(timeline.gaps), newest.end, newest.kind, len(spans))
        known = self._cached("gaps", version, lambda: resolve_gaps(timeline, spans))
        idle = idle_after_limit(state.activity, now)
        tail_spans = spans if idle is None else [*spans, idle]
        tail = self._tail(now, verdict)
        line, sums = build_timeline(timeline, known, tail_spans, marks, tail)
        window, basis = state.context_meter.window(self._prices.window)
        news = state.detectors.news
        log = state.interventions
        interventions: Interventions = self._cached(
            "interventions",
            (log.version, log.effects.version, sum(news.values())),
            lambda: log.freeze(news),
        )
        tests: TestSummary = self._cached("tests", state.test_runs.version, state.test_runs.summary)
        if state.activity.open_calls and tests.last_green is not None:
            calls = (tool.call for tool in state.activity.open_calls.values())
            changing = tests.changing + sum(map(files_changed, calls))
            tests = structs.replace(tests, changing=changing)
        cost = bill(self._accounts, self._prices, timeline.start, timeline.clock)
        night = NightSnapshot(
            now=now,
            run=self._run(verdict),
            activity=self._activity(now, verdict),
            stall=verdict.stall,
            tokens=tokens(self._accounts),
            cost=cost,
            context=ContextUse(state.context_meter.used, window, basis),
            counts=state.counters.event_counts(
                self._cached("agents", state.counters.links, state.counters.subagent_count)
            ),
            interventions=interventions,
            tests=tests,
            timeline=line,
            time=sums,
            progress=state.progress,
            first_progress=state.first_progress,
            commits=self._cached(
                "commits",
                (timeline.version, len(state.interventions.own_commits)),
                lambda: _commits(state),
            ),
            circling=troubles,
            agents=state.agents or (),
            agents_at=state.agents_at,
            last_session_end=state.last_session_end,
            nearness=state.detectors.nearness(self._limits),
            refusals=state.refusals.refusals(len(state.commits) + len(state.evidence.commits)),
        )
        return structs.replace(night, troubles=find_troubles(night))

    def verdict(self, now: float) -> StateVerdict:
        """The session's state at `now`."""
        return classify_state(StateInputs(now, self._state, self._limits, self._circling(now)))

    def _circling(self, now: float) -> Stall | None:
        """The trouble that goes on, with what was spent since the last progress by the table of prices."""
        stall = self._state.detectors.active(now)
        waste = None if stall is None else stall.waste
        if stall is None or waste is None or waste.since is None:
            return stall
        since, rows = waste.since, len(self._accounts.responses.rows)
        usd = self._cached("spent", (since, rows), lambda: spent_since(self._accounts, since))
        return judged(stall, structs.replace(waste, usd=usd))

    def _all_circling(self, now: float, priced: Stall | None) -> tuple[Stall, ...]:
        """All trouble of the night; what goes on is `priced`, and comes last."""
        stalls = self._state.detectors.stalls(now)
        return stalls if priced is None else (*stalls[:-1], priced)

    def _tail(self, now: float, verdict: StateVerdict) -> TailGap | None:
        """The stretch since the last record, while anything may still come."""
        state = self._state
        clock = state.timeline.clock
        if clock is None or now <= clock:
            return None
        if verdict.state not in OVER:
            return TailGap(clock, now, self._tail_kind(now - clock, verdict))
        if state.agents:
            return TailGap(clock, now, LIMITED if state.activity.limit else IDLE)
        ended = state.interventions.ended_at
        if ended is None or ended <= clock:
            return None
        return TailGap(clock, ended, DEAD if state.activity.turn_open else IDLE)

    def _tail_kind(self, seconds: float, verdict: StateVerdict) -> int:
        """What a session that is not over does in the `seconds` since its last record."""
        state = self._state
        if verdict.state == "stalled":
            return STALLED
        if verdict.state == SessionState.RATE_LIMITED:
            return LIMITED
        if verdict.state in _FOR_A_PERSON:
            return IDLE
        if verdict.code in (StateReason.RESTART_PENDING, StateReason.REWINDING):
            return DEAD
        if verdict.code == StateReason.BACKGROUND_TASK:
            background = state.activity.background
            return WORKING if background.works or not background else IDLE
        kind = state.activity.time_kind()
        if kind in (WORKING, API) and seconds > GAP_SECONDS:
            return STALLED if seconds > allowed_silence(state, self._limits) else kind
        return kind

    def _activity(self, now: float, verdict: StateVerdict) -> Activity:
        state = self._state
        sign = state.last_sign
        return Activity(
            state=verdict.state,
            reason=verdict.reason,
            since=verdict.since,
            tools=tuple(
                RunningTool(
                    tool.call.id,
                    tool.call.name,
                    tool.call.target,
                    tool.since,
                    tool.thread,
                    tool.ref,
                )
                for tool in state.activity.open_calls.values()
            ),
            turn_open=state.activity.turn_open,
            last_event_at=state.timeline.clock,
            last_sign_at=sign,
            idle_seconds=0.0 if sign is None else max(0.0, now - sign),
            last_text=state.activity.last_text,
            background=len(state.activity.background.tasks),
            until=verdict.until,
            state_reason=verdict.code,
        )

    def _run(self, verdict: StateVerdict) -> RunInfo:
        state = self._state
        interventions = state.interventions
        attempt = interventions.attempt
        over = verdict.state in OVER and verdict.state != "none"
        began = interventions.started_at
        return RunInfo(
            owned=self._own or bool(interventions.run),
            id=interventions.run or None,
            goal=self._goal(),
            first_prompt=state.prompt or state.earlier_prompt,
            started_at=state.timeline.start if began is None else began,
            ended_at=self._ended_at(verdict, over),
            pid=self._pid(),
            session_id=state.session or (attempt.session if attempt else "") or None,
            sessions=tuple(state.sessions.names[1:]),
            model=state.model or state.started_model or interventions.model or None,
            permission_mode=state.permission_mode,
            cwd=state.cwd,
            attempt=attempt.attempt if attempt else int(verdict.state != "none"),
            exit=self._exit(verdict) if over else None,
            host=interventions.host,
            supervised=self._is_supervised(over),
            awaits_supervisor=interventions.awaits_supervisor,
            continuations=interventions.continuations,
            limits=interventions.limits,
            limit=interventions.limit,
            earlier=state.earlier if state.earlier.records else None,
        )

    def _is_supervised(self, over: bool) -> bool | None:
        log = self._state.interventions
        if over or not (self._own or log.run):
            return False
        return log.has_supervisor

    def _goal(self) -> str | None:
        progress = self._state.progress
        return self._state.interventions.goal or (progress and progress.goal) or None

    def _ended_at(self, verdict: StateVerdict, over: bool) -> float | None:
        """When the run ended: by its journal, else by the verdict that it is over."""
        state = self._state
        ended = state.interventions.ended_at
        if ended is not None or not over or state.agents:
            return ended
        return verdict.since if verdict.since is not None else state.timeline.clock

    def _exit(self, verdict: StateVerdict) -> RunExit:
        log = self._state.interventions
        code = log.attempt.code if log.code is None and log.attempt else log.code
        kind = log.end if log.ended_at is not None else _end_kind(verdict, log.killed)
        return RunExit(log.end_reason or verdict.reason, code, kind)

    def _pid(self) -> int | None:
        state = self._state
        attempt = state.interventions.attempt
        if attempt is not None and attempt.ended_at is None and attempt.pid:
            return attempt.pid
        agents = state.agents or ()
        same = [agent.pid for agent in agents if agent.session and agent.session == state.session]
        return next(iter(same or [agent.pid for agent in agents]), None)


def _end_kind(verdict: StateVerdict, killed: bool) -> EndKind:
    """Why a night without a record of its end is over."""
    if verdict.code == StateReason.ENDED_BY_LIMIT:
        return EndKind.LIMIT
    if verdict.code == StateReason.ENDED_BY_PERSON and not killed:
        return EndKind.STOPPED
    return _END_OF_STATE.get(verdict.state, EndKind.OPEN)


_END_OF_STATE = {
    SessionState.FINISHED: EndKind.TURN_ENDED,
    SessionState.FAILED: EndKind.FAILED,
    SessionState.KILLED: EndKind.KILLED,
    SessionState.CRASHED: EndKind.CRASH,
    SessionState.GAVE_UP: EndKind.GAVE_UP,
}


def _commits(state: FoldState) -> tuple[Commit, ...]:
    """The repository's commits, with those marked that our journal names."""
    own = frozenset(state.interventions.own_commits)
    return tuple(
        structs.replace(one, ours=True) if one.sha in own else one for one in state.commits.values()
    )
