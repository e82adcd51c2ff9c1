"""Interrupting or ending a session that is not ours: a checkpoint first, then the ladder's step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tui.control.deeds import Operations
from tui.errors import OvernightError
from tui.store.inbox import Verb


@dataclass(frozen=True)
class StopResult:
    """What became of it, as a sentence; `survivors` are named in it."""

    words: str
    survivors: tuple[str, ...] = ()


def stop_foreign(
    deeds: Operations,
    verb: Verb,
    keep: bool,
    facts: Mapping[str, Any],
    tell: Callable[[str], object],
    going: Callable[[], bool] = lambda: True,
) -> StopResult:
    """Does "interrupt", "stop" or "kill"; `keep` takes a checkpoint before an end.

    `tell` hears what goes on. `going` false ends the waiting, not the deed.
    """
    other = deeds.foreign_session()
    if verb == "interrupt":
        return StopResult(other.interrupt())
    taken = ""
    if keep and (deeds.project / ".git").exists():
        tell("taking a checkpoint first")
        try:
            taken = (
                f"; checkpoint {deeds.checkpoint('', f'before {verb}', facts).id} was taken first"
            )
        except OvernightError as error:
            # what must end must end; the journal and the receipt say what is missing
            taken = f"; without a checkpoint: {error}"
    tell("asking it to stop" if verb == "stop" else "ending it")
    killed = other.stop("asked for", going) if verb == "stop" else other.kill("asked for")
    if killed is None:
        return StopResult(f"it was asked to stop; nobody waits for its end{taken}")
    if killed.survivors:
        names = ", ".join(killed.survivors)
        return StopResult(f"these could not be ended: {names}{taken}", killed.survivors)
    how = "it ended by itself" if killed.polite else "it was killed"
    also = f", {len(killed.killed)} of its processes with it" if killed.killed else ""
    return StopResult(f"{how}{also}{taken}")
