"""Where a progress file's newest part stands: files grow at their end, at their top, or not at all."""

from __future__ import annotations

from tui.feeds.progress.headings import date_in
from tui.feeds.progress.outline import Outline, newest_session
from tui.system.lazy_pattern import lazy

_FEWEST = 2
_DATED = lazy(r"(?:[-*+•]\s+)?(?:\*\*)?\[?(20\d\d[-/.]\d{1,2}[-/.]\d{1,2}[^\]\s]{0,12})")


def newest_line(document: Outline) -> int:
    """The line at which the newest part begins, by the dates and numbers of its headings or lines.

    0 where that is the top, and where nothing tells: then a reader begins at the top.
    """
    sessions = document.sessions
    if len(sessions) >= _FEWEST:
        newest = newest_session(sessions, range(len(sessions)))
        return sessions[newest].number if newest > 0 else 0
    dated = [
        (date_in(found[1].replace("T", " ")), row.number)
        for row in document.rows
        if row.heading is None and row.text and (found := _DATED.match(row.text))
    ]
    if len(dated) < _FEWEST or dated[-1][0] <= dated[0][0]:
        return 0
    return dated[-1][1]
