"""Who lives or lived in a project: the one place that knows.

Our runs, event streams in the project, Claude's transcripts and its own files of living sessions are joined
here, each session once. `claude agents --json` is not asked: it starts a program of some 0.4 s and says no
more than the files that it reads itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from tui.feeds.sessions import event_files
from tui.feeds.sessions.choice import OVERTAKEN_S
from tui.feeds.sessions.event_files import EventFileSummary, FoundFile, read_summary
from tui.feeds.sessions.known_sessions import (
    has_substance,
    known_session,
    known_unwritten,
    run_state,
    state_of,
)
from tui.feeds.sessions.live_processes import AgentProcessReader
from tui.feeds.sessions.transcripts import (
    MOST_READ,
    RECENT_S,
    FoundTranscript,
    find_transcripts,
    is_session_id,
    transcript_of_session,
)
from tui.feeds.sessions.where import transcript_folders as folders
from tui.feeds.sessions.where.places import ProjectPlaces
from tui.model.session import AgentProcess, KnownSession, NamedSources, Nearness
from tui.store.layout import RunDirectory
from tui.store.runs import ListedRun, facts_and_end, list_runs, newest_agent, sessions_of
from tui.system import paths
from tui.system.clock import SystemClock
from tui.system.errors import NoSessionError
from tui.system.processes import ProcessIdentity, is_alive
from tui.system.sanitize import clean_line

MOST_RUNS = 50
MOST_ON_MACHINE = 300
MOST_PROJECTS = 200
_STARTED_WITH_S = 5.0
_LISTED = "`overnight-tui sessions` lists them"
Agents = Callable[[], Sequence[AgentProcess]]


class SessionRegistry:
    """The sessions of a project. Reads a bounded part of few files, starts nothing, never fails.

    What was read of a file is kept until it changes, so one registry is good for many polls. `agents` gives
    the processes that are alive in the project; without it they are looked for, at most every two seconds.
    """

    def __init__(
        self,
        project: Path,
        environ: Mapping[str, str] = os.environ,
        *,
        agents: Agents | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.project = project
        self.places = ProjectPlaces.of(project)
        self.projects = paths.claude_dir(environ) / "projects"
        self._environ = environ
        self.now = now
        self._processes = AgentProcessReader(project, SystemClock(), environ=environ)
        self._agents = agents or self._living

    def _living(self) -> Sequence[AgentProcess]:
        self._processes.also = self.places.work_trees
        return self._processes.read().agents

    def sessions(self, *, whole: bool = False) -> list[KnownSession]:
        """The sessions of the project, the one that was written to last first.

        All of them only with `whole`; otherwise those that live, that are recent, and the newest that has
        substance.
        """
        # A session may have made a work tree since.
        self.places = ProjectPlaces.of(self.project)
        agents = self._by_name()
        runs = self._runs(agents, whole)
        streams = self._streams(agents)
        taken = {one: known for known in (*streams, *runs) for one in known.sessions}
        transcripts = [
            one
            for one in self._transcripts(agents, taken.keys(), whole)
            if one.session not in taken or _is_taken_up(one, taken[one.session], agents)
        ]
        owners = _owners(transcripts, agents)
        found = [self._of_transcript(one, owners.get(one.session)) for one in transcripts]
        known = [*runs, *self._without(streams, runs), *found]
        known += self._unwritten(agents, known)
        if not any(one.has_substance for one in known):
            known += self._gone()
        joined = self._with_nameless(known, agents)
        return sorted(joined, key=lambda one: (one.changed_at, one.path), reverse=True)

    def named(self, path: str, base: str) -> list[KnownSession]:
        """The session of an event file that somebody named; none where it cannot be read."""
        summary = read_summary(path, inside=base)
        if summary is None:
            return []
        return [self._of_stream(FoundFile(path, summary), self._by_name())]

    # --- each kind -----------------------------------------------------------------------------

    def runs(self, *, whole: bool = False) -> list[KnownSession]:
        """Our runs of the project; without `whole` the newest and those of the last day."""
        return self._runs(self._by_name(), whole)

    def _by_name(self) -> dict[str, AgentProcess]:
        return {agent.session or str(agent.pid): agent for agent in self._agents()}

    def _runs(self, agents: Mapping[str, AgentProcess], whole: bool) -> list[KnownSession]:
        listed = list_runs(self.project, self._environ)
        since = self.now() - RECENT_S
        if not whole:
            listed = [*listed[:1], *(run for run in listed[1:MOST_RUNS] if run.changed >= since)]
        known = [self._of_run(run, agents) for run in listed[:MOST_RUNS]]
        return [replace(one, title=_goal(one)) for one in known] if whole else known

    def _of_run(self, run: ListedRun, agents: Mapping[str, AgentProcess]) -> KnownSession:
        sessions = sessions_of(run.directory)
        agent = next((agents[one] for one in reversed(sessions) if one in agents), None)
        own = newest_agent(run.directory) if run.is_here and not run.is_over else None
        if agent is None and own is not None and is_alive(ProcessIdentity(*own)):
            agent = AgentProcess(own[0], 0.0)
        return KnownSession(
            session_id=sessions[-1] if sessions else "",
            kind="run",
            path=str(run.directory.stream),
            folder=str(self.project),
            started_at=run.started,
            changed_at=min(run.changed, self.now()),
            state=run_state(run, has_agent=agent is not None),
            run_id=run.directory.id,
            process=None if run.is_over else agent,
            sessions=sessions,
            host=run.elsewhere,
        )

    def _streams(self, agents: Mapping[str, AgentProcess]) -> list[KnownSession]:
        return [self._of_stream(one, agents) for one in event_files.find_streams(self.project)]

    def _of_stream(self, found: FoundFile, agents: Mapping[str, AgentProcess]) -> KnownSession:
        sessions = found.summary.sessions
        agent = next((agents[one] for one in reversed(sessions) if one in agents), None)
        session = sessions[-1] if sessions else ""
        return known_session("stream", session, found.path, found.summary, agent, self.now())

    def _transcripts(
        self, agents: Mapping[str, AgentProcess], taken: Collection[str], whole: bool
    ) -> list[FoundTranscript]:
        most = event_files.MOST_LISTED if whole else MOST_READ
        found = find_transcripts(self.projects, self.places, most=most, whole=whole)
        names = {one.session for one in found}.union(taken)
        for agent in agents.values():
            if agent.session and agent.session not in names:
                found += self._transcript_of(agent)
        return found

    def _transcript_of(self, agent: AgentProcess) -> list[FoundTranscript]:
        """The transcript of a living session, wherever it lies: its process says that it works here."""
        path = transcript_of_session(self.projects, agent.session, agent.cwd)
        summary = read_summary(path, follow=False) if path is not None else None
        if path is None or summary is None:
            return []
        nearness = self._nearness_of(agent) or Nearness.HERE
        return [FoundTranscript(path, agent.session, summary, nearness)]

    def _of_transcript(self, found: FoundTranscript, agent: AgentProcess | None) -> KnownSession:
        name, now = found.session, self.now()
        one = known_session("transcript", name, found.path, found.summary, agent, now)
        return replace(one, nearness=found.nearness, hint=_hint(found.nearness, found.summary))

    def _gone(self) -> list[KnownSession]:
        """Sessions of gone folders that may have been this project; only where no other has substance."""
        from tui.feeds.sessions.where.gone_folders import find_gone

        found = []
        for gone in find_gone(self.projects, self.project, self._environ):
            one = known_session(
                "transcript", gone.session, gone.path, gone.summary, None, self.now()
            )
            hint = f"of a folder that is gone, {gone.folder}; may be this one: {gone.why}"
            found.append(replace(one, nearness=Nearness.GONE, hint=hint, folder=gone.folder))
        return found

    # --- joining -------------------------------------------------------------------------------

    def _without(
        self, streams: Sequence[KnownSession], runs: Sequence[KnownSession]
    ) -> list[KnownSession]:
        """The streams of sessions that are no run's."""
        own = {one for run in runs for one in run.sessions}
        return [one for one in streams if not own.intersection(one.sessions)]

    def _unwritten(
        self, agents: Mapping[str, AgentProcess], known: Sequence[KnownSession]
    ) -> list[KnownSession]:
        """Living sessions that have written nothing yet."""
        written = {one for session in known for one in session.sessions}
        new = (one for one in agents.values() if one.session and one.session not in written)
        return [
            known_unwritten(agent, self._nearness_of(agent) or Nearness.HERE, self.now())
            for agent in new
        ]

    def _nearness_of(self, agent: AgentProcess) -> Nearness | None:
        return self.places.nearness((agent.cwd, os.path.realpath(agent.cwd)))

    def _with_nameless(
        self, known: list[KnownSession], agents: Mapping[str, AgentProcess]
    ) -> list[KnownSession]:
        """The sessions with the process of an agent that names none, where only one can be meant.

        That is the newest that has been written to since the process began, in a folder with no second
        such process.
        """
        nameless = [agent for agent in agents.values() if not agent.session]
        for agent in nameless:
            if sum(other.cwd == agent.cwd for other in nameless) > 1:
                continue
            fitting = [
                place
                for place, one in enumerate(known)
                if one.kind != "run"
                and one.process is None
                and one.changed_at >= agent.created - _STARTED_WITH_S
                and _was_in(one, agent.cwd)
            ]
            if fitting:
                place = max(fitting, key=lambda n: (known[n].has_substance, known[n].changed_at))
                known[place] = self._joined(known[place], agent)
        return known

    def _joined(self, one: KnownSession, agent: AgentProcess) -> KnownSession:
        summary = read_summary(one.path)
        if summary is None:
            return one
        state = state_of(summary, agent, self.now())
        return replace(one, process=agent, state=state, has_substance=has_substance(summary, agent))


