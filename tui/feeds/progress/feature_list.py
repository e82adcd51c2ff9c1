"""feature_list.json as progress: which features pass."""

from __future__ import annotations

from typing import Any

import msgspec

from tui.feeds.progress.lines import without_markup
from tui.feeds.progress.outline import priority_in
from tui.feeds.progress.tasks_and_counts import KEPT_TASKS
from tui.model.records import ProgressFile, ProgressSection, ProgressTask, TaskState

LARGEST = 16 * 1024 * 1024
_STATES: dict[str, TaskState] = {
    **dict.fromkeys("done complete completed passing passed verified closed".split(), "done"),
    **dict.fromkeys("in_progress in-progress active wip started".split(), "in_progress"),
    **dict.fromkeys("blocked on_hold on-hold waiting".split(), "blocked"),
    "in progress": "in_progress",
}
_TITLES = ("description", "title", "name", "feature", "id")
_HOLDERS = ("features", "feature_list", "tasks", "items", "stories")
_PARTS = ("phases", "categories", "sections", "groups", "epics")


def read_feature_list(data: bytes, source: str, at: float | None) -> ProgressFile | None:
    """Progress by features that pass; None when the bytes hold no feature at all."""
    if len(data) > LARGEST:
        return None
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    tasks = [task for feature, part in _features(document) if (task := _task(feature, part))]
    if not tasks:
        return None
    done = sum(task.state == "done" for task in tasks)
    return ProgressFile(
        source=source,
        at=at,
        basis="features",
        done=done,
        open=len(tasks) - done,
        tasks=tuple(tasks[:KEPT_TASKS]),
        sections=_sections(tasks),
        blockers=tuple(task.title for task in tasks if task.state == "blocked")[:50],
        in_progress=tuple(task.title for task in tasks if task.state == "in_progress")[:50],
    )


def _features(document: Any) -> list[tuple[dict[str, Any], str]]:
    """The features of a document, each with the name of the part that it belongs to."""
    if isinstance(document, list):
        return [(item, "") for item in _objects_in(document)]
    if not isinstance(document, dict):
        return []
    for key in _HOLDERS:
        if isinstance(document.get(key), list | dict):
            return [(item, "") for item in _objects_in(document[key])]
    found: list[tuple[dict[str, Any], str]] = []
    for parts in map(document.get, _PARTS):
        for part in _objects_in(parts if isinstance(parts, list) else []):
            name = _text(part.get("name") or part.get("title") or part.get("category"))
            found += [(item, name) for item, _ in _features({k: part.get(k) for k in _HOLDERS})]
    return found


def _objects_in(items: list[Any] | dict[str, Any]) -> list[dict[str, Any]]:
    values = items.values() if isinstance(items, dict) else items
    return [item for item in values if isinstance(item, dict)]


def _task(feature: dict[str, Any], part: str) -> ProgressTask | None:
    state = _state(feature)
    if state is None:
        return None
    title = next((text for key in _TITLES if (text := _text(feature.get(key)))), "untitled feature")
    priority = feature.get("priority")
    named = priority_in(priority) if isinstance(priority, str) else ""
    return ProgressTask(title, state, _text(feature.get("category")) or part, named)


def _state(feature: dict[str, Any]) -> TaskState | None:
    """Done when it passes; without `passes` by its status; None when it has neither."""
    status = feature.get("status")
    word = status.strip().casefold() if isinstance(status, str) else ""
    passes = feature.get("passes", feature.get("passing", feature.get("completed")))
    if passes is None and not word and "passes" not in feature:
        return None
    if isinstance(passes, str):
        passes = passes.strip().casefold() in ("true", "yes", "1")
    state = _STATES.get(word, "open")
    if (isinstance(passes, int) and passes == 1) or (passes is None and state == "done"):
        return "done"
    return "open" if state == "done" else state


def _text(value: Any) -> str:
    if isinstance(value, str):
        return without_markup(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _sections(tasks: list[ProgressTask]) -> tuple[ProgressSection, ...]:
    counts: dict[str, list[int]] = {}
    for task in tasks:
        counts.setdefault(task.section, [0, 0])[task.state != "done"] += 1
    if set(counts) == {""}:
        return ()
    return tuple(ProgressSection(title, done, open_) for title, (done, open_) in counts.items())
