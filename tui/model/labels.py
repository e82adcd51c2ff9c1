"""Every word for a verdict, a risk, an ending, a state or a kind of time, for page, text and screen.

The keys are those of JSON. Signs of the screen are in `widgets.glyphs`; those here are for documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from tui.system.format import (
    format_clock,
    format_count,
    format_duration,
    format_duration_rough,
    format_local,
    format_money,
)

if TYPE_CHECKING:
    from tui.model.interventions import Effect, Injection
    from tui.model.session import EarlierNight
    from tui.model.stall import Stall, StallWaste

VERDICTS: Final[Mapping[str, str]] = {
    "keep": "Keep",
    "look": "Look before keeping",
    "discard": "Discard",
}
VERDICTS_SHORT: Final[Mapping[str, str]] = {"keep": "KEEP", "look": "LOOK", "discard": "DISCARD"}
ENDINGS: Final[Mapping[str, str]] = {
    "tasks_done": "All tasks done",
    "turn_ended": "The turn ended",
    "limit": "A limit ended it",
    "crash": "It crashed",
    "killed": "It was killed",
    "hung": "It hung",
    "failed": "It failed",
    "needs_you": "It waits for a person",
    "open": "No end on record",
}
SIGNS: Final[Mapping[str, str]] = {
    "keep": "✓",
    "look": "!",
    "discard": "✗",
    "high": "▲",
    "medium": "◆",
    "low": "○",
    "verified": "✓",
    "partial": "≈",
    "unverified": "?",
    "contradicted": "✗",
}
RISKS: Final[Mapping[str, str]] = {
    "test_deleted": "test deleted",
    "test_skipped": "test skipped",
    "test_weakened": "test weakened",
    "secret": "secret",
    "dependency": "dependency",
    "ci": "CI",
    "permissions": "permissions",
    "big_deletion": "big deletion",
    "generated": "generated file",
    "binary": "binary file",
    "outside_goal": "outside the goal",
    "no_verify": "hooks skipped",
    "force_push": "force push",
    "fetch_to_shell": "fetched into a shell",
    "big_file": "big file",
    "destructive": "destructive",
    "outward": "sent out",
    "credential_use": "credentials used",
    "persistence": "stays behind",
    "privilege": "as root",
    "hard_coded": "hard-coded answer",
}
RISKS_SHORT: Final[Mapping[str, str]] = {
    **RISKS,
    "secret": "secret?",
    "ci": "CI changed",
    "generated": "generated",
    "binary": "binary",
    "outside_goal": "outside goal",
    "no_verify": "--no-verify",
    "fetch_to_shell": "fetch | shell",
    "credential_use": "credentials",
    "hard_coded": "hard-coded",
}
"""As the screen has room for it."""

WASTES: Final[Mapping[str, str]] = {
    "retries": "retries",
    "loop": "loop",
    "refused": "refused calls",
    "same_error": "same error",
    "no_progress": "no progress",
    "redone": "done again",
    "killed_turn": "turn cut off",
}
STATES: Final[Mapping[str, str]] = {
    "waiting_api": "waiting for API",
    "rate_limited": "rate limited",
    "waiting_permission": "needs permission",
    "waiting_input": "waiting for you",
    "winding_down": "winding down",
    "gave_up": "gave up",
    "none": "no session",
    "tool": "running a tool",
}
"""States whose word is not that of JSON."""

STATES_SHORT: Final[Mapping[str, str]] = {
    "waiting_api": "API",
    "rate_limited": "limited",
    "waiting_permission": "asks",
    "gave_up": "gave up",
}
"""Where there is no room; else the first word."""


def state_word(state: str) -> str:
    """The word of a session's state for people."""
    return STATES.get(state, state.replace("_", " "))


TIME: Final[Mapping[str, str]] = {
    "working": "working",
    "tool": "running tools",
    "waiting_api": "waiting for the API",
    "rate_limited": "rate limited",
    "stalled": "stalled",
    "dead": "not running",
    "idle": "waiting for a person",
}
"""Kinds of time, in the order in which they are shown."""

TIME_SHORT: Final[Mapping[str, str]] = {
    **TIME,
    "tool": "in tools",
    "waiting_api": "waiting",
    "rate_limited": "limited",
    "idle": "idle",
}
MOMENTS: Final[Mapping[str, str]] = {
    "commit": "commit",
    "tests": "tests",
    "checkpoint": "checkpoint",
    "compaction": "compaction",
    "stall": "stall",
    "loop": "loop",
    "refused": "refused",
    "same_error": "same error",
    "no_progress": "no progress",
    "restart": "restart",
    "injection": "words to the agent",
    "rewind": "rewind",
    "limit": "limit",
    "gap": "silence",
    "error": "error",
    "end": "end",
}
MARKS: Final[Mapping[str, str]] = {**MOMENTS, "green": "tests green", "red": "tests red"}

