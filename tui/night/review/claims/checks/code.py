"""Claims of work: code added or removed, bugs fixed, tests added, tasks done.

It needs changed code that names the subject, and a green run after its last edit that executes it.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.evidence.shell_effects import is_prose
from tui.night.review.claims.changed_work import Side, WorkMatch
from tui.night.review.claims.checks.tested import green_after, last_part
from tui.night.review.claims.code_lines import is_hollow
from tui.night.review.claims.evidence_index import ClaimTerms, extract_terms
from tui.night.review.claims.facts import ClaimVerdict, Fact, Weight, decide, of_several
from tui.night.review.claims.night_facts import (
    Case,
    NightFacts,
    clock,
    files_text,
    is_among,
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
_LAST_OF_TWO = lazy(
    r"\w\s+(?:and|&)\s+(?!docs\b|documentation|readme|examples?\b|types?\b)(\w+)\W*\Z", re.I
)
_FAULTS = ("Error", "Exception", "Warning", "Panic")
"""What a fault is called stands in no code that mends it."""
_OF_ANY_WORK = (ClaimKind.TASK_DONE, ClaimKind.FILE_CHANGED)
_NEW = (ClaimKind.CODE_ADDED, ClaimKind.TASK_DONE, ClaimKind.BUG_FIXED)
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
        self._work = (night.work_of_commit(case.sha) if self._is_commit else None) or night.work

    def verdict(self) -> ClaimVerdict | None:
        """By what the claim names."""
        return self._judge(self._terms(self._statement.work or self._statement.text))

    def _terms(self, what: str) -> ClaimTerms:
        statement = self._statement
        terms = extract_terms(what, statement.language)
        subject = statement.subject
        paths = tuple(dict.fromkeys((*terms.paths, *subject.paths)))
        ids = {*terms.task_ids, *subject.task_ids}
        names = tuple(name for name in map(_bare_name, subject.symbols) if name not in ids)
        symbols = tuple(dict.fromkeys((*terms.symbols, *filter(_PLAIN_NAME.match, names))))
        if statement.kind == ClaimKind.BUG_FIXED:
            symbols = tuple(name for name in symbols if not name.endswith(_FAULTS))
        stems = {s: w for s, w in terms.stems.items() if w not in {n.lower() for n in symbols}}
        if statement.about and not paths:
            return replace(
                terms, paths=(statement.about,), symbols=symbols, stems=stems, has_named_code=False
            )
        return replace(terms, paths=paths, symbols=symbols, stems=stems)

    def _judge(self, terms: ClaimTerms) -> ClaimVerdict | None:
        if not terms and terms.language:
            return self._not_compared(terms.language)
        if not terms and self._statement.kind != ClaimKind.BUG_FIXED:
            return None
        gone = self._facts_of_end(terms)
        match = self._work.find(terms, self._side)
        if any(fact.holds is False and fact.weight is Weight.DECISIVE for fact in gone):
            return decide(gone)
        if match.grade in ("none", "unclear"):
            return self._by_no_match(terms, match, gone)
        return self._by_match(terms, match, gone)

    def _by_no_match(
        self, terms: ClaimTerms, match: WorkMatch, gone: tuple[Fact, ...]
    ) -> ClaimVerdict:
        """Its words stand in nothing that changed: a doubt where it names enough, else a matter of words."""
        night, paths = self._night, self._case.commit_paths
        code = tuple(path for path in paths if not is_prose(path))
        evidence = [fact.ref for fact in self._tested(paths, terms)] if paths else []
        if code and set(code) <= night.work.hollow:
            why = f"only comments or bodies that do nothing changed in {files_text(code)}"
            return decide([*gone, Fact("changed code names it", False, Weight.BASIS, why)])
        if paths:
            changed = f"{format_count(len(paths), 'file')} changed in it"
            why = f"its words match no changed file, but {changed}"
        elif self._is_missed(terms, match, gone):
            undone = self._undone(terms)
            if undone is not None:
                return decide([*gone, undone])
            why = self._nothing_matches()
            return decide([*gone, Fact("changed code names it", False, Weight.BASIS, why)])
        elif any(fact.holds for fact in gone):
            why = "it is so at the end, but nothing tells that this night did it"
            return decide([*gone, Fact("changed code names it", None, Weight.PART, why)])
        elif night.work.is_known:
            why = "its words match no changed file, which may only be a matter of words"
        else:
            why = "its words match no edited file, and what the repository holds is not known"
        facts = [*gone, Fact("changed code names it", None, Weight.PART, why)]
        is_all_else_well = all(fact.holds for fact in gone)
        return replace(decide(facts, "", evidence), is_only_words=is_all_else_well)

    def _undone(self, terms: ClaimTerms) -> Fact | None:
        """What was done and taken back within the night: by its name, its commit, or as all of it was."""
        night, end = self._night, self._night.end
        if not end.is_known or night.works_elsewhere or self._statement.kind not in _NEW:
            return None
        fact = "it stands at the end"
        words = {*terms.symbols, *terms.stems.values()}
        for name in sorted(night.work.brief):
            if name.lower() in words and night.find_symbol(name) == ():
                why = f"{name} was added in this night and is gone at its end"
                return Fact(fact, False, Weight.DECISIVE, why)
        for record, stems in night.commit_stems:
            is_meant = bool(stems) and len(stems & set(terms.stems)) * 2 > len(stems)
            if is_meant and record.sha and end.commit(record.sha).is_reached is False:
                why = f"commit {record.sha[:7]} “{shorten(record.subject, 50)}” is not in what HEAD holds"
                return Fact(fact, False, Weight.DECISIVE, why, record.ref)
        code = [path for path in night.undone if not is_prose(path)]
        if code and not night.work.code_paths:
            why = f"{files_text(tuple(sorted(code)))} was edited, but no code differs at the end"
            return Fact(fact, False, Weight.DECISIVE, why)
        return None

    def _nothing_matches(self) -> str:
        work = self._night.work
        if not work.paths:
            return "no file was changed in this night"
        if not work.code_paths and work.hollow:
            return "only comments or bodies that do nothing were added"
        return f"{format_count(len(work.paths), 'file')} changed in this night, none of which matches it"

    def _is_missed(self, terms: ClaimTerms, match: WorkMatch, gone: tuple[Fact, ...]) -> bool:
        """Whether what it names should be found in what changed, and is not."""
        is_removal = self._statement.kind == ClaimKind.CODE_REMOVED
        is_gone = is_removal and any(fact.holds for fact in gone)
        return match.grade == "none" and not is_gone and not self._may_be_other_words(terms)

    def _may_be_other_words(self, terms: ClaimTerms) -> bool:
        """Whether it is told in words that no changed file need hold.

        A fix tells of a fault, and code did change; a task may be no change of files at all, where
        nobody knows the repository.
        """
        work, kind = self._night.work, self._statement.kind
        if kind in _OF_ANY_WORK and not work.is_known:
            return not (work.paths and (terms.paths or terms.symbols))
        is_named = bool(terms.paths or terms.symbols)
        return kind == ClaimKind.BUG_FIXED and not is_named and bool(work.code_paths)

    def _by_match(
        self, terms: ClaimTerms, match: WorkMatch, gone: tuple[Fact, ...]
    ) -> ClaimVerdict:
        after = self._tested(match.paths, terms)
        evidence = [fact.ref for fact in reversed(after)]
        good = after[-1]
        why = good.why
        is_open = terms.language and not terms.symbols and self._stood_before(match.paths)
        if is_open and all(fact.holds for fact in after):
            facts = [*gone, *after, _words_fact(terms.language)]
            return replace(decide(facts, why, evidence), is_only_words=True)
        words = ", ".join(match.missing[:3])
        if match.grade == "clear":
            words = self._missing_half(match)
        if not words:
            return decide([*gone, *after], why, evidence)
        why = f"it matches in part only (nothing for: {words}); {why}"
        part = Fact(f"changed code names {words}", False, Weight.PART, why)
        return decide([*gone, part, *after], "", evidence)

    def _missing_half(self, match: WorkMatch) -> str:
        """The last of two things that are said to be added, where nothing that changed is like it."""
        if self._statement.kind not in (ClaimKind.CODE_ADDED, ClaimKind.TASK_DONE):
            return ""
        found = _LAST_OF_TWO.search(self._statement.work or self._statement.text)
        word = found.group(1).lower() if found is not None else ""
        is_alike = self._work.begins_alike(extract_terms(word))
        return word if word in match.missing and not is_alike else ""

    def _not_compared(self, language: str) -> ClaimVerdict | None:
        """A task is shown though nobody compared its words; of other claims nothing is left."""
        if self._statement.kind != ClaimKind.TASK_DONE or self._case.source != "progress":
            return None
        return replace(decide([_words_fact(language)]), is_only_words=True)

    def _stood_before(self, paths: tuple[str, ...]) -> bool:
        """Whether code that stood there before was changed, in which anything may have been done."""
        code = [path for path in paths if not is_prose(path)]
        return any(self._night.end.path(path).existed is not False for path in code)

    # --- as it stands at the end ---

    def _facts_of_end(self, terms: ClaimTerms) -> tuple[Fact, ...]:
        """Named files and names of code at the end of the night, as far as the repository is known."""
        if not self._night.end.is_known:
            return ()
        removed = self._statement.kind == ClaimKind.CODE_REMOVED
        symbols = [name for name in terms.symbols if len(name) >= _LEAST_NAME][:_MOST_NAMES]
        names = [self._name_fact(name, terms.paths, is_gone=removed) for name in symbols]
        said = [path for path in terms.paths if path != self._statement.about]
        paths = [] if removed else [self._path_fact(path) for path in said[:_MOST_NAMES]]
        facts = (*of_several([f for f in paths if f]), *of_several([f for f in names if f]))
        return tuple(facts)

    def _path_fact(self, path: str) -> Fact | None:
        state = self._night.end.path(path)
        if state.exists is None or ("/" not in path and "." not in path):
            return None
        if state.exists:
            return Fact(f"{path} exists at the end", True, Weight.PART)
        edits = self._night.edits_of(path)
        if any(map(self._night.is_elsewhere, edits)):
            return None
        why = f"{path} does not exist at the end"
        if edits:
            why = f"{path} was edited{clock(edits[-1].at)}, but does not exist at the end"
        is_old = self._is_commit or self._case.is_taken_back(path)
        is_wrong = (bool(edits) or not state.existed) and not is_old
        weight = Weight.DECISIVE if is_wrong else Weight.PART
        return Fact(
            f"{path} exists at the end", False, weight, why, edits[-1].ref if edits else None
        )

    def _name_fact(self, name: str, paths: tuple[str, ...], *, is_gone: bool) -> Fact | None:
        found = self._night.find_symbol(name)
        if found is None:
            return None
        if is_gone:
            return self._gone_fact(name, paths, found)
        if found:
            return self._body_fact(name, found)
        if self._stands_somewhere(name):
            return None
        why = f"no code at the end of the night names {name}"
        is_new = self._statement.kind in (ClaimKind.CODE_ADDED, ClaimKind.TASK_DONE)
        is_named = is_new and self._is_subject(name) and not self._was_there(name)
        weight = Weight.DECISIVE if is_named else Weight.PART
        return Fact(f"{name} stands in the code at the end", False, weight, why)

    def _was_there(self, name: str) -> bool:
        """Whether it stood there when it was said: in the commit, or until a later message took it back."""
        is_in_commit = self._is_commit and any(self._work.find_symbol(name))
        return is_in_commit or self._case.is_taken_back(name)

    def _gone_fact(self, name: str, paths: tuple[str, ...], found: tuple[str, ...]) -> Fact:
        """Whether code defines a name no more; what stands elsewhere may be another thing of that name."""
        fact = f"{name} is gone at the end"
        if not found:
            return Fact(fact, True, Weight.PART)
        here = [path for path in found if not paths or is_among(path, paths)]
        is_cut = self._night.is_in_removed_lines(last_part(name))
        is_wrong = bool(here) and not is_cut and self._is_subject(name)
        why = f"{name} still stands in {files_text(tuple(here or found))}"
        return Fact(fact, False, Weight.DECISIVE if is_wrong else Weight.PART, why)

    def _body_fact(self, name: str, found: tuple[str, ...]) -> Fact:
        """Whether a name that code defines has a body that does something."""
        fact = f"{name} stands in {files_text(found)} at the end"
        changed = [path for path in found if is_among(path, tuple(self._night.work.paths))]
        texts = [(self._night.end.text(path), path) for path in changed[:3]]
        hollow = [
            is_hollow(text, last_part(name), path) for text, path in texts if text is not None
        ]
        if hollow and all(hollow):
            why = f"{name} has a body that does nothing"
            return Fact(f"{name} has a body", False, Weight.BASIS, why)
        return Fact(fact, True, Weight.PART)

    def _stands_somewhere(self, name: str) -> bool:
        """Whether a file that changed holds a name, in whatever form."""
        night, last = self._night, last_part(name)
        if night.changes is None or night.changes.cut or night.works_elsewhere:
            return True
        if night.work.find_symbol(last):
            return True
        pattern = re.compile(rf"(?<!\w){re.escape(last)}(?!\w)")
        paths = night.work.code_paths
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

    def _tested(self, paths: tuple[str, ...], terms: ClaimTerms) -> list[Fact]:
        return green_after(self._night, paths, terms.symbols, any_run=self._is_commit)

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
                after = self._tested(paths, ClaimTerms())
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


def _words_fact(language: str) -> Fact:
    why = f"its words are {language} and were not compared with the code"
    return Fact("its words are in what changed", None, Weight.PART, why)


def _bare_name(name: str) -> str:
    return name.removesuffix("()")
