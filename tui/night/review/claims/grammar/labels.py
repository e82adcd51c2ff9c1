"""Points of a list without a verb: their label, heading or sign tells what was done to them."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import Clause, Sentence, whole_clause
from tui.night.review.claims.grammar.completion import task_claim
from tui.night.review.claims.grammar.denials import open_claim
from tui.night.review.claims.grammar.mood import mood
from tui.night.review.claims.grammar.names import find_subject
from tui.night.review.claims.grammar.places import listed_commit
from tui.night.review.claims.grammar.vocabulary import BASE_OF
from tui.night.review.claims.statement import Statement, make_statement
from tui.system.lazy_pattern import lazy

_I = re.IGNORECASE
_LABEL_KINDS: tuple[tuple[re.Pattern[str], ClaimKind], ...] = (
    (
        lazy(
            r"(?:\W|the\s|key\s|main\s|new\s)*(?:files?\s+(?:created|added|made)|(?:new|created"
            r"|added)\s+files?|created)\b(?!.*\b(?:and|/)\s*(?:modif|chang|updat))",
            _I,
        ),
        ClaimKind.FILE_MADE,
    ),
    (
        lazy(
            r"(?:\W|the\s|key\s|main\s)*(?:files?\s+(?:changed|modified|updated|edited|touched)|(?:changed"
            r"|modified|updated|edited|touched)\s+files?|modified|updated|changed)\b",
            _I,
        ),
        ClaimKind.FILE_CHANGED,
    ),
    (
        lazy(
            r"(?:\W|the\s)*(?:files?\s+(?:deleted|removed)|(?:deleted|removed)\s+files?|deleted|removed)\b",
            _I,
        ),
        ClaimKind.FILE_REMOVED,
    ),
    (lazy(r"(?:\W|the\s|git\s|my\s|new\s)*commits?\b", _I), ClaimKind.COMMITTED),
    (
        lazy(
            r"(?:\W|the\s|still\s)*(?:not\s+(?:yet\s+)?(?:done|finished|completed|implemented|fixed|working"
            r"|tested|covered)|incomplete|unfinished|could\s?(?:not|n['’]t)|skipped|still\s+(?:failing|broken"
            r"|open)|failing|left\s+out|what\s+(?:does\s?n['’]t|did\s?n['’]t|does\s+not)\s+work)\b",
            _I,
        ),
        ClaimKind.NOT_DONE,
    ),
    (
        lazy(
            r"(?:\W|the\s|what\s+(?:was|is|got)\s|what['’]s\s|tasks?\s|features?\s|work\s"
            r"|items?\s)*(?:completed?|done|finished|delivered|implemented)\b(?:\s+(?:tasks?|work|items?"
            r"|features?|so\s+far|this\s+session|today))*[^\w◇]*\Z",
            _I,
        ),
        ClaimKind.TASK_DONE,
    ),
    (
        lazy(
            r"(?:\W|the\s|bugs?\s)*(?:bug\s?-?fix(?:es)?|bugs?\s+fixed|fixed|fixes|issues?\s+fixed)[^\w◇]*\Z",
            _I,
        ),
        ClaimKind.BUG_FIXED,
    ),
    (
        lazy(r"(?:\W|the\s)*(?:new\s+tests?|tests?\s+added|added\s+tests?)[^\w◇]*\Z", _I),
        ClaimKind.TESTS_ADDED,
    ),
    (
        lazy(r"(?:\W|the\s)*(?:added|new\s+features?|features?\s+added|new)[^\w◇]*\Z", _I),
        ClaimKind.CODE_ADDED,
    ),
)
_INLINE = lazy(r"(?P<label>[a-z][\w /'’-]{2,40}?)(?:\s*\([^)]*\))?:\s+(?P<rest>\S.*)", re.DOTALL)
_TITLE = lazy(rf"(?:{'|'.join(BASE_OF)})\s+\S")
_FILE_KINDS = (ClaimKind.FILE_MADE, ClaimKind.FILE_CHANGED, ClaimKind.FILE_REMOVED)


def listed_claim(sentence: Sentence, parts: list[Clause]) -> Statement | None:
    """What a point claims that has no predicate of its own."""
    line = sentence.line
    is_point = sentence.start == 0 and (line.is_item or line.ticked or line.sign != "")
    if not (is_point or ": " in sentence.masked):
        return None
    clause = whole_clause(sentence)
    inline = _INLINE.match(clause.masked)
    if inline is not None:
        kind, label = _label_kind(inline.group("label")), ""
    else:
        kind, label = _label_kind(line.label if is_point and line.is_item else ""), line.label
    if any(_is_no_fact(part) for part in parts or [clause]):
        return None
    return _of_kind(clause, kind, label) if kind is not None else _ticked(clause, is_point)


def _ticked(clause: Clause, is_point: bool) -> Statement | None:
    line = clause.sentence.line
    is_done = is_point and (line.ticked or line.sign == "✅")
    return task_claim(clause) if is_done and _is_task(clause) else None


def _of_kind(clause: Clause, kind: ClaimKind, label: str) -> Statement | None:
    """A point of a list of that kind, which stands under a label, or has one of its own."""
    if kind == ClaimKind.COMMITTED:
        return listed_commit(clause)
    if kind == ClaimKind.NOT_DONE:
        return open_claim(clause)
    if kind == ClaimKind.TASK_DONE and not _is_task(clause):
        return None
    subject = find_subject(clause)
    if kind == ClaimKind.CODE_ADDED and subject.paths and not subject.symbols:
        kind = ClaimKind.FILE_MADE
    if kind in _FILE_KINDS and not subject.paths:
        return None
    if kind in _FILE_KINDS and label and "," not in clause.masked[: len(subject.paths[0]) + 3]:
        # A point tells of its first path; those behind it explain.
        subject = replace(subject, paths=subject.paths[:1])
    text = f"{label.strip('*_: ')}: {clause.text}" if label else clause.text
    line, written = clause.sentence.line, clause.sentence.text
    return make_statement(line, kind, text, sentence=written, work=clause.text, subject=subject)


def _is_task(clause: Clause) -> bool:
    """Whether a point is a task; what is ticked and none is an observation."""
    return _TITLE.match(clause.masked) is not None or bool(find_subject(clause).task_ids)


def _is_no_fact(part: Clause) -> bool:
    return mood(part.masked, len(part.masked)) == "open"


def _label_kind(label: str) -> ClaimKind | None:
    return (
        next((kind for pattern, kind in _LABEL_KINDS if pattern.match(label)), None)
        if label
        else None
    )
