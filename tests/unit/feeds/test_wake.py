"""The wake names changed files at once where the system tells, and all of them regularly in any case."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tui.feeds.follow.wake import ChangeHints, ChangeNotifier, WatchfilesHints, system_hints

FAR = 3600.0
ROOT = Path(__file__).resolve().parents[3]


class Ear:
    """Collects what a wake says, and lets a test wait for it."""

    def __init__(self) -> None:
        self.calls: list[frozenset[str]] = []
        self._said = threading.Condition()

    def __call__(self, paths: frozenset[str]) -> None:
        with self._said:
            self.calls.append(paths)
            self._said.notify_all()

    def hears(self, path: Path, after: int) -> bool:
        """Whether `path` is named, alone or not, in a call past the first `after`."""

        def named() -> bool:
            return any(str(path) in call for call in self.calls[after:])

        with self._said:
            return self._said.wait_for(named, timeout=20)


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def no_longer(wake: ChangeNotifier) -> bool:
    """Whether the wake polls now and says why."""
    return wake.mode == "polling" and bool(wake.reason)


def notified(wake: ChangeNotifier) -> bool:
    return wake.mode == "notified"


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def wakes() -> Iterator[list[ChangeNotifier]]:
    started: list[ChangeNotifier] = []
    yield started
    for wake in started:
        wake.close()


SOURCES = [
    pytest.param(system_hints, id="system"),
    pytest.param(WatchfilesHints, id="watchfiles"),
]


def test_the_private_object_of_watchfiles_names_changes_and_can_be_interrupted(
    tmp_path: Path,
) -> None:
    """Else a system without inotify sees a change seconds later, and closes as late."""
    log = str(tmp_path / "app.log")
    hints = WatchfilesHints()
    try:
        hints.watch(frozenset([log]))
        Path(log).write_bytes(b"x\n")
        assert eventually(lambda: hints.wait(1) == {log})
        begin = time.monotonic()
        hints.interrupt()
        hints.wait(FAR)
        assert time.monotonic() - begin < FAR / 2
    finally:
        hints.close()


@pytest.mark.parametrize("source", SOURCES)
def test_each_kind_of_change_is_named_without_polling(
    tmp_path: Path, ear: Ear, wakes: list[ChangeNotifier], source: Callable[[], ChangeHints]
) -> None:
    log, other = tmp_path / "app.log", tmp_path / "other.log"
    log.write_bytes(b"")
    other.write_bytes(b"")
    wake = ChangeNotifier(ear, [log, other], seconds=FAR, hints=source)
    wakes.append(wake)
    wake.start()
    assert eventually(lambda: wake.mode == "notified" and len(ear.calls) == 1)
    assert ear.calls == [frozenset([str(log), str(other)])]

    def append() -> None:
        with log.open("ab") as file:
            file.write(b"x\n")

    def replace() -> None:
        (tmp_path / "new").write_bytes(b"y\n")
        (tmp_path / "new").replace(log)

    moves: list[Callable[[], object]] = [
        append,
        lambda: os.truncate(log, 0),
        lambda: log.rename(tmp_path / "app.log.1"),
        log.touch,
        append,
        replace,
        append,
        log.unlink,
        log.touch,
        append,
    ]
    for move in moves:
        before = len(ear.calls)
        move()
        assert ear.hears(log, before), move
    assert all(str(other) not in call for call in ear.calls[1:])


@pytest.mark.skipif(sys.platform != "linux", reason="needs inotify")
def test_a_busy_neighbour_wakes_nobody(
    tmp_path: Path, ear: Ear, wakes: list[ChangeNotifier]
) -> None:
    log, busy = tmp_path / "app.log", tmp_path / "busy.log"
    log.touch()
    (tmp_path / "below").mkdir()
    wake = ChangeNotifier(ear, [log], seconds=FAR)
    wakes.append(wake)
    wake.start()
    assert eventually(lambda: wake.mode == "notified" and len(ear.calls) == 1)

    for number in range(200):
        with busy.open("ab") as file:
            file.write(b"noise\n")
        (tmp_path / "below" / str(number)).touch()
    with log.open("ab") as file:
        file.write(b"x\n")

    assert ear.hears(log, 1)
    assert {path for call in ear.calls[1:] for path in call} == {str(log)}


@pytest.mark.skipif(sys.platform != "linux", reason="needs inotify")
def test_the_target_of_a_link_and_the_entries_of_a_folder_are_noticed(
    tmp_path: Path, ear: Ear, wakes: list[ChangeNotifier]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = elsewhere / "real.log"
    target.touch()
    link, folder = tmp_path / "link.log", tmp_path / "folder"
    link.symlink_to(target)
    folder.mkdir()
    wake = ChangeNotifier(ear, [link, folder], seconds=FAR)
    wakes.append(wake)
    wake.start()
    assert eventually(lambda: wake.mode == "notified" and len(ear.calls) == 1)

    with target.open("ab") as file:
        file.write(b"x\n")
    assert ear.hears(link, 1)
    before = len(ear.calls)
    (folder / "new.jsonl").touch()
    assert ear.hears(folder, before)


@pytest.mark.parametrize("source", SOURCES)
def test_a_folder_that_appears_is_watched(
    tmp_path: Path, ear: Ear, wakes: list[ChangeNotifier], source: Callable[[], ChangeHints]
) -> None:
    log = tmp_path / "logs" / "app.log"
    wake = ChangeNotifier(ear, [log], seconds=FAR, hints=source)
    wakes.append(wake)
    wake.start()
    assert eventually(lambda: len(ear.calls) == 1)
    log.parent.mkdir()
    wake.wake()
    assert eventually(lambda: len(ear.calls) == 2)

    log.touch()
    assert ear.hears(log, 2)


def test_the_set_of_paths_can_change(tmp_path: Path, ear: Ear, wakes: list[ChangeNotifier]) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.touch()
    second.touch()
    wake = ChangeNotifier(ear, [first], seconds=FAR)
    wakes.append(wake)
    wake.start()
    assert eventually(lambda: wake.mode == "notified" and len(ear.calls) == 1)
    wake.watch([second])
    assert ear.hears(second, 1)
    assert eventually(lambda: ear.calls[-1] == frozenset([str(second)]))
    before = len(ear.calls)

    first.write_bytes(b"x")
    second.write_bytes(b"x")

    assert ear.hears(second, before)
    assert all(str(first) not in call for call in ear.calls[before:])


def test_polling_names_every_path_again_and_again(
    tmp_path: Path, ear: Ear, wakes: list[ChangeNotifier]
) -> None:
    paths = [tmp_path / "there", tmp_path / "missing" / "deep"]
    paths[0].touch()
    wake = ChangeNotifier(ear, paths, seconds=0.01, hints=None)
    wakes.append(wake)
    wake.start()

    assert eventually(lambda: len(ear.calls) >= 5)
    assert set(ear.calls) == {frozenset(str(path) for path in paths)}
    assert no_longer(wake)


class Failing:
    """A source of hints that fails in a chosen step."""

    def __init__(self, step: str) -> None:
        self.step = step
        self.closed = False

    def watch(self, paths: frozenset[str]) -> None:
        if self.step == "watch":
            raise OSError(28, "No space left on device")

    def wait(self, seconds: float) -> frozenset[str]:
        raise RuntimeError("the watcher broke")

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("step", ["make", "watch", "wait"])
def test_any_failure_of_the_source_falls_back_to_polling(
    tmp_path: Path, ear: Ear, wakes: list[ChangeNotifier], step: str
) -> None:
    source = Failing(step)

    def make() -> ChangeHints:
        if step == "make":
            raise OSError(24, "Too many open files")
        return source

    log = tmp_path / "app.log"
    wake = ChangeNotifier(ear, [log], seconds=0.01, hints=make)
    wakes.append(wake)
    wake.start()

    assert eventually(lambda: no_longer(wake) and len(ear.calls) >= 5)
    words = {"make": "Too many", "watch": "No space", "wait": "the watcher broke"}
    assert words[step] in wake.reason
    assert source.closed == (step != "make")


def test_a_stream_of_changes_is_paced_and_its_end_is_not_missed(
    tmp_path: Path, ear: Ear, wakes: list[ChangeNotifier]
) -> None:
    log = tmp_path / "app.log"
    log.touch()
    sizes: list[int] = []
    ear_and_size = threading.Condition()

    def look(paths: frozenset[str]) -> None:
        with ear_and_size:
            sizes.append(log.stat().st_size)
            ear_and_size.notify_all()

    wake = ChangeNotifier(look, [log], seconds=FAR, pace=0.05)
    wakes.append(wake)
    wake.start()
    assert eventually(lambda: wake.mode == "notified" and len(sizes) == 1)
    began = time.monotonic()
    with log.open("ab", buffering=0) as file:
        for _ in range(3000):
            file.write(b"line\n")

    with ear_and_size:
        assert ear_and_size.wait_for(lambda: sizes[-1] == 15000, timeout=20)
    assert len(sizes) <= 3 + (time.monotonic() - began) / 0.05


def test_a_fault_of_the_listener_does_not_end_the_looking(
    tmp_path: Path, wakes: list[ChangeNotifier], caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[int] = []

    def faulty(paths: frozenset[str]) -> None:
        calls.append(1)
        raise ValueError("a fault")

    wake = ChangeNotifier(faulty, [tmp_path / "x"], seconds=0.005)
    wakes.append(wake)
    wake.start()

    assert eventually(lambda: len(calls) >= 3)
    assert "reading changed files failed" in caplog.text


def test_nothing_is_said_after_closing_not_even_from_within(tmp_path: Path, ear: Ear) -> None:
    closing: list[ChangeNotifier] = []

    def close_at_once(paths: frozenset[str]) -> None:
        ear(paths)
        closing[0].close()

    closing.append(ChangeNotifier(close_at_once, [tmp_path / "x"], seconds=0.001))
    closing[0].start()
    assert eventually(lambda: not closing[0]._thread.is_alive())
    assert len(ear.calls) == 1
    ChangeNotifier(ear, [tmp_path]).close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
@pytest.mark.parametrize("source", SOURCES)
def test_no_descriptor_is_left_behind(
    tmp_path: Path, ear: Ear, source: Callable[[], ChangeHints]
) -> None:
    def inotify_descriptors() -> int:
        links = [Path("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
        return sum("inotify" in _target(link) or "eventfd" in _target(link) for link in links)

    before = inotify_descriptors()
    for _ in range(5):
        wake = ChangeNotifier(ear, [tmp_path / "x"], seconds=FAR, hints=source)
        wake.start()
        assert eventually(functools.partial(notified, wake))
        wake.close()
    assert eventually(lambda: inotify_descriptors() == before)


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def test_importing_the_wake_loads_no_watcher() -> None:
    code = (
        "import sys, tui.feeds.follow.wake, tui.feeds.follow.follower; print(sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    loaded = set(ast.literal_eval(done.stdout))
    assert not loaded & {"watchfiles", "ctypes", "anyio", "asyncio", "textual", "rich"}
