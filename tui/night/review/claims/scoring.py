"""The check for each kind of claim."""

from __future__ import annotations

from collections.abc import Callable

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.checks import (
    code,
    commands,
    files,
    git,
    tasks,
    tests_added,
    tests_pass,
    values,
)
from tui.night.review.claims.facts import ClaimVerdict
from tui.night.review.claims.night_facts import Case, NightFacts

Check = Callable[[NightFacts, Case], ClaimVerdict | None]


def _or_work(check: Check) -> Check:
    """A check that needs a path or a name; without it, the words are looked for in what changed."""

    def checked(night: NightFacts, case: Case) -> ClaimVerdict | None:
        return check(night, case) or (code.check_work(night, case) if case.statement.work else None)

    return checked


CHECKS: dict[ClaimKind, Check] = {
    ClaimKind.TESTS_PASS: tests_pass.check_tests,
    ClaimKind.TESTS_ADDED: _or_work(tests_added.check_tests_added),
    ClaimKind.CHECK_CLEAN: commands.check_clean,
    ClaimKind.COMMAND_RAN: commands.check_ran,
    ClaimKind.FIGURE: commands.check_figure,
    ClaimKind.FILE_MADE: _or_work(files.check_made),
    ClaimKind.FILE_CHANGED: _or_work(files.check_changed),
    ClaimKind.FILE_REMOVED: _or_work(files.check_removed),
    ClaimKind.FILE_RENAMED: _or_work(files.check_renamed),
    ClaimKind.VALUE_SET: _or_work(values.check_value),
    ClaimKind.CODE_ADDED: code.check_work,
    ClaimKind.CODE_REMOVED: code.check_work,
    ClaimKind.BUG_FIXED: code.check_work,
    ClaimKind.COMMITTED: git.check_committed,
    ClaimKind.PUSHED: git.check_pushed,
    ClaimKind.PR_OPENED: git.check_opened,
    ClaimKind.INSTALLED: commands.check_installed,
    ClaimKind.TASK_DONE: code.check_work,
    ClaimKind.UNCHANGED: files.check_unchanged,
    ClaimKind.NOT_DONE: tasks.check_not_done,
}


def score(night: NightFacts, case: Case, weak: int = 0) -> ClaimVerdict | None:
    """The verdict on a claim; None where it names nothing that can be looked for.

    `weak` is the number of this night's ticked tasks that are not verified.
    """
    if case.statement.kind == ClaimKind.ALL_DONE:
        return tasks.check_all_done(night, case, weak)
    return CHECKS[case.statement.kind](night, case)
