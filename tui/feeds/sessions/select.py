"""Which session is shown for a project, and why; where its files and those beside them are.

The registry knows the sessions, `choice` picks one. A source that the person named is always taken.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tui.feeds.sessions import event_files, lineage, transcripts
from tui.feeds.sessions.choice import choose
from tui.feeds.sessions.event_files import read_summary
from tui.feeds.sessions.lineage import TranscriptNight
from tui.feeds.sessions.registry import SessionRegistry
from tui.feeds.sessions.sidecar_paths import SIDECARS, find_sidecar
from tui.feeds.sessions.transcripts import RECENT_S
from tui.feeds.sessions.where.transcript_folders import base_of, session_of_file
from tui.model.labels import describe_earlier
from tui.model.session import EarlierNight, KnownSession, NamedSources, Nearness, SidecarPath
from tui.model.session import EventFile as EventFile
from tui.model.session import EventKind as Kind
from tui.settings.settings import Settings
from tui.store.layout import session_journal
from tui.store.project_files import reading_base
from tui.store.repository_identity import other_work_trees
from tui.store.runs import ListedRun, list_runs, newest_agent, sessions_of
from tui.system import paths
from tui.system.format import format_age

MOST_SESSIONS = 40
MOST_OTHERS = 20


class SessionSources(Struct, frozen=True):
    """The files of a session. `events` has the main one first; where it is empty, `why` says where
    it was searched and what to do. `is_whole_truth` means that a stream was named by hand: processes
    and commits of this machine do not belong to it. `agent` is pid and start ticks of our run's agent,
    `elsewhere` the host of a run that lives on another machine: its processes are none of this one.
    `folder` is where its process works if that is another work tree; empty for the project. `work_tree` is
    the project's folder in that work tree, or in one that Claude made below the project. `others` are
    the sessions beside it that live, or that are recent and have substance. `night` is the id of a night in
    transcripts, `continues` the night whose session this one goes on from, which is not counted here.
    """

    events: tuple[EventFile, ...]
    progress: SidecarPath
    features: SidecarPath
    notes: SidecarPath
    watchdog: SidecarPath
    history: SidecarPath
    compactions: SidecarPath
    run: str = ""
    run_dir: str = ""
    agent: tuple[int, int] | None = None
    why: str = ""
    is_whole_truth: bool = False
    elsewhere: str = ""
    folder: str = ""
    work_tree: str = ""
    others: tuple[KnownSession, ...] = ()
    night: str = ""
    continues: EarlierNight | None = None

    @property
    def has_session(self) -> bool:
        """Whether something was chosen; else what lives here has recorded nothing, and any may be meant."""
        return bool(self.events or self.run_dir)


class _Selection(Struct, frozen=True):
    sources: tuple[EventFile, ...] = ()
    run: ListedRun | None = None
    why: str = ""
    session: KnownSession | None = None
    night: str = ""
    continues: EarlierNight | None = None


def select_session(
    project: Path,
    settings: Settings,
    named: NamedSources | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    registry: SessionRegistry | None = None,
) -> SessionSources:
    """The files of the project's session now. Reads little, starts nothing, never fails.

    The result without `others` is equal as long as nothing changed, so that a caller can poll and compare.
    A caller that polls hands its `registry` in, which keeps what it knows.
    """
    named = named or NamedSources()
    registry = registry or SessionRegistry(project, environ)
    known = registry.sessions() if named.events is None else []
    selected = _SessionSelector(project, settings, registry, environ).select(named, known)
    run = selected.run
    sidecars = {
        name: find_sidecar(project, settings.paths, name, named, environ) for name in SIDECARS
    }
    return SessionSources(
        events=selected.sources,
        run=run.directory.id if run else "",
        run_dir=str(run.directory.path) if run else "",
        agent=newest_agent(run.directory) if run and run.is_here and not run.is_over else None,
        elsewhere=run.elsewhere if run else "",
        night=selected.night,
        continues=selected.continues,
        why=selected.why,
        is_whole_truth=named.events is not None,
        folder=_folder_of(selected.session),
        work_tree=_work_tree_of(selected.session, project),
        others=_others(known, selected, registry.now()),
        **sidecars,
    )


def _folder_of(session: KnownSession | None) -> str:
    """Where the process of a session in another work tree works."""
    if session is None or session.nearness is not Nearness.WORK_TREE:
        return ""
    return session.process.cwd if session.process is not None else session.folder


def _work_tree_of(session: KnownSession | None, project: Path) -> str:
    """The project's folder in the other work tree that a session works in; empty where it is in none."""
    if session is None or session.kind == "run":
        return ""
    place = os.path.realpath(_folder_of(session) or session.folder)
    holding = [tree for tree in other_work_trees(project) if paths.lies_in(place, tree)]
    # Work trees may lie in each other; the innermost holds the folder.
    nearest = max(holding, key=len, default="")
    own = os.path.realpath(project)
    return "" if len(own) > len(nearest) and paths.lies_in(place, own) else nearest


