"""doctor, config."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import textwrap
from typing import TYPE_CHECKING

from tui.commands.context import (
    add_flags,
    add_path,
    confirm,
    print_json,
    print_lines,
    print_notes,
    project_of,
    settings_of,
)
from tui.system.paths import path_text
from tui.system.standard_streams import write_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.runner.doctor.checks import CheckResult
    from tui.runner.doctor.examine import Examination
    from tui.runner.rehearsal.plan import RehearsalPlan


_NAME = 13
_STATE = 6
_PLAN_LINE = 2_000
_MOST_MINUTES = 600
_LEAST, _MOST = 40, 100
_COLOURS = {"ok": "32", "warn": "33", "fail": "1;31"}


def doctor_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    add_flags(parser, json="one JSON object, schema 1")
    add_flags(
        parser,
        notify="send a test message to everything configured",
        rehearse="play one turn of the night in a throwaway copy: the tests, an edit, a commit",
        yes="with --rehearse: do not ask, though the project is not trusted",
    )
    parser.add_argument(
        "--minutes",
        type=_minutes,
        metavar="N",
        help="with --rehearse: the most that it may take (default: 15)",
    )


def _minutes(text: str) -> float:
    value = float(text)
    if not 0 < value <= _MOST_MINUTES:
        raise ValueError(text)
    return value


def doctor_command(arguments: argparse.Namespace) -> int:
    """Prints what was found; 1 when something would spoil the night."""
    from tui.runner.doctor.checks import CheckResult
    from tui.runner.doctor.examine import Examination

    project = project_of(arguments)
    examination = Examination(project)
    plan = _agreed_plan(examination, arguments) if arguments.rehearse else None
    found = list(examination.checks(notify=arguments.notify or plan is not None))
    if plan is not None:
        found += _rehearse(plan)
        if not examination.forecast.nights:
            text = "no earlier night of this project tells what an hour costs"
            found.append(CheckResult("forecast", "ok", text))
    results = [_without_secrets(one) for one in found]
    if arguments.json:
        print_json(_as_object(examination, results))
    else:
        write_out("\n".join([*_page(results), "", verdict(results)]) + "\n")
    return 1 if any(result.state == "fail" for result in results) else 0


def _agreed_plan(examination: Examination, arguments: argparse.Namespace) -> RehearsalPlan:
    """What a rehearsal would run, shown; RefusedError where neither trust nor the person allows it."""
    from tui.runner.rehearsal.plan import plan_rehearsal
    from tui.store.trust import is_trusted
    from tui.system.credentials.hide import hide_credentials
    from tui.system.sanitize import clean_line

    minutes = {} if arguments.minutes is None else {"most_minutes": arguments.minutes}
    plan = plan_rehearsal(
        examination.project, examination.settings, version=examination.version, **minutes
    )
    title, *lines = (clean_line(hide_credentials(line), _PLAN_LINE) for line in plan.shown)
    shown = [title, *(f"  {line}" for line in lines)]
    trusted = is_trusted(examination.project, examination.digest)
    confirm(shown, "Rehearse so, with programs of this repository?", arguments.yes or trusted)
    return plan


def _rehearse(plan: RehearsalPlan) -> list[CheckResult]:
    """What the rehearsal finds; it tidies up also where this process is asked to end."""
    from tui.runner.rehearsal.rehearse import rehearse

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = {one: signal.signal(one, leave) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        return list(rehearse(plan))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _without_secrets(result: CheckResult) -> CheckResult:
    """What a finding quotes, of a program or a file, may hold credentials."""
    from msgspec.structs import replace

    from tui.system.credentials.hide import hide_credentials

    text, advice = hide_credentials(result.text), hide_credentials(result.advice)
    return replace(result, text=text, advice=advice)


def _page(results: Sequence[CheckResult]) -> list[str]:
    """All lines; on a screen too small for them, what needs a person stands last and is seen."""
    lines = [line for result in results for line in lines_of(result)]
    if sys.stdout.isatty() and len(lines) + 3 > shutil.get_terminal_size().lines:
        worst_last = sorted(results, key=lambda one: ("ok", "warn", "fail").index(one.state))
        lines = [line for result in worst_last for line in lines_of(result)]
    return lines


def lines_of(check: CheckResult) -> list[str]:
    """The check as lines of the terminal: the finding, and under it what to do."""
    from tui.system.sanitize import clean_line

    width = max(_LEAST, min(_MOST, shutil.get_terminal_size().columns)) - 1 - _STATE - _NAME
    text = textwrap.wrap(clean_line(check.text, 600), width) or [""]
    advice = textwrap.TextWrapper(width, initial_indent="-> ", subsequent_indent="   ")
    rest = (*text[1:], *advice.wrap(clean_line(check.advice, 600)))
    state = _coloured(check.state) + " " * (_STATE - len(check.state))
    first = f"{state}{check.name:<{_NAME}}{text[0]}"
    return [first, *(" " * (_STATE + _NAME) + line for line in rest)]


def _coloured(state: str) -> str:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return state
    return f"\x1b[{_COLOURS[state]}m{state}\x1b[0m"


def verdict(results: Sequence[CheckResult]) -> str:
    """One sentence about all of it."""
    fails = sum(result.state == "fail" for result in results)
    warnings = sum(result.state == "warn" for result in results)
    if not fails and not warnings:
        return "Good night: nothing stands in its way."
    parts = [f"{fails} in the way"] if fails else []
    parts += [f"{warnings} to check"] if warnings else []
    return f"{'Not yet' if fails else 'Good night'}: {', '.join(parts)}."


def _iso_seconds(at: float | None) -> str | None:
    """A moment in UTC, to the second; None for none."""
    from datetime import UTC, datetime

    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _as_object(examination: Examination, results: Sequence[CheckResult]) -> dict[str, object]:
    forecast = examination.forecast
    return {
        "schema": 1,
        "project": path_text(examination.project),
        "ok": all(result.state != "fail" for result in results),
        "checks": [
            {name: getattr(result, name) for name in ("name", "state", "text", "advice")}
            for result in results
        ],
        "permissions": _permissions(examination),
        "forecast": {
            "ends_at": _iso_seconds(forecast.ends_at),
            "cost_usd": forecast.usd,
            "nights": forecast.nights,
            "usd_per_hour": forecast.usd_per_hour,
            "cost_limit_at": _iso_seconds(forecast.cost_limit_at),
            "windows": [
                {
                    "window": one.window,
                    "used": one.used,
                    "full_at": _iso_seconds(one.full_at),
                    "resets_at": _iso_seconds(one.resets_at),
                }
                for one in forecast.windows
            ],
        },
    }


def _permissions(examination: Examination) -> dict[str, object]:
    """Every rule that a run would start with, and the commands that the project's files name."""
    granted = examination.permissions
    return {
        "preset": granted.preset.value,
        "mode": granted.mode,
        "allow": [*granted.allow, *granted.allowed],
        "deny": [*granted.deny, *granted.disallowed],
        "commands": [
            {"command": one.text, "purpose": one.purpose.value, "file": one.file}
            for one in granted.commands
        ],
    }


