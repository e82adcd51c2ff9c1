"""Files that a person brought back to an earlier state: what tests said before is not of them."""

from __future__ import annotations

from tui.night.deeds import RewindRecord
from tui.night.model import NightSnapshot


def reverted_files(night: NightSnapshot) -> str:
    """The last rewind of files that was not undone and that no test run came after, in words.

    Empty when there is none: then commits, changed files and tests tell of the same state.
    """
    last: RewindRecord | None = None
    for one in night.deeds.rewinds:
        if one.mode != "conversation":
            last = None if one.undo else one
    if last is None or not (last.written or last.deleted):
        return ""
    tested = (run.at for run in night.tests.runs if run.verdict != "unknown")
    if any(at is not None and at > last.at for at in tested):
        return ""
    return f"Files were brought back to {_name(last.checkpoint)} after the last test run"


def _name(checkpoint: str) -> str:
    return f"c{checkpoint}" if checkpoint.isdigit() else checkpoint
