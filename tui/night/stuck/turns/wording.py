"""Whether two statements say the same, by their words rather than by their letters."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from tui.system.lazy_pattern import lazy

_KEPT = 2000
_WORD = lazy(r"[^\W\d_]+")
_NUMBERED = lazy(r"\w*\d\w*")
_STEM = 5
_FEWEST = 3
ALIKE = 0.6
"""The share of their words that two texts have in common which say the same."""
_UNSPACED = "\u0e00"
"""From here on, scripts that put no space between words, or join words to what they refer to."""
_SMALL = frozenset(
    "that with this there have will from into what which when then than they them their been were "
    "would could should also just only some more very here your does done being because about "
    "dass nicht sind wird eine einen auch noch dans avec pour vous mais para como pero esta".split()
) - {"done", "nicht"}
_FILLERS = frozenset(
    word[:_STEM]
    for word in (
        "believe think know confirm again still already currently present presently point moment "
        "stand stands before earlier above previously mention stated indeed really simply clearly "
        "certainly surely sure actually basically essentially overall summary summarize conclude "
        "conclusion repeat repeating reiterate once further please however therefore thus hence "
        "seems appear understand understood regarding respect concerning time today okay well right "
        "sorry apologize apologies thank thanks glad happy like want view record stage must short "
        "state status update note noted said says tell told feel honest frankly fact matter hereby "
        "einmal gesagt wurde wieder nochmals derzeit weiterhin gerade momentan glaube denke meine "
        "encore toujours actuellement maintenant crois pense sigue ahora todavia creo pienso"
    ).split()
)
"""Words around a statement, which say nothing new by themselves."""
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
            yield word[:_STEM]


def shared_words(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of their words that two texts have in common; short ones share all of them or none."""
    if min(len(one), len(other)) < _FEWEST:
        return float(bool(one) and one == other)
    return 2 * len(one & other) / (len(one) + len(other))


def say_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two statements share most of their words."""
    return shared_words(one, other) >= ALIKE


def brings_words(words: frozenset[str], known: frozenset[str]) -> bool:
    """Whether a statement names what was not named before; of a long one, a tenth may be new.

    Another topic in the same phrase is another statement. Pairs of characters cannot tell.
    """
    if any(word[-1] >= _UNSPACED for word in words):
        return False
    return len(words - known - _FILLERS) > len(words) // 10


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
