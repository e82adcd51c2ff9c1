"""Git output up to a number of bytes and seconds."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui.system.errors import GitError

if TYPE_CHECKING:
    from tui.system.git import Git


_READ_BYTES = 1 << 16


class BoundedOutput(NamedTuple):
    """The output so far; `is_whole` is False when bytes or time ran out before git ended."""

    data: bytes
    is_whole: bool


class ReadBudget:
    """Seconds and bytes that several commands share."""

    def __init__(self, seconds: float, size: int) -> None:
        self._until = time.monotonic() + seconds
        self.bytes_left = size

    @property
    def seconds_left(self) -> float:
        """The time left, never below a tenth of a second."""
        return max(self._until - time.monotonic(), 0.1)

    @property
    def is_spent(self) -> bool:
        """Whether no further command should be started."""
        return self.bytes_left <= 0 or time.monotonic() >= self._until


def run_bounded(
    git: Git,
    args: Sequence[str],
    budget: ReadBudget,
    *,
    config: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> BoundedOutput:
    """The output of the hardened `git ARGS`; bytes and time come off the budget.

    Raises `GitError` when git itself fails; running out of budget is no failure.
    """
    import selectors
    import subprocess
    import tempfile

    from tui.system.git import kill_process_group

    # Into a file: a full pipe would stop git while only its output is read.
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            git.command(args),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**git.environment(args, config), **(env or {})},
            cwd=git.work_tree,
            start_new_session=True,
        )
        reading = process.stdout
        if reading is None:
            raise GitError(f"what git {args[0]} says in {git.work_tree} could not be read")
        parts: list[bytes] = []
        whole = False
        with reading as pipe, selectors.DefaultSelector() as waiting:
            waiting.register(pipe, selectors.EVENT_READ)
            while not budget.is_spent and waiting.select(budget.seconds_left):
                block = os.read(pipe.fileno(), min(_READ_BYTES, budget.bytes_left))
                if not block:
                    whole = True
                    break
                parts.append(block)
                budget.bytes_left -= len(block)
            if not whole:
                kill_process_group(process)
        code = process.wait()
        if whole and code:
            stderr.seek(0)
            line = stderr.read(2000).decode("utf-8", "replace").strip().split("\n")[0]
            text = "".join(c if c.isprintable() else "?" for c in line)[:300]
            raise GitError(f"git {args[0]} failed in {git.work_tree}: {text or f'code {code}'}")
    return BoundedOutput(b"".join(parts), whole)
