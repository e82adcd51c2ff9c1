"""Which session is shown for a project, and why; where the files beside its events are.

Our own run comes first, then an event stream in the project, then Claude's newest transcript of the
folder. A session that has ended gives way to one that is still written to. A source that the person named is
always taken.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from tui.feeds.sessions import event_files, transcripts
from tui.feeds.sessions.event_files import EventFileSummary, FoundFile, read_summary
from tui.model.session import NamedSources, SidecarPath
from tui.settings.original_sections import PathsSettings
from tui.settings.settings import Settings
from tui.store.attempt_files import newest_agent
from tui.store.layout import session_journal
from tui.store.project_files import describe_link, leads_outside, reading_base
from tui.store.runs import ListedRun, list_runs, sessions_of
from tui.system import paths
from tui.system.files import modified_at

# Each source beside the events with its setting, which is its name for people too, and its usual places.
_SIDECARS = {
    "progress": ("progress_file", (
        "claude-progress.txt", "claude-progress.md", "progress.md", "PROGRESS.md", "progress.txt",
        ".ralph/fix_plan.md", ".ralph/@fix_plan.md", "@fix_plan.md", "fix_plan.md", "docs/progress.md",
    )),
    "features": ("feature_list", (
        "feature_list.json", "docs/feature_list.json", "features.json", "prd.json", ".ralph/prd.json",
        "scripts/ralph/prd.json",
    )),
    "notes": ("session_notes", (
        "claude-session-notes.md", "session-notes.md", "docs/claude-session-notes.md",
    )),
    "watchdog": ("watchdog_log", (
        "logs/watchdog.log", "logs/watchdog-*.log", "logs/ralph.log", ".ralph/logs/ralph.log",
        "logs/monitor.log", "logs/overnight.log", "logs/auto-resume.log", "watchdog.log", "overnight.log",
    )),
    "history": ("session_history", ("logs/session-history.jsonl",)),
    "compactions": ("compaction_history", ("logs/compaction-history.jsonl",)),
}  # fmt: skip


def _find_sidecar(
    project: Path,
    settings: PathsSettings,
    name: str,
    named: NamedSources,
    environ: Mapping[str, str],
) -> SidecarPath:
    """The source `name`: by flag, by settings, else the first candidate that exists.

    Beside events that were named by hand only flag and settings count.
    """
    key, candidates = _SIDECARS[name]
    word = key.replace("_", " ")
    flag: str | None = getattr(named, name, None)
    if flag is not None:
        missing = "" if _is_file(flag) else f"no {word} at {flag}, named by --{name}"
        return SidecarPath(flag, f"named by --{name}", missing)
    configured: str = getattr(settings, key)
    path = str(paths.resolve(project, configured, environ))
    base = reading_base(project, path, environ=environ)
    by_default = configured == getattr(PathsSettings(), key)
    chosen = f"the default of paths.{key}" if by_default else f"paths.{key} in the settings"
    if base and os.path.lexists(path) and leads_outside(project, path):
        return SidecarPath(path, chosen, describe_link(base, path), base)
    if _is_file(path):
        return SidecarPath(path, chosen, base=base)
    also = ""
    if by_default and named.events is None:
        for candidate in candidates:
            if found := _find_candidate(project, candidate):
                return SidecarPath(found, f"found; there is no {configured}", base=str(project))
        also = ", nor at any usual place"
    return SidecarPath(path, chosen, f"no {word} at {configured}{also}; set paths.{key}", base)


def _find_candidate(project: Path, pattern: str) -> str:
    """The file a candidate names; for a pattern, the newest; it must lie within the project."""
    found = [project / pattern]
    if "*" in pattern:
        found = sorted(project.glob(pattern), key=modified_at, reverse=True)[:1]
    usable = (str(path) for path in found if _is_file(str(path)) and paths.is_within(project, path))
    return next(usable, "")


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


# How much later another session must have been written to, to be taken instead of a run that has ended, and
# of one without an end record, whose supervisor may be gone.
OVERTAKEN_S = 60.0
LONG_SILENT_S = 12 * 3600.0
MOST_SESSIONS = 40
Kind = Literal["stream", "transcript", "journal"]


class EventFile(Struct, frozen=True):
    """A file of events and why it was chosen; `trusted` false: a link at its end is refused.

    `base` is the folder that it must not leave by its links; empty where it may be anywhere.
    """

    kind: Kind
    path: str
    chosen: str
    trusted: bool = True
    base: str = ""


class SessionSources(Struct, frozen=True):
    """The files of a session. `events` has the main one first; where it is empty, `why` says where
    it was searched and what to do. `is_whole_truth` means that a stream was named by hand: processes
    and commits of this machine do not belong to it. `agent` is pid and start ticks of our run's agent,
    `elsewhere` the host of a run that lives on another machine: its processes are none of this one.
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


