"""The screen under heavy streams: how long keys wait, how much memory there is, whether all arrives.

`python -m benchmarks.heavy [MEGABYTES] [STREAM]` prints what it saw; nothing in it passes or fails.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import tree
from benchmarks.speed import TUI, say
from benchmarks.stream import write
from benchmarks.terminal import Terminal

WORDS = ("more", "everything", "")


class Keys:
    """Presses `v` again and again; `waits` are the seconds from the key to its word on the screen."""

    def __init__(self, terminal: Terminal) -> None:
        self.waits: list[float] = []
        self._terminal = terminal
        self._number = 0

    def press(self) -> None:
        word = WORDS[self._number % 3]
        self._number += 1
        self._terminal.forget()
        began = time.monotonic()
        self._terminal.type("v")
        if word:
            self._terminal.wait_for(word, 5)
            self.waits.append(time.monotonic() - began)
        self._terminal.read(0.06)

    def press_for(self, seconds: float) -> list[float]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.press()
        return self.waits


def told(what: str, waits: list[float]) -> None:
    waits.sort()
    if waits:
        p50, p95 = waits[len(waits) // 2], waits[int(len(waits) * 0.95)]
        words = f"p50 {p50 * 1e3:.0f}, p95 {p95 * 1e3:.0f} ms of {len(waits)} keys"
        say(f"{what}: the longest wait, ms", waits[-1] * 1e3, words)


def folding(stream: Path, home: str) -> None:
    """A large file for the first time: processor time, memory, keys."""
    with Terminal([*TUI, "--events", str(stream)], home=home) as terminal:
        terminal.wait_for("reading", 30)
        keys = Keys(terminal)
        began = time.monotonic()
        with tree.Peak(terminal.pid) as peak:
            while len(tree.family(terminal.pid)) > 1:
                keys.press_for(0.5)
            took = time.monotonic() - began
            keys.press_for(1.0)
        spent = tree.cpu(terminal.pid)
        size = stream.stat().st_size
        say(
            "first folding, MB for a second of processor time",
            size / 1e6 / spent,
            f"{spent:.1f} s; {took:.1f} s by the clock",
        )
        worst = peak.worst
        parts = " + ".join(f"{part:.0f}" for part in peak.parts.values())
        say("  peak memory, pages counted once (PSS), MB", worst["pss"], parts)
        say("  peak memory, summed (RSS), MB", worst["rss"], f"private {worst['private']:.0f}")
        told("  a key while it folds", keys.waits)
    with Terminal([*TUI, "--events", str(stream)], home=home) as terminal:
        terminal.wait_for("quit", 30)
        told("  a key after the second start", Keys(terminal).press_for(2))
        say("  second start, processor seconds", tree.cpu(terminal.pid), "with two seconds of keys")


def one_long_line(folder: Path, home: str) -> None:
    """2 MB in one line, four times, while keys are pressed."""
    path = write(folder / "long.jsonl", 1)
    with Terminal([*TUI, "--events", str(path)], home=home) as terminal:
        terminal.wait_for("quit", 30)
        terminal.read(1.0)
        keys = Keys(terminal)
        for number in range(4):
            words = {
                "role": "assistant",
                "id": f"m{number}",
                "content": [{"type": "text", "text": "x" * (2 << 20)}],
            }
            line = json.dumps({"type": "assistant", "message": words, "session_id": "s"}) + "\n"
            with path.open("a") as file:
                file.write(line)
            keys.press_for(0.8)
        told("a key beside lines of 2 MB", keys.waits)


def flood(folder: Path, home: str, rate: int = 20_000, seconds: float = 8.0) -> None:
    """So many lines a second: memory, keys, and whether all of them are counted."""
    path = write(folder / "flood.jsonl", 1)
    known = path.read_bytes().count(b"\n")
    block = [json.dumps({"type": "system", "subtype": "flood", "n": n}) for n in range(200)]
    data = ("\n".join(block) + "\n").encode()
    with Terminal([*TUI, "--events", str(path)], home=home) as terminal:
        terminal.wait_for("quit", 30)
        terminal.read(1.0)
        keys = Keys(terminal)
        cpu, began, sent = tree.cpu(terminal.pid), time.monotonic(), 0
        painted, number = terminal.bytes, 0
        with tree.Peak(terminal.pid) as peak, path.open("ab", buffering=0) as file:
            while (gone := time.monotonic() - began) < seconds:
                while sent < gone * rate:
                    file.write(data)
                    sent += len(block)
                if number % 10 == 0:
                    keys.press()
                number += 1
                terminal.read(0.01)
        share = 100 * (tree.cpu(terminal.pid) - cpu) / seconds
        say(
            f"{rate} lines/s",
            share,
            f"% of a core, {(terminal.bytes - painted) / seconds / 1e3:.0f} kB/s",
        )
        say("  peak memory, pages counted once (PSS), MB", peak.worst["pss"], f"{sent} lines")
        told("  a key meanwhile", keys.waits)
        say(
            "  lines that are not counted",
            known + sent - _counted(path, home),
            "by status afterwards",
        )


def _counted(path: Path, home: str) -> int:
    import subprocess

    command = [*TUI, "status", "--json", "--events", str(path)]
    done = subprocess.run(
        command, capture_output=True, env={**os.environ, "HOME": home}, check=True
    )
    return int(json.loads(done.stdout)["events"]["total"])


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "home").mkdir()
        home = str(folder / "home")
        given = Path(sys.argv[2]) if len(sys.argv) > 2 else None
        folding(given or write(folder / "night.jsonl", megabytes), home)
        one_long_line(folder, home)
        flood(folder, home)


if __name__ == "__main__":
    main()
