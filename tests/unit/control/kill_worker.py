"""Operations on a work tree in a process that is killed: by its own hand at a step, or from outside.

As a program, with folder and operation, it does one operation; without, it is asked for them line by
line and forks a child for each, so that what they need is loaded once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.unit.control.rewinds import undo
from tui.control.checkpoints.capture import take_checkpoint
from tui.control.checkpoints.refs import checkpoints_of
from tui.control.rewind.execute import execute_rewind, recover_rewind
from tui.control.rewind.plan import plan_rewind


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def perform(
    folder: Path,
    operation: str,
    step: str,
    count: int,
    at_the_step: Callable[[], object] = kill_myself,
) -> None:
    """Does the operation; `at_the_step` is called the count-th time that the step is heard of."""
    heard = 0

    def hear(name: str, *_: object) -> None:
        nonlocal heard
        heard += name == step
        if name == step and heard == count:
            at_the_step()

    if operation == "take":
        take_checkpoint(folder, progress=hear)
    elif operation == "rewind":
        execute_rewind(plan_rewind(folder, checkpoints_of(folder)[0]), progress=hear)
    elif operation == "recover":
        recover_rewind(folder, may_act=True, progress=hear)
    else:
        raise ValueError(operation)


def storm(folder: Path, operation: str) -> None:
    """Works without an end, for whoever kills it; it says when it begins."""
    if operation == "storm take":
        take_checkpoint(folder)
        say("ready")
        while True:
            take_checkpoint(folder)
    recover_rewind(folder, may_act=True)
    say("ready")
    execute_rewind(plan_rewind(folder, checkpoints_of(folder)[0]))
    while True:
        undo(folder)


def serve() -> None:
    """Answers each request with the exit code of its child and with what it said."""
    for line in sys.stdin:
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            _as_asked(line, theirs)
        os.close(theirs)
        with open(ours, errors="replace") as said:
            words = said.read()  # to the end of the last git too, which may outlive the child
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        say(json.dumps([code, words]))


def _as_asked(line: str, output: int) -> None:
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, file in enumerate((nothing, output, output)):
            os.dup2(file, number)
        folder, operation, step, count = json.loads(line)
        perform(Path(folder), operation, step, count)
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        storm(Path(sys.argv[1]), sys.argv[2])
    serve()
