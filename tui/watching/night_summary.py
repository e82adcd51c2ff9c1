"""A night in a few hundred bytes: what a list of nights shows without folding anything."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tui.model.labels import COST_SIGNS
from tui.model.state import EndKind
from tui.night.model import CostSource
from tui.night.review.model import Review, TestState, Verdict

VERSION = 1
_GOAL = 300
_MOST_FAILURES = 40


class NightRemarks(Struct, frozen=True):
    """What a person wrote down of a night; `decision` is a word such as "kept"."""

    reviewed: bool = False
    decision: str = ""
    note: str = ""
    at: float | None = None


class NightSummary(Struct, frozen=True):
    """A night as the list tells it.

    `made_at` is when its review was made; None means that nobody made one since the night's files
    changed: then only what is cheaply known stands here, and `verdict` is None. `path` is the event
    file, `failures` are the names by which what failed is known again.
    """

    id: str
    kind: Literal["run", "stream", "transcript"]
    path: str
    at: float
    version: int = VERSION
    stamp: str = ""
    made_at: float | None = None
    ended_at: float | None = None
    state: str = ""
    ending: EndKind | None = None
    words: str = ""
    goal: str = ""
    verdict: Verdict | None = None
    reasons: tuple[str, ...] = ()
    attention: int = 0
    done: int = 0
    open: int = 0
    tests: TestState = "none"
    stalls: int = 0
    stalled_s: float = 0.0
    total_s: float = 0.0
    commits: int = 0
    usd: float | None = None
    source: CostSource = "partial"
    per_task: float | None = None
    wasted_usd: float | None = None
    sessions: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    remarks: NightRemarks = NightRemarks()

    @property
    def sign(self) -> str:
        """What stands before the cost where it is not the CLI's own figure."""
        return COST_SIGNS[self.source] if self.usd else ""


def summarised(
    made: Review,
    *,
    id: str,
    kind: Literal["run", "stream", "transcript"],
    path: str,
    stamp: str,
    failures: tuple[str, ...],
    now: float,
) -> NightSummary:
    """The summary of a review."""
    night = made.night
    stuck = [one for one in made.stalls if one.until is not None and one.since]
    return NightSummary(
        id=id,
        kind=kind,
        path=path,
        at=night.run.started_at or made.timeline.start or 0.0,
        stamp=stamp,
        made_at=now,
        ended_at=night.run.ended_at,
        state=night.state,
        ending=made.ending.kind,
        words=made.ending.words,
        goal=(night.run.goal or night.run.first_prompt)[:_GOAL],
        verdict=made.verdict,
        reasons=made.reasons,
        attention=len(made.attention),
        done=len(made.tasks.done),
        open=len(made.tasks.open),
        tests=made.tests.last,
        stalls=len(made.stalls),
        stalled_s=sum(max(0.0, (one.until or 0.0) - one.since) for one in stuck),
        total_s=made.time.total,
        commits=len(made.commits),
        usd=made.cost.usd,
        source=made.cost.source,
        per_task=made.cost_per_task,
        wasted_usd=made.wasted_usd,
        sessions=night.run.sessions,
        failures=failures[:_MOST_FAILURES],
    )
