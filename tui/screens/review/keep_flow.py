"""Keep, rewind, branch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tui.model.review import Review
from tui.screens.operations.background import BackgroundTasks
from tui.screens.operations.rewind_flow import RewindFlow
from tui.screens.review.layout import ReviewSections
from tui.screens.review.sources import ReviewSource
from tui.system.format import format_count, format_local
from widgets.dialogs.dialog import ask
from widgets.output_guard import show_toast
from widgets.review.review_lists import checkpoint_name
from widgets.review.review_view import CommitTarget, PointTarget, ReviewRow

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.branch.build import BranchResult
    from tui.control.branch.plan import BranchPlan
    from widgets.dialogs.dialog import DialogAnswer

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
        }

    def unavailable_reason(self, name: str) -> str:
        """Empty when the operation can run now; otherwise a sentence."""
        if self._page.review is None:
            return self._page.missing_reason or "the night is still being read"
        if name == "keep_all":
            return ""
        if name == "branch" and not self._page.sections.marked:
            return "nothing is marked; space marks commits (B) and files (W)"
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
            lambda: self._source.nights.keep(night),
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
        from widgets.dialogs.dialog import Choice
        from widgets.dialogs.text_dialogs import LineDialog

        commits, files = split_marks(self._page.sections.marked)
        lines = [f"{' and '.join(_counts(len(commits), len(files)))} to a new branch. Its name:"]
        started_at = review.night.run.started_at
        name = format_local(started_at, "night/%Y-%m-%d") if started_at else "night"

        def decided(answer: DialogAnswer) -> None:
            self._plan_branch(review, answer.text.strip(), commits, files)

        ask(self._app, LineDialog("Take", lines, name, Choice("plan", "Show the plan")), decided)

    def _plan_branch(
        self, review: Review, branch: str, commits: Sequence[str], files: Sequence[str]
    ) -> None:
        changes = self._page.sections.changes
        base = "" if commits else (review.base or (changes.base if changes is not None else ""))
        operations = self._source.operations()
        self._background.run(
            "operations",
            lambda: operations.plan_branch(branch, commits=commits, files=files, base=base),
            self._confirm_branch,
        )

    def _confirm_branch(self, plan: BranchPlan) -> None:
        from widgets.dialogs.dialog import Choice, Dialog

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


def nearest_checkpoint(review: Review, sha: str) -> tuple[str, str]:
    """A rewind goes to checkpoints: the one next to a commit, and in words which one that is.

    The first taken after the commit and before the next one; else the last before it.
    """
    points = sorted(review.points, key=lambda point: point.at)
    place = next((number for number, point in enumerate(points) if point.id == sha), None)
    if place is None:
        return "", ""
    after = next(iter(points[place + 1 :]), None)
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
    commits: list[str] = []
    files: list[str] = []
    for mark in sorted(marked):
        kind, _, name = mark.partition(" ")
        (commits if kind == "commit" else files).append(name)
    return commits, files


def _counts(commits: int, files: int) -> list[str]:
    pairs = ((commits, "commit"), (files, "file"))
    return [format_count(number, word) for number, word in pairs if number]
