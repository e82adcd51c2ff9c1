"""Clauses that say that a task is done, that nothing changed, or that something is not done."""

from __future__ import annotations

import re

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import Clause
from tui.night.review.claims.grammar.mood import mood, past_of, plain
from tui.night.review.claims.grammar.names import find_subject
from tui.night.review.claims.grammar.vocabulary import ADVERB, BE, DEED_OF, I_OR_WE
from tui.night.review.claims.statement import Statement, make_statement
from tui.system.lazy_pattern import AnyWord, lazy

_I = re.IGNORECASE
_DONE = (
    r"(?:done|complete|completed|finished|closed|ready|delivered|shipped|implemented|fixed|in\s+place"
    r"|addressed|resolved|satisfied|met|wired\s+up|100\s?%\s+(?:done|complete)|✅|✓|✔)"
)
_IS_DONE = lazy(
    rf"(?P<what>.{{2,160}}?)(?:\s+(?:{BE}|now|stands?|remains?)){{1,2}}(?:\s+(?:{ADVERB}|all|both"
    rf"|each|been|successfully|100\s?%|indeed))*\s+(?P<state>{_DONE})(?!\w)(?P<rest>.*)",
    _I | re.DOTALL,
)
_STANDS_DONE = lazy(
    r"(?P<what>.{1,140}?)(?:\s*[:=(]\s*|\s)\s*(?:(?:now|fully|all"
    r"|successfully)\s+)*(?P<state>complete|completed|done|implemented|finished|closed|✅|✓"
    r"|✔)\s*\)?\W*\Z",
    _I | re.DOTALL,
)
_FINISHED = lazy(
    rf"(?:{ADVERB}\s+)*(?:{I_OR_WE})?(?:{ADVERB}\s+)*(?:completed|finished|closed|delivered"
    rf"|done\s+with)\s+(?P<what>\S.*)",
    _I | re.DOTALL,
)
_TOLD_OF = lazy(
    r"(?!(?:an?|the|some|all|\d+)\b)(?:(?!(?:that|which|who)\b)[\w◇./-]+\s+){1,3}"
    r"(?:are|is|were|was|have|has|can|will|would|should|must|may)\b|by\b",
    _I,
)
_EVERYTHING = lazy(
    r"(?:(?:all|every|each)\s+(?:of\s+)?(?:(?P<n>\d+)(?:\s*/\s*(?P<total>\d+))?\s+|of\s+|the\s+|my\s+"
    r"|your\s+|these\s+|those\s+|its\s+|remaining\s+|planned\s+|open\s+|other\s+|requested\s+"
    r"|required\s+|outstanding\s+|(?:two|three|four|five|six|seven|eight|nine|ten)\s+){0,4}"
    r"(?:[\w-]+\s+){0,1}?(?:tasks?|items?|todos?|to-dos?|steps?|features?|milestones?|phases?"
    r"|requirements?|points?|goals?|issues?|stories|tickets?|acceptance\s+criteria|criteria|subtasks?"
    r"|deliverables?|objectives?|boxes|checkboxes)\b"
    r"|everything\b(?!\s+(?:else|except|but))|all\s+of\s+(?:it|them|the\s+above)\b"
    r"|(?P<count>\d+)\s*(?:/|of|out\s+of)\s*(?:the\s+)?(?P<whole>\d+)\s+(?:[\w-]+\s+){0,2}?(?:tasks?"
    r"|items?|todos?|steps?|features?|milestones?|phases?)\b"
    r"|the\s+(?:whole|entire|full)\s+(?:plan|list|backlog|project|task\s+list|todo\s+list|goal|job"
    r"|work)\b|nothing\s+is\s+left\b)(?P<tail>.*)",
    _I | re.DOTALL,
)
_ALL_ALONE = lazy(r"(?:all|everything(?:\s+is)?)\s+(?:done|complete|completed|finished)\W*\Z", _I)
_TASK = lazy(
    r"(?:the\s+|parent\s+)?(?:tasks?|phases?|steps?|milestones?|issues?|tickets?|stor(?:y|ies)"
    r"|stages?|items?|sprints?|epics?|prs?)\b|[\w#-]*\d[\w.-]*\s*(?:\Z|[:,])|#\d",
    _I,
)
_CLOSED = lazy(r"(?:I\s+|we\s+|also\s+|and\s+)*closed\b", _I)
_TASK_NOUN = lazy(
    r"(?:the\s+)?(?:work|task|session|job|project|goal|implementation|it|this|that|these|those|they"
    r"|there|everything|here|what|who|which|all|both|i"
    r"|we)\W*\Z",
    _I,
)
_PRONOUN = lazy(
    r"\s*(?:that|this|it|which|these|those|they|there|here|what|who|i|we|you|status)\b", _I
)
_NOT_WORK = lazy(
    r"(?:\w+\s+)?(?:status|result|verification|state|summary|progress|session|exit|stage|step|note"
    r"|overall|outcome|level|mode|priority)\W*\Z",
    _I,
)
_TOPIC = lazy(
    r"\s*(?:if|when|once|after|before|until|because|for\s+(?:the\s+)?(?:user|review|use|you))\b", _I
)
_NOT_VERB = lazy(
    rf"(?:{ADVERB}\s+)*(?:(?P<who>I|we|nothing|nobody|no\s+one)\s+)?(?:{ADVERB}\s+)*(?:(?P<neg>(?:did"
    rf"|do|does|have|has|had|could|was|were|can|is|are)(?:\s+(?:also|still|deliberately"
    rf"|intentionally))?(?:\s+not|n['’]t)|cannot|can['’]t|never|(?:was|were|am|is)(?:n['’]t"
    rf"\s+able|\s+unable|\s+not\s+able)\s+to|failed\s+to|refused\s+to|not|chose\s+not\s+to"
    rf"|decided\s+not\s+to))\s+(?:yet\s+|be\s+able\s+to\s+|been\s+able\s+to\s+|actually\s+|fully\s+"
    rf"|manage\s+to\s+|able\s+to\s+|get\s+to\s+|yet\s+been\s+|been\s+|even\s+|make\s+any\s+changes?\s+(?=to)"
    rf"|deliberately\s+|intentionally\s+|otherwise\s+)*(?P<verb>\w[\w-]*)\b\s*(?P<object>.*)",
    _I | re.DOTALL,
)
_IS_NOT = lazy(
    r"(?P<what>.{1,160}?)\s+(?:(?:is|are|was|were|has|have|had|do|does|did|could|can)(?:\s+(?:still"
    r"|also|currently))?(?:\s+not|n['’]t)|cannot|can['’]t|could\s+not|remains?|never|is\s+still"
    r"|are\s+still|still|is\s+(?:only\s+)?partially|are\s+(?:only\s+)?partially"
    r"|is\s+only|(?:is|are)(?=\s+(?:uncommitted|unpushed|incomplete|unfinished|untested|unimplemented"
    r"|unresolved)\b))(?:\s+(?:yet|been|be|fully|completely|quite|currently|to\s+be|only"
    r"|partially))*\s+(?P<verb>\w[\w-]*)\b(?P<rest>.*)",
    _I | re.DOTALL,
)
_NOTHING = lazy(
    r"nothing\s+(?:was|has\s+been|is|got)\s+(?:yet\s+)?(?P<verb>committed|pushed|installed|implemented"
    r"|deployed|tested|fixed|done|merged|saved)\b",
    _I,
)
_LEFT_OUT = lazy(
    rf"(?:{ADVERB}\s+)*(?:{I_OR_WE})?(?:{ADVERB}\s+)*(?:skipped|left\s+out|deferred|postponed|omitted"
    rf"|gave\s+up\s+on|ran\s+out\s+of\s+(?:time|budget|context)|abandoned|punted\s+on|have\s+yet\s+to"
    rf"|did\s+not\s+get\s+to)\b\s*(?P<object>.*)",
    _I | re.DOTALL,
)
_LEFT_AS_IT_WAS = lazy(
    rf"(?:{ADVERB}\s+)*(?:{I_OR_WE})?(?:{ADVERB}\s+)*(?:left|kept|leaving"
    rf"|keeping)\s+(?P<object>.{{1,160}}?)\s+(?:exactly\s+|just\s+|completely\s+"
    rf"|entirely\s+)*(?:as\s+(?:it|they|is|they\s+were|it\s+was)\b|unchanged|untouched|alone|intact"
    rf"|as-is|the\s+same|unmodified)",
    _I | re.DOTALL,
)
_UNCHANGED = lazy(
    r"(?P<object>.{2,160}?)\s+(?:(?:is|are|was|were|remains?|stays?|stayed|remained|has\s+been"
    r"|have\s+been)\s+)(?:left\s+|kept\s+|all\s+|completely\s+|entirely\s+|still\s+"
    r"|otherwise\s+)*(?:unchanged|untouched|unmodified|unaffected|the\s+same|as\s+(?:it"
    r"|they)\s+w(?:as|ere)|left\s+alone|intact|byte-identical)\b"
    r"|(?P<short>[\w◇./ -]{2,80}?)\s*:?\s+(?:unchanged|untouched|unmodified)\W*\Z",
    _I | re.DOTALL,
)
_NO_CHANGES = lazy(
    r"(?:there\s+(?:are|were)\s+|with\s+|made\s+|I\s+made\s+|and\s+|we\s+made\s+|required\s+)*(?:no"
    r"|zero|0)\s+(?:\w+\s+)?(?:changes?|edits?|modifications?)\s+(?:(?:were"
    r"|have\s+been)\s+)?(?:made\s+)?(?:to|in)\s+(?P<object>.+)"
    r"|no\s+(?P<kind>[\w◇./ -]{2,60}?)\s+(?:changes?|edits?|modifications?)(?:\s+(?:were|have\s+been"
    r"|are|made|needed|required|necessary))*\W*\Z|no\s+(?P<what>[\w◇./ -]{2,80}?)\s+(?:(?:were|was"
    r"|have\s+been|has\s+been|are)\s+)?(?:touched"
    r"|changed|modified|altered|edited)\b(?P<rest>.*)",
    _I | re.DOTALL,
)
_LEAVING = lazy(
    r"without\s+(?:any\s+)?(?:touching|changing|modifying|altering|editing|breaking)\s+(?P<object>.+)"
    r"|(?:touching|changing|modifying|altering|editing)\s+(?P<bare>.+)",
    _I | re.DOTALL,
)
_TOUCH = frozenset(
    "touch touched change changed modify modified alter altered edit edited make".split()
)
_FAIL_WORDS = frozenset(
    "failing fails fail failed broken red incomplete missing unresolved open unfinished blocked "
    "outstanding todo pending unfixed undone uncommitted unpushed flaky untested unimplemented".split()
)
_NOT_STATES = frozenset(
    "done complete ready working finished there possible tested verified covered clean passing green up".split()
)
_MORE_NOT = frozenset(
    "work pass test tested run verify verified finish succeed start started get reach deploy "
    "deployed cover covered find found reproduce make made handle try tried compile build fixed done "
    "push pass".split()
)
_NEW_THINGS = lazy(
    r"(?:any|a|an|new|extra|further|additional|other|to|that|because|since|the\s+need)\b", _I
)
_STILL_OPEN = lazy(
    r"^(?:(?:still|remaining|not\s+(?:yet\s+)?(?:done|finished|implemented|tested|fixed|covered"
    r"|committed|pushed|started)|incomplete|unfinished|skipped|blocked|could\s+not\s+\w+"
    r"|open)\s*[:=]\s*)(?P<what>.+)|^(?:uncommitted|unpushed)\s+(?P<kind>changes|work|commits"
    r"|files).*",
    _I | re.DOTALL,
)
_GATE = AnyWord(
    "not",
    "n't",
    "n’t",
    "never",
    "unable",
    "fail",
    "refused",
    "skipped",
    "left",
    "deferred",
    "postponed",
    "omitted",
    "gave up",
    "unchanged",
    "untouched",
    "unmodified",
    "no ",
    "without",
    "intact",
    "still",
    "remain",
    "same",
    "kept",
    "as-is",
    "partial",
    "incomplete",
    "uncommitted",
    "broken",
    "ran out",
    "blocked",
    "zero",
    "touching",
    "abandon",
    "yet",
    "cannot",
    "unaffected",
    "alone",
    "0 ",
)


