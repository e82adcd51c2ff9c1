"""Keep, look or discard; what to look at first; reverted files.

Discard: tests that were green are red at the end and no task was done; or the night ended and
nothing at all was changed or committed.
Keep: it ended by itself (tasks done, or its turn), it changed something, no test is red, every
edit of code was followed by a green run, no risk is high, no claim is without support.
Look: everything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.evidence import EvidenceLog, TestSummary
from tui.model.interventions import RewindRecord
from tui.model.review import (
    AttentionItem,
    Claim,
    Ending,
    Risk,
    RiskKind,
    Severity,
    TaskChanges,
    Verdict,
    WasteItem,
)
from tui.model.snapshot import NightSnapshot, Stall
from tui.night.evidence.wasted_work import AbortedTurn
from tui.system.format import format_count, format_duration, shorten

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
    changed_files: int | None
    edits: int
    reverted: str = ""


def judge_night(facts: VerdictInputs) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and its reasons, the weightiest first."""
    reasons = _reasons_to_discard(facts)
    if reasons:
        return "discard", tuple(reasons[:_MOST_REASONS])
    doubts = _doubts(facts)
    if doubts:
        told = doubts if len(doubts) > 1 else [*doubts, *_merits(facts)]
        return "look", tuple(told[:_MOST_REASONS])
    return "keep", tuple(_merits(facts)[:_MOST_REASONS])


def _reasons_to_discard(facts: VerdictInputs) -> list[str]:
    if facts.ending.kind == "open":
        return []
    tests = facts.tests
    if tests.last == "red" and not facts.tasks.done and was_green(tests):
        return ["Tests that were green are red at the end.", "No task was done."]
    if facts.commits == 0 and not facts.changed_files and not facts.edits and not facts.tasks.done:
        return ["Nothing was changed and nothing was committed.", _ending_sentence(facts.ending)]
    return []


def _doubts(facts: VerdictInputs) -> list[str]:
    """Every reason to look, the weightiest first."""
    tests, found = facts.tests, []
    if facts.ending.kind == "open":
        found.append("It is not over.")
    elif facts.ending.kind not in _REGULAR:
        found.append(_ending_sentence(facts.ending))
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
    if facts.reverted:
        return [f"{facts.reverted}."]
    if tests.last_green is None and (facts.edits or facts.changed_files):
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
    fresh = not facts.tests.edits_since_last_green and not facts.reverted
    if facts.tests.last == "green" and fresh:
        found.append("The last test run is green, and no code was edited after it.")
    if facts.ending.kind in _REGULAR:
        found.append(_ending_sentence(facts.ending))
    if facts.claims and all(claim.verdict == "verified" for claim in facts.claims):
        found.append(f"{format_count(len(facts.claims), 'claim')}, each with its evidence.")
    if facts.commits:
        found.append(f"{format_count(facts.commits, 'commit')}.")
    return found


def was_green(tests: TestSummary) -> bool:
    """Whether the first run of the night that told anything was green."""
    first = next((run for run in tests.runs if run.verdict != "unknown"), None)
    return first is not None and first.verdict == "green"


def _ending_sentence(ending: Ending) -> str:
    return ending.words if ending.words.endswith((".", "!", "?")) else f"{ending.words}."


def reverted_files(night: NightSnapshot) -> str:
    """The last rewind of files that was not undone and that no test run came after, in words.

    Empty when there is none: then commits, changed files and tests tell of the same state.
    """
    last: RewindRecord | None = None
    for one in night.interventions.rewinds:
        if one.mode != "conversation":
            last = None if one.undo else one
    if last is None or not (last.written or last.deleted):
        return ""
    tested = (run.at for run in night.tests.runs if run.verdict != "unknown")
    if any(at is not None and at > last.at for at in tested):
        return ""
    return f"Files were brought back to {_name(last.checkpoint)} after the last test run"


def _name(checkpoint: str) -> str:
    return f"c{checkpoint}" if checkpoint.isdigit() else checkpoint


MOST = 7
_LONG_STALL = 600.0
_VERY_LONG = 3_600.0
_DEAR = 0.1
_SHOWN = 90
_RISKS = 3
_WEIGHT: dict[Severity, float] = {"high": 300.0, "medium": 200.0, "low": 100.0}
_ENDS: dict[str, Severity] = {
    "crash": "high",
    "hung": "high",
    "failed": "high",
    "needs_you": "high",
    "limit": "medium",
    "killed": "medium",
}


