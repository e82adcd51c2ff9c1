"""The sections that the original system's file does not have: agent, screen, stalls and others."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from tui.settings.units import (
    LEAVE,
    PROGRAM,
    Count,
    Days,
    Hours,
    MiB,
    Milliseconds,
    Repeats,
    Seconds,
    Secret,
    Usd,
    UsdPerMillion,
    documented,
)

SKIP_PERMISSIONS: Final = "yes, run without permission prompts"

STEP_BACK: Final = """\
Please stop for a moment and step back.

What the record shows: {evidence}
It has been going on since {since}.
Tried so far: {tried}

Do not repeat these steps. First say in two or three sentences what you believe the real cause is
and what would prove you wrong. Then look for that proof, choose a different approach, and write
both down in the session notes. If you need something only a person can give, note it under
Blockers in the progress file and go on with another task.
"""


class AgentSettings(Struct, frozen=True):
    """The program that does the work, and what it may do."""

    command: Annotated[
        Annotated[tuple[str, ...], Meta(min_length=1)],
        documented(
            "Program, with first arguments, that speaks stream-json.", power=PROGRAM, words=True
        ),
    ] = ("claude",)
    model: Annotated[str | None, "Model; null: the agent's own choice."] = None
    fallback_model: Annotated[
        str | None, "Model used while the first one is overloaded; null: none."
    ] = None
    permission_mode: Annotated[
        Literal["default", "acceptEdits", "plan", "dontAsk", "auto"],
        documented(
            "What the agent may do without asking; nobody is there to answer.",
            power=LEAVE,
            harmless=("default", "plan", "dontAsk"),
        ),
    ] = "acceptEdits"
    allowed_tools: Annotated[
        tuple[str, ...],
        documented('Tools allowed without asking, such as "Bash(pytest:*)".', power=LEAVE),
    ] = ()
    disallowed_tools: Annotated[tuple[str, ...], "Tools refused always."] = ()
    sandbox: Annotated[
        Literal["default", "on", "off"],
        documented(
            "The agent's own sandbox; default: as its own settings say.",
            power=LEAVE,
            harmless=("on",),
        ),
    ] = "default"
    control_group: Annotated[
        Literal["auto", "off"],
        documented(
            "Run the agent in a control group of its own, so that ending it leaves nothing; auto: "
            "where systemd or a delegated group is there and a logout does not end it.",
            power=LEAVE,
            harmless=("auto",),
        ),
    ] = "auto"
    skip_permissions: Annotated[
        Literal["no", "yes, run without permission prompts"],
        documented(
            "Run with every permission check off; must be said in these words.", power=LEAVE
        ),
    ] = "no"
    max_budget_usd: Annotated[
        Usd | None, "Budget the agent itself keeps within one process; null: none."
    ] = None
    max_turns: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000, extra={"unit": "turns"})] | None,
        "Turns the agent allows itself in one process; null: any.",
    ] = None
    partial_messages: Annotated[
        bool, "Ask for streamed pieces: exact live tokens, a larger stream."
    ] = True
    extra_args: Annotated[
        tuple[str, ...],
        documented("Further arguments for the agent, as they are.", power=PROGRAM, words=True),
    ] = ()
    env: Annotated[
        dict[str, Secret], documented("Environment variables added for the agent.", power=PROGRAM)
    ] = {}


class ScreenSettings(Struct, frozen=True):
    """How the screen looks and how often it paints."""

    theme: Annotated[
        Literal["auto", "dark", "light", "ansi", "mono"],
        "Colours, mono none; auto: dark, or none where NO_COLOR is set.",
    ] = "auto"
    verbosity: Annotated[
        Literal["brief", "normal", "full"], "How many kinds of events are shown at first."
    ] = "brief"
    ascii: Annotated[
        Literal["auto", "on", "off"], "Draw with ASCII only; auto: where the locale is not UTF-8."
    ] = "auto"
    slow_link: Annotated[Literal["auto", "on", "off"], "Paint sparingly; auto: over SSH."] = "auto"
    paint_ms: Annotated[Milliseconds, "Least time between paints; the first is immediate."] = 140
    slow_paint_ms: Annotated[Milliseconds, "Least time between paints over a slow link."] = 250
    poll_ms: Annotated[
        Milliseconds, "Time between looks at a file that sends no hints of change."
    ] = 200
    mouse: Annotated[bool, "React to the mouse; off leaves it to the terminal."] = True


class StallsSettings(Struct, frozen=True):
    """When silence or repetition is called a stall, and what is done about it."""

    tool_heartbeat_seconds: Annotated[
        Seconds, "Silence during a tool call, heartbeats included, that counts as frozen."
    ] = 90
    quiet_tool_seconds: Annotated[
        Seconds, "The same where the agent sends no heartbeats at all."
    ] = 3600
    api_silence_seconds: Annotated[
        Seconds, "Silence with no tool running and no retry pending that counts as stalled."
    ] = 360
    wedge_seconds: Annotated[
        Seconds, "Silence after a tool's result or after a turn that counts as wedged."
    ] = 360
    answer_patience_seconds: Annotated[
        Seconds, "Time the agent has to take in a message before that is worth a word."
    ] = 20
    loop_notice: Annotated[Repeats, "Equal rounds after which a loop is shown."] = 3
    loop_nudge: Annotated[Repeats, "Equal rounds after which the agent is nudged, once."] = 5
    loop_stop: Annotated[
        Repeats, "Equal rounds after which you are called, or the turn is interrupted."
    ] = 8
    loop_longest_cycle: Annotated[
        Annotated[int, Meta(ge=1, le=20, extra={"unit": "calls"})],
        "Longest sequence of calls looked at as one round.",
    ] = 5
    loop_action: Annotated[
        Literal["notice", "nudge", "interrupt"],
        "How far the supervisor goes by itself when a session loops.",
    ] = "nudge"
    pollers: Annotated[tuple[str, ...], "Commands that wait by repeating and deserve patience."] = (
        "sleep",
        "wait",
        "gh run watch",
        "tail",
    )
    poller_factor: Annotated[
        Annotated[float, Meta(ge=1, le=100, extra={"unit": "times"})],
        "How many times more repeats such commands may make.",
    ] = 4
    step_back: Annotated[
        str,
        documented(
            "Words of the step-back; {evidence}, {since} and {tried} are filled in.", block=True
        ),
    ] = STEP_BACK


class CheckpointsSettings(Struct, frozen=True):
    """What a checkpoint captures and how long it is kept."""

    max_file_mib: Annotated[
        MiB, "Larger files are listed, not captured; a rewind never touches them."
    ] = 25
    max_untracked_mib: Annotated[
        MiB, "Untracked files beyond this total are listed, not captured."
    ] = 500
    time_budget_seconds: Annotated[
        Seconds, "Time a checkpoint may take before it is given up and tried later."
    ] = 10
    keep_all_hours: Annotated[Hours, "Age up to which every checkpoint is kept."] = 24
    keep_hourly_days: Annotated[
        Days | None, "Age up to which one an hour is kept; null: for ever."
    ] = 30


class ReviewSettings(Struct, frozen=True):
    """What the morning review points at."""

    large_file_mib: Annotated[
        MiB, "Files of this size added in the night are a risk to look at."
    ] = 1
    large_deletion_lines: Annotated[
        Count, "Lines deleted from one file that are a risk to look at."
    ] = 200


class ModelPrice(Struct, frozen=True, kw_only=True):
    """USD for a million tokens of each kind; nothing is guessed, so all five are needed."""

    input: UsdPerMillion
    output: UsdPerMillion
    cache_write_5m: UsdPerMillion
    cache_write_1h: UsdPerMillion
    cache_read: UsdPerMillion
