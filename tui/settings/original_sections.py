"""The sections that the original overnight system's file has, with its keys and defaults, and ours.

A key that the original knows keeps its name, meaning and default, so that its file loads as it is.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from tui.settings.units import (
    HARMLESS,
    HIGHER,
    INSIDE,
    KEEPS,
    LIMIT,
    LOWER,
    MACHINE,
    OFF,
    ON,
    OUTSIDE,
    PROGRAM,
    SENDS,
    STRICTER,
    TELLS,
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
        documented("A run ends gracefully after this long; null: no limit.", LIMIT, LOWER),
    ] = 10
    max_idle_minutes: Annotated[
        Minutes | None,
        documented("A run silent for this long is ended; null: never.", LIMIT, LOWER),
    ] = 30
    checkpoint_interval_minutes: Annotated[
        Minutes | None, documented("Time between automatic checkpoints; null: none.", KEEPS, LOWER)
    ] = 15
    max_continuation_attempts: Annotated[
        Count,
        documented(
            "Continuations and hand-overs in a row without a task done before a run gives up.",
            LIMIT,
            LOWER,
        ),
    ] = 20
    max_continuations: Annotated[
        Count | None,
        documented(
            "Continuations and hand-overs of one run altogether before it ends; null: any.",
            LIMIT,
            LOWER,
        ),
    ] = None
    min_test_pass_pct: Annotated[
        Percent | None,
        documented(
            "A run whose newest run of all tests passes a smaller share than this mends that first, and is "
            "ended with a hand-over if three turns do not; null: no floor.",
            LIMIT,
            HIGHER,
        ),
    ] = None
    max_memory_mib: Annotated[
        MiB | None,
        documented("Memory the agent and its children may hold; null: no limit.", LIMIT, LOWER),
    ] = None
    handover_share: Annotated[
        Share | None,
        documented(
            "Share of the context used before a fresh session takes over with the notes; null: never.",
            LIMIT,
            LOWER,
        ),
    ] = 0.6
    handover_timeout_minutes: Annotated[
        Minutes,
        documented("Time for the agent's hand-over note before it is ended anyway.", LIMIT, LOWER),
    ] = 5
    stop_grace_seconds: Annotated[
        Seconds,
        documented("Time between the polite signal and the kill of all processes.", LIMIT, LOWER),
    ] = 10
    initializer: Annotated[
        bool, documented("Begin with a short session that explores and writes the plan.", HARMLESS)
    ] = False
    feature_list: Annotated[
        bool, documented("The initializer writes the plan as a feature list (JSON) too.", HARMLESS)
    ] = False
    baseline_tests: Annotated[
        tuple[str, ...],
        documented("Must succeed before an agent is started; empty: none.", PROGRAM, words=True),
    ] = ()
    test_command: Annotated[
        tuple[str, ...],
        documented("Runs all tests: if it succeeds, they pass; empty: none.", PROGRAM, words=True),
    ] = ()
    baseline_timeout_minutes: Annotated[
        Minutes, documented("Time this command may take before it has failed.", LIMIT, LOWER)
    ] = 15
    inhibit_sleep: Annotated[
        bool, documented("Keep the machine awake while a run is going.", MACHINE)
    ] = True
    keep_runs: Annotated[
        Annotated[int, Meta(ge=7, le=100_000, extra={"unit": "runs"})] | None,
        documented("Finished runs kept with streams and transcripts; null: all.", KEEPS, HIGHER),
    ] = 60


class BudgetSettings(Struct, frozen=True):
    """What a run may cost."""

    max_cost_usd: Annotated[
        Usd | None,
        documented(
            "A run ends when it has cost this much: at most the answer under way comes on top; null: no limit.",
            LIMIT,
            LOWER,
        ),
    ] = 50.0
    max_cost_usd_per_day: Annotated[
        Usd | None,
        documented(
            "What all runs (of ours) on this machine may cost within one local day; null: no limit.",
            LIMIT,
            LOWER,
        ),
    ] = None
    max_cost_usd_per_week: Annotated[
        Usd | None,
        documented(
            "What all runs on this machine may cost within the seven days that end today; null: no limit.",
            LIMIT,
            LOWER,
        ),
    ] = None
    handover_pct: Annotated[
        Annotated[float, Meta(ge=50, le=100, extra={"unit": "%"})],
        documented(
            "Share of the budget at which the agent is asked for its hand-over note, which takes a few "
            "answers; left out where one more would pass the budget; 100: no note.",
            LIMIT,
            LOWER,
        ),
    ] = 90
    warning_threshold_pct: Annotated[
        Percent,
        documented("Share of the budget from which the cost is shown as a warning.", TELLS, LOWER),
    ] = 80
    critical_threshold_pct: Annotated[
        Percent,
        documented("Share of the budget from which the cost is shown as critical.", TELLS, LOWER),
    ] = 95
    alerts_pct: Annotated[
        tuple[Percent, ...],
        documented("Shares of the budget that send a notice, each once.", TELLS),
    ] = (50, 75, 90, 100)


class RecoverySettings(Struct, frozen=True):
    """What happens when a session crashes or is refused."""

    auto_resume: Annotated[bool, documented("Resume a session that crashed.", LIMIT, OFF)] = True
    max_restarts: Annotated[
        Annotated[int, Meta(ge=0, le=100)],
        documented("Restarts within the window before a run gives up and calls you.", LIMIT, LOWER),
    ] = 5
    window_minutes: Annotated[
        Minutes,
        documented(
            "Window in which restarts are counted; it must hold all their waits.", LIMIT, HIGHER
        ),
    ] = 60
    reset_after_minutes: Annotated[
        Minutes, documented("Healthy work for this long forgets earlier restarts.", LIMIT, HIGHER)
    ] = 10
    backoff_base_seconds: Annotated[
        Seconds,
        documented("Wait before the first restart; it doubles with each one.", LIMIT, HIGHER),
    ] = 30
    backoff_min_seconds: Annotated[
        Seconds, documented("Shortest wait before a restart.", LIMIT, HIGHER)
    ] = 10
    backoff_max_seconds: Annotated[
        Seconds, documented("Longest wait before a restart.", LIMIT, HIGHER)
    ] = 600
    backoff_jitter_pct: Annotated[
        Percent,
        documented("Waits are lengthened or shortened at random by up to this.", LIMIT, LOWER),
    ] = 25
    max_fresh_conversations: Annotated[
        Annotated[int, Meta(ge=0, le=20)],
        documented(
            "Fresh conversations in a row that take over from one that the API refuses for good.",
            LIMIT,
            LOWER,
        ),
    ] = 2
    max_limit_wait_hours: Annotated[
        Hours | None,
        documented(
            "Longest wait for a usage limit to reset, restarts not counted; null: any.",
            LIMIT,
            LOWER,
        ),
    ] = 6


class EnforcementSettings(Struct, frozen=True):
    """When a run may call itself done."""

    continuous_mode: Annotated[
        bool, documented("Continue a session whose turn ended while tasks are open.", LIMIT, OFF)
    ] = True
    min_completion_pct: Annotated[
        Percent, documented("Share of all tasks that must be done.", HARMLESS)
    ] = 100
    require_p0: Annotated[bool, documented("All P0 tasks must be done.", HARMLESS)] = True
    require_p1: Annotated[bool, documented("All P1 tasks must be done.", HARMLESS)] = True
    require_p2: Annotated[bool, documented("All P2 tasks must be done.", HARMLESS)] = False


class NotificationsSettings(Struct, frozen=True):
    """Who is told what, and when."""

    discord_webhook: Annotated[
        Secret | None, documented("Discord webhook.", SENDS, variable=DISCORD, urls=True)
    ] = None
    slack_webhook: Annotated[
        Secret | None, documented("Slack webhook.", SENDS, variable=SLACK, urls=True)
    ] = None
    urls: Annotated[
        tuple[Secret, ...],
        documented("Further services as Apprise URLs (ntfy, e-mail, …).", SENDS, urls=True),
    ] = ()
    idle_warning_pct: Annotated[
        Percent, documented("Share of the idle limit that sends a warning.", TELLS, LOWER)
    ] = 70
    cost_warning_pct: Annotated[
        Percent,
        documented(
            "Share of the budget that sends a warning where budget.alerts_pct is empty.",
            TELLS,
            LOWER,
        ),
    ] = 80
    enable_session_start: Annotated[bool, documented("Tell when a run starts.", TELLS, ON)] = True
    enable_checkpoints: Annotated[
        bool, documented("Tell when a checkpoint is taken.", TELLS, ON)
    ] = True
    enable_completion: Annotated[bool, documented("Tell when a run is over.", TELLS, ON)] = True
    enable_stalls: Annotated[
        bool, documented("Tell when a session stalls or loops.", TELLS, ON)
    ] = True
    enable_limits: Annotated[
        bool, documented("Tell when a limit is near or reached.", TELLS, ON)
    ] = True
    enable_restarts: Annotated[bool, documented("Tell when a session is resumed.", TELLS, ON)] = (
        True
    )
    enable_needs_you: Annotated[
        bool, documented("Tell when nothing goes on without you.", TELLS, ON)
    ] = True
    bell: Annotated[bool, documented("Ring the terminal bell of open screens.", TELLS, ON)] = True
    tmux: Annotated[bool, documented("Show a message in tmux.", TELLS, ON)] = True
    quiet_hours: Annotated[
        Annotated[str, Meta(pattern=f"^{_TIME}-{_TIME}$")] | None,
        documented(
            'Local hours in which only "needs you" is sent; null: none.',
            TELLS,
            example="22:30-07:00",
        ),
    ] = None
    max_per_night: Annotated[
        Annotated[int, Meta(ge=0, le=1000)],
        documented("Messages sent per run at most.", TELLS, HIGHER),
    ] = 20
    timeout_seconds: Annotated[
        Seconds, documented("Time one delivery may take; it never delays the session.", TELLS)
    ] = 15
    allow_private_addresses: Annotated[
        bool, documented("Let webhooks reach private network addresses.", SENDS, OFF, own=True)
    ] = False


class WatchdogSettings(Struct, frozen=True):
    """How closely the supervisor looks."""

    check_interval_seconds: Annotated[
        Seconds, documented("Time between checks of processes, memory and limits.", LIMIT, LOWER)
    ] = 30
    memory_warning_pct: Annotated[
        Percent, documented("Use of the machine's memory that is a warning.", TELLS, LOWER)
    ] = 80
    memory_critical_pct: Annotated[
        Percent, documented("Use of the machine's memory that ends a run gracefully.", LIMIT, LOWER)
    ] = 90
    cpu_warning_pct: Annotated[
        Percent, documented("Use of the machine's processors that is a warning.", TELLS, LOWER)
    ] = 80
    restarts_per_hour: Annotated[
        Count,
        documented(
            "How often a watchdog that died is started again within an hour; 0: never.",
            LIMIT,
            HIGHER,
        ),
    ] = 30
    min_checkpoint_interval_minutes: Annotated[
        Minutes, documented("The last checkpoint counts as overdue after this long.", TELLS, LOWER)
    ] = 15


class LoggingSettings(Struct, frozen=True):
    """What the program writes about itself."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        documented(
            "Least level written to the logs.",
            TELLS,
            STRICTER,
            order=("DEBUG", "INFO", "WARNING", "ERROR"),
        ),
    ] = "INFO"


