"""Reads the sentences of a text that are in another language than English."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from tui.model.events import SourceRef
from tui.model.evidence.claims import ClaimKind, UnreadText
from tui.night.review.claims.languages.clauses import split_sentences
from tui.night.review.claims.languages.detect import (
    ENGLISH,
    READ,
    has_own_letters,
    is_english,
    letters_of,
    main_language,
    may_be_foreign,
    scores,
    sentence_language,
)
from tui.night.review.claims.sections import TextLine, claim_lines, mask_names
from tui.night.review.claims.statement import Statement

_MOST = 4_000
_LITTLE = 3


class ForeignLine(Struct, frozen=True):
    """What a line says in other languages, and what is left of it for the English grammar.

    `unread` counts, by language, its statements that were not understood.
    """

    english: TextLine | None
    statements: tuple[Statement, ...] = ()
    unread: tuple[tuple[str, int], ...] = ()


class Reader:
    """The sentences of one text; a text that is English costs a look at its words."""

    def __init__(self, text: str) -> None:
        self._text = unicodedata.normalize("NFC", text)
        self._may_be_foreign = may_be_foreign(self._text)

    @property
    def language(self) -> str:
        """The language of the text; English where nothing tells."""
        return self.main if self._may_be_foreign else ENGLISH

    @cached_property
    def main(self) -> str:
        """The language that most of the text is in."""
        main = main_language(self._text)
        return _by_verbs(self._text[:_MOST], main) or main

    def read(self, line: TextLine) -> ForeignLine:
        """The foreign sentences of a line."""
        if not self._may_be_foreign:
            return ForeignLine(line)
        if not unicodedata.is_normalized("NFC", line.text):
            line = _composed(line)
        left, written = list(line.masked), list(line.text)
        statements: list[Statement] = []
        unread: Counter[str] = Counter()
        is_left = False
        for start, end in split_sentences(line.masked):
            sentence = line.masked[start:end]
            language = sentence_language(sentence, self.main)
            if language in (ENGLISH, ""):
                language = _by_verbs(sentence, language) or language
            found, is_unread, is_mine = self._sentence(line, start, end, language)
            statements += found
            unread[language or self.main] += is_unread
            if is_mine:
                left[start:end] = written[start:end] = " " * (end - start)
            else:
                is_left = True
        english = replace(line, masked="".join(left), text="".join(written)) if is_left else None
        counts = tuple((language, count) for language, count in unread.items() if count)
        return ForeignLine(english, tuple(statements), counts)

    def _sentence(
        self, line: TextLine, start: int, end: int, language: str
    ) -> tuple[tuple[Statement, ...], bool, bool]:
        """Its statements, whether it was not understood, and whether it is not English."""
        if language == ENGLISH or not (language or self.main != ENGLISH):
            return (), False, False
        from tui.night.review.claims.languages.sentences import is_statement, read_sentence
        from tui.night.review.claims.languages.words import words_of

        known = language or self.main
        if known not in READ:
            is_unread = bool(language) and is_statement(line.masked[start:end])
            return (), is_unread, bool(language)
        reading = read_sentence(line, start, end, words_of(known))
        # What no word tells the language of is English too: "14 passed".
        is_mine = bool(language or reading.statements)
        return reading.statements, reading.is_unread and bool(language), is_mine


def _by_verbs(text: str, language: str) -> str:
    """The language whose verbs a text has, where its letters are foreign and its words tell nothing.

    Of Russian and Ukrainian, which share most letters, the one whose verbs it has.
    """
    if text.isascii():
        return ""
    if language in ("Russian", "Ukrainian"):
        candidates = ["Russian", "Ukrainian"] if not has_own_letters(text) else []
    elif language in (ENGLISH, "") and scores(text)[ENGLISH] <= _LITTLE:
        candidates = letters_of(text)
    else:
        candidates = []
    if not candidates:
        return ""
    from tui.night.review.claims.languages.clauses import find_verbs
    from tui.night.review.claims.languages.words import words_of

    counts = {
        name: sum(
            verb.end - verb.start
            for verb in find_verbs(text, words_of(name))
            if not is_english(text[verb.start : verb.end])
        )
        for name in candidates
    }
    most = max(candidates, key=lambda name: counts[name])
    return most if counts[most] else ""


def read_commit(message: str) -> tuple[Statement, ...] | None:
    """What a commit's message claims; None if its subject is in no language that is read, or English.

    The subject names the work, whatever form its verb has; tests may be claimed anywhere.
    """
    subject, _, body = message.strip().partition("\n")
    language = Reader(subject).language
    if language not in READ:
        return None
    from tui.night.review.claims.languages.sentences import read_subject
    from tui.night.review.claims.languages.words import words_of

    reader = Reader(message)
    line = TextLine(1, 0, subject.replace("`", ""), mask_names(subject))
    tests = [one for one in reader.read(line).statements if one.kind == ClaimKind.TESTS_PASS]
    if tests:
        return tuple(tests)
    work = read_subject(line, words_of(language))
    for each in claim_lines(body):
        tests += [one for one in reader.read(each).statements if one.kind == ClaimKind.TESTS_PASS]
    return (work, *tests) if work is not None else tuple(tests)


def _composed(line: TextLine) -> TextLine:
    """The line with letters and their accents as one."""
    text = unicodedata.normalize("NFC", line.text)
    masked = unicodedata.normalize("NFC", line.masked)
    return replace(line, text=text, masked=masked) if len(text) == len(masked) else line


class UnreadCounter:
    """The unread statements of a night, by language, with the place of the first."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, SourceRef | None]] = {}

    def add(
        self, text: str, where: SourceRef | None, is_new: Callable[[str], bool] | None = None
    ) -> None:
        """Those of a text; `is_new` tells of a line whether it counts."""
        if not may_be_foreign(text):
            return
        lines = text.split("\n")
        reader = Reader(text)
        for line in claim_lines(text):
            if is_new is not None and not is_new(lines[line.number - 1]):
                continue
            for language, count in reader.read(line).unread:
                before, place = self._found.get(language, (0, where))
                self._found[language] = (before + count, place)

    def texts(self) -> tuple[UnreadText, ...]:
        """One for each language, the most frequent first."""
        found = sorted(self._found.items(), key=lambda each: -each[1][0])
        return tuple(UnreadText(language, count, place) for language, (count, place) in found)
