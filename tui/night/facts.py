"""What of a night is worth keeping with a checkpoint."""

from __future__ import annotations

from typing import Any

from tui.night.model import NightSnapshot


def checkpoint_facts(night: NightSnapshot | None) -> dict[str, Any]:
    """Progress counts and the last verdict of the tests; nothing where nothing is known."""
    if night is None:
        return {}
    facts: dict[str, Any] = {"tests": night.tests.last}
    if night.progress is not None and night.progress.basis != "unknown":
        facts["done"], facts["open"] = night.progress.done, night.progress.open
    return facts
