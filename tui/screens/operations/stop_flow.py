"""Interrupt, stop, kill."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tui.control.operations import Operations
from tui.model.snapshot import NightSnapshot
from tui.screens.operations.background import DeedWork, Tell
from tui.store.inbox import Verb

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.foreign_session import Reachability
    from widgets.dialogs.button_row import Choice, DialogAnswer


_VERBS: dict[str, Verb] = {"interrupt": "interrupt", "stop": "stop", "kill": "kill"}


class StopFlow:
    """The kill key of one screen."""

    def __init__(
        self,
        app: App[Any],
        deeds: Callable[[], Operations],
        night: Callable[[], NightSnapshot | None],
        facts: Callable[[], dict[str, Any]],
        work: DeedWork,
    ) -> None:
        self._app = app
        self._deeds = deeds
        self._night = night
        self._facts = facts
        self._work = work

    def kill(self, reach: Reachability | None) -> None:
        """The ladder; `reach` is None for a run of ours. A checkpoint first can be declined."""
        from widgets.dialogs.button_row import DialogOption
        from widgets.dialogs.escalation_dialog import EscalationDialog

        deeds = self._deeds()
        agent = deeds.agent if reach is not None else None
        now = night.activity_text if (night := self._night()) else ""
        whom = f" (pid {agent.pid})" if agent is not None else ""
        lines = [
            f"Now: {now or 'nothing that the record tells'}",
            f"The session{whom} is not started again afterwards; q only closes the viewer.",
        ]
        options = []
        if deeds.has_repository:
            options.append(DialogOption("checkpoint", "c", "take a checkpoint first"))

        def decided(answer: DialogAnswer | None) -> None:
            if answer is not None:
                keep = not options or "checkpoint" in answer.options
                self._end(answer.choice, keep, deeds)

        dialog = EscalationDialog("Interrupt or end the session", lines, _steps(reach), options)
        self._app.push_screen(dialog, decided)

    def _end(self, choice: str, keep: bool, deeds: Operations) -> None:
        facts = self._facts()

        def work(tell: Tell) -> str:
            receipt = deeds.stop(
                _VERBS[choice],
                checkpoint=keep,
                facts=lambda: facts,
                report=lambda step: tell(step, None),
                is_waiting=self._work.going,
            )
            return receipt.words

        words = {"interrupt": "interrupting", "stop": "asking it to stop", "kill": "ending it"}
        self._work.run(words[choice], work)


def _steps(reach: Reachability | None) -> list[Choice]:
    from widgets.dialogs.button_row import Choice

    no_turn = reach.no_interrupt if reach is not None else ""
    can_speak = reach is None or bool(reach.ways)
    how = "finish the tool, write a hand-over, end" if can_speak else "end its turn, then leave"
    return [
        Choice(
            "interrupt",
            "Interrupt the turn",
            "the session stays and waits for words",
            enabled=not no_turn,
            reason=no_turn,
        ),
        Choice("stop", "Stop gracefully", how, danger=True),
        Choice("kill", "Kill now", "the agent and everything it started", danger=True),
    ]
