"""How long a checkpoint takes: python -m benchmarks.checkpoint [FILES …] [--rounds N].

For each size a repository is made, then five files are changed before every checkpoint. Prints the
first checkpoint (everything is read) and median, p95 and maximum of the following ones, in ms.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tui.control.checkpoints.capture import take_checkpoint

_WHO = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")


def make(folder: Path, files: int) -> list[Path]:
    """A committed repository of `files` small files, about thirteen to a folder, and some ignored."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    paths = []
    for number in range(files):
        path = folder / f"d{number % 41}" / f"e{number // 533}" / f"file{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {number}\n" * (20 + number % 80))
        paths.append(path)
    (folder / ".gitignore").write_text("node_modules/\n*.pyc\n")
    (folder / "node_modules").mkdir()
    for number in range(200):
        (folder / "node_modules" / f"m{number}.js").write_text("x")
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", *_WHO, "commit", "-qm", "bench"], cwd=folder, check=True)
    return paths


def measure(files: int, rounds: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="overnight-bench-"))
    try:
        paths = make(folder, files)
        time.sleep(0.2)  # so that the last files written have settled
        began = time.perf_counter()
        first_result = take_checkpoint(folder, label="first", session="bench")
        first = time.perf_counter() - began
        assert first_result.files == files + 1
        took = []
        rng = random.Random(files)
        for number in range(rounds):
            for path in rng.sample(paths, 5):
                path.write_text(f"changed in round {number}\n{rng.random()}\n")
            began = time.perf_counter()
            take_checkpoint(folder, label=f"round {number}", session="bench")
            took.append(time.perf_counter() - began)
        took.sort()
        p95 = took[min(len(took) - 1, int(len(took) * 0.95))]
        print(
            f"{files:>7} files: first {first * 1e3:8.0f} ms   5 changed: median "
            f"{statistics.median(took) * 1e3:6.0f}  p95 {p95 * 1e3:6.0f}  max {took[-1] * 1e3:6.0f} ms"
            f"   (load {os.getloadavg()[0]:.1f})",
            flush=True,
        )
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=int, default=[1_000, 13_000, 100_000])
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    for files in arguments.files:
        measure(files, arguments.rounds)


if __name__ == "__main__":
    main()
