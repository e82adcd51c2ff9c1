"""Whether what was begun beside the turns still goes on, once a turn is over.

The process decides. Claude's own register says `busy`, `shell` or `idle` of it; where a version writes
no such word, the children of the process and the growth of a subagent's file are the evidence. Without
a process nothing goes on.
"""

from __future__ import annotations

from msgspec import Struct

from tui.model.session import AgentProcess
from tui.model.state import StallThresholds
from tui.night.background import (
    AGENT,
    MONITOR,
    SCHEDULE,
    SHELL,
    WAKE_UP,
    WORKFLOW,
    BackgroundTask,
)
from tui.night.fold_state import FoldState
from tui.system.format import format_clock, format_count, format_duration, shorten

_UNSEEN = 120.0
"""How long records alone, without any look at a process, are taken to be true."""
_SAME_START = 10.0
_LONGEST_HOOK = 630.0
_LATE = 120.0
_SETTLED = 10.0
_LASTS = 3.0


class BackgroundWork(Struct, frozen=True):
    """What goes on after a turn's end: a clause for people, since when, and until when if it is known."""

    words: str
    since: float | None = None
    until: float | None = None


def background_work(
    state: FoldState, limits: StallThresholds, now: float, alive: bool | None
) -> BackgroundWork | None:
    """What goes on beside the turns at `now`; None where there is no evidence of anything.

    `alive` says whether an agent lives here, None that nobody looked since the last record.
    """
    if alive is False:
        return None
    process = own_process(state)
    if process is None:
        return _unseen_work(state, now) if state.agents is None else None
    hook = running_hook(state, now)
    if hook is not None and (process.children or process.status == "busy"):
        return hook
    tasks = [
        task
        for task in state.activity.background.tasks.values()
        if _goes_on(task, state, limits, now, process)
    ]
    work = [task for task in tasks if task.kind not in (WAKE_UP, SCHEDULE)]
    if work:
        return _described(work, now)
    return _unrecorded_work(state, process) or _scheduled(tasks, now)


def own_process(state: FoldState) -> AgentProcess | None:
    """The process of the session that is watched: one that names it, else the only one that may be it.

    An older version goes on under the name that its session had before `/clear`.
    """
    own = state.own_agents(state.agents or ())
    named = [agent for agent in own if agent.session]
    newest = [agent for agent in named if agent.session == state.session]
    if named:
        return (newest or named)[-1]
    return own[0] if len(own) == 1 else None


def running_hook(state: FoldState, now: float) -> BackgroundWork | None:
    """The hook that was told to have begun and not to have ended, within the time that hooks are given."""
    activity = state.activity
    since = activity.hook_since
    if not activity.hook or (since is not None and now - since > _LONGEST_HOOK):
        return None
    lasts = "" if since is None else f", for {format_duration(now - since)}"
    return BackgroundWork(f"a hook runs: {shorten(activity.hook)}{lasts}", since)


def _unseen_work(state: FoldState, now: float) -> BackgroundWork | None:
    """Nobody can look at a process: what was told a moment ago may still be so."""
    sign = state.last_sign
    if sign is None or now - sign > _UNSEEN:
        return None
    work = [
        task
        for task in state.activity.background.tasks.values()
        if task.kind not in (WAKE_UP, SCHEDULE)
    ]
    return _described(work, now) if work else running_hook(state, now)


def _goes_on(
    task: BackgroundTask,
    state: FoldState,
    limits: StallThresholds,
    now: float,
    process: AgentProcess,
) -> bool:
    began = min(process.created, process.registered_at or process.created)
    if task.since is not None and began > task.since + _SAME_START:
        return False  # the process it lived in is gone; this one took the session up again
    if task.kind == WAKE_UP:
        return task.due is not None and now <= task.due + _LATE
    if task.kind == SCHEDULE:
        return True
    if not _is_current(state) and now - (state.last_sign or 0.0) <= _SETTLED:
        return True  # the process was looked at before the records came that tell of the task
    status = process.status if _is_current(state) else ""
    if status == "idle":
        return False
    if status == "busy":
        return True
    if status == "shell":
        return task.kind not in (AGENT, WORKFLOW)
    if task.kind in (SHELL, MONITOR):
        return process.children > 0
    return _is_active(task, state, limits, now)


def _is_current(state: FoldState) -> bool:
    """Whether the register was read after the last record; before, it tells of the turn."""
    return state.agents_at is not None and state.agents_at >= (state.last_sign or 0.0)


def _is_active(task: BackgroundTask, state: FoldState, limits: StallThresholds, now: float) -> bool:
    """Whether a subagent's own file says that it is at work."""
    last = task.last_at if task.last_at is not None else task.since
    if last is None:
        return False
    quiet = now - last
    if task.answered:
        return quiet <= _SETTLED
    in_tool = any(
        tool.thread in (task.id, task.call) for tool in state.activity.open_calls.values()
    )
    return quiet <= (limits.quiet_tool_seconds if in_tool else limits.api_silence_seconds)


def _unrecorded_work(state: FoldState, process: AgentProcess) -> BackgroundWork | None:
    """The process is at something that no record tells of: a Stop hook, an answer in the making."""
    if _is_current(state):
        if process.status == "busy":
            return BackgroundWork("its process says that it is still at work")
        if process.status == "shell":
            return BackgroundWork("its process says that a background shell runs")
    sign, at = state.last_sign, state.agents_at
    if process.status or sign is None or at is None or not process.children:
        return None
    # A version without a word for it; a child that began after the answer and lasts is its doing.
    if process.newest_child >= sign - 1.0 and at - process.newest_child >= _LASTS:
        return BackgroundWork("a program that it started since then runs", process.newest_child)
    return None


def _scheduled(tasks: list[BackgroundTask], now: float) -> BackgroundWork | None:
    for task in tasks:
        if task.kind == WAKE_UP and task.due is not None:
            due = f"at {format_clock(task.due)}"
            wait = f", in {format_duration(task.due - now)}" if task.due > now else ""
            return BackgroundWork(f"it wakes up by itself {due}{wait}", None, task.due)
    if tasks:
        about = f": {tasks[0].about}" if tasks[0].about else ""
        return BackgroundWork(f"it goes on by itself on a schedule{about}", tasks[0].since)
    return None


_NAMES = {SHELL: "background shell", AGENT: "background subagent"}


def _described(work: list[BackgroundTask], now: float) -> BackgroundWork:
    """`1 background shell runs: make all, for 11 min`."""
    kinds = dict.fromkeys(task.kind for task in work)
    counts = [
        format_count(sum(task.kind == kind for task in work), _NAMES.get(kind, kind))
        for kind in kinds
    ]
    verb = "runs" if len(work) == 1 else "run"
    first = min(work, key=lambda task: task.since if task.since is not None else now)
    about = f": {shorten(first.about, 80)}" if first.about else ""
    lasts = "" if first.since is None else f", for {format_duration(now - first.since)}"
    return BackgroundWork(f"{' and '.join(counts)} {verb}{about}{lasts}", first.since)
