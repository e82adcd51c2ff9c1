"""What the detectors keep stays small, however long the night is and whatever it holds."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest

from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.stall import ProgressKind
from tui.model.state import StallThresholds
from tui.night.stuck.detector_set import DetectorSet
from tui.night.usage.compact_tables import digest

LIMITS = StallThresholds()
REF = SourceRef("stream.jsonl", 7)
MOST = 4 << 20
"""Bytes of the saved state: a night's fold has tens of megabytes."""
_TEXTS = [" ".join(f"word{chr(97 + k)}{k * n}x" for n in range(150)) for k in range(26)]
Play = Callable[[DetectorSet, int], None]


def size_of(detectors: DetectorSet) -> int:
    return len(msgspec.msgpack.encode(detectors))


def step(
    detectors: DetectorSet,
    number: int,
    command: str,
    answer: str,
    *,
    error: bool = False,
    thread: str = "",
    name: str = "Bash",
    path: str = "",
) -> None:
    use = ToolCall(f"t{number}", name, command[:200], digest(command), path, command[:4000])
    result = ToolResult(use.id, error, answer[-2000:], len(answer))
    at = 1000.0 + number
    detectors.on_tool_result(thread, use, result, at, REF, LIMITS, at - 0.5)


def new_work(detectors: DetectorSet, number: int) -> None:
    """Ever new commands with long answers."""
    step(detectors, number, f"run {number} " + "x" * 3000, f"answer {number} " * 150)


def repeated_work(detectors: DetectorSet, number: int) -> None:
    """One command for ever, with a growing tail."""
    step(detectors, number, "make" + " -k" * (number % 900), "no rule " * 200, error=True)


def failures(detectors: DetectorSet, number: int) -> None:
    """Ever new errors and refusals."""
    words = f"Error: cannot open file-{number % 5000}.txt: {number % 7} No such file or directory"
    step(detectors, number, f"cat file-{number}.txt", words * 20, error=True)
    refused = (
        f"Claude requested permissions to use mcp__s{number}__q, but you haven't granted it yet."
    )
    step(detectors, number, f"q {number}", refused, error=True, name=f"mcp__s{number}__q")


def edits(detectors: DetectorSet, number: int) -> None:
    """Ever new files, edited and tested."""
    path = f"/w/src/part_{number % 20_000}.py"
    step(detectors, number, path, "The file has been updated", name="Edit", path=path)
    step(detectors, number, f"pytest tests/test_{number}.py", f"FAILED test_{number} - {number}")


def words(detectors: DetectorSet, number: int) -> None:
    """Ever new texts, turns and compactions."""
    text = f"Part {number}: {_TEXTS[number % len(_TEXTS)]}"
    at = 1000.0 + number
    detectors.on_text("", text, number % 3 == 0, at, REF, LIMITS)
    if number % 5 == 0:
        detectors.on_prompt(f"Continuation {number}: go on", at, REF, LIMITS)
    if number % 7 == 0:
        detectors.on_compaction(at, REF, LIMITS)


def subagents(detectors: DetectorSet, number: int) -> None:
    """Ever new subagents."""
    step(detectors, number, f"ls {number}", "a\nb\n" * 400, thread=f"toolu_{number // 40}")


def commits(detectors: DetectorSet, number: int) -> None:
    """Progress after each call, and trouble that begins and ends."""
    step(detectors, number, f"make part{number // 5}", "no rule", error=True)
    if number % 5 == 4:
        detectors.on_progress(ProgressKind.COMMIT, 1000.0 + number, REF)


PLAYS: tuple[Play, ...] = (*(new_work, repeated_work, failures, edits, words, subagents, commits),)


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.__name__)
def test_it_stays_small_whatever_goes_on(play: Play) -> None:
    detectors = DetectorSet(disabled=LIMITS.disabled_detectors)
    for number in range(1_000):
        play(detectors, number)
    early = size_of(detectors)
    for number in range(1_000, 2_500):
        play(detectors, number)
    assert size_of(detectors) <= max(MOST // 16, 1.5 * early)
    assert size_of(detectors) <= MOST


def test_it_stays_small_after_many_steps_of_all_kinds() -> None:
    detectors, dice = DetectorSet(disabled=LIMITS.disabled_detectors), random.Random(4)
    plays = [new_work, subagents]  # those that cost little time
    for number in range(12_000):
        dice.choice(plays if number % 50 else PLAYS)(detectors, number)
    assert size_of(detectors) <= MOST


def test_the_size_is_that_of_what_can_be_read_back() -> None:
    """Saved and loaded, it is the same."""
    detectors = DetectorSet(disabled=LIMITS.disabled_detectors)
    for number in range(200):
        new_work(detectors, number)
    data = msgspec.msgpack.encode(detectors)
    assert size_of(msgspec.msgpack.decode(data, type=DetectorSet)) == len(data)
