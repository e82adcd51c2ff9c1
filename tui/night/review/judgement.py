"""Keep, look or discard: three rules, and two or three sentences of why.

Discard: tests that were green are red at the end and no task was done; or the night ended and
nothing at all was changed or committed.
Keep: it ended by itself (tasks done, or its turn), it changed something, no test is red, every
edit of code was followed by a green run, no risk is high, no claim is without support.
Look: everything else.
"""

from __future__ import annotations

from msgspec import Struct

from tui.night.evidence import TestSummary
from tui.night.model import Stall
from tui.night.review.model import Claim, Ending, Risk, TaskChanges, Verdict
from tui.system.format import format_count

_REGULAR = ("tasks_done", "turn_ended")
_MOST_REASONS = 3


class VerdictInputs(Struct, frozen=True):
    """What the verdict rests on; `changed` counts files the night changed, None if nobody could look.

    `gone_back` says in words that files are no longer as they were when the tests ran.
    """

    ending: Ending
    tasks: TaskChanges
    tests: TestSummary
    claims: tuple[Claim, ...]
    risks: tuple[Risk, ...]
    stalls: tuple[Stall, ...]
    commits: int
    changed: int | None
    edits: int
    gone_back: str = ""


def verdict(facts: VerdictInputs) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and its reasons, the weightiest first."""
    reasons = _against_all(facts)
    if reasons:
        return "discard", tuple(reasons[:_MOST_REASONS])
    doubts = _doubts(facts)
    if doubts:
        told = doubts if len(doubts) > 1 else [*doubts, *_merits(facts)]
        return "look", tuple(told[:_MOST_REASONS])
    return "keep", tuple(_merits(facts)[:_MOST_REASONS])


def _against_all(facts: VerdictInputs) -> list[str]:
    if facts.ending.kind == "open":
        return []
    tests = facts.tests
    if tests.last == "red" and not facts.tasks.done and was_green(tests):
        return ["Tests that were green are red at the end.", "No task was done."]
    if facts.commits == 0 and not facts.changed and not facts.edits and not facts.tasks.done:
        return ["Nothing was changed and nothing was committed.", _ended(facts.ending)]
    return []


def _doubts(facts: VerdictInputs) -> list[str]:
    """Every reason to look, the weightiest first."""
    tests, found = facts.tests, []
    if facts.ending.kind == "open":
        found.append("It is not over.")
    elif facts.ending.kind not in _REGULAR:
        found.append(_ended(facts.ending))
    if tests.last == "red":
        found.append("The last test run is red.")
    high = [risk for risk in facts.risks if risk.severity == "high"]
    if high:
        found.append(f"{format_count(len(high), 'risk')} of high weight in what it changed or ran.")
    bare = [claim for claim in facts.claims if claim.verdict == "unverified"]
    if bare:
        what = "has" if len(bare) == 1 else "have"
        found.append(
            f"{len(bare)} of {format_count(len(facts.claims), 'claim')} {what} no support."
        )
    if tests.last != "red":
        found += _untested(facts)
    return found


def _untested(facts: VerdictInputs) -> list[str]:
    tests = facts.tests
    if facts.gone_back:
        return [f"{facts.gone_back}."]
    if tests.last_green is None and (facts.edits or facts.changed):
        return ["Files were changed and no green test run was seen."]
    if tests.last_green is not None and tests.edits_since_last_green:
        edits = format_count(tests.edits_since_last_green, "edit")
        return [f"{edits} of code came after the last green test run."]
    return []


def _merits(facts: VerdictInputs) -> list[str]:
    found = []
    if facts.tasks.done:
        still = f", {len(facts.tasks.open)} open" if facts.tasks.open else ""
        found.append(f"{format_count(len(facts.tasks.done), 'task')} done{still}.")
    fresh = not facts.tests.edits_since_last_green and not facts.gone_back
    if facts.tests.last == "green" and fresh:
        found.append("The last test run is green, and no code was edited after it.")
    if facts.ending.kind in _REGULAR:
        found.append(_ended(facts.ending))
    if facts.claims and all(claim.verdict == "verified" for claim in facts.claims):
        found.append(f"{format_count(len(facts.claims), 'claim')}, each with its evidence.")
    if facts.commits:
        found.append(f"{format_count(facts.commits, 'commit')}.")
    return found


def was_green(tests: TestSummary) -> bool:
    """Whether the first run of the night that told anything was green."""
    first = next((run for run in tests.runs if run.verdict != "unknown"), None)
    return first is not None and first.verdict == "green"


def _ended(ending: Ending) -> str:
    return ending.words if ending.words.endswith((".", "!", "?")) else f"{ending.words}."
