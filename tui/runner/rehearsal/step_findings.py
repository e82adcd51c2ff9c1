"""Tests, edit and commit of a rehearsal, as rows of the doctor."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import TestRun
from tui.night.evidence.test_commands import recognise
from tui.night.evidence.test_output import cut_short, never_started
from tui.runner.copies.commands import StepOutcome
from tui.runner.doctor.checks import Finding, fail, ok, warn
from tui.runner.rehearsal.agent_turn import RehearsedCall, TurnEnding, TurnReport
from tui.runner.rehearsal.own_steps import CommitOutcome, CommitTrouble
from tui.runner.rehearsal.plan import RehearsalPlan
from tui.system.format import format_count, format_duration, shorten, shorten_line

MOST_WORDS = 160
_CANNOT_START = (126, 127)


@dataclass(frozen=True)
class Rehearsed:
    """All that was done: the agent's turn, and what this process had to do itself.

    `start_hooks` are the settings files with hooks that run before the agent begins.
    """

    plan: RehearsalPlan
    turn: TurnReport | None
    own_tests: StepOutcome | None
    own_commit: CommitOutcome | None
    edited: bool
    committed: bool
    left_out: tuple[str, ...] = ()
    no_turn: str = ""
    start_hooks: tuple[str, ...] = ()

    @property
    def has_model(self) -> bool:
        return self.turn is not None and self.turn.has_model


# --- tests ---


def is_test_call(call: RehearsedCall, plan: RehearsalPlan) -> bool:
    """Whether the call runs the project's test command, however it is wrapped."""
    if plan.tests is None or call.call.name != "Bash":
        return False
    return (
        shlex.join(plan.tests.words) in call.command or " ".join(plan.tests.words) in call.command
    )


def test_call(turn: TurnReport | None, plan: RehearsalPlan) -> RehearsedCall | None:
    """The call that ran the tests, or was to; None where the agent made none."""
    calls = turn.calls.values() if turn is not None else ()
    found = [call for call in calls if is_test_call(call, plan)]
    return next((call for call in found if call.denial is None), next(iter(found), None))


test_call.__test__ = False  # type: ignore[attr-defined]


def shows_test_end(turn: TurnReport | None, plan: RehearsalPlan) -> bool:
    """Whether the agent's turn tells how the tests are: they ended, or did not in all the time there was."""
    call = test_call(turn, plan)
    if turn is None or call is None or call.denial is not None:
        return False
    return call.result is not None or _is_endless(call, turn)


def _is_endless(call: RehearsedCall, turn: TurnReport) -> bool:
    """Whether the call had no answer when the time was over, and no hook is to blame for that."""
    is_open = call.result is None and turn.ending is TurnEnding.OUT_OF_TIME
    return is_open and not turn.hanging_hook


def tests_finding(done: Rehearsed) -> Finding:
    plan, turn = done.plan, done.turn
    if plan.tests is None:
        return warn("no test command was found", "set session.baseline_tests to the project's own")
    shown = shorten_line(shlex.join(plan.tests.words), 60)
    call = test_call(turn, plan)
    if call is not None and call.denial is None:
        if turn is not None and _is_endless(call, turn):
            return _endless(shown, turn.seconds - (call.called - _began(turn)))
        if call.result is not None:
            return _verdict(done, shown, call.result, call.seconds, None)
    if done.own_tests is None:
        return warn(f"{shown} was not run")
    is_left_out = done.has_model and (call is None or call.denial is None)
    by = "; the agent itself did not run it" if is_left_out else ""
    own = done.own_tests
    if own.missing:
        return fail(
            f"{shown} cannot be started: {own.missing}", "see session.baseline_tests and PATH"
        )
    if own.timed_out:
        return _endless(shown, own.seconds)
    result = ToolResult("", bool(own.code), own.output[-2000:], len(own.output))
    state, text, advice = _verdict(done, shown, result, own.seconds, own.code)
    if by and state == "ok":
        return warn(text + by, "whether it may is not known; rehearse again")
    return state, text + by, advice


def _began(turn: TurnReport) -> float:
    return min((call.called for call in turn.calls.values()), default=0.0)


def _endless(shown: str, seconds: float) -> Finding:
    text = f"{shown} did not end within {format_duration(max(0.0, seconds))}"
    return fail(text, "name a shorter command in session.baseline_tests")


