"""A line into sentences, a sentence into clauses that each have a predicate of their own.

"All tests pass and I committed everything" is two, "Added `a` and `b`, updated the README" too;
"Added multiply and divide" is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from tui.night.review.claims.grammar.vocabulary import ADVERB, I_OR_WE, NUMBER, PAST
from tui.night.review.claims.sections import TextLine
from tui.system.lazy_pattern import HintedPattern, lazy

_SENTENCE = lazy(
    r"[.!?;](?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\betc\.)(?<!\bcf\.)\s+(?=\S)"
    r"|(?<=\s)[—–|·•]+\s+|(?<=\s)-{1,2}\s+(?=\D)"
)
_IF = r"(?:if|unless|until|once|provided\s+that|assuming|as\s+long\s+as|as\s+soon\s+as|in\s+case)"
_JOINT = lazy(
    rf"(?:\s*,\s*|\s+)(?P<lead>(?:(?:and|but|so)\s+)?(?:{_IF}|when(?:ever)?|because|so\s+that)"
    rf"|and\s+then|and\s+also"
    r"|but\s+also|and|but|then|so|yet|while|whereas|(?:even\s+)?though|although|however|which|plus|with|without"
    rf"|since|before|after)\s+|\s*,\s+"
)
_OPENING = lazy(
    rf"\s*(?P<lead>(?:{_IF}|when(?:ever)?|before|after|while|although|though|because|since))\s+"
)
_ALWAYS = lazy(rf"(?:and\s+|but\s+|so\s+)?(?:{_IF}|when(?:ever)?|because|so\s+that)\Z")
_CONDITION = lazy(rf"(?:and\s+|but\s+|so\s+)?{_IF}\Z")
_PARENTHESIS = lazy(r"\([^()]*\)")
_DOING = rf"(?:{ADVERB}\s+)*(?:{I_OR_WE}(?:{ADVERB}\s+)*)?(?:{PAST})\b(?!-)"
_FINITE = (
    r"(?:is|are|was|were|has|have|had|does|do|did|can|could|will|would|should|may|might|must|cannot"
    r"|isn|aren|wasn|weren|hasn|haven|hadn|doesn|don|didn|couldn|won|wouldn|shouldn"
    r"|pass(?:es|ed)?|succeed(?:s|ed)?|fail(?:s|ed)?|work(?:s|ed)?|runs?|ran|remains?|stays?|builds?|compiles?"
    r"|compiled|reports?|reported|shows?|showed|returns?|exits?|exited|complete[sd]|finish(?:es|ed)"
    r"|needs?|requires?|lives?|exists?|stands?)\b"
)
_WORD = r"(?!(?:that|which|who|where|to|by|so)\b)[^\s,;()]+"
_STATING = rf"(?:{_WORD}\s+){{0,7}}?{_WORD}(?:\s\([^()]*\))?\s+{_FINITE}"
_STATING_ALONE = _STATING.replace(
    "(?:that|which|who|where|to|by|so", "(?:that|and|but|then|or|which|who|where|to|by|so"
)
_STATE = (
    r"(?:[\w◇-]+\s+){1,3}(?:clean|green|passing|complete|done|committed|pushed|fixed|unchanged"
    r"|untouched|✅|✓)(?=[^\w◇]*\Z|\s*[,;(]|\s+and\b)"
    r"|(?:no|zero|0)\s+(?:new\s+)?(?:lint(?:er|ing)?|type|typescript|eslint|mypy|ruff|compil\w+|build"
    r"|console|format\w*)\s+(?:errors?|warnings?|issues?|problems?)"
    r"|no\s+(?:[\w◇./-]+\s+){0,4}(?:touched|changed|modified|altered|edited)\b|no\s+(?:other\s+"
    r"|further\s+)?changes?\s+(?:to|in)\b|(?:all|both|everything)\s+(?:now\s+"
    r"|are\s+)?(?:passing|green|pass)\b"
)
_SHORT = (
    rf"{_STATE}|(?:test\s+)?coverage\b|[\w./◇-]+\s+at\s+\d+(?:\.\d+)?\s?%"
    rf"|{NUMBER}(?:\s*/\s*{NUMBER})?\s+(?:[\w-]+\s+){{0,3}}?(?:tests?|specs?|passed|passing)\b"
    rf"|(?:[\w-]+\s+){{0,2}}tests?\s+(?:for|covering)\b"
)
_PREDICATE = lazy(rf"(?<!-)\b(?:{_FINITE}|(?:{PAST}|\w{{3,}}ed)\b)(?!-)|✅|✓|{_STATE}")
_SAME = lazy(
    r"(?:they|it|everything|all(?:\s+of\s+them)?|each)\s+(?:(?:all|have|has|now|both|each|are"
    r"|is)\s+){0,3}(?:pass|succeed|green|clean)"
    r"|it\s+(?:now\s+)?(?:reports?|reported|shows?|found|finds|came\s+back|exit(?:s|ed)|printed|gave"
    r"|completed)\b"
    r"|\d+\s+(?:\w+\s+)?(?:fail|error|skip|xfail|pending|flak)"
)
_RAN = lazy(r"\b(?:ran|re-?ran|executed|run)\b|\b\d+\s+(?:\w+\s+){0,2}pass")
_GENERAL_LABEL = lazy(
    r"\s*(?:(?:final|key|overall|short)\s+)?(?:results?|verification|verified|summary|status|update"
    r"|outcome|highlights"
    r"|conclusion|overview|in\s+short|tl;?dr|changes|what\s+changed|done|validation"
    r"|quality(?:\s+gates?)?|checks)\s*:\s+"
)
_TIMES = ("when", "whenever", "before")
_ALL_BUT = lazy(r"\b(?:all|nothing|none|anything|everything|no|any)\s*\Z")
_STARTS = lazy(rf"{_DOING}|{_STATING}|{_SHORT}")
_STARTS_AFTER_DEED = lazy(rf"{_DOING}|{_STATING_ALONE}|{_SHORT}")
_STARTS_DOING = lazy(_DOING)
_LABEL = lazy(rf"\s*(?!(?:i|we|{PAST})\s)(?:[\w◇.#()/'-]+\s+){{0,5}}[\w◇.#()/'-]+:\s+")
_SELF = lazy(rf"(?:{ADVERB}\s+)*(?:i|we)\b")
_TESTS = lazy(rf"(?:{NUMBER}|two|three|four|five|six)\s+(?:[\w-]+\s+){{0,3}}?tests?\b(?!\s+pass)")
_LEAVING = lazy(r"(?:any\s+)?(?:touching|changing|modifying|altering|editing|breaking)\b")
_ASIDE = lazy(
    rf"\((?:and\s+)?(?:{_DOING}\s+\S|(?:committed|pushed)\b|not\s+(?:yet\s+)?(?:committed|pushed"
    rf"|implemented|tested|fixed|merged"
    rf"|deployed)\b)"
)


_RELATIVE = HintedPattern(
    "you|the user|the issue|the spec|the task|the ticket|the plan|the prompt",
    r"\b(?:(?:that|which)\s+)?(?:you|the\s+user|the\s+(?:issue|spec|task|ticket|plan"
    r"|prompt))\s+(?:(?:had|have|has|['’]d)\s+)?(?:asked(?:\s+for|\s+me\s+to\s+\w+)?|requested|wanted"
    r"|mentioned|listed|specified|reported|described|gave(?:\s+me)?|pointed\s+out|proposed|suggested"
    r"|planned|wrote|requires|asks\s+for|describes|lists|specifies|needed|flagged|raised|found)\b",
)
_DENIALS = HintedPattern(
    "no|zero|0|without|n't|n’t",
    r"\b(?:with\s+|and\s+)?(?:no|zero|0|without(?:\s+any)?|nothing)\s+(?:test\s+|new\s+|other\s+"
    r"|type\s+|lint\s+|unexpected\s+|known\s+|further\s+)?"
    r"(?:fail(?:ures?|ed|ing|s)?|errors?|regressions?|warnings?|issues?|problems?|skip(?:s|ped)?"
    r"|broken|changes?|flakes|complaints?)\b"
    r"|\bno\s+(?:\w+\s+)?(?:tests?|specs?)\s+(?:are\s+|is\s+)?(?:fail(?:s|ed|ing)?|broke|broken)\b"
    r"|\bnone\s+(?:of\s+(?:them|which|these)\s+)?(?:fail(?:ed|ing|s)?|skipped)\b|\bnot\s+only\b"
    r"|\bno\s+longer\s+(?:fail|crash|break|hang|throw|error|leak|flak|time)\w*\b|\bdo(?:es)?(?:\s+not"
    r"|n['’]t)\s+fail\b"
    r"|\bnot\s+(?:a\s+)?single\s+\w+\s+fail\w*|\bnothing\s+(?:fails|failed|broke)\b"
    r"|\bwithout\s+(?:a\s+)?(?:single\s+)?(?:failures?|errors?|issues?|problems?|incident"
    r"|exceptions?)\b|\bnot\s+one\s+fail\w+",
)


class Sentence(Struct, frozen=True):
    """A sentence of a line: as written, and as long with code and quotes masked.

    `start` is its place in `line.text`.
    """

    line: TextLine
    text: str
    masked: str
    start: int


class Clause(Struct, frozen=True):
    """A clause: `text` as written, `masked` as long, in small letters, without code and quotes.

    `plain` is `masked` with what denies nothing ("no failures") and "that you asked for" blanked;
    `lead` is the small word that joins the clause.
    """

    sentence: Sentence
    text: str
    masked: str
    plain: str
    lead: str = ""

    @property
    def is_condition(self) -> bool:
        return _CONDITION.match(self.lead) is not None

    @property
    def is_contrast(self) -> bool:
        """Whether it begins anew: "…, but X"."""
        return self.lead.split()[:1] == ["but"]

    @property
    def has_self(self) -> bool:
        """Whether its subject is the writer."""
        return _SELF.match(self.masked) is not None

    @property
    def is_action(self) -> bool:
        """Whether it begins with what was done."""
        return _STARTS_DOING.match(self.masked) is not None


def sentences(line: TextLine) -> Iterator[Sentence]:
    """The sentences of a line, each with the place where it begins."""
    place = 0
    for match in _SENTENCE.finditer(line.masked):
        # The sign that ends a sentence belongs to it, a dash to none.
        end = match.start() + (match.group(0)[0] in ".!?;")
        if end > place:
            yield Sentence(line, line.text[place:end], line.masked[place:end], place)
        place = match.end()
    if place < len(line.masked):
        yield Sentence(line, line.text[place:], line.masked[place:], place)


def whole_clause(sentence: Sentence) -> Clause:
    """The sentence as one clause."""
    return _clause(sentence, lowered(sentence.masked), 0, len(sentence.masked), "", [])


def lowered(text: str) -> str:
    """In small letters, and as long."""
    low = text.lower()
    return (
        low
        if len(low) == len(text)
        else "".join(c if len(c.lower()) > 1 else c.lower() for c in text)
    )


def clauses(sentence: Sentence) -> list[Clause]:
    """The clauses of a sentence, in their order; a sentence without a predicate is one."""
    found: list[Clause] = []
    masked = lowered(sentence.masked)
    for start, end, lead in _spans(masked):
        hidden = [
            match.span()
            for match in _PARENTHESIS.finditer(masked, start, end)
            if _ASIDE.match(match.group(0))
        ]
        found.append(_clause(sentence, masked, start, end, lead, hidden))
        found += [
            _clause(sentence, masked, begin + 1, stop - 1, "and", []) for begin, stop in hidden
        ]
    return [clause for clause in found if clause.text]


def _clause(
    sentence: Sentence,
    low: str,
    start: int,
    end: int,
    lead: str,
    hidden: list[tuple[int, int]],
) -> Clause:
    """The clause without the asides that are clauses of their own."""
    text, masked = sentence.text[start:end], low[start:end]
    for begin, stop in reversed(hidden):
        begin, stop = begin - start, stop - start
        begin -= text[begin - 1 : begin] == " "
        text, masked = text[:begin] + text[stop:], masked[:begin] + masked[stop:]
    left = len(masked) - len(masked.lstrip(" ,"))
    masked = masked[left : len(masked.rstrip(" ,;"))]
    return Clause(sentence, text[left : left + len(masked)], masked, _plain(masked), lead)


def _plain(masked: str) -> str:
    for hinted in (_RELATIVE, _DENIALS):
        if hinted.hints.is_in(masked):
            masked = hinted.pattern.sub(lambda match: "∘" * len(match.group(0)), masked)
    return masked


def _spans(masked: str) -> list[tuple[int, int, str]]:
    """Where each clause begins and ends, and what leads it."""
    flat = masked
    if "(" in masked:
        flat = _PARENTHESIS.sub(lambda match: "(" + "∘" * (len(match.group(0)) - 2) + ")", masked)
    label = _GENERAL_LABEL.match(flat) if ":" in flat else None
    begin = label.end() if label is not None else 0
    opening = _OPENING.match(flat, begin)
    spans: list[tuple[int, int, str]] = []
    place, lead = begin, ""
    if opening is not None:
        lead = " ".join(opening.group("lead").split())
        place = opening.end() if _CONDITION.match(lead) or lead in _TIMES else begin
    # What an opening "if …" says ends at its comma.
    is_opening = opening is not None
    for match in _JOINT.finditer(flat, place):
        word = " ".join((match.group("lead") or "").split())
        is_first = not spans
        if match.start() <= place or not _divides(
            flat, place, match, word, is_opening=is_opening, is_first=is_first
        ):
            continue
        spans.append((place, match.start(), lead))
        # "Without touching it" is nothing without its first word.
        place = match.start("lead") if word == "without" else match.end()
        lead, is_opening = word, False
    spans.append((place, len(flat), lead))
    return spans


def _divides(
    flat: str, place: int, match: re.Match[str], word: str, *, is_opening: bool, is_first: bool
) -> bool:
    """Whether a clause ends before a joint and another begins behind it."""
    start, end = match.span()
    if word.split()[-1:] == ["but"] and _ALL_BUT.search(flat, place, start):
        return False
    if word != "but" and _SAME.match(flat, end) and _RAN.search(flat, place, start):
        return False
    is_action = _STARTS_DOING.match(flat, _label_end(flat, place)) is not None
    if not _begins_clause(flat, end, word, is_opening, is_action):
        return False
    if is_opening or word not in ("", "and", "plus", "with"):
        return True
    # What has no predicate yet waits for one.
    has_predicate = _PREDICATE.search(flat, place, start)
    if not is_first:
        # "Added X, 3 tests for it, and …": what was added goes on.
        has_predicate = has_predicate or _TESTS.match(flat, place)
    return has_predicate is not None or _SELF.match(flat, end) is not None


def _label_end(flat: str, place: int) -> int:
    """Where the words begin after a label as in "Summary: added it"."""
    match = _LABEL.match(flat, place) if ": " in flat else None
    return match.end() if match is not None else place


def _begins_clause(flat: str, place: int, word: str, is_opening: bool, is_action: bool) -> bool:
    if word in ("without", "with"):
        pattern = _LEAVING if word == "without" else _TESTS
        return pattern.match(flat, place) is not None
    if _ALWAYS.match(word):
        return True
    if word in ("before", "after", "since"):
        return False
    if is_opening and not word:
        return True
    pattern = _STARTS_AFTER_DEED if is_action else _STARTS
    return pattern.match(flat, place) is not None
