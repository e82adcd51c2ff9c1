"""The four panes; header facts."""

from __future__ import annotations

from collections.abc import Callable

from tui.model.records import ProgressFile, SourceStatus
from tui.model.snapshot import NightSnapshot
from tui.model.state import SessionState, StateReason
from tui.monitor.monitor import SessionMonitor
from tui.settings.settings import Settings
from tui.system.format import format_age, format_clock, format_local, format_weekday_clock
from widgets.lists.event_view import EventView
from widgets.lists.line_view import LineView
from widgets.lists.pane import Pane
from widgets.paint_governor import PaintGovernor
from widgets.status.pane_tabs import PaneTab
from widgets.status.session_header import HeaderFacts
from widgets.text.notes_view import NotesView
from widgets.text.sidecar_views import LogView, ProgressView

TITLES = {1: "Progress", 2: "Events", 3: "Notes", 4: "Watchdog"}
_LEVEL_WORDS = {1: "", 2: "more", 3: "everything"}
_STALE_AFTER_S = 600.0
_CHECKPOINT_GRACE_S = 60.0
_FAR_S = 12 * 3600.0


class Panes:
    """Builds the panes and keeps what they have in common."""

    def __init__(self, governor: PaintGovernor, now: Callable[[], float]) -> None:
        self.progress = ProgressView(governor=governor, id="progress")
        self.events = EventView(governor=governor, now=now, id="events")
        self.notes = NotesView(governor=governor, id="notes")
        self.log = LogView(governor=governor, id="log")
        views: tuple[LineView, ...] = (self.progress, self.events, self.notes, self.log)
        self.views = dict(enumerate(views, 1))
        self.frames = {
            number: Pane(number, title, self.views[number], id=f"pane-{number}")
            for number, title in TITLES.items()
        }

    def focused_number(self) -> int:
        """The pane that has the keys; the events pane when none has."""
        return next((number for number, view in self.views.items() if view.has_focus), 2)

    def tabs(self, progress: ProgressFile | None) -> list[PaneTab]:
        return [
            PaneTab(number, title, task_count(progress) if number == 1 else "")
            for number, title in TITLES.items()
        ]

    def show_empty(self, sources: tuple[SourceStatus, ...], why: str) -> None:
        """Puts each pane's calm sentence in place of what is not there."""
        events = [source for source in sources if source.name in ("stream", "transcript")]
        lost = [source.why for source in events if source.state != "following"]
        self.events.placeholder = why or next(iter(lost), "no events yet")
        for source in sources:
            number = {"progress": 1, "notes": 3, "watchdog": 4}.get(source.name)
            if number is not None:
                is_empty = source.state == "following"
                words = f"{source.path} is empty" if is_empty else source.why
                self.views[number].placeholder = words or f"nothing at {source.path} yet"

    def show_status(self, monitor: SessionMonitor, is_detached: bool, now: float) -> None:
        """Draws what stands at the edges of the panes."""
        following = self.events.following
        status = events_status(monitor.night, following, monitor.level, monitor.partial)
        self.frames[2].status = "a place of the past" if is_detached else status
        is_live = monitor.night is not None and not monitor.night.is_over
        for source in monitor.feeds():
            number = {"progress": 1, "notes": 3}.get(source.name)
            if number is not None:
                self.frames[number].stale = stale_text(source, is_live, now)


def task_count(progress: ProgressFile | None) -> str:
    """ "12/19", or nothing where nothing can be counted."""
    if progress is None or progress.basis == "unknown":
        return ""
    return f"{progress.done}/{progress.total}"


def events_status(
    snapshot: NightSnapshot | None, following: bool, level: int, is_partial: bool
) -> str:
    """What stands at the right of the events pane's edge."""
    parts = ["follow" if following else "held", _LEVEL_WORDS[level]]
    if snapshot is not None:
        for number, word in (
            (snapshot.counts.malformed, "malformed"),
            (snapshot.counts.unknown, "unknown"),
        ):
            parts.append(f"{number} {word}" if number else "")
    parts.append("newest part" if is_partial else "")
    return " · ".join(filter(None, parts))


