"""The journal's entry of a limit that a turn's end has reached."""

from __future__ import annotations

from tui.model.state import LimitKind
from tui.runner.policy import iterations, test_floor
from tui.runner.policy.limit_reading import LimitReading
from tui.runner.policy.money import MoneyLimits
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader


def record_hit(
    context: RunContext, reader: RunReader, money: MoneyLimits | None, kind: LimitKind
) -> None:
    """Journals it with its figures: the run winds down from now on."""
    readings: dict[LimitKind, LimitReading] = {
        LimitKind.CONTINUATIONS: iterations.reading(context.state, context.settings),
        LimitKind.TESTS: test_floor.reading(reader.snapshot().tests, context.settings),
        **({} if money is None else {one.limit: one for one in money.readings()}),
    }
    reading = readings.get(kind)
    data = {"limit": kind} if reading is None else reading.journal_data(round(reading.share, 3))
    context.journal_entry("limit_hit", data)
