"""Fractions that count tasks, and which of them is the newest.

A fraction counts only with evidence beside it (a percentage that agrees, a unit such as features, a
label such as Progress), and never when it is about criteria, attempts, dates or an earlier state. Tests
count only where they are what the file itself calls its progress, and nothing else is counted.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal, NamedTuple

from tui.feeds.progress import vocabulary
from tui.feeds.progress.headings import BOLD_LEVEL, HeadingRole
from tui.feeds.progress.lines import without_markup
from tui.feeds.progress.outline import Outline, OutlineRow, newest_session
from tui.model.records import ProgressSection
from tui.system.lazy_pattern import lazy


class ProgressCount(NamedTuple):
    """`done` of `total` on line `number` of a session; `heading` is set when it stands in one.

    `coarse` counts phases and the like; `stated` stands on a line that says how the whole is doing,
    `scoped` on one that names a phase, a session or another part; `in_tests` counts tests.
    """

    done: int
    total: int
    number: int
    session: int
    heading: str = ""
    words: str = ""
    coarse: bool = False
    stated: bool = False
    scoped: bool = False
    in_tests: bool = False


class Counts(NamedTuple):
    """What the fractions of a file say together.

    `best` is the newest count of the whole, or the sum of `parts`; `rivals` are others as new that
    cannot all be true.
    """

    best: ProgressCount
    parts: tuple[ProgressCount, ...]
    of_whole: bool
    rivals: tuple[ProgressCount, ...] = ()

    def sections(self) -> tuple[ProgressSection, ...]:
        return tuple(ProgressSection(c.heading, c.done, c.total - c.done) for c in self.parts)


_PAIR = lazy(
    r"(?<![\w./:$€£+-])(?<!\d,)(\d{1,3}(?:,\d{3})+|\d{1,6})\*{0,2}\s?"
    r"(?:[/／]|\b(?:out of|of|из|von|de|sur)\b)\s?\*{0,2}(\d{1,3}(?:,\d{3})+|\d{1,6})"
    r"(?![\w/]|:\d|\.\d|-\d|,\d{3})"
)
_PERCENT = lazy(r"[\s(（=:,—–-]{0,4}~?(\d{1,3}(?:\.\d{1,4})?)\s?[%％]")
_TESTS = lazy(r"\W{0,3}tests?(?: passing| passed| pass)?", re.IGNORECASE)
_CLAUSE = lazy(r"[,;|()\[\]{}（）【】，；、•→]|->|[.。!?]\s|\s[—–]\s")
_MARKS = ("/", "／", " of ", " из ", " von ", " de ", " sur ")
_OPENING = frozenset("([（")
_CLOSING = frozenset(")]）")
_BLOCK_ROWS = 6
_MOST_PAIRS = 12
_FIGURES = {
    "total": vocabulary.TOTAL_LINE,
    "done": vocabulary.DONE_LINE,
    "underway": vocabulary.UNDERWAY_LINE,
    "left": vocabulary.LEFT_LINE,
}
_FILE = lazy(r"\S+\.(?:json|md|ya?ml|txt)$")
_NO_PART = lazy(
    r"\W*(?:unit|e2e|integration|build|lint|docs|before|after|start|end)\b", re.IGNORECASE
)
_CELL_PAIR = lazy(r"\W*(\d{1,5})\s?/\s?(\d{1,5})(?![\w/]|\.\d)")
_LEAD = lazy(r"(?:^|(?<=, ))(?:[-*+•]\s+|#{1,6}\s+|>\s?)+")
_PART_ITEM = lazy(
    r"(?:[-*+•]|\d{1,3}[.)])\s+(.{2,80}?)\s*(?:[:：]|\s[–—-])\s*(\d{1,5})\s?/\s?(\d{1,5})"
    r"(?![\w/]|\.\d)\W{0,6}(?:\(?\d{1,3}(?:\.\d+)?\s?%\)?)?\W{0,4}"
    r"(?:(?:features|tasks|stories|done|complete|completed|passing)\b\W{0,4}){0,2}$"
)


def read_counts(document: Outline) -> Counts | None:
    """The newest counts, or None when no fraction counts tasks.

    The last count of the newest session wins, except counts of a part (less than half of the largest
    total there). Counts in the headings of parts add up.
    """
    listed = _counts_in_list(document) or _counts_in_table(document)
    in_list = {count.number for count in listed if _FILE.match(count.heading)}
    of_whole: list[ProgressCount] = []
    parts: dict[str, list[ProgressCount]] = {}
    for index, row in enumerate(document.rows):
        if row.role in (HeadingRole.APPENDED, HeadingRole.GOAL) or row.number in in_list:
            continue
        count = _count_in_row(row) or _count_in_block(document.rows, index) or _all_of_them(row)
        if count is not None and count.heading and not vocabulary.REPEATS.search(count.heading):
            parts.setdefault(count.heading, []).append(count)
        elif count is not None:
            of_whole.append(count)
    latest = tuple(_latest_count(document, counts)[-1] for counts in parts.values())
    return _joined(document, of_whole, latest, tuple(listed))


def _joined(
    document: Outline,
    of_whole: list[ProgressCount],
    parts: tuple[ProgressCount, ...],
    listed: tuple[ProgressCount, ...],
) -> Counts | None:
    """The best of the counts: of the whole, else of its parts, else of tests that stand for tasks."""
    of_whole = [count for count in of_whole if not count.scoped] or of_whole
    of_tasks = [count for count in of_whole if not count.in_tests]
    if not of_tasks and (parts or listed):
        return Counts(_total_of_parts(list(parts or listed)), parts or listed, of_whole=False)
    if not of_whole:
        return None
    current = _latest_count(document, of_tasks or of_whole)
    return Counts(current[-1], parts, of_whole=True, rivals=_rivals(current))


def _latest_count(document: Outline, counts: list[ProgressCount]) -> list[ProgressCount]:
    """The counts of the newest session that has any, oldest first; the last one holds."""
    session = newest_session(document.sessions, sorted({count.session for count in counts}))
    within = [count for count in counts if count.session == session]
    largest = max(count.total for count in within)
    current = [count for count in within if count.total * 2 >= largest]
    if _falls(current):  # the newest is on top
        current.reverse()
    return current


def _falls(counts: list[ProgressCount]) -> bool:
    """Whether the counts only fall from line to line: work grows, so the first is the newest."""
    if len({count.done for count in counts}) < 2 or len({count.total for count in counts}) > 1:
        return False
    return all(above.done >= below.done for above, below in pairwise(counts))


def _rivals(counts: list[ProgressCount]) -> tuple[ProgressCount, ...]:
    """Counts of one total that contradict each other without an order: they rise and fall."""
    best = counts[-1]
    same = [count for count in counts if count.total == best.total]
    pairs = list(pairwise(same))
    rises = any(above.done < below.done for above, below in pairs)
    falls = any(above.done > below.done for above, below in pairs)
    if not (rises and falls) or best.done == max(count.done for count in same):
        return ()
    return tuple({count.done: count for count in same}.values())


def _total_of_parts(parts: list[ProgressCount]) -> ProgressCount:
    """The sum of the parts, unless one of them is the sum of the others, or all say the same."""
    if len({(part.done, part.total) for part in parts}) == 1 and _name_the_whole(parts):
        return parts[0]
    total = sum(part.total for part in parts)
    sums = [part for part in parts if len(parts) > 2 and part.total * 2 == total]
    return sums[0] if sums else ProgressCount(sum(part.done for part in parts), total, 0, -1)


def _name_the_whole(parts: list[ProgressCount]) -> bool:
    return len(parts) > 1 and all(vocabulary.WHOLE_LABEL.match(part.heading) for part in parts)


def _words(text: str) -> str:
    return without_markup(_LEAD.sub("", text), 80)


def _all_of_them(row: OutlineRow) -> ProgressCount | None:
    """`All 10 features implemented and verified` on a line that says how the whole is doing."""
    text = row.text
    if row.heading is not None or "ll " not in text:
        return None
    found = vocabulary.ALL_DONE.search(text)
    if found is None or vocabulary.SCOPE.search(text):
        return None
    number = int(found[1])
    return ProgressCount(number, number, row.number, row.session, "", _words(text), stated=True)


def _counts_in_list(document: Outline) -> list[ProgressCount]:
    """Items such as `- CSV export: 6/6 ✅` that stand together and name parts of the whole.

    They stand under a heading about the state, or are named like files.
    """
    found: list[ProgressCount] = []
    for row in document.rows:
        if row.heading is not None or row.label or row.role is HeadingRole.APPENDED:
            continue
        item = _PART_ITEM.match(row.text)
        if item is None or not 0 < int(item[3]) >= int(item[2]):
            continue
        name, section = without_markup(item[1]), document.section_of(row.section)[0]
        if vocabulary.REPEATS.search(name) or _NO_PART.match(name):
            continue
        if vocabulary.OTHER_TOPIC.search(name) and not _FILE.match(name):
            continue
        if vocabulary.INDEX.search(name):
            continue
        if _FILE.match(name) or vocabulary.STATE_HEADING.search(section):
            place = (row.number, row.session)
            found.append(ProgressCount(int(item[2]), int(item[3]), *place, name, row.text))
    return _newest_parts(document, found)


def _counts_in_table(document: Outline) -> list[ProgressCount]:
    """The rows of tables with columns such as `Category | Done | Total`, or with fractions."""
    found: list[ProgressCount] = []
    columns: tuple[int, int, int] | None = None
    for row in document.rows:
        if row.heading is not None or row.text[:1] != "|":
            columns = None
            continue
        cells = [without_markup(cell, 60) for cell in row.text.strip("|").split("|")]
        if columns is None:
            section = document.section_of(row.section)[0]
            columns = (
                _counting_columns(cells) if not vocabulary.PROOFS.search(section) else (0, 0, 0)
            )
            continue
        name, done, total = columns
        if not total or len(cells) <= max(columns):
            continue
        pair = _CELL_PAIR.match(cells[total] if done == total else f"{cells[done]}/{cells[total]}")
        if pair is not None and 0 < int(pair[2]) >= int(pair[1]):
            place = (row.number, row.session)
            words = without_markup(row.text, 80)
            found.append(ProgressCount(int(pair[1]), int(pair[2]), *place, cells[name], words))
    return _newest_parts(document, found)


def _counting_columns(cells: list[str]) -> tuple[int, int, int]:
    """Which cells of a table's first row hold the name, what is done and the total; zeros for none."""
    name = cells[0]
    if vocabulary.PROOF_COLUMN.match(name) or vocabulary.OTHER_TOPIC.search(name):
        return (0, 0, 0)
    if vocabulary.REPEATS.search(name) or vocabulary.DATED_COLUMN.match(name):
        return (0, 0, 0)  # how the whole stood, time after time
    done = [at for at, cell in enumerate(cells) if at and vocabulary.DONE_COLUMN.match(cell)]
    total = [at for at, cell in enumerate(cells) if at and vocabulary.TOTAL_COLUMN.match(cell)]
    if not done:
        return (0, 0, 0)
    return (0, done[0], total[0] if total else done[0])


