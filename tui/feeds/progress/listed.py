"""Tasks that are listed with a state instead of a box: tables, lists with signs, `A1: DONE — text`.

A list counts only where it is a plan: its table has a column for the state and one for a task, or
something in it is still to come, or its heading names tasks. Results of tests are never tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tui.feeds.progress import states, vocabulary
from tui.feeds.progress.headings import HeadingRole
from tui.feeds.progress.lines import without_markup
from tui.feeds.progress.outline import Outline, OutlineRow, newest_session, priority_in
from tui.feeds.progress.states import StateWord
from tui.feeds.progress.tasks import TITLE_CHARACTERS, WORDS, FoundTask
from tui.model.records import ProgressTask, TaskState
from tui.system.lazy_pattern import lazy

_SEPARATOR = lazy(r"\|?\s*:?-{1,200}:?\s*(?:\|\s*:?-{1,200}:?\s*)*\|?\s*$")
_ITEM = lazy(r"(?:[-*+•]|\d{1,4}[.)])\s+")
_LABELLED = lazy(
    r"(?:[-*+•]\s+|#{1,6}\s+)?(?:\*\*|__|`|\[)?"
    r"(?P<name>(?:[A-Z]{1,8}[-_ ]?\d{1,4}(?:\.\d{1,3})?[a-z]?"
    r"|(?:Phase|Task|Step|Stage|Milestone|Feature|Sprint|Story|Epic|Module|Part)\s#?\d{1,3}(?:\.\d{1,3})?"
    r"|(?:第?\d{1,3})?(?:阶段|步骤|任务|フェーズ|단계)\s?\d{0,3}|(?:Этап|Фаза|Задача)\s\d{1,3}))"
    r"(?:\*\*|__|`|\])?\s?(?P<rest>.{1,300})$"
)
_LOUD = lazy(
    r"(?P<text>.*?)[\s:：(\[*_–—-]*"
    r"\b(?P<state>DONE|COMPLETED?|IN[ _-]PROGRESS|TODO|PENDING|BLOCKED|NOT STARTED|WIP|SKIPPED"
    r"|WAITING|FAILED|PLANNED|PARTIAL(?:LY DONE)?)\b[*_)\]]*\W{0,3}(?P<more>\s?(?:[–—:(-].*)?)$"
)
_SIGNED = lazy(rf"(?P<text>.*?)\s*(?P<sign>[{states.SIGNS}])\ufe0f?\s*$")
_AROUND = f" :：*_–—-\ufe0f{states.SIGNS}"
_FEWEST = 2


class _Listed(NamedTuple):
    title: str
    state: StateWord
    row: OutlineRow


class _Header(NamedTuple):
    """Which columns of a table hold the task and its state, and how much the table says of tasks."""

    title: int
    state: int
    coarse: bool
    names_tasks: bool


def read_listed(document: Outline) -> tuple[list[FoundTask], str]:
    """The tasks of the newest part's tables, else of its lists, and what they are; none without a plan."""
    fine, coarse = _read_tables(document)
    listed, what = fine or coarse, "rows of tables with a state"
    if not listed:
        listed, what = _read_labels(document), "lines with a state"
    if not listed:
        listed, what = _read_signs(document), "items with a sign"
    if not listed:
        return [], ""
    sessions = sorted({each.row.session for each in listed})
    newest = newest_session(document.sessions, sessions)
    current = [each for each in listed if each.row.session in (newest, -1)]
    by_title = {(each.row.section, each.title.casefold()): each for each in current}
    kept = [_found(document, each) for each in by_title.values() if each.state != "dropped"]
    return kept, what


def rows_underway(document: Outline) -> list[str]:
    """The first cells of rows in which a cell says "in progress", in tables of any kind."""
    found = []
    for row in document.rows:
        if row.text[:1] == "|" and row.heading is None:
            cells = _cells(row.text)
            named = any(vocabulary.UNDERWAY_CELL.match(cell) for cell in cells[1:])
            if named and WORDS.search(cells[0]):
                found.append(without_markup(cells[0], TITLE_CHARACTERS))
    return found


def phases_underway(document: Outline) -> list[str]:
    """`Phase 9: Search IN PROGRESS` and the like in the file's newest part."""
    newest = newest_session(document.sessions, range(len(document.sessions)))
    found = []
    for row in document.rows:
        if row.session not in (newest, -1) or row.role is HeadingRole.APPENDED:
            continue
        each = _labelled(row)
        if each is not None and each.state == "in_progress":
            found.append(each.title)
    return list(dict.fromkeys(found))


def _found(document: Outline, each: _Listed) -> FoundTask:
    state: TaskState = each.state if each.state != "dropped" else "open"
    title, priority = document.section_of(each.row.section)
    task = ProgressTask(
        each.title, state, title, priority_in(each.title) or priority, each.row.number
    )
    return FoundTask(task, each.row.section, each.row.session)


# --- tables ---


def _read_tables(document: Outline) -> tuple[list[_Listed], list[_Listed]]:
    """The rows of tables of tasks, and of tables of phases, categories and the like."""
    fine: list[_Listed] = []
    coarse: list[_Listed] = []
    rows, at = document.rows, 0
    while at < len(rows) - 1:
        if "|" not in rows[at].text or not _is_separator(rows[at + 1].text):
            at += 1
            continue
        header, begin = _header(document, rows[at]), at + 2
        at = begin
        while at < len(rows) and "|" in rows[at].text and rows[at].heading is None:
            at += 1
        if header is not None:
            listed = list(_table_rows(rows[begin:at], header))
            if listed and (header.names_tasks or any(each.state != "done" for each in listed)):
                (coarse if header.coarse else fine).extend(listed)
    return fine, coarse


