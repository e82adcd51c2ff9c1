"""Patterns made of a lexicon, each compiled when it is first used."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Literal

from tui.night.review.claims.languages.lexicons.lexicon import Lexicon
from tui.system.lazy_pattern import lazy

Action = Literal[
    "passes",
    "fails",
    "committed",
    "pushed",
    "made",
    "changed",
    "removed",
    "renamed",
    "added",
    "fixed",
    "finished",
]
DEEDS: tuple[Action, ...] = (
    *("fails", "passes", "committed", "pushed", "renamed", "removed"),
    *("made", "added", "fixed", "changed", "finished"),
)
_ENTRIES = re.compile(r",\s+|,$")
_ANY_ENDING = re.compile(r"(?<!\\w)(?<![\])])\*")
_BLANK = re.compile(r"\s+(?![^\[]*\])")
_ENGLISH = {
    "passes": "pass, passed, passing",
    "tests": "tests?, test suite, test-suite",
    "committed": "committed",
    "pushed": "pushed",
}
"""Words that stand in a sentence of any language."""
_NEVER = r"(?!)"


class Words:
    """The patterns of one language."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._letters = {ord(pair[0]): pair[1] for pair in lexicon.same_letters.split()}
        self._patterns: dict[str, re.Pattern[str]] = {}

    def __getitem__(self, field: str) -> re.Pattern[str]:
        """The pattern of a field: of verbs, in the forms that say it was done."""
        return self._pattern(field, is_done=True)

    def spelled(self, text: str) -> str:
        """The text, as long, in the letters that the patterns are written in."""
        return text.translate(self._letters) if self._letters else text

    @property
    def both(self) -> re.Pattern[str]:
        """A commit and a push in one breath."""
        if "both" not in self._patterns:
            commits, pushes = self._source("commits", True), self._source("pushes", True)
            between = r"(?:\s+\S+){0,5}?\s+\w{1,3}\s+" if self.lexicon.is_spaced else r"\s*\w?\s*"
            self._patterns["both"] = lazy(f"(?:{commits}){between}(?:{pushes})", re.IGNORECASE)
        return self._patterns["both"]

    def bare(self, action: Action) -> re.Pattern[str]:
        """A verb in any form, where the language says by its ending what was done."""
        return self._pattern(action, is_done=False)

    def _pattern(self, field: str, *, is_done: bool) -> re.Pattern[str]:
        key = field if is_done else f"bare {field}"
        pattern = self._patterns.get(key)
        if pattern is None:
            source = self.spelled(self._source(field, is_done))
            pattern = self._patterns[key] = lazy(source, re.IGNORECASE)
        return pattern

    def _source(self, field: str, is_done: bool) -> str:
        lexicon = self.lexicon
        entries = [
            one.strip() for one in _ENTRIES.split(str(getattr(lexicon, field))) if one.strip()
        ]
        entries += _ENTRIES.split(_ENGLISH[field]) if field in _ENGLISH else ()
        if not entries:
            return _NEVER
        stems = [_expanded(one[:-1]) for one in entries if lexicon.done and one.endswith("+")]
        forms = [_expanded(one) for one in entries if not (lexicon.done and one.endswith("+"))]
        if stems:
            stem = f"(?:{'|'.join(stems)})"
            forms.append(lexicon.done.replace("{}", stem) if is_done else stem)
        alternatives = "|".join(forms)
        if not lexicon.is_spaced:
            return alternatives
        return rf"(?<!\w)(?:{alternatives})(?!\w)"


def _expanded(entry: str) -> str:
    """An entry as a regular expression."""
    entry = _ANY_ENDING.sub(r"\\w*", entry)
    entry = entry.replace("~", r"(?:\s+\S+){0,4}?\s+")
    return _BLANK.sub(r"\\s+", entry)


@cache
def words_of(language: str) -> Words:
    """The patterns of a language that is read; its lexicon is imported now."""
    name = f"tui.night.review.claims.languages.lexicons.{language.lower()}"
    return Words(import_module(name).LEXICON)
