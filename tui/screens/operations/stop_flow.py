"""Interrupt, stop, kill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.control.operations import Operations
from tui.model.snapshot import NightSnapshot
from tui.screens.dialogs import ask
from tui.screens.operations.background import BackgroundTasks, Report, is_closing
from tui.store.inbox import Verb
from widgets.output_guard import show_toast

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.foreign_session import Reachability
    from widgets.dialogs.button_row import Choice, DialogAnswer

_PROGRESS: dict[Verb, str] = {
    "interrupt": "interrupting",
    "stop": "asking it to stop",
    "kill": "ending it",
}


@dataclass(frozen=True)
class StopFlow:
    """Asks in which way the session is to be interrupted or ended, and does it."""

    app: App[Any]
    operations: Callable[[], Operations]
    snapshot: Callable[[], NightSnapshot | None]
    background: BackgroundTasks

    def kill(self, reachability: Reachability | None) -> None:
        """Offers the steps of escalation; `reachability` is None for a run of ours."""
        from widgets.dialogs.button_row import DialogOption
        from widgets.dialogs.escalation_dialog import EscalationDialog

        operations = self.operations()
        if reachability is None and not operations.has_run:
            show_toast(self.app, "looking at that session; try again in a moment")
            return
        agent = operations.agent if reachability is not None else None
        snapshot = self.snapshot()
        activity = snapshot.activity_text if snapshot is not None else ""
        pid = f" (pid {agent.pid})" if agent is not None else ""
        lines = [
            f"Now: {activity or 'nothing that the record tells'}",
            f"The session{pid} is not started again afterwards; q only closes the viewer.",
        ]
        options = []
        if operations.has_repository:
            options.append(DialogOption("checkpoint", "c", "take a checkpoint first"))

        def decided(answer: DialogAnswer) -> None:
            verb = next(verb for verb in _PROGRESS if verb == answer.choice)
            self._stop(operations, verb, not options or "checkpoint" in answer.options)

        steps = _steps(reachability)
        dialog = EscalationDialog("Interrupt or end the session", lines, steps, options)
        ask(self.app, dialog, decided)

    def _stop(self, operations: Operations, verb: Verb, checkpoint: bool) -> None:
        snapshot = self.snapshot()
        facts = snapshot.checkpoint_facts if snapshot is not None else {}

        def work(report: Report) -> str:
            receipt = operations.stop(
                verb,
                checkpoint=checkpoint,
                facts=lambda: facts,
                report=report,
                is_waiting=lambda: not is_closing(),
            )
            return receipt.words

        self.background.run_operation(_PROGRESS[verb], work)


def _steps(reachability: Reachability | None) -> list[Choice]:
    from widgets.dialogs.button_row import Choice

    no_interrupt = reachability.no_interrupt if reachability is not None else ""
    can_send = reachability is None or bool(reachability.channels)
    stop = "finish the tool, write a hand-over, end" if can_send else "end its turn, then leave"
    return [
        Choice(
            "interrupt",
            "Interrupt the turn",
            "the session stays and waits for words",
            enabled=not no_interrupt,
            reason=no_interrupt,
        ),
        Choice("stop", "Stop gracefully", stop, danger=True),
        Choice("kill", "Kill now", "the agent and everything it started", danger=True),
    ]
