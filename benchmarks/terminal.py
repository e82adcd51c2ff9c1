"""A pseudo-terminal of a fixed size around a program, with a clock: what benchmarks watch."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from types import TracebackType


class Terminal:
    """Runs a program in a terminal of 120×40; answers no queries, as a plain terminal would not."""

    def __init__(
        self, command: Sequence[str], columns: int = 120, rows: int = 40, home: str = ""
    ) -> None:
        self.bytes = 0
        self._text = b""
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        if home:
            environment["HOME"] = home
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            command,
            stdin=child,
            stdout=child,
            stderr=child,
            env=environment,
            start_new_session=True,
        )
        os.close(child)
        self._fd = parent
        self.pid = self._process.pid

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._fd)

    def type(self, keys: str) -> None:
        """Sends keys as they are."""
        os.write(self._fd, keys.encode())

    def read(self, seconds: float) -> None:
        """Takes in what comes within so many seconds."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], left)[0]:
                return
            data = os.read(self._fd, 1 << 16)
            self.bytes += len(data)
            self._text = (self._text + data)[-(1 << 20) :]

    def wait_for(self, pattern: str, seconds: float = 30.0) -> float | None:
        """Seconds since the start until the pattern was written; None when it never was.

        Escape sequences between the characters of a word do not hide it.
        """
        wanted = re.compile(pattern.encode())
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if wanted.search(_plain(self._text)):
                return time.monotonic() - self.began
            self.read(0.004)
        return None

    def forget(self) -> None:
        """What was written so far no longer counts for `wait_for`."""
        self._text = b""

    def cpu(self) -> float:
        """Seconds of processor time used so far by the program itself."""
        with open(f"/proc/{self.pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        """The most memory it had, in MB."""
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) / 1024
        return 0.0


_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]")


def _plain(text: bytes) -> bytes:
    return _ESCAPES.sub(b"", text)