class PathsSettings(Struct, frozen=True):
    """Where things stand, relative to the project."""

    progress_file: Annotated[str, documented("Tasks, done and open.", OUTSIDE, INSIDE)] = (
        "claude-progress.txt"
    )
    session_notes: Annotated[str, documented("The agent's notes.", OUTSIDE, INSIDE)] = (
        "claude-session-notes.md"
    )
    events: Annotated[
        str | None,
        documented("Event stream (stream-json) to watch; null: found by itself.", OUTSIDE, INSIDE),
    ] = None
    transcript: Annotated[
        str | None,
        documented("Claude's transcript to watch; null: found by itself.", OUTSIDE, INSIDE),
    ] = None
    watchdog_log: Annotated[str, documented("Log of the watchdog.", OUTSIDE, INSIDE)] = (
        "logs/watchdog.log"
    )
    feature_list: Annotated[
        str, documented("Feature list, read where the progress file has no tasks.", OUTSIDE, INSIDE)
    ] = "feature_list.json"
    session_history: Annotated[
        str, documented("One line for each session that ended.", OUTSIDE, INSIDE)
    ] = "logs/session-history.jsonl"
    compaction_history: Annotated[
        str, documented("One line for each compaction.", OUTSIDE, INSIDE)
    ] = "logs/compaction-history.jsonl"
    transcripts: Annotated[
        str, documented("Copies of transcripts, kept when Claude deletes its own.", OUTSIDE, INSIDE)
    ] = "logs/transcripts"
