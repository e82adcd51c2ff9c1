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
from tui.model.state import EndKind, StallKind, StallLevel
from tui.night.evidence.wasted_work import AbortedTurn
from tui.system.format import format_count, format_duration, shorten

_BY_ITSELF = (EndKind.TASKS_DONE, EndKind.TURN_ENDED)
_MOST_REASONS = 3
_MOST_ITEMS = 7
_MOST_RISK_KINDS = 3
_LONG_STALL = 600.0
_VERY_LONG_STALL = 3_600.0
_MUCH_WASTE = 0.1
_SHOWN = 90
_LINE = 160
_WEIGHT: dict[Severity, float] = {"high": 300.0, "medium": 200.0, "low": 100.0}
_END_SEVERITY: dict[EndKind, Severity] = {
    EndKind.CRASH: "high",
    EndKind.HUNG: "high",
    EndKind.FAILED: "high",
    EndKind.NEEDS_PERSON: "high",
    EndKind.LIMIT: "medium",
    EndKind.KILLED: "medium",
}


class VerdictInputs(Struct, frozen=True):
    """What the verdict rests on; `changed_files` is None if nobody could look.

    `reverted` says in words that files are no longer as they were when the tests ran.
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


class AttentionInputs(NamedTuple):
    """What attention may be drawn to, beside what the verdict rests on."""

    facts: VerdictInputs
    snapshot: NightSnapshot
    evidence: EvidenceLog
    waste: tuple[WasteItem, ...]
    aborted_turns: tuple[AbortedTurn, ...]
    uncommitted: int
    last_ref: SourceRef | None


class _RankedItem(NamedTuple):
    weight: float
    item: AttentionItem


# --- the verdict ---


def judge_night(facts: VerdictInputs) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and its reasons, the weightiest first."""
    reasons = _reasons_to_discard(facts)
    if reasons:
        return "discard", tuple(reasons[:_MOST_REASONS])
    doubts = _doubts(facts)
    if doubts:
        reasons = doubts if len(doubts) > 1 else [*doubts, *_merits(facts)]
        return "look", tuple(reasons[:_MOST_REASONS])
    return "keep", tuple(_merits(facts)[:_MOST_REASONS])


def _reasons_to_discard(facts: VerdictInputs) -> list[str]:
    if facts.ending.kind == EndKind.OPEN:
        return []
    if facts.tests.last == "red" and not facts.tasks.done and _was_green_first(facts.tests):
        return ["Tests that were green are red at the end.", "No task was done."]
    if not (facts.commits or facts.changed_files or facts.edits or facts.tasks.done):
        return ["Nothing was changed and nothing was committed.", _ending_sentence(facts.ending)]
    return []


def _doubts(facts: VerdictInputs) -> list[str]:
    """Every reason to look, the weightiest first."""
    doubts = []
    if facts.ending.kind == EndKind.OPEN:
        doubts.append("It is not over.")
    elif facts.ending.kind not in _BY_ITSELF:
        doubts.append(_ending_sentence(facts.ending))
    if facts.tests.last == "red":
        doubts.append("The last test run is red.")
    high = sum(risk.severity == "high" for risk in facts.risks)
    if high:
        doubts.append(f"{format_count(high, 'risk')} of high weight in what it changed or ran.")
    bare = sum(claim.verdict == "unverified" for claim in facts.claims)
    if bare:
        verb = "has" if bare == 1 else "have"
        doubts.append(f"{bare} of {format_count(len(facts.claims), 'claim')} {verb} no support.")
    if facts.tests.last != "red":
        doubts += _untested(facts)
    return doubts


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
    merits = []
    if facts.tasks.done:
        still_open = f", {len(facts.tasks.open)} open" if facts.tasks.open else ""
        merits.append(f"{format_count(len(facts.tasks.done), 'task')} done{still_open}.")
    is_current = not facts.tests.edits_since_last_green and not facts.reverted
    if facts.tests.last == "green" and is_current:
        merits.append("The last test run is green, and no code was edited after it.")
    if facts.ending.kind in _BY_ITSELF:
        merits.append(_ending_sentence(facts.ending))
    if facts.claims and all(claim.verdict == "verified" for claim in facts.claims):
        merits.append(f"{format_count(len(facts.claims), 'claim')}, each with its evidence.")
    if facts.commits:
        merits.append(f"{format_count(facts.commits, 'commit')}.")
    return merits


