"""What one call of our hook costs beside an empty Python: python -m benchmarks.hook [--rounds N].

Claude Code waits for a hook after every tool; the two are timed in turn, in one run. Prints medians
in ms and their ratio. A call may take 60 ms.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_EVENT = {"hook_event_name": "PostToolUse", "session_id": "bench", "tool_name": "Bash"}


def once(words: list[str], folder: str) -> float:
    """Seconds that one process takes with an event on its input."""
    data = json.dumps({**_EVENT, "cwd": folder}).encode()
    began = time.perf_counter()
    subprocess.run(words, cwd=folder, input=data, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def installed(folder: str) -> list[str]:
    """The very command that `hooks install` has Claude Code call after a tool."""
    subprocess.run(
        [sys.executable, "-m", "tui", "hooks", "install"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    settings = json.loads((Path(folder) / ".claude" / "settings.local.json").read_text())
    for event in ("PostToolBatch", "PostToolUse"):
        for entry in settings["hooks"].get(event, ()):
            return ["sh", "-c", entry["hooks"][0]["command"]]
    raise SystemExit("no hook of a tool was installed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    empty = [sys.executable, "-c", "pass"]
    with tempfile.TemporaryDirectory() as folder:
        hook = installed(folder)
        pairs = [(once(empty, folder), once(hook, folder)) for _ in range(rounds)]
    base, ours = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
    print(f"empty {base:.1f} ms   hook {ours:.1f} ms   ratio {ours / base:.2f}")


if __name__ == "__main__":
    main()
