"""unit: nights that start by themselves."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import NoReturn

from tui.commands.context import print_lines, print_notes, project_of, settings_of
from tui.system.errors import UsageError

_AT = "22:00"
_EXAMPLES = """\
What stands after -- goes to `run` as it is. Examples:
Print units and a crontab line, and install them for every night:
  overnight-tui unit "Do the open tasks." --at 23:00
  overnight-tui unit "Do the open tasks." --at 23:00 --install
On weekdays with a budget, and at the weekend in a work tree of its own:
  overnight-tui unit "Go on." --at 22:30 --on mon-fri --install -- --max-cost 10
  overnight-tui unit "Upkeep." --at 9:00 --on sat,sun --install -- --worktree up
List what is installed, with past starts; remove one:
  overnight-tui unit
  overnight-tui unit --at 23:00 --remove
"""


def unit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "goal", metavar="GOAL", nargs="?", help="what is to be done (none: list what is installed)"
    )
    parser.add_argument("--at", metavar="HH:MM", help=f"when to start, in local time ({_AT})")
    parser.add_argument("--on", metavar="DAYS", help="on these days only: mon-fri, or sat,sun")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--install",
        action="store_true",
        help="check that it would start, and have systemd do it, or cron where there is no systemd",
    )
    what.add_argument(
        "--remove", action="store_true", help="remove what --install wrote, and nothing else"
    )
    what.add_argument("--adopt", action="store_true", help=argparse.SUPPRESS)
    what.add_argument("--failed", metavar="NAME", help=argparse.SUPPRESS)
    parser.set_defaults(words=[])
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES


def unit_command(arguments: argparse.Namespace) -> int:
    """Prints, installs, removes or lists."""
    project = project_of(arguments)
    if arguments.adopt:
        return _adopt(project)
    if arguments.failed:
        return _tell_failure(project, arguments.failed)
    from tui.runner.schedule import install

    if arguments.remove:
        return _remove(project, arguments)
    if arguments.goal is None:
        if arguments.install or arguments.words:
            raise UsageError("a unit needs a goal; say what is to be done")
        print_lines(*install.listing(os.environ, project))
        return 0
    return _make(project, arguments)


def _make(project: Path, arguments: argparse.Namespace) -> int:
    from tui.runner.schedule import install, spec, unit_text

    at = arguments.at or _AT
    schedule = spec.make_schedule(project, arguments.goal, at, arguments.on, arguments.words)
    flags = _run_flags(schedule.words)
    around = spec.surroundings_of(project, os.environ)
    if not arguments.install:
        print_lines(unit_text.printed(schedule, around).removesuffix("\n"))
        if around.withheld:
            print_notes(install.withheld_sentence(around))
        return 0
    same = [
        one.schedule
        for one in install.installed(os.environ, project)
        if one.schedule.name != schedule.name and one.schedule.when == schedule.when
    ]
    settings = settings_of(project, **flags).settings
    print_lines(*install.install(schedule, around, settings, os.environ))
    if around.withheld:
        print_notes(install.withheld_sentence(around))
    for other in same:
        print_notes(
            f"{other.name} starts {other.when} too ({other.goal}); only one session at a time works in a "
            f"work tree: `overnight-tui unit {other.name} --remove`, or give each its --worktree"
        )
    return 0


def _remove(project: Path, arguments: argparse.Namespace) -> int:
    from tui.runner.schedule import install, spec

    when = None
    if arguments.at or arguments.on:
        when = spec.make_schedule(project, "any", arguments.at or _AT, arguments.on)
    print_lines(*install.remove(os.environ, project, arguments.goal, when))
    return 0


def _run_flags(words: tuple[str, ...]) -> dict[str, object]:
    """The settings that options of `run` give; UsageError where `run` would not take them."""
    from tui.commands.run import flags_of, run_arguments

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise UsageError(
                f"what stands after -- goes to `run`, which would not take it: {message}"
            )

    parser = Parser(add_help=False, allow_abbrev=False)
    run_arguments(parser)
    cut = words.index("--") if "--" in words else len(words)
    return flags_of(parser.parse_args([*words[:cut], "goal"]))


def _adopt(project: Path) -> int:
    """What a timer calls: sessions that nobody watches are taken up again, in each of its work trees."""
    from tui.runner import start
    from tui.store.moved_projects import sibling_projects

    for one in (project, *sibling_projects(project)):
        if one.is_dir() and start.adopt_run(one):
            print_lines(f"the session in {one} is watched again")
    return 0


def _tell_failure(project: Path, name: str) -> int:
    """What is called when a night did not start: people are notified."""
    from tui.runner.schedule.starts import tell_failure

    print_notes(tell_failure(project, name, settings_of(project).settings, os.environ))
    return 0
