"""A claim as it was made: its kind, its clause, and what it names."""

from __future__ import annotations

from msgspec import Struct

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.sections import TextLine

LONGEST_CLAUSE = 240


class Subject(Struct, frozen=True):
    """What a clause names. All of it is the agent's own words: nothing here was looked up.

    `symbols` are names of code (backticks, snake_case, camelCase, calls), `command` is one in
    backticks or one that is known by its first word, `ref` a branch ("main", "origin/main").
    `old_path` is what a renamed path was called, `value` what something was set to, or a version.
    """

    paths: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    shas: tuple[str, ...] = ()
    task_ids: tuple[str, ...] = ()
    ref: str = ""
    command: str = ""
    old_path: str = ""
    value: str = ""


class Statement(Struct, frozen=True):
    """A clause that claims something; `text` is the clause as written, `sentence` all of its sentence.

    `count` is a number that is claimed (tests that pass, files, rows, percent: `unit` says of what),
    `is_of_all` that it is said of every test, or of every change ("committed everything"). `limits`
    are words that narrow it ("new", "unit", "test_window.py"). `work` is what was made, changed or
    mended, what was left alone (UNCHANGED) or what is not done; `about` the file it is said of. `language` is
    the one it is in, if not English.
    """

    kind: ClaimKind
    text: str
    line: int = 0
    offset: int = 0
    sentence: str = ""
    count: float | None = None
    unit: str = ""
    is_of_all: bool = False
    limits: tuple[str, ...] = ()
    work: str = ""
    about: str = ""
    subject: Subject = Subject()
    language: str = ""


_NOTHING = Subject()


def make_statement(
    line: TextLine,
    kind: ClaimKind,
    text: str,
    *,
    sentence: str = "",
    count: float | None = None,
    unit: str = "",
    is_of_all: bool = False,
    limits: tuple[str, ...] = (),
    work: str = "",
    subject: Subject = _NOTHING,
) -> Statement:
    """A statement of a line, at most 240 characters of its clause."""
    return Statement(
        kind,
        text[:LONGEST_CLAUSE],
        line.number,
        line.offset,
        sentence.strip(),
        count,
        unit,
        is_of_all,
        limits,
        work,
        line.about,
        subject,
    )
