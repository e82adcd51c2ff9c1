"""How far it is from a key to its operation."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from tests.pilot.stage import stage
from tests.unit import repositories
from tui.control.operations import OperationReceipt, Operations


def own_functions() -> list[str]:
    """The functions of the screens that are at work in this thread, the outermost first.

    What a function defines inside itself counts as the function. The carrier between threads is
    left out: it is called, but decides nothing.
    """
    names: list[str] = []
    for frame, _ in traceback.walk_stack(None):
        module = str(frame.f_globals.get("__name__"))
        if module.startswith("tui.") and module != "tui.screens.operations.background":
            names.append(frame.f_code.co_qualname.partition(".<locals>")[0])
    return names[::-1]


async def test_a_key_is_three_calls_from_its_operation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path: list[str] = []
    run_worker = App.run_worker

    def on_run_worker(app: App[Any], *arguments: Any, **options: Any) -> Any:
        if options.get("group") == "operations":
            path.extend(own_functions())
        return run_worker(app, *arguments, **options)

    def on_checkpoint(operations: Operations, facts: Mapping[str, Any]) -> OperationReceipt:
        path.extend(own_functions())
        return OperationReceipt("the operation was reached")

    monkeypatch.setattr(App, "run_worker", on_run_worker)
    monkeypatch.setattr(Operations, "checkpoint", on_checkpoint)
    project = repositories.make(tmp_path / "harbour", {"a.txt": "one\n"})
    async with stage(project) as s:
        await s.press("c")
        await s.see("the operation was reached")
    assert list(dict.fromkeys(path)) == [
        "OperationKeys.action_operation",
        "OperationController.start",
        "OperationController._checkpoint",
    ]
