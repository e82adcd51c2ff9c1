"""What is new: progress, which ends every loop, and what was spent since the last of it."""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.stall import ProgressKind, StallWaste

_MOST_EDITS = 64


class ProgressTracker(Struct):
    """The newest progress, the state of the files, and what came since."""

    tree: int = 0
    edits: list[int] = []
    calls: int = 0
    marks: int = 0
    last: ProgressKind = ProgressKind.START
    at: float | None = None
    ref: SourceRef | None = None
    open_tasks: int | None = None
    done_tasks: int | None = None

    def mark(self, kind: ProgressKind, at: float | None, ref: SourceRef | None = None) -> None:
        """Something new came."""
        self.last, self.ref = kind, ref
        self.at = self.at if at is None else at
        self.calls = 0
        self.marks += 1

    def on_edit(self, key: int) -> bool:
        """An edit was made; whether it is one that was not made before."""
        if key in self.edits:
            return False
        self.edits.append(key)
        del self.edits[:-_MOST_EDITS]
        self.tree ^= key
        return True

    def on_tasks(self, done: int, still_open: int) -> bool:
        """Tasks were counted; whether more are done than before."""
        before, self.done_tasks, self.open_tasks = self.done_tasks, done, still_open
        return before is not None and done > before

    def waste(self, at: float | None) -> StallWaste:
        """What was spent by `at` since the last progress; its money is for those who know prices."""
        known = at is not None and self.at is not None
        seconds = max(0.0, (at or 0.0) - (self.at or 0.0)) if known else 0.0
        return StallWaste(self.calls, seconds, self.at, self.last, ref=self.ref)
