"""Clauses that say that something is not done, or that something was left as it was."""

from __future__ import annotations

import re

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import Clause
from tui.night.review.claims.grammar.mood import mood, past_of
from tui.night.review.claims.grammar.names import work_claim
from tui.night.review.claims.grammar.vocabulary import ACTION_OF, ADVERB, I_OR_WE
from tui.night.review.claims.statement import Statement
from tui.system.lazy_pattern import AnyWord, lazy

_NOT_VERB = lazy(
    rf"(?:{ADVERB}\s+)*(?:(?P<who>i|we|nothing|nobody|no\s+one)\s+)?(?:{ADVERB}\s+)*(?:(?P<neg>(?:did"
    rf"|do|does|have|has|had|could|was|were|can|is|are)(?:\s+(?:also|still|deliberately"
    rf"|intentionally))?(?:\s+not|n['’]t)|cannot|can['’]t|never|(?:was|were|am|is)(?:n['’]t"
    rf"\s+able|\s+unable|\s+not\s+able)\s+to|failed\s+to|refused\s+to|not|chose\s+not\s+to"
    rf"|decided\s+not\s+to))\s+(?:yet\s+|be\s+able\s+to\s+|been\s+able\s+to\s+|actually\s+|fully\s+"
    rf"|manage\s+to\s+|able\s+to\s+|get\s+to\s+|yet\s+been\s+|been\s+|even\s+|make\s+any\s+changes?\s+(?=to)"
    rf"|deliberately\s+|intentionally\s+|otherwise\s+)*(?P<verb>\w[\w-]*)\b\s*(?P<object>.*)",
    re.DOTALL,
)
_IS_NOT = lazy(
    r"(?P<what>.{1,160}?)\s+(?:(?:is|are|was|were|has|have|had|do|does|did|could|can)(?:\s+(?:still"
    r"|also|currently))?(?:\s+not|n['’]t)|cannot|can['’]t|could\s+not|remains?|never|is\s+still"
    r"|are\s+still|still|is\s+(?:only\s+)?partially|are\s+(?:only\s+)?partially"
    r"|is\s+only|(?:is|are)(?=\s+(?:uncommitted|unpushed|incomplete|unfinished|untested|unimplemented"
    r"|unresolved)\b))(?:\s+(?:yet|been|be|fully|completely|quite|currently|to\s+be|only"
    r"|partially))*\s+(?P<verb>\w[\w-]*)\b(?P<rest>.*)",
    re.DOTALL,
)
_NOTHING = lazy(
    r"nothing\s+(?:was|has\s+been|is|got)\s+(?:yet\s+)?(?P<verb>committed|pushed|installed|implemented"
    r"|deployed|tested|fixed|done|merged|saved)\b"
)
_IT_FAILED = lazy(
    r"(?:it|that|this|they)\s+(?:failed|fails|(?:was|were)\s+(?:rejected|refused|denied)|did\s*n[o'’]t\s+work)"
)
_LEFT_OUT = lazy(
    rf"(?:{ADVERB}\s+)*(?:{I_OR_WE})?(?:{ADVERB}\s+)*(?:(?:only\s+)?(?:partially|partly"
    rf"|half)\s+(?:implemented|finished|completed|done|fixed|migrated|ported)|skipped|left\s+out"
    rf"|deferred|postponed|omitted"
    rf"|gave\s+up\s+on|ran\s+out\s+of\s+(?:time|budget|context)|abandoned|punted\s+on|have\s+yet\s+to"
    rf"|did\s+not\s+get\s+to)\b\s*(?P<object>.*)",
    re.DOTALL,
)
_LEFT_AS_IT_WAS = lazy(
    rf"(?:{ADVERB}\s+)*(?:{I_OR_WE})?(?:{ADVERB}\s+)*(?:left|kept|leaving"
    rf"|keeping)\s+(?P<object>.{{1,160}}?)\s+(?:exactly\s+|just\s+|completely\s+"
    rf"|entirely\s+)*(?:as\s+(?:it|they|is|they\s+were|it\s+was)\b|unchanged|untouched|alone|intact"
    rf"|as-is|the\s+same|unmodified)",
    re.DOTALL,
)
_UNCHANGED = lazy(
    r"(?P<object>.{2,160}?)\s+(?:(?:is|are|was|were|remains?|stays?|stayed|remained|has\s+been"
    r"|have\s+been)\s+)(?:left\s+|kept\s+|all\s+|completely\s+|entirely\s+|still\s+"
    r"|otherwise\s+)*(?:unchanged|untouched|unmodified|unaffected|the\s+same|as\s+(?:it"
    r"|they)\s+w(?:as|ere)|left\s+alone|intact|byte-identical)\b"
    r"|(?P<short>[\w◇./ -]{2,80}?)\s*:?\s+(?:unchanged|untouched|unmodified)[^\w◇]*\Z",
    re.DOTALL,
)
_NO_CHANGES = lazy(
    r"(?:there\s+(?:are|were)\s+|with\s+|made\s+|i\s+made\s+|and\s+|we\s+made\s+|required\s+)*(?:no"
    r"|zero|0)\s+(?:\w+\s+)?(?:changes?|edits?|modifications?)\s+(?:(?:were"
    r"|have\s+been)\s+)?(?:made\s+)?(?:to|in)\s+(?P<object>.+)"
    r"|no\s+(?P<kind>[\w◇./ -]{2,60}?)\s+(?:changes?|edits?|modifications?)(?:\s+(?:were|have\s+been"
    r"|are|made|needed|required|necessary))*[^\w◇]*\Z|no\s+(?P<what>[\w◇./ -]{2,80}?)\s+(?:(?:were|was"
    r"|have\s+been|has\s+been|are)\s+)?(?:touched"
    r"|changed|modified|altered|edited)\b(?P<rest>.*)",
    re.DOTALL,
)
_LEAVING = lazy(
    r"without\s+(?:any\s+)?(?:touching|changing|modifying|altering|editing|breaking)\s+(?P<object>.+)"
    r"|(?:touching|changing|modifying|altering|editing)\s+(?P<bare>.+)",
    re.DOTALL,
)
_BUT_FOR = lazy(
    r"\b(?:(?:apart|aside)\s+from|other\s+than|except|besides|but\s+for|save\s+for)\b", 2
)
"""What was left as it was but for something has changed: nothing to hold against it."""
_TOUCH = frozenset(
    "touch touched change changed modify modified alter altered edit edited make".split()
)
_FAIL_WORDS = frozenset(
    "failing fails fail failed broken red incomplete missing unresolved open unfinished blocked "
    "outstanding todo pending unfixed undone uncommitted unpushed flaky untested unimplemented".split()
)
_NOT_STATES = frozenset(
    "done complete ready working finished possible tested verified covered clean passing green pass"
    " compile succeed build deployed merged started run".split()
)
_MORE_NOT = frozenset(
    "work pass test tested run verify verified finish succeed start started get reach deploy "
    "deployed cover covered find found reproduce make made handle try tried compile build fixed done "
    "push pass".split()
)
_NEW_THINGS = lazy(
    r"(?:any|a|an|new|extra|further|additional|other|to|that|because|since|the\s+need)\b"
)
_STILL_OPEN = lazy(
    r"(?:(?:still|not\s+(?:yet\s+)?(?:done|finished|implemented|tested|fixed|covered|committed|pushed|started)"
    r"|incomplete|unfinished|skipped|blocked|could\s+not\s+\w+)\s*[:=]\s*)(?![\d+(]|none\b|no\b"
    r"|n/a)(?P<what>.+)"
    r"|(?:uncommitted|unpushed)\s+(?P<kind>changes|work|commits|files).*",
    re.DOTALL,
)
_GATE = AnyWord(
    *"not|n't|n’t|never|unable|fail|refused|skipped|left|deferred|postponed|omitted|gave up|unchanged"
    "|untouched|unmodified|no |without|intact|still|remain|same|kept|as-is|partial|incomplete"
    "|uncommitted|broken|ran out|blocked|zero|touching|abandon|yet|cannot|unaffected|alone|0 ".split(
        "|"
    )
)
_IS_NEGATED = lazy(r"\bnot\b|n['’]t\b|\bnever\b|cannot|partially")
_PRONOUN = lazy(r"\s*(?:that|this|it|which|these|those|they|there|here|what|who|i|we|you|status)\b")
_RELATIVE_END = lazy(r"\b(?:that|which|who)(?:\s+\w+)?\Z")
_OF_NO_INTEREST = lazy(
    r"(?:other|else|it|this|that|they|which|further|more|files?[^\w◇]*\Z|breaking|results?|output"
    r"|behaviou?r[^\w◇]*\Z)"
)
_HABIT = ("do ", "does", "don")
_HABITS = frozenset(("can't", "can’t", "cannot", "is not", "are not", "isn't", "aren't"))
_DOUBT = lazy(r"\b(?:should|would|will|might|may)\b")
_ANY_CHANGES = lazy(r"\bmake\s+any\s+changes?\s+\Z")
_CHANGES_TO = lazy(r"(?:any\s+)?changes?\s+to\s+|to\s+")
_ANYTHING = lazy(r"any(?:thing)?\b(?!\s+(?:test|of))|it\b|that\b|\Z")
_EVEN_ANY = frozenset("push pushed run commit committed open opened".split())


