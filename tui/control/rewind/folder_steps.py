"""What a rewind does to folders, and to the `.git` of repositories inside the work tree."""

from __future__ import annotations

from collections.abc import Iterable

from tui.control.checkpoints.path_listing import IGNORED, folders_above
from tui.control.checkpoints.stat_cache import FolderStat
from tui.control.checkpoints.work_tree import WorkTreeState
from tui.control.rewind.decide import (
    FOLDER_MODE,
    FileStep,
    FileVersion,
    RewindDecision,
    RewindTarget,
    decide_files,
)

# Without these nothing can be made or removed in a folder.
_OPEN = 0o300


def decide(target: RewindTarget, state: WorkTreeState, scope: bytes) -> RewindDecision:
    """Compares the target with the work tree; only paths that start with `scope` count."""
    decision = decide_files(target, state, scope)
    _decide_nested(target, state, decision, scope)
    _FolderComparison(target, state, decision, scope).decide()
    return decision


def _decide_nested(
    target: RewindTarget, state: WorkTreeState, decision: RewindDecision, scope: bytes
) -> None:
    """Which nested repositories come back. One that is there stays, as the repository itself does."""
    now = {entry.path: entry for entry in state.nested_git.entries()}
    now_excluded = {path[:-1] for path in state.nested_git.excluded}
    then = {entry.path: entry for entry in target.details.nested}
    for path, entry in then.items():
        if not path.startswith(scope):
            continue
        folder = path.rpartition(b"/")[0]
        if path in now or path in now_excluded:
            if now.get(path) != entry:
                decision.kept[path + b"/"] = (
                    "a repository that is there: its HEAD, index and branches stay as they are"
                )
        elif blocked := _find_obstacle(state, decision, folder):
            decision.kept[path + b"/"] = f"cannot be put back: {blocked}"
        else:
            decision.nested.append(entry)
    if target.details.usual_folder is None:
        return
    for path in now.keys() - then.keys():
        shown = path.rpartition(b"/")[0] + b"/"
        if path.startswith(scope) and shown not in decision.kept:
            decision.kept[path + b"/"] = "a repository that was not there then"


class _FolderComparison:
    """Which folders are made, removed, and get other permissions, once the files are decided."""

    def __init__(
        self, target: RewindTarget, state: WorkTreeState, decision: RewindDecision, scope: bytes
    ) -> None:
        self._target, self._state, self._decision, self._scope = target, state, decision, scope
        self._now = state.folders.folders
        self._gone = {step.path for step in decision.steps if step.after is None}
        self._written = {step.path for step in decision.steps if step.after is not None}
        git_entries = [entry.path for entry in decision.nested]
        self._made = _all_above([*self._written, *git_entries])
        details = target.details
        # Those that are recorded by themselves: a tree of files does not show them.
        self._own = {*details.empty_folders, *details.folders} - {b""}
        self._wanted = _all_above([*target.entries, *git_entries, *self._own]) | self._own
        if details.usual_folder is not None:
            self._wanted.add(b"")
        self._steps: dict[bytes, FileStep] = {}

    def decide(self) -> None:
        inside = (p for p in self._wanted if (p + b"/" if p else p).startswith(self._scope))
        for path in sorted(inside):
            self._want(path)
        self._remove_others()
        self._open_closed()
        self._decision.folders = [self._steps[path] for path in sorted(self._steps)]

    def _want(self, path: bytes) -> None:
        """A folder that was there then."""
        now, decision = self._now.get(path), self._decision
        before, after = _version_now(now), _version_then(self._target, path, now)
        if before is not None:
            if not before.is_like(after):
                decision.shown.add(path)
                self._steps[path] = FileStep(path, before, after)
        elif path in self._made:
            self._steps[path] = FileStep(path, None, after)
        elif path in self._own:
            blocked = _find_obstacle(self._state, decision, path)
            if not blocked:
                decision.shown.add(path)
                self._steps[path] = FileStep(path, None, after)
                self._make_above(path)
            elif blocked != IGNORED:
                decision.kept[path + b"/"] = f"cannot be put back: {blocked}"

    def _make_above(self, path: bytes) -> None:
        for above in folders_above(path):
            if above not in self._now and above not in self._steps:
                after = _version_then(self._target, above, None)
                self._steps[above] = FileStep(above, None, after)

    def _remove_others(self) -> None:
        """A folder in which nothing is left goes, if it was not there then."""
        others = _others(self._state, self._decision)
        stay = (path for path in (*self._state.rows.paths, *others) if path not in self._gone)
        spared = self._wanted | _all_above(stay) | self._made
        emptied = _all_above(self._gone)
        is_recorded = self._target.details.usual_folder is not None
        for path in self._now.keys() - spared - {b""}:
            if not path.startswith(self._scope) or not (is_recorded or path in emptied):
                continue
            self._steps[path] = FileStep(path, _version_now(self._now[path]), None)
            if path not in emptied:
                self._decision.shown.add(path)

    def _open_closed(self) -> None:
        """A folder that is closed to writing is opened meanwhile and closed again."""
        touched = self._gone | self._written | {path for path in self._steps if path}
        touched |= {entry.path for entry in self._decision.nested}
        for path in {path.rpartition(b"/")[0] for path in touched}:
            version = _version_now(self._now.get(path))
            if version and path not in self._steps and version.permissions & _OPEN != _OPEN:
                self._steps[path] = FileStep(path, version, version)


def _others(state: WorkTreeState, decision: RewindDecision) -> Iterable[bytes]:
    """What keeps the folders above it, beside files that were captured."""
    yield from (path.rstrip(b"/") for path in state.excluded)
    yield from (path.rstrip(b"/") for path in state.folders.special)
    yield from (path.rstrip(b"/") for path in decision.kept)
    yield from state.folders.git_entries


def _all_above(paths: Iterable[bytes]) -> set[bytes]:
    """The folders that these paths lie in, the top aside."""
    found: set[bytes] = set()
    waiting = {path.rpartition(b"/")[0] for path in paths}
    while waiting:
        found |= waiting
        waiting = {path.rpartition(b"/")[0] for path in waiting} - found
    return found - {b""}


def _version_now(folder: FolderStat | None) -> FileVersion | None:
    if folder is None:
        return None
    attributes = folder.extras.attributes if folder.extras is not None else ()
    return FileVersion(FOLDER_MODE, "", folder.mode, None, attributes)


def _version_then(target: RewindTarget, path: bytes, now: FolderStat | None) -> FileVersion:
    details = target.details
    if details.usual_folder is None:  # not recorded then
        present = _version_now(now)
        return present if present is not None else FileVersion(FOLDER_MODE, "", 0o755)
    permissions = details.folders.get(path, details.usual_folder)
    return FileVersion(FOLDER_MODE, "", permissions, None, details.attributes.get(path, ()))


def _find_obstacle(state: WorkTreeState, decision: RewindDecision, folder: bytes) -> str:
    """Why there can be no folder at this path, if there cannot."""
    index = state.rows.index()
    gone = {step.path for step in decision.steps if step.after is None}
    for above in (*folders_above(folder), folder):
        if above in index and above not in gone:
            return "its folder is a file now that stays"
        if above in state.excluded or above in state.folders.special:
            reason = state.excluded.get(above) or state.folders.special[above]
            return f"its folder is now {reason}"
        closed = state.excluded.get(above + b"/")
        if closed is not None:
            return closed
    return ""
