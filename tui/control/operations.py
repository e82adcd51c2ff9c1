"""Every operation a person can ask for: availability, plan, execute, receipt. Chooses runner or local."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.control import runner_client
from tui.control.checkpoints import capture
from tui.control.checkpoints.refs import Checkpoint, find
from tui.control.checkpoints.work_tree import CaptureLimits
from tui.control.retention import retire_checkpoints
from tui.control.rewind import execute
from tui.control.rewind import plan as rewind_plan
from tui.control.rewind.execute import RewindResult
from tui.control.rewind.plan import RewindPlan
from tui.feeds.sessions.live_processes import agent_for_session, describe_agents, live_agents
from tui.model.session import AgentProcess
from tui.model.snapshot import NightSnapshot
from tui.settings.settings import Settings
from tui.store.inbox import Verb
from tui.store.journal import JournalWriter
from tui.store.layout import RunDirectory, session_journal
from tui.store.runs import is_running
from tui.system import paths
from tui.system.errors import NoSessionError, OvernightError, RefusedError
from tui.system.format import format_count, format_local
from tui.system.git import Git

if TYPE_CHECKING:
    from tui.control.branch.build import BranchResult
    from tui.control.branch.plan import BranchPlan
    from tui.control.foreign_session import ForeignSession


Progress = Callable[[str, int, int], None]
_HOUR_S, _DAY_S = 3600.0, 86_400.0


class Operations:
    """What a person can do to the project's session; `run_dir` is that of our run, or empty.

    `adopt` is called before the runner is asked for something, so that a run that lost its
    supervisor has one again. `agents` are those known to be alive in the project; `events` is the
    file that tells of the session.
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
    ) -> None:
        self.project = project
        self.run_dir = run_dir
        self.session = session
        self._settings = settings
        self._agents = tuple(agents)
        self._events = events
        self._adopt = adopt or (lambda: None)
        self.step_back_template = settings.stalls.step_back
        kept = settings.checkpoints
        self._limits = CaptureLimits(
            file_bytes=int(kept.max_file_mib) << 20,
            untracked_bytes=int(kept.max_untracked_mib) << 20,
            seconds=float(kept.time_budget_seconds),
        )

    # --- work tree -----------------------------------------------------------------------------

    def checkpoint(
        self, label: str = "", why: str = "key", facts: Mapping[str, Any] | None = None
    ) -> Checkpoint:
        """Takes a checkpoint of the work tree; CheckpointError says why there is none.

        What the caller knows of the moment goes into `facts`; where the conversation stands is
        added. Checkpoints past their time are retired afterwards.
        """
        known = self._facts(facts or {}, why)
        try:
            taken = capture.take_checkpoint(
                self.project, label=label, session=self.session, facts=known, limits=self._limits
            )
        except OvernightError as error:
            self._tell("checkpoint_failed", {"reason": str(error)})
            raise
        self._tell(
            "checkpoint",
            {
                "checkpoint": taken.id,
                "label": taken.label,
                "commit": taken.commit,
                "files": taken.files,
                "not_captured": taken.not_captured_count,
                "why": why,
                "tests": str(known.get("tests") or ""),
            },
        )
        self._retire()
        return taken

    def _facts(self, facts: Mapping[str, Any], why: str) -> dict[str, Any]:
        """What a later rewind needs to know of the moment: above all where the words stood."""
        from tui.feeds.sessions.transcripts import last_safe_cut

        session, uuid = last_safe_cut(self._events) if self._events else ("", "")
        return {"session": session or self.session, "uuid": uuid, **facts, "why": why}

    def _retire(self) -> None:
        kept = self._settings.checkpoints
        days = kept.keep_hourly_days
        try:
            gone = retire_checkpoints(
                self.project,
                time.time(),
                keep_all_seconds=kept.keep_all_hours * _HOUR_S,
                keep_hourly_seconds=None if days is None else days * _DAY_S,
            )
        except OvernightError as error:
            self._tell("note", {"text": f"old checkpoints could not be retired: {error}"})
            return
        if gone:
            self._tell("note", {"text": f"{format_count(len(gone), 'old checkpoint')} retired"})

    def plan_rewind(self, wanted: str | Checkpoint) -> RewindPlan:
        """What going back would change; writes nothing."""
        target = find(self.project, wanted) if isinstance(wanted, str) else wanted
        live = self.other_live_sessions()
        return rewind_plan.plan_rewind(self.project, target, live=live, limits=self._limits)

    def plan_undo(self) -> RewindPlan:
        """What taking back the last rewind would change."""
        live = self.other_live_sessions()
        return execute.undo_plan(self.project, live=live, limits=self._limits)

    def other_live_sessions(self) -> tuple[str, ...]:
        """The sessions in this work tree that a rewind would not stop first, in words."""
        own = self.session if self.is_supervised() else None
        alive = [one for one in live_agents(Git(self.project).work_tree) if own != one.session]
        mine = self._own_pid() if own is not None else None
        return describe_agents((one for one in alive if one.pid != mine), self.session)

    def _own_pid(self) -> int | None:
        from tui.store.attempt_files import newest_agent

        found = newest_agent(RunDirectory(Path(self.run_dir)))
        return found[0] if found is not None else None

    def rewind(
        self, plan: RewindPlan, *, confirmed: bool = False, progress: Progress | None = None
    ) -> RewindResult:
        """Carries out a plan; the safety checkpoint in the receipt undoes it."""
        if not confirmed:
            shown = " ".join(plan.refusals)
            news = [name for name in self.other_live_sessions() if name not in shown]
            if news:
                raise RefusedError(f"{news[0]} has begun since the plan was shown; look again")
        receipt = execute.execute_rewind(
            plan,
            confirmed=confirmed,
            progress=progress,
            session=self.session,
            facts=self._facts({}, "before a rewind"),
            limits=self._limits,
        )
        self._tell(
            "undo" if plan.undoes else "rewind",
            {
                "checkpoint": plan.checkpoint.id,
                "mode": "code",
                "written": receipt.written,
                "deleted": receipt.deleted,
                "kept": len(receipt.kept),
                "safety": receipt.safety.id if receipt.safety else "",
            },
        )
        return receipt

    def plan_branch(
        self,
        branch: str,
        *,
        commits: Sequence[str] = (),
        files: Sequence[str] = (),
        base: str = "",
        source: str = "",
    ) -> BranchPlan:
        """What taking commits and files to a new branch would make; leaves nothing behind."""
        from tui.control.branch import build

        return build.plan_branch(
            self.project, branch, commits=commits, files=files, base=base, source=source
        )

    def create_branch(self, plan: BranchPlan) -> BranchResult:
        """Makes the planned branch; nothing else in the repository moves, run or no run."""
        from tui.control.branch import build

        receipt = build.create_branch(plan)
        self._tell("take", build.journal_data(plan, receipt))
        return receipt

    # --- the session ---------------------------------------------------------------------------

    def is_supervised(self) -> bool:
        """Whether a run of ours is at work, so that files may only be changed through its runner."""
        return bool(self.run_dir) and is_running(self.run_dir)

    def _request(self, verb: Verb, arguments: Mapping[str, object], wait: float = 30.0) -> str:
        """Asks the runner of our run and waits for its answer; RefusedError when it says no."""
        return runner_client.send_request(self.run_dir, self._adopt, verb, arguments, wait)

    @property
    def agent(self) -> AgentProcess | None:
        """The living agent of a session that is no run of ours; None when there is none."""
        return agent_for_session(self._agents, self.session)

    @property
    def settings_run_dir(self) -> str:
        """Where, in the project, runs and mailboxes are kept."""
        return self._settings.paths.run_dir

    def foreign_session(self) -> ForeignSession:
        """The session that somebody else started; NoSessionError when none lives here."""
        from tui.control.foreign_session import ForeignSession

        agent = self.agent
        if agent is None:
            raise NoSessionError(_nobody(self._agents, self.project))
        session = self._settings.session
        return ForeignSession(
            self.project,
            agent,
            JournalWriter.for_session(self.project, self.settings_run_dir, agent.session),
            self.settings_run_dir,
            grace_s=float(session.stop_grace_seconds),
            note_s=float(session.handover_timeout_minutes) * 60,
        )

    def withdraw(self, name: str) -> str:
        """Takes back words that the agent has not read; RefusedError when it is too late."""
        if self.is_supervised():
            return self._request("withdraw", {"id": name})
        return self.foreign_session().withdraw(name)

    def note(self, text: str) -> None:
        """Puts a sentence about something that was done into the journal."""
        self._tell("note", {"text": text})

    @property
    def journal(self) -> str:
        """The file in which deeds are told; it need not exist yet."""
        if self.run_dir:
            return str(RunDirectory(Path(self.run_dir)).journal)
        root = paths.resolve(self.project, self.settings_run_dir)
        return str(session_journal(root, self.session))

    def _tell(self, kind: str, data: Mapping[str, object]) -> None:
        try:
            if self.run_dir:
                JournalWriter(self.journal).write(kind, data)
            else:
                place = (self.project, self.settings_run_dir, self.session)
                JournalWriter.for_session(*place).write(kind, data)
        except (OSError, OvernightError):
            # the deed is done; a full disk or a foreign folder must not make it look undone
            return


