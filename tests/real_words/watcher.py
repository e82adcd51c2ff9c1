"""Prints one JSON object each second: what a long-lived monitor says of a project, and now and then `status`.

    python -m tests.real_words.watcher PROJECT [--events FILE]

It runs as a process of its own, so that HOME and the XDG folders of a scene are those of its environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from tui.model.session import NamedSources
from tui.monitor.monitor import SessionMonitor
from tui.settings.load import load
from tui.system.clock import SystemClock

ASK_STATUS_EVERY = 5.0
_writing = threading.Lock()


def main() -> None:
    """Watches until it is ended."""
    project = Path(sys.argv[1])
    events = sys.argv[3] if len(sys.argv) > 3 else None
    monitor = SessionMonitor(
        project, load(project).settings, NamedSources(events=events), SystemClock()
    )
    monitor.start()
    threading.Thread(target=_ask_now_and_then, args=(project, events), daemon=True).start()
    while monitor.fault is None:
        began = time.time()
        night = monitor.night
        if night is not None and monitor.caught_up:
            _tell(began, "watch", night.state, night.activity.reason, night.run.session_id)
        time.sleep(max(0.0, 1.0 - (time.time() - began)))
    raise monitor.fault


def _ask_now_and_then(project: Path, events: str | None) -> None:
    while True:
        time.sleep(ASK_STATUS_EVERY)
        began = time.time()
        run = _status(project, events).get("run") or {}
        _tell(began, "status", run.get("state"), run.get("reason"), run.get("session_id"))


def _tell(since: float, by: str, state: object, reason: object, session: object) -> None:
    told = {"since": since, "at": time.time(), "by": by, "state": state, "reason": reason}
    line = json.dumps({**told, "session": session or ""}) + "\n"
    with _writing:
        sys.stdout.write(line)
        sys.stdout.flush()


def _status(project: Path, events: str | None) -> dict[str, dict[str, object]]:
    words = [str(Path(sys.executable).with_name("overnight-tui")), "status", "--json"]
    words += ["--events", events] if events else []
    done = subprocess.run(
        [*words, "--project", str(project)], capture_output=True, text=True, timeout=60, check=False
    )
    try:
        found: dict[str, dict[str, object]] = json.loads(done.stdout)
    except ValueError:
        return {"run": {"state": "?", "reason": done.stderr.strip()[:200]}}
    return found


if __name__ == "__main__":
    main()
