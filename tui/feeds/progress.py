"""Progress files: what is done, open, under way and blocked, as a careful reader would say.

Check boxes count first; without any, `N/M` counts; without those, `feature_list.json`; else the
answer is "unknown". Nothing is ever complete because nothing was found.
"""

from __future__ import annotations

from msgspec.structs import replace

from tui.feeds.feature_list import read_feature_list
from tui.feeds.progress_counts import read_counts
from tui.feeds.progress_headings import HeadingRole
from tui.feeds.progress_outline import Outline, newest, outline
from tui.feeds.progress_remarks import KEPT_REMARKS, goal, remarks
from tui.feeds.progress_tasks import TaskReader
from tui.records import ProgressFile
from tui.system.sanitize import clean

SHOWN_CHARACTERS = 1_000_000

__all__ = ["read_feature_list", "read_progress", "with_features"]


def read_progress(text: str, source: str, at: float | None) -> ProgressFile:
    """Reads a progress file of any form; never fails, time grows linearly with its size.

    `Task.line` counts from 1. `text` is the whole file, cleaned; beyond a million characters
    its middle is left out, and the text says so.
    """
    document = outline(text)
    reader = TaskReader(document)
    tasks = tuple(reader.tasks)
    blocked = tuple(task.title for task in tasks if task.state == "blocked")
    underway = tuple(task.title for task in tasks if task.state == "in_progress")
    said_underway = remarks(document, HeadingRole.IN_PROGRESS) + tuple(reader.rows_underway)
    progress = ProgressFile(
        source=source,
        at=at,
        basis="checkboxes" if tasks else "unknown",
        done=reader.done,
        open=reader.open,
        tasks=tasks,
        sections=reader.sections(),
        blockers=_merged(remarks(document, HeadingRole.BLOCKERS), blocked),
        in_progress=_merged(underway, said_underway),
        goal=goal(document),
        session=_session(document),
        started=document.labels.get("started", ""),
        text=_shown(text),
    )
    counts = None if tasks else read_counts(document)
    if counts is None:
        return progress
    done, open_, sections = counts
    return replace(progress, basis="counts", done=done, open=open_, sections=sections)


def with_features(progress: ProgressFile, features: ProgressFile | None) -> ProgressFile:
    """The progress file's words with the feature list's count, where the file counts nothing."""
    if features is None or progress.basis != "unknown":
        return progress
    return replace(
        progress,
        basis="features",
        done=features.done,
        open=features.open,
        tasks=features.tasks,
        sections=features.sections,
        blockers=_merged(progress.blockers, features.blockers),
        in_progress=_merged(progress.in_progress, features.in_progress),
    )


def _merged(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))[:KEPT_REMARKS]


def _session(document: Outline) -> str:
    """The `Session:` line if there is one, else the heading of the newest session."""
    named = document.labels.get("session", "")
    if named or not document.sessions:
        return named
    return document.sessions[newest(document.sessions, list(range(len(document.sessions))))].title


def _shown(text: str) -> str:
    if len(text) > SHOWN_CHARACTERS:
        half = SHOWN_CHARACTERS // 2
        left_out = len(text) - 2 * half
        text = f"{text[:half]}\n\n[… {left_out:,} characters left out …]\n\n{text[-half:]}"
    return clean(text)
