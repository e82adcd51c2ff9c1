"""Who lives or lived in a project: the one place that knows.

Our runs, event streams in the project, Claude's transcripts and its own files of living sessions are joined
here, each session once. `claude agents --json` is not asked: it starts a program of some 0.4 s and says no
more than the files that it reads itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from tui.feeds.sessions import event_files, transcripts
from tui.feeds.sessions.event_files import EventFileSummary, FoundFile, read_summary
from tui.feeds.sessions.live_processes import AgentProcessReader
from tui.feeds.sessions.places import ProjectPlaces
from tui.feeds.sessions.session_states import run_state, state_of
from tui.feeds.sessions.talk_facts import TurnEnd
from tui.feeds.sessions.transcripts import RECENT_S, FoundTranscript, find_transcripts
from tui.model.session import AgentProcess, KnownSession, Nearness
from tui.store.attempt_files import newest_agent
from tui.store.runs import ListedRun, list_runs, sessions_of
from tui.system import paths
from tui.system.clock import SystemClock
from tui.system.processes import ProcessIdentity, is_alive

MOST_RUNS = 50
_STARTED_WITH_S = 5.0
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
        self._agents = agents or self._process_reader(environ)

    def _process_reader(self, environ: Mapping[str, str]) -> Agents:
        reader = AgentProcessReader(
            self.project, SystemClock(), environ=environ, also=self.places.work_trees
        )
        return lambda: reader.read().agents

    def sessions(self, *, whole: bool = False) -> list[KnownSession]:
        """The sessions of the project, the one that was written to last first.

        All of them only with `whole`; otherwise those that live, that are recent, and the newest that has
        substance.
        """
        agents = {agent.session or str(agent.pid): agent for agent in self._agents()}
        runs = self._runs(agents, whole)
        streams = self._streams(agents)
        taken = {one for known in (*runs, *streams) for one in known.sessions}
        found = [
            self._of_transcript(one, agents)
            for one in self._transcripts(agents, taken, whole)
            if one.session not in taken
        ]
        known = [*runs, *self._without(streams, runs), *found]
        known += self._unwritten(agents, known)
        joined = self._with_nameless(known, agents)
        return sorted(joined, key=lambda one: (one.changed_at, one.path), reverse=True)

    def named(self, path: str, base: str) -> list[KnownSession]:
        """The session of an event file that somebody named; none where it cannot be read."""
        summary = read_summary(path, inside=base)
        if summary is None:
            return []
        agents = {agent.session: agent for agent in self._agents() if agent.session}
        return [self._of_stream(FoundFile(path, summary), agents)]

    # --- each kind -----------------------------------------------------------------------------

    def _runs(self, agents: Mapping[str, AgentProcess], whole: bool) -> list[KnownSession]:
        listed = list_runs(self.project, self._environ)
        since = self.now() - RECENT_S
        if not whole:
            listed = [*listed[:1], *(run for run in listed[1:MOST_RUNS] if run.changed >= since)]
        return [self._of_run(run, agents) for run in listed[:MOST_RUNS]]

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
        return self._known("stream", session, found.path, found.summary, agent, Nearness.HERE)

    def _transcripts(
        self, agents: Mapping[str, AgentProcess], taken: set[str], whole: bool
    ) -> list[FoundTranscript]:
        most = event_files.MOST_LISTED if whole else transcripts.MOST_READ
        found = find_transcripts(self.projects, self.places, most=most, whole=whole)
        names = {one.session for one in found} | taken
        for agent in agents.values():
            if agent.session and agent.session not in names:
                found += self._transcript_of(agent)
        return found

    def _transcript_of(self, agent: AgentProcess) -> list[FoundTranscript]:
        """The transcript of a living session, wherever it lies: its process says that it works here."""
        path = transcripts.transcript_of_session(self.projects, agent.session, agent.cwd)
        summary = read_summary(path, follow=False) if path is not None else None
        if path is None or summary is None:
            return []
        nearness = self.places.nearness((agent.cwd, os.path.realpath(agent.cwd)))
        return [FoundTranscript(path, agent.session, summary, nearness or Nearness.HERE)]

    def _of_transcript(
        self, found: FoundTranscript, agents: Mapping[str, AgentProcess]
    ) -> KnownSession:
        agent = agents.get(found.session)
        return self._known(
            "transcript", found.session, found.path, found.summary, agent, found.nearness
        )

    def _known(
        self,
        kind: str,
        session: str,
        path: str,
        summary: EventFileSummary,
        agent: AgentProcess | None,
        nearness: Nearness,
    ) -> KnownSession:
        now = self.now()
        return KnownSession(
            session_id=session,
            kind="stream" if kind == "stream" else "transcript",
            path=path,
            folder=summary.cwds[-1] if summary.cwds else "",
            started_at=summary.started,
            changed_at=min(summary.changed, now),
            state=state_of(summary, agent, now),
            title=summary.title,
            has_substance=has_substance(summary, agent),
            process=agent,
            hint=_hint(nearness, summary),
            nearness=nearness,
            sessions=tuple(dict.fromkeys((session, *summary.sessions))) if session else (),
        )

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
            KnownSession(
                session_id=agent.session,
                kind="transcript",
                path="",
                folder=agent.cwd,
                started_at=agent.created,
                changed_at=agent.created,
                state=state_of(None, agent, self.now()),
                has_substance=False,
                process=agent,
                nearness=self.places.nearness((agent.cwd, os.path.realpath(agent.cwd)))
                or Nearness.HERE,
                sessions=(agent.session,),
            )
            for agent in new
        ]

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
                and _is_in(one.folder, agent.cwd)
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


def has_substance(summary: EventFileSummary, agent: AgentProcess | None) -> bool:
    """Whether a model was asked for work, more than a one-shot question or a command of the CLI.

    What a living session works at can become anything, unless a program asked: a hook's helper.
    """
    is_at_it = agent is not None and summary.end is TurnEnd.OPEN
    return not summary.is_small or (is_at_it and not summary.is_helper)


def _hint(nearness: Nearness, summary: EventFileSummary) -> str:
    folder = summary.cwds[-1] if summary.cwds else "?"
    if nearness is Nearness.BELOW:
        return f"ran in {folder}, below this folder"
    return f"ran in {folder}, a work tree of this repository" if nearness else ""


def _is_in(folder: str, cwd: str) -> bool:
    return folder in (cwd, os.path.realpath(cwd)) or os.path.realpath(folder) == cwd
