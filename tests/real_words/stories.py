"""What the scripted model plays beside its own stories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _bash(command: str, **more: object) -> dict[str, object]:
    return {"name": "Bash", "input": {"command": command, "description": "work", **more}}


def _agent(description: str, story: str, background: bool) -> dict[str, object]:
    given = {
        "description": description,
        "subagent_type": "general-purpose",
        "prompt": f"[[scn:{story}]] Look around and report.",
        "run_in_background": background,
    }
    return {"name": "Agent", "input": given}


_LOOP = "for i in $(seq 1 {n}); do echo tick $i; sleep 1; done"
_CHOICE = {
    "question": "Which one?",
    "header": "Pick",
    "multiSelect": False,
    "options": [{"label": "A", "description": "a"}, {"label": "B", "description": "b"}],
}
STORIES: Mapping[str, list[dict[str, Any]]] = {
    "short": [
        {"text": "Looking first.", "tools": [_bash("echo one; " + _LOOP.format(n=4))]},
        {"text": "Now the answer.", "ttfb": 3, "tools": [_bash("echo two")]},
        {"text": "SHORT-DONE."},
    ],
    "again": [
        {"text": "Looking again.", "tools": [_bash("echo again; " + _LOOP.format(n=4))]},
        {"text": "AGAIN-DONE."},
    ],
    "another": [
        {"text": "Another way.", "tools": [_bash("echo another; " + _LOOP.format(n=4))]},
        {"text": "ANOTHER-DONE."},
    ],
    "shell": [
        {
            "text": "It is built in the background.",
            "tools": [_bash(_LOOP.format(n=25), run_in_background=True)],
        },
        {"text": "SHELL-STARTED, I wait for it."},
        {"text": "SHELL-NOTED."},
    ],
    "audit": [
        {"text": "Somebody looks in the background.", "tools": [_agent("audit", "auditor", True)]},
        {"text": "AUDIT-STARTED, I wait for it."},
        {"text": "AUDIT-NOTED."},
    ],
    "auditor": [
        {"text": "First look.", "tools": [_bash("echo first; " + _LOOP.format(n=10))]},
        {"text": "Second look.", "tools": [_bash("echo second; " + _LOOP.format(n=10))]},
        {"text": "AUDITOR-REPORT: all is well."},
    ],
    "delegate": [
        {"text": "Somebody looks.", "tools": [_agent("look", "auditor", False)]},
        {"text": "DELEGATE-DONE."},
    ],
    "worktree": [
        {
            "text": "A tree of its own.",
            "tools": [{"name": "EnterWorktree", "input": {"name": "side"}}],
        },
        {"text": "In it.", "tools": [_bash("pwd; " + _LOOP.format(n=5))]},
        {"text": "WORKTREE-DONE."},
    ],
    "question": [
        {
            "text": "A choice.",
            "tools": [{"name": "AskUserQuestion", "input": {"questions": [_CHOICE]}}],
        },
        {"text": "QUESTION-ANSWERED."},
    ],
    "schedule": [
        {
            "text": "Every hour.",
            "tools": [
                {"name": "CronCreate", "input": {"cron": "7 * * * *", "prompt": "look again"}}
            ],
        },
        {"text": "SCHEDULE-SET."},
    ],
    "long": [
        {"text": "A long command.", "tools": [_bash(_LOOP.format(n=60))]},
        {"text": "LONG-DONE."},
    ],
    "slow": [
        {"text": " ".join(f"word{n}" for n in range(200)) + " SLOW-DONE.", "chunk_delay": 0.05}
    ],
    "limited": [{"text": "LIMITED-DONE.", "status": 429, "times": 2, "retry_after": 3}],
    "limited-always": [{"text": "never", "status": 429, "times": 999, "retry_after": 1}],
    "overloaded": [{"text": "OVERLOADED-DONE.", "status": 529, "times": 2}],
    "overloaded-always": [{"text": "never", "status": 529, "times": 999}],
    "refused-login": [{"text": "never", "status": 401, "times": 999}],
    "refused-request": [{"text": "never", "status": 400, "times": 999}],
}
