"""The steps of help for a session that is stuck, from mild to harsh: which can be done, with what plan.

Each is made of operations that exist by themselves; here is only what joins them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tui.control.availability import LOOKING
from tui.control.checkpoints.refs import checkpoints_of
from tui.control.operations import Operations
from tui.control.rewind.execute import recover_rewind
from tui.control.rewind.targets import GoodCheckpoint, last_good
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.model.state import StallKind
from tui.system.errors import OvernightError
from tui.system.format import format_local, shorten_line

if TYPE_CHECKING:
    from tui.control.availability import FindReachability
    from tui.control.channels.channels import ChannelName
    from tui.control.foreign_session import Reachability
    from tui.control.rewind.apply_steps import ProgressCallback
    from tui.control.rewind.plan import RewindPlan

_MOST_TRIED = 5
_SILENT = (StallKind.SILENT_TOOL,)


class HelpOption(StrEnum):
    """What can be done for a session that is stuck, the mildest first."""

    MESSAGE = "message"
    STEP_BACK = "step_back"
    INTERRUPT = "interrupt"
    RETRY = "retry"
    STOP = "stop"


@dataclass(frozen=True)
class HelpOffer:
    """What can be done now: why each step cannot (empty: it can), and where a retry would begin."""

    obstacles: Mapping[HelpOption, str]
    good: GoodCheckpoint | None = None

    def first_choice(self, stall: Stall | None) -> HelpOption:
        """The mildest step that makes sense: a step back, or an interrupt where a tool hangs.

        What is still being looked at may turn out to be possible, so it is no harsher one that is chosen.
        """
        wanted = [HelpOption.STEP_BACK, HelpOption.INTERRUPT, HelpOption.STOP, HelpOption.RETRY]
        if stall is not None and stall.kind in _SILENT:
            wanted.insert(0, HelpOption.INTERRUPT)
        hopeful = (step for step in wanted if self.obstacles[step] in ("", LOOKING))
        return next(hopeful, HelpOption.STEP_BACK)


def offer_steps(
    operations: Operations,
    snapshot: NightSnapshot,
    reachability: FindReachability,
    *,
    looks: bool = True,
) -> HelpOffer:
    """What can be done; `looks` at the checkpoints, which takes git some hundredths of a second."""
    unreachable = operations.availability("inject", snapshot, reachability).reason
    good, no_retry = None, operations.availability("rewind", snapshot, reachability).reason
    if not no_retry and not looks:
        no_retry = "looking at the checkpoints"
    elif not no_retry:
        try:
            good = last_good(checkpoints_of(operations.work_tree))
            waiting = recover_rewind(operations.work_tree, may_act=False)
        except OvernightError as error:
            no_retry = str(error)
        else:
            no_retry = "" if good else "no checkpoint was taken while the tests were green"
            no_retry = f"{waiting.sentence}; r does that first" if waiting is not None else no_retry
    if not no_retry and unreachable:
        no_retry = f"nobody can tell it what was learned: {unreachable}"
    obstacles = {
        HelpOption.MESSAGE: unreachable,
        HelpOption.STEP_BACK: unreachable,
        HelpOption.INTERRUPT: _no_interrupt(operations, snapshot, reachability),
        HelpOption.RETRY: no_retry,
        HelpOption.STOP: operations.availability("kill", snapshot, reachability).reason,
    }
    return HelpOffer(obstacles, good)


def _no_interrupt(
    operations: Operations, snapshot: NightSnapshot, reachability: FindReachability
) -> str:
    obstacle = operations.availability("kill", snapshot, reachability).reason
    if obstacle or operations.has_run:
        is_idle = not snapshot.activity.turn_open
        return obstacle or ("no turn is open; there is nothing to interrupt" if is_idle else "")
    agent = operations.agent
    known: Reachability | None = reachability(agent) if agent is not None else None
    return known.no_interrupt if known is not None else LOOKING


# --- plans -----------------------------------------------------------------------------------


def interrupt_plan(operations: Operations) -> list[str]:
    """What checkpoint and interrupt would do."""
    kept = f"A checkpoint{operations.of_work_tree} is taken first; r goes back to it."
    if not operations.has_repository:
        kept = "No checkpoint is taken: this folder is no git repository."
    return [kept, "Then its turn is interrupted. The session stays and waits for words."]


def stop_plan(operations: Operations, how: str) -> list[str]:
    """What a stop would do; `how` says in which way it ends."""
    kept = f"A checkpoint{operations.of_work_tree} is taken first."
    if not operations.has_repository:
        kept = "No checkpoint is taken: this folder is no git repository."
    return [
        f"{kept} It is asked to {how}. It is not started again.",
        "K has more: kill, interrupt.",
    ]


def retry_plan(
    operations: Operations, good: GoodCheckpoint, plan: RewindPlan, mode: str, now: float
) -> list[str]:
    """What going back and trying again would do."""
    return [
        f"Back to {good.describe(now)}.",
        *operations.describe_rewind(plan, mode),
        "Then it gets the text below, so that it does not try the same again.",
    ]


def retry_text(stall: Stall | None, snapshot: NightSnapshot, good: GoodCheckpoint) -> str:
    """What is said after a rewind: what was tried in vain, and where to go on."""
    checkpoint = good.checkpoint
    place = f"checkpoint {checkpoint.id} ({format_local(checkpoint.at)}, tests green)"
    sentences = [f"The files are again as they were at {place}; read them anew."]
    if stall is not None:
        sentences.append(f"Since then this was tried in vain: {'; '.join(stall.evidence)}.")
        if stall.rule:
            sentences.append("What was refused stays refused.")
        tried = dict.fromkeys(step.words for step in stall.steps)
        if len(tried) > 1:
            sentences.append(f"Among it: {'; '.join([*tried][:_MOST_TRIED])}.")
    sentences.append(
        "Do not try the same again. Say in two or three sentences what you believe the real cause "
        "is and what would prove you wrong, look for that proof, and choose a different approach."
    )
    if snapshot.progress is not None and (task := _next_task(snapshot)):
        sentences.append(f"Go on with: {task}")
    return " ".join(sentences)


def _next_task(snapshot: NightSnapshot) -> str:
    """The task under way, else the first open one."""
    tasks = snapshot.progress.tasks if snapshot.progress is not None else ()
    unfinished = [task for task in tasks if task.state != "done"]
    under_way = [task for task in unfinished if task.state == "in_progress"]
    return next((shorten_line(task.title, 120) for task in (*under_way, *unfinished)), "")


# --- doing -----------------------------------------------------------------------------------


def checkpoint_and_interrupt(
    operations: Operations, facts: Mapping[str, Any], report: Callable[[str], object]
) -> str:
    """Takes a checkpoint where that is possible, then interrupts the turn; the receipt."""
    taken = "no checkpoint: this folder is no git repository"
    if operations.has_repository:
        report(f"taking a checkpoint{operations.of_work_tree}")
        try:
            taken = operations.checkpoint(facts).words
        except OvernightError as error:  # what runs in vain is interrupted all the same
            taken = f"no checkpoint: {error}"
    report("interrupting")
    return f"{operations.stop('interrupt', checkpoint=False).words}; {taken}"


def rewind_and_retry(
    operations: Operations,
    plan: RewindPlan,
    mode: str,
    text: str,
    *,
    confirmed: bool,
    channel: ChannelName | None = None,
    activity: str = "",
    progress: ProgressCallback | None = None,
) -> str:
    """Goes back as planned, then has the agent read `text`; the receipt of both.

    In a run of ours the supervisor begins the next attempt with the text, else it is sent afterwards.
    """
    receipt = operations.rewind(plan, mode, confirmed=confirmed, progress=progress, text=text)
    if receipt.rewound is None:
        return f"{receipt.words}; it goes on with what was learned"
    try:
        sent = operations.inject(text, "step-back", channel, activity).words
    except OvernightError as error:  # the files are back; that must not look undone
        return f"{receipt.words}; u undoes it. But it was not told: {error}"
    return f"{receipt.words}; u undoes it. What was learned: {sent}"
