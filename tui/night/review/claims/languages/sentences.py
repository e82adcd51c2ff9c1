"""What a sentence in a language that is read claims: one grammar for all, with the words of each."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from tui.model.evidence.claims import ClaimKind
from tui.night.review.claims.languages.clause_kinds import ClauseReader
from tui.night.review.claims.languages.clauses import (
    Clause,
    Verb,
    blanked,
    split_clauses,
    trimmed,
)
from tui.night.review.claims.languages.names import Names
from tui.night.review.claims.languages.words import Action, Words
from tui.night.review.claims.sections import TextLine
from tui.night.review.claims.statement import Statement
from tui.system.lazy_pattern import lazy

_LONGEST = 240
_OTHER_OF_BOTH = {
    ClaimKind.COMMITTED: ClaimKind.PUSHED,
    ClaimKind.PUSHED: ClaimKind.COMMITTED,
}
_OF_CODE: frozenset[Action] = frozenset({"made", "added", "fixed", "changed", "removed"})
_OF_THE_NIGHT: frozenset[Action] = frozenset({"passes", "fails", "committed", "pushed", "finished"})
_RELATIVE = lazy(r",\s*(?:der|die|das|welche[rs]?)\s", re.IGNORECASE)
_ONLY_PAST = lazy(r"ge|nannt$|[^t]$", re.IGNORECASE)
"""German participles that are no form of the present as well, as "erstellt" is."""
_NAME = lazy(r"[◆◇]")
_LABEL_END = lazy(r"\s*[:：]")
_QUESTION = lazy(r"[?？]\s*$")
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
    masked = words.spelled(names.masked)
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
        language=words.lexicon.name,
    )


class _Sentence:
    """One sentence, its names blanked."""

    def __init__(self, line: TextLine, start: int, end: int, words: Words) -> None:
        self._line = line
        self._words = words
        self._start = start
        self._text = line.text[start:end]
        self._raw = line.masked[start:end]
        names = Names(self._raw, self._text)
        self._masked = words.spelled(names.masked)
        title = words.spelled(line.label)
        self._names_tests = names.is_test_command or words["tests"].search(title) is not None

    def read(self) -> Reading:
        words = self._words
        clauses = split_clauses(self._masked, words)
        if _QUESTION.search(self._raw) or words["questions"].search(self._masked):
            return Reading()
        found: list[Statement] = []
        is_unread = False
        moods = self._moods(clauses)
        for clause, is_open in zip(clauses, moods, strict=True):
            if not is_open:
                continue
            if all(verb.is_bare for verb in clause.verbs):
                found += self._labelled_commit(clause)
            statement = self._statement(clause)
            if statement is not None:
                found += self._both(statement, clause)
            elif any(self._tells(verb) for verb in clause.verbs):
                is_unread = True
        return Reading(_without_parts(found), is_unread and not found)

    def _tells(self, verb: Verb) -> bool:
        """Whether a verb says something that could be checked, if it was known of what."""
        if verb.is_bare or verb.is_weak or verb.action in ("finished", "fails"):
            return False
        # A noun alone, as titles have it, is no sentence.
        form = self._masked[verb.start : verb.end]
        return not self._words.lexicon.done or not self._words.bare(verb.action).fullmatch(form)

    def _labelled_commit(self, clause: Clause) -> list[Statement]:
        """ "Commit: 3f2a91c", in which no verb says it."""
        text = self._masked[clause.start : clause.end]
        match = self._words["commits"].match(text)
        if match is None or _LABEL_END.match(text, match.end()) is None:
            return []
        base, _ = self._base(clause)
        return [replace(base, kind=ClaimKind.COMMITTED)] if base.subject.shas else []

    def _both(self, statement: Statement, clause: Clause) -> list[Statement]:
        """The statement, and the other one of "commit and push done"."""
        other = _OTHER_OF_BOTH.get(statement.kind)
        text = self._masked[clause.start : clause.end]
        if other is None or self._words.both.search(text) is None:
            return [statement]
        return [statement, replace(statement, kind=other)]

    # --- moods ---

    def _moods(self, clauses: list[Clause]) -> list[bool]:
        """Of each clause whether it states a fact."""
        words = self._words
        states = [True] * len(clauses)
        for index, clause in enumerate(clauses):
            text = self._clean(clause)
            if words["conditions"].search(text):
                self._suppose(clauses, states, index)
            elif words["doubts"].search(text) or words["others"].search(text):
                states[index] = False
                if index + 1 < len(clauses) and self._begins_with("that", clauses[index + 1]):
                    states[index + 1] = False
        if not words.lexicon.is_spaced and words.lexicon.is_verb_final:
            self._inherit(clauses, states)
        return states

    def _suppose(self, clauses: list[Clause], states: list[bool], index: int) -> None:
        """A condition: what follows from it is no fact either, nor what it stands behind."""
        lexicon = self._words.lexicon
        states[index] = False
        if index and _says_what_code_does(clauses[index - 1]):
            return
        if index + 1 < len(clauses):
            states[index + 1] = False
        is_behind = self._masked[clauses[index].start :].startswith(",")
        if index and (not lexicon.is_verb_final or (lexicon.is_spaced and is_behind)):
            states[index - 1] = False

    def _begins_with(self, field: str, clause: Clause) -> bool:
        text = self._masked[clause.start : clause.end].lstrip(" ,")
        return self._words[field].match(text) is not None

    def _inherit(self, clauses: list[Clause], states: list[bool]) -> None:
        """A verb that only leads on to the next one is as true as that."""
        for index in range(len(clauses) - 2, -1, -1):
            verbs = clauses[index].verbs
            tail = (
                self._masked[verbs[-1].start : clauses[index].end].rstrip(" 、,") if verbs else ""
            )
            if verbs and tail.endswith(("し", "して", "하고", "하여", "해서", "하며")):
                states[index] = states[index] and states[index + 1]

    def _is_present(self, clause: Clause, verb: Verb) -> bool:
        """Whether a verb that may be one of the present is one: "the script creates out.csv"."""
        words = self._words
        if not words.lexicon.perfect or verb.action in ("passes", "fails", "finished"):
            return False
        text = self._masked[clause.start : clause.end]
        form = self._masked[verb.start : verb.end]
        if words["perfect"].search(text) or _ONLY_PAST.search(form):
            return False
        is_first = not self._masked[clause.start : verb.start].strip(" ,:")
        is_relative = _RELATIVE.search(self._masked, clause.start, verb.start) is not None
        return is_relative or (
            not is_first and _NAME.search(self._masked, verb.end, clause.end) is not None
        )

    def _clean(self, clause: Clause) -> str:
        text = self._masked[clause.start : clause.end]
        return blanked(self._words["denials"], text)

    # --- statements ---

    def _statement(self, clause: Clause) -> Statement | None:
        words = self._words
        masked = self._masked[clause.start : clause.end]
        clean = self._clean(clause)
        is_negated = words["negated"].search(clean) is not None
        verb = _deciding(clause.verbs, masked, words, is_negated)
        if verb is None:
            return None
        if verb.action == "passes" and words["tests"].search(self._masked, verb.start, verb.end):
            # "No test fails" denies nothing.
            inside = slice(verb.start - clause.start, verb.end - clause.start)
            rest = f"{clean[: inside.start]} {clean[inside.stop :]}"
            is_negated = words["negated"].search(rest) is not None
        if not is_negated and self._is_present(clause, verb):
            return None
        base, names = self._base(clause)
        before = self._masked[: clause.start]
        names_tests = self._names_tests or words["tests"].search(before) is not None
        reader = ClauseReader(words, masked, clean, names, before, names_tests)
        return reader.statement(base, verb, is_negated=is_negated)

    def _base(self, clause: Clause) -> tuple[Statement, Names]:
        """A statement of the clause whose kind is still open, and what the clause names."""
        start, end = trimmed(self._masked, clause.start, clause.end, self._words)
        text = self._text[start:end][:_LONGEST]
        names = Names(self._raw[start:end], self._text[start:end])
        base = Statement(
            ClaimKind.NOT_DONE,
            text,
            self._line.number,
            self._line.offset,
            sentence=self._text,
            work=text,
            about=self._line.about,
            subject=names.subject,
            language=self._words.lexicon.name,
        )
        return base, names


def _says_what_code_does(clause: Clause) -> bool:
    """Whether a condition behind the clause is one of the code: "made it return None if it is empty"."""
    actions = {verb.action for verb in clause.verbs}
    return bool(actions & _OF_CODE) and not actions & _OF_THE_NIGHT


def _deciding(verbs: tuple[Verb, ...], masked: str, words: Words, is_negated: bool) -> Verb | None:
    """The verb that says what is claimed: that tests pass before that they were added."""
    strong = [verb for verb in verbs if not verb.is_weak and (is_negated or not verb.is_bare)]
    if not strong:
        return next((verb for verb in verbs if verb.is_weak), None)
    if words["tests"].search(masked):
        for action in ("fails", "passes"):
            for verb in strong:
                if verb.action == action:
                    return verb
    for verb in strong:
        if verb.action in ("committed", "pushed"):
            return verb
    done = [verb for verb in strong if verb.action not in ("fails", "finished")]
    return (done or strong)[-1 if words.lexicon.is_verb_final else 0]


def _without_parts(found: list[Statement]) -> tuple[Statement, ...]:
    """Without the tests that passed where the same sentence says that others failed."""
    is_red = any(one.kind == ClaimKind.NOT_DONE and one.unit == "tests" for one in found)
    return tuple(
        one
        for one in found
        if not (is_red and one.kind == ClaimKind.TESTS_PASS and one.count is not None)
    )


def is_statement(sentence: str) -> bool:
    """Whether a sentence of a language that is not read says something: five words, or as many signs."""
    letters = _NOT_WORDS.sub("", sentence)
    if not letters:
        return False
    if letters.isascii() or " " in sentence.strip():
        words = [word for word in _NOT_WORDS.split(sentence) if word]
        return len(words) >= 3
    return len(letters) >= 5
