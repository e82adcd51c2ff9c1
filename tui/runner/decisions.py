"""What follows the end of a turn or of a process: pure functions from an outcome to a decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tui.control.completion import is_complete, is_stuck
from tui.model.evidence.log import TestSummary
from tui.model.records import ProgressFile
from tui.model.state import EndKind, LimitKind, NotifyKind, Outcome, OutcomeKind, StopKind
from tui.runner.agent.unattended import fallback_model
from tui.runner.policy import iterations, prompts, test_floor
from tui.runner.run_state import NextAttempt, RunState, StopIntent, Why
from tui.settings.original_sections import RecoverySettings
from tui.settings.settings import Settings
from tui.system.format import format_weekday_clock

RESET_MARGIN_SECONDS = 2.0
UNSAID_RESET_SECONDS = 3600.0
"""After so long the first model is tried again where nobody said when its limit resets."""
_WITH_NOTE = frozenset((LimitKind.CONTINUATIONS, LimitKind.TESTS))


class Circumstances(Struct, frozen=True):
    """What a decision depends on beside the outcome; a decision changes nothing of it.

    `progress` is None where the progress file counts no tasks. `random` gives a number from 0 to 1. `tests`
    are those that ran, `may_spend` says that our own limits of money leave something.
    """

    state: RunState
    settings: Settings
    progress: ProgressFile | None
    now: float
    random: Callable[[], float]
    tests: TestSummary = TestSummary()
    may_spend: bool = False


class End(Struct, frozen=True):
    """The run is to end; a living agent is stopped first. `log` is a line for the log only."""

    kind: EndKind
    reason: str
    limit: LimitKind | None = None
    log: str = ""

    @property
    def stop_kind(self) -> StopKind:
        """How a living agent is to be ended for it."""
        if self.limit in _WITH_NOTE:
            return StopKind.LIMIT
        needs_person = self.kind.notify_event == NotifyKind.NEEDS_YOU
        return StopKind.NEEDS_PERSON if needs_person else StopKind.FINISH


class HandOff(Struct, frozen=True):
    """A fresh session is to go on, with the progress file and the session notes."""

    why: str


class StartAfresh(Struct, frozen=True):
    """The conversation cannot go on; a fresh one is to, with the progress file and the session notes.

    `number` conversations in a row were given up without a task done, this one included; `done` tasks are.
    """

    why: str
    number: int
    done: int


class SwitchModel(Struct, frozen=True):
    """The usage limit of the first model is reached; `model` is to go on until then."""

    model: str
    reason: str
    until_wall: float


class TestBaseline(Struct, frozen=True):
    """The baseline tests must pass before the first attempt, or after the plan."""

    __test__ = False


class Continue(Struct, frozen=True):
    """The session is to go on with the open tasks; `number` continuations brought no task done."""

    progress: ProgressFile
    number: int
    mends_tests: bool = False


class Hold(Struct, frozen=True):
    """The session is to wait for a message."""


class Wait(Struct, frozen=True):
    """The session is to go on after `pause` seconds, or at `until_wall`.

    `counts` says whether it counts as a restart, `restarts` are the earlier ones that still count.
    `forget_session` says that the next attempt cannot resume.
    """

    kind: OutcomeKind
    reason: str
    pause: float
    until_wall: float | None = None
    counts: bool = False
    forget_session: bool = False
    restarts: tuple[float, ...] = ()


Decision = End | HandOff | StartAfresh | SwitchModel | TestBaseline | Continue | Hold | Wait


def decide_after(outcome: Outcome, circumstances: Circumstances) -> Decision:
    match outcome.kind:
        case OutcomeKind.COMPLETED | OutcomeKind.MAX_TURNS:
            return _after_turn(outcome.kind, circumstances)
        case (
            OutcomeKind.LOGIN_REQUIRED | OutcomeKind.BILLING_REQUIRED | OutcomeKind.PERSON_REQUIRED
        ):
            return _needs_person(outcome.text)
        case OutcomeKind.BUDGET_EXHAUSTED:
            return _after_budget(outcome, circumstances)
        case OutcomeKind.STOPPED_BY_PERSON:
            return End(EndKind.STOPPED, f"stopped by person: {outcome.text}")
        case OutcomeKind.INTERRUPTED if outcome.exit is None:
            return Hold()
        case OutcomeKind.INTERRUPTED:
            return End(EndKind.STOPPED, f"stopped by person: {outcome.text}")
        case OutcomeKind.USAGE_LIMIT:
            return _after_usage_limit(outcome, circumstances)
        case OutcomeKind.OVERLOADED:
            return _wait_for_limit(outcome, circumstances)
        case OutcomeKind.CRASH | OutcomeKind.RESUME_REFUSED:
            return _restart(outcome, circumstances)
        case OutcomeKind.TURN_FAILED | OutcomeKind.CONVERSATION_DEAD:
            return _after_failed_turn(outcome, circumstances)


def decide_after_baseline(trouble: str) -> Decision:
    """What follows the baseline tests; `trouble` is empty if they pass."""
    if trouble:
        return _needs_person(f"the baseline tests fail: {trouble}")
    return HandOff("the plan is made")


def _needs_person(reason: str) -> End:
    return End(EndKind.NEEDS_PERSON, f"needs you: {reason}")


def _after_budget(outcome: Outcome, circumstances: Circumstances) -> Decision:
    """The agent's own budget was what one of our limits left, or its own."""
    kind = circumstances.state.budget_limit or LimitKind.AGENT_BUDGET
    if kind != LimitKind.AGENT_BUDGET and circumstances.may_spend:
        return HandOff("its budget was used up, and there is money again")
    return End(EndKind.LIMIT, f"limit: {outcome.text}", kind)


