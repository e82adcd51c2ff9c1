"""A progress file as tasks, counts, blockers and goal.

Explicit counts of the newest part go before check boxes that disagree, check boxes before tables and
lists with states, and those before `feature_list.json`. Where the evidence contradicts itself without an
order, or there is none, the answer is "unknown" with why. A file without tasks never counts as complete.
"""

from __future__ import annotations

from msgspec.structs import replace

from tui.feeds.progress.decision import decide
from tui.feeds.progress.feature_list import is_json, read_feature_list
from tui.feeds.progress.headings import HeadingRole
from tui.feeds.progress.listed import phases_underway, rows_underway
from tui.feeds.progress.outline import Outline, newest_line, newest_session
from tui.feeds.progress.remarks import KEPT_REMARKS, read_goal, read_remarks, waiting_status
from tui.feeds.progress.tasks import KEPT_TASKS, sections_of
from tui.model.records import ProgressFile
from tui.system.sanitize import clean

SHOWN_CHARACTERS = 1_000_000


def read_progress_file(
    data: bytes, source: str, at: float | None, before: ProgressFile | None = None
) -> ProgressFile:
    """Reads a progress file, or a feature list in its place, from bytes of any content."""
    if is_json(data, source):
        return read_feature_list(data, source, at, before)
    return read_progress(data.decode("utf-8", "replace"), source, at)


def read_progress(text: str, source: str, at: float | None) -> ProgressFile:
    """Reads a progress file of any form; never fails, time grows linearly with its size.

    `Task.line` counts from 1. `text` is the whole file, cleaned; beyond a million characters
    its middle is left out, and the text says so.
    """
    document = Outline(text.removeprefix("\ufeff"))
    figures = decide(document)
    newest = newest_session(document.sessions, range(len(document.sessions)))
    current = [each.task for each in figures.items if each.session in (newest, -1)]
    tasks = [each.task for each in figures.items] if figures.lists_tasks else current
    blocked = tuple(task.title for task in tasks if task.state == "blocked")
    underway = tuple(task.title for task in tasks if task.state == "in_progress")
    listed = read_remarks(document, HeadingRole.IN_PROGRESS)
    if figures.basis != "states":
        listed += tuple(rows_underway(document)) + tuple(phases_underway(document))
    shown, line = _bounded_text(text, newest_line(document))
    return ProgressFile(
        source=source,
        at=at,
        basis=figures.basis,
        done=figures.done,
        open=figures.open,
        tasks=tuple(tasks[:KEPT_TASKS]) if figures.lists_tasks else (),
        sections=sections_of(document, figures.items) if figures.lists_tasks else figures.sections,
        blockers=_merge(
            read_remarks(document, HeadingRole.BLOCKERS), blocked + waiting_status(document)
        ),
        in_progress=_merge(underway, listed),
        goal=read_goal(document),
        session=_session_title(document),
        started=document.labels.get("started", ""),
        text=shown,
        rests_on=figures.rests_on,
        newest_line=line,
    )


def with_features(progress: ProgressFile, features: ProgressFile | None) -> ProgressFile:
    """The progress file with the tasks of the feature list, where the file itself counts none."""
    if features is None:
        return progress
    if progress.basis not in ("unknown", "tests"):
        return _compared(progress, features)
    if features.basis == "unknown" and progress.basis == "tests":
        return progress
    if features.basis == "unknown":
        return replace(progress, rests_on=f"{progress.rests_on}; {features.rests_on}")
    return replace(
        progress,
        basis=features.basis,
        done=features.done,
        open=features.open,
        tasks=features.tasks,
        sections=features.sections,
        rests_on=features.rests_on,
        blockers=_merge(progress.blockers, features.blockers),
        in_progress=_merge(progress.in_progress, features.in_progress),
    )


def _compared(progress: ProgressFile, features: ProgressFile) -> ProgressFile:
    """With a word on the feature list where it has as many tasks and says something else of them."""
    if features.total != progress.total or features.done == progress.done:
        return progress
    return replace(progress, rests_on=f"{progress.rests_on}; but {features.rests_on}")


def _merge(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))[:KEPT_REMARKS]


def _session_title(document: Outline) -> str:
    """The `Session:` line if there is one, else the heading of the newest session."""
    named, sessions = document.labels.get("session", ""), document.sessions
    if named or not sessions:
        return named
    return sessions[newest_session(sessions, range(len(sessions)))].title


def _bounded_text(text: str, line: int) -> tuple[str, int]:
    """The text as it is shown, and the number of `line` in it."""
    if len(text) > SHOWN_CHARACTERS:
        half = SHOWN_CHARACTERS // 2
        left_out = len(text) - 2 * half
        head, tail = text[:half], text[-half:]
        note = f"\n\n[… {left_out:,} characters left out …]\n\n"
        if line > head.count("\n"):
            # Lines of the middle count as its note does.
            behind = line - 1 - text.count("\n", 0, len(text) - half)
            line = head.count("\n") + note.count("\n") + max(0, behind) + 1
        text = f"{head}{note}{tail}"
    return clean(text), line
