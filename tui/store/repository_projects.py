"""The same project in the other work trees of its repository, as far as anything of ours is kept of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from tui.store.layout import list_run_directories
from tui.store.moved_projects import state_folders
from tui.store.project_record import describe_project
from tui.store.repository_identity import other_work_trees
from tui.store.runs import facts_and_end

_MOST = 100


def sibling_projects(project: Path, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Those of the other work trees; of one that is gone, if a run was given a work tree there by name."""
    now, own = describe_project(project), os.fsencode(os.path.realpath(project))
    if now is None:
        return ()
    trees = {os.path.realpath(tree) for tree in other_work_trees(project)}
    records = (record for _, record in state_folders(environ))
    found = (one for one in records if one.path != own and one.is_same_repository(now))
    paths = [Path(os.fsdecode(one.path)) for one in islice(found, _MOST)]
    return tuple(one for one in paths if str(one) in trees or _is_gone_tree(one, environ))


def _is_gone_tree(project: Path, environ: Mapping[str, str]) -> bool:
    """Whether it lay in a work tree that was removed; a repository that was moved is another matter."""
    if os.path.lexists(project):
        return False
    runs = islice(list_run_directories(project, environ), _MOST)
    return any(facts_and_end(run).get("work_tree") for run in runs)


def project_of_run(project: Path, run: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The one of these, or the project itself, that has the run of that id; the project where none has it."""
    if not run or _has_run(project, run, environ):
        return project
    siblings = sibling_projects(project, environ)
    return next((one for one in siblings if _has_run(one, run, environ)), project)


def _has_run(project: Path, run: str, environ: Mapping[str, str]) -> bool:
    return any(one.id == run for one in list_run_directories(project, environ))
