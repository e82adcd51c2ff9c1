"""Opening a project, with this version and another in turns: python -m benchmarks.opening --before FOLDER.

The project has ten thousand files, a night that is over and twenty checkpoints, which each version took
itself. Prints seconds and ratios: below 1 means that this version is faster.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.checkpoint import make
from benchmarks.stream import write
from benchmarks.terminal import Terminal

_START = "import sys; sys.path.insert(0, {folder!r}); from tui.cli import main; sys.exit(main())"
_COMMANDS = ("status", "runs", "checkpoints", "review", "doctor")


class Version:
    """One version with a home and a project of its own."""

    def __init__(self, version: Path, top: Path) -> None:
        self._words = [sys.executable, "-P", "-c", _START.format(folder=str(version.resolve()))]
        self.home, self.project = top / "home", top / "project"
        self.project.mkdir(parents=True)
        self._env = {**os.environ, "HOME": str(self.home), "XDG_STATE_HOME": str(top / "state")}
        self._env.pop("CLAUDE_CONFIG_DIR", None)

    def command(self, *words: str) -> float:
        began = time.monotonic()
        subprocess.run(
            [*self._words, *words],
            cwd=self.project,
            env=self._env,
            capture_output=True,
            check=False,
        )
        return time.monotonic() - began

    def screen(self) -> float:
        """Seconds until the keys are shown."""
        words = ["env", "-C", str(self.project), *self._words]
        words[3:3] = [f"HOME={self.home}", f"XDG_STATE_HOME={self._env['XDG_STATE_HOME']}"]
        with Terminal(words) as terminal:
            return terminal.wait_for("quit|panes") or float("nan")


class Opened(Version):
    """A version with the files, the night and the checkpoints."""

    def __init__(self, version: Path, top: Path, files: int, megabytes: int) -> None:
        super().__init__(version, top)
        make(self.project, files)
        slug = re.sub(r"[^A-Za-z0-9]", "-", str(self.project))
        transcripts = self.home / ".claude/projects" / slug
        transcripts.mkdir(parents=True)
        transcript = write(transcripts / "0b1e7a55-1111-4222-8333-444455556666.jsonl", megabytes)
        text = transcript.read_bytes().replace(b'"cwd":', b'"was":', 1)
        first = b'{"type":"system","subtype":"init","cwd":"%s"}\n' % os.fsencode(self.project)
        transcript.write_bytes(first + text)
        for number in range(20):
            self.command("checkpoint", "-m", f"number {number}")


def in_turns(what: str, now: Callable[[], float], before: Callable[[], float], rounds: int) -> None:
    """Measures both in turns and prints the ratio."""
    ours, theirs = [], []
    for number in range(rounds):
        if number % 2:
            ours.append(now())
            theirs.append(before())
        else:
            theirs.append(before())
            ours.append(now())
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(
        f"{what:<12} now / before {ratio:5.2f}   "
        f"{statistics.median(ours):.3f} s, {statistics.median(theirs):.3f} s",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--before", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="overnight-bench-") as name:
        size = given.files, given.megabytes
        now = Opened(Path(__file__).parents[1], Path(name, "now"), *size)
        before = Opened(given.before, Path(name, "before"), *size)
        in_turns("screen", now.screen, before.screen, given.rounds)
        for command in _COMMANDS:
            in_turns(
                command,
                lambda command=command: now.command(command),  # type: ignore[misc]
                lambda command=command: before.command(command),  # type: ignore[misc]
                given.rounds,
            )


if __name__ == "__main__":
    main()
