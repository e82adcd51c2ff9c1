"""What goes on beside the turns: background shells, asynchronous subagents, workflows, wake-ups.

It keeps what the records say was begun and not told to be over. Whether it still goes on is judged in
`tui.night.rules.background_rules`, because that needs the process and the time that has passed.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from tui.model.cli_commands import SHELLS, SUBAGENTS
from tui.model.events import AssistantMessage, Body, TaskUpdate, ToolCall
from tui.system.format import shorten

SHELL, AGENT, WORKFLOW, MONITOR, OTHER = "shell", "subagent", "workflow", "monitor", "task"
WAKE_UP, SCHEDULE = "wake-up", "schedule"
_MOST_TASKS = 256
_MOST_OVER = 512
_KINDS = {
    "local_bash": SHELL,
    "bash": SHELL,
    "local_agent": AGENT,
    "in_process_teammate": AGENT,
    "local_workflow": WORKFLOW,
    "monitor": MONITOR,
    "monitor_mcp": MONITOR,
    "monitor_ws": MONITOR,
    "wake_up": WAKE_UP,
    "session_cron": SCHEDULE,
}
# Tools whose answer may launch a task of that kind; what another tool's answer says of one is its own.
_LAUNCHERS = {
    SHELL: SHELLS,
    AGENT: SUBAGENTS | {"SendMessage"},
    MONITOR: frozenset({"Monitor"}),
    WAKE_UP: frozenset({"ScheduleWakeup"}),
    SCHEDULE: frozenset({"CronCreate"}),
}
_ENDERS = frozenset({"KillShell", "KillBash", "TaskStop"})
_HELPERS = frozenset({"sidechain"})


class BackgroundTask(Struct):
    """Something that was begun beside the turns and not told to be over.

    `last_at` is when its own file grew; `answered` says that its last word there is a whole answer.
    `launched`: its call was answered while it went on; others may be awaited by their call.
    """

    id: str
    kind: str
    about: str
    since: float | None
    call: str = ""
    due: float | None = None
    last_at: float | None = None
    answered: bool = False
    launched: bool = False


class BackgroundTracker(Struct):
    """The tasks that are not over, as the records tell of them in any order."""

    tasks: dict[str, BackgroundTask] = {}
    over: dict[str, float | None] = {}

    def __bool__(self) -> bool:
        return bool(self.tasks)

    @property
    def works(self) -> bool:
        """Whether a task is more than a time at which the session goes on by itself."""
        return any(task.kind not in (WAKE_UP, SCHEDULE) for task in self.tasks.values())

    def on_update(self, update: TaskUpdate, at: float | None) -> None:
        """A record told of a task."""
        if update.task_id == "*":
            self._end_all_of(_KINDS.get(update.task_type, OTHER), at)
        elif update.is_over:
            self._end(update.task_id, at)
        elif update.phase == "started" and update.task_id and not update.foreground:
            self._begin(update, at)
        elif (task := self.tasks.get(update.task_id)) is not None:
            _renew(task, at)

    def on_result(self, use: ToolCall | None, update: TaskUpdate, at: float | None) -> None:
        """A tool's answer told of a task; `use` is its call, if that was seen."""
        if not update.task_id:
            if use is None:
                return
            update = replace(update, task_id=use.target)
        kind = _KINDS.get(update.task_type, OTHER)
        launches = update.phase == "started"
        if launches and use is not None and use.name not in _LAUNCHERS.get(kind, (use.name,)):
            return
        self.on_update(update, at)
        task = self.tasks.get(update.task_id)
        if task is not None and launches:
            task.launched = True
            if use is not None and kind in (SHELL, MONITOR):
                task.about = shorten(use.target) or task.about

    def on_answer(self, call: str, use: ToolCall | None, at: float | None, *, failed: bool) -> None:
        """A call was answered and launched nothing: what it had begun was awaited by it."""
        if use is not None and use.name in _ENDERS and not failed:
            self._end(use.target, at)
        for task in [task for task in self.tasks.values() if task.call == call]:
            if not task.launched:
                del self.tasks[task.id]

    def on_thread(self, thread: str, body: Body, at: float | None, *, beside: bool) -> None:
        """A subagent's own record came; `beside` the turns when none is open."""
        task = self.tasks.get(thread)
        if task is None:
            task = next((task for task in self.tasks.values() if task.call == thread), None)
        if task is None:
            if not beside or not _names_subagent(thread) or thread in self.over:
                return
            self._begin(TaskUpdate("started", thread, "", "", "local_agent"), at)
            task = self.tasks.get(thread)
        if task is not None:
            _renew(task, at)
            if isinstance(body, AssistantMessage):
                task.answered = body.final and not body.tools and not body.thinking

    def end_process_tasks(self) -> None:
        """The process ended that all of them lived in."""
        self.tasks = {}

    def end_work(self) -> None:
        """The CLI says that nothing runs; what is scheduled stays so."""
        self.tasks = {
            key: task for key, task in self.tasks.items() if task.kind in (WAKE_UP, SCHEDULE)
        }

    def _begin(self, update: TaskUpdate, at: float | None) -> None:
        name = update.task_id
        if name in self.over:
            ended = self.over[name]
            if update.due is None and (at is None or ended is None or at <= ended):
                return  # its end was written before its beginning
            del self.over[name]
        task = self.tasks.get(name)
        if task is None:
            if len(self.tasks) >= _MOST_TASKS:
                return
            kind = _KINDS.get(update.task_type, OTHER)
            about = shorten(update.description)
            task = self.tasks[name] = BackgroundTask(name, kind, about, at, update.tool_use_id)
        task.due = update.due
        task.about = task.about or shorten(update.description)
        task.call = task.call or update.tool_use_id

    def _end(self, name: str, at: float | None) -> None:
        self.tasks.pop(name, None)
        known = self.over.pop(name, None)
        self.over[name] = at if known is None or (at is not None and at > known) else known
        if len(self.over) > _MOST_OVER:
            del self.over[next(iter(self.over))]

    def _end_all_of(self, kind: str, at: float | None) -> None:
        for task in [task for task in self.tasks.values() if task.kind == kind]:
            if at is None or task.since is None or task.since < at:
                self._end(task.id, at)


def _renew(task: BackgroundTask, at: float | None) -> None:
    if at is not None and (task.last_at is None or at > task.last_at):
        task.last_at = at


def _names_subagent(thread: str) -> bool:
    """Whether a thread is a subagent's, and none of the CLI's own helpers (summaries, suggestions)."""
    return thread not in _HELPERS and thread[:1] == "a" and _is_hex(thread[1:])


def _is_hex(text: str) -> bool:
    return len(text) >= 3 and all(sign in "0123456789abcdef" for sign in text)
