"""Claude's transcripts: which belong to a folder or session; where one can be cut safely.

Claude keeps them in `projects/<slug of the folder>/<session>.jsonl`. A slug cannot be turned back
into a folder, so it is only where the search begins; the `cwd` inside the records decides.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tui.feeds.sessions import event_files
from tui.feeds.sessions.event_files import ACTIVE_S, EventFileSummary, FoundFile, read_summary
from tui.model.events import AgentEvent, AssistantMessage, UserMessage
from tui.system.files import regular_file
from tui.system.lazy_pattern import lazy

MOST_FOLDERS = 60
MOST_LOOKED_AT = 12
MOST_LISTED = 200
MOST_AGENTS = 500
_SESSION_ID = lazy(r"[A-Za-z0-9][A-Za-z0-9_-]{7,127}")
_NOT_WORD = lazy(r"[^A-Za-z0-9]")
_found_folders: dict[tuple[str, str], tuple[tuple[tuple[int, str], ...], list[str]]] = {}
"""Folders in which the search under other slugs found something, valid while none of them changes."""


def safe_transcript(path: str, projects: Path) -> str | None:
    """The resolved path if it may be read: a regular `.jsonl` of this user inside `projects`.

    For paths that come from outside (a hook, a stream). The file itself is checked, through every
    link; opening it, the caller must refuse a link at its end.
    """
    if "\0" in path or not path.endswith(".jsonl") or not os.path.isabs(path):
        return None
    try:
        real = os.path.realpath(path, strict=True)
        base = os.path.realpath(projects, strict=True)
        if not real.startswith(base.rstrip("/") + "/") or not real.endswith(".jsonl"):
            return None
        with regular_file(real) as (_, facts):
            return real if facts.st_uid == os.geteuid() and facts.st_nlink == 1 else None
    except (OSError, ValueError):
        return None


def slugs(folder: str) -> list[str]:
    """The folder names under which Claude may keep the transcripts of `folder`."""
    return list(
        dict.fromkeys(_NOT_WORD.sub("-", name) for name in (folder, os.path.realpath(folder)))
    )


def is_session_id(word: str) -> bool:
    """Whether a text from outside can be a session id, and so part of a file name."""
    return _SESSION_ID.fullmatch(word) is not None


def transcript_of_session(projects: Path, session: str, folder: str) -> str | None:
    """The transcript of a session id, searched under the slugs of `folder` first."""
    if not is_session_id(session):
        return None
    for name in _slugs_then_all(projects, folder):
        path = projects / name / f"{session}.jsonl"
        if os.path.lexists(path):
            return safe_transcript(str(path), projects)
    return None


def _slugs_then_all(projects: Path, folder: str) -> Iterator[str]:
    yield from slugs(folder)
    for _, name in _folders(projects):
        yield name


def newest_transcript(projects: Path, folder: str) -> FoundFile | None:
    """The transcript of the session that began last, among those of `folder` still written to.

    A session that ran in `folder` itself goes before transcript that ran below it.
    """
    found = _find_matching(projects, slugs(folder), folder, below=False)
    return event_files.newest_active(found or _find_elsewhere(projects, folder))


def _find_elsewhere(projects: Path, folder: str) -> list[FoundFile]:
    """Matches under other slugs: those that begin alike first, then the folders changed last."""
    dated = _folders(projects)
    names = [name for _, name in dated]
    key, stamp = (str(projects), folder), tuple(dated[:MOST_FOLDERS])
    cached = _found_folders.get(key)
    if cached is not None and cached[0] == stamp:
        chosen = cached[1]
    else:
        alike = [name for name in names if any(name.startswith(slug) for slug in slugs(folder))]
        chosen = list(dict.fromkeys([*alike[:MOST_FOLDERS], *names[:MOST_FOLDERS]]))
    found = _find_matching(projects, chosen, folder, below=False)
    found = found or _find_matching(projects, chosen, folder, below=True)
    places = (os.path.basename(os.path.dirname(transcript.path)) for transcript in found)
    _found_folders[key] = (stamp, list(dict.fromkeys(places)))
    return found


def subagent_files(transcript: str, session: str) -> list[str]:
    """Files of a session's subagents, of the present layout and of the one before 2.1.2."""
    folder = os.path.dirname(transcript)
    found = []
    base = os.path.join(folder, session, "subagents")
    for root, folders, names in os.walk(base, followlinks=False):
        folders[:] = sorted(folders)[:50] if root.count("/") - base.count("/") < 3 else []
        found += [os.path.join(root, name) for name in sorted(names) if _is_subagent_name(name)]
        if len(found) >= MOST_AGENTS:
            break
    try:
        beside = os.listdir(folder)
    except OSError:
        beside = []
    for name in sorted(filter(_is_subagent_name, beside))[:MOST_AGENTS]:
        path = os.path.join(folder, name)
        summary = read_summary(path, follow=False)
        if summary is not None and session in summary.sessions:
            found.append(path)
    return [path for path in found[:MOST_AGENTS] if _is_own_file(path)]