class AttentionInputs(NamedTuple):
    """What attention may be drawn to."""

    night: NightSnapshot
    evidence: EvidenceLog
    ending: Ending
    tasks: TaskChanges
    claims: tuple[Claim, ...]
    risks: tuple[Risk, ...]
    stalls: tuple[Stall, ...]
    wasted: tuple[WasteItem, ...]
    aborted_turns: tuple[AbortedTurn, ...]
    uncommitted: int
    last_ref: SourceRef | None


class _RankedItem(NamedTuple):
    weight: float
    attention: AttentionItem


def rank_attention(found: AttentionInputs) -> tuple[AttentionItem, ...]:
    """Ranked by severity, then by what is said and shown to be wrong before what only cost time."""
    ranked = [
        *_ending(found),
        *_tests(found),
        *_claims(found.claims),
        *_risks(found.risks),
        *_time(found),
        *_cost(found),
        *_tasks(found),
        *_commits(found),
    ]
    ranked.sort(key=lambda one: -one.weight)
    return tuple(one.attention for one in ranked[:MOST])


def _item(
    severity: Severity, rank: float, what: str, where: SourceRef | None, topic: str
) -> _RankedItem:
    return _RankedItem(_WEIGHT[severity] + rank, AttentionItem(severity, what, where, topic))


def _ending(found: AttentionInputs) -> Iterator[_RankedItem]:
    ending = found.ending
    severity = _ENDS.get(ending.kind)
    if severity is not None:
        yield _item(severity, 60, ending.words, ending.ref or found.last_ref, "ending")
    ended = [cut for cut in found.aborted_turns if cut.why == "process ended"]
    times = max(found.night.interventions.restarts, len(ended))
    if times:
        where = ended[-1].ref if ended else found.last_ref
        often = f", {times} times" if times > 1 else ""
        what = f"Its process ended in the middle of a turn and was started again{often}"
        yield _item("medium", 45, what, where, "ending")


def _tests(found: AttentionInputs) -> Iterator[_RankedItem]:
    tests = found.night.tests
    back = reverted_files(found.night)
    if back:
        what = f"{back}: tasks and changed files are as they were then, commits stand"
        yield _item("medium", 85, what, found.last_ref, "commits")
    last = next((run for run in reversed(tests.runs) if run.verdict != "unknown"), None)
    if tests.last == "red" and last is not None:
        told = f"{last.failed} failed" if last.failed else "red"
        what = f"The last test run is red: {told} ({shorten(last.command, 60)})"
        yield _item("high", 90, what, last.ref, "tests")
        return
    edits = tests.edits_since_last_green
    where = _last_edit(found)
    if tests.last_green is not None and edits and not back:
        what = f"{format_count(edits, 'edit')} of code came after the last green test run"
        yield _item("medium", 80, what, where or tests.last_green.ref, "tests")
    elif tests.last_green is None and found.night.counts.edits:
        what = f"{format_count(found.night.counts.edits, 'edit')} and no test run with a verdict"
        yield _item("medium", 40, what, where or found.last_ref, "tests")


def _last_edit(found: AttentionInputs) -> SourceRef | None:
    edits = found.evidence.edits
    return edits[-1].ref if edits else None


def _claims(claims: Sequence[Claim]) -> Iterator[_RankedItem]:
    """What has no support: the final message by itself, everything else in one line."""
    bare = [one for one in claims if one.verdict == "unverified"]
    final = [one for one in bare if one.source == "final message"]
    others = [one for one in bare if one.source != "final message"]
    if final:
        yield _claims_item("high", 85, final, "")
    if others:
        severity: Severity = "medium" if all(one.source == "notes" for one in others) else "high"
        yield _claims_item(severity, 74.5, others, f" in the {others[0].source}")
    partly = [one for one in claims if one.verdict == "partial"]
    if partly:
        yield _claims_item("medium", 30, partly, " holds in part")


