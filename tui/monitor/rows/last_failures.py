"""The newest calls that went wrong in the step that the session is at."""

from __future__ import annotations

from tui.model.rows import EventRow
from tui.monitor.rows.event_index import EventIndex

_MOST = 4
_MOST_LOOKED_AT = 300
_BEGINNINGS = frozenset(("user", "init", "compaction", "commit"))
"""Kinds of rows with which a step begins: a prompt, a restart, a compaction, a commit."""


def last_failures(index: EventIndex, most: int = _MOST) -> list[EventRow]:
    """At most `most` rows with an error, oldest first; none from before the step began."""
    found: list[EventRow] = []
    last = len(index) - 1
    for number in range(last, max(-1, last - _MOST_LOOKED_AT), -1):
        row = index.row(number)
        if row.mark == "error":
            found.append(row)
        if row.kind in _BEGINNINGS or len(found) >= most:
            break
    return found[::-1]
