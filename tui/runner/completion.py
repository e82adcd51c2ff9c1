"""When the work counts as done: what the progress file says, never what the agent says."""

from __future__ import annotations

from tui.records import Progress
from tui.settings.original_sections import EnforcementSettings


def is_complete(progress: Progress, rules: EnforcementSettings) -> bool:
    """Whether enough tasks are done, and all of each priority that is required."""
    if progress.open == 0:
        return True
    if progress.total and 100 * progress.done / progress.total < rules.min_completion_pct:
        return False
    required = {"P0": rules.require_p0, "P1": rules.require_p1, "P2": rules.require_p2}
    still = {task.priority for task in progress.tasks if task.state != "done"}
    return not any(needed and priority in still for priority, needed in required.items())


def is_stuck(progress: Progress) -> bool:
    """Whether every task that is left waits for somebody else."""
    left = [task for task in progress.tasks if task.state != "done"]
    return bool(left) and all(task.state == "blocked" for task in left)
