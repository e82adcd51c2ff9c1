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
from tui.system.lazy_pattern import lazy

_I = re.IGNORECASE
_SENTENCE = lazy(
    r"(?<=[.!?;])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\betc\.)(?<!\bcf\.)\s+(?=\S)|\s+[—–]+\s+"
    r"|\s+-{1,2}\s+(?=\D)|\s+[|·•]\s+"
)
_IF = r"(?:if|unless|until|once|provided\s+that|assuming|as\s+long\s+as|as\s+soon\s+as|in\s+case)"
_JOINT = lazy(
    rf"(?:\s*,\s*|\s+)(?P<lead>(?:(?:and|but|so)\s+)?(?:{_IF}|when(?:ever)?|because|so\s+that)"
    rf"|and\s+then|and\s+also"
    r"|but\s+also|and|but|then|so|yet|while|whereas|(?:even\s+)?though|although|however|which|plus|with|without"
    rf"|since|before|after)\s+|\s*,\s+",
    _I,
)
_OPENING = lazy(
    rf"\s*(?P<lead>(?:{_IF}|when(?:ever)?|before|after|while|although|though|because|since))\s+",
    _I,
)
_ALWAYS = lazy(rf"(?:and\s+|but\s+|so\s+)?(?:{_IF}|when(?:ever)?|because|so\s+that)\Z", _I)
_CONDITION = lazy(rf"(?:and\s+|but\s+|so\s+)?{_IF}\Z", _I)
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
    r"|untouched|✅|✓)(?=\W*\Z|\s*[,;(]|\s+and\b)"
    r"|(?:no|zero|0)\s+(?:new\s+)?(?:lint(?:er|ing)?|type|typescript|eslint|mypy|ruff|compil\w+|build"
    r"|console|format\w*)\s+(?:errors?|warnings?|issues?|problems?)"
    r"|no\s+(?:other\s+|further\s+)?changes?\s+(?:to|in)\b|(?:all|both|everything)\s+(?:now\s+"
    r"|are\s+)?(?:passing|green|pass)\b"
)
_SHORT = (
    rf"{_STATE}|(?:test\s+)?coverage\b|[\w./◇-]+\s+at\s+\d+(?:\.\d+)?\s?%"
    rf"|{NUMBER}(?:\s*/\s*{NUMBER})?\s+(?:[\w-]+\s+){{0,3}}?(?:tests?|specs?|passed|passing)\b"
)
_PREDICATE = lazy(rf"(?<!-)\b(?:{_FINITE}|(?:{PAST}|\w{{3,}}ed)\b)(?!-)|✅|✓|{_STATE}", _I)
_SAME = lazy(
    r"(?:they|it|everything|all(?:\s+of\s+them)?|each)\s+(?:(?:all|have|has|now|both|each|are"
    r"|is)\s+){0,3}(?:pass|succeed|green)|\d+\s+(?:\w+\s+)?(?:fail|error|skip|xfail|pending|flak)",
    _I,
)
_RAN = lazy(r"\b(?:ran|re-?ran|executed|run)\b|\b\d+\s+(?:\w+\s+){0,2}pass", _I)
_ALL_BUT = lazy(r"\b(?:all|nothing|none|anything|everything|no|any)\s*\Z", _I)
_STARTS = lazy(rf"{_DOING}|{_STATING}|{_SHORT}", _I)
_STARTS_AFTER_DEED = lazy(rf"{_DOING}|{_STATING_ALONE}|{_SHORT}", _I)
_STARTS_DOING = lazy(_DOING, _I)
_LABEL = lazy(r"\s*(?:[\w◇.#()/'-]+\s+){0,5}[\w◇.#()/'-]+:\s+")
_SELF = lazy(rf"(?:{ADVERB}\s+)*(?:I|we)\b", _I)
_LEAVING = lazy(r"(?:any\s+)?(?:touching|changing|modifying|altering|editing|breaking)\b", _I)
_ASIDE = lazy(rf"\((?:and\s+)?(?:{_DOING}|not\s+(?:yet\s+)?\w+ed\b)", _I)


class Sentence(Struct, frozen=True):
    """A sentence of a line: as written, and as long with code and quotes masked.

    `start` is its place in `line.text`.
    """

    line: TextLine
    text: str
    masked: str
    start: int


