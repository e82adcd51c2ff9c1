"""How well sessions that are stuck are found: recall, false alarms, precision, steps to detection.

`python -m benchmarks.stalls --labelled FILE.jsonl [--labelled FILE2.jsonl …] [--json]` folds each
labelled episode as the live screen does and says at which step which level first stood, beside two
plain rules. Without a file it measures the project's own set (`benchmarks/stuck/own_*`).

A line of FILE: {"id", "label": "stuck"|"healthy", "from_step": int|null, "events": path of its
stream-json, relative to FILE}, and `set` to have figures of each set. No figure is a pass or a fail.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.stuck.baselines import BASELINES
from benchmarks.stuck.episode import Episode, UnreadError, labelled
from benchmarks.stuck.figures import Figures, Measured, figures
from benchmarks.stuck.own_set import own_episodes
from benchmarks.stuck.report import report
from benchmarks.stuck.watching import Rules, default_rules, watch


def measure(episode: Episode, rules: Rules) -> Measured | str:
    """What is seen of an episode; words where it cannot be measured."""
    try:
        lines = episode.lines()
    except UnreadError as error:
        return f"{episode.id}: {error}"
    try:
        seen = watch(lines, rules)
    except (
        Exception
    ) as error:  # a fault of the program: told with the episode, and the rest is measured
        return f"{episode.id}: the program failed: {error!r}"
    return Measured(episode, seen, {name: rule(lines) for name, rule in BASELINES.items()})


def measure_all(
    episodes: Iterable[Episode | UnreadError], rules: Rules | None = None, processes: int = 1
) -> Figures:
    """The figures of these episodes, under the rules of a person who changed nothing or under `rules`."""
    readable: list[Episode] = []
    unread: list[str] = []
    for one in episodes:
        if isinstance(one, UnreadError):
            unread.append(str(one))
        else:
            readable.append(one)
    found = list(_measured(readable, rules or default_rules(), processes))
    unread += [one for one in found if isinstance(one, str)]
    return figures([one for one in found if isinstance(one, Measured)], unread)


def _measured(
    episodes: Sequence[Episode], rules: Rules, processes: int
) -> Iterator[Measured | str]:
    work = partial(measure, rules=rules)
    if processes <= 1 or len(episodes) < 8 * processes:
        yield from map(work, episodes)
        return
    with multiprocessing.get_context("forkserver").Pool(processes) as pool:
        yield from pool.imap(work, episodes, chunksize=4)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stalls", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--labelled", type=Path, action="append", metavar="FILE.jsonl")
    parser.add_argument("--json", action="store_true", help="one object on stdout")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    given = parser.parse_args(arguments)
    try:
        episodes = [one for path in given.labelled or () for one in labelled(path)]
        if not given.labelled:
            episodes = [*own_episodes()]
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    found = measure_all(episodes, processes=given.processes)
    for words in found.unread_episodes:
        print(f"unread: {words}", file=sys.stderr)
    print(msgspec.json.encode(found).decode() if given.json else report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
