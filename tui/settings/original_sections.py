"""The sections that the original overnight system's file has, with its keys and defaults, and ours.

A key that the original knows keeps its name, meaning and default, so that its file loads as it is.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from tui.settings.units import (
    LIMIT,
    PROGRAM,
    SENDS,
    Count,
    Hours,
    MiB,
    Minutes,
    Percent,
    Seconds,
    Secret,
    Share,
    Usd,
    documented,
)

DISCORD: Final = "DISCORD_WEBHOOK_URL"
SLACK: Final = "SLACK_WEBHOOK_URL"

ACCEPTED_AND_UNUSED: Final = (
    "enforcement.ric_mode",
    "logging.format",
    "logging.max_entries",
    "logging.max_progress_notes",
    "paths.state_file",
    "paths.ric_state",
    "paths.hook_logs",
    "paths.run_dir",
)
"""Keys of the original's file, and of version 0.1, that nothing here reads: they do nothing."""

NO_LONGER_USED: Final = {
    "paths.run_dir": "paths.run_dir does nothing any more: runs are kept outside the project, below "
    "$XDG_STATE_HOME/overnight-tui."
}
"""Those of version 0.1, with a sentence each on what is so instead."""

_TIME: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"


class SessionSettings(Struct, frozen=True):
    """How long a run lasts and how it ends."""

    max_runtime_hours: Annotated[
        Hours | None,
        documented("A run ends gracefully after this long; null: no limit.", power=LIMIT),
    ] = 10
    max_idle_minutes: Annotated[
        Minutes | None, documented("A run silent for this long is ended; null: never.", power=LIMIT)
    ] = 30
    checkpoint_interval_minutes: Annotated[
        Minutes | None, "Time between automatic checkpoints; null: none."
    ] = 15
    max_continuation_attempts: Annotated[
        Count,
        documented(
            "Continuations in a row without a task done before a run gives up.", power=LIMIT
        ),
    ] = 20
    max_memory_mib: Annotated[
        MiB | None,
        documented("Memory the agent and its children may hold; null: no limit.", power=LIMIT),
    ] = None
    handover_share: Annotated[
        Share | None,
        "Share of the context used before a fresh session takes over with the notes; null: never.",
    ] = 0.6
    handover_timeout_minutes: Annotated[
        Minutes, "Time the agent has to write its hand-over note before it is ended anyway."
    ] = 5
    stop_grace_seconds: Annotated[
        Seconds, "Time between the polite signal and the kill of the whole process tree."
    ] = 10
    initializer: Annotated[
        bool, "Begin with a short session that explores and writes the plan."
    ] = False
    feature_list: Annotated[
        bool, "The initializer writes the plan as a feature list (JSON) too."
    ] = False
    baseline_tests: Annotated[
        tuple[str, ...],
        documented(
            "Command that must succeed before the coding session starts; empty: none.",
            power=PROGRAM,
            words=True,
        ),
    ] = ()
    inhibit_sleep: Annotated[bool, "Keep the machine awake while a run is going."] = True
    keep_runs: Annotated[
        Annotated[int, Meta(ge=7, le=100_000, extra={"unit": "runs"})] | None,
        "Finished runs kept with streams and transcripts; null: all.",
    ] = 60


class BudgetSettings(Struct, frozen=True):
    """What a run may cost."""

    max_cost_usd: Annotated[
        Usd | None,
        documented(
            "A run ends gracefully when it has cost this much; null: no limit.", power=LIMIT
        ),
    ] = 50.0
    warning_threshold_pct: Annotated[
        Percent, "Share of the budget from which the cost is shown as a warning."
    ] = 80
    critical_threshold_pct: Annotated[
        Percent, "Share of the budget from which the cost is shown as critical."
    ] = 95
    alerts_pct: Annotated[
        tuple[Percent, ...], "Shares of the budget that send a notice, each once."
    ] = (50, 75, 90, 100)


class RecoverySettings(Struct, frozen=True):
    """What happens when a session crashes or is refused."""

    auto_resume: Annotated[bool, "Resume a session that crashed."] = True
    max_restarts: Annotated[
        Annotated[int, Meta(ge=0, le=100)],
        documented("Restarts within the window before a run gives up and calls you.", power=LIMIT),
    ] = 5
    window_minutes: Annotated[
        Minutes, "Window in which restarts are counted; it must hold all their waits."
    ] = 60
    reset_after_minutes: Annotated[
        Minutes, "Healthy work for this long forgets earlier restarts."
    ] = 10
    backoff_base_seconds: Annotated[
        Seconds, "Wait before the first restart; it doubles with each one."
    ] = 30
    backoff_min_seconds: Annotated[Seconds, "Shortest wait before a restart."] = 10
    backoff_max_seconds: Annotated[Seconds, "Longest wait before a restart."] = 600
    backoff_jitter_pct: Annotated[
        Percent, "Waits are lengthened or shortened at random by up to this."
    ] = 25
    max_limit_wait_hours: Annotated[
        Hours | None, "Longest wait for a usage limit to reset, restarts not counted; null: any."
    ] = 6


