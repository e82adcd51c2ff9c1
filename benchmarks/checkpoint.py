"""How long a checkpoint takes: python -m benchmarks.checkpoint [FILES …] [--rounds N] [--before FOLDER].

For each size a repository is made, then five files are changed before every checkpoint. Beside ours
stands git's own way in the same round: a copy of the index, `git add -A`, a tree, a commit, a ref.
Prints medians and p95 in ms, and ratios of medians: below 1 is faster than what it is divided by.

With `--before` another version (0.1 or later) takes its turns too, in a copy of the repository.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.two_versions import Version

_WHO = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")
_PLACES = ("tui.control.checkpoints.capture.take_checkpoint", "tui.control.capture.take")
Take = Callable[[Path, str], Any]


def make(folder: Path, files: int) -> list[str]:
    """A committed repository of `files` small files, about thirteen to a folder, and some ignored."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    names = []
    for number in range(files):
        name = f"d{number % 41}/e{number // 533}/file{number}.py"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {number}\n" * (20 + number % 80))
        names.append(name)
    (folder / ".gitignore").write_text("node_modules/\n*.pyc\n.overnight/\n")
    (folder / "node_modules").mkdir()
    for number in range(200):
        (folder / "node_modules" / f"m{number}.js").write_text("x")
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", *_WHO, "commit", "-qm", "bench"], cwd=folder, check=True)
    return names


def _git(folder: Path, label: str) -> None:
    """A checkpoint as one would take it with git alone."""
    index = folder / ".git/bench-index"
    shutil.copy2(folder / ".git/index", index)
    env = {**os.environ, "GIT_INDEX_FILE": str(index)}

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *_WHO, *words], cwd=folder, env=env, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("add", "-A")
    commit = git("commit-tree", git("write-tree"), "-p", "HEAD", "-m", label)
    git("update-ref", f"refs/bench/{label.replace(' ', '-')}", commit)


def _of(version: Version) -> Take:
    def take(folder: Path, label: str) -> Any:
        with version.in_force():
            for place in _PLACES:
                module, _, name = place.rpartition(".")
                try:
                    function = getattr(importlib.import_module(module), name)
                except (ModuleNotFoundError, AttributeError):
                    continue
                return function(folder, label=label, session="bench")
        raise SystemExit("that version takes checkpoints in no place known here")

    return take


def measure(files: int, rounds: int, takers: dict[str, Take], top: Path) -> None:
    """One size: the first checkpoint, then rounds in which each way takes its turn."""
    first = top / "first"
    names = make(first, files)
    folders = {name: top / name for name in takers}
    for folder in folders.values():
        subprocess.run(["cp", "-a", first, folder], check=True)
        subprocess.run(["git", "update-index", "-q", "--refresh"], cwd=folder, check=False)
    shutil.rmtree(first)
    time.sleep(0.2)  # so that the last files written have settled
    begun = {name: _seconds(take, folders[name], "first") for name, take in takers.items()}
    took: dict[str, list[float]] = {name: [] for name in takers}
    rng = random.Random(files)
    for number in range(rounds):
        changed = rng.sample(names, 5)
        order = list(takers) if number % 2 else list(reversed(takers))
        for name in order:
            for path in changed:
                (folders[name] / path).write_text(f"changed in round {number}\n{rng.random()}\n")
            took[name].append(_seconds(takers[name], folders[name], f"round {number}"))
    _tell(files, begun, took)
    for folder in folders.values():
        shutil.rmtree(folder)


def _seconds(take: Take, folder: Path, label: str) -> float:
    began = time.perf_counter()
    take(folder, label)
    return time.perf_counter() - began


def _tell(files: int, begun: dict[str, float], took: dict[str, list[float]]) -> None:
    print(f"{files:,} files, five changed (load {os.getloadavg()[0]:.1f})")
    for name, times in took.items():
        ordered = sorted(times)
        p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        middle = statistics.median(times)
        print(
            f"  {name:<8} first {begun[name] * 1e3:8.0f}   median {middle * 1e3:7.0f}"
            f"   p95 {p95 * 1e3:7.0f}   max {ordered[-1] * 1e3:7.0f} ms"
        )
    for name in took.keys() - {"now"}:
        each = [now / other for now, other in zip(took["now"], took[name], strict=True)]
        ratio = statistics.median(each)
        first = begun["now"] / begun[name]
        print(f"  now / {name:<8} median {ratio:.2f}   first {first:.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=int, default=[1_000, 13_000, 100_000])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another version's folder")
    arguments = parser.parse_args()
    takers: dict[str, Take] = {"now": _of(Version(Path(__file__).parents[1])), "git": _git}
    if arguments.before:
        takers["before"] = _of(Version(arguments.before))
    with tempfile.TemporaryDirectory(prefix="overnight-bench-") as name:
        os.environ["XDG_STATE_HOME"] = f"{name}/state"
        for files in arguments.files:
            measure(files, arguments.rounds, takers, Path(name))


if __name__ == "__main__":
    main()
