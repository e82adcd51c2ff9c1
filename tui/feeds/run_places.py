"""Our own runs as a reader finds them: `<run_dir>/runs/<id>/` with its files under fixed names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tui.system.files import read_json, read_small

MOST_RUNS = 500
MOST_JOURNAL = 8 * 1024 * 1024

_sessions: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {}


class RunPlace(NamedTuple):
    """A run's folder; `over` once it has its end record, `changed` when it last printed anything."""

    id: str
    folder: Path
    started: float
    over: bool
    changed: float

    @property
    def stream(self) -> Path:
        return self.folder / "stream.jsonl"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.jsonl"

    def kept_transcript(self, session: str) -> Path:
        """Our copy of a transcript, which outlives Claude's own."""
        return self.folder / "transcripts" / f"{session}.jsonl"


def run_places(root: Path) -> list[RunPlace]:
    """Every run under the run directory `root`, the newest first."""
    try:
        names = sorted(os.listdir(root / "runs"), reverse=True)[:MOST_RUNS]
    except OSError:
        return []
    found = [place for name in names if (place := _place(root / "runs" / name)) is not None]
    return sorted(found, key=lambda place: (place.started, place.id), reverse=True)


def sessions_of(place: RunPlace) -> tuple[str, ...]:
    """The Claude sessions of a run, in order, as its journal names them."""
    path = str(place.journal)
    try:
        facts = os.stat(path)
    except OSError:
        return ()
    stamp = (facts.st_size, facts.st_mtime_ns)
    known = _sessions.get(path)
    if known is not None and known[0] == stamp:
        return known[1]
    found: list[Any] = []
    for line in read_small(path, MOST_JOURNAL).split(b"\n"):
        if b'"segment_started"' in line or b'"handover"' in line:
            entry = _json(line)
            found += [entry.get("session"), entry.get("to_session")]
    sessions = tuple(dict.fromkeys(word for word in found if isinstance(word, str) and word))
    _sessions[path] = (stamp, sessions)
    return sessions


def agent_of(place: RunPlace) -> tuple[int, int] | None:
    """Pid and start ticks of the agent of the run's newest segment; None when there is none."""
    return agent_of_folder(place.folder)


def agent_of_folder(folder: Path) -> tuple[int, int] | None:
    """The same of the run in a folder."""
    segments = folder / "segments"
    try:
        numbers = sorted((name for name in os.listdir(segments) if name.isdecimal()), reverse=True)
    except OSError:
        return None
    for name in numbers[:3]:
        facts = read_json(segments / name / "agent.json") or {}
        pid, start = facts.get("pid"), facts.get("proc_start")
        if isinstance(pid, int) and isinstance(start, int):
            return pid, start
    return None


def _place(folder: Path) -> RunPlace | None:
    facts = read_json(folder / "run.json")
    if not facts:
        return None
    started = facts.get("started_at")
    number = isinstance(started, (int, float)) and not isinstance(started, bool)
    return RunPlace(
        id=folder.name,
        folder=folder,
        started=float(started) if number else 0.0,  # type: ignore[arg-type]
        over=(folder / "ended.json").exists(),
        changed=max(_changed(folder / "stream.jsonl"), _changed(folder / "journal.jsonl")),
    )


def _json(data: bytes) -> dict[str, Any]:
    try:
        record = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _changed(path: Path) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def facts_of(folder: str) -> dict[str, Any]:
    """What a run was started with (`goal`, `head`, …) and how it ended (`reason`, `ended_at`, `code`)."""
    facts = read_json(Path(folder) / "run.json") or {}
    ended = read_json(Path(folder) / "ended.json") or {}
    told = {"reason": ended.get("reason"), "code": ended.get("code"), "ended_at": ended.get("at")}
    return {**facts, **told}


def base_of(folder: str) -> str:
    """The commit that the run in `folder` began on, as its facts tell; empty where they do not."""
    head = facts_of(folder).get("head")
    return head if isinstance(head, str) else ""


def sessions_of_journal(folder: str) -> tuple[str, ...]:
    """The Claude sessions of the run in `folder`, in order, as its journal names them."""
    return sessions_of(RunPlace(os.path.basename(folder), Path(folder), 0.0, False, 0.0))
