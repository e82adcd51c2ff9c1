"""What a rehearsal would run: tonight's agent command, its permissions, the test command, a commit."""

from __future__ import annotations

import shlex
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from tui.runner.agent.attempt import attempt_environment
from tui.runner.agent.launch import agent_arguments, agent_variables
from tui.runner.rehearsal.own_steps import FILE, SUBJECT
from tui.runner.rehearsal.test_command import TestCommand, find_test_command
from tui.runner.rehearsal.work_copy import WorkCopy
from tui.runner.run_state import NextAttempt
from tui.settings.own_sections import SKIP_PERMISSIONS
from tui.settings.settings import Settings
from tui.store.runs import RunFacts

MOST_USD = 1.0
MOST_MINUTES = 15.0
_SHELL_MS = 600_000


class RehearsalPlan(Struct, frozen=True):
    """What would be run in the copy. `most_usd` and `most_minutes` bound the agent's turn."""

    project: Path
    settings: Settings
    tests: TestCommand | None
    most_usd: float = MOST_USD
    most_minutes: float = MOST_MINUTES

    @property
    def shown(self) -> list[str]:
        """The plan for a person who has to agree to it."""
        agent = agent_words(self, self.facts(self.project), self.project)
        test = "none was found, so none are run"
        if self.tests is not None:
            test = f"{shlex.join(self.tests.words)}   (from {self.tests.source})"
        bound = f"at most ${self.most_usd:g} and {self.most_minutes:g} min"
        return [
            f"A rehearsal of the night in a throwaway copy of {self.project}; the project stays as it is.",
            f"  agent        {shlex.join(agent)}",
            f"  permissions  {permission_words(self.settings)}",
            f"  tests        {test}",
            f"  commit       of {FILE}, in the copy, with the hooks of this repository",
            f"  bounds       {bound}; test messages go to every channel of the settings",
        ]

    def facts(self, project: Path) -> RunFacts:
        return RunFacts(
            "rehearsal", "rehearsal", str(project), time.time(), self.settings.agent.command
        )


def plan_rehearsal(
    project: Path, settings: Settings, *, most_minutes: float = MOST_MINUTES
) -> RehearsalPlan:
    """The plan for the project as its files are now."""
    most = min(MOST_USD, settings.budget.max_cost_usd or MOST_USD)
    return RehearsalPlan(
        project, settings, find_test_command(project, settings), most, most_minutes
    )


def permission_words(settings: Settings) -> str:
    """Which permissions tonight's agent has, in short."""
    agent = settings.agent
    if agent.skip_permissions == SKIP_PERMISSIONS:
        return "all: no check is made"
    mode = (
        f"the agent's mode {agent.permission_mode}" if agent.permission_mode else agent.permissions
    )
    return f"{mode}, {len(agent.allowed_tools)} tools allowed beside"


def agent_words(plan: RehearsalPlan, facts: RunFacts, folder: Path) -> list[str]:
    """Tonight's argument list, with the rehearsal's own budget. `folder` is that of the run's files."""
    limit = plan.settings.agent.max_budget_usd
    most = plan.most_usd if limit is None else min(limit, plan.most_usd)
    agent = msgspec.structs.replace(plan.settings.agent, max_budget_usd=most)
    settings = msgspec.structs.replace(plan.settings, agent=agent)
    session = str(uuid.uuid4())
    return agent_arguments(facts, settings, NextAttempt("start", ""), session)


def agent_environment(
    plan: RehearsalPlan, copy: WorkCopy, environ: Mapping[str, str]
) -> dict[str, str]:
    """The environment that tonight's agent would have."""
    facts = plan.facts(copy.project)
    own = agent_variables(facts, copy.folder)
    return {**attempt_environment(environ, plan.settings), **own}


def prompt_of(plan: RehearsalPlan) -> str:
    """What the agent is asked to do: the test command, an edit and a commit, nothing else."""
    steps = []
    if plan.tests is not None:
        command = shlex.join(plan.tests.words)
        steps.append(
            f"Run the tests with the Bash tool, with a timeout of {_SHELL_MS} ms and exactly this command:\n"
            f"   {command}\n   Whether they pass does not matter; repair nothing."
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
