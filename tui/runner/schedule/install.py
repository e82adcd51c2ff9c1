"""Installs, removes and lists schedules: as units of systemd, or in the crontab where there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from tui.runner.agent.logins import check_login
from tui.runner.preflight import check_agent, check_version, is_claude
from tui.runner.schedule.crontab import Crontab, schedules_in, with_schedule, without_schedule
from tui.runner.schedule.spec import Schedule, Surroundings
from tui.runner.schedule.starts import past_starts
from tui.runner.schedule.systemd import UserManager, installed_units, unit_folder
from tui.runner.schedule.unit_text import NEEDS_RESTART, read_mark, timers_of, unit_files
from tui.settings.settings import Settings
from tui.system.children import python_child
from tui.system.errors import NoSessionError, OvernightError, RefusedError, describe_os_error
from tui.system.files import atomic_write, read_small
from tui.system.format import format_weekday_clock
from tui.system.git import Git, NotARepositoryError

_LINGER = "`loginctl enable-linger` lets it start while you are logged out; without, it does not"


class Installed(Struct, frozen=True):
    """A schedule that is installed, and where: "systemd" or "cron"."""

    schedule: Schedule
    place: str


def check_would_start(
    schedule: Schedule, around: Surroundings, settings: Settings, environ: Mapping[str, str]
) -> None:
    """RefusedError where the night could not start in the environment that it will have."""
    project = Path(schedule.project)
    program = python_child.program_file()
    if not os.access(program, os.R_OK):
        raise RefusedError(f"{program} cannot be read, so nothing would start")
    try:
        Git(project)
    except NotARepositoryError as error:
        raise RefusedError(f"{project} is in no git repository; run `git init` there") from error
    night = around.environ(environ)
    agent = settings.agent.command
    check_agent(agent, night, project)
    if not is_claude(agent):
        return
    check_version(agent, night, project)
    try:
        check_login(project, settings, night, schedule.words)
    except RefusedError as error:
        if not around.withheld:
            raise
        raise RefusedError(withheld_sentence(around)) from error


def withheld_sentence(around: Surroundings) -> str:
    """What to do about the secret variables of this shell."""
    names = " and ".join(around.withheld)
    return (
        f"{names}: secret, so not written into a unit, which others may read; put it as NAME=value into "
        f"{around.secrets_file} (chmod 600), which the night reads"
    )


def install(
    schedule: Schedule, around: Surroundings, settings: Settings, environ: Mapping[str, str]
) -> list[str]:
    """Installs the schedule once it is sure that it would start; what to tell the person, a sentence each.

    RefusedError or OvernightError where it is not installed; then nothing of it is left.
    """
    check_would_start(schedule, around, settings, environ)
    manager, why = UserManager.find(environ)
    if manager is not None:
        return _install_units(schedule, around, manager, environ)
    crontab = Crontab.find(environ)
    if crontab is None:
        raise RefusedError(f"{why}, and it has no crontab: start the night by hand, with `run`")
    before = crontab.read()
    crontab.replace(before, with_schedule(before, schedule, around))
    return [
        f"{schedule.name}: in your crontab, as {why}",
        f"starts {schedule.when}, while cron runs",
    ]


def _install_units(
    schedule: Schedule, around: Surroundings, manager: UserManager, environ: Mapping[str, str]
) -> list[str]:
    restarts = not manager.version or manager.version >= NEEDS_RESTART
    folder = unit_folder(environ)
    files = unit_files(schedule, around, restarts=restarts)
    foreign = [name for name in files if not _is_ours(folder / name)]
    if foreign:
        raise RefusedError(f"{folder / foreign[0]} is there and was not written by this program")
    before = {name: _content(folder / name) for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            atomic_write(folder / name, text.encode())
        manager.call("daemon-reload")
        manager.call("enable", "--now", *timers_of(schedule.name))
    except (OSError, OvernightError) as error:
        _put_back(folder, before, schedule, manager)
        said = describe_os_error(error) if isinstance(error, OSError) else str(error)
        raise OvernightError(f"not installed: {said}") from error
    facts = manager.timer_facts(schedule.name)
    lines = [f"{schedule.name}: installed in {folder}", f"starts {schedule.when}"]
    lines += (
        [f"next: {facts['NextElapseUSecRealtime']}"] if "NextElapseUSecRealtime" in facts else []
    )
    return [*lines, *([_LINGER] if manager.lingers() is not True else [])]


def _is_ours(path: Path) -> bool:
    """Whether nothing is there, or what this program wrote."""
    if not os.path.lexists(path):
        return True
    first = read_small(path).partition(b"\n")[0].decode("utf-8", "replace")
    return read_mark(first) is not None


def _content(path: Path) -> bytes | None:
    return read_small(path) if path.exists() else None


def _put_back(
    folder: Path, before: Mapping[str, bytes | None], schedule: Schedule, manager: UserManager
) -> None:
    """Everything as it was before an installation that failed."""
    if all(content is None for content in before.values()):
        with suppress(OvernightError):
            manager.call("disable", "--now", *timers_of(schedule.name))
    for name, content in before.items():
        with suppress(OSError):
            if content is None:
                (folder / name).unlink(missing_ok=True)
            else:
                atomic_write(folder / name, content)
    with suppress(OvernightError):
        manager.call("daemon-reload")


def installed(environ: Mapping[str, str], project: Path | None = None) -> list[Installed]:
    """The schedules of this user, or of a project."""
    found = [Installed(one, "systemd") for one in installed_units(environ)]
    crontab = Crontab.find(environ)
    if crontab is not None:
        with suppress(OvernightError):
            found += [Installed(one, "cron") for one in schedules_in(crontab.read())]
    return [one for one in found if project is None or one.schedule.project == str(project)]


def remove(
    environ: Mapping[str, str], project: Path, goal: str | None, when: Schedule | None
) -> list[str]:
    """Removes the schedule that is meant, exactly; what to tell the person.

    `goal` is a goal or the name of a schedule, `when` has a time and days; where both are None the only one of
    the project is meant. NoSessionError where there is none, RefusedError where several fit.
    """
    known = installed(environ, project)
    fitting = [one for one in known if _fits(one.schedule, goal, when)]
    names = sorted({one.schedule.name for one in fitting})
    if not names:
        others = "".join(f"; there is {one.schedule.name} ({one.schedule.when})" for one in known)
        raise NoSessionError(f"no such schedule is installed for {project}{others}")
    if len(names) > 1:
        raise RefusedError(f"several fit: {', '.join(names)}; name the one that is to go")
    lines: list[str] = []
    for one in fitting:
        if one.place == "cron":
            crontab = Crontab.find(environ)
            if crontab is not None:
                before = crontab.read()
                crontab.replace(before, without_schedule(before, one.schedule.name))
        else:
            lines += _remove_units(one.schedule, environ)
        lines.insert(0, f"{one.schedule.name}: removed from {one.place}")
    return lines


def _fits(schedule: Schedule, goal: str | None, when: Schedule | None) -> bool:
    if goal is not None and goal not in (schedule.goal, schedule.name):
        return False
    if when is None:
        return True
    return (when.hour, when.minute, when.days) == (schedule.hour, schedule.minute, schedule.days)


def _remove_units(schedule: Schedule, environ: Mapping[str, str]) -> Iterator[str]:
    folder, timers = unit_folder(environ), timers_of(schedule.name)
    manager, why = UserManager.find(environ)
    if manager is not None:
        with suppress(OvernightError):  # they may be disabled already
            manager.call("disable", "--now", *timers)
    for name in (*_own_files(folder, schedule), *(f"timers.target.wants/{one}" for one in timers)):
        with suppress(OSError):
            (folder / name).unlink()
    if manager is None:
        yield f"systemd could not be reached: {why}"
        return
    try:
        manager.call("daemon-reload")
    except OvernightError as error:
        yield f"the units are gone, but systemd did not take note of it: {error}"


def _own_files(folder: Path, schedule: Schedule) -> Iterator[str]:
    ends = (".service", ".timer", "-failed.service", "-watch.service", "-watch.timer")
    for name in (schedule.name + end for end in ends):
        if _is_ours(folder / name):
            yield name


def listing(environ: Mapping[str, str], project: Path) -> list[str]:
    """The project's schedules with their next time, and its past starts with their ends, for people."""
    manager, _ = UserManager.find(environ)
    lines = []
    for one in installed(environ, project):
        facts = manager.timer_facts(one.schedule.name) if manager and one.place == "systemd" else {}
        coming = facts.get("NextElapseUSecRealtime") or facts.get("ActiveState", "")
        lines.append(f"{one.schedule.name}  {one.schedule.when}  {one.place}  {coming}".rstrip())
        lines.append(f"  {one.schedule.goal}")
    lines += [
        f"{format_weekday_clock(start.at)}  {start.outcome()}"
        for start in past_starts(project, environ)
    ]
    return lines or [f"no schedule is installed for {project}, and none has started anything"]
