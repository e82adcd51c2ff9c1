"""A floor for the share of green tests: below it the agent mends that first, or the run ends.

Judged at the end of a turn only: within one, red tests are how work is done. Only a run of all tests counts,
with the numbers of its output; one that was refused or cut short has none.
"""

from __future__ import annotations

import re
from typing import Final

from tui.model.evidence.log import TestRun, TestSummary
from tui.model.records import ProgressFile
from tui.model.state import LimitKind
from tui.runner.policy import prompts
from tui.runner.policy.limit_reading import LimitReading
from tui.runner.run_state import RunState
from tui.settings.settings import Settings

MEND_CONTINUATIONS: Final = 3
"""Turns that the agent has to come above the floor: one to mend, one for what the mending broke, and one more.
Each is a whole turn with the suite run at its end, so more would only cost."""

_STOPS_EARLY: Final = re.compile(
    r"(?<!\S)(?:-x|--exitfirst|--maxfail\S*|--bail\S*|--fail-?fast|-failfast|--lf|--last-failed|--sw|--stepwise)"
    r"(?!\S)"
)
"""Options by which a run ends at a failure, or runs again what failed: no share of all tests."""


def green_pct(tests: TestSummary) -> float | None:
    """Percent of the tests that pass in the newest run of all of them; None where none is known.

    A run of a folder looks like one of all where the command does not say so: one that ran less than half of
    what another of the same framework did is none.
    """
    most: dict[str, int] = {}
    for run in tests.runs:
        most[run.framework] = max(most.get(run.framework, 0), _ran(run))
    for run in reversed(tests.runs):
        is_whole = _ran(run) > 0 and 2 * _ran(run) >= most[run.framework]
        if is_whole and not run.part and not (run.failed and _STOPS_EARLY.search(run.command)):
            return 100 * (run.passed or 0) / _ran(run)
    return None


def _ran(run: TestRun) -> int:
    """How many tests ran; 0 where the output did not tell."""
    return 0 if run.passed is None or run.failed is None else run.passed + run.failed


def is_below(tests: TestSummary, settings: Settings) -> bool:
    """Whether fewer tests pass than session.min_test_pass_pct asks for."""
    floor, green = settings.session.min_test_pass_pct, green_pct(tests)
    return floor is not None and green is not None and green < floor


def is_given_up(state: RunState) -> bool:
    """Whether the agent has had its turns to come above the floor."""
    return state.floor_continuations >= MEND_CONTINUATIONS


def reading(tests: TestSummary, settings: Settings) -> LimitReading:
    """What passes, and the floor."""
    floor, green = settings.session.min_test_pass_pct or 0.0, green_pct(tests) or 0.0
    return LimitReading(
        LimitKind.TESTS, green, floor, (), f"{green:.0f}% green", f"at least {floor:g}%"
    )


def asks_to_mend(state: RunState, is_below: bool, progress: ProgressFile) -> bool:
    """Counts a continuation; whether it asks to mend the tests: once, and again where no task is open."""
    before = state.floor_continuations
    state.floor_continuations = before + 1 if is_below else 0
    return is_below and (not before or not progress.open)


def mend_prompt(tests: TestSummary, settings: Settings) -> str:
    """The message to an agent that is below the floor."""
    return prompts.mend_tests_prompt(reading(tests, settings).text)
