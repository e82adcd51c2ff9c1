"""An answer that advances: the same call gives a number or a date that goes one way, look after look."""

from __future__ import annotations

from msgspec import Struct, field

from tui.night.stuck.chance import mask_timed
from tui.night.stuck.similarity import differ_early
from tui.night.stuck.step import Step
from tui.night.usage.compact_tables import digest
from tui.system.lazy_pattern import lazy

_NUMBER = lazy(r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}|[0-9][0-9,]*(?:\.[0-9]+)?")
_MOST_CALLS = 16
_MOST_NUMBERS = 8
_LONGEST = 400
_VALUES = 3
_CLOCK_SLACK = 2.0


class Course(Struct):
    """The newest answer of a call; `ways` says for each of its numbers where it goes, `values` how many."""

    step: Step
    shape: int = 0
    numbers: tuple[float, ...] = ()
    ways: tuple[int, ...] = ()
    values: int = 1


class AdvancingAnswers(Struct):
    """The newest answers of the calls that were made last."""

    courses: dict[int, Course] = field(default_factory=dict)

    def on_step(self, step: Step) -> bool:
        """Whether a number or a date in the answer has gone one way, three values or more."""
        before = self.courses.pop(step.call, None)
        if step.is_error or step.size > _LONGEST:
            return False
        course = Course(step)
        advances = False
        if before is not None:
            if before.step.excerpt == step.excerpt:
                course = before
            elif not differ_early(before.step.excerpt, step.excerpt):
                advances = _go_on(before, course)
        self.courses[step.call] = course
        if len(self.courses) > _MOST_CALLS:
            del self.courses[next(iter(self.courses))]
        return advances


def _go_on(before: Course, course: Course) -> bool:
    """Take up the course of the answer before."""
    _read(before)
    _read(course)
    if before.shape != course.shape or not course.numbers:
        return False
    elapsed = None
    if before.step.at is not None and course.step.at is not None:
        elapsed = course.step.at - before.step.at
    ways = tuple(
        _way(one, other, elapsed) for one, other in zip(before.numbers, course.numbers, strict=True)
    )
    if before.ways:
        ways = tuple(way if way == past else 0 for way, past in zip(ways, before.ways, strict=True))
    if not any(ways):
        course.ways = ()
        return False
    course.ways = ways
    course.values = before.values + 1
    return course.values >= _VALUES


def _way(one: float, other: float, elapsed: float | None) -> int:
    """Where a number goes; one that counts the seconds does not advance."""
    if one == other or (elapsed is not None and abs(other - one - elapsed) <= _CLOCK_SLACK):
        return 0
    return 1 if other > one else -1


def _read(course: Course) -> None:
    """Take the numbers out of an answer, once."""
    if course.shape:
        return
    text = mask_timed(course.step.excerpt).text
    found = _NUMBER.findall(text)
    course.shape = digest(_NUMBER.sub("#", text))
    if len(found) <= _MOST_NUMBERS:
        course.numbers = tuple(_value(each) for each in found)


def _value(text: str) -> float:
    return float(text.replace(",", "").replace("-", "").replace("/", "").rstrip("."))
