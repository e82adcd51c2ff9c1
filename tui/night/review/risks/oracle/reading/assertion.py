"""One assertion: what it asks, of what, and how much that rules out."""

from __future__ import annotations

from typing import NamedTuple

from tui.night.review.risks import test_syntax
from tui.night.review.risks.oracle.reading.literals import is_literal
from tui.night.review.risks.oracle.reading.matchers import Strength
from tui.night.review.risks.oracle.reading.source_text import Statement
from tui.system.lazy_pattern import lazy

_ANYTHING = lazy(
    r"^(?:\w+\.)?(?:ANY|any\w*\(.*|anything\(?\)?|an_instance_of\b.*|instance_of\b.*|Any(?:thing)?\(\)|notNullValue\(\))$"
)
_COMPUTED = lazy(r"\$\{?\w|#\{|\bf['\"]")


class Assertion(NamedTuple):
    """What one assertion asks: `subject` `comparison` `expected`; texts without blanks.

    `expected` is "" where none is written as a literal of its own.
    """

    subject: str
    comparison: str
    expected: str
    strength: Strength
    line: int
    text: str
    tolerance: float = 0.0
    """How far from the expected value is near enough."""

    @property
    def asks(self) -> tuple[str, str, str]:
        """What it asks, wherever it stands."""
        return self.subject, self.comparison, self.expected


def plain(text: str) -> str:
    """A piece of code without blanks and without brackets around all of it."""
    text = "".join(text.split()) if "'" not in text and '"' not in text else " ".join(text.split())
    return text.strip().rstrip(";").rstrip(",")


def make_assertion(
    subject: str, word: str, expected: str, strength: Strength, at: Statement
) -> Assertion:
    """An assertion of a statement; of no strength where it holds whatever the code does."""
    subject, expected = plain(subject), plain(expected)
    may_be_empty = word in ("==", "is", "in") or strength == Strength.EXACT
    is_constant = is_literal(subject) and (is_literal(expected) or not expected)
    is_itself = bool(subject) and subject == expected
    if may_be_empty and (is_itself or (is_constant and not _COMPUTED.search(subject + expected))):
        strength = Strength.NOTHING
    if _ANYTHING.match(expected.removeprefix("expect.")):
        strength = min(strength, Strength.VAGUE)
    tolerance = test_syntax.split_tolerance(at.text)
    width = tolerance[1] if tolerance is not None else 0.0
    return Assertion(subject, word, expected, strength, at.line, at.text, width)
