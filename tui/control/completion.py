"""When the work is done: what the progress file says, never what the agent says."""

from __future__ import annotations

from tui.model.records import ProgressFile
from tui.settings.original_sections import EnforcementSettings


def is_complete(progress: ProgressFile, rules: EnforcementSettings) -> bool:
    """Whether enough tasks are done, and all of each priority that is required."""
    if progress.open == 0:
        return True
    if progress.total and 100 * progress.done / progress.total < rules.min_completion_pct:
        return False
    required = {"P0": rules.require_p0, "P1": rules.require_p1, "P2": rules.require_p2}
    open_priorities = {task.priority for task in progress.tasks if task.state != "done"}
    return not any(needed and name in open_priorities for name, needed in required.items())


def is_stuck(progress: ProgressFile) -> bool:
    """Whether every open task is blocked."""
    open_states = {task.state for task in progress.tasks} - {"done"}
    return open_states == {"blocked"}


def open_titles(progress: ProgressFile) -> list[str]:
    """Open tasks by title, those under way first."""
    tasks = [task for task in progress.tasks if task.state != "done"]
    tasks.sort(key=lambda task: (task.state != "in_progress", task.priority or "P9"))
    return [task.title for task in tasks]
