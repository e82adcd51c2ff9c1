"""What a check finds; the checks of work tree, run directory and agent."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from msgspec import Struct

from tui.control.completion import is_stuck
from tui.feeds.progress.feature_list import read_feature_list
from tui.feeds.progress.reader import read_progress_file, with_features
from tui.model.records import ProgressFile
from tui.runner import preflight
from tui.runner.agent.logins import LoginKind, check_login, describe_login
from tui.runner.agent.unattended import describe_unattended
from tui.runner.doctor.permission_check import (
    PermissionForecast,
    forecast_permissions,
    permission_finding,
)
from tui.settings.settings import Settings
from tui.store.layout import project_state
from tui.store.project_files import ProjectFiles, read_inside
from tui.store.repository_identity import is_outside, work_tree_root
from tui.store.runs import find_run_elsewhere, find_unfinished_run, is_supervised
from tui.system import paths
from tui.system.children.programs import find_program
from tui.system.errors import OvernightError
from tui.system.files import private_folder, read_small
from tui.system.format import format_count
from tui.system.git import Git

State = Literal["ok", "warn", "fail"]
Finding = tuple[State, str, str]
_MOST_BYTES = 4 << 20
_SHORT_KEY = 20


class CheckResult(Struct, frozen=True):
    """One line of the doctor: what was checked, its state, and what to do where it is not ok."""

    name: str
    state: State
    text: str
    advice: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What is examined."""

    project: Path
    settings: Settings
    environ: Mapping[str, str]
    now: float

    @cached_property
    def git(self) -> Git | OvernightError:
        """The repository, or why there is none."""
        try:
            return Git(self.project)
        except OvernightError as error:
            return error

    @property
    def is_claude(self) -> bool:
        return preflight.is_claude(self.settings.agent.command)

    @cached_property
    def permissions(self) -> PermissionForecast:
        """What the agent may do in a run that begins now."""
        return forecast_permissions(self.project, self.settings, self.environ)

    def path(self, name: str) -> Path:
        return paths.resolve(self.project, name)


# None where there is nothing to be checked.
Check = Callable[[Surroundings], Finding | None]


def ok(text: str) -> Finding:
    return "ok", text, ""


def warn(text: str, advice: str = "") -> Finding:
    return "warn", text, advice


def fail(text: str, advice: str = "") -> Finding:
    return "fail", text, advice


def results_of(checks: Mapping[str, Check], place: Surroundings) -> Iterator[CheckResult]:
    """Each result as soon as it is there; a check that is refused or cannot be made fails."""
    for name, check in checks.items():
        try:
            finding = check(place)
        except OvernightError as error:
            finding = fail(*_split(error))
        except OSError as error:
            finding = fail(f"{error.filename or name}: {error.strerror}")
        if finding is not None:
            yield CheckResult(name, *finding)


def _split(error: OvernightError) -> tuple[str, str]:
    text, _, advice = str(error).partition("; ")
    return text, advice


def _git(place: Surroundings) -> Finding:
    git = place.git
    if isinstance(git, OvernightError):
        text, advice = _split(git)
        return fail(text, advice or "run `git init` there")
    if git.head() is None:
        return warn("there is no commit yet", "make a first one to compare with")
    operation = git.operation_in_progress()
    if operation is not None:
        advice = "finish or abort it, so that the night begins from a commit"
        return warn(f"a {operation} is under way", advice)
    try:
        preflight.check_clean(git, place.project, place.settings)
    except OvernightError as error:
        return warn(*_split(error))
    return ok(f"clean, on {git.branch() or 'no branch (detached)'}")


def _checkpoint(place: Surroundings) -> Finding | None:
    from tui.control.checkpoints import capture, refs, work_tree
    from tui.control.checkpoints.path_listing import IGNORED, OWN_REASON
    from tui.control.rewind.execute import recover_rewind

    project, limits = place.project, place.settings.checkpoints
    if isinstance(place.git, OvernightError):
        return None
    try:
        waiting = recover_rewind(project, may_act=False)
    except OvernightError as error:
        return warn(*_split(error))
    if waiting is not None:
        advice = "run `overnight-tui undo`, `rewind` or `checkpoint`: that is done first"
        return warn(f"a rewind broke off half-way: {waiting.sentence}", advice)
    state = capture.scan_work_tree(project, work_tree.CaptureLimits.from_settings(limits))
    # What git ignores is left out on purpose; a person should know of the rest before the night.
    on_purpose = (IGNORED, OWN_REASON)
    missing = [file for file in state.not_captured() if file.reason not in on_purpose]
    taken = len(refs.checkpoints_of(project))
    text = f"possible: {len(state.rows):,} files; {taken} taken so far"
    if not missing:
        return ok(text)
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    first = f"{missing[0].path} ({missing[0].reason})"
    return warn(text, f"a rewind would not bring back {first}{more}")