HOOK_EFFECTS: Final[Mapping[str, str]] = {
    "blocked": "kept going",
    "denied": "denied",
    "saved": "saved",
    "handed over": "handed over",
    "let go": "may stop",
    "failed": "failed",
}
PROMINENT_HOOK_EFFECTS: Final = frozenset(("blocked", "denied", "failed"))
"""What a person should see without asking for more."""

COSTS: Final[Mapping[str, str]] = {"result": "", "estimate": "about ", "partial": "at least "}
"""What is written before a cost, by where its figure comes from."""

COST_SIGNS: Final[Mapping[str, str]] = {"result": "", "estimate": "~", "partial": "≥"}
COST_SOURCES: Final[Mapping[str, str]] = {
    "result": "as the CLI says",
    "estimate": "estimate",
    "partial": "at least",
}
SEVERITIES: Final = ("high", "medium", "low")


REMEDIES: Final[Mapping[str, str]] = {
    "silent_tool": "look at what the call does; `overnight-tui kill --interrupt` ends it and keeps the session",
    "silent_api": "wait some minutes, as the CLI cuts a dead connection itself; then "
    "`overnight-tui kill --interrupt` and a message begin anew",
    "wedged": "`overnight-tui inject` a message; if nothing moves, `overnight-tui kill` and start it again",
    "loop": "`overnight-tui step-back` asks it to think again; `overnight-tui rewind` goes back",
    "same_error": "mend the cause that the error names; `overnight-tui step-back` stops the trying",
    "refused": "allow it: add the rule to permissions.allow of .claude/settings.local.json, or answer it",
    "no_progress": "`overnight-tui step-back` names what repeats; `overnight-tui kill` ends it",
    "limit_wait": "nothing, if it may wait: only time lifts the limit",
    "process_gone": "`overnight-tui review` shows what is there; Claude's --resume takes it up again",
}
"""What a person can do about a kind of stall."""


def trouble_title(stall: Stall) -> str:
    """What a stall is called: by its detector, else by its kind."""
    if stall.detector is not None:
        return DETECTORS[stall.detector].title
    return stall.kind.replace("_", " ")


PROGRESS: Final[Mapping[str, str]] = {
    "start": "the beginning",
    "person": "a message of a person",
    "commit": "a commit",
    "content": "a new content of a file",
    "task": "a task done",
    "verdict": "a new verdict of the tests",
    "output": "an output that moved on",
}
"""What counts as progress, by the words of `model.stall.ProgressKind`."""


def remedy_of(stall: Stall) -> str:
    """What a person can do about a stall: of refused calls, the rule that allows them, or why none does."""
    denial = stall.denial
    if denial is None or denial.remedy:
        return REMEDIES.get(stall.kind, "") if denial is None else denial.remedy
    if not stall.rule:
        return (
            "no rule for this would be narrow enough: answer it in a session of your own, do it "
            "yourself, or tell it to do without"
        )
    from shlex import quote  # late: few stalls need it

    return (
        f"allow it: add {stall.rule} to permissions.allow of .claude/settings.local.json or start it "
        f"with --allowedTools {quote(stall.rule)}; or answer it in a session of your own"
    )


class DetectorWords(NamedTuple):
    """A detector for people: its name, what it looks for, and what would clear its finding.

    `cleared_by` goes on from "it ends when", so it begins with a small letter and has no full stop.
    """

    title: str
    looks_for: str
    cleared_by: str


