"""When the answers of a call are the same, and when they advance: a number or a date goes one way."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct, field

from tui.night.stuck.chance import Clock, ClockKind, mask_timed
from tui.night.stuck.similarity import differ_early
from tui.night.stuck.step import Step
from tui.night.usage.compact_tables import digest
from tui.system.lazy_pattern import lazy

_SIZE_SLACK = 64
_LONG = 500
"""Of so long an answer a part may not have been kept; its length still speaks."""
_SLACK = 5.0
_MINUTE = 60.0
_DAY = 86_400.0


class Sameness(IntEnum):
    """How much two answers to the same call are the same."""

    DIFFERENT = 0
    SAME_BUT_FIGURES = 1
    SAME = 2

    @property
    def is_same(self) -> bool:
        """Whether they differ in nothing but chance; durations are that."""
        return self != Sameness.DIFFERENT


def compare(one: Step, other: Step) -> Sameness:
    """How `other`, the later one, compares with `one`; both ask the same (`call` is equal)."""
    if (
        one.tool != other.tool
        or one.tree != other.tree
        or (one.is_error, one.pictures) != (other.is_error, other.pictures)
        or abs(one.size - other.size) > _SIZE_SLACK
    ):
        return Sameness.DIFFERENT
    if one.whole:  # it was cut
        return Sameness.SAME if _ends_alike(one, other) else Sameness.DIFFERENT
    if one.excerpt != other.excerpt:
        return _compare_without_chance(one, other)
    unseen = one.size != other.size and one.size > len(one.excerpt) >= _LONG
    return Sameness.DIFFERENT if unseen else Sameness.SAME


def _ends_alike(one: Step, other: Step) -> bool:
    """Whether an answer of which only the end was kept is the other one."""
    ends = one.size == other.size and other.excerpt.endswith(one.excerpt)
    return ends and one.whole == other.exact()


def _compare_without_chance(one: Step, other: Step) -> Sameness:
    if not one.echoes and not other.echoes and differ_early(one.excerpt, other.excerpt):
        return Sameness.DIFFERENT
    _fingerprint(one)
    _fingerprint(other)
    if one.fingerprint != other.fingerprint or not _clocks_agree(one, other):
        return Sameness.DIFFERENT
    return Sameness.SAME if one.spans == other.spans else Sameness.SAME_BUT_FIGURES


def _fingerprint(step: Step) -> None:
    """Keep what an answer is without chance."""
    if step.fingerprint:
        return
    masked = mask_timed(_without_echoes(step))
    step.fingerprint = digest(masked.text)
    step.clocks = tuple((int(clock.kind), clock.value) for clock in masked.clocks)
    step.spans = digest(" ".join(masked.spans)) if masked.spans else 0


def _without_echoes(step: Step) -> str:
    """The answer without the words that the command only prints."""
    text = step.excerpt
    for echo in step.echoes:
        text = text.replace(echo, "", 1)
    return text


def _clocks_agree(one: Step, other: Step) -> bool:
    """Whether every time in two answers is chance: it stayed, or moved as the clock did."""
    if len(one.clocks) != len(other.clocks):
        return False
    return all(
        left == right
        or is_clock(
            one, Clock(ClockKind(left[0]), left[1]), other, Clock(ClockKind(right[0]), right[1])
        )
        for left, right in zip(one.clocks, other.clocks, strict=True)
    )


def is_clock(one: Step, left: Clock, other: Step, right: Clock) -> bool:
    """Whether a time in the answer of a step, and that in a later one's, are readings of a clock.

    Where no times of steps are known, a time of day is, and a date is not; neither is it in an error,
    which is the same at another hour.
    """
    if left.kind != right.kind:
        return False
    untimed = one.at is None or other.at is None
    if (untimed or other.is_error) and _is_same_day(left, right):
        return True
    return not untimed and (
        _are_durations(one, left, other, right) or _moved(one, left, other, right)
    )


def _is_same_day(left: Clock, right: Clock) -> bool:
    """Whether two times may be those of one day."""
    if left.kind == ClockKind.MOMENT:
        return left.value // _DAY == right.value // _DAY
    return left.kind == ClockKind.TIME


def _moved(one: Step, left: Clock, other: Step, right: Clock) -> bool:
    """Whether a time moved as the clock did while the two steps were made."""
    start, end = one.at or 0.0, other.at or 0.0
    slack = _MINUTE if left.kind == ClockKind.SHORT else _SLACK
    least = (other.called_at or end) - start - slack
    most = end - (one.called_at or start) + slack
    moved = right.value - left.value
    if left.kind in (ClockKind.TIME, ClockKind.SHORT):
        return (moved - least) % _DAY <= most - least
    return least <= moved <= most


def _are_durations(one: Step, left: Clock, other: Step, right: Clock) -> bool:
    """Whether two times, such as 0:01:15, say how long their calls took."""
    unit = 60 if left.kind == ClockKind.SHORT else 1
    if left.kind not in (ClockKind.TIME, ClockKind.SHORT):
        return False
    pairs = ((one, left), (other, right))
    return all(
        step.seconds is not None and 0 < clock.value / unit <= step.seconds + 2
        for step, clock in pairs
    )


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
    text = mask_timed(_without_echoes(course.step)).text
    found = _NUMBER.findall(text)
    course.shape = digest(_NUMBER.sub("#", text))
    if len(found) <= _MOST_NUMBERS:
        course.numbers = tuple(_value(each) for each in found)


def _value(text: str) -> float:
    return float(text.replace(",", "").replace("-", "").replace("/", "").rstrip("."))
