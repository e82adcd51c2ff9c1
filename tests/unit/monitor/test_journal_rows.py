"""What our hooks did, as rows."""

from __future__ import annotations

import pytest

from tui.model.journal import HookEffect, JournalEntry
from tui.model.rows import Mark
from tui.monitor.rows.journal_rows import journal_level, journal_row


@pytest.mark.parametrize(
    ("effect", "level", "word", "mark"),
    [
        ("blocked", 1, "kept going", "warning"),
        ("denied", 1, "denied", "warning"),
        ("failed", 1, "failed", "error"),
        ("saved", 2, "saved", ""),
        ("handed over", 2, "handed over", ""),
        ("let go", 2, "may stop", ""),
    ],
)
def test_a_row_says_which_event_why_and_what_came_of_it(
    effect: HookEffect, level: int, word: str, mark: Mark
) -> None:
    data = {"event": "Stop", "effect": effect, "text": "2 tasks\nare open", "session": "s1"}
    entry = JournalEntry(100.0, "hook", data=data, source="journal.jsonl", offset=7)
    row = journal_row(entry)
    assert (row.kind, row.label, row.text) == ("hook", "hook", "Stop: 2 tasks are open")
    assert (row.outcome, row.mark, journal_level(entry)) == (word, mark, level)


@pytest.mark.parametrize(
    "data", [{}, {"event": 3, "effect": None, "text": ["a"]}, {"effect": "x" * 90}]
)
def test_an_entry_of_another_shape_is_a_row_too(data: dict[str, object]) -> None:
    row = journal_row(JournalEntry(1.0, "hook", data=data))
    assert row.kind == "hook"
    assert len(row.outcome) <= 40