# complexity: each end of a turn is looked at in this order
def _after_turn(kind: OutcomeKind, circumstances: Circumstances) -> Decision:
    state, settings, progress = circumstances.state, circumstances.settings, circumstances.progress
    if state.is_planning:
        return TestBaseline() if settings.session.baseline_tests else decide_after_baseline("")
    below = test_floor.is_below(circumstances.tests, settings)
    if progress is None and not below:
        return End(EndKind.TURN_ENDED, "the turn ended; the progress file counts no tasks")
    progress = progress or ProgressFile("", None, "unknown", 0, 0)
    if below and test_floor.is_given_up(state):
        text = test_floor.reading(circumstances.tests, settings).text
        return End(EndKind.LIMIT, f"limit: tests {text}", LimitKind.TESTS)
    if not below and is_complete(progress, settings.enforcement):
        return End(EndKind.TASKS_DONE, "all tasks done")
    hands_over = bool(state.handoff_message) and kind == OutcomeKind.COMPLETED
    if not (below or hands_over or settings.enforcement.continuous_mode):
        return End(EndKind.TURN_ENDED, f"the turn ended with {progress.open} tasks open")
    if not (below or hands_over) and is_stuck(progress):
        return _needs_person(f"all {progress.open} open tasks are blocked")
    return end_of_iterations(state, settings, progress) or (
        HandOff("its context was filling up")
        if hands_over
        else Continue(progress, iterations.number_of_next(state, progress), mends_tests=below)
    )


def end_of_iterations(
    state: RunState, settings: Settings, progress: ProgressFile | None
) -> End | None:
    """How the run ends that may not go on once more, by a continuation or a hand-over."""
    given_up = iterations.why_given_up(state, progress, settings)
    if given_up:
        return End(EndKind.GAVE_UP, given_up)
    if iterations.is_used_up(state, settings):
        text = iterations.reading(state, settings).text
        return End(EndKind.LIMIT, f"limit: continuations {text}", LimitKind.CONTINUATIONS)
    return None


