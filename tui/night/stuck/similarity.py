"""What a text is by its form: two that begin alike, an error of the network, words that repeat themselves."""

from __future__ import annotations

import re

from tui.night.stuck.chance import PARTS_OF_CHANCE
from tui.system.format import shorten
from tui.system.lazy_pattern import lazy

_BEGINNING = 40
_INFRASTRUCTURE = lazy(
    r"""\b(?:HTTP(?:/\d(?:\.\d)?)?|API|status(?:\ code)?|code|error)[\s:=(]*(?:429|50[0234]|52[0-9])\b
    | rate.?limit | overloaded | service\ unavailable
    | bad\ gateway | gateway\ time | too\ many\ requests
    | \b(?:ECONN(?:RESET|REFUSED|ABORTED)|ETIMEDOUT|EAI_AGAIN|ENOTFOUND)\b
    | connection\ (?:refused|reset|timed\ out|aborted) | could\ not\ resolve\ host
    | temporary\ failure\ in\ name | network\ is\ unreachable | TLS\ handshake\ timeout""",
    re.VERBOSE | re.IGNORECASE,
)
_CHANT = 60
_MARKS = ("- ", "* ", "+ ", "> ", "#")
_AROUND = '.,;:!?()"“”„’‘…—–-*_`'
_FEWEST_WORDS, _LONGEST_WORD = 2, 30
_CHANTS = 6


def differ_early(one: str, other: str) -> bool:
    """Whether two texts plainly begin with different words: they differ by more than chance."""
    ours, theirs = _plain_words(one), _plain_words(other)
    common = min(len(ours), len(theirs))
    return ours[:common] != theirs[:common]


def _plain_words(text: str) -> list[str]:
    """The words of the beginning that chance has no part in, all of them whole."""
    words = text[:_BEGINNING].split()
    if len(text) > _BEGINNING and words:
        del words[-1]
    return list(filter(_plain, words))


def _plain(word: str) -> bool:
    """Whether a word between spaces stays as it is, and what stands on its two sides stays apart."""
    return word.isalpha() and word.isascii() and word.lower() not in PARTS_OF_CHANCE


def is_infrastructure_error(text: str) -> bool:
    """Whether an error is the network's or a server's, which repeating may well cure."""
    return _INFRASTRUCTURE.search(text) is not None


def repeated_phrase(text: str) -> int:
    """How often a long text repeats its own end; 0 where that is not most of it."""
    text = text.rstrip()
    if len(text) < _CHANT * _CHANTS:
        return 0
    end = text[-_CHANT:]
    if len(set(end)) < 8:
        return 0
    step = len(text) - _CHANT - text.rfind(end, 0, len(text) - 1)
    if step > len(text) - _CHANT or not _is_prose(text[-max(step, _CHANT) :]):
        return 0
    return _rounds(text, step) if text.count("```") % 2 == 0 else 0


def _is_prose(text: str) -> bool:
    """Whether a text is sentences: no table, list, quoted log, code or data, which may well repeat."""
    if "|" in text or "\n    " in text or "\n\t" in text or "```" in text:
        return False
    if any(line.lstrip().startswith(_MARKS) for line in text.splitlines()):
        return False
    words = text.split()
    in_words = sum(1 for word in words if word.strip(_AROUND).replace("'", "").isalpha())
    longest = max(map(len, words))
    spaced = len(words) >= 2 * _FEWEST_WORDS and longest <= _LONGEST_WORD
    return 5 * in_words >= 4 * len(words) if spaced else not text.isascii()


def _rounds(text: str, step: int) -> int:
    """Rounds of `step` characters in which the end of `text` is the same, 0 if too few to tell."""
    start = len(text) - step
    unit = text[start:]
    rounds = 1
    while start >= step and text[start - step : start] == unit:
        start -= step
        rounds += 1
    return rounds if rounds >= _CHANTS and rounds * step * 2 >= len(text) else 0


LONGEST_SIGNATURE = 160
_VARYING = lazy(r"\b(?:0x[0-9a-f]+|\d[\d.:_-]*|[0-9a-f]{7,40})\b|/tmp/\S+", 2)
_SPACE = lazy(r"\s+")


def signature(command: str) -> str:
    """A command without what differs from one time to the next."""
    return shorten(_SPACE.sub(" ", _VARYING.sub("#", command)).strip(), LONGEST_SIGNATURE)
