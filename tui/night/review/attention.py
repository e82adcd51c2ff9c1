"""Look here first: at most seven things, the weightiest first, each with the place it stands at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui.night.losses import AbortedTurn
from tui.night.model import NightSnapshot, Stall
from tui.night.review.gone_back import reverted_files
from tui.night.review.model import AttentionItem, Claim, Ending, Risk, RiskKind, Severity, TaskChanges, WasteItem
from tui.night.testimony import EvidenceLog
from tui.records import SourceRef
from tui.system.format import format_count, format_duration, shorten

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
    testimony: EvidenceLog
    ending: Ending
    tasks: TaskChanges
    claims: tuple[Claim, ...]
    risks: tuple[Risk, ...]
    stalls: tuple[Stall, ...]
    wasted: tuple[WasteItem, ...]
    cuts: tuple[AbortedTurn, ...]
    uncommitted: int
    last: SourceRef | None


class _RankedItem(NamedTuple):
    weight: float
    attention: AttentionItem


def attention(found: AttentionInputs) -> tuple[AttentionItem, ...]:
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


def _ranked(severity: Severity, rank: float, what: str, where: SourceRef | None, topic: str) -> _RankedItem:
    return _RankedItem(_WEIGHT[severity] + rank, AttentionItem(severity, what, where, topic))


def _ending(found: AttentionInputs) -> Iterator[_RankedItem]:
    ending = found.ending
    severity = _ENDS.get(ending.kind)
    if severity is not None:
        yield _ranked(severity, 60, ending.words, ending.ref or found.last, "ending")
    ended = [cut for cut in found.cuts if cut.why == "process ended"]
    times = max(found.night.deeds.restarts, len(ended))
    if times:
        where = ended[-1].ref if ended else found.last
        often = f", {times} times" if times > 1 else ""
        what = f"Its process ended in the middle of a turn and was started again{often}"
        yield _ranked("medium", 45, what, where, "ending")


def _tests(found: AttentionInputs) -> Iterator[_RankedItem]:
    tests = found.night.tests
    back = reverted_files(found.night)
    if back:
        what = f"{back}: tasks and changed files are as they were then, commits stand"
        yield _ranked("medium", 85, what, found.last, "commits")
    last = next((run for run in reversed(tests.runs) if run.verdict != "unknown"), None)
    if tests.last == "red" and last is not None:
        told = f"{last.failed} failed" if last.failed else "red"
        what = f"The last test run is red: {told} ({shorten(last.command, 60)})"
        yield _ranked("high", 90, what, last.ref, "tests")
        return
    edits = tests.edits_since_last_green
    where = _last_edit(found)
    if tests.last_green is not None and edits and not back:
        what = f"{format_count(edits, 'edit')} of code came after the last green test run"
        yield _ranked("medium", 80, what, where or tests.last_green.ref, "tests")
    elif tests.last_green is None and found.night.counts.edits:
        what = f"{format_count(found.night.counts.edits, 'edit')} and no test run with a verdict"
        yield _ranked("medium", 40, what, where or found.last, "tests")


def _last_edit(found: AttentionInputs) -> SourceRef | None:
    edits = found.testimony.edits
    return edits[-1].ref if edits else None


def _claims(claims: Sequence[Claim]) -> Iterator[_RankedItem]:
    """What has no support: the final message by itself, everything else in one line."""
    bare = [one for one in claims if one.verdict == "unverified"]
    final = [one for one in bare if one.source == "final message"]
    others = [one for one in bare if one.source != "final message"]
    if final:
        yield _claimed("high", 85, final, "")
    if others:
        severity: Severity = "medium" if all(one.source == "notes" for one in others) else "high"
        yield _claimed(severity, 74.5, others, f" in the {others[0].source}")
    partly = [one for one in claims if one.verdict == "partial"]
    if partly:
        yield _claimed("medium", 30, partly, " holds in part")


def _claimed(severity: Severity, rank: float, some: Sequence[Claim], how: str) -> _RankedItem:
    first = some[0]
    more = f" (and {len(some) - 1} more)" if len(some) > 1 else ""
    what = f"“{shorten(first.text, _SHOWN)}”{how}: {shorten(first.why, _SHOWN)}{more}"
    where = first.where or (first.evidence[0] if first.evidence else None)
    return _ranked(severity, rank, what, where, "claims")


def _risks(risks: Sequence[Risk]) -> Iterator[_RankedItem]:
    """The worst kinds by themselves, the rest of each severity in one line; low ones not at all."""
    kinds: dict[RiskKind, list[Risk]] = {}
    for risk in risks:
        if risk.severity != "low":
            kinds.setdefault(risk.kind, []).append(risk)
    groups = list(kinds.values())
    for number, some in enumerate(groups[:_RISKS]):
        more = f" (and {len(some) - 1} more of this kind)" if len(some) > 1 else ""
        yield _ranked(some[0].severity, 75 - number, _named(some[0]) + more, some[0].ref, "risks")
    for severity in ("high", "medium"):
        rest = [one for some in groups[_RISKS:] for one in some if one.severity == severity]
        if not rest:
            continue
        names = ", ".join(dict.fromkeys(one.kind.replace("_", " ") for one in rest))
        what = _named(rest[0])
        if len(rest) > 1:
            what = f"{format_count(len(rest), 'more risk')} ({names}), the first: {what}"
        yield _ranked(rest[0].severity, 70, shorten(what, 160), rest[0].ref, "risks")


def _named(risk: Risk) -> str:
    where = f"{risk.path}: " if risk.path and risk.path not in risk.what else ""
    return f"{where}{shorten(risk.what, _SHOWN)}"


def _first(refs: Sequence[SourceRef]) -> SourceRef | None:
    return refs[0] if refs else None


def _time(found: AttentionInputs) -> Iterator[_RankedItem]:
    stuck = sorted(found.stalls, key=_lasted, reverse=True)
    for number, stall in enumerate(stuck[:2]):
        seconds = _lasted(stall)
        looped = stall.kind == "loop"
        if seconds < _LONG_STALL and not (looped and stall.level in ("nudge", "stop")):
            continue
        severity: Severity = "high" if seconds >= _VERY_LONG else "medium"
        what = stall.evidence[0] if looped else f"Nothing was heard for {format_duration(seconds)}"
        what = f"A loop: {what}" if looped else what
        yield _ranked(severity, 50 - number, what, _first(stall.refs) or found.last, "time")


def _lasted(stall: Stall) -> float:
    return stall.until - stall.since if stall.until is not None and stall.since else 0.0


def _cost(found: AttentionInputs) -> Iterator[_RankedItem]:
    usd = found.night.cost.usd
    lost = sum(one.usd or 0.0 for one in found.wasted)
    if not usd or lost < _DEAR * usd:
        return
    worst = max(found.wasted, key=lambda one: one.usd or 0.0)
    what = f"About {100 * min(lost, usd) / usd:.0f} % of the cost bought nothing: {shorten(worst.what, _SHOWN)}"
    yield _ranked("medium" if lost >= 1.0 else "low", 45, what, worst.ref or found.last, "cost")


def _tasks(found: AttentionInputs) -> Iterator[_RankedItem]:
    progress = found.night.progress
    where = SourceRef(progress.source, 0) if progress is not None else None
    tasks = found.tasks
    if tasks.removed:
        what = f"{format_count(len(tasks.removed), 'task')} left the list undone or done: {tasks.removed[0]}"
        yield _ranked("medium", 35, shorten(what, 160), where, "tasks")
    if progress is not None and progress.blockers:
        what = f"It says that it is blocked: {progress.blockers[0]}"
        yield _ranked("medium", 55, shorten(what, 160), where, "tasks")
    if tasks.open:
        what = f"{format_count(len(tasks.open), 'task')} still open: {tasks.open[0]}"
        yield _ranked("low", 50, shorten(what, 160), where, "tasks")


def _commits(found: AttentionInputs) -> Iterator[_RankedItem]:
    if not found.uncommitted:
        return
    what = f"{format_count(found.uncommitted, 'changed file')} not committed"
    yield _ranked("low", 60, what, _last_edit(found) or found.last, "commits")
