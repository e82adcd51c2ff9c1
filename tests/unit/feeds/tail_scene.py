"""A stage for following: a folder, a writer's moves, a follower, and what it must hand out."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tui.feeds.follow.follower import FileFollower
from tui.feeds.follow.position import FilePosition, LineBatch


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Verdict(NamedTuple):
    """Lines by the three ways of going wrong."""

    lost: list[bytes]
    duplicated: list[bytes]
    invented: list[bytes]


class Reader:
    """Puts batches together as a consumer does, and notices bytes handed out twice."""

    def __init__(self) -> None:
        self.batches: list[LineBatch] = []
        self.lines: list[bytes] = []
        self._open: dict[int, bytes] = {}
        self._next: dict[int, int] = {}
        self.overlaps: list[LineBatch] = []

    def take(self, batches: list[LineBatch]) -> None:
        for batch in batches:
            self.batches.append(batch)
            expected = self._next.get(batch.generation)
            if expected is not None and batch.offset < expected:
                self.overlaps.append(batch)
            self._next[batch.generation] = batch.offset + len(batch.data)
            data = self._open.pop(batch.generation, b"")
            data += batch.data
            if batch.end == "cut":
                self._open[batch.generation] = data
                continue
            assert batch.end == "unfinished" or not data or data.endswith(b"\n")
            self.lines += data.splitlines(keepends=True) if b"\r" not in data else _split(data)

    @property
    def notes(self) -> list[str]:
        return [batch.note for batch in self.batches if batch.note]

    def judge(self, expected: list[bytes]) -> Verdict:
        wanted, got = Counter(expected), Counter(self.lines)
        extra = got - wanted
        return Verdict(
            sorted((wanted - got).elements()),
            sorted(line for line in extra.elements() if line in wanted),
            sorted(line for line in extra.elements() if line not in wanted),
        )


def _split(data: bytes) -> list[bytes]:
    return [line + b"\n" for line in data.split(b"\n")[:-1]] if data.endswith(b"\n") else [data]


class Scene:
    """The folder a case plays in. Moves that write say what must come out; `tick` is a chance to poll."""

    def __init__(self, folder: Path, *, limit: int = 4 << 20, eager: bool = False) -> None:
        self.folder = folder
        self.path = folder / "app.log"
        self.clock = Clock()
        self.limit = limit
        self.eager = eager
        self.reader = Reader()
        self.expected: list[bytes] = []
        self._count = 0
        self._follower: FileFollower | None = None
        self._fds: list[int] = []

    # --- the follower -------------------------------------------------------------------------------

    @property
    def follower(self) -> FileFollower:
        if self._follower is None:
            self._follower = FileFollower(self.path, clock=self.clock)
        return self._follower

    def restart(self, *, start: FilePosition | None) -> None:
        """Another follower takes up where the first one's saved position says."""
        self.follower.close()
        self._follower = FileFollower(self.path, clock=self.clock, start=start)

    def poll(self, seconds: float = 0.2) -> None:
        """Time passes, then all there is to read is read."""
        self.clock.now += seconds
        for _ in range(100_000):
            self.reader.take(self.follower.poll(self.limit))
            if not self.follower.is_behind:
                return
        raise AssertionError("the follower never comes to an end")

    def status(self) -> str:
        return self.follower.state.status

    def tick(self) -> None:
        if self.eager:
            self.poll()

    def close(self) -> None:
        if self._follower:
            self._follower.close()
        for fd in self._fds:
            os.close(fd)

    def verdict(self) -> Verdict:
        return self.reader.judge(self.expected)

    # --- the writer ---------------------------------------------------------------------------------

    def line(self, size: int = 0, expect: bool = True) -> bytes:
        """A line like no other."""
        self._count += 1
        line = f"line {self._count} ".encode().ljust(size, b"x") + b"\n"
        if expect:
            self.expected.append(line)
        return line

    def lines(self, count: int, expect: bool = True) -> bytes:
        return b"".join(self.line(expect=expect) for _ in range(count))

    def append(self, data: bytes, path: Path | None = None) -> None:
        with open(path or self.path, "ab", buffering=0) as file:
            file.write(data)
        self.tick()

    def write(self, data: bytes, path: Path | None = None) -> None:
        """Truncate and write, as a shell's `>` does."""
        with open(path or self.path, "wb", buffering=0) as file:
            self.tick()
            file.write(data)
        self.tick()

    def open(self, *, append: bool = True, path: Path | None = None) -> int:
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else 0)
        self._fds.append(os.open(path or self.path, flags, 0o644))
        return self._fds[-1]

    def put(self, fd: int, data: bytes) -> None:
        os.write(fd, data)
        self.tick()

    def beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def rotate(self) -> None:
        """Rename app.log to app.log.1 and what was there one up."""
        for number in range(8, 0, -1):
            if self.beside(f".{number}").exists():
                os.rename(self.beside(f".{number}"), self.beside(f".{number + 1}"))
        os.rename(self.path, self.beside(".1"))
        self.tick()

    def copy_and_truncate(self) -> None:
        for number in range(8, 0, -1):
            if self.beside(f".{number}").exists():
                os.rename(self.beside(f".{number}"), self.beside(f".{number + 1}"))
        self.beside(".1").write_bytes(self.path.read_bytes())
        os.truncate(self.path, 0)
        self.tick()

    def replace(self, data: bytes) -> None:
        """Write a new file and rename it over the path."""
        temporary = self.beside(".tmp")
        temporary.write_bytes(data)
        os.replace(temporary, self.path)
        self.tick()
