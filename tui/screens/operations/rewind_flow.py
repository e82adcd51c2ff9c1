"""Choose, preview, confirm, rewind, undo."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.worker import get_current_worker

from tui.control.availability import Availability
from tui.control.checkpoints.refs import Checkpoint, checkpoints_of
from tui.control.operations import Operations
from tui.control.rewind.execute import recover_rewind
from tui.control.rewind.plan import (
    CheckpointDistance,
    PlannedChange,
    RewindPlan,
    checkpoint_distances,
)
from tui.control.rewind.targets import named_targets
from tui.control.wording import describe_plan, describe_refusals
from tui.model.rows import DetailPart
from tui.screens.operations.background import BackgroundTasks, Report
from tui.system.errors import OvernightError
from tui.system.format import format_age, format_count, format_local
from widgets.dialogs.dialog import Choice, Dialog, DialogAnswer, ask, sentences_document
from widgets.dialogs.list_dialogs import Picker, PickerRow
from widgets.output_guard import show_toast
from widgets.text.detail_view import part_document
from widgets.text.documents import RowDocument

if TYPE_CHECKING:
    from textual.app import App

_MOST = 300


@dataclass(frozen=True)
class RewindFlow:
    """Rewind and undo for one screen; both show first what they would change."""

    app: App[Any]
    operations: Callable[[], Operations]
    background: BackgroundTasks

    def rewind(self, chosen: str = "", why: str = "") -> None:
        """Offers the checkpoints with what going back to each would change.

        `chosen` is under the cursor, and `why` says in a few words why it is this one.
        """
        operations = self.operations()
        if self._is_interrupted(operations):
            return
        try:
            newest = checkpoints_of(operations.work_tree)[-_MOST:]
        except OvernightError as error:
            show_toast(self.app, str(error), severity="error")
            return
        if not newest:
            show_toast(self.app, "no checkpoint yet; c takes one")
            return
        by_id = {checkpoint.id: checkpoint for checkpoint in reversed(newest)}
        named = named_targets(newest, Path(operations.run_dir).name)
        conversation = operations.conversation_availability()
        first = chosen if chosen in by_id else newest[-1].id
        intro = {first: [f"{why[:1].upper()}{why[1:]}."]} if why else {}
        plans: dict[str, RewindPlan] = {}

        def target(key: str) -> Checkpoint | str:
            return named.get(key) or by_id[key]

        def preview(key: str) -> None:
            found = target(key)
            if isinstance(found, str):
                picker.set_preview(key, None, found)
                return

            def work() -> RowDocument:
                plan = plans[key] = operations.plan_rewind(found)
                return _plan_document(plan, intro.get(key, ()), conversation.ok)

            _fill_preview(picker, key, work)

        def inspect(key: str) -> None:
            if key in plans:
                self._show_files(plans[key])

        def decided(answer: DialogAnswer) -> None:
            found = target(answer.row)
            if isinstance(found, str):
                show_toast(self.app, found, severity="error")
                return
            self._confirm(operations, answer.choice, found, plans.get(answer.row))

        rows = [_named_row(name, found) for name, found in named.items()]
        rows += [_picker_row(checkpoint) for checkpoint in by_id.values()]
        choices = _choices(conversation)
        picker = Picker("Rewind", rows, choices, preview, chosen=first, inspect=inspect)
        ask(self.app, picker, decided)
        _fill_distances(picker, operations, list(by_id.values()))

    def _is_interrupted(self, operations: Operations) -> bool:
        """Offers to bring an interrupted rewind to its end, which has to come first."""
        try:
            waiting = recover_rewind(operations.work_tree, may_act=False)
        except OvernightError as error:
            show_toast(self.app, str(error), severity="error")
            return True
        if waiting is None:
            return False

        def work(report: Report) -> str:
            done = recover_rewind(operations.work_tree, may_act=True)
            return done.sentence if done is not None else "it is over already"

        finish = Choice("finish", "Do that now", danger=True)
        dialog = Dialog("A rewind was interrupted", [waiting.sentence], [finish])
        text = "ending the interrupted rewind"
        ask(self.app, dialog, lambda _: self.background.run_operation(text, work))
        return True

    def _show_files(self, plan: RewindPlan) -> None:
        """File by file: what would be written, deleted, kept, with the diff of each."""
        changes = {str(number): change for number, change in enumerate(plan.changes)}
        keeps = {f"keep {number}": item for number, item in enumerate(plan.keeps)}

        def preview(key: str) -> None:
            if key in keeps:
                files.set_preview(key, None, f"stays as it is: {keeps[key].reason}")
                return

            def work() -> RowDocument:
                return part_document(DetailPart("", plan.diff(changes[key]), "diff"))

            _fill_preview(files, key, work)

        rows = [PickerRow(key, _change_text(change)) for key, change in changes.items()]
        rows += [
            PickerRow(key, f"keep     {item.path}", item.reason, "dim")
            for key, item in keeps.items()
        ]
        title = f"{plan.checkpoint.id}, file by file"
        files = Picker(title, rows, (), preview, preview_title="now → then")
        self.app.push_screen(files)

    def undo(self) -> None:
        """Shows what taking the last rewind back would change, and does it when told to."""
        operations = self.operations()
        if self._is_interrupted(operations):
            return

        def show(plan: RewindPlan) -> None:
            lines = [*describe_plan(plan), *describe_refusals(plan), "", *change_list(plan)]
            dialog = Dialog("Undo the last rewind", lines, [Choice("undo", "Undo it")])
            confirmed = bool(plan.refusals)
            ask(self.app, dialog, lambda _: self._execute(operations, "code", plan, confirmed))

        def work(report: Report) -> str:
            self.app.call_later(show, operations.plan_undo())
            return ""

        self.background.run_operation("looking at what the undo would change", work)

    def _confirm(
        self, operations: Operations, mode: str, target: Checkpoint, plan: RewindPlan | None
    ) -> None:
        """Asks once more where something speaks against it."""
        if mode == "conversation" or plan is None or not plan.refusals:
            self._execute(operations, mode, plan or target, False)
            return
        anyway = Choice("anyway", "Rewind all the same", danger=True)
        lines = [*describe_refusals(plan), "", *describe_plan(plan)]
        dialog = Dialog(f"Something speaks against {target.id}", lines, [anyway])
        ask(self.app, dialog, lambda _: self._execute(operations, mode, plan, True))

    def _execute(
        self, operations: Operations, mode: str, plan: RewindPlan | Checkpoint, confirmed: bool
    ) -> None:
        def work(report: Report) -> str:
            def progress(step: str, done: int, total: int) -> None:
                report(f"rewinding: {step}", done / total if total else None)

            receipt = operations.rewind(plan, mode, confirmed=confirmed, progress=progress)
            return f"{receipt.words}; u undoes it" if receipt.rewound else receipt.words

        target = plan.checkpoint if isinstance(plan, RewindPlan) else plan
        is_undo = isinstance(plan, RewindPlan) and plan.undoes
        text = "undoing the rewind" if is_undo else f"going back to {target.id}"
        self.background.run_operation(text, work)


def _fill_preview(picker: Picker, key: str, work: Callable[[], RowDocument]) -> None:
    """Shows the document beside the row; a newer row's work takes the place of an older one's."""
    BackgroundTasks(picker).run(
        "preview",
        work,
        lambda document: picker.set_preview(key, document),
        lambda reason: picker.set_preview(key, None, reason),
        exclusive=True,
    )


def _fill_distances(
    picker: Picker, operations: Operations, checkpoints: Sequence[Checkpoint]
) -> None:
    """Fills in how many files and lines each checkpoint is away, as they become known."""

    def work() -> None:
        worker = get_current_worker()
        for distance in checkpoint_distances(operations.work_tree, checkpoints):
            if worker.is_cancelled:
                return
            picker.call_later(picker.list.replace_row, _picker_row(distance.checkpoint, distance))

    # A failure is not shown here: the preview of each row has the reason.
    BackgroundTasks(picker).run("distances", work, lambda _: None, lambda _: None, exclusive=True)


def _choices(conversation: Availability) -> list[Choice]:
    ok, reason = conversation
    return [
        Choice("code", "Rewind files", danger=True),
        Choice("both", "Files and conversation", danger=True, enabled=ok, reason=reason),
        Choice("conversation", "Conversation", danger=True, enabled=ok, reason=reason),
    ]


def _named_row(name: str, found: Checkpoint | str) -> PickerRow:
    """A checkpoint by what it is for, or that there is none."""
    what = name.replace("-", " ")
    if isinstance(found, str):
        return PickerRow(name, f"{what:<9} none", "", "dim")
    row = _picker_row(found)
    return PickerRow(name, f"{what:<9} {row.label}", row.detail)


def _picker_row(checkpoint: Checkpoint, distance: CheckpointDistance | None = None) -> PickerRow:
    tests = checkpoint.facts.get("tests")
    verdict = f" · tests {tests}" if isinstance(tests, str) and tests not in ("none", "") else ""
    label = checkpoint.label or checkpoint.kind
    text = f"{checkpoint.id:<4} {format_local(checkpoint.at)}  {label}{verdict}"
    age = format_age(time.time() - checkpoint.at)
    return PickerRow(checkpoint.id, text, f"{_distance_text(distance)}{age}")


def _distance_text(distance: CheckpointDistance | None) -> str:
    if distance is None:
        return ""
    if distance.damage:
        return "damaged · "
    if not distance.files:
        return "as now · "
    files = format_count(distance.files, "file")
    return f"{files} +{distance.added:,} −{distance.removed:,} · "


def _plan_document(plan: RewindPlan, intro: Sequence[str], has_conversation: bool) -> RowDocument:
    lines = [*intro, *describe_plan(plan)]
    if has_conversation:
        at = format_local(plan.checkpoint.at)
        precision = "" if plan.checkpoint.facts.get("uuid") else ", as near as the record tells"
        lines.append(
            f"The conversation, if that is chosen too, goes back to {at}{precision}; the old one "
            "stays and can be resumed. The agent is stopped for it and goes on afterwards."
        )
    return sentences_document([*lines, *describe_refusals(plan), "", *change_list(plan)])


def change_list(plan: RewindPlan) -> list[str]:
    """What would become of each path."""
    changes = [_change_text(change) for change in plan.changes[:_MOST]]
    return [*changes, *(f"keep     {item.path} ({item.reason})" for item in plan.keeps[:_MOST])]


def _change_text(change: PlannedChange) -> str:
    verb = {"create": "write", "replace": "write", "permissions": "mode"}.get(change.kind, "delete")
    return f"{verb:<8} {change.path}"