def _is_taken_up(
    found: FoundTranscript, known: KnownSession, agents: Mapping[str, AgentProcess]
) -> bool:
    """Whether a session of a run that is over went on after it: a person took it up again."""
    if known.kind != "run" or not known.is_over:
        return False
    return found.session in agents or found.summary.changed > known.changed_at + OVERTAKEN_S


def _owners(
    found: Sequence[FoundTranscript], agents: Mapping[str, AgentProcess]
) -> dict[str, AgentProcess]:
    """The process of each transcript's session.

    After `/clear` a transcript names the session that its process began with too, and Claude's file of the
    process may still do so: then the one that was written to last is meant.
    """
    owners = {}
    for name, agent in agents.items():
        naming = [
            one
            for one in found
            if one.session == name
            or (name == one.summary.process_session and one.session not in agents)
        ]
        if naming:
            owners[max(naming, key=lambda one: one.summary.changed).session] = agent
    return owners


def _goal(run: KnownSession) -> str:
    goal = facts_and_end(RunDirectory(Path(run.path).parent)).get("goal")
    return clean_line(goal, 300) if isinstance(goal, str) else ""


def _hint(nearness: Nearness, summary: EventFileSummary) -> str:
    folder = summary.cwds[-1] if summary.cwds else "?"
    if nearness is Nearness.BELOW:
        return f"ran in {folder}, below this folder"
    return f"ran in {folder}, a work tree of this repository" if nearness else ""