class Clause(Struct, frozen=True):
    """A clause: `text` as written, `masked` as long; `lead` is the small word that joins it.

    `has_self` says that its subject is the writer ("I", "we").
    """

    sentence: Sentence
    text: str
    masked: str
    lead: str = ""

    @property
    def is_condition(self) -> bool:
        return _CONDITION.match(self.lead) is not None

    @property
    def has_self(self) -> bool:
        return _SELF.match(self.masked) is not None

    @property
    def is_deed(self) -> bool:
        """Whether it begins with what was done."""
        return _STARTS_DOING.match(self.masked) is not None


def sentences(line: TextLine) -> Iterator[Sentence]:
    """The sentences of a line, each with the place where it begins."""
    place = 0
    for match in _SENTENCE.finditer(line.masked):
        if match.start() > place:
            yield Sentence(
                line, line.text[place : match.start()], line.masked[place : match.start()], place
            )
        place = match.end()
    if place < len(line.masked):
        yield Sentence(line, line.text[place:], line.masked[place:], place)


def clauses(sentence: Sentence) -> list[Clause]:
    """The clauses of a sentence, in their order; a sentence without a predicate is one."""
    found: list[Clause] = []
    masked = sentence.masked
    for start, end, lead in _spans(masked):
        hidden = [
            match.span()
            for match in _PARENTHESIS.finditer(masked, start, end)
            if _ASIDE.match(match.group(0))
        ]
        found.append(_clause(sentence, start, end, lead, hidden))
        found += [_clause(sentence, begin + 1, stop - 1, "and", []) for begin, stop in hidden]
    return [clause for clause in found if clause.text]


def _clause(
    sentence: Sentence, start: int, end: int, lead: str, hidden: list[tuple[int, int]]
) -> Clause:
    """The clause without the asides that are clauses of their own."""
    text, masked = sentence.text[start:end], sentence.masked[start:end]
    for begin, stop in reversed(hidden):
        begin, stop = begin - start, stop - start
        begin -= text[begin - 1 : begin] == " "
        text, masked = text[:begin] + text[stop:], masked[:begin] + masked[stop:]
    left = len(masked) - len(masked.lstrip(" ,"))
    right = len(masked.rstrip(" ,;"))
    return Clause(sentence, text[left:right], masked[left:right], lead.lower())


def _spans(masked: str) -> list[tuple[int, int, str]]:
    """Where each clause begins and ends, and what leads it."""
    flat = _PARENTHESIS.sub(lambda match: "(" + "∘" * (len(match.group(0)) - 2) + ")", masked)
    opening = _OPENING.match(flat)
    spans: list[tuple[int, int, str]] = []
    place, lead = 0, ""
    if opening is not None:
        lead = " ".join(opening.group("lead").lower().split())
        place = (
            opening.end() if _CONDITION.match(lead) or lead.startswith(("when", "before")) else 0
        )
    # What an opening "if …" says ends at its comma.
    is_opening = opening is not None
    for match in _JOINT.finditer(flat, place):
        word = " ".join((match.group("lead") or "").lower().split())
        if match.start() <= place:
            continue
        if word.endswith("but") and _ALL_BUT.search(flat, place, match.start()):
            continue
        if (
            _SAME.match(flat, match.end())
            and word != "but"
            and _RAN.search(flat, place, match.start())
        ):
            continue
        is_deed = _STARTS_DOING.match(flat, _label_end(flat, place)) is not None
        if not _begins_clause(flat, match.end(), word, is_opening, is_deed):
            continue
        has_predicate = is_opening or _PREDICATE.search(flat, place, match.start()) is not None
        is_joined = word in ("", "and", "plus") and _STARTS_DOING.match(flat, match.end()) is None
        if not has_predicate and is_joined:
            # What has no predicate yet waits for one.
            continue
        spans.append((place, match.start(), lead))
        # "Without touching it" is nothing without its first word.
        place = match.start("lead") if word == "without" else match.end()
        lead, is_opening = word, False
    spans.append((place, len(flat), lead))
    return spans


def _label_end(flat: str, place: int) -> int:
    """Where the words begin after a label as in "Summary: added it"."""
    match = _LABEL.match(flat, place)
    return match.end() if match is not None else place


def _begins_clause(flat: str, place: int, word: str, is_opening: bool, is_deed: bool) -> bool:
    if word in ("without", "with"):
        return word == "without" and _LEAVING.match(flat, place) is not None
    if _ALWAYS.match(word):
        return True
    if word in ("before", "after", "since"):
        return False
    if is_opening and not word:
        return True
    pattern = _STARTS_AFTER_DEED if is_deed else _STARTS
    return pattern.match(flat, place) is not None
