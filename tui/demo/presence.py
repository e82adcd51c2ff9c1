"""`sessions/<pid>.json`: how other programs find a living session and see whether it is busy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .shapes import VERSION
from .timing import Timing


def start_ticks(pid: int) -> str:
    """The kernel's start time of a process, which guards against a reused pid; empty if unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


class Presence:
    """The session's own entry; removed at a clean end, left behind by SIGKILL."""

    def __init__(self, folder: Path, session: str, cwd: Path, socket: str, timing: Timing) -> None:
        self._path = folder / f"{os.getpid()}.json"
        self._timing = timing
        now = round(timing.now() * 1000)
        self._entry: dict[str, Any] = {
            "pid": os.getpid(),
            "sessionId": session,
            "cwd": str(cwd),
            "startedAt": now,
            "procStart": start_ticks(os.getpid()),
            "version": VERSION,
            "kind": "interactive",
            "entrypoint": "sdk-cli",
            "messagingSocketPath": socket,
            "name": cwd.name,
            "status": "idle",
            "updatedAt": now,
            "statusUpdatedAt": now,
        }
        self._write()

    def status(self, status: str, waiting_for: str = "") -> None:
        """Status is busy, idle or waiting; `waiting_for` says for what."""
        now = round(self._timing.now() * 1000)
        self._entry.update(status=status, updatedAt=now, statusUpdatedAt=now)
        self._entry.pop("waitingFor", None)
        if waiting_for:
            self._entry["waitingFor"] = waiting_for
        self._write()

    def _write(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_name(self._path.name + ".new")
            draft.write_text(json.dumps(self._entry), "utf-8")
            draft.replace(self._path)
        except OSError:
            pass  # a session runs on where it cannot be announced

    def remove(self) -> None:
        try:
            self._path.unlink()
        except OSError:
            pass
