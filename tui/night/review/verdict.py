"""Keep, look or discard, with reasons.

Discard: tests that were green are red at the end and no task was done; or the night ended, its record is whole,
and nothing at all was changed or committed.
Keep: it ended by itself (tasks done, or its turn), it changed something or was told not to, no test is red,
every edit of code was followed by a green run, nothing that it claims is wrong or without support, no test
asks for less than before, no risk is high, few are medium, and it was let do its work. A night that changed
documents only needs no test.
Look: everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.evidence.claims import Claim, ClaimKind
from tui.model.evidence.log import EvidenceLog, TestRun, TestSummary
from tui.model.permissions.refusals import Refusals
from tui.model.records import ProgressFile
from tui.model.review import Cause, Ending, Proof, Reason, Risk, RiskKind, TaskChanges, Verdict
from tui.model.snapshot import NightSnapshot
from tui.model.stall import Stall
from tui.model.state import EndKind
from tui.night.evidence.wasted_work import WastedWork
from tui.night.review.proof import proof_doubts, proof_merits, proven_colour
from tui.night.review.refused_calls import refused_reasons
from tui.night.review.trouble import stuck_hours
from tui.night.usage.bill import SpendingCurve
from tui.system.format import format_count, shorten

BY_ITSELF = (EndKind.TASKS_DONE, EndKind.TURN_ENDED)
_MOST_REASONS = 3
_SHOWN = 90
_LONG = 150
_MANY_MEDIUM = 3
"""So many risks of medium weight are more than one night's ordinary work has."""
_BENT_TESTS: frozenset[RiskKind] = frozenset(
    {"test_deleted", "test_skipped", "test_weakened", "hard_coded"}
)
"""What makes a green run say less than it seems."""
_REACHED_OUT: frozenset[RiskKind] = frozenset(
    (
        *("destructive", "outward", "credential_use", "persistence", "privilege"),
        *("force_push", "fetch_to_shell"),
    )
)
"""What no rewind of the files takes back."""
_BINDING = frozenset(
    {ClaimKind.TESTS_PASS, ClaimKind.COMMITTED, ClaimKind.PUSHED, ClaimKind.PR_OPENED}
    | {ClaimKind.ALL_DONE}
)
"""Claims of a last message on which a person acts: half of one is a reason to look."""
_FEWER = 0.8
"""A run of all tests with less than this part of those that an earlier one had has lost some."""


