"""How often a run may go on by itself: continuations and hand-overs, in a row and altogether."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.model.records import ProgressFile
from tui.model.state import LimitKind
from tui.runner.policy.limit_reading import LimitReading
from tui.runner.run_state import RunState

if TYPE_CHECKING:
    from tui.settings.settings import Settings


def number_of_next(state: RunState, progress: ProgressFile | None) -> int:
    """How many in a row without a task done the next continuation or hand-over makes, itself included."""
    advanced = progress is not None and progress.done > state.best_done
    return 1 if advanced else state.continuations + 1


def why_given_up(state: RunState, progress: ProgressFile | None, settings: Settings) -> str:
    """Why the run does not go on once more: nothing came of it so often; empty where it does."""
    allowed = settings.session.max_continuation_attempts
    if number_of_next(state, progress) <= allowed:
        return ""
    return f"gave up: {allowed} continuations or hand-overs without a task done"


def is_used_up(state: RunState, settings: Settings) -> bool:
    """Whether the run has gone on as often as it may altogether."""
    most = settings.session.max_continuations
    return most is not None and state.continuations_in_all >= most


def count(state: RunState, progress: ProgressFile | None) -> int:
    """Counts a continuation or a hand-over; how many in a row brought no task done."""
    number = number_of_next(state, progress)
    if progress is not None:
        state.best_done = max(progress.done, state.best_done)
    state.continuations = number
    state.continuations_in_all += 1
    return number


def reading(state: RunState, settings: Settings) -> LimitReading:
    """How many of all continuations are used."""
    most = settings.session.max_continuations or 0
    used = state.continuations_in_all
    return LimitReading.of(LimitKind.CONTINUATIONS, used, most, (), "{:.0f}".format)
