"""A scripted model on loopback, for tests that drive the real CLI."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.shared_data import shared
from tests.unit.runner.runner_scene import until


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def scripted_model(
    port: int, project: Path, stories: Path, log: Path | None = None
) -> Iterator[None]:
    """Plays the stories of that file to who asks at the port; what was asked is written to `log`."""
    words = ["--port", str(port), "--cwd", str(project), "--scenarios", str(stories)]
    words += ["--log", str(log)] if log is not None else []
    program = [sys.executable, str(shared("tools/fake_api.py")), *words]
    model = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _answers(port), "the scripted model")
        yield
    finally:
        model.kill()
        model.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
