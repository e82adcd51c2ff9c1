"""Edits that only the files tell of: code that changed after the last green run by no call that was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from tui.model.evidence.log import (
    EditRecord,
    EvidenceLog,
    TestRun,
    TestRunRecord,
    TestSummary,
    UnsureRecord,
)
from tui.night.evidence.evidence_log import JOINED
from tui.night.evidence.shell_effects import is_prose, is_source

_SLACK = 2.0
"""A file is written a moment before the answer that tells of it."""
_TOOL = "file"


class ChangedFile(Struct, frozen=True, gc=False):
    """A file that the night changed: when it was written last, if that is known; whether a commit has it."""

    path: str
    at: float | None
    is_committed: bool = False


# complexity: each thing that explains a file, or that says when it was written
def find_hidden_edits(
    evidence: EvidenceLog, green: TestRun | None, files: Iterable[ChangedFile], until: float | None
) -> tuple[EditRecord, ...]:
    """Edits after the last green run that no call explains, with a place in the order, oldest first.

    A time after the night says nothing: a clone or a checkout writes every file anew. Then only a
    command that may change code tells, where none like it came before the run.
    """
    record = next((one for one in reversed(evidence.runs) if one.run == green), None)
    if record is None or green is None or green.at is None:
        return ()
    ended = (until if until is not None else float("inf")) + _SLACK
    later = [edit for edit in evidence.edits if edit.number > record.number]
    late = _only_after(evidence, record)
    found: list[EditRecord] = []
    for file in files:
        if not is_source(file.path) or is_prose(file.path) or _is_edited(file.path, later):
            continue
        if file.at is not None and file.at <= ended:
            if file.at > green.at + _SLACK:
                place = _place(evidence, file.at)
                found.append(EditRecord(place, file.at, file.path, _TOOL, green.ref))
        elif late is not None and file.is_committed and not _is_edited(file.path, evidence.edits):
            found.append(EditRecord(late.number + 0.5, late.at, file.path, _TOOL, late.ref))
    return tuple(sorted(found, key=lambda edit: edit.number))


def with_hidden_edits(
    evidence: EvidenceLog, tests: TestSummary, edits: tuple[EditRecord, ...]
) -> tuple[EvidenceLog, TestSummary]:
    """Both with those edits among the others."""
    if not edits:
        return evidence, tests
    last = evidence.runs[-1].number if evidence.runs else 0
    both = sorted((*evidence.edits, *edits), key=lambda edit: edit.number)
    told = replace(
        tests,
        edits_since_last_green=tests.edits_since_last_green + len(edits),
        edits_since_last_run=tests.edits_since_last_run + sum(e.number > last for e in edits),
        hidden=len(edits),
    )
    return replace(evidence, edits=tuple(both)), told


def find_joined(evidence: EvidenceLog, green: TestRun | None) -> tuple[str, tuple[EditRecord, ...]]:
    """The commit that the last green run tested, and the edits after it if they only brought in commits.

    That is the commit that came next to the run, with no edit in between; two empty values where there is none.
    """
    record = next((one for one in reversed(evidence.runs) if one.run == green), None)
    code = [edit for edit in evidence.edits if not is_prose(edit.path)]
    later = tuple(edit for edit in code if record is not None and edit.number > record.number)
    if record is None or not later or any(edit.tool != JOINED for edit in later):
        return "", ()
    last = max((edit.number for edit in code if edit.number < record.number), default=0)
    near = [one for one in evidence.commits if last < one.number < later[0].number and one.sha]
    return (near[-1].sha, later) if near else ("", ())


def without_joined(
    evidence: EvidenceLog, tests: TestSummary, joined: tuple[EditRecord, ...]
) -> tuple[EvidenceLog, TestSummary]:
    """Both without edits that led back to the tree that was tested."""
    left = tuple(edit for edit in evidence.edits if edit not in joined)
    count = len(joined)
    told = replace(
        tests,
        edits_since_last_green=max(0, tests.edits_since_last_green - count),
        edits_since_last_run=max(0, tests.edits_since_last_run - count),
    )
    return replace(evidence, edits=left), told


def with_parts(
    evidence: EvidenceLog, tests: TestSummary, parts: Mapping[str, str]
) -> tuple[EvidenceLog, TestSummary]:
    """Both with the runs of a folder limited to it, where `parts` has that folder."""
    if not parts:
        return evidence, tests

    def limited(run: TestRun) -> TestRun:
        part = parts.get(run.folder, "")
        return replace(run, part=run.part or part) if part and not run.part else run

    runs = tuple(replace(one, run=limited(one.run)) for one in evidence.runs)
    green = limited(tests.last_green) if tests.last_green is not None else None
    told = replace(tests, runs=tuple(map(limited, tests.runs)), last_green=green)
    return replace(evidence, runs=runs), told


def _only_after(evidence: EvidenceLog, green: TestRunRecord) -> UnsureRecord | None:
    """The last command after the run that may have changed code, if none came before it."""
    unsure = evidence.unsure
    return unsure[-1] if unsure and unsure[0].number > green.number else None


def _place(evidence: EvidenceLog, at: float) -> float:
    """A place after all that was recorded up to a time."""
    places = [(one.run.at, float(one.number)) for one in evidence.runs]
    places += [(one.at, one.number) for one in evidence.edits]
    places += [(one.at, float(one.number)) for one in evidence.commits]
    places += [(one.at, float(one.number)) for one in evidence.statements]
    before = (number for when, number in places if when is not None and when <= at)
    return max(before, default=0.0) + 0.25


def _is_edited(path: str, edits: Iterable[EditRecord]) -> bool:
    """Whether one of the edits is of that file, or may be, having no path."""
    return any(
        not one.path
        or one.path == path
        or one.path.endswith("/" + path)
        or path.endswith("/" + one.path)
        for one in edits
    )
