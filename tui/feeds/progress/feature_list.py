"""Feature lists in JSON: feature_list.json, features.json, prd.json and the like.

The entries decide; counters beside them are only compared. An entry counts where it says whether it
passes, or has a status; a list whose entries say neither, or in words that nobody knows, is "unknown".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from tui.feeds.progress.lines import without_markup
from tui.feeds.progress.outline import priority_in
from tui.feeds.progress.states import StateWord, state_of_cell, state_of_word
from tui.feeds.progress.tasks import KEPT_TASKS
from tui.model.records import ProgressFile, ProgressSection, ProgressTask, TaskState
from tui.system.format import format_count, format_size

LARGEST = 16 * 1024 * 1024
_DEEPEST = 5
_TITLES = ("title", "name", "feature", "story", "task", "description", "id", "名称", "标题", "功能")
_STATUSES = ("status", "state", "状态")
_GROUPS = ("category", "phase", "epic", "section", "group", "area", "module")
# What these hold are features, whatever is said of their holder; the others may be steps of one.
_OF_FEATURES = "features feature_list featureList userStories user_stories stories 功能列表".split()
_HOLDERS = (*_OF_FEATURES, *"tasks items requirements todos".split())
_PARTS = "phases categories sections groups epics modules milestones sprints".split()
_FLAGS = "passes passing passed completed complete done finished implemented".split()
_TOTALS = (
    "total_features totalFeatures total_tasks totalTasks total_stories totalStories total"
).split()
_DONES = (
    "completed_features completedFeatures passing_features passingFeatures completed_tasks"
    " completedTasks completed passing done"
).split()
_COUNTERS = ("metadata", "meta", "summary", "stats", "statistics", "progress")
_KNOWN_SHARE = 0.5


class _Entry(NamedTuple):
    """An object that may be a feature; `part` and `key` name it where it does not itself."""

    values: dict[str, Any]
    part: str = ""
    key: str = ""


def read_feature_list(
    data: bytes, source: str, at: float | None, before: ProgressFile | None = None
) -> ProgressFile:
    """Progress by features that pass; "unknown", with why, where the bytes hold no such list.

    A file that is no JSON may be read while it is written: then what was read `before` still counts.
    """
    name = PurePath(source).name
    if len(data) > LARGEST:
        return _unknown(source, at, f"{name} has {format_size(len(data))}, which is not read")
    try:
        document = _decode(data)
    except (ValueError, RecursionError) as error:
        why = f"{name} is no JSON that can be read{_where(error)}"
        if before is not None and before.basis != "unknown":
            return replace(before, rests_on=f"{name} as it was before; now {why}")
        return _unknown(source, at, why)
    entries = list(_entries(document, 0))
    tasks, strange, dropped = _tasks(entries)
    counters = _counters(document)
    if len(strange) > _KNOWN_SHARE * (len(tasks) or 1):
        words = ", ".join(sorted(set(strange))[:3])
        return _unknown(source, at, f"{name} has a status that says neither done nor open: {words}")
    if not tasks:
        return _from_counters(source, at, counters)
    done = sum(task.state == "done" for task in tasks)
    rests_on = f"{done:,} of {format_count(len(tasks), 'entry', 'entries')} in {name}"
    if dropped:
        rests_on += f", {dropped:,} dropped"
    if counters is not None and counters != (done, len(tasks)):
        rests_on += f"; its own counter says {counters[0]:,} of {counters[1]:,}"
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
        rests_on=rests_on,
    )


def is_json(data: bytes, source: str) -> bool:
    """Whether the bytes of a progress file are to be read as JSON: by its name, or as it begins."""
    if source.lower().endswith(".json"):
        return True
    head = data.removeprefix(b"\xef\xbb\xbf")[:400].lstrip()
    if not head.startswith((b"{", b"[")) or not head[1:].lstrip().startswith((b'"', b"{")):
        return False
    try:
        return isinstance(_decode(data), dict | list)
    except (ValueError, RecursionError):
        return False


def _decode(data: bytes) -> Any:
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        # Some programs write control characters into strings as they are.
        return json.loads(data.decode("utf-8", "replace"), strict=False)


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f" (line {error.lineno})"
    return " (nested too deep)" if isinstance(error, RecursionError) else ""


def _unknown(source: str, at: float | None, why: str) -> ProgressFile:
    return ProgressFile(source, at, "unknown", 0, 0, rests_on=why)


def _from_counters(source: str, at: float | None, counters: tuple[int, int] | None) -> ProgressFile:
    name = PurePath(source).name
    if counters is None:
        return _unknown(source, at, f"{name} has no entry that says whether it is done")
    done, total = counters
    rests_on = f"the counters in {name}: {done:,} of {total:,}"
    return ProgressFile(source, at, "counts", done, total - done, rests_on=rests_on)


# --- finding the entries ---


def _entries(document: Any, depth: int, part: str = "") -> Iterator[_Entry]:
    """The features of a document, each with the name of the part that it belongs to."""
    if depth > _DEEPEST:
        return
    if isinstance(document, list):
        yield from _held(document, depth, part)
    elif isinstance(document, dict):
        for key in _HOLDERS:
            held = document.get(key)
            if isinstance(held, list | dict) and (found := list(_held(held, depth + 1, part))):
                yield from found
                return
        parts = [document[key] for key in _PARTS if isinstance(document.get(key), list | dict)]
        found = [each for value in parts for each in _held(value, depth + 1, part, parts=True)]
        yield from found or _by_state(document, part) or _held(document, depth + 1, part)


def _by_state(document: dict[str, Any], part: str) -> list[_Entry]:
    """The entries of an object such as `{"completed": [...], "pending": [...]}`."""
    lists = [(key, value) for key, value in document.items() if isinstance(value, list)]
    states = {key: state for key, _ in lists if (state := state_of_word(key))}
    if "done" not in states.values() or len(set(states.values())) < 2:
        return []
    return [
        _Entry(
            {**item, "status": key} if isinstance(item, dict) else {"status": key},
            part,
            _text(item),
        )
        for key, value in lists
        if key in states
        for item in value
        if isinstance(item, dict | str)
    ]


def _held(
    held: list[Any] | dict[str, Any], depth: int, part: str, *, parts: bool = False
) -> Iterator[_Entry]:
    """What a list or a keyed object holds: features, parts with features, or titles with a status."""
    if isinstance(held, list):
        for item in held:
            if isinstance(item, dict):
                yield from _entries_of(item, depth, part, "", parts=parts)
        return
    if held and all(_state_said(word) for word in held.values()):
        for key, word in held.items():
            yield _Entry({"status": word}, part, key)
        return
    for key, value in held.items():
        if isinstance(value, dict):
            yield from _entries_of(value, depth, part, key, parts=parts)
        elif isinstance(value, list):
            yield from _entries(value, depth + 1, part or key)


def _entries_of(
    item: dict[str, Any], depth: int, part: str, key: str, *, parts: bool = False
) -> Iterator[_Entry]:
    """What the item holds where it is a part of the list, else the item, if it says how it stands."""
    holds = [name for name in (*_HOLDERS, *_PARTS) if isinstance(item.get(name), list | dict)]
    own = "passes" in item or isinstance(_status(item), str)
    if holds and (parts or not own or not set(holds).isdisjoint(_OF_FEATURES)):
        name = _text(item.get("name") or item.get("title") or item.get("category") or key)
        if found := list(_entries(item, depth + 1, name or part)):
            yield from found
            return
    if own or any(flag in item for flag in _FLAGS):
        yield _Entry(item, part, key)


def _status(item: dict[str, Any]) -> Any:
    return next((item[key] for key in _STATUSES if key in item), None)


def _state_said(word: Any) -> StateWord | None:
    return state_of_cell(word) if isinstance(word, str) else None


def _counters(document: Any) -> tuple[int, int] | None:
    """Done and total as the document's own counters say it."""
    if not isinstance(document, dict):
        return None
    for held in (document, *(document.get(key) for key in _COUNTERS)):
        if isinstance(held, dict):
            total = next((held[key] for key in _TOTALS if type(held.get(key)) is int), 0)
            done = next((held[key] for key in _DONES if type(held.get(key)) is int), -1)
            if total > 0 and 0 <= done <= total:
                return done, total
    return None