def _after_usage_limit(outcome: Outcome, circumstances: Circumstances) -> Decision:
    state, settings = circumstances.state, circumstances.settings
    model = fallback_model(settings)
    match settings.limits.on_limit:
        case "stop":
            return End(EndKind.LIMIT, f"limit: {outcome.text}", LimitKind.USAGE)
        case "fallback-model" if model and state.fallback_until is None:
            unsaid = circumstances.now + UNSAID_RESET_SECONDS
            until = unsaid if outcome.resets_at is None else outcome.resets_at
            if until > circumstances.now:
                return SwitchModel(model, outcome.text, until + RESET_MARGIN_SECONDS)
    return _wait_for_limit(outcome, circumstances)


def _wait_for_limit(outcome: Outcome, circumstances: Circumstances) -> Decision:
    """Waits out an overload or a usage limit, without counting it as a restart."""
    state, rules = circumstances.state, circumstances.settings.recovery
    pause = backoff_seconds(state.waits_in_a_row, rules, circumstances.random)
    resets = outcome.resets_at if outcome.kind == OutcomeKind.USAGE_LIMIT else None
    if resets is not None and resets > circumstances.now:
        pause = resets - circumstances.now + RESET_MARGIN_SECONDS
    until = None if resets is None else circumstances.now + pause
    return end_of_wait(outcome.text, resets, pause, circumstances) or Wait(
        outcome.kind, outcome.text, pause, until
    )


def end_of_wait(
    text: str, resets: float | None, pause: float, circumstances: Circumstances
) -> End | None:
    """The end of a run that would wait too long, so that a person can still do something.

    The allowance covers all consecutive waits together, in seconds of the run. A reset after the run's own
    end is not waited for: nothing could follow it.
    """
    state, now = circumstances.state, circumstances.now
    hours = circumstances.settings.session.max_runtime_hours
    lifted = "" if resets is None else format_weekday_clock(resets)
    if lifted and hours is not None and state.elapsed + pause > hours * 3600:
        end = format_weekday_clock(now + hours * 3600 - state.elapsed)
        return _needs_person(f"{text}; it resets {lifted}, after the run's end {end}")
    since = state.elapsed if state.limited_since is None else state.limited_since
    longest = circumstances.settings.recovery.max_limit_wait_hours
    if longest is not None and state.elapsed - since + pause > longest * 3600:
        late = f"; it resets {lifted}, and recovery.max_limit_wait_hours is {longest:g}"
        return _needs_person(f"{text}{late if lifted else ''}")
    return None


def _after_failed_turn(outcome: Outcome, circumstances: Circumstances) -> Decision:
    """Tries once more in the same conversation where that may help, then in fresh ones.

    At most two tries are made in one conversation. A task done between two fresh ones begins their count anew.
    """
    state, settings = circumstances.state, circumstances.settings
    rules, tries = settings.recovery, state.conversation
    if not rules.auto_resume:
        return End(EndKind.CRASH, f"crashed: {outcome.text}")
    if outcome.kind == OutcomeKind.TURN_FAILED and not tries.failed:
        if outcome.exit is not None:
            return _restart(outcome, circumstances)
        pause = backoff_seconds(2 * tries.given_up, rules, circumstances.random)
        return Wait(outcome.kind, outcome.text, pause)
    done = circumstances.progress.done if circumstances.progress is not None else 0
    number = 1 if done > tries.done else tries.given_up + 1
    if number > rules.max_fresh_conversations:
        others = (
            f"{tries.given_up} fresh conversations before it failed too; " if tries.given_up else ""
        )
        return _needs_person(f"the conversation cannot go on; {others}the last: {outcome.text}")
    return StartAfresh(outcome.text, number, done)


