"""The checkpoints of a run: when they are due, the thread that takes them, what is journalled."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from tui.control import retention
from tui.control.checkpoints.refs import Checkpoint, checkpoints_of
from tui.model.journal import Requester
from tui.model.state import RunPhase
from tui.runner.run_context import RunContext
from tui.runner.run_reader import RunReader
from tui.system.errors import OvernightError

_RETIRE_EVERY_S = 600.0
Answer = Callable[[str, bool, str, object], None]
Then = Callable[[str, str], None]
"""Called with the id of a checkpoint that was taken and verified, or with "" and the reason."""


class _Order(Struct, frozen=True):
    """A checkpoint to be taken; `request_id` is the inbox request that it answers, `resumed` whether a
    supervisor before this one may have taken it."""

    label: str
    why: str
    facts: dict[str, Any]
    request_id: str
    by: Requester
    resumed: bool = False
    then: Then | None = None


class CheckpointSchedule:
    """Takes checkpoints one after the other in a thread, and journals what came of each."""

    def __init__(self, context: RunContext, reader: RunReader) -> None:
        self._context = context
        self._reader = reader
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        # The journal entry, or the reason why there is no checkpoint.
        self._outcomes: queue.SimpleQueue[tuple[_Order, dict[str, object] | str]]
        self._outcomes = queue.SimpleQueue()
        self._open = 0
        self._retire_at = float("-inf")
        threading.Thread(target=self._run, name="checkpoints", daemon=True).start()

    @property
    def is_busy(self) -> bool:
        return self._open > 0

    def request(
        self,
        label: str,
        why: str,
        request_id: str = "",
        by: Requester = Requester.SUPERVISOR,
        *,
        resumed: bool = False,
        then: Then | None = None,
    ) -> None:
        """Has a checkpoint taken in the background; `request_id` is answered when it is there.

        `resumed`: a supervisor that was killed may have taken it already; then that one is the answer.
        """
        reader, turns = self._reader, self._reader.turns
        # Above all where the conversation stood.
        facts: dict[str, Any] = {"session": turns.session, "uuid": turns.safe_uuid}
        facts |= reader.snapshot().tests.checkpoint_facts
        if reader.progress is not None:
            facts |= {"done": reader.progress.done, "open": reader.progress.open}
        facts["why"] = why
        if request_id:
            facts["request"] = request_id
        self._open += 1
        self._orders.put(_Order(label, why, facts, request_id, by, resumed, then))
        self._context.state.checkpoint_elapsed = self._context.state.elapsed

    def request_if_due(self) -> None:
        """Requests one if the last is older than the configured interval."""
        state = self._context.state
        minutes = self._context.settings.session.checkpoint_interval_minutes
        if minutes is None or self.is_busy or state.phase == RunPhase.WAITING:
            return
        if state.elapsed - (state.checkpoint_elapsed or 0.0) >= minutes * 60:
            self.request("", "timer")

    def record_results(self, answer: Answer) -> None:
        """Journals the outcomes since the last call, and answers the requests."""
        context = self._context
        while not self._outcomes.empty():
            order, outcome = self._outcomes.get()
            self._open -= 1
            if isinstance(outcome, str):
                data = {"reason": outcome, "why": order.why, "by": order.by}
                context.journal_entry("checkpoint_failed", data)
                context.log_line(f"Checkpoint failed: {outcome}", "WARNING")
                answer(order.request_id, False, outcome, None)
                if order.then is not None:
                    order.then("", outcome)
                continue
            asked = {"request": order.request_id} if order.request_id else {}
            context.journal_entry("checkpoint", {**outcome, "by": order.by, **asked})
            name = str(outcome.get("checkpoint") or "")
            context.log_line(f"Checkpoint triggered successfully ({name}, {order.why})")
            context.notify("checkpoint", f"checkpoint {name}: {order.label or order.why}")
            answer(order.request_id, True, f"checkpoint {name}", outcome)
            if order.then is not None:
                order.then(name, "")

    def close(self) -> None:
        """No more are taken; one under way is finished."""
        self._orders.put(None)

    # --- in the thread ---

    def _run(self) -> None:
        while (order := self._orders.get()) is not None:
            try:
                self._outcomes.put((order, self._take(order)))
            except (OvernightError, OSError) as error:
                self._outcomes.put((order, str(error)))
            except Exception as error:  # a thread that died would leave all later requests open
                reason = f"no checkpoint was taken: {type(error).__name__}: {error}"
                self._outcomes.put((order, reason))

    def _take(self, order: _Order) -> dict[str, object]:
        context, project = self._context, self._context.project
        if order.resumed and (taken := _find_taken(project, order.request_id)) is not None:
            return retention.checkpoint_entry(taken)
        clock, rules, run = context.clock, context.settings.checkpoints, context.facts.run
        taken = retention.take_checkpoint(
            project, rules, label=order.label, session=run, facts=order.facts, clock=clock
        )
        if clock.monotonic() >= self._retire_at:
            # What fails is tried again in ten minutes: the checkpoint that was asked for is there.
            self._retire_at = clock.monotonic() + _RETIRE_EVERY_S
            with suppress(OvernightError):
                retention.retire_by_settings(project, rules, clock.wall())
        return retention.checkpoint_entry(taken)


def _find_taken(project: Path, request_id: str) -> Checkpoint | None:
    """The checkpoint that was taken for a request, if there is one."""
    known = checkpoints_of(project)
    return next((one for one in known if one.facts.get("request") == request_id), None)