def _was_green_first(tests: TestSummary) -> bool:
    first = next((run for run in tests.runs if run.verdict != "unknown"), None)
    return first is not None and first.verdict == "green"


def _ending_sentence(ending: Ending) -> str:
    return ending.words if ending.words.endswith((".", "!", "?")) else f"{ending.words}."


def reverted_files(snapshot: NightSnapshot) -> str:
    """The last rewind of files that was not undone and that no test run came after, in words.

    Empty when there is none: then commits, changed files and tests tell of the same state.
    """
    last: RewindRecord | None = None
    for rewind in snapshot.interventions.rewinds:
        if rewind.mode != "conversation":
            last = None if rewind.undo else rewind
    if last is None or not (last.written or last.deleted):
        return ""
    tested = (run.at for run in snapshot.tests.runs if run.verdict != "unknown")
    if any(at is not None and at > last.at for at in tested):
        return ""
    name = f"c{last.checkpoint}" if last.checkpoint.isdigit() else last.checkpoint
    return f"Files were brought back to {name} after the last test run"


# --- what to look at first ---


def rank_attention(inputs: AttentionInputs) -> tuple[AttentionItem, ...]:
    """Ranked by severity, then what is claimed and shown to be wrong before what only cost time."""
    ranked = [
        *_ending(inputs),
        *_tests(inputs),
        *_claims(inputs.facts.claims),
        *_risks(inputs.facts.risks),
        *_time(inputs),
        *_cost(inputs),
        *_tasks(inputs),
    ]
    if inputs.uncommitted:
        what = f"{format_count(inputs.uncommitted, 'changed file')} not committed"
        ranked.append(_item("low", 60, what, _last_edit(inputs) or inputs.last_ref, "commits"))
    ranked.sort(key=lambda entry: -entry.weight)
    return tuple(entry.item for entry in ranked[:_MOST_ITEMS])


def _item(
    severity: Severity, rank: float, what: str, where: SourceRef | None, topic: str
) -> _RankedItem:
    return _RankedItem(_WEIGHT[severity] + rank, AttentionItem(severity, what, where, topic))


def _ending(inputs: AttentionInputs) -> Iterator[_RankedItem]:
    ending = inputs.facts.ending
    severity = _END_SEVERITY.get(ending.kind)
    if severity is not None:
        yield _item(severity, 60, ending.words, ending.ref or inputs.last_ref, "ending")
    ended = [turn for turn in inputs.aborted_turns if turn.why == "process ended"]
    times = max(inputs.snapshot.interventions.restarts, len(ended))
    if times:
        where = ended[-1].ref if ended else inputs.last_ref
        often = f", {times} times" if times > 1 else ""
        what = f"Its process ended in the middle of a turn and was started again{often}"
        yield _item("medium", 45, what, where, "ending")


def _tests(inputs: AttentionInputs) -> Iterator[_RankedItem]:
    tests, reverted = inputs.facts.tests, inputs.facts.reverted
    if reverted:
        what = f"{reverted}: tasks and changed files are as they were then, commits stand"
        yield _item("medium", 85, what, inputs.last_ref, "commits")
    last = next((run for run in reversed(tests.runs) if run.verdict != "unknown"), None)
    if tests.last == "red" and last is not None:
        result = f"{last.failed} failed" if last.failed else "red"
        what = f"The last test run is red: {result} ({shorten(last.command, 60)})"
        yield _item("high", 90, what, last.ref, "tests")
        return
    where = _last_edit(inputs)
    edits = inputs.snapshot.counts.edits
    if tests.last_green is None and edits:
        what = f"{format_count(edits, 'edit')} and no test run with a verdict"
        yield _item("medium", 40, what, where or inputs.last_ref, "tests")
    elif tests.last_green is not None and tests.edits_since_last_green and not reverted:
        edits = tests.edits_since_last_green
        what = f"{format_count(edits, 'edit')} of code came after the last green test run"
        yield _item("medium", 80, what, where or tests.last_green.ref, "tests")


def _last_edit(inputs: AttentionInputs) -> SourceRef | None:
    edits = inputs.evidence.edits
    return edits[-1].ref if edits else None


