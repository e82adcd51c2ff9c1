"""Whether the night's task asks for the very change of behaviour that a test follows."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from tui.system.lazy_pattern import lazy

_PARTS = lazy(r"[\n;]|(?<=[.!?])\s+")
_WORD = lazy(r"[A-Za-z]+|\d+(?:\.\d+)?")
_CAMEL = lazy(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_CHANGES = lazy(
    r"\b(?:chang|rais|lower|increas|decreas|reduc|renam|return|round|format|switch|make|should|must"
    r"|instead|now|replac|updat|bump|set|use|convert|trim|default|limit|drop|deprecat|reject|accept"
    r"|allow|treat|sort|order|report|print|show|reword|translat|count|hand|keep|kept|give|ask|need"
    r"|support|handle|store|to)\w*",
    2,
)
_OPENING = lazy(
    r"\W*(?:[\d.]+\W+)?([A-Za-z]+)\b(?!\s*(?:[(`:]|(?:must|should|has|have|is|are|returns?|gives?)\b))"
)
_RECORDED = lazy(
    r"(?<!not )(?<!n't )\b(?:updat|regenerat|refresh|accept|re-?record|renew|rebuil)\w*\b[^.;]{0,60}"
    r"\b(?:snapshots?|goldens?|golden\s+files?|cassettes?|recorded\s+(?:answers?|outputs?))\b",
    2,
)
_ABOUT_TESTS = lazy(r"\b(?:tests?|specs?|suite|CI|green|pass(?:es|ing)?|fail(?:s|ing|ed)?)\b", 2)
_FAINT = frozenset(
    "a an the to of in is it and or for with test tests should returns return get set".split()
)
_MOST = 20_000


class Intent(Struct, frozen=True):
    """The sentences of the goal and the titles of the tasks, as they were when the night began."""

    parts: tuple[str, ...] = ()

    def asks_for(self, old: str, new: str, names: Iterable[str]) -> bool:
        """Whether a sentence asks for the new value, or for other behaviour of one of the names.

        A sentence that is about the tests themselves asks for nothing of that kind.
        """
        before, after = _bare(old), _bare(new)
        wanted = {frozenset(_words(name)) - _FAINT for name in names} - {frozenset()}
        for part in self.parts:
            words = _subjects(part)
            says_new = len(after) > 0 and _holds(part, after)
            says_old = len(before) > 0 and _holds(part, before)
            if says_new and says_old:
                return True
            if not _CHANGES.search(part) or _ABOUT_TESTS.search(part):
                continue
            if any(name <= words for name in wanted) or (says_new and len(after) > 2):
                return True
        return False

    @property
    def asks_to_record(self) -> bool:
        """Whether it asks for recorded answers, such as snapshots, to be taken anew."""
        return any(_RECORDED.search(part) for part in self.parts)


def _subjects(part: str) -> set[str]:
    """The words of a sentence without the verb that it may begin with ("Add subtract")."""
    opening = _OPENING.match(part)
    rest = part[opening.end() :] if opening is not None else part
    return set(_WORD.findall(rest.lower()))


def read_intent(goal: str, tasks: Iterable[str]) -> Intent:
    """The parts of what the night was asked to do."""
    parts = [*_PARTS.split(goal[:_MOST]), *tasks]
    return Intent(tuple(part.strip() for part in parts if part and part.strip()))


def _words(name: str) -> list[str]:
    return [word.lower() for word in _CAMEL.findall(name)]


def _bare(literal: str) -> str:
    return literal.strip().strip("\"'`").strip()


def _holds(part: str, value: str) -> bool:
    """Whether a sentence holds a value as a word of its own."""
    place = part.lower().find(value.lower())
    while place >= 0:
        end = place + len(value)
        before, after = part[place - 1 : place], part[end : end + 1]
        is_apart = not (before.isalnum() and value[:1].isalnum())
        inside = after.isalnum() and value[-1:].isalnum()
        if is_apart and not inside and not (before in "-." and before):
            return True
        place = part.lower().find(value.lower(), place + 1)
    return False
