"""What a rehearsal found, as rows of the doctor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tui.model.events import ToolCall
from tui.model.failures import ApiFailure, DenialKind, FailureKind
from tui.night.stuck.refused.allow_rules import allow_rules
from tui.runner.doctor.checks import CheckResult, Finding, fail, ok, warn
from tui.runner.rehearsal.agent_turn import TurnEnding, TurnReport
from tui.runner.rehearsal.plan import RehearsalPlan
from tui.runner.rehearsal.step_findings import (
    MOST_WORDS,
    Rehearsed,
    commit_finding,
    edit_finding,
    tests_finding,
)
from tui.system.format import format_count, format_duration, format_money, shorten_line

_SLOW_START = 15.0
_MODEL_ALIASES = ("opus", "sonnet", "haiku", "default", "best", "opusplan", "inherit")


def results(done: Rehearsed) -> Iterator[CheckResult]:
    """The rows, in the order of what happened."""
    yield CheckResult("rehearsal", *_whole(done))
    turn = done.turn
    if turn is not None:
        yield from _start(turn, done)
        yield from _model(turn, done.plan)
        yield from _refusals(turn)
    yield CheckResult("test command", *tests_finding(done))
    if done.has_model:
        yield CheckResult("edit", *edit_finding(done))
    yield CheckResult("commit", *commit_finding(done))


# --- the turn as a whole ---


def _whole(done: Rehearsed) -> Finding:
    turn, copied = done.turn, ""
    if done.left_out:
        names = ", ".join(done.left_out[:3])
        copied = f"; the copy is without {names}{' …' if done.left_out[3:] else ''}, too large"
    if turn is None:
        text = f"no turn of the agent: {done.no_turn}; the rest was tried without it{copied}"
        return warn(text, "mend that, then rehearse again")
    cost = "" if turn.cost is None else f" for {format_money(turn.cost)}"
    text = f"one turn of {format_duration(turn.seconds)}{cost}{copied}"
    if turn.has_model and turn.ending is TurnEnding.ANSWERED and not _spent(turn):
        return ok(text)
    if turn.has_model and _spent(turn):
        return warn(f"the turn spent its {format_money(done.plan.most_usd)} before it was through")
    if turn.has_model:
        return warn(f"{text}, which did not come to its end")
    return warn(
        f"no model answered within {format_duration(turn.seconds)}: what it may do is not known; "
        f"the rest was tried without it{copied}",
        "mend what is named below, then rehearse again",
    )


def _spent(turn: TurnReport) -> bool:
    return turn.result is not None and turn.result.subtype == "error_max_budget_usd"


def _start(turn: TurnReport, done: Rehearsed) -> Iterator[CheckResult]:
    """How the agent came up: hooks and servers that hang or fail."""
    name = "start"
    for hook, words in turn.failed_hooks.items():
        said = f": {shorten_line(words, MOST_WORDS)}" if words.strip() else ""
        yield CheckResult(
            name, "warn", f"the hook {hook} failed{said}", "see hooks in its settings"
        )
    for server, state in turn.servers.items():
        if state == "failed":
            advice = "mend it, or take it out of the MCP servers"
            yield CheckResult(name, "warn", f"the MCP server {server} did not start", advice)
    if turn.hanging_hook and turn.ending is not TurnEnding.ANSWERED:
        text = f"a hook hangs: {turn.hanging_hook} gave no answer"
        yield CheckResult(name, "fail", text, "give it a timeout, or take it out of the settings")
    elif (finding := _no_turn(turn, done)) is not None:
        yield CheckResult(name, *finding)
    elif turn.started is not None and turn.started_after > _SLOW_START:
        waiting = [server for server, state in turn.servers.items() if state == "pending"]
        which = f"the MCP server {waiting[0]}" if waiting else "a hook of its start"
        text = f"the agent took {format_duration(turn.started_after)} to begin: perhaps {which}"
        yield CheckResult(name, "warn", text, "each attempt of the night waits so long")


def _no_turn(turn: TurnReport, done: Rehearsed) -> Finding | None:
    """Why there was no whole turn, where the API is not the reason."""
    if turn.ending is TurnEnding.SILENT:
        text = f"the agent said nothing within {format_duration(turn.seconds)}"
        return fail(text, _suspects(turn, done))
    if turn.ending is TurnEnding.NOT_STARTED:
        return fail(f"the agent did not start: {turn.errors}")
    if turn.ending is not TurnEnding.EXITED or turn.failure is not None:
        return None
    said = shorten_line(turn.errors, MOST_WORDS)
    code = "" if turn.code is None else f" with exit code {turn.code}"
    text = f"the agent ended{code} before its turn was over{': ' if said else ''}{said}"
    return fail(text, "start it by hand in this project")


def _suspects(turn: TurnReport, done: Rehearsed) -> str:
    """What may keep the agent from beginning: what it wrote, else what its settings have it start."""
    said = shorten_line(turn.errors, MOST_WORDS)
    if said:
        return f"it wrote: {said}"
    found = [f"the SessionStart hook of {place}" for place in done.start_hooks]
    named = f": {', '.join(found[:3])}" if found else ""
    return f"a hook of its start or an MCP server may hang{named}"


def _model(turn: TurnReport, plan: RehearsalPlan) -> Iterator[CheckResult]:
    """Whether the API takes the login and the model."""
    failure = turn.failure
    asked, given = plan.settings.agent.model, turn.started.model if turn.started else ""
    if turn.started is not None and not turn.spoken and failure is None:
        text = f"no model answered within {format_duration(turn.seconds)}, and the agent does not say why"
        advice = "see the login, the network and the status of the API"
        yield CheckResult("api", "fail", text, advice)
    elif failure is not None:
        yield CheckResult("api", *_failure(failure, turn, asked or given))
    elif turn.has_model and asked and given and not _is_that_model(asked, given):
        text = f"{given} answers, though agent.model is {asked}"
        yield CheckResult("api", "warn", text, "see ANTHROPIC_MODEL and the agent's own settings")
    elif turn.has_model:
        retries = f" after {format_count(turn.retries, 'retry', 'retries')}" if turn.retries else ""
        yield CheckResult("api", "ok", f"{given or 'the model'} answers{retries}")


def _failure(failure: ApiFailure, turn: TurnReport, model: str) -> Finding:
    kind, said = failure.kind, shorten_line(failure.text, MOST_WORDS)
    status = f" ({failure.status})" if failure.status else ""
    words = f"{kind.words}{status}{': ' if said else ''}{said}"
    if kind is FailureKind.MODEL_NOT_FOUND:
        words = f"the model {model} is not available{status}{': ' if said else ''}{said}"
        return fail(words, "set agent.model to one that this login may use")
    if kind.needs_person:
        return fail(words, kind.remedy)
    if kind is FailureKind.CONNECTION:
        return fail(words, "see to the network, the proxies and ANTHROPIC_BASE_URL")
    advice = "a run waits for it and tries again; rehearse again later"
    return warn(f"{words}, after {format_count(turn.retries, 'retry', 'retries')}", advice)


def _is_that_model(asked: str, given: str) -> bool:
    bare = asked.lower().partition("[")[0]
    name = given.lower()
    return bare in _MODEL_ALIASES or bare in name or name.partition("[")[0] in bare


def _refusals(turn: TurnReport) -> Iterator[CheckResult]:
    """Each call that was refused, with the rule that would allow it."""
    cwd = turn.started.cwd if turn.started else ""
    for call in turn.calls.values():
        if call.denial is None:
            continue
        rules = allow_rules(call.call.name, _Named(call.call), cwd)
        what = shorten_line(call.command, 80) if call.call.name == "Bash" else call.call.name
        advice = call.denial.remedy
        if call.denial.can_be_allowed and rules:
            advice = f"allow it: add {', '.join(map(repr, rules))} to agent.allowed_tools"
        elif call.denial.can_be_allowed:
            advice = "allow it: see agent.permissions and agent.allowed_tools"
        if call.denial in (DenialKind.HOOK, DenialKind.RULE):
            advice = f"it said: {shorten_line(call.why, MOST_WORDS)}; {advice}"
        yield CheckResult("refused", "fail", f"{what}: {call.denial.words}", advice)


@dataclass(frozen=True)
class _Named:
    _call: ToolCall

    @property
    def target(self) -> str:
        return self._call.target

    @property
    def path(self) -> str:
        return self._call.path

    @property
    def command(self) -> str:
        return self._call.command
