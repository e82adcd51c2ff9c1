"""Where a progress file's newest part stands: files grow at their end, at their top, or not at all."""

from __future__ import annotations

from tui.feeds.progress.headings import date_in, session_key
from tui.feeds.progress.lines import LINE_CHARACTERS
from tui.feeds.progress.outline import LogSession, Outline, compare_sessions, newest_session
from tui.system.lazy_pattern import lazy

_FEWEST = 2
_DATED = lazy(r"(?:[-*+•]\s+)?(?:\*\*)?\[?(20\d\d[-/.]\d{1,2}[-/.]\d{1,2}[^\]\s]{0,12})")


def falls(text: str) -> bool:
    """Whether dates or numbers in the Markdown headings of a text fall: its newest part is on top."""
    titles = (line.lstrip("#").strip() for line in text.split("\n") if line[:1] == "#")
    keys = [(title, key) for title in titles if (key := session_key(title[:LINE_CHARACTERS]))]
    sessions = [LogSession(title, key, 1) for title, key in keys]
    return len(sessions) >= _FEWEST and compare_sessions(sessions, 0, len(sessions) - 1) > 0


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
