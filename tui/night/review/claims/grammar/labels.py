"""Points of a list without a verb: their label, heading or sign tells what was done to them."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import Clause, Sentence, whole_clause
from tui.night.review.claims.grammar.completion import task_claim
from tui.night.review.claims.grammar.denials import open_claim
from tui.night.review.claims.grammar.mood import is_order, mood
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
            r"|features?|so\s+far|this\s+session|today))*\W*\Z",
            _I,
        ),
        ClaimKind.TASK_DONE,
    ),
    (
        lazy(
            r"(?:\W|the\s|bugs?\s)*(?:bug\s?-?fix(?:es)?|bugs?\s+fixed|fixed|fixes|issues?\s+fixed)\W*\Z",
            _I,
        ),
        ClaimKind.BUG_FIXED,
    ),
    (
        lazy(r"(?:\W|the\s)*(?:new\s+tests?|tests?\s+added|added\s+tests?)\W*\Z", _I),
        ClaimKind.TESTS_ADDED,
    ),
    (
        lazy(r"(?:\W|the\s)*(?:added|new\s+features?|features?\s+added|new)\W*\Z", _I),
        ClaimKind.CODE_ADDED,
    ),
)
_INLINE = lazy(r"(?P<label>[a-z][\w /'’-]{2,40}?)(?:\s*\([^)]*\))?:\s+(?P<rest>\S.*)", re.DOTALL)
_TITLE = lazy(rf"(?:{'|'.join(BASE_OF)})\s+\S")
_FILE_KINDS = (ClaimKind.FILE_MADE, ClaimKind.FILE_CHANGED, ClaimKind.FILE_REMOVED)


def listed_claim(sentence: Sentence, parts: list[Clause]) -> Statement | None:
    """What a point claims that has no predicate of its own."""
    line = sentence.line
    is_first = sentence.start == 0
    is_point = is_first and (line.is_item or line.ticked or line.sign != "")
    if not is_point and ": " not in sentence.masked:
        return None
    clause = whole_clause(sentence)
    inline = _INLINE.match(clause.masked)
    kind = _label_kind(inline.group("label")) if inline is not None else None
    if kind is None and line.is_item and is_first:
        kind = _label_kind(line.label)
    is_ticked = (line.ticked or line.sign == "✅") and is_first and len(clause.text.split()) > 1
    if (kind is None and not is_ticked) or any(_is_no_fact(part) for part in parts or [clause]):
        return None
    subject = find_subject(clause)
    if kind in (None, ClaimKind.TASK_DONE) and not (
        subject.task_ids or _TITLE.match(clause.masked)
    ):
        # What is ticked and no task is an observation.
        return None
    if kind is None:
        return task_claim(clause)
    if kind == ClaimKind.COMMITTED:
        return listed_commit(clause)
    if kind == ClaimKind.NOT_DONE:
        return open_claim(clause)
    if kind in _FILE_KINDS:
        if not subject.paths:
            return None
        if inline is None and "," not in clause.masked[: len(subject.paths[0]) + 3]:
            # A point tells of its first path; those behind it explain.
            subject = replace(subject, paths=subject.paths[:1])
    text = clause.text
    if inline is None and line.label:
        text = f"{line.label.strip('*_: ')}: {text}"
    work = clause.text
    return make_statement(line, kind, text, sentence=sentence.text, work=work, subject=subject)


def _is_no_fact(part: Clause) -> bool:
    return mood(part.masked, len(part.masked)) == "open" or is_order(part.masked)


def _label_kind(label: str) -> ClaimKind | None:
    return (
        next((kind for pattern, kind in _LABEL_KINDS if pattern.match(label)), None)
        if label
        else None
    )
