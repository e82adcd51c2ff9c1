"""How sure it is that a session is stuck: by a detector's evidence, and by what the trouble has cost.

A count alone makes no level. The evidence proposes one; what has cost little since the last progress
is held back, what has cost much is raised from notice to suspected. `stuck` needs the evidence:
there a supervisor that was allowed to would interrupt.
"""

from __future__ import annotations

from msgspec import structs

from tui.model.stall import Stall, StallWaste
from tui.model.state import StallLevel

SUSPECTED_CALLS = 4
"""Fewer calls than this without progress are one attempt and its repetition."""
STUCK_CALLS = 8
STUCK_SECONDS = 120.0
"""In less, a step back that was sent when it was suspected has had no time to show."""
STUCK_CALLS_ALONE = 16
"""So many calls without progress are enough however fast they came, or if no time is known."""
DEAR_CALLS = 40
DEAR_SECONDS = 1800.0
DEAR_USD = 2.0
"""An hour's work of a session costs about as much: a person would want to know."""
_OWN_SHARE = 0.5


def judged(finding: Stall, waste: StallWaste) -> Stall:
    """The finding with what was spent since the last progress, and the level that both come to.

    `finding.level` is what the evidence alone proposes. Words without a call cost rounds, not calls.
    """
    level = min(finding.level, _highest(finding, waste), key=_rank)
    if level == StallLevel.NOTICE and _is_dear(finding, waste):
        level = StallLevel.SUSPECTED
    return structs.replace(finding, level=level, waste=waste)


def _highest(finding: Stall, waste: StallWaste) -> StallLevel:
    """The highest level that so little waste allows; what only time ends is never more than noticed."""
    spent = max(waste.calls, finding.count)
    if finding.waiting or spent < SUSPECTED_CALLS:
        return StallLevel.NOTICE
    lasts = waste.seconds >= STUCK_SECONDS or spent >= STUCK_CALLS_ALONE
    return StallLevel.STUCK if spent >= STUCK_CALLS and lasts else StallLevel.SUSPECTED


def _is_dear(finding: Stall, waste: StallWaste) -> bool:
    """Whether much was spent since the last progress, at least half of that time in this trouble."""
    own = (finding.last_at or finding.since) - finding.since
    if finding.waiting or waste.seconds <= 0 or own < _OWN_SHARE * waste.seconds:
        return False
    long = waste.seconds >= DEAR_SECONDS and waste.calls >= DEAR_CALLS
    return long or (waste.usd or 0.0) >= DEAR_USD


def _rank(level: StallLevel) -> int:
    return level.rank
