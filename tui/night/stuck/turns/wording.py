"""Whether two statements say the same, by their words rather than by their letters."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from tui.system.lazy_pattern import lazy

_KEPT = 2000
_WORD = lazy(r"[^\W\d_]+")
_NUMBERED = lazy(r"(?<!\w)\w*\d\w*")
_STEM = 5
_FEWEST = 3
ALIKE = 0.6
"""The share of their words that two texts have in common which say the same."""
_ALIKE_UNSPACED = 0.65
_RELATED = 0.5
_LONG = 20
_ENDINGS = ("ing", "ed", "es", "al", "ly", "s", "e")
_UNSPACED = "\u0e00"
"""From here on, scripts that put no space between words, or join words to what they refer to."""
_SMALL = frozenset(
    "that with this there have will from into what which when then than they them their been were "
    "would could should also just only some more very here your does done being because about "
    "dass nicht sind wird eine einen auch noch dans avec pour vous mais para como pero esta".split()
) - {"done", "nicht"}
_DENIALS = frozenset("no not non nor kein pas".split())


def without_numbers(text: str) -> str:
    """A text with one sign for each number and for each word that holds a digit."""
    return " ".join(_NUMBERED.sub("#", text).split())


def words_of(text: str) -> frozenset[str]:
    """The words of a text that carry its meaning, cut to their stems; of long texts the beginning.

    Where no spaces part the words, pairs of neighbouring characters stand for them.
    """
    words = _WORD.findall(text[:_KEPT].lower())
    return frozenset(_meaningful(words)) or frozenset(words)


def _meaningful(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        if word[-1] >= _UNSPACED:
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif word in _DENIALS or (len(word) > _FEWEST and word not in _SMALL):
            yield _stem(word)


def _stem(word: str) -> str:
    """The beginning of a word without its ending, so that "wait" and "waiting" are one."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) >= len(ending) + _FEWEST:
            word = word[: -len(ending)]
            break
    return word[:_STEM]


_FILLERS = frozenset(
    stem
    for word in (
        "believe think know confirm again still already currently present presently point moment "
        "stand stands before earlier above previously mention stated indeed really simply clearly "
        "certainly surely sure actually basically essentially overall summary summarize conclude "
        "conclusion repeat repeating reiterate once further please however therefore thus hence "
        "seems appear understand understood regarding respect concerning time today okay well right "
        "sorry apologize apologies thank thanks glad happy like want view record stage must short "
        "state status update note noted said says tell told feel honest frankly fact matter hereby need first "
        "einmal gesagt wurde wieder nochmals derzeit weiterhin gerade momentan glaube denke meine "
        "encore toujours actuellement maintenant crois pense sigue ahora todavia creo pienso"
    ).split()
    for stem in (word[:_STEM], _stem(word))
)
"""Words around a statement, which say nothing new by themselves."""


def shared_words(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of their words that two texts have in common; short ones share all of them or none."""
    if min(len(one), len(other)) < _FEWEST:
        return float(bool(one) and one == other)
    return 2 * len(one & other) / (len(one) + len(other))


def say_the_same(text: str, words: frozenset[str], before: str, known: frozenset[str]) -> bool:
    """Whether a statement says again what was said `before`: shares its words, and names nothing else instead.

    Another topic in the same phrase is another statement. Pairs of characters cannot tell a topic from a
    phrase; of them more have to be shared. In a long statement one word in twenty may be another.
    """
    if text == before:
        return True
    shared = shared_words(words, known)
    if any(word[-1] >= _UNSPACED for word in words):
        return shared >= _ALIKE_UNSPACED
    if min(len(words), len(known)) < _FEWEST:
        return bool(words - _FILLERS) and words - _FILLERS == known - _FILLERS
    came = words - known - _FILLERS
    if len(words) >= _LONG:
        return shared >= ALIKE and len(came) <= len(words) // 20
    if shared < _RELATED or not came:
        return shared >= _RELATED
    return not (known - words - _FILLERS and _have_one_frame(text, before))


def _have_one_frame(one: str, other: str) -> bool:
    """Whether two texts are the same phrase with other words in its gaps."""
    from difflib import SequenceMatcher

    ours, theirs = (_WORD.findall(text[:_KEPT].lower()) for text in (one, other))
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= ALIKE


class Equality(IntEnum):
    """How far statements are equal that say the same."""

    LETTERS = 0
    NUMBERS = 1
    WORDS = 2

    @classmethod
    def of(cls, one: str, other: str) -> Equality:
        """How far two statements are equal that say the same."""
        if one == other:
            return cls.LETTERS
        return cls.NUMBERS if without_numbers(one) == without_numbers(other) else cls.WORDS

    @property
    def words(self) -> str:
        """What the statements do, for people: "same" alone only where nothing differs."""
        return _SAY[self]


_SAY = (
    "say the same",
    "say the same but for the numbers",
    "say the same in other words",
)
