"""Kills the supervisor at random instants, over and over, and measures how it is taken up again.

`python -m benchmarks.adoption --kills 200` starts the scripted agent under the real runner, sends
SIGKILL to the supervisor at a random moment of its start or its work, has the run adopted by several
who ask at once, and says at the end how long adoptions took and whether anything was lost or doubled.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import soak
from tui.runner import start
from tui.runner.agent.attempt import MARK
from tui.store.layout import RunDirectory
from tui.store.runs import read_run_end, read_run_settings
from tui.system.errors import OvernightError
from tui.system.process_tree import ProcessTree, kill_tree
from tui.system.processes import ProcessIdentity, is_alive, process_table

LATEST = 10.0


@dataclass
class Tally:
    """What was measured; `faults` are sentences about what went wrong."""

    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    early: int = 0

    def report(self) -> str:
        ordered = sorted(self.seconds)
        if len(ordered) < 2:
            return "too few adoptions"
        p95 = ordered[round(0.95 * (len(ordered) - 1))]
        return (
            f"{len(ordered)} adoptions: p50 {statistics.median(ordered):.3f} s, p95 {p95:.3f} s, "
            f"most {ordered[-1]:.3f} s; {self.early} kills hit a supervisor that was starting"
        )


def supervisors(folder: RunDirectory) -> list[ProcessIdentity]:
    """Every living process that was started to supervise this run."""
    found = []
    for one in process_table().values():
        if not one.name.startswith("python") or one.state in "ZX":
            continue
        try:
            line = Path(f"/proc/{one.pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"tui.runner.supervisor" in line and str(folder.path).encode() in line:
            found.append(one.identity)
    return found


def started(folder: RunDirectory) -> list[int]:
    """The pids of the supervisors that said they had begun."""
    entries = soak.records(folder.journal)
    return [int(str(one["pid"])) for one in entries if one.get("kind") == "supervisor_started"]


def kill_all(folder: RunDirectory) -> None:
    for who in supervisors(folder):
        try:
            os.kill(who.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        while is_alive(who):
            time.sleep(0.001)


def adopt(folder: RunDirectory, project: Path, tally: Tally, rivals: int) -> float:
    """Has several ask at once; the moment at which one said that it had begun to watch."""
    before = len(started(folder))
    began = time.monotonic()

    def ask(_: int) -> None:
        try:
            start.adopt_run(project)
        except OvernightError as error:
            tally.faults.append(str(error))

    with ThreadPoolExecutor(rivals) as crowd:
        asked = [crowd.submit(ask, number) for number in range(rivals)]
        while len(started(folder)) == before and read_run_end(folder) is None:
            if time.monotonic() - began > LATEST:
                tally.faults.append(f"nobody took the run within {LATEST:g} s")
                break
            time.sleep(0.005)
        seconds = time.monotonic() - began
        for one in asked:
            one.result()
    return seconds


def torment(folder: RunDirectory, project: Path, kills: int, dice: random.Random) -> Tally:
    tally = Tally()
    shims = soak.processes_of(folder)
    for number in range(kills):
        if read_run_end(folder) is not None:
            tally.faults.append(f"the run was over after {number} kills")
            break
        if dice.random() < 0.3:  # hit one that only starts
            tally.early += 1
            kill_all(folder)
            start._spawn_supervisor(folder, os.environ, read_run_settings(folder))
            time.sleep(dice.uniform(0.0, 0.35))
        else:
            time.sleep(dice.uniform(0.0, 0.6))
        kill_all(folder)
        tally.seconds.append(adopt(folder, project, tally, rivals=1 + number % 3))
        last = started(folder)[-1]
        watching = [who for who in supervisors(folder) if who.pid == last]
        if not watching and read_run_end(folder) is None:
            tally.faults.append(f"kill {number}: the supervisor that began is gone")
    if soak.processes_of(folder) != shims:
        tally.faults.append("there is another agent than before")
    return tally


def wait_for_end(folder: RunDirectory, seconds: float) -> None:
    """Waits until the run is over, so many seconds at most."""
    until = time.monotonic() + seconds
    while read_run_end(folder) is None and time.monotonic() < until:
        time.sleep(0.1)


def verify(folder: RunDirectory, tally: Tally) -> None:
    kinds = [str(one.get("kind")) for one in soak.records(folder.journal)]
    for kind in ("segment_started", "segment_ended", "run_ended"):
        if kinds.count(kind) != 1:
            tally.faults.append(f"{kind} stands {kinds.count(kind)} times in the journal")
    inits = [one for one in soak.records(folder.stream) if one.get("subtype") == "init"]
    if len(inits) != 1:
        tally.faults.append(f"{len(inits)} agents began a turn")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--rate", type=float, default=200.0, help="lines a second of the agent")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="overnight-adoption-"))
    folder = soak.begin(base, minutes=given.kills * 1.8 / 60, rate=given.rate)
    try:
        tally = torment(folder, base / "repository", given.kills, random.Random(given.seed))
        wait_for_end(folder, given.kills * 2 + 60)
        verify(folder, tally)
        print(tally.report())
        print(soak.lost(folder))
        for fault in tally.faults:
            print(f"FAULT {fault}")
        print(folder.path)
    finally:
        kill_all(folder)
        kill_tree(ProcessTree(marker=f"{MARK}={folder.attempt_folder(1)}".encode()), 0.0, limit=3.0)
    sys.exit(1 if tally.faults else 0)


if __name__ == "__main__":
    main()