def _project_files(place: Surroundings) -> Finding:
    """Whether the files that a run keeps in the project are plain files of it."""
    names, files = place.settings.paths, ProjectFiles(place.project)
    written = (
        *(names.progress_file, names.session_notes, names.watchdog_log),
        *(names.session_history, names.compaction_history, f"{names.transcripts}/transcript"),
    )
    refused = [error for error in map(files.obstacle, written) if error is not None]
    if not refused:
        return ok("progress, notes and logs can be written")
    more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    name = os.path.relpath(refused[0].path, place.project)
    reason, _, advice = refused[0].refusal.value.partition("; ")
    return warn(f"{name} {reason}{more}; a run leaves it alone", advice)


def _tasks(place: Surroundings) -> Finding:
    progress, name = _progress(place), place.settings.paths.progress_file
    if progress is None:
        if not place.settings.enforcement.continuous_mode:
            return ok(f"{name} counts none; the night ends with its first turn")
        advice = "write them down, or start with --initializer"
        return warn(f"{name} counts no tasks to go on with", advice)
    text = f"{progress.open} open, {progress.done} done in {name}"
    if not progress.open:
        return warn(text, "add what is to be done; the run would end at once")
    if is_stuck(progress):
        return warn(text, "all open tasks are blocked; the run would call you")
    return ok(text)


def _progress(place: Surroundings) -> ProgressFile | None:
    names, features = place.settings.paths, None
    path, features_path = place.path(names.progress_file), place.path(names.feature_list)
    if data := read_inside(place.project, names.feature_list, _MOST_BYTES):
        features = read_feature_list(data, str(features_path), None)
    data = read_inside(place.project, names.progress_file, _MOST_BYTES)
    if data:
        progress = with_features(read_progress_file(data, str(path), None), features)
    elif features is not None:
        progress = features
    else:
        return None
    return None if progress.basis == "unknown" else progress


def _run_folder(place: Surroundings) -> Finding:
    """Whether our state is private, writable, and on a disk that knows named pipes."""
    folder = project_state(place.project, place.environ)
    top = paths.state_dir(place.environ)
    was_open = folder.exists() and bool(stat.S_IMODE(folder.lstat().st_mode) & 0o077)
    try:
        _try_pipe(private_folder(top))
    except OSError as error:
        return fail(
            f"{top}: {error.strerror}", "set XDG_STATE_HOME to a folder that can be written"
        )
    if was_open:
        return warn(f"{folder} can be entered by others", "the next start makes it private")
    return ok(f"{top} is writable, and messages get through")


def _try_pipe(parent: Path) -> None:
    """Makes and uses a named pipe as a run does. Raises OSError."""
    with tempfile.TemporaryDirectory(
        prefix=".overnight-", dir=parent, ignore_cleanup_errors=True
    ) as folder:
        fifo = os.path.join(folder, "stdin")
        os.mkfifo(fifo, 0o600)
        descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(descriptor, b"\n")
            os.read(descriptor, 1)
        finally:
            os.close(descriptor)


# --- the agent ---


def _agent(place: Surroundings) -> Finding:
    command = place.settings.agent.command
    preflight.check_agent(command, place.environ, place.project)
    if place.is_claude:
        return ok(f"claude {preflight.check_version(command, place.environ, place.project)}")
    return ok(f"{os.path.basename(command[0])}, as agent.command says")


def _login(place: Surroundings) -> Finding | None:
    if not place.is_claude:
        return None
    sources = check_login(place.project, place.settings, place.environ)
    used = sources.used
    assert used is not None
    text = describe_login(used)
    if used.kind is LoginKind.ACCOUNT_NAME:
        text = f"{used.place} names an account, but its login is not there"
        return warn(text, "run `claude` once and use /login")
    if used.kind in (LoginKind.KEY, LoginKind.TOKEN, LoginKind.OAUTH_TOKEN):
        # A wrong key, or a line break read from a file, fails only when the night has begun.
        value = used.value.reveal()
        if value != value.strip():
            return fail(f"{text}, which has blanks around it", "set it again, without")
        if used.kind is LoginKind.KEY and len(value) < _SHORT_KEY:
            return warn(f"{text}, which looks too short", "check the key")
    if sources.unreadable:
        return warn(f"{text}; {sources.unreadable[0]}", "mend that file: Claude Code leaves it out")
    beside = next((one for one in sources.logins if one.kind is LoginKind.ACCOUNT), None)
    return ok(f"{text}; the account's login is not used" if beside not in (None, used) else text)


