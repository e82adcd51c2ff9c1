"""What the header says of a night."""

from __future__ import annotations

from tui.night.model import NightSnapshot
from tui.settings import Settings
from tui.system.format import format_local
from widgets.header import HeaderFacts

_GRACE = 60.0


def header_facts(
    project: str, night: NightSnapshot | None, settings: Settings, paused: bool, looking_at: float | None
) -> HeaderFacts:
    """The header's facts; a night that is not known yet is only its project."""
    if night is None:
        return HeaderFacts(project, state="starting", paused=paused)
    run, activity = night.run, night.activity
    latest = night.deeds.checkpoints[-1] if night.deeds.checkpoints else None
    end = run.ended_at if run.ended_at is not None and night.over else night.now
    started = run.started_at
    queued = sum(1 for injection in night.deeds.injections if injection.state == "queued")
    return HeaderFacts(
        project=project,
        run=_run_name(night),
        state=activity.state,
        elapsed_s=None if started is None else max(0.0, (end or night.now) - started),
        cost_usd=night.cost.usd,
        cost_source=night.cost.source,
        budget_usd=settings.budget.max_cost_usd if run.owned else None,
        budget_warning=settings.budget.warning_threshold_pct / 100,
        budget_critical=settings.budget.critical_threshold_pct / 100,
        tokens=night.tokens.total or None,
        context_percent=night.context.percent if night.context.used else None,
        idle_s=None if night.over else activity.idle_seconds,
        idle_limit_s=_seconds(settings.session.max_idle_minutes) if run.owned else None,
        checkpoints=len(night.deeds.checkpoints),
        checkpoint_age_s=None if latest is None else max(0.0, night.now - latest.at),
        checkpoint_due_s=_overdue(night, settings),
        deeds=night.deeds.interventions,
        queued=queued,
        paused=paused,
        looking_at=looking_at,
        alert=_alert(night),
    )


def _seconds(minutes: float | None) -> float | None:
    return None if minutes is None else minutes * 60


def _overdue(night: NightSnapshot, settings: Settings) -> float | None:
    """From which age on the last checkpoint is overdue: in a run of ours that goes on and takes them."""
    if night.over or not night.run.owned or settings.session.checkpoint_interval_minutes is None:
        return None
    least = settings.watchdog.min_checkpoint_interval_minutes
    return 60 * max(least, settings.session.checkpoint_interval_minutes) + _GRACE


def _run_name(night: NightSnapshot) -> str:
    started = night.run.started_at
    if started is None:
        return ""
    return format_local(started, "%m-%d %H:%M")


def _alert(night: NightSnapshot) -> str:
    if night.run.permission_mode == "bypassPermissions":
        return "no permission prompts"
    return ""
