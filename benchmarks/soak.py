"""A long run at a high rate: the scripted agent under the real runner, watched on a real screen.

`python -m benchmarks.soak --minutes 30 --rate 500 --out soak.csv` starts a run in a throwaway
repository and its screen in tmux (120x40), writes every quarter of a minute what supervisor, screen
and shim hold and use, and says at the end how many lines were lost, how memory grew and what it cost.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.agent_harness import AGENT
from tui.demo.story.repository import create
from tui.runner import start
from tui.runner.agent.attempt import MARK
from tui.settings.load import load
from tui.store.layout import RunDirectory
from tui.store.runs import read_run_end
from tui.system.process_tree import ProcessTree, kill_tree

SETTINGS: dict[str, object] = {
    "session.inhibit_sleep": False,
    "session.handover_share": 0.99,
    "budget.max_cost_usd": 1_000_000,
    "enforcement.continuous_mode": False,
    "notifications.tmux": False,
    "recovery.auto_resume": False,
}
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


@dataclass(frozen=True)
class Sample:
    """What a process held at a moment: seconds since the start, MiB, descriptors, CPU seconds."""

    at: float
    rss: float
    files: int
    cpu: float


@dataclass
class Watched:
    """One process and its samples."""

    name: str
    pid: int
    samples: list[Sample] = field(default_factory=list)

    def sample(self, at: float) -> Sample | None:
        """Takes a sample and keeps it; None when the process is gone."""
        base = Path(f"/proc/{self.pid}")
        try:
            pages = int((base / "statm").read_text().split()[1])
            files = len(os.listdir(base / "fd"))
            times = (base / "stat").read_text().rpartition(")")[2].split()
        except (OSError, IndexError):
            return None
        cpu = (int(times[11]) + int(times[12])) / TICKS
        taken = Sample(at, pages * os.sysconf("SC_PAGE_SIZE") / MIB, files, cpu)
        self.samples.append(taken)
        return taken

    def report(self) -> str:
        """Growth after the first fifth, when all that is loaded once has been loaded."""
        settled = self.samples[len(self.samples) // 5 :] or self.samples
        if len(settled) < 2:
            return f"{self.name}: gone too soon"
        first, last = settled[0], settled[-1]
        share = (last.cpu - first.cpu) / max(0.001, last.at - first.at)
        top = max(one.rss for one in self.samples)
        growth = statistics.linear_regression(
            [one.at / 60 for one in settled], [one.rss for one in settled]
        ).slope
        files = f"{settled[0].files} to {settled[-1].files} descriptors"
        return (
            f"{self.name}: {first.rss:.1f} to {last.rss:.1f} MiB (most {top:.1f}, "
            f"{growth:+.3f} a minute), {files}, {share:.1%} of a core"
        )


class Screen:
    """The screen in a tmux of its own."""

    def __init__(self, folder: Path, project: Path) -> None:
        self._socket = str(folder / "tmux.sock")
        line = shlex.join([sys.executable, "-m", "tui", str(project)])
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", f"exec {line}")
        self.pid = int(self._tmux("display-message", "-p", "#{pane_pid}"))

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *words], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def text(self) -> str:
        return self._tmux("capture-pane", "-p")

    def close(self) -> None:
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], check=False)


def begin(base: Path, minutes: float, rate: float) -> RunDirectory:
    """Starts the run; its repository, configuration and everything else lie under `base`."""
    project = create(base / "repository")
    config = str(base / "config")
    settings = load(project, flags=SETTINGS, environ={}).settings
    story = f"[[story:bustle rate={rate:g} seconds={minutes * 60:g}]]"
    environ = {**os.environ, "HOME": str(base), "CLAUDE_CONFIG_DIR": config, "TMPDIR": str(base)}
    options = start.StartOptions(
        allow_dirty=True, env={"CLAUDE_CONFIG_DIR": config, "OVERNIGHT_DEMO_PACE": "0"}
    )
    os.environ["CLAUDE_CONFIG_DIR"] = config
    return start.start_run(
        project, story, settings, agent_command=AGENT, options=options, environ=environ
    )


def processes_of(folder: RunDirectory) -> tuple[int, int]:
    """The pids of the first segment's shim and agent."""
    facts = json.loads((folder.attempt_folder(1) / "agent.json").read_text())
    return int(facts["shim"]), int(facts["pid"])


def processes(folder: RunDirectory, screen: Screen) -> list[Watched]:
    shim, _ = processes_of(folder)
    started = [one for one in records(folder.journal) if one.get("kind") == "supervisor_started"]
    supervisor = int(str(started[-1]["pid"]))
    return [Watched("supervisor", supervisor), Watched("screen", screen.pid), Watched("shim", shim)]


def records(path: Path) -> Iterator[dict[str, object]]:
    with open(path, "rb") as file:
        for line in file:
            yield json.loads(line)


def watch(folder: RunDirectory, watched: list[Watched], out: Path, every: float) -> None:
    """Samples until the run is over."""
    began = time.monotonic()
    with out.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["at_s", "process", "rss_mib", "descriptors", "cpu_s", "stream_mib"])
        while read_run_end(folder) is None:
            at = time.monotonic() - began
            stream = folder.stream.stat().st_size / MIB
            for one in watched:
                row = one.sample(at)
                if row is not None:
                    table.writerow(
                        [
                            f"{at:.0f}",
                            one.name,
                            f"{row.rss:.1f}",
                            row.files,
                            row.cpu,
                            f"{stream:.1f}",
                        ]
                    )
            file.flush()
            due = began + every * (1 + at // every)
            while time.monotonic() < due and read_run_end(folder) is None:
                time.sleep(0.2)


def lost(folder: RunDirectory) -> str:
    """What the stream holds against what the agent says that it wrote."""
    lines = pieces = 0
    told = -1
    for line in records(folder.stream):
        lines += 1
        message = line.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        if line.get("type") != "assistant" or not isinstance(content, list):
            continue
        block = content[0]
        text = str(block.get("text", ""))
        if text.startswith("Piece "):
            pieces += 1
            if int(text[6 : text.index(":")]) != pieces:
                return f"piece {pieces} is missing or stands twice"
        elif text.startswith("Wrote "):
            told = int(text.split()[1])
    if told < 0:
        return (
            f"{lines:,} lines, {pieces:,} pieces without a gap; the agent did not come to its end"
        )
    return f"{lines:,} lines, {pieces:,} pieces of {told:,}: {told - pieces} lost"


def status(project: Path) -> str:
    words = [sys.executable, "-m", "tui", "status", "--json", "--project", str(project)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"status failed: {done.stderr.strip()}"
    events = json.loads(done.stdout)["events"]
    return f"status counts {events['total']:,} records, {events['malformed']} malformed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=500.0, help="lines a second")
    parser.add_argument("--every", type=float, default=15.0, help="seconds between samples")
    parser.add_argument("--out", type=Path, default=Path("soak.csv"))
    given = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="overnight-soak-"))
    folder = begin(base, given.minutes, given.rate)
    screen = Screen(base, base / "repository")
    try:
        watched = processes(folder, screen)
        watch(folder, watched, given.out, given.every)
        print(f"{given.minutes:g} minutes at {given.rate:g} lines a second; {folder.path}")
        for one in watched:
            print(one.report())
        print(lost(folder))
        print(status(base / "repository"))
        print(screen.text())
    finally:
        screen.close()
        kill_tree(ProcessTree(marker=f"{MARK}={folder.attempt_folder(1)}".encode()), 0.0, limit=3.0)


if __name__ == "__main__":
    main()
