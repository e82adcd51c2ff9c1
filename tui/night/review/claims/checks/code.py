"""Claims of work: code added or removed, bugs fixed, tests added, tasks done.

It needs changed code that names the subject, and a green run after its last edit that executes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.model.evidence.log import TestRun, TestRunRecord
from tui.night.evidence.shell_effects import is_prose
from tui.night.review.claims.changed_work import Side, WorkMatch
from tui.night.review.claims.code_lines import is_hollow
from tui.night.review.claims.evidence_index import ClaimTerms, extract_terms
from tui.night.review.claims.facts import ClaimVerdict, Fact, Weight, decide, of_several
from tui.night.review.claims.night_facts import (
    Case,
    NightFacts,
    clock,
    failed_text,
    files_text,
    is_among,
    run_details,
)
from tui.system.format import format_count, shorten
from tui.system.lazy_pattern import lazy

_SIDES: dict[ClaimKind, Side] = {
    ClaimKind.CODE_ADDED: "added",
    ClaimKind.TESTS_ADDED: "added",
    ClaimKind.CODE_REMOVED: "removed",
}
_PLAIN_NAME = lazy(r"[A-Za-z_$][\w$]*(?:(?:\.|::|#)[A-Za-z_$][\w$]*)*(?:\(\))?\Z")
_BEGINS_WITH = (
    r"(?:(?:an?|the|new|own|missing|function|method|class|helper|util(?:ity)?|command|hook|component"
    r"|module|feature|type|struct|interface|constant)\s+)*"
)
_LEAST_NAME = 3
_MOST_NAMES = 12
_MOST_LOOKED = 40


def check_work(night: NightFacts, case: Case) -> ClaimVerdict | None:
    """A claim that something is done; None when it names nothing that can be looked for."""
    work = _Work(night, case)
    return work.verdict() or work.verdict_by_task()


class _Work:
    def __init__(self, night: NightFacts, case: Case) -> None:
        self._night, self._case = night, case
        self._statement = case.statement
        self._side: Side = _SIDES.get(self._statement.kind, "any")
        self._is_commit = case.source == "commit"

    def verdict(self) -> ClaimVerdict | None:
        """By what the claim names."""
        return self._judge(self._terms(self._statement.work or self._statement.text))

    def _terms(self, what: str) -> ClaimTerms:
        statement = self._statement
        terms = extract_terms(what)
        subject = statement.subject
        paths = tuple(dict.fromkeys((*terms.paths, *subject.paths)))
        names = tuple(map(_bare_name, subject.symbols))
        symbols = tuple(dict.fromkeys((*terms.symbols, *filter(_PLAIN_NAME.match, names))))
        stems = {s: w for s, w in terms.stems.items() if w not in {n.lower() for n in symbols}}
        if statement.about and not paths:
            return replace(
                terms, paths=(statement.about,), symbols=symbols, stems=stems, has_named_code=False
            )
        return replace(terms, paths=paths, symbols=symbols, stems=stems)

    def _judge(self, terms: ClaimTerms) -> ClaimVerdict | None:
        if not terms:
            return None
        night, commit_paths = self._night, self._case.commit_paths
        gone = self._facts_of_end(terms)
        match = night.work.find(terms, self._side)
        if any(fact.holds is False and fact.weight is Weight.DECISIVE for fact in gone):
            return decide(gone)
        if match.grade in ("none", "unclear") and commit_paths:
            changed = f"{format_count(len(commit_paths), 'file')} changed in it"
            why = f"its words match no changed file, but {changed}"
            facts = [*gone, Fact("a change in it names it", None, Weight.PART, why)]
            evidence = [fact.ref for fact in self._green_after(commit_paths, terms)]
            return replace(decide(facts, "", evidence), is_only_words=not gone)
        if match.grade == "none":
            why = "no file was changed in this night"
            if night.work.paths:
                total = format_count(len(night.work.paths), "file")
                why = f"{total} changed in this night, none of which matches it"
                if not night.work.code_paths and night.work.hollow:
                    why = "only comments or bodies that do nothing were added"
            return decide([*gone, Fact("changed code names it", False, Weight.BASIS, why)])
        if match.grade == "unclear":
            why = "its words match no edited file, and what the repository holds is not known"
            if night.work.is_known:
                why = "its words match no changed file, which may only be a matter of words"
            facts = [*gone, Fact("changed code names it", None, Weight.PART, why)]
            return replace(decide(facts), is_only_words=True)
        return self._by_match(terms, match, gone)

    def _by_match(
        self, terms: ClaimTerms, match: WorkMatch, gone: tuple[Fact, ...]
    ) -> ClaimVerdict:
        after = self._green_after(match.paths, terms)
        evidence = [fact.ref for fact in reversed(after)]
        good = after[-1]
        why = good.why
        if match.grade == "clear":
            return decide([*gone, *after], why, evidence)
        words = ", ".join(match.missing[:3])
        why = f"it matches in part only (nothing for: {words}); {why}"
        part = Fact(f"changed code names {words}", False, Weight.PART, why)
        return decide([*gone, part, *after], "", evidence)

    # --- as it stands at the end ---

    def _facts_of_end(self, terms: ClaimTerms) -> tuple[Fact, ...]:
        """Named files and names of code at the end of the night, as far as the repository is known."""
        if not self._night.end.is_known:
            return ()
        removed = self._statement.kind == ClaimKind.CODE_REMOVED
        symbols = [name for name in terms.symbols if len(name) >= _LEAST_NAME][:_MOST_NAMES]
        names = [self._name_fact(name, terms.paths, is_gone=removed) for name in symbols]
        paths = [] if removed else [self._path_fact(path) for path in terms.paths[:_MOST_NAMES]]
        facts = (*of_several([f for f in paths if f]), *of_several([f for f in names if f]))
        return tuple(facts)

    def _path_fact(self, path: str) -> Fact | None:
        state = self._night.end.path(path)
        if state.exists is None or ("/" not in path and "." not in path):
            return None
        if state.exists:
            return Fact(f"{path} exists at the end", True, Weight.PART)
        edits = self._night.edits_of(path)
        if any(
            not edit.path.startswith(self._night.root) for edit in edits if edit.path[:1] == "/"
        ):
            return None
        why = f"{path} does not exist at the end"
        if edits:
            why = f"{path} was edited{clock(edits[-1].at)}, but does not exist at the end"
        is_wrong = bool(edits) or not state.existed
        weight = Weight.DECISIVE if is_wrong else Weight.PART
        return Fact(
            f"{path} exists at the end", False, weight, why, edits[-1].ref if edits else None
        )

    def _name_fact(self, name: str, paths: tuple[str, ...], *, is_gone: bool) -> Fact | None:
        end = self._night.end
        found = end.find_symbol(name)
        if is_gone:
            if not found:
                return None
            here = [p for p in found if not paths or is_among(p, paths)]
            why = f"{name} still stands in {files_text(tuple(here or found))}"
            weight = Weight.DECISIVE if here and self._is_subject(name) else Weight.PART
            return Fact(f"{name} is gone at the end", False, weight, why)
        if found:
            return self._body_fact(name, found)
        if self._stands_somewhere(name):
            return None
        why = f"nothing at the end of the night names {name}"
        is_new = self._statement.kind in (ClaimKind.CODE_ADDED, ClaimKind.TASK_DONE)
        is_named = is_new and self._is_subject(name)
        return Fact(
            f"{name} stands in the code at the end",
            False,
            Weight.DECISIVE if is_named else Weight.PART,
            why,
        )

    def _body_fact(self, name: str, found: tuple[str, ...]) -> Fact:
        """Whether a name that code defines has a body that does something."""
        fact = f"{name} stands in {files_text(found)} at the end"
        changed = [path for path in found if is_among(path, tuple(self._night.work.paths))]
        texts = [(self._night.end.text(path), path) for path in changed[:3]]
        hollow = [is_hollow(text, _last(name), path) for text, path in texts if text is not None]
        if hollow and all(hollow):
            why = f"{name} has a body that does nothing"
            return Fact(f"{name} has a body", False, Weight.BASIS, why)
        return Fact(fact, True, Weight.PART)

    def _stands_somewhere(self, name: str) -> bool:
        """Whether a file that changed holds a name, in whatever form."""
        night, last = self._night, _last(name)
        if night.changes is None or night.changes.cut:
            return True
        if night.work.find_symbol(last):
            return True
        pattern = re.compile(rf"(?<!\w){re.escape(last)}(?!\w)")
        paths = [path for path in night.work.code_paths if night.end.path(path).exists]
        if len(paths) > _MOST_LOOKED:
            return True
        texts = (night.end.text(path) for path in paths)
        return any(text is not None and pattern.search(text) for text in texts)

    def _is_subject(self, name: str) -> bool:
        """Whether a name is what is said to be done, and not something it was done with."""
        statement = self._statement
        if name in map(_bare_name, statement.subject.symbols):
            return True
        work = statement.work.replace("`", "").strip()
        return re.match(_BEGINS_WITH + re.escape(name) + r"\b", work, re.IGNORECASE) is not None

    # --- tested after it ---

    def _green_after(self, paths: tuple[str, ...], terms: ClaimTerms) -> list[Fact]:
        """Facts on the edits of the paths and the runs after them; documents need no tests.

        The last one's `why` tells what holds where all of them do.
        """
        night = self._night
        code = tuple(path for path in paths if not is_prose(path))
        if not code:
            edits = night.edits_of(*paths)
            why = f"{files_text(paths)} changed in this night"
            ref = edits[-1].ref if edits else None
            return [Fact(why, True, Weight.BASIS, why, ref)]
        if set(code) <= night.work.hollow:
            why = f"only comments or bodies that do nothing changed in {files_text(code)}"
            return [Fact("code changed, not comments alone", False, Weight.BASIS, why)]
        last = next((e for e in reversed(night.index.edits) if is_among(e.path, code)), None)
        if last is None:
            seen = f"{files_text(code)} changed, but not by an edit that was seen"
            why = f"{seen}, so that no run of tests can be said to come after it"
            return [
                Fact(f"{files_text(code)} changed", True, Weight.BASIS),
                Fact("tests green after its last edit", None, Weight.PART, why),
            ]
        changed = f"{files_text(code)} changed{clock(last.at)}"
        facts = [Fact(changed, True, Weight.BASIS, ref=last.ref)]
        runs = [r for r in night.index.runs_after(last.number) if r.run.verdict != "unknown"]
        return [*facts, self._run_fact(runs, changed, code, terms)]

    def _run_fact(
        self, runs: list[TestRunRecord], changed: str, code: tuple[str, ...], terms: ClaimTerms
    ) -> Fact:
        fact = f"tests green after the last edit of {files_text(code)}"
        if not runs:
            return Fact(fact, False, Weight.PART, f"{changed}, no run of tests came after it")
        green = [record.run for record in runs if record.run.verdict == "green"]
        last = runs[-1].run
        if not green or (last.verdict != "green" and not self._is_commit):
            why = f"{changed}, the last run after it was red{failed_text(last)}"
            return Fact(fact, False, Weight.PART, why, last.ref)
        run = next((run for run in green if self._executes(run, code, terms)), None)
        if run is None:
            only = shorten(green[0].part, 60)
            why = f"{changed}, but only {only} ran after it, which does not name it"
            return Fact(fact, False, Weight.PART, why, green[0].ref)
        return Fact(
            fact, True, Weight.PART, f"{changed}, tests green after it{run_details(run)}", run.ref
        )

    def _executes(self, run: TestRun, code: tuple[str, ...], terms: ClaimTerms) -> bool:
        """Whether a run was of all tests, or its tests name what changed; where none can be read, it may."""
        if not run.part or not self._night.end.is_known:
            return True
        part = run.part.partition("::")[0]
        words = _names_of(code) | {_last(name).lower() for name in terms.symbols}
        if any(word in run.part.lower() for word in words) or is_among(part, code):
            return True
        state = self._night.end.path(part)
        if state.exists is None or state.is_folder or "." not in part:
            return True
        text = self._night.end.text(state.path)
        return text is None or any(word in text.lower() for word in words)

    # --- by number ---

    def verdict_by_task(self) -> ClaimVerdict | None:
        """A task that is named by its id only: by the task's title, or the commits that name it."""
        night = self._night
        what = self._statement.work or self._statement.text
        ids = (*self._statement.subject.task_ids, *extract_terms(what).task_ids)
        for task_id in ids[:1]:
            for task in night.progress.tasks if night.progress is not None else ():
                if task_id in task.title and extract_terms(task.title):
                    return self._judge(extract_terms(task.title))
            paths = self._paths_of_task(task_id)
            if paths:
                after = self._green_after(paths, ClaimTerms())
                return decide(after, after[-1].why, [fact.ref for fact in reversed(after)])
            why = "no change of this night could be linked to it"
            verdict = decide([Fact(f"changes belong to {task_id}", None, Weight.PART, why)])
            return replace(verdict, is_only_words=True)
        return None

    def _paths_of_task(self, task_id: str) -> tuple[str, ...]:
        """The source files edited before the commits that name a task, since the commit before."""
        night, last = self._night, 0
        paths: list[str] = []
        for record in night.evidence.commits:
            if task_id in record.subject:
                edits = night.index.edits_between(last, record.number)
                paths += [edit.path for edit in edits if edit.path]
            last = record.number
        return tuple(dict.fromkeys(map(night.inside, paths)))


def _bare_name(name: str) -> str:
    return name.removesuffix("()")


def _last(name: str) -> str:
    """The last part of a dotted name."""
    return re.split(r"\.|::|#", name)[-1]


def _names_of(paths: Iterable[str]) -> set[str]:
    """Names of modules, by which tests name what they run."""
    stems = {path.rsplit("/", 1)[-1].partition(".")[0].lower() for path in paths}
    folders = {
        path.rsplit("/", 2)[-2].lower() for path in paths if "__init__" in path or "/mod." in path
    }
    return {name for name in stems | folders if len(name) > 1} - {"__init__", "index", "mod"}
