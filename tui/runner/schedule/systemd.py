"""The person's systemd: asking it, and the folder of their units."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tui.runner.schedule.spec import Schedule
from tui.runner.schedule.unit_text import read_mark
from tui.system import paths
from tui.system.children.programs import find_program
from tui.system.errors import OvernightError
from tui.system.files import read_small
from tui.system.sanitize import clean_line

_SECONDS = 20.0


def unit_folder(environ: Mapping[str, str]) -> Path:
    """Where this user's own units lie."""
    return paths.config_dir(environ).parent / "systemd" / "user"


def installed_units(environ: Mapping[str, str]) -> list[Schedule]:
    """The schedules whose timers lie there."""
    found = []
    for file in sorted(unit_folder(environ).glob("overnight-*.timer")):
        first = read_small(file, follow=True).partition(b"\n")[0].decode("utf-8", "replace")
        schedule = read_mark(first)
        if schedule is not None and file.name == f"{schedule.name}.timer":
            found.append(schedule)
    return found


class UserManager:
    """systemd as it runs for this user; `version` is 0 where it does not tell."""

    def __init__(self, program: str, environ: Mapping[str, str], version: int) -> None:
        self._program, self._environ, self.version = program, environ, version

    @staticmethod
    def find(environ: Mapping[str, str]) -> tuple[UserManager | None, str]:
        """The manager, or None and why there is none."""
        program = find_program("systemctl", environ)
        if program is None:
            return None, "this machine has no systemctl"
        try:
            done = _run([program, "--user", "show", "--property=Version"], environ)
        except OvernightError as error:
            return None, str(error)
        if done.returncode:
            return None, f"systemd does not run for this user: {_error_words(done)}"
        match = re.search(r"(\d+)", done.stdout)
        return UserManager(program, environ, int(match[1]) if match else 0), ""

    def call(self, *words: str) -> str:
        """What it prints. OvernightError with its words where it fails or gives no answer."""
        done = _run([self._program, "--user", *words], self._environ)
        if done.returncode:
            raise OvernightError(f"systemctl --user {' '.join(words)}: {_error_words(done)}")
        return done.stdout

    def timer_facts(self, name: str) -> dict[str, str]:
        """State, last and next time of a timer, as systemd prints them; empty where it does not know."""
        wanted = "ActiveState,LastTriggerUSec,NextElapseUSecRealtime"
        try:
            out = self.call("show", f"{name}.timer", f"--property={wanted}")
        except OvernightError:
            return {}
        pairs = (line.partition("=") for line in out.splitlines())
        return {key: clean_line(value, 80) for key, _, value in pairs if value.strip()}

    def lingers(self) -> bool | None:
        """Whether units run while the user is logged out; None where nobody can tell."""
        program = find_program("loginctl", self._environ)
        if program is None:
            return None
        user = self._environ.get("USER") or str(os.getuid())
        try:
            done = _run([program, "show-user", user, "--property=Linger"], self._environ)
        except OvernightError:
            return None
        return {"Linger=yes": True, "Linger=no": False}.get(done.stdout.strip())


def _run(words: list[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env={**environ, "LC_ALL": "C"},
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OvernightError(f"{words[0]} gave no answer within {_SECONDS:.0f} s") from error
    except OSError as error:
        raise OvernightError(f"{words[0]}: {error.strerror}") from error


def _error_words(done: subprocess.CompletedProcess[str]) -> str:
    words = " ".join((done.stderr or done.stdout).split())
    return clean_line(words, 300) or f"it ended with {done.returncode}"
