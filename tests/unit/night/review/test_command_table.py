"""Every kind of risky command, found; and what only looks like one, not found."""

from __future__ import annotations

import pytest

from tests.unit.night.review.command_examples import LOW, MUST, NOTHING
from tui.model.events import SourceRef, ToolCall
from tui.model.review import Severity
from tui.night.evidence.risky_calls import RiskyCallLog
from tui.night.review.risks.command_risks import find_command_risks
from tui.night.review.risks.commands.goal import Goal
from tui.night.review.risks.commands.night_facts import NightFacts
from tui.night.review.risks.diff_view import SEVERITY_ORDER


def found(command: str, goal: str = "") -> dict[str, Severity]:
    """The worst of each kind that a command does in a project in /w/p."""
    facts, trail = NightFacts(Goal([goal]), "/w/p"), RiskyCallLog()
    trail.on_tool_call(ToolCall("t", "Bash", command.replace("⏎", "\n"), 1), SourceRef("s", 0), 1.0)
    worst: dict[str, Severity] = {}
    for one in find_command_risks(trail.calls(), facts):
        before = worst.get(one.kind, "low")
        worst[one.kind] = min(one.severity, before, key=SEVERITY_ORDER.__getitem__)
    return worst


def must() -> list[tuple[str, str, str]]:
    rows, kind, severity = [], "", ""
    for line in filter(None, MUST.split("\n")):
        if line.startswith("# "):
            kind, severity = line[2:].split(" ")
        else:
            rows.append((kind, severity, line))
    return rows


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


@pytest.mark.parametrize(("kind", "severity", "command"), must())
def test_must_be_found(kind: str, severity: str, command: str) -> None:
    assert found(command).get(kind) == severity


@pytest.mark.parametrize("command", lines(LOW))
def test_worth_a_line_only(command: str) -> None:
    assert set(found(command).values()) == {"low"}


@pytest.mark.parametrize("command", lines(NOTHING))
def test_must_not_be_found(command: str) -> None:
    assert found(command) == {}


def test_there_are_enough_examples() -> None:
    assert len(must()) >= 250
    assert len(lines(NOTHING)) >= 250