def _nobody(agents: Sequence[AgentProcess], project: Path) -> str:
    if not agents:
        return f"no session is going on in {project}"
    pids = ", ".join(str(one.pid) for one in agents)
    return f"none of the sessions alive here ({pids}) is the one that is watched"


def plan_words(plan: RewindPlan) -> list[str]:
    """The plan in plain sentences, as dialogs and the command line show it."""
    if plan.empty:
        return [f"Nothing differs from {plan.checkpoint.id}; nothing would change."]
    added, removed = plan.total_lines()
    captured = " (all captured first)" if plan.deletes else ""
    words = [
        f"{format_count(len(plan.writes), 'file')} will be written, "
        f"{len(plan.deletes)} deleted{captured}, {plan.unchanged:,} stay as they are "
        f"(+{added:,} −{removed:,} lines).",
        "A safety checkpoint is taken first; undo brings everything back. HEAD stays where it is.",
    ]
    words += [f"{note[:1].upper()}{note[1:]}." for note in plan.notes]
    if plan.keeps and not plan.not_captured:
        words.append(
            f"{format_count(len(plan.keeps), 'path')} not captured by either side stay untouched."
        )
    return words


_MOST_TRIED = 5


def step_back_text(template: str, night: NightSnapshot) -> str:
    """The template with evidence, since when, and what was tried, from this night."""
    stall = night.stall or (night.loops[-1] if night.loops else None)
    evidence = "; ".join(stall.evidence) if stall else night.activity.reason
    since = format_local(stall.since) if stall else "some time"
    tried = "; ".join(dict.fromkeys(tool.target for tool in night.activity.tools[:_MOST_TRIED]))
    words = {"{evidence}": evidence, "{since}": since, "{tried}": tried or "see the record"}
    for mark, text in words.items():
        template = template.replace(mark, text)
    return template