def _permission(place: Surroundings) -> Finding:
    return permission_finding(place.permissions)


def _sandbox(place: Surroundings) -> Finding | None:
    """Whether a sandbox that is asked for is one: the CLI goes on without it where a program is missing."""
    if place.settings.agent.sandbox != "on" or sys.platform != "linux":
        return None
    programs = ("bwrap", "socat")
    missing = [name for name in programs if find_program(name, place.environ) is None]
    if missing:
        text = f"{' and '.join(missing)} not found: the agent would run without its sandbox"
        return warn(text, "install bubblewrap and socat, or set agent.sandbox to default")
    return ok("bwrap and socat are here; services of this machine are out of its reach")


def _unattended(place: Surroundings) -> Finding | None:
    if not place.is_claude:
        return None
    text, advice = describe_unattended(place.environ, place.settings)
    return warn(text, advice) if advice else ok(text)


def _hooks(place: Surroundings) -> Finding:
    from tui.control.hooks import status

    try:
        hooks = status.mailbox_status(place.project)
    except OvernightError as error:
        return warn(str(error))
    if hooks.complete:
        return ok("installed: sessions started elsewhere hear you too")
    if not hooks.events:
        return ok("not installed; runs of ours need none")
    if hooks.off:
        return warn(f"installed, but no hook runs: {hooks.off}")
    return warn("of another version", "run `overnight-tui hooks install` again")


def _watchdog(place: Surroundings) -> Finding:
    project = place.project
    run = find_unfinished_run(project, place.environ)
    if run is not None and is_supervised(run):
        return ok(f"watches run {run.id}")
    if run is not None:
        advice = "start `overnight-tui` here: it is taken up again at once"
        return fail(f"run {run.id} goes on unwatched", advice)
    elsewhere = find_run_elsewhere(project, place.environ)
    if elsewhere is not None:
        run, host = elsewhere
        return warn(f"run {run.id} is going on, on {host}", "look after it there")
    for pid, cwd in preflight.claude_sessions(place.environ):
        if cwd.is_relative_to(project) and not is_outside(cwd, work_tree_root(project) or project):
            text = f"session of process {pid} was started without us"
            return warn(text, "it has no limits; `overnight-tui run` gives some")
    return ok("comes with `overnight-tui run`; nothing runs now")


def _stream(place: Surroundings) -> Finding | None:
    """Whether the event file that is watched here is one of Claude Code's; None where it is."""
    from tui.feeds.claude.stream_format import HEAD_BYTES, recognise_format
    from tui.feeds.sessions.select import select_session

    sources = select_session(place.project, place.settings, environ=place.environ)
    if not sources.events or sources.run:
        return None
    file = sources.events[0]
    head = read_small(file.path, HEAD_BYTES, follow=True, inside=file.base)
    text, _, advice = recognise_format(file.path, head).sentence.partition("; ")
    return warn(text, advice) if head and text else None


def _moved(place: Surroundings) -> Finding | None:
    """Whether the project was renamed or moved, and its runs are still kept under the old path."""
    from tui.store.moved_projects import find_moved_state

    moved = find_moved_state(place.project, place.environ)
    if moved is None:
        return None
    runs = format_count(moved.runs, "run")
    text = f"it lay at {moved.path} before, with {runs}: {moved.why}"
    return warn(text, "`overnight-tui trust --import-runs` takes them over")


def _old_runs(place: Surroundings) -> Finding | None:
    """Runs that version 0.1 left in the project; they are not believed."""
    from tui.store.old_runs import find_old_runs, imported_runs

    known = imported_runs(place.project, place.environ)
    left = [run for run in find_old_runs(place.project) if run.name not in known]
    if not left:
        return None
    text = f"{format_count(len(left), 'run')} of version 0.1 in .overnight, not believed"
    return warn(text, "`overnight-tui trust --import-runs` shows and copies them")


CHECKS: Mapping[str, Check] = {
    "git": _git,
    "checkpoint": _checkpoint,
    "files": _project_files,
    "tasks": _tasks,
    "run folder": _run_folder,
    "moved": _moved,
    "old runs": _old_runs,
    "agent": _agent,
    "login": _login,
    "permission": _permission,
    "sandbox": _sandbox,
    "unattended": _unattended,
    "hooks": _hooks,
    "watchdog": _watchdog,
    "stream": _stream,
}
