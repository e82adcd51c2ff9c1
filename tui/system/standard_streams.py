"""Standard input, output and error of a command: closed ones, and an output that takes nothing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

from tui.system.errors import OvernightError, describe_os_error


class OutputError(OvernightError):
    """What was to be printed could not be."""


def replace_closed() -> None:
    """Gives a process that was started with closed streams ones that nothing else can take the number of.

    A file that is opened later would get number 1, and what is printed would end in it. What is written to
    a closed output is an error, as everywhere; a closed error output swallows it.
    """
    modes = ((os.O_RDONLY, "r"), (os.O_RDONLY, "w"), (os.O_WRONLY, "w"))
    for number, (flags, mode) in enumerate(modes):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, flags)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
            name = ("stdin", "stdout", "stderr")[number]
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def write_out(text: str, *, flush: bool = False) -> None:
    """Writes to standard output; OutputError where it cannot take it, BrokenPipeError where nobody reads."""
    try:
        sys.stdout.write(text)
        if flush:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        give_up_output()
        raise OutputError(
            describe_os_error(error, "standard output", "cannot be written")
        ) from error


def write_note(text: str) -> None:
    """Writes to standard error, whose own faults stop nothing."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        give_up_output(sys.stderr)


def give_up_output(stream: TextIO | None = None) -> None:
    """Sends what is still to be printed nowhere: the interpreter would complain about it at its end."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, (stream or sys.stdout).fileno())
        os.close(null)
