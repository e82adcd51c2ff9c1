"""The projects of which something is kept, in all work trees of a repository; the state of one that was renamed
or moved, found and taken over."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from tui.model.state import EndKind, RunEnd
from tui.store.layout import (
    RunDirectory,
    list_run_directories,
    make_project_state,
    project_state,
    projects_folder,
)
from tui.store.project_record import ProjectRecord, describe_project, read_record, write_record
from tui.store.repository_identity import other_work_trees
from tui.store.runs import (
    all_runs,
    facts_and_end,
    host_elsewhere,
    is_supervised,
    read_run_end,
    record_end,
)
from tui.store.state_names import PROJECT_FILE
from tui.system.errors import OvernightError, RefusedError
from tui.system.files import append_line, is_own_folder, private_folder, read_small

_MOST_FOLDERS: Final = 5_000
_MOST_SIBLINGS: Final = 100
_MOST_CANDIDATES: Final = 50
_MOST_COMMITS: Final = 5
_MOST_REGISTRY: Final = 64 << 20


class MovedState(NamedTuple):
    """The state folder of a project that lay at `path`, which is no longer there; how many runs it has."""

    folder: Path
    path: Path
    runs: int
    why: str


def find_moved_state(project: Path, environ: Mapping[str, str] = os.environ) -> MovedState | None:
    """The state that this project had under another path; None if it has runs of its own here.

    Only the state of a path that is gone counts, and only where the repository is the very same one, or has
    checkpoints that this state names.
    """
    now = describe_project(project)
    if now is None or all_runs(project, environ):
        return None
    gone = list(islice(_vanished(project, environ), _MOST_CANDIDATES))
    for folder, record in gone:
        if record.is_same_repository(now):
            return _found(folder, record, environ, "it is the same repository")
    for folder, record in gone:
        if record.below == now.below and _has_checkpoint(project, record):
            return _found(folder, record, environ, "this repository has checkpoints that it names")
    return None


def take_over(project: Path, moved: MovedState, environ: Mapping[str, str] = os.environ) -> None:
    """Moves what is kept there into the state folder of the project as it lies now; RefusedError if it cannot.

    What is here already stays; of the checkpoints both are known then.
    """
    for run in all_runs(moved.path, environ):
        if is_supervised(run):
            raise RefusedError(
                f"run {run.id} of {moved.path} still has its supervisor; end it first"
            )
    target = make_project_state(project, environ)
    try:
        _end_unfinished(moved.path, environ)
        for name in sorted(os.listdir(moved.folder)):
            if name != PROJECT_FILE:
                _move(moved.folder / name, target / name)
        (moved.folder / PROJECT_FILE).unlink(missing_ok=True)
        if not os.listdir(moved.folder):
            moved.folder.rmdir()
    except OSError as error:
        where = f"{error.filename or moved.folder}: {error.strerror}"
        raise RefusedError(f"the state could not be moved whole ({where}); try again") from error
    write_record(target / PROJECT_FILE, project)


def forget_gone_demos(project: Path, environ: Mapping[str, str] = os.environ) -> int:
    """Removes what was kept of demonstrations whose folder is gone, not of `project`; how many."""
    import shutil

    forgotten = 0
    for folder, record in islice(_vanished(project, environ), _MOST_CANDIDATES):
        runs = all_runs(Path(os.fsdecode(record.path)), environ)
        if runs and all(_is_over_demo(run) for run in runs):
            shutil.rmtree(folder, ignore_errors=True)
            forgotten += 1
    return forgotten


def _is_over_demo(run: RunDirectory) -> bool:
    is_demo = facts_and_end(run).get("command") == "demo"
    return is_demo and not is_supervised(run) and not host_elsewhere(run)


def _end_unfinished(project: Path, environ: Mapping[str, str]) -> None:
    """Ends what was left open there: such a run names a path that is gone, so nobody can take it up again."""
    for run in all_runs(project, environ):
        if read_run_end(run) is None and not host_elsewhere(run):
            record_end(run, RunEnd("its project was moved", None, time.time(), EndKind.OPEN))


def _move(source: Path, target: Path) -> None:
    from tui.store.checkpoint_registry import CheckpointRegistry

    if not os.path.lexists(target):
        source.rename(target)
    elif source.is_dir() and not source.is_symlink():
        private_folder(target)
        for name in sorted(os.listdir(source)):
            _move(source / name, target / name)
        if not os.listdir(source):
            source.rmdir()
    elif source.name == CheckpointRegistry.FILE:
        append_line(target, read_small(source, _MOST_REGISTRY), sync=True)
        source.unlink()
    # A newer version of anything else goes before the old one, which stays where it is.


def state_folders(
    environ: Mapping[str, str] = os.environ,
) -> Iterator[tuple[Path, ProjectRecord]]:
    """Every state folder with the record of its project, by name; those without one are left out."""
    top = projects_folder(environ)
    try:
        if not is_own_folder(top):
            return
        with os.scandir(top) as entries:
            found = islice(entries, _MOST_FOLDERS)
            names = sorted(one.name for one in found if one.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in names:
        record = read_record(top / name / PROJECT_FILE)
        if record is not None:
            yield top / name, record


def known_projects(environ: Mapping[str, str] = os.environ, most: int = 200) -> list[Path]:
    """The projects that are still where they were, at most `most`."""
    found = (Path(os.fsdecode(record.path)) for _, record in state_folders(environ))
    return list(islice((path for path in found if path.is_dir()), most))


def former_paths(project: Path, environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Where this very repository lay when something of it was kept, if that is gone; starts no program."""
    now = describe_project(project)
    if now is None:
        return []
    gone = islice(_vanished(project, environ), _MOST_CANDIDATES)
    return [Path(os.fsdecode(one.path)) for _, one in gone if one.is_same_repository(now)]


