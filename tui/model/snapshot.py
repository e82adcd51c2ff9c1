"""NightSnapshot: everything known at one moment, frozen.

Times are seconds since the epoch, UTC; `None` means unknown. Money is USD.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from tui.model.events import SourceRef, TokenUsage
from tui.model.evidence.log import TestSummary
from tui.model.interventions import Interventions
from tui.model.permissions.refusals import Refusals
from tui.model.records import Commit, ProgressFile, SessionHistoryLine
from tui.model.session import AgentProcess
from tui.model.stall import Stall, StallSignal, Trouble
from tui.model.state import OVER, EndKind, SessionState, StateReason
from tui.model.timeline import Timeline, TimeTotals
from tui.system.format import shorten

CostSource = Literal["result", "estimate", "partial"]
_ACTIVITY_LIMIT = 120


class RunExit(Struct, frozen=True):
    """How it ended: the sentence for it, and the exit code where a process had one."""

    reason: str
    code: int | None = None
    kind: EndKind = EndKind.OPEN


class RunLimits(Struct, frozen=True):
    """The bounds in force for a run, in the units of the settings; None where there is none."""

    max_hours: float | None = None
    max_idle_minutes: float | None = None
    max_cost_usd: float | None = None


class LimitReached(Struct, frozen=True):
    """A limit that our supervisor keeps was reached; figures are in the unit of its setting.

    They are None where a journal of version 0.1 has them as words only.
    """

    kind: str
    since: float | None
    value: float | None = None
    allowed: float | None = None


class EarlierPart(Struct, frozen=True):
    """What stands before a night in its own files and is not counted: how many records, until when.

    `session` is the session that they were of.
    """

    records: int = 0
    until: float | None = None
    session: str = ""


class RunInfo(Struct, frozen=True):
    """Which run this is; `owned` if our supervisor started it, on the machine `host`.

    `supervised`: whether a supervisor watches it now, by its lock where that can be looked at, else as far
    as its journal tells; None: it does not. `awaits_supervisor`: one that died is being started again.
    """

    owned: bool
    id: str | None = None
    goal: str | None = None
    first_prompt: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    pid: int | None = None
    session_id: str | None = None
    sessions: tuple[str, ...] = ()
    model: str | None = None
    permission_mode: str = ""
    cwd: str = ""
    attempt: int = 0
    exit: RunExit | None = None
    host: str = ""
    supervised: bool | None = False
    awaits_supervisor: bool = False
    continuations: int = 0
    limits: RunLimits = RunLimits()
    limit: LimitReached | None = None
    earlier: EarlierPart | None = None


class RunningTool(Struct, frozen=True):
    """A tool call without an answer yet; `thread` names the subagent it belongs to."""

    id: str
    name: str
    target: str
    since: float | None
    thread: str
    ref: SourceRef


class Activity(Struct, frozen=True):
    """What the session does now; `reason` is a sentence for `state_reason`."""

    state: SessionState
    reason: str
    since: float | None
    tools: tuple[RunningTool, ...]
    turn_open: bool
    last_event_at: float | None
    last_sign_at: float | None
    idle_seconds: float
    last_text: str = ""
    background: int = 0
    until: float | None = None
    state_reason: StateReason = StateReason.NO_SESSION


class ModelCost(Struct, frozen=True):
    """One model's part; `usd` is None where no price is known, `responses` counts API answers."""

    model: str
    usage: TokenUsage
    responses: int
    usd: float | None


class HourCost(Struct, frozen=True):
    """What an hour cost, shared out by its tokens; `start` is the hour's first second."""

    start: float
    usd: float


class CostGap(Struct, frozen=True):
    """What the CLI's totals hold of one model beyond the records that were read.

    Compactions, titles and other helper calls of the CLI write no records, an earlier part of the
    session may lie elsewhere. `usd` is what the totals say above the price of the records.
    """

    model: str
    prompt_tokens: int
    output_tokens: int
    usd: float


class Cost(Struct, frozen=True):
    """What it cost, and what the figure is based on.

    "result": the CLI's own total, nothing after it. "estimate": tokens times the table of
    `priced_on`, wholly or for what came after the last result. "partial": at least this much.
    `per_hour` is the burn of the last hour of work. `notes` are sentences for people: why an
    estimate was corrected, what the totals hold beyond the records.
    """

    usd: float | None
    source: CostSource
    reason: str
    by_model: tuple[ModelCost, ...] = ()
    by_hour: tuple[HourCost, ...] = ()
    per_hour: float | None = None
    priced_on: str = ""
    beyond_records: tuple[CostGap, ...] = ()
    notes: tuple[str, ...] = ()


class ContextUse(Struct, frozen=True):
    """How full the main conversation is; `basis` says how the window is known."""

    used: int
    window: int
    basis: Literal["result", "model", "seen"] = "model"

    @property
    def percent(self) -> float:
        """Share of the window that is used, in percent."""
        return round(100.0 * self.used / self.window, 1) if self.window else 0.0


class EventCounts(Struct, frozen=True):
    """Records counted once each; `total` are JSON records, streamed deltas included.

    `unseen` are steps that a result counts and no record shows, as where only results were kept.
    """

    total: int = 0
    malformed: int = 0
    unknown: int = 0
    turns: int = 0
    tool_calls: tuple[tuple[str, int], ...] = ()
    tool_errors: int = 0
    api_retries: int = 0
    rate_limits: int = 0
    api_errors: int = 0
    compactions: int = 0
    subagents: int = 0
    denials: int = 0
    edits: int = 0
    unseen: int = 0
    unknown_types: tuple[tuple[str, int], ...] = ()


class NightSnapshot(Struct, frozen=True):
    """Everything known at `now`; `troubles` are what is wrong then, the most urgent first.

    `nearness` has the counts of detectors that have found nothing, beside what would be a finding.
    """

    now: float
    run: RunInfo
    activity: Activity
    stall: Stall | None
    tokens: TokenUsage
    cost: Cost
    context: ContextUse
    counts: EventCounts
    interventions: Interventions
    tests: TestSummary
    timeline: Timeline
    time: TimeTotals
    progress: ProgressFile | None = None
    first_progress: ProgressFile | None = None
    commits: tuple[Commit, ...] = ()
    circling: tuple[Stall, ...] = ()
    agents: tuple[AgentProcess, ...] = ()
    agents_at: float | None = None
    last_session_end: SessionHistoryLine | None = None
    troubles: tuple[Trouble, ...] = ()
    nearness: tuple[StallSignal, ...] = ()
    refusals: Refusals = Refusals()

    @property
    def state(self) -> SessionState:
        return self.activity.state

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes unless somebody starts it."""
        return self.activity.state in OVER

    @property
    def activity_text(self) -> str:
        """The running tool, else the agent's last text, else the reason of the state."""
        activity = self.activity
        if activity.tools:
            tool = activity.tools[-1]
            return shorten(f"{tool.name} {tool.target}".strip(), _ACTIVITY_LIMIT)
        last_text = activity.last_text.strip()
        return shorten(f"“{last_text}”" if last_text else activity.reason, _ACTIVITY_LIMIT)

    @property
    def checkpoint_facts(self) -> dict[str, Any]:
        """What a checkpoint records of the night: how the tests stood, progress counts."""
        facts = self.tests.checkpoint_facts
        if self.progress is not None and self.progress.basis != "unknown":
            facts["done"], facts["open"] = self.progress.done, self.progress.open
        return facts
