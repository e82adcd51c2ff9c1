"""Running the program as a person does: a process of its own, with a home of its own.

The process is forked from one that has everything loaded; `command` is the real command line, for
tests of the process itself.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
TIMEOUT_S = 50.0


class Done(NamedTuple):
    code: int
    out: bytes
    err: str


def environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of this machine's own settings; everything of ours under `home`."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "XDG_STATE_HOME": os.environ["XDG_STATE_HOME"],
        "TZ": "UTC",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONWARNINGS": "error",
        "PYTHONUTF8": "1",
        "OVERNIGHT_SCREEN_POLL_MS": "50",
        **more,
    }


def command(*words: str | bytes) -> list[str | bytes]:
    return [sys.executable, "-m", "tui", *words]


def installed(*words: str) -> list[str]:
    """The command line of the installed program, which finds no module in the current folder."""
    return [str(Path(sys.executable).with_name("overnight-tui")), *words]


def run(
    *words: str | bytes,
    home: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    audit: Path | None = None,
) -> Done:
    """One command, to its end.

    With `audit`, a file that hears what it starts, it runs as the installed program would: no module
    of the current folder is found.
    """
    variables = environment(home, **(env or {}))
    if _of_the_interpreter(variables) != _of_the_interpreter(environment(home)):
        done = subprocess.run(
            command(*words),
            cwd=cwd,
            env=variables,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        out.touch()
        err.touch()
        code = server().run(
            words=[os.fsdecode(word) for word in words],
            cwd=os.fsdecode(cwd),
            env=variables,
            out=str(out),
            err=str(err),
            **({"audit": str(audit), "first_path": str(REPOSITORY)} if audit else {}),
        )
        return Done(code, out.read_bytes(), err.read_bytes().decode("utf-8", "replace"))


def _of_the_interpreter(variables: Mapping[str, str]) -> dict[str, str]:
    """What a running interpreter can no longer be told; a run that differs needs one of its own."""
    return {name: value for name, value in variables.items() if name.startswith("PYTHON")}


class ForkingServer:
    """The process that `tests/forking_server.py` is; one for all tests of this process."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        self._ours.settimeout(TIMEOUT_S)
        self._answers = self._ours.makefile("rb")
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    REPOSITORY / "tests/forking_server.py",
                    str(theirs.fileno()),
                ],
                cwd=REPOSITORY,
                env=environment(REPOSITORY),
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self.close)

    def run(self, **request: object) -> int:
        """The exit code of one run of the program."""
        self._ours.sendall(json.dumps(request).encode() + b"\n")
        return int(self._answers.readline())

    def close(self) -> None:
        self._answers.close()
        self._ours.close()
        self._process.wait()


@cache
def server() -> ForkingServer:
    return ForkingServer()