def _claims_item(severity: Severity, rank: float, some: Sequence[Claim], how: str) -> _RankedItem:
    first = some[0]
    more = f" (and {len(some) - 1} more)" if len(some) > 1 else ""
    what = f"“{shorten(first.text, _SHOWN)}”{how}: {shorten(first.why, _SHOWN)}{more}"
    where = first.where or (first.evidence[0] if first.evidence else None)
    return _item(severity, rank, what, where, "claims")


def _risks(risks: Sequence[Risk]) -> Iterator[_RankedItem]:
    """The worst kinds by themselves, the rest of each severity in one line; low ones not at all."""
    kinds: dict[RiskKind, list[Risk]] = {}
    for risk in risks:
        if risk.severity != "low":
            kinds.setdefault(risk.kind, []).append(risk)
    groups = list(kinds.values())
    for number, some in enumerate(groups[:_RISKS]):
        more = f" (and {len(some) - 1} more of this kind)" if len(some) > 1 else ""
        yield _item(some[0].severity, 75 - number, _risk_text(some[0]) + more, some[0].ref, "risks")
    for severity in ("high", "medium"):
        rest = [one for some in groups[_RISKS:] for one in some if one.severity == severity]
        if not rest:
            continue
        names = ", ".join(dict.fromkeys(one.kind.replace("_", " ") for one in rest))
        what = _risk_text(rest[0])
        if len(rest) > 1:
            what = f"{format_count(len(rest), 'more risk')} ({names}), the first: {what}"
        yield _item(rest[0].severity, 70, shorten(what, 160), rest[0].ref, "risks")


def _risk_text(risk: Risk) -> str:
    where = f"{risk.path}: " if risk.path and risk.path not in risk.what else ""
    return f"{where}{shorten(risk.what, _SHOWN)}"


def _first(refs: Sequence[SourceRef]) -> SourceRef | None:
    return refs[0] if refs else None


def _time(found: AttentionInputs) -> Iterator[_RankedItem]:
    stuck = sorted(found.stalls, key=_stall_seconds, reverse=True)
    for number, stall in enumerate(stuck[:2]):
        seconds = _stall_seconds(stall)
        looped = stall.kind == "loop"
        if seconds < _LONG_STALL and not (looped and stall.level in ("nudge", "stop")):
            continue
        severity: Severity = "high" if seconds >= _VERY_LONG else "medium"
        what = stall.evidence[0] if looped else f"Nothing was heard for {format_duration(seconds)}"
        what = f"A loop: {what}" if looped else what
        yield _item(severity, 50 - number, what, _first(stall.refs) or found.last_ref, "time")


def _stall_seconds(stall: Stall) -> float:
    return stall.last_at - stall.since if stall.last_at is not None and stall.since else 0.0


def _cost(found: AttentionInputs) -> Iterator[_RankedItem]:
    usd = found.night.cost.usd
    lost = sum(one.usd or 0.0 for one in found.wasted)
    if not usd or lost < _DEAR * usd:
        return
    worst = max(found.wasted, key=lambda one: one.usd or 0.0)
    what = f"About {100 * min(lost, usd) / usd:.0f} % of the cost bought nothing: {shorten(worst.what, _SHOWN)}"
    yield _item("medium" if lost >= 1.0 else "low", 45, what, worst.ref or found.last_ref, "cost")


def _tasks(found: AttentionInputs) -> Iterator[_RankedItem]:
    progress = found.night.progress
    where = SourceRef(progress.source, 0) if progress is not None else None
    tasks = found.tasks
    if tasks.removed:
        what = f"{format_count(len(tasks.removed), 'task')} left the list undone or done: {tasks.removed[0]}"
        yield _item("medium", 35, shorten(what, 160), where, "tasks")
    if progress is not None and progress.blockers:
        what = f"It says that it is blocked: {progress.blockers[0]}"
        yield _item("medium", 55, shorten(what, 160), where, "tasks")
    if tasks.open:
        what = f"{format_count(len(tasks.open), 'task')} still open: {tasks.open[0]}"
        yield _item("low", 50, shorten(what, 160), where, "tasks")


def _commits(found: AttentionInputs) -> Iterator[_RankedItem]:
    if not found.uncommitted:
        return
    what = f"{format_count(found.uncommitted, 'changed file')} not committed"
    yield _item("low", 60, what, _last_edit(found) or found.last_ref, "commits")