@dataclass(frozen=True)
class StopResult:
    """What became of it, as a sentence; `survivors` are named in it."""

    words: str
    survivors: tuple[str, ...] = ()


def stop_foreign(
    deeds: Operations,
    verb: Verb,
    keep: bool,
    facts: Mapping[str, Any],
    tell: Callable[[str], object],
    going: Callable[[], bool] = lambda: True,
) -> StopResult:
    """Does "interrupt", "stop" or "kill"; `keep` takes a checkpoint before an end.

    `tell` hears what goes on. `going` false ends the waiting, not the deed.
    """
    other = deeds.foreign_session()
    if verb == "interrupt":
        return StopResult(other.interrupt())
    taken = ""
    if keep and (deeds.project / ".git").exists():
        tell("taking a checkpoint first")
        try:
            taken = (
                f"; checkpoint {deeds.checkpoint('', f'before {verb}', facts).id} was taken first"
            )
        except OvernightError as error:
            # what must end must end; the journal and the receipt say what is missing
            taken = f"; without a checkpoint: {error}"
    tell("asking it to stop" if verb == "stop" else "ending it")
    killed = other.stop("asked for", going) if verb == "stop" else other.kill("asked for")
    if killed is None:
        return StopResult(f"it was asked to stop; nobody waits for its end{taken}")
    if killed.survivors:
        names = ", ".join(killed.survivors)
        return StopResult(f"these could not be ended: {names}{taken}", killed.survivors)
    how = "it ended by itself" if killed.polite else "it was killed"
    also = f", {len(killed.killed)} of its processes with it" if killed.killed else ""
    return StopResult(f"{how}{also}{taken}")