def stale_text(source: SourceStatus, is_live: bool, now: float) -> str:
    """Says that a source has been silent for long while the session works."""
    if not is_live or source.state != "following" or source.changed_at is None:
        return ""
    silence = now - source.changed_at
    return f"no change for {format_age(silence)}" if silence > _STALE_AFTER_S else ""


# complexity: each fact of the header may be unknown
def header_facts(
    project: str,
    snapshot: NightSnapshot | None,
    settings: Settings,
    paused: bool,
    looking_at: float | None,
    others: int = 0,
) -> HeaderFacts:
    """The header's facts; a night that is not known yet is only its project."""
    if snapshot is None:
        return HeaderFacts(project, state="starting", paused=paused, others=others)
    run, activity, interventions = snapshot.run, snapshot.activity, snapshot.interventions
    checkpoints = interventions.checkpoints
    ended_at = run.ended_at if run.ended_at is not None and snapshot.is_over else snapshot.now
    idle_limit = run.limits.max_idle_minutes if run.owned else None
    return HeaderFacts(
        project=project,
        run=format_local(run.started_at, "%m-%d %H:%M") if run.started_at is not None else "",
        state=activity.state,
        state_until=_limited_until(snapshot),
        elapsed_s=None if run.started_at is None else max(0.0, ended_at - run.started_at),
        cost_usd=snapshot.cost.usd,
        cost_source=snapshot.cost.source,
        budget_usd=run.limits.max_cost_usd if run.owned else None,
        limit=run.limit.kind if run.limit is not None and not snapshot.is_over else "",
        budget_warning=settings.budget.warning_threshold_pct / 100,
        budget_critical=settings.budget.critical_threshold_pct / 100,
        tokens=snapshot.tokens.total or None,
        context_percent=snapshot.context.percent if snapshot.context.used else None,
        idle_s=_idle_seconds(snapshot),
        idle_limit_s=None if idle_limit is None else idle_limit * 60,
        checkpoints=len(checkpoints),
        checkpoint_age_s=max(0.0, snapshot.now - checkpoints[-1].at) if checkpoints else None,
        checkpoint_due_s=_checkpoint_due(snapshot, settings),
        interventions=interventions.times_stepped_in,
        queued=sum(injection.state == "queued" for injection in interventions.injections),
        paused=paused,
        viewed_at=looking_at,
        others=others,
        alert="no permission prompts" if run.permission_mode == "bypassPermissions" else "",
    )


def _idle_seconds(snapshot: NightSnapshot) -> float | None:
    """How long nothing came of a session that is not over; None before anything did."""
    activity = snapshot.activity
    is_quiet = not snapshot.is_over and activity.last_sign_at is not None
    return activity.idle_seconds if is_quiet else None


def _limited_until(snapshot: NightSnapshot) -> str:
    """The clock at which a usage limit is lifted that the session waits for, with its day if that is far."""
    until = snapshot.activity.until
    is_limit = snapshot.activity.state_reason == StateReason.USAGE_LIMIT
    if snapshot.state != SessionState.RATE_LIMITED or not is_limit or until is None:
        return ""
    is_far = until - snapshot.now > _FAR_S
    return format_weekday_clock(until) if is_far else format_clock(until, seconds=False)


def _checkpoint_due(snapshot: NightSnapshot, settings: Settings) -> float | None:
    """From which age on the last checkpoint is overdue; None where no supervisor takes them."""
    interval = settings.session.checkpoint_interval_minutes
    if snapshot.is_over or not snapshot.run.owned or interval is None:
        return None
    return (
        60 * max(settings.watchdog.min_checkpoint_interval_minutes, interval) + _CHECKPOINT_GRACE_S
    )