def is_everything(words: str) -> bool:
    """Whether words name all tasks, or simply everything."""
    return _EVERYTHING.match(words) is not None


def is_told_of(words: str) -> bool:
    """Whether words behind a participle have a verb of their own: "completed items are shown"."""
    return _TOLD_OF.match(words) is not None


def denial_claim(clause: Clause) -> Statement | None:
    """That something was left as it was (UNCHANGED), or that something is not done (NOT_DONE)."""
    if not _GATE.is_in(clause.masked.lower() + " "):
        return None
    return _unchanged(clause, clause.masked) or _not_done(clause, plain(clause))


def _unchanged(clause: Clause, text: str) -> Statement | None:
    for pattern in (_NO_CHANGES, _LEFT_AS_IT_WAS, _UNCHANGED, _LEAVING):
        match = pattern.match(text)
        if match is None or (pattern is _LEAVING and not text.lower().startswith("without")):
            continue
        if (
            mood(text[: match.end()].replace("no ", "").replace("without ", ""), len(text))
            == "open"
        ):
            return None
        span = next((match.span(name) for name in match.groupdict() if match.group(name)), (0, 0))
        what = clause.text[span[0] : span[1]]
        if re.match(
            r"(?:other|else|it|this|that|they|which|further|more|files?\W*\Z|breaking|results?|output"
            r"|behaviou?r\W*\Z)",
            what,
            _I,
        ):
            return None
        return _claim(clause, ClaimKind.UNCHANGED, what)
    return None


