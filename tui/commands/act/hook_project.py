"""What the slow hooks need of the project and the session that they are called for."""

from __future__ import annotations

import signal
import time
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
from tui.store.project_files import record_names
from tui.system.errors import OvernightError

if TYPE_CHECKING:
    from tui.model.snapshot import NightSnapshot

# Together less than a hook may take; the CLI ends one that takes longer.
_CHECKPOINT_SECONDS = 22.0
_READ_SECONDS = 20.0
_MOST_WHOLE = 64 << 20
_TAIL = 16 << 20


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
    return work_state(project.folder, record_names(project.settings.paths))


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
    with deadline(_READ_SECONDS, "reading the session"):
        if Path(project.transcript).stat().st_size > _MOST_WHOLE:
            return _read_tail(project)
        named = NamedSources(session=project.transcript)
        monitor = SessionMonitor(project.home, project.settings, named, SystemClock())
        try:
            return monitor.read_once()
        finally:
            monitor.close()


def _read_tail(project: CalledProject) -> NightSnapshot:
    """What the newest part of a large transcript tells; of the cost at least so much."""
    from tui.model.session import EventFile
    from tui.monitor.session_reader import SessionReader, fold_rules

    files = [EventFile("transcript", project.transcript, "the payload names it")]
    fold = fold_rules(project.settings).fold()
    reader = SessionReader(files, fold, tail_bytes=_TAIL)
    try:
        reader.read_all()
        return fold.snapshot(time.time())
    finally:
        reader.close()


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
