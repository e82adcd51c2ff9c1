"""Verified, partial or unverified, with the reason."""

from __future__ import annotations

from msgspec import Struct

from tui.model.events import SourceRef
from tui.model.evidence import EditRecord, TestRun, TestRunRecord
from tui.model.records import ProgressFile
from tui.model.review import Trust
from tui.night.evidence.shell_effects import is_prose
from tui.night.review.claims.evidence_index import (
    ChangedWork,
    ClaimTerms,
    EvidenceIndex,
    WorkMatch,
    clock_text,
    extract_terms,
    is_partial_output,
    is_run_of_all,
    run_details,
)
from tui.night.review.claims.statements import Statement
from tui.system.format import format_count, shorten

_ANY_WILL_DO_WORDS = """
    new added these those related relevant affected corresponding its own updated targeted
"""
_ANY_WILL_DO = frozenset(_ANY_WILL_DO_WORDS.split())


class ClaimVerdict(Struct, frozen=True):
    """A verdict, why, and the tool results it rests on, the decisive one first."""

    trust: Trust
    why: str
    evidence: tuple[SourceRef, ...] = ()


class ClaimScorer:
    """Weighs claims by what the night's runs, edits and changes say."""

    def __init__(
        self, bench: EvidenceIndex, work: ChangedWork, progress: ProgressFile | None
    ) -> None:
        self._index = bench
        self._work = work
        self._progress = progress

    # --- tests ---

    def score_tests(self, said: Statement, place: float) -> ClaimVerdict:
        """A claim that tests pass, made at that place of the night."""
        before = self._index.runs_before(place)
        later = self._same_tree_later(place)
        last = before[-1] if before else None
        if last is None and later is None:
            if self._index.runs_after(place):
                return ClaimVerdict("unverified", "no run of tests was seen before it")
            return ClaimVerdict("unverified", "no run of tests was seen in this night")
        decisive = last
        if later is not None and (last is None or self._edits(last, place) or not _is_green(last)):
            decisive = later
        if decisive is None:
            return ClaimVerdict("unverified", "no run of tests was seen before it")
        return self._score_by_run(said, decisive, place)

    def _same_tree_later(self, place: float) -> TestRunRecord | None:
        """The first run after a place, if no source file changed in between."""
        for ran in self._index.runs_after(place):
            if ran.run.verdict != "unknown":
                return None if self._index.edits_between(place, ran.number) else ran
        return None

    def _edits(self, ran: TestRunRecord, place: float) -> tuple[EditRecord, ...]:
        return self._index.edits_between(ran.number, place)

    def _score_by_run(self, said: Statement, ran: TestRunRecord, place: float) -> ClaimVerdict:
        run = ran.run
        if run.verdict == "red":
            other = self._other_suite(said, ran, place)
            if other is not None:
                red = (
                    f"green{run_details(other.run)}, but the last run, of {run.framework}, was red"
                )
                return ClaimVerdict("partial", red + _failed_text(run), (other.run.ref, run.ref))
            edits = self._edits(ran, place)
            after = (
                f"{format_count(len(edits), 'edit')} and no run of tests after it" if edits else ""
            )
            why = f"the last run{clock_text(run.at)} was red{_failed_text(run)}"
            return ClaimVerdict("unverified", f"{why}; {after}" if after else why, (run.ref,))
        if run.verdict == "unknown":
            return self._score_by_unknown(ran, place)
        edits = self._edits(ran, place)
        if edits:
            why = f"{format_count(len(edits), 'edit')} since the last green run{run_details(run)}"
            return ClaimVerdict("partial", why, (run.ref, edits[-1].ref))
        fresh = self._green_runs(place, ran)
        return (
            self._score_scope(said, fresh, place)
            or self._score_count(said, fresh)
            or self._score_skipped(said, fresh)
            or self._verified(said, fresh, place)
        )

    def _other_suite(
        self, said: Statement, red: TestRunRecord, place: float
    ) -> TestRunRecord | None:
        """The newest run of another framework, if it is green and the claim is of some tests only."""
        if not set(said.limits) - _ANY_WILL_DO:
            return None
        for ran in reversed(self._index.runs_before(red.number)):
            if ran.run.verdict != "unknown" and ran.run.framework != red.run.framework:
                return ran if _is_green(ran) and not self._edits(ran, place) else None
        return None

    @staticmethod
    def _verified(said: Statement, fresh: tuple[TestRunRecord, ...], place: float) -> ClaimVerdict:
        """By the run of the number that was claimed, else by that of all tests."""
        best = next((ran for ran in fresh if said.count and ran.run.passed == said.count), None)
        best = best or next((ran for ran in fresh if is_run_of_all(ran.run)), fresh[0])
        refs = tuple(dict.fromkeys((best.run.ref, fresh[0].run.ref)))
        if best.number > place:
            return ClaimVerdict(
                "verified", f"tests green right after it{run_details(best.run)}", refs
            )
        return ClaimVerdict("verified", f"tests green{run_details(best.run)}, no edit since", refs)

    def _score_by_unknown(self, ran: TestRunRecord, place: float) -> ClaimVerdict:
        for known in reversed(self._index.runs_before(ran.number)):
            if known.run.verdict == "unknown":
                continue
            edits = self._edits(known, place)
            if known.run.verdict == "green" and not edits:
                why = (
                    f"green{run_details(known.run)}; a later run{clock_text(ran.run.at)} told no result"
                )
            elif known.run.verdict == "green":
                why = (
                    f"the run{clock_text(ran.run.at)} told no result, and {format_count(len(edits), 'edit')} came "
                    f"since the last green one{run_details(known.run)}"
                )
            else:
                why = (
                    f"the run{clock_text(ran.run.at)} told no result; the last one that did was red"
                    f"{_failed_text(known.run)}"
                )
                return ClaimVerdict("unverified", why, (ran.run.ref, known.run.ref))
            return ClaimVerdict("partial", why, (ran.run.ref, known.run.ref))
        why = f"the run{clock_text(ran.run.at)} told no result, and no other did"
        return ClaimVerdict("unverified", why, (ran.run.ref,))

    def _green_runs(self, place: float, newest: TestRunRecord) -> tuple[TestRunRecord, ...]:
        """Green runs of the tree as it is at a place, newest first; ends at the first red one."""
        found = [newest]
        for ran in reversed(self._index.runs_before(newest.number)):
            if ran.run.verdict == "red" or self._edits(ran, max(place, newest.number)):
                break
            if ran.run.verdict == "green":
                found.append(ran)
        return tuple(found)

    def _score_scope(
        self, said: Statement, fresh: tuple[TestRunRecord, ...], place: float
    ) -> ClaimVerdict | None:
        """Why the fresh runs cover a part only; None when they cover what was claimed."""
        if any(is_run_of_all(ran.run) for ran in fresh):
            return None
        narrow = set(said.limits)
        if narrow and (narrow <= _ANY_WILL_DO or _limits_match(narrow, fresh)):
            return None
        if said.count is not None and _count_matches(said.count, fresh):
            return None
        run = fresh[0].run
        only = f"only {shorten(run.part, 60)} ran{run_details(run)}"
        whole = self._last_whole(fresh[-1].number)
        if whole is None:
            return ClaimVerdict("partial", f"{only}; no run of all tests was seen", (run.ref,))
        edits = format_count(len(self._edits(whole, place)), "edit")
        why = f"{only}; the last run of all tests{run_details(whole.run)} is older than {edits}"
        return ClaimVerdict("partial", why, (run.ref, whole.run.ref))

    def _last_whole(self, place: float) -> TestRunRecord | None:
        for ran in reversed(self._index.runs_before(place)):
            if ran.run.verdict != "unknown" and is_run_of_all(ran.run):
                return ran
        return None

    @staticmethod
    def _score_count(said: Statement, fresh: tuple[TestRunRecord, ...]) -> ClaimVerdict | None:
        """Why the number that was claimed is not the runs' own; None when it is."""
        if said.count is None or _count_matches(said.count, fresh):
            return None
        run = fresh[0].run
        if run.passed is None:
            return ClaimVerdict(
                "partial", f"the green run{clock_text(run.at)} told no number", (run.ref,)
            )
        if is_partial_output(run) and said.count > run.passed:
            why = f"green{clock_text(run.at)}, but the end of its output shows {run.passed:,} of them"
            return ClaimVerdict("partial", why, (run.ref,))
        return ClaimVerdict(
            "partial", f"the run{clock_text(run.at)} counted {run.passed:,} passed", (run.ref,)
        )

    @staticmethod
    def _score_skipped(said: Statement, fresh: tuple[TestRunRecord, ...]) -> ClaimVerdict | None:
        run = fresh[0].run
        if not run.skipped or not said.is_of_all:
            return None
        left = format_count(run.skipped, "test was", "tests were")
        return ClaimVerdict("partial", f"green{run_details(run)}, but {left} left out", (run.ref,))

    # --- work that is done ---

    def score_work(
        self,
        what: str,
        place: float,
        own: tuple[str, ...] = (),
        late: bool = True,
        about: str = "",
    ) -> ClaimVerdict | None:
        """A claim that something is done; None when it names nothing that can be looked for.

        `own` are the paths of the commit that claims it, `about` is the file it is said of;
        `late` says that the last run of the night decides, and not the best one.
        """
        said = extract_terms(what)
        if about and not said.paths:
            said = ClaimTerms((about,), said.symbols, said.task_ids, said.stems)
        if not said:
            return None
        found = self._work.find(said)
        if found.match in ("none", "unclear") and own:
            return self._score_by_commit(own, place, late)
        if found.match == "none":
            total = format_count(len(self._work.paths), "file")
            changed = f"{total} changed in this night, none of which matches it"
            why = changed if self._work.paths else "no file was changed in this night"
            return ClaimVerdict("unverified", why)
        if found.match == "unclear":
            why = "its words match no changed file, which may only be a matter of words"
            if not self._work.is_known:
                why = "its words match no edited file, and what the repository holds is not known"
            return ClaimVerdict("partial", why, ())
        weight = self._green_after(found.paths, place, late)
        return weight if found.match == "clear" else _in_part_only(weight, found)

    def _score_by_commit(self, paths: tuple[str, ...], place: float, late: bool) -> ClaimVerdict:
        weight = self._green_after(paths, place, late)
        changed = (
            f"its words match no changed file, but {format_count(len(paths), 'file')} changed in it"
        )
        return ClaimVerdict("partial", changed, weight.evidence)

    def score_task_id(self, paths: tuple[str, ...], place: float) -> ClaimVerdict:
        """A claim that a task known only by its number is done, which those edits belong to."""
        if paths:
            return self._green_after(paths, place, True)
        why = "no change of this night could be linked to it"
        return ClaimVerdict("partial", why, ())

    def _green_after(self, paths: tuple[str, ...], place: float, late: bool) -> ClaimVerdict:
        if all(is_prose(path) for path in paths):
            return ClaimVerdict(
                "verified", f"{_files_text(paths)} changed in this night", self._refs_of(paths)
            )
        code = tuple(path for path in paths if not is_prose(path))
        edits = [edit for edit in self._index.edits if _is_among(edit.path, code)]
        if not edits:
            why = f"{_files_text(code)} changed, but not by an edit that was seen"
            return ClaimVerdict(
                "partial", f"{why}, so that no run of tests can be said to come after it"
            )
        last = edits[-1]
        after = [ran for ran in self._index.runs_after(last.number) if ran.run.verdict != "unknown"]
        green = [ran for ran in after if ran.run.verdict == "green"]
        if green and (not late or after[-1].run.verdict == "green"):
            run = green[0].run
            why = f"{_files_text(code)} changed{clock_text(last.at)}, tests green after it{run_details(run)}"
            return ClaimVerdict("verified", why, (run.ref, last.ref))
        if after:
            run = after[-1].run
            red = f"the last run after it was red{_failed_text(run)}"
            why = f"{_files_text(code)} changed{clock_text(last.at)}, {red}"
            return ClaimVerdict("partial", why, (run.ref, last.ref))
        why = f"{_files_text(code)} changed{clock_text(last.at)}, no run of tests came after it"
        return ClaimVerdict("partial", why, (last.ref,))

    def _refs_of(self, paths: tuple[str, ...]) -> tuple[SourceRef, ...]:
        found = [e.ref for e in self._index.evidence.edits if _is_among(e.path, paths)]
        return tuple(found[-1:])

    def score_all_done(self, weak: int) -> ClaimVerdict:
        """A claim that all tasks are done; `weak` of the night's ticks are not verified."""
        progress = self._progress
        if progress is None or progress.basis == "unknown" or not progress.total:
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


