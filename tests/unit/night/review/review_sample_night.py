"""The night under the sample review: its timeline, costs, tests, commits and interventions."""

from __future__ import annotations

from typing import Final

from tui.model.events import SourceRef, TokenUsage
from tui.model.evidence.log import TestRun, TestSummary
from tui.model.interventions import (
    Attempt,
    CheckpointTaken,
    Injection,
    Intervention,
    Interventions,
    RewindRecord,
)
from tui.model.records import Commit, ProgressFile, ProgressSection, ProgressTask
from tui.model.snapshot import (
    Activity,
    ContextUse,
    Cost,
    EventCounts,
    HourCost,
    ModelCost,
    NightSnapshot,
    RunExit,
    RunInfo,
)
from tui.model.stall import Stall
from tui.model.state import SessionState, StallKind
from tui.model.timeline import KINDS, TimeBucket, Timeline, TimelineGap, TimelineMark, TimeTotals

START: Final = 1_773_180_000.0
"""22:00 UTC on 10 March 2026."""
EVENTS: Final = "/home/robin/work/trading-bot/.overnight/runs/2026-03-10_2200-7f3a/events.jsonl"
PROGRESS: Final = "/home/robin/work/trading-bot/claude-progress.txt"
BASE: Final = "b45e" + "0" * 36


def at(minutes: float) -> float:
    """So many minutes into the night."""
    return START + 60.0 * minutes


def ref(offset: int) -> SourceRef:
    """A line of the night's stream."""
    return SourceRef(EVENTS, offset, f"00000000-0000-4000-8000-{offset:012d}")


def night(bare: bool = False) -> NightSnapshot:
    """The night, or one of which nothing is known."""
    if bare:
        return _bare()
    timeline = _timeline()
    return NightSnapshot(
        now=at(485),
        run=RunInfo(
            owned=True,
            id="2026-03-10_2200-7f3a",
            goal="Make the position sizing exact and report it",
            first_prompt="Make the position sizing exact and report it.",
            started_at=START,
            ended_at=at(484),
            session_id="5f1c0e6e-0000-4000-8000-000000000001",
            sessions=("5f1c0e6e-0000-4000-8000-000000000001",),
            model="claude-opus-5-5",
            permission_mode="acceptEdits",
            cwd="/home/robin/work/trading-bot",
            attempt=2,
            exit=RunExit("limit: cost", 143),
        ),
        activity=Activity(
            SessionState.KILLED,
            "the cost limit was reached",
            at(484),
            (),
            False,
            at(484),
            at(484),
            60.0,
        ),
        stall=None,
        tokens=TokenUsage(120_000, 310_000, 900_000, 0, 31_000_000),
        cost=_cost(),
        context=ContextUse(86_000, 200_000, "result"),
        counts=EventCounts(
            total=4_812,
            malformed=1,
            unknown=2,
            turns=4,
            tool_calls=(("Bash", 212), ("Edit", 96), ("Read", 310)),
            tool_errors=14,
            api_retries=31,
            rate_limits=2,
            compactions=1,
            subagents=3,
            edits=96,
        ),
        interventions=_interventions(),
        tests=_tests(),
        timeline=timeline,
        time=_sums(timeline),
        progress=_progress(9, 2),
        first_progress=_progress(5, 5),
        commits=_commits(),
        circling=(_loop(),),
    )


def _bare() -> NightSnapshot:
    return NightSnapshot(
        now=START,
        run=RunInfo(owned=False),
        activity=Activity(
            SessionState.NONE, "nothing was recorded", None, (), False, None, None, 0.0
        ),
        stall=None,
        tokens=TokenUsage(),
        cost=Cost(None, "partial", "nothing told"),
        context=ContextUse(0, 0),
        counts=EventCounts(),
        interventions=Interventions(),
        tests=TestSummary(),
        timeline=Timeline(),
        time=TimeTotals(),
    )


