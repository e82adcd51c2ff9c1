"""Tasks done, open, added and removed: the progress file against how it was when the night began."""

from __future__ import annotations

from collections import Counter

from tui.night.review.model import TaskChanges
from tui.patterns import lazy
from tui.records import ProgressFile, ProgressTask

_NUMBER = lazy(r"\s*(?:#|task\s+)?(\d+(?:\.\d+)*)(?=[.):\s-])", 2)
_SPACE = lazy(r"\W+")
_ENOUGH = 12


def tasks(first: ProgressFile | None, last: ProgressFile | None, basis: str) -> TaskChanges:
    """What became of every task; `basis` says what `first` rests on.

    Tasks are the same if their words are, or their number, or if one's words only go on where the
    other's end. Without a beginning every task that is done counts as done in this night, and
    `basis` is "none".
    """
    if last is None or last.basis == "unknown":
        if first is None or not first.tasks:
            return TaskChanges(basis=basis if first is not None else "none")
        last = ProgressFile(first.source, None, first.basis, 0, 0)
    if first is None or first.basis == "unknown":
        done = tuple(task.title for task in last.tasks if task.state == "done")
        still = tuple(task.title for task in last.tasks if task.state != "done")
        return TaskChanges(done, still)
    return _compared(list(first.tasks), last, basis)


def _compared(before: list[ProgressTask], last: ProgressFile, basis: str) -> TaskChanges:
    done, still, added = [], [], []
    earlier = 0
    pairs = _pairs(before, list(last.tasks))
    for place, task in enumerate(last.tasks):
        was = pairs.get(place)
        if was is None:
            added.append(task.title)
        if task.state != "done":
            still.append(task.title)
        elif was is not None and was.state == "done":
            earlier += 1
        else:
            done.append(task.title)
    kept = Counter(map(id, pairs.values()))
    removed = tuple(task.title for task in before if not kept[id(task)])
    return TaskChanges(tuple(done), tuple(still), tuple(added), earlier, removed, basis)


def _pairs(before: list[ProgressTask], after: list[ProgressTask]) -> dict[int, ProgressTask]:
    """For each place in `after` the task of `before` that it is, the surest likeness first."""
    found: dict[int, ProgressTask] = {}
    left = list(before)
    for likeness in (_same_words, _same_number, _goes_on):
        for place, task in enumerate(after):
            if place in found:
                continue
            match = next((one for one in left if likeness(one, task)), None)
            if match is not None:
                found[place] = match
                left = [one for one in left if one is not match]
    return found


def _same_words(one: ProgressTask, other: ProgressTask) -> bool:
    return _words(one.title) == _words(other.title)


def _same_number(one: ProgressTask, other: ProgressTask) -> bool:
    number = _NUMBER.match(one.title)
    same = _NUMBER.match(other.title)
    return number is not None and same is not None and number.group(1) == same.group(1)


def _goes_on(one: ProgressTask, other: ProgressTask) -> bool:
    short, long = sorted((_words(one.title), _words(other.title)), key=len)
    return len(short) >= _ENOUGH and long.startswith(short)


def _words(title: str) -> str:
    return _SPACE.sub(" ", title).strip().lower()
