"""The deed keys: what each would do, shown before it is done, and done off the screen's thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tui.control.deeds import Deeds, plan_words
from tui.control.inbox import Verb
from tui.control.step_back import step_back_text
from tui.errors import OvernightError
from tui.night.model import Night
from widgets.figures import age
from widgets.guard import toast

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.checkpoint_refs import Checkpoint
    from tui.control.rewind_plan import RewindPlan
    from widgets.button_row import Answer
    from widgets.dialog import Dialog
    from widgets.picker import Picker


VERBS: dict[str, Verb] = {"interrupt": "interrupt", "stop": "stop", "kill": "kill"}


class DeedDesk:
    """Carries out the deed keys of one screen; `why_not` says why a key cannot work now."""

    def __init__(
        self, app: App[Any], deeds: Callable[[], Deeds], night: Callable[[], Night | None]
    ) -> None:
        self._app = app
        self._deeds = deeds
        self._night = night

    def why_not(self, name: str) -> str:
        """Empty when the action can work now; otherwise a sentence."""
        night = self._night()
        if name in ("checkpoint", "rewind", "undo"):
            if not (self._deeds().project / ".git").exists():
                return "this folder is no git repository; checkpoints need one"
            return ""
        if night is None or night.over:
            return "no session is going on"
        if not self._deeds().run_dir:
            return "this session was not started by overnight-tui run, so nobody can be asked"
        return ""

    # --- checkpoint ----------------------------------------------------------------------------

    def checkpoint(self) -> None:
        """Takes one at once; nothing is asked, as nothing is changed."""
        facts = _facts(self._night())

        def work() -> str:
            taken = self._deeds().checkpoint("by key", facts=facts)
            left = f", {taken.not_captured_count} not captured" if taken.not_captured_count else ""
            return f"checkpoint {taken.id}: {taken.files:,} files{left}; r goes back to it"

        self._do(work)

    # --- rewind --------------------------------------------------------------------------------

    def rewind(self) -> None:
        """Offers the checkpoints with what going back to each would change."""
        from tui.control.checkpoint_refs import checkpoints
        from widgets.button_row import Choice
        from widgets.dialog import sentences
        from widgets.picker import Picker, PickerRow

        try:
            known = {one.id: one for one in reversed(checkpoints(self._deeds().project))}
        except OvernightError as error:
            toast(self._app, str(error), severity="error")
            return
        if not known:
            toast(self._app, "no checkpoint yet; c takes one")
            return
        rows = [
            PickerRow(one.id, _row_words(one), age(time.time() - one.at)) for one in known.values()
        ]
        plans: dict[str, RewindPlan] = {}

        def preview(key: str) -> None:
            def work() -> None:
                try:
                    plan = plans[key] = self._deeds().plan_rewind(known[key])
                    shown = sentences([*plan_words(plan), *_refused(plan), "", *_changes(plan)])
                    self._app.call_from_thread(picker.set_preview, key, shown)
                except OvernightError as error:
                    self._app.call_from_thread(picker.set_preview, key, None, str(error))

            self._app.run_worker(work, thread=True, group="preview", exclusive=True)

        own = self._deeds().run_goes_on()
        reason = "" if own else "only for a run of ours that goes on"
        choices = [
            Choice("code", "Rewind files", danger=True),
            Choice("both", "Files and conversation", danger=True, enabled=own, reason=reason),
            Choice("conversation", "Conversation", danger=True, enabled=own, reason=reason),
        ]
        picker: Picker = Picker("Rewind", rows, choices, preview)

        def decided(answer: Answer | None) -> None:
            if answer is None:
                return
            if own:
                wish = {"checkpoint": answer.row, "mode": answer.choice, "confirmed": True}
                self._request("rewind", wish, "{}", 120.0)
            else:
                self._carry_out(plans.get(answer.row), known[answer.row])

        self._app.push_screen(picker, decided)

    def undo(self) -> None:
        """Shows what taking the last rewind back would change."""
        from widgets.button_row import Choice
        from widgets.plan_dialog import PlanDialog

        try:
            plan = self._deeds().plan_undo()
        except OvernightError as error:
            toast(self._app, str(error), severity="warning")
            return

        def decided(answer: Answer | None) -> None:
            if answer is None:
                return
            if self._deeds().run_goes_on():
                self._request("undo", {"confirmed": True}, "{}", 120.0)
            else:
                self._carry_out(plan, plan.checkpoint)

        words = [*plan_words(plan), *_refused(plan), "", *_changes(plan)]
        self._ask(PlanDialog("Undo the last rewind", words, [Choice("undo", "Undo it")]), decided)

    def _carry_out(self, plan: RewindPlan | None, target: Checkpoint) -> None:
        def work() -> str:
            deeds = self._deeds()
            receipt = deeds.rewind(plan or deeds.plan_rewind(target))
            left = (
                f", {len(receipt.meanwhile)} edited meanwhile and left" if receipt.meanwhile else ""
            )
            return (
                f"files as in {target.id}: {receipt.written} written, {receipt.deleted} deleted{left}; "
                "u undoes it"
            )

        self._do(work)

    # --- words to the agent --------------------------------------------------------------------

    def inject(self) -> None:
        """Lets the person write to the agent."""
        lines = ["It reads this after the tool that runs now; interrupting makes it read at once."]
        self._write("Say something to the agent", lines, "")

    def step_back(self) -> None:
        """Offers a step-back message made from the evidence; it may be edited before it goes."""
        night = self._night()
        settings = self._settings_text()
        text = step_back_text(settings, night) if night is not None else settings
        self._write("Step back", ["Made from what the record shows; edit it as you like."], text)

    def _settings_text(self) -> str:
        return self._deeds().step_back_template

    def _write(self, title: str, lines: list[str], text: str) -> None:
        from widgets.button_row import Choice
        from widgets.prompt_dialog import PromptDialog

        choices = [Choice("soft", "Send"), Choice("hard", "Interrupt and send", danger=True)]

        def decided(answer: Answer | None) -> None:
            if answer is not None:
                arguments: dict[str, object] = {"text": answer.text, "mode": answer.choice}
                self._request("inject", arguments, "your words are {}")

        self._ask(PromptDialog(title, lines, text, choices), decided)

    # --- ending it -----------------------------------------------------------------------------

    def kill(self) -> None:
        """The ladder: interrupt, stop, kill; a checkpoint first unless it is switched off."""
        from widgets.button_row import Choice
        from widgets.ladder_dialog import LadderDialog

        night = self._night()
        doing = night.activity.reason if night is not None else ""
        steps = [
            Choice("interrupt", "Interrupt the turn", "the session stays and waits for words"),
            Choice(
                "stop", "Stop gracefully", "finish the tool, write a hand-over, end", danger=True
            ),
            Choice("kill", "Kill now", "the agent and everything it started", danger=True),
        ]
        lines = [
            f"Now: {doing}",
            "A checkpoint is taken first. It is not started again; q only closes the viewer.",
        ]

        def decided(answer: Answer | None) -> None:
            if answer is not None:
                self._request(VERBS[answer.choice], {}, f"{answer.choice}: {{}}", 60.0)

        self._ask(LadderDialog("End the session", lines, steps), decided)

    # --- how it is done ------------------------------------------------------------------------

    def _request(
        self, verb: Verb, arguments: Mapping[str, object], words: str, wait: float = 30.0
    ) -> None:
        self._do(lambda: words.replace("{}", self._deeds().ask(verb, arguments, wait)))

    def _ask(self, dialog: Dialog, decided: Callable[[Answer | None], None]) -> None:
        self._app.push_screen(dialog, decided)

    def _do(self, work: Callable[[], str]) -> None:
        """One deed at a time, in a thread; its receipt or its reason comes as a toast."""

        def run() -> None:
            try:
                said, severity = work(), "information"
            except (OvernightError, OSError) as error:
                said, severity = str(error), "error"
            self._app.call_from_thread(toast, self._app, said, "", severity, 8.0)

        self._app.run_worker(run, thread=True, group="deeds")


def _facts(night: Night | None) -> dict[str, Any]:
    """What is worth knowing with a checkpoint: session, progress, tests."""
    if night is None:
        return {}
    facts: dict[str, Any] = {"session": night.run.session_id}
    if night.progress is not None and night.progress.basis != "unknown":
        facts["progress"] = {"done": night.progress.done, "open": night.progress.open}
    facts["tests"] = night.tests.last
    return facts


def _row_words(one: Checkpoint) -> str:
    tests = one.facts.get("tests")
    verdict = f" · tests {tests}" if isinstance(tests, str) and tests not in ("none", "") else ""
    at = time.strftime("%H:%M", time.localtime(one.at))
    return f"{one.id:<4} {at}  {one.label or one.kind}{verdict}"


def _refused(plan: RewindPlan) -> list[str]:
    return [f"Against it: {reason}" for reason in plan.refusals]


def _changes(plan: RewindPlan) -> list[str]:
    return [f"{change.what:<8} {change.path}" for change in plan.changes[:400]]
