"""The relay race: a session whose context fills up writes its hand-over, and a fresh one goes on."""

from __future__ import annotations

from tui.model.state import LimitKind, RunPhase
from tui.night.model import NightSnapshot
from tui.runner import prompts
from tui.runner.conduct import RunMachine
from tui.runner.deliveries import MessageSender
from tui.runner.desk import RunContext
from tui.runner.eyes import RunReader
from tui.runner.transitions import RunEvent

_ROOM = 0.1


class ContextHandoff:
    """Asks for a hand-over past the configured share of the context, and waits for it so long.

    A session that is past that share from its first answer on is asked only once it has used a
    tenth of the window more: else one fresh session would follow the other and none would work.
    """

    def __init__(
        self, desk: RunContext, eyes: RunReader, deliveries: MessageSender, conductor: RunMachine
    ) -> None:
        self._desk = desk
        self._eyes = eyes
        self._deliveries = deliveries
        self._conductor = conductor

    def update(self, night: NightSnapshot) -> None:
        """Asks when it is time, and hands over without the note when that does not come."""
        state, settings = self._desk.state, self._desk.settings
        if state.phase == RunPhase.WAITING or state.phase.is_ending:
            return
        if state.handover_asked:
            waited = state.elapsed - state.handover_since
            if waited > settings.session.handover_timeout_minutes * 60:
                self._conductor.start_handoff("it wrote no hand-over in time", RunEvent.HANDOFF_OVERDUE)
            return
        share, least = night.context.percent / 100, settings.session.handover_share
        planning = state.next is not None and state.next.initializer
        turns = self._eyes.turns
        if not turns.answers:
            # What is known of the context is still the last session's.
            return
        if least is None or planning or not turns.open:
            return
        first = turns.first_context / max(1, night.context.window)
        if share >= (least if first < least else first + _ROOM):
            self._ask(share, least)

    def _ask(self, share: float, least: float) -> None:
        desk, state = self._desk, self._desk.state
        state.handover_share, state.handover_since = share, state.elapsed
        state.handover_asked = self._deliveries.queue(prompts.handover(desk.settings))
        desk.save()
        facts = {"limit": LimitKind.CONTEXT, "value": f"{share:.0%}", "allowed": f"{least:.0%}"}
        desk.journal_entry("limit_warning", {**facts, "share": round(share / least, 3)})
        desk.log_line(f"Context at {share:.0%}: the session is asked to hand over", "WARNING")
