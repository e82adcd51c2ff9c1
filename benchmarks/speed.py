"""Speed as ratios against plain things, measured side by side in one run.

`python -m benchmarks.speed [MEGABYTES]` prints a table; nothing in it is a pass or a failure.

With `--before FOLDER` it only folds, with the version in that folder and with today's, in turns in
this process: folding, saving and taking up again. A version to compare with comes from
`git worktree add FOLDER REVISION`; `git worktree remove FOLDER` takes it away.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.stream import END, NEEDLE, write
from benchmarks.terminal import Terminal
from benchmarks.two_versions import Version, compare

HELLO = """from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello world")
Hello().run()
"""
TUI = [sys.executable, "-m", "tui"]


def median(measure: Callable[[], float], times: int = 5) -> float:
    return statistics.median(measure() for _ in range(times))


def first_paint(command: list[str], pattern: str) -> float:
    with Terminal(command) as terminal:
        return terminal.wait_for(pattern) or float("nan")


def process_seconds(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, capture_output=True, check=False)
    return time.monotonic() - began


def starting(folder: Path, stream: Path) -> None:
    hello = folder / "hello.py"
    hello.write_text(HELLO)
    base = median(lambda: first_paint([sys.executable, str(hello)], "hello world"))
    ours = median(lambda: first_paint([*TUI, "--events", str(stream)], END))
    say(
        "newest event on screen / a hello app's first paint",
        ours / base,
        f"{ours:.3f} s, {base:.3f} s",
    )
    plain = median(lambda: process_seconds([sys.executable, "-c", "import msgspec, yaml, psutil"]))
    small = folder / "small"
    small.mkdir()
    write(small / "session.jsonl", 0)
    status = median(lambda: process_seconds([*TUI, "status", "--project", str(small)]))
    say("status of a small project / importing its libraries", status / plain, f"{status:.3f} s")


def folding(folder: Path, stream: Path) -> None:
    from tui.feeds.sessions.select import EventFile
    from tui.monitor.loading import BackfillOrder, fold_files
    from tui.monitor.session_reader import fold_rules
    from tui.settings.settings import Settings

    size = stream.stat().st_size
    data = stream.read_bytes()
    began = time.process_time()
    for line in data.splitlines():
        json.loads(line)
    base = size / (time.process_time() - began)
    order = BackfillOrder(
        (EventFile("stream", str(stream), ""),), str(folder / "fold"), fold_rules(Settings())
    )
    began = time.process_time()
    fold_files(order, lambda done, total: None)
    ours = size / (time.process_time() - began)
    say("folding / json.loads of every line", ours / base, f"{ours / 1e6:.0f} MB/s")


def against(before: Path, streams: list[Path], folder: Path) -> None:
    """How many times as fast as the version before each stream is folded, saved and taken up."""
    then, now = Version(before), Version(Path(__file__).parents[1])
    for stream in streams:
        ratios = compare(then, now, stream, folder, rounds=5)
        bounds = f"{min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} rounds"
        say(f"{stream.name}: processor time before / now", statistics.median(ratios), bounds)


def searching(stream: Path) -> None:
    from tui.monitor.search import RawSearch

    data = stream.read_bytes()
    began = time.process_time()
    data.find(b"nowhere-to-be-found")
    base = time.process_time() - began
    search = RawSearch(NEEDLE, [str(stream)])
    began = time.process_time()
    search.run()
    spent = time.process_time() - began
    say(
        "search / one pass of bytes.find",
        spent / base,
        f"{len(search.hits)} found in {spent:.3f} s",
    )


def following(folder: Path) -> None:
    path = write(folder / "live.jsonl", 1)
    with Terminal([*TUI, "--events", str(path)]) as terminal:
        terminal.wait_for("quit")
        terminal.read(2.0)
        latencies = []
        for number in range(40):
            mark = f"mark-{number:04d}"
            began = time.monotonic()
            append(path, mark)
            terminal.forget()
            terminal.wait_for(mark, 5)
            latencies.append(time.monotonic() - began)
            terminal.read(0.15)
        latencies.sort()
        p50, p95 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.95)]
        say("append to screen, p95 / p50", p95 / p50, f"{p50 * 1e3:.1f} ms, {p95 * 1e3:.1f} ms")
        for rate in (0, 100, 1000):
            cpu, before, began = terminal.cpu(), terminal.bytes, time.monotonic()
            count = 0
            while time.monotonic() - began < 8:
                due = int((time.monotonic() - began) * rate)
                for _ in range(due - count):
                    append(path, f"rate-{rate}-{count}")
                    count += 1
                terminal.read(0.02)
            spent = time.monotonic() - began
            share = 100 * (terminal.cpu() - cpu) / spent
            say(
                f"following {rate} lines/s",
                share,
                f"% of a core, {(terminal.bytes - before) / spent / 1e3:.1f} kB/s",
            )
        say("peak memory", terminal.peak_mb(), "MB")


def append(path: Path, words: str) -> None:
    line = json.dumps({"type": "system", "subtype": words, "session_id": "s"}).encode() + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, line)
    os.close(descriptor)


def say(what: str, figure: float, detail: str) -> None:
    print(f"{what:<58} {figure:8.2f}   {detail}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("megabytes", type=int, nargs="?", default=100)
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another version's folder")
    parser.add_argument("--stream", type=Path, nargs="*", help="fold these, not made-up ones")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.before and given.stream:
            against(given.before, given.stream, folder)
            return
        stream = write(folder / "night.jsonl", given.megabytes)
        whole = write(folder / "whole.jsonl", given.megabytes, partials=False)
        if given.before:
            against(given.before, [stream, whole], folder)
            return
        starting(folder, stream)
        folding(folder, stream)
        folding(folder, whole)
        searching(stream)
        following(folder)


if __name__ == "__main__":
    main()
