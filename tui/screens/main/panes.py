"""The four panes; header facts."""

from __future__ import annotations

from collections.abc import Callable

from tui.model.records import ProgressFile, SourceStatus
from tui.model.snapshot import NightSnapshot
from tui.settings.settings import Settings
from tui.system.format import format_age, format_local
from widgets.lists.event_view import EventView
from widgets.lists.line_view import LineView
from widgets.lists.log_view import LogView
from widgets.lists.pane import Pane
from widgets.paint_governor import PaintGovernor
from widgets.status.pane_tabs import PaneTab
from widgets.status.progress_view import ProgressView
from widgets.status.session_header import HeaderFacts
from widgets.text.markdown_view import NotesView

TITLES = {1: "Progress", 2: "Events", 3: "Notes", 4: "Watchdog"}
LEVEL_WORDS = {1: "", 2: "more", 3: "everything"}
STALE_AFTER = 600.0


class Panes:
    """Builds the panes and keeps what they have in common."""

    def __init__(self, governor: PaintGovernor, now: Callable[[], float]) -> None:
        self.progress = ProgressView(governor=governor, id="progress")
        self.events = EventView(governor=governor, now=now, id="events")
        self.notes = NotesView(governor=governor, id="notes")
        self.log = LogView(governor=governor, id="log")
        self.frames = {
            1: Pane(1, TITLES[1], self.progress, id="pane-1"),
            2: Pane(2, TITLES[2], self.events, id="pane-2"),
            3: Pane(3, TITLES[3], self.notes, id="pane-3"),
            4: Pane(4, TITLES[4], self.log, id="pane-4"),
        }

    def view_of(self, number: int) -> LineView:
        views: dict[int, LineView] = {1: self.progress, 2: self.events, 3: self.notes, 4: self.log}
        return views[number]

    def number_focused(self) -> int:
        """The pane that has the keys; the events pane when none has."""
        for number in self.frames:
            if self.view_of(number).has_focus:
                return number
        return 2

    def tabs(self, progress: ProgressFile | None) -> list[PaneTab]:
        notes = {1: task_count(progress), 2: "", 3: "", 4: ""}
        return [PaneTab(number, title, notes[number]) for number, title in TITLES.items()]

    def say_empty(self, feeds: tuple[SourceStatus, ...], why: str) -> None:
        """Puts each pane's calm sentence in place of what is not there."""
        events = [feed for feed in feeds if feed.name in ("stream", "transcript")]
        lost = [feed.why for feed in events if feed.state != "following"]
        self.frames[2].set_empty(why or next(iter(lost), "no events yet"))
        for name, number in (("progress", 1), ("notes", 3), ("watchdog", 4)):
            feed = next((feed for feed in feeds if feed.name == name), None)
            if feed is not None:
                self.frames[number].set_empty(sentence(feed))


def sentence(feed: SourceStatus) -> str:
    """Why a pane is empty, and what would fill it."""
    if feed.state == "following":
        return f"{feed.path} is empty"
    return feed.why or f"nothing at {feed.path} yet"


def task_count(progress: ProgressFile | None) -> str:
    """ "12/19", or nothing where nothing can be counted."""
    if progress is None or progress.basis == "unknown":
        return ""
    return f"{progress.done}/{progress.total}"


def events_status(night: NightSnapshot | None, following: bool, level: int, partial: bool) -> str:
    """What stands at the right of the events pane's edge."""
    words = ["follow" if following else "held"]
    if LEVEL_WORDS[level]:
        words.append(LEVEL_WORDS[level])
    if night is not None and night.counts.malformed:
        words.append(f"{night.counts.malformed} malformed")
    if night is not None and night.counts.unknown:
        words.append(f"{night.counts.unknown} unknown")
    if partial:
        words.append("newest part")
    return " · ".join(words)


def stale_words(feed: SourceStatus, alive: bool, now: float) -> str:
    """Says that a source has been silent for long while the session works."""
    if not alive or feed.state != "following" or feed.changed_at is None:
        return ""
    silent = now - feed.changed_at
    return f"no change for {format_age(silent)}" if silent > STALE_AFTER else ""


_GRACE = 60.0


def header_facts(
    project: str,
    night: NightSnapshot | None,
    settings: Settings,
    paused: bool,
    looking_at: float | None,
) -> HeaderFacts:
    """The header's facts; a night that is not known yet is only its project."""
    if night is None:
        return HeaderFacts(project, state="starting", paused=paused)
    run, activity = night.run, night.activity
    latest = night.interventions.checkpoints[-1] if night.interventions.checkpoints else None
    end = run.ended_at if run.ended_at is not None and night.is_over else night.now
    started = run.started_at
    queued = sum(1 for injection in night.interventions.injections if injection.state == "queued")
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
        idle_s=None if night.is_over else activity.idle_seconds,
        idle_limit_s=_seconds(settings.session.max_idle_minutes) if run.owned else None,
        checkpoints=len(night.interventions.checkpoints),
        checkpoint_age_s=None if latest is None else max(0.0, night.now - latest.at),
        checkpoint_due_s=_overdue(night, settings),
        deeds=night.interventions.times_stepped_in,
        queued=queued,
        paused=paused,
        looking_at=looking_at,
        alert=_alert(night),
    )


def _seconds(minutes: float | None) -> float | None:
    return None if minutes is None else minutes * 60


def _overdue(night: NightSnapshot, settings: Settings) -> float | None:
    """From which age on the last checkpoint is overdue: in a run of ours that goes on and takes them."""
    if night.is_over or not night.run.owned or settings.session.checkpoint_interval_minutes is None:
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
