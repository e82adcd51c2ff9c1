"""Keep, look or discard; what to look at first; reverted files.

Discard: tests that were green are red at the end and no task was done; or the night ended and
nothing at all was changed or committed.
Keep: it ended by itself (tasks done, or its turn), it changed something, no test is red, every
edit of code was followed by a green run, no risk is high, no claim is without support.
Look: everything else.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.evidence.claims import Claim
from tui.model.evidence.log import EvidenceLog, TestSummary
from tui.model.labels import trouble_title
from tui.model.permissions.refusals import Refusals
from tui.model.records import ProgressFile
from tui.model.review import (
    AttentionItem,
    Ending,
    Risk,
    RiskKind,
    Severity,
    TaskChanges,
    Verdict,
    WasteItem,
)
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.model.state import EndKind, StallKind, StallLevel
from tui.night.evidence.wasted_work import WastedWork
from tui.night.review.refused_calls import refusal_point, refused_reasons
from tui.night.review.trouble import is_circling, stall_seconds, stuck_hours
from tui.night.usage.bill import SpendingCurve
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
    refusals: Refusals = Refusals()


class ReviewInputs(Struct, frozen=True):
    """What the fold knows beside the snapshot.

    `last_ref` is where the session's last record stands; `broke_off` says that nothing ended it and
    nobody is there any more, `spoke_last` that a transcript ends with the agent's words.
    `progress_basis` is what `first_progress` rests on.
    """

    evidence: EvidenceLog
    wasted_work: WastedWork
    spending: SpendingCurve
    last_ref: SourceRef | None = None
    broke_off: bool = False
    spoke_last: bool = False
    first_progress: ProgressFile | None = None
    progress_basis: str = "none"


# --- the verdict ---


def judge_night(facts: VerdictInputs) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and its reasons, the weightiest first."""
    reasons, stuck = _reasons_to_discard(facts), stuck_hours(facts.stalls)
    if reasons:
        return "discard", tuple([*reasons, *stuck][:_MOST_REASONS])
    doubts, merits = _doubts(facts), _merits(facts)
    if len(doubts) > 1:
        return "look", tuple([*doubts, *stuck][:_MOST_REASONS])
    # What is kept is kept all the same, but the hours are worth a line.
    reasons = [*doubts, *stuck, *merits] if doubts else [*merits[:2], *stuck, *merits[2:]]
    return "look" if doubts else "keep", tuple(reasons[:_MOST_REASONS])


def _reasons_to_discard(facts: VerdictInputs) -> list[str]:
    if facts.ending.kind == EndKind.OPEN:
        return []
    judged = (run.verdict for run in facts.tests.runs if run.verdict != "unknown")
    was_green = next(judged, None) == "green"
    if facts.tests.last == "red" and not facts.tasks.done and was_green:
        return ["Tests that were green are red at the end.", "No task was done."]
    if not (facts.commits or facts.changed_files or facts.edits or facts.tasks.done):
        last = _ending_sentence(facts.ending)
        return [
            "Nothing was changed and nothing was committed.",
            *refused_reasons(facts.stalls, facts.refusals),
            last,
        ]
    return []


def _doubts(facts: VerdictInputs) -> list[str]:
    """Every reason to look, the weightiest first."""
    doubts = []
    if facts.ending.kind not in _BY_ITSELF:
        doubts.append(_ending_sentence(facts.ending))
    if facts.tests.last == "red":
        doubts.append("The last test run is red.")
    doubts += refused_reasons(facts.stalls, facts.refusals)
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


def _ending_sentence(ending: Ending) -> str:
    return ending.words if ending.words.endswith((".", "!", "?")) else f"{ending.words}."


def reverted_files(snapshot: NightSnapshot) -> str:
    """The last rewind of files that was not undone and that no test run came after, in words.

    Empty when there is none: then commits, changed files and tests tell of the same state.
    """
    rewinds = (r for r in reversed(snapshot.interventions.rewinds) if r.mode != "conversation")
    last = next(rewinds, None)
    if last is None or last.undo or not (last.written or last.deleted):
        return ""
    tested = (run.at for run in snapshot.tests.runs if run.verdict != "unknown")
    if any(at is not None and at > last.at for at in tested):
        return ""
    name = f"c{last.checkpoint}" if last.checkpoint.isdigit() else last.checkpoint
    return f"Files were brought back to {name} after the last test run"


# --- what to look at first ---


