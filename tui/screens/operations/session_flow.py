"""Messages to the session, and its end: inject, step back, withdraw, interrupt, stop, kill."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.control.availability import waiting_messages
from tui.control.operations import Operations
from tui.model.snapshot import NightSnapshot
from tui.screens.operations.background import BackgroundTasks, Report, is_closing
from tui.store.inbox import Verb
from tui.system.errors import OvernightError
from tui.system.format import format_clock
from widgets.dialogs.dialog import Choice, Dialog, DialogAnswer, DialogOption, ask
from widgets.dialogs.list_dialogs import EscalationDialog
from widgets.dialogs.text_dialogs import PromptDialog
from widgets.output_guard import show_toast

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.channels.channels import ChannelName
    from tui.control.foreign_session import Reachability


INTERRUPT = "hard"
"""The choice of `send_choices` that ends the turn, so that the message is read at once."""
_CHANNELS: tuple[ChannelName, ...] = ("mailbox", "inbox", "tmux")
_BY_RUNNER = (
    "By its runner: it is read after the tool that runs now, and its receipt says when. "
    "Interrupting ends the turn, and it is read at once."
)
_PROGRESS: dict[Verb, str] = {
    "interrupt": "interrupting",
    "stop": "asking it to stop",
    "kill": "ending it",
}


@dataclass(frozen=True)
class SessionFlow:
    """Has messages written and taken back, opens a channel where there is none, ends the session."""

    app: App[Any]
    operations: Callable[[], Operations]
    snapshot: Callable[[], NightSnapshot | None]
    background: BackgroundTasks

    def inject(self, reachability: Reachability | None) -> None:
        """Lets the person write; `reachability` is None for a run of ours."""
        activity = self._activity()
        lines = [*channel_lines(reachability), *([f"Now: {activity}"] if activity else [])]
        dialog = PromptDialog(
            "Say something to the agent", lines, choices=send_choices(reachability)
        )
        ask(self.app, dialog, lambda answer: self.send(answer.text, "soft", answer.choice))

    def send(self, text: str, mode: str, choice: str) -> None:
        """Sends what a person wrote by the choice of `send_choices` that they made."""
        activity = self._activity()
        channel: ChannelName | None = next((name for name in _CHANNELS if name == choice), None)
        self.background.run_operation(
            "sending your words",
            lambda report: (
                self.operations()
                .inject(text, mode, channel, activity, now=choice == INTERRUPT)
                .words
            ),
        )

    def _activity(self) -> str:
        snapshot = self.snapshot()
        return snapshot.activity_text if snapshot is not None else ""

    def withdraw(self) -> None:
        """Offers the messages that nobody has read yet, to take one of them back."""
        messages = []
        for message in waiting_messages(self.snapshot())[:6]:
            words, since = " ".join(message.text.split())[:60], format_clock(message.at)
            messages.append(Choice(message.id, words, f"waits since {since}"))

        def decided(answer: DialogAnswer) -> None:
            self.background.run_operation(
                "taking it back", lambda report: self.operations().withdraw(answer.choice).words
            )

        lines = ["What nobody has read yet can be taken back."]
        ask(self.app, EscalationDialog("Take words back", lines, messages), decided)

    def offer_hooks(self, reachability: Reachability, on_installing: Callable[[], None]) -> None:
        """Shows what installing our hooks would add, and does it when the person says so."""
        operations = self.operations()
        try:
            plan_lines = _hook_lines(operations)
        except OvernightError as error:
            show_toast(self.app, f"{reachability.why_not}; {error}", severity="warning")
            return

        def decided(answer: DialogAnswer) -> None:
            self.background.run_operation(
                "installing the hooks", lambda report: _install_hooks(operations)
            )
            on_installing()

        reason = reachability.why_not.removeprefix("no way to this session ").strip("()")
        intro = f"Nobody can speak to it yet. {reason[:1].upper()}{reason[1:]}."
        choice = Choice("install", "Install the hooks")
        dialog = Dialog("No way to this session", [intro, "", *plan_lines], [choice])
        ask(self.app, dialog, decided)

    def kill(self, reachability: Reachability | None) -> None:
        """Offers the steps of escalation; `reachability` is None for a run of ours."""
        operations = self.operations()
        if reachability is None and not operations.has_run:
            show_toast(self.app, "looking at that session; try again in a moment")
            return
        agent = operations.agent if reachability is not None else None
        pid = f" (pid {agent.pid})" if agent is not None else ""
        lines = [
            f"Now: {self._activity() or 'nothing that the record tells'}",
            f"The session{pid} is not started again afterwards; q only closes the viewer.",
        ]
        options = []
        if operations.has_repository:
            options.append(
                DialogOption("checkpoint", "c", f"take a checkpoint{operations.of_work_tree} first")
            )

        def decided(answer: DialogAnswer) -> None:
            verb = next(verb for verb in _PROGRESS if verb == answer.choice)
            self.stop(operations, verb, not options or "checkpoint" in answer.options)

        steps = stop_choices(reachability)
        dialog = EscalationDialog("Interrupt or end the session", lines, steps, options)
        ask(self.app, dialog, decided)

    def stop(self, operations: Operations, verb: Verb, checkpoint: bool) -> None:
        """Interrupts or ends the session, after a checkpoint if one is wanted."""
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


def _hook_lines(operations: Operations) -> list[str]:
    """What `hooks install` would do to the project; RefusedError when it cannot."""
    from tui.control.hooks import installer

    plan = installer.plan_install(operations.project)
    events = ", ".join(event for event, _ in plan.adds)
    hooks = f"{len(plan.adds)} hooks ({events})"
    file = os.path.relpath(plan.file, operations.project)
    lines = [
        f"{file} is made with {hooks}."
        if plan.is_new_file
        else f"{file} is given {hooks}; every other byte of it stays.",
        "Each call hands over what waits for that session and takes a few hundredths of a second.",
        "The folder .claude is new here: a session that runs already may not notice it."
        if plan.is_new_folder
        else "Running sessions load them at once.",
        "'overnight-tui hooks uninstall' takes exactly this away.",
    ]
    if plan.off:
        lines.append(f"But no hook runs as things stand: {plan.off}.")
    return [*lines, "", *(f"{event}: {command}" for event, command in plan.adds[:1])]


def _install_hooks(operations: Operations) -> str:
    from tui.control.hooks import installer, status

    installer.install(operations.project)
    file = status.hook_status(operations.project).file
    operations.note(f"hooks installed in {file}")
    return "the hooks are installed; i says something to the session"


def channel_lines(reachability: Reachability | None) -> list[str]:
    """When a message arrives and by which channel; None is a run of ours."""
    if reachability is None:
        return [_BY_RUNNER]
    best, *others = reachability.channels
    lines = [f"By {best.label}: {best.promise}."]
    if others:
        lines.append(f"Also open: {', '.join(channel.label for channel in others)}.")
    return lines


def send_choices(reachability: Reachability | None) -> list[Choice]:
    """The ways to send a message that are open now, the best first."""
    if reachability is None:
        return [Choice("soft", "Send"), Choice(INTERRUPT, "Interrupt and send", danger=True)]
    best, *others = reachability.channels
    names = {"mailbox": "by mailbox", "inbox": "by inbox", "tmux": "by paste"}
    return [
        Choice(best.name, "Send"),
        *(Choice(channel.name, f"Send {names[channel.name]}") for channel in others),
    ]


def stop_choices(reachability: Reachability | None) -> list[Choice]:
    """The ways to end the turn or the session, from mild to harsh."""
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