def _verdict(
    done: Rehearsed, shown: str, result: ToolResult, seconds: float, code: int | None
) -> Finding:
    """What a run of the tests that came to its end says."""
    took = f"in {format_duration(seconds)}"
    if code in _CANNOT_START or (result.is_error and never_started(result.excerpt)):
        words = shorten_line(result.excerpt, MOST_WORDS)
        return fail(f"{shown} cannot be started: {words}", "see session.baseline_tests and PATH")
    if result.is_error and cut_short(f"{result.head}\n{result.excerpt}"):
        return fail(f"{shown} was ended {took}, before it was through", "name a shorter command")
    call = ToolCall("", "Bash", shown, 0, command=shown)
    run = recognise(call, result, None, SourceRef("", 0))
    counted = _counted(run)
    if not result.is_error and (run is None or run.verdict != "red"):
        return ok(f"{shown} is green {took}{counted}")
    words = counted or f": {shorten_line(result.excerpt[-MOST_WORDS:], MOST_WORDS)}"
    without = f" in a copy without {done.left_out[0]}" if done.left_out else ""
    red = f"{shown} is red already{without} {took}{words}"
    if done.plan.settings.session.baseline_tests and not done.left_out:
        return fail(red, "the night would not begin: session.baseline_tests must be green")
    return warn(red, "mend them first, or say in the goal that they are red")


def _counted(run: TestRun | None) -> str:
    if run is None or run.passed is None:
        return ""
    total = format_count(run.passed + (run.failed or 0), "test")
    return f", {run.failed} of {total}" if run.failed else f", {total}"


# --- edit and commit ---


def edit_finding(done: Rehearsed) -> Finding:
    if done.edited:
        return ok("the agent wrote a file")
    calls = done.turn.calls.values() if done.turn is not None else ()
    if any(call.call.name in ("Write", "Edit") and call.denial is not None for call in calls):
        return fail("the agent may not write files", "see agent.permissions")
    return warn("the agent wrote no file; whether it may is not known", "rehearse again")


_COMMIT_ADVICE: Mapping[CommitTrouble, tuple[str, str]] = {
    CommitTrouble.IDENTITY: (
        "git knows no name for the author",
        "git config user.name and user.email, here or --global",
    ),
    CommitTrouble.SIGNING: (
        "commits must be signed, and nobody is there to sign",
        "give the agent a key without a passphrase, or switch commit.gpgsign off here",
    ),
    CommitTrouble.LOCKED: ("a lock file is in the way", "remove it if no git runs here"),
    CommitTrouble.HOOK: (
        "a hook of the repository refused it",
        "mend what the hook asks for, or work on a branch that it lets commit",
    ),
    CommitTrouble.NO_SPACE: ("no space is left", "make room on the disk"),
    CommitTrouble.READ_ONLY: ("the file system is read-only", "mount it so that it can be written"),
    CommitTrouble.HANGS: (
        "the commit did not end: a hook or a question for a passphrase hangs",
        "see the hooks of the repository and commit.gpgsign",
    ),
    CommitTrouble.OTHER: ("git could not commit", "commit by hand to see why"),
}


def commit_finding(done: Rehearsed) -> Finding:
    own = done.own_commit
    if done.committed:
        return ok("the agent's commit stands in the copy")
    if own is None:
        return warn("no commit was tried")
    if own.trouble is not None:
        text, advice = _COMMIT_ADVICE[own.trouble]
        said = shorten(own.words, MOST_WORDS)
        return fail(f"{text}{': ' if said else ''}{said}", advice)
    if not done.has_model:
        return ok("a commit stands in the copy, made without the agent")
    calls = done.turn.calls.values() if done.turn is not None else ()
    tried = [call for call in calls if "commit" in call.command]
    if any(call.denial is not None for call in tried):
        return fail("the agent may not commit; git itself can", "allow it as said above")
    if tried:
        said = (
            shorten_line(tried[-1].result.excerpt, MOST_WORDS) if tried[-1].result else "no answer"
        )
        return warn(f"the agent's commit did not stand, though one without it does: {said}")
    return warn("the agent tried no commit; one without it stands", "rehearse again")
