"""What became of the tasks of a night, against the progress file as it was when it began."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui.model.records import ProgressFile, ProgressTask
from tui.model.review import TaskChanges
from tui.system.lazy_pattern import lazy

_NUMBER = lazy(r"\s*(?:#|task\s+)?(\d+(?:\.\d+)*)(?=[.):\s-])", re.IGNORECASE)
_SPACE = lazy(r"\W+")
_ENOUGH = 12


def compare_tasks(first: ProgressFile | None, last: ProgressFile | None, basis: str) -> TaskChanges:
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
        still_open = tuple(task.title for task in last.tasks if task.state != "done")
        return TaskChanges(done, still_open)
    return _compare_lists(first.tasks, last.tasks, basis)


def _compare_lists(
    before: Sequence[ProgressTask], after: Sequence[ProgressTask], basis: str
) -> TaskChanges:
    pairs = _match_tasks(before, after)
    finished = [place for place, task in enumerate(after) if task.state == "done"]
    done = [place for place in finished if place not in pairs or pairs[place].state != "done"]
    kept = {id(task) for task in pairs.values()}
    return TaskChanges(
        done=tuple(after[place].title for place in done),
        open=tuple(task.title for task in after if task.state != "done"),
        added=tuple(task.title for place, task in enumerate(after) if place not in pairs),
        before=len(finished) - len(done),
        removed=tuple(task.title for task in before if id(task) not in kept),
        basis=basis,
    )


def _match_tasks(
    before: Sequence[ProgressTask], after: Sequence[ProgressTask]
) -> dict[int, ProgressTask]:
    """For each place in `after` the task of `before` that it is, the surest likeness first."""
    pairs: dict[int, ProgressTask] = {}
    unmatched = list(before)
    for is_same in (_has_same_words, _has_same_number, _is_continued):
        for place, task in enumerate(after):
            if place in pairs:
                continue
            match = next((old for old in unmatched if is_same(old.title, task.title)), None)
            if match is not None:
                pairs[place] = match
                unmatched = [old for old in unmatched if old is not match]
    return pairs


def _has_same_words(title: str, other: str) -> bool:
    return _normalised(title) == _normalised(other)


def _has_same_number(title: str, other: str) -> bool:
    first, second = _NUMBER.match(title), _NUMBER.match(other)
    return first is not None and second is not None and first.group(1) == second.group(1)


def _is_continued(title: str, other: str) -> bool:
    short, long = sorted((_normalised(title), _normalised(other)), key=len)
    return len(short) >= _ENOUGH and long.startswith(short)


def _normalised(title: str) -> str:
    return _SPACE.sub(" ", title).strip().lower()
