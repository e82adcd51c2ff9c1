"""A session whose context fills up hands over to a fresh one."""

from __future__ import annotations

from tui.model.snapshot import NightSnapshot
from tui.model.state import LimitKind, RunPhase
from tui.runner.agent.messages import MessageSender
from tui.runner.decisions import end_of_iterations
from tui.runner.machine import RunMachine
from tui.runner.policy import prompts
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.runner.transitions import RunEvent

_MIN_USED_SHARE = 0.1


def see_to_handoff(
    context: RunContext,
    reader: RunReader,
    messages: MessageSender,
    machine: RunMachine,
    snapshot: NightSnapshot,
) -> None:
    """Asks for a handoff note when the context is fuller than the configured share.

    Starts the handoff without the note when that does not come.
    """
    state, settings = context.state, context.settings
    if state.phase == RunPhase.WAITING or state.phase.is_ending:
        return
    if state.handoff_message:
        waited = state.elapsed - state.handoff_since
        if waited > settings.session.handover_timeout_minutes * 60:
            progress = reader.read_progress()
            end = end_of_iterations(state, settings, progress)
            if end is not None:
                machine.end_by(end, RunEvent.HANDOFF_OVERDUE)
                return
            why = "it wrote no hand-over in time"
            machine.start_handoff(why, RunEvent.HANDOFF_OVERDUE)
        return
    limit, turns = settings.session.handover_share, reader.turns
    # Before the first answer, the snapshot still has the context of the session before.
    if limit is None or state.is_planning or not turns.open or not turns.answers:
        return
    share = snapshot.context.percent / 100
    first_share = turns.first_context / max(1, snapshot.context.window)
    # A session that begins above the limit may use a tenth of the window first. Otherwise one
    # fresh session would follow the other, and none would do any work.
    if share < (limit if first_share < limit else first_share + _MIN_USED_SHARE):
        return
    state.handoff_share, state.handoff_since = share, state.elapsed
    state.handoff_message = messages.queue(prompts.handoff_note_prompt(settings))
    context.save()
    data = {"limit": LimitKind.CONTEXT, "value": f"{share:.0%}", "allowed": f"{limit:.0%}"}
    context.journal_entry("limit_warning", {**data, "share": round(share / limit, 3)})
    context.log_line(f"Context at {share:.0%}: the session is asked to hand over", "WARNING")
