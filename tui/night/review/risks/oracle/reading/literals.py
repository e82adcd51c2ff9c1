"""Literals in source text."""

from __future__ import annotations

from tui.system.lazy_pattern import lazy

_NUMBER = (
    r"[-+]?(?:0[xX][\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?)"
    r"(?:[uUlLfFdDmMn]|[iu](?:8|16|32|64|128|size)|f(?:32|64))?"
)
_STRING = r"[rbfuLR@$]{0,2}(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)"
_NAMED = r"(?:True|False|None|true|false|null|nil|undefined|NaN|Infinity|:\w+)"
_ONE = rf"(?:{_STRING}|{_NUMBER}|(?<!\w){_NAMED}(?!\w))"
_LITERAL = lazy(rf"{_ONE}$")
_ANY = lazy(rf"(?<![\w.])(?:{_ONE})(?!\w)")

_WHOLE_NUMBER = lazy(rf"{_NUMBER}$")
_BUILT = ("vec!", "Some(", "Ok(", "Err(", "new ", "set(", "frozenset(")
_TYPE = lazy(r"\b(?:vec|Some|Ok|Err|int|string|float64|new|map|bool|byte|set|frozenset)\b")
_KEY = lazy(r"\b\w+\s*:")
_TYPED = lazy(
    r"(?<![\w.])&?[A-Z]\w*(?:(?:::|\.)(?:[A-Z]\w*|new|of|from|valueOf|build|default))*(?![\w.])"
    r"|\.(?:to_string|to_owned|into|to_vec)\(\)"
)
_LETTER = lazy(r"\w")
_PART = lazy(r"[^\W\d_]+|\d+(?:\.\d+)?")


def is_literal(text: str) -> bool:
    """Whether a text is a literal, or a collection of nothing but literals."""
    text = text.strip()
    if not text:
        return False
    if _LITERAL.match(text):
        return True
    if text[0] not in "([{&%#" and not text.startswith(_BUILT):
        return False
    # Keys of JavaScript's objects and of Ruby's hashes are names.
    rest = _KEY.sub("", _TYPE.sub("", _ANY.sub("", text)))
    return _LETTER.search(rest) is None


def is_written_out(text: str) -> bool:
    """Whether a value stands there in full: literals, and what types and constants make of them."""
    rest = _KEY.sub("", _TYPE.sub("", _ANY.sub("", text)))
    return is_literal(text) or (bool(text.strip()) and _LETTER.search(_TYPED.sub("", rest)) is None)


def literal_in(text: str) -> list[str]:
    """Every literal in a text."""
    return _ANY.findall(text)


def bare(literal: str) -> str:
    """A literal without its quotes: languages and people choose them as they like."""
    return literal.strip().strip("\"'`")


def is_number(text: str) -> bool:
    """Whether a literal is a number."""
    return _WHOLE_NUMBER.match(text.strip()) is not None


def words_of(text: str) -> set[str]:
    """The words and numbers of a text, in small letters."""
    return {word.lower() for word in _PART.findall(text)}