def _was_in(one: KnownSession, cwd: str) -> bool:
    """Whether a session was in a folder, also if its commands went elsewhere since."""
    summary = read_summary(one.path)
    folders = summary.cwds if summary is not None else (one.folder,)
    return os.path.realpath(cwd) in map(os.path.realpath, folders)


# --- named by a person ---


def name_session(
    project: Path, named: NamedSources, id: str, environ: Mapping[str, str] = os.environ
) -> NamedSources:
    """`named` with the session of that id, or of a run; NoSessionError unless exactly one is meant."""
    session = find_session(SessionRegistry(project, environ), id)
    if session.kind == "run":
        return replace(named, run=session.run_id)
    return replace(named, session=session.path)


def find_session(registry: SessionRegistry, id: str) -> KnownSession:
    """The session of the project with that id, or the only one whose id begins so; else NoSessionError."""
    known = registry.sessions(whole=True)
    found = _matching(known, id)
    shown = clean_line(id, 80)
    if len(found) > 1:
        raise NoSessionError(
            f"{len(found)} sessions here begin with {shown!r}; give more of the id: {_LISTED}"
        )
    if not found:
        raise NoSessionError(_not_here(registry, id, shown))
    if not found[0].path:
        raise NoSessionError(f"session {found[0].session_id} has written nothing yet")
    return found[0]


