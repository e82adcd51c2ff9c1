"""What a sentence in a language that is read claims: one grammar for all, with the words of each."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.languages.clauses import (
    Clause,
    Verb,
    blanked,
    split_clauses,
    trimmed,
)
from tui.night.review.claims.languages.names import Names
from tui.night.review.claims.languages.words import Deed, Words
from tui.night.review.claims.sections import TextLine
from tui.night.review.claims.statement import Statement
from tui.system.lazy_pattern import lazy

_LONGEST = 240
_FILE_KINDS: dict[Deed, ClaimKind] = {
    "made": ClaimKind.FILE_MADE,
    "added": ClaimKind.FILE_MADE,
    "changed": ClaimKind.FILE_CHANGED,
    "fixed": ClaimKind.FILE_CHANGED,
    "removed": ClaimKind.FILE_REMOVED,
    "renamed": ClaimKind.FILE_RENAMED,
}
_OF = lazy(
    r"(?<![\w.#:/-])(\d[\d.,]*\d|\d)\s*(?:/|of|von|sur|de|di|van|из|з|z)\s*(\d+)(?![\w.]*\d)"
)
_NUMBER = lazy(r"(?<![A-Za-z0-9_.,#:/-])(\d{1,3}(?:[.,]\d{3})+|\d+)(?![\d.,:/]*\d|\s*%|[A-Za-z_-])")
_QUESTION = lazy(r"[?？]\s*$")
_NARROW = lazy(
    r"(?<![A-Za-z0-9])(?:unit|integration|e2e|end-to-end|smoke|functional|frontend|backend|api|ui|cli|regression)(?![A-Za-z])",
    re.IGNORECASE,
)
_TEST_FILE = lazy(
    r"\b(?:test_\w+|\w+_test|\w+_spec|\w+\.(?:test|spec))(?:\.\w+)*|[\w/.-]*tests?/[\w/.-]+"
)
_NOT_WORDS = lazy(r"[\W\d_]+")


class Reading(Struct, frozen=True):
    """What a sentence claims; `is_unread`: it seems to claim something, and nothing was understood."""

    statements: tuple[Statement, ...] = ()
    is_unread: bool = False


def read_sentence(line: TextLine, start: int, end: int, words: Words) -> Reading:
    """The claims of the sentence of a line that stands from `start` to `end`."""
    return _Sentence(line, start, end, words).read()


def read_subject(line: TextLine, words: Words) -> Statement | None:
    """The work that a commit's subject names, if it names a path or code: "Füge `multiply` hinzu"."""
    names = Names(line.masked, line.text)
    masked = names.masked
    is_work = any(words[field].search(masked) for field in ("titles", "added", "made", "fixed"))
    if not is_work or not names.is_checkable or words["negated"].search(masked):
        return None
    text = line.text[:_LONGEST]
    return Statement(
        ClaimKind.CODE_ADDED,
        text,
        line.number,
        line.offset,
        sentence=text,
        work=text,
        subject=names.subject,
    )


