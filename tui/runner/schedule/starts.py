"""What became of the starts of schedules: each is recorded, and of a failed one people are notified."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.model.state import NotifyKind
from tui.runner.notify.outbox import Outbox, notifier_for
from tui.runner.run_context import RunContext
from tui.runner.run_state import RunState
from tui.settings.settings import Settings
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory, make_project_state, project_state
from tui.store.runs import RunFacts, read_run_end
from tui.system.clock import SystemClock
from tui.system.errors import OvernightError, describe_os_error
from tui.system.files import append_line, atomic_write, make_folder, read_small
from tui.system.sanitize import clean_line

_FOLDER = "starts"
_FILE = "starts.jsonl"
_SHOWN = 10
_MOST_BYTES = 1 << 20
_LONGEST = 400
_RECENT_SECONDS = 600.0
_SEND_SECONDS = 45.0
_POLL_SECONDS = 0.1
_UNKNOWN = "the program itself did not start; `journalctl --user` or cron's mail may say why"


class PastStart(Struct, frozen=True):
    """One start by a schedule: the folder of the run that it began, or why it began none."""

    at: float
    unit: str
    run: str = ""
    text: str = ""

    def outcome(self) -> str:
        """What became of it, for people."""
        if not self.run:
            return f"did not start: {self.text}"
        run = RunDirectory(Path(self.run))
        end = read_run_end(run)
        return f"{run.id}  {end.reason if end is not None else 'has not ended'}"


def record_start(project: Path, start: PastStart) -> None:
    """Notes a start; one that cannot be noted is not."""
    with suppress(OSError, OvernightError):
        file = make_project_state(project) / _FILE
        append_line(file, msgspec.json.encode(start) + b"\n")


def past_starts(project: Path, environ: Mapping[str, str]) -> list[PastStart]:
    """The newest starts of the project's schedules, the newest first."""
    data = read_small(project_state(project, environ) / _FILE, _MOST_BYTES)
    found = []
    for line in data.splitlines():
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            found.append(msgspec.json.decode(line, type=PastStart))
    return found[: -_SHOWN - 1 : -1]


@contextmanager
def recorded(project: Path, unit: str) -> Iterator[Callable[[RunDirectory], None]]:
    """Notes the run that a schedule starts, or why none starts; lets the error pass."""
    try:
        yield lambda run: record_start(project, PastStart(time.time(), unit, run=str(run.path)))
    except (OvernightError, OSError) as error:
        text = describe_os_error(error) if isinstance(error, OSError) else str(error)
        start = PastStart(time.time(), unit, text=clean_line(text, _LONGEST))
        record_start(project, start)
        raise


def tell_failure(
    project: Path,
    unit: str,
    settings: Settings,
    environ: Mapping[str, str],
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Notifies people that a night did not start, and waits until that was sent; the sentence."""
    now = time.time()
    known = [one for one in past_starts(project, environ) if one.unit == unit]
    if known and now - known[0].at < _RECENT_SECONDS and known[0].text:
        reason = known[0].text
    else:
        reason = _UNKNOWN
        record_start(project, PastStart(now, unit, text=reason))
    text = f"the night in {project.name} did not start: {reason}"
    context = _context(project, settings, now)
    notifier = notifier_for(context, environ)
    notifier.notify(NotifyKind.NEEDS_YOU, text)
    outbox, until = Outbox(context.folder.path), time.monotonic() + _SEND_SECONDS
    while outbox.has_open() and time.monotonic() < until:
        sleep(_POLL_SECONDS)
    notifier.close()
    return text


def _context(project: Path, settings: Settings, now: float) -> RunContext:
    """What a notifier needs of a run, for a night that has none: an outbox and a journal of its own."""
    folder = RunDirectory(make_project_state(project) / _FOLDER / f"{now:.3f}")
    make_folder(folder.path)
    facts = RunFacts(folder.id, "", str(project), now, ("none",))
    atomic_write(folder.facts, msgspec.json.encode(facts))
    clock = SystemClock()
    journal = JournalWriter(folder.journal, clock.wall)
    return RunContext(folder, facts, settings, clock, RunState(), journal)
