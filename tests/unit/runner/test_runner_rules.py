"""The rules without processes: backoff, completion, outcomes, command line, clocks, messages."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import FakeClock
from tui.control.completion import is_complete, is_stuck
from tui.feeds.claude.api_failures import read_failure
from tui.model.events import AgentEvent, AssistantMessage, RateLimit, TurnResult
from tui.model.failures import SYNTHETIC
from tui.model.records import Arrival, ProgressFile, ProgressTask
from tui.model.state import OutcomeKind, RunPhase, StallKind, StopKind
from tui.runner import decisions
from tui.runner.agent import messages
from tui.runner.agent.attempt import MARK, AttemptStatus, attempt_environment
from tui.runner.agent.launch import agent_arguments
from tui.runner.agent.outcomes import exit_outcome, turn_outcome
from tui.runner.agent.turns import TurnTracker
from tui.runner.run_context import RunContext
from tui.runner.run_state import (
    NextAttempt,
    OutgoingMessage,
    RunState,
    ScheduledWait,
    StopIntent,
    load_state,
    save_state,
)
from tui.settings.original_sections import EnforcementSettings, RecoverySettings
from tui.settings.own_sections import AgentSettings
from tui.settings.settings import Settings
from tui.settings.units import Secret
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory
from tui.store.runs import RunFacts, arrival_line, create_run, read_arrivals, read_run_settings
from tui.system.clock import clock_for

# --- backoff ---


def test_ten_thousand_waits_keep_within_their_bounds() -> None:
    rules = RecoverySettings(backoff_jitter_pct=25)
    dice = random.Random(1)
    for number in range(10_000):
        failures = number % 12
        wait = decisions.backoff_seconds(failures, rules, dice.random)
        whole = 30 * 2**failures
        assert 10 <= wait <= 600
        assert wait <= whole * 1.25 + 1e-9
        assert wait >= min(600, whole * 0.75) - 1e-9


def test_waits_vary_double_and_end_at_the_longest() -> None:
    rules = RecoverySettings(backoff_jitter_pct=25)
    assert decisions.backoff_seconds(0, rules, lambda: 0.0) == 22.5
    assert decisions.backoff_seconds(0, rules, lambda: 1.0) == 37.5
    assert decisions.backoff_seconds(3, rules, lambda: 0.5) == 240
    assert decisions.backoff_seconds(1000, rules, lambda: 0.5) == 600
    short = RecoverySettings(backoff_base_seconds=1)
    assert decisions.backoff_seconds(0, short, lambda: 0.5) == 10


def test_waits_vary_by_a_quarter_unless_told_otherwise() -> None:
    rules = RecoverySettings()
    assert decisions.backoff_seconds(1, rules, lambda: 0.0) == 45
    assert decisions.backoff_seconds(1, rules, lambda: 1.0) == 75
    assert (rules.max_restarts, rules.backoff_min_seconds, rules.backoff_max_seconds) == (
        5,
        10,
        600,
    )


def test_restarts_are_counted_within_the_window_only() -> None:
    rules = RecoverySettings(window_minutes=10)
    assert decisions.counted_restarts([0, 10, 20], 30, rules) == [0, 10, 20]
    assert decisions.counted_restarts([0, 10, 20], 605, rules) == [10, 20]


# --- completion ---


def progress(*tasks: tuple[str, str]) -> ProgressFile:
    made = tuple(ProgressTask(f"t{n}", state, priority=p) for n, (state, p) in enumerate(tasks))  # type: ignore[arg-type]
    done = sum(task.state == "done" for task in made)
    return ProgressFile("f", None, "checkboxes", done, len(made) - done, made)


def test_done_is_what_the_progress_file_says() -> None:
    rules = EnforcementSettings()
    assert is_complete(progress(("done", ""), ("done", "P2")), rules)
    assert not is_complete(progress(("done", ""), ("open", "P2")), rules)
    lenient = EnforcementSettings(min_completion_pct=50)
    assert is_complete(progress(("done", ""), ("open", "P2")), lenient)
    assert not is_complete(progress(("done", ""), ("open", "P1")), lenient)
    assert not is_complete(progress(("done", ""), ("open", "P0"), ("open", "")), lenient)
    assert is_stuck(progress(("done", ""), ("blocked", "")))
    assert not is_stuck(progress(("blocked", ""), ("open", "")))
    assert not is_stuck(progress(("done", "")))


# --- outcomes ---


def result(**facts: object) -> TurnResult:
    basis: dict[str, object] = {
        "subtype": "success", "is_error": False, "turns": 1, "duration_ms": 5, "cost_usd": 0.0
    }  # fmt: skip
    return TurnResult(**{**basis, **facts})  # type: ignore[arg-type]


def turns_with(body: TurnResult, error: str = "", limit: float | None = None) -> TurnTracker:
    turns = TurnTracker(started=True)
    if limit is not None:
        turns.apply(AgentEvent("s", 0, 1, RateLimit("rejected", limit, "five_hour")))
    if error:
        failure = read_failure("what the CLI said", error, 0, None)
        said = AssistantMessage(
            "m", "r", SYNTHETIC, None, True, text="x", error=error, failure=failure
        )
        turns.apply(AgentEvent("s", 1, 1, said))
    turns.apply(AgentEvent("s", 2, 1, body))
    return turns


@pytest.mark.parametrize(
    ("body", "error", "limit", "kind"),
    [
        (result(), "", None, OutcomeKind.COMPLETED),
        (result(subtype="error_max_turns", is_error=True), "", None, OutcomeKind.MAX_TURNS),
        (
            result(subtype="error_max_budget_usd", is_error=True),
            "",
            None,
            OutcomeKind.BUDGET_EXHAUSTED,
        ),
        (result(is_error=True, terminal_reason="aborted_tools"), "", None, OutcomeKind.INTERRUPTED),
        (
            result(is_error=True, api_error_status=401),
            "authentication_failed",
            None,
            OutcomeKind.LOGIN_REQUIRED,
        ),
        (
            result(is_error=True, api_error_status=400),
            "billing_error",
            None,
            OutcomeKind.BILLING_REQUIRED,
        ),
        (result(is_error=True, api_error_status=429), "rate_limit", 99.0, OutcomeKind.USAGE_LIMIT),
        (result(is_error=True, api_error_status=529), "overloaded", None, OutcomeKind.OVERLOADED),
        (result(is_error=True, api_error_status=500), "server_error", None, OutcomeKind.OVERLOADED),
        (
            result(is_error=True, api_error_status=400),
            "invalid_request",
            None,
            OutcomeKind.TURN_FAILED,
        ),
        (
            result(is_error=True, api_error_status=404),
            "model_not_found",
            None,
            OutcomeKind.PERSON_REQUIRED,
        ),
        (result(is_error=True, api_error_status=429), "", None, OutcomeKind.OVERLOADED),
        (result(is_error=True, api_error_status=401), "", None, OutcomeKind.LOGIN_REQUIRED),
        (result(is_error=True), "", 99.0, OutcomeKind.USAGE_LIMIT),
        (result(is_error=True), "", None, OutcomeKind.TURN_FAILED),
    ],
)
def test_what_a_turns_end_means(
    body: TurnResult, error: str, limit: float | None, kind: OutcomeKind
) -> None:
    outcome = turn_outcome(turns_with(body, error, limit))
    assert outcome.kind == kind
    assert outcome.resets_at == limit


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Credit balance is too low", OutcomeKind.BILLING_REQUIRED),
        ("API Error: Extra usage is required for 1M context", OutcomeKind.BILLING_REQUIRED),
        ("API Error: Connection error.", OutcomeKind.OVERLOADED),
        ("Prompt is too long", OutcomeKind.CONVERSATION_DEAD),
        ("Claude AI usage limit reached|1790000000", OutcomeKind.USAGE_LIMIT),
    ],
)
def test_words_alone_tell_what_a_turns_end_means(words: str, kind: OutcomeKind) -> None:
    turns = TurnTracker(started=True)
    failure = read_failure(words, "unknown", 0, None)
    said = AssistantMessage("m", "r", SYNTHETIC, None, True, words, error="x", failure=failure)
    for body in (said, result(is_error=True)):
        turns.apply(AgentEvent("s", 1, 1, body))
    outcome = turn_outcome(turns)
    assert outcome.kind == kind
    to_do = f"; to do: {failure.kind.remedy}" if kind == OutcomeKind.BILLING_REQUIRED else ""
    assert outcome.text == f"{failure.kind.words}: {words}{to_do}"
    assert outcome.resets_at == (1790000000 if kind == OutcomeKind.USAGE_LIMIT else None)


def test_what_a_process_end_means() -> None:
    fresh = TurnTracker()
    assert exit_outcome(AttemptStatus("ended", signal=9), fresh, False, "").text.endswith("SIGKILL")
    assert exit_outcome(AttemptStatus("lost"), fresh, False, "").kind == OutcomeKind.CRASH
    assert exit_outcome(AttemptStatus("ended", code=0), fresh, False, "").kind == OutcomeKind.CRASH
    refused = exit_outcome(
        AttemptStatus("ended", code=1), fresh, True, "No conversation found with …"
    )
    assert refused.kind == OutcomeKind.RESUME_REFUSED
    assert (
        exit_outcome(AttemptStatus("ended", code=1), fresh, False, "No conversation found").kind
        == OutcomeKind.CRASH
    )
    over = turns_with(result())
    assert (
        exit_outcome(AttemptStatus("ended", code=0), over, True, "").kind == OutcomeKind.COMPLETED
    )


# --- the command line ---


def test_the_command_line_follows_the_settings() -> None:
    agent = AgentSettings(
        model="opus",
        max_turns=7,
        max_budget_usd=2.5,
        allowed_tools=("Bash(git *)", "Edit"),
        sandbox="on",
        env={"TOKEN": Secret("hidden")},
        extra_args=("--one",),
    )
    facts = RunFacts("r", "g", "/p", 0.0, ("claude",), extra=("--two",))
    words = agent_arguments(facts, Settings(agent=agent), NextAttempt("start", "x"), "SID")
    text = " ".join(words)
    assert words[:2] == ["claude", "-p"]
    assert "--permission-mode acceptEdits" in text
    assert "--allowedTools Bash(git *) Edit --model opus" in text
    assert "--max-turns 7 --max-budget-usd 2.5" in text
    inline = json.loads(words[words.index("--settings") + 1])
    assert inline["sandbox"]["enabled"] is True
    assert inline["sandbox"]["autoAllowBashIfSandboxed"] is False
    assert inline["sandbox"]["excludedCommands"] == ["git:*"]
    assert {"Bash(git commit:*)", "Bash(make test:*)"} <= set(inline["permissions"]["allow"])
    assert {"Bash(git push:*)", "Bash(curl:*)"} <= set(inline["permissions"]["deny"])
    (group,) = inline["hooks"]["PreToolUse"]
    assert group["matcher"] == "*"
    assert "hook PreToolUse" in group["hooks"][0]["command"]
    assert 0 < group["hooks"][0]["timeout"] <= 15
    assert words[-4:] == ["--session-id", "SID", "--one", "--two"]
    assert "hidden" not in text
    assert "--dangerously-skip-permissions" not in text
    resumed = agent_arguments(
        facts, Settings(), NextAttempt("rewind", "x", "OLD", "UUID", True), "NEW"
    )
    tail = ["--resume", "OLD", "--resume-session-at", "UUID", "--fork-session"]
    assert resumed[-8:] == [*tail, "--session-id", "NEW", "--two"]


def test_settings_that_a_person_gives_are_merged_with_those_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(
        '{"permissions": {"allow": ["Bash(x:*)"]}, "env": {"A": "1"}}'
    )
    own = '{"permissions": {"deny": ["Bash(y:*)"]}, "sandbox": {"enabled": false}}'
    agent = AgentSettings(extra_args=("--settings", "mine.json", "--one"), sandbox="on")
    extra = (f"--settings={own}", "--settings", "absent.json")
    facts = RunFacts("r", "g", str(tmp_path), 0.0, ("claude",), extra=extra)
    words = agent_arguments(facts, Settings(agent=agent), NextAttempt("start", "x"), "SID")
    inline = json.loads(words[words.index("--settings") + 1])
    assert {"Bash(git commit:*)", "Bash(x:*)"} <= set(inline["permissions"]["allow"])
    assert {"Bash(git push:*)", "Bash(y:*)"} <= set(inline["permissions"]["deny"])
    assert inline["sandbox"]["enabled"] is False
    assert inline["env"] == {"A": "1"}
    assert words[-3:] == ["--one", "--settings", "absent.json"]


def test_permissions_are_skipped_only_in_words() -> None:
    agent = AgentSettings(skip_permissions="yes, run without permission prompts")
    words = agent_arguments(
        RunFacts("r", "g", "/p", 0.0, ("a",)), Settings(agent=agent), NextAttempt("start", ""), "S"
    )
    assert "--dangerously-skip-permissions" in words
    assert "--permission-mode" not in words


# --- clocks ---


def desk_in(folder: Path, clock: FakeClock) -> RunContext:
    facts = RunFacts("r", "g", str(folder), 0.0, ("a",))
    run = create_run(folder, facts, Settings())
    journal = JournalWriter(run.journal, clock.wall)
    return RunContext(run, facts, Settings(), clock, RunState(), journal)


def test_sleep_is_noticed_and_counts_for_the_run(tmp_path: Path) -> None:
    clock = FakeClock()
    context = desk_in(tmp_path, clock)
    context.start_clock()
    clock.advance(60)
    assert context.advance_clock() == 0
    clock.suspend(8 * 3600)
    assert context.advance_clock() == pytest.approx(8 * 3600)
    assert context.state.elapsed == pytest.approx(8 * 3600 + 60)


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0, 3600.0])
def test_a_wall_clock_that_jumps_changes_nothing(tmp_path: Path, jump: float) -> None:
    clock = FakeClock()
    context = desk_in(tmp_path, clock)
    context.start_clock()
    clock.set_wall(clock.wall() + jump)
    clock.advance(10)
    assert context.advance_clock() == 0
    assert context.state.elapsed == pytest.approx(10)


def test_the_runs_clock_goes_on_over_restarts_and_reboots(tmp_path: Path) -> None:
    clock = FakeClock()
    context = desk_in(tmp_path, clock)
    context.start_clock()
    clock.advance(100)
    context.start_clock()
    assert context.state.elapsed == pytest.approx(100)
    context.state.boot = "another boot"
    context.state.wall = clock.wall() - 500
    context.start_clock()
    assert context.state.elapsed == pytest.approx(600)


def test_a_story_has_a_clock_of_its_own() -> None:
    assert clock_for({}).wall() == pytest.approx(time.time(), abs=60)
    clock = clock_for({"OVERNIGHT_DEMO_EPOCH": "1000", "OVERNIGHT_DEMO_CLOCK_SCALE": "100"})
    assert 1000 <= clock.wall() < 1100


# --- what is kept ---


def test_the_state_comes_back_as_it_was(tmp_path: Path) -> None:
    state = RunState(
        attempt_number=3,
        intent=StopIntent(StopKind.STOP, "x", "person", True, "id", {"a": 1}),
        wait=ScheduledWait(
            OutcomeKind.USAGE_LIMIT, 1, NextAttempt("crash", "p", "s"), due_wall=5.0
        ),
        outgoing=[OutgoingMessage("u", "text", "hard", True, "sent")],
        restarts=[1.0],
    )
    folder = RunDirectory(tmp_path)
    assert load_state(folder) == RunState()
    save_state(folder.state, state)
    assert load_state(folder) == state
    for old, phase in (
        ({"held": True, "segment": 1, "begun": 1}, RunPhase.HELD),
        ({"segment": 1, "begun": 1}, RunPhase.WORKING),
        ({"segment": 2, "begun": 1}, RunPhase.LAUNCHING),
        ({"segment": 1, "begun": 1, "baseline_pid": 7}, RunPhase.BASELINE),
        ({"phase": "ended", "segment": 1, "begun": 1}, RunPhase.WORKING),
        ({"phase": "waiting", "segment": 1, "begun": 1}, RunPhase.WORKING),
        ({"stall": "loop 17", "segment": 1, "begun": 1}, RunPhase.WORKING),
    ):
        folder.state.write_text(json.dumps(old))
        assert load_state(folder).phase == phase
    assert load_state(folder).stall_kind == StallKind.LOOP
    folder.state.write_bytes(b"{half")
    (folder.attempt_folder(2)).mkdir(parents=True)
    assert load_state(folder).attempt_number == 2


def test_a_wait_begins_at_its_moment_and_not_with_the_round(tmp_path: Path) -> None:
    clock = FakeClock()
    context = desk_in(tmp_path, clock)
    context.start_clock()
    context.advance_clock()
    before = context.state.elapsed
    clock.advance(3)
    assert context.elapsed() == before + 3
    assert context.state.elapsed == before
    clock.suspend(60)
    assert context.elapsed() == before + 63


def test_a_full_disk_only_delays_the_journal(tmp_path: Path) -> None:
    context = desk_in(tmp_path, FakeClock())
    path = context.folder.journal
    path.unlink()
    path.mkdir()
    context.journal_entry("note", {"text": "one"})
    context.journal_entry("note", {"text": "two"})
    path.rmdir()
    context.flush()
    assert [json.loads(row)["text"] for row in path.read_bytes().splitlines()] == ["one", "two"]


def test_stored_settings_hold_no_secrets(tmp_path: Path) -> None:
    secret = Secret("https://hooks.example.invalid/T000/very-secret")
    changed = msgspec.structs.replace(
        Settings(),
        agent=AgentSettings(env={"TOKEN": secret}),
        notifications=msgspec.structs.replace(
            Settings().notifications, discord_webhook=secret, slack_webhook=secret, urls=(secret,)
        ),
    )
    folder = create_run(tmp_path, RunFacts("r", "g", "/p", 0.0, ("a",)), changed)
    assert b"very-secret" not in (folder.path / "settings.json").read_bytes()
    assert read_run_settings(folder).agent.command == Settings().agent.command


def test_arrivals_are_read_back() -> None:
    data = arrival_line(10, 5.5) + b"junk\n" + arrival_line(20, 6.25) + b"30 nan\n40"
    assert read_arrivals(data, "s") == [Arrival("s", 10, 5.5), Arrival("s", 20, 6.25)]


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=200))
def test_no_bytes_upset_the_reader_of_arrivals(data: bytes) -> None:
    read_arrivals(data, "s")


# --- the way in ---


def test_a_fifo_takes_whole_lines_or_nothing(tmp_path: Path) -> None:
    fifo = tmp_path / "stdin"
    os.mkfifo(fifo, 0o600)
    assert messages.send_line(fifo, b"nobody reads\n") == "gone"
    reader = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    try:
        assert messages.send_line(fifo, b"hello\n") == "sent"
        big = b"x" * 300_000 + b"\n"
        assert messages.send_line(fifo, big) == "busy"
        assert os.read(reader, 100) == b"hello\n"
        assert messages.send_line(fifo, big) == "sent"
        assert len(os.read(reader, 400_000)) == len(big)
        full = 0
        while messages.send_line(fifo, b"y" * 4000 + b"\n") == "sent":
            full += 1
        assert full > 10
        assert messages.send_line(fifo, b"z\n") in ("busy", "sent")
    finally:
        os.close(reader)


def test_a_fifo_that_became_a_file_is_not_written_to(tmp_path: Path) -> None:
    plain = tmp_path / "stdin"
    plain.write_bytes(b"")
    assert messages.send_line(plain, b"hello\n") == "gone"
    assert plain.read_bytes() == b""
    link = tmp_path / "link"
    link.symlink_to(plain)
    assert messages.send_line(link, b"hello\n") == "gone"


def test_runs_are_found_newest_first(tmp_path: Path) -> None:
    from tui.store.runs import all_runs, find_unfinished_run

    for number in range(3):
        create_run(
            tmp_path, RunFacts("same-second", "g", str(tmp_path), float(number), ("a",)), Settings()
        )
    assert [run.id for run in all_runs(tmp_path)] == [
        "same-second-3",
        "same-second-2",
        "same-second",
    ]
    newest = find_unfinished_run(tmp_path)
    assert newest is not None
    assert newest.id == "same-second-3"
    assert isinstance(newest, RunDirectory)


def test_a_state_has_the_keys_of_version_0_1() -> None:
    """A run may be adopted by another version of the supervisor, an older one too."""
    recorded = Path(__file__).parents[2] / "data" / "run_0_1" / "state.json"
    old = json.loads(recorded.read_bytes())
    assert set(old) - {"held"} <= set(msgspec.to_builtins(RunState()))


def test_no_setting_makes_the_agent_look_like_a_part_of_another_session() -> None:
    given = {"CLAUDE_CODE_ENTRYPOINT": Secret("cli"), MARK: Secret("9"), "MINE": Secret("1")}
    kept = Settings(agent=AgentSettings(env=given))
    environ = {"PATH": "/bin", "CLAUDECODE": "1", "MINE": "0"}
    assert attempt_environment(environ, kept) == {"PATH": "/bin", "MINE": "1"}
