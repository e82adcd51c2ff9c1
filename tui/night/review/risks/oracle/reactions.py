"""Whether tests were changed because they were red, with the code left as it was."""

from __future__ import annotations

from collections.abc import Sequence

from tui.model.events import SourceRef
from tui.model.evidence.log import TestRun
from tui.model.records import RepositoryChanges
from tui.night.evidence.risky_calls import RiskyCall
from tui.night.review.risks.test_syntax import is_code, is_test

_Place = tuple[str, int]


def is_recorded(changes: RepositoryChanges, calls: Sequence[RiskyCall]) -> bool:
    """Whether calls of the night name files that it changed."""
    names = {change.path.rpartition("/")[2] for change in changes.files}
    return any(
        any(len(name) > 3 and name in call.text for name in names)
        if call.shell
        else call.text.rpartition("/")[2] in names
        for call in calls
    )


def reactions(
    changes: RepositoryChanges, calls: Sequence[RiskyCall], runs: Sequence[TestRun]
) -> frozenset[str]:
    """Test files that were edited between a red run and the next run, and no code was.

    Calls and runs are compared by their places, so only those of one file are.
    """
    judged = [run for run in runs if run.verdict != "unknown"]
    tests = {change.path for change in changes.files if is_test(change.path)}
    found: set[str] = set()
    for at, red in enumerate(judged):
        if red.verdict != "red":
            continue
        end = judged[at + 1].ref if at + 1 < len(judged) else None
        between = [call for call in calls if not call.shell and _is_between(call.ref, red.ref, end)]
        edited = [call.text for call in between if not call.is_error]
        if not edited or any(is_code(path) and not is_test(path) for path in edited):
            continue
        found |= {path for path in tests if any(_is_same(one, path) for one in edited)}
    return frozenset(found)


def _is_between(ref: SourceRef, first: SourceRef, last: SourceRef | None) -> bool:
    if ref.source != first.source or ref.offset <= first.offset:
        return False
    return last is None or (last.source == ref.source and ref.offset < last.offset)


def _is_same(edited: str, path: str) -> bool:
    return edited == path or edited.endswith("/" + path)
