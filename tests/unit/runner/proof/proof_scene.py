"""A small project whose tests are a shell script, a night in it, and its proof."""

from __future__ import annotations

import os
from pathlib import Path

from tests.unit import repositories
from tests.unit.repositories import sh
from tui.model.review import Proof, ProofRun
from tui.monitor.history.night_end import NightEnd
from tui.runner.proof.night_commands import ShellLine
from tui.runner.proof.plan import ProofPlan, plan_proof
from tui.runner.proof.prove import prove
from tui.settings.settings import Settings

CHECK = """\
. ./sum.sh
failed=0
for case in tests/test_*.sh; do
  . "./$case" || { echo "FAILED $case::case - wrong"; failed=$((failed + 1)); }
done
if [ "$failed" -gt 0 ]; then echo "$failed failed in 0.01s"; exit 1; fi
echo "2 passed in 0.01s"
"""
FILES = {
    "sum.sh": 'add() { echo "$(($1 + $2))"; }\n',
    "run_tests.sh": CHECK,
    "tests/test_add.sh": '[ "$(add 1 2)" = 3 ]\n',
    ".gitignore": "ignored/\n*.local\n",
}
TESTS = "sh run_tests.sh"


class Night:
    """`base` is where it began; what is changed after that is the night's."""

    def __init__(self, place: Path, files: dict[str, str] | None = None) -> None:
        self.place = place
        self.project = repositories.make(place / "project", FILES if files is None else files)
        self.base = sh(self.project, "rev-parse", "HEAD")
        self.until: float | None = None
        self.lines = [TESTS]
        self.said: list[str] = []
        self.settings = Settings()
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(place / "home"),
            "XDG_CACHE_HOME": str(place / "cache"),
            "XDG_STATE_HOME": str(place / "state"),
        }

    def write(self, name: str, text: str) -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit(self, subject: str = "work") -> str:
        return repositories.commit(self.project, subject)

    def plan(self, folder: str = "") -> ProofPlan:
        head = sh(self.project, "rev-parse", "HEAD")
        end = NightEnd(self.base, head, True, self.until)
        project = self.project / folder
        return plan_proof(
            project, self.project, "night", end, map(ShellLine, self.lines), self.settings
        )

    def prove(self, folder: str = "") -> Proof:
        return prove(self.plan(folder), self.said.append, self.environ, lambda: 7.0)

    def litter(self) -> list[str]:
        """What is left in the cache."""
        top = self.place / "cache/overnight-tui/rehearsals"
        return sorted(os.listdir(top)) if top.is_dir() else []


def run_on(proof: Proof, place: str) -> ProofRun:
    """The first run on those files."""
    return next(run for run in proof.runs if run.on == place)


def colours(proof: Proof) -> dict[str, str]:
    return {run.on: run.verdict for run in proof.runs}
