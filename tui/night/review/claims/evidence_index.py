"""Looks up runs and edits by their place, and what a claim names."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from msgspec import Struct
from msgspec.structs import replace

from tui.model.evidence.log import EditRecord, EvidenceLog, TestRunRecord
from tui.night.evidence.shell_effects import is_prose
from tui.night.review.claims.languages.detect import ENGLISH, main_language, may_be_foreign
from tui.system.lazy_pattern import lazy

_WORD = lazy(r"[A-Za-z][A-Za-z0-9]*|\d+(?:\.\d+)+")
_HUMPS = lazy(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_PATH = lazy(
    r"(?<![\w@/.-])(?:[\w.-]+[/\\])*[\w-][\w.-]*\.(?:py|pyi|ipynb|jsx?|tsx?|mjs|cjs|go|rs|rb|php|java|kts?|cs"
    r"|swift|dart|exs?|c|h|cc|cpp|hpp|sql|sh|ya?ml|toml|json|xml|html?|css|scss|md|txt|cfg|ini|vue|svelte"
    r"|lock|proto|tf|lua|scala|erl|clj|hs|ml|r|jl|csv|svg|env)(?![\w/])|(?<![\w@/.-])(?:[\w.-]+/){2,}[\w.-]*"
)
_SYMBOL = lazy(r"\b[a-zA-Z]\w*_\w+\b|\b[a-z]+[A-Z]\w*\b|\b(?:[A-Z][a-z0-9]+){2,}\b|\b\w+(?=\(\))")
_TASK_ID = lazy(
    r"(?<![\w.])(?:[A-Za-z]{1,6}-?)?\d+(?:\.\d+)+\b|#\d+\b|\b[A-Z]{2,8}-\d+\b|\b[a-z]{1,4}-[a-z0-9]{2,6}(?:\.\d+)?\b(?=.*\d)"
    r"|\b(?=\w*\d)(?=\w*[a-z])[a-z0-9]{8,}\b"
)
_NAMED_CODE = lazy(
    r"\b([A-Za-z]\w{2,})\s+(?:functions?|methods?|class(?:es)?|features?)\b"
    r"|\b(?:function|method|class|feature)\s+([A-Za-z]\w{2,})",
    re.IGNORECASE,
)
_COMMON = frozenset(
    """
    a about above across add added adds after again against all also an and another any are
    around as at be been before behind being below between both but by can code complete
    completed create created do does doing done each every everything feature features few
    file files final finish finished fix fixed fixes for from full fully further handle
    handled handling has have having he here how i if implement implementation implemented
    implementing improve improved in initial into is issue issues it its itself just last
    like make makes making many more most much must my need new no not now of off on once
    only or other our out over own part parts per phase project properly ready same set
    several should side simple since so some step steps still stuff such support supports
    task tasks test tested testing tests than that the their them then there these they
    thing things this those through to together too under until up update updated updates
    use used uses using various via was we well were what when where which while who whole
    why will with within without work working works you your basic better correct correctly
    current existing main missing multiple one proper remaining several two three way ways
    unit integration suite ticket item bug bugs problem change changes changed
    function functions method methods class classes pass passes passed passing green
    """.split()
)
# Letters beside which a name stands without a blank.
_FOREIGN_LETTERS = lazy(r"[\u0370-\u1fff\u3000-\u9fff\uac00-\ud7af\uf900-\uffef]")
_SUFFIXES = "ations ation ments ment ings ing ers er ies es ed s y e".split()
_END = float(1 << 62)
_ALIKE = 8
"""So many things may be recorded at nearly the same time, in another order than their times say."""


class EvidenceIndex:
    """Runs and edits of source files, by their place in the order."""

    def __init__(self, evidence: EvidenceLog) -> None:
        self.evidence = evidence
        self.runs = evidence.runs
        self.edits = tuple(edit for edit in evidence.edits if not is_prose(edit.path))
        self._run_numbers = [record.number for record in self.runs]
        self._edit_numbers = [edit.number for edit in self.edits]
        self._times = sorted(
            (at, number)
            for number, at in (
                *((record.number, record.run.at) for record in evidence.runs),
                *((edit.number, edit.at) for edit in evidence.edits),
                *((commit.number, commit.at) for commit in evidence.commits),
                *((statement.number, statement.at) for statement in evidence.statements),
            )
            if at is not None
        )

    def position_at(self, at: float | None) -> float:
        """Where a record with only a time belongs: after the last record that is not newer.

        The end for a record without a time.
        """
        if at is None:
            return _END
        index = bisect_right(self._times, at, key=lambda entry: entry[0])
        last = self._times[max(0, index - _ALIKE) : index]
        return max((number for _, number in last), default=0) + 0.5

    def runs_before(self, place: float) -> tuple[TestRunRecord, ...]:
        """The runs before a place, oldest first."""
        return self.runs[: bisect_left(self._run_numbers, place)]

    def runs_after(self, place: float) -> tuple[TestRunRecord, ...]:
        """The runs after a place, oldest first."""
        return self.runs[bisect_right(self._run_numbers, place) :]

    def edits_between(self, start: float, end: float) -> tuple[EditRecord, ...]:
        """Edits of source files between two places."""
        first = bisect_right(self._edit_numbers, start)
        return self.edits[first : bisect_left(self._edit_numbers, end)]

    def unsure_between(self, start: float, end: float) -> bool:
        """Whether a command came between two places that may have changed code, for all that is known."""
        return any(start < one.number < end for one in self.evidence.unsure)


class ClaimTerms(Struct, frozen=True):
    """What a claim names: paths, symbols, ids of tasks, and its plain words by their stems.

    `has_named_code` says that a plain word is the name of a function or the like ("divide function").
    `language` is the one that its words are in, if not English: they are not compared with code.
    """

    paths: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    task_ids: tuple[str, ...] = ()
    stems: dict[str, str] = {}
    has_named_code: bool = False
    language: str = ""

    def __bool__(self) -> bool:
        return bool(self.paths or self.symbols or self.stems)


def stem(word: str) -> str:
    """A word without its ending, so that "limiters" and "limiting" are alike."""
    word = word.lower()
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def extract_terms(what: str, language: str = "") -> ClaimTerms:
    """What a claim names; of words in another language than English only names count.

    `language` is the one it is in, if that is known.
    """
    if not language:
        language = main_language(what) if may_be_foreign(what) else ENGLISH
    if language != ENGLISH:
        terms = _english_terms(_FOREIGN_LETTERS.sub(" ", what))
        return replace(terms, stems={}, has_named_code=False, language=language)
    return _english_terms(what)


def _english_terms(what: str) -> ClaimTerms:
    paths = tuple(dict.fromkeys(_PATH.findall(what)))
    rest = _PATH.sub(" ", what)
    task_ids = tuple(dict.fromkeys(_TASK_ID.findall(rest)))
    rest = _TASK_ID.sub(" ", rest)
    symbols = tuple(dict.fromkeys(_SYMBOL.findall(rest)))
    rest = _SYMBOL.sub(" ", rest)
    words = (word for word in _WORD.findall(rest) if word.lower() not in _COMMON and len(word) > 2)
    stems: dict[str, str] = {}
    for word in words:
        stems.setdefault(stem(word), word.lower())
    is_code = any(stem(name or other) in stems for name, other in _NAMED_CODE.findall(rest))
    return ClaimTerms(paths, symbols, task_ids, stems, is_code)


def split_words(text: str) -> set[str]:
    """The stems of the words that a path or symbol is put together from."""
    return {stem(piece) for piece in _HUMPS.findall(text) if len(piece) > 2}
