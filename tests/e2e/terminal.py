"""The app in a real pseudo-terminal: every byte that it writes is kept."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyte
from wcwidth import wcwidth

from tests.command_line import command, environment

DEADLINE_S = 40.0
COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;]*)?\Z")


class Words(pyte.Screen):
    """A screen of words without colours, drawn by the piece: pyte's own way costs five times as much."""

    def draw(self, data: str) -> None:
        cursor = self.cursor
        cells = [CELLS[sign] for sign in data]
        if None in cells or cursor.x + len(cells) > self.columns:
            super().draw(data)  # wide signs, and the end of the row
            return
        self.buffer[cursor.y].update(zip(range(cursor.x, self.columns), cells, strict=False))
        cursor.x += len(cells)
        self.dirty.add(cursor.y)


class Cells(dict[str, Any]):
    """What a cell holds for a sign; None for a sign that does not fill exactly one."""

    def __missing__(self, sign: str) -> Any:
        self[sign] = pyte.screens.Char(sign) if wcwidth(sign) == 1 else None
        return self[sign]


CELLS = Cells()


class Terminal:
    """Runs the app; `output` are all bytes so far, `rows` what a terminal would show of them."""

    def __init__(
        self,
        *words: str,
        home: Path,
        cwd: Path,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
        program: Sequence[str | bytes] | None = None,
    ) -> None:
        self.output = bytearray()
        self.screen = Words(*size)
        self._stream = pyte.ByteStream(self.screen)
        self._unread = b""
        self._rows = [""] * size[1]
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.process = subprocess.Popen(
            [*program, *words] if program else command(*words),
            cwd=cwd,
            env=environment(home, TERM="xterm-256color", **(env or {})),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def read(self, seconds: float = 0.02) -> bool:
        """Takes in what was written; False when nothing came in this time."""
        ready, _, _ = select.select([self._ours], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._ours, 65_536)
        except OSError:  # the other side is closed
            return False
        self.output += data
        words = self._unread + data
        cut = UNFINISHED.search(words)
        end = cut.start() if cut else len(words)
        self._unread = words[end:]
        self._stream.feed(COLOURS.sub(b"", words[:end]))
        return bool(data)

    @property
    def rows(self) -> list[str]:
        screen = self.screen
        for y in screen.dirty:  # only what changed: every wait looks at all rows again and again
            line = screen.buffer[y]
            self._rows[y] = "".join(line[x].data for x in range(screen.columns)).rstrip()
        screen.dirty.clear()
        return self._rows

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    def until(self, condition: Callable[[], bool], seconds: float = DEADLINE_S) -> None:
        end = time.monotonic() + seconds
        while not condition():
            self.read()
            assert time.monotonic() < end, f"waited in vain; the screen is\n{self.text}"

    def see(self, *words: str) -> None:
        self.until(lambda: all(word in self.text for word in words))

    def settle(self) -> None:
        """Reads until it has been quiet for a moment."""
        while self.read(0.15):
            pass

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        """Waits for the app to end by itself, and reads the rest."""
        self.until(lambda: self.process.poll() is not None)
        while self.read(0.05):
            pass
        return self.process.wait()

    def hang_up(self) -> None:
        """The terminal goes away under the app."""
        os.close(self._ours)
        self._ours = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._ours >= 0:
            os.close(self._ours)
