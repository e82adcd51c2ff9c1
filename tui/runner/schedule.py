"""A systemd unit, a timer and a crontab line that start a run every night."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tui.system.errors import UsageError

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def unit_text(
    project: Path, goal: str, *, at: str = "22:00", arguments: Sequence[str] = (), program: str = ""
) -> str:
    """The text of all three for that local time.

    UsageError for what is no time of day, and for a goal of several lines.
    """
    match = _TIME.fullmatch(at.strip())
    if match is None:
        raise UsageError(f"{at!r} is no time of day; write it like 22:00")
    for text in (goal, str(project), *arguments):
        if "\n" in text or "\0" in text:
            raise UsageError("a unit needs its goal and its paths in one line")
    hour, minute = int(match[1]), int(match[2])
    own = [program] if program else [sys.executable, "-m", "tui"]
    # What stands behind `--` is for the agent: the goal comes before it.
    cut = list(arguments).index("--") if "--" in arguments else len(arguments)
    flags, rest = arguments[:cut], arguments[cut:]
    words = [*own, "run", "--project", str(project), "--detach", *flags, goal, *rest]
    name = "overnight-" + (re.sub(r"[^A-Za-z0-9_.]+", "-", project.name) or "project")
    return _TEXT.format(
        name=name,
        where=str(project).replace("%", "%%"),
        words=" ".join(_quoted(word) for word in words),
        hour=f"{hour:02d}",
        minute=f"{minute:02d}",
        cron=f"{minute} {hour} * * *  " + shlex.join(words).replace("%", r"\%"),
    )


def _quoted(word: str) -> str:
    """A word as systemd reads it, without variables and specifiers."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


_TEXT = """\
# ~/.config/systemd/user/{name}.service
[Unit]
Description=A night's session in {where}

[Service]
Type=oneshot
# The session outlives this unit on purpose: only the start is systemd's business.
KillMode=process
RemainAfterExit=no
WorkingDirectory={where}
ExecStart={words}

# ~/.config/systemd/user/{name}.timer
[Unit]
Description=Starts a night's session in {where} at {hour}:{minute}

[Timer]
OnCalendar=*-*-* {hour}:{minute}:00
Persistent=false

[Install]
WantedBy=timers.target

# systemctl --user daemon-reload && systemctl --user enable --now {name}.timer
# loginctl enable-linger    (so that it runs while you are logged out)
#
# Or with cron (crontab -e):
# {cron}
"""
