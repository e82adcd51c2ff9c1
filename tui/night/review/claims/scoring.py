"""Verified, partial or unverified, with the reason.

A place is a number in the order of the evidence: what has a higher one came later.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from tui.model.events import SourceRef
from tui.model.evidence.claims import Claim, ClaimSource, Trust
from tui.model.evidence.log import EditRecord, TestRun, TestRunRecord
from tui.model.records import ProgressFile
from tui.night.evidence.shell_effects import is_prose
from tui.night.review.claims.evidence_index import (
    ChangedWork,
    EvidenceIndex,
    extract_terms,
)
from tui.night.review.claims.statement import Statement
from tui.system.format import format_count, format_local, shorten

_ANY_WILL_DO = frozenset(
    "new added these those related relevant affected corresponding its own updated targeted".split()
)
"""Limits of a claim that any run may have met."""
_SUMMARY_FOR_EACH_PART = frozenset({"go", "cargo", "maven", "unittest", "gradle"})
"""Runners that print a summary for every part, of which the end of an output may not hold all."""


class ClaimVerdict(Struct, frozen=True):
    """A verdict, why, and the tool results it rests on, the decisive one first."""

    trust: Trust
    why: str
    evidence: tuple[SourceRef, ...] = ()

    def claim(
        self, text: str, source: ClaimSource, where: SourceRef | None, at: float | None
    ) -> Claim:
        """What was claimed, with this verdict."""
        return Claim(text, self.trust, self.why, source, where, self.evidence, at)


class ClaimScorer:
    """Scores claims by the night's runs, edits and changes."""

    def __init__(
        self, index: EvidenceIndex, work: ChangedWork, progress: ProgressFile | None
    ) -> None:
        self._index = index
        self._work = work
        self._progress = progress

    # --- tests ---

    def score_tests(self, statement: Statement, place: float) -> ClaimVerdict:
        """A claim that tests pass, made at that place of the night."""
        before = self._index.runs_before(place)
        last = before[-1] if before else None
        later = self._same_tree_later(place)
        is_stale = last is None or self._edits(last, place) or last.run.verdict != "green"
        decisive = later if later is not None and is_stale else last
        if decisive is None:
            when = "before it" if self._index.runs_after(place) else "in this night"
            return ClaimVerdict("unverified", f"no run of tests was seen {when}")
        return self._score_by_run(statement, decisive, place)

    def _same_tree_later(self, place: float) -> TestRunRecord | None:
        """The first run after a place, if no source file changed in between."""
        known = (r for r in self._index.runs_after(place) if r.run.verdict != "unknown")
        record = next(known, None)
        if record is None or self._index.edits_between(place, record.number):
            return None
        return record

    def _edits(self, record: TestRunRecord, place: float) -> tuple[EditRecord, ...]:
        return self._index.edits_between(record.number, place)

    def _score_by_run(
        self, statement: Statement, record: TestRunRecord, place: float
    ) -> ClaimVerdict:
        run = record.run
        if run.verdict == "red":
            return self._score_by_red(statement, record, place)
        if run.verdict == "unknown":
            return self._score_by_unknown(record, place)
        edits = self._edits(record, place)
        if edits:
            why = f"{format_count(len(edits), 'edit')} since the last green run{_run_details(run)}"
            return ClaimVerdict("partial", why, (run.ref, edits[-1].ref))
        green = self._green_runs(place, record)
        return (
            self._score_scope(statement, green, place)
            or _score_count(statement, green)
            or _score_skipped(statement, green)
            or _verified(statement, green, place)
        )

    def _score_by_red(
        self, statement: Statement, record: TestRunRecord, place: float
    ) -> ClaimVerdict:
        run = record.run
        other = self._other_suite(statement, record, place)
        if other is not None:
            last = f"but the last run, of {run.framework}, was red{_failed_text(run)}"
            why = f"green{_run_details(other.run)}, {last}"
            return ClaimVerdict("partial", why, (other.run.ref, run.ref))
        edits = self._edits(record, place)
        why = f"the last run{_clock(run.at)} was red{_failed_text(run)}"
        if edits:
            why += f"; {format_count(len(edits), 'edit')} and no run of tests after it"
        return ClaimVerdict("unverified", why, (run.ref,))

    def _other_suite(
        self, statement: Statement, red: TestRunRecord, place: float
    ) -> TestRunRecord | None:
        """The newest run of another framework, if it is green and the claim is of some tests only."""
        if not set(statement.limits) - _ANY_WILL_DO:
            return None
        known = (r for r in self._index.runs_before(red.number) if r.run.verdict != "unknown")
        others = [record for record in known if record.run.framework != red.run.framework]
        if not others or others[-1].run.verdict == "red" or self._edits(others[-1], place):
            return None
        return others[-1]

    def _score_by_unknown(self, record: TestRunRecord, place: float) -> ClaimVerdict:
        last = record.run
        no_result = f"run{_clock(last.at)} told no result"
        known = self._last_known(record.number)
        if known is None:
            return ClaimVerdict("unverified", f"the {no_result}, and no other did", (last.ref,))
        run, edits = known.run, self._edits(known, place)
        refs = (last.ref, run.ref)
        if run.verdict == "red":
            why = f"the {no_result}; the last one that did was red{_failed_text(run)}"
            return ClaimVerdict("unverified", why, refs)
        why = f"green{_run_details(run)}; a later {no_result}"
        if edits:
            count = format_count(len(edits), "edit")
            why = f"the {no_result}, and {count} came since the last green one{_run_details(run)}"
        return ClaimVerdict("partial", why, refs)

    def _last_known(self, place: float, *, of_all: bool = False) -> TestRunRecord | None:
        """The last run before a place that told a result; with `of_all`, one of all tests."""
        before = (
            r for r in reversed(self._index.runs_before(place)) if not (of_all and r.run.part)
        )
        return next((record for record in before if record.run.verdict != "unknown"), None)

    def _green_runs(self, place: float, newest: TestRunRecord) -> tuple[TestRunRecord, ...]:
        """Green runs of the tree as it is at a place, newest first; ends at the first red one."""
        end = max(place, newest.number)
        older = takewhile(
            lambda record: record.run.verdict != "red" and not self._edits(record, end),
            reversed(self._index.runs_before(newest.number)),
        )
        return (newest, *(record for record in older if record.run.verdict == "green"))

    def _score_scope(
        self, statement: Statement, green: tuple[TestRunRecord, ...], place: float
    ) -> ClaimVerdict | None:
        """Why the green runs cover a part only; None when they cover what was claimed."""
        limits = set(statement.limits)
        if (
            not all(record.run.part for record in green)
            or (limits and _limits_match(limits, green))
            or (statement.count is not None and _count_matches(statement.count, green))
        ):
            return None
        run = green[0].run
        only = f"only {shorten(run.part, 60)} ran{_run_details(run)}"
        whole = self._last_known(green[-1].number, of_all=True)
        if whole is None:
            return ClaimVerdict("partial", f"{only}; no run of all tests was seen", (run.ref,))
        edits = format_count(len(self._edits(whole, place)), "edit")
        why = f"{only}; the last run of all tests{_run_details(whole.run)} is older than {edits}"
        return ClaimVerdict("partial", why, (run.ref, whole.run.ref))

    # --- work that is done ---

    def score_work(
        self,
        what: str,
        commit_paths: tuple[str, ...] = (),
        last_run_decides: bool = True,
        about: str = "",
    ) -> ClaimVerdict | None:
        """A claim that something is done; None when it names nothing that can be looked for.

        `commit_paths` are those of the commit that claims it, `about` is the file it is said of.
        Unless `last_run_decides`, one green run after the work is enough.
        """
        terms = extract_terms(what)
        if about and not terms.paths:
            terms = replace(terms, paths=(about,), has_named_code=False)
        if not terms:
            return None
        match = self._work.find(terms)
        if match.grade in ("none", "unclear") and commit_paths:
            changed = f"{format_count(len(commit_paths), 'file')} changed in it"
            why = f"its words match no changed file, but {changed}"
            evidence = self._green_after(commit_paths, last_run_decides).evidence
            return ClaimVerdict("partial", why, evidence)
        if match.grade == "none":
            why = "no file was changed in this night"
            if self._work.paths:
                total = format_count(len(self._work.paths), "file")
                why = f"{total} changed in this night, none of which matches it"
            return ClaimVerdict("unverified", why)
        if match.grade == "unclear":
            why = "its words match no edited file, and what the repository holds is not known"
            if self._work.is_known:
                why = "its words match no changed file, which may only be a matter of words"
            return ClaimVerdict("partial", why)
        verdict = self._green_after(match.paths, last_run_decides)
        if match.grade == "clear":
            return verdict
        words = ", ".join(match.missing[:3])
        why = f"it matches in part only (nothing for: {words}); {verdict.why}"
        return replace(verdict, trust="partial", why=why)

    def score_task_id(self, paths: tuple[str, ...]) -> ClaimVerdict:
        """A claim that a task known only by its number is done, which those edits belong to."""
        if paths:
            return self._green_after(paths, last_run_decides=True)
        return ClaimVerdict("partial", "no change of this night could be linked to it")

    def _green_after(self, paths: tuple[str, ...], last_run_decides: bool) -> ClaimVerdict:
        """Whether tests were green after the last edit of the paths; documents need no tests."""
        code = tuple(path for path in paths if not is_prose(path))
        if not code:
            edits = [edit.ref for edit in self._index.evidence.edits if _is_among(edit.path, paths)]
            why = f"{_files_text(paths)} changed in this night"
            return ClaimVerdict("verified", why, tuple(edits[-1:]))
        last = next((e for e in reversed(self._index.edits) if _is_among(e.path, code)), None)
        if last is None:
            seen = f"{_files_text(code)} changed, but not by an edit that was seen"
            why = f"{seen}, so that no run of tests can be said to come after it"
            return ClaimVerdict("partial", why)
        changed = f"{_files_text(code)} changed{_clock(last.at)}"
        runs = [record.run for record in self._index.runs_after(last.number)]
        runs = [run for run in runs if run.verdict != "unknown"]
        if not runs:
            return ClaimVerdict("partial", f"{changed}, no run of tests came after it", (last.ref,))
        green = next((run for run in runs if run.verdict == "green"), None)
        if green is not None and (not last_run_decides or runs[-1].verdict == "green"):
            why = f"{changed}, tests green after it{_run_details(green)}"
            return ClaimVerdict("verified", why, (green.ref, last.ref))
        why = f"{changed}, the last run after it was red{_failed_text(runs[-1])}"
        return ClaimVerdict("partial", why, (runs[-1].ref, last.ref))

    def score_all_done(self, weak: int) -> ClaimVerdict:
        """A claim that all tasks are done; `weak` of the night's ticks are not verified."""
        progress = self._progress
        if progress is None or not progress.counts_tasks or not progress.total:
            return ClaimVerdict("partial", "no progress file lists the tasks")
        where = (SourceRef(progress.source, 0),)
        if progress.open:
            still = format_count(progress.open, "task is", "tasks are")
            return ClaimVerdict("unverified", f"{still} open in the progress file", where)
        ticked = f"all {format_count(progress.total, 'task')} are ticked in the progress file"
        if weak:
            why = f"{ticked}, {weak} of this night's ticks not verified"
            return ClaimVerdict("partial", why, where)
        return ClaimVerdict("verified", ticked, where)


