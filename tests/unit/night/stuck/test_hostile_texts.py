"""No text of an agent keeps the detectors busy: their patterns take time in proportion to its length."""

from __future__ import annotations

import time

import pytest

from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.state import StallThresholds
from tui.night.evidence.shell_parser import split_commands, split_pipelines
from tui.night.stuck.chance import mask
from tui.night.stuck.detector_set import DetectorSet
from tui.night.usage.compact_tables import digest

LIMITS = StallThresholds()
REF = SourceRef("stream.jsonl", 7)
COMMAND, ANSWER, TEXT = 4_000, 2_000, 20_000
"""The longest that the records hand on of each, or a long one."""
MOST = 0.5
"""Seconds of the processor for all steps with one text; the patterns of before took 1 s to hours."""
STARTS = ("", "kubectl ", "docker compose ", "git ", "curl ", "Error: ", "1 test ")
UNITS = (
    "-a ",
    "\n",
    "\t",
    "_",
    "1,",
    "x=;",
    ";aws ",
    ";curl ",
    "1 test ",
    "exit ",
    "‘",
    '\\"',
    "no ",
)


def steps(start: str, unit: str) -> None:
    """A text as command, as error, as answer and in the agent's own words, each again and again."""
    text = (start + unit * TEXT)[:TEXT]
    command = text[:COMMAND]
    uses = [
        ToolCall("a", "Bash", command[:200], digest(command), "", command),
        ToolCall("b", "Bash", "make", digest("make"), "", "make"),
    ]
    detectors = DetectorSet(disabled=LIMITS.disabled_detectors)
    for use, failed, answer in (
        (uses[0], False, "-"),
        (uses[1], True, text),
        (uses[1], False, text),
    ):
        for number in range(6):
            excerpt = f"{answer[: ANSWER - 1]}{number % 2}"
            result = ToolResult(use.id, failed, excerpt, len(excerpt))
            detectors.on_tool_result("", use, result, 1000.0 + number, REF, LIMITS)
    for number in range(3):
        detectors.on_text("", f"{text}{number}", False, 2000.0 + number, REF, LIMITS)


@pytest.mark.parametrize("unit", UNITS)
def test_a_text_that_repeats_itself_is_soon_done_with(unit: str) -> None:
    for start in STARTS:
        began = time.process_time()
        steps(start, unit)
        assert time.process_time() - began < MOST, (start, unit)


def test_bounded_repetitions_find_what_they_should() -> None:
    assert mask("took 1,234,567.5 ms") == mask("took 2 ms")
    assert split_commands("a  \n\n b ;c\t&& d") == ["a", "b", "c", "d"]
    assert split_pipelines("a  \n\n b ;c | d") == ["a", "b", "c | d"]
