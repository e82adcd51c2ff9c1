"""Claude's transcripts: which belong to a folder or session; where one can be cut safely.

Claude keeps them in `projects/<slug of the folder>/<session>.jsonl`; the `cwd` inside the records decides.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tui.feeds.sessions.event_files import (
    EventFileSummary,
    first_folder,
    main_events,
    read_summary,
)
from tui.feeds.sessions.where.places import ProjectPlaces
from tui.feeds.sessions.where.transcript_folders import (
    LONGEST_SLUG,
    dated_files,
    is_named_after,
    is_subagent_name,
    list_folders,
    safe_transcript,
    slugs,
)
from tui.model.events import AssistantMessage, UserMessage
from tui.model.session import EventFile, Nearness
from tui.system.lazy_pattern import lazy

# Sessions beside the newest one that are still of interest.
RECENT_S = 24 * 3600.0
MOST_FOLDERS = 60
MOST_READ = 16
# A day of helpers' calls must not hide the night; they are small, so many can be read.
MOST_SMALL = 400
MOST_PROBED = 1_000
MOST_STRANGERS = 8
MOST_AGENTS = 500
_SESSION_ID = lazy(r"[A-Za-z0-9][A-Za-z0-9_-]{7,127}")
_found_folders: dict[tuple[str, str], tuple[tuple[tuple[int, str], ...], list[str]]] = {}
"""Folders in which the search under other slugs found something, valid while none of them changes."""


class FoundTranscript(NamedTuple):
    """A transcript with the session of its name, and how near the project it ran."""

    path: str
    session: str
    summary: EventFileSummary
    nearness: Nearness


def is_session_id(word: str) -> bool:
    """Whether a text from outside can be a session id, and so part of a file name."""
    return _SESSION_ID.fullmatch(word) is not None


def transcript_of_session(projects: Path, session: str, folder: str) -> str | None:
    """The transcript of a session id, searched under the slugs of `folder` first."""
    if not is_session_id(session):
        return None
    for name in _slugs_then_all(projects, folder):
        path = os.path.join(projects, name, f"{session}.jsonl")
        if os.path.lexists(path):
            return safe_transcript(path, projects)
    return None


def _slugs_then_all(projects: Path, folder: str) -> Iterator[str]:
    yield from slugs(folder)
    for _, name in list_folders(projects):
        yield name


def find_transcripts(
    projects: Path, places: ProjectPlaces, *, most: int = MOST_READ, whole: bool = False
) -> list[FoundTranscript]:
    """The newest transcripts of a project's sessions, the one that was written to last first.

    At most `most` are read; unless `whole`, no more than it takes to have the newest that has substance
    and all that may be written to beside it. A folder that other projects share by its slug is looked
    through until the project's own are found.
    """
    near = _find_near(projects, places, most, whole=whole)
    return near or _find_elsewhere(projects, places, most)


def has_transcripts(projects: Path, folder: str) -> bool:
    """Whether a session was started in a folder, or below it. Reads little."""
    return bool(_find_near(projects, ProjectPlaces((folder,)), MOST_READ, whole=False))


def _find_near(
    projects: Path, places: ProjectPlaces, most: int, *, whole: bool
) -> list[FoundTranscript]:
    """Matches under the slugs of the project's folders, of those below them and of its work trees."""
    names = [name for _, name in list_folders(projects)]
    wanted = [slug for folder in places.folders for slug in slugs(folder)]
    own = [name for name in names if any(is_named_after(name, slug) for slug in wanted)]
    alike = [name for name in names if any(_is_alike(name, slug) for slug in wanted)]
    trees = [slug for folder in places.work_trees for slug in slugs(folder)]
    beside = [name for name in names if any(is_named_after(name, slug) for slug in trees)]
    chosen = dict.fromkeys([*own, *alike[:MOST_FOLDERS], *beside])
    return _Search(projects, places, most, whole).run(chosen, shared=frozenset(own))


def _is_alike(name: str, slug: str) -> bool:
    return name.startswith(slug[:LONGEST_SLUG] + "-")


def _find_elsewhere(projects: Path, places: ProjectPlaces, most: int) -> list[FoundTranscript]:
    """Matches under any other slug; in vain it is not repeated until something is new."""
    dated = list_folders(projects)
    key, stamp = (str(projects), places.folders[0]), tuple(dated[:MOST_FOLDERS])
    cached = _found_folders.get(key)
    names = cached[1] if cached is not None and cached[0] == stamp else [name for _, name in stamp]
    found = _Search(projects, places, most, whole=False).run(names)
    held = (os.path.basename(os.path.dirname(one.path)) for one in found)
    _found_folders[key] = (stamp, [name for name in dict.fromkeys(held) if name in names])
    return found


