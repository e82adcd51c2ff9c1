"""Sentences and clauses of any language: a clause is a stretch with one verb that is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from tui.night.review.claims.languages.words import DEEDS, Action, Words
from tui.system.lazy_pattern import lazy

_SENTENCE = lazy(r"(?<=[.!?…])[\"”»)]*\s+(?=\S)|(?<=[。！？!?])|(?<=；)|;\s+|\s+-{2,}\s+|\s{3,}")
_COMMA = lazy(r"[,，、]\s*|:\s+(?=\S)|：|\s+[—–-]\s+|(?<=[)）])\s+(?=[^\W\d_])|\s*[(（]")
_LEADING = lazy(r"[\s,，、;；:：.…()（）—–-]+")


_NAME = lazy(r"[◆◇]")
_ABOUT_SOMETHING = frozenset({"made", "added", "changed", "removed", "renamed", "fixed"})


class Verb(Struct, frozen=True):
    """A verb that says what was done; `is_bare`: in a form that says so only beside a negation."""

    action: Action
    start: int
    end: int
    is_bare: bool = False
    is_weak: bool = False


class Clause(Struct, frozen=True):
    """A stretch of a sentence; the first verb decides what it claims."""

    start: int
    end: int
    verbs: tuple[Verb, ...]


def split_sentences(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of the sentences in a line, without blanks around them."""
    start = 0
    for match in (*_SENTENCE.finditer(text), None):
        end = len(text) if match is None else match.start()
        part = text[start:end]
        left = len(part) - len(part.lstrip())
        if part.strip():
            yield start + left, start + len(part.rstrip(" \t.!。！；;…"))
        start = end if match is None else match.end()


def split_clauses(sentence: str, words: Words) -> list[Clause]:
    """The clauses of a sentence in which names are blanked.

    A comma or a conjunction divides only between verbs: "A, B and C created" is one clause. What has
    no verb that is known belongs to the clause before or behind, unless it has a verb of its own.
    """
    verbs = find_verbs(sentence, words)
    cuts = sorted(
        {
            place
            for pattern in _dividers(words)
            for match in pattern.finditer(sentence)
            for place in (match.start(),)
            if not any(verb.start < place < verb.end for verb in verbs)
        }
    )
    edges = [0, *(cut for cut in cuts if cut), len(sentence)]
    parts = [(a, b) for a, b in pairwise(edges) if sentence[a:b].strip()]
    clauses = [
        Clause(start, end, tuple(verb for verb in verbs if start <= verb.start < end))
        for start, end in parts
    ]
    return _merge(sentence, clauses, words)


def _dividers(words: Words) -> Iterator[re.Pattern[str]]:
    yield from (_COMMA, words["joins"], words["because"])
    if words.lexicon.is_spaced and not words.lexicon.is_verb_final:
        yield words["conditions"]


def _merge(sentence: str, parts: list[Clause], words: Words) -> list[Clause]:
    """Parts without a verb are given to a neighbour."""
    merged: list[Clause] = []
    waiting: Clause | None = None
    for index, part in enumerate(parts):
        if part.verbs:
            merged.append(part if waiting is None else _joined(waiting, part))
            waiting = None
            continue
        has_later = any(later.verbs for later in parts[index + 1 :])
        stands_alone = _has_finite(sentence, part, words)
        goes_on = words.lexicon.is_verb_final or not merged
        if waiting is not None:
            waiting = _joined(waiting, part)
        elif (
            has_later
            and goes_on
            and not (stands_alone and _next_is_whole(sentence, part, parts[index:], words))
        ):
            waiting = part
        elif merged and not stands_alone:
            merged[-1] = _joined(merged[-1], part)
        else:
            merged.append(part)
    if waiting is not None:
        merged.append(waiting)
    return merged


def _joined(first: Clause, second: Clause) -> Clause:
    return Clause(first.start, second.end, (*first.verbs, *second.verbs))


def _has_finite(sentence: str, part: Clause, words: Words) -> bool:
    text = sentence[part.start : part.end]
    if any(words[field].match(text.lstrip(" ,")) for field in ("because", "conditions")):
        return True
    if words.lexicon.finite:
        return words["finite"].search(text) is not None
    return words["negated"].search(text) is not None


def _next_is_whole(sentence: str, part: Clause, parts: list[Clause], words: Words) -> bool:
    """Whether the next part with a verb is a clause by itself, which does not speak of what `part` names."""
    later = next(one for one in parts if one.verbs)
    here, there = sentence[part.start : part.end], sentence[later.start : later.end]
    is_about_it = (
        later.verbs[0].action in _ABOUT_SOMETHING
        and _NAME.search(here) is not None
        and _NAME.search(there) is None
        and words["negated"].search(here) is None
    )
    return _has_finite(sentence, later, words) and not is_about_it


def find_verbs(sentence: str, words: Words) -> list[Verb]:
    """The verbs of a sentence, in order; of two that overlap the longer one."""
    lexicon = words.lexicon
    found = [verb for action in DEEDS for verb in _matches(words[action], sentence, action)]
    if lexicon.done:
        found += [
            replace(verb, is_bare=True)
            for action in DEEDS
            for verb in _matches(words.bare(action), sentence, action)
        ]
    is_nearest = not (lexicon.is_spaced or lexicon.is_verb_final)
    found.sort(key=_first_nearest if is_nearest else _first_longest)
    found += [
        replace(v, is_weak=True) for v in _matches(words["weakly_passes"], sentence, "passes")
    ]
    found += [replace(v, is_bare=True) for v in _matches(words["undone"], sentence, "finished")]
    chosen: list[Verb] = []
    for verb in found:
        if not any(verb.start < other.end and other.start < verb.end for other in chosen):
            chosen.append(verb)
    return sorted(chosen, key=lambda verb: verb.start)


def _matches(pattern: re.Pattern[str], sentence: str, action: Action) -> Iterator[Verb]:
    for match in pattern.finditer(sentence):
        if match.group(0):
            yield Verb(action, match.start(), match.end())


def _first_longest(verb: Verb) -> tuple[bool, int, int]:
    return verb.is_bare, verb.start - verb.end, verb.start


def _first_nearest(verb: Verb) -> tuple[bool, bool, int, int]:
    """Where a sign before the verb says that it was done, the next verb is meant."""
    return verb.is_bare, verb.action == "finished", verb.start, verb.end


def trimmed(sentence: str, start: int, end: int, words: Words) -> tuple[int, int]:
    """The stretch without signs and conjunctions at its beginning and blanks at its end."""
    while start < end:
        match = _LEADING.match(sentence, start, end) or words["joins"].match(sentence, start, end)
        if match is None or match.end() == start:
            break
        start = match.end()
    text = sentence[start:end]
    return start, start + len(text.rstrip(" \t,，、;；:：(（-–—"))


def blanked(pattern: re.Pattern[str], text: str) -> str:
    """The text with what matches made blank."""
    return pattern.sub(lambda match: " " * len(match.group(0)), text)