def _not_done(clause: Clause, text: str) -> Statement | None:
    nothing = _NOTHING.match(text)
    if nothing is not None:
        return _claim(clause, ClaimKind.NOT_DONE, nothing.group("verb"))
    left = _LEFT_OUT.match(text) or _STILL_OPEN.match(text)
    if left is not None:
        if mood(text, left.start()) == "open":
            return None
        return _claim(clause, ClaimKind.NOT_DONE, clause.text)
    verb = _NOT_VERB.match(text)
    if verb is not None and verb.group("neg"):
        return _denied_deed(clause, text, verb)
    state = _IS_NOT.match(text)
    if state is None or mood(text[: state.start("verb")], state.end("what")) == "open":
        return None
    if _PRONOUN.match(text) and clause.lead != "but":
        return None
    word = state.group("verb").lower()
    is_negated = (
        re.search(
            r"\bnot\b|n['’]t\b|\bnever\b|cannot|partially",
            text[state.end("what") : state.start("verb")],
            _I,
        )
        is not None
    )
    if is_negated:
        past = past_of(word) or word
        is_deed = (
            (past in DEED_OF and (word == past or word in ("pass", "build", "compile")))
            or word in _NOT_STATES
            or word in ("pass", "compile", "succeed")
            or word in ("tested", "verified", "deployed", "merged", "started", "covered", "run")
        )
        if word in _TOUCH:
            return _claim(
                clause, ClaimKind.UNCHANGED, clause.text[state.start("what") : state.end("what")]
            )
        return (
            _claim(clause, ClaimKind.NOT_DONE, clause.text[state.start("what") : state.end("what")])
            if is_deed
            else None
        )
    if word in _FAIL_WORDS:
        return _claim(
            clause, ClaimKind.NOT_DONE, clause.text[state.start("what") : state.end("what")]
        )
    return None


