"""Keep, rewind, branch, export."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tui.control.work_trees import RemovalPlan, is_removable, plan_removal, remove
from tui.model.review import Review
from tui.screens.operations.background import BackgroundTasks
from tui.screens.operations.rewind_flow import RewindFlow
from tui.screens.review.layout import ReviewSections
from tui.screens.review.sources import ReviewSource
from tui.system.format import format_count, format_local
from widgets.dialogs.dialog import Choice, Dialog, DialogAnswer, ask
from widgets.output_guard import show_toast
from widgets.review.review_lists import checkpoint_name
from widgets.review.review_view import CommitTarget, PointTarget, ReviewRow

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.branch.build import BranchResult
    from tui.control.branch.plan import BranchPlan

_TOAST_S = 8.0


class KeepTarget(Protocol):
    """The review that the decisions are about; `missing_reason` says why there will be none."""

    run_id: str | None
    sections: ReviewSections

    missing_reason: str

    @property
    def review(self) -> Review | None: ...

    @property
    def row(self) -> ReviewRow | None: ...

    def show_edges(self) -> None: ...


class KeepFlow:
    """Starts what a person decides about a reviewed night; each operation first shows its plan."""

    def __init__(self, app: App[Any], page: KeepTarget, source: ReviewSource) -> None:
        self._app = app
        self._page = page
        self._source = source
        self._background = BackgroundTasks(app)
        self._rewind_flow = RewindFlow(app, source.operations, self._background)
        self._flows: dict[str, Callable[[Review], None]] = {
            "keep_all": self._keep_all,
            "rewind": self._rewind,
            "undo": lambda review: self._rewind_flow.undo(),
            "branch": self._branch,
            "remove_tree": self._remove_tree,
        }

    def unavailable_reason(self, name: str) -> str:
        """Empty when the operation can run now; otherwise a sentence."""
        if self._page.review is None:
            return self._page.missing_reason or "the night is still being read"
        if name == "keep_all":
            return ""
        if name == "branch" and not self._page.sections.marked:
            return "nothing is marked; space marks commits (B) and files (W)"
        if name == "remove_tree":
            in_one = is_removable(self._source.project)
            return "" if in_one else "this night's files lie in the main work tree, which stays"
        if not (self._source.project / ".git").exists():
            return "this folder is no git repository"
        return ""

    def start(self, name: str) -> None:
        """Starts the operation, or says why it cannot run now."""
        reason, review = self.unavailable_reason(name), self._page.review
        if reason or review is None:
            show_toast(self._app, reason, severity="warning")
        else:
            self._app.clear_notifications()  # they would lie over the dialog's choices
            self._flows[name](review)

    def _keep_all(self, review: Review) -> None:
        """Writes down that the night was reviewed and is kept; touches nothing else."""
        night = self._page.run_id or review.run_id
        receipt = "kept: the night counts as reviewed; no file was touched"
        self._background.run(
            "notes",
            lambda: self._source.keep(night),
            lambda _: show_toast(self._app, receipt),
        )

    def _rewind(self, review: Review) -> None:
        """The same dialog as everywhere, with the point under the cursor chosen."""
        target = self._page.row.target if self._page.row is not None else None
        chosen = why = ""
        if isinstance(target, PointTarget):
            chosen = target.checkpoint
        elif isinstance(target, CommitTarget):
            chosen, why = nearest_checkpoint(review, target.sha)
        self._rewind_flow.rewind(chosen, why)

    def _branch(self, review: Review) -> None:
        """Asks for the branch's name, shows what it would hold, and makes it when told to."""
        from widgets.dialogs.text_dialogs import LineDialog

        commits, files = split_marks(self._page.sections.marked)
        lines = [f"{' and '.join(_counts(len(commits), len(files)))} to a new branch. Its name:"]
        started_at = review.night.run.started_at
        name = format_local(started_at, "night/%Y-%m-%d") if started_at else "night"

        def decided(answer: DialogAnswer) -> None:
            branch, changes = answer.text.strip(), self._page.sections.changes
            base = "" if commits else (review.base or (changes.base if changes is not None else ""))
            operations = self._source.operations()
            self._background.run(
                "operations",
                lambda: operations.plan_branch(branch, commits=commits, files=files, base=base),
                self._confirm_branch,
            )

        ask(self._app, LineDialog("Take", lines, name, Choice("plan", "Show the plan")), decided)

    def _confirm_branch(self, plan: BranchPlan) -> None:
        reason = plan.refusals[0] if plan.refusals else ""
        choice = Choice("take", "Make the branch", enabled=not reason, reason=reason)

        def decided(answer: DialogAnswer) -> None:
            operations = self._source.operations()
            self._background.run(
                "operations", lambda: operations.create_branch(plan), self._show_branch
            )

        ask(self._app, Dialog("Take to a branch", plan.sentences, [choice]), decided)

    def _show_branch(self, result: BranchResult) -> None:
        content = ", ".join(_counts(result.commits, result.files))
        receipt = f"branch {result.branch}: {content}; nothing else was touched, nothing pushed"
        show_toast(self._app, receipt, timeout=_TOAST_S)
        sections = self._page.sections
        if sections.view.is_attached:
            sections.marked.clear()
            sections.show()
            self._page.show_edges()

    # --- the work tree of the night ---

    def _remove_tree(self, review: Review) -> None:
        """Shows what removing the work tree would do, or what stands against it, and does it when told to."""
        project = self._source.project
        self._background.run("operations", lambda: plan_removal(project), self._confirm_removal)

    def _confirm_removal(self, plan: RemovalPlan) -> None:
        reason = plan.obstacles[0] if plan.obstacles else ""
        choice = Choice("remove", "Remove it", danger=True, enabled=not reason, reason=reason)
        more = f"`git merge {plan.branch}` in {plan.main} takes its work over first."
        lines = plan.sentences if plan.is_merged or not plan.branch else (*plan.sentences, more)

        def decided(answer: DialogAnswer) -> None:
            receipt = f"{plan.path} was removed; its runs stay listed in {plan.main}"
            self._background.run(
                "operations",
                lambda: remove(plan),
                lambda _: show_toast(self._app, receipt, timeout=_TOAST_S),
            )

        ask(self._app, Dialog("Remove the work tree", lines, [choice]), decided)

    # --- to a file ---

    def export(self, review: Review) -> None:
        """Asks where to, asks again before a file is replaced, and writes without secrets."""
        from widgets.dialogs.text_dialogs import LineDialog

        lines = [
            "The review as a file, without secrets and without names of people and machines.",
            "Its ending says what it is: .md, .html, .svg (the strip) or .json.",
        ]
        name = _export_name(self._source.project.name, review)
        dialog = LineDialog("Export", lines, name, Choice("write", "Write"))
        ask(self._app, dialog, lambda answer: self._confirm_export(review, answer.text.strip()))

    def _confirm_export(self, review: Review, name: str) -> None:
        if not Path(name).expanduser().is_file():
            self._write_export(review, name)
            return
        lines = [f"{name} is there already; it would be replaced."]
        dialog = Dialog("Export", lines, [Choice("replace", "Replace it", danger=True)])
        ask(self._app, dialog, lambda _: self._write_export(review, name))

    def _write_export(self, review: Review, name: str) -> None:
        run = self._page.run_id
        self._background.run(
            "notes",
            lambda: self._source.export(review, run, name),
            lambda path: show_toast(self._app, f"wrote {path}", timeout=_TOAST_S),
        )


