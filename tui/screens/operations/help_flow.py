"""The steps of help for a session that is stuck: evidence, plan and doing of each, in one dialog."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.control.help_steps import (
    HelpOffer,
    HelpOption,
    checkpoint_and_interrupt,
    interrupt_plan,
    offer_steps,
    retry_plan,
    retry_text,
    rewind_and_retry,
    stop_plan,
)
from tui.control.operations import Operations
from tui.control.rewind.plan import RewindPlan
from tui.control.wording import step_back_text
from tui.model.rows import EventRow
from tui.model.snapshot import NightSnapshot
from tui.model.state import StallKind
from tui.screens.operations.background import BackgroundTasks, Report
from tui.screens.operations.help_evidence import evidence_document
from tui.screens.operations.rewind_flow import change_list
from tui.screens.operations.session_flow import (
    SessionFlow,
    channel_lines,
    send_choices,
    stop_choices,
)
from widgets.dialogs.dialog import Choice, DialogAnswer, DialogOption, Sentence, ask
from widgets.dialogs.help_dialog import HelpDialog, HelpStepChoice
from widgets.text.documents import RowDocument

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.availability import FindReachability
    from tui.control.foreign_session import Reachability

_RENEW_S = 1.0
_HOOKS = "hooks"
_CONVERSATION = DialogOption("conversation", "b", "the conversation goes back too")
_STAY_REFUSED = "Whatever it is told, those calls stay refused."
_LABELS = {
    HelpOption.MESSAGE: ("Short message", "when it may be read"),
    HelpOption.STEP_BACK: ("Step back", "asks it to think again"),
    HelpOption.INTERRUPT: ("Checkpoint and interrupt", "at once"),
    HelpOption.RETRY: ("Rewind to last good and retry", "with what was learned"),
    HelpOption.STOP: ("Stop", "it ends"),
}


@dataclass(frozen=True)
class HelpFlow:
    """Offers the steps of help and does the one that is chosen, by the flows of each.

    `failures` gives the newest calls that went wrong in this step of the work.
    """

    app: App[Any]
    operations: Callable[[], Operations]
    snapshot: Callable[[], NightSnapshot | None]
    background: BackgroundTasks
    session: SessionFlow
    find_reachability: FindReachability
    failures: Callable[[], Sequence[EventRow]]

    def open(self, on_installing: Callable[[], None]) -> None:
        """Shows the dialog; `on_installing` is called when the person has our hooks installed."""
        snapshot = self.snapshot()
        if snapshot is None:
            return
        offer = _OpenOffer(self, snapshot)

        def decided(answer: DialogAnswer) -> None:
            if answer.choice == _HOOKS:
                offer.offer_hooks(on_installing)
            else:
                offer.carry_out(answer)

        ask(self.app, offer.dialog, decided)
        offer.begin()


class _OpenOffer:
    """What the open dialog shows, and what follows from it."""

    def __init__(self, flow: HelpFlow, snapshot: NightSnapshot) -> None:
        self._flow = flow
        self._operations = flow.operations()
        self._snapshot = snapshot
        self._offer = self._look(deep=False)
        self._plan: RewindPlan | None = None
        self._no_plan = ""
        self._is_both = self._operations.has_run
        self._checkpoints_seen = -1
        self.dialog = HelpDialog(
            "Step back · help for a session that is stuck",
            self._evidence(),
            self._steps(),
            self._offer.first_choice(snapshot.stall),
            self._step_chosen,
        )

    # --- what is known ---

    def begin(self) -> None:
        """Looks at the checkpoints, and keeps the dialog's facts up to date."""
        self._look_at_checkpoints()
        self.dialog.set_interval(_RENEW_S, self._renew)

    @property
    def _reachability(self) -> Reachability | None:
        """How to reach a foreign session, as far as it is known; None for a run of ours."""
        agent = None if self._operations.has_run else self._operations.agent
        return None if agent is None else self._flow.find_reachability(agent)

    def _look(self, *, deep: bool) -> HelpOffer:
        find = self._flow.find_reachability
        return offer_steps(self._operations, self._snapshot, find, looks=deep)

    def _look_at_checkpoints(self) -> None:
        self._checkpoints_seen = len(self._snapshot.interventions.checkpoints)

        def found(offer: HelpOffer) -> None:
            self._offer, self._plan, self._no_plan = offer, None, ""
            self._show()
            self._step_chosen(self.dialog.step.key)

        background = BackgroundTasks(self.dialog)
        background.run("checkpoints", lambda: self._look(deep=True), found, exclusive=True)

    def _renew(self) -> None:
        """A second has passed: what is shown follows the session."""
        newest = self._flow.snapshot()
        if newest is None or newest is self._snapshot:
            return
        self._snapshot, self._operations = newest, self._flow.operations()
        if len(newest.interventions.checkpoints) != self._checkpoints_seen:
            self._look_at_checkpoints()
        obstacles = dict(self._look(deep=False).obstacles)
        if not newest.is_over:
            obstacles[HelpOption.RETRY] = self._offer.obstacles[HelpOption.RETRY]
        self._offer = HelpOffer(obstacles, self._offer.good)
        self._show()

    def _show(self) -> None:
        if self.dialog.is_attached:
            self.dialog.show(self._evidence(), self._steps())

    def _evidence(self) -> RowDocument:
        return evidence_document(self._snapshot, self._flow.failures)

    # --- the steps ---

    def _steps(self) -> list[HelpStepChoice]:
        return [self._step(step, self._offer.obstacles[step]) for step in HelpOption]

    def _step(self, step: HelpOption, reason: str) -> HelpStepChoice:
        label, note = _LABELS[step]
        good, text, option = self._offer.good, None, None
        match step:
            case HelpOption.MESSAGE:
                text = ""
            case HelpOption.STEP_BACK:
                template = self._operations.step_back_template
                text = joined_lines(step_back_text(template, self._snapshot))
            case HelpOption.RETRY if good is not None:
                label = f"Rewind to {good.checkpoint.id} and retry"
                text = retry_text(self._snapshot.stall, self._snapshot, good)
            case _:
                pass
        if step == HelpOption.RETRY and self._operations.has_run:
            option = _CONVERSATION
        plan = [] if reason else self._plan_of(step)
        return HelpStepChoice(
            step, label, note, plan, self._buttons(step, reason), text, option, reason
        )

    def _plan_of(self, step: HelpOption) -> list[Sentence]:
        match step:
            case HelpOption.MESSAGE:
                return [*channel_lines(self._reachability)]
            case HelpOption.STEP_BACK:
                stall = self._snapshot.stall
                is_refused = stall is not None and stall.kind == StallKind.REFUSED
                stays: list[Sentence] = [(_STAY_REFUSED, "warning")] if is_refused else []
                return [*stays, *channel_lines(self._reachability)]
            case HelpOption.INTERRUPT:
                return [*interrupt_plan(self._operations)]
            case HelpOption.RETRY:
                return self._retry_plan()
            case HelpOption.STOP:
                _, stop, _ = stop_choices(self._reachability)
                return [*stop_plan(self._operations, stop.description)]

    def _buttons(self, step: HelpOption, reason: str) -> list[Choice]:
        known = self._reachability
        match step:
            case HelpOption.MESSAGE | HelpOption.STEP_BACK:
                if reason and known is not None and known.hooks_missing:
                    return [Choice(_HOOKS, "Install the hooks")]
                no_way = Choice("send", "Send", enabled=False, reason=reason)
                return [no_way] if reason else send_choices(known)
            case HelpOption.INTERRUPT:
                label = "Checkpoint and interrupt"
            case HelpOption.RETRY:
                against = self._plan.refusals if self._plan is not None else ()
                label = "Rewind all the same" if against else "Rewind and retry"
                reason = reason or self._no_plan
                if self._plan is None:
                    reason = reason or "looking at what would change"
            case HelpOption.STOP:
                label = "Stop gracefully"
        danger = step != HelpOption.INTERRUPT
        return [Choice(step, label, danger=danger, enabled=not reason, reason=reason)]

    # --- rewind and retry ---

    @property
    def _mode(self) -> str:
        return "both" if self._is_both else "code"

    def _retry_plan(self) -> list[Sentence]:
        good, plan = self._offer.good, self._plan
        if self._no_plan:
            return [(f"It cannot be done: {self._no_plan}.", "warning")]
        if good is None or plan is None:
            return ["Looking at what would change."]
        sentences = retry_plan(self._operations, good, plan, self._mode, time.time())
        return [*sentences, *change_list(plan)]

    def _step_chosen(self, key: str) -> None:
        """Plans the rewind once somebody looks at that step."""
        self._is_both = _CONVERSATION.key in self.dialog.options_on and self._operations.has_run
        good = self._offer.good
        if key != HelpOption.RETRY or good is None or self._plan is not None or self._no_plan:
            self._show()
            return
        operations, checkpoint = self._operations, good.checkpoint

        def planned(plan: RewindPlan) -> None:
            self._plan = plan
            self._show()

        def failed(reason: str) -> None:
            self._no_plan = reason
            self._show()

        background = BackgroundTasks(self.dialog)
        background.run(
            "plan", lambda: operations.plan_rewind(checkpoint), planned, failed, exclusive=True
        )

    # --- doing ---

    def carry_out(self, answer: DialogAnswer) -> None:
        """Does the chosen step."""
        session, operations = self._flow.session, self._flow.operations()
        match HelpOption(answer.row):
            case HelpOption.MESSAGE:
                session.send(answer.text, "soft", answer.choice)
            case HelpOption.STEP_BACK:
                session.send(answer.text, "step-back", answer.choice)
            case HelpOption.INTERRUPT:
                facts = self._snapshot.checkpoint_facts
                self._flow.background.run_operation(
                    "taking a checkpoint",
                    lambda report: checkpoint_and_interrupt(operations, facts, report),
                )
            case HelpOption.RETRY:
                self._retry(operations, answer.text)
            case HelpOption.STOP:
                session.stop(operations, "stop", operations.has_repository)

    def offer_hooks(self, on_installing: Callable[[], None]) -> None:
        """Offers to open a channel."""
        known = self._reachability
        if known is not None:
            self._flow.session.offer_hooks(known, on_installing)

    def _retry(self, operations: Operations, text: str) -> None:
        plan, mode, activity = self._plan, self._mode, self._snapshot.activity_text
        if plan is None:
            return

        def work(report: Report) -> str:
            def progress(step: str, done: int, total: int) -> None:
                report(f"rewinding: {step}", done / total if total else None)

            return rewind_and_retry(
                operations,
                plan,
                mode,
                text,
                confirmed=bool(plan.refusals),
                activity=activity,
                progress=progress,
            )

        self._flow.background.run_operation(f"going back to {plan.checkpoint.id}", work)


def joined_lines(text: str) -> str:
    """Paragraphs as one line each, so that they are broken where the field ends; lists stay as they are."""
    paragraphs = text.strip().split("\n\n")
    is_list = [any(line[:1] in " -*•" for line in one.split("\n")) for one in paragraphs]
    parts = zip(paragraphs, is_list, strict=True)
    return "\n\n".join(one if keep else " ".join(one.split()) for one, keep in parts)