def rank_attention(
    facts: VerdictInputs,
    snapshot: NightSnapshot,
    inputs: ReviewInputs,
    waste: Sequence[WasteItem],
    uncommitted: int,
) -> tuple[AttentionItem, ...]:
    """Ranked by severity, then what is claimed and shown to be wrong before what only cost time.

    `uncommitted` is the number of changed files that no commit holds.
    """
    attention = _Attention(facts, snapshot, inputs)
    attention.add_ending()
    attention.add_tests()
    attention.add_claims()
    attention.add_risks()
    attention.add_refusals()
    attention.add_stalls()
    attention.add_waste(waste)
    attention.add_tasks()
    if uncommitted:
        what = f"{format_count(uncommitted, 'changed file')} not committed"
        attention.add("low", 60, what, attention.last_edit or inputs.last_ref, "commits")
    return attention.first(_MOST_ITEMS)


class _Attention:
    """Collects what asks for attention, each with its severity and its rank within that."""

    def __init__(self, facts: VerdictInputs, snapshot: NightSnapshot, inputs: ReviewInputs) -> None:
        self._facts = facts
        self._snapshot = snapshot
        self._last_ref = inputs.last_ref
        self._aborted_turns = inputs.wasted_work.aborted_turns
        self._ranked: list[tuple[float, AttentionItem]] = []
        self._told = [stall for stall in facts.stalls if stall.called_wrong_at is None]
        edits = inputs.evidence.edits
        self.last_edit = edits[-1].ref if edits else None

    def add(
        self, severity: Severity, rank: float, what: str, where: SourceRef | None, topic: str
    ) -> None:
        item = AttentionItem(severity, what, where, topic)
        self._ranked.append((_WEIGHT[severity] + rank, item))

    def first(self, most: int) -> tuple[AttentionItem, ...]:
        ranked = sorted(self._ranked, key=lambda entry: -entry[0])
        return tuple(item for _, item in ranked[:most])

    def add_ending(self) -> None:
        ending = self._facts.ending
        severity = _END_SEVERITY.get(ending.kind)
        if severity is not None:
            self.add(severity, 60, ending.words, ending.ref or self._last_ref, "ending")
        ended = [turn for turn in self._aborted_turns if turn.why == "process ended"]
        times = max(self._snapshot.interventions.restarts, len(ended))
        if times:
            where = ended[-1].ref if ended else self._last_ref
            often = f", {times} times" if times > 1 else ""
            what = f"Its process ended in the middle of a turn and was started again{often}"
            self.add("medium", 45, what, where, "ending")

    def add_tests(self) -> None:
        tests, reverted = self._facts.tests, self._facts.reverted
        if reverted:
            what = f"{reverted}: tasks and changed files are as they were then, commits stand"
            self.add("medium", 85, what, self._last_ref, "commits")
        last = next((run for run in reversed(tests.runs) if run.verdict != "unknown"), None)
        edits = self._snapshot.counts.edits
        if tests.last == "red" and last is not None:
            result = f"{last.failed} failed" if last.failed else "red"
            what = f"The last test run is red: {result} ({shorten(last.command, 60)})"
            self.add("high", 90, what, last.ref, "tests")
        elif tests.last_green is None and edits:
            what = f"{format_count(edits, 'edit')} and no test run with a verdict"
            self.add("medium", 40, what, self.last_edit or self._last_ref, "tests")
        elif tests.last_green is not None and tests.edits_since_last_green and not reverted:
            edits = tests.edits_since_last_green
            what = f"{format_count(edits, 'edit')} of code came after the last green test run"
            self.add("medium", 80, what, self.last_edit or tests.last_green.ref, "tests")

    def add_claims(self) -> None:
        """What has no support: the final message by itself, everything else in one line."""
        claims = self._facts.claims
        bare = [claim for claim in claims if claim.verdict == "unverified"]
        final = [claim for claim in bare if claim.source == "final message"]
        others = [claim for claim in bare if claim.source != "final message"]
        partial = [claim for claim in claims if claim.verdict == "partial"]
        only_notes = all(claim.source == "notes" for claim in others)
        told_in = f" in the {others[0].source}" if others else ""
        groups: tuple[tuple[Severity, float, list[Claim], str], ...] = (
            ("high", 85, final, ""),
            ("medium" if only_notes else "high", 74.5, others, told_in),
            ("medium", 30, partial, " holds in part"),
        )
        for severity, rank, group, how in groups:
            if not group:
                continue
            first = group[0]
            more = f" (and {len(group) - 1} more)" if len(group) > 1 else ""
            what = f"“{shorten(first.text, _SHOWN)}”{how}: {shorten(first.why, _SHOWN)}{more}"
            where = first.where or (first.evidence[0] if first.evidence else None)
            self.add(severity, rank, what, where, "claims")

    def add_risks(self) -> None:
        """The worst kinds by themselves, the rest of each severity in one line; low ones not at all."""
        kinds: dict[RiskKind, list[Risk]] = {}
        for risk in self._facts.risks:
            if risk.severity != "low":
                kinds.setdefault(risk.kind, []).append(risk)
        groups = list(kinds.values())
        for number, group in enumerate(groups[:_MOST_RISK_KINDS]):
            first = group[0]
            more = f" (and {len(group) - 1} more of this kind)" if len(group) > 1 else ""
            self.add(first.severity, 75 - number, _risk_text(first) + more, first.ref, "risks")
        others = [risk for group in groups[_MOST_RISK_KINDS:] for risk in group]
        for severity in ("high", "medium"):
            rest = [risk for risk in others if risk.severity == severity]
            if not rest:
                continue
            names = ", ".join(dict.fromkeys(risk.kind.replace("_", " ") for risk in rest))
            what = _risk_text(rest[0])
            if len(rest) > 1:
                what = f"{format_count(len(rest), 'more risk')} ({names}), the first: {what}"
            self.add(rest[0].severity, 70, shorten(what, _LINE), rest[0].ref, "risks")

    def add_refusals(self) -> None:
        """Calls that were refused permission: what they are, and the rule that would allow them."""
        night = self._snapshot
        point = refusal_point(self._told, night.refusals, night.counts.denials, self._last_ref)
        if point is not None:
            severity, what, where = point
            self.add(severity, 52, what, where, "time")

    def add_stalls(self) -> None:
        stalls = (stall for stall in self._told if stall.kind != StallKind.REFUSED)
        longest = sorted(stalls, key=stall_seconds, reverse=True)
        for number, stall in enumerate(longest[:2]):
            seconds, circles = stall_seconds(stall), is_circling(stall)
            is_sure = circles and stall.level in (StallLevel.SUSPECTED, StallLevel.STUCK)
            if seconds < _LONG_STALL and not is_sure:
                continue
            severity: Severity = "high" if seconds >= _VERY_LONG_STALL else "medium"
            what = f"Nothing was heard for {format_duration(seconds)}"
            if circles:
                what = f"{trouble_title(stall).capitalize()}: {stall.evidence[0]}"
            where = stall.refs[0] if stall.refs else self._last_ref
            self.add(severity, 50 - number, shorten(what, _LINE), where, "time")

    def add_waste(self, waste: Sequence[WasteItem]) -> None:
        usd = self._snapshot.cost.usd
        lost = sum(item.usd or 0.0 for item in waste)
        if not usd or lost < _MUCH_WASTE * usd:
            return
        worst = max(waste, key=lambda item: item.usd or 0.0)
        share = f"About {100 * min(lost, usd) / usd:.0f} % of the cost bought nothing"
        severity: Severity = "medium" if lost >= 1.0 else "low"
        what = f"{share}: {shorten(worst.what, _SHOWN)}"
        self.add(severity, 45, what, worst.ref or self._last_ref, "cost")

    def add_tasks(self) -> None:
        progress, tasks = self._snapshot.progress, self._facts.tasks
        where = SourceRef(progress.source, 0) if progress is not None else None
        if tasks.removed:
            removed = format_count(len(tasks.removed), "task")
            what = f"{removed} left the list undone or done: {tasks.removed[0]}"
            self.add("medium", 35, shorten(what, _LINE), where, "tasks")
        if progress is not None and progress.blockers:
            what = f"It says that it is blocked: {progress.blockers[0]}"
            self.add("medium", 55, shorten(what, _LINE), where, "tasks")
        if tasks.open:
            what = f"{format_count(len(tasks.open), 'task')} still open: {tasks.open[0]}"
            self.add("low", 50, shorten(what, _LINE), where, "tasks")


def _risk_text(risk: Risk) -> str:
    # A text that names the path already does not need it twice.
    where = f"{risk.path}: " if risk.path and risk.path not in risk.what else ""
    return f"{where}{shorten(risk.what, _SHOWN)}"
