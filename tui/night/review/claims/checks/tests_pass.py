"""Claims that tests pass: by the runs, what they covered, and what was edited after them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from tui.model.evidence.log import EditRecord, TestRun, TestRunRecord
from tui.night.review.claims.facts import ClaimVerdict, Fact, Weight, decide
from tui.night.review.claims.night_facts import (
    Case,
    NightFacts,
    clock,
    failed_text,
    run_details,
)
from tui.night.review.claims.statement import Statement
from tui.system.format import format_count, shorten
from tui.system.lazy_pattern import lazy

_ANY_WILL_DO = frozenset(
    "new added these those related relevant affected corresponding its own updated targeted".split()
)
"""Limits of a claim that any run may have met."""
_SUMMARY_FOR_EACH_PART = frozenset({"go", "cargo", "maven", "unittest", "gradle"})
"""Runners that print a summary for every part, of which the end of an output may not hold all."""
_ALL = lazy(r"\b(?:all|every|entire|full|whole|complete)\b", re.IGNORECASE)
_GREEN = "the last run of tests was green"
_CURRENT = "no edit of code since that run"


def check_tests(night: NightFacts, case: Case) -> ClaimVerdict:
    """A claim that tests pass, made at that place of the night."""
    return _TestCheck(night, case).verdict()


class _TestCheck:
    def __init__(self, night: NightFacts, case: Case) -> None:
        self._index = night.index
        self._statement, self._place = case.statement, case.place

    def verdict(self) -> ClaimVerdict:
        before = self._index.runs_before(self._place)
        last = before[-1] if before else None
        later = self._same_tree_later()
        is_stale = last is None or self._edits(last) or last.run.verdict != "green"
        decisive = later if later is not None and is_stale else last
        if decisive is None:
            when = "before it" if self._index.runs_after(self._place) else "in this night"
            why = f"no run of tests was seen {when}"
            return decide([Fact("tests ran before it", False, Weight.BASIS, why)])
        if decisive.run.verdict == "red":
            return self._by_red(decisive)
        if decisive.run.verdict == "unknown":
            return self._by_unknown(decisive)
        return self._by_green(decisive)

    def _same_tree_later(self) -> TestRunRecord | None:
        """The first run after the claim, if no source file changed in between."""
        known = (r for r in self._index.runs_after(self._place) if r.run.verdict != "unknown")
        record = next(known, None)
        if record is None or self._index.edits_between(self._place, record.number):
            return None
        return record

    def _edits(self, record: TestRunRecord) -> tuple[EditRecord, ...]:
        return self._index.edits_between(record.number, self._place)

    def _by_green(self, record: TestRunRecord) -> ClaimVerdict:
        run, edits = record.run, self._edits(record)
        ran = Fact(_GREEN, True, Weight.BASIS, ref=run.ref)
        if edits:
            why = f"{format_count(len(edits), 'edit')} since the last green run{run_details(run)}"
            return decide(
                [ran, Fact(_CURRENT, False, Weight.PART, why, edits[-1].ref)], "", [run.ref]
            )
        green = self._green_runs(record)
        statement = self._statement
        facts = [ran, Fact(_CURRENT, True, Weight.PART), self._scope(green)]
        facts += [*_count(statement, green), *_skipped(statement, green)]
        best = _best(statement, green)
        is_sure = not self._index.unsure_between(record.number, self._place)
        since = "no edit since" if is_sure else "no edit was seen since"
        why = f"tests green{run_details(best.run)}, {since}"
        if best.number > self._place:
            why = f"tests green right after it{run_details(best.run)}"
        return decide(facts, why, (best.run.ref, run.ref))

    def _by_red(self, record: TestRunRecord) -> ClaimVerdict:
        run = record.run
        other = self._other_suite(record)
        if other is not None:
            last = f"but the last run, of {run.framework}, was red{failed_text(run)}"
            why = f"green{run_details(other.run)}, {last}"
            part = Fact("the run of that suite was green", True, Weight.BASIS, ref=other.run.ref)
            return decide(
                [part, Fact(_GREEN, False, Weight.PART, why, run.ref)], "", [other.run.ref]
            )
        edits = self._edits(record)
        why = f"the last run{clock(run.at)} was red{failed_text(run)}"
        if edits:
            why += f"; {format_count(len(edits), 'edit')} and no run of tests after it"
            fact = Fact("a green run after the last edit", False, Weight.BASIS, why, run.ref)
            return decide([fact])
        # A red run of a part says nothing of another part.
        weight = Weight.DECISIVE if self._is_about(run) else Weight.BASIS
        return decide([Fact(_GREEN, False, weight, why, run.ref)])

    def _is_about(self, run: TestRun) -> bool:
        """Whether a run covers some of what is claimed."""
        limits = [word for word in self._statement.limits if word not in _ANY_WILL_DO]
        command = run.command.lower()
        return not (limits and run.part) or any(word in command for word in limits)

    def _other_suite(self, red: TestRunRecord) -> TestRunRecord | None:
        """The newest run of another framework, if it is green and the claim is of some tests only."""
        if not set(self._statement.limits) - _ANY_WILL_DO:
            return None
        known = (r for r in self._index.runs_before(red.number) if r.run.verdict != "unknown")
        others = [record for record in known if record.run.framework != red.run.framework]
        if not others or others[-1].run.verdict == "red" or self._edits(others[-1]):
            return None
        return others[-1]

    def _by_unknown(self, record: TestRunRecord) -> ClaimVerdict:
        last = record.run
        no_result = f"run{clock(last.at)} told no result"
        told = "the last run of tests told a result"
        known = self._last_known(record.number)
        if known is None:
            why = f"the {no_result}, and no other did"
            return decide([Fact(told, None, Weight.BASIS, why, last.ref)])
        run, edits = known.run, self._edits(known)
        if run.verdict == "green" and not edits and not last.skipped:
            # The same tree was green: that a later run told nothing takes nothing away.
            return self._by_green(known)
        if run.verdict == "red":
            why = f"the {no_result}; the last one that did was red{failed_text(run)}"
            return decide([Fact(told, None, Weight.BASIS, why, last.ref)], "", [run.ref])
        why = f"green{run_details(run)}; a later {no_result}"
        if edits:
            count = format_count(len(edits), "edit")
            why = f"the {no_result}, and {count} came since the last green one{run_details(run)}"
        green = Fact("an earlier run was green", True, Weight.BASIS, ref=run.ref)
        return decide([green, Fact(told, None, Weight.PART, why, last.ref)], "", [run.ref])

    def _last_known(self, place: float, *, of_all: bool = False) -> TestRunRecord | None:
        """The last run before a place that told a result; with `of_all`, one of all tests."""
        before = (
            r for r in reversed(self._index.runs_before(place)) if not (of_all and r.run.part)
        )
        return next((record for record in before if record.run.verdict != "unknown"), None)

    def _green_runs(self, newest: TestRunRecord) -> tuple[TestRunRecord, ...]:
        """Green runs of the tree as it is at the claim, newest first; ends at the first red one."""
        end = max(self._place, newest.number)
        older = takewhile(
            lambda r: r.run.verdict != "red" and not self._index.edits_between(r.number, end),
            reversed(self._index.runs_before(newest.number)),
        )
        return (newest, *(record for record in older if record.run.verdict == "green"))

    def _scope(self, green: tuple[TestRunRecord, ...]) -> Fact:
        """Whether the green runs cover what was claimed."""
        statement = self._statement
        limits = set(statement.limits)
        fact = "the green runs cover what is claimed"
        if (
            not all(record.run.part for record in green)
            or (limits and _limits_match(limits, green))
            or (statement.count is not None and _count_matches(statement.count, green))
        ):
            return Fact(fact, True, Weight.PART)
        run = green[0].run
        only = f"only {shorten(run.part, 60)} ran{run_details(run)}"
        whole = self._last_known(green[-1].number, of_all=True)
        if whole is None:
            return Fact(fact, False, Weight.PART, f"{only}; no run of all tests was seen", run.ref)
        edits = format_count(len(self._edits(whole)), "edit")
        older = f"the last run of all tests{run_details(whole.run)} is older than {edits}"
        return Fact(fact, False, Weight.PART, f"{only}; {older}", whole.run.ref)


def _best(statement: Statement, green: tuple[TestRunRecord, ...]) -> TestRunRecord:
    """The run of the number that was claimed, else that of all tests."""
    count = statement.count
    best = next((record for record in green if count and record.run.passed == count), None)
    return best or next((record for record in green if not record.run.part), green[0])


def _count(statement: Statement, green: tuple[TestRunRecord, ...]) -> list[Fact]:
    """Whether the number that was claimed is the runs' own."""
    count, run = statement.count, green[0].run
    if count is None:
        return []
    fact = f"{count:,.0f} tests passed"
    if _count_matches(count, green):
        return [Fact(fact, True, Weight.PART)]
    if run.passed is None:
        why = f"the green run{clock(run.at)} told no number"
        return [Fact(fact, None, Weight.PART, why, run.ref)]
    if run.framework in _SUMMARY_FOR_EACH_PART and count > run.passed:
        why = f"green{clock(run.at)}, but the end of its output shows {run.passed:,} of them"
        return [Fact(fact, None, Weight.PART, why, run.ref)]
    why = f"the run{clock(run.at)} counted {run.passed:,} passed"
    weight = Weight.DECISIVE if _is_wrong_number(statement, count, green) else Weight.PART
    return [Fact(fact, False, weight, why, run.ref)]