def _denied_deed(clause: Clause, text: str, match: re.Match[str]) -> Statement | None:
    """ "did not push": what the writer did not do; a habit of the program ("does not store X") is none."""
    neg = match.group("neg").lower()
    word = match.group("verb").lower()
    if neg.startswith(("do ", "don", "does")) or (
        not match.group("who") and neg in ("can't", "can’t", "cannot", "is not", "are not", "isn't")
    ):
        return None
    before = text[: match.start("verb")]
    if re.search(r"\b(?:should|would|will|might|may)\b", before, _I):
        return None
    what = clause.text[match.start("object") : match.end("object")].strip(" .!")
    is_touch = word in _TOUCH and (word != "make" or re.match(r"(?:any\s+)?changes?\s+to\b", what))
    if is_touch or re.search(r"\bmake\s+any\s+changes?\s+\Z", before):
        what = re.sub(r"^(?:any\s+)?changes?\s+to\s+|^to\s+", "", what)
        return (
            _claim(clause, ClaimKind.UNCHANGED, what)
            if what and not re.match(r"any(?:thing)?\b(?!\s+(?:test|of))|it\b|that\b", what)
            else None
        )
    past = past_of(word) or word
    if (past not in DEED_OF and word not in _MORE_NOT) or (
        _NEW_THINGS.match(what) and word not in ("push", "pushed", "run", "commit", "committed")
    ):
        return None
    return _claim(clause, ClaimKind.NOT_DONE, f"{word} {what}".strip())