def _is_subagent_name(name: str) -> bool:
    return name.startswith("agent-") and name.endswith(".jsonl")


def _is_own_file(path: str) -> bool:
    try:
        facts = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid()


def _find_matching(
    projects: Path, folders: list[str], folder: str, *, below: bool
) -> list[FoundFile]:
    """The newest transcripts in these folders whose records name the folder folder."""
    dated = [file for name in folders for file in _dated_files(projects / name)]
    found: list[FoundFile] = []
    for changed, path in sorted(dated, reverse=True)[: MOST_LOOKED_AT * max(1, len(folders))]:
        if found and changed < found[0].summary.changed - ACTIVE_S:
            break
        summary = read_summary(path, follow=False)
        if summary is None or not _names_folder(summary.cwds, folder, below=below):
            continue
        real = safe_transcript(path, projects)
        if real is not None:
            found.append(FoundFile(real, summary, session=os.path.basename(path)[:-6]))
    return found


def _names_folder(cwds: tuple[str, ...], folder: str, *, below: bool) -> bool:
    return any(
        cwd == place or (below and cwd.startswith(place.rstrip("/") + "/"))
        for place in {folder, os.path.realpath(folder)}
        for cwd in cwds
    )


def _dated_files(folder: Path) -> list[tuple[float, str]]:
    """When each transcript of one folder was last written to, and its path."""
    try:
        with os.scandir(folder) as entries:
            return [
                (entry.stat(follow_symlinks=False).st_mtime, entry.path)
                for entry in entries
                if entry.name.endswith(".jsonl") and not _is_subagent_name(entry.name)
            ]
    except OSError:
        return []


def _folders(projects: Path) -> list[tuple[int, str]]:
    """When each folder of transcripts changed, and its name; the one that changed last first."""
    try:
        with os.scandir(projects) as entries:
            dated = [
                (entry.stat(follow_symlinks=False).st_mtime_ns, entry.name)
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []
    return sorted(dated, reverse=True)[:2_000]


def transcript_candidates(projects: Path, folder: str) -> list[tuple[str, float]]:
    """Transcripts under the slugs of `folder`, each with when it was last written to."""
    dated = [file for name in slugs(folder) for file in _dated_files(projects / name)]
    newest = sorted(dated, reverse=True)[:MOST_LISTED]
    checked = ((safe_transcript(path, projects), changed) for changed, path in newest)
    return [(path, changed) for path, changed in checked if path is not None]


def ran_in(summary: EventFileSummary, folder: str) -> bool:
    """Whether the session of an event file ran in `folder` itself."""
    return _names_folder(summary.cwds, folder, below=False)


_TAIL_BYTES = 4 << 20


def last_safe_cut(path: str) -> tuple[str, str]:
    """Session and uuid of the last record after which an event file can be cut; empty without one.

    That is after the last result of a batch of tool calls, and after a text without calls. Reads the
    newest 4 MiB at most.
    """
    session, uuid = "", ""
    waiting: set[str] = set()
    for event in _last_events(path):
        session = event.session or session
        body = event.body
        if isinstance(body, AssistantMessage) and not body.error:
            waiting.update(tool.id for tool in body.tools)
            if body.text and not body.tools and not waiting and event.uuid:
                uuid = event.uuid
        elif isinstance(body, UserMessage) and body.role == "results":
            waiting.difference_update(result.tool_use_id for result in body.results)
            if not waiting and event.uuid:
                uuid = event.uuid
    return session, uuid


def _last_events(path: str) -> list[AgentEvent]:
    """The events of the main conversation in the newest 4 MiB of a file."""
    try:
        with regular_file(path, follow=True) as (descriptor, status):
            start = max(0, status.st_size - _TAIL_BYTES)
            data = os.pread(descriptor, _TAIL_BYTES, start)
    except OSError:
        return []
    if start:
        cut = data.find(b"\n") + 1
        data, start = data[cut:], start + cut
    data = data[: data.rfind(b"\n") + 1]
    # Lists of nights and sessions need no event: their commands start without the decoder.
    from tui.feeds.claude.decoder import ClaudeDecoder

    return [event for event in ClaudeDecoder(path).decode(data, start).events if not event.thread]