def _newest_parts(document: Outline, found: list[ProgressCount]) -> list[ProgressCount]:
    """The parts that the newest session with any tells, each once; none where it tells only one."""
    if len(found) < 2:
        return []
    session = newest_session(document.sessions, sorted({count.session for count in found}))
    current = {count.heading: count for count in found if count.session == session}
    return list(current.values()) if len(current) > 1 else []


def _count_in_row(row: OutlineRow) -> ProgressCount | None:
    """The last fraction of a line that counts tasks."""
    text = row.heading.raw if row.heading else row.text
    if not any(mark in text for mark in _MARKS):
        return None
    for found in reversed(list(_PAIR.finditer(text))[-_MOST_PAIRS:]):
        done, total = (int(figure.replace(",", "")) for figure in found.groups())
        if total == 0 or done > total:
            continue
        counted = _what_it_counts(text, found, done / total, in_heading=row.heading is not None)
        if counted is not None:
            done = total - done if counted == "open" else done
            heading = _heading_without(row, found)
            coarse = vocabulary.COARSE_NOUN.match(text[found.end() :]) is not None
            coarse = coarse or vocabulary.COARSE_LABEL.search(text[: found.start()]) is not None
            scoped = vocabulary.SCOPE.search(text) is not None
            stated = not scoped and vocabulary.TOPIC.search(text[:40]) is not None
            place = (row.number, row.session, heading, _words(text))
            return ProgressCount(done, total, *place, coarse, stated, scoped, counted == "tests")
    return None