def done_claim(clause: Clause) -> Statement | None:
    """That a task, or all of them, is done; None for "done" of nothing."""
    text = plain(clause)
    if _ALL_ALONE.match(text.strip()):
        return _claim(clause, ClaimKind.ALL_DONE, clause.text)
    if "∘" in text and re.match(r"(?:nothing|no\s+\w+)\s+(?:is\s+)?left", text):
        return None
    match = _FINISHED.match(text) or _IS_DONE.match(text) or _STANDS_DONE.match(text)
    if match is None:
        return None
    stated = match.start("state") if "state" in match.groupdict() else match.start("what")
    if mood(text, stated) != "stated":
        return None
    rest = match.groupdict().get("rest") or ""
    if _TOPIC.match(rest):
        return None
    what = clause.text[match.start("what") : match.end("what")].strip(" .!:;,")
    masked = text[match.start("what") : match.end("what")].strip(" .!:;,")
    if "state" not in match.groupdict() and is_told_of(masked):
        return None
    everything = _EVERYTHING.match(masked)
    if everything is not None:
        return _all_done(clause, what, everything)
    if (
        _TASK_NOUN.match(masked)
        or _PRONOUN.match(masked)
        or _NOT_WORK.match(masked)
        or len(masked) < 2
    ):
        return None
    if (
        what
        and match.re is not None
        and _CLOSED.match(text)
        and not (_TASK.match(what) or find_subject(clause).task_ids)
    ):
        return None
    state = (match.groupdict().get("state") or "").lower()
    is_code = state in ("implemented", "in place", "wired up") and not _TASK.match(what)
    return _claim(clause, ClaimKind.CODE_ADDED if is_code else ClaimKind.TASK_DONE, what)


def _all_done(clause: Clause, what: str, match: re.Match[str]) -> Statement | None:
    if re.search(r"\b(?:except|but|apart\s+from|other\s+than)\b", match.group("tail"), _I):
        return _claim(clause, ClaimKind.NOT_DONE, what)
    for part, whole in (("n", "total"), ("count", "whole")):
        if match.group(whole) and match.group(part) != match.group(whole):
            return _claim(clause, ClaimKind.NOT_DONE, what)
    number = match.group("n") or match.group("whole")
    return _claim(clause, ClaimKind.ALL_DONE, what, float(number) if number else None)


def open_claim(clause: Clause) -> Statement:
    """A point of a list of what is not done."""
    return _claim(clause, ClaimKind.NOT_DONE, clause.text)


def task_claim(clause: Clause) -> Statement:
    """A point of a list of what is done, or one that is ticked."""
    return _claim(clause, ClaimKind.TASK_DONE, clause.text)


def _claim(clause: Clause, kind: ClaimKind, work: str, count: float | None = None) -> Statement:
    return make_statement(
        clause.sentence.line,
        kind,
        clause.text,
        sentence=clause.sentence.text,
        work=work.strip(" .!:;,"),
        count=count,
        subject=find_subject(clause),
    )
