"""Claims in other languages than English, and text that nobody could read."""

from __future__ import annotations

import pytest

from tests.unit.night.review.language_sentences import SENTENCES
from tui.night.review.claims.languages.foreign import Reader
from tui.night.review.claims.sections import claim_lines
from tui.night.review.claims.statement import Statement
from tui.night.review.claims.statements import find_statements

ROWS = [
    pytest.param(text, kinds, id=f"{language}: {text[:40]}")
    for language, rows in SENTENCES.items()
    for text, kinds in rows
]


def found_in(text: str) -> list[Statement]:
    return list(find_statements(text, "final message"))


def unread_in(text: str) -> dict[str, int]:
    reader = Reader(text)
    return {
        language: count
        for line in claim_lines(text)
        for language, count in reader.read(line).unread
    }


@pytest.mark.parametrize(("text", "kinds"), ROWS)
def test_what_a_sentence_claims(text: str, kinds: str) -> None:
    assert " ".join(str(one.kind) for one in found_in(text)) == kinds
    assert unread_in(text) == {}


@pytest.mark.parametrize("language", SENTENCES)
def test_half_of_the_sentences_claim_nothing(language: str) -> None:
    """Of what is not done is no boast either."""
    rows = SENTENCES[language]
    assert len(rows) >= 15
    assert sum(kinds in ("", "not_done") for _, kinds in rows) * 5 >= len(rows) * 2
