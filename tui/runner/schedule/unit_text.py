"""A schedule as text: systemd units, and lines of a crontab."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tui.runner.schedule.spec import Schedule, Surroundings, day_names
from tui.store.state_names import UNIT_VARIABLE
from tui.system.children import python_child

MARK: Final = "# overnight-tui schedule: "
"""Begins the line of a unit or a crontab that says which schedule of ours it is."""

MOST_CRON: Final = 990
"""Bytes that every cron takes as one line."""

NEEDS_RESTART: Final = 244
"""The version of systemd that restarts a unit of Type=oneshot."""

# A word as systemd reads it, without variables and specifiers.
_WORD: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "%": "%%", "$": "$$"})
# `Environment=` knows specifiers, but no variables.
_VALUE: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "%": "%%"})
_RESTART: Final = """\
# A start that fails for now (network, disk) is tried again; one that is refused is not.
Restart=on-failure
RestartSec=120
RestartPreventExitStatus=2 3 4
"""
_SERVICE: Final = """\
{mark}
[Unit]
Description=A night's session in {where}
OnFailure={name}-failed.service
StartLimitIntervalSec=1h
StartLimitBurst=3

[Service]
Type=oneshot
# The session outlives this unit on purpose: only its start is systemd's business. Its supervisor
# is started again by the run itself, and after a crash of everything by {name}-watch.timer.
KillMode=process
OOMPolicy=continue
TimeoutStartSec=5min
{restart}WorkingDirectory={where}
{marked}ExecStart={start}
"""
_FAILED: Final = """\
{mark}
[Unit]
Description=Reports that a night's session in {where} did not start

[Service]
Type=oneshot
KillMode=process
TimeoutStartSec=2min
{variables}ExecStart={failed}
"""
_WATCH: Final = """\
{mark}
[Unit]
Description=Takes up a session in {where} that nobody watches

[Service]
Type=oneshot
KillMode=process
OOMPolicy=continue
TimeoutStartSec=2min
{variables}ExecStart={adopt}
"""
_TIMER: Final = """\
{mark}
[Unit]
Description=Starts a night's session in {where} at {when}

[Timer]
OnCalendar={calendar}
Persistent=false

[Install]
WantedBy=timers.target
"""
_WATCH_TIMER: Final = """\
{mark}
[Unit]
Description=Checks that something watches the session in {where}, after a start of the machine too

[Timer]
OnStartupSec=1min
OnUnitInactiveSec=5min

[Install]
WantedBy=timers.target
"""


def unit_files(
    schedule: Schedule, around: Surroundings, *, restarts: bool = True
) -> dict[str, str]:
    """The units by their file names; without `restarts` for a systemd that restarts no such unit."""
    name = schedule.name
    where = schedule.project.replace("%", "%%")
    values = {
        "mark": mark_of(schedule),
        "name": name,
        "where": where,
        "when": schedule.when,
        "restart": _RESTART if restarts else "",
        "variables": _variables(around.variables, around),
        "marked": _variables({**around.variables, UNIT_VARIABLE: schedule.name}, around),
        "start": _words(start_words(schedule), _WORD),
        "failed": _words(_own_words(schedule, "--failed", name), _WORD),
        "adopt": _words(_own_words(schedule, "--adopt"), _WORD),
        "calendar": _calendar(schedule),
    }
    texts = {
        ".service": _SERVICE,
        ".timer": _TIMER,
        "-failed.service": _FAILED,
        "-watch.service": _WATCH,
        "-watch.timer": _WATCH_TIMER,
    }
    return {name + end: text.format(**values) for end, text in texts.items()}


def timers_of(name: str) -> tuple[str, str]:
    """The units of a schedule that are enabled."""
    return f"{name}.timer", f"{name}-watch.timer"


def mark_of(schedule: Schedule) -> str:
    """The line that names the schedule; `read_mark` reads it."""
    return MARK + json.dumps(msgspec.to_builtins(schedule))


def read_mark(line: str) -> Schedule | None:
    """The schedule that such a line names; None for any other line."""
    if not line.startswith(MARK):
        return None
    try:
        return msgspec.json.decode(line.removeprefix(MARK).strip(), type=Schedule)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return None


def cron_lines(schedule: Schedule, around: Surroundings) -> list[str]:
    """The lines of a crontab: each night's start, and what takes a session up after a start of the machine."""
    first, last = (schedule.days[0], schedule.days[-1]) if schedule.days else (0, 0)
    days = ",".join(str((day + 1) % 7) for day in schedule.days) or "*"
    if last < 6 and last - first == len(schedule.days) - 1 >= 2:
        days = f"{first + 1}-{last + 1}"
    marked = _shell_variables({**around.variables, UNIT_VARIABLE: schedule.name}, around)
    before = _shell_variables(around.variables, around)
    failed = shlex.join(_own_words(schedule, "--failed", schedule.name))
    start = f"{marked}{shlex.join(start_words(schedule))} || {failed}"
    adopt = f"{before}sleep 60; {shlex.join(_own_words(schedule, '--adopt'))}"
    return [
        f"{schedule.minute} {schedule.hour} * * {days}  {_for_cron(start)}",
        f"@reboot  {_for_cron(adopt)}",
    ]