def _verified(statement: Statement, green: tuple[TestRunRecord, ...], place: float) -> ClaimVerdict:
    """By the run of the number that was claimed, else by that of all tests."""
    count = statement.count
    best = next((record for record in green if count and record.run.passed == count), None)
    best = best or next((record for record in green if not record.run.part), green[0])
    refs = tuple(dict.fromkeys((best.run.ref, green[0].run.ref)))
    why = f"tests green{_run_details(best.run)}, no edit since"
    if best.number > place:
        why = f"tests green right after it{_run_details(best.run)}"
    return ClaimVerdict("verified", why, refs)


def _score_count(statement: Statement, green: tuple[TestRunRecord, ...]) -> ClaimVerdict | None:
    """Why the number that was claimed is not the runs' own; None when it is."""
    count, run = statement.count, green[0].run
    if count is None or _count_matches(count, green):
        return None
    if run.passed is None:
        why = f"the green run{_clock(run.at)} told no number"
    elif run.framework in _SUMMARY_FOR_EACH_PART and count > run.passed:
        why = f"green{_clock(run.at)}, but the end of its output shows {run.passed:,} of them"
    else:
        why = f"the run{_clock(run.at)} counted {run.passed:,} passed"
    return ClaimVerdict("partial", why, (run.ref,))


