"""The tests that must pass before anybody builds on what is there."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tui.git import kill_group

_WITHIN = 900.0
_SHOWN = 200


def baseline_trouble(command: Sequence[str], project: Path) -> str:
    """Why the command does not succeed in the project; empty if it does. Waits up to 15 minutes."""
    try:
        process = subprocess.Popen(
            list(command),
            cwd=project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    try:
        code = process.wait(_WITHIN)
    except subprocess.TimeoutExpired:
        kill_group(process)
        return f"{' '.join(command)[:_SHOWN]} did not end within {_WITHIN / 60:.0f} minutes"
    return f"{' '.join(command)[:_SHOWN]} ended with {code}" if code else ""
