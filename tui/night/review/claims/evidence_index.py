"""Looks up runs, edits and changed files for a claim.

Names (paths, symbols, task numbers) weigh most; plain words are looked for in the paths, in the
lines that were added, and in the subjects of commits. Documents do not prove code: the progress
file says of every task that it is done.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from tui.model.evidence import EditRecord, EvidenceLog, TestRun, TestRunRecord
from tui.model.records import RepositoryChanges
from tui.night.evidence.shell_effects import is_prose
from tui.system.format import format_local
from tui.system.lazy_pattern import lazy

_MANY = frozenset({"go", "cargo", "maven", "unittest", "gradle"})
"""Runners that print a summary for every part, of which the end of an output may not hold all."""
_ALIKE = 8
"""So many things may be told at nearly the same time, in another order than their times say."""


class EvidenceIndex:
    """Runs and edits of source files, by their place in the order."""

    def __init__(self, testimony: EvidenceLog) -> None:
        self.evidence = testimony
        self.runs = testimony.runs
        self._run_numbers = [ran.number for ran in testimony.runs]
        self.edits = tuple(edit for edit in testimony.edits if not is_prose(edit.path))
        self._edit_numbers = [edit.number for edit in self.edits]
        self.end = float(1 << 62)
        self._moments = sorted(
            (at, number)
            for number, at in (
                *((ran.number, ran.run.at) for ran in testimony.runs),
                *((edit.number, edit.at) for edit in testimony.edits),
                *((commit.number, commit.at) for commit in testimony.commits),
                *((said.number, said.at) for said in testimony.statements),
            )
            if at is not None
        )

    def position_at(self, at: float | None) -> float:
        """Right behind the last thing that was told not after `at`; the end without a time."""
        if at is None:
            return self.end
        index = bisect_right(self._moments, at, key=lambda moment: moment[0])
        last = self._moments[max(0, index - _ALIKE) : index]
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


def is_run_of_all(run: TestRun) -> bool:
    """Whether the command runs every test, as far as its line tells."""
    return not run.part


def is_partial_output(run: TestRun) -> bool:
    """Whether the run's number may be that of a part: its runner prints one summary for each."""
    return run.framework in _MANY


def clock_text(at: float | None) -> str:
    """ "at 02:14"; nothing for an unknown time."""
    return "" if at is None else format_local(at, " at %H:%M", "")


def counts_text(run: TestRun) -> str:
    """ "44 passed", "2 failed"; nothing where the run told no number."""
    if run.failed:
        return f"{run.failed:,} failed"
    return f"{run.passed:,} passed" if run.passed else ""


def run_details(run: TestRun) -> str:
    """ " at 02:14 (44 passed)"."""
    result = counts_text(run)
    return clock_text(run.at) + (f" ({result})" if result else "")


