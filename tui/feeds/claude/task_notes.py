"""What tool results and notifications say of background tasks: shells, subagents, workflows, wake-ups."""

from __future__ import annotations

import re
from typing import Any

from tui.feeds.claude.lenient_values import name, single_line
from tui.feeds.claude.wire import EditResult
from tui.model.cli_commands import ENDED_TASK_STATUSES
from tui.model.events import TaskUpdate
from tui.system.lazy_pattern import lazy

SHELL, AGENT, WORKFLOW, MONITOR = "local_bash", "local_agent", "local_workflow", "monitor"
WAKE_UP, SCHEDULE = "wake_up", "session_cron"
_LAUNCHED = ("async_launched", "remote_launched")
_MOST_NOTES = 50
_LATEST = 1e11

# Streams of older versions and other writers have no structured answer; the tool's text is its own.
_TEXTS = ("Command ", "Async agent launched successfully", "<retrieval_status>", "<status>")
_SHELL_STARTED = lazy(r"\ACommand [^\n]{0,120}?background[^\n]{0,60}? with ID: ([\w-]{1,80})")
_AGENT_STARTED = lazy(r"\bagentId: ([\w-]{1,80})")
_TASK_ASKED = lazy(r"\A<retrieval_status>.*?<task_id>([\w-]{1,80})</task_id>", re.S)
_STATUS = lazy(r"<status>([a-z_]{1,40})</status>")


# complexity: a table in code, one case for each shape that an answer about a task has
def task_of_result(call: str, answer: EditResult | None, text: str) -> TaskUpdate | None:
    """What the result of `call` says of a background task, from its structured answer or its `text`."""
    if answer is None:
        return _of_text(call, text) if text.startswith(_TEXTS) else None
    if answer.backgroundTaskId:
        return _started(call, answer.backgroundTaskId, SHELL)
    if answer.scheduledFor is not None:
        return _wake_up(call, answer.scheduledFor)
    if answer.status in _LAUNCHED:
        return _launched(call, answer)
    if answer.taskId and isinstance(answer.timeoutMs, int | float):
        return _started(call, answer.taskId, MONITOR, answer.description)
    if answer.resumedAgentId:
        return _started(call, answer.resumedAgentId, AGENT)
    if isinstance(answer.task, dict):
        task = answer.task
        return _seen(task.get("task_id"), task.get("task_type"), task.get("status"))
    if answer.shell_id or (answer.task_id and answer.task_type):
        return _seen(answer.shell_id or answer.task_id, answer.task_type, "killed")
    if answer.shellId:
        return _seen(answer.shellId, SHELL, answer.status)
    if answer.humanSchedule and answer.id:
        return _started(call, answer.id, SCHEDULE, answer.humanSchedule)
    return None


def _started(call: str, task: Any, kind: Any, about: Any = None) -> TaskUpdate | None:
    if not isinstance(task, str):
        return None
    kind = kind if isinstance(kind, str) else ""
    return TaskUpdate("started", name(task), call, single_line(about), name(kind))


def _launched(call: str, answer: EditResult) -> TaskUpdate | None:
    """An agent or a workflow that works on while its call is answered."""
    if answer.agentId:
        return _started(call, answer.agentId, AGENT, answer.description)
    if answer.error:  # a workflow whose script could not be read
        return None
    return _started(call, answer.taskId, answer.taskType or WORKFLOW, answer.workflowName)


def _wake_up(call: str, due: Any) -> TaskUpdate:
    """The one wake-up of a session; a new one takes the place of the last, 0 stands for none."""
    at = due / 1000 if isinstance(due, int | float) and 0 < due / 1000 < _LATEST else None
    return TaskUpdate("ended" if at is None else "started", WAKE_UP, call, "", WAKE_UP, due=at)


def _seen(task: Any, kind: Any, status: Any) -> TaskUpdate | None:
    """A task that was asked about or ended by its tool."""
    if not isinstance(task, str) or not isinstance(status, str):
        return None
    over = status in ENDED_TASK_STATUSES
    kind = name(kind) if isinstance(kind, str) else ""
    return TaskUpdate("ended" if over else "updated", name(task), "", "", kind, name(status))


def _of_text(call: str, text: str) -> TaskUpdate | None:
    if text[0] == "<":
        asked = _TASK_ASKED.match(text)
        status = _STATUS.search(text)
        # The text of older versions does not name the shell; the call that asked does.
        return _seen(asked[1] if asked else "", "", status[1]) if status else None
    shell = _SHELL_STARTED.match(text)
    if shell is not None:
        return _started(call, shell[1], SHELL)
    agent = _AGENT_STARTED.search(text[:2000])
    return _started(call, agent[1], AGENT) if agent else None


NOTIFICATION = "task-notification"
"""The tag of a note about tasks; also the origin of the record that carries it."""
_NOTE = lazy(r"<task-notification>(.*?)(?:</task-notification>|\Z)", re.S)
_TASK = lazy(r"<task-id>([^<]{1,200})</task-id>")
_SUMMARY = lazy(r"<summary>(.*?)</summary>", re.S)
# One note may stand for many tasks that a process lost when it ended, but for those still alive.
_ORPHANS = "__orphan_summary__:"
_ALIVE = "__orphan_summary_live__:"
_KINDS = {"agent": AGENT, "shell": SHELL, "workflow": WORKFLOW}


def tasks_of_note(text: str) -> tuple[TaskUpdate, ...]:
    """The tasks that the notifications in `text` tell of; one without a status goes on."""
    found: list[TaskUpdate] = []
    for note in _NOTE.finditer(text):
        # A subagent's own words follow the head and are not the CLI's.
        head = note[1].partition("<result>")[0]
        status = _STATUS.search(head)
        summary = _SUMMARY.search(head)
        about = single_line(summary[1]) if summary else ""
        for task in _TASK.findall(head)[:_MOST_NOTES]:
            found += _noted(task.strip(), status[1] if status else "", about)
        if len(found) >= _MOST_NOTES:
            break
    return tuple(found)


def _noted(task: str, status: str, about: str) -> list[TaskUpdate]:
    if task.startswith(_ALIVE):
        return []
    phase = "ended" if status in ENDED_TASK_STATUSES else "progress"
    if task.startswith(_ORPHANS):
        kind = _KINDS.get(task.removeprefix(_ORPHANS), "")
        return [TaskUpdate("ended", "*", "", about, kind, name(status))] if kind else []
    return [TaskUpdate(phase, name(task), "", about, "", name(status))]  # type: ignore[arg-type]