# --- one entry ---


def _tasks(entries: list[_Entry]) -> tuple[list[ProgressTask], list[str], int]:
    """The tasks; the status words that nobody knows; how many entries were dropped from the plan."""
    tasks: list[ProgressTask] = []
    strange: list[str] = []
    dropped = 0
    for entry in entries:
        flag = _flag(entry.values)
        word = _status(entry.values)
        state = _state_said(word)
        if flag is None and isinstance(word, str) and state is None:
            strange.append(without_markup(word, 30))
        if state == "dropped" and flag is not True:
            dropped += 1
            continue
        tasks.append(_task(entry, _state(flag, state)))
    return tasks, strange, dropped


def _state(flag: bool | None, state: str | None) -> TaskState:
    """Done when it passes; without `passes` by its status. A status never outdoes `passes: false`."""
    if flag or (flag is None and state == "done"):
        return "done"
    if state in ("in_progress", "blocked"):
        return "in_progress" if state == "in_progress" else "blocked"
    return "open"


def _flag(item: dict[str, Any]) -> bool | None:
    """Whether an entry passes, where it says so; a date under `completed` says so too."""
    for key in _FLAGS:
        if key not in item:
            continue
        value = item[key]
        if value is None:
            return False if key == "passes" and "status" not in item else None
        if isinstance(value, bool | int):
            return value == 1
        if isinstance(value, str):
            word = value.strip().casefold()
            return word in ("true", "yes", "1") or (key != "passes" and word[:2] == "20")
    return None


def _task(entry: _Entry, state: TaskState) -> ProgressTask:
    item = entry.values
    title = next((text for key in _TITLES if (text := _text(item.get(key)))), "")
    priority = item.get("priority")
    named = priority_in(priority) if isinstance(priority, str) else ""
    part = next((text for key in _GROUPS if (text := _text(item.get(key)))), entry.part)
    return ProgressTask(title or _text(entry.key) or "untitled feature", state, part, named)


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
