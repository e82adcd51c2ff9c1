"""Whether two statements say the same, by their words rather than by their letters."""

from __future__ import annotations

from collections.abc import Iterable

from tui.system.lazy_pattern import lazy

_KEPT = 2000
_WORD = lazy(r"[^\W\d_]+")
_STEM = 5
_FEWEST = 3
_ALIKE = 0.6
_UNSPACED = "\u0e00"
"""From here on, scripts that put no space between words, or join words to what they refer to."""
_SMALL = frozenset(
    "that with this there have will from into what which when then than they them their been were "
    "would could should also just only some more very here your does done being because about "
    "dass nicht sind wird eine einen auch noch dans avec pour vous mais para como pero esta".split()
) - {"done", "nicht"}
_DENIALS = frozenset("no not non nor kein pas".split())


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


def say_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two statements share most of their words; short ones must share all of them."""
    if min(len(one), len(other)) < _FEWEST:
        return bool(one) and one == other
    return 2 * len(one & other) >= _ALIKE * (len(one) + len(other))
