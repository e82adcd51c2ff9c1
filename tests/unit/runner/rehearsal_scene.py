"""A project, a home and a scripted agent for rehearsals."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.unit import repositories
from tests.unit.repositories import sh
from tui.runner.doctor.checks import CheckResult
from tui.runner.rehearsal.agent_turn import TurnLimits
from tui.runner.rehearsal.plan import plan_rehearsal
from tui.runner.rehearsal.rehearse import rehearse
from tui.settings.original_sections import BudgetSettings, SessionSettings
from tui.settings.own_sections import AgentSettings
from tui.settings.settings import Settings

AGENT = Path(__file__).parents[2] / "agent/rehearsed.py"
TESTS = ("sh", "run-tests.sh")
GREEN = "echo '===== 3 passed in 0.01s ====='\n"
FILES = {"a.txt": "one\n", "run-tests.sh": GREEN, ".gitignore": "ignored/\n*.log\n"}
QUICK = TurnLimits(seconds=20.0, first_word=10.0, retrying=0.3, leaving=1.0)


class Stage:
    """What a rehearsal needs; `spoil` says how the agent behaves."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.project = repositories.make(base / "project", FILES)
        sh(self.project, "config", "user.name", "A")
        sh(self.project, "config", "user.email", "a@example.org")
        self.home = base / "home"
        (base / "bin").mkdir()
        self.home.mkdir()
        self.plan_file = base / "plan.json"
        self.environ = {
            "PATH": f"{base / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(base / "cache"),
            "XDG_STATE_HOME": os.environ["XDG_STATE_HOME"],
            "REHEARSED_PLAN": str(self.plan_file),
            "ANTHROPIC_API_KEY": "sk-of-some-believable-length",
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        program = base / "bin/claude"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -I {AGENT} "$@"\n')
        program.chmod(0o755)
        self.agent = AgentSettings()
        self.session = SessionSettings(baseline_tests=TESTS, inhibit_sleep=False)
        self.limits = QUICK
        self.budget = BudgetSettings()
        self.version = "2.1.197 (Claude Code)"
        self.spoil()

    def spoil(self, **plan: object) -> None:
        self.plan_file.write_text(json.dumps(plan))

    def tests(self, script: str) -> None:
        """Another test script, committed."""
        (self.project / "run-tests.sh").write_text(script)
        sh(self.project, "commit", "-qam", "tests")

    def hook(self, name: str, script: str) -> None:
        path = self.project / ".git/hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    @property
    def settings(self) -> Settings:
        return Settings(agent=self.agent, session=self.session, budget=self.budget)

    def rehearse(self) -> list[CheckResult]:
        plan = plan_rehearsal(self.project, self.settings, version=self.version)
        return list(rehearse(plan, self.environ, limits=self.limits))

    def starts(self) -> list[str]:
        """Pid and folder of each start of the agent."""
        path = Path(f"{self.plan_file}.starts")
        return path.read_text().splitlines() if path.exists() else []

    def words(self) -> list[str]:
        """The arguments of the last start of the agent."""
        found: list[str] = json.loads(Path(f"{self.plan_file}.words").read_text())
        return found

    def litter(self) -> list[str]:
        """What a rehearsal left behind in the cache and in Claude's folder."""
        found = [*(self.base / "cache").rglob("*"), *self.home.rglob("*")]
        return [str(path) for path in found if path.name not in ("overnight-tui", "rehearsals")]


def row(found: list[CheckResult], name: str, words: str = "") -> CheckResult:
    """The row of that name whose text or advice has those words."""
    for one in found:
        if one.name == name and words in f"{one.text}\n{one.advice}":
            return one
    raise AssertionError(f"no row {name!r} with {words!r} in {found}")
