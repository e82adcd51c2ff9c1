"""Lines of the original system's histories of sessions and compactions, as every writer of ours has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from tui.model.evidence.log import TestSummary
from tui.model.records import Commit


def session_line(
    ended_at: float, commits: Sequence[Commit], tests: TestSummary, seconds: float | None
) -> bytes:
    """A line of session-history.jsonl: what a session of so many seconds did."""
    last = tests.runs[-1] if tests.runs else None
    counts = None
    if last is not None and last.passed is not None:
        failed = last.failed or 0
        total, code = last.passed + failed, 0 if last.verdict == "green" else 1
        counts = {"passed": last.passed, "failed": failed, "total": total, "exit_code": code}
    line = {
        "end_time": datetime.fromtimestamp(ended_at, UTC).isoformat(),
        "commits_made": len(commits),
        "files_changed": sum(commit.files for commit in commits),
        "tests_passed": counts,
        "runtime_hours": None if seconds is None else round(seconds / 3600, 4),
    }
    return msgspec.json.encode(line) + b"\n"


def compaction_line(
    at: float, session: str, trigger: str, size: int, copy: str | None, *, has_checkpoint: bool
) -> bytes:
    """A line of compaction-history.jsonl: a transcript of `size` bytes was compacted; `copy` is ours of it."""
    line = {
        # The original system writes local time without a zone.
        "timestamp": datetime.fromtimestamp(at).isoformat(),  # noqa: DTZ006
        "estimated_tokens": size // 4 if size else "unknown",
        "compaction_reason": "manual" if trigger == "manual" else "approaching_limit",
        "transcript_size_kb": size // 1024,
        "backup_path": copy,
        "checkpoint_created": has_checkpoint,
        "transcript_backed_up": copy is not None,
        "session": session,
        "trigger": trigger,
    }
    return msgspec.json.encode(line) + b"\n"
