"""Every operation that a person can ask for: whether it can run, its plan, its execution, its receipt.

`Operations` alone decides whether the supervisor of our run does it, or this process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.control import wording
from tui.control.availability import Availability, FindReachability, find_obstacle
from tui.control.checkpoints.refs import Checkpoint
from tui.control.checkpoints.work_tree import CaptureLimits
from tui.control.retention import checkpoint_entry, retire_by_settings, take_checkpoint
from tui.control.rewind import execute
from tui.control.rewind.apply_steps import ProgressCallback
from tui.control.rewind.execute import RewindResult
from tui.control.rewind.plan import RewindPlan, plan_rewind
from tui.control.rewind.targets import find_target
from tui.control.supervisor_request import send_request
from tui.feeds.sessions import live_processes
from tui.model.interventions import Injection
from tui.model.journal import Requester
from tui.model.session import AgentProcess
from tui.model.snapshot import NightSnapshot
from tui.settings.settings import Settings
from tui.store.inbox import Verb
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory, session_journal
from tui.store.runs import is_running, read_abilities
from tui.system.errors import NoSessionError, OvernightError, RefusedError
from tui.system.format import format_count
from tui.system.git import Git

if TYPE_CHECKING:
    from tui.control.branch.build import BranchResult
    from tui.control.branch.plan import BranchPlan
    from tui.control.channels.channels import ChannelName, DeliveryReceipt
    from tui.control.foreign_session import ForeignSession

# How long the supervisor may take to answer: it ends the agent before it stops or rewinds.
_STOP_ANSWER_S, _REWIND_ANSWER_S = 60.0, 120.0


@dataclass(frozen=True)
class OperationReceipt:
    """What an operation did, in `words` for a person; `answer` is what a supervisor said."""

    words: str
    answer: str = ""
    delivery: DeliveryReceipt | None = None
    rewound: RewindResult | None = None
    survivors: tuple[str, ...] = ()


class Operations:
    """What a person can do to the project's session; `run_dir` is that of our run, or empty.

    `adopt` is called with each request, so that a run that lost its supervisor has one again.
    `agents` are those alive in the project; `events` is the file with the session's events. `work_tree` is
    the project's folder in another work tree that the session works in: its files are kept and brought back.
    `elsewhere` is the host that the session lives on, if it is not this one: then nothing is asked of it.
    `by` is who asks, for the journal.
    """

    def __init__(
        self,
        project: Path,
        settings: Settings,
        run_dir: str = "",
        session: str = "",
        adopt: Callable[[], object] | None = None,
        *,
        agents: Sequence[AgentProcess] = (),
        events: str = "",
        work_tree: str = "",
        elsewhere: str = "",
        by: Requester = Requester.COMMAND,
    ) -> None:
        self.project = project
        self.work_tree = Path(work_tree) if work_tree else project
        self._by = by
        self.run_dir = run_dir
        self.session = session
        self.step_back_template = settings.stalls.step_back
        self._settings = settings
        self._agents = tuple(agents)
        self._events = events
        self._elsewhere = elsewhere
        self._adopt = adopt or (lambda: None)
        self._limits = CaptureLimits.from_settings(settings.checkpoints)

    # --- what can be done ----------------------------------------------------------------------

    def availability(
        self, name: str, snapshot: NightSnapshot | None, reachability: FindReachability
    ) -> Availability:
        """Whether the operation of that name can run now, cheap enough for every key bar."""
        known = self.has_repository, self.run_dir, self.agent
        reason = find_obstacle(name, *known, snapshot, reachability)
        return Availability(not reason, reason)

    def conversation_availability(self) -> Availability:
        """Whether a rewind can take the conversation back too."""
        ours = self.is_supervised()
        reason = read_abilities(self.run_dir).no_resuming_at if ours else wording.ONLY_OUR_RUNS
        return Availability(not reason, reason)

    def check_conversation(self, mode: str) -> None:
        """Raises RefusedError where the conversation is to come back and nobody can bring it."""
        if mode != "code" and not self.is_supervised():
            raise RefusedError(wording.describe_no_conversation(self.has_run))

    @property
    def has_repository(self) -> bool:
        return (self.work_tree / ".git").exists()

    @property
    def of_work_tree(self) -> str:
        """Which work tree is meant, for a sentence; empty where it is the project itself."""
        return f" of the work tree {self.work_tree}" if self.work_tree != self.project else ""

    @property
    def has_run(self) -> bool:
        """Whether the session belongs to a run of ours, over or not; reads no file."""
        return bool(self.run_dir)

    def is_supervised(self) -> bool:
        """Whether a run of ours goes on: then its supervisor acts, not this process. Reads a journal."""
        return self.has_run and is_running(self.run_dir)

    # --- checkpoint, rewind, undo, branch ------------------------------------------------------

    def checkpoint(self, facts: Mapping[str, Any]) -> OperationReceipt:
        """Has a checkpoint taken by the supervisor of our run, or else by this process."""
        if self.is_supervised():
            return self._ask("checkpoint", {"why": "key"})
        taken = wording.describe_checkpoint(self.take_checkpoint("", "by key", facts))
        return OperationReceipt(f"{taken}{self.of_work_tree}")

    def take_checkpoint(
        self, label: str = "", why: str = "key", facts: Mapping[str, Any] | None = None
    ) -> Checkpoint:
        """Takes a checkpoint in this process, also beside a supervisor; CheckpointError if it cannot.

        `facts` are what the caller knows of the moment. Checkpoints past their time are retired.
        """
        rules = self._settings.checkpoints
        try:
            taken = take_checkpoint(
                self.work_tree,
                rules,
                label=label,
                session=self.session,
                facts=self._facts(facts or {}, why),
            )
        except OvernightError as error:
            self._record("checkpoint_failed", {"reason": str(error)})
            raise
        self._record("checkpoint", checkpoint_entry(taken))
        try:
            if retired := retire_by_settings(self.work_tree, rules, time.time()):
                self.note(f"{format_count(len(retired), 'old checkpoint')} retired")
        except OvernightError as error:
            self.note(f"old checkpoints could not be retired: {error}")
        return taken

    def _facts(self, facts: Mapping[str, Any], why: str) -> dict[str, Any]:
        """What a later rewind needs to know of the moment: above all where the conversation stood."""
        from tui.feeds.sessions.transcripts import last_safe_cut

        session, uuid = last_safe_cut(self._events) if self._events else ("", "")
        return {"session": session or self.session, "uuid": uuid, **facts, "why": why}

    def plan_rewind(self, checkpoint: str | Checkpoint, *, foreign: bool = False) -> RewindPlan:
        """What going back would change; writes nothing. A string is an id, "last-good" or "start"."""
        if isinstance(checkpoint, str):
            run = Path(self.run_dir).name
            checkpoint = find_target(self.work_tree, checkpoint, run, foreign=foreign)
        live = self.other_live_sessions()
        return plan_rewind(self.work_tree, checkpoint, live=live, limits=self._limits)

    def plan_undo(self) -> RewindPlan:
        """What an undo would change."""
        return execute.plan_undo(
            self.work_tree, live=self.other_live_sessions(), limits=self._limits
        )

    def other_live_sessions(self) -> tuple[str, ...]:
        """The sessions in this work tree that a rewind would not stop first, described."""
        alive = live_processes.agents_in_work_tree(Git(self.work_tree).work_tree)
        if self.is_supervised():
            from tui.store.runs import newest_agent

            own = newest_agent(RunDirectory(Path(self.run_dir)))
            pid = own[0] if own is not None else None
            alive = tuple(a for a in alive if a.session != self.session and a.pid != pid)
        other = (f"the session on {self._elsewhere}",) if self._elsewhere else ()
        return (*live_processes.describe_agents(alive, self.session), *other)

    def describe_rewind(self, plan: RewindPlan, mode: str = "code") -> list[str]:
        """The plan in plain sentences, with what speaks against it and what becomes of the agent."""
        stops = self._needs_supervisor(mode)
        return wording.describe_rewind(plan, mode, self.of_work_tree, stops_agent=stops)

    def has_effect(self, plan: RewindPlan, mode: str = "code") -> bool:
        """Whether executing the plan does anything; a supervisor also brings conversations back."""
        return not plan.is_empty or self._needs_supervisor(mode)

    def _needs_supervisor(self, mode: str) -> bool:
        return mode != "code" or self.is_supervised()

    def rewind(
        self,
        plan: RewindPlan | Checkpoint,
        mode: str = "code",
        *,
        confirmed: bool = False,
        progress: ProgressCallback | None = None,
        text: str = "",
    ) -> OperationReceipt:
        """Goes back as planned, or undoes; the safety checkpoint in the receipt undoes that.

        Without `confirmed` it refuses where something speaks against it. A checkpoint stands for
        the plan made at this moment. A supervisor has the agent read `text` when it goes on.
        """
        if self._needs_supervisor(mode):
            self.check_conversation(mode)
            if isinstance(plan, RewindPlan) and plan.undoes:
                return self._ask("undo", {"confirmed": confirmed}, _REWIND_ANSWER_S)
            target = plan.checkpoint if isinstance(plan, RewindPlan) else plan
            # A foreign one by its commit: its ref may name another by then.
            name = target.commit if target.foreign else target.id
            arguments = {"checkpoint": name, "mode": mode, "confirmed": confirmed}
            arguments |= {"foreign": True} if target.foreign else {}
            arguments |= {"text": text} if text else {}
            return self._ask("rewind", arguments, _REWIND_ANSWER_S)
        if not isinstance(plan, RewindPlan):
            plan = self.plan_rewind(plan)
        if not confirmed:
            refusals = " ".join(plan.refusals)
            begun = [name for name in self.other_live_sessions() if name not in refusals]
            if begun:
                raise RefusedError(f"{begun[0]} has begun since the plan was shown; look again")
        result = execute.execute_rewind(
            plan,
            confirmed=confirmed,
            progress=progress,
            session=self.session,
            facts=self._facts({}, "before a rewind"),
            limits=self._limits,
        )
        self._record("undo" if plan.undoes else "rewind", execute.journal_data(result))
        return OperationReceipt(wording.describe_rewound(result), rewound=result)

    def plan_branch(
        self, branch: str, *, commits: Sequence[str], files: Sequence[str], base: str
    ) -> BranchPlan:
        """What a new branch of these commits and files would hold; leaves nothing behind."""
        from tui.control.branch import build

        return build.plan_branch(self.project, branch, commits=commits, files=files, base=base)

    def create_branch(self, plan: BranchPlan) -> BranchResult:
        """Makes the planned branch; nothing else in the repository moves, run or no run."""
        from tui.control.branch import build

        result = build.create_branch(plan)
        self._record("take", build.journal_data(plan, result))
        return result

    # --- messages ------------------------------------------------------------------------------

    def inject(
        self,
        text: str,
        mode: str = "soft",
        channel: ChannelName | None = None,
        activity: str = "",
        *,
        now: bool = False,
    ) -> OperationReceipt:
        """Sends a message to the agent, to a foreign session by `channel` or the best one.

        `activity` is what a foreign session was at, for its journal. `now` interrupts the turn.
        """
        mode = "hard" if now and mode == "soft" else mode
        if self.is_supervised():
            arguments = {"text": text, "mode": mode, **({"now": True} if now else {})}
            answer = self._ask("inject", arguments).answer
            return OperationReceipt(f"your words are {answer}", answer)
        session = self.foreign_session()
        if now or mode == "hard":
            raise RefusedError(wording.NOW_NEEDS_RUN)
        delivery = session.send(text, mode, channel, activity)
        words = f"{delivery.state} by {delivery.label}: {delivery.detail}"
        return OperationReceipt(words, delivery=delivery)

    def withdraw(self, name: str) -> OperationReceipt:
        """Takes back a message that the agent has not read; RefusedError when it is too late."""
        if self.is_supervised():
            return self._ask("withdraw", {"id": name})
        return OperationReceipt(self.foreign_session().withdraw(name))

    def record_seen(self, injection: Injection, activity: str) -> None:
        """Journals that a foreign session read a message; the supervisor does so for our runs."""
        if self.has_run:
            return
        from tui.control.foreign_session import record_seen

        record_seen(self.journal, injection.id, injection.text, activity)

    # --- the end of a session ------------------------------------------------------------------

    def stop_target(self) -> AgentProcess | None:
        """The foreign process that `stop` ends, None for our run; NoSessionError if none lives."""
        return None if self.is_supervised() else self.foreign_session().agent

    def stop(
        self,
        verb: Verb,
        *,
        checkpoint: bool,
        facts: Callable[[], Mapping[str, Any]] = dict,
        report: Callable[[str], object] = lambda step: None,
        is_waiting: Callable[[], bool] = lambda: True,
    ) -> OperationReceipt:
        """Does "interrupt", "stop" or "kill"; with `checkpoint` one is taken before an end.

        For a foreign session `report` hears each step, `facts` go into the checkpoint, and once
        `is_waiting` is false only the waiting ends: what was asked of the session stands.
        """
        if self.is_supervised():
            answer = self._ask(verb, {"checkpoint": checkpoint}, _STOP_ANSWER_S).answer
            return OperationReceipt(f"{verb}: {answer}", answer)
        session, taken = self.foreign_session(), ""
        if verb == "interrupt":
            return OperationReceipt(session.interrupt())
        if checkpoint and self.has_repository:
            report(f"taking a checkpoint{self.of_work_tree} first")
            try:
                name = self.take_checkpoint("", f"before {verb}", facts()).id
                taken = f"; checkpoint {name}{self.of_work_tree} was taken first"
            except OvernightError as error:
                # what must end must end; the journal and the receipt say what is missing
                taken = f"; without a checkpoint: {error}"
        report("asking it to stop" if verb == "stop" else "ending it")
        reason = "asked for"
        killed = session.stop(reason, is_waiting) if verb == "stop" else session.kill(reason)
        survivors = killed.survivors if killed is not None else ()
        return OperationReceipt(f"{wording.describe_end(killed)}{taken}", survivors=survivors)

    # --- the session and its journal -----------------------------------------------------------

    @property
    def agent(self) -> AgentProcess | None:
        """The living agent of a session that is no run of ours; None when there is none."""
        return live_processes.agent_for_session(self._agents, self.session)

    def foreign_session(self) -> ForeignSession:
        """The session that somebody else started; NoSessionError when none lives here."""
        from tui.control.foreign_session import ForeignSession

        if self.agent is None:
            raise NoSessionError(
                wording.describe_no_session(self.project, self._agents, self._elsewhere)
            )
        return ForeignSession(self.project, self.agent, self._settings, by=self._by)

    @property
    def journal(self) -> str:
        """The file in which operations are recorded; may be missing."""
        if self.has_run:
            return str(RunDirectory(Path(self.run_dir)).journal)
        return str(session_journal(self.project, self.session))

    def note(self, text: str) -> None:
        """Puts a sentence about something that was done into the journal."""
        self._record("note", {"text": text})

    def _ask(
        self, verb: Verb, arguments: Mapping[str, object], wait_s: float = 30.0
    ) -> OperationReceipt:
        """Has the supervisor of our run do it; RefusedError when it says no."""
        answer = send_request(self.run_dir, self._adopt, verb, arguments, wait_s, by=self._by)
        return OperationReceipt(answer, answer)

    def _record(self, kind: str, data: Mapping[str, object]) -> None:
        try:
            own = JournalWriter(self.journal) if self.has_run else None
            writer = own or JournalWriter.for_session(self.project, self.session)
            writer.write(kind, {**data, "by": self._by} if kind != "note" else data)
        except (OSError, OvernightError):
            return  # it is done; a full disk or a foreign folder must not make it look undone
