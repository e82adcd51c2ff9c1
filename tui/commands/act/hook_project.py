"""What the slow hooks need of the project and the session that they are called for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.commands.context import project_for, settings_at_hand
from tui.control.hooks.called_project import CalledProject, open_project
from tui.control.hooks.payload import HookCall
from tui.control.hooks.session_record import SessionRecord, save_session
from tui.control.hooks.work_state import WorkState, work_state
from tui.settings.settings import Settings
from tui.system.errors import OvernightError

if TYPE_CHECKING:
    from tui.model.snapshot import NightSnapshot

_CHECKPOINT_SECONDS = 25.0
_READ_SECONDS = 20.0


class TookTooLongError(OvernightError):
    """Something was given up because its time was over."""


@contextmanager
def deadline(seconds: float, what: str) -> Iterator[None]:
    """Raises TookTooLongError in the block after so many seconds; for a main thread, not nested."""

    def give_up(number: int, frame: object) -> None:
        raise TookTooLongError(f"{what} took longer than {seconds:g} s and was given up")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def project_of_call(call: HookCall, mailbox: str) -> CalledProject | None:
    """The project of a call; None where there is none, or its own hooks are called as well."""
    return open_project(call, mailbox, project_for, _settings)


def _settings(project: Path) -> Settings:
    return settings_at_hand(project)[0].settings


def work_of(project: CalledProject) -> WorkState | None:
    """The state of the session's files, without those that we write ourselves."""
    names = project.settings.paths
    own = (names.session_history, names.compaction_history, names.transcripts, names.watchdog_log)
    return work_state(project.folder, own)


def save(project: CalledProject, record: SessionRecord) -> bool:
    """Remembers it for the next call; False where that fails."""
    try:
        save_session(project.mailbox, project.call.session, record)
    except (OSError, OvernightError):
        return False
    return True


def read_night(project: CalledProject) -> NightSnapshot | None:
    """What the session's records tell; None where there are none that may be read.

    TookTooLongError where that takes too long for a hook.
    """
    from tui.model.session import NamedSources
    from tui.monitor.monitor import SessionMonitor
    from tui.system.clock import SystemClock

    if not project.transcript:
        return None
    named = NamedSources(session=project.transcript)
    monitor = SessionMonitor(project.home, project.settings, named, SystemClock())
    try:
        with deadline(_READ_SECONDS, "reading the session"):
            return monitor.read_once()
    finally:
        monitor.close()


def night_if_in_time(project: CalledProject) -> NightSnapshot | None:
    """The same for what can do without."""
    try:
        return read_night(project)
    except TookTooLongError:
        return None


def take_checkpoint(project: CalledProject, why: str, facts: dict[str, Any]) -> str:
    """The id of a checkpoint that was taken of the session's files; empty where none was."""
    from tui.control.operations import Operations

    operations = Operations(
        project.home,
        project.settings,
        session=project.call.session,
        events=project.transcript,
        work_tree=str(project.folder) if project.folder != project.home else "",
    )
    if not operations.has_repository:
        return ""
    try:
        with deadline(_CHECKPOINT_SECONDS, "the checkpoint"):
            return operations.take_checkpoint("", why, facts).id
    except OvernightError:
        return ""  # the journal says so
