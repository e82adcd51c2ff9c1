"""What to look at first: at most seven points, ranked by what a person would regret not to have seen."""

from __future__ import annotations

from collections.abc import Sequence

from tui.model.events import SourceRef
from tui.model.evidence.claims import Claim, ClaimKind, UnreadText
from tui.model.labels import trouble_title
from tui.model.records import RepositoryChanges
from tui.model.review import AttentionItem, Risk, RiskKind, Severity, WasteItem
from tui.model.snapshot import NightSnapshot
from tui.model.state import EndKind, StallKind, StallLevel
from tui.night.review.proof import proof_points
from tui.night.review.refused_calls import refusal_point
from tui.night.review.trouble import is_circling, stall_seconds
from tui.night.review.verdict import ReviewInputs, VerdictInputs
from tui.system.format import format_clock, format_count, format_duration, shorten

_MOST_ITEMS = 7
_MOST_RISK_KINDS = 3
_LONG_STALL = 600.0
_VERY_LONG_STALL = 3_600.0
_MUCH_WASTE = 0.1
_MANY_CALLS = 5
_NAMED = 3
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


def rank_attention(
    facts: VerdictInputs,
    snapshot: NightSnapshot,
    inputs: ReviewInputs,
    waste: Sequence[WasteItem],
    uncommitted: int,
    unread: Sequence[UnreadText] = (),
    changes: RepositoryChanges | None = None,
) -> tuple[AttentionItem, ...]:
    """Ranked by severity, then what is claimed and shown to be wrong before what only cost time.

    `uncommitted` is the number of changed files that no commit holds.
    """
    attention = _Attention(facts, snapshot, inputs)
    attention.add_ending()
    attention.add_proof()
    attention.add_tests()
    attention.add_claims()
    attention.add_unread(unread)
    attention.add_risks()
    attention.add_refusals()
    attention.add_stalls()
    attention.add_causes()
    attention.add_waste(waste)
    attention.add_tasks()
    attention.add_lost(changes)
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

    def add_lost(self, changes: RepositoryChanges | None) -> None:
        """Commits that were undone, and those that stand on another branch only."""
        if changes is None:
            return
        for commits, how in ((changes.lost, "undone"), (changes.elsewhere, "only on")):
            if commits:
                first = commits[0]
                branch = f" {first.branch}" if first.branch else ""
                count = format_count(len(commits), "commit is", "commits are")
                what = f"{count} {how}{branch}: {first.sha[:7]} {shorten(first.subject, 60)}"
                self.add("medium", 54, what, SourceRef(f"git:{first.sha}", 0), "commits")

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
        if tests.last == "red" and last is not None and last.verdict == "red":
            result = f"{last.failed} failed" if last.failed else "red"
            what = f"The last test run is red: {result} ({shorten(last.command, 60)})"
            self.add("high", 90, what, last.ref, "tests")
        elif tests.last_green is None and edits and not self._facts.only_prose:
            what = f"{format_count(edits, 'edit')} and no test run with a verdict"
            self.add("medium", 40, what, self.last_edit or self._last_ref, "tests")
        elif tests.last_green is not None and tests.edits_since_last_green and not reverted:
            edits = tests.edits_since_last_green
            what = f"{format_count(edits, 'edit')} of code came after the last green test run"
            self.add("medium", 80, what, self.last_edit or tests.last_green.ref, "tests")

    def add_claims(self) -> None:
        """What is wrong or has no support: the final message by itself, everything else in one line."""
        for severity, rank, group, how in _claim_groups(self._facts.claims):
            if not group:
                continue
            first = group[0]
            more = f" (and {len(group) - 1} more)" if len(group) > 1 else ""
            why = f": {shorten(first.why, _SHOWN)}" if first.why else ""
            what = f"“{shorten(first.text, _SHOWN)}”{how}{why}{more}"
            where = first.where or (first.evidence[0] if first.evidence else None)
            self.add(severity, rank, what, where, "claims")

    def add_unread(self, unread: Sequence[UnreadText]) -> None:
        """Statements that nobody judged."""
        if not unread:
            return
        counted = [f"{format_count(one.count, 'statement')} in {one.language}" for one in unread]
        verb = "was" if sum(one.count for one in unread) == 1 else "were"
        what = f"{' and '.join(counted[:_NAMED])} {verb} not checked"
        where = unread[0].where or self._last_ref
        self.add("medium", 57, shorten(what, _LINE), where, "claims")

    def add_proof(self) -> None:
        """What was run again and did not hold."""
        for severity, rank, what in proof_points(self._facts.proof):
            self.add(severity, rank, shorten(what, _LINE), self._last_ref, "tests")

    def add_causes(self) -> None:
        """The one thing behind many failed calls."""
        told = {
            ref for stall in self._told if stall.kind == StallKind.SAME_ERROR for ref in stall.refs
        }
        causes = [
            one
            for one in self._facts.causes
            if one.is_error and one.count >= _MANY_CALLS and one.first not in told
        ]
        for number, cause in enumerate(causes[:2]):
            since = f" since {format_clock(cause.since)}" if cause.since is not None else ""
            what = f"“{shorten(cause.what, _SHOWN)}”{since}, behind {cause.count:,} calls"
            self.add("medium", 47 - number, what, cause.first, "time")
        if self._facts.unseen:
            steps = format_count(self._facts.unseen, "step")
            what = f"No record shows what it did in {steps}: its output kept only the result"
            self.add("medium", 82, what, self._last_ref, "ending")

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
                title, first = trouble_title(stall), stall.evidence[0]
                what = first if title in first else f"{title}: {first}"
                what = f"{what[:1].upper()}{what[1:]}"
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
    return shorten(f"{where}{risk.what}", _LINE)


def _claim_groups(
    claims: Sequence[Claim],
) -> tuple[tuple[Severity, float, list[Claim], str], ...]:
    """Severity, rank and claims of each point, and how what they say is told."""
    boasts = [claim for claim in claims if claim.kind != ClaimKind.NOT_DONE]
    wrong = [claim for claim in boasts if claim.verdict == "contradicted"]
    bare = [claim for claim in boasts if claim.verdict == "unverified"]
    final = [claim for claim in bare if claim.source == "final message"]
    others = [claim for claim in bare if claim.source != "final message"]
    partial = [claim for claim in boasts if claim.verdict == "partial" and _is_telling(claim)]
    undone = [claim for claim in claims if claim.kind == ClaimKind.NOT_DONE]
    only_notes = all(claim.source == "notes" for claim in others)
    told_in = f" in the {others[0].source}" if others else ""
    return (
        ("high", 95, wrong, " is wrong"),
        ("high", 85, final, ""),
        ("medium" if only_notes else "high", 74.5, others, told_in),
        ("medium", 30, partial, " holds in part"),
        ("low", 55, [one for one in undone if one.source == "final message"], ""),
    )


def _is_telling(claim: Claim) -> bool:
    """Whether a claim that holds in part is worth a look: a fact against it, not only its words."""
    return any(fact.holds is False for fact in claim.checked)
