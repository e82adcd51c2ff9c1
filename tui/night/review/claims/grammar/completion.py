"""Clauses that say that a task is done, or all of them."""

from __future__ import annotations

import re

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.grammar.clauses import Clause
from tui.night.review.claims.grammar.mood import mood
from tui.night.review.claims.grammar.names import find_subject, work_claim
from tui.night.review.claims.grammar.vocabulary import ADVERB, BE, I_OR_WE
from tui.night.review.claims.statement import Statement
from tui.system.lazy_pattern import AnyWord, lazy

_DONE = (
    r"(?:done|complete|completed|finished|closed|ready|delivered|shipped|implemented|fixed|in\s+place"
    r"|addressed|resolved|satisfied|met|wired\s+up|100\s?%\s+(?:done|complete)|✅|✓|✔)"
)
_IS_DONE = lazy(
    rf"(?P<what>.{{2,160}}?)(?:\s+(?:{BE}|now|stands?|remains?)){{1,2}}(?:\s+(?:{ADVERB}|all|both"
    rf"|each|been|successfully|100\s?%|indeed))*\s+(?P<state>{_DONE})(?!\w)"
    rf"(?!\s*(?:if|when|once|after|before|until|because|for\s+(?:the\s+)?(?:user|review|use|you))\b)",
    re.DOTALL,
)
_STANDS_DONE = lazy(
    r"(?P<what>.{1,140}?)(?:\s*[:=(]\s*|\s)\s*(?:(?:now|fully|all"
    r"|successfully)\s+)*(?P<state>complete|completed|done|implemented|finished|closed|addressed"
    r"|✅)\s*\)?[^\w◇]*\Z",
    re.DOTALL,
)
_FINISHED = lazy(
    rf"(?:{ADVERB}\s+)*(?:{I_OR_WE})?(?:{ADVERB}\s+)*(?:completed|finished|closed|delivered"
    rf"|done\s+with)\s+(?P<what>\S.*)",
    re.DOTALL,
)
_TOLD_OF = lazy(
    r"(?!(?:an?|the|some|all|\d+)\b)(?:(?!(?:that|which|who)\b)[\w◇./-]+\s+){1,3}"
    r"(?:are|is|were|was|have|has|can|will|would|should|must|may)\b|by\b"
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
    re.DOTALL,
)
_ALL_ALONE = lazy(r"(?:all|everything(?:\s+is)?)\s+(?:done|complete|completed|finished)[^\w◇]*\Z")
_TASK = lazy(
    r"(?:the\s+|parent\s+)?(?:tasks?|phases?|steps?|milestones?|issues?|tickets?|stor(?:y|ies)"
    r"|stages?|items?|sprints?|epics?|prs?)\b|(?=[\w.-]*[a-z.#-])[\w#-]*\d[\w.-]*\s*(?:\Z|[:,])|#\d"
)
_CLOSED = lazy(r"(?:i\s+|we\s+|also\s+|and\s+)*closed\b")
_TASK_NOUN = lazy(
    r"(?:the\s+)?(?:task|session|job|it|this|that|these|those|they"
    r"|there|everything|here|what|who|which|all|both|i"
    r"|we)[^\w◇]*\Z"
)
_PRONOUN = lazy(r"\s*(?:that|this|it|which|these|those|they|there|here|what|who|i|we|you|status)\b")
_NOT_WORK = lazy(
    r"(?:\w+\s+)?(?:status|result|verification|state|summary|progress|session|exit|stage|step|note"
    r"|overall|outcome|level|mode|priority)[^\w◇]*\Z"
)
_DID_ALL = lazy(
    rf"(?:{ADVERB}\s+)*{I_OR_WE}(?:{ADVERB}\s+)*(?:did|completed|finished|implemented|delivered"
    rf"|addressed|worked\s+through)\s+"
    rf"(?:everything|it\s+all|all\s+of\s+(?:it|them))\b(?!\s+(?:else|except|but))"
)
_PROJECT = lazy(
    r"(?:(?:the|this|whole|entire|full|all|requested|planned|our|my)\s+)*(?:project|plan|work|goal"
    r"|refactor(?:ing)?|implementation|backlog|todo\s+list)(?:\s+(?:is"
    r"|are))?(?:\s+now)?(?:\s+100\s?%)?[^\w◇]*\Z"
)
_PERCENT = lazy(r"(?<![\d.])(?!100)\d+(?:\.\d+)?\s?%[^\w◇]*\Z")
_EXCEPT = lazy(r"\b(?:except|but|apart\s+from|other\s+than)\b")
_GATE = AnyWord(
    *"done|complete|finish|close|ready|deliver|shipped|implement|fixed|in place|addressed|resolved|satisfied"
    "|met|wired|✅|✓|✔|did|worked".split("|")
)
_ALREADY = lazy(r"\b(?:is|are|was|were)\s+(?:\w+\s+)?already\b")
_HALF = lazy(r"\b(?:half|partly|partially|almost|nearly|mostly|barely)\Z")
_BARE_NOUN = lazy(r"(?:new\s+)?(?:features?|tasks?|items?|steps?|work|changes|goals?|session)")
_OVER = ("complete", "completed", "done", "finished")
_AS_CODE = ("implemented", "in place", "wired up")


