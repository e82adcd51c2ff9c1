"""What a row of the journal says behind its label: a person reads it on a phone."""

from __future__ import annotations

import pytest

from tui.model.journal import JournalEntry
from tui.monitor.rows.journal_rows import journal_row


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("supervisor_started", {"adopted": False, "gap_s": 0.0}, "watches the run"),
        ("supervisor_started", {"adopted": True}, "started again"),
        (
            "supervisor_started",
            {"adopted": True, "gap_s": 3.5, "restarted_by": "restarter"},
            "started again by itself; nobody watched for 3 s",
        ),
        ("restart_scheduled", {"class": "limit", "delay_s": 3534.6}, "in 58 min 54 s: limit"),
        ("restart_scheduled", {"class": "limit"}, "limit"),
        (
            "limit_hit",
            {"limit": "cost", "value": "$2.41", "allowed": "$2.00"},
            "cost: $2.41 of $2.00",
        ),
        ("limit_hit", {"limit": "cost"}, "cost"),
        ("stop", {"survivors": []}, "it is over; no process is left"),
        ("stop", {"survivors": ["sleep"]}, "over, but these survived: sleep"),
        ("stop", {"survivors": None}, "it is over; what else it had started cannot be known"),
        ("checkpoint", {"checkpoint": "c1", "label": "start", "why": "start"}, "c1 · start"),
        (
            "checkpoint",
            {"checkpoint": "c2", "label": "mine", "why": "asked", "tests": "green"},
            "c2 · mine · asked · green",
        ),
    ],
)
def test_figures_stand_in_a_sentence(kind: str, data: dict[str, object], text: str) -> None:
    assert journal_row(JournalEntry(1.0, kind, data=data)).text == text


@pytest.mark.parametrize(
    "kind", ["supervisor_started", "restart_scheduled", "limit_hit", "checkpoint", "stop"]
)
def test_an_entry_of_another_shape_has_a_text_too(kind: str) -> None:
    data: dict[str, object] = {
        name: ["x"]
        for name in ("gap_s", "delay_s", "value", "allowed", "label", "survivors", "class")
    }
    assert isinstance(journal_row(JournalEntry(1.0, kind, data=data)).text, str)