class _Sentence:
    """One sentence, its names blanked."""

    def __init__(self, line: TextLine, start: int, end: int, words: Words) -> None:
        self._line = line
        self._words = words
        self._start = start
        self._text = line.text[start:end]
        self._raw = line.masked[start:end]
        self._masked = Names(self._raw, self._text).masked

    def read(self) -> Reading:
        words = self._words
        clauses = split_clauses(self._masked, words)
        if _QUESTION.search(self._raw) or words["questions"].search(self._masked):
            return Reading()
        found: list[Statement] = []
        is_unread = False
        moods = self._moods(clauses)
        for clause, is_open in zip(clauses, moods, strict=True):
            if not clause.verbs or not is_open:
                continue
            statement = self._statement(clause)
            if statement is not None:
                found.append(statement)
            elif any(not verb.is_bare and not verb.is_weak for verb in clause.verbs):
                is_unread = True
        return Reading(tuple(found), is_unread and not found)

    # --- moods ---

    def _moods(self, clauses: list[Clause]) -> list[bool]:
        """Of each clause whether it states a fact."""
        words = self._words
        states = [True] * len(clauses)
        for index, clause in enumerate(clauses):
            text = self._clean(clause)
            if words["conditions"].search(text):
                states[index] = False
                # What follows from a condition is no fact either, nor what it stands behind.
                if index + 1 < len(clauses):
                    states[index + 1] = False
                if (index and not words.lexicon.is_verb_final) or (
                    index
                    and words.lexicon.is_spaced
                    and self._masked[clause.start :].startswith(",")
                ):
                    states[index - 1] = False
            elif words["doubts"].search(text) or words["others"].search(text):
                states[index] = False
        if not words.lexicon.is_spaced and words.lexicon.is_verb_final:
            self._inherit(clauses, states)
        return states

    def _inherit(self, clauses: list[Clause], states: list[bool]) -> None:
        """A verb that only leads on to the next one is as true as that."""
        for index in range(len(clauses) - 2, -1, -1):
            verbs = clauses[index].verbs
            tail = (
                self._masked[verbs[-1].start : clauses[index].end].rstrip(" 、,") if verbs else ""
            )
            if verbs and tail.endswith(("し", "して", "하고", "하여", "해서", "하며")):
                states[index] = states[index] and states[index + 1]

    def _clean(self, clause: Clause) -> str:
        text = self._masked[clause.start : clause.end]
        return blanked(self._words["denials"], text)

    # --- statements ---

    def _statement(self, clause: Clause) -> Statement | None:
        words = self._words
        masked = self._masked[clause.start : clause.end]
        clean = self._clean(clause)
        start, end = trimmed(self._masked, clause.start, clause.end, words)
        text = self._text[start:end][:_LONGEST]
        names = Names(self._raw[start:end], self._text[start:end])
        is_negated = words["negated"].search(clean) is not None
        verb = _deciding(clause.verbs, masked, words, is_negated)
        if verb is None:
            return None
        base = Statement(
            ClaimKind.NOT_DONE,
            text,
            self._line.number,
            self._line.offset,
            sentence=self._text,
            work=text,
            about=self._line.about,
            subject=names.subject,
        )
        reader = _ClauseReader(self._words, masked, clean, names, self._masked[: clause.start])
        return reader.statement(base, verb, is_negated)


def _deciding(verbs: tuple[Verb, ...], masked: str, words: Words, is_negated: bool) -> Verb | None:
    """The verb that says what is claimed: that tests pass before that they were added."""
    strong = [verb for verb in verbs if not verb.is_weak and (is_negated or not verb.is_bare)]
    if not strong:
        return next((verb for verb in verbs if verb.is_weak), None)
    if words["tests"].search(masked):
        for deed in ("fails", "passes"):
            for verb in strong:
                if verb.deed == deed:
                    return verb
    for verb in strong:
        if verb.deed in ("committed", "pushed"):
            return verb
    done = [verb for verb in strong if verb.deed not in ("fails", "finished")]
    return (done or strong)[-1 if words.lexicon.is_verb_final else 0]