def is_everything(words: str) -> bool:
    """Whether words name all tasks, or simply everything."""
    return _EVERYTHING.match(words) is not None


def is_mentioned(words: str) -> bool:
    """Whether words behind a participle have a verb of their own: "completed items are shown"."""
    return _TOLD_OF.match(words) is not None


def was_so_before(text: str) -> bool:
    """Whether something is said to have been so already: nobody's work of this night."""
    return "already" in text and _ALREADY.search(text) is not None


def done_claim(clause: Clause) -> Statement | None:
    """That a task, or all of them, is done; None for "done" of nothing."""
    text = clause.plain
    if not _GATE.is_in(text) or was_so_before(text):
        return None
    if _says_all(text):
        return work_claim(clause, ClaimKind.ALL_DONE, clause.text)
    match = _FINISHED.match(text) or _IS_DONE.match(text) or _STANDS_DONE.match(text)
    if match is None:
        return None
    groups = match.groupdict()
    state = groups.get("state") or ""
    if mood(text, match.start("state" if state else "what")) != "stated":
        return None
    start, end = match.span("what")
    what, words = clause.text[start:end].strip(" .!:;,"), text[start:end].strip(" .!:;,")
    everything = _EVERYTHING.match(words)
    if everything is not None:
        return _all_done(clause, what, everything)
    if _HALF.search(words):
        return work_claim(clause, ClaimKind.NOT_DONE, what)
    if _PROJECT.match(words) and state in _OVER:
        return work_claim(clause, ClaimKind.ALL_DONE, what)
    return None if _is_no_task(words, state) else _task_done(clause, what, words, state)


def _says_all(text: str) -> bool:
    """ "All done", "I did everything you asked for"."""
    is_did = _DID_ALL.match(text) is not None and mood(text, 0) == "stated"
    return is_did or _ALL_ALONE.match(text.strip()) is not None


def _is_no_task(words: str, state: str) -> bool:
    """Whether words in front of, or behind, "done" name nothing that can be done."""
    return len(words) < 2 or any(
        (
            not state and is_mentioned(words),
            _TASK_NOUN.match(words) is not None,
            _PRONOUN.match(words) is not None,
            _NOT_WORK.match(words) is not None,
            _PERCENT.search(words) is not None,
            _PROJECT.match(words) is not None,
            _BARE_NOUN.fullmatch(words) is not None,
        )
    )


def _task_done(clause: Clause, what: str, words: str, state: str) -> Statement | None:
    is_task = _TASK.match(words) is not None
    has_id = is_task or bool(find_subject(clause).task_ids)
    if not has_id and (_CLOSED.match(clause.plain) or clause.text.isupper() or state == "✅"):
        return None
    is_code = state in _AS_CODE and not is_task
    return work_claim(clause, ClaimKind.CODE_ADDED if is_code else ClaimKind.TASK_DONE, what)


def _all_done(clause: Clause, what: str, match: re.Match[str]) -> Statement | None:
    if _EXCEPT.search(match.group("tail")):
        return work_claim(clause, ClaimKind.NOT_DONE, what)
    for part, whole in (("n", "total"), ("count", "whole")):
        if match.group(whole) and match.group(part) != match.group(whole):
            return work_claim(clause, ClaimKind.NOT_DONE, what)
    number = match.group("n") or match.group("whole")
    return work_claim(clause, ClaimKind.ALL_DONE, what, float(number) if number else None)


def task_claim(clause: Clause) -> Statement:
    """A point of a list of what is done, or one that is ticked."""
    return work_claim(clause, ClaimKind.TASK_DONE, clause.text)