def _is_separator(text: str) -> bool:
    return "-" in text and "|" in text and _SEPARATOR.match(text) is not None


def _cells(text: str) -> list[str]:
    return [cell.strip() for cell in text.strip().strip("|").split("|")]


def _header(document: Outline, row: OutlineRow) -> _Header | None:
    cells = [without_markup(cell, 60) for cell in _cells(row.text)]
    state = _matching(cells, vocabulary.STATE_COLUMN)[:1]
    section = document.section_of(row.section)[0]
    if not state or len(cells) < 2 or vocabulary.PROOFS.search(section):
        return None
    named = _matching(cells, vocabulary.TASK_COLUMN)
    coarse = _matching(cells, vocabulary.COARSE_COLUMN)
    side = {*state, *_matching(cells, vocabulary.SIDE_COLUMN)}
    plain = [index for index in range(len(cells)) if index not in side]
    title = next((index for index in (*named, *coarse, *plain) if index not in state), -1)
    if title < 0:
        title = 1 if state == [0] else 0
    name = cells[title]
    if vocabulary.OTHER_TOPIC.search(name) or vocabulary.PROOF_COLUMN.match(name):
        return None
    names_tasks = bool(named or coarse) or vocabulary.TASKS_HEADING.search(section) is not None
    return _Header(title, state[0], not named and bool(coarse), names_tasks)


def _matching(cells: list[str], pattern: re.Pattern[str]) -> list[int]:
    return [index for index, cell in enumerate(cells) if pattern.match(cell)]


def _table_rows(rows: list[OutlineRow], header: _Header) -> Iterator[_Listed]:
    for row in rows:
        cells = _cells(row.text)
        if len(cells) <= max(header.title, header.state):
            continue
        title = without_markup(cells[header.title], TITLE_CHARACTERS)
        state = states.state_of_cell(without_markup(cells[header.state], 200))
        if state and WORDS.search(title) and not vocabulary.SUM_ROW.match(title):
            yield _Listed(title, state, row)


# --- lists ---


def _read_labels(document: Outline) -> list[_Listed]:
    """`A1: DONE — text`; phases in headings count only where one is still to come."""
    found = [each for row in document.rows if (each := _labelled(row))]
    lines = [each for each in found if each.row.heading is None]
    if len(lines) < _FEWEST:
        lines = [each for each in found if any(other.state != "done" for other in found)]
    return lines if len(lines) >= _FEWEST else []


def _labelled(row: OutlineRow) -> _Listed | None:
    """A line that names a task by its number and says loudly, or by a sign, how it stands."""
    text = row.heading.raw if row.heading else row.text
    if row.label or not text or len(text) > 400 or text[0] == "|":
        return None
    text = states.without_sign(text) if row.heading else text
    found = _LABELLED.match(text)
    if found is None:
        return None
    said = _LOUD.match(found["rest"])
    if said is not None:
        state = states.state_of_word(said["state"])
        words = said["text"].strip(_AROUND) or said["more"].strip(f"{_AROUND}()")
    elif row.heading is not None and (signed := _SIGNED.match(found["rest"])):
        state, words = states.state_of_sign(signed["sign"]), signed["text"]
    else:
        return None
    words = words.strip(_AROUND)
    title = without_markup(f"{found['name']}: {words}" if words else found["name"], 300)
    return _Listed(title, state, row) if state else None


def _read_signs(document: Outline) -> list[_Listed]:
    """Lists whose items begin with a sign, or end in a loud word, section by section."""
    groups: dict[int, list[_Listed]] = {}
    for row in document.rows:
        if row.heading is not None or row.label or row.role is HeadingRole.APPENDED:
            continue
        if (each := _signed(row)) is not None:
            groups.setdefault(row.section, []).append(each)
    plans = [each for index, each in groups.items() if _is_plan(document, index, each)]
    if not plans:
        return []
    listed = [each for group in plans for each in group]
    # Where one list is a plan, what its sister lists call done belongs to it.
    for index, group in groups.items():
        title = document.section_of(index)[0]
        if group not in plans and vocabulary.TASKS_HEADING.search(title):
            listed += [] if vocabulary.PROOFS.search(title) else group
    return sorted(listed, key=lambda each: each.row.number)


def _signed(row: OutlineRow) -> _Listed | None:
    bullet = _ITEM.match(row.text)
    text = row.text[bullet.end() :] if bullet else row.text
    sign = states.leading_sign(text)
    state = states.state_of_sign(sign) if sign else None
    if bullet and not sign and (said := _LOUD.match(text)) and not said["more"]:
        state, text = states.state_of_word(said["state"]), said["text"].strip(_AROUND)
    title = without_markup(states.without_sign(text), TITLE_CHARACTERS) if state else ""
    if state is None or not WORDS.search(title) or len(title) > 200:
        return None
    tail = re.split(r"[\s:：]*[–—:(-]\s*", title)[-1] if title else ""
    named = states.state_of_word(tail) if tail != title else None
    return _Listed(title, named or state, row)


def _is_plan(document: Outline, section: int, group: list[_Listed]) -> bool:
    title = document.section_of(section)[0]
    if len(group) < _FEWEST or vocabulary.PROOFS.search(title):
        return False
    named = vocabulary.TASKS_HEADING.search(title) or vocabulary.STATE_HEADING.search(title)
    if not named and (title or document.sessions):
        return False
    ahead = any(
        sign in states.PLANNED_SIGNS if (sign := _sign_of(each)) else each.state != "done"
        for each in group
    )
    return ahead or vocabulary.PLAN_HEADING.match(title) is not None


def _sign_of(each: _Listed) -> str:
    bullet = _ITEM.match(each.row.text)
    return states.leading_sign(each.row.text[bullet.end() :] if bullet else each.row.text)