def _for_cron(command: str) -> str:
    return command.replace("%", r"\%")


def start_words(schedule: Schedule) -> list[str]:
    """The command that starts the night."""
    # What stands behind `--` is for the agent: the goal comes before it.
    words = schedule.words
    cut = words.index("--") if "--" in words else len(words)
    flags, rest = words[:cut], words[cut:]
    command = python_child.program_command("run", "--project", schedule.project, "--detach")
    goal = schedule.goal if not schedule.goal.startswith("-") else f" {schedule.goal}"
    return [*command, *flags, goal, *rest]


def _own_words(schedule: Schedule, *words: str) -> list[str]:
    return python_child.program_command("unit", "--project", schedule.project, *words)


def _variables(variables: Mapping[str, str], around: Surroundings) -> str:
    given = {"PATH": around.path, **variables}
    lines = [f"Environment={_words([f'{key}={value}'], _VALUE)}" for key, value in given.items()]
    lines.append("# Keys and tokens, one NAME=value a line, belong into this file (chmod 600).")
    file = str(around.secrets_file).replace("%", "%%")
    return "\n".join([*lines, f"EnvironmentFile=-{file}", ""])


def _shell_variables(variables: Mapping[str, str], around: Surroundings) -> str:
    given = {"PATH": around.path, **variables}
    words = " ".join(f"{key}={shlex.quote(value)}" for key, value in given.items())
    secrets = ""
    if around.secrets_file.exists():
        secrets = f"set -a; . {shlex.quote(str(around.secrets_file))}; set +a; "
    return f"export {words}; {secrets}"


def _words(words: Sequence[str], escapes: Mapping[int, str]) -> str:
    return " ".join(f'"{word.translate(escapes)}"' for word in words)


def _calendar(schedule: Schedule) -> str:
    days = day_names(schedule.days, "..", ",")
    time = f"*-*-* {schedule.hour:02d}:{schedule.minute:02d}:00"
    return f"{days} {time}" if days else time


def printed(schedule: Schedule, around: Surroundings) -> str:
    """All of it as one text for a person who installs it by hand."""
    parts = [
        f"# ~/.config/systemd/user/{name}\n{text}"
        for name, text in unit_files(schedule, around).items()
    ]
    timers = " ".join(timers_of(schedule.name))
    lines = [
        f"# systemctl --user daemon-reload && systemctl --user enable --now {timers}",
        "# loginctl enable-linger    (so that it runs while you are logged out)",
        "#",
        "# Or with cron (crontab -e):",
        *(f"# {line}" for line in cron_lines(schedule, around)),
    ]
    return "\n".join(parts) + "\n" + "\n".join(lines) + "\n"
