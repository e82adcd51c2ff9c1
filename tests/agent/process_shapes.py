"""Process shapes that a killer must find: run as a program, it starts them and says their pids.

    python process_shapes.py [--seconds N] [--brood N] [--stay] [SHAPE …]

prints one line `shape pid` per process. With `--stay` it lives as long as they do. Every process
ends by itself after N seconds (60), so that a failed test leaves nothing behind for long.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

SHAPES = [
    "plain",
    "grandchild",
    "orphan",
    "group",
    "session",
    "daemon",
    "bare_daemon",
    "deaf",
    "stopped",
    "respawner",
    "parting",
    "chain",
    "zombie_parent",
    "brood",
]


class ProcessShapes:
    """Starts processes of all shapes; each lives `seconds` at most."""

    def __init__(self, seconds: float, brood: int) -> None:
        self._end = time.time() + seconds
        self._number = brood

    def start(self, shape: str) -> None:
        getattr(self, f"_{shape}")(shape)

    def _sleep(self) -> None:
        while (left := self._end - time.time()) > 0:
            time.sleep(min(left, 1.0))

    def _fork(self, shape: str, body: Callable[[], None], loud: bool = True) -> int:
        """Forks; the child does `body` and leaves, its pid is told by itself."""
        pid = os.fork()
        if pid == 0:
            code = 0
            try:
                if loud:
                    tell(shape)
                body()
            except BaseException:  # a forked child must never run its parent's code
                code = 1
            finally:
                os._exit(code)
        return pid

    def _plain(self, shape: str) -> None:
        self._fork(shape, self._sleep)

    def _grandchild(self, shape: str) -> None:
        def parent() -> None:
            self._fork(shape, self._sleep)
            self._sleep()

        self._fork(f"{shape}_parent", parent)

    def _orphan(self, shape: str) -> None:
        middle = self._fork(shape, lambda: self._plain(shape), loud=False)
        os.waitpid(middle, 0)

    def _group(self, shape: str) -> None:
        def body() -> None:
            os.setpgid(0, 0)
            self._sleep()

        self._fork(shape, body)

    def _session(self, shape: str) -> None:
        def body() -> None:
            os.setsid()
            self._sleep()

        self._fork(shape, body)

    def _daemon(self, shape: str) -> None:
        def first() -> None:
            os.setsid()
            self._fork(shape, self._sleep)

        os.waitpid(self._fork(shape, first, loud=False), 0)

    def _bare_daemon(self, shape: str) -> None:
        """A daemon without any environment: a marker in the environment does not find it."""

        def second() -> None:
            tell(shape)
            seconds = max(1, int(self._end - time.time()))
            os.execve("/bin/sleep", ["sleep", str(seconds)], {})

        def first() -> None:
            os.setsid()
            self._fork(shape, second, loud=False)

        os.waitpid(self._fork(shape, first, loud=False), 0)

    def _deaf(self, shape: str) -> None:
        def body() -> None:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            self._sleep()

        self._fork(shape, body)

    def _stopped(self, shape: str) -> None:
        def body() -> None:
            os.kill(os.getpid(), signal.SIGSTOP)
            self._sleep()

        self._fork(shape, body)

    def _respawner(self, shape: str) -> None:
        """On SIGTERM it leaves a copy of itself behind that does not heed SIGTERM."""

        def body() -> None:
            def again(number: int, frame: object) -> None:
                def copy() -> None:
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    self._sleep()

                self._fork(f"{shape}_copy", copy)
                os._exit(0)

            signal.signal(signal.SIGTERM, again)
            self._sleep()

        self._fork(shape, body)

    def _parting(self, shape: str) -> None:
        """On SIGTERM it leaves a process in a session of its own."""

        def body() -> None:
            def leave(number: int, frame: object) -> None:
                self._daemon(f"{shape}_left")
                os._exit(0)

            signal.signal(signal.SIGTERM, leave)
            self._sleep()

        self._fork(shape, body)

    def _chain(self, shape: str) -> None:
        def link(depth: int) -> Callable[[], None]:
            def body() -> None:
                if depth:
                    self._fork(f"{shape}_{depth}", link(depth - 1))
                self._sleep()

            return body

        self._fork(f"{shape}_5", link(4))

    def _zombie_parent(self, shape: str) -> None:
        def body() -> None:
            self._fork("zombie", lambda: None, loud=False)
            self._sleep()

        self._fork(shape, body)

    def _brood(self, shape: str) -> None:
        for _ in range(self._number):
            self._fork(shape, self._sleep)


def tell(shape: str) -> None:
    os.write(1, f"{shape} {os.getpid()}\n".encode())


def main(argv: list[str]) -> int:
    seconds, brood, stay = 60.0, 20, False
    wanted: list[str] = []
    words = list(argv)
    while words:
        word = words.pop(0)
        if word == "--seconds":
            seconds = float(words.pop(0))
        elif word == "--brood":
            brood = int(words.pop(0))
        elif word == "--stay":
            stay = True
        elif word in SHAPES:
            wanted.append(word)
        else:
            sys.stderr.write(f"no such shape: {word}\n")
            return 2
    shapes = ProcessShapes(seconds, brood)
    for shape in wanted or SHAPES:
        shapes.start(shape)
    if stay:
        time.sleep(seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
