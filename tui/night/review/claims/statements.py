"""Clauses that claim.

Plans, questions, conditions and what others said are no claims; a denial is one of its own kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind, ClaimSource
from tui.night.review.claims.grammar.actions import commit_subject
from tui.night.review.claims.grammar.clauses import sentences
from tui.night.review.claims.grammar.reading import sentence_statements
from tui.night.review.claims.languages.foreign import Reader, read_commit
from tui.night.review.claims.sections import TextLine, claim_lines, mask_names, plain_row
from tui.night.review.claims.statement import Statement

_REMARKS = frozenset({ClaimKind.TESTS_PASS})
"""What a progress file claims beside its tasks, which are told by their ticks."""


def find_statements(text: str, source: ClaimSource) -> Iterator[Statement]:
    """Every claim that a text of that source makes; a progress file's tasks are none of them."""
    reader = Reader(text)
    for line in claim_lines(text):
        only_remarks = source == "progress" or (source == "notes" and line.ticked)
        for statement in _line_statements(line, reader):
            if not only_remarks or statement.kind in _REMARKS:
                yield statement


def _line_statements(line: TextLine, reader: Reader) -> Iterator[Statement]:
    """The claims of a line, those in other languages first."""
    read = reader.read(line)
    yield from read.statements
    if read.english is not None:
        found = [*_english(read.english)]
        row = plain_row(read.english) if not found else None
        if row is not None:
            found = [replace(one, text=line.text) for one in _english(row)]
        yield from found


def _english(line: TextLine) -> Iterator[Statement]:
    for sentence in sentences(line):
        yield from sentence_statements(sentence)


def commit_statements(message: str) -> Iterator[Statement]:
    """Every claim of a commit's message: the work that its subject names, tests anywhere in it."""
    foreign = read_commit(message)
    if foreign is not None:
        yield from foreign
        return
    subject, _, body = message.strip().partition("\n")
    line = TextLine(1, 0, subject.replace("`", ""), mask_names(subject))
    tests = [
        statement
        for sentence in sentences(line)
        for statement in sentence_statements(sentence)
        if statement.kind == ClaimKind.TESTS_PASS
    ]
    yield from tests
    work = commit_subject(line)
    if work is not None:
        yield work
    if not tests:
        yield from (one for one in find_statements(body, "commit") if one.kind in _REMARKS)
