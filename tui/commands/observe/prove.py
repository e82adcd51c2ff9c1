"""review --prove: the night's tests and checks run again, once a person has agreed to it."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands.context import confirm, named_sources, print_notes, settings_with_notice
from tui.system.clock import SystemClock
from tui.system.errors import RefusedError

if TYPE_CHECKING:
    from tui.model.review import Proof, Review
    from tui.monitor.history.review_loader import FinishedNight
    from tui.runner.proof.night_commands import ShellLine
    from tui.runner.proof.plan import ProofPlan
    from tui.settings.settings import LoadedSettings

_PLAN_LINE = 600
_MOST_LINES = 4_000


def prove_review(arguments: argparse.Namespace, project: Path) -> tuple[Review, bool]:
    """The review of the night with its proof, and whether all that was run is green.

    Shows what would run and asks first. RefusedError: nobody agreed, or nothing can be run.
    """
    from tui.feeds.sessions.night_files import select_night
    from tui.monitor.history.review_loader import load_night, load_review

    loaded = settings_with_notice(project)
    settings, named, clock = loaded.settings, named_sources(arguments), SystemClock()
    if arguments.night is not None:
        named = select_night(project, settings, named, arguments.night)
    whole = load_night(project, settings, named, clock, alone=arguments.night is not None)
    plan = plan_of(project, whole, loaded)
    proof = None
    if plan.commands:
        _agree(plan, loaded, yes=arguments.yes)
        proof = run_proof(plan, print_notes)
        print_notes("")
    else:
        print_notes(_nothing_to_run(plan))
    review = load_review(project, settings, named_sources(arguments), clock, arguments.night)
    return review, proof is not None and is_green(proof)


def plan_of(project: Path, whole: FinishedNight, loaded: LoadedSettings) -> ProofPlan:
    """What would be run for a night. RefusedError where there is no repository."""
    from tui.monitor.history.night_end import find_night_end
    from tui.monitor.history.review_loader import read_changes
    from tui.runner.proof.plan import plan_proof
    from tui.system.git import Git

    git = Git(project)
    changes, work = read_changes(project, whole)
    end = find_night_end(project, whole.night, changes, work)
    if not end.head and not end.counts_work_tree:
        raise RefusedError(f"{project} cannot be read as it was at the night's end")
    lines = shell_lines(whole)
    return plan_proof(project, git.work_tree, whole.name, end, lines, loaded.settings)


def _nothing_to_run(plan: ProofPlan) -> str:
    left = plan.left_out[0] if plan.left_out else None
    why = f" ({left.text}: {left.why})" if left is not None else ""
    return (
        f"overnight-tui: no command is known that proves this night{why}; name one in session.test_command "
        "of the settings"
    )


def shell_lines(whole: FinishedNight) -> list[ShellLine]:
    """The shell commands of a night, what ended well after the others, test runs with a result last."""
    from tui.runner.proof.night_commands import ShellLine

    commands = [one for one in whole.fold.evidence_log().commands if not one.is_refused]
    lines = [
        ShellLine(one.command) for one in sorted(commands, key=lambda one: one.is_error is False)
    ]
    runs = sorted(whole.night.tests.runs, key=lambda run: run.verdict != "unknown")
    tested = [ShellLine(run.command, run.folder) for run in runs]
    # A run is told by its command too, without the folder that it ran in.
    texts = {one.text for one in tested}
    return [*(one for one in lines[-_MOST_LINES:] if one.text not in texts), *tested[-_MOST_LINES:]]


def _agree(plan: ProofPlan, loaded: LoadedSettings, *, yes: bool) -> None:
    from tui.store.trust import is_trusted
    from tui.system.credentials.hide import hide_credentials
    from tui.system.sanitize import clean_line

    title, *lines = (clean_line(hide_credentials(line), _PLAN_LINE) for line in plan.shown)
    trusted = is_trusted(plan.project, loaded.digest)
    shown = [title, *(f"  {line}" for line in lines)]
    confirm(shown, "Run these commands of the repository?", yes or trusted)


def run_proof(plan: ProofPlan, say: Callable[[str], None]) -> Proof:
    """Runs an agreed plan and keeps what came of it; tidies up also where this process is asked to end."""
    from tui.runner.proof.prove import prove
    from tui.store.ledgers.proofs import save_proof

    with _leaving():
        proof = prove(plan, say)
    try:
        save_proof(plan.project, plan.night, proof)
    except OSError as error:
        raise RefusedError(f"the proof cannot be kept: {error.strerror or error}") from error
    return proof


def is_green(proof: Proof) -> bool:
    """Whether everything at the night's end was proven and is green, and the tests of before are not red."""
    ends = [run for run in proof.runs if run.on == "end"]
    all_green = bool(ends) and all(run.verdict == "green" for run in ends)
    return all_green and proof.base_tests != "red" and not proof.outside


@contextmanager
def _leaving() -> Iterator[None]:
    """While it runs, a signal to end leaves through every `finally`."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = {one: signal.signal(one, leave) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
