"""The sections that the original system's file does not have: agent, screen, stalls and others."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from tui.model.labels import DETECTORS
from tui.settings.units import (
    ADDS,
    COSTS,
    FEWER,
    HARMLESS,
    HIGHER,
    KEEPS,
    LEAVE,
    LIMIT,
    LOWER,
    ON,
    OUTSIDE,
    PROGRAM,
    SPEAKS,
    STRICTER,
    TELLS,
    Count,
    Days,
    Hours,
    MiB,
    Milliseconds,
    Minutes,
    Repeats,
    Rounds,
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
        documented("Program, with first arguments, that speaks stream-json.", PROGRAM, words=True),
    ] = ("claude",)
    model: Annotated[str | None, documented("Model; null: the agent's own choice.", COSTS)] = None
    fallback_model: Annotated[
        str | None, documented("Model used while the first one is overloaded; null: none.", COSTS)
    ] = None
    permissions: Annotated[
        Literal["ask", "edits", "standard"],
        documented(
            "What the agent may do while nobody is there to answer. standard: edit, test, lint, build and "
            "commit, with the project's own commands; no network, no pushes, nothing published or destroyed; "
            "edits: edit only; ask: as the agent's own settings say. The rest is refused at once. `run "
            "--permissions all` switches every check off for one run. Rules of the agent's own settings hold "
            "beside; what a test or a script does inside cannot be judged.",
            LEAVE,
            STRICTER,
            order=("ask", "edits", "standard"),
            hints={
                "all": f'to switch every check off, say agent.skip_permissions: "{SKIP_PERMISSIONS}", '
                "or start with `run --permissions all`"
            },
        ),
    ] = "standard"
    permission_mode: Annotated[
        Literal["default", "acceptEdits", "plan", "dontAsk", "auto"] | None,
        documented(
            "The agent's own permission mode, in place of agent.permissions: then only this mode and the "
            "tools below count; null: agent.permissions decides.",
            LEAVE,
        ),
    ] = None
    allowed_tools: Annotated[
        tuple[str, ...],
        documented(
            'Rules beside those of agent.permissions for what is allowed, such as "Bash(pytest:*)". One that '
            'names a command which standard denies, such as "Bash(git push:*)", lifts that denial.',
            LEAVE,
            FEWER,
        ),
    ] = ()
    disallowed_tools: Annotated[
        tuple[str, ...], documented("Rules for what is refused, whatever allows it.", LEAVE, ADDS)
    ] = ()
    sandbox: Annotated[
        Literal["default", "on", "off"],
        documented(
            "The agent's own sandbox; default: as its own settings say. on: the rules above still hold, "
            "caches and /tmp can be written, git works; services of this machine, such as a database, and "
            "other folders cannot be reached, so that tests may fail.",
            LEAVE,
        ),
    ] = "default"
    control_group: Annotated[
        Literal["auto", "off"],
        documented(
            "Run the agent in a control group of its own; auto: where one outlives a logout.", LEAVE
        ),
    ] = "auto"
    skip_permissions: Annotated[
        Literal["no", "yes, run without permission prompts"],
        documented(
            "Run with every permission check off; must be said in these words.",
            LEAVE,
            STRICTER,
            order=("no", SKIP_PERMISSIONS),
        ),
    ] = "no"
    max_budget_usd: Annotated[
        Usd | None,
        documented("Budget the agent itself keeps within one process; null: none.", LIMIT, LOWER),
    ] = None
    max_turns: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000, extra={"unit": "turns"})] | None,
        documented("Turns the agent allows itself in one process; null: any.", LIMIT, LOWER),
    ] = None
    partial_messages: Annotated[
        bool, documented("Ask for streamed pieces: exact live tokens, a larger stream.", TELLS, ON)
    ] = True
    extra_args: Annotated[
        tuple[str, ...],
        documented("Further arguments for the agent, as they are.", PROGRAM, words=True),
    ] = ()
    env: Annotated[
        dict[str, Secret], documented("Environment variables added for the agent.", PROGRAM)
    ] = {}


class ScreenSettings(Struct, frozen=True):
    """How the screen looks and how often it paints."""

    theme: Annotated[
        Literal["auto", "dark", "light", "ansi", "mono"],
        documented("Colours, mono none; auto: dark, or none where NO_COLOR is set.", HARMLESS),
    ] = "auto"
    verbosity: Annotated[
        Literal["brief", "normal", "full"],
        documented("How many kinds of events are shown at first.", HARMLESS),
    ] = "brief"
    ascii: Annotated[
        Literal["auto", "on", "off"],
        documented("Draw with ASCII only; auto: where the locale is not UTF-8.", HARMLESS),
    ] = "auto"
    slow_link: Annotated[
        Literal["auto", "on", "off"], documented("Paint sparingly; auto: over SSH.", HARMLESS)
    ] = "auto"
    paint_ms: Annotated[
        Milliseconds, documented("Least time between paints; the first is immediate.", HARMLESS)
    ] = 140
    slow_paint_ms: Annotated[
        Milliseconds, documented("Least time between paints over a slow link.", HARMLESS)
    ] = 250
    poll_ms: Annotated[
        Milliseconds,
        documented("Time between looks at a file that sends no hints of change.", HARMLESS),
    ] = 200
    mouse: Annotated[
        bool, documented("React to the mouse; off leaves it to the terminal.", HARMLESS)
    ] = True


class StallsSettings(Struct, frozen=True):
    """When silence or repetition is called a stall, and what is done about it."""

    tool_heartbeat_seconds: Annotated[
        Seconds,
        documented(
            "Silence during a tool call, heartbeats included, that counts as frozen.", TELLS, LOWER
        ),
    ] = 90
    quiet_tool_seconds: Annotated[
        Seconds, documented("The same where the agent sends no heartbeats at all.", TELLS, LOWER)
    ] = 3600
    api_silence_seconds: Annotated[
        Seconds,
        documented(
            "Silence with no tool running and no retry pending that counts as stalled.",
            TELLS,
            LOWER,
        ),
    ] = 360
    wedge_seconds: Annotated[
        Seconds,
        documented(
            "Silence after a tool's result or after a turn that counts as wedged.", TELLS, LOWER
        ),
    ] = 360
    answer_patience_seconds: Annotated[
        Seconds,
        documented(
            "Time the agent has to take in a message before that is worth a word.", TELLS, LOWER
        ),
    ] = 20
    loop_notice: Annotated[
        Repeats,
        documented("Equal rounds after which a loop is shown: the level notice.", TELLS, LOWER),
    ] = 3
    loop_nudge: Annotated[
        Repeats,
        documented(
            "Equal rounds after which a loop is suspected, and a step back is due.", LIMIT, LOWER
        ),
    ] = 5
    loop_stop: Annotated[
        Repeats,
        documented(
            "Equal rounds after which the session counts as stuck, and an interrupt is due.",
            LIMIT,
            LOWER,
        ),
    ] = 8
    loop_longest_cycle: Annotated[
        Annotated[int, Meta(ge=1, le=20, extra={"unit": "calls"})],
        documented("Longest sequence of calls looked at as one round.", TELLS, HIGHER),
    ] = 7
    loop_action: Annotated[
        Literal["notice", "nudge", "interrupt", "end"],
        documented(
            "How far the supervisor goes by itself when a session is stuck. notice: it tells you and names "
            "the key; nudge: it sends a step back as well, at most twice; interrupt: after that it takes a "
            "checkpoint and interrupts the turn; end: if that did not help either, it ends the run with a "
            "hand-over note.",
            LIMIT,
            STRICTER,
            order=("end", "interrupt", "nudge", "notice"),
        ),
    ] = "notice"
    disabled_detectors: Annotated[
        tuple[Annotated[str, Meta(extra={"choices": tuple(DETECTORS)})], ...],
        documented("Detectors of circling that are switched off.", TELLS, FEWER),
    ] = ("similar_messages",)
    detector_counts: Annotated[
        dict[str, Annotated[tuple[Rounds, Rounds, Rounds], Meta(extra={"rising": True})]],
        documented(
            "Rounds from which a detector gives a notice, suspects, and says stuck, in place of its own: "
            "{same_error: [4, 6, 10]}.",
            TELLS,
            names=tuple(DETECTORS),
        ),
    ] = {}
    pollers: Annotated[
        tuple[str, ...],
        documented("Commands that wait by repeating and deserve patience.", LIMIT, FEWER),
    ] = ("sleep", "wait", "gh run watch", "tail")
    poller_factor: Annotated[
        Annotated[float, Meta(ge=1, le=100, extra={"unit": "times"})],
        documented("How many times more repeats such commands may make.", LIMIT, LOWER),
    ] = 4
    step_back: Annotated[
        str,
        documented(
            "Words of the step-back; {evidence}, {since} and {tried} are filled in.",
            SPEAKS,
            block=True,
        ),
    ] = STEP_BACK


class CheckpointsSettings(Struct, frozen=True):
    """What a checkpoint captures and how long it is kept."""

    max_file_mib: Annotated[
        MiB,
        documented("Larger files are listed, not captured; a rewind never touches them.", KEEPS),
    ] = 25
    max_untracked_mib: Annotated[
        MiB, documented("Untracked files beyond this total are listed, not captured.", KEEPS)
    ] = 500
    time_budget_seconds: Annotated[
        Seconds,
        documented("Time a checkpoint may take before it is given up and tried later.", KEEPS),
    ] = 10
    keep_all_hours: Annotated[
        Hours, documented("Age up to which every checkpoint is kept.", KEEPS, HIGHER)
    ] = 24
    keep_hourly_days: Annotated[
        Days | None,
        documented("Age up to which one an hour is kept; null: for ever.", KEEPS, HIGHER),
    ] = 30


class ProtectSettings(Struct, frozen=True):
    """What no agent may touch, whatever it is permitted: in every run, and by `hooks install --protect`."""

    paths: Annotated[
        tuple[str, ...],
        documented(
            "Files that may be neither read nor written, as globs from the project's top (or absolute, "
            'or "~/…"): ".env", "**/.env", "secrets/**". A folder stands for all in it; case is not heeded.',
            LEAVE,
            ADDS,
        ),
    ] = ()
    commands: Annotated[
        tuple[str, ...],
        documented(
            'Commands that may not run, by the words they begin with: "git push", "rm -rf", "curl", '
            '"./deploy.sh"; options may stand anywhere.',
            LEAVE,
            ADDS,
        ),
    ] = ()


class CommitsSettings(Struct, frozen=True):
    """Real commits that the supervisor makes by itself; off unless asked for."""

    every_minutes: Annotated[
        Minutes | None,
        documented(
            "Commit the work tree on the current branch this often; null: never.", LIMIT, LOWER
        ),
    ] = None
    prefix: Annotated[
        str, documented("What the message of such a commit begins with.", HARMLESS)
    ] = "[AUTO]"


class LimitsSettings(Struct, frozen=True):
    """What happens when the plan's usage limit is reached."""

    on_limit: Annotated[
        Literal["wait", "fallback-model", "stop"],
        documented(
            "wait: until it resets, if that is within the night; fallback-model: go on with "
            "agent.fallback_model; stop: end the run.",
            COSTS,
        ),
    ] = "wait"


