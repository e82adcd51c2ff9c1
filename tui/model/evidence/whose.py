"""What a night's own records say of commits, edits and times, by which its work is told from a person's."""

from __future__ import annotations

from msgspec import Struct

from tui.model.evidence.log import CallSpans, CommitRecord, EditRecord


class NightWork(Struct, frozen=True):
    """The records of a night: commits that they name, files that tools edited, when calls went on.

    `ours` are commits that our journal names.
    """

    commits: tuple[CommitRecord, ...] = ()
    edits: tuple[EditRecord, ...] = ()
    calls: CallSpans = CallSpans()
    since: float | None = None
    until: float | None = None
    ours: frozenset[str] = frozenset()

    def tells_of(self, at: float) -> bool:
        """Whether the records would show a call of the agent at that moment."""
        calls = self.calls
        if not calls.is_timed or not calls.busy or self.since is None:
            return False
        first = self.since if calls.known_from is None else max(self.since, calls.known_from)
        return first <= at and (self.until is None or at <= self.until)

    def has_beside(self, at: float) -> bool:
        """Whether something that was left running can have done it at that moment."""
        return self.calls.unknown_from is not None and at >= self.calls.unknown_from

    def names(self, sha: str) -> bool:
        """Whether the answer of a call names the commit."""
        return any(one.sha and sha.startswith(one.sha) for one in self.commits)


NO_WORK = NightWork()
"""Nothing is known: what was made in the night's time is the night's."""
