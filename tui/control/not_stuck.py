"""A person says that a session is not stuck: recorded for this night, and counted for the next ones."""

from __future__ import annotations

from tui.control.operations import Operations
from tui.model.journal import Requester
from tui.model.labels import DETECTORS
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.store.journal import JournalWriter
from tui.store.ledgers.stall_feedback import StallFeedback
from tui.system.errors import RefusedError, describe_os_error


def night_id(night: NightSnapshot) -> str:
    """What names the night in the statistics: its run, else its newest session."""
    return night.run.id or night.run.session_id or ""


def call_wrong(
    operations: Operations,
    night: NightSnapshot,
    stall: Stall,
    at: float,
    by: Requester = Requester.KEY,
) -> str:
    """Records in the night's journal that the stall is none, said at `at`; gives the receipt in words.

    Its detector needs twice as much in this night from then on, for every reader of the night.
    RefusedError where there is no such stall, or the night has no journal here.
    """
    if stall.detector is None:
        raise RefusedError("silence is no finding of a detector; nothing was recorded")
    if night.run.owned and not operations.has_run:
        raise RefusedError(f"this run lives on {night.run.host or 'another machine'}: say it there")
    if not operations.has_run and not operations.session:
        raise RefusedError("these events name no session, so there is no place to record it")
    data = {
        "detector": stall.detector,
        "pattern": stall.pattern,
        "since": stall.since,
        "count": stall.count,
        "session": operations.session,
        "by": by,
    }
    try:
        journal = operations.journal
        if not operations.has_run:
            journal = JournalWriter.for_session(operations.project, operations.session).path
        JournalWriter(journal, wall=lambda: at).write("not_stuck", data)
    except OSError as error:
        raise RefusedError(describe_os_error(error, "the journal", "cannot be written")) from None
    StallFeedback(operations.project).note_wrong(night_id(night), stall, at)
    return f"recorded as not stuck: {DETECTORS[stall.detector].title}"
