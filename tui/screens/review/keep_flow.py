"""Keep, rewind, branch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tui.model.review import Review
from tui.screens.operations.background import BackgroundTasks
from tui.screens.operations.controller import OperationController
from tui.screens.review.layout import ReviewSections
from tui.screens.review.sources import ReviewSource
from tui.system.format import format_count, format_local
from widgets.output_guard import show_toast
from widgets.review.review_lists import checkpoint_name
from widgets.review.review_view import CommitTarget, PointTarget, ReviewRow

if TYPE_CHECKING:
    from textual.app import App

    from tui.control.branch.build import BranchResult
    from tui.control.branch.plan import BranchPlan
    from widgets.dialogs.button_row import DialogAnswer


class KeepTarget(Protocol):
    """The page that the decisions are about."""

    run_id: str | None
    sections: ReviewSections

    @property
    def review(self) -> Review | None:
        """What is known of the night; None while it is being read."""

    @property
    def row(self) -> ReviewRow | None:
        """The line under the cursor."""

    @property
    def trouble(self) -> str:
        """Why there is no review; empty while there may still be one."""

    def show_edges(self) -> None:
        """Draws what stands round the lists anew."""


class KeepFlow:
    """Carries out keep, rewind, undo and take for one review; each first shows what it would do."""

    def __init__(
        self, app: App[Any], page: KeepTarget, source: ReviewSource, aside: BackgroundTasks
    ) -> None:
        self._screen = page
        self._app = app
        self._source = source
        self._aside = aside
        self._desk = OperationController(app, source.deeds, self._night_now)

    def _night_now(self) -> None:
        """No live night is known here: the desk asks the files what goes on."""
        return None

    def why_not(self, name: str) -> str:
        """Empty when the action can work now; otherwise a sentence."""
        review = self._screen.review
        if review is None:
            return self._screen.trouble or "the night is still being read"
        if name == "keep_all":
            return ""
        if name == "take" and not self._screen.sections.marked:
            return "nothing is marked; space marks commits (B) and files (W)"
        if not (self._source.project / ".git").exists():
            return "this folder is no git repository"
        return ""

    def _allowed(self, name: str) -> bool:
        reason = self.why_not(name)
        if reason:
            show_toast(self._app, reason, severity="warning")
        else:
            self._app.clear_notifications()  # they would lie over the dialog's choices
        return not reason

    # --- rewind --------------------------------------------------------------------------------

    def rewind(self) -> None:
        """The same dialog as everywhere, with the point under the cursor chosen."""
        review = self._screen.review
        if not self._allowed("rewind") or review is None:
            return
        row = self._screen.row
        goal = row.target if row is not None else None
        chosen = why = ""
        if isinstance(goal, PointTarget):
            chosen = goal.checkpoint
        elif isinstance(goal, CommitTarget):
            chosen, why = near(review, goal.sha)
        self._desk.rewind(chosen, why)

    def undo(self) -> None:
        if self._allowed("undo"):
            self._desk.undo()

    # --- take ----------------------------------------------------------------------------------

    def take(self) -> None:
        """Asks for the branch's name, shows what it would hold, and makes it when told to."""
        review = self._screen.review
        if not self._allowed("take") or review is None:
            return
        from widgets.dialogs.button_row import Choice
        from widgets.dialogs.text_dialogs import LineDialog

        commits, files = split_marks(self._screen.sections.marked)
        parts = [format_count(len(commits), "commit")] if commits else []
        parts += [format_count(len(files), "file")] if files else []
        lines = [
            f"{' and '.join(parts)} to a new branch. Its name:",
        ]

        def decided(answer: DialogAnswer | None) -> None:
            if answer is not None:
                self._plan_take(review, answer.text.strip(), commits, files)

        dialog = LineDialog("Take", lines, branch_name(review), Choice("plan", "Show the plan"))
        self._app.push_screen(dialog, decided)

    def _plan_take(
        self, review: Review, branch: str, commits: Sequence[str], files: Sequence[str]
    ) -> None:

        changes = self._screen.sections.changes
        base = "" if commits else (review.base or (changes.base if changes is not None else ""))
        self._aside.run(
            "deeds",
            lambda: self._source.deeds().plan_branch(
                branch, commits=commits, files=files, base=base
            ),
            self._confirm_take,
        )

    def _confirm_take(self, plan: BranchPlan) -> None:
        from widgets.dialogs.button_row import Choice
        from widgets.dialogs.dialog import PlanDialog

        reason = plan.refusals[0] if plan.refusals else ""
        choice = Choice("take", "Make the branch", enabled=not reason, reason=reason)

        def decided(answer: DialogAnswer | None) -> None:
            if answer is not None:
                self._carry_out(plan)

        self._app.push_screen(PlanDialog("Take to a branch", plan.words, [choice]), decided)

    def _carry_out(self, plan: BranchPlan) -> None:
        self._aside.run("deeds", lambda: self._source.deeds().create_branch(plan), self._taken)

    def _taken(self, made: BranchResult) -> None:
        held = [format_count(made.commits, "commit")] if made.commits else []
        held += [format_count(made.files, "file")] if made.files else []
        said = f"branch {made.branch}: {', '.join(held)}; nothing else was touched, nothing pushed"
        sections = self._screen.sections
        sections.marked.clear()
        sections.show()
        self._screen.show_edges()
        show_toast(self._app, said, timeout=8.0)

    # --- keep ----------------------------------------------------------------------------------

    def keep_all(self) -> None:
        """Writes down that the night was reviewed and is kept; touches nothing else."""
        review = self._screen.review
        if not self._allowed("keep_all") or review is None:
            return

        from tui.screens.review.sources import NightsSource

        night = self._screen.run_id or review.run_id
        said = "kept: the night counts as reviewed; no file was touched"
        self._aside.run(
            "notes",
            lambda: NightsSource(self._source).keep(night),
            lambda _: show_toast(self._app, said),
        )


def near(review: Review, sha: str) -> tuple[str, str]:
    """A rewind goes to checkpoints: the one next to a commit, and in words which one that is.

    The first taken after the commit and before the next one; else the last before it.
    """
    points = sorted(review.points, key=lambda point: point.at)
    place = next((nth for nth, point in enumerate(points) if point.id == sha), None)
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


def branch_name(review: Review) -> str:
    """A name to start from: the night's date."""
    began = review.night.run.started_at
    return format_local(began, "night/%Y-%m-%d") if began else "night"
