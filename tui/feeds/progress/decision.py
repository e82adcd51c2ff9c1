"""Which of a file's figures are right: its counts, its check boxes or its lists with states."""

from __future__ import annotations

from typing import NamedTuple

from tui.feeds.progress import vocabulary
from tui.feeds.progress.counts import Counts, ProgressCount, read_counts
from tui.feeds.progress.listed import read_listed
from tui.feeds.progress.outline import Outline, newest_session
from tui.feeds.progress.remarks import only_percentage
from tui.feeds.progress.tasks import FoundTask, TaskReader, current_tasks, sections_of
from tui.model.records import ProgressBasis, ProgressSection
from tui.system.format import format_count

_NOTHING = "nothing in it counts tasks"


class Figures(NamedTuple):
    """What the file says together; `items` are its tasks, also where they are not what was counted."""

    basis: ProgressBasis
    done: int
    open: int
    rests_on: str
    items: list[FoundTask]
    sections: tuple[ProgressSection, ...] = ()

    @property
    def lists_tasks(self) -> bool:
        """Whether the figures are those of `items`."""
        return self.basis in ("checkboxes", "states")


def decide(document: Outline) -> Figures:
    """The file's figures with what they rest on."""
    boxes = current_tasks(document, TaskReader(document).found)
    items, what = (boxes, "") if boxes else read_listed(document)
    counts = read_counts(document)
    if counts is not None and (why := _left_behind(document, counts.best)):
        if not items or (counts.best.total > len(items) and not counts.best.scoped):
            return Figures("unknown", 0, 0, why, items)
        counts = None
    if counts is not None and _counts_win(document, counts, items):
        return _by_counts(document, counts, items if boxes else [])
    if not items:
        return Figures("unknown", 0, 0, only_percentage(document) or _NOTHING, items)
    return _by_items(document, items, what, counts)


def _left_behind(document: Outline, best: ProgressCount) -> str:
    """Why a count of an older session says nothing of the whole: of a part, or before any work."""
    age = _age(document, best)
    if not age or (best.done and not best.scoped):
        return ""
    return f"only {_quoted(best)}{age}"


def _by_items(
    document: Outline, items: list[FoundTask], what: str, counts: Counts | None
) -> Figures:
    """The figures of check boxes, or of the listed tasks that `what` names."""
    why = _outdated(document, items, "listed task" if what else "check box")
    if not why and not what and not counts:
        why = _only_done(document, items)
    if why:
        return Figures("unknown", 0, 0, why, items)
    done = _done(items)
    if what:
        rests_on = f"{done:,} of {len(items):,} {what} (from line {items[0].task.line})"
    else:
        rests_on = _boxes(document, items)
    if counts is not None and counts.of_whole and _disagree(counts.best, items):
        rests_on += f"; {_quoted(counts.best)} was written otherwise"
    return Figures("states" if what else "checkboxes", done, len(items) - done, rests_on, items)


def _by_counts(document: Outline, counts: Counts, items: list[FoundTask]) -> Figures:
    if counts.rivals:
        told = ", ".join(
            f"{count.done}/{count.total} (line {count.number})" for count in counts.rivals[:3]
        )
        why = f"its counts rise and fall without dates: {told}"
        return Figures("unknown", 0, 0, why, items)
    best = counts.best
    whole = counts.of_whole
    rests_on = _quoted(best) + _age(document, best) if whole else _quoted_parts(counts.parts)
    if items and _disagree(best, items):
        done = _done(items)
        rests_on += f"; {done:,} of {format_count(len(items), 'listed task')} {_marked(done)} done"
    basis: ProgressBasis = "tests" if best.in_tests else "counts"
    return Figures(basis, best.done, best.total - best.done, rests_on, items, counts.sections())


def _counts_win(document: Outline, counts: Counts, items: list[FoundTask]) -> bool:
    """Whether the counts say more of the whole than the listed tasks do."""
    if not items:
        return True
    best, total, done = counts.best, len(items), _done(items)
    if best.in_tests or (best.coarse and counts.of_whole):
        return False
    if not counts.of_whole:
        # Counts in headings stand above their own boxes, which are ticked one by one.
        return best.total > total
    if best.total == total:
        # Work only grows: whichever says that more is done is the newer one.
        return best.done > done
    if best.total > total:
        return True
    sessions = sorted({best.session, *(each.session for each in items)})
    newest = newest_session(document.sessions, sessions)
    return best.stated and best.session in (newest, -1)


def _outdated(document: Outline, boxes: list[FoundTask], noun: str) -> str:
    """Why the tasks say nothing of the whole: all are of a session that later ones left behind."""
    sessions = document.sessions
    last = newest_session(sessions, sorted({each.session for each in boxes}))
    newest = newest_session(sessions, range(len(sessions)))
    if last < 0 or last == newest or any(each.session < 0 for each in boxes):
        return ""
    opens = vocabulary.OPENS_SESSION.match
    if not (opens(sessions[last].title) and opens(sessions[newest].title)):
        return ""
    many = format_count(len(boxes), noun, f"{noun}es" if noun.endswith("x") else "")
    return (
        f"its {many} belong to '{sessions[last].title}', and the newer"
        f" '{sessions[newest].title}' counts nothing"
    )


def _only_done(document: Outline, boxes: list[FoundTask]) -> str:
    """Why ticked boxes are not all there is: what is to be done stands elsewhere, without boxes."""
    if any(each.task.state != "done" for each in boxes):
        return ""
    if not all(vocabulary.DONE_HEADING.match(each.task.section) for each in boxes):
        return ""
    ahead = next(
        (
            document.section_of(row.section)[0]
            for row in document.rows
            if row.heading is None
            and vocabulary.ITEM.match(row.text)
            and vocabulary.AHEAD.match(document.section_of(row.section)[0])
            and not vocabulary.NOTHING_LEFT.search(row.text)
        ),
        "",
    )
    ticked = format_count(len(boxes), "check box", "check boxes")
    return f"its {ticked} list only what is done, and '{ahead}' has none" if ahead else ""


def _boxes(document: Outline, items: list[FoundTask]) -> str:
    done = _done(items)
    sections = [section for section in sections_of(document, items) if section.title]
    where = f" in {format_count(len(sections), 'section')}" if len(sections) > 1 else ""
    return f"{done:,} of {format_count(len(items), 'check box', 'check boxes')}{where}"


def _age(document: Outline, best: ProgressCount) -> str:
    """A word where the count stands in a session that is not the newest, or above several."""
    sessions = document.sessions
    newest = newest_session(sessions, range(len(sessions)))
    if best.session < 0 < newest:
        return f", above its sessions, of which '{sessions[newest].title}' counts nothing"
    if best.session < 0 or best.session == newest:
        return ""
    pair = sorted((best.session, newest))
    if newest_session(sessions, pair) != newest:
        return ""
    return f" of '{sessions[best.session].title}', not of the newest part"


def _quoted(count: ProgressCount) -> str:
    return f"'{count.words}' (line {count.number})"


def _quoted_parts(parts: tuple[ProgressCount, ...]) -> str:
    if len(parts) == 1:
        return _quoted(parts[0])
    return f"the counts of {len(parts):,} parts (from line {min(part.number for part in parts)})"


def _marked(done: int) -> str:
    return "is" if done == 1 else "are"


def _disagree(count: ProgressCount, items: list[FoundTask]) -> bool:
    return (count.done, count.total) != (_done(items), len(items))


def _done(items: list[FoundTask]) -> int:
    return sum(each.task.state == "done" for each in items)