def denial_claim(clause: Clause) -> Statement | None:
    """That something was left as it was (UNCHANGED), or that something is not done (NOT_DONE)."""
    if not _GATE.is_in(f"{clause.masked} "):
        return None
    return _unchanged(clause) or _not_done(clause)


def open_claim(clause: Clause) -> Statement:
    """A point of a list of what is not done."""
    return work_claim(clause, ClaimKind.NOT_DONE, clause.text)


def _unchanged(clause: Clause) -> Statement | None:
    text = clause.masked
    for pattern in (_NO_CHANGES, _LEFT_AS_IT_WAS, _UNCHANGED, _LEAVING):
        match = pattern.match(text)
        if match is None:
            continue
        if _BUT_FOR.search(text):
            return None
        if (
            mood(text[: match.end()].replace("no ", "").replace("without ", ""), len(text))
            == "open"
        ):
            return None
        span = next((match.span(name) for name in match.groupdict() if match.group(name)), (0, 0))
        if _OF_NO_INTEREST.match(text[span[0] : span[1]]):
            return None
        return work_claim(clause, ClaimKind.UNCHANGED, clause.text[span[0] : span[1]])
    return None


def _not_done(clause: Clause) -> Statement | None:
    text = clause.plain
    nothing = _NOTHING.match(text)
    if nothing is not None:
        return work_claim(clause, ClaimKind.NOT_DONE, nothing.group("verb"))
    if clause.is_contrast and _IT_FAILED.match(text):
        return work_claim(clause, ClaimKind.NOT_DONE, clause.sentence.text)
    left = _LEFT_OUT.match(text) or _STILL_OPEN.match(text)
    if left is not None:
        is_open = mood(text, left.start()) == "open"
        return None if is_open else work_claim(clause, ClaimKind.NOT_DONE, clause.text)
    verb = _NOT_VERB.match(text)
    if verb is not None:
        return _denied_action(clause, verb)
    state = None if clause.is_action else _IS_NOT.match(text)
    return _denied_state(clause, state) if state is not None else None


