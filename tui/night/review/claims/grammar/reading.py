"""The claims of a sentence: each clause is read for itself, beside those before it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import Clause, Sentence, clauses, sentences
from tui.night.review.claims.grammar.completion import (
    denial_claim,
    done_claim,
    open_claim,
    task_claim,
)
from tui.night.review.claims.grammar.deeds import deed_claim
from tui.night.review.claims.grammar.mood import (
    is_belief,
    is_of_others,
    is_of_the_past,
    is_order,
    mood,
)
from tui.night.review.claims.grammar.names import find_subject
from tui.night.review.claims.grammar.outcomes import check_claim, figure_claim
from tui.night.review.claims.grammar.places import listed_commit, place_claim
from tui.night.review.claims.grammar.test_results import names_tests, test_claim
from tui.night.review.claims.grammar.vocabulary import BASE_OF
from tui.night.review.claims.sections import TextLine
from tui.night.review.claims.statement import Statement, make_statement
from tui.system.lazy_pattern import lazy

_I = re.IGNORECASE
_SUMMARY = lazy(
    r"\b\d+\s+passed\b.*\b\d+\s+(?:failed|skipped|errors?|xfailed|deselected|warnings?)\b"
    r"|\b\d+\s+passed\s+in\s+\d",
    _I,
)
_WORDS = lazy(r"[A-Za-z◇]{2}|[✅✓✔❌]")
_AGAIN = lazy(r"(?:it|they|this|that|these|which|and|also|then)\b", _I)
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
_INLINE = lazy(r"(?P<label>[A-Za-z][\w /'’-]{2,40}?)(?:\s*\([^)]*\))?:\s+(?P<rest>\S.*)", re.DOTALL)
_FILE_KINDS = (ClaimKind.FILE_MADE, ClaimKind.FILE_CHANGED, ClaimKind.FILE_REMOVED)
_COMMIT_VERB = lazy(
    r"^(?:(?:feat|fix|perf|refactor|test|docs|chore|build|ci"
    r"|style)(?:\([^)]*\))?!?:\s*)?(?P<verb>[A-Za-z]+)\s+(?P<what>\S.*)",
    _I,
)
_CONVENTION = lazy(r"^(?P<type>feat|fix)(?:\([^)]*\))?!?:\s*(?P<what>\S.*)", _I)
_ADDS = frozenset("add implement complete finish create build introduce support".split())
_FIXES = frozenset("fix resolve repair".split())


def sentence_statements(sentence: Sentence) -> Iterator[Statement]:
    """The claims of an English sentence, in their order."""
    if _WORDS.search(sentence.masked) is None or sentence.text.rstrip(" )\"'*").endswith("?"):
        return
    parts = clauses(sentence)
    line = sentence.line
    are_named = (
        names_tests(line.text)
        or names_tests(line.label)
        or _SUMMARY.search(line.masked) is not None
    )
    is_open = False
    before: Statement | None = None
    found_any = False
    if sentence.line.sign == "❌" and sentence.start == 0 and parts:
        yield open_claim(Clause(sentence, sentence.text.strip(), sentence.masked.strip()))
        return
    for place, clause in enumerate(parts):
        if clause.lead.startswith("but") or clause.has_self:
            is_open = False
        if is_of_others(clause) or is_belief(clause) or is_of_the_past(clause):
            is_open = True
        follows = parts[place + 1] if place + 1 < len(parts) else None
        if clause.is_condition or clause.lead in ("when", "whenever", "so that", "before"):
            # What a condition is said of holds under it only.
            is_open = (clause.is_condition and place == 0) or is_open
            continue
        if is_open or (follows is not None and follows.lead in _CONDITIONS and not clause.is_deed):
            continue
        if is_order(clause.masked) and not clause.is_deed:
            is_open = True
            continue
        statement = _read(clause, are_named, before)
        if statement is None:
            continue
        found_any = True
        yield statement
        before = statement
    if not found_any and parts and not is_open:
        listed = _listed(parts, sentence)
        if listed is not None:
            yield listed


_CONDITIONS = (
    "if",
    "unless",
    "until",
    "once",
    "assuming",
    "provided that",
    "as long as",
    "as soon as",
    "in case",
    "when",
)


def _read(clause: Clause, are_named: bool, before: Statement | None) -> Statement | None:
    tests = test_claim(clause, are_named=are_named)
    is_bare = tests is not None and not names_tests(clause.text)
    if is_bare and before is not None and before.kind == ClaimKind.TESTS_PASS:
        # "All 12 tests pass, 0 failed": the rest of the same.
        return None
    if tests is not None:
        return _of_the_new(tests, before)
    return (
        figure_claim(clause)
        or denial_claim(clause)
        or check_claim(clause)
        or place_claim(clause)
        or deed_claim(clause)
        or done_claim(clause)
    )


def _of_the_new(tests: Statement, before: Statement | None) -> Statement:
    """ "Added 6 tests, all passing": it is said of the new ones."""
    is_bare = (
        tests.kind == ClaimKind.TESTS_PASS and tests.count is None and not names_tests(tests.text)
    )
    if not is_bare or before is None or before.kind != ClaimKind.TESTS_ADDED:
        return tests
    return replace(
        tests, count=before.count, is_of_all=False, limits=("new",), subject=before.subject
    )


def _listed(parts: list[Clause], sentence: Sentence) -> Statement | None:
    """A point without a verb, which its label or its sign completes."""
    line = sentence.line
    clause = Clause(sentence, sentence.text.strip(" ,"), sentence.masked.strip(" ,"))
    if any(
        mood(part.masked, len(part.masked)) == "open" or is_order(part.masked) for part in parts
    ):
        return None
    inline = _INLINE.match(clause.masked)
    kind = _label_kind(inline.group("label")) if inline is not None else None
    is_first = sentence.start == 0
    if kind is None and line.is_item and is_first:
        kind = _label_kind(line.label) if line.label else None
    if kind == ClaimKind.COMMITTED:
        return listed_commit(clause)
    if kind == ClaimKind.NOT_DONE:
        return open_claim(clause)
    text = (
        clause.text
        if inline is not None or not line.label
        else f"{line.label.strip('*_: ')}: {clause.text}"
    )
    if kind in _FILE_KINDS:
        subject = find_subject(clause)
        if not subject.paths:
            return None
        # A list of one file each tells of the first path; those behind it explain.
        paths = (
            subject.paths[:1]
            if inline is None and "," not in clause.masked[: len(subject.paths[0]) + 3]
            else subject.paths
        )
        return make_statement(
            line,
            kind,
            text,
            sentence=sentence.text,
            work=clause.text,
            subject=replace(subject, paths=paths),
        )
    if kind is not None:
        return make_statement(
            line, kind, text, sentence=sentence.text, work=clause.text, subject=find_subject(clause)
        )
    if (line.ticked or line.sign == "✅") and is_first and len(clause.text.split()) > 1:
        return task_claim(clause)
    return None


def _label_kind(label: str) -> ClaimKind | None:
    return next((kind for pattern, kind in _LABEL_KINDS if pattern.match(label)), None)


def commit_subject(line: TextLine) -> Statement | None:
    """The work that a commit's subject names, in the base form ("Add X") or by convention ("feat: X")."""
    first = next(iter(sentences(line)), None)
    if first is None:
        return None
    head = clauses(first)[:1]
    text = head[0].masked if head else ""
    verb, convention = _COMMIT_VERB.match(text), _CONVENTION.match(text)
    word = verb.group("verb").lower() if verb is not None else ""
    base = (
        word
        if word in BASE_OF
        else next((one for one, past in BASE_OF.items() if past == word or f"{one}s" == word), "")
    )
    if base in _ADDS:
        kind = ClaimKind.CODE_ADDED
    elif base in _FIXES or (convention is not None and convention.group("type").lower() == "fix"):
        kind = ClaimKind.BUG_FIXED
    elif convention is not None and not base:
        kind = ClaimKind.CODE_ADDED
    else:
        return None
    match = verb if base else convention
    if match is None or mood(" " + first.masked, len(first.masked)) == "denied":
        return None
    return make_statement(
        line,
        kind,
        head[0].text,
        sentence=line.text,
        work=head[0].text[match.start("what") : match.end("what")],
        subject=find_subject(head[0]),
    )
