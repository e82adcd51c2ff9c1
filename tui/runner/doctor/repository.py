"""Checks the work tree: repository, checkpoints, tasks, disk, run directory."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tui.feeds.progress.reader import read_progress, with_features
from tui.feeds.progress.tasks_and_counts import read_feature_list
from tui.model.records import ProgressFile
from tui.runner.decisions import is_stuck
from tui.runner.doctor.check import CheckResult, run_check
from tui.runner.preflight import MIN_FREE_BYTES, check_clean
from tui.settings.settings import Settings
from tui.system import paths
from tui.system.errors import OvernightError
from tui.system.format import format_size_binary
from tui.system.git import Git
from tui.system.sanitize import clean_bytes

_LITTLE_FREE = 5 << 30
_UNFINISHED = "finish or abort it, so that the night begins from a commit"


def repository_checks(project: Path, settings: Settings) -> Iterator[CheckResult]:
    try:
        git = Git(project)
    except OvernightError as error:
        text, _, advice = str(error).partition("; ")
        yield CheckResult("git", "fail", text, advice or "run `git init` there")
    else:
        yield _tree(git, project, settings)
        yield _checkpoint(project, settings)
    yield _tasks(project, settings)
    yield _disk(project)
    yield _run_folder(project, settings)


def _tree(git: Git, project: Path, settings: Settings) -> CheckResult:
    if git.head() is None:
        return CheckResult(
            "git", "warn", "there is no commit yet", "make a first one to compare with"
        )
    operation = git.operation_in_progress()
    if operation is not None:
        return CheckResult("git", "warn", f"a {operation} is under way", _UNFINISHED)
    branch = git.branch() or "no branch (detached)"

    def clean() -> str:
        check_clean(git, project, settings)
        return f"clean, on {branch}"

    return run_check("git", clean, "warn")


def _checkpoint(project: Path, settings: Settings) -> CheckResult:
    from tui.control.checkpoints import capture, refs, work_tree
    from tui.control.checkpoints.path_listing import IGNORED
    from tui.control.checkpoints.stat_cache import OWN_REASON
    from tui.control.rewind.rewind_journal import RewindJournal

    limits = settings.checkpoints
    try:
        if RewindJournal(project).is_open():
            advice = "run `overnight-tui undo` or any deed: it is finished or taken back first"
            return CheckResult("checkpoint", "warn", "a rewind broke off half-way", advice)
        state = capture.scan_work_tree(
            project,
            work_tree.CaptureLimits(
                limits.max_file_mib << 20,
                limits.max_untracked_mib << 20,
                limits.time_budget_seconds,
            ),
        )
        taken = refs.checkpoints_of(project)
    except OvernightError as error:
        return CheckResult("checkpoint", "fail", str(error))
    # What git ignores is left out on purpose; a person should know of the rest before the night.
    on_purpose = (IGNORED, OWN_REASON)
    missing = [file for file in state.not_captured() if file.reason not in on_purpose]
    text = f"possible: {len(state.rows):,} files; {len(taken)} taken so far"
    if not missing:
        return CheckResult("checkpoint", "ok", text)
    first = f"{missing[0].path} ({missing[0].reason})"
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    advice = f"a rewind would not bring back {first}{more}"
    return CheckResult("checkpoint", "warn", text, advice)


def _tasks(project: Path, settings: Settings) -> CheckResult:
    progress = _progress(project, settings)
    name = settings.paths.progress_file
    if progress is None:
        if not settings.enforcement.continuous_mode:
            return CheckResult(
                "tasks", "ok", f"{name} counts none; the night ends with its first turn"
            )
        advice = "write them down, or start with --initializer"
        return CheckResult("tasks", "warn", f"{name} counts no tasks to go on with", advice)
    text = f"{progress.open} open, {progress.done} done in {name}"
    if not progress.open:
        return CheckResult(
            "tasks", "warn", text, "add what is to be done; the run would end at once"
        )
    if is_stuck(progress):
        return CheckResult(
            "tasks", "warn", text, "all open tasks are blocked; the run would call you"
        )
    return CheckResult("tasks", "ok", text)


def _progress(project: Path, settings: Settings) -> ProgressFile | None:
    path = paths.resolve(project, settings.paths.progress_file)
    features_path = paths.resolve(project, settings.paths.feature_list)
    features = None
    try:
        features = read_feature_list(features_path.read_bytes(), str(features_path), None)
    except OSError:
        pass
    try:
        progress = read_progress(clean_bytes(path.read_bytes()), str(path), None)
    except OSError:
        return features
    progress = with_features(progress, features)
    return None if progress.basis == "unknown" else progress


def _disk(project: Path) -> CheckResult:
    free = shutil.disk_usage(project).free
    text = f"{format_size_binary(free)} free"
    if free < MIN_FREE_BYTES:
        return CheckResult(
            "disk", "fail", text, f"make room for at least {format_size_binary(MIN_FREE_BYTES)}"
        )
    if free < _LITTLE_FREE:
        return CheckResult("disk", "warn", text, "a long night with builds may need more")
    return CheckResult("disk", "ok", text)


def _run_folder(project: Path, settings: Settings) -> CheckResult:
    """Whether the run directory is private, writable, and on a disk that knows named pipes."""
    folder = existing = paths.resolve(project, settings.paths.run_dir)
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    name, shown = "run folder", settings.paths.run_dir
    if folder.exists():
        facts = folder.lstat()
        if stat.S_ISLNK(facts.st_mode):
            return CheckResult(name, "fail", f"{shown} is a symbolic link", "remove it")
        if facts.st_uid != os.geteuid():
            return CheckResult(name, "fail", f"{shown} is somebody else's", "run as its owner")
    try:
        _try_pipe(existing)
    except OSError as error:
        text = f"{shown}: {error.strerror}"
        return CheckResult(name, "fail", text, "set paths.run_dir to a folder that can be written")
    if folder.exists() and stat.S_IMODE(folder.lstat().st_mode) & 0o077:
        text = f"{shown} can be entered by others"
        return CheckResult(name, "warn", text, "the next start makes it private")
    return CheckResult(name, "ok", f"{shown} is writable, and messages get through")


def _try_pipe(parent: Path) -> None:
    """Makes and uses a named pipe as a run does. Raises OSError."""
    folder = Path(tempfile.mkdtemp(prefix=".overnight-", dir=parent))
    try:
        fifo = folder / "stdin"
        os.mkfifo(fifo, 0o600)
        descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(descriptor, b"\n")
            os.read(descriptor, 1)
        finally:
            os.close(descriptor)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