def _restart(outcome: Outcome, circumstances: Circumstances) -> Decision:
    state, rules = circumstances.state, circumstances.settings.recovery
    if not rules.auto_resume:
        return End(EndKind.CRASH, f"crashed: {outcome.text}")
    restarts = counted_restarts(state.restarts, state.elapsed, rules)
    if len(restarts) >= rules.max_restarts:
        allowed = f"{rules.max_restarts} restarts within {rules.window_minutes:g} min"
        reason = f"gave up: {allowed}; the last: {outcome.text}"
        log = f"Maximum restart attempts ({rules.max_restarts}) exceeded"
        return End(EndKind.GAVE_UP, reason, log=log)
    pause = backoff_seconds(len(restarts), rules, circumstances.random)
    forget, counted = outcome.kind == OutcomeKind.RESUME_REFUSED, tuple(restarts)
    return Wait(
        outcome.kind, outcome.text, pause, counts=True, forget_session=forget, restarts=counted
    )


def first_attempt(goal: str, settings: Settings) -> NextAttempt:
    """The attempt that a run begins with."""
    if settings.session.initializer:
        return NextAttempt("initializer", prompts.planning_prompt(goal, settings), initializer=True)
    return NextAttempt("start", prompts.goal_prompt(goal, settings))


def resuming_attempt(
    state: RunState, goal: str, settings: Settings, prompt: str, why: Why = "crash"
) -> NextAttempt:
    """The attempt after one that broke off: resumed if possible, else fresh with the notes."""
    before = state.step
    if before is not None and not state.resumable_session and state.attempts_counted <= 1:
        return replace(before, why=why, resume="", fork=False, resume_at="")
    if not state.resumable_session:
        return NextAttempt(why, prompts.fresh_session_prompt(goal, settings, "it broke off"))
    resume, planning = state.resumable_session, state.is_planning
    return NextAttempt(why, prompt, resume=resume, initializer=planning)


def fresh_attempt(state: RunState, goal: str, settings: Settings, why: str) -> NextAttempt:
    """The attempt after a conversation that cannot go on; a plan that was not made is made anew."""
    if state.is_planning:
        return replace(first_attempt(goal, settings), why="fresh")
    reason = f"it could not go on ({why})"
    prompt = prompts.fresh_session_prompt(goal, settings, reason)
    return NextAttempt("fresh", f"{prompt}\n\n{prompts.AVOID}")


def end_for_intent(intent: StopIntent) -> End:
    """How the run ends once the agent of this intent is gone."""
    match intent.kind:
        case StopKind.LIMIT if intent.end is None:
            return End(EndKind.LIMIT, f"limit: {intent.reason}", intent.limit)
        case StopKind.STOP:
            return End(EndKind.STOPPED, "stopped by person")
        case StopKind.KILL:
            return End(EndKind.KILLED, "killed by person")
        case _:
            kind = intent.end or EndKind.of_entry({"reason": intent.reason})
            return End(kind, intent.reason, intent.limit)


# --- restarts ---


def backoff_seconds(failures: int, rules: RecoverySettings, random: Callable[[], float]) -> float:
    """Seconds to wait before the restart that follows `failures` earlier ones.

    Doubles each time, varies by the configured share, and keeps within the configured bounds.
    `random` gives a number from 0 to 1.
    """
    jitter = rules.backoff_jitter_pct / 100
    # Bounded, as 2.0 ** 1024 overflows; beyond 2 ** 40 every wait is the longest one anyway.
    doubled = rules.backoff_base_seconds * 2.0 ** min(failures, 40)
    varied = doubled * (1 - jitter + 2 * jitter * random())
    longest = max(rules.backoff_max_seconds, rules.backoff_min_seconds)
    return min(max(varied, rules.backoff_min_seconds), longest)


def counted_restarts(
    restarts: Sequence[float], elapsed: float, rules: RecoverySettings
) -> list[float]:
    """The restarts that still count at `elapsed` seconds of the run."""
    oldest = elapsed - rules.window_minutes * 60
    return [at for at in restarts if at > oldest]