class _ClauseReader:
    """Makes the statement of one clause."""

    def __init__(self, words: Words, masked: str, clean: str, names: Names, before: str) -> None:
        self._words = words
        self._masked = masked
        self._clean = clean
        self._names = names
        self._before = before

    def _has(self, field: str) -> bool:
        return self._words[field].search(self._clean) is not None

    def statement(self, base: Statement, verb: Verb, is_negated: bool) -> Statement | None:
        if is_negated or verb.deed == "fails":
            of_tests = verb.deed in ("passes", "fails") and self._has("tests")
            if verb.deed == "fails" and not of_tests:
                return None
            return _replaced(base, ClaimKind.NOT_DONE, unit="tests" if of_tests else "")
        if verb.deed == "passes":
            return self._tests_pass(base)
        if verb.deed in ("committed", "pushed"):
            kind = ClaimKind.COMMITTED if verb.deed == "committed" else ClaimKind.PUSHED
            return _replaced(base, kind, is_of_all=self._has("every") or self._has("all_of_it"))
        if verb.deed == "finished":
            return self._finished(base)
        return self._work(base, verb.deed)

    def _tests_pass(self, base: Statement) -> Statement | None:
        names = self._names
        has_tests = self._has("tests") or names.is_test_command
        count, total = self._count()
        if not has_tests:
            told = self._words["tests"].search(self._before)
            if told is None or (count is None and not self._has("every")):
                return None
        if count == 0 or (total is not None and count is not None and total != count):
            return None
        limits = self._limits()
        return _replaced(
            base,
            ClaimKind.TESTS_PASS,
            count=count,
            unit="tests" if count is not None else "",
            is_of_all=not limits,
            limits=limits,
            work="",
        )

    def _limits(self) -> tuple[str, ...]:
        found = [word.lower() for word in _NARROW.findall(self._masked)]
        if self._words["new"].search(self._masked):
            found.append("new")
        if self._words["limits"].search(self._masked) and not found:
            found.append("unit")
        found += [path for path in self._names.subject.paths if _TEST_FILE.search(path)]
        return tuple(dict.fromkeys(found))

    def _count(self) -> tuple[float | None, float | None]:
        """How many tests; of how many."""
        ratio = _OF.search(self._clean)
        if ratio is not None:
            return _number(ratio.group(1)), _number(ratio.group(2))
        match = _NUMBER.search(self._clean)
        return (_number(match.group(1)), None) if match is not None else (None, None)

    def _finished(self, base: Statement) -> Statement | None:
        names = self._names
        if self._has("all_of_it") or (self._has("every") and self._has("tasks")):
            return _replaced(base, ClaimKind.ALL_DONE)
        if names.subject.task_ids or self._has("tasks"):
            return _replaced(base, ClaimKind.TASK_DONE)
        if names.subject.paths or names.subject.symbols:
            return _replaced(base, ClaimKind.CODE_ADDED)
        return None

    def _work(self, base: Statement, deed: Deed) -> Statement | None:
        names = self._names
        if self._has("commits") and deed in ("made", "added") and not names.subject.paths:
            return _replaced(base, ClaimKind.COMMITTED)
        if self._has("tests"):
            if deed in ("made", "added"):
                return _replaced(base, ClaimKind.TESTS_ADDED)
            if deed == "fixed":
                return _replaced(base, ClaimKind.TESTS_PASS)
        is_bug = deed == "fixed" and (self._has("bugs") or not names.subject.paths)
        if is_bug:
            return _replaced(base, ClaimKind.BUG_FIXED) if names.is_checkable else None
        if not names.is_checkable:
            return None
        is_code = bool(names.subject.symbols) or self._has("code")
        goes_into = bool(names.subject.paths) and self._into()
        if (
            names.subject.paths
            and not (is_code and deed in ("made", "added", "removed"))
            and not (goes_into and deed == "added")
        ):
            return self._file(base, deed)
        if deed == "removed":
            return _replaced(base, ClaimKind.CODE_REMOVED)
        if deed in ("made", "added"):
            return _replaced(base, ClaimKind.CODE_ADDED)
        return _replaced(base, ClaimKind.FILE_CHANGED)

    def _into(self) -> bool:
        return self._words["into"].search(self._names.masked) is not None

    def _file(self, base: Statement, deed: Deed) -> Statement:
        kind = _FILE_KINDS[deed]
        if deed == "renamed" and len(self._names.subject.paths) >= 2:
            old, new = self._names.subject.paths[:2]
            return _replaced(base, kind, subject=replace(base.subject, paths=(new,), old_path=old))
        return _replaced(base, kind)


def _replaced(base: Statement, kind: ClaimKind, **fields: object) -> Statement:
    return replace(base, kind=kind, **fields)


def _number(text: str) -> float | None:
    digits = text.replace(",", "").replace(".", "")
    return float(int(digits[:9])) if digits else None


def is_statement(sentence: str) -> bool:
    """Whether a sentence of a language that is not read says something: five words, or as many signs."""
    letters = _NOT_WORDS.sub("", sentence)
    if not letters:
        return False
    if letters.isascii() or " " in sentence.strip():
        words = [word for word in _NOT_WORDS.split(sentence) if word]
        return len(words) >= 3
    return len(letters) >= 5
