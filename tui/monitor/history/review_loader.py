"""Reads a finished night and builds its review; files as they were at its start."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tui.feeds.sessions.select import SessionSources, select_session
from tui.model.records import Commit, ProgressFile, Record, RepositoryChanges
from tui.model.session import AgentProcesses, NamedSources
from tui.model.snapshot import NightSnapshot
from tui.model.state import EndKind, StateReason
from tui.monitor.history.start_state import StartState, state_at_start
from tui.monitor.loading import read_whole
from tui.night.fold import NightFold
from tui.night.review.build import assemble_review
from tui.night.review.verdict import ReviewInputs
from tui.night.usage.bill import spending
from tui.settings.settings import Settings
from tui.store.layout import RunDirectory
from tui.store.ledgers.visits import last_visit
from tui.system.clock import Clock
from tui.system.errors import NoSessionError
from tui.system.format import shorten
from tui.system.paths import path_text

if TYPE_CHECKING:
    from tui.model.evidence.claims import EndState, JudgedClaims
    from tui.model.evidence.log import EvidenceLog
    from tui.model.evidence.whose import NightWork
    from tui.model.review import Review, Risk
    from tui.monitor.history.own_changes import AgentChanges


ABANDONED = 1_800.0
"""Seconds without a sign of life after which a session that nothing ended counts as left."""
_GRACE = 2.0


class FinishedNight(Struct, frozen=True):
    """A night read to its end: the fold, where it came from, and what stands beside it."""

    fold: NightFold
    night: NightSnapshot
    sources: SessionSources
    progress: ProgressFile | None
    notes: str
    broke_off: bool

    @property
    def name(self) -> str:
        """What the night is called in our state and on the command line."""
        return self.sources.run or self.sources.night or self.night.run.session_id or ""


def load_review(
    project: Path, settings: Settings, named: NamedSources, clock: Clock, run: str | None = None
) -> Review:
    """The review of a night: of `run` (a run, or a session that `nights` lists), else the newest.

    Reads everything there is and saves a summary; the fold of a large night is saved too.
    NoSessionError when there is no such run, or no session at all. Takes seconds: call it in a worker.
    """
    if run is not None:
        from tui.feeds.sessions.night_files import select_night

        named = select_night(project, settings, named, run)
    night = load_night(project, settings, named, clock, alone=run is not None)
    looked_at = last_visit(project, clock.wall())
    review = build_review(project, night, looked_at, settings)
    from tui.monitor.history.night_list import save_summary

    save_summary(project, settings, night.sources, review, night.fold.failures(), clock.wall())
    return review


def load_night(
    project: Path, settings: Settings, named: NamedSources, clock: Clock, *, alone: bool = False
) -> FinishedNight:
    """The night folded to its end, cut where its record breaks off.

    `alone` says that one night among several was asked for: agents of other sessions are not its.
    """
    from tui.monitor.sidecars import SidecarFiles

    sources = select_session(project, settings, named)
    if not sources.events:
        raise NoSessionError(sources.why)
    reader = read_whole(sources.events, settings)
    fold = reader.fold
    sidecars = SidecarFiles(project, sources, clock)
    try:
        records, _ = sidecars.poll()
        fold.apply(_own_records(records, fold, clock, alone))
        fold.apply(commits_of(project, fold.snapshot(clock.wall()), _base(sources)))
        progress, notes = sidecars.progress, sidecars.notes
    finally:
        sidecars.close()
        reader.close()
    night, broke_off = _cut_at_end(fold, clock.wall())
    if night.state == "none":
        is_strange = night.activity.state_reason == StateReason.NOT_A_STREAM
        why = night.activity.reason if is_strange else sources.why
        where = sources.events[0].path if sources.events else project
        raise NoSessionError(why or f"no record of a session was found in {where}")
    text = notes.text if notes is not None else ""
    return FinishedNight(fold, night, sources, progress, text, broke_off)


def _own_records(records: list[Record], fold: NightFold, clock: Clock, alone: bool) -> list[Record]:
    """The records of this night; another session's agents do not keep it alive."""
    if not alone:
        return records
    own = set(fold.snapshot(clock.wall()).run.sessions)
    return [
        AgentProcesses(one.at, tuple(agent for agent in one.agents if agent.session in own))
        if isinstance(one, AgentProcesses)
        else one
        for one in records
    ]


