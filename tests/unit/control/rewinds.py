"""An undo in one call, as operations plan and execute it in two."""

from __future__ import annotations

from pathlib import Path

from tui.control.rewind.execute import RewindResult, execute_rewind, plan_undo


def undo(folder: Path, *, confirmed: bool = False) -> RewindResult:
    return execute_rewind(plan_undo(folder), confirmed=confirmed)
