"""`N/M` counts of a progress file that speaks of done work: `26/30 features passing (86.7%)`.

A fraction counts only with evidence beside it (a percentage that agrees, a unit such as
features, a label such as Progress), and never when it speaks of tests, criteria, attempts,
dates or where the work began.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tui.feeds import progress_words as words
from tui.feeds.progress_headings import BOLD_LEVEL, HeadingRole
from tui.feeds.progress_outline import Outline, OutlineRow, newest
from tui.feeds.progress_text import plain
from tui.patterns import lazy
from tui.records import ProgressSection


class ProgressCount(NamedTuple):
    """`done` of `total`, said on line `number` in a session; `heading` when a heading says it."""

    done: int
    total: int
    number: int
    session: int
    heading: str = ""


_PAIR = lazy(
    r"(?<![\w./:$€£+-])(\d{1,6})\s?(?:[/／]|\b(?:out of|of|из|von|de|sur)\b)\s?(\d{1,6})"
    r"(?![\w/]|:\d|\.\d|-\d|,\d{3})"
)
_PERCENT = lazy(r"[\s(（=:,—–-]{0,4}~?(\d{1,3}(?:\.\d{1,4})?)\s?[%％]")
_CLAUSE = lazy(r"[,;|()\[\]{}（）【】，；、•→]|->|[.。!?]\s|\s[—–]\s")
_MARKS = ("/", "／", " of ", " из ", " von ", " de ", " sur ")
_OPENING = frozenset("([（")
_CLOSING = frozenset(")]）")
_BLOCK_ROWS = 6
_PAIRS_LOOKED_AT = 12


def read_counts(document: Outline) -> tuple[int, int, tuple[ProgressSection, ...]] | None:
    """Done, open and the counted headings, or None when no fraction speaks of tasks.

    The last count of the newest session wins; counts of a part (less than half of the largest
    total there) do not stand for the whole. Counts in the headings of parts add up.
    """
    said: list[ProgressCount] = []
    parts: dict[str, list[ProgressCount]] = {}
    for index, row in enumerate(document.rows):
        if row.role is HeadingRole.APPENDED:
            continue
        count = _in_row(row) or _in_block(document.rows, index)
        if count is None:
            continue
        if count.heading and not words.REPEATS.search(count.heading):
            parts.setdefault(count.heading, []).append(count)
        else:
            said.append(count)
    latest = [_last_word(document, counts) for counts in parts.values()]
    if not said and not latest:
        return None
    best = _last_word(document, said) if said else _whole(latest)
    sections = tuple(ProgressSection(c.heading, c.done, c.total - c.done) for c in latest)
    return best.done, best.total - best.done, sections


def _last_word(document: Outline, counts: list[ProgressCount]) -> ProgressCount:
    session = newest(document.sessions, sorted({count.session for count in counts}))
    within = [count for count in counts if count.session == session]
    largest = max(count.total for count in within)
    return [count for count in within if count.total * 2 >= largest][-1]


def _whole(parts: list[ProgressCount]) -> ProgressCount:
    """The sum of the parts, unless one of them already is the sum of the others."""
    total = sum(part.total for part in parts)
    sums = [part for part in parts if len(parts) > 2 and part.total * 2 == total]
    return sums[0] if sums else ProgressCount(sum(part.done for part in parts), total, 0, -1)


def _in_row(row: OutlineRow) -> ProgressCount | None:
    """The last fraction of a line that speaks of done tasks."""
    text = row.heading.raw if row.heading else row.text
    if not any(mark in text for mark in _MARKS):
        return None
    for found in reversed(list(_PAIR.finditer(text))[-_PAIRS_LOOKED_AT:]):
        done, total = int(found[1]), int(found[2])
        if total == 0 or done > total:
            continue
        undone = _judge(text, found, done / total, in_heading=row.heading is not None)
        if undone is not None:
            done = total - done if undone else done
            return ProgressCount(done, total, row.number, row.session, _heading_without(row, found))
    return None


def _heading_without(row: OutlineRow, found: re.Match[str]) -> str:
    """The title of a counted heading; empty for lines that only look like one."""
    if row.heading is None or row.heading.level >= BOLD_LEVEL:
        return ""
    left = row.heading.raw[: found.start()].rstrip("([（ ")
    right = row.heading.raw[found.end() :].lstrip(")]） ")
    return plain(f"{left} {right}").strip(" :：-")


def _judge(text: str, found: re.Match[str], share: float, *, in_heading: bool) -> bool | None:
    """None when a fraction does not count tasks, else whether it counts what is left."""
    start, end = found.span()
    context = text[max(0, start - 80) : start]
    clause = _CLAUSE.split(context)[-1]
    after = text[end : end + 60]
    if words.INDEX.search(clause) or words.PAST.search(clause):
        return None
    if words.LEFT_WORD.match(after):
        return None if words.OTHER_TOPIC.search(clause) else True
    if words.NOUN.match(after):
        return False
    if words.OTHER_NOUN.match(after) or words.OTHER_TOPIC.search(context):
        return None
    if _agrees(after, share) or words.DONE_WORD.match(after) or words.TOPIC.search(context):
        return False
    enclosed = text[start - 1 : start] in _OPENING and after[:1] in _CLOSING
    return False if in_heading and enclosed else None


def _agrees(after: str, share: float) -> bool:
    """Whether a percentage follows that is the fraction's own."""
    percent = _PERCENT.match(after)
    return percent is not None and abs(float(percent[1]) - 100 * share) <= 1.5


def _in_block(rows: list[OutlineRow], index: int) -> ProgressCount | None:
    """`Total Features: 204` with `Passing: 200` among the next lines."""
    row = rows[index]
    total = words.TOTAL_LINE.match(row.text) if row.heading is None and row.text else None
    if total is None or int(total[1]) == 0:
        return None
    for near in rows[index + 1 : index + 1 + _BLOCK_ROWS]:
        if near.heading is not None or not near.text:
            return None
        done = words.DONE_LINE.match(near.text)
        if done is not None and int(done[1]) <= int(total[1]):
            return ProgressCount(int(done[1]), int(total[1]), near.number, row.session)
    return None
