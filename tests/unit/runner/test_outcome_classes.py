"""What each error of the API leads to, in whichever way it is told and however often it comes."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.runner.run_machine_scene import AGENT, OPEN, Machine
from tests.unit.runner.test_runner_rules import progress, result
from tui.feeds.claude.api_failures import read_failure
from tui.model.events import AgentEvent, AssistantMessage, MalformedLine, TurnResult, UserMessage
from tui.model.failures import SYNTHETIC, ApiFailure, FailureKind, LimitNotice
from tui.model.snapshot import Activity
from tui.model.state import (
    EndKind,
    LimitKind,
    Outcome,
    OutcomeKind,
    RunPhase,
    SessionState,
    StopKind,
)
from tui.runner.agent import attempt_start
from tui.runner.agent.attempt import AttemptStatus
from tui.runner.agent.outcomes import exit_outcome, turn_outcome
from tui.runner.agent.turns import TurnTracker
from tui.runner.agent.unattended import (
    UNATTENDED,
    describe_unattended,
    journal_text,
    unattended_variables,
    why_it_waits,
)
from tui.runner.decisions import (
    Circumstances,
    Decision,
    End,
    Hold,
    StartAfresh,
    SwitchModel,
    Wait,
    decide_after,
)
from tui.runner.run_state import ConversationTries, RunState, load_state
from tui.settings.original_sections import RecoverySettings, SessionSettings
from tui.settings.own_sections import AgentSettings, LimitsSettings
from tui.settings.settings import Settings
from tui.settings.units import Secret
from tui.store.journal import read_entries

Build = Callable[..., Machine]
F, K = FailureKind, OutcomeKind
PERSON = {F.LOGIN, F.FORBIDDEN, F.CREDIT, F.EXTRA_USAGE, F.MODEL_NOT_FOUND}
PASSING = {F.RATE_LIMIT, F.OVERLOADED, F.SERVER_ERROR, F.CONNECTION}
DEAD = {F.PROMPT_TOO_LONG, F.REQUEST_TOO_LARGE}
DOUBTFUL = {F.INVALID_REQUEST, F.POLICY, F.OUTPUT_LIMIT, F.UNKNOWN}
CRASHED = AttemptStatus("ended", AGENT, code=1)


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_start, "current_head", lambda project: "")


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return lambda **parts: Machine(tmp_path, Settings(**parts))


def failed(kind: FailureKind) -> TurnTracker:
    """A turn that ended with that failure."""
    turns = TurnTracker(started=True)
    limit = LimitNotice(resets_at=2_000.0) if kind == F.USAGE_LIMIT else None
    failure = ApiFailure(kind, "the words", 0, limit)
    said = AssistantMessage("m", "r", SYNTHETIC, None, True, error="x", failure=failure)
    turns.apply(AgentEvent("s", 0, 1, said))
    turns.apply(AgentEvent("s", 1, 1, result(is_error=True)))
    return turns


def decided(outcome: Outcome, state: RunState | None = None, **parts: Any) -> Decision:
    state = state or RunState()
    around = Circumstances(state, Settings(**parts), OPEN, 1_000.0, lambda: 0.5)
    return decide_after(outcome, around)


def expected(kind: FailureKind, tries: int, fresh: int) -> type[Decision]:
    if kind in PERSON:
        return End
    if kind in PASSING or kind == F.USAGE_LIMIT:
        return Wait
    if kind in DOUBTFUL and not tries:
        return Wait
    return End if fresh >= 2 else StartAfresh


@pytest.mark.parametrize("kind", F)
@pytest.mark.parametrize("tries", [0, 1, 2])
@pytest.mark.parametrize("fresh", [0, 1, 2])
@pytest.mark.parametrize("exits", [False, True])
def test_every_failure_has_its_decision(
    kind: FailureKind, tries: int, fresh: int, exits: bool
) -> None:
    state = RunState(conversation=ConversationTries(tries, fresh, done=OPEN.done))
    turns = failed(kind)
    outcome = exit_outcome(CRASHED, turns, True, "") if exits else turn_outcome(turns)
    found = decided(outcome, state)
    assert type(found) is expected(kind, tries, fresh)
    if isinstance(found, End):
        assert found.kind == EndKind.NEEDS_PERSON
        assert found.reason.startswith("needs you: ")
        assert found.stop_kind == StopKind.NEEDS_PERSON
        assert (kind not in PERSON) or found.reason.endswith(f"; to do: {kind.remedy}")
    if isinstance(found, Wait):
        # A launch counts as a restart only where something broke, not where it was waited for.
        assert found.counts == (exits and kind in DOUBTFUL)
    if isinstance(found, StartAfresh):
        assert (found.number, found.done) == (fresh + 1, OPEN.done)


@pytest.mark.parametrize("kind", sorted(DEAD | DOUBTFUL))
def test_without_resuming_a_failed_turn_ends_the_run(kind: FailureKind) -> None:
    found = decided(turn_outcome(failed(kind)), recovery=RecoverySettings(auto_resume=False))
    assert isinstance(found, End)
    assert found.kind == EndKind.CRASH


@pytest.mark.parametrize(
    "reason", ["prompt_too_long", "image_error", "blocking_limit", "rapid_refill_breaker"]
)
def test_what_the_cli_calls_the_end_of_a_conversation_is_one(reason: str) -> None:
    turns = TurnTracker(started=True)
    turns.apply(AgentEvent("s", 1, 1, result(is_error=True, terminal_reason=reason, text="?")))
    assert turn_outcome(turns).kind == K.CONVERSATION_DEAD
    limited = failed(F.USAGE_LIMIT)
    limited.apply(AgentEvent("s", 2, 1, result(is_error=True, terminal_reason=reason)))
    assert turn_outcome(limited).kind == K.USAGE_LIMIT


@pytest.mark.parametrize(
    "reason", ["malformed_tool_use_exhausted", "model_error", "turn_setup_failed", "not_known_yet"]
)
def test_other_ends_in_an_error_are_tried_once_more(reason: str) -> None:
    turns = TurnTracker(started=True)
    turns.apply(AgentEvent("s", 1, 1, result(is_error=True, terminal_reason=reason, text="?")))
    assert turn_outcome(turns).kind == K.TURN_FAILED


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, K.TURN_FAILED),
        (401, K.LOGIN_REQUIRED),
        (402, K.BILLING_REQUIRED),
        (403, K.LOGIN_REQUIRED),
        (404, K.PERSON_REQUIRED),
        (408, K.OVERLOADED),
        (409, K.OVERLOADED),
        (413, K.CONVERSATION_DEAD),
        (418, K.TURN_FAILED),
        (422, K.TURN_FAILED),
        (429, K.OVERLOADED),
        (500, K.OVERLOADED),
        (502, K.OVERLOADED),
        (504, K.OVERLOADED),
        (529, K.OVERLOADED),
        (599, K.OVERLOADED),
    ],
)
def test_a_status_alone_tells_the_class(status: int, kind: OutcomeKind) -> None:
    turns = TurnTracker(started=True)
    turns.apply(AgentEvent("s", 1, 1, result(is_error=True, api_error_status=status)))
    assert turn_outcome(turns).kind == kind


WORDS = {
    "Credit balance is too low": K.BILLING_REQUIRED,
    "Invalid API key · Please run /login": K.LOGIN_REQUIRED,
    "Claude AI usage limit reached|1790000000": K.USAGE_LIMIT,
    "API Error: 529 {'type':'overloaded_error'}": K.OVERLOADED,
    "API Error: Connection error.": K.OVERLOADED,
    "Prompt is too long": K.CONVERSATION_DEAD,
    "API Error: 400 messages.3: image exceeds 5 MB maximum": K.CONVERSATION_DEAD,
    "API Error: 400 tool use concurrency issues": K.TURN_FAILED,
    "Error: There's an issue with the selected model (nope-1). It may not exist": K.PERSON_REQUIRED,
    "error: unknown option '--bogus'": K.PERSON_REQUIRED,
    "error: option '--effort <level>' argument missing": K.PERSON_REQUIRED,
}


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("where", ["stderr", "stdout"])
@pytest.mark.parametrize("code", [0, 1])
def test_a_process_that_only_prints_its_error_has_the_same_classes(
    words: str, where: str, code: int
) -> None:
    turns = TurnTracker()
    printed = f"warning: something else\n{words}\n"
    if where == "stdout":
        for line in printed.splitlines():
            turns.apply(AgentEvent("s", 0, 1, MalformedLine("no JSON", line, len(line))))
    stderr = printed if where == "stderr" else ""
    outcome = exit_outcome(AttemptStatus("ended", AGENT, code=code), turns, False, stderr)
    assert outcome.kind == WORDS[words]
    assert outcome.exit is not None
    if outcome.kind == K.USAGE_LIMIT:
        assert outcome.resets_at == 1790000000


@pytest.mark.parametrize(
    "line", ["", "FATAL ERROR: JavaScript heap out of memory", "a (node) warning"]
)
def test_what_is_no_error_of_the_api_stays_a_crash(line: str) -> None:
    assert exit_outcome(CRASHED, TurnTracker(), False, line).kind == K.CRASH
    killed = AttemptStatus("ended", AGENT, signal=9)
    assert exit_outcome(killed, TurnTracker(), False, "Prompt is too long").kind == K.CRASH
    assert exit_outcome(AttemptStatus("lost", AGENT), TurnTracker(), False, "").kind == K.CRASH


def test_a_session_that_a_process_falls_over_is_left_after_two_tries(build: Build) -> None:
    made = build().start().runs().process_ends()
    session = made.context.state.session
    for _ in range(2):
        made.wait()
        assert made.context.state.step is not None
        assert made.context.state.step.resume == session
        made.reader.turns.started = False
        made.process_ends(CRASHED)
    step = made.context.state.step
    assert step is not None
    assert (made.phase, step.why, step.resume) == (RunPhase.LAUNCHING, "fresh", "")
    # One that had answered is a crash like any other.
    turns = TurnTracker(replies=1)
    assert exit_outcome(CRASHED, turns, True, "").kind == K.CRASH


def test_what_an_earlier_attempt_wrote_to_stderr_is_not_of_this_one(build: Build) -> None:
    made = build().start().runs()
    made.context.folder.stderr.write_text("Prompt is too long\n")
    made.process_ends().wait()
    made.reader.turns.replies = 1
    assert made.process_ends(CRASHED).waits()[0] == K.CRASH


# --- in one conversation, and in the next ones ---


def error(code: str, words: str = "") -> dict[str, Any]:
    return {"body": result(is_error=True, text=words or code), "error": code}


TOO_LONG = result(is_error=True, terminal_reason="prompt_too_long", text="Prompt is too long")
INVALID = result(is_error=True, api_error_status=400)


def test_a_conversation_that_is_dead_is_left_at_once(build: Build) -> None:
    made = build().start().runs()
    before = made.context.state.session
    assert made.turn(TOO_LONG).stopping() == (StopKind.HANDOFF, None)
    made.process_ends()
    state = made.context.state
    assert (made.phase, state.step.why if state.step else "") == (RunPhase.LAUNCHING, "fresh")
    assert state.session != before
    assert state.step is not None
    assert "it could not go on (" in state.step.prompt
    assert "Prompt is too long" in state.step.prompt
    assert "goal" in state.step.prompt
    assert state.restarts == []
    (told,) = [
        e for e in read_entries(made.context.folder.journal) if e.kind == "fresh_conversation"
    ]
    assert (told.data["number"], told.data["allowed"]) == (1, 2)


def test_a_turn_that_fails_is_tried_once_more_in_the_same_process(build: Build) -> None:
    made = build().start().runs().turn(INVALID)
    assert made.waits() == (K.TURN_FAILED, False, False)
    made.wait()
    assert made.phase == RunPhase.WORKING
    (message,) = made.context.state.outgoing
    assert message.text.startswith("Your last turn failed (HTTP 400)") or "failed (" in message.text
    assert made.context.state.restarts == []
    made.turn(INVALID)
    assert made.stopping() == (StopKind.HANDOFF, None)


def test_a_turn_that_goes_well_begins_the_count_anew(build: Build) -> None:
    made = build().start().runs()
    for _ in range(5):
        assert made.turn(INVALID).waits()[0] == K.TURN_FAILED
        made.wait()
        assert made.turn(result()).phase == RunPhase.WORKING


def dies(made: Machine) -> Machine:
    """The conversation is refused for good, and its process has been ended."""
    made.turn(TOO_LONG)
    return made.process_ends() if made.phase == RunPhase.STOPPING else made


def test_so_many_in_a_row_and_then_a_person(build: Build) -> None:
    made = build(recovery=RecoverySettings(max_fresh_conversations=3)).start().runs()
    for _ in range(3):
        assert dies(made).phase == RunPhase.LAUNCHING
        made.runs()
    assert dies(made).ended() == EndKind.NEEDS_PERSON
    assert made.machine.end is not None
    assert "3 fresh conversations before it failed too" in made.machine.end.reason
    assert "Prompt is too long" in made.machine.end.reason


def test_a_task_done_between_begins_them_anew(build: Build) -> None:
    made = build().start().runs()
    for done in range(2, 8):
        assert dies(made).phase == RunPhase.LAUNCHING
        made.runs()
        made.reader.progress = progress(("open", ""), *[("done", "")] * done)


def test_healthy_work_forgets_them(build: Build) -> None:
    made = build().start().runs()
    for _ in range(6):
        assert dies(made).phase == RunPhase.LAUNCHING
        made.runs()
        made.reader.turns.replies = 5
        made.clock.advance(601)
        made.context.advance_clock()
        made.machine.reset_restarts()
        assert made.context.state.conversation == ConversationTries()


def test_work_is_healthy_only_since_the_last_failure_and_with_answers(build: Build) -> None:
    made = build().start().runs()
    made.clock.advance(3_000)
    made.context.advance_clock()
    made.turn(INVALID).wait(100.0)
    made.reader.turns.replies = 5
    made.machine.reset_restarts()
    assert made.context.state.conversation.failed == 1
    made.clock.advance(601)
    made.context.advance_clock()
    made.reader.turns.replies = 0
    made.machine.reset_restarts()
    assert made.context.state.conversation.failed == 1
    made.reader.turns.replies = 1
    made.machine.reset_restarts()
    assert made.context.state.conversation.failed == 0


def test_a_plan_that_cannot_be_made_is_begun_anew(build: Build) -> None:
    made = build(session=SessionSettings(initializer=True)).start().runs()
    dies(made)
    step = made.context.state.step
    assert step is not None
    assert (step.why, step.initializer) == ("fresh", True)
    assert step.prompt.startswith("A coding session will follow this one.")


def test_the_counts_survive_the_supervisor(build: Build) -> None:
    made = build().start().runs()
    dies(made).runs().turn(INVALID)
    kept = load_state(made.context.folder)
    assert (kept.conversation.given_up, kept.conversation.failed) == (1, 1)
    dies(made.wait())
    assert load_state(made.context.folder).conversation.given_up == 2
    assert load_state(made.context.folder).conversation.failed == 0


def test_a_supervisor_killed_between_decision_and_launch_still_begins_afresh(build: Build) -> None:
    made = build().start().runs().turn(TOO_LONG)
    made.context.state = made.machine._state = load_state(made.context.folder)
    made.messages._context = made.context
    assert made.stopping() == (StopKind.HANDOFF, None)
    made.process_ends()
    assert made.context.state.step is not None
    assert made.context.state.step.why == "fresh"


def test_a_failure_within_a_subagent_is_not_the_conversations(build: Build) -> None:
    turns = TurnTracker(started=True)
    failure = read_failure("Prompt is too long", "invalid_request", 400, None)
    said = AssistantMessage("m", "r", SYNTHETIC, None, True, error="x", failure=failure)
    turns.apply(AgentEvent("s", 0, 1, said, thread="toolu_1"))
    turns.apply(AgentEvent("s", 1, 1, result()))
    assert turn_outcome(turns).kind == K.COMPLETED
    turns.apply(AgentEvent("s", 2, 1, result(is_error=True, api_error_status=529)))
    assert turn_outcome(turns).kind == K.OVERLOADED


# --- interrupts ---

OLD_INTERRUPT = result(subtype="error_during_execution")


@pytest.mark.parametrize(
    "body",
    [OLD_INTERRUPT, result(), INVALID, result(subtype="error_during_execution", is_error=True)],
)
def test_an_interrupt_through_us_holds_whatever_the_stream_says(
    build: Build, body: TurnResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.runner.agent.messages.send_line", lambda path, line: "sent")
    made = build().start().runs()
    made.reader.turns.open, made.messages.fifo = True, Path("/nowhere")
    made.asks("interrupt")
    made.turn(body)
    assert made.phase == RunPhase.HELD
    assert made.context.state.outgoing == []
    assert made.context.state.restarts == []
    assert made.context.state.conversation == ConversationTries()
    # The next turn is judged for itself.
    made.asks("inject", text="Go on.")
    made.machine.on_message_queued()
    assert made.turn(result()).phase == RunPhase.WORKING


def test_an_interrupt_that_nobody_heard_holds_nothing(build: Build) -> None:
    made = build().start().runs()
    made.reader.turns.open = True
    made.asks("interrupt")
    assert made.turn(OLD_INTERRUPT).waits()[0] == K.TURN_FAILED


def test_an_interrupt_is_remembered_by_the_next_supervisor_and_forgotten_by_the_next_attempt(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.runner.agent.messages.send_line", lambda path, line: "sent")
    made = build().start().runs()
    made.reader.turns.open, made.messages.fifo = True, Path("/nowhere")
    made.asks("interrupt")
    assert load_state(made.context.folder).interrupted_turn == 1
    made.process_ends().wait()
    assert load_state(made.context.folder).interrupted_turn == 0


def test_the_words_of_an_interrupt_in_the_stream_are_enough() -> None:
    turns = TurnTracker(started=True)
    turns.apply(AgentEvent("s", 0, 1, UserMessage("interrupted", "[Request interrupted by user]")))
    turns.apply(AgentEvent("s", 1, 1, OLD_INTERRUPT))
    assert turn_outcome(turns).kind == K.INTERRUPTED
    assert isinstance(decided(turn_outcome(turns)), Hold)


# --- usage limits ---

LIMITED = Outcome(K.USAGE_LIMIT, "usage limit: x", resets_at=1_500.0)
TWO_MODELS = AgentSettings(model="opus", fallback_model="sonnet")


def test_a_usage_limit_can_stop_the_run() -> None:
    found = decided(LIMITED, limits=LimitsSettings("stop"))
    assert isinstance(found, End)
    assert (found.kind, found.limit) == (EndKind.LIMIT, LimitKind.USAGE)


@pytest.mark.parametrize(
    ("agent", "resets_at", "model"),
    [
        (TWO_MODELS, 1_500.0, "sonnet"),
        (TWO_MODELS, None, "sonnet"),
        (TWO_MODELS, 900.0, ""),
        (AgentSettings(fallback_model="sonnet"), 1_500.0, "sonnet"),
        (AgentSettings(model="opus", fallback_model="opus"), 1_500.0, ""),
        (AgentSettings(), 1_500.0, ""),
    ],
)
def test_another_model_goes_on_where_there_is_one(
    agent: AgentSettings, resets_at: float | None, model: str
) -> None:
    found = decided(
        Outcome(K.USAGE_LIMIT, "x", resets_at), agent=agent, limits=LimitsSettings("fallback-model")
    )
    if not model:
        assert isinstance(found, Wait)
        return
    assert isinstance(found, SwitchModel)
    assert found.model == model
    assert found.until_wall == (1_502.0 if resets_at else 4_602.0)


def switched(
    build: Build, monkeypatch: pytest.MonkeyPatch, alive: bool
) -> tuple[Machine, list[bytes]]:
    sent: list[bytes] = []

    def send(path: Path, line: bytes) -> str:
        sent.append(line)
        return "sent"

    monkeypatch.setattr("tui.runner.agent.messages.send_line", send)
    made = build(agent=TWO_MODELS, limits=LimitsSettings("fallback-model")).start().runs()
    made.messages.fifo = Path("/nowhere")
    if alive:
        made.messages.on_attempt_ended(resumes=False)
        made.messages.fifo = Path("/nowhere")
        made.hear(INVALID, limited=True)
        made.machine.on_turn_ended()
    else:
        made.hear(INVALID, limited=True)
        made.process_ends(AttemptStatus("ended", AGENT, code=1))
    return made, sent


def test_a_living_agent_changes_its_model_and_changes_it_back(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, sent = switched(build, monkeypatch, alive=True)
    assert b'"subtype":"set_model","model":"sonnet"' in sent[-1]
    assert made.phase == RunPhase.WORKING
    assert len(made.context.state.outgoing) == 1
    made.machine.return_to_first_model()
    assert len(sent) == 1
    made.clock.advance(60)
    made.machine.return_to_first_model()
    assert b'"subtype":"set_model","model":"opus"' in sent[-1]
    assert made.context.state.fallback_until is None
    kinds = [
        e.data["model"] for e in read_entries(made.context.folder.journal) if e.kind == "model"
    ]
    assert kinds == ["sonnet", "opus"]


def test_the_second_limit_is_waited_for(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = switched(build, monkeypatch, alive=True)
    assert made.turn(INVALID, limited=True).waits() == (K.USAGE_LIMIT, False, False)


def test_an_agent_that_is_gone_is_launched_with_the_other_model(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = switched(build, monkeypatch, alive=False)
    assert made.phase == RunPhase.LAUNCHING
    assert made.context.state.step is not None
    assert (made.context.state.step.why, made.context.state.restarts) == ("continue", [])
    agent = attempt_start.settings_in_force(made.context.settings, made.context.state).agent
    assert (agent.model, agent.fallback_model) == ("sonnet", None)
    made.context.state.fallback_until = None
    agent = attempt_start.settings_in_force(made.context.settings, made.context.state).agent
    assert (agent.model, agent.fallback_model) == ("opus", "sonnet")


def retrying(made: Machine, seconds: float) -> Activity:
    """The CLI waits for a limit within the turn, for so long."""
    until = made.clock.wall() + seconds
    return Activity(
        SessionState.RATE_LIMITED,
        "HTTP 429: retry 1 of 10",
        None,
        (),
        True,
        None,
        None,
        0.0,
        until=until,
    )


def test_a_wait_within_the_turn_that_outlasts_the_run_ends_it_at_once(build: Build) -> None:
    made = build(session=SessionSettings(max_runtime_hours=1)).start().runs()
    made.machine.end_long_retry(retrying(made, 3_000))
    assert made.phase == RunPhase.WORKING
    made.machine.end_long_retry(retrying(made, 4_000))
    assert made.stopping() == (StopKind.NEEDS_PERSON, EndKind.NEEDS_PERSON)
    intent = made.context.state.intent
    assert intent is not None
    assert "after the run's end" in intent.reason


def test_a_wait_within_the_turn_has_the_bound_of_other_waits(build: Build) -> None:
    made = build(recovery=RecoverySettings(max_limit_wait_hours=2)).start().runs()
    made.machine.end_long_retry(retrying(made, 7_100))
    assert made.phase == RunPhase.WORKING
    made.machine.end_long_retry(retrying(made, 7_300))
    assert made.stopping() == (StopKind.NEEDS_PERSON, EndKind.NEEDS_PERSON)


# --- what the agent is started with ---


def test_a_persons_own_values_win() -> None:
    plain = unattended_variables({}, Settings())
    assert plain["CLAUDE_CODE_RETRY_WATCHDOG"] == "1"
    assert plain == UNATTENDED
    given = {"CLAUDE_CODE_RETRY_WATCHDOG": "0"}
    assert "CLAUDE_CODE_RETRY_WATCHDOG" not in unattended_variables(given, Settings())
    agent = AgentSettings(env={name: Secret("x") for name in UNATTENDED})
    assert unattended_variables({}, Settings(agent=agent)) == {}
    other = Settings(limits=LimitsSettings("stop"))
    assert unattended_variables({}, other) == {}


def test_they_are_shown() -> None:
    assert describe_unattended({}, Settings()) == (
        "at a usage limit: wait; sets CLAUDE_CODE_RETRY_WATCHDOG",
        "",
    )
    for name, text in UNATTENDED.items():
        assert f"{name}={text}" in journal_text({}, Settings())
    waits = Settings(limits=LimitsSettings("fallback-model"))
    text, advice = describe_unattended({}, waits)
    assert "it waits" in text
    assert "agent.fallback_model" in advice
    assert why_it_waits(Settings(agent=TWO_MODELS, limits=LimitsSettings("fallback-model"))) == ""


# --- any order of outcomes ---

KINDS = sorted(set(F) - PERSON)
NAMES = frozenset(kind.value for kind in KINDS)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.sampled_from(sorted(NAMES)),
            st.sampled_from(["well", "task done", "killed", "exits", "time", "interrupt"]),
        ),
        min_size=5,
        max_size=24,
    ),
    st.integers(0, 3),
    st.integers(0, 5),
)
def test_no_order_of_outcomes_tries_a_conversation_more_than_twice(
    events: list[str], most_fresh: int, most_restarts: int
) -> None:
    """At most two failures in one conversation with none well between; restarts are launches."""
    rules = RecoverySettings(max_fresh_conversations=most_fresh, max_restarts=most_restarts)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempt_start, "current_head", lambda project: "")
        made = Machine(Path(folder), Settings(recovery=rules)).start().runs()
        tried: dict[str, int] = {}
        for event in events:
            state = made.context.state
            if made.phase == RunPhase.ENDED:
                break
            if made.phase == RunPhase.WAITING:
                _wait_and_count(made)
            if made.phase == RunPhase.LAUNCHING:
                made.runs()
            if made.phase == RunPhase.HELD:
                made.asks("inject", text="words").machine.on_message_queued()
            before = state.session
            if event in NAMES:
                kind = FailureKind(event)
                body = result(is_error=True)
                turns = made.reader.turns
                made.messages.on_attempt_ended(resumes=False)
                made.hear(body)
                turns.failure = ApiFailure(kind, "words")
                turns.limited = kind == F.USAGE_LIMIT
                made.machine.on_turn_ended()
                if kind in DEAD | DOUBTFUL:
                    tried[before] = tried.get(before, 0) + 1
                    assert tried[before] <= 2
            elif event in ("well", "task done"):
                if event == "task done":
                    done = made.reader.progress.done + 1 if made.reader.progress else 1
                    made.reader.progress = progress(("open", ""), *[("done", "")] * done)
                made.turn()
                tried[before] = 0
            elif event == "killed":
                made.process_ends()
            elif event == "exits":
                made.reader.turns.replies = 1
                made.reader.turns.result = None
                made.process_ends(CRASHED)
            elif event == "interrupt":
                made.turn(result(is_error=True, terminal_reason="aborted_tools"))
                tried[before] = 0
            if made.phase == RunPhase.STOPPING:
                kind_of_stop, _ = made.stopping()
                made.process_ends()
                after = made.machine.phase
                assert (after == RunPhase.LAUNCHING) == (kind_of_stop == StopKind.HANDOFF)
            assert state.conversation.given_up <= most_fresh


def _wait_and_count(made: Machine) -> None:
    """Waits; a restart is counted where one was launched for a failure, and nowhere else."""
    pending, before = made.context.state.wait, len(made.context.state.restarts)
    assert pending is not None
    made.wait(700.0)
    step, launched = made.context.state.step, made.machine.phase == RunPhase.LAUNCHING
    assert launched == (pending.next is not None)
    is_restart = launched and step is not None and step.why == "crash"
    assert len(made.context.state.restarts) - before == is_restart == pending.counts


@pytest.mark.parametrize("status", [429, 500, 529])
def test_a_launch_after_a_wait_is_no_restart(build: Build, status: int) -> None:
    made = build(recovery=RecoverySettings(max_restarts=0)).start().runs()
    made.hear(result(is_error=True, api_error_status=status))
    assert made.process_ends(CRASHED).waits() == (K.OVERLOADED, False, True)
    made.wait()
    step = made.context.state.step
    assert step is not None
    assert (step.why, bool(step.resume), made.context.state.restarts) == ("continue", True, [])


def test_a_wait_that_is_cancelled_is_no_restart(build: Build) -> None:
    """By a person, by a limit, by a session that goes on by itself."""
    made = build().start().runs().process_ends()
    assert made.asks("stop").context.state.restarts == []
    made = build().start().runs().process_ends().limit(alive=False)
    assert made.context.state.restarts == []
    made = build().start().runs().turn(INVALID)
    made.reader.turns.open = True
    assert made.wait(0.0).context.state.restarts == []
    assert made.phase == RunPhase.WORKING


def test_ten_thousand_waits_between_failures_keep_within_bounds() -> None:
    dice = random.Random(3)
    rules = RecoverySettings()
    for number in range(10_000):
        state = RunState(conversation=ConversationTries(given_up=number % 3))
        around = Circumstances(state, Settings(recovery=rules), OPEN, 1_000.0, dice.random)
        found = decide_after(Outcome(K.TURN_FAILED, "x"), around)
        assert isinstance(found, Wait)
        assert rules.backoff_min_seconds <= found.pause <= rules.backoff_max_seconds
