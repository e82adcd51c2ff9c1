"""The person's crontab: our lines in it, and nothing else of it touched."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence

from tui.runner.schedule.spec import Schedule, Surroundings
from tui.runner.schedule.unit_text import MARK, MOST_CRON, cron_lines, mark_of, read_mark
from tui.system.children.programs import find_program
from tui.system.errors import OvernightError, RefusedError
from tui.system.sanitize import clean_line

_SECONDS = 20.0
_END = "# overnight-tui end "


class Crontab:
    """The crontab of this user, as its program prints and takes it."""

    def __init__(self, program: str, environ: Mapping[str, str]) -> None:
        self._program, self._environ = program, environ

    @staticmethod
    def find(environ: Mapping[str, str]) -> Crontab | None:
        """None where this machine has no cron."""
        program = find_program("crontab", environ)
        return None if program is None else Crontab(program, environ)

    def read(self) -> str:
        """All of it, empty where there is none. OvernightError where it cannot be read."""
        done = self._call("-l")
        if done.returncode == 0:
            return done.stdout.decode("utf-8", "surrogateescape")
        if b"no crontab" in done.stderr.lower():
            return ""
        raise OvernightError(f"the crontab cannot be read: {_error_words(done)}")

    def replace(self, before: str, text: str) -> None:
        """Replaces `before`; refused where somebody else changed it meanwhile, or it was not taken as it is."""
        if self.read() != before:
            raise RefusedError("somebody changed the crontab at this moment; try again")
        # An empty crontab is removed, so that nothing is left of us.
        done = self._call("-", text=text) if text else self._call("-r")
        if done.returncode:
            raise OvernightError(f"the crontab was not taken: {_error_words(done)}")
        if self.read() != text:
            raise OvernightError("the crontab is not what was written; look at `crontab -l`")

    def _call(self, *words: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [self._program, *words],
                input=text.encode("utf-8", "surrogateescape"),
                capture_output=True,
                env={**self._environ, "LC_ALL": "C"},
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OvernightError(f"{self._program} gave no answer: {error}") from error


def _error_words(done: subprocess.CompletedProcess[bytes]) -> str:
    words = done.stderr.decode("utf-8", "replace") or f"it ended with {done.returncode}"
    return clean_line(" ".join(words.split()), 300)


def schedules_in(text: str) -> list[Schedule]:
    """The schedules of ours that a crontab holds."""
    return [found for line in text.splitlines() if (found := read_mark(line)) is not None]


def with_schedule(text: str, schedule: Schedule, around: Surroundings) -> str:
    """A crontab with that schedule, in place of the same one. RefusedError for a line that is too long."""
    text = without_schedule(text, schedule.name)
    lines = cron_lines(schedule, around)
    if any(line.partition("=")[0].strip() == "SHELL" for line in text.splitlines()):
        lines = [_in_plain_shell(line) for line in lines]
    if max(len(line.encode()) for line in lines) > MOST_CRON:
        raise RefusedError(
            f"the line for cron would have more than {MOST_CRON} bytes, which some cut off; shorten PATH, or "
            "the goal (name a file that holds it)"
        )
    block = [mark_of(schedule), *lines, f"{_END}{schedule.name}", ""]
    return (text if not text or text.endswith("\n") else text + "\n") + "\n".join(block)


def _in_plain_shell(line: str) -> str:
    when, gap, command = line.partition("  ")
    plain = command.replace(r"\%", "%")
    return f"{when}{gap}/bin/sh -c {shlex.quote(plain)}".replace("%", r"\%")


def without_schedule(text: str, name: str) -> str:
    """A crontab without that schedule, all else byte for byte. RefusedError where its lines were edited."""
    kept: list[str] = []
    rest: Sequence[str] = text.splitlines(keepends=True)
    while rest:
        line, rest = rest[0], rest[1:]
        found = read_mark(line.rstrip("\n"))
        if found is None or found.name != name:
            kept.append(line)
            continue
        ends = [n for n, one in enumerate(rest) if one.rstrip("\n") == f"{_END}{name}"]
        if not ends or any(one.startswith(MARK) for one in rest[: ends[0]]):
            raise RefusedError(
                f"the lines of {name} in the crontab were changed; remove them with `crontab -e`"
            )
        rest = rest[ends[0] + 1 :]
    return "".join(kept)
