"""What a night changed, found by the names and words of a claim.

Names (paths, symbols) weigh most; plain words are looked for in the paths and in the lines that were
changed. Comments, docstrings and bodies that do nothing prove no code, nor do documents: the progress
file says of every task that it is done.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from tui.model.records import FileChange, RepositoryChanges
from tui.night.evidence.shell_effects import is_prose
from tui.night.review.claims.code_lines import (
    code_lines,
    defined_names,
    surrounding_names,
)
from tui.night.review.claims.evidence_index import ClaimTerms, split_words
from tui.system.lazy_pattern import lazy

Match = Literal["clear", "some", "none", "unclear"]
Side = Literal["added", "removed", "any"]
"""Which changed lines count: a feature needs new ones, a fix any, a removal those that went."""
_BEGINNING = 4
_IDENTIFIER = lazy(r"[A-Za-z_]\w*")
_MOST_LINES = 20_000
_ENOUGH = 0.5


class WorkMatch(Struct, frozen=True):
    """How well a claim matches, the changed paths it matches best, and its words that match none."""

    grade: Match
    paths: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class _Words:
    """Words and names of changed lines, with the paths they stand in."""

    def __init__(self) -> None:
        self.stems: dict[str, set[str]] = {}
        self.names: dict[str, set[str]] = {}

    def add(self, path: str, names: Iterable[str]) -> None:
        for name in names:
            self.names.setdefault(name, set()).add(path)
            for piece in split_words(name):
                self.stems.setdefault(piece, set()).add(path)


class ChangedWork:
    """What the night changed: words of every path, and of the lines changed in code.

    `edited` are the paths that tools edited, `changes` the difference in the repository. `hollow` are
    files of code in which only comments or bodies that do nothing changed; `brief` names that code
    defined for a part of the night.
    """

    def __init__(self, edited: Iterable[str], changes: RepositoryChanges | None) -> None:
        self.is_known = changes is not None and bool(changes.base or changes.files)
        self.paths: dict[str, None] = {}
        self.hollow: set[str] = set()
        self._code: dict[str, set[str]] = {}
        self._prose: dict[str, set[str]] = {}
        self._sides = {"added": _Words(), "removed": _Words()}
        self._lines = 0
        self.brief: set[str] = set()
        files = changes.files if changes is not None else ()
        for file in files:
            self._add_lines(file)
        for file in changes.steps if changes is not None else ():
            self._add_removed(file)
        for path in edited:
            self._add_path(path)
        for file in files:
            self._add_path(file.path)

    @property
    def code_paths(self) -> tuple[str, ...]:
        """Changed files of code in which something of code changed, as far as is known."""
        return tuple(p for p in self.paths if not is_prose(p) and p not in self.hollow)

    def _add_path(self, path: str) -> None:
        path = path.replace("\\", "/")
        if path and path not in self.paths:
            self.paths[path] = None
            if path in self.hollow:
                return
            index = self._prose if is_prose(path) else self._code
            for piece in split_words(path):
                index.setdefault(piece, set()).add(path)

    def _add_lines(self, file: FileChange) -> None:
        if is_prose(file.path) or file.binary or file.generated:
            return
        names: dict[str, set[str]] = {"+": set(), "-": set()}
        has_code = not file.hunks or file.cut
        for hunk in file.hunks:
            if self._lines >= _MOST_LINES:
                has_code = True
                break
            self._lines += len(hunk.lines)
            signs: set[str] = set()
            for line in code_lines(file.path, hunk.lines):
                signs.add(line.sign)
                names[line.sign].update(_IDENTIFIER.findall(line.text))
            has_code = has_code or bool(signs)
            for sign in signs:
                names[sign].update(_IDENTIFIER.findall(hunk.heading))
                names[sign].update(surrounding_names(hunk.lines))
        if not has_code and file.kind in ("added", "modified"):
            self.hollow.add(file.path)
        self._sides["added"].add(file.path, names["+"])
        self._sides["removed"].add(file.path, names["-"])

    def _add_removed(self, file: FileChange) -> None:
        """What came and went within the night stands in no difference between its ends."""
        if is_prose(file.path) or file.binary or file.generated:
            return
        for hunk in file.hunks:
            if self._lines >= _MOST_LINES:
                return
            self._lines += len(hunk.lines)
            self.brief.update(defined_names(hunk.lines, "+"))
            lines = code_lines(file.path, hunk.lines)
            gone = {
                name for one in lines if one.sign == "-" for name in _IDENTIFIER.findall(one.text)
            }
            self._sides["removed"].add(file.path, gone)

    def find(self, terms: ClaimTerms, side: Side = "any") -> WorkMatch:
        """How the work matches what a claim names."""
        hits: Counter[str] = Counter()
        missing: list[str] = []

        def count(name: str, paths: Iterable[str]) -> int:
            paths = sorted(paths)
            hits.update(paths)
            if not paths:
                missing.append(name)
            return int(bool(paths))

        certain = sum(count(name, self.find_path(name)) for name in terms.paths)
        certain += sum(count(name, self.find_symbol(name, side)) for name in terms.symbols)
        plain = sum(
            count(word, self._find_stem(each, side) or self._prose.get(each) or ())
            for each, word in terms.stems.items()
        )
        most = max(hits.values(), default=0)
        best = tuple(path for path, times in hits.items() if times == most)
        names = len(terms.paths) + len(terms.symbols)
        if not self.is_known and terms.paths:
            # Nothing tells which symbols stand in the files: only paths can be missed.
            names = max(certain, len(terms.paths))
        match = self._match(names, certain, len(terms.stems), plain)
        is_code_missing = terms.has_named_code and self.is_known and not self.begins_alike(terms)
        if match == "unclear" and is_code_missing:
            match = "none"
        return WorkMatch(match, best, tuple(missing))

    def _match(self, names: int, certain: int, words: int, plain: int) -> Match:
        """How well it matches: `certain` of the names and `plain` of the words were found."""
        # All names were found, or some with plain words; without names, enough words.
        is_named = certain == names or (certain > 0 and plain > 0)
        if is_named if names else plain > 0 and plain >= words * _ENOUGH:
            return "clear"
        if certain or plain:
            return "some"
        if names + words < 2 and not names and (self.code_paths or not self.is_known):
            return "unclear"
        return "none" if self.is_known or not self.paths else "unclear"

    def begins_alike(self, terms: ClaimTerms) -> bool:
        """Whether anything changed begins like a word of the claim: division, divide."""
        beginnings = {word[:_BEGINNING] for word in (*terms.stems, *terms.stems.values())}
        words = (
            *self._code,
            *self._prose,
            *(w for side in self._sides.values() for w in side.stems),
        )
        return any(piece[:_BEGINNING] in beginnings for piece in words)

    def find_path(self, name: str) -> list[str]:
        """The changed paths that a name stands for."""
        name = name.removeprefix("./")
        return [path for path in self.paths if path == name or path.endswith("/" + name)] or [
            path for path in self.paths if name.endswith("/" + path)
        ]

    def _words_of(self, side: Side) -> tuple[_Words, ...]:
        return tuple(self._sides.values()) if side == "any" else (self._sides[side],)

    def _find_stem(self, word: str, side: Side) -> set[str]:
        found = set(self._code.get(word, ()))
        for words in self._words_of(side):
            found |= words.stems.get(word, set())
        return found

    def find_name(self, name: str) -> list[str]:
        """Paths in whose added lines just this name stands."""
        last = re.split(r"\.|::|#", name)[-1]
        return sorted(self._sides["added"].names.get(last, ()))

    def find_symbol(self, name: str, side: Side = "any") -> Iterable[str]:
        """Paths in whose changed lines a name stands, or at least its words."""
        name = name.rpartition(".")[2] or name
        paths = {path for words in self._words_of(side) for path in words.names.get(name, ())}
        if paths:
            return paths
        of_pieces = [self._find_stem(piece, side) for piece in split_words(name)]
        return set.intersection(*of_pieces) if of_pieces else ()
