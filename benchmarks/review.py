"""How long a review takes: `python -m benchmarks.review [STREAM]`, or `--huge [STREAM]` for one of 1 GB.

Measures on a 50 MB stream (or the one given): folding it alone, the first review (which folds and
saves), and the review when it was folded before; then the list of 50 reviewed nights and of 50 that
nobody reviewed. Targets: the first review within 1.5 times the fold, the list within 300 ms.
A huge one is reviewed as a command, in a repository with commits: first, and when its fold is saved.
Targets then: 1.5 s, and 150 MB of memory.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.stream import write
from tui.feeds.sessions.select import EventFile
from tui.model.session import NamedSources
from tui.monitor.history.night_list import list_nights
from tui.monitor.history.review_loader import load_review
from tui.monitor.session_reader import SessionReader, fold_rules
from tui.settings.settings import Settings
from tui.store.layout import runs_folder
from tui.system.clock import SystemClock

_MEGABYTES = 50
_NIGHTS = 50
_HUGE_MEGABYTES = 1_000


def main() -> int:
    """Prints the figures; 1 when a target is missed."""
    folder = Path(tempfile.mkdtemp(prefix="review-bench-"))
    os.environ.update(HOME=str(folder), XDG_CACHE_HOME=str(folder / "cache"))
    os.environ["CLAUDE_CONFIG_DIR"] = str(folder / "claude")
    try:
        return _measure(folder)
    finally:
        shutil.rmtree(folder)


def _measure(folder: Path) -> int:
    if "--huge" in sys.argv:
        return _measure_huge(folder, next(iter(sys.argv[2:]), None))
    stream = Path(sys.argv[1]) if len(sys.argv) > 1 else write(folder / "s.jsonl", _MEGABYTES)
    project = folder / "project"
    project.mkdir()
    fold = _timed(lambda: _fold(stream))
    first = _timed(lambda: _review(project, stream))
    again = _timed(lambda: _review(project, stream))
    size = stream.stat().st_size / 1e6
    print(f"{size:.0f} MB: fold {fold:.2f} s; first review {first:.2f} s ({first / fold:.2f} x)")
    print(f"folded before: {again * 1000:.0f} ms ({again / fold:.2f} x)")
    listed = _list_of(folder / "many")
    whole = _command(folder / "many")
    print(f"{_NIGHTS} nights: {listed * 1000:.0f} ms inside, {whole * 1000:.0f} ms as a command")
    return int(first > 1.5 * fold or whole > 0.3)


def _measure_huge(folder: Path, given: str | None) -> int:
    stream = Path(given) if given else write(folder / "huge.jsonl", _HUGE_MEGABYTES)
    project = folder / "project"
    project.mkdir()
    for number in range(20):
        (project / f"module{number}.py").write_text(f"def f{number}():\n    return {number}\n" * 50)
        _git(project, "add", "-A") if number else _git(project, "init", "-q", "-b", "main")
        _git(project, "commit", "-q", "--allow-empty", "-m", f"Add module {number}")
    words = ["--json", "--project", str(project), "--events", str(stream)]
    first, again = (_reviewed(words) for _ in range(2))
    best = min((again, *(_reviewed(words) for _ in range(3))))
    size = stream.stat().st_size / 1e6
    print(f"{size:.0f} MB: first review {first[0]:.1f} s, {first[1]:.0f} MB of memory")
    print(f"folded before: {best[0]:.2f} s, {best[1]:.0f} MB of memory")
    return int(best[0] > 1.5 or best[1] > 150)


def _git(project: Path, *words: str) -> None:
    author = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
    subprocess.run(["git", "-C", str(project), *author, *words], check=True)


def _reviewed(words: list[str]) -> tuple[float, float]:
    """Seconds and megabytes of the review as a process."""
    root = str(Path(__file__).resolve().parent.parent)
    command = [sys.executable, "-m", "tui", "review", *words]
    began = time.perf_counter()
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env=dict(os.environ, PYTHONPATH=root)
    )
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"the review failed: {status}")
    return time.perf_counter() - began, used.ru_maxrss / 1000


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _fold(stream: Path) -> None:
    ledger = SessionReader([EventFile("stream", str(stream), "")], fold_rules(Settings()).fold())
    while ledger.poll():
        pass
    ledger.close()


def _review(project: Path, stream: Path) -> None:
    load_review(project, Settings(), NamedSources(events=str(stream)), SystemClock())


def _list_of(project: Path) -> float:
    """Fifty runs with summaries in their folders, listed in this process."""
    for number in range(_NIGHTS):
        _run(project, number)
        load_review(project, Settings(), NamedSources(), SystemClock(), f"20260101-{number:06d}")
    return min(_timed(lambda: list_nights(project, Settings())) for _ in range(3))


def _run(project: Path, number: int) -> None:
    run = runs_folder(project) / f"20260101-{number:06d}"
    run.mkdir(parents=True)
    began = 1_780_000_000.0 + 86_400 * number
    facts = {"run": run.name, "goal": f"night {number}", "started_at": began, "project": ""}
    (run / "run.json").write_text(json.dumps(facts))
    (run / "ended.json").write_text(
        json.dumps({"reason": "all tasks done", "code": 0, "at": began})
    )
    journal = {"at": began, "kind": "run_started", "run": run.name, "goal": facts["goal"]}
    (run / "journal.jsonl").write_text(json.dumps(journal) + "\n")
    init = {"type": "system", "subtype": "init", "session_id": f"s{number:08d}", "model": "m"}
    (run / "stream.jsonl").write_text(json.dumps(init) + "\n")


def _command(project: Path) -> float:
    """The whole command, from the start of its process."""
    words = [sys.executable, "-m", "tui", "runs", "--json", "--project", str(project)]
    root = str(Path(__file__).resolve().parent.parent)
    environment = dict(os.environ, PYTHONPATH=root)

    def call() -> None:
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment)

    return min(_timed(call) for _ in range(3))


if __name__ == "__main__":
    raise SystemExit(main())