def _others(
    known: Sequence[KnownSession], selected: _Selection, now: float
) -> tuple[KnownSession, ...]:
    """The sessions beside the one that was selected: those that live, and recent ones with substance."""
    own = {file.path for file in selected.sources}
    beside = [
        one
        for one in known
        if one is not selected.session
        and one.path not in own
        and (not one.is_over or (one.has_substance and one.changed_at >= now - RECENT_S))
        and one.nearness is not Nearness.GONE
    ]
    return tuple(beside[:MOST_OTHERS])


class _SessionSelector:
    """One selection in a project."""

    def __init__(
        self,
        project: Path,
        settings: Settings,
        registry: SessionRegistry,
        environ: Mapping[str, str],
    ) -> None:
        self._project = project
        self._paths = settings.paths
        self._settings = settings
        self._absence_s = settings.review.absence_hours * 3600
        self._taken = lineage.NOTHING
        self._registry = registry
        self._projects = registry.projects
        self._environ = environ

    def select(self, named: NamedSources, known: Sequence[KnownSession]) -> _Selection:
        if (path := named.events) is not None:
            first = EventFile(_kind_of(path), path, "named by --events")
            return _Selection((first, *self._journals_beside(path)))
        self._taken = lineage.taken_sessions(known)
        if named.run is not None:
            return self._from_run(named.run, f"run {named.run}, as asked")
        if (path := named.session) is not None:
            base = reading_base(self._project, path, environ=self._environ)
            if _kind_of(path, base) == "stream":
                found = self._from_stream(path, "the session asked for")
            else:
                found = self._from_transcript(path, "the session asked for", night=named.night)
            session = next((one for one in known if one.path == path), None)
            return replace(found, session=session)
        return self._from_search(known)

    def _from_settings(self) -> _Selection:
        events, transcript = self._paths.events, self._paths.transcript
        if events:
            path = str(paths.resolve(self._project, events, self._environ))
            return self._from_stream(path, "paths.events in the settings")
        if transcript:
            path = str(paths.resolve(self._project, transcript, self._environ))
            return self._from_transcript(path, "paths.transcript in the settings", trusted=True)
        return _Selection()

    def _from_search(self, known: Sequence[KnownSession]) -> _Selection:
        """What the registry's sessions give; what the settings name counts in place of all but our runs."""
        by_hand = self._from_settings()
        if by_hand.sources:
            first = by_hand.sources[0]
            runs = [one for one in known if one.kind == "run"]
            known = [*runs, *self._registry.named(first.path, first.base)]
        session = choose(known, self._registry.now())
        if by_hand.sources and (session is None or session.kind != "run"):
            return by_hand
        if session is None:
            return _Selection(why=self._nothing_found(known))
        return replace(self._from_known(session, known), session=session)

    def _from_known(self, session: KnownSession, known: Sequence[KnownSession]) -> _Selection:
        run = next((one.run_id for one in known if one.kind == "run"), "")
        if session.kind == "run":
            which = "the newest of this project" if session.run_id == run else "of this project"
            lives = f"; it lives on {session.host}" if session.host else ""
            over = "; it is over" if session.is_over else lives
            return self._from_run(session.run_id, f"run {session.run_id}, {which}{over}")
        older = [f"run {run} is older"] if run else []
        if session.kind == "stream":
            folder = os.path.relpath(os.path.dirname(session.path), self._project)
            place = "the project's folder" if folder == "." else folder + "/"
            chosen = "; ".join([f"newest event stream in {place}", *older])
            return self._from_stream(session.path, chosen)
        lives = "transcript of a session that lives here" if session.process is not None else ""
        where = session.hint or lives or "newest transcript whose cwd is this folder"
        stream = next((one for one in known if one.kind == "stream"), None)
        if stream is not None:
            older = [f"the stream {os.path.basename(stream.path)} is older"]
        return self._from_transcript(session.path, "; ".join([where, *older]))

    def _from_stream(self, path: str, chosen: str) -> _Selection:
        """A stream with the transcripts of the sessions in it, and their subagents."""
        base = reading_base(self._project, path, environ=self._environ)
        summary = read_summary(path, inside=base)
        is_stream = summary is not None and summary.kind == "stream"
        sessions = summary.sessions[:MOST_SESSIONS] if summary and is_stream else ()
        found = [file for session in sessions for file in self._transcript_files(session, None)]
        found += self._operation_journals(sessions)
        first = EventFile(_kind_of(path, base), path, chosen, base=base)
        return _Selection((first, *dict.fromkeys(found)))

    def _journals_beside(self, path: str) -> list[EventFile]:
        """What was done from here on the sessions in an event file that was named by hand."""
        if not session_journal(self._project, "any", self._environ).parent.is_dir():
            return []
        summary = read_summary(path)
        return self._operation_journals(summary.sessions[:MOST_SESSIONS] if summary else ())

    def _operation_journals(self, sessions: Iterable[str]) -> list[EventFile]:
        """The journals of operations on sessions that are no run of ours."""
        files = [
            (one, session_journal(self._project, one, self._environ)) for one in sessions if one
        ]
        return [
            EventFile("journal", str(file), f"what was done from here on session {session[:8]}")
            for session, file in files
            if file.is_file()
        ]

    def _from_run(self, name: str, chosen: str) -> _Selection:
        runs = list_runs(self._project, self._environ)
        run = next((run for run in runs if run.directory.id == name), None)
        if run is None:
            return _Selection(why=f"no run {name} of this project")
        sources = [EventFile("stream", str(run.directory.stream), chosen)]
        summary = read_summary(str(run.directory.stream))
        named = sessions_of(run.directory)[-MOST_SESSIONS:]
        for session in dict.fromkeys([*named, *(summary.sessions if summary else ())]):
            sources += self._transcript_files(session, run)
        sources.append(EventFile("journal", str(run.directory.journal), "journal of that run"))
        return _Selection(tuple(dict.fromkeys(sources)), run)

    def _from_transcript(
        self, path: str, chosen: str, *, trusted: bool = False, night: str | None = None
    ) -> _Selection:
        """A transcript with the others of its night, newest first, and the subagents of all."""
        session = session_of_file(path)
        base = reading_base(self._project, path, environ=self._environ)
        base = base or ("" if trusted else base_of(path, self._projects))
        whole = None if trusted else self._night_of(path, night)
        if whole is None:
            files = transcripts.with_subagents(path, session, chosen, trusted=trusted, base=base)
            return _Selection((*files, *self._operation_journals([session])))
        if whole.continues is not None:
            chosen = f"{chosen}; {describe_earlier(whole.continues)}"
        files = lineage.files_of(whole, chosen, base)
        journals = self._operation_journals(whole.sessions)
        return _Selection((*files, *journals), night=whole.id, continues=whole.continues)

    def _night_of(self, path: str, id: str | None) -> TranscriptNight | None:
        """The night that was asked for by its id, else the newest that a transcript belongs to."""
        if id is None:
            return lineage.night_of_transcript(path, self._absence_s, self._taken)
        from tui.feeds.sessions.night_files import list_night_files

        nights = list_night_files(self._project, self._settings, self._environ)
        return next((night.transcripts for night in nights if night.id == id), None)

    def _transcript_files(self, session: str, run: ListedRun | None) -> list[EventFile]:
        path = transcripts.transcript_of_session(self._projects, session, str(self._project))
        if path is not None:
            chosen = f"transcript of session {session[:8]}"
            files = transcripts.with_subagents(
                path, session, chosen, base=base_of(path, self._projects)
            )
            if run is not None and run.is_over:
                until = lineage.taken_until(path, run.changed, self._absence_s)
                files[0] = replace(files[0], until=until)
            return files
        if run is not None and transcripts.is_session_id(session):
            kept = run.directory.kept_transcript(session)
            if kept.is_file():
                chosen = f"kept copy of the transcript of session {session[:8]}"
                return transcripts.with_subagents(str(kept), session, chosen)
        return []

    def _nothing_found(self, known: Sequence[KnownSession]) -> str:
        lives = next((one for one in known if not one.path), None)
        if lives is not None:
            return f"session {lives.session_id} lives here and has recorded nothing yet"
        folders = event_files.FOLDERS
        looked = ", ".join("the project's folder" if one == "." else f"{one}/" for one in folders)
        begun = (
            f"no session found: no run of this project, no event stream in {looked}, no "
            f"transcript of this folder in {self._projects}"
        )
        gone = next((one for one in known if one.nearness is Nearness.GONE), None)
        if gone is not None:
            age = format_age(self._registry.now() - gone.changed_at)
            name = gone.session_id
            return f"{begun}; session {name} ({age} old) {gone.hint}; --session {name[:8]} shows it"
        return f"{begun}; start one with `overnight-tui run`, or name a file with --events or paths.events"


def _kind_of(path: str, base: str = "") -> Kind:
    summary = read_summary(path, inside=base)
    return "transcript" if summary is not None and summary.kind == "transcript" else "stream"