def _is_wrong_number(statement: Statement, count: float, green: tuple[TestRunRecord, ...]) -> bool:
    """Whether the runs cannot have been meant: one run of all tests is all there is, and counted others.

    Fewer than ran may be a part of them, unless it is said of all.
    """
    whole = [record.run for record in green if not record.run.part]
    if len({record.run.command for record in green}) != 1 or not whole or statement.limits:
        return False
    run = whole[0]
    passed = run.passed or 0
    if run.framework in _SUMMARY_FOR_EACH_PART or count == passed + run.skipped:
        return False
    return count > passed or _ALL.search(statement.text) is not None


def _skipped(statement: Statement, green: tuple[TestRunRecord, ...]) -> list[Fact]:
    run = green[0].run
    if not run.skipped or not statement.is_of_all:
        return []
    left_out = format_count(run.skipped, "test was", "tests were")
    why = f"green{run_details(run)}, but {left_out} left out"
    return [Fact("no test was left out", False, Weight.PART, why, run.ref)]


def _limits_match(limits: set[str], green: Iterable[TestRunRecord]) -> bool:
    """Whether what limits the claim is what the runs were limited to."""
    commands = " ".join(record.run.command for record in green).lower()
    return all(word in _ANY_WILL_DO or word in commands for word in limits)


def _count_matches(count: float, green: tuple[TestRunRecord, ...]) -> bool:
    """Whether one of the runs, or all the different ones together, passed that many."""
    passed = {record.run.command: record.run.passed or 0 for record in reversed(green)}
    return count in passed.values() or count == sum(passed.values())
