"""What the header is told of limits: for our own runs only, and as the settings say."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.unit.night.night_script import START, Script, fold
from tui.model.events import RateLimit
from tui.model.journal import JournalEntry
from tui.model.snapshot import LimitReached, RunLimits
from tui.screens.main.panes import header_facts
from tui.settings.settings import Settings
from tui.system.format import format_clock, format_weekday_clock


def test_limits_are_told_of_our_own_runs() -> None:
    script = Script()
    script.init()
    script.prompt()
    checkpoint = JournalEntry(START, "checkpoint", "c1", {"checkpoint": "c1", "label": "start"})
    made = fold(script.events, (checkpoint,))
    night = made.snapshot(START + 10)
    settings = Settings()
    theirs = header_facts("p", night, settings, False, None)
    assert (theirs.idle_limit_s, theirs.checkpoint_due_s, theirs.budget_usd) == (None, None, None)
    limits = RunLimits(None, 12.0, 2.0)
    run = replace(night.run, owned=True, limits=limits)
    ours = header_facts("p", replace(night, run=run), settings, False, None)
    # Those of the run, not those of the settings that this screen has.
    assert (ours.idle_limit_s, ours.budget_usd, ours.limit) == (720.0, 2.0, "")
    hit = LimitReached("cost", START, 1.8, 2.0)
    winding = replace(night, run=replace(run, limit=hit))
    assert header_facts("p", winding, settings, False, None).limit == "cost"
    least = settings.watchdog.min_checkpoint_interval_minutes
    assert ours.checkpoint_due_s is not None
    assert ours.checkpoint_due_s >= least * 60
    assert ours.budget_warning == settings.budget.warning_threshold_pct / 100
    assert ours.budget_critical == settings.budget.critical_threshold_pct / 100


@pytest.mark.parametrize(("hours", "far"), [(2, False), (70, True)])
def test_the_moment_at_which_a_limit_is_lifted_is_told(hours: float, far: bool) -> None:
    script = Script()
    script.prompt()
    at = START + hours * 3600
    script.add(RateLimit("rejected", at, "weekly" if far else "five_hour"))
    told = header_facts("p", fold(script.events).snapshot(START + 60), Settings(), False, None)
    clock = format_weekday_clock(at) if far else format_clock(at, seconds=False)
    assert (told.state, told.state_until) == ("rate_limited", clock)