def _matching(known: Sequence[KnownSession], id: str) -> list[KnownSession]:
    """Those with exactly that id, else those whose ids begin so; a run by its own and its sessions' ids."""
    exact = [one for one in known if id in (one.run_id, *one.sessions, one.session_id)]
    if exact or not id:
        return exact[:1] if id else []
    return [
        one
        for one in known
        if any(name.startswith(id) for name in (one.run_id, one.session_id, *one.sessions))
    ]


def _not_here(registry: SessionRegistry, id: str, shown: str) -> str:
    """Why no session of the project is meant; one of another project is named with its folder."""
    text = f"no session here has the id {shown!r}; {_LISTED}"
    if not is_session_id(id):
        return text
    path = transcript_of_session(registry.projects, id, str(registry.project))
    summary = read_summary(path, follow=False) if path is not None else None
    if path is None or summary is None or not summary.cwds:
        return text
    folder = clean_line(event_files.first_folder(path) or summary.cwds[0], 1_000)
    return f"session {shown} is none of {registry.project}: it ran in {folder}; give --project {folder}"


# --- on this machine ---


def sessions_of_machine(environ: Mapping[str, str] = os.environ) -> list[KnownSession]:
    """Those that live, our runs, and the transcripts that were written to last; the newest first."""
    now = time.time()
    agents = AgentProcessReader(Path("/"), SystemClock(), environ=environ).read().agents
    named = {agent.session: agent for agent in agents if agent.session}
    runs = list(_runs(environ, agents))
    taken = {session for run in runs for session in run.sessions}
    known = [*runs, *_transcripts(paths.claude_dir(environ) / "projects", named, taken, now)]
    written = {session for one in known for session in one.sessions}
    known += [
        known_unwritten(agent, Nearness.HERE, now)
        for name, agent in named.items()
        if name not in written
    ]
    return sorted(known, key=lambda one: (one.changed_at, one.path), reverse=True)


def _runs(environ: Mapping[str, str], agents: tuple[AgentProcess, ...]) -> Iterator[KnownSession]:
    from tui.store.moved_projects import known_projects

    for project in known_projects(environ, MOST_PROJECTS):
        yield from SessionRegistry(project, environ, agents=lambda: agents).runs(whole=True)


def _transcripts(
    projects: Path, agents: Mapping[str, AgentProcess], taken: set[str], now: float
) -> Iterator[KnownSession]:
    names = (name for _, name in folders.list_folders(projects))
    dated = (file for name in names for file in folders.dated_files(projects, name))
    for _, path in sorted(dated, reverse=True)[:MOST_ON_MACHINE]:
        session = folders.session_of_file(path)
        real = folders.safe_transcript(path, projects) if session not in taken else None
        summary = read_summary(path, follow=False) if real is not None else None
        if real is not None and summary is not None and summary.kind:
            agent = agents.get(session)
            yield known_session("transcript", session, real, summary, agent, now)
