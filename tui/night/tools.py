"""Which of the agent's tools do what."""

from __future__ import annotations

EDITING = frozenset({"Edit", "MultiEdit", "Write", "NotebookEdit"})
SHELLS = frozenset({"Bash", "PowerShell"})
SUBAGENTS = frozenset({"Agent", "Task"})
ASKING = frozenset({"AskUserQuestion", "ExitPlanMode"})
POLLING = frozenset({"BashOutput", "TaskOutput", "Monitor", "ScheduleWakeup", "TaskGet"})