class _Search:
    """One search through folders of transcripts, with what it may still read."""

    def __init__(self, projects: Path, places: ProjectPlaces, most: int, whole: bool) -> None:
        self._projects = projects
        self._places = places
        self._most = most
        self._reads = self._probes = 0
        self._whole = whole
        self._strangers: dict[str, int] = {}
        self._real: dict[str, str] = {}

    def run(
        self, names: Iterable[str], shared: frozenset[str] = frozenset()
    ) -> list[FoundTranscript]:
        """What belongs to the project in these folders; in `shared` ones strangers are expected."""
        dated = [(*file, name) for name in names for file in dated_files(self._projects, name)]
        found: list[FoundTranscript] = []
        enough = 0.0
        for changed, path, name in sorted(dated, reverse=True):
            if self._is_over(has_substance=enough > 0.0) or changed < enough:
                break
            if name not in shared and self._strangers.get(name, 0) >= MOST_STRANGERS:
                continue
            one = self._look(path, name)
            if one is None:
                self._strangers[name] = self._strangers.get(name, 0) + 1
                continue
            found.append(one)
            if not one.summary.is_small and one.nearness is Nearness.HERE:
                since = one.summary.changed - RECENT_S
                enough = max(enough, 0.1 if self._whole else since)
        return sorted(found, key=lambda one: one.summary.changed, reverse=True)

    def _is_over(self, *, has_substance: bool) -> bool:
        most = self._most if has_substance else max(self._most, MOST_SMALL)
        return self._reads >= most or self._probes >= MOST_PROBED

    def _look(self, path: str, name: str) -> FoundTranscript | None:
        self._probes += 1
        begun = first_folder(path)
        if begun and self._places.nearness((begun,)) is None and name in slugs(begun):
            return None  # it began in another folder that has this slug
        self._reads += 1
        summary = read_summary(path, follow=False)
        nearness = self._places.nearness(summary.cwds) if summary is not None else None
        if summary is None or nearness is None or not _is_own_file(path):
            return None
        # The folder may be a link, the file is none.
        folder, base = os.path.split(path)
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        return FoundTranscript(os.path.join(self._real[folder], base), base[:-6], summary, nearness)


def subagent_files(transcript: str, session: str) -> list[str]:
    """Files of a session's subagents, of the present layout and of the one before 2.1.2."""
    folder = os.path.dirname(transcript)
    found = []
    base = os.path.join(folder, session, "subagents")
    for root, folders, names in os.walk(base, followlinks=False):
        folders[:] = sorted(folders)[:50] if root.count("/") - base.count("/") < 3 else []
        found += [os.path.join(root, name) for name in sorted(names) if is_subagent_name(name)]
        if len(found) >= MOST_AGENTS:
            break
    try:
        beside = os.listdir(folder)
    except OSError:
        beside = []
    for name in sorted(filter(is_subagent_name, beside))[:MOST_AGENTS]:
        path = os.path.join(folder, name)
        summary = read_summary(path, follow=False)
        if summary is not None and session in summary.sessions:
            found.append(path)
    return [path for path in found[:MOST_AGENTS] if _is_own_file(path)]


def with_subagents(
    transcript: str, session: str, chosen: str, *, trusted: bool = False, base: str = ""
) -> list[EventFile]:
    """The file of a session and those of its subagents, the main one first."""
    subagent = f"subagent of session {session[:8]}"
    files = subagent_files(transcript, session)
    main = EventFile("transcript", transcript, chosen, trusted, base)
    return [main, *(EventFile("transcript", path, subagent, False, base) for path in files)]


def _is_own_file(path: str) -> bool:
    try:
        facts = os.lstat(path)
    except OSError:
        return False
    mine = facts.st_uid == os.geteuid() and facts.st_nlink == 1
    return mine and stat.S_ISREG(facts.st_mode)


_TAIL_BYTES = 4 << 20


# complexity: a record either opens calls, answers them, or begins another conversation
def last_safe_cut(path: str) -> tuple[str, str]:
    """Session and uuid of the last record after which an event file can be cut; empty without one.

    That is after the last result of a batch of tool calls, and after a text without calls. Reads the
    newest 4 MiB at most.
    """
    session, uuid = "", ""
    waiting: set[str] = set()
    for event in main_events(path, -_TAIL_BYTES, _TAIL_BYTES, follow=True):
        if event.session and event.session != session:
            session, uuid = event.session, ""  # a place in one conversation is none in the next
            waiting.clear()
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
