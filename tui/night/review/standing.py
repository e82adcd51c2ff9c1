"""What is new in a file since the night began, so that only the night's own words count as claims."""

from __future__ import annotations

from collections.abc import Callable

from tui.changes import RepositoryChanges
from tui.night.testimony import EvidenceLog
from tui.records import ProgressFile, SourceRef

Fresh = Callable[[str], bool]


def _plain(line: str) -> str:
    return " ".join(line.split())


def new_lines(text: str, before: str, path: str, changes: RepositoryChanges | None, written: bool) -> Fresh:
    """Says of a line whether it is new in this night; without any knowledge none is.

    The file as it was decides, else the repository's difference, else that a tool wrote the whole
    file in this night.
    """
    if before and before != text:
        old = {_plain(line) for line in before.split("\n")}
        return lambda line: _plain(line) not in old
    added = _added(path, changes)
    if added is not None:
        return lambda line: _plain(line) in added
    return lambda line: written


def _added(path: str, changes: RepositoryChanges | None) -> set[str] | None:
    """The lines that the night added to the file; None where nothing is known of it."""
    if changes is None or not path:
        return None
    for file in changes.files:
        if path == file.path or path.endswith("/" + file.path):
            return {_plain(line) for hunk in file.hunks for line in hunk.added}
    return set() if changes.base else None


def agent_wrote(testimony: EvidenceLog, path: str) -> bool:
    """Whether a tool wrote the whole file in this night."""
    name = path.rsplit("/", 1)[-1]
    return bool(name) and any(
        edit.tool == "Write" and edit.path.endswith(name) for edit in testimony.edits
    )


def newly_done_tasks(
    testimony: EvidenceLog, progress: ProgressFile | None, before: ProgressFile | None, fresh: Fresh
) -> dict[str, tuple[int, float | None, SourceRef]]:
    """Tasks that this night ticked and that still are: title to line, time and place."""
    if progress is None:
        return {}
    done_before = None
    if before is not None and before.text != progress.text:
        done_before = {task.title for task in before.tasks if task.state == "done"}
    seen = {tick.title: tick for tick in testimony.ticks}
    lines = progress.text.split("\n")
    found: dict[str, tuple[int, float | None, SourceRef]] = {}
    for task in progress.tasks:
        if task.state != "done" or task.title in found:
            continue
        tick = seen.get(task.title)
        line = lines[task.line - 1] if 0 < task.line <= len(lines) else ""
        new = fresh(line) if done_before is None else task.title not in done_before
        if tick is None and not (new and line):
            continue
        at = tick.at if tick is not None else progress.at
        found[task.title] = (task.line, at, line_ref(progress.source, lines, task.line))
    return found


def line_ref(source: str, lines: list[str], number: int) -> SourceRef:
    """Where a line stands: the file and the line's byte offset."""
    offset = sum(len(line.encode("utf-8", "replace")) + 1 for line in lines[: max(0, number - 1)])
    return SourceRef(source, offset)