def _base(sources: SessionSources) -> str:
    """The commit that a run of ours began on; empty for any other session."""
    from tui.store.runs import base_commit

    return base_commit(RunDirectory(Path(sources.run_dir))) if sources.run_dir else ""


def commits_of(project: Path, night: NightSnapshot, base: str = "") -> list[Commit]:
    """The night's commits: those since its base where that is known, else those made in its time."""
    from tui.feeds.repo.commits import CommitReader, commits_after

    until = _until(night)
    found = commits_after(project, base) if base else []
    if not found and night.run.started_at is not None:
        found = CommitReader(project, night.run.started_at).poll()
    return [one for one in found if _in_time(one, until, night.now)]


def _in_time(commit: Commit, until: float | None, now: float) -> bool:
    """Not made after the night; a date in the future says nothing."""
    return until is None or commit.at <= until + _GRACE or commit.at > now + 1


def _until(night: NightSnapshot) -> float | None:
    """When the night ended; None while it goes on."""
    if night.run.ended_at is not None:
        return night.run.ended_at
    if _is_abandoned(night):
        return night.activity.last_sign_at
    return night.activity.last_event_at if night.is_over else None


def _is_abandoned(night: NightSnapshot) -> bool:
    """Whether nothing ended it, no agent is alive, and no sign of life came for half an hour."""
    if night.is_over or night.agents or night.activity.idle_seconds <= ABANDONED:
        return False
    wait_until = night.activity.until
    return wait_until is None or night.now - wait_until > ABANDONED


def _cut_at_end(fold: NightFold, wall: float) -> tuple[NightSnapshot, bool]:
    """The night as it is known now, its time ending with its record; whether it broke off."""
    night = fold.snapshot(wall)
    broke_off = _is_abandoned(night)
    if (
        broke_off or (night.is_over and night.run.ended_at is None)
    ) and night.activity.last_sign_at:
        then = fold.snapshot(night.activity.last_sign_at)
        stall = None if broke_off else night.stall
        night = replace(night, timeline=then.timeline, time=then.time, stall=stall)
    until = _until(night)
    # Commits that somebody made after the end belong to another day.
    commits = [one for one in night.commits if _in_time(one, until, night.now)]
    return _with_commits(night, commits), broke_off


def _with_commits(night: NightSnapshot, commits: list[Commit]) -> NightSnapshot:
    if tuple(commits) == night.commits:
        return night
    line = night.timeline
    kept = Counter((one.at, shorten(one.subject)) for one in commits)
    marks = [one for one in line.marks if one.kind != "commit" or kept[one.at, one.label]]
    timeline = replace(line, marks=tuple(marks))
    return replace(night, commits=tuple(commits), timeline=timeline)


def build_review(
    project: Path, whole: FinishedNight, looked_at: float | None, settings: Settings
) -> Review:
    """The review of a night that was read."""
    from tui.feeds.repo.commits import commits_by_id
    from tui.monitor.history.night_end import kept_proof
    from tui.monitor.history.own_changes import AgentChanges
    from tui.monitor.history.runs_and_files import tests_by_files, with_trees
    from tui.monitor.history.whose_work import without_persons

    night, fold = whole.night, whole.fold
    changes, work = read_changes(project, whole)
    if changes.base or changes.messages:
        # What the base has already, or somebody else made, is no commit of this night.
        made = {sha for sha, _ in changes.messages}
        kept = [one for one in night.commits if one.sha in made]
        unseen = made.difference(one.sha for one in kept)
        aside = commits_by_id(project, [*unseen, *(one.sha for one in changes.elsewhere)])
        kept = sorted([*kept, *aside], key=lambda one: one.at) if aside else kept
        night = _with_commits(night, kept)
        whole = replace(whole, night=night)
    # Somebody saw the progress file change: then its first state was of this night.
    first, last = night.first_progress, night.progress
    seen_live = first is not None and last is not None and first != last
    start = state_at_start(project, whole.sources, night, changes, seen_live)
    log, calls = fold.evidence_log(), fold.risky_calls()
    agents_own = without_persons(project, changes, night, log, calls)
    agents = AgentChanges(project, agents_own, settings.paths, calls, work.since, work.until)
    end = _end_state(project, whole, changes, agents)
    log, tests = tests_by_files(project, night, log, agents.changes, work.until)
    night = replace(night, tests=with_trees(project, replace(night, tests=tests), log, end.tree))
    whole = replace(whole, night=night)
    evidence = ReviewInputs(
        log,
        fold.wasted_work(),
        spending(fold.accounts, night.cost.usd),
        fold.last_ref(),
        whole.broke_off,
        _ends_with_statement(whole),
        start.progress,
        start.basis,
    )
    judged = _claims(whole, log, changes, start, end)
    return assemble_review(
        night,
        evidence,
        changes=agents.changes,
        claims=judged.claims,
        unread=judged.unread,
        risks=_risks(whole, agents, settings, start, end),
        looked_at=looked_at,
        project=path_text(project),
        run_id=whole.name,
        continues=whole.sources.continues,
        proof=kept_proof(project, whole.name, night, changes, work),
    )


