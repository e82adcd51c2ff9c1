"""Running the program as a person does: a process of its own, with a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent


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
        "TZ": "UTC",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONWARNINGS": "error",
        "PYTHONUTF8": "1",
        "OVERNIGHT_SCREEN_POLL_MS": "50",
        **more,
    }


def command(*words: str | bytes) -> list[str | bytes]:
    return [sys.executable, "-m", "tui", *words]


def run(*words: str | bytes, home: Path, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
    """One command, to its end."""
    done = subprocess.run(
        command(*words),
        cwd=cwd,
        env=environment(home, **(env or {})),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=50,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))
