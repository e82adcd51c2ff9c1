"""Makes the review of a night from its fold, its diff, its claims and its risks. Pure."""

from __future__ import annotations

from msgspec import Struct

from tui.changes import RepositoryChanges
from tui.night.losses import WastedWork
from tui.night.model import NightSnapshot
from tui.night.review.attention import AttentionInputs, attention
from tui.night.review.endings import ending
from tui.night.review.gone_back import reverted_files
from tui.night.review.helped import intervention_effects
from tui.night.review.judgement import VerdictInputs, verdict
from tui.night.review.model import Claim, Review, Risk, TaskChanges
from tui.night.review.moments import moments, stalls
from tui.night.review.points import points
from tui.night.review.tasks_done import tasks
from tui.night.review.waste import total, wasted
from tui.night.spending import SpendingCurve
from tui.night.testimony import EvidenceLog
from tui.records import ProgressFile, SourceRef

CUT_OFF = frozenset(("crash", "killed", "hung", "limit"))
"""Endings that leave a turn without its result."""


class ReviewInputs(Struct, frozen=True):
    """What the fold knows beside the night itself.

    `last` is where the session's last record stands; `broke_off` says that nothing ended it and
    nobody is there any more, `spoke_last` that a transcript ends with the agent's words. `basis` is
    what `first_progress` rests on.
    """

    testimony: EvidenceLog
    losses: WastedWork
    spending: SpendingCurve
    last: SourceRef | None = None
    broke_off: bool = False
    spoke_last: bool = False
    first_progress: ProgressFile | None = None
    basis: str = "none"


def review(
    night: NightSnapshot,
    evidence: ReviewInputs,
    *,
    changes: RepositoryChanges | None = None,
    claims: tuple[Claim, ...] = (),
    risks: tuple[Risk, ...] = (),
    looked_at: float | None = None,
    project: str = "",
    run_id: str = "",
) -> Review:
    """The page of a night; the same evidence always makes the same page."""
    testimony = evidence.testimony
    end = ending(
        night, evidence.broke_off, evidence.last, evidence.spoke_last, evidence.losses.retrying
    )
    done = tasks(evidence.first_progress, night.progress, evidence.basis)
    stuck = stalls(night)
    lost = wasted(night, evidence.losses, evidence.spending, end.kind in CUT_OFF)
    uncommitted = _uncommitted(changes)
    judged, reasons = verdict(
        VerdictInputs(
            end,
            done,
            night.tests,
            claims,
            risks,
            stuck,
            max(len(night.commits), len(testimony.commits)),
            None if changes is None else len(changes.files),
            max(night.counts.edits, len(testimony.edits)),
            reverted_files(night),
        )
    )
    findings = AttentionInputs(
        night,
        testimony,
        end,
        done,
        claims,
        risks,
        stuck,
        lost,
        evidence.losses.cuts,
        uncommitted,
        evidence.last,
    )
    return Review(
        night=night,
        verdict=judged,
        reasons=reasons,
        ending=end,
        attention=attention(findings),
        tasks=done,
        commits=night.commits,
        tests=night.tests,
        claims=claims,
        risks=risks,
        time=night.time,
        cost=night.cost,
        cost_per_task=_per_task(night, done, evidence.first_progress),
        wasted=lost,
        wasted_usd=total(lost, night.cost.usd),
        interventions=intervention_effects(night, testimony),
        stalls=stuck,
        timeline=night.timeline,
        moments=moments(night, testimony, stuck, evidence.losses.cuts),
        points=points(night, testimony),
        looked_at=looked_at,
        files_changed=len(changes.files) if changes is not None else 0,
        base=changes.base if changes is not None else "",
        project=project,
        run_id=run_id,
    )


def _per_task(night: NightSnapshot, done: TaskChanges, first: ProgressFile | None) -> float | None:
    """Cost by finished task; a file that only counts is taken by its counts."""
    finished = len(done.done)
    last = night.progress
    if not finished and last is not None and not last.tasks and first is not None:
        finished = last.done - first.done
    if night.cost.usd is None or finished <= 0:
        return None
    return night.cost.usd / finished


def _uncommitted(changes: RepositoryChanges | None) -> int:
    return sum(1 for file in changes.files if not file.commit) if changes is not None else 0
