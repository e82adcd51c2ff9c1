"""A project with protected files, and links that lead to them."""

from __future__ import annotations

import os
from pathlib import Path

from tui.control.protect.judge import ToolCall, judge
from tui.control.protect.refusals import Refusal
from tui.control.protect.rules import Rules

RULES = Rules(
    paths=(".env", "secrets/**", ".git/**", "**/*.key"),
    commands=("rm -rf", "git push", "curl"),
)
_FILES = (".env", ".env.example", "secrets/a.pem", "secrets/a/b.pem", "sub/x", "config/prod.key")


def make_project(top: Path) -> Path:
    """`link` and `slink` are symbolic links, `hard` is another name of `.env`."""
    project = top / "p"
    for name in ("build", ".git"):
        (project / name).mkdir(parents=True)
    for name in _FILES:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("x")
    (project / "link").symlink_to(".env")
    (project / "slink").symlink_to("secrets")
    os.link(project / ".env", project / "hard")
    return project


def judged(
    project: Path, tool: str, given: object, rules: Rules = RULES, cwd: Path | None = None
) -> Refusal | None:
    """The word on a call; what the person's own environment holds plays no part."""
    return judge(ToolCall(tool, given), rules, str(project), str(cwd or project), "/home/u")


def command(
    project: Path, text: str, rules: Rules = RULES, cwd: Path | None = None
) -> Refusal | None:
    """The word on a Bash command."""
    return judged(project, "Bash", {"command": text}, rules, cwd)
