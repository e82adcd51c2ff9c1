"""Patterns behind signs: what is looked for first must stand in everything the pattern finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.night.evidence import code_changes, risky_calls, shell_effects, test_commands, test_output
from tui.night.evidence.test_runners import calls, scope
from tui.system.lazy_pattern import AnyWord, HintedPattern
from tui.system.sanitize import clean, is_plain

SIGNED = {
    f"{module.__name__}.{name}": value
    for module in (risky_calls, shell_effects, calls, code_changes, test_output, test_commands)
    for name, value in vars(module).items()
    if isinstance(value, HintedPattern)
}
SEPARATORS = st.sampled_from([" ", ";", "&&", "||", "|", "|&", "&", ">", "2>&1", "&>", "\n", "⏎"])
WORDS = st.sampled_from(["pytest", "-q", "sh -c 'tox'", "a.py", '"b c"', "'d", "<x", "npm t", ""])
COMMANDS = st.lists(WORDS | SEPARATORS, max_size=12).map("".join)


def test_there_are_patterns_behind_signs() -> None:
    assert len(SIGNED) == 7


@pytest.mark.parametrize("name", SIGNED)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_a_pattern_finds_has_a_sign(name: str, data: st.DataObject) -> None:
    signed = SIGNED[name]
    compiled: re.Pattern[str] = signed.pattern.search.__self__  # type: ignore[attr-defined]
    text: str = data.draw(st.from_regex(compiled))
    assert signed.pattern.search(text) is not None
    assert signed.search(text) is not None


def test_a_sign_alone_is_not_found() -> None:
    assert HintedPattern("a|b", "a1|b2").search("a b") is None
    assert HintedPattern("a|b", "a1|b2").search("x b2") is not None


@given(st.lists(st.text("ab Fx\n", min_size=1, max_size=3), max_size=6), st.text("ab Fx\n"))
def test_a_word_is_found_wherever_it_stands(words: list[str], text: str) -> None:
    assert AnyWord(*words).is_in(text) == any(word in text for word in words)


@pytest.mark.parametrize("word", test_output._BAD_END.words)
def test_every_bad_end_is_red(word: str) -> None:
    assert test_output.ending(word, False) == "red"


@pytest.mark.parametrize("word", test_output._GOOD_END.words)
def test_every_good_end_is_green(word: str) -> None:
    assert test_output.ending(word, False) == "green"


@given(st.text(st.characters(max_codepoint=0x17F), max_size=40))
def test_plain_text_is_printable_ascii_and_stays_as_it_is(text: str) -> None:
    assert is_plain(text) == (text.isascii() and text.isprintable())
    assert not is_plain(text) or clean(text) == text


@given(COMMANDS)
def test_words_without_quotes_are_those_of_the_pattern(command: str) -> None:
    careful = scope._WORD.findall(scope._REDIRECT.sub(" ", command))
    assert scope._words(command) == careful
