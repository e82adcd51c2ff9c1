"""Draws docs/screen.svg and docs/review.svg over a night that the scripted agent plays for the occasion.

`python docs/screenshot.py [COLUMNS ROWS [FOLDER]]`; takes about a minute.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tui.app import OvernightApp
from tui.demo.simulator.timing import parse_moment
from tui.demo.story import repository
from tui.model.session import NamedSources
from tui.monitor.monitor import SessionMonitor
from tui.settings.load import load
from tui.system.clock import SystemClock

HERE = Path(__file__).resolve().parent
EVENING = "2026-11-20T22:00:00"
WATCHDOG = """2026-11-20 22:00:01,104 - INFO - Watchdog started
2026-11-20 22:00:01,105 - INFO - Max runtime: 10.0 hours
2026-11-20 22:00:01,105 - INFO - Max cost: $50.0
2026-11-20 22:15:02,341 - INFO - Checkpoint triggered successfully
2026-11-20 22:31:12,007 - WARNING - Idle Time check failed: 70% of the limit
"""


def play(folder: Path) -> Path:
    """A good part of a night within a minute, its clock running as if it had taken hours."""
    project = repository.create(folder / "tidebell", parse_moment(EVENING))
    environment = {
        **os.environ,
        "CLAUDE_CONFIG_DIR": str(folder / "claude"),
        "OVERNIGHT_DEMO_PACE": "0.12",
        "OVERNIGHT_DEMO_CLOCK_SCALE": "240",
        "OVERNIGHT_DEMO_HEARTBEAT": "0.1",
        "OVERNIGHT_DEMO_EPOCH": EVENING,
    }
    logs = project / "logs"
    logs.mkdir()
    (logs / "watchdog.log").write_text(WATCHDOG, "utf-8")
    command = [
        sys.executable,
        "-m",
        "tui.demo.agent",
        "-p",
        "Bring tidebell to 0.3",
    ]
    command += ["--output-format", "stream-json", "--verbose"]
    with (logs / "session.jsonl").open("ab") as stream:
        subprocess.run(
            command,
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            check=False,
        )
    os.environ["CLAUDE_CONFIG_DIR"] = environment["CLAUDE_CONFIG_DIR"]
    return project


async def draw(project: Path, columns: int, rows: int) -> tuple[str, str]:
    """The live screen at the end of the night, and the review of it."""
    watch = SessionMonitor(project, load(project).settings, NamedSources(), SystemClock())
    watch.start()
    app = OvernightApp(watch, SystemClock(), slow_link=False, ascii_only=False)
    async with app.run_test(size=(columns, rows)) as pilot:
        for _ in range(100):
            await pilot.pause(0.05)
            if len(watch.events) and watch.night is not None:
                break
        await pilot.pause(0.5)
        live = app.export_screenshot(title="overnight-tui")
        await pilot.press("m")
        for _ in range(200):
            await pilot.pause(0.05)
            if "Look here first" in app.export_screenshot().replace("&#160;", " "):
                break
        review = app.export_screenshot(title="overnight-tui review")
    watch.close()
    return live, review


def main() -> None:
    words = sys.argv[1:]
    columns, rows = (int(words[0]), int(words[1])) if len(words) >= 2 else (120, 36)
    target = Path(words[2]) if len(words) > 2 else HERE
    with tempfile.TemporaryDirectory() as folder:
        live, review = asyncio.run(draw(play(Path(folder)), columns, rows))
    (target / "screen.svg").write_text(live, "utf-8")
    (target / "review.svg").write_text(review, "utf-8")


if __name__ == "__main__":
    main()