Match = Literal["clear", "some", "none", "unclear"]
_WORD = lazy(r"[A-Za-z][A-Za-z0-9]*|\d+(?:\.\d+)+")
_HUMPS = lazy(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_PATH = lazy(
    r"(?<![\w@/.-])(?:[\w.-]+[/\\])*[\w-][\w.-]*\.(?:py|pyi|ipynb|jsx?|tsx?|mjs|cjs|go|rs|rb|php|java|kts?|cs"
    r"|swift|dart|exs?|c|h|cc|cpp|hpp|sql|sh|ya?ml|toml|json|xml|html?|css|scss|md|txt|cfg|ini|vue|svelte"
    r"|lock|proto|tf|lua|scala|erl|clj|hs|ml|r|jl|csv|svg|env)(?![\w/])|(?<![\w@/.-])(?:[\w.-]+/){2,}[\w.-]*"
)
_SYMBOL = lazy(r"\b[a-zA-Z]\w*_\w+\b|\b[a-z]+[A-Z]\w*\b|\b(?:[A-Z][a-z0-9]+){2,}\b|\b\w+(?=\(\))")
_IDENTITY = lazy(
    r"(?<![\w.])(?:[A-Za-z]{1,6}-?)?\d+(?:\.\d+)+\b|#\d+\b|\b[A-Z]{2,8}-\d+\b|\b[a-z]{1,4}-[a-z0-9]{2,6}(?:\.\d+)?\b(?=.*\d)"
    r"|\b(?=\w*\d)(?=\w*[a-z])[a-z0-9]{8,}\b"
)
_CALLED = lazy(
    r"\b([A-Za-z]\w{2,})\s+(?:functions?|methods?|class(?:es)?|features?)\b"
    r"|\b(?:function|method|class|feature)\s+([A-Za-z]\w{2,})",
    2,
)
_BEGINNING = 4
_COMMON_WORDS = """
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
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_IDENTIFIER = lazy(r"[A-Za-z_]\w*")
_SUFFIXES = (
    "ations",
    "ation",
    "ments",
    "ment",
    "ings",
    "ing",
    "ers",
    "er",
    "ies",
    "es",
    "ed",
    "s",
    "y",
    "e",
)
_MOST_LINES = 20_000
_ENOUGH = 0.5


class ClaimTerms(Struct, frozen=True):
    """What a claim names: paths, symbols, numbers of tasks, and its plain words by their stems.

    `called` says that a plain word is the name of a function or the like ("divide function").
    """

    paths: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    task_ids: tuple[str, ...] = ()
    stems: dict[str, str] = {}
    has_named_code: bool = False

    def __bool__(self) -> bool:
        return bool(self.paths or self.symbols or self.stems)


class WorkMatch(Struct, frozen=True):
    """How well a claim matches, the changed paths it matches best, and its words that match none."""

    match: Match
    paths: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def stem(word: str) -> str:
    """A word without its ending, so that "limiters" and "limiting" are alike."""
    word = word.lower()
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def extract_terms(what: str) -> ClaimTerms:
    """What a claim names."""
    paths = tuple(dict.fromkeys(_PATH.findall(what)))
    rest = _PATH.sub(" ", what)
    identities = tuple(dict.fromkeys(_IDENTITY.findall(rest)))
    rest = _IDENTITY.sub(" ", rest)
    symbols = tuple(dict.fromkeys(_SYMBOL.findall(rest)))
    rest = _SYMBOL.sub(" ", rest)
    words = (word for word in _WORD.findall(rest) if word.lower() not in _COMMON and len(word) > 2)
    stems: dict[str, str] = {}
    for word in words:
        stems.setdefault(stem(word), word.lower())
    called = any(stem(one or other) in stems for one, other in _CALLED.findall(rest))
    return ClaimTerms(paths, symbols, identities, stems, called)


def split_words(text: str) -> set[str]:
    """The stems of the words that a path or symbol is put together from."""
    return {stem(piece) for piece in _HUMPS.findall(text) if len(piece) > 2}


class ChangedWork:
    """What the night changed: words of every path, and of the lines changed in code.

    `edited` are the paths that tools edited, `changes` the difference in the repository.
    """

    def __init__(self, edited: Iterable[str], changes: RepositoryChanges | None) -> None:
        self.is_known = changes is not None and bool(changes.base or changes.files)
        self.paths: dict[str, None] = {}
        self._code: dict[str, set[str]] = {}
        self._prose: dict[str, set[str]] = {}
        self._symbols: dict[str, set[str]] = {}
        self._lines = 0
        for path in edited:
            self._add_path(path)
        for file in changes.files if changes is not None else ():
            self._add_path(file.path)
            if not (is_prose(file.path) or file.binary or file.generated):
                for hunk in file.hunks:
                    self._add_lines(file.path, hunk.lines)

    def _add_path(self, path: str) -> None:
        path = path.replace("\\", "/")
        if path and path not in self.paths:
            self.paths[path] = None
            index = self._prose if is_prose(path) else self._code
            for piece in split_words(path):
                index.setdefault(piece, set()).add(path)

    def _add_lines(self, path: str, lines: Sequence[str]) -> None:
        names: set[str] = set()
        for line in lines:
            if line[:1] in "+-" and self._lines < _MOST_LINES:
                self._lines += 1
                names.update(_IDENTIFIER.findall(line[1:500]))
        for name in names:
            self._symbols.setdefault(name, set()).add(path)
            for piece in split_words(name):
                self._code.setdefault(piece, set()).add(path)

    def find(self, said: ClaimTerms) -> WorkMatch:
        """How the work matches what was said."""
        hits: dict[str, int] = {}
        missing: list[str] = []

        def note(name: str, found: Iterable[str]) -> int:
            found = sorted(found)
            for path in found:
                hits[path] = hits.get(path, 0) + 1
            if not found:
                missing.append(name)
            return int(bool(found))

        certain = sum(note(name, self._find_path(name)) for name in said.paths)
        certain += sum(note(name, self._find_symbol(name)) for name in said.symbols)
        plain = sum(
            note(word, self._code.get(one) or self._prose.get(one) or ())
            for one, word in said.stems.items()
        )
        most = max(hits.values(), default=0)
        best = tuple(path for path, times in hits.items() if times == most)
        names = len(said.paths) + len(said.symbols)
        if not self.is_known and said.paths:
            names = max(certain, len(said.paths))  # nobody told what stands in the files
        match = self._match(names, certain, len(said.stems), plain)
        if match == "unclear" and said.has_named_code and self.is_known and not self._begin_alike(said):
            match = "none"
        return WorkMatch(match, best, tuple(missing))

    def _match(self, names: int, certain: int, words: int, plain: int) -> Match:
        if names and (certain == names or (certain and plain)):
            return "clear"
        if not names and plain and plain >= words * _ENOUGH:
            return "clear"
        if certain or plain:
            return "some"
        if names + words < 2 and not names and (self._code or not self.is_known):
            return "unclear"
        return "none" if self.is_known or not self.paths else "unclear"

    def _begin_alike(self, said: ClaimTerms) -> bool:
        """Whether anything changed begins like a word that was said: division, divide."""
        begun = {word[:_BEGINNING] for word in (*said.stems, *said.stems.values())}
        return any(piece[:_BEGINNING] in begun for piece in (*self._code, *self._prose))

    def _find_path(self, name: str) -> Iterable[str]:
        name = name.removeprefix("./")
        return [path for path in self.paths if path == name or path.endswith("/" + name)] or [
            path for path in self.paths if name.endswith("/" + path)
        ]

    def _find_symbol(self, name: str) -> Iterable[str]:
        found = self._symbols.get(name)
        if found:
            return found
        every = [self._code.get(piece, set()) for piece in split_words(name)]
        return set.intersection(*every) if every else ()
