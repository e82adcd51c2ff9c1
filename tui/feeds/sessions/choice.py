"""Which of the known sessions of a project is meant, where nobody named one. Pure.

What a model was asked to work at goes before questions and commands of the CLI, whatever their age. Then:
a session at work, one that waits for a person, our run that ended, the one that ended last. A session in the
folder itself or below it goes before one in another work tree that does not do more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui.model.session import KnownSession, Nearness
from tui.model.state import SessionState

# Between two turns a session counts as at work for so long: the answer does not change with each of them.
BETWEEN_TURNS_S = 60.0
# How much later another session must have been written to, to be taken instead of a run of another machine,
# and of one without an end record, whose supervisor may be gone, or of one that ended.
OVERTAKEN_S = 60.0
LONG_SILENT_S = 12 * 3600.0
_AT_WORK = frozenset(
    (
        SessionState.STARTING,
        SessionState.WORKING,
        SessionState.TOOL,
        SessionState.WAITING_API,
        SessionState.RATE_LIMITED,
        SessionState.STALLED,
        SessionState.LOOPING,
        SessionState.REFUSED,
        SessionState.WINDING_DOWN,
        SessionState.RESTARTING,
    )
)


def choose(sessions: Iterable[KnownSession], now: float) -> KnownSession | None:
    """The session that is meant; None where none has a file."""
    usable = [one for one in sessions if one.path and one.nearness is not Nearness.GONE]
    pool = [one for one in usable if one.has_substance] or usable
    near = _Group([one for one in pool if one.nearness <= Nearness.BELOW], now)
    far = _Group([one for one in pool if one.nearness > Nearness.BELOW], now)
    order = (near.at_work, near.waiting, far.at_work, near.ended, far.waiting, far.ended)
    return next((one for one in order if one is not None), None)


class _Group:
    """Sessions that are equally near, with the best of each kind."""

    def __init__(self, sessions: Sequence[KnownSession], now: float) -> None:
        self._sessions = sessions
        self._now = now
        works = [one for one in sessions if self._is_at_work(one)]
        idle = [one for one in sessions if one not in works]
        self.at_work = max(works, key=_among_workers, default=None)
        self.ended = self._best_ended([one for one in idle if one.is_over or one.kind == "run"])
        since = self.ended.started_at if self.ended is not None else 0.0
        waits = [one for one in idle if not one.is_over and one.kind != "run"]
        kept = [one for one in waits if not _is_left(one, since)]
        self.waiting = max(kept, key=_among_waiting, default=None)

    def _is_at_work(self, one: KnownSession) -> bool:
        if one.kind == "run":
            return not one.is_over and not self._is_overtaken(one)
        lives = one.process is not None and not one.is_over
        between = lives and self._now - one.changed_at < BETWEEN_TURNS_S
        return one.state in _AT_WORK or (between and one.state is SessionState.WAITING_INPUT)

    def _is_overtaken(self, run: KnownSession) -> bool:
        """Whether another session was written to long after a run fell silent that nobody watches."""
        if run.process is not None or run.state is SessionState.RESTARTING:
            return False
        grace = OVERTAKEN_S if run.host else LONG_SILENT_S
        return any(
            one.changed_at > run.changed_at + grace for one in self._sessions if one is not run
        )

    def _best_ended(self, ended: Sequence[KnownSession]) -> KnownSession | None:
        """Our newest run, unless another session was at it long after; else what was in the folder itself."""
        ours = max((one for one in ended if _is_ours(one)), key=_newest, default=None)
        others = [one for one in ended if not _is_ours(one)]
        here = [one for one in others if one.nearness is Nearness.HERE]
        other = max(here or others, key=_newest, default=None)
        if ours is None or other is None:
            return ours or other
        return other if other.changed_at > ours.changed_at + LONG_SILENT_S else ours


def _is_ours(one: KnownSession) -> bool:
    return one.kind == "run" and not one.host


def _is_left(one: KnownSession, since: float) -> bool:
    """Whether it only lies open since before the session that ended began: the person went on elsewhere."""
    return one.state is not SessionState.WAITING_PERMISSION and one.changed_at < since


def _among_workers(one: KnownSession) -> tuple[bool, bool, int, bool, bool, float, str]:
    """Of several at work a run of ours goes first, and one that only talks last.

    One in the middle of a turn goes before one whose process says that it waits. Among the rest it is the
    one that began last, whichever was heard of last: they take no turns.
    """
    is_run, works = one.kind == "run", not one.only_talks
    waits = one.process is not None and one.process.status == "idle"
    return (
        is_run,
        works,
        -one.nearness,
        not waits,
        one.process is not None,
        one.started_at,
        one.path,
    )


def _among_waiting(one: KnownSession) -> tuple[int, bool, float, str]:
    """A question that is open goes first, then the one that began last, whatever is said to which."""
    asks = one.state is SessionState.WAITING_PERMISSION
    return -one.nearness, asks, one.started_at, one.path


def _newest(one: KnownSession) -> tuple[float, float, str]:
    return one.changed_at, one.started_at, one.path
