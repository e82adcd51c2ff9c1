"""Keeping the machine awake while a run is going, where the system offers that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess


class SleepInhibitor:
    """An inhibitor lock, held until `close` or until this process is gone, however it goes."""

    def __init__(self) -> None:
        self._holder: subprocess.Popen[bytes] | None = None

    def hold(self) -> bool:
        """Takes the lock; False where that is not possible."""
        import shutil
        import subprocess

        inhibit, tail = shutil.which("systemd-inhibit"), shutil.which("tail")
        if inhibit is None or tail is None:
            return False
        words = [inhibit, "--what=idle:sleep", "--who=overnight-tui", "--why=a session is running"]
        words += ["--mode=block", tail, f"--pid={os.getpid()}", "-f", os.devnull]
        try:
            self._holder = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Lets the machine sleep again."""
        if self._holder is not None and self._holder.poll() is None:
            self._holder.terminate()
            self._holder.wait()
        self._holder = None