def read_changes(project: Path, whole: FinishedNight) -> tuple[RepositoryChanges, NightWork]:
    """What the night changed, and what its records say of commits and of when calls went on."""
    from tui.feeds.repo.night_diff import read_night_diff
    from tui.monitor.history.whose_work import work_of

    night = whole.night
    since, until = night.run.started_at, _until(night)
    work = work_of(night, whole.fold.evidence_log(), until)
    base = _base(whole.sources) or None
    return read_night_diff(project, base, since, until, now=night.now, work=work), work


def _ends_with_statement(whole: FinishedNight) -> bool:
    """Whether this is a transcript whose last word is the agent's own, all its calls answered."""
    statements = whole.fold.evidence_log().statements
    is_transcript = whole.sources.events[0].kind == "transcript"
    is_last = bool(statements) and statements[-1].ref == whole.fold.last_ref()
    return is_transcript and is_last and not whole.night.activity.tools


def changes_of(project: Path, review: Review, settings: Settings) -> RepositoryChanges:
    """What the reviewed night changed in the repository, file by file, without what is ours."""
    from tui.feeds.repo.night_diff import read_night_diff
    from tui.monitor.history.own_changes import AgentChanges

    run = review.night.run
    ended_at = None if review.ending.kind == EndKind.OPEN else run.ended_at
    changes = read_night_diff(project, review.base or None, run.started_at, ended_at)
    return AgentChanges(project, changes, settings.paths).changes


def _end_state(
    project: Path, whole: FinishedNight, changes: RepositoryChanges, agents: AgentChanges
) -> EndState:
    from tui.monitor.history.end_state import read_end_state

    run = whole.night.run
    left = tuple(file.path for file in agents.changes.files if not file.commit)
    return read_end_state(project, changes, left, run.cwd, run.started_at)


def _claims(
    whole: FinishedNight,
    log: EvidenceLog,
    changes: RepositoryChanges,
    start: StartState,
    end: EndState,
) -> JudgedClaims:
    from tui.night.review.claims import judge

    return judge.judge_claims(
        whole.night,
        log,
        whole.progress,
        whole.notes,
        changes.messages,
        changes,
        progress_before=start.progress,
        notes_before=start.notes,
        end_state=end,
    )


def _risks(
    whole: FinishedNight,
    agents: AgentChanges,
    settings: Settings,
    start: StartState,
    end: EndState,
) -> tuple[Risk, ...]:
    from tui.night.review.risks import find
    from tui.night.review.risks.file_risks import SizeLimits

    goal = whole.night.run.goal or whole.night.run.first_prompt
    limits = settings.review
    sizes = SizeLimits(int(limits.large_file_mib * (1 << 20)), limits.large_deletion_lines)
    calls, files = whole.fold.risky_calls(), agents.settings_files
    tasks = [task.title for task in start.progress.tasks] if start.progress is not None else ()
    return find.find_risks(agents.changes, whole.night, calls, goal, sizes, files, tasks, end)