DETECTORS: Final[Mapping[str, DetectorWords]] = {
    "refused_calls": DetectorWords(
        "refused calls",
        "Permission is refused again and again, whatever the arguments are.",
        "a call of this kind is allowed, or it goes on with calls that need no permission",
    ),
    "same_error": DetectorWords(
        "same error",
        "One cause fails different calls: a full disk, a lock, a missing module, a server that is gone.",
        "the cause is mended and a call of this kind succeeds",
    ),
    "repeated_turns": DetectorWords(
        "repeated turns",
        "Turn after turn makes the same calls and leaves the same files and the same open tasks.",
        "a turn changes a file, ticks off a task or makes other calls",
    ),
    "continuations": DetectorWords(
        "continuations without progress",
        "It is told to go on again and again, and no task gets done.",
        "a task is ticked off, a file changes in a new way or something is committed",
    ),
    "compactions": DetectorWords(
        "compactions without progress",
        "The conversation is summarised again and again, and nothing new comes in between.",
        "a file changes in a new way, a task is ticked off or something is committed",
    ),
    "handoffs": DetectorWords(
        "hand-overs without progress",
        "One session hands over to the next, and none of them gets anything done.",
        "a task is ticked off, a file changes in a new way or something is committed",
    ),
    "same_test": DetectorWords(
        "same failing test",
        "The same test fails in the same way after ever new edits.",
        "the test passes, or fails in another way",
    ),
    "reverted_edits": DetectorWords(
        "reverted edits",
        "Files return to a content that they had before.",
        "a file gets a content that it did not have before",
    ),
    "repeated_calls": DetectorWords(
        "repeated calls",
        "The same calls get the same answers, one round after the other.",
        "a call or its answer differs, or a file changes",
    ),
    "growing_commands": DetectorWords(
        "growing commands",
        "A command grows by the same piece each time, and its answer stays as it is.",
        "another command is run, or the answer changes",
    ),
    "recurring_calls": DetectorWords(
        "recurring calls",
        "The same call gets the same answer again and again, with other calls in between.",
        "the answer differs, a file changes, or the call stays away",
    ),
    "repeated_phrases": DetectorWords(
        "repeated phrases",
        "One answer of the model repeats its own words.",
        "a tool call is answered, or a new turn begins",
    ),
    "monologue": DetectorWords(
        "talk without calls",
        "The model says the same again and again and makes no tool call.",
        "it makes a tool call or says something else",
    ),
    "similar_messages": DetectorWords(
        "similar messages",
        "The last three messages of the model are nearly alike, letter by letter.",
        "a message differs from the ones before it",
    ),
}
"""The detectors of circling, by the words of `model.stall.DetectorName`, in its order."""


def describe_waste(waste: StallWaste) -> str:
    """What was spent since the last progress."""
    since = f"{format_clock(waste.since)}, " if waste.since is not None else ""
    return f"No progress since {since}{PROGRESS[waste.last]}: {waste_words(waste)}."


def waste_words(waste: StallWaste) -> str:
    """Calls, time and money, as far as they are known."""
    spent = [format_count(waste.calls, "call")]
    spent += [format_duration(waste.seconds)] if waste.seconds >= 1 else []
    spent += [format_money(waste.usd)] if waste.usd is not None else []
    return ", ".join(spent)


def describe_survivors(survivors: Sequence[str] | None) -> str:
    """What is said of processes that outlived the end of a session; None: others cannot be ruled out."""
    if survivors is None:
        return "what else it had started cannot be known"
    return f"these survived: {', '.join(survivors)}" if survivors else ""


def message_label(mode: str) -> str:
    """What a message is called by the mode in which it was sent."""
    return {"step-back": "step back", "stop": "request to stop"}.get(mode, "message")


def receipt_word(state: str) -> str:
    """How far a message came."""
    return {"seen": "read", "failed": "not read", "withdrawn": "taken back"}.get(state, state)


def describe_message(message: Injection) -> str:
    """A message that was sent: when, how far it came, and what came after it."""
    at = format_local(message.at)
    return f"{message_label(message.mode)} at {at}, {describe_outcome(message)}"


def describe_outcome(message: Injection) -> str:
    """How far a message came, and what came after it."""
    effect = f": {describe_effect(message.effect)}" if message.effect is not None else ""
    return f"{receipt_word(message.state)}{effect}"


def describe_effect(effect: Effect) -> str:
    """What came after an intervention: "7 different calls since; tests green at 03:12"."""
    calls = "no call"
    if effect.different:
        calls = format_count(effect.different, "different call")
        if 2 * effect.different < effect.calls:
            calls += f" of {effect.calls}"
    elif effect.calls:
        calls = f"{format_count(effect.calls, 'call')} and none different"
    span = "since"
    if effect.until is not None:
        span = f"in {format_duration_rough(effect.until - effect.since)}"
    parts = [f"{calls} {span}"]
    if effect.again_at is not None:
        parts.append(f"the same came again at {format_local(effect.again_at)}")
    elif effect.goes_on and effect.calls:
        parts.append("it goes on")
    if effect.commits:
        parts.append(format_count(effect.commits, "commit"))
    if effect.tasks:
        parts.append(format_count(effect.tasks, "task done", "tasks done"))
    if effect.contents and not effect.commits:
        parts.append("files changed")
    if effect.tests and effect.tests_at is not None:
        parts.append(f"tests {effect.tests} at {format_local(effect.tests_at)}")
    return "; ".join(parts)


def describe_earlier(earlier: EarlierNight) -> str:
    """What is said of a night whose session goes on from another, which is not counted in it."""
    if earlier.is_copy:
        return f"forked from session {earlier.session}; the copied history is not counted here"
    return f"session {earlier.session} again; its earlier part, night {earlier.id}, is not counted here"
