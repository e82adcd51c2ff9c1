"""A process with all its children: processor time, and memory counted twice and counted once."""

from __future__ import annotations

import os
import threading
from types import TracebackType

_TICK = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The process and everything below it."""
    found = [pid]
    for parent in found:
        try:
            with open(f"/proc/{parent}/task/{parent}/children") as file:
                found += [int(word) for word in file.read().split()]
        except OSError:
            continue
        found += _of_threads(parent)
    return list(dict.fromkeys(found))


def _of_threads(pid: int) -> list[int]:
    """A child belongs to the thread that started it."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass
    return found


def cpu(pid: int) -> float:
    """Seconds of processor time of the process and of its children that ended."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return sum(map(int, fields[11:15])) / _TICK


def memory(pids: list[int]) -> dict[str, float]:
    """MB of all: `rss` counts a page once for each process that has it, `pss` once, `private` only own ones."""
    total = {"rss": 0.0, "pss": 0.0, "private": 0.0}
    names = {"Rss:": "rss", "Pss:": "pss", "Private_Clean:": "private", "Private_Dirty:": "private"}
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                for line in file:
                    words = line.split()
                    if words[0] in names:
                        total[names[words[0]]] += int(words[1]) / 1024
        except OSError:
            continue
    return total


class Peak:
    """Looks at a process and its children ten times a second while the block runs; keeps the worst."""

    def __init__(self, pid: int) -> None:
        self.worst = {"rss": 0.0, "pss": 0.0, "private": 0.0}
        self.parts: dict[str, float] = {}
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            pids = family(self._pid)
            now = memory(pids)
            if now["pss"] > self.worst["pss"]:
                self.parts = {str(pid): memory([pid])["pss"] for pid in pids}
            self.worst = {name: max(self.worst[name], now[name]) for name in now}