class VerdictInputs(Struct, frozen=True):
    """What the verdict rests on; `changed_files` is None if nobody could look.

    `reverted` says in words that files are no longer as they were when the tests ran. `only_prose`: all
    that was changed is documents; `only_report`: the goal says to change nothing. `unseen` are steps of the
    night that no record shows.
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
    only_prose: bool = False
    only_report: bool = False
    unseen: int = 0
    causes: tuple[Cause, ...] = ()
    proof: Proof | None = None


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


def judge_night(facts: VerdictInputs) -> tuple[Verdict, tuple[Reason, ...]]:
    """The verdict and its reasons, the weightiest first, each with the place that it rests on."""
    reasons, stuck = _reasons_to_discard(facts), stuck_hours(facts.stalls)
    if reasons:
        return "discard", tuple([*reasons, *stuck][:_MOST_REASONS])
    doubts, merits = _doubts(facts), _merits(facts)
    if len(doubts) > 1:
        return "look", tuple([*doubts, *stuck][:_MOST_REASONS])
    # What is kept is kept all the same, but the hours are worth a line.
    reasons = [*doubts, *stuck, *merits] if doubts else [*merits[:2], *stuck, *merits[2:]]
    return "look" if doubts else "keep", tuple(reasons[:_MOST_REASONS])


def _reasons_to_discard(facts: VerdictInputs) -> list[Reason]:
    if facts.ending.kind == EndKind.OPEN:
        return []
    judged = [run for run in facts.tests.runs if run.verdict != "unknown"]
    turned_red = bool(judged) and (judged[0].verdict, judged[-1].verdict) == ("green", "red")
    if facts.tests.last == "red" and not facts.tasks.done and turned_red:
        turned = Reason("Tests that were green are red at the end.", judged[-1].ref)
        return [turned, Reason("No task was done.")]
    changed = facts.changed_files or facts.edits or facts.tasks.done
    if facts.only_report or facts.unseen or facts.commits or changed:
        return []
    return [
        Reason("Nothing was changed and nothing was committed."),
        *refused_reasons(facts.stalls, facts.refusals),
        _ending_reason(facts.ending),
    ]


def _doubts(facts: VerdictInputs) -> list[Reason]:
    """Every reason to look, the weightiest first."""
    doubts = [Reason(text) for text in proof_doubts(facts.proof)]
    doubts += _contradicted(facts.claims)
    doubts += _bent_tests(facts)
    if facts.ending.kind not in BY_ITSELF:
        doubts.append(_ending_reason(facts.ending))
    if facts.tests.last == "red" and proven_colour(facts.proof) == "none":
        doubts.append(Reason("The last test run is red.", _last_run_ref(facts.tests)))
    doubts += refused_reasons(facts.stalls, facts.refusals)
    doubts += _weighty_risks(facts.risks)
    doubts += _unsupported(facts.claims)
    if facts.tests.last != "red":
        doubts += _untested(facts)
    doubts += _fewer_tests(facts)
    if facts.unseen:
        steps = format_count(facts.unseen, "step")
        doubts.append(Reason(f"No record shows what it did in {steps}: only results were kept."))
    return doubts


def _contradicted(claims: Iterable[Claim]) -> list[Reason]:
    wrong = [claim for claim in claims if claim.verdict == "contradicted"]
    if not wrong:
        return []
    first, more = wrong[0], f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    text = f"It says “{shorten(first.text, _SHOWN)}”, but {shorten(first.why, _SHOWN)}{more}."
    return [Reason(text, _place_of(first))]


def _place_of(claim: Claim) -> SourceRef | None:
    return claim.evidence[0] if claim.evidence else claim.where


def _bent_tests(facts: VerdictInputs) -> list[Reason]:
    reasons = []
    bent = [one for one in facts.risks if one.kind in _BENT_TESTS and one.severity != "low"]
    if bent:
        places = format_count(len(bent), "place")
        text = f"Tests ask for less than before in {places}: {shorten(bent[0].what, _LONG)}."
        reasons.append(Reason(text, bent[0].ref))
    return reasons


def _weighty_risks(risks: Sequence[Risk]) -> list[Reason]:
    others = [risk for risk in risks if risk.kind not in _BENT_TESTS and risk.severity != "low"]
    high = [risk for risk in others if risk.severity == "high"]
    reached = [risk for risk in others if risk.kind in _REACHED_OUT and risk not in high]
    reasons = []
    if high:
        count = format_count(len(high), "risk")
        text = f"{count} of high weight in what it changed or ran: {shorten(high[0].what, _LONG)}."
        reasons.append(Reason(text, high[0].ref))
    elif reached:
        text = f"It reached beyond the project's files: {shorten(reached[0].what, _LONG)}."
        reasons.append(Reason(text, reached[0].ref))
    elif len(others) >= _MANY_MEDIUM:
        text = f"{format_count(len(others), 'risk')} of medium weight in what it changed or ran."
        reasons.append(Reason(text, others[0].ref))
    return reasons


def _unsupported(claims: Sequence[Claim]) -> list[Reason]:
    boasts = [claim for claim in claims if claim.kind != ClaimKind.NOT_DONE]
    bare = [claim for claim in boasts if claim.verdict == "unverified"]
    if bare:
        verb = "has" if len(bare) == 1 else "have"
        text = f"{len(bare)} of {format_count(len(boasts), 'claim')} {verb} no support."
        return [Reason(text, bare[0].where)]
    half = [
        claim
        for claim in boasts
        if claim.verdict == "partial"
        and claim.source == "final message"
        and claim.kind in _BINDING
        and any(fact.holds is False for fact in claim.checked)
    ]
    if half:
        first = half[0]
        text = f"“{shorten(first.text, _SHOWN)}” holds in part only: {shorten(first.why, _SHOWN)}."
        return [Reason(text, _place_of(first))]
    return []


def _untested(facts: VerdictInputs) -> list[Reason]:
    tests = facts.tests
    if facts.reverted:
        return [Reason(f"{facts.reverted}.")]
    if facts.only_prose:
        return []
    if tests.last_green is None and (facts.edits or facts.changed_files):
        return [Reason("Files were changed and no green test run was seen.", _last_run_ref(tests))]
    if tests.last_green is None and facts.commits:
        commits = format_count(facts.commits, "commit")
        return [Reason(f"{commits} of files that are not known, and no green test run was seen.")]
    if tests.last_green is not None and tests.edits_since_last_green:
        edits = format_count(tests.edits_since_last_green, "edit")
        text = f"{edits} of code came after the last green test run."
        return [Reason(text, tests.last_green.ref)]
    return []


def _fewer_tests(facts: VerdictInputs) -> list[Reason]:
    """A last run of all tests that has far fewer of them than an earlier one of the same runner.

    Where tests went with the code they were about, that is the reason.
    """
    if any(one.kind == "test_deleted" and one.severity == "low" for one in facts.risks):
        return []
    tests = facts.tests
    whole = [run for run in tests.runs if not run.part and _size(run) and run.verdict != "unknown"]
    if not whole:
        return []
    last = whole[-1]
    same = [run for run in whole if (run.framework, run.command) == (last.framework, last.command)]
    most = max(map(_size, same))
    if _size(last) >= _FEWER * most:
        return []
    text = f"The last test run had {_size(last):,} tests, an earlier one of the same had {most:,}."
    return [Reason(text, last.ref)]


def _size(run: TestRun) -> int:
    return (run.passed or 0) + (run.failed or 0) + run.skipped


def _last_run_ref(tests: TestSummary) -> SourceRef | None:
    known = (run.ref for run in reversed(tests.runs) if run.verdict != "unknown")
    return next(known, None)


def _merits(facts: VerdictInputs) -> list[Reason]:
    merits = [Reason(text) for text in proof_merits(facts.proof)]
    if facts.tasks.done:
        still_open = f", {len(facts.tasks.open)} open" if facts.tasks.open else ""
        merits.append(Reason(f"{format_count(len(facts.tasks.done), 'task')} done{still_open}."))
    merits += _why_tested(facts)
    if facts.ending.kind in BY_ITSELF:
        merits.append(_ending_reason(facts.ending))
    if facts.claims and all(claim.verdict == "verified" for claim in facts.claims):
        text = f"{format_count(len(facts.claims), 'claim')}, each with its evidence."
        merits.append(Reason(text, facts.claims[0].where))
    if facts.commits:
        merits.append(Reason(f"{format_count(facts.commits, 'commit')}."))
    return merits


def _why_tested(facts: VerdictInputs) -> list[Reason]:
    """What stands behind the changes: a green run, or that none is needed."""
    is_current = not facts.tests.edits_since_last_green and not facts.reverted
    is_proven = proven_colour(facts.proof) == "green"
    if facts.tests.last == "green" and is_current and not is_proven:
        text = "The last test run is green, and no code was edited after it."
        return [Reason(text, _last_run_ref(facts.tests))]
    if facts.only_prose:
        return [Reason("Only documents were changed, which need no tests.")]
    if facts.only_report and not (facts.edits or facts.changed_files):
        return [Reason("Nothing was changed, as the goal asks.")]
    return []


def _ending_reason(ending: Ending) -> Reason:
    is_sentence = ending.words.endswith((".", "!", "?"))
    return Reason(ending.words if is_sentence else f"{ending.words}.", ending.ref)


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
