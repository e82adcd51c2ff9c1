"""Rehearses the night: the agent's turn in a throwaway copy, and by itself what no agent did."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tui.feeds.claude.settings_files import local_servers, read_settings_files
from tui.runner import preflight
from tui.runner.agent.logins import LoginSources, find_logins
from tui.runner.copies.throwaway import sweep_copies
from tui.runner.copies.work_copy import WorkCopy, head_of, make_copy
from tui.runner.doctor import machine
from tui.runner.doctor.checks import CheckResult
from tui.runner.policy.budgets import budget_refusal
from tui.runner.rehearsal import findings
from tui.runner.rehearsal.agent_turn import RehearsedTurn, TurnEnding, TurnLimits, TurnReport
from tui.runner.rehearsal.own_steps import FILE, run_tests, try_commit
from tui.runner.rehearsal.plan import RehearsalPlan, agent_environment, agent_words, prompt_of
from tui.runner.rehearsal.step_findings import Rehearsed, shows_test_end
from tui.store.ledgers.spending import RunSpending, SpendingLedger, by_local_day
from tui.system.children.programs import find_program
from tui.system.errors import OvernightError
from tui.system.files import atomic_write
from tui.system.git import Git

_ONLY_GIVEN = "--strict-mcp-config"
_HOOK_EVENTS = "--include-hook-events"
_LEAST_TEST_SECONDS = 30.0


@dataclass(frozen=True)
class RepositoryFacts:
    """What a rehearsal must leave as it was."""

    head: str | None
    branches: bytes
    status: bytes

    @classmethod
    def of(cls, git: Git) -> RepositoryFacts:
        branches = git.run(
            ("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags")
        )
        status = git.run(("status", "--porcelain", "-z", "--no-renames"))
        return cls(git.head(), branches, status)


def rehearse(
    plan: RehearsalPlan,
    environ: Mapping[str, str] = os.environ,
    *,
    limits: TurnLimits | None = None,
    now: float | None = None,
) -> Iterator[CheckResult]:
    """Runs the plan and yields what was found. Nothing of it outlives the call; the project is as before."""
    limits = limits or TurnLimits(seconds=plan.most_minutes * 60)
    sweep_copies(environ)
    sources = find_logins(plan.project, plan.settings, environ)
    try:
        git = Git(plan.project)
        before = RepositoryFacts.of(git)
        copy = make_copy(git, plan.project, environ)
    except OvernightError as error:
        text, _, advice = str(error).partition("; ")
        yield CheckResult("rehearsal", "fail", f"nothing was rehearsed: {text}", advice)
        return
    try:
        done = _play(plan, copy, environ, sources, limits)
    finally:
        copy.remove(environ)
    yield from findings.results(done)
    yield from _machine(plan, sources, done.has_model, git, now)
    if RepositoryFacts.of(git) != before:
        text = "the repository is not as it was before the rehearsal"
        yield CheckResult(
            "project", "warn", text, "see git status and git log: somebody works in it"
        )


def _play(
    plan: RehearsalPlan,
    copy: WorkCopy,
    environ: Mapping[str, str],
    sources: LoginSources,
    limits: TurnLimits,
) -> Rehearsed:
    began = time.monotonic()
    head, given = head_of(copy), agent_environment(plan, copy, environ)
    why_not = _obstacle(plan, environ, sources)
    turn = None if why_not else _turn(plan, copy, given, limits)
    if turn is not None and turn.cost:
        _record_cost(plan, copy, environ, turn.cost)
    edited, committed = (copy.project / FILE).exists(), head_of(copy) != head
    own_tests = own_commit = None
    if plan.tests is not None and not shows_test_end(turn, plan):
        left = max(_LEAST_TEST_SECONDS, limits.seconds - (time.monotonic() - began))
        own_tests = run_tests(plan.tests.words, copy, given, left)
    if not committed:
        own_commit = try_commit(copy, given)
    files = read_settings_files(copy.project, given)
    hooks = tuple(one.place for one in files if one.has_hooks("SessionStart"))
    return Rehearsed(
        plan, turn, own_tests, own_commit, edited, committed, copy.left_out, why_not, hooks
    )


def _record_cost(
    plan: RehearsalPlan, copy: WorkCopy, environ: Mapping[str, str], usd: float
) -> None:
    """Has the budgets of all runs count what the rehearsal cost."""
    days = by_local_day({time.time(): usd}, time.time())
    spending = RunSpending(copy.run.id, str(plan.project), days)
    with suppress(OSError, OvernightError):
        SpendingLedger(environ).record(copy.run, spending)


def _obstacle(plan: RehearsalPlan, environ: Mapping[str, str], sources: LoginSources) -> str:
    """Why no turn can be played; empty where it can be tried."""
    command = plan.settings.agent.command
    try:
        preflight.check_agent(command, environ, plan.project)
    except OvernightError as error:
        return str(error).partition("; ")[0]
    used = sources.used
    if preflight.is_claude(command) and (used is None or not used.is_usable):
        return "Claude Code is not logged in"
    used_up = budget_refusal(plan.settings, time.time(), environ)
    return used_up.partition("; ")[0]


def _turn(
    plan: RehearsalPlan, copy: WorkCopy, given: Mapping[str, str], limits: TurnLimits
) -> TurnReport:
    """The agent's turn; with the events of hooks where its version has them."""
    words = agent_words(plan, copy)
    program = find_program(words[0], given, plan.project)
    words = [program or words[0], *words[1:]]
    more = [_HOOK_EVENTS] if preflight.is_claude(plan.settings.agent.command) else []
    words += _local_servers(plan.project, copy, given, words)
    report = TurnReport()
    for attempt, extra in enumerate((more, [])):
        folder = copy.folder / f"turn-{attempt}"
        folder.mkdir(mode=0o700)
        turn = RehearsedTurn([*words, *extra], copy.project, given, folder, copy.holder.marker)
        report = turn.play(prompt_of(plan), str(uuid.uuid4()), limits)
        if not (extra and report.ending is TurnEnding.EXITED and _HOOK_EVENTS in report.errors):
            break
    return report


def _local_servers(
    project: Path, copy: WorkCopy, environ: Mapping[str, str], words: Sequence[str]
) -> list[str]:
    """Arguments for the MCP servers that Claude Code knows by the real project's path."""
    servers = local_servers(project, environ)
    if not servers or _ONLY_GIVEN in words:
        return []
    file = copy.folder / "servers.json"
    atomic_write(file, msgspec.json.encode({"mcpServers": servers}), sync=False)
    return ["--mcp-config", str(file)]


def _machine(
    plan: RehearsalPlan, sources: LoginSources, has_model: bool, git: Git, now: float | None
) -> Iterator[CheckResult]:
    address = machine.api_address(sources.environ)
    reached = machine.reach(address, sources.environ) if address else None
    newest = git.read_line(("log", "-1", "--format=%ct", "HEAD"))
    moment = time.time() if now is None else now
    memory = machine.memory_finding(machine.available_memory())
    found = {
        "memory": memory if memory[0] == "ok" else None,
        "network": machine.network_finding(reached, has_model),
        "clock": machine.clock_finding(
            reached.skew if reached is not None else None,
            float(newest) if newest and newest.isdecimal() else None,
            moment,
        ),
        "awake": machine.awake_finding(plan.settings.session.inhibit_sleep),
    }
    for name, finding in found.items():
        if finding is not None:
            yield CheckResult(name, *finding)