class ReviewSettings(Struct, frozen=True):
    """What the morning review points at."""

    large_file_mib: Annotated[
        MiB,
        documented("Files of this size added in the night are a risk to look at.", TELLS, LOWER),
    ] = 1
    large_deletion_lines: Annotated[
        Count, documented("Lines deleted from one file that are a risk to look at.", TELLS, LOWER)
    ] = 200
    absence_hours: Annotated[
        Hours,
        documented(
            "After so long without any activity a session that is taken up again begins a new night; waiting "
            "for an answer, a limit or background work is activity.",
            TELLS,
            HIGHER,
        ),
    ] = 6.0
    prove_minutes: Annotated[
        Minutes,
        documented("Time each command of `review --prove` may take.", LIMIT, LOWER),
    ] = 30
    signing_key: Annotated[
        str | None,
        documented(
            "SSH key that signs bundles, or the .pub of one in ssh-agent; null: the usual one in ~/.ssh.",
            OUTSIDE,
        ),
    ] = None


class ModelPrice(Struct, frozen=True, kw_only=True):
    """USD for a million tokens of each kind; nothing is guessed, so all five are needed."""

    input: UsdPerMillion
    output: UsdPerMillion
    cache_write_5m: UsdPerMillion
    cache_write_1h: UsdPerMillion
    cache_read: UsdPerMillion
