"""Looking things up in the testimony: runs and edits before and after a place in the night."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from tui.night.evidence import TestRun
from tui.night.shelldeeds import is_prose
from tui.night.testimony import EditRecord, TestRunRecord, EvidenceLog
from tui.system.format import format_local

_MANY = frozenset({"go", "cargo", "maven", "unittest", "gradle"})
"""Runners that print a summary for every part, of which the end of an output may not hold all."""


_ALIKE = 8
"""So many things may be told at nearly the same time, in another order than their times say."""


class EvidenceIndex:
    """Runs and edits of source files, by their place in the order."""

    def __init__(self, testimony: EvidenceLog) -> None:
        self.testimony = testimony
        self.runs = testimony.runs
        self._run_numbers = [ran.number for ran in testimony.runs]
        self.edits = tuple(edit for edit in testimony.edits if not is_prose(edit.path))
        self._edit_numbers = [edit.number for edit in self.edits]
        self.end = float(1 << 62)
        self._moments = sorted(
            (at, number)
            for number, at in (
                *((ran.number, ran.run.at) for ran in testimony.runs),
                *((edit.number, edit.at) for edit in testimony.edits),
                *((commit.number, commit.at) for commit in testimony.commits),
                *((said.number, said.at) for said in testimony.said),
            )
            if at is not None
        )

    def position_at(self, at: float | None) -> float:
        """Right behind the last thing that was told not after `at`; the end without a time."""
        if at is None:
            return self.end
        index = bisect_right(self._moments, at, key=lambda moment: moment[0])
        last = self._moments[max(0, index - _ALIKE) : index]
        return max((number for _, number in last), default=0) + 0.5

    def before(self, place: float) -> tuple[TestRunRecord, ...]:
        """The runs before a place, oldest first."""
        return self.runs[: bisect_left(self._run_numbers, place)]

    def after(self, place: float) -> tuple[TestRunRecord, ...]:
        """The runs after a place, oldest first."""
        return self.runs[bisect_right(self._run_numbers, place) :]

    def edited(self, start: float, end: float) -> tuple[EditRecord, ...]:
        """Edits of source files between two places."""
        first = bisect_right(self._edit_numbers, start)
        return self.edits[first : bisect_left(self._edit_numbers, end)]


def is_whole(run: TestRun) -> bool:
    """Whether the command runs every test, as far as its line tells."""
    return not run.part


def is_partial_output(run: TestRun) -> bool:
    """Whether the run's number may be that of a part: its runner prints one summary for each."""
    return run.framework in _MANY


def clock(at: float | None) -> str:
    """ "at 02:14"; nothing for an unknown time."""
    return "" if at is None else format_local(at, " at %H:%M", "")


def outcome(run: TestRun) -> str:
    """ "44 passed", "2 failed"; nothing where the run told no number."""
    if run.failed:
        return f"{run.failed:,} failed"
    return f"{run.passed:,} passed" if run.passed else ""


def run_details(run: TestRun) -> str:
    """ " at 02:14 (44 passed)"."""
    result = outcome(run)
    return clock(run.at) + (f" ({result})" if result else "")