def config_arguments(parser: argparse.ArgumentParser) -> None:
    add_path(parser)
    add_flags(parser, defaults="print a documented config/overnight.yaml")


def config_command(arguments: argparse.Namespace) -> int:
    """Prints the settings in force; notices about those without effect go to stderr."""
    from tui.settings.describe import defaults_yaml, effective_text
    from tui.settings.notices import notices_of

    if arguments.defaults:
        print_lines(defaults_yaml().removesuffix("\n"))
        return 0
    loaded = settings_of(project_of(arguments))
    text = effective_text(loaded).removesuffix("\n")
    notes = [f"overnight-tui: {notice}" for notice in notices_of(loaded)]
    if loaded.where or loaded.path or loaded.user_path or notes:
        # Defaults alone hold no secret, and to compile what looks for one takes half of the command's time.
        from tui.system.credentials.hide import hide_credentials

        text, notes = hide_credentials(text), [hide_credentials(note) for note in notes]
    from tui.monitor.prices_in_force import price_table

    table = price_table(loaded.settings.prices, loaded.settings.prices_file)
    print_lines(text, "", f"# Prices in force: those of {table.priced_on}.")
    if table.problem:
        notes.append(f"overnight-tui: {table.problem}; the built-in prices hold.")
    print_notes(*notes)
    return 0