def _heading_without(row: OutlineRow, found: re.Match[str]) -> str:
    """The title of a counted heading; empty for lines that only look like one."""
    if row.heading is None or row.heading.level >= BOLD_LEVEL:
        return ""
    left = row.heading.raw[: found.start()].rstrip("([（ ")
    right = row.heading.raw[found.end() :].lstrip(")]） ")
    return without_markup(f"{left} {right}").strip(" :：-")


def _what_it_counts(
    text: str, found: re.Match[str], share: float, *, in_heading: bool
) -> Literal["done", "open", "tests"] | None:
    """What a fraction says of tasks: how many are done or open; None where it counts something else."""
    start, end = found.span()
    context = text[max(0, start - 80) : start].replace("_", " ")
    clause = _CLAUSE.split(context)[-1]
    after = text[end : end + 60]
    if vocabulary.INDEX.search(clause) or vocabulary.NOT_NOW.search(clause):
        return None
    if vocabulary.LEFT_WORD.match(after) or vocabulary.LEFT_LABEL.search(clause):
        return None if vocabulary.OTHER_TOPIC.search(clause) else "open"
    if tests := _TESTS.match(after):
        labelled = vocabulary.PROGRESS_LABEL.match(text[:start])
        return "tests" if labelled and _agrees(after[tests.end() :], share) else None
    counted = _counts_done(context, after, share)
    enclosed = in_heading and text[start - 1 : start] in _OPENING and after[:1] in _CLOSING
    return "done" if counted or (counted is False and enclosed) else None


