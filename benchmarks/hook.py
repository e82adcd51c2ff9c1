"""What one call of our hooks costs beside an empty Python: python -m benchmarks.hook [--rounds N].

Claude Code waits for a hook before every tool and after it; they are timed in turn, in one run. Prints
medians in ms and their ratio to the empty one. A call may take 60 ms.
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

_CALL = {
    "session_id": "bench-session",
    "tool_name": "Bash",
    "tool_input": {"command": "cd src && python -m pytest -q tests/test_a.py 2>&1 | tail -20"},
}
_SETTINGS = """
protect:
  paths: [".env", "secrets/**", "**/*.key"]
  commands: ["rm -rf", "git push", "curl"]
"""


def once(words: list[str], folder: str) -> float:
    """Seconds that one process takes with a call on its input."""
    data = json.dumps({**_CALL, "cwd": folder}).encode()
    began = time.perf_counter()
    subprocess.run(words, cwd=folder, input=data, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def installed(folder: str) -> dict[str, list[str]]:
    """The very commands that `hooks install --protect` has Claude Code call before and after a tool."""
    (Path(folder) / "config").mkdir()
    (Path(folder) / "config" / "overnight.yaml").write_text(_SETTINGS)
    subprocess.run(
        [sys.executable, "-m", "tui", "hooks", "install", "--protect"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    settings = json.loads((Path(folder) / ".claude" / "settings.local.json").read_text())
    return {
        name: ["sh", "-c", settings["hooks"][event][0]["hooks"][0]["command"]]
        for name, event in (("before", "PreToolUse"), ("after", "PostToolUse"))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        commands = {"empty": [sys.executable, "-c", "pass"], **installed(folder)}
        for words in commands.values():
            once(words, folder)  # the rules are written by the first call
        times = {name: list[float]() for name in commands}
        for _ in range(rounds):
            for name, words in commands.items():
                times[name].append(once(words, folder))
    medians = {name: statistics.median(some) * 1000 for name, some in times.items()}
    for name, median in medians.items():
        print(f"{name:7}{median:7.1f} ms   ratio {median / medians['empty']:.2f}")


if __name__ == "__main__":
    main()
