"""What a rehearsal would run: tonight's agent command, its permissions, the test command, a commit."""

from __future__ import annotations

import shlex
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tui.model.permissions.granted import AgentPermissions, PermissionPreset
from tui.runner.agent.attempt import attempt_environment
from tui.runner.agent.launch import agent_arguments, agent_variables
from tui.runner.agent.run_guard import keep_run_rules
from tui.runner.agent.unattended import unattended_variables
from tui.runner.copies.work_copy import WorkCopy
from tui.runner.permissions.preset import parse_version, permissions_of
from tui.runner.rehearsal.own_steps import FILE, SUBJECT
from tui.runner.rehearsal.test_command import TestCommand, find_test_command
from tui.runner.run_state import NextAttempt
from tui.settings.settings import Settings
from tui.store.runs import RunFacts
from tui.system.format import format_count

MOST_USD = 1.0
MOST_MINUTES = 15.0
_SHELL_MS = 600_000
_INLINE = "--settings"
# Variables by which git leaves the folder that it stands in.
_OF_THE_REAL_ONE = frozenset(
    {
        f"GIT_{name}"
        for name in "DIR WORK_TREE INDEX_FILE COMMON_DIR OBJECT_DIRECTORY PREFIX".split()
    }
    | {"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "OLDPWD"}
)


class RehearsalPlan(Struct, frozen=True):
    """What would be run in the copy. `most_usd` and `most_minutes` bound the agent's turn.

    `version` is what the agent says of itself, empty where it is not known.
    """

    project: Path
    settings: Settings
    tests: TestCommand | None
    version: str = ""
    most_usd: float = MOST_USD
    most_minutes: float = MOST_MINUTES

    @property
    def shown(self) -> list[str]:
        """The plan for a person who has to agree to it."""
        agent = _words(
            self, RunFacts("rehearsal", "", str(self.project), 0.0, self.settings.agent.command)
        )
        if _INLINE in agent:
            agent[agent.index(_INLINE) + 1] = "{…}"
        test = "none was found, so none are run"
        if self.tests is not None:
            test = f"{shlex.join(self.tests.words)}   (from {self.tests.source})"
        bound = f"at most ${self.most_usd:g} and {self.most_minutes:g} min"
        return [
            f"A rehearsal of the night in a throwaway copy of {self.project}; the project stays as it is.",
            f"agent        {shlex.join(agent)}",
            f"permissions  {permission_words(self._permissions(self.project))}",
            f"tests        {test}",
            f"commit       of {FILE}, in the copy, with the hooks of this repository",
            f"bounds       {bound}; test messages go to every channel of the settings",
        ]

    def _permissions(self, project: Path) -> AgentPermissions:
        return permissions_of(self.settings.agent, project, parse_version(self.version))

    @property
    def budgeted(self) -> Settings:
        """The settings with the rehearsal's own bound on money."""
        limit = self.settings.agent.max_budget_usd
        most = self.most_usd if limit is None else min(limit, self.most_usd)
        return replace(self.settings, agent=replace(self.settings.agent, max_budget_usd=most))


def plan_rehearsal(
    project: Path, settings: Settings, *, version: str = "", most_minutes: float = MOST_MINUTES
) -> RehearsalPlan:
    """The plan for the project as its files are now."""
    most = min(MOST_USD, settings.budget.max_cost_usd or MOST_USD)
    tests = find_test_command(project, settings)
    return RehearsalPlan(project, settings, tests, version, most, most_minutes)


def permission_words(permissions: AgentPermissions) -> str:
    """Which permissions tonight's agent has, in short."""
    if permissions.preset == PermissionPreset.ALL:
        return "all: no check is made"
    name = permissions.preset.value
    if permissions.preset == PermissionPreset.MODE:
        name = f"the agent's mode {permissions.mode}"
    rules = (
        f"{format_count(len(permissions.allow), 'rule')} to allow, {len(permissions.deny)} to deny"
    )
    return f"{name}: {rules}, {format_count(len(permissions.allowed), 'tool')} allowed beside"


def agent_words(plan: RehearsalPlan, copy: WorkCopy) -> list[str]:
    """Tonight's argument list for an agent in the copy, with the rehearsal's own budget.

    Keeps the rules of its guard where that looks for them. Raises OSError.
    """
    project = plan.project
    facts = RunFacts(copy.run.id, "", str(project), time.time(), plan.settings.agent.command)
    permissions = plan._permissions(copy.project)
    keep_run_rules(copy.run, copy.project, plan.settings, permissions)
    return _words(plan, facts, permissions)


def _words(
    plan: RehearsalPlan, facts: RunFacts, permissions: AgentPermissions | None = None
) -> list[str]:
    permissions = permissions or plan._permissions(plan.project)
    step = NextAttempt("start", "")
    return agent_arguments(facts, plan.budgeted, step, str(uuid.uuid4()), permissions)


def agent_environment(
    plan: RehearsalPlan, copy: WorkCopy, environ: Mapping[str, str]
) -> dict[str, str]:
    """The environment that tonight's agent would have, without what would lead git out of the copy."""
    facts = RunFacts(copy.run.id, "", str(plan.project), time.time(), plan.settings.agent.command)
    given = attempt_environment(environ, plan.settings)
    kept = {name: value for name, value in given.items() if name not in _OF_THE_REAL_ONE}
    ours = {**unattended_variables(environ, plan.settings), **agent_variables(facts, copy.run.path)}
    return {**kept, **ours, "PWD": str(copy.project)}


def prompt_of(plan: RehearsalPlan) -> str:
    """What the agent is asked to do: the test command, an edit and a commit, nothing else."""
    steps = []
    if plan.tests is not None:
        steps.append(
            f"Run the tests with the Bash tool, with a timeout of {_SHELL_MS} ms and exactly this command:\n"
            f"   {shlex.join(plan.tests.words)}\n   Whether they pass does not matter; repair nothing."
        )
    steps.append(f'Write the file {FILE} with the Write tool; its content is the line "rehearsed".')
    steps.append(
        "Commit it with the Bash tool and exactly this command:\n"
        f'   git add {FILE} && git commit -m "{SUBJECT}"'
    )
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return (
        "This is a rehearsal in a throwaway copy of the repository: it shows what you may do tonight. Do these "
        "steps in this order, each once, and nothing else. If a step is refused or fails, go on with the next; "
        "do not try another way. Then answer with one short sentence.\n\n" + numbered
    )