def _score_skipped(statement: Statement, green: tuple[TestRunRecord, ...]) -> ClaimVerdict | None:
    run = green[0].run
    if not run.skipped or not statement.is_of_all:
        return None
    left_out = format_count(run.skipped, "test was", "tests were")
    return ClaimVerdict("partial", f"green{_run_details(run)}, but {left_out} left out", (run.ref,))


def _limits_match(limits: set[str], green: Iterable[TestRunRecord]) -> bool:
    """Whether what limits the claim is what the runs were limited to."""
    commands = " ".join(record.run.command for record in green).lower()
    return all(word in _ANY_WILL_DO or word in commands for word in limits)


def _count_matches(count: float, green: tuple[TestRunRecord, ...]) -> bool:
    """Whether one of the runs, or all the different ones together, passed that many."""
    passed = {record.run.command: record.run.passed or 0 for record in reversed(green)}
    return count in passed.values() or count == sum(passed.values())


def _is_among(path: str, paths: tuple[str, ...]) -> bool:
    path = path.replace("\\", "/")
    return any(path == p or path.endswith("/" + p) or p.endswith("/" + path) for p in paths if path)


# --- runs and files in words ---


def _run_details(run: TestRun) -> str:
    """ " at 02:14 (44 passed)"; what is unknown is left out."""
    if run.failed:
        return f"{_clock(run.at)} ({run.failed:,} failed)"
    return _clock(run.at) + (f" ({run.passed:,} passed)" if run.passed else "")


def _clock(at: float | None) -> str:
    return "" if at is None else format_local(at, " at %H:%M", "")


def _failed_text(run: TestRun) -> str:
    return f": {run.failed:,} failed" if run.failed else ""


def _files_text(paths: tuple[str, ...]) -> str:
    name = paths[0].rsplit("/", 1)[-1]
    return name if len(paths) == 1 else f"{name} and {format_count(len(paths) - 1, 'other file')}"