def _is_green(ran: TestRunRecord) -> bool:
    return ran.run.verdict == "green"


def _failed_text(run: TestRun) -> str:
    return f": {run.failed:,} failed" if run.failed else ""


def _limits_match(narrow: set[str], fresh: tuple[TestRunRecord, ...]) -> bool:
    """Whether what limits the claim is what the runs were limited to."""
    commands = " ".join(ran.run.command for ran in fresh).lower()
    return all(word in _ANY_WILL_DO or word in commands for word in narrow)


def _count_matches(claimed: int, fresh: tuple[TestRunRecord, ...]) -> bool:
    """Whether one of the runs, or all the different ones together, passed that many."""
    passed = {ran.run.command: ran.run.passed or 0 for ran in reversed(fresh)}
    return claimed in passed.values() or claimed == sum(passed.values())


def _is_among(path: str, paths: tuple[str, ...]) -> bool:
    path = path.replace("\\", "/")
    return any(path == p or path.endswith("/" + p) or p.endswith("/" + path) for p in paths if path)


def _files_text(paths: tuple[str, ...]) -> str:
    name = paths[0].rsplit("/", 1)[-1]
    return name if len(paths) == 1 else f"{name} and {format_count(len(paths) - 1, 'other file')}"


def _in_part_only(weight: ClaimVerdict, found: WorkMatch) -> ClaimVerdict:
    """A match in some words only is never more than partial."""
    words = ", ".join(found.missing[:3])
    why = f"it matches in part only (nothing for: {words}); {weight.why}"
    return ClaimVerdict("partial", why, weight.evidence)
