"""What is written about one attempt: which process the agent was, and when its bytes arrived.

Most records of a stream have no time, so the supervisor records, as a line `OFFSET SECONDS`, when the bytes
before an offset had arrived.
"""

from __future__ import annotations

import math

from tui.model.records import Arrival
from tui.store.layout import RunDirectory
from tui.system.files import read_json


def newest_agent(run: RunDirectory) -> tuple[int, int] | None:
    """Pid and start ticks of the agent of the run's newest attempt; None when there is none."""
    for number in reversed(run.attempt_numbers()[-3:]):
        facts = read_json(run.attempt(number).agent) or {}
        pid, start = facts.get("pid"), facts.get("proc_start")
        if isinstance(pid, int) and isinstance(start, int):
            return pid, start
    return None


def arrival_line(offset: int, at: float) -> bytes:
    """One line of the arrivals file."""
    return b"%d %.3f\n" % (offset, at)


def read_arrivals(data: bytes, source: str) -> list[Arrival]:
    """The arrivals in the lines of such a file; damaged lines are left out."""
    arrivals: list[Arrival] = []
    for words in map(bytes.split, data.split(b"\n")):
        if len(words) != 2:
            continue
        try:
            offset, at = int(words[0]), float(words[1])
        except ValueError:
            continue
        if offset >= 0 and math.isfinite(at):
            arrivals.append(Arrival(source, offset, at))
    return arrivals
