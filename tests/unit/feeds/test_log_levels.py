"""How serious a line of a log is, by its words and signs."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.feeds.log_levels import judge_level
from tui.model.records import LogLevel

ERRORS = [
    "push rejected",
    "CONFLICT (content): Merge conflict in a.py",
    "exception in thread 3",
    "agent stopped unexpectedly",
    "unexpected EOF",
    "step 4: rc=1",
    "/bin/bash: /srv/app/heal.sh: No such file or directory",
    "DOWN: com.example.bootstrap",
    "Worker DOWN",
    "run_session.py exited with code 1. Waiting 60s then retrying...",
    "Agent completed (exit code: 137)",
    "Process exited with status 2",
    "API Error: 429 Too Many Requests",
    '429 error: {"error":{"type":"usage_limit_reached"',
    "gateway not running",
    "CIRCUIT_BREAKER: open",
    "Traceback (most recent call last):",
    "ValueError: bad",
    "FATAL could not open",
    "failed: 3, passed: 12",
    "3 failed, 12 passed",
    "build failed",
    "Killed: 9",
    "process died",
    "Connection refused",
    "agent 4: cannot connect to the daemon",
    "could not open the file",
    "command not found: npm",
    '"GET /x HTTP/1.1" 500 -',
    "❌ dead",
    "[node] 🔴 offline",
    "错误：无法连接",
    "fatal: not a git repository",
    "npm ERR! code ELIFECYCLE",
    "no space left on device",
    "ошибка сборки",
]
WARNINGS = [
    "no progress in 5 loops",
    "Timeout: no output for 900 s",
    "zombie process found",
    "⚠️ stuck task: fef89594 for 40 min",
    "task 4 ⚠ slow",
    "Rate limit hit, waiting",
    "session limit reached ∙ resets 7pm",
    "ペイン 3 でレート制限検出 → 自動リトライ送信",
    "Sending SIGTERM to PID 4",
    "restarting in 30s",
    "request timed out",
    "API returned 529 overloaded_error",
    "RESTART: attempt 1",
    "no response from agent for 600s",
    "context limit approaching (85%)",
]
PLAIN = [
    "Retry limit: 5",
    "rate_limit: ok",
    "Session limit: 10 hours",
    "timeout set to 600s",
    "Next retry in 0s",
    "fix: handle timeout errors in fetch",
    "disk full check passed",
    "unhealthy: false",
    "timed out: no",
    "Updated README: describe failure modes",
    "all quiet: 0 errors, 0 failed, no restart",
    "0 errors, 0 failures",
    "no errors",
    "No errors found",
    "error handling done",
    "error log rotated",
    "errors: 0, failures=0",
    "Unit tests: 12 passed, no failures, no warnings",
    "finished without errors",
    "fixed 3 errors",
    "will restart if it fails",
    "Agent completed (exit code: 0)",
    "exited with code 0",
    "circuit breaker closed",
    "Max restarts: 5",
    "Idle timeout: 1800s",
    "Starting Claude Code execution... (timeout: 15m)",
    "Checking for errors in logs/error.log",
    "GET /api/errors HTTP/1.1 200",
    "shutting down cleanly",
    "Download complete",
    "429 lines processed",
    "next: fix-rate-limit-masking — 37 remaining",
    "2 agents alive, 0 dead, 0 stuck",
    "failed tests fixed",
    "Nothing failed",
    "HEALED 2 daemon(s)",
    "You CANNOT receive responses, so never ask",
    "✗ 0 failed",
]


@pytest.mark.parametrize("line", ERRORS)
def test_errors(line: str) -> None:
    assert judge_level(line) == "error"


@pytest.mark.parametrize("line", WARNINGS)
def test_warnings(line: str) -> None:
    assert judge_level(line) == "warning"


@pytest.mark.parametrize("line", PLAIN)
def test_lines_that_only_name_trouble(line: str) -> None:
    assert judge_level(line) == ""


@pytest.mark.parametrize("line", ["✓ timer active", "✅ no failures", "✅ error recovery verified"])
def test_a_tick_says_that_it_went_well(line: str) -> None:
    assert judge_level(line) == "ok"


@pytest.mark.parametrize(
    ("said", "line", "level"),
    [
        ("info", "two files failed to load", "info"),
        ("info", "❌ two files failed to load", "error"),
        ("info", "✅ done", "info"),
        ("info", "agent exited with code 3", "warning"),
        ("warning", "❌ failed", "warning"),
        ("error", "all good", "error"),
        ("ok", "DOWN", "ok"),
        ("debug", "failed", "debug"),
    ],
)
def test_what_a_program_says_itself_stands(said: LogLevel, line: str, level: LogLevel) -> None:
    assert judge_level(line, said) == level


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.sampled_from([*ERRORS, *WARNINGS, *PLAIN, "0", "no ", ": ", "/", "\\n"])), st.text()
)
def test_any_line_has_a_level(pieces: list[str], text: str) -> None:
    assert judge_level(" ".join(pieces) + text) in ("", "ok", "warning", "error")


@settings(deadline=None)
@given(st.sampled_from(ERRORS), st.integers(1, 99))
def test_a_time_or_a_name_before_it_changes_nothing(line: str, number: int) -> None:
    assert judge_level(f"worker-{number}: {line}") == "error"


HOSTILE = [
    "no ",
    "error ",
    "a" * 50 + " error ",
    "/",
    "if a b ",
    "exit code ",
    "max a b c ",
    "0 ",
    "(timeout",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_lines_take_bounded_time(piece: str) -> None:
    line = (piece * 4000)[:4000]
    began = time.process_time()

    for _ in range(50):
        judge_level(line)

    assert time.process_time() - began < 3