def _counts_done(context: str, after: str, share: float) -> bool | None:
    """Whether what stands around a fraction says that it counts done tasks; None: it counts others."""
    if vocabulary.NOUN.match(after):
        return True
    if vocabulary.OTHER_NOUN.match(after) or vocabulary.OTHER_TOPIC.search(context):
        return None
    if _agrees(after, share) or vocabulary.DONE_WORD.match(after):
        return True
    return vocabulary.TOPIC.search(context) is not None


def _agrees(after: str, share: float) -> bool:
    """Whether a percentage follows that is that of the fraction before it."""
    percent = _PERCENT.match(after)
    return percent is not None and abs(float(percent[1]) - 100 * share) <= 1.5


def _count_in_block(rows: list[OutlineRow], index: int) -> ProgressCount | None:
    """`Total Features: 204` with `Passing: 200` near it, or `Completed: 12` with `Remaining: 6`."""
    row = rows[index]
    text = _as_label(row)
    if not text:
        return None
    total = vocabulary.TOTAL_LINE.match(text)
    if total is None:
        done = vocabulary.DONE_LINE.match(text)
        if done is None or any(
            vocabulary.TOTAL_LINE.match(_as_label(above))
            for above in rows[max(0, index - 3) : index]
        ):
            return None
        if left := vocabulary.LEFT_IN_LINE.search(text, done.end()):
            return _block(row, int(done[1]), int(done[1]) + int(left[1]), text)
    figures, words = _figures_below(rows, index)
    if total is not None:
        all_of_them = int(total[1])
        amount = figures.get("done", all_of_them - figures.get("left", all_of_them + 1))
        return _block(row, amount, all_of_them, words)
    figures["done"] = int(done[1]) if done else 0
    if "total" in figures:
        return _block(row, figures["done"], figures["total"], words)
    if "left" not in figures:
        return None
    whole = figures["done"] + figures["left"] + figures.get("underway", 0)
    return _block(row, figures["done"], whole, words)


def _figures_below(rows: list[OutlineRow], index: int) -> tuple[dict[str, int], str]:
    """The figures of the next lines by what they count, and the words of all of them."""
    figures: dict[str, int] = {}
    words = [_as_label(rows[index])]
    for near in rows[index + 1 : index + 1 + _BLOCK_ROWS]:
        text = _as_label(near)
        if not text:
            break
        for name, pattern in _FIGURES.items():
            found = pattern.match(text) if name not in figures else None
            if found is not None:
                figures[name] = int(found[1])
                words.append(text)
                break
    return figures, ", ".join(words)


def _as_label(row: OutlineRow) -> str:
    """The row's words; those of a table with two columns as `name: figure`, and of a heading none."""
    if row.label and row.role is HeadingRole.IN_PROGRESS:
        return f"in progress: {row.text}"
    if row.heading is not None or row.text[:1] != "|":
        return row.text if row.heading is None else ""
    cells = [cell.strip() for cell in row.text.strip("|").split("|")]
    return ": ".join(cells) if len(cells) == 2 else ""


def _block(row: OutlineRow, done: int, total: int, words: str) -> ProgressCount | None:
    if not 0 <= done <= total or total == 0:
        return None
    return ProgressCount(done, total, row.number, row.session, "", _words(words), stated=True)
