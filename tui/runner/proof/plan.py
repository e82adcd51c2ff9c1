"""What a proof would run: the night's tests and checks, and the beginning's tests on its code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from tui.monitor.history.night_end import NightEnd
from tui.runner.proof.night_commands import (
    LeftOut,
    Place,
    ProofCommand,
    ShellLine,
    project_command,
    read_command,
    widest,
)
from tui.runner.rehearsal.test_command import find_test_command
from tui.settings.settings import Settings
from tui.system.format import format_count, format_duration

_MOST_COMMANDS: Final = 8
_MOST_SHOWN: Final = 10
_KINDS: Final = {"tests": "tests", "lint": "lint", "types": "types", "build": "build"}


class ProofPlan(Struct, frozen=True):
    """What is run for a night; `seconds` bound each command. `night` is its name in our state."""

    project: Path
    work_tree: Path
    night: str
    end: NightEnd
    seconds: float
    commands: tuple[ProofCommand, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def suite(self) -> ProofCommand | None:
        """The test command whose colour counts, and that the beginning's tests are run with."""
        return next((one for one in self.commands if one.kind == "tests"), None)

    @property
    def shown(self) -> list[str]:
        """The plan for a person who has to agree to it."""
        end = self.end.head[:12] or "the work tree"
        if self.end.counts_work_tree and self.end.head:
            end += " with what is not committed"
        lines = [
            f"These commands of the repository run in throwaway copies of {self.work_tree}; the project "
            "stays as it is, and nothing is installed.",
            f"files     {end}",
        ]
        lines += [
            f"{_KINDS[one.kind]:<10}{one.text}   (from {one.source})" for one in self.commands
        ]
        if self.suite is not None and self.end.base:
            base = self.end.base[:12]
            lines.append(
                f"base      {self.suite.text}   (again, with the test files of {base}, where the night "
                "began; if they fail, there too)"
            )
        lines.append(f"bounds    {format_duration(self.seconds)} for each command; ctrl+c ends it")
        lines += [f"left out  {one.text}: {one.why}" for one in self.left_out[:_MOST_SHOWN]]
        if len(self.left_out) > _MOST_SHOWN:
            more = format_count(len(self.left_out) - _MOST_SHOWN, "command")
            lines.append(f"          and {more} more")
        return lines


def plan_proof(
    project: Path,
    work_tree: Path,
    night: str,
    end: NightEnd,
    lines: Iterable[ShellLine],
    settings: Settings,
) -> ProofPlan:
    """The plan for a night; `lines` are the shell commands that it ran, the best evidence last."""
    place = Place(str(project.resolve()), str(work_tree.resolve()))
    found = [one for line in lines for one in read_command(line, place)]
    commands = widest([one for one in found if isinstance(one, ProofCommand)])
    left = {one.text: one for one in found if isinstance(one, LeftOut)}
    own = find_test_command(project, settings)
    if own is not None:
        named = project_command(own.words, own.source)
        if isinstance(named, LeftOut):
            left[named.text] = named
        elif settings.session.test_command or settings.session.baseline_tests:
            others = [one for one in commands if one.words != named.words or one.folder]
            commands = [replace(named, counts_by_exit=True), *others]
        elif _is_needed(named, commands):
            commands = [named, *commands]
    chosen = tuple(commands[:_MOST_COMMANDS])
    more = {one.text: LeftOut(one.text, "there are enough") for one in commands[_MOST_COMMANDS:]}
    run = {one.text for one in chosen}
    out = tuple(one for one in {**left, **more}.values() if one.text not in run)
    minutes = settings.review.prove_minutes
    return ProofPlan(project, work_tree, night, end, minutes * 60, chosen, out)


def _is_needed(own: ProofCommand, commands: Sequence[ProofCommand]) -> bool:
    """Whether the project's own test command is run beside those of the night.

    Where it is only a script that is called like one, whatever suite the night ran is the better guess.
    """
    whole = [one for one in commands if one.kind == "tests" and not one.part]
    if own.framework == "script":
        return not whole
    return not any((one.framework, one.folder) == (own.framework, own.folder) for one in whole)
