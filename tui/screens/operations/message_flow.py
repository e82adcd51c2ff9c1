"""Inject, step back, withdraw."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tui.control.operations import Operations, waiting_messages
from tui.control.wording import step_back_text
from tui.model.snapshot import NightSnapshot
from tui.screens.operations.background import DeedWork, Tell
from tui.system.errors import OvernightError
from tui.system.format import format_clock
from widgets.output_guard import toast

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.channels.channels import Name
    from tui.control.foreign_session import Reachability
    from tui.model.interventions import Injection
    from widgets.dialogs.button_row import Choice, DialogAnswer


_OURS = (
    "By its runner: it is read after the tool that runs now, and its receipt says when. "
    "Interrupting ends the turn, and it is read at once."
)


class MessageFlow:
    """Inject, step back and withdraw for one screen, and the offer to make a way where none is."""

    def __init__(
        self,
        app: App[Any],
        deeds: Callable[[], Operations],
        night: Callable[[], NightSnapshot | None],
        work: DeedWork,
    ) -> None:
        self._app = app
        self._deeds = deeds
        self._night = night
        self._work = work

    # --- writing -------------------------------------------------------------------------------

    def inject(self, reach: Reachability | None) -> None:
        """Lets the person write; `reach` is None for a run of ours."""
        self._write("Say something to the agent", [], "", "soft", reach)

    def step_back(self, reach: Reachability | None) -> None:
        """Offers a message made from the evidence; it may be edited before it goes."""
        night, template = self._night(), self._deeds().step_back_template
        text = step_back_text(template, night) if night is not None else template
        lines = ["Made from what the record shows; edit it as you like."]
        self._write("Step back", lines, text, "step-back", reach)

    def _write(
        self, title: str, lines: Sequence[str], text: str, mode: str, reach: Reachability | None
    ) -> None:
        from widgets.dialogs.text_dialogs import PromptDialog

        said = [*lines, *_way_words(reach)]
        now = night.activity_text if (night := self._night()) else ""
        if now:
            said.append(f"Now: {now}")
        dialog = PromptDialog(title, said, text, _ways(reach))

        def decided(answer: DialogAnswer | None) -> None:
            if answer is None:
                return
            wanted = "hard" if answer.choice == "hard" else mode
            self._send(answer.text, wanted, answer.choice)

        self._app.push_screen(dialog, decided)

    def _send(self, text: str, mode: str, way: str) -> None:
        now = night.activity_text if (night := self._night()) else ""
        by: Name | None = next((name for name in _NAMES if name == way), None)

        def work(tell: Tell) -> str:
            return self._deeds().inject(text, mode, by, now).words

        self._work.run("sending your words", work)

    # --- taking back ---------------------------------------------------------------------------

    def waiting(self) -> list[Injection]:
        """Words that nobody has read yet, the newest first."""
        return waiting_messages(self._night())

    def withdraw(self) -> None:
        """Offers the words that still wait, to take one of them back."""
        from widgets.dialogs.button_row import Choice
        from widgets.dialogs.escalation_dialog import EscalationDialog

        steps = [
            Choice(one.id, " ".join(one.text.split())[:60], f"waits since {format_clock(one.at)}")
            for one in self.waiting()[:6]
        ]

        def decided(answer: DialogAnswer | None) -> None:
            if answer is not None:
                name = answer.choice
                self._work.run("taking it back", lambda tell: self._deeds().withdraw(name).words)

        lines = ["What nobody has read yet can be taken back."]
        self._app.push_screen(EscalationDialog("Take words back", lines, steps), decided)

    # --- a way where none is -------------------------------------------------------------------

    def offer_hooks(self, reach: Reachability, then: Callable[[], None]) -> None:
        """Shows what installing our hooks would add, and does it when the person says so."""
        from widgets.dialogs.button_row import Choice
        from widgets.dialogs.dialog import PlanDialog

        deeds = self._deeds()
        try:
            lines = hook_words(deeds)
        except OvernightError as error:
            toast(self._app, f"{reach.why_not}; {error}", severity="warning")
            return

        def decided(answer: DialogAnswer | None) -> None:
            if answer is not None:
                self._work.run("installing the hooks", lambda tell: install_hooks(deeds))
                then()

        why = reach.why_not.removeprefix("no way to this session ").strip("()")
        said = [f"Nobody can speak to it yet. {why[:1].upper()}{why[1:]}.", "", *lines]
        choice = Choice("install", "Install the hooks")
        self._app.push_screen(PlanDialog("No way to this session", said, [choice]), decided)


_NAMES: tuple[Name, ...] = ("mailbox", "inbox", "tmux")


def hook_words(deeds: Operations) -> list[str]:
    """What `hooks install` would do to the project, in plain words; RefusedError when it cannot."""
    from tui.control.hooks import installer

    plan = installer.planned(deeds.project, deeds.settings_run_dir)
    events = ", ".join(event for event, _ in plan.adds)
    many = f"{len(plan.adds)} hooks ({events})"
    file = os.path.relpath(plan.file, deeds.project)
    words = [
        f"{file} is made with {many}."
        if plan.is_new_file
        else f"{file} is given {many}; every other byte of it stays.",
        "Each call hands over what waits for that session and takes a few hundredths of a second.",
        "The folder .claude is new here: a session that runs already may not notice it."
        if plan.is_new_folder
        else "Running sessions load them at once.",
        "'overnight-tui hooks uninstall' takes exactly this away.",
    ]
    if plan.off:
        words.append(f"But no hook runs as things stand: {plan.off}.")
    return [*words, "", *(f"{event}: {command}" for event, command in plan.adds[:1])]


def install_hooks(deeds: Operations) -> str:
    """Installs our hooks and says so, also in the journal."""
    from tui.control.hooks import installer

    installer.install(deeds.project, deeds.settings_run_dir)
    file = installer.status(deeds.project, deeds.settings_run_dir).file
    deeds.note(f"hooks installed in {file}")
    return "the hooks are installed; i says something to the session"


def _way_words(reach: Reachability | None) -> list[str]:
    if reach is None:
        return [_OURS]
    best = reach.ways[0]
    words = [f"By {best.label}: {best.promise}."]
    others = [way.label for way in reach.ways[1:]]
    if others:
        words.append(f"Also open: {', '.join(others)}.")
    return words


def _ways(reach: Reachability | None) -> list[Choice]:
    from widgets.dialogs.button_row import Choice

    if reach is None:
        return [Choice("soft", "Send"), Choice("hard", "Interrupt and send", danger=True)]
    best, *others = reach.ways
    short = {"mailbox": "by mailbox", "inbox": "by inbox", "tmux": "by paste"}
    return [
        Choice(best.name, "Send"),
        *(Choice(way.name, f"Send {short[way.name]}") for way in others),
    ]