def _export_name(project: str, review: Review) -> str:
    # Outside the repository, so that no agent commits it.
    run = review.night.run
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in project)
    return f"~/{name}-{format_local(run.started_at or review.night.now, '%Y-%m-%d')}.md"


def nearest_checkpoint(review: Review, sha: str) -> tuple[str, str]:
    """A rewind goes to checkpoints: the one next to a commit, and in words which one that is.

    The first taken after the commit and before the next one; else the last before it.
    """
    points = sorted(review.points, key=lambda point: point.at)
    place = next((number for number, point in enumerate(points) if point.id == sha), None)
    if place is None:
        return "", ""
    after = points[place + 1] if place + 1 < len(points) else None
    if after is not None and after.kind == "checkpoint":
        name = checkpoint_name(after.id)
        return name, f"{name} was taken after this commit"
    before = [point for point in points[:place] if point.kind == "checkpoint"]
    if not before:
        return "", "no checkpoint was taken at this commit, nor before it"
    name = checkpoint_name(before[-1].id)
    return name, f"no checkpoint was taken at this commit; {name} is the last before it"


def split_marks(marked: Iterable[str]) -> tuple[list[str], list[str]]:
    """The commits and the files among what is marked."""
    marks = [mark.partition(" ") for mark in sorted(marked)]
    commits = [name for kind, _, name in marks if kind == "commit"]
    return commits, [name for kind, _, name in marks if kind != "commit"]


def _counts(commits: int, files: int) -> list[str]:
    pairs = ((commits, "commit"), (files, "file"))
    return [format_count(number, word) for number, word in pairs if number]
