"""What the repository adds to test runs: edits that no call told of, tests in other folders, trees."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.night.evidence.hidden_edits import (
    ChangedFile,
    find_hidden_edits,
    find_joined,
    with_hidden_edits,
    with_parts,
    without_joined,
)
from tui.night.evidence.shell_effects import is_source
from tui.system.errors import OvernightError

if TYPE_CHECKING:
    from tui.model.evidence.log import EvidenceLog, TestSummary
    from tui.model.records import RepositoryChanges
    from tui.model.snapshot import NightSnapshot
    from tui.system.git import Git

_SECONDS = 1.0
_LISTING_BYTES = 1 << 20
_MOST_FILES = 2_000
_BUILDS = frozenset(("build", "tests", "test", "src", "out", "_build", "target", "bin"))


def tests_by_files(
    project: Path,
    night: NightSnapshot,
    evidence: EvidenceLog,
    changes: RepositoryChanges,
    until: float | None,
) -> tuple[EvidenceLog, TestSummary]:
    """The evidence and the tests' summary with what the files of the repository tell."""
    tests = night.tests
    folders = {run.folder for run in tests.runs if run.folder and run.folder[:1] != "/"}
    if not (tests.runs and (folders or changes.files)):
        return evidence, tests
    try:
        from tui.system.git import Git

        git = Git(project)
    except OvernightError:
        return evidence, tests
    commit, joined = find_joined(evidence, tests.last_green)
    if commit and _is_end(git, commit, changes):
        evidence, tests = without_joined(evidence, tests, joined)
    files = tuple(_changed(git, changes))
    edits = find_hidden_edits(evidence, tests.last_green, files, until)
    evidence, tests = with_hidden_edits(evidence, tests, edits)
    parts = {folder: folder for folder in folders if _has_tests_beside(git, folder)}
    return with_parts(evidence, tests, parts)


def with_trees(
    project: Path, night: NightSnapshot, evidence: EvidenceLog, tree_now: str | None
) -> TestSummary:
    """The tests' summary with the tree now, and that of the last run where a checkpoint holds it.

    A checkpoint does that came after the run and before the next edit, and left nothing out.
    """
    tests = night.tests
    last = tests.runs[-1].at if tests.runs else None
    if last is None:
        return replace(tests, tree_now=tree_now)
    later = (edit.at for edit in evidence.edits if edit.at is not None and edit.at > last)
    until = min(later, default=float("inf"))
    taken = night.interventions.checkpoints
    held = (one for one in taken if last <= one.at < until and one.commit and not one.not_captured)
    checkpoint = next(held, None)
    tree = _tree_of(project, checkpoint.commit) if checkpoint is not None else None
    return replace(tests, last_tree=tree, tree_now=tree_now)


def _tree_of(project: Path, commit: str) -> str | None:
    from tui.feeds.repo.tree_files import work_tree_id
    from tui.system.git import Git

    try:
        return work_tree_id(Git(project), commit, ())
    except OvernightError:
        return None


def _changed(git: Git, changes: RepositoryChanges) -> list[ChangedFile]:
    """The files that the night changed and that are there, with their times if the work tree is its end."""
    found = []
    for file in changes.files[:_MOST_FILES]:
        if file.binary or file.generated or file.kind == "deleted":
            continue
        at = _written(os.path.join(os.fspath(git.work_tree), file.path)) if changes.is_now else None
        found.append(ChangedFile(file.path, at, bool(file.commit)))
    return found


def _is_end(git: Git, commit: str, changes: RepositoryChanges) -> bool:
    """Whether the night ended with the tree of that commit, as far as code goes."""
    from tui.feeds.repo.tree_files import work_tree_id

    if any(not file.commit and is_source(file.path) for file in changes.files):
        return False
    tree = work_tree_id(git, commit, ())
    # Where the night's own end is that commit, what it brought in later is not known to be of the night.
    end = "HEAD" if changes.head.startswith(commit) else changes.head or "HEAD"
    return tree is not None and tree == work_tree_id(git, end, ())


def _written(path: str) -> float | None:
    try:
        return os.lstat(path).st_mtime
    except (OSError, ValueError):
        return None


def _has_tests_beside(git: Git, folder: str) -> bool:
    """Whether the repository has tests outside of a folder, as far as their paths tell."""
    from tui.feeds.repo.bounded_git import ReadBudget, run_bounded
    from tui.night.review.risks.test_syntax import is_test

    name = folder.split("/", 1)[0]
    if name in _BUILDS or name[:1] == ".":
        return False
    try:
        listed = run_bounded(git, ("ls-files", "-z"), ReadBudget(_SECONDS, _LISTING_BYTES)).data
    except OvernightError:
        return False
    paths = (os.fsdecode(path) for path in listed.split(b"\0") if path)
    return any(is_test(path) for path in paths if not path.startswith(folder + "/"))