def _denied_state(clause: Clause, match: re.Match[str]) -> Statement | None:
    """ "X is not done", "X is still failing"."""
    text, word = clause.plain, match.group("verb")
    if mood(text[: match.start("verb")], match.end("what")) == "open":
        return None
    if _RELATIVE_END.search(text[: match.end("what")]) is not None:
        return None
    if _PRONOUN.match(text) and clause.lead != "but":
        return None
    what = clause.text[match.start("what") : match.end("what")]
    if _IS_NEGATED.search(text[match.end("what") : match.start("verb")]) is None:
        return work_claim(clause, ClaimKind.NOT_DONE, what) if word in _FAIL_WORDS else None
    if word in _TOUCH:
        return work_claim(clause, ClaimKind.UNCHANGED, what)
    past = past_of(word) or word
    is_action = past in ACTION_OF and word == past
    return (
        work_claim(clause, ClaimKind.NOT_DONE, what) if is_action or word in _NOT_STATES else None
    )


def _denied_action(clause: Clause, match: re.Match[str]) -> Statement | None:
    """ "did not push": what the writer did not do; a habit of the program ("does not store X") is none."""
    word, before = match.group("verb"), clause.plain[: match.start("verb")]
    if _is_habit(match) or _DOUBT.search(before):
        return None
    what = clause.text[match.start("object") : match.end("object")].strip(" .!")
    low = what.lower()
    changes = _CHANGES_TO.match(low)
    is_touch = word in _TOUCH and (word != "make" or changes is not None)
    if is_touch or _ANY_CHANGES.search(before):
        at = changes.end() if changes is not None else 0
        return (
            None
            if _ANYTHING.match(low[at:])
            else work_claim(clause, ClaimKind.UNCHANGED, what[at:])
        )
    is_known = (past_of(word) or word) in ACTION_OF or word in _MORE_NOT
    if not is_known or (_NEW_THINGS.match(low) and word not in _EVEN_ANY):
        return None
    return work_claim(clause, ClaimKind.NOT_DONE, f"{word} {what}".strip())


def _is_habit(match: re.Match[str]) -> bool:
    neg = match.group("neg")
    return neg.startswith(_HABIT) or (not match.group("who") and neg in _HABITS)