def _timeline() -> Timeline:
    """Minutes of work in waves, three silences, and every kind of mark."""
    gaps = (
        TimelineGap(at(240), at(252), "stalled"),
        TimelineGap(at(300), at(310), "dead"),
        TimelineGap(at(330), at(370), "rate_limited"),
        TimelineGap(at(455), at(463), "idle"),
    )
    quiet = {n for gap in gaps for n in range(int(gap.start - START) // 60, _minute(gap.end))}
    buckets = tuple(TimeBucket(at(n), _seconds(n)) for n in range(485) if n not in quiet)
    marks = (
        TimelineMark(at(42), "checkpoint", "checkpoint 1", ref(900)),
        TimelineMark(at(80), "commit", "Parse the order book", SourceRef("git", 0)),
        TimelineMark(at(90), "red", "3 failed, 38 passed", ref(2_000)),
        TimelineMark(at(161), "injection", "step back", ref(5_300)),
        TimelineMark(at(196), "green", "41 passed", ref(5_900)),
        TimelineMark(at(200), "commit", "Size rounding", SourceRef("git", 0)),
        TimelineMark(at(215), "checkpoint", "checkpoint 2", ref(6_050)),
        TimelineMark(at(220), "compaction", "182k to 31k", ref(6_100)),
        TimelineMark(at(240), "stall", "silent API", ref(6_500)),
        TimelineMark(at(310), "restart", "attempt 2", ref(6_700)),
        TimelineMark(at(330), "limit", "until 04:10", ref(6_900)),
        TimelineMark(at(430), "rewind", "to checkpoint 2", ref(8_000)),
        TimelineMark(at(470), "error", "the tool server went away", ref(9_300)),
        TimelineMark(at(472), "green", "41 passed", ref(9_400)),
        TimelineMark(at(484), "end", "cost limit", ref(9_900)),
    )
    return Timeline(START, at(485), 60.0, buckets, gaps, marks)


def _minute(moment: float) -> int:
    return int(moment - START) // 60


def _seconds(minute: int) -> tuple[float, ...]:
    tool = float((minute * 7) % 31)
    api = 14.0 if minute % 23 < 4 else 3.0
    return (60.0 - tool - api, tool, api, 0.0, 0.0, 0.0, 0.0)


def _sums(timeline: Timeline) -> TimeTotals:
    totals = [sum(bucket.seconds[n] for bucket in timeline.buckets) for n in range(len(KINDS))]
    for gap in timeline.gaps:
        totals[KINDS.index(gap.kind)] += gap.end - gap.start
    return TimeTotals(sum(totals), *totals)


def _cost() -> Cost:
    hours = (2.1, 2.8, 1.9, 3.4, 2.2, 0.4, 2.9, 3.1, 0.35)
    return Cost(
        usd=19.15,
        source="estimate",
        reason="the last result said $18.20; $0.95 after it are tokens times the price table",
        by_model=(
            ModelCost(
                "claude-opus-5-5", TokenUsage(110_000, 300_000, 880_000, 0, 30_000_000), 402, 18.7
            ),
            ModelCost("claude-haiku-5", TokenUsage(10_000, 10_000, 20_000, 0, 1_000_000), 61, None),
        ),
        by_hour=tuple(HourCost(at(60 * n), usd) for n, usd in enumerate(hours)),
        per_hour=2.4,
        priced_on="2026-03-01",
    )


def _tests() -> TestSummary:
    green = TestRun(at(472), "pytest -q", "pytest", 41, 0, "green", ref(9_400))
    runs = (
        TestRun(at(90), "make test", "pytest", 38, 3, "red", ref(2_000)),
        TestRun(at(196), "pytest -q", "pytest", 41, 0, "green", ref(5_900)),
        TestRun(at(350), "bash scripts/check.sh", "script", None, None, "unknown", ref(7_000)),
        green,
    )
    return TestSummary("green", runs, 4, 3, 3, green)


def _commits() -> tuple[Commit, ...]:
    return (
        Commit("3f2a1b0" + "4" * 33, at(80), "Parse the order book", 4, 180, 12, "Robin"),
        Commit("c0ffee" + "0" * 34, at(200), "Size rounding", 2, 24, 31, "Robin"),
        Commit("9a8b7c6" + "5" * 33, at(460), "IV filter", 8, 1_204, 77, "Robin"),
    )


def _loop() -> Stall:
    return Stall(
        StallKind.LOOP, at(140), ("Edit, then pytest -q: 7 equal rounds",), (ref(5_200),), count=7
    )


def _progress(done: int, still: int) -> ProgressFile:
    titles = [f"Task {n}" for n in range(1, done + still + 1)]
    tasks = tuple(
        ProgressTask(title, "done" if n < done else "open", "Sizing", "P0", n + 3)
        for n, title in enumerate(titles)
    )
    return ProgressFile(
        PROGRESS,
        at(480),
        "checkboxes",
        done,
        still,
        tasks,
        (ProgressSection("Sizing", done, still, "P0"),),
        ("the exchange's sandbox is down",),
        ("Backtest report",),
        "Make the position sizing exact",
        "14",
        "2026-03-10",
        "# Progress\n- [x] Task 1\n",
    )


def _interventions() -> Interventions:
    return Interventions(
        checkpoints=(
            CheckpointTaken("1", at(42), "before the parser", "d1" * 20, 3, "key", "none"),
            CheckpointTaken("2", at(215), "green", "d2" * 20, 6, "timer", "green"),
        ),
        injections=(
            Injection("i1", at(161), "Stop and look again", "step-back", "seen", "", at(162)),
            Injection("i2", at(250), "Keep the public API", "soft", "delivered", "by fifo"),
        ),
        rewinds=(RewindRecord(at(430), "2", "code", False, 3, 1, "d3" * 20),),
        attempts=(
            Attempt(
                1, START, "start", 4_242, "5f1c", "", "events.jsonl", at(300), 1, None, "crash"
            ),
            Attempt(2, at(310), "crash", 4_310, "5f1c", "5f1c", "events.jsonl", at(484), 143, 15),
        ),
        others=(Intervention(at(484), "limit_hit", "cost: $20.00 of $20.00", "limit"),),
        restarts=1,
    )