class EnforcementSettings(Struct, frozen=True):
    """When a run may call itself done."""

    continuous_mode: Annotated[
        bool, "Continue a session whose turn ended while tasks are open."
    ] = True
    min_completion_pct: Annotated[Percent, "Share of all tasks that must be done."] = 100
    require_p0: Annotated[bool, "All P0 tasks must be done."] = True
    require_p1: Annotated[bool, "All P1 tasks must be done."] = True
    require_p2: Annotated[bool, "All P2 tasks must be done."] = False


class NotificationsSettings(Struct, frozen=True):
    """Who is told what, and when."""

    discord_webhook: Annotated[
        Secret | None, documented("Discord webhook.", power=SENDS, variable=DISCORD, urls=True)
    ] = None
    slack_webhook: Annotated[
        Secret | None, documented("Slack webhook.", power=SENDS, variable=SLACK, urls=True)
    ] = None
    urls: Annotated[
        tuple[Secret, ...],
        documented("Further services as Apprise URLs (ntfy, e-mail, …).", power=SENDS, urls=True),
    ] = ()
    idle_warning_pct: Annotated[Percent, "Share of the idle limit that sends a warning."] = 70
    cost_warning_pct: Annotated[
        Percent, "Share of the budget that sends a warning where budget.alerts_pct is empty."
    ] = 80
    enable_session_start: Annotated[bool, "Tell when a run starts."] = True
    enable_checkpoints: Annotated[bool, "Tell when a checkpoint is taken."] = True
    enable_completion: Annotated[bool, "Tell when a run is over."] = True
    enable_stalls: Annotated[bool, "Tell when a session stalls or loops."] = True
    enable_limits: Annotated[bool, "Tell when a limit is near or reached."] = True
    enable_restarts: Annotated[bool, "Tell when a session is resumed."] = True
    enable_needs_you: Annotated[bool, "Tell when nothing goes on without you."] = True
    bell: Annotated[bool, "Ring the terminal bell of open screens."] = True
    tmux: Annotated[bool, "Show a message in tmux."] = True
    quiet_hours: Annotated[
        Annotated[str, Meta(pattern=f"^{_TIME}-{_TIME}$")] | None,
        documented(
            'Local hours in which only "needs you" is sent; null: none.', example="22:30-07:00"
        ),
    ] = None
    max_per_night: Annotated[
        Annotated[int, Meta(ge=0, le=1000)], "Messages sent per run at most."
    ] = 20
    timeout_seconds: Annotated[
        Seconds, "Time one delivery may take; it never delays the session."
    ] = 15
    allow_private_addresses: Annotated[
        bool, documented("Let webhooks reach private network addresses.", power=SENDS)
    ] = False


class WatchdogSettings(Struct, frozen=True):
    """How closely the supervisor looks."""

    check_interval_seconds: Annotated[
        Seconds, "Time between checks of processes, memory and limits."
    ] = 30
    memory_warning_pct: Annotated[Percent, "Use of the machine's memory that is a warning."] = 80
    memory_critical_pct: Annotated[
        Percent, "Use of the machine's memory that ends a run gracefully."
    ] = 90
    cpu_warning_pct: Annotated[Percent, "Use of the machine's processors that is a warning."] = 80
    min_checkpoint_interval_minutes: Annotated[
        Minutes, "The last checkpoint counts as overdue after this long."
    ] = 15


class LoggingSettings(Struct, frozen=True):
    """What the program writes about itself."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], "Least level written to the logs."
    ] = "INFO"


class PathsSettings(Struct, frozen=True):
    """Where things stand, relative to the project."""

    progress_file: Annotated[str, "Tasks, done and open."] = "claude-progress.txt"
    session_notes: Annotated[str, "The agent's notes."] = "claude-session-notes.md"
    events: Annotated[str | None, "Event stream (stream-json) to watch; null: found by itself."] = (
        None
    )
    transcript: Annotated[str | None, "Claude's transcript to watch; null: found by itself."] = None
    watchdog_log: Annotated[str, "Log of the watchdog."] = "logs/watchdog.log"
    feature_list: Annotated[str, "Feature list, read where the progress file has no tasks."] = (
        "feature_list.json"
    )
    session_history: Annotated[str, "One line for each session that ended."] = (
        "logs/session-history.jsonl"
    )
    compaction_history: Annotated[str, "One line for each compaction."] = (
        "logs/compaction-history.jsonl"
    )
    transcripts: Annotated[str, "Copies of transcripts, kept when Claude deletes its own."] = (
        "logs/transcripts"
    )
