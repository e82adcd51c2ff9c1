"""Parts of the tail cases that play in a namespace of their own; exit 77 means it cannot be had.

Prints the expected lines, a `--`, and the lines that were read.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.unit.feeds.tail_scene import Reader
from tui.feeds.follow.follower import FileFollower


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("nothing came in 20 seconds")
        time.sleep(0.005)


def _append(path: Path, text: str) -> str:
    with path.open("a") as file:
        file.write(text + "\n")
    return text


def _give_up(reason: str) -> None:
    sys.stderr.write(reason + "\n")
    sys.exit(77)


def wake(folder: Path) -> tuple[list[str], Reader]:
    """Follow through a wake that finds no inotify instance left."""
    from tui.feeds.follow.wake import ChangeNotifier

    try:
        Path("/proc/sys/user/max_inotify_instances").write_text("0")
    except OSError as error:
        _give_up(f"the limit of inotify instances cannot be set: {error}")
    path = folder / "app.log"
    reader, follower, lock = Reader(), FileFollower(path), threading.Lock()

    def read(paths: frozenset[str]) -> None:
        with lock:
            reader.take(follower.poll())

    waker = ChangeNotifier(read, [path], seconds=0.02)
    waker.start()
    _await(lambda: waker.mode == "polling" and bool(waker.reason))
    expected = []
    for number in range(5):
        expected.append(_append(path, f"polled {number}"))
        _await(lambda: len(reader.lines) == len(expected))
    waker.close()
    return expected, reader


def overlay(folder: Path) -> tuple[list[str], Reader]:
    """Follow a file of the lower layer while a writer has it copied up, and one bound elsewhere."""
    lower, upper, work, merged = (folder / name for name in ("lower", "upper", "work", "merged"))
    for path in (lower, upper, work, merged):
        path.mkdir()
    expected = [_append(lower / "app.log", "below")]
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    mounts = [
        ["mount", "-t", "overlay", "overlay", "-o", options, str(merged)],
        ["mount", "--bind", str(merged), str(work)],
    ]
    for mount in mounts:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            _give_up(f"no overlay: {done.stderr.strip()}")
    reader, follower = Reader(), FileFollower(work / "app.log")
    reader.take(follower.poll())
    for number in range(3):
        expected.append(_append(merged / "app.log", f"above {number}"))
        reader.take(follower.poll())
    (merged / "app.log").rename(merged / "app.log.1")
    expected.append(_append(merged / "app.log", "rotated"))
    reader.take(follower.poll())
    follower.close()
    return expected, reader


if __name__ == "__main__":
    lines, read = {"wake": wake, "overlay": overlay}[sys.argv[1]](Path(sys.argv[2]))
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.write("--\n")
    sys.stdout.write(b"".join(read.lines).decode())
