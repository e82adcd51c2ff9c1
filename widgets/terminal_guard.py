"""Gives the terminal back as it was, however the program ends: by a signal, by a fault, in its first moment.

While `guarded_terminal` lasts, a signal that ends the program first leaves the alternate screen, shows the
cursor, switches off what the mouse and pastes report, and brings the line mode back; then it ends the
program as it would have. Whoever changes the terminal calls `on_changed`, who restores it `on_restored`.
"""

from __future__ import annotations

import os
import select
import signal
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
# An escape first ends a sequence that was cut off; the keyboard's mode belongs to the alternate screen.
RESTORED: Final = (
    "\x1b\\\x1b[?2026l\x1b[?2004l\x1b[?2048l\x1b[?7h"
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l\x1b[0m"
)
"""What undoes all that Textual and our first screen ask of a terminal."""

_WRITE_SECONDS: Final = 0.5
_PAUSE_SECONDS: Final = 0.005


class _Terminal:
    """What is known of this process's terminal."""

    def __init__(self) -> None:
        self.is_changed = False
        self.modes: list[Any] | None = None


_terminal: Final = _Terminal()


@contextmanager
def guarded_terminal() -> Iterator[None]:
    """The terminal is restored when the block is left, and when a signal ends the process inside it.

    Call it in the main thread. A signal that is ignored stays ignored.
    """
    with suppress(termios.error, OSError):
        _terminal.modes = termios.tcgetattr(0)
    before = {
        number: signal.signal(number, _suspend if number == signal.SIGTSTP else _end)
        for number in (*_ENDING, signal.SIGTSTP)
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)
    }
    try:
        yield
    finally:
        restore_terminal()
        for number, handler in before.items():
            signal.signal(number, handler)


def on_changed() -> None:
    """The terminal is about to be changed."""
    _terminal.is_changed = True


def on_restored() -> None:
    """It is as it was again."""
    _terminal.is_changed = False


def restore_terminal() -> None:
    """Restores the terminal if it was changed; waits half a second for it at most, and never raises."""
    if not _terminal.is_changed:
        return
    _terminal.is_changed = False
    with suppress(OSError):
        _write_to_terminal(RESTORED.encode("ascii"))
    with suppress(termios.error, OSError):
        if _terminal.modes is not None and not _is_in_background():
            termios.tcsetattr(0, termios.TCSANOW, _terminal.modes)


def _write_to_terminal(data: bytes) -> None:
    """Through a descriptor that never waits: a terminal that takes nothing must not keep us alive."""
    out = next((number for number in (2, 1, 0) if os.isatty(number)), None)
    if out is None:
        return
    flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(os.ttyname(out), flags)
    until = time.monotonic() + _WRITE_SECONDS
    try:
        while data and time.monotonic() < until:
            select.select([], [descriptor], [], until - time.monotonic())
            try:
                data = data[os.write(descriptor, data) :]
            except BlockingIOError:  # another thread is writing to it
                time.sleep(_PAUSE_SECONDS)
    finally:
        os.close(descriptor)


def _silence_output() -> None:
    """What a thread still writes goes nowhere: it would switch on again what is switched off."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        for number in (1, 2):
            if os.isatty(number):
                os.dup2(null, number)


def _is_in_background() -> bool:
    """Then setting modes would stop this process, and the shell has set its own by now."""
    try:
        return os.tcgetpgrp(0) != os.getpgrp()
    except OSError:  # not the terminal of this session
        return False


def _end(number: int, frame: FrameType | None) -> None:
    # The descriptor 0 still names the terminal.
    _silence_output()
    restore_terminal()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _suspend(number: int, frame: FrameType | None) -> None:
    """Stops the process until it is continued; the screen, once it is up, does this itself."""
    restore_terminal()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    signal.signal(number, _suspend)