def _claims(claims: Sequence[Claim]) -> Iterator[_RankedItem]:
    """What has no support: the final message by itself, everything else in one line."""
    bare = [claim for claim in claims if claim.verdict == "unverified"]
    final = [claim for claim in bare if claim.source == "final message"]
    others = [claim for claim in bare if claim.source != "final message"]
    if final:
        yield _claims_item("high", 85, final, "")
    if others:
        only_notes = all(claim.source == "notes" for claim in others)
        severity: Severity = "medium" if only_notes else "high"
        yield _claims_item(severity, 74.5, others, f" in the {others[0].source}")
    partial = [claim for claim in claims if claim.verdict == "partial"]
    if partial:
        yield _claims_item("medium", 30, partial, " holds in part")


def _claims_item(severity: Severity, rank: float, claims: Sequence[Claim], how: str) -> _RankedItem:
    first = claims[0]
    more = f" (and {len(claims) - 1} more)" if len(claims) > 1 else ""
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
    for number, group in enumerate(groups[:_MOST_RISK_KINDS]):
        first = group[0]
        more = f" (and {len(group) - 1} more of this kind)" if len(group) > 1 else ""
        yield _item(first.severity, 75 - number, _risk_text(first) + more, first.ref, "risks")
    for severity in ("high", "medium"):
        rest = [
            risk
            for group in groups[_MOST_RISK_KINDS:]
            for risk in group
            if risk.severity == severity
        ]
        if not rest:
            continue
        names = ", ".join(dict.fromkeys(risk.kind.replace("_", " ") for risk in rest))
        what = _risk_text(rest[0])
        if len(rest) > 1:
            what = f"{format_count(len(rest), 'more risk')} ({names}), the first: {what}"
        yield _item(rest[0].severity, 70, shorten(what, _LINE), rest[0].ref, "risks")


def _risk_text(risk: Risk) -> str:
    # A text that names the path already does not need it twice.
    where = f"{risk.path}: " if risk.path and risk.path not in risk.what else ""
    return f"{where}{shorten(risk.what, _SHOWN)}"


def _time(inputs: AttentionInputs) -> Iterator[_RankedItem]:
    longest = sorted(inputs.facts.stalls, key=_stall_seconds, reverse=True)
    for number, stall in enumerate(longest[:2]):
        seconds = _stall_seconds(stall)
        is_loop = stall.kind == StallKind.LOOP
        is_bad_loop = is_loop and stall.level in (StallLevel.NUDGE, StallLevel.STOP)
        if seconds < _LONG_STALL and not is_bad_loop:
            continue
        severity: Severity = "high" if seconds >= _VERY_LONG_STALL else "medium"
        what = f"Nothing was heard for {format_duration(seconds)}"
        if is_loop:
            what = f"A loop: {stall.evidence[0]}"
        where = stall.refs[0] if stall.refs else inputs.last_ref
        yield _item(severity, 50 - number, what, where, "time")


def _stall_seconds(stall: Stall) -> float:
    return stall.last_at - stall.since if stall.last_at is not None and stall.since else 0.0


def _cost(inputs: AttentionInputs) -> Iterator[_RankedItem]:
    usd = inputs.snapshot.cost.usd
    lost = sum(item.usd or 0.0 for item in inputs.waste)
    if not usd or lost < _MUCH_WASTE * usd:
        return
    worst = max(inputs.waste, key=lambda item: item.usd or 0.0)
    share = f"About {100 * min(lost, usd) / usd:.0f} % of the cost bought nothing"
    severity: Severity = "medium" if lost >= 1.0 else "low"
    what = f"{share}: {shorten(worst.what, _SHOWN)}"
    yield _item(severity, 45, what, worst.ref or inputs.last_ref, "cost")


def _tasks(inputs: AttentionInputs) -> Iterator[_RankedItem]:
    progress, tasks = inputs.snapshot.progress, inputs.facts.tasks
    where = SourceRef(progress.source, 0) if progress is not None else None
    if tasks.removed:
        removed = format_count(len(tasks.removed), "task")
        what = f"{removed} left the list undone or done: {tasks.removed[0]}"
        yield _item("medium", 35, shorten(what, _LINE), where, "tasks")
    if progress is not None and progress.blockers:
        what = f"It says that it is blocked: {progress.blockers[0]}"
        yield _item("medium", 55, shorten(what, _LINE), where, "tasks")
    if tasks.open:
        what = f"{format_count(len(tasks.open), 'task')} still open: {tasks.open[0]}"
        yield _item("low", 50, shorten(what, _LINE), where, "tasks")
