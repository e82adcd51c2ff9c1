"""Choose, preview, confirm, rewind, undo."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui.control.operations import Availability, Operations
from tui.control.wording import describe_plan, describe_refusals
from tui.screens.operations.background import DeedWork, Tell
from tui.system.errors import OvernightError
from tui.system.format import format_age, format_count, format_local
from widgets.output_guard import toast

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.checkpoints.refs import Checkpoint
    from tui.control.rewind.plan import CheckpointDistance, PlannedChange, RewindPlan
    from widgets.dialogs.button_row import Choice, DialogAnswer
    from widgets.dialogs.picker import Picker, PickerRow


_MOST = 300


class RewindFlow:
    """Rewind and undo for one screen; every deed first shows its plan."""

    def __init__(self, app: App[Any], deeds: Callable[[], Operations], work: DeedWork) -> None:
        self._app = app
        self._deeds = deeds
        self._work = work

    # --- rewind --------------------------------------------------------------------------------

    def rewind(self, chosen: str = "", why: str = "") -> None:
        """Offers the checkpoints with what going back to each would change.

        `chosen` is under the cursor, and `why` says in a few words why it is this one.
        """
        from tui.control.checkpoints.refs import checkpoints
        from widgets.dialogs.picker import Picker

        deeds = self._deeds()
        try:
            known = {one.id: one for one in reversed(checkpoints(deeds.project)[-_MOST:])}
        except OvernightError as error:
            toast(self._app, str(error), severity="error")
            return
        if not known:
            toast(self._app, "no checkpoint yet; c takes one")
            return
        first = chosen if chosen in known else next(iter(known))
        conversation = deeds.conversation_availability()
        plans: dict[str, RewindPlan] = {}

        def preview(key: str) -> None:
            said = [f"{why[:1].upper()}{why[1:]}."] if why and key == first else []
            self._preview(picker, deeds, known[key], plans, conversation.ok, said)

        def inspect(key: str) -> None:
            if key in plans:
                self._files(plans[key])

        picker = Picker(
            "Rewind",
            [_row(one) for one in known.values()],
            _choices(conversation),
            preview,
            chosen=chosen,
            inspect=inspect,
        )

        def decided(answer: DialogAnswer | None) -> None:
            if answer is not None:
                target = known[answer.row]
                self._sure(deeds, answer.choice, target, plans.get(target.id))

        self._app.push_screen(picker, decided)
        self._count(picker, deeds, known)

    def _preview(
        self,
        picker: Picker,
        deeds: Operations,
        target: Checkpoint,
        plans: dict[str, RewindPlan],
        own: bool,
        said: Sequence[str],
    ) -> None:
        from widgets.dialogs.dialog import sentences

        def work() -> None:
            try:
                plan = plans[target.id] = deeds.plan_rewind(target)
                words = [
                    *describe_plan(plan),
                    *conversation_words(target, own),
                    *describe_refusals(plan),
                ]
                shown = sentences([*said, *words, "", *_listed(plan)])
            except (OvernightError, OSError) as error:
                self._app.call_from_thread(picker.set_preview, target.id, None, str(error))
                return
            self._app.call_from_thread(picker.set_preview, target.id, shown)

        self._app.run_worker(work, thread=True, group="preview", exclusive=True)

    def _count(self, picker: Picker, deeds: Operations, known: Mapping[str, Checkpoint]) -> None:
        """Fills in how many files and lines each checkpoint is away, as they become known."""

        def work() -> None:
            from tui.control.rewind.plan import checkpoint_distances

            try:
                for found in checkpoint_distances(deeds.project, list(known.values())):
                    if not picker.is_attached:
                        return
                    row = _row(found.checkpoint, found)
                    self._app.call_from_thread(picker.set_row, row)
            except (OvernightError, OSError):
                return  # the preview of each row tells what is the matter

        self._app.run_worker(work, thread=True, group="since", exclusive=True)

    def _files(self, plan: RewindPlan) -> None:
        """File by file: what would be written, deleted, kept, with the diff of each."""
        from tui.model.rows import DetailPart
        from widgets.dialogs.picker import Picker, PickerRow
        from widgets.text.detail_view import part_document

        changes = {str(nth): change for nth, change in enumerate(plan.changes)}
        kept = [
            PickerRow(f"keep {nth}", f"keep     {item.path}", item.reason, "dim")
            for nth, item in enumerate(plan.keeps)
        ]
        rows = [PickerRow(key, _change_words(change)) for key, change in changes.items()]

        def preview(key: str) -> None:
            change = changes.get(key)
            if change is None:
                reason = plan.keeps[int(key.partition(" ")[2])].reason
                files.set_preview(key, None, f"stays as it is: {reason}")
                return

            def work() -> None:
                try:
                    shown = part_document(DetailPart("", plan.diff(change), "diff"))
                except (OvernightError, OSError) as error:
                    self._app.call_from_thread(files.set_preview, key, None, str(error))
                    return
                self._app.call_from_thread(files.set_preview, key, shown)

            self._app.run_worker(work, thread=True, group="diff", exclusive=True)

        title = f"{plan.checkpoint.id}, file by file"
        files = Picker(title, [*rows, *kept], (), preview, preview_title="now → then")
        self._app.push_screen(files)

    # --- undo ----------------------------------------------------------------------------------

    def undo(self) -> None:
        """Shows what taking the last rewind back would change."""
        from widgets.dialogs.button_row import Choice
        from widgets.dialogs.dialog import PlanDialog

        deeds = self._deeds()

        def found(plan: RewindPlan) -> None:
            words = [*describe_plan(plan), *describe_refusals(plan), "", *_listed(plan)]
            dialog = PlanDialog("Undo the last rewind", words, [Choice("undo", "Undo it")])
            self._app.push_screen(dialog, decided(plan))

        def decided(plan: RewindPlan) -> Callable[[DialogAnswer | None], None]:
            def take(answer: DialogAnswer | None) -> None:
                if answer is not None:
                    self._do(deeds, "code", plan.checkpoint, plan, bool(plan.refusals))

            return take

        def work(tell: Tell) -> str:
            plan = deeds.plan_undo()
            self._app.call_from_thread(found, plan)
            return ""

        self._work.run("looking at what the undo would change", work)

    # --- the deed ------------------------------------------------------------------------------

    def _sure(
        self, deeds: Operations, mode: str, target: Checkpoint, plan: RewindPlan | None
    ) -> None:
        """Asks once more where something speaks against it."""
        from widgets.dialogs.button_row import Choice
        from widgets.dialogs.dialog import PlanDialog

        if mode == "conversation" or plan is None or not plan.refusals:
            self._do(deeds, mode, target, plan, False)
            return

        def decided(answer: DialogAnswer | None) -> None:
            if answer is not None:
                self._do(deeds, mode, target, plan, True)

        anyway = Choice("anyway", "Rewind all the same", danger=True)
        words = [*describe_refusals(plan), "", *describe_plan(plan)]
        dialog = PlanDialog(f"Something speaks against {target.id}", words, [anyway])
        self._app.push_screen(dialog, decided)

    def _do(
        self,
        deeds: Operations,
        mode: str,
        target: Checkpoint,
        plan: RewindPlan | None,
        confirmed: bool,
    ) -> None:
        undoes = plan is not None and plan.undoes

        def work(tell: Tell) -> str:
            receipt = deeds.rewind(
                plan or target, mode, confirmed=confirmed, progress=_progress(tell)
            )
            return f"{receipt.words}; u undoes it" if receipt.rewound else receipt.words

        what = "undoing the rewind" if undoes else f"going back to {target.id}"
        self._work.run(what, work)


def _progress(tell: Tell) -> Callable[[str, int, int], None]:
    def progress(step: str, done: int, total: int) -> None:
        tell(f"rewinding: {step}", done / total if total else None)

    return progress


def _choices(conversation: Availability) -> list[Choice]:
    from widgets.dialogs.button_row import Choice

    ok, reason = conversation
    return [
        Choice("code", "Rewind files", danger=True),
        Choice("both", "Files and conversation", danger=True, enabled=ok, reason=reason),
        Choice("conversation", "Conversation", danger=True, enabled=ok, reason=reason),
    ]


def _row(one: Checkpoint, found: CheckpointDistance | None = None) -> PickerRow:
    from widgets.dialogs.picker import PickerRow

    tests = one.facts.get("tests")
    verdict = f" · tests {tests}" if isinstance(tests, str) and tests not in ("none", "") else ""
    at = format_local(one.at)
    words = f"{one.id:<4} {at}  {one.label or one.kind}{verdict}"
    return PickerRow(one.id, words, f"{_since_words(found)}{format_age(time.time() - one.at)}")


def _since_words(found: CheckpointDistance | None) -> str:
    if found is None:
        return ""
    if found.damage:
        return "damaged · "
    if not found.files:
        return "as now · "
    return f"{format_count(found.files, 'file')} +{found.added:,} −{found.removed:,} · "


def conversation_words(target: Checkpoint, own: bool) -> list[str]:
    """Where the conversation would go back to, if that can be chosen."""
    if not own:
        return []
    at = format_local(target.at)
    place = "" if target.facts.get("uuid") else ", as near as the record tells"
    return [
        f"The conversation, if that is chosen too, goes back to {at}{place}; the old one stays and "
        "can be resumed. The agent is stopped for it and goes on afterwards."
    ]


def _listed(plan: RewindPlan) -> list[str]:
    shown = [_change_words(change) for change in plan.changes[:_MOST]]
    shown += [f"keep     {item.path} ({item.reason})" for item in plan.keeps[:_MOST]]
    return shown


def _change_words(change: PlannedChange) -> str:
    what = {"create": "write", "replace": "write", "permissions": "mode"}.get(change.what, "delete")
    return f"{what:<8} {change.path}"