def _vanished(project: Path, environ: Mapping[str, str]) -> Iterator[tuple[Path, ProjectRecord]]:
    """Every state folder whose project is no longer where it was, with its record."""
    own = project_state(project, environ)
    for folder, record in state_folders(environ):
        if folder != own and not os.path.lexists(record.path):
            yield folder, record


def _found(folder: Path, record: ProjectRecord, environ: Mapping[str, str], why: str) -> MovedState:
    path = Path(os.fsdecode(record.path))
    return MovedState(folder, path, len(all_runs(path, environ)), why)


def _has_checkpoint(project: Path, record: ProjectRecord) -> bool:
    """Whether this repository has a commit that the old state names as a checkpoint."""
    # Whoever only asks where a project lay needs neither.
    from tui.store.checkpoint_registry import CheckpointRegistry
    from tui.system.git import Git

    known = CheckpointRegistry(Path(os.fsdecode(record.repository))).read()
    commits = [commit for commit in known.entries if known.names(commit)][-_MOST_COMMITS:]
    if not commits:
        return False
    try:
        asked = "".join(f"{commit}\n" for commit in commits).encode()
        listed = Git(project).run(("cat-file", "--batch-check"), input=asked)
    except OvernightError:
        return False
    return any(line.split()[1:2] == [b"commit"] for line in listed.splitlines())


# --- other work trees of the repository ---


def sibling_projects(project: Path, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Those of the other work trees; of one that is gone, if a run was given a work tree there by name."""
    now, own = describe_project(project), os.fsencode(os.path.realpath(project))
    if now is None:
        return ()
    trees = {os.path.realpath(tree) for tree in other_work_trees(project)}
    records = (record for _, record in state_folders(environ))
    found = (one for one in records if one.path != own and one.is_same_repository(now))
    paths = [Path(os.fsdecode(one.path)) for one in islice(found, _MOST_SIBLINGS)]
    return tuple(one for one in paths if str(one) in trees or _is_gone_tree(one, environ))


def _is_gone_tree(project: Path, environ: Mapping[str, str]) -> bool:
    """Whether it lay in a work tree that was removed; a repository that was moved is another matter."""
    if os.path.lexists(project):
        return False
    runs = islice(list_run_directories(project, environ), _MOST_SIBLINGS)
    return any(facts_and_end(run).get("work_tree") for run in runs)


def project_of_run(project: Path, run: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The one of these, or the project itself, that has the run of that id; the project where none has it."""
    if not run or _has_run(project, run, environ):
        return project
    siblings = sibling_projects(project, environ)
    return next((one for one in siblings if _has_run(one, run, environ)), project)


def _has_run(project: Path, run: str, environ: Mapping[str, str]) -> bool:
    return any(one.id == run for one in list_run_directories(project, environ))