class _Selection(Struct, frozen=True):
    sources: tuple[EventFile, ...] = ()
    run: ListedRun | None = None
    why: str = ""


def select_session(
    project: Path,
    settings: Settings,
    named: NamedSources | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
) -> SessionSources:
    """The files of the project's session now. Reads little, starts nothing, never fails.

    The result is equal as long as nothing changed, so that a caller can poll and compare.
    """
    named = named or NamedSources()
    projects = paths.claude_dir(environ) / "projects"
    selected = _SessionSelector(project, settings, projects, environ).select(named)
    run = selected.run
    sidecars = {
        name: _find_sidecar(project, settings.paths, name, named, environ) for name in _SIDECARS
    }
    return SessionSources(
        events=selected.sources,
        run=run.directory.id if run else "",
        run_dir=str(run.directory.path) if run else "",
        agent=newest_agent(run.directory) if run and run.is_here and not run.is_over else None,
        elsewhere=run.elsewhere if run else "",
        why=selected.why,
        is_whole_truth=named.events is not None,
        **sidecars,
    )


class _SessionSelector:
    """One selection in a project."""

    def __init__(
        self, project: Path, settings: Settings, projects: Path, environ: Mapping[str, str]
    ) -> None:
        self._project = project
        self._paths = settings.paths
        self._projects = projects
        self._base = str(projects)
        self._environ = environ

    def select(self, named: NamedSources) -> _Selection:
        if named.events is not None:
            file = EventFile(_kind_of(named.events), named.events, "named by --events")
            return _Selection((file,))
        runs = list_runs(self._project, self._environ)
        if named.run is not None:
            run = next((run for run in runs if run.directory.id == named.run), None)
            if run is None:
                return _Selection(why=f"no run {named.run} of this project")
            return self._from_run(run, f"run {run.directory.id}, as asked")
        if (path := named.session) is not None:
            base = reading_base(self._project, path, environ=self._environ)
            is_stream = _kind_of(path, base) == "stream"
            choose = self._from_stream if is_stream else self._from_transcript
            return choose(path, "the session asked for")
        return self._from_search(runs[0] if runs else None)

    def _from_settings(self) -> _Selection:
        events, transcript = self._paths.events, self._paths.transcript
        if events:
            path = str(paths.resolve(self._project, events, self._environ))
            return self._from_stream(path, "paths.events in the settings")
        if transcript:
            path = str(paths.resolve(self._project, transcript, self._environ))
            return self._from_transcript(path, "paths.transcript in the settings", trusted=True)
        return _Selection()

    def _from_search(self, run: ListedRun | None) -> _Selection:
        """The run, unless another session continued after it; else the settings, else the newest."""
        stream = event_files.newest_stream(self._project)
        transcript = transcripts.newest_transcript(self._projects, str(self._project))
        set_by_hand = self._from_settings()
        others = [found.summary for found in (stream, transcript) if found is not None]
        if set_by_hand.sources:
            first = set_by_hand.sources[0]
            summary = read_summary(first.path, inside=first.base)
            others = [summary] if summary is not None else []
        if run is not None and not self._is_overtaken(run, others):
            chosen = f"run {run.directory.id}, the newest of this project"
            lives = f"; it lives on {run.elsewhere}" if run.elsewhere else ""
            return self._from_run(run, chosen + ("; it is over" if run.is_over else lives))
        if set_by_hand.sources:
            return set_by_hand
        since = f"; run {run.directory.id} is older" if run is not None else ""
        if stream is not None and not _is_stale(stream, transcript):
            folder = "the project's folder" if stream.folder == "." else stream.folder + "/"
            return self._from_stream(stream.path, f"newest event stream in {folder}{since}")
        if transcript is not None:
            if stream is not None:
                since = f"; the stream {os.path.basename(stream.path)} is older"
            chosen = f"newest transcript whose cwd is this folder{since}"
            return self._from_transcript(transcript.path, chosen)
        return _Selection(why=self._nothing_found())

    def _is_overtaken(self, run: ListedRun, others: list[EventFileSummary]) -> bool:
        """Whether another session was written to after this run ended or fell silent for long.

        A run of another machine gives way to any session that is newer.
        """
        own = set(sessions_of(run.directory))
        grace = OVERTAKEN_S if run.is_over or run.elsewhere else LONG_SILENT_S
        return any(
            summary.changed > run.changed + grace and not own.intersection(summary.sessions)
            for summary in others
        )

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

    def _from_run(self, run: ListedRun, chosen: str) -> _Selection:
        sources = [EventFile("stream", str(run.directory.stream), chosen)]
        summary = read_summary(str(run.directory.stream))
        named = sessions_of(run.directory)[-MOST_SESSIONS:]
        for session in dict.fromkeys([*named, *(summary.sessions if summary else ())]):
            sources += self._transcript_files(session, run)
        sources.append(EventFile("journal", str(run.directory.journal), "journal of that run"))
        return _Selection(tuple(dict.fromkeys(sources)), run)

    def _from_transcript(self, path: str, chosen: str, *, trusted: bool = False) -> _Selection:
        session = os.path.basename(path).removesuffix(".jsonl")
        base = reading_base(self._project, path, environ=self._environ)
        base = base or ("" if trusted else self._base)
        files = _with_subagents(path, session, chosen, trusted=trusted, base=base)
        return _Selection((*files, *self._operation_journals([session])))

    def _transcript_files(self, session: str, run: ListedRun | None) -> list[EventFile]:
        path = transcripts.transcript_of_session(self._projects, session, str(self._project))
        if path is not None:
            chosen = f"transcript of session {session[:8]}"
            return _with_subagents(path, session, chosen, base=self._base)
        if run is not None and transcripts.is_session_id(session):
            kept = run.directory.kept_transcript(session)
            if kept.is_file():
                chosen = f"kept copy of the transcript of session {session[:8]}"
                return _with_subagents(str(kept), session, chosen)
        return []

    def _nothing_found(self) -> str:
        folders = event_files.FOLDERS
        looked = ", ".join("the project's folder" if one == "." else f"{one}/" for one in folders)
        return (
            f"no session found: no run of this project, no event stream in {looked}, no "
            f"transcript of this folder in {self._projects}; start one with `overnight-tui run`, or "
            "name a file with --events or paths.events"
        )


def _is_stale(stream: FoundFile, transcript: FoundFile | None) -> bool:
    """Whether another session's transcript is written to while the stream has ended or is silent."""
    if transcript is None or transcript.session in stream.summary.sessions:
        return False
    behind = transcript.summary.changed - stream.summary.changed
    return behind > LONG_SILENT_S or (stream.summary.has_ended and behind > event_files.ACTIVE_S)


def _with_subagents(
    transcript: str, session: str, chosen: str, *, trusted: bool = False, base: str = ""
) -> list[EventFile]:
    subagent = f"subagent of session {session[:8]}"
    files = transcripts.subagent_files(transcript, session)
    main = EventFile("transcript", transcript, chosen, trusted, base)
    return [main, *(EventFile("transcript", path, subagent, False, base) for path in files)]


def _kind_of(path: str, base: str = "") -> Kind:
    summary = read_summary(path, inside=base)
    return "transcript" if summary is not None and summary.kind == "transcript" else "stream"
